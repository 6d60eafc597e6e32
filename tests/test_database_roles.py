"""Two roles on a real PostgreSQL: the owner migrates, the application works and can neither alter the history nor any table."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from peewee import Database, PeeweeException

from backoffice import database_roles, migrate, proof
from backoffice.commanding import close
from backoffice.database import connected, open_database
from models.base import db
from models.evidence import AuditEvent
from models.registers.gift_item import GiftItem
from tests.company import made_company
from tests.servers import Person, environment, serving
from tests.shell import Shell

psycopg = pytest.importorskip("psycopg")


@dataclass
class Roles:
    """A database with an owner, and a role for the application that owns nothing."""

    app: str
    owner: str
    role: str


@pytest.fixture
def roles(postgres_server: object, request: pytest.FixtureRequest) -> Iterator[Roles]:
    from tests import postgres

    request.node.user_properties.append(("dialect", "postgresql"))
    server: postgres.Server = postgres_server  # type: ignore[assignment]
    name, mark = postgres.unique_name("roles"), secrets.token_hex(4)
    owner, app = f"owner_{mark}", f"app_{mark}"
    url = server.create(name)
    with psycopg.connect(server.url, autocommit=True) as connection:
        for role in (owner, app):
            connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        connection.execute(f"ALTER DATABASE {name} OWNER TO {owner}")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER SCHEMA public OWNER TO {owner}")
    yield Roles(_as(url, app), _as(url, owner), app)
    server.drop(name)
    with psycopg.connect(server.url, autocommit=True) as connection:
        for role in (owner, app):
            connection.execute(f"DROP ROLE {role}")


def _as(url: str, role: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{role}:x@{parts.netloc.rpartition('@')[2]}"))


@pytest.fixture
def migrated(roles: Roles) -> Roles:
    database = open_database(roles.owner)
    with connected(database):
        migrate.upgrade(database)
        database_roles.grant(database, database_roles.role_of(roles.app))
    close(database)
    return roles


@pytest.fixture
def run(roles: Roles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    own = {"BACKOFFICE_DATABASE_OWNER_URL": roles.owner}
    return Shell({**environment(roles.app, tmp_path / "data"), **own}, monkeypatch, capsys)


@pytest.fixture
def app(migrated: Roles) -> Iterator[Database]:
    database = open_database(migrated.app)
    db.initialize(database)
    with connected(database):
        yield database
    close(database)
    db.obj = None


FORBIDDEN = [
    "UPDATE audit_event SET actor_name = 'x'",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
    "DELETE FROM audit_head",
    "UPDATE audit_head SET sequence = 0",
    "DROP TABLE audit_event",
    "DROP TABLE gift_item",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_event_unchanged ON audit_event",
    "ALTER TABLE gift_item ADD COLUMN smuggled INTEGER",
    "CREATE TABLE smuggled (id INTEGER)",
    "CREATE TEMPORARY TABLE smuggled (id INTEGER)",
    "CREATE OR REPLACE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET session_replication_role = replica",
    "DELETE FROM schema_migration",
    "INSERT INTO schema_migration (name, applied) VALUES ('9999_x', '')",
]


def test_the_application_cannot(app: Database, tmp_path: Path) -> None:
    made_company(app, tmp_path / "data").gift_item()
    before = AuditEvent.select().count()
    done = []
    for statement in FORBIDDEN:
        try:
            with app.atomic():
                app.execute_sql(statement)
        except PeeweeException as refused:
            assert re.search(r"permission denied|must be owner|append-only", str(refused)), statement  # noqa: PT017
        else:
            done.append(statement)
    assert done == []
    assert AuditEvent.select().count() == before > 0
    assert list(proof.faults()) == []


def test_the_product_works_with_the_rights_it_is_given(
    app: Database, migrated: Roles, tmp_path: Path, run: Shell
) -> None:
    """The write path, a server, sign-in, backup and restore: nothing needs more."""
    company = made_company(app, tmp_path / "data")
    gift = company.gift_in("closed")
    assert gift
    assert not database_roles.may_alter_history(app)
    item = GiftItem.get().id
    with serving(migrated.app, tmp_path / "data") as (server,):
        person = Person(server.port)
        person.sign_in("market_specialist")
        typed = {"name": "新名", "version": str(GiftItem.get_by_id(item).version)}
        assert person.send(f"/admin/gift_item/edit/?id={item}", typed).status == 303
    assert run("verify-audit").code == 0
    assert run("backup", tmp_path / "x.backup").code == 0
    answer = run("check")
    assert "may alter the history" not in answer.out + answer.err


def test_the_application_cannot_migrate_and_check_says_when_it_could(migrated: Roles, run: Shell) -> None:
    with psycopg.connect(migrated.owner, autocommit=True) as connection:
        connection.execute(f"GRANT UPDATE ON audit_event TO {migrated.role}")
    assert "may alter the history; run: backoffice migrate" in run("check").err
    answer = run("migrate")
    assert answer.code == 0, answer.err
    assert f"granted: {migrated.role}" in answer.out
    assert run("check").code == 0
    with psycopg.connect(migrated.owner, autocommit=True) as connection:
        connection.execute("DELETE FROM schema_migration WHERE name LIKE '0012%'")
    assert run("migrate", BACKOFFICE_DATABASE_OWNER_URL="").code == 1


def test_a_restore_grants_as_well(migrated: Roles, roles: Roles, app: Database, tmp_path: Path, run: Shell) -> None:
    made_company(app, tmp_path / "data").gift_item()
    assert run("backup", str(tmp_path / "x.backup")).code == 0
    close(app)
    with psycopg.connect(migrated.owner, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    answer = run("restore", str(tmp_path / "x.backup"))
    assert answer.code == 0, answer.err
    app.connect(reuse_if_open=True)
    assert not database_roles.may_alter_history(app)
    assert GiftItem.select().count() == 1
