"""Who works on an installation: servers hold a shared lock as long as any of their processes lives, `restore` an exclusive one.

The lock is a file in the data directory and, for SQLite, one beside the database. It is the kernel's: a killed process leaves
nothing behind that somebody would have to remove.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from backoffice.config import Settings
from backoffice.database import sqlite_path

NAME = ".server.lock"
# Among the attachments as long as the database of the same restore is not in place.
UNFINISHED = ".restoring"


class Occupied(Exception):
    """Somebody else works here; the text says where."""


def serving(settings: Settings) -> list[int]:
    """Take the locks of a server, for the life of this process and its children. Raises Occupied during a restore."""
    held = [_take(path, fcntl.LOCK_SH) for path in _places(settings.database_url, settings.data_dir)]
    # The database is there and sound, so its attachments are its own.
    (settings.data_dir / "files" / UNFINISHED).unlink(missing_ok=True)
    return held


@contextmanager
def alone(database_url: str, data_dir: Path) -> Iterator[None]:
    """Nobody serves this database or these files, nor begins to, inside the block. Raises Occupied."""
    held: list[int] = []
    try:
        for path in _places(database_url, data_dir):
            held.append(_take(path, fcntl.LOCK_EX))
        yield
    finally:
        for descriptor in held:
            os.close(descriptor)


def _places(database_url: str, data_dir: Path) -> list[Path]:
    file = sqlite_path(database_url)
    return [data_dir / NAME, *([file.with_name(f"{file.name}{NAME}")] if file is not None else [])]


def _take(path: Path, kind: int) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as taken:
        with suppress(OSError):
            os.close(descriptor)
        who = "a restore works" if kind == fcntl.LOCK_SH else "a server runs"
        raise Occupied(f"{who} on {path.parent}") from taken
    return descriptor


__all__ = ["NAME", "UNFINISHED", "Occupied", "alone", "serving"]
