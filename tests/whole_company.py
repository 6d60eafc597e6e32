"""The demo company as tests use it that go over every register of the catalogue: small, on either database, made once for a worker.

    def test_x(whole: Whole) -> None: whole.browser("gm").get("/admin/…")

A new register is in it as soon as the demo company makes records of it.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from peewee import Database, chunked

from backoffice import clock, sessions
from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.database import open_database
from backoffice.declarations import Catalogue
from backoffice.demo import build
from backoffice.security import cookie_name
from models import ALL_MODELS
from models.accounts import User
from models.base import db
from tests.accounts_app import CHEAP
from tests.company import SECRET, Signed
from tests.quick import catalogue_without, shared

# The middle of a working day.
NOW = dt.datetime(2025, 11, 19, 6, 30, tzinfo=dt.UTC)
SIZE = {"customers": 12, "gifts": 14, "keys": 14}


@dataclass
class Whole:
    """The company in one database."""

    dialect: str
    url: str
    data_dir: Path
    database: Database
    users: dict[str, int] = field(default_factory=dict)
    _browsers: dict[str, Signed] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        return catalogue_without()

    @property
    def app(self) -> Flask:
        app = shared(self.catalogue, self._made)
        app.config["DATA_DIR"] = self.data_dir
        return app

    def _made(self) -> Flask:
        values = {
            "BACKOFFICE_SECRET_KEY": SECRET,
            "BACKOFFICE_DATA_DIR": str(self.data_dir),
            "BACKOFFICE_COMPANY_NAME": "测试公司",
            "BACKOFFICE_TRUSTED_HOSTS": "localhost",
            "BACKOFFICE_SECOND_FACTOR": "off",
        }
        return create_app(Settings.read(values), catalogue=self.catalogue, hasher=CHEAP, bind=False)

    def browser(self, username: str) -> Signed:
        """Signed in once for all tests; whoever ends the session takes a `stranger`."""
        if username not in self._browsers:
            self._browsers[username] = self.stranger(username)
        return self._browsers[username]

    def stranger(self, username: str) -> Signed:
        with db.atomic():
            token = sessions.open_session(self.users[username], now=clock.now(), today=clock.today())
        made = Signed(self.app)
        with self.app.test_request_context(base_url=made.base):
            made.client.set_cookie(cookie_name("sid"), token, domain="localhost")
        return made

    def post(self, browser: Signed, path: str, data: Any) -> Any:
        """POST with the token of the session, which is asked for once."""
        token = browser.__dict__.get("kept_token") or browser.token("/account/password/")
        browser.__dict__["kept_token"] = token
        body = {"csrf_token": token, **data}
        return browser.client.post(path, data=body, base_url=browser.base, buffered=True)


def _build(database: Database, data_dir: Path) -> None:
    db.initialize(database)
    database.connect()
    try:
        build(data_dir, NOW, password="for a demo only", hasher=CHEAP, **SIZE)
    finally:
        getattr(database, "close_all", database.close)()
        db.obj = None


@pytest.fixture(scope="session")
def whole_sqlite(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A directory with the company's file and its uploads."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copyfile(sqlite_template, folder / "whole.db")
    _build(open_database(f"sqlite:///{folder / 'whole.db'}"), folder / "files")
    return folder


@pytest.fixture(scope="session")
def whole_postgres(whole_sqlite: Path, postgres_template: Any) -> Iterator[tuple[Any, str]]:
    """The server and the name of a database with the same rows, to be copied."""
    from tests import postgres

    server = postgres_template.server
    name = postgres.unique_name("whole")
    source = open_database(f"sqlite:///{whole_sqlite / 'whole.db'}")
    _copy(source, open_database(server.create(name, postgres_template.name)))
    yield server, name
    server.drop(name)


def _copy(source: Database, target: Database) -> None:
    """Every row as it stands; making the company a second time would take as long as the first."""
    tables: dict[Any, list[Any]] = {}
    with source.connection_context():
        db.initialize(source)
        for model in ALL_MODELS:
            tables[model] = list(model.select().tuples())
    source.close()
    db.initialize(target)
    target.connect()
    try:
        with target.atomic():
            target.execute_sql("SET LOCAL session_replication_role = replica")
            for model, rows in tables.items():
                if model.select().exists():  # What migrations have put there.
                    model.delete().execute()
                fields = model._meta.sorted_fields
                for batch in chunked(rows, 30_000 // len(fields)):
                    model.insert_many(batch, fields=fields).execute()
                if rows and "id" in model._meta.fields:
                    table = model._meta.table_name
                    last = max(row[[one.name for one in fields].index("id")] for row in rows)
                    target.execute_sql("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", (f'"{table}"', last))
    finally:
        getattr(target, "close_all", target.close)()
        db.obj = None


@contextmanager
def opened_whole(dialect: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Whole]:
    """A copy of the company for the tests of one module, bound to the models."""
    copy = server = None
    source = request.getfixturevalue("whole_sqlite")
    if dialect == "sqlite":
        shutil.copyfile(source / "whole.db", folder / "whole.db")
        url = f"sqlite:///{folder / 'whole.db'}"
    else:
        from tests import postgres

        server, template = request.getfixturevalue("whole_postgres")
        copy = postgres.unique_name("copy")
        url = server.create(copy, template)
    shutil.copytree(source / "files", folder / "files")
    database = open_database(url)
    db.initialize(database)
    database.connect()
    try:
        users = {row.username: row.id for row in User.select()}
        with clock.set_to(NOW):
            yield Whole(dialect, url, folder / "files", database, users)
    finally:
        db.initialize(database)
        getattr(database, "close_all", database.close)()
        db.obj = None
        if server is not None:
            server.drop(copy)


@contextmanager
def bound_whole(whole: Whole) -> Iterator[Whole]:
    """The company as the bound database, with the clock at its day."""
    db.initialize(whole.database)
    if whole.database.is_closed():
        whole.database.connect()
    with clock.set_to(NOW):
        yield whole


__all__ = ["NOW", "Whole", "bound_whole", "opened_whole", "whole_postgres", "whole_sqlite"]
