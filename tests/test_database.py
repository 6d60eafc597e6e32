"""Both databases: how they are opened, what they promise under two writers, and how long results are read."""

import multiprocessing
import threading
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from peewee import (
    CharField,
    Database,
    ForeignKeyField,
    IntegerField,
    IntegrityError,
    InterfaceError,
    Model,
    OperationalError,
)

from backoffice import migrate
from backoffice.database import connected, dialect, is_busy, open_database, stream, without_limits

TABLE_SIZE = 5_000


def models_of(db: Database) -> tuple[Any, Any]:
    """Two small tables of the test's own, so that it knows nothing of the registers."""

    class Shelf(Model):
        code = CharField(unique=True)
        count = IntegerField(default=0)

        class Meta:
            database = db
            table_name = "test_shelf"

    class Book(Model):
        shelf = ForeignKeyField(Shelf, on_delete="RESTRICT")

        class Meta:
            database = db
            table_name = "test_book"

    return Shelf, Book


@pytest.fixture
def opened(database_url: str) -> Iterator[Database]:
    db = open_database(database_url)
    with connected(db):
        db.create_tables(models_of(db))
        yield db
    getattr(db, "close_all", db.close)()


def test_the_dialect_is_known(opened: Database, database_url: str) -> None:
    assert dialect(opened) == database_url.partition(":")[0]


def test_two_equal_codes_are_an_integrity_error(opened: Database) -> None:
    shelf, _ = models_of(opened)
    shelf.create(code="A")
    with pytest.raises(IntegrityError):
        shelf.create(code="A")


def test_a_row_that_others_point_to_stays(opened: Database) -> None:
    shelf, book = models_of(opened)
    book.create(shelf=shelf.create(code="A"))
    with pytest.raises(IntegrityError):
        shelf.delete().execute()
    assert shelf.select().count() == 1


def test_a_failed_block_leaves_nothing(opened: Database) -> None:
    shelf, _ = models_of(opened)
    with pytest.raises(IntegrityError), opened.atomic():  # noqa: PT012 - both writes belong to the block.
        shelf.create(code="A")
        shelf.create(code="A")
    assert shelf.select().count() == 0


def test_a_quoted_name_that_is_no_column_is_an_error(opened: Database) -> None:
    with pytest.raises(Exception, match="nonsense") as caught:
        opened.execute_sql('SELECT "nonsense" FROM test_shelf')
    assert caught.type.__module__ == "peewee"


def test_a_thread_without_a_connection_is_refused(opened: Database) -> None:
    shelf, _ = models_of(opened)
    errors: list[BaseException] = []

    def read() -> None:
        try:
            shelf.select().count()
        except InterfaceError as exc:
            errors.append(exc)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert len(errors) == 1


def test_connected_inside_connected_keeps_the_connection(opened: Database) -> None:
    with connected(opened):
        pass
    assert not opened.is_closed()


# --- writers ----------------------------------------------------------------------------------------


def count_up(url: str, rounds: int, start: Barrier) -> None:
    """Read, think, write; as a process of its own, with two threads."""
    db = open_database(url)
    shelf, _ = models_of(db)

    def work() -> None:
        with connected(db):
            start.wait(30)
            for _ in range(rounds):
                with db.atomic():
                    query = shelf.select().where(shelf.code == "hot")
                    row = (query if dialect(db) == "sqlite" else query.for_update()).get()
                    shelf.update(count=row.count + 1).where(shelf.id == row.id).execute()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_processes_lose_no_update(opened: Database, database_url: str) -> None:
    shelf, _ = models_of(opened)
    shelf.create(code="hot")
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(4)
    processes = [context.Process(target=count_up, args=(database_url, 50, start)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert shelf.get(shelf.code == "hot").count == 2 * 2 * 50


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_block_takes_the_write_lock_before_it_writes(opened: Database, database_url: str) -> None:
    other = open_database(database_url)
    other.timeout = 0.05
    with connected(other), opened.atomic():
        with pytest.raises(OperationalError) as caught, other.atomic():
            pass
        assert is_busy(caught.value)
        assert models_of(other)[0].select().count() == 0, "readers go on"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_lock_that_stays_is_given_up(opened: Database, database_url: str) -> None:
    shelf, _ = models_of(opened)
    shelf.create(code="A")
    other = open_database(f"{database_url}&options=-c%20lock_timeout%3D100ms")
    theirs, _ = models_of(other)
    with connected(other), opened.atomic():
        shelf.update(count=1).execute()
        with pytest.raises(OperationalError) as caught:
            theirs.update(count=2).execute()
        assert is_busy(caught.value)
    other.close_all()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_limits_hold_for_each_session_and_come_back(opened: Database) -> None:
    def shown(name: str) -> str:
        return str(opened.execute_sql(f"SHOW {name}").fetchone()[0])

    assert [shown(name) for name in ("lock_timeout", "statement_timeout", "timezone")] == ["5s", "30s", "UTC"]
    assert shown("synchronous_commit") == "on"
    with without_limits(opened):
        assert [shown(name) for name in ("lock_timeout", "statement_timeout")] == ["0", "0"]
    assert [shown(name) for name in ("lock_timeout", "statement_timeout")] == ["5s", "30s"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_an_exhausted_pool_is_busy(opened: Database) -> None:
    opened._max_connections, opened._wait_timeout = 1, 0.05
    caught: list[OperationalError] = []

    def connect() -> None:
        try:
            opened.connect()
        except OperationalError as exc:
            caught.append(exc)

    thread = threading.Thread(target=connect)
    thread.start()
    thread.join()
    assert [is_busy(error) for error in caught] == [True]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_file_is_opened_durable_and_strict(opened: Any) -> None:
    found = {name: opened.pragma(name) for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}


# --- long results -------------------------------------------------------------------------------------


@pytest.fixture
def filled(opened: Database) -> Database:
    shelf, _ = models_of(opened)
    with opened.atomic():
        shelf.insert_many([{"code": f"{number:05}"} for number in range(TABLE_SIZE)]).execute()
    return opened


def test_a_stream_gives_every_row_once_in_order(filled: Database) -> None:
    shelf, _ = models_of(filled)
    codes = [code for (code,) in stream(shelf.select(shelf.code).order_by(shelf.code), 300)]
    assert codes == [f"{number:05}" for number in range(TABLE_SIZE)]
    assert not filled.in_transaction()


def test_a_stream_that_is_left_early_lets_go(filled: Database) -> None:
    shelf, _ = models_of(filled)
    rows = stream(shelf.select().order_by(shelf.id), 10)
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    assert not filled.in_transaction()
    assert shelf.delete().execute() == TABLE_SIZE


def test_a_stream_reads_one_snapshot_and_stops_no_writer(filled: Database, database_url: str) -> None:
    shelf, _ = models_of(filled)
    other = open_database(database_url)
    theirs, _ = models_of(other)
    rows = stream(shelf.select(shelf.code).order_by(shelf.id), 10)
    next(rows)
    with connected(other), other.atomic():
        theirs.create(code="late")
    assert sum(1 for _ in rows) == TABLE_SIZE - 1
    getattr(other, "close_all", other.close)()


def test_a_stream_inside_a_block_leaves_the_block_open(filled: Database) -> None:
    shelf, _ = models_of(filled)
    with filled.atomic():
        assert sum(1 for _ in stream(shelf.select(), 500)) == TABLE_SIZE
        shelf.create(code="after")
    assert shelf.select().count() == TABLE_SIZE + 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_server_sends_a_stream_in_parts(filled: Database) -> None:
    shelf, _ = models_of(filled)
    rows = stream(shelf.select(), 10)
    next(rows)
    assert filled.execute_sql("SELECT count(*) FROM pg_cursors").fetchone()[0] == 1
    rows.close()  # type: ignore[attr-defined]


# --- addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///var/a.db", "var/a.db"),
        ("sqlite:////srv/a.db", "/srv/a.db"),
        ("sqlite:///a%20b.db", "a b.db"),
    ],
)
def test_three_slashes_are_relative_and_four_absolute(
    url: str, path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "mkdir", lambda *_args, **_kwargs: None)
    assert open_database(url).database == path


@pytest.mark.parametrize("url", ["mysql://a/b", "sqlite://", "sqlite:///", "a.db", ""])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        open_database(url)


def test_a_file_that_is_no_database_is_a_database_error(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"not a database, " * 100)
    with pytest.raises(Exception, match="not a database") as caught:
        open_database(f"sqlite:///{tmp_path}/a.db").connect()
    assert caught.type.__module__ == "peewee"


# --- migrations ---------------------------------------------------------------------------------------

FIRST = '''"""Shelves, to begin with.

More words."""
from peewee import CharField


def up(migrator, db):
    class Shelf(db.Model):
        code = CharField()

        class Meta:
            table_name = "mig_shelf"

    db.create_tables([Shelf], safe=False)
    db.execute_sql("INSERT INTO mig_shelf (code) VALUES ('kept')")


def down(migrator, db):
    db.execute_sql("DROP TABLE mig_shelf")
'''
BROKEN = '''"""Fails half way."""


def up(migrator, db):
    db.execute_sql("CREATE TABLE mig_half (id INTEGER PRIMARY KEY)")
    db.execute_sql("INSERT INTO nowhere (id) VALUES (1)")
'''
DANGLING = '''"""Leaves a row that points to nothing."""


def up(migrator, db):
    db.execute_sql("CREATE TABLE mig_book (id INTEGER PRIMARY KEY, shelf INTEGER REFERENCES mig_shelf (id))")
    db.execute_sql("INSERT INTO mig_book (id, shelf) VALUES (1, 999)")
'''


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    directory = tmp_path / "migrations"
    directory.mkdir()
    # The files of the product itself have run in the database of the test; here they count as unknown.
    (directory / "9001_shelf.py").write_text(FIRST, encoding="utf-8")
    return directory


def test_a_plan_changes_nothing(opened: Database, scripts: Path) -> None:
    before = opened.get_tables()
    assert migrate.plan(opened, scripts) == [migrate.Step("9001_shelf", "Shelves, to begin with.")]
    assert opened.get_tables() == before


def test_an_upgrade_runs_what_is_pending_once(opened: Database, scripts: Path) -> None:
    assert migrate.upgrade(opened, scripts).applied == ("9001_shelf",)
    assert migrate.pending(opened, scripts) == []
    assert migrate.upgrade(opened, scripts) == migrate.Upgrade((), None)


def test_a_migration_that_fails_leaves_nothing(opened: Database, scripts: Path) -> None:
    (scripts / "9002_broken.py").write_text(BROKEN, encoding="utf-8")
    with pytest.raises(Exception, match="nowhere"):
        migrate.upgrade(opened, scripts)
    assert migrate.pending(opened, scripts) == ["9001_shelf", "9002_broken"]  # All of an upgrade or nothing.
    assert not {"mig_shelf", "mig_half"} & set(opened.get_tables())


def test_a_database_of_a_newer_version_is_noticed(opened: Database, scripts: Path) -> None:
    migrate.upgrade(opened, scripts)
    (scripts / "9001_shelf.py").unlink()
    assert "9001_shelf" in migrate.unknown(opened, scripts)


def test_a_row_that_would_point_to_nothing_stops_the_migration(opened: Database, scripts: Path) -> None:
    (scripts / "9002_dangling.py").write_text(DANGLING, encoding="utf-8")
    with pytest.raises((migrate.MigrationError, IntegrityError)):
        migrate.upgrade(opened, scripts)
    assert "mig_book" not in opened.get_tables()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_with_tables_is_copied_before(opened: Database, scripts: Path) -> None:
    shelf, _ = models_of(opened)
    shelf.create(code="before")
    copy = migrate.upgrade(opened, scripts).copy
    assert copy is not None
    kept = open_database(f"sqlite:///{copy}")
    with connected(kept):
        assert [row.code for row in models_of(kept)[0].select()] == ["before"]
        assert "mig_shelf" not in kept.get_tables()


def test_an_empty_file_is_not_copied(tmp_path: Path, scripts: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path}/empty.db")
    assert migrate.upgrade(db, scripts) == migrate.Upgrade(("9001_shelf",), None)
    assert db.is_closed()


def upgrade_once(url: str, scripts: Path, start: Barrier) -> None:
    start.wait(30)
    migrate.upgrade(open_database(url), scripts)


def test_two_processes_migrate_one_after_the_other(opened: Database, database_url: str, scripts: Path) -> None:
    slow = FIRST.replace("db.create_tables", "__import__('time').sleep(0.5)\n    db.create_tables")
    (scripts / "9001_shelf.py").write_text(slow, encoding="utf-8")
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    processes = [context.Process(target=upgrade_once, args=(database_url, scripts, start)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert opened.execute_sql("SELECT count(*) FROM mig_shelf").fetchone()[0] == 1


def test_fresh_databases_are_quick(database_url: str) -> None:
    """The whole suite stands on this: a database a test, in well under a second."""
    started = time.perf_counter()
    with connected(open_database(database_url)) as db:
        assert migrate.pending(db) == []
    getattr(db, "close_all", db.close)()
    assert time.perf_counter() - started < 2
