"""Messages for the next page: kept in Flask's signed cookie as plain dicts, so that showing one writes nothing.

Flask's own cookie holds these and the form token, nothing else; it is emptied at sign-in and sign-out.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from flask import session

from backoffice.refusals import because
from backoffice.texts import Readable, read

OUTCOMES = ("done", "refused", "invalid", "stale", "info")
_KEY = "notices"
# A cookie holds 4 KB as Flask packs it (compressed, then a third longer); an act on hundreds of rows must fit.
_MOST_BYTES = 2600


@dataclass(frozen=True)
class Kept:
    """One message as it is kept. The page's own class has the same fields."""

    outcome: str
    text: str
    rule: str = ""
    clause: str = ""
    field: str = ""
    url: str = ""
    url_label: str = ""


def notify(
    outcome: str,
    text: Readable,
    *,
    rule: str = "",
    clause: str = "",
    field: str = "",
    url: str = "",
    url_label: Readable = "",
) -> None:
    """Keep a message for the next page, in the language of this request."""
    if outcome not in OUTCOMES:
        raise ValueError(f"no outcome {outcome!r}; there are {', '.join(OUTCOMES)}")
    if outcome in ("refused", "stale"):
        because(rule, outcome)
    kept = Kept(outcome, read(text), rule, clause, field, url, read(url_label))
    notices = [*session.get(_KEY, []), {name: value for name, value in asdict(kept).items() if value}]
    while len(notices) > 1 and _packed_size(notices) > _MOST_BYTES:
        # What went well is on the page anyway; what was refused should be read.
        done = next((at for at, one in enumerate(notices[:-1]) if one["outcome"] == "done"), 0)
        del notices[done]
    session[_KEY] = notices


def take_notices() -> list[Kept]:
    """The messages kept so far; they are gone afterwards."""
    kept: list[dict[str, Any]] = session.pop(_KEY, []) if _KEY in session else []
    return [Kept(**{"outcome": "info", "text": "", **one}) for one in kept]


class Pending:
    """What a layout loops over: the messages are taken when they are shown, not when a template is merely rendered."""

    def __iter__(self) -> Iterator[Kept]:
        return iter(take_notices())


def notice_context() -> dict[str, object]:
    """The part of the layout's context that is about messages."""
    return {"notices": Pending()}


def _packed_size(notices: list[dict[str, Any]]) -> int:
    return len(zlib.compress(json.dumps(notices, separators=(",", ":")).encode()))


__all__ = ["Kept", "notice_context", "notify", "take_notices"]
