"""Sessions on the server: the browser holds 256 random bits, the table their SHA-256.

A session ends by signing out, by somebody ending it, 15 minutes (setting `security.idle_minutes`) after the last
request, ten hours after it began, or when the same person opens a sixth. Account, department and roles are read anew
for every request, so disabling somebody or changing a role holds from his next click on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask_login import UserMixin
from peewee import JOIN, SQL, fn

from backoffice.database import dialect
from models.accounts import Delegation, Department, Session, User, UserRole
from models.base import db
from models.factors import SecondFactor
from models.params import Param

IDLE_SETTING = "security.idle_minutes"
IDLE_MINUTES = 15
ABSOLUTE = dt.timedelta(hours=10)
TOUCH_EVERY = dt.timedelta(minutes=1)
MOST_OPEN = 5
# A page's other requests may still carry the cookie that has just been replaced.
OVERLAP = dt.timedelta(seconds=30)
# How long a session that is over stays in the table for the administrator's page.
KEPT = dt.timedelta(days=30)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, eq=False)
class Account(UserMixin):
    """Who is signed in, as this request found it. A value: nothing here is written back."""

    id: int
    username: str
    name: str
    department_id: int | None
    department_name: str
    group_id: int | None
    area_id: int | None
    roles: frozenset[str]
    session_id: int
    seen_at: dt.datetime
    must_change_password: bool
    rights_version: int
    idle: dt.timedelta
    has_delegation: bool = True
    has_factor: bool = False
    password_changed_at: dt.datetime | None = None
    is_outdated: bool = False  # The cookie is older than the rights.

    def has_role(self, role: str) -> bool:
        return role in self.roles


@dataclass(frozen=True)
class Lapsed:
    """A session that no longer counts. `why`: idle, old, signed_out, ended, sixth, password, reset, factor, disabled."""

    why: str


@dataclass(frozen=True)
class OpenSession:
    """A session as its owner and the administrator see it."""

    id: int
    created_at: dt.datetime
    seen_at: dt.datetime
    address: str
    agent: str
    is_own: bool = field(default=False)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def idle_limit(on: dt.date) -> dt.timedelta:
    """How long a session may be idle on that day. One query."""
    value = _idle_setting(on).scalar()
    return _idle(value)


def open_session(user_id: int, *, now: dt.datetime, today: dt.date, address: str = "", agent: str = "") -> str:
    """The token of a new session. Belongs in a transaction; ends the oldest of those beyond five, forgets old rows."""
    token = secrets.token_urlsafe(32)
    Session.delete().where((Session.user == user_id) & (Session.created_at < now - KEPT)).execute()
    # Writers of one account queue here, so that two sign-ins at once cannot both be the fifth.
    row = User.select(User.id, User.rights_version).where(User.id == user_id)
    rights = (row.for_update() if db.for_update else row).get().rights_version
    for over in open_sessions(user_id, now=now, today=today)[MOST_OPEN - 1 :]:
        end(over.id, now=now, why="sixth")
    Session.create(
        token_hash=digest(token),
        user=user_id,
        created_at=now,
        seen_at=now,
        address=address[:64],
        agent=_printable(agent)[:200],
        rights_version=rights,
    )
    return token


def renew(account: Account, *, now: dt.datetime) -> str | None:
    """The token that replaces the session's, because its owner's rights have changed; None if somebody was faster."""
    token = secrets.token_urlsafe(32)
    query = Session.update(
        token_hash=digest(token),
        previous_hash=Session.token_hash,
        rotated_at=now,
        rights_version=account.rights_version,
    ).where(
        (Session.id == account.session_id)
        & Session.ended_at.is_null()
        & (Session.rights_version != account.rights_version)
    )
    return token if query.execute() else None


def resolve(token: str, *, now: dt.datetime, today: dt.date, may_idle: bool = False) -> Account | Lapsed | None:
    """Who the token belongs to, why it no longer counts, or None for an unknown one. One query, nothing written.

    `may_idle`: a session that rests goes on until it is ten hours old.
    """
    if not _TOKEN.fullmatch(token):
        return None
    row: Any = (
        Session.select(
            Session.id,
            Session.created_at,
            Session.seen_at,
            Session.ended_at,
            Session.ended_why,
            Session.rights_version.alias("known_rights"),
            User.id.alias("user_id"),
            User.username,
            User.name,
            User.department,
            User.group,
            User.area,
            User.active,
            User.must_change_password,
            User.rights_version,
            User.password_changed_at,
            Department.name.alias("department_name"),
            _idle_setting(today).alias("idle"),
            _roles().alias("roles"),
            fn.EXISTS(_lent(today)).alias("lent"),
            fn.EXISTS(SecondFactor.select(SecondFactor.id).where(SecondFactor.user == User.id)).alias("has_factor"),
        )
        .join(User, on=(Session.user == User.id))
        .join(Department, JOIN.LEFT_OUTER, on=(User.department == Department.id))
        .where(_has_token(digest(token), now))
        .objects()
        .first()
    )
    if row is None:
        return None
    idle = ABSOLUTE if may_idle else _idle(row.idle)
    why = _why_lapsed(row, now, idle)
    if why:
        return Lapsed(why)
    return Account(
        id=row.user_id,
        username=row.username,
        name=row.name,
        department_id=row.department,
        department_name=row.department_name or "",
        group_id=row.group,
        area_id=row.area,
        roles=frozenset(filter(None, (row.roles or "").split(","))),
        session_id=row.id,
        seen_at=row.seen_at,
        must_change_password=row.must_change_password,
        rights_version=row.rights_version,
        idle=idle,
        has_delegation=bool(row.lent),
        has_factor=bool(row.has_factor),
        password_changed_at=row.password_changed_at,
        is_outdated=row.known_rights is not None and row.known_rights != row.rights_version,
    )


def _has_token(hashed: str, now: dt.datetime) -> Any:
    return (Session.token_hash == hashed) | ((Session.previous_hash == hashed) & (Session.rotated_at > now - OVERLAP))


def touch(account: Account, *, now: dt.datetime) -> None:
    """Note that the session is in use; writes at most once a minute, and never takes a lock in between."""
    if now - account.seen_at < TOUCH_EVERY:
        return
    Session.update(seen_at=now).where(
        (Session.id == account.session_id) & (Session.seen_at < now) & Session.ended_at.is_null()
    ).execute()


def end(session_id: int, *, now: dt.datetime, why: str, user_id: int | None = None) -> bool:
    """End one session, with `user_id` only if it is his; whether it was still open."""
    mine = Session.user == user_id if user_id is not None else SQL("1 = 1")
    query = Session.update(ended_at=now, ended_why=why)
    return bool(query.where((Session.id == session_id) & mine & Session.ended_at.is_null()).execute())


def end_all(user_id: int, *, now: dt.datetime, why: str, keep: int | None = None) -> int:
    """End all sessions of a person but `keep`; how many were still open."""
    query = Session.update(ended_at=now, ended_why=why)
    others = Session.id != keep if keep is not None else SQL("1 = 1")
    return int(query.where((Session.user == user_id) & others & Session.ended_at.is_null()).execute())


def open_sessions(user_id: int, *, now: dt.datetime, today: dt.date, own: int | None = None) -> Sequence[OpenSession]:
    """The sessions of a person that count at this moment, the latest first. Two queries."""
    idle = idle_limit(today)
    rows = (
        Session.select()
        .where((Session.user == user_id) & _counts(now, idle))
        .order_by(Session.created_at.desc(), Session.id.desc())
    )
    return [OpenSession(row.id, row.created_at, row.seen_at, row.address, row.agent, row.id == own) for row in rows]


def open_count(*, now: dt.datetime, idle: dt.timedelta) -> Any:
    """How many sessions of an account count at this moment, as a column of a query on User."""
    return Session.select(fn.COUNT(Session.id)).where((Session.user == User.id) & _counts(now, idle))


def _counts(now: dt.datetime, idle: dt.timedelta) -> Any:
    fresh = (Session.created_at > now - ABSOLUTE) & (Session.seen_at > now - idle)
    return Session.ended_at.is_null() & fresh


def _roles() -> Any:
    """The account's roles as one text, so that they come with the session."""
    joined = fn.STRING_AGG if dialect(db) == "postgresql" else fn.GROUP_CONCAT
    return UserRole.select(joined(UserRole.role, ",")).where(UserRole.user == User.id)


def _lent(today: dt.date) -> Any:
    """Whether anybody has delegated a role to the account for today."""
    running = (Delegation.starts_on <= today) & (Delegation.ends_on >= today)
    return Delegation.select(Delegation.id).where((Delegation.delegate == User.id) & running)


def _why_lapsed(row: Any, now: dt.datetime, idle: dt.timedelta) -> str:
    if row.ended_at is not None:
        return row.ended_why or "ended"
    if not row.active:
        return "disabled"
    if now - row.created_at >= ABSOLUTE:
        return "old"
    return "idle" if now - row.seen_at >= idle else ""


def _idle_setting(on: dt.date) -> Any:
    return (
        Param.select(Param.value)
        .where((Param.name == IDLE_SETTING) & (Param.valid_from <= on))
        .order_by(Param.valid_from.desc())
        .limit(1)
    )


def _idle(value: object) -> dt.timedelta:
    return dt.timedelta(minutes=float(Decimal(str(value))) if value is not None else IDLE_MINUTES)


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


__all__ = [
    "Account",
    "Lapsed",
    "OpenSession",
    "end",
    "end_all",
    "idle_limit",
    "open_count",
    "open_session",
    "open_sessions",
    "renew",
    "resolve",
    "touch",
]
