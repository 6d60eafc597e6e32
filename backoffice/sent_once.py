"""A new record's form that is sent twice makes one record: by a double click, or because the first answer got lost.

The form carries a random `once`; what was typed and that word together are the key under which the first sending stands in
`sent_form`, in the transaction of its record. Who goes back and types something else sends another form.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from peewee import IntegrityError

from backoffice.access import Access
from backoffice.change import change
from backoffice.declarations import Declaration
from backoffice.outcomes import Done, Outcome
from backoffice.texts import say
from models.base import db
from models.evidence import SentForm

FORGET = dt.timedelta(days=2)
_WORD = re.compile(r"[A-Za-z0-9_-]{22}")


def new_word() -> str:
    return secrets.token_urlsafe(16)


def key_of(word: str, typed: Iterable[tuple[str, str]]) -> str:
    """The key of one sending; "" for a form without the word, as scripts send them: those are never the same."""
    if not _WORD.fullmatch(word):
        return ""
    return hashlib.sha256(json.dumps([word, sorted(typed)]).encode()).hexdigest()


def create(key: str, actor: Access, declaration: Declaration, inputs: Mapping[str, Any], now: dt.datetime) -> Outcome:
    """As `change`, at most once for each key. The second sender waits for the first and then is led to his record."""
    if not key:
        return change(actor, declaration, None, "create", inputs, None, now)
    try:
        with db.atomic() as transaction:
            SentForm.delete().where(SentForm.at < now - FORGET).execute()
            SentForm.insert(key=key, user=actor.id, register=declaration.name, record_id=0, at=now).execute()
            outcome = change(actor, declaration, None, "create", inputs, None, now)
            if isinstance(outcome, Done):
                SentForm.update(record_id=outcome.id).where(SentForm.key == key).execute()
            else:
                transaction.rollback()
    except IntegrityError:
        sent = SentForm.get_or_none(
            (SentForm.key == key) & (SentForm.user == actor.id) & (SentForm.register == declaration.name)
        )
        if sent is None:
            raise
        record = declaration.model.get_by_id(sent.record_id)
        told = say("This form was sent twice; it was saved once.")
        state, number = str(getattr(record, "state", "")), str(getattr(record, "number", ""))
        return Done(record.id, number, state, record.version, "create", (told,))
    return outcome


__all__ = ["create", "key_of", "new_word"]
