"""Opens the database named by an address, and hides where SQLite and PostgreSQL differ.

    db = open_database("sqlite:///var/backoffice.db")    # or postgresql://user:password@host/name
    with connected(db), db.atomic():
        ...

Connections belong to threads: whoever starts work (a request, a job, a command) connects and closes; a query
without a connection is an error rather than a connection that nobody closes. On SQLite every `atomic()` takes the
write lock at once, so that a transaction which reads and then writes can never be refused in the middle; do work
that only reads outside `atomic()`.
"""

import errno
import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit, urlunsplit

import apsw
from peewee import (
    Database,
    DatabaseProxy,
    ModelSelect,
    OperationalError,
    __exception_wrapper__,
)
from playhouse.apsw_ext import APSWDatabase
from playhouse.pool import MaxConnectionsExceeded
from playhouse.postgres_ext import PooledPostgresqlExtDatabase, ServerSideQuery

Dialect = Literal["sqlite", "postgresql"]

# Seconds that a writer waits for the one before it, and a thread for a free connection.
BUSY_SECONDS = 10
MAX_CONNECTIONS = 20
# Of SQLite's virtual machine; some milliseconds.
_STEPS_BETWEEN_LOOKS = 200_000

_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",  # What has been acknowledged survives a power cut.
    "foreign_keys": 1,
    "trusted_schema": 0,
    "cache_size": -16_000,  # KiB for each connection, that is, for each thread.
    "journal_size_limit": 64 * 1024 * 1024,
}
# Limits of one PostgreSQL session. They are start-up options, so that RESET returns to them.
_SESSION = {
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",
    "timezone": "UTC",
    "synchronous_commit": "on",  # What has been acknowledged survives a power cut.
}
_LIMITS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
# What a PostgreSQL server must not be set to, if what it acknowledges is to survive a power cut.
_SAFE = ("fsync", "full_page_writes")
# lock_not_available, query_canceled, deadlock_detected, serialization_failure, too_many_connections.
_BUSY_STATES = frozenset({"55P03", "57014", "40P01", "40001", "53300"})


class SQLiteFile(APSWDatabase):
    """One SQLite file, driven through apsw because its SQLite is newer and safer than most systems' own."""

    # The base class asks the standard library's SQLite, which is another one.
    returning_clause = False

    def __init__(self, path: Path, statement_seconds: float = math.inf) -> None:
        super().__init__(str(path), pragmas=_PRAGMAS, timeout=BUSY_SECONDS, lock_type="IMMEDIATE", autoconnect=False)
        self.path = path
        self.statement_seconds = statement_seconds
        # Connections belong to threads, so the time of a statement does too.
        self.patience = threading.local()

    def _connect(self) -> apsw.Connection:
        with __exception_wrapper__:
            conn: apsw.Connection = super()._connect()
            return conn

    def _add_conn_hooks(self, conn: apsw.Connection) -> None:
        # A misspelt column in double quotes is an error here, not a text.
        conn.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        conn.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
        if self.statement_seconds < math.inf:
            conn.set_progress_handler(self._takes_too_long, _STEPS_BETWEEN_LOOKS)
        super()._add_conn_hooks(conn)

    def execute_sql(self, sql: Any, params: Any = None) -> Any:
        self.patience.until = time.monotonic() + self.statement_seconds
        try:
            return super().execute_sql(sql, params)
        except apsw.InterruptError as exc:
            raise OperationalError(exc, "the statement took too long") from exc

    def _takes_too_long(self) -> bool:
        return time.monotonic() > getattr(self.patience, "until", math.inf)


class PostgreSQLServer(PooledPostgresqlExtDatabase):
    """A PostgreSQL database behind a small pool, driven by psycopg 3."""

    def connect(self, reuse_if_open: bool = False) -> bool:
        """As peewee's; a pool that stays exhausted is an OperationalError like every other lack of a connection."""
        try:
            return bool(super().connect(reuse_if_open=reuse_if_open))
        except MaxConnectionsExceeded as exc:
            raise OperationalError(exc, "all connections are in use") from exc


def open_database(url: str, statement_seconds: int | None = None) -> Database:
    """The database behind `url`, not yet connected; a SQLite file's directory is made if it is not there.

    With `statement_seconds` a statement that takes longer is ended: somebody waits for each answer of a server.

    Raises ValueError for an address of another kind, or when what is needed to drive it is missing or too old.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
        # SQLite before 3.51.3 can lose a write when the log restarts while another process writes.
        if SQLiteFile.server_version < (3, 51, 3):
            raise ValueError(f"SQLite {apsw.sqlite_lib_version()} is too old: install apsw from PyPI")
        path = Path(unquote(parts.path[1:]))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return SQLiteFile(path, statement_seconds or math.inf)
    if parts.scheme in ("postgresql", "postgres"):
        return _open_postgresql(urlunsplit(parts._replace(scheme="postgresql")), statement_seconds)
    raise ValueError(f"no database address: {parts.scheme}:…")


def sqlite_path(url: str) -> Path | None:
    """The file behind an address; None when it is no SQLite address."""
    parts = urlsplit(url)
    return Path(unquote(parts.path[1:])) if parts.scheme == "sqlite" else None


def _open_postgresql(url: str, statement_seconds: int | None) -> Database:
    try:
        from psycopg.conninfo import conninfo_to_dict  # An extra: who uses SQLite does not need it.
    except ImportError as exc:
        raise ValueError("PostgreSQL needs more packages: pip install 'backoffice[postgres]'") from exc

    given = conninfo_to_dict(url)
    limits = {**_SESSION, **({"statement_timeout": f"{statement_seconds}s"} if statement_seconds else {})}
    session = " ".join(f"-c {name}={value}" for name, value in limits.items())
    options: dict[str, Any] = {"application_name": "backoffice", "connect_timeout": 10, **given}
    # The later option wins, so the address may override ours.
    options["options"] = f"{session} {given.get('options') or ''}".strip()
    host = str(given.get("host") or "")
    if host and not host.startswith("/") and host not in ("localhost", "127.0.0.1", "::1"):
        options.setdefault("sslmode", "verify-full")
    return PostgreSQLServer(
        options.pop("dbname"),
        autoconnect=False,
        prefer_psycopg3=True,
        max_connections=MAX_CONNECTIONS,
        stale_timeout=300,
        timeout=BUSY_SECONDS,
        **options,
    )


def unwrap(db: Database | DatabaseProxy) -> Database:
    """The database itself, when `db` is the proxy that models hold."""
    real = db.obj if isinstance(db, DatabaseProxy) else db
    if not isinstance(real, Database):
        raise RuntimeError("the database has not been opened yet")
    return real


@contextmanager
def connected(db: Database | DatabaseProxy) -> Iterator[Database]:
    """Connect this thread for the block; inside a block that is connected already it changes nothing."""
    real = unwrap(db)
    opened_here = real.connect(reuse_if_open=True)
    try:
        yield real
    finally:
        if opened_here:
            real.close()


def dialect(db: Database | DatabaseProxy) -> Dialect:
    """Which of the two databases `db` is."""
    return "sqlite" if isinstance(unwrap(db), SQLiteFile) else "postgresql"


def hazards(db: Database | DatabaseProxy) -> list[str]:
    """Settings of the database's own server with which a power cut may cost acknowledged work, as `name=value`."""
    if dialect(db) == "sqlite":
        return []  # Its settings are ours.
    real = unwrap(db)
    found = {name: real.execute_sql(f"SHOW {name}").fetchone()[0] for name in _SAFE}
    return [f"{name}={value}" for name, value in found.items() if value != "on"]


def is_busy(error: OperationalError) -> bool:
    """Whether the same work may succeed a moment later: a lock, a limit or the pool stood in the way."""
    cause = getattr(error, "orig", None)
    return (
        isinstance(cause, apsw.BusyError | apsw.LockedError | MaxConnectionsExceeded)
        or getattr(cause, "sqlstate", None) in _BUSY_STATES
    )


def is_too_long(error: BaseException) -> bool:
    """Whether the statement was ended because it took too long."""
    cause = getattr(error, "orig", error)
    return isinstance(cause, apsw.InterruptError) or getattr(cause, "sqlstate", None) == "57014"


def is_full(error: BaseException) -> bool:
    """Whether no room was left to write: on the disk, in a quota, or within the size that this process may give a file."""
    cause = getattr(error, "orig", None) or error.__cause__ or error
    if isinstance(cause, OSError):
        return cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(cause, apsw.FullError) or getattr(cause, "sqlstate", None) == "53100"


def stream(query: ModelSelect, size: int = 2000) -> Iterator[tuple[Any, ...]]:
    """The rows of a select as tuples, from one snapshot, without ever holding more than `size` of them.

    Uses the thread's connection until it is exhausted or closed, so close it when stopping early. On PostgreSQL it
    runs in a transaction of its own (or a savepoint of the one that is open) and fetches `size` rows at a time; SQLite
    hands over row by row and takes no write lock. peewee's own `.iterator()` loads everything on PostgreSQL.
    """
    db = unwrap(query._database)
    rows = query.tuples()
    return _stream_file(db, rows) if dialect(db) == "sqlite" else _stream_server(db, rows, size)


def _stream_file(db: Database, query: ModelSelect) -> Iterator[tuple[Any, ...]]:
    wrapper = query.execute(db)
    try:
        # peewee translates errors of execute only; apsw may also raise while stepping.
        with __exception_wrapper__:
            rows = wrapper.iterator()
            while True:
                if isinstance(db, SQLiteFile):
                    db.patience.until = math.inf  # A reader may take his time over a long file.
                row = next(rows, None)
                if row is None:
                    break
                yield row
    finally:
        wrapper.cursor.close(True)


def _stream_server(db: Database, query: ModelSelect, size: int) -> Iterator[tuple[Any, ...]]:
    owns_transaction = not db.in_transaction()
    with db.atomic():
        if owns_transaction:
            # A reader on a slow line may take long over one batch.
            db.execute_sql("SET LOCAL idle_in_transaction_session_timeout = '10min'")
            db.execute_sql("SET LOCAL statement_timeout = '60s'")
        cursor = ServerSideQuery(query, array_size=size)
        try:
            with __exception_wrapper__:
                yield from cursor.iterator()
        finally:
            # Garbage would close it too, but only some time later.
            cursor.close()


def copy_file(db: SQLiteFile, target: Path) -> None:
    """One consistent moment of a SQLite file in a new file, on disk when this returns; writers go on meanwhile."""
    copy = apsw.Connection(str(target))
    try:
        with copy.backup("main", db.connection(), "main") as backup:
            while not backup.done:
                backup.step(-1)  # All at once, from one snapshot of the log.
        # The copy is one plain file, which needs no log beside it.
        copy.execute("PRAGMA journal_mode = delete").fetchall()
    finally:
        copy.close()
    with target.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def impatient(db: Database | DatabaseProxy, seconds: float = 0.5) -> Iterator[None]:
    """Inside the block a SQLite writer waits for others only this long: for what may be left undone."""
    real = unwrap(db)
    if not isinstance(real, SQLiteFile):
        yield
        return
    connection: apsw.Connection = real.connection()
    connection.set_busy_timeout(int(seconds * 1000))
    try:
        yield
    finally:
        connection.set_busy_timeout(BUSY_SECONDS * 1000)


@contextmanager
def without_limits(db: Database | DatabaseProxy) -> Iterator[None]:
    """Lift this connection's time limits inside the block: for migrations, indexes and other long maintenance."""
    real = unwrap(db)
    if dialect(real) == "sqlite":
        yield
        return
    for name in _LIMITS:
        real.execute_sql(f"SET {name} = 0")
    try:
        yield
    finally:
        if real.is_connection_usable():
            for name in _LIMITS:
                real.execute_sql(f"RESET {name}")
