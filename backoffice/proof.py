"""Proves the history: reads every chain and names the first entry of each that was altered, is missing or was inserted.

The heads are read before the entries and once more after them, so that a server may write meanwhile. A chain that was rewritten
as a whole contradicts the seals of `backoffice.seals`. What was cut off at the end of everything together with its head, or rewritten
together with the seals, cannot be seen from inside; `heads` is what to keep elsewhere against that, and `cut_since` compares with
it. Every backup keeps one, and the log has the digest of every day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backoffice.database import stream
from backoffice.history import OPENED, ROOT, SEALED, digest
from models.accounts import User
from models.evidence import AuditEvent, AuditHead

_NAMES = tuple(name for name in AuditEvent._meta.sorted_field_names if name != "id")
# How many entries may be gone before one that was numbered anew, so that it is still recognised.
_SEEN_GAP = 30


@dataclass(frozen=True)
class Fault:
    """The first entry of a chain that does not follow from the one before it. `what`: altered, missing or inserted."""

    chain: str
    sequence: int
    what: str

    @property
    def register(self) -> str:
        return self.chain.partition(":")[0]

    @property
    def month(self) -> str:
        return self.chain.partition(":")[2]

    def __str__(self) -> str:
        whose = f"register {self.register}, month {self.month}" if self.month else f"the list of chains ({self.chain})"
        return f"{whose}: entry {self.sequence} is {self.what}"


@dataclass(frozen=True)
class Head:
    """The end of a chain: how many entries it has and the hash of the last."""

    sequence: int
    hash: str


class Proof:
    """One reading of the whole history. `faults` yields at most one fault a chain; afterwards `entries` counts them."""

    def __init__(self) -> None:
        self.entries = 0
        self.chains = 0

    def faults(self) -> Iterator[Fault]:
        before = heads()
        opened: dict[str, int] = {}
        ends: dict[str, int] = {}
        broken: set[str] = set()
        seals: dict[str, Head] = {}
        walk: _Walk | None = None
        for row in _rows():
            self.entries += 1
            if walk is None or walk.chain != row["chain"]:
                walk = _Walk(row["chain"], before.get(row["chain"]))
                self.chains += 1
            if walk.chain in broken:
                continue
            fault = walk.step(row)
            if fault is not None:
                broken.add(walk.chain)
                yield fault
            ends[walk.chain] = walk.sequence
            if walk.chain == ROOT and row["action"] == OPENED and fault is None:
                opened[json.loads(row["detail"])["chain"]] = walk.sequence
            elif walk.chain == ROOT and row["action"] == SEALED and fault is None:
                seals.update(sealed(json.loads(row["detail"])))
        yield from _ends(ends, before, broken)
        yield from _whole_chains(ends, opened, broken, before)
        # Rewritten as a whole, hash by hash: only what was sealed before tells.
        yield from cut_since({chain: head for chain, head in seals.items() if chain in ends.keys() - broken})


class _Walk:
    """One chain, entry by entry."""

    def __init__(self, chain: str, head: Head | None) -> None:
        self.chain, self.head = chain, head
        self.sequence = 0
        self.hash = ""
        self.before = ""  # The hash of the entry before the last one.

    def step(self, row: dict[str, Any]) -> Fault | None:
        expected = self.sequence + 1
        fault = self._judged(row, expected)
        self.before, self.sequence, self.hash = self.hash, row["sequence"], row["hash"]
        if fault is None and self.head is not None and self.sequence == self.head.sequence:
            fault = Fault(self.chain, self.sequence, "altered") if self.hash != self.head.hash else None
        return fault

    def _judged(self, row: dict[str, Any], expected: int) -> Fault | None:
        if row["sequence"] != expected:
            # Numbers of a chain are unique in the table and begin at 1.
            return Fault(self.chain, expected, "missing" if row["sequence"] > expected else "inserted")
        if row["hash"] == digest(row):
            if row["previous"] == self.hash:
                return None
            # This entry is whole and follows another one than the one that stands before it.
            return Fault(self.chain, max(expected - 1, 1), "altered")
        # The others may have been numbered anew around one that came or went.
        if expected > 1 and row["previous"] == self.before and _was(row, expected - 1):
            return Fault(self.chain, expected - 1, "inserted")
        if row["previous"] != self.hash and any(_was(row, expected + n) for n in range(1, _SEEN_GAP)):
            return Fault(self.chain, expected, "missing")
        return Fault(self.chain, expected, "altered")


def _was(row: Mapping[str, Any], sequence: int) -> bool:
    return bool(row["hash"] == digest({**row, "sequence": sequence}))


def _ends(ends: Mapping[str, int], before: Mapping[str, Head], broken: set[str]) -> Iterator[Fault]:
    """Chains that are longer or shorter than their heads say."""
    after: dict[str, Head] | None = None
    for chain in sorted((ends.keys() | before.keys()) - broken):
        last = ends.get(chain, 0)
        head = before.get(chain, Head(0, ""))
        if last > head.sequence:  # Written since, or inserted.
            after = heads() if after is None else after
            head = after.get(chain, head)
        if last > head.sequence:
            yield Fault(chain, head.sequence + 1, "inserted")
        elif last < before.get(chain, Head(0, "")).sequence:
            yield Fault(chain, last + 1, "missing")
        else:
            continue
        broken.add(chain)


def _whole_chains(
    ends: Mapping[str, int], opened: Mapping[str, int], broken: set[str], before: Mapping[str, Head]
) -> Iterator[Fault]:
    """Chains that the chain of chains knows and that are not there, and others of which it does not tell."""
    for chain in sorted(opened.keys() - ends.keys() - broken):
        yield Fault(chain, 1, "missing")
    if ROOT in broken:
        return  # It has lost entries itself; which, is said.
    strangers = sorted((ends.keys() | before.keys()) - opened.keys() - broken - {ROOT})
    for chain in strangers:
        yield Fault(chain, 1, "inserted")


def _rows() -> Iterator[dict[str, Any]]:
    for values in stream(_stored().order_by(AuditEvent.chain, AuditEvent.sequence)):
        yield dict(zip(_NAMES, values, strict=True))


def _stored() -> Any:
    """The entries as they lie in the table: what somebody wrote into a column may be no value of its field."""
    return AuditEvent.select(*(getattr(AuditEvent, name).coerce(False) for name in _NAMES))


def heads() -> dict[str, Head]:
    """The end of every chain as it is sealed."""
    return {head.chain: Head(head.sequence, head.hash) for head in AuditHead.select()}


def sealed(detail: Mapping[str, Any]) -> dict[str, Head]:
    """The ends of chains that a seal holds."""
    return {chain: Head(int(sequence), str(hashed)) for chain, (sequence, hashed) in detail["heads"].items()}


def digest_of(ends: Mapping[str, Head]) -> str:
    """One hash for the ends of all chains, short enough to be written into a log or on paper."""
    plain = [[chain, head.sequence, head.hash] for chain, head in sorted(ends.items())]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def faults() -> Iterator[Fault]:
    """Altered, missing and inserted entries of all chains, at most one a chain. Reads the whole table once."""
    yield from Proof().faults()


def gone() -> Iterator[Fault]:
    """A history without one entry, though there are accounts: every account begins with one."""
    if not AuditEvent.select().exists() and not AuditHead.select().exists() and User.select().exists():
        yield Fault(ROOT, 1, "missing")


def head_faults() -> Iterator[Fault]:
    """Chains whose last entry is not the one that was sealed. Two short queries for each chain: for every start."""
    for head in AuditHead.select().order_by(AuditHead.chain):
        query = _stored().where(AuditEvent.chain == head.chain).order_by(AuditEvent.sequence.desc()).limit(1)
        last = next((dict(zip(_NAMES, values, strict=True)) for values in query.tuples()), None)
        if last is None or last["sequence"] < head.sequence:
            yield Fault(head.chain, last["sequence"] + 1 if last is not None else 1, "missing")
        elif last["sequence"] > head.sequence:
            yield Fault(head.chain, head.sequence + 1, "inserted")
        elif last["hash"] != head.hash or last["hash"] != digest(last):
            yield Fault(head.chain, head.sequence, "altered")


def cut_since(kept: Mapping[str, Head]) -> Iterator[Fault]:
    """Chains that no longer hold the entry that was their last when `kept` was written down."""
    for chain, head in sorted(kept.items()):
        if not head.sequence:
            continue
        row = AuditEvent.get_or_none((AuditEvent.chain == chain) & (AuditEvent.sequence == head.sequence))
        if row is None:
            count = (
                AuditEvent.select().where((AuditEvent.chain == chain) & (AuditEvent.sequence < head.sequence)).count()
            )
            yield Fault(chain, count + 1, "missing")
        elif row.hash != head.hash:
            yield Fault(chain, head.sequence, "altered")


__all__ = ["Fault", "Head", "Proof", "cut_since", "digest_of", "faults", "gone", "head_faults", "heads", "sealed"]
