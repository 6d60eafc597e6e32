"""Refusals in the history: who was told no, where, and by which rule. Bounded, so that asking in a loop fills no disk.

Every answer 403 and 409 leaves an entry, and every act on several rows of which one was refused. A person may leave `BURST`
entries at once in each server process and one a minute after that; what comes faster is only counted, and the next entry says
how many were left out. People who are not signed in share one such allowance. An entry takes about half a kilobyte, so the
fastest loop writes less than a megabyte a day; the requests themselves are in the log.
"""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass, field

from flask import Flask, Response, g, has_request_context, request
from peewee import PeeweeException

from backoffice import clock, history
from backoffice.database import connected
from backoffice.errors import log_event
from models.base import db

BURST = 30
EVERY = dt.timedelta(minutes=1)
REFUSED = frozenset({403, 409})
REGISTER = "refusal"


@dataclass
class _Left:
    """What somebody may still write: `count` as of `at`; `silent` entries were left out since the last."""

    count: float
    at: dt.datetime
    silent: int = 0


@dataclass
class Allowance:
    """How many entries each person may still leave in this process."""

    _people: dict[int | None, _Left] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, person: int | None, now: dt.datetime) -> int | None:
        """How many refusals were left out before this one; None when this one is to be left out as well."""
        with self._lock:
            left = self._people.setdefault(person, _Left(BURST, now))
            left.count = min(float(BURST), left.count + max((now - left.at) / EVERY, 0.0))
            left.at = now
            if left.count < 1:
                left.silent += 1
                return None
            left.count -= 1
            silent, left.silent = left.silent, 0
            return silent


def because(rule: str, outcome: str = "refused") -> None:
    """Remember for the end of this request that something was refused, and by which rule."""
    if has_request_context():
        g.setdefault("refused", []).append(rule or outcome)


def init_refusals(app: Flask) -> None:
    allowance = Allowance()
    app.extensions["backoffice_refusals"] = allowance

    @app.after_request
    def note(response: Response) -> Response:
        if response.status_code in REFUSED or (response.status_code == 303 and g.get("refused")):
            _note(response.status_code, allowance)
        return response


def _note(status: int, allowance: Allowance) -> None:
    account, now = g.get("account"), clock.now()
    silent = allowance.take(getattr(account, "id", None), now)
    if silent is None:
        return
    named = request.args.get("id", "")
    detail: dict[str, object] = {
        "status": status,
        "method": request.method,
        "path": request.path[:200],
        "id": named if named.isascii() and named.isdigit() and len(named) < 16 else "",
        "act": str((request.view_args or {}).get("act_name") or request.form.get("action", ""))[:60],
        "rules": sorted(set(g.get("refused", ()))),
        "left_out": silent,
    }
    try:
        with connected(db), db.atomic():
            history.record(
                f"refusal:{status}",
                now=now,
                actor=account,
                register=REGISTER,
                detail={name: value for name, value in detail.items() if value},
                address=(request.remote_addr or "")[:64],
            )
    except PeeweeException as error:
        # The answer is no all the same, and the log has it.
        log_event("refusal not written down", error=type(error).__name__)


__all__ = ["BURST", "EVERY", "REGISTER", "Allowance", "because", "init_refusals"]
