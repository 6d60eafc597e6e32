"""Somebody who owns the database file, or the database: takes away what keeps the history append-only."""

from __future__ import annotations

from peewee import Database

from backoffice.database import dialect, unwrap
from models.base import db

TABLES = ("audit_event", "audit_head")


def unguard(database: Database | None = None) -> None:
    """From here on rows of the history can be changed and deleted by SQL."""
    real = database if database is not None else unwrap(db)
    if dialect(real) == "postgresql":
        for table in TABLES:
            real.execute_sql(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
        return
    found = real.execute_sql("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN (?, ?)", TABLES)
    for (name,) in found.fetchall():
        real.execute_sql(f'DROP TRIGGER "{name}"')
