"""`backup` under load and `restore` that proves itself: counts, attachments, history; what is damaged or not empty is refused."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backoffice import backup, migrate, proof
from backoffice.commanding import close
from backoffice.database import connected, open_database
from models.evidence import AuditEvent, StoredFile
from models.registers.customer_archive import CustomerArchive
from tests.company import SECRET, Company
from tests.kills import Writers, wait_for
from tests.servers import COMMAND, environment, serving
from tests.shell import Shell, shell
from tests.tampering import unguard

__all__ = ["shell"]


@dataclass
class Empty:
    """A place without anything: an address and directories for a restore."""

    url: str
    directory: Path

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def environ(self) -> dict[str, str]:
        return {"BACKOFFICE_DATABASE_URL": self.url, "BACKOFFICE_DATA_DIR": str(self.data)}


@pytest.fixture
def empty(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Empty]:
    directory = tmp_path / "restored"
    if database_url.startswith("sqlite"):
        yield Empty(f"sqlite:///{directory / 'backoffice.db'}", directory)
        return
    from tests import postgres

    server = request.getfixturevalue("postgres_server")
    name = postgres.unique_name("restored")
    yield Empty(server.create(name), directory)
    server.drop(name)


@pytest.fixture
def kept(company: Company, shell: Shell, tmp_path: Path) -> Path:
    """A backup of a company with records and attachments."""
    company.gift_in("closed")
    company.line_in("closed")
    file = tmp_path / "kept.backup"
    answer = shell("backup", file)
    assert (answer.code, answer.err) == (0, "")
    return file


def contents(url: str) -> dict[str, list[tuple[object, ...]]]:
    database = open_database(url)
    with connected(database):
        found = {
            table: sorted(map(tuple, database.execute_sql(f'SELECT * FROM "{table}"').fetchall()), key=repr)
            for table in database.get_tables()
        }
    close(database)
    return found


def nothing_there(place: Empty) -> bool:
    """No record and no attachment; locks and an empty file may have been made."""
    files = [path for path in place.data.rglob("*") if path.is_file() and not path.name.startswith(".")]
    database = open_database(place.url)
    with connected(database):
        tables = database.get_tables()
    close(database)
    return not files and not tables


# ---- there and back ----------------------------------------------------------------------------------------------------


def test_what_is_restored_is_what_was_saved(
    kept: Path, shell: Shell, empty: Empty, database_url: str, company: Company
) -> None:
    company.database.close()
    before = contents(database_url)
    answer = shell("restore", kept, **empty.environ())
    assert (answer.code, answer.err) == (0, "")
    assert "counts, hashes and history proved" in answer.out
    assert contents(empty.url) == before
    company.database.connect()
    for row in StoredFile.select():
        there, here = (
            (root / "files" / row.key[:2] / row.key[2:4] / row.key) for root in (empty.data, company.data_dir)
        )
        assert there.read_bytes() == here.read_bytes()
    assert shell("verify-audit", **empty.environ()).code == 0
    assert shell("verify-audit", "--against", kept, **empty.environ()).code == 0
    assert not [path for path in empty.directory.rglob("*") if "restore" in path.name]


def test_a_backup_holds_settings_without_secrets_and_each_content_once(kept: Path, company: Company) -> None:
    raw = kept.read_bytes()
    assert SECRET.encode() not in raw
    assert kept.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(kept) as archive:
        names = archive.namelist()
        settings = json.loads(archive.read("settings.json"))
        manifest = json.loads(archive.read("manifest.json"))
    assert len(names) == len(set(names))
    assert settings["BACKOFFICE_COMPANY_NAME"] == "测试公司"
    assert "BACKOFFICE_SECRET_KEY" not in settings
    contents_of = {row.sha256 for row in StoredFile.select()}
    assert StoredFile.select().count() > len(contents_of) >= 1  # The tests upload one document again and again.
    assert set(manifest["files"]) == contents_of
    assert manifest["schema"] == migrate.names()
    assert manifest["counts"]["audit_event"] == AuditEvent.select().count()
    assert {chain: head["sequence"] for chain, head in manifest["heads"].items()} == {
        chain: head.sequence for chain, head in proof.heads().items()
    }


def test_restore_into_a_directory_says_what_to_set(
    kept: Path, shell: Shell, empty: Empty, tmp_path: Path, database_url: str
) -> None:
    into = tmp_path / "elsewhere"
    answer = shell("restore", kept, "--into", into, BACKOFFICE_DATABASE_URL=empty.url)
    assert (answer.code, answer.err) == (0, "")
    told = dict(line.split("=", 1) for line in answer.out.splitlines() if line.startswith("BACKOFFICE_"))
    assert told["BACKOFFICE_DATA_DIR"] == str(into / "data")
    if database_url.startswith("sqlite"):
        assert told["BACKOFFICE_DATABASE_URL"] == f"sqlite:///{into / 'backoffice.db'}"
        assert shell("verify-audit", **told).code == 0


# ---- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_damage_in_any_byte_is_refused(kept: Path, shell: Shell, empty: Empty) -> None:
    whole = kept.read_bytes()
    rng = random.Random(20260304)
    places = [*range(backup.HEADER + 40), *rng.sample(range(len(whole)), 300), *range(len(whole) - 60, len(whole))]
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.randrange(8)
        kept.write_bytes(damaged)
        with pytest.raises(backup.BackupFault):  # noqa: SIM117 - opening it is what fails
            with backup.opened(kept):
                pass
    for text in (whole[:-1], whole + b"x", whole[: len(whole) // 2], b"", b"PK"):
        kept.write_bytes(text)
        assert str(kept) in shell("restore", kept, **empty.environ()).refusal
    assert nothing_there(empty)
    kept.write_bytes(whole)
    assert shell("restore", kept, **empty.environ()).code == 0


def forged(kept: Path, change: dict[str, object], drop: str = "") -> None:
    """The backup with another manifest, sealed as if it were whole."""
    with zipfile.ZipFile(kept) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if not drop or not name.startswith(drop)}
    parts["manifest.json"] = json.dumps(json.loads(parts["manifest.json"]) | change).encode()
    with kept.open("w+b") as file:
        file.write(backup.MAGIC + b"0" * 64 + b"\n")
        with zipfile.ZipFile(file, "w") as archive:
            for name, body in parts.items():
                archive.writestr(name, body)
        seal = backup._hash_from(file, backup.HEADER)
        file.seek(len(backup.MAGIC))
        file.write(seal.encode())


def test_restore_refuses_a_newer_schema(kept: Path, shell: Shell, empty: Empty) -> None:
    forged(kept, {"schema": [*migrate.names(), "9999_tomorrow"], "version": "9.9"})
    refusal = shell("restore", kept, **empty.environ()).refusal
    assert "of a newer version, 9.9 (it has 9999_tomorrow)" in refusal
    assert nothing_there(empty)


@pytest.mark.parametrize(
    ("change", "drop", "said"),
    [
        ({"counts": {}}, "", "the counts of the restored database"),
        ({"heads": {}}, "", "the heads of the restored database"),
        ({"schema": []}, "", "the schema of the restored database"),
        ({"files": {}}, "", "attachment"),
        ({}, "files/", "damaged"),
        ({"schema": None, "counts": 3}, "", "its manifest is none"),
        ({"database": {"sha256": "0" * 64}}, "", "is not what the manifest says"),
    ],
    ids=["counts", "heads", "schema", "files", "blobs", "shape", "database"],
)
def test_restore_proves_before_it_places(
    kept: Path, shell: Shell, empty: Empty, change: dict[str, object], drop: str, said: str
) -> None:
    forged(kept, change, drop)
    assert said in shell("restore", kept, **empty.environ()).refusal
    assert nothing_there(empty)


def test_a_history_that_is_not_whole_is_saved_and_said_and_not_restored(
    company: Company, shell: Shell, empty: Empty, tmp_path: Path
) -> None:
    company.gift_item()
    unguard()
    AuditEvent.update(detail="{}").where(AuditEvent.register == "gift_item").execute()
    file = tmp_path / "x.backup"
    assert "saved, but the history is not whole: register gift_item" in shell("backup", file).refusal
    assert "history in the backup is not whole" in shell("restore", file, **empty.environ()).refusal
    assert nothing_there(empty)
    assert shell("restore", file, "--accept-broken-history", **empty.environ()).code == 0


def test_an_attachment_that_is_gone_is_said(company: Company, shell: Shell, empty: Empty, tmp_path: Path) -> None:
    company.upload("salesperson", "gift_signoff", "signoff_file")
    row = StoredFile.get()
    path = company.data_dir / "files" / row.key[:2] / row.key[2:4] / row.key
    path.write_bytes(b"altered")
    file = tmp_path / "x.backup"
    assert "1 attachments were gone or altered already" in shell("backup", file).refusal
    answer = shell("restore", file, **empty.environ())
    assert answer.code == 0, answer.err


def test_restore_refuses_a_place_that_is_not_empty(
    kept: Path, shell: Shell, empty: Empty, database_url: str, company: Company, tmp_path: Path
) -> None:
    before = contents(database_url)
    company.database.close()
    assert "not empty" in shell("restore", kept).refusal
    # Also with only one of the two in use.
    assert "empty place" in shell("restore", kept, BACKOFFICE_DATA_DIR=str(tmp_path / "other")).refusal
    environ = {**empty.environ(), "BACKOFFICE_DATA_DIR": str(company.data_dir)}
    assert "not empty" in shell("restore", kept, **environ).refusal
    assert nothing_there(empty)
    assert contents(database_url) == before


def test_restore_refuses_while_a_server_runs(
    kept: Path, shell: Shell, database_url: str, company: Company, tmp_path: Path
) -> None:
    data = company.data_dir
    with serving(database_url, data):
        refusal = shell("restore", kept, BACKOFFICE_DATA_DIR=str(data)).refusal
        assert "a server runs" in refusal
        if database_url.startswith("sqlite"):
            refusal = shell("restore", kept, BACKOFFICE_DATA_DIR=str(tmp_path / "other")).refusal
            assert "a server runs" in refusal
    assert "empty" in shell("restore", kept).refusal


def test_restore_refuses_the_other_kind_of_database(
    kept: Path, shell: Shell, tmp_path: Path, database_url: str
) -> None:
    other = "postgresql://nobody@127.0.0.1:1/x"
    if database_url.startswith("postgresql"):
        other = f"sqlite:///{tmp_path / 'other' / 'x.db'}"
    assert "the backup holds a" in shell("restore", kept, BACKOFFICE_DATABASE_URL=other).refusal


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_that_fails_leaves_the_older_one(
    kept: Path, company: Company, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_add_files", full)
    assert "No space left" in shell("backup", kept).refusal
    assert kept.read_bytes() == before
    assert [path.name for path in kept.parent.iterdir() if path.name.startswith(".")] == []


# Ends itself, as by kill -9, before or after the n-th thing is moved into its place.
KILLED = """
import os, signal, sys
from backoffice.cli import main
left, when, real = int(sys.argv.pop(1)), sys.argv.pop(1), os.rename
def rename(*given, **more):
    global left
    left -= 1
    if left == 0 and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    real(*given, **more)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
os.rename = rename
raise SystemExit(main())
"""


@pytest.mark.parametrize(
    ("database_url", "move", "when"),
    [("sqlite", 1, "before"), ("sqlite", 1, "after"), ("sqlite", 2, "after"), ("postgresql", 1, "after")],
    indirect=["database_url"],
)
def test_a_restore_that_is_killed_is_begun_again(
    kept: Path, empty: Empty, company: Company, move: int, when: str
) -> None:
    """Killed beside each move into the place: nothing is there, or what is there gives way to the next, or all is there."""
    company.database.close()
    surroundings = environment(empty.url, empty.data)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(move), when, "restore", str(kept)],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = subprocess.run(
        [*COMMAND, "restore", str(kept)], env=surroundings, capture_output=True, text=True, check=False
    )
    if (move, when) == (2, "after"):
        assert again.returncode == 1
        assert "empty place" in again.stderr
    else:
        assert again.returncode == 0, again.stderr
    proved = subprocess.run([*COMMAND, "verify-audit"], env=surroundings, capture_output=True, text=True, check=False)
    assert proved.returncode == 0, proved.stderr
    assert [path for path in (empty.data / "files").rglob("*") if path.is_file()]


# ---- under load --------------------------------------------------------------------------------------------------------


def test_a_backup_under_load_is_one_moment(
    company: Company, shell: Shell, empty: Empty, database_url: str, tmp_path: Path
) -> None:
    """Four writers and a backup: it restores to a state that proves itself and holds what was acknowledged before."""
    under_load(company, shell, empty, database_url, tmp_path, writers=4, rounds=1)


def under_load(
    company: Company, shell: Shell, empty: Empty, database_url: str, tmp_path: Path, *, writers: int, rounds: int
) -> list[tuple[int, float]]:
    """(rows, seconds) of each backup."""
    figures = []
    with serving(database_url, company.data_dir) as (server,), Writers(server.port, writers) as people:
        for number in range(rounds):
            wait_for(people.acknowledged, len(people.acknowledged) + 5)
            before = list(people.acknowledged)
            file = tmp_path / f"load-{number}.backup"
            started = time.monotonic()
            answer = shell("backup", file)
            took = time.monotonic() - started
            assert answer.code == 0, answer.err
            with backup.opened(file) as archive:
                figures.append((archive.manifest["counts"]["customer_archive"], took))
            assert figures[-1][0] >= len(before)
    answer = shell("restore", file, **empty.environ())
    assert answer.code == 0, answer.err
    there = open_database(empty.url)
    with backup.bound_to(there):
        assert set(before) <= {row.name for row in CustomerArchive.select(CustomerArchive.name)}
        assert list(proof.faults()) == []
    assert shell("verify-audit", **empty.environ()).code == 0
    return figures
