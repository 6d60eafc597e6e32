"""History entries: written in the transaction of the change they tell of, chained by SHA-256 per register and month.

Usage: inside `db.atomic()`, after everything else, `record("gift_signoff:issued", now=…, actor=…, register=…, …)`. The chain's head
row is locked there, so writers of one register queue only for the last moment of their transactions.

The chain `history` tells which chains there are: each of its entries says that one was opened. So a chain that is removed as a
whole, head and all, is missed. `backoffice.proof` reads all this and names the first entry that is not as it was written.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
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
    chain = _chain(register, now)
    head_id, sequence, previous = _locked_head(chain, now)
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
    _append(row, head_id)


def prepare(registers: Collection[str], now: dt.datetime) -> None:
    """Open the chains that are not there yet, before any head is locked: for transactions that write to several.

    Opening locks the head of `history`; whoever already holds another could wait for somebody who waits for him.
    """
    chains = sorted({_chain(register, now) for register in registers})
    known = {head.chain for head in AuditHead.select(AuditHead.chain).where(AuditHead.chain.in_(chains))}
    for chain in chains:
        if chain not in known:
            _open(chain, now)


def _chain(register: str, now: dt.datetime) -> str:
    return f"{register}:{now.astimezone(dt.UTC):%Y-%m}"


def _append(row: dict[str, Any], head_id: int) -> None:
    row["hash"] = digest(row)
    written = {**row, "at": InstantField().db_value(row["at"])}
    _run(_INSERT, [written[column.name] for column in _COLUMNS])
    _run(_SEAL, [row["sequence"], row["hash"], head_id])


# Every change writes an entry, so its statements are texts of our own rather than built anew by peewee each time.
_COLUMNS = tuple(AuditEvent._meta.fields[name] for name in AuditEvent._meta.sorted_field_names if name != "id")
_NAMES = ", ".join(f'"{column.column_name}"' for column in _COLUMNS)
_INSERT = f'INSERT INTO "audit_event" ({_NAMES}) VALUES ({", ".join("?" for _ in _COLUMNS)})'  # noqa: S608 - names only
_SEAL = 'UPDATE "audit_head" SET "sequence" = ?, "hash" = ? WHERE "id" = ?'
# The chain of chains, and what its entries are called.
ROOT, OPENED, SEALED = "history", "history:opened", "history:sealed"
_HEAD = 'SELECT "id", "sequence", "hash" FROM "audit_head" WHERE "chain" = ?'


def _run(statement: str, values: Sequence[object]) -> Any:
    return db.execute_sql(statement.replace("?", db.param), values)


def _locked_head(chain: str, now: dt.datetime) -> tuple[int, int, str]:
    """Id, last sequence and last hash of a chain, its row locked until the transaction ends."""
    row = _head(chain)
    if row is None:
        _open(chain, now)
        row = _head(chain)
    return int(row[0]), int(row[1]), str(row[2])


def _head(chain: str) -> Any:
    return _run(f"{_HEAD} FOR UPDATE" if db.for_update else _HEAD, [chain]).fetchone()


def root_head() -> tuple[int, int, str]:
    """The head of the chain of chains, as that of any other, locked until the transaction ends."""
    row = _head(ROOT)
    if row is None:
        AuditHead.insert(chain=ROOT).on_conflict_ignore().execute()
        row = _head(ROOT)
    return int(row[0]), int(row[1]), str(row[2])


def append_to_root(action: str, detail: Mapping[str, object], now: dt.datetime) -> None:
    """An entry of the chain of chains, which is about chains and not about what anybody did."""
    head_id, sequence, previous = root_head()
    row: dict[str, Any] = {
        **dict.fromkeys(("record_id", "actor", "on_behalf_of")),
        **dict.fromkeys(("number", "actor_name", "address"), ""),
        "chain": ROOT,
        "sequence": sequence + 1,
        "at": now,
        "register": ROOT,
        "action": action,
        "detail": dump(detail),
        "previous": previous,
    }
    _append(row, head_id)


def _open(chain: str, now: dt.datetime) -> None:
    """Begin a chain and say so in `history`, whose head is locked first; nothing where somebody was faster."""
    root_head()
    if _run(_HEAD, [chain]).fetchone() is not None:
        return
    AuditHead.insert(chain=chain).execute()
    append_to_root(OPENED, {"chain": chain}, now)


def digest(row: Mapping[str, Any]) -> str:
    """The SHA-256 of an entry: every column but the hash itself, the hash of the entry before it included."""
    # The proof reads what is stored; a value that no entry of ours holds only has to give another hash.
    at = row["at"] if isinstance(row["at"], str) else InstantField().db_value(row["at"])
    plain = [
        row["chain"],
        row["sequence"],
        at,
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
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()


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


__all__ = [
    "OPENED",
    "ROOT",
    "SEALED",
    "append_to_root",
    "digest",
    "dump",
    "plain",
    "prepare",
    "record",
    "root_head",
    "views_of",
]
