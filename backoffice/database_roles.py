"""Two roles on PostgreSQL: the owner changes the schema, the application works in it and may add to the history only.

With `BACKOFFICE_DATABASE_OWNER_URL` set, `backoffice migrate` works as the owner and afterwards grants the application's role
(the user of `BACKOFFICE_DATABASE_URL`) what it needs: rows of all tables, but of the history only reading and adding, no
table of its own, no change of any. The role is made by whoever runs the database server; its password is his business.
"""

from __future__ import annotations

from typing import Any

from peewee import Database

# Every table is granted like this, except those below.
ROWS = "SELECT, INSERT, UPDATE, DELETE"
LESS = {
    "audit_event": "SELECT, INSERT",
    "audit_head": "SELECT, INSERT, UPDATE",  # Moved forward by each entry; a trigger lets it go no other way.
    "schema_migration": "SELECT",
}


def role_of(url: str) -> str:
    """The role that an address signs in as."""
    from psycopg.conninfo import conninfo_to_dict  # An extra: who uses SQLite does not need it.

    return str(conninfo_to_dict(url).get("user") or "")


def grant(owner: Database, role: str) -> None:
    """Give `role` its rights on all tables there are, and take every other away. One transaction."""
    name = _quoted(role)
    with owner.atomic():
        schema = _quoted(str(owner.execute_sql("SELECT current_schema()").fetchone()[0]))
        database = _quoted(str(owner.execute_sql("SELECT current_database()").fetchone()[0]))
        for statement in (
            f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
            f"REVOKE CREATE ON SCHEMA {schema} FROM {name}",
            f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
            f"GRANT USAGE ON SCHEMA {schema} TO {name}",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}",
            f"GRANT {ROWS} ON ALL TABLES IN SCHEMA {schema} TO {name}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name}",
        ):
            owner.execute_sql(statement)
        for table, rights in LESS.items():
            owner.execute_sql(f'REVOKE ALL ON "{table}" FROM {name}')
            owner.execute_sql(f'GRANT {rights} ON "{table}" TO {name}')


def may_alter_history(database: Database) -> bool:
    """Whether the connected role could change or remove entries, or take the triggers away: it owns them, or rules all."""
    row: Any = database.execute_sql(
        "SELECT pg_has_role(current_user, c.relowner, 'USAGE') OR has_table_privilege(c.oid, 'UPDATE') "
        "OR has_table_privilege(c.oid, 'DELETE') OR has_table_privilege(c.oid, 'TRUNCATE') "
        "FROM pg_class c WHERE c.oid = 'audit_event'::regclass"
    ).fetchone()
    return bool(row[0])


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


__all__ = ["grant", "may_alter_history", "role_of"]
