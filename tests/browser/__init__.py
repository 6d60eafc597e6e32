"""Tests that use the product as people do: a real server, a real browser."""
