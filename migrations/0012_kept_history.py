"""The history takes entries and gives none back, and a chain lists all chains."""

import hashlib
import json

SEALED = "the history is append-only"
# Name, table, what happens, and when it is refused (SQLite's words).
SQLITE = (
    ("audit_event_kept", "audit_event", "DELETE", ""),
    ("audit_event_unchanged", "audit_event", "UPDATE", ""),
    # REPLACE removes a row without asking the triggers for DELETE.
    (
        "audit_event_new",
        "audit_event",
        "INSERT",
        'WHEN EXISTS (SELECT 1 FROM "audit_event" WHERE "id" = NEW."id" '
        'OR ("chain" = NEW."chain" AND "sequence" = NEW."sequence"))',
    ),
    (
        "audit_head_new",
        "audit_head",
        "INSERT",
        'WHEN EXISTS (SELECT 1 FROM "audit_head" WHERE "id" = NEW."id" OR "chain" = NEW."chain")',
    ),
    ("audit_head_kept", "audit_head", "DELETE", ""),
    (
        "audit_head_forward",
        "audit_head",
        "UPDATE",
        'WHEN NEW."chain" IS NOT OLD."chain" OR NEW."sequence" IS NOT OLD."sequence" + 1',
    ),
)
POSTGRESQL = (
    ("audit_event_unchanged", "BEFORE UPDATE OR DELETE", "audit_event", "FOR EACH ROW", ""),
    ("audit_event_whole", "BEFORE TRUNCATE", "audit_event", "FOR EACH STATEMENT", ""),
    ("audit_head_kept", "BEFORE DELETE", "audit_head", "FOR EACH ROW", ""),
    ("audit_head_whole", "BEFORE TRUNCATE", "audit_head", "FOR EACH STATEMENT", ""),
    (
        "audit_head_forward",
        "BEFORE UPDATE",
        "audit_head",
        "FOR EACH ROW",
        'WHEN (NEW."chain" <> OLD."chain" OR NEW."sequence" <> OLD."sequence" + 1)',
    ),
)
INSERT = (
    'INSERT INTO "audit_event" ("chain", "sequence", "at", "register", "record_id", "number", "action", "actor_id", '
    '"actor_name", "on_behalf_of_id", "address", "detail", "previous", "hash") '
    "VALUES (?, ?, ?, ?, NULL, ?, ?, NULL, ?, NULL, ?, ?, ?, ?)"
)


def up(migrator, db):
    list_chains(db)
    if is_sqlite(db):
        for name, table, event, when in SQLITE:
            db.execute_sql(
                f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" {when} '
                f"BEGIN SELECT RAISE(ABORT, '{SEALED}'); END"
            )
        return
    db.execute_sql(
        "CREATE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SEALED}' USING ERRCODE = 'insufficient_privilege'; END $$"
    )
    for name, event, table, rows, when in POSTGRESQL:
        db.execute_sql(
            f'CREATE TRIGGER "{name}" {event} ON "{table}" {rows} {when} EXECUTE FUNCTION history_is_append_only()'
        )


def down(migrator, db):
    if is_sqlite(db):
        for name, *_ in SQLITE:
            db.execute_sql(f'DROP TRIGGER "{name}"')
    else:
        for name, _, table, *_ in POSTGRESQL:
            db.execute_sql(f'DROP TRIGGER "{name}" ON "{table}"')
        db.execute_sql("DROP FUNCTION history_is_append_only()")
    db.execute_sql("""DELETE FROM "audit_event" WHERE "chain" = 'history'""")
    db.execute_sql("""DELETE FROM "audit_head" WHERE "chain" = 'history'""")


def is_sqlite(db):
    return db.param == "?"


def run(db, statement, values=()):
    return db.execute_sql(statement.replace("?", db.param), values)


def list_chains(db):
    """An entry for each chain there is, in the order in which they began, at the moment of its own first entry."""
    chains = run(
        db,
        'SELECT h."chain", min(e."at") FROM "audit_head" h JOIN "audit_event" e ON e."chain" = h."chain" '
        'WHERE e."sequence" = 1 GROUP BY h."id", h."chain" ORDER BY h."id"',
    ).fetchall()
    sequence, previous = 0, ""
    for chain, at in chains:
        sequence += 1
        detail = json.dumps({"chain": chain}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        parts = ["history", sequence, at, "history", None, "", "history:opened", None, "", None, "", detail, previous]
        digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
        written = [value for value in parts if value is not None]
        run(db, INSERT, [*written, digest])
        previous = digest
    if sequence:
        run(
            db,
            'INSERT INTO "audit_head" ("chain", "sequence", "hash") VALUES (?, ?, ?)',
            ["history", sequence, previous],
        )
