"""One register, one file: its models, its `REGISTER`, and the functions that its rule rows and acts name (its own, or those of its rooms)."""
