"""Puts a backup into an empty place, after it has been proved there that nothing is missing or altered.

SQLite and attachments are unpacked beside their place and renamed into it at the very end; PostgreSQL is filled and proved in
one transaction. Whatever stops it before leaves the place as empty as it was.
"""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import apsw
from peewee import Database

from backoffice import database_roles, migrate, pg_tools, proof, running
from backoffice.backup import DATABASES, Archive, BackupFault, bound_to, examined, opened, sync_directory
from backoffice.config import Settings
from backoffice.database import open_database, sqlite_path, without_limits
from backoffice.uploads import path_of
from models.evidence import StoredFile


@dataclass(frozen=True)
class Place:
    """Where a backup goes: the database's address, and the directory of the attachments."""

    database_url: str
    data_dir: Path
    owner_url: str = ""


@dataclass(frozen=True)
class Restored:
    place: Place
    rows: int
    files: int
    entries: int
    made_at: str
    behind: bool


def place_of(settings: Settings, into: Path | None) -> Place:
    """The settings' own place, or one below a directory: there a SQLite file and the attachments."""
    if into is None:
        return Place(settings.database_url, settings.data_dir, settings.database_owner_url)
    if sqlite_path(settings.database_url) is None:
        return Place(settings.database_url, into / "data", settings.database_owner_url)
    return Place(f"sqlite:///{into.absolute() / 'backoffice.db'}", into / "data")


def restore(path: Path, place: Place, *, accept_faults: bool = False) -> Restored:
    """Put the backup in `path` there. Raises BackupFault, running.Occupied or pg_tools.ToolFault, and then changes nothing."""
    with opened(path) as archive:
        _check(archive.manifest, place)
        with (
            running.alone(place.database_url, place.data_dir),
            tempfile.TemporaryDirectory(prefix=_scratch(place.data_dir), dir=_parent(place.data_dir)) as scratch,
        ):
            _check_empty_files(place.data_dir)
            _forget_dead(place, Path(scratch))
            work = _Work(archive, place, Path(scratch), accept_faults)
            return work.into_file() if archive.manifest["dialect"] == "sqlite" else work.into_server()


def _scratch(data_dir: Path) -> str:
    return f".{data_dir.name}.restore-"


def _forget_dead(place: Place, own: Path) -> None:
    """Remove what a restore that was killed left here; nobody else works here now."""
    for path in own.parent.glob(f"{glob.escape(_scratch(place.data_dir))}*"):
        if path != own:
            shutil.rmtree(path)
    target = sqlite_path(place.database_url)
    if target is not None:
        for path in target.parent.glob(f".{glob.escape(target.name)}.*.restore*"):
            path.unlink()


def _parent(path: Path) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.parent


def _check(manifest: Mapping[str, Any], place: Place) -> None:
    unknown = sorted(set(manifest["schema"]) - set(migrate.names()))
    if unknown:
        raise BackupFault(
            f"the backup is of a newer version, {manifest['version']} (it has {unknown[-1]}); install that version first"
        )
    wanted = "sqlite" if sqlite_path(place.database_url) is not None else "postgresql"
    if wanted != manifest["dialect"]:
        raise BackupFault(f"the backup holds a {manifest['dialect']} database, BACKOFFICE_DATABASE_URL names {wanted}")


def _check_empty_files(data_dir: Path) -> None:
    files = data_dir / "files"
    if (files / running.UNFINISHED).exists():
        return  # Put there by a restore that was killed before its database was; the database is looked at by itself.
    if files.exists() and any(path.is_file() for path in files.rglob("*")):
        raise BackupFault(f"{files} is not empty; a backup is put into an empty place only")


@dataclass
class _Work:
    archive: Archive
    place: Place
    scratch: Path
    accept_faults: bool
    entries: int = 0

    @property
    def manifest(self) -> Mapping[str, Any]:
        return self.archive.manifest

    def into_file(self) -> Restored:
        target = cast(Path, sqlite_path(self.place.database_url))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_empty_file(target)
        # Beside its place, so that the last step is a rename within one file system.
        staged = target.with_name(f".{target.name}.{os.getpid()}.restore")
        try:
            self._unpack_database(staged)
            _check_integrity(staged)
            with bound_to(open_database(f"sqlite:///{staged}")) as database:
                files = self._prove(database)
            with migrate.locked_file(target):
                _check_empty_file(target)
                self._place_files()
                _remove(target)
                staged.rename(target)
            sync_directory(target.parent)
            self._finish()
        finally:
            _remove(staged)
        return self._told(files)

    def into_server(self) -> Restored:
        script = self.scratch / "database.sql"
        self._unpack_database(script)
        url = self.place.owner_url or self.place.database_url
        with bound_to(open_database(url)) as database, migrate.alone(database), without_limits(database):
            _check_empty_server(database)
            with database.atomic():
                with script.open("rb") as lines:
                    pg_tools.run_script(database.connection(), lines)
                database.execute_sql("RESET search_path")
                files = self._prove(database)
                self._place_files()
            if self.place.owner_url:
                database_roles.grant(database, database_roles.role_of(self.place.database_url))
        self._finish()
        return self._told(files)

    def _unpack_database(self, target: Path) -> None:
        entry = self.manifest["database"]
        self.archive.copy(DATABASES[self.manifest["dialect"]], entry["sha256"], target)

    def _prove(self, database: Database) -> int:
        """Counts, schema, chains and attachments are what the manifest says. The number of attachments."""
        found = examined(database)
        for what in ("schema", "counts", "heads"):
            if found[what] != self.manifest[what]:
                raise BackupFault(f"the {what} of the restored database are not those of the backup")
        judge = proof.Proof()
        faults = [str(fault) for fault in judge.faults()]
        self.entries = judge.entries
        if faults and not (self.accept_faults and faults == self.manifest["faults"]):
            raise BackupFault(f"the history in the backup is not whole: {faults[0]}")
        return self._unpack_files()

    def _unpack_files(self) -> int:
        lost, count = set(self.manifest["lost"]), 0
        for row in StoredFile.select().order_by(StoredFile.id):
            if row.key in lost:
                continue
            if row.sha256 not in self.manifest["files"]:
                raise BackupFault(f"the attachment {row.key[:12]} of the backup is missing")
            target = path_of(row.key, self.scratch)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.archive.copy(f"files/{row.sha256}", row.sha256, target)
            target.chmod(0o600)
            count += 1
        return count

    def _place_files(self) -> None:
        """One rename for all attachments; `files` was found empty before."""
        staged, target = self.scratch / "files", self.place.data_dir / "files"
        if not staged.exists():
            return
        _check_empty_files(self.place.data_dir)
        (staged / running.UNFINISHED).touch(0o600)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.exists():
            shutil.rmtree(target)
        staged.rename(target)
        sync_directory(target.parent)

    def _finish(self) -> None:
        """The database is in place: from now on the attachments belong to it."""
        (self.place.data_dir / "files" / running.UNFINISHED).unlink(missing_ok=True)

    def _told(self, files: int) -> Restored:
        rows = sum(self.manifest["counts"].values())
        behind = set(migrate.names()) != set(self.manifest["schema"])
        return Restored(self.place, rows, files, self.entries, self.manifest["made_at"], behind)


def _check_empty_file(path: Path) -> None:
    """No file, or one without a table."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with _reading(path) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None:
            raise BackupFault(f"{path} is a database with tables; a backup is put into an empty place only")


def _check_integrity(path: Path) -> None:
    with _reading(path) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
        if found != ["ok"]:
            raise BackupFault(f"the database in the backup is damaged: {found[0]}")
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise BackupFault("rows of the database in the backup point to nothing")


@contextmanager
def _reading(path: Path) -> Iterator[apsw.Connection]:
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            yield connection
        finally:
            connection.close()
    except apsw.Error as wrong:
        raise BackupFault(f"{path} is no SQLite database: {wrong}") from wrong


def _check_empty_server(database: Database) -> None:
    if database.get_tables():
        raise BackupFault("the database has tables; a backup is put into an empty place only")
    others = database.execute_sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    ).fetchone()[0]
    if others:
        raise BackupFault(f"{others} others are connected to the database; stop the server first")


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).unlink()


__all__ = ["Place", "Restored", "place_of", "restore"]
