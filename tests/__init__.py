"""Tests: through the real application, on databases made by the migrations."""
