"""Requests that no page of ours makes, and texts that nobody expects."""
