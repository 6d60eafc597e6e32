"""A form for something new makes it once, however often it is sent.

Each such form carries a random token. The transaction that makes the record claims the token with the content first, so of two
that arrive together, in whichever process, the second waits, finds them claimed, and is led to what the first made. Who goes back
and types something else sends another form. A refused form leaves no claim. Claims go after a day, with the next one of the same
person.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from peewee import IntegrityError

from backoffice.outcomes import Done, Outcome
from models.base import db
from models.factors import FormToken

KEPT = dt.timedelta(days=1)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,43}")


@dataclass(frozen=True)
class Again:
    """The form was sent before, with the same content, and made the record `id`."""

    id: int


@dataclass(frozen=True)
class Sending:
    """Who sends which form; `digest` tells its content from another's. Without a token the form is taken as it comes."""

    user_id: int
    register: str
    token: str
    digest: str


def fresh_token() -> str:
    return secrets.token_urlsafe(16)


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def already(sending: Sending) -> Again | None:
    """What the form made when it was sent before. One query; the claim in `once` decides."""
    if not is_token(sending.token):
        return None
    row = FormToken.get_or_none(
        (FormToken.user == sending.user_id) & (FormToken.token == sending.token) & (FormToken.digest == sending.digest)
    )
    if row is None or row.record_id is None or row.register != sending.register:
        return None
    return Again(row.record_id)


def once(sending: Sending, work: Callable[[], Outcome], *, now: dt.datetime) -> Outcome | Again:
    """Do the work unless the form did it before. The work and the claim are one transaction."""
    if not is_token(sending.token):
        return work()
    with db.atomic() as transaction:
        claim = _claim(sending, now)
        if claim is None:
            found = already(sending)
            # A token of another register's form: nobody has it by mistake, and it must not keep anything from being made.
            return found if found is not None else work()
        outcome = work()
        if isinstance(outcome, Done):
            FormToken.update(record_id=outcome.id).where(FormToken.id == claim).execute()
        else:
            transaction.rollback()
    return outcome


def _claim(sending: Sending, now: dt.datetime) -> int | None:
    old = (FormToken.user == sending.user_id) & (FormToken.at < now - KEPT)
    try:
        with db.atomic():
            claim: int = FormToken.insert(
                user=sending.user_id,
                token=sending.token,
                register=sending.register,
                digest=sending.digest,
                at=now,
            ).execute()
    except IntegrityError:
        return None
    FormToken.delete().where(old).execute()
    return claim


__all__ = ["Again", "Sending", "already", "fresh_token", "is_token", "once"]
