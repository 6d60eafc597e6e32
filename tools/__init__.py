"""Tools of whoever builds and ships the product; nothing of them is in the wheel."""
