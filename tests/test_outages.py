"""The database is locked, full or gone: each write is refused with a clear page, reading goes on, and nobody has to come."""

from __future__ import annotations

import gc
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from peewee import Database

from backoffice import migrate, proof
from backoffice.commanding import close
from backoffice.database import connected, dialect, hazards, open_database
from models.base import db
from models.registers.gift_item import GiftItem
from tests.company import Company, made_company
from tests.servers import Answer, Person, Server, serving

try:
    from tests import postgres
except ImportError:  # psycopg is an extra.
    postgres = None  # type: ignore[assignment]

MOST_SECONDS = 25


def signed_in(server: Server) -> Person:
    person = Person(server.port)
    person.sign_in("market_specialist")
    return person


def warned(server: Server) -> bool:
    return "a power cut may cost what was acknowledged" in server.log.read_text(encoding="utf-8")


def save(person: Person, item: int, name: str) -> Answer:
    version = GiftItem.get_by_id(item).version
    return person.send(f"/admin/gift_item/edit/?id={item}", {"name": name, "version": str(version)})


def reads(person: Person) -> None:
    started = time.monotonic()
    assert person.get("/admin/gift_item/").status == 200
    assert time.monotonic() - started < 5


def until_it_saves(person: Person, item: int, name: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while save(person, item, name).status != 303:
        assert time.monotonic() < deadline, "it did not recover by itself"
        time.sleep(0.2)
    assert GiftItem.get_by_id(item).name == name


def test_a_locked_database_refuses_writes_and_reading_goes_on(
    company: Company, database_url: str, tmp_path: Path
) -> None:
    item = company.gift_item()
    with serving(database_url, tmp_path / "data") as (server,):
        person = signed_in(server)
        before = GiftItem.get_by_id(item)
        other = open_database(database_url)
        with connected(other), other.atomic():
            if dialect(other) == "postgresql":
                other.execute_sql("SELECT 1 FROM gift_item WHERE id = %s FOR UPDATE", (item,))
            started = time.monotonic()
            answer = save(person, item, "新名")
            assert answer.status == 503, answer.text[:300]
            assert time.monotonic() - started < MOST_SECONDS
            assert "系统" in answer.text
            reads(person)
        close(other)
        row = GiftItem.get_by_id(item)
        assert (row.name, row.version) == (before.name, before.version)
        until_it_saves(person, item, "新名")
    assert list(proof.faults()) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_files_that_may_not_grow_refuse_writes_and_reading_goes_on(
    company: Company, database_url: str, tmp_path: Path
) -> None:
    """The kernel lets the server's files grow no further, as on a full disk or quota; then it does again."""
    item = company.gift_item()
    with serving(database_url, tmp_path / "data") as (server,):
        person = signed_in(server)
        assert save(person, item, "第一").status == 303
        unlimited = limit(server, 8_000)
        refused = [save(person, item, f"满{n}") for n in range(3)]
        assert {answer.status for answer in refused} <= {503, 507}, [answer.status for answer in refused]
        assert GiftItem.get_by_id(item).name == "第一"
        reads(person)
        limit(server, unlimited)
        until_it_saves(person, item, "第二")
    assert list(proof.faults()) == []
    assert company.database.execute_sql("PRAGMA integrity_check").fetchone()[0] == "ok"


@contextmanager
def disk_of(megabytes: int, place: Path) -> Iterator[bool]:
    """A disk of its own at an empty directory; False where this process may mount nothing."""
    place.mkdir()
    size = f"size={megabytes}m"
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", place], capture_output=True, check=False)
    try:
        yield made.returncode == 0
    finally:
        if made.returncode == 0:
            subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A disk of eight megabytes; None where this process may mount nothing."""
    with disk_of(8, tmp_path / "disk") as mounted:
        yield tmp_path / "disk" if mounted else None


def test_a_full_disk_refuses_writes_and_reading_goes_on(
    small_disk: Path | None, sqlite_template: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A real one, as root; elsewhere the test above says as much."""
    request.node.user_properties.append(("dialect", "sqlite"))
    if small_disk is None:
        return
    file, ballast = small_disk / "backoffice.db", small_disk / "ballast"
    shutil.copyfile(sqlite_template, file)
    database = open_database(f"sqlite:///{file}")
    db.initialize(database)
    with connected(database):
        item = made_company(database, tmp_path / "data").gift_item()
        with serving(f"sqlite:///{file}", tmp_path / "data") as (server,):
            person = signed_in(server)
            assert save(person, item, "第一").status == 303
            fill(ballast)
            answers = [save(person, item, f"满{n}") for n in range(40)]
            refused = [answer for answer in answers if answer.status != 303]
            assert {answer.status for answer in refused} == {507}, [answer.status for answer in answers]
            assert "磁盘" in refused[0].text or "disk is full" in refused[0].text
            assert len(refused) > 20
            told = f"满{len(answers) - len(refused) - 1}" if len(refused) < len(answers) else "第一"
            assert GiftItem.get_by_id(item).name == told
            reads(person)
            ballast.unlink()
            until_it_saves(person, item, "第二")
        assert list(proof.faults()) == []
        assert database.execute_sql("PRAGMA integrity_check").fetchone()[0] == "ok"
    db.obj = None


@pytest.fixture
def small_tables(own_cluster: postgres.Cluster) -> Iterator[Path | None]:
    """A disk of 64 megabytes for tables of PostgreSQL alone; None where this process may mount nothing."""
    with disk_of(64, own_cluster.base / "disk") as mounted:
        place = own_cluster.base / "disk" / "tables"
        if mounted:
            place.mkdir()
            if own_cluster.account:
                shutil.chown(place, own_cluster.account, own_cluster.account)
            own_cluster.server.make_tablespace("small", place)
        yield place.parent if mounted else None
        own_cluster.stop()


def test_a_full_disk_of_postgresql_refuses_writes_and_reading_goes_on(
    own_cluster: postgres.Cluster, small_tables: Path | None, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The company's tables on a small disk of their own, which somebody else fills."""
    request.node.user_properties.append(("dialect", "postgresql"))
    if small_tables is None:
        return
    ballast = small_tables / "ballast"
    database = open_database(own_cluster.server.create("company", tablespace="small"))
    migrate.upgrade(database)
    db.initialize(database)
    with connected(database):
        item = made_company(database, tmp_path / "data").gift_item()
        with serving(own_cluster.server.url_of("company"), tmp_path / "data") as (server,):
            person = signed_in(server)
            assert save(person, item, "第一").status == 303
            fill(ballast)
            told = "第一"
            answers: list[Answer] = []
            while [answer.status for answer in answers].count(507) < 20:
                answers.append(save(person, item, f"满{len(answers)}"))
                if answers[-1].status == 303:
                    told = f"满{len(answers) - 1}"
                assert len(answers) < 2000, "the disk never filled"
            assert {answer.status for answer in answers} <= {303, 507}, [answer.status for answer in answers]
            assert GiftItem.get_by_id(item).name == told
            reads(person)
            ballast.unlink()
            until_it_saves(person, item, "第二")
        assert list(proof.faults()) == []
    close(database)
    db.obj = None


def fill(path: Path) -> None:
    """Take every byte that is left."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def limit(server: Server, size: int) -> int:
    """How large the files of the server's processes may grow; what it was before."""
    before = 0
    for pid in [server.process.pid, *postgres._children(server.process.pid)]:
        before, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    return before


@pytest.fixture
def own_cluster() -> Iterator[postgres.Cluster]:
    directory = postgres.binaries() if postgres is not None else None
    if directory is None:
        pytest.skip(postgres.INSTALL if postgres is not None else "psycopg is missing")
    with postgres.cluster(directory, durable=True) as made:
        yield made


@pytest.fixture
def own_database(own_cluster: postgres.Cluster, request: pytest.FixtureRequest) -> Iterator[Database]:
    request.node.user_properties.append(("dialect", "postgresql"))
    database = open_database(own_cluster.server.create("company"))
    migrate.upgrade(database)
    db.initialize(database)
    database.connect()
    yield database
    database.close_all()
    db.obj = None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_warns_of_a_database_that_may_forget(company: Company, database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path / "data") as (server,):
        assert warned(server) == bool(hazards(company.database))


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restarted_database_is_found_again(
    own_cluster: postgres.Cluster, own_database: Database, tmp_path: Path, how: str
) -> None:
    company = made_company(own_database, tmp_path / "data")
    item = company.gift_item()
    with serving(own_cluster.server.url_of("company"), tmp_path / "data") as (server,):
        assert not warned(server)
        person = signed_in(server)
        assert save(person, item, "第一").status == 303
        typed = {"name": "第二", "version": str(GiftItem.get_by_id(item).version)}
        getattr(own_cluster, how)()
        started = time.monotonic()
        gone = person.send(f"/admin/gift_item/edit/?id={item}", typed)
        assert gone.status == 503
        assert person.get("/admin/gift_item/").status == 503
        assert person.get("/healthz").status == 503
        assert time.monotonic() - started < MOST_SECONDS
        own_cluster.start()
        own_database.close_all()
        gc.collect()  # psycopg's connections to the server that is gone complain now, not in another test.
        own_database.connect()
        until_it_saves(person, item, "第二")
        reads(person)
        assert person.get("/healthz").status == 200
    assert list(proof.faults()) == []
