"""History entries: written in the transaction of the change they tell of, chained by SHA-256 per register and month.

Usage: inside `db.atomic()`, after everything else, `record("gift_signoff:issued", now=…, actor=…, register=…, …)`. The chain's head
row is locked there, so writers of one register queue only for the last moment of their transactions.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from models.base import db
from models.evidence import AuditEvent, AuditHead
from models.fields import InstantField


def record(
    action: str,
    *,
    now: dt.datetime,
    actor: Any = None,
    register: str = "account",
    record_id: int | None = None,
    number: str = "",
    detail: Mapping[str, object] | None = None,
    on_behalf_of: Any = None,
    address: str = "",
) -> None:
    """Append one entry. `actor` and `on_behalf_of` have `id` and `name`; `detail` holds plain values, dates and decimals."""
    if not db.in_transaction():
        raise RuntimeError("a history entry belongs in the transaction of its change")
    chain = f"{register}:{now.astimezone(dt.UTC):%Y-%m}"
    AuditHead.insert(chain=chain).on_conflict_ignore().execute()
    head = AuditHead.select().where(AuditHead.chain == chain)
    last = (head.for_update() if db.for_update else head).get()
    row: dict[str, Any] = {
        "chain": chain,
        "sequence": last.sequence + 1,
        "at": now,
        "register": register,
        "record_id": record_id,
        "number": number[:40],
        "action": action[:60],
        "actor": actor.id if actor is not None else None,
        "actor_name": f"{actor.name}"[:90] if actor is not None else "",
        "on_behalf_of": on_behalf_of.id if on_behalf_of is not None else None,
        "address": address[:64],
        "detail": dump(detail or {}),
        "previous": last.hash,
    }
    row["hash"] = digest(row)
    AuditEvent.insert(row).execute()
    AuditHead.update(sequence=row["sequence"], hash=row["hash"]).where(AuditHead.id == last.id).execute()


def digest(row: Mapping[str, Any]) -> str:
    """The SHA-256 of an entry: every column but the hash itself, the hash of the entry before it included."""
    at = row["at"]
    plain = [
        row["chain"],
        row["sequence"],
        InstantField().db_value(at),
        row["register"],
        row["record_id"],
        row["number"],
        row["action"],
        row["actor"],
        row["actor_name"],
        row["on_behalf_of"],
        row["address"],
        row["detail"],
        row["previous"],
    ]
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def dump(detail: Mapping[str, object]) -> str:
    return json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def plain(value: Any) -> Any:
    """A value as it stands in a history entry: decimals as text, instants and days in ISO 8601, a reference as its id."""
    if value is None or isinstance(value, bool | int | str):
        return value
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if hasattr(value, "id"):
        return value.id
    if isinstance(value, set | frozenset | tuple):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in a history entry")


@dataclass(frozen=True)
class Fault:
    """The first entry of a chain that does not follow from the one before it."""

    chain: str
    sequence: int
    what: str


def faults() -> Iterator[Fault]:
    """Altered, missing and inserted entries of all chains, at most one a chain. Reads the whole table once."""
    heads = {head.chain: head for head in AuditHead.select()}
    state: dict[str, tuple[int, str]] = {}
    broken: set[str] = set()
    query = AuditEvent.select().order_by(AuditEvent.chain, AuditEvent.sequence)
    for event in query.iterator():
        if event.chain in broken:
            continue
        sequence, previous = state.get(event.chain, (0, ""))
        fault = ""
        if event.sequence != sequence + 1:
            fault = "missing" if event.sequence > sequence + 1 else "inserted"
        elif event.previous != previous or event.hash != digest(_columns(event)):
            fault = "altered"
        if fault:
            broken.add(event.chain)
            yield Fault(event.chain, event.sequence, fault)
        state[event.chain] = (event.sequence, event.hash)
    for chain, head in heads.items():
        last, seal = state.get(chain, (0, ""))
        if chain not in broken and last > head.sequence:
            yield Fault(chain, head.sequence + 1, "inserted")
        elif chain not in broken and (last, seal) != (head.sequence, head.hash):
            yield Fault(chain, head.sequence, "missing" if last < head.sequence else "altered")
    for chain in state.keys() - heads.keys() - broken:
        yield Fault(chain, 1, "inserted")


def head_faults() -> Iterator[Fault]:
    """Chains whose last entry is not the one that was sealed. Two short queries for each chain: for every start."""
    for head in AuditHead.select().order_by(AuditHead.chain):
        last = AuditEvent.select().where(AuditEvent.chain == head.chain).order_by(AuditEvent.sequence.desc()).first()
        if last is None or last.sequence < head.sequence:
            yield Fault(head.chain, head.sequence, "missing")
        elif last.sequence > head.sequence:
            yield Fault(head.chain, head.sequence + 1, "inserted")
        elif last.hash != head.hash or last.hash != digest(_columns(last)):
            yield Fault(head.chain, head.sequence, "altered")


def _columns(event: AuditEvent) -> dict[str, Any]:
    row = {name: getattr(event, name) for name in AuditEvent._meta.fields if name not in ("actor", "on_behalf_of")}
    return {**row, "actor": event.actor_id, "on_behalf_of": event.on_behalf_of_id}


__all__ = ["Fault", "digest", "dump", "faults", "head_faults", "plain", "record"]
