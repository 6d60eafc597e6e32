"""Rows to CSV and PDF, and printed forms; plain values in, bytes out: no request, no database, no clock."""

from collections.abc import Mapping
from types import MappingProxyType

MEDIA_TYPES: Mapping[str, str] = MappingProxyType({"csv": "text/csv; charset=utf-8", "pdf": "application/pdf"})
