"""What every test may ask for: a fresh migrated database of either kind.

`database` gives it bound to `models.base.db` and connected; `database_url` gives the address alone, for tests that
start processes of their own. Both run the test once on SQLite and once on PostgreSQL. A test about one of them says
`@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)`.

At the end the run says how many tests ran on each database, and what was skipped for want of what. With
BACKOFFICE_TEST_ALL=1 a skipped test is a failure.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from peewee import Database

from backoffice import migrate
from backoffice.database import open_database

try:
    from tests import postgres
except ImportError:  # psycopg is an extra.
    postgres = None  # type: ignore[assignment]

pytest_plugins = ["tests.company", "tests.promises", "tests.rule_marks", "tests.sample", "tests.whole_company"]
DIALECTS = ("sqlite", "postgresql")
ALL_MUST_RUN = os.environ.get("BACKOFFICE_TEST_ALL") == "1"

# No deadline: the machine is shared, and a slow example is not a wrong one.
hypothesis.settings.register_profile("house", deadline=None, print_blob=True)
hypothesis.settings.load_profile("house")


@dataclass(frozen=True)
class PostgreSQLTemplate:
    """A server with one migrated database, of which every test gets a copy."""

    server: Any
    name: str


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, made once for each worker and copied for each test."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    db = open_database(f"sqlite:///{path}")
    migrate.upgrade(db)
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A running `tests.postgres.Server` for this worker; skips where there is none."""
    if postgres is None:
        pytest.skip("psycopg is missing; install it: pip install 'backoffice[postgres]'")
    with postgres.running() as server:
        if server is None:
            pytest.skip(postgres.INSTALL)
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Any) -> Iterator[PostgreSQLTemplate]:
    """The migrated database on the server; nobody stays connected to it, so that it can be copied."""
    name = postgres.unique_name("template")
    db = open_database(postgres_server.create(name))
    try:
        migrate.upgrade(db)
        db.close_all()
        yield PostgreSQLTemplate(postgres_server, name)
    finally:
        postgres_server.drop(name)


@pytest.fixture(params=DIALECTS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh migrated database, gone after the test; a test with a `company` finds it there."""
    request.node.user_properties.append(("dialect", request.param))
    peopled = "company" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "backoffice.db"
        shutil.copyfile(request.getfixturevalue("sqlite_company" if peopled else "sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template: PostgreSQLTemplate = request.getfixturevalue("postgres_template")
    name = postgres.unique_name("test")
    yield template.server.create(name, request.getfixturevalue("postgres_company") if peopled else template.name)
    template.server.drop(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh migrated database, bound to the models and connected in the test's own thread.

    Other threads connect and close for themselves: `with connected(database): ...`.
    """
    from models.base import db as proxy

    db = open_database(database_url)
    proxy.initialize(db)
    db.connect()
    try:
        yield db
    finally:
        close = getattr(db, "close_all", db.close)
        close()
        proxy.obj = None


# --- markers, skips and the summary ---------------------------------------------------------------


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what runs on PostgreSQL, so that `-m 'not postgres'` leaves it out, and leave out what a test does not ask of it."""
    unasked = [item for item in items if _is_unasked(item)]
    config.hook.pytest_deselected(items=unasked)
    items[:] = [item for item in items if item not in set(unasked)]
    for item in items:
        callspec = getattr(item, "callspec", None)
        needs_server = {"postgres_server", "postgres_template"} & set(getattr(item, "fixturenames", ()))
        if needs_server or (callspec is not None and callspec.params.get("database_url") == "postgresql"):
            item.add_marker(pytest.mark.postgres)


def _is_unasked(item: pytest.Item) -> bool:
    """Whether the test asks something of some accounts alone on PostgreSQL, and this is another: `@pytest.mark.postgres_for(…)`."""
    few = item.get_closest_marker("postgres_for")
    params = getattr(getattr(item, "callspec", None), "params", {})
    return few is not None and "postgresql" in params.values() and params["username"] not in few.args


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Any:
    """With BACKOFFICE_TEST_ALL=1 a skip fails, with its reason."""
    report = yield
    if ALL_MUST_RUN and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, although BACKOFFICE_TEST_ALL=1: {_reason(report)}"
    return report


def _reason(report: Any) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return str(text).removeprefix("Skipped: ")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A module that skipped itself while it was collected fails the run as well."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if ALL_MUST_RUN and reporter is not None and reporter.stats.get("skipped") and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many tests ran on which database, and what was left out for want of what."""
    ran: Counter[str] = Counter()
    for outcome in ("passed", "failed", "xfailed", "xpassed"):
        for report in terminalreporter.stats.get(outcome, ()):
            if getattr(report, "when", None) == "call":
                ran[dict(report.user_properties).get("dialect", "none")] += 1
    skipped: dict[str, Counter[str]] = {}
    for report in terminalreporter.stats.get("skipped", ()):
        skipped.setdefault(_reason(report), Counter())[report.nodeid.partition("::")[0]] += 1

    terminalreporter.section("databases")
    terminalreporter.write_line(
        f"{ran['sqlite']} tests ran on SQLite, {ran['postgresql']} on PostgreSQL, {ran['none']} on neither."
    )
    for reason, files in sorted(skipped.items()):
        terminalreporter.write_line(f"{files.total()} skipped: {reason}")
        for file, count in sorted(files.items()):
            terminalreporter.write_line(f"    {count} of {file}")
    if not skipped:
        terminalreporter.write_line("Nothing was skipped.")
