"""One file that holds everything of one moment: database, attachments, settings without secrets, and what proves them.

    BACKOFFICE BACKUP 1\\n<SHA-256 of all that follows>\\n<a ZIP archive>

The archive holds `manifest.json`, `settings.json`, `database.sqlite` or `database.sql`, and `files/<SHA-256>` for each
attachment. The database is copied from one snapshot while the server works; the rows of that snapshot say which attachments
belong to it, and an attachment is on disk before its row is written. The archive is written beside its place and renamed.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from peewee import Database

from backoffice import __version__, clock, migrate, pg_tools, proof
from backoffice.config import Settings
from backoffice.database import SQLiteFile, connected, copy_file, dialect, open_database, without_limits
from backoffice.uploads import open_stored
from models.base import db
from models.evidence import StoredFile

MAGIC = b"BACKOFFICE BACKUP 1\n"
HEADER = len(MAGIC) + 65
DATABASES = {"sqlite": "database.sqlite", "postgresql": "database.sql"}
_PIECE = 1 << 20


class BackupFault(Exception):
    """One line on why there is no backup, or why it cannot be used."""


@dataclass(frozen=True)
class Made:
    """What a backup holds; `lost` are attachments that were gone or altered already, `faults` those of the history."""

    rows: int
    files: int
    size: int
    lost: tuple[str, ...]
    faults: tuple[str, ...]


def back_up(settings: Settings, target: Path) -> Made:
    """Write the backup of the settings' installation. The database must be open and bound to the models."""
    _forget_dead(target)
    part = _beside(target, "part")
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            made = _write(settings, file, _beside(target, "copy"))
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        sync_directory(target.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return made


def _beside(target: Path, what: str) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.{what}")


def _forget_dead(target: Path) -> None:
    """Remove what a backup that was killed left beside its place."""
    for path in target.parent.glob(f".{glob.escape(target.name)}.*"):
        pid, _, what = path.name[len(target.name) + 2 :].partition(".")
        if pid.isdigit() and what.startswith(("part", "copy")) and not Path(f"/proc/{pid}").exists():
            path.unlink(missing_ok=True)


def _write(settings: Settings, file: BinaryIO, room: Path) -> Made:
    file.write(MAGIC + b"0" * 64 + b"\n")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with _snapshot(archive, room) as (snapshot, entry):
            manifest = {**_origin(snapshot), **examined(snapshot), "database": entry}
            judge = proof.Proof()
            faults = tuple(str(fault) for fault in judge.faults())
            files, lost = _add_files(archive, settings.data_dir)
        manifest |= {"files": files, "lost": lost, "faults": faults}
        archive.writestr("settings.json", _json(settings.told()))
        archive.writestr("manifest.json", _json(manifest))
    file.flush()
    seal = _hash_from(file, HEADER)
    size = file.seek(0, os.SEEK_END)
    file.seek(len(MAGIC))
    file.write(seal.encode())
    return Made(sum(manifest["counts"].values()), len(files), size, tuple(lost), faults)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _origin(database: Database) -> dict[str, Any]:
    return {"version": __version__, "made_at": clock.now().isoformat(), "dialect": dialect(database)}


def examined(database: Database) -> dict[str, Any]:
    """What must be the same after a restore: the schema, the number of rows of each table, the ends of all chains."""
    counts = {
        table: int(database.execute_sql(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608 - its own names
        for table in sorted(database.get_tables())
    }
    heads = {chain: asdict(head) for chain, head in sorted(proof.heads().items())}
    return {"schema": migrate.applied(database), "counts": counts, "heads": heads}


# ---- the database ------------------------------------------------------------------------------------------------------


@contextmanager
def _snapshot(archive: zipfile.ZipFile, room: Path) -> Iterator[tuple[Database, dict[str, Any]]]:
    """The database put into the archive, and inside the block the models read that very moment of it."""
    real: Database = db.obj
    taken = _of_file(real, archive, room) if isinstance(real, SQLiteFile) else _of_server(real, archive)
    with taken as found:
        yield found


@contextmanager
def _of_file(real: SQLiteFile, archive: zipfile.ZipFile, room: Path) -> Iterator[tuple[Database, dict[str, Any]]]:
    try:
        with connected(real):
            copy_file(real, room)
        with room.open("rb") as source:
            entry = _add(archive, DATABASES["sqlite"], source)
        with bound_to(open_database(f"sqlite:///{room}")) as copy:
            yield copy, entry
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            room.with_name(room.name + ending).unlink(missing_ok=True)


@contextmanager
def _of_server(real: Database, archive: zipfile.ZipFile) -> Iterator[tuple[Database, dict[str, Any]]]:
    with connected(real), without_limits(real), real.atomic():
        real.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        snapshot = real.execute_sql("SELECT pg_export_snapshot()").fetchone()[0]
        with pg_tools.dump(real, snapshot) as source:
            entry = _add(archive, DATABASES["postgresql"], source)
        yield real, entry


@contextmanager
def bound_to(database: Database) -> Iterator[Database]:
    """Inside the block the models belong to another database, which is connected; afterwards to the one before."""
    before = db.obj
    db.initialize(database)
    try:
        with connected(database):
            yield database
    finally:
        db.initialize(before)
        getattr(database, "close_all", database.close)()


# ---- attachments -------------------------------------------------------------------------------------------------------


def _add_files(archive: zipfile.ZipFile, data_dir: Path) -> tuple[dict[str, int], list[str]]:
    """Every attachment that a row names, once for each content; and the keys of those that are not what they were."""
    sizes: dict[str, int] = {}
    lost = []
    for row in StoredFile.select().order_by(StoredFile.id):
        if row.sha256 in sizes:
            continue
        try:
            with open_stored(row, data_dir) as source:
                sound = hash_of(source) == row.sha256
                source.seek(0)
                if sound:
                    sizes[row.sha256] = _add(archive, f"files/{row.sha256}", source)["size"]
        except FileNotFoundError:
            sound = False
        if not sound:
            lost.append(row.key)
    return sizes, lost


def _add(archive: zipfile.ZipFile, name: str, source: IO[bytes]) -> dict[str, Any]:
    made, size = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as target:
        while piece := source.read(_PIECE):
            made.update(piece)
            size += len(piece)
            target.write(piece)
    return {"name": name, "sha256": made.hexdigest(), "size": size}


# ---- reading one -------------------------------------------------------------------------------------------------------


@dataclass
class Archive:
    """A backup that is whole: every byte of it is what was written."""

    zip: zipfile.ZipFile
    manifest: Mapping[str, Any]

    def copy(self, name: str, sha256: str, target: Path) -> None:
        """Unpack one part, on disk when this returns."""
        made = hashlib.sha256()
        with self.zip.open(name) as source, target.open("wb") as file:
            while piece := source.read(_PIECE):
                made.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if made.hexdigest() != sha256:
            raise BackupFault(f"{name} in the backup is not what the manifest says")


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The backup in `path`. Raises BackupFault when a single byte of it is not as it was written."""
    with path.open("rb") as file:
        header = file.read(HEADER)
        if not header.startswith(MAGIC) or len(header) != HEADER or not header.endswith(b"\n"):
            raise BackupFault(f"{path} is no backup of this product, or its beginning is damaged")
        if _hash_from(file, HEADER).encode() != header[len(MAGIC) : -1]:
            raise BackupFault(f"{path} is damaged: it is not what was written")
        try:
            with zipfile.ZipFile(file) as archive:
                manifest = json.loads(archive.read("manifest.json"))
                if not _is_manifest(manifest):
                    raise BackupFault(f"{path} is damaged: its manifest is none")
                yield Archive(archive, manifest)
        except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as wrong:
            raise BackupFault(f"{path} is damaged: {type(wrong).__name__}") from wrong


def _is_manifest(found: Any) -> bool:
    """Whether its parts are of the kinds that `back_up` writes."""
    kinds = {"counts": dict, "heads": dict, "files": dict, "database": dict, "schema": list, "dialect": str}
    return isinstance(found, dict) and all(isinstance(found.get(name), kind) for name, kind in kinds.items())


def hash_of(file: IO[bytes]) -> str:
    made = hashlib.sha256()
    while piece := file.read(_PIECE):
        made.update(piece)
    return made.hexdigest()


def _hash_from(file: BinaryIO, offset: int) -> str:
    file.seek(offset)
    return hash_of(file)


def sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


__all__ = ["Archive", "BackupFault", "Made", "back_up", "bound_to", "examined", "hash_of", "opened", "sync_directory"]
