"""The company in one database, and acts of its people through the write path."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peewee import Database

from backoffice import clock
from backoffice.access import Access, access_of
from backoffice.change import change
from backoffice.declarations import Catalogue
from backoffice.outcomes import Done, Outcome
from backoffice.people import hats
from backoffice.uploads import store
from models.accounts import User, UserRole
from models.base import db
from models.evidence import StoredFile

NOW = dt.datetime(2026, 3, 4, 2, 0, tzinfo=dt.UTC)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class NotDone(Exception):
    """The company could not be brought where a test wants it. No AssertionError: it proves nothing about a rule."""


@dataclass
class Acting:
    """Who acts, in which database; the builders of each kind of record stand on it."""

    database: Database
    data_dir: Path
    catalogue: Catalogue
    now: dt.datetime = NOW
    users: dict[str, User] = field(default_factory=dict)
    # How many records with a name of their own were made.
    _count: int = 0

    def access(self, username: str) -> Access:
        user = User.get(User.username == username)
        roles = [row.role for row in UserRole.select().where(UserRole.user == user.id)]
        today = self.now.astimezone(clock.company_zone()).date()
        return access_of(user, hats(user, roles, today), self.catalogue, today, "127.0.0.1")

    def do(
        self,
        username: str,
        register: str,
        record: int | None,
        act: str,
        inputs: Mapping[str, Any] | None = None,
        version: int | None = None,
        now: dt.datetime | None = None,
    ) -> Outcome:
        at = now or self.now
        with clock.set_to(at):
            return change(self.access(username), register, record, act, inputs or {}, version, at)

    def done(self, *args: Any, **kwargs: Any) -> Done:
        """As `do`, for what a test takes for granted; raises NotDone with what came instead."""
        outcome = self.do(*args, **kwargs)
        if not isinstance(outcome, Done):
            raise NotDone(outcome)
        return outcome

    def upload(self, username: str, register: str, name: str, filename: str = "签收单.pdf") -> int:
        kept = store(
            (filename, io.BytesIO(PDF)),
            register=register,
            field=name,
            actor=self.users[username],
            now=self.now,
            data_dir=self.data_dir,
        )
        with db.atomic():
            return int(StoredFile.insert(**kept.columns()).execute())
