"""The promises P1 to P6 and P14 to P17 of security.md in their long form, with figures."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from peewee import Database

from backoffice import migrate, proof
from backoffice.commanding import close
from backoffice.database import dialect, open_database
from models.base import db
from tests import postgres, test_outages
from tests.company import Company, made_company
from tests.kills import BACK_SECONDS, WRITERS, Tally, Victims, count, kill_rounds
from tests.promises import Promise
from tests.servers import Person, Server, serving
from tests.shell import Shell, shell
from tests.test_backup import Empty, empty, under_load
from tests.test_migrate_killed import Make, killed_everywhere, old
from tests.test_outages import small_disk
from tests.test_proof import chains_of
from tests.test_races_of_servers import all_races, servers

__all__ = ["empty", "old", "servers", "shell", "small_disk"]
pytestmark = pytest.mark.trust
RACES = 10
BACKUPS = 5
ENTRIES = 100_000


def judged(tally: Tally, promise: Promise, kind: str) -> None:
    # Five seconds are for a machine that is the server's; one that does other work is given its share.
    share = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    promise(f"P1 P3 P4 kill -9, {kind}", f"{tally} (machine busy {share:.1f} times over)")
    assert (tally.lost, tally.doubled, tally.gaps, tally.faults) == (0, 0, 0, []), tally
    assert tally.stored >= tally.acknowledged > WRITERS
    assert sum(tally.back) / len(tally.back) < BACK_SECONDS * share, tally


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_kill_9_on_sqlite(company: Company, database_url: str, tmp_path: Path, rounds: int, promise: Promise) -> None:
    tally = kill_rounds(database_url, tmp_path / "data", rounds)
    judged(count(tally, company.catalogue), promise, "SQLite, the server")
    assert company.database.execute_sql("PRAGMA integrity_check").fetchone()[0] == "ok"


@pytest.fixture
def durable() -> Iterator[tuple[postgres.Cluster, Database]]:
    """A company on a PostgreSQL of its own, with its own settings for safety and on a real disk."""
    directory = postgres.binaries()
    if directory is None:
        pytest.skip(postgres.INSTALL)
    with postgres.cluster(directory, durable=True) as cluster:
        database = open_database(cluster.server.create("company"))
        migrate.upgrade(database)
        db.initialize(database)
        database.connect()
        yield cluster, database
        close(database)
        db.obj = None


def test_kill_9_on_postgresql(
    durable: tuple[postgres.Cluster, Database], tmp_path: Path, rounds: int, promise: Promise
) -> None:
    """The server, the database's server, and both, in turn."""
    cluster, database = durable
    company = made_company(database, tmp_path / "data")
    hurt = Victims(cluster.kill, cluster.start)
    tally = kill_rounds(cluster.server.url_of("company"), tmp_path / "data", rounds, victims=hurt)
    close(database)
    database.connect()
    judged(count(tally, company.catalogue), promise, "PostgreSQL, server, database and both in turn")


def synced(pids: list[int], trace: Path, act: Callable[[], None]) -> list[str]:
    """The files that these processes, or what they start, bring to the disk while `act` runs."""
    command = ["strace", "-f", "-y", "-qq", "-e", "trace=fsync,fdatasync", "-o", str(trace)]
    tracer = subprocess.Popen([*command, *(f"--attach={pid}" for pid in pids)], stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        assert tracer.poll() is None, "it may not be traced here"
        act()
    finally:
        tracer.terminate()
        tracer.wait(10)
    return re.findall(r"f(?:data)?sync\(\d+<([^>]*)>\)\s+= 0", trace.read_text(errors="replace"))


def one_write(port: int, item: int) -> Callable[[], None]:
    person = Person(port)
    person.sign_in("market_specialist")

    def act() -> None:
        assert test_outages.save(person, item, "第一").status == 303

    return act


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_synced_on_sqlite(company: Company, database_url: str, tmp_path: Path, promise: Promise) -> None:
    """Power loss costs at most the request in flight: the log is on disk before the answer is given."""
    if shutil.which("strace") is None:
        promise("P2 on disk before the answer, SQLite", "not shown: strace is not installed")
        return
    with serving(database_url, tmp_path / "data") as (server,):
        act = one_write(server.port, company.gift_item())
        pids = [server.process.pid, *postgres._children(server.process.pid)]
        files = synced(pids, tmp_path / "trace", act)
    logs = [file for file in files if file.endswith("-wal")]
    promise("P2 on disk before the answer, SQLite", f"{len(logs)} syncs of the log for one write")
    assert logs, files


def test_synced_on_postgresql(durable: tuple[postgres.Cluster, Database], tmp_path: Path, promise: Promise) -> None:
    if shutil.which("strace") is None:
        promise("P2 on disk before the answer, PostgreSQL", "not shown: strace is not installed")
        return
    cluster, database = durable
    company = made_company(database, tmp_path / "data")
    with serving(cluster.server.url_of("company"), tmp_path / "data") as (server,):
        act = one_write(server.port, company.gift_item())
        files = synced(cluster.pids(), tmp_path / "trace", act)
    logs = [file for file in files if "/pg_wal/" in file]
    promise("P2 on disk before the answer, PostgreSQL", f"{len(logs)} syncs of the log for one write")
    assert logs, files


def test_races(company: Company, servers: list[Server], promise: Promise) -> None:
    started = time.monotonic()
    number = all_races(company, servers, RACES)
    took = time.monotonic() - started
    promise(
        f"P5 P6 races of two servers, {dialect(company.database)}",
        f"{number} races in {took:.0f} s: one wins, the other is told by whom",
    )


def test_backup_under_load(
    company: Company, shell: Shell, empty: Empty, database_url: str, tmp_path: Path, promise: Promise
) -> None:
    figures = under_load(company, shell, empty, database_url, tmp_path, writers=WRITERS, rounds=BACKUPS)
    slowest = max(seconds for _, seconds in figures)
    promise(
        f"P15 backup under {WRITERS} writers, {dialect(company.database)}",
        f"{len(figures)} backups of {figures[0][0]} to {figures[-1][0]} customers, at most {slowest:.1f} s; the last "
        "restored, its counts, hashes and history proved, nothing acknowledged before it missing",
    )


def test_upgrade_killed_everywhere(old: Make, tmp_path: Path, request: pytest.FixtureRequest, promise: Promise) -> None:
    statements, killed = killed_everywhere(old, tmp_path, None)
    kind = request.node.callspec.params["old"]
    promise(
        f"P16 migrate killed, {kind}",
        f"before each of {statements} statements ({killed} kills): old or new, never between",
    )


def test_a_hundred_thousand_entries(database: Database, promise: Promise) -> None:
    chains_of(database, 10, ENTRIES // 10)
    started = time.monotonic()
    judge = proof.Proof()
    assert list(judge.faults()) == []
    took = time.monotonic() - started
    promise(
        f"P14 history proved, {dialect(database)}", f"{judge.entries} entries in {judge.chains} chains in {took:.1f} s"
    )
    assert took < 60


def test_locked(company: Company, database_url: str, tmp_path: Path, promise: Promise) -> None:
    started = time.monotonic()
    test_outages.test_a_locked_database_refuses_writes_and_reading_goes_on(company, database_url, tmp_path)
    promise(
        f"P17 database locked, {dialect(company.database)}",
        f"503 within {test_outages.MOST_SECONDS} s, reading goes on, recovers alone; {time.monotonic() - started:.0f} s in all",
    )


def test_full_disk(
    small_disk: Path | None, sqlite_template: Path, tmp_path: Path, request: pytest.FixtureRequest, promise: Promise
) -> None:
    test_outages.test_a_full_disk_refuses_writes_and_reading_goes_on(small_disk, sqlite_template, tmp_path, request)
    told = (
        "507, reading goes on, recovers when there is room" if small_disk else "not shown: nothing may be mounted here"
    )
    promise("P17 disk full, sqlite", told)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_restarted(durable: tuple[postgres.Cluster, Database], tmp_path: Path, how: str, promise: Promise) -> None:
    cluster, database = durable
    started = time.monotonic()
    test_outages.test_a_restarted_database_is_found_again(cluster, database, tmp_path, how)
    promise(
        f"P17 PostgreSQL {how}", f"503 while it is away, found again alone; {time.monotonic() - started:.0f} s in all"
    )
