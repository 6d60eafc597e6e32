"""Limits that are settings, and the time that a statement may take on either database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from peewee import Database, OperationalError

from backoffice import clock
from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.database import connected, dialect, is_too_long, open_database, stream
from models.accounts import User
from models.base import db
from models.params import Param
from tests.accounts_app import CHEAP, Browser, at, make_app, make_user
from tests.accounts_app import NOW as THEN
from tests.company import NOW, SECRET, Company

# Minutes of work on either database.
_ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900000000) SELECT COUNT(*) FROM n"


@pytest.fixture
def hurried(database_url: str) -> Iterator[Database]:
    """The database of a server whose statements may take a second."""
    made = open_database(database_url, 1)
    with connected(made):
        yield made
    getattr(made, "close_all", made.close)()


def test_a_statement_that_takes_too_long_is_ended(hurried: Database) -> None:
    start = time.monotonic()
    with pytest.raises(OperationalError) as caught:
        hurried.execute_sql(_ENDLESS)
    assert 0.8 < time.monotonic() - start < 5
    assert is_too_long(caught.value)
    # The connection is as good as before.
    assert hurried.execute_sql("SELECT 7").fetchone()[0] == 7


def test_the_page_says_so_without_the_database_s_words(hurried: Database, database: Database) -> None:
    app = make_app(database)

    @app.get("/endless", endpoint="endless")
    def endless() -> str:
        hurried.execute_sql(_ENDLESS)
        return "done"

    make_user()
    with at(THEN):
        browser = Browser(app)
        browser.sign_in("alice")
        answer = browser.get("/endless")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    for word in ("interrupt", "statement", "canceling", "RECURSIVE", "apsw", "psycopg"):
        assert word.lower() not in answer.text.lower()


def test_a_long_export_is_not_ended_between_its_rows(hurried: Database) -> None:
    with User.bind_ctx(hurried):
        for n in range(5):
            User.create(username=f"u{n}", name="x", created_at=THEN, updated_at=THEN)
        seen = []
        for row in stream(User.select(User.username).order_by(User.id), 2):
            seen.append(row[0])
            time.sleep(0.4)
    assert seen == [f"u{n}" for n in range(5)]


def test_the_server_waits_ten_seconds_and_a_command_longer(database_url: str) -> None:
    app_database: Any = open_database(database_url, 10)
    if database_url.startswith("sqlite"):
        assert app_database.statement_seconds == 10
        return
    with connected(app_database):
        assert app_database.execute_sql("SHOW statement_timeout").fetchone()[0] == "10s"
    getattr(app_database, "close_all", app_database.close)()


def test_the_application_opens_its_database_so(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = db.obj
    try:
        create_app(settings(DATABASE_URL=database_url))
        made: Any = db.obj
        assert made is not before
        with connected(made):
            if dialect(made) == "sqlite":
                assert made.statement_seconds == 10
            else:
                assert made.execute_sql("SHOW statement_timeout").fetchone()[0] == "10s"
        getattr(made, "close_all", made.close)()
    finally:
        db.initialize(before)


def settings(**values: str) -> Settings:
    return Settings.read(
        {"BACKOFFICE_SECRET_KEY": SECRET, **{f"BACKOFFICE_{name}": value for name, value in values.items()}}
    )


def test_the_limits_of_signing_in_are_settings(database: Database) -> None:
    app = create_app(settings(SIGN_IN_LIMITS="2,50,100,30", SECOND_FACTOR="off"), hasher=CHEAP, bind=False)
    make_user()
    with at(THEN):
        codes = [Browser(app).sign_in("alice", "wrong password indeed").status_code for _ in range(3)]
        assert codes == [422, 422, 429]
    with at(THEN, minutes=29, seconds=59):
        assert Browser(app).sign_in("alice").status_code == 429
    with at(THEN, minutes=30):
        assert Browser(app).sign_in("alice").status_code == 303


@pytest.mark.parametrize("name", ["FLASK_DEBUG", "FLASK_ENV"])
def test_debugging_cannot_be_switched_on_from_outside(
    database: Database, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1" if name == "FLASK_DEBUG" else "development")
    app: Flask = create_app(settings(), bind=False)
    assert not app.debug
    assert not app.testing


def test_exports_in_an_hour_are_a_setting(company: Company) -> None:
    Param.create(
        name="security.exports_per_hour", value="2", unit="exports", valid_from=NOW.date(), set_at=NOW, rules=""
    )
    path = "/admin/customer_archive/export/csv/"
    with clock.set_to(NOW):
        browser = company.browser("sales_manager")
        assert [browser.get(path).status_code for _ in range(3)] == [200, 200, 429]
