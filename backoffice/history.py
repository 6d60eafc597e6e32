"""History entries: written in the transaction of the change they tell of, chained by SHA-256 per register and month.

Usage: inside `db.atomic()`, after everything else, `record("gift_signoff:issued", now=…, actor=…, register=…, …)`. The chain's head
row is locked there, so writers of one register queue only for the last moment of their transactions.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
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
    head_id, sequence, previous = _locked_head(chain)
    row: dict[str, Any] = {
        "chain": chain,
        "sequence": sequence + 1,
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
        "previous": previous,
    }
    row["hash"] = digest(row)
    written = {**row, "at": InstantField().db_value(now)}
    _run(_INSERT, [written[column.name] for column in _COLUMNS])
    _run(_SEAL, [row["sequence"], row["hash"], head_id])


# Every change writes an entry, so its statements are texts of our own rather than built anew by peewee each time.
_COLUMNS = tuple(AuditEvent._meta.fields[name] for name in AuditEvent._meta.sorted_field_names if name != "id")
_NAMES = ", ".join(f'"{column.column_name}"' for column in _COLUMNS)
_INSERT = f'INSERT INTO "audit_event" ({_NAMES}) VALUES ({", ".join("?" for _ in _COLUMNS)})'  # noqa: S608 - names only
_SEAL = 'UPDATE "audit_head" SET "sequence" = ?, "hash" = ? WHERE "id" = ?'
_HEAD = 'SELECT "id", "sequence", "hash" FROM "audit_head" WHERE "chain" = ?'


def _run(statement: str, values: Sequence[object]) -> Any:
    return db.execute_sql(statement.replace("?", db.param), values)


def _locked_head(chain: str) -> tuple[int, int, str]:
    """Id, last sequence and last hash of a chain, its row locked until the transaction ends."""
    statement = f"{_HEAD} FOR UPDATE" if db.for_update else _HEAD
    row = _run(statement, [chain]).fetchone()
    if row is None:
        AuditHead.insert(chain=chain).on_conflict_ignore().execute()
        row = _run(statement, [chain]).fetchone()
    return int(row[0]), int(row[1]), str(row[2])


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


def views_of(register: str, record_id: int, limit: int) -> list[tuple[AuditEvent, list[str]]]:
    """The latest views of secret values of a record, with the paths of the fields: its own pages and lists it stood in. One query.

    Entries of lists are not bound to one record; their rows stand in the detail, of which `"rows"` is the last part.
    """
    detail = AuditEvent.detail
    near = [f"[{record_id},", f",{record_id},", f",{record_id}]", f"[{record_id}]"]
    among = reduce(or_, (detail.contains(part) for part in near))
    query = AuditEvent.select().where(
        (AuditEvent.register == register)
        & (AuditEvent.action == f"{register}:view")
        & ((AuditEvent.record_id == record_id) | (AuditEvent.record_id.is_null() & among))
    )
    found = []
    for event in query.order_by(AuditEvent.id.desc()).limit(limit):
        found.append((event, json.loads(event.detail).get("fields", [])))
    return found


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


__all__ = ["Fault", "digest", "dump", "faults", "head_faults", "plain", "record", "views_of"]
