"""`migrate` killed before each of its statements: the database is of the version before or of the new one, never between."""

from __future__ import annotations

import os
import shutil
import signal
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from backoffice import migrate, proof
from backoffice.commanding import close
from backoffice.database import connected, dialect, open_database
from backoffice.history import digest
from models.base import db
from tests.conftest import DIALECTS

# The first version that had records: everything after it is what an upgrade runs.
OLD = "0007_customer_archive_complete"
SHORT = {"sqlite": 10, "postgresql": 4}
Make = Callable[[], str]


@pytest.fixture(params=DIALECTS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes databases of the version before, each with history in two chains."""
    request.node.user_properties.append(("dialect", request.param))
    made: list[str] = []
    if request.param == "sqlite":
        first = tmp_path / "old.db"
        prepare(f"sqlite:///{first}")

        def copy() -> str:
            made.append(f"{tmp_path}/{len(made)}.db")
            shutil.copyfile(first, made[-1])
            return f"sqlite:///{made[-1]}"

        yield copy
        return
    from tests import postgres

    server = request.getfixturevalue("postgres_server")
    template = postgres.unique_name("old")
    prepare(server.create(template))

    def clone() -> str:
        made.append(postgres.unique_name("killed"))
        url: str = server.create(made[-1], template)
        return url

    yield clone
    for name in (*made, template):
        server.drop(name)


def prepare(url: str) -> None:
    database = open_database(url)
    with connected(database):
        migrate._runner(database, None).up(OLD)
        for chain in ("gift_signoff:2025-03", "account:2025-04"):
            entry = {
                "chain": chain,
                "sequence": 1,
                "at": "2025-03-05T06:07:08.000009Z",
                "register": chain.partition(":")[0],
                "record_id": None,
                "number": "",
                "action": "x",
                "actor": None,
                "actor_name": "",
                "on_behalf_of": None,
                "address": "",
                "detail": "{}",
                "previous": "",
            }
            entry["hash"] = digest(entry)
            names = [{"actor": "actor_id", "on_behalf_of": "on_behalf_of_id"}.get(name, name) for name in entry]
            places = ", ".join([database.param] * len(entry))
            columns = ", ".join(f'"{name}"' for name in names)
            database.execute_sql(f"INSERT INTO audit_event ({columns}) VALUES ({places})", list(entry.values()))
            head = f"INSERT INTO audit_head (chain, sequence, hash) VALUES ({', '.join([database.param] * 3)})"
            database.execute_sql(head, [chain, 1, entry["hash"]])
    close(database)


def forked(work: Callable[[], None]) -> int:
    """The signal that ended the work in a child of this process, 0 when it came to its end, -1 when it failed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks beside threads.
        child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)


def upgrade_until(url: str, last: int, told: Path | None = None) -> Callable[[], None]:
    """An upgrade that dies before its statement number `last`; 0 for one that lives and tells how many there were."""

    def work() -> None:
        database = open_database(url)
        original = database.execute_sql
        count = 0

        def counting(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        database.execute_sql = counting
        migrate.upgrade(database)
        if told is not None:
            told.write_text(str(count))

    return work


def state(url: str) -> tuple[list[str], Any, int]:
    database = open_database(url)
    with connected(database):
        found = (
            migrate.applied(database),
            fingerprint(database),
            int(database.execute_sql("SELECT count(*) FROM audit_event").fetchone()[0]),
        )
    close(database)
    return found


def fingerprint(database: Database) -> Any:
    """Every table with its columns and indexes, and the triggers."""
    tables = {
        table: (
            sorted((column.name, column.data_type, column.null) for column in database.get_columns(table)),
            sorted((index.name, tuple(index.columns), index.unique) for index in database.get_indexes(table)),
        )
        for table in database.get_tables()
    }
    catalogue = (
        "sqlite_master WHERE type = 'trigger'" if dialect(database) == "sqlite" else "pg_trigger WHERE NOT tgisinternal"
    )
    name = "name" if dialect(database) == "sqlite" else "tgname"
    return tables, sorted(database.execute_sql(f"SELECT {name} FROM {catalogue}").fetchall())


def killed_everywhere(old: Make, tmp_path: Path, most: int | None) -> tuple[int, int]:
    """How many statements an upgrade has, and before how many of them it was killed."""
    told = tmp_path / "statements"
    fresh = old()
    before = state(fresh)
    assert forked(upgrade_until(fresh, 0, told)) == 0
    after = state(fresh)
    assert before[0][-1] == OLD
    assert after[0] == migrate.names()
    statements = int(told.read_text())
    places = list(range(1, statements + 1))
    if most is not None and len(places) > most:
        step = len(places) / most
        places = sorted({1 + int(n * step) for n in range(most)} | {statements})
    for place in places:
        url = old()
        assert forked(upgrade_until(url, place)) == signal.SIGKILL
        assert state(url) in (before, after), f"between versions when killed before statement {place}"
    assert forked(upgrade_until(url, 0)) == 0
    assert state(url) == after
    judge(fresh)
    return statements, len(places)


def judge(url: str) -> None:
    """The chains that were there before have been listed."""
    database: Database = open_database(url)
    db.initialize(database)
    with connected(database):
        assert list(proof.faults()) == []
        assert set(proof.heads()) == {"history", "gift_signoff:2025-03", "account:2025-04"}
    close(database)
    db.obj = None


def test_an_upgrade_that_is_killed_leaves_the_old_version(
    old: Make, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    most = SHORT[request.node.callspec.params["old"]]
    statements, killed = killed_everywhere(old, tmp_path, most)
    assert statements > killed >= most


def test_of_two_upgrades_at_once_one_works_and_one_is_killed(old: Make, tmp_path: Path) -> None:
    """The lock of whoever was killed is gone with it."""
    url = old()
    assert forked(upgrade_until(url, 12)) == signal.SIGKILL
    told = [tmp_path / str(n) for n in range(2)]
    children = []
    for file in told:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            try:
                upgrade_until(url, 0, file)()
                os._exit(0)
            except BaseException:
                os._exit(1)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
    few, many = sorted(int(file.read_text()) for file in told)
    assert few < many, "both ran everything"
    judge(url)
