"""The demo company in a directory: made once, beside and then moved into place, kept by every later start."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from backoffice import clock, migrate
from backoffice.config import Settings
from backoffice.database import connected, open_database
from backoffice.demo import build
from backoffice.demo.company import DemoAccount
from backoffice.passwords import Hasher
from backoffice.texts import read, say
from models.base import db

ACCOUNTS_FILE = "accounts.txt"
# A demo starts within seconds; the first sign-in of each account makes its hash a full one.
QUICK = Hasher(memory_kib=8 * 1024, time_cost=1)


def opened(directory: Path, settings: Settings, password: str | None, customers: int) -> Iterator[str]:
    """Make the company unless it is there; lines that say who may sign in and what is off in a demo."""
    database = directory / "backoffice.db"
    accounts = directory / ACCOUNTS_FILE
    if not database.exists():
        made = _made(directory, settings, password, customers)
        accounts.write_text("\n".join(_line(account) for account in made) + "\n", encoding="utf-8")
        accounts.chmod(0o600)
    yield read(say("Demo company: the first password need not be changed and there is no second factor."))
    if accounts.exists():
        yield from accounts.read_text(encoding="utf-8").splitlines()


def _made(directory: Path, settings: Settings, password: str | None, customers: int) -> tuple[DemoAccount, ...]:
    """The company, made in a directory of its own: a start that dies half way leaves nothing behind that looks whole."""
    work = directory / "making"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    database = open_database(f"sqlite:///{work / 'backoffice.db'}")
    db.initialize(database)
    with connected(database):
        migrate.upgrade(database)
        accounts = build(settings.data_dir, clock.now(), password=password, customers=customers, hasher=QUICK)
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    (work / "backoffice.db").replace(directory / "backoffice.db")
    shutil.rmtree(work, ignore_errors=True)
    return accounts


def _line(account: DemoAccount) -> str:
    return f"  {account.username:<24}{account.password:<24}{account.name}"
