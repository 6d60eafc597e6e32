"""What changes to accounts, grants and delegations share: who acts, locks, versions, history, and the checks of plain texts."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from peewee import IntegrityError

from backoffice.history import record
from backoffice.outcomes import Errors, Forbidden, Missing, Outcome, Problem, Stale
from backoffice.texts import Message, say
from backoffice.values import moment
from models.accounts import User, UserRole
from models.base import db
from models.evidence import AuditEvent

# Who keeps accounts and delegations, and who reads them.
KEEPERS = frozenset({"admin"})
READERS = frozenset({"admin", "auditor"})
_REASON = 200


@dataclass(frozen=True)
class Actor:
    """Who makes the change, as the transaction reads him. Without an account: the command line."""

    user: User | None
    roles: frozenset[str]

    @property
    def id(self) -> int | None:
        return self.user.id if self.user is not None else None

    @property
    def keeps_accounts(self) -> bool:
        return self.user is None or bool(self.roles & KEEPERS)


def roles_of(user_id: int) -> frozenset[str]:
    """The codes of a person's own roles. One query."""
    rows: Any = UserRole.select(UserRole.role).where(UserRole.user == user_id).tuples()
    return frozenset(role for (role,) in rows)


def in_one_transaction(work: Callable[[], Outcome], on_conflict: Callable[[], Outcome] | None = None) -> Outcome:
    """Run the change in one transaction; a unique index that speaks up later than our own check is `on_conflict`."""
    try:
        with db.atomic():
            return work()
    except IntegrityError:
        if on_conflict is None:
            raise
        return on_conflict()


def read_actor(actor_id: int | None) -> Actor | None:
    """The actor as he is now; None when he may not act any more."""
    if actor_id is None:
        return Actor(None, frozenset())
    user = locked(User, actor_id)
    return Actor(user, roles_of(actor_id)) if user is not None and user.active else None


def lock_both(actor_id: int | None, user_id: int) -> tuple[Actor | None, User | None]:
    """The actor and the account, locked in the order of their ids: of two who disable each other only one succeeds."""
    for wanted in sorted({user_id, *([actor_id] if actor_id is not None else [])}):
        locked(User, wanted)
    return read_actor(actor_id), User.get_or_none(User.id == user_id)


def locked(model: Any, row_id: int) -> Any:
    query = model.select().where(model.id == row_id)
    return (query.for_update() if db.for_update else query).first()


def may_change(actor: Actor | None, user: User | None) -> Outcome | None:
    if actor is None or not actor.keeps_accounts:
        return Forbidden()
    return Missing() if user is None else None


def save(row: Any, now: dt.datetime, **columns: Any) -> None:
    """Write the columns with the next version; the row is locked, so nobody can have been faster."""
    model = type(row)
    columns |= {"version": row.version + 1, "updated_at": now}
    model.update(**columns).where((model.id == row.id) & (model.version == row.version)).execute()
    for name, value in columns.items():
        setattr(row, name, value)


def note(
    action: str,
    user: User,
    actor: Actor,
    now: dt.datetime,
    address: str,
    changes: Mapping[str, Any],
    **more: object,
) -> None:
    detail = {
        "version": user.version,
        **({"changes": changes} if changes else {}),
        **{name: value for name, value in more.items() if value},
    }
    record(
        action,
        now=now,
        actor=actor.user,
        record_id=user.id,
        number=user.username,
        detail=detail,
        address=address,
    )


def stale(row: Any, register: str, state: str) -> Stale:
    """Who changed the row last, and when."""
    event = (
        AuditEvent.select(AuditEvent.actor_name, AuditEvent.at)
        .where((AuditEvent.register == register) & (AuditEvent.record_id == row.id))
        .order_by(AuditEvent.id.desc())
        .first()
    )
    return Stale(
        row.version,
        state,
        event.actor_name if event is not None else "",
        moment(event.at if event is not None else row.updated_at),
    )


def check_reason(reason: str, errors: Errors) -> None:
    if not 1 <= len(reason) <= _REASON or reason != reason.strip():
        errors.add("reason", say("Give the reason, at most {most} characters.", most=_REASON))


def problem(text: Message) -> list[Problem]:
    """One problem, as outcomes carry them."""
    return [Problem(text)]


def clean_name(text: str) -> str:
    """The text without characters that cannot be seen, in the one form of Unicode that is stored."""
    shown = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    return unicodedata.normalize("NFC", " ".join(shown.split()))
