"""Brings a database to the schema of this version: a thin front of playhouse.migrations.

A migration is a script `migrations/NNNN_<what_it_does>.py`. Numbers go up by one; the name without `.py` is recorded
when it has run, so a released file is never renamed or edited:

    \"\"\"Leave requests: one sentence on why.\"\"\"

    from peewee import CharField, ForeignKeyField


    def up(migrator, db):
        class Department(db.Model):              # A frozen copy; only what the foreign key needs.
            class Meta:
                table_name = "department"

        class LeaveRequest(db.Model):            # Frozen: never imported from models.
            number = CharField(max_length=24, unique=True)
            department = ForeignKeyField(Department, on_delete="RESTRICT")

            class Meta:
                table_name = "leave_request"

        db.create_tables([LeaveRequest], safe=False)
        migrator.migrate(migrator.add_column("department", "leave_days", IntegerField(default=0)))


    def down(migrator, db):
        ...

All that is pending runs in one transaction together with its entries in the list of migrations, so a kill in the middle
leaves the version before. `atomic = False` at the top of a file opts out, for itself and all that run together with it.
`down` undoes the shape (dropped data does not come back); a file without it says why in its docstring. On SQLite
foreign keys are off while a migration runs, because altering a table rebuilds it; they are checked before the commit.
Data moves in a file of its own, apart from the change of shape.
"""

import ast
import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from peewee import CharField, Database, DatabaseProxy
from playhouse.migrations import Migration, MigrationError, Runner

from backoffice import clock
from backoffice.database import SQLiteFile, connected, copy_file, without_limits
from backoffice.paths import resource_dir

__all__ = [
    "MigrationError",
    "Step",
    "Upgrade",
    "alone",
    "applied",
    "locked_file",
    "names",
    "pending",
    "plan",
    "unknown",
    "upgrade",
]

# Any number, the same in every process: who holds it migrates.
_ADVISORY_LOCK = 0x6261636B6F66


@dataclass(frozen=True)
class Step:
    """One migration that waits; `reason` is the first line of its docstring."""

    name: str
    reason: str


@dataclass(frozen=True)
class Upgrade:
    """What an upgrade did: the names that ran, and the copy of the file made before (SQLite with records only)."""

    applied: tuple[str, ...]
    copy: Path | None


class _Runner(Runner):
    """peewee's runner with a history that apsw can bind, and with foreign keys checked before each commit."""

    def __init__(self, database: Database, directory: Path) -> None:
        super().__init__(database, str(directory))
        meta = self.History._meta
        # The original holds a naive local datetime, which apsw refuses.
        meta.remove_field("applied")
        meta.add_field("applied", CharField(max_length=32, default=lambda: clock.now().isoformat()))

    def _run(self, name: str, module: ModuleType, direction: str, fake: bool = False) -> None:
        script = getattr(module, direction)

        def checked(migrator: Any, db: Any) -> None:
            script(migrator, db)
            _check_references(db, name)

        setattr(module, direction, checked)
        super()._run(name, module, direction, fake=fake)


def _check_references(db: Database, name: str) -> None:
    if isinstance(db, SQLiteFile):
        row = db.execute_sql("PRAGMA foreign_key_check").fetchone()
        if row is not None:
            raise MigrationError(f"{name} leaves rows of {row[0]} that point to nothing in {row[2]}")


def pending(db: Database | DatabaseProxy, directory: Path | None = None) -> list[str]:
    """The names of the migrations that have not run yet, in order."""
    return [step.name for step in _waiting(db, directory)]


def unknown(db: Database | DatabaseProxy, directory: Path | None = None) -> list[str]:
    """The names that ran here and are not in this version: the database belongs to a newer one."""
    with connected(db) as real:
        return [row.name for row in _runner(real, directory).status() if row.path is None]


def names() -> list[str]:
    """The migrations of this version, in order."""
    return [row.name for row in Migration.load_directory(str(resource_dir("migrations")))]


def applied(db: Database | DatabaseProxy) -> list[str]:
    """The names of the migrations that ran here, in order."""
    with connected(db) as real:
        return sorted(_runner(real, None).applied())


def plan(db: Database | DatabaseProxy, directory: Path | None = None) -> list[Step]:
    """What `upgrade` would do, without doing it."""
    return [Step(row.name, _reason(Path(row.path))) for row in _waiting(db, directory)]


def _runner(db: Database, directory: Path | None) -> _Runner:
    return _Runner(db, directory or resource_dir("migrations"))


def _waiting(db: Database | DatabaseProxy, directory: Path | None) -> list[Migration]:
    with connected(db) as real:
        return [row for row in _runner(real, directory).status() if row.path and not row.applied]


def _reason(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def upgrade(db: Database | DatabaseProxy, directory: Path | None = None) -> Upgrade:
    """Run what is pending, all of it in one transaction, and tell what ran.

    Only one process migrates at a time; a second waits and then finds nothing to do. A SQLite file that holds tables is
    copied beside itself first. Raises MigrationError, and leaves the database as it was, when one fails its checks; other
    errors of the scripts pass through likewise.
    """
    with connected(db) as real, alone(real), without_limits(real):
        waiting = _waiting(real, directory)
        if not waiting:
            return Upgrade((), None)
        copy = _copy(real, waiting[0].name) if isinstance(real, SQLiteFile) and real.get_tables() else None
        whole = _together(real) if all(map(_is_atomic, waiting)) else nullcontext()
        with whole:
            applied = tuple(_runner(real, directory).up())
        return Upgrade(applied, copy)


def _is_atomic(row: Migration) -> bool:
    return not re.search(r"^atomic\s*=\s*False", Path(row.path).read_text(encoding="utf-8"), re.MULTILINE)


@contextmanager
def _together(db: Database) -> Iterator[None]:
    """One transaction for all migrations. SQLite heeds its switch for foreign keys only outside of one."""
    off = isinstance(db, SQLiteFile) and bool(db.pragma("foreign_keys"))
    if off:
        db.pragma("foreign_keys", 0)
    try:
        with db.atomic():
            yield
    finally:
        if off:
            db.pragma("foreign_keys", 1)


@contextmanager
def alone(db: Database) -> Iterator[None]:
    """Hold the right to migrate; waits for whoever has it."""
    if isinstance(db, SQLiteFile):
        with locked_file(db.path):
            yield
        return
    with without_limits(db):
        db.execute_sql("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
    try:
        yield
    finally:
        if db.is_connection_usable():
            db.execute_sql("SELECT pg_advisory_unlock(%s)", (_ADVISORY_LOCK,))


@contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """`alone` for a SQLite file that need not be there."""
    with open(f"{path}.migrate.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _copy(db: SQLiteFile, name: str) -> Path:
    """A consistent copy of the file beside it, named for the moment and the first migration that follows."""
    stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
    target = db.path.with_name(f"{db.path.name}.{stamp}.before-{name}")
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    copy_file(db, part)
    part.replace(target)
    return target
