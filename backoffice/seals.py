"""The ends of all chains of the history, sealed once a day: into the chain of chains and into the log.

Whoever rewrites a chain from some entry on, every hash and its head included, contradicts the last seal of it; whoever rewrites the
chain of chains as well contradicts the lines of the log, which lie elsewhere (security.md 5, Audit).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

from backoffice import clock, history
from backoffice.database import connected
from backoffice.errors import log_event
from backoffice.proof import Head, digest_of, heads, sealed
from models.base import db
from models.evidence import AuditEvent


def seal(now: dt.datetime) -> str | None:
    """Write today's seal; its digest, or None where somebody else has written one. Takes a transaction of its own."""
    with db.atomic():
        history.root_head()  # Whoever seals at the same moment waits here.
        last = _last()
        if last is not None and _day(last.at) >= _day(now):
            return None
        ends = {chain: head for chain, head in heads().items() if chain != history.ROOT}
        known = dict(_known())
        changed = {chain: head for chain, head in ends.items() if known.get(chain) != head}
        digest = digest_of(ends)
        told = {chain: [head.sequence, head.hash] for chain, head in sorted(changed.items())}
        history.append_to_root(history.SEALED, {"heads": told, "digest": digest}, now)
    return digest


def daily() -> None:
    """What a server does once a day and when it starts. Whatever goes wrong is told in the log; the next day comes."""
    try:
        with connected(db):
            digest = seal(clock.now())
    except Exception as error:
        log_event("history not sealed", error=type(error).__name__)
        return
    if digest is not None:
        log_event("history sealed", digest=digest)


def _known() -> Iterator[tuple[str, Head]]:
    for detail in AuditEvent.select(AuditEvent.detail).where(_SEALS).order_by(AuditEvent.sequence).tuples():
        yield from sealed(json.loads(detail[0])).items()


def _last() -> AuditEvent | None:
    found: AuditEvent | None = AuditEvent.select().where(_SEALS).order_by(AuditEvent.sequence.desc()).first()
    return found


def _day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(clock.company_zone()).date()


_SEALS = (AuditEvent.chain == history.ROOT) & (AuditEvent.action == history.SEALED)

__all__ = ["daily", "seal"]
