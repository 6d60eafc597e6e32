"""PostgreSQL in and out as text: `pg_dump` of one snapshot, and a dump run inside a transaction of our own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from peewee import Database

_COPY = re.compile(rb"COPY .* FROM stdin;\n")


class ToolFault(Exception):
    """pg_dump is missing, or did not do its work; one line."""


def program() -> str:
    """The newest pg_dump of this machine: it must not be older than the server."""
    places = [path for path in Path("/usr/lib/postgresql").glob("*/bin/pg_dump") if path.parent.parent.name.isdigit()]
    if places:
        return str(max(places, key=lambda path: int(path.parent.parent.name)))
    found = shutil.which("pg_dump")
    if found is None:
        raise ToolFault("pg_dump is not on this machine; install the PostgreSQL client, on Debian: postgresql-client")
    return found


@contextmanager
def dump(database: Database, snapshot: str) -> Iterator[IO[bytes]]:
    """The whole database of an exported snapshot as SQL, while its transaction is open."""
    words = ["--format=plain", "--no-owner", "--no-privileges", "--encoding=UTF8", f"--snapshot={snapshot}"]
    with (
        tempfile.TemporaryFile() as words_of_it,
        subprocess.Popen(  # noqa: S603 - our own words, no shell
            [program(), *words],
            env=_environment(database),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=words_of_it,
        ) as process,
    ):
        try:
            yield cast(IO[bytes], process.stdout)
            if process.wait(60):
                words_of_it.seek(0)
                said = words_of_it.read(2000).decode(errors="replace").strip().splitlines()
                raise ToolFault(f"pg_dump: {said[0] if said else 'no reason given'}")
        finally:
            if process.poll() is None:
                process.kill()


def _environment(database: Database) -> Mapping[str, str]:
    """libpq's own variables, so that no password stands on a command line."""
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
        "sslcert": "PGSSLCERT",
        "sslkey": "PGSSLKEY",
        "service": "PGSERVICE",
        "passfile": "PGPASSFILE",
    }
    given = {names[key]: str(value) for key, value in database.connect_params.items() if key in names}
    kept = {name: value for name, value in os.environ.items() if name.startswith("PG") or name in ("PATH", "HOME")}
    return {**kept, **given, "PGDATABASE": str(database.database), "LC_ALL": "C.UTF-8"}


def run_script(connection: Any, lines: Iterable[bytes]) -> None:
    """Run a plain dump on an open psycopg connection, inside whatever transaction it is in."""
    source = iter(lines)
    statements: list[bytes] = []
    for line in source:
        if _COPY.fullmatch(line):
            _execute(connection, statements)
            with connection.cursor() as cursor, cursor.copy(line.rstrip(b";\n")) as copy:
                for row in source:
                    if row == b"\\.\n":
                        break
                    copy.write(row)
        elif not line.startswith((b"\\restrict", b"\\unrestrict")):  # Words to psql, not to the server.
            statements.append(line)
    _execute(connection, statements)


def _execute(connection: Any, statements: list[bytes]) -> None:
    text = b"".join(statements)
    statements.clear()
    if text.strip():
        connection.execute(text)


__all__ = ["ToolFault", "dump", "program", "run_script"]
