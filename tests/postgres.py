"""A PostgreSQL server for the tests: the one that is named, or a private cluster from this machine's binaries.

The private cluster listens on a socket in a directory of its own, so that it needs no port and nobody else reaches it.
It ends with the test process, even when that is killed.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

INSTALL = "no PostgreSQL server found; install one: apt-get install postgresql"
NAMED_SERVER = "BACKOFFICE_TEST_DATABASE_URL"


@dataclass(frozen=True)
class Server:
    """A running server; `url` leads to its maintenance database with the right to create others."""

    url: str

    def url_of(self, name: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def create(self, name: str, template: str | None = None) -> str:
        """A new database, empty or a copy of `template`; its address."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._run(statement)
        return self.url_of(name)

    def drop(self, name: str) -> None:
        """Remove the database, whoever is still connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


def unique_name(purpose: str) -> str:
    """A database name nobody else uses, on a server that others may share."""
    return f"backoffice_{purpose}_{os.getpid()}_{secrets.token_hex(4)}"


def binaries() -> Path | None:
    """The newest directory that holds a PostgreSQL server, or None."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    found.sort(key=lambda path: [int(part) for part in re.findall(r"\d+", path.parent.name)])
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path and shutil.which("postgres") else None


@contextmanager
def running() -> Iterator[Server | None]:
    """The server to test on for the length of the block; None when this machine has none."""
    named = os.environ.get(NAMED_SERVER)
    if named:
        yield Server(named)
        return
    directory = binaries()
    if directory is None:
        yield None
        return
    with _private_cluster(directory) as server:
        yield server


@contextmanager
def _private_cluster(directory: Path) -> Iterator[Server]:
    # The server refuses to run as root; Debian's package brings a user for it.
    account = "postgres" if os.geteuid() == 0 else None
    base = Path(tempfile.mkdtemp(prefix="backoffice-pg-", dir=_fast_directory()))
    process: subprocess.Popen[bytes] | None = None
    try:
        if account:
            shutil.chown(base, account, account)
        data = base / "data"
        _as(account, base, [directory / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                            "--locale=C.UTF-8", "--no-sync"]).wait()  # fmt: skip
        command: list[str | Path] = [
            directory / "postgres",
            "-D",
            data,
            "-k",
            base,
            "-c",
            "listen_addresses=",
        ]
        for setting in (
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "max_connections=120",
            "shared_buffers=64MB",
            "autovacuum=off",
        ):
            command += ["-c", setting]
        if shutil.which("setpriv"):
            # The kernel asks the server to stop when this process dies.
            command = ["setpriv", "--pdeathsig", "INT", *command]
        process = _as(account, base, command)
        server = Server(f"postgresql://postgres@/postgres?host={quote(str(base), safe='')}")
        _wait_until_ready(server, process, base)
        yield server
    finally:
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
        shutil.rmtree(base, ignore_errors=True)


def _fast_directory() -> str | None:
    """Memory where there is enough of it: copying a database for a test then takes 10 ms instead of 200."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**31:
        return str(memory)
    return None


def _as(account: str | None, base: Path, command: list[str | Path]) -> subprocess.Popen[bytes]:
    """Start the command as `account`, its words going to a log in `base`."""
    with open(base / "log", "ab") as log:
        return subprocess.Popen(
            command,
            user=account,
            group=account,
            extra_groups=[] if account else None,
            cwd=base,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            start_new_session=True,
        )


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes], base: Path) -> None:
    last = "it did not answer"
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            psycopg.connect(server.url).close()
            return
        except psycopg.OperationalError as exc:
            last = str(exc)
        time.sleep(0.1)
    log = (base / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"the private PostgreSQL did not start: {last}\n{log}")
