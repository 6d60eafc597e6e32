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
from contextlib import contextmanager, suppress
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

    def create(self, name: str, template: str | None = None, tablespace: str | None = None) -> str:
        """A new database, empty or a copy of `template`; its address."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        if tablespace:
            statement += sql.SQL(" TABLESPACE {}").format(sql.Identifier(tablespace))
        self._run(statement)
        return self.url_of(name)

    def make_tablespace(self, name: str, place: Path) -> None:
        """Another directory for tables; it belongs to the server's account."""
        self._run(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(sql.Identifier(name), sql.Literal(str(place))))

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
    with cluster(directory, durable=False) as made:
        yield made.server


class Cluster:
    """A private server that can be stopped, killed and started again on the same data."""

    def __init__(self, directory: Path, base: Path, account: str | None, durable: bool) -> None:
        self.base = base
        self.server = Server(f"postgresql://postgres@/postgres?host={quote(str(base), safe='')}")
        self.account, self._process = account, None
        self._command: list[str | Path] = [directory / "postgres", "-D", base / "data", "-k", base]
        hasty = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
        for setting in ("listen_addresses=", "max_connections=120", "shared_buffers=64MB", *(() if durable else hasty)):
            self._command += ["-c", setting]
        if shutil.which("setpriv"):
            # The kernel asks the server to stop when this process dies.
            self._command = ["setpriv", "--pdeathsig", "INT", *self._command]

    _process: subprocess.Popen[bytes] | None

    def start(self) -> None:
        self._process = _as(self.account, self.base, self._command)
        _wait_until_ready(self.server, self._process, self.base)

    def pids(self) -> list[int]:
        """Its processes, the one that starts the others first."""
        return [] if self._process is None else [self._process.pid, *_children(self._process.pid)]

    def stop(self) -> None:
        """As an administrator in a hurry: connections are cut, nothing is lost."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=30)

    def kill(self) -> None:
        """As a power cut: the server and all its processes at once."""
        if self._process is not None and self._process.poll() is None:
            # Each of its processes leads a session of its own.
            for pid in self.pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait(timeout=30)


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            # The name may hold spaces and brackets; what follows it is the state and the parent.
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.name))
    return found


@contextmanager
def cluster(directory: Path, *, durable: bool, where: Path | None = None) -> Iterator[Cluster]:
    """A cluster of its own, gone after the block. `durable`: with the settings of PostgreSQL itself, on a real disk."""
    # The server refuses to run as root; Debian's package brings a user for it.
    account = "postgres" if os.geteuid() == 0 else None
    base = Path(tempfile.mkdtemp(prefix="backoffice-pg-", dir=where or (None if durable else _fast_directory())))
    made = None
    try:
        if account:
            shutil.chown(base, account, account)
        _as(account, base, [directory / "initdb", "-D", base / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                            "--locale=C.UTF-8", "--no-sync"]).wait()  # fmt: skip
        made = Cluster(directory, base, account, durable)
        made.start()
        yield made
    finally:
        if made is not None:
            made.stop()
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
