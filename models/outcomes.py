"""What guards, effects and computations answer, and what they are given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from models.register import Text


@dataclass(frozen=True)
class Allowed:
    """The rule has nothing against it."""


@dataclass(frozen=True)
class Refused:
    """The rule says no. `field` is the typed field it is about (`lines-0-quantity`), if there is one."""

    reason: Text
    field: str = ""


@dataclass(frozen=True)
class Insert:
    """A new row of a child table written by the system, in the history of record `record_id` of `register` (0: this record)."""

    register: str
    child: str
    record_id: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Adjust:
    """Add `delta` to a number or quantity of another record; refused with `reason` when it would fall below zero.

    `told` is the row that tells of it, its column `balance` takes what there is then.
    """

    register: str
    id: int
    field: str
    delta: int | Decimal
    reason: Text
    rule: str = ""
    told: Insert | None = None
    balance: str = ""


_CHANGED = Text("相关记录已变更，请重试。", "A related record has changed meanwhile; try again.")


@dataclass(frozen=True)
class Put:
    """Set columns of another record under its lock; refused with `reason` where a column of `expected` holds none of its values."""

    register: str
    id: int
    values: Mapping[str, Any]
    expected: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    reason: Text = _CHANGED
    rule: str = ""


@dataclass(frozen=True)
class Create:
    """A new record of a register made by the system: it gets its number, its first state, the actor as maker and owner, and a
    history that names the record behind it. `values` are its columns."""

    register: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Changes:
    """What an effect or a computation writes: columns of the record, columns of its lines, rows and records elsewhere.

    `lines` has, for each child table it touches, one mapping a line in the order of `Context.lines`: new lines have no id yet.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    adjust: Sequence[Adjust] = ()
    put: Sequence[Put] = ()
    insert: Sequence[Insert] = ()
    create: Sequence[Create] = ()
    warnings: Sequence[Text] = ()


class Person(Protocol):
    """Who acts."""

    id: int
    name: str

    def has_role(self, role: str) -> bool: ...


class Context(Protocol):
    """All that a guard, an effect or a computation may know besides the record and the inputs.

    `act` is `create`, `update` or the name of the act. `before` gives the stored value of a field as it was before the act.
    `param` is a figure among the settings as it stands today or on the day `on`, `setting` one that is a word. `open_records`
    names the records of other registers that still hold this one, by number where the actor may read it. `acting` are the
    actor and the person he stands in for, `took` the people behind each step of other records, by act and by slot.
    `another` tells whether another record of this register has that value, whoever may see it. `found` gives the other
    records of a register whose columns have these values (a tuple: one of them). `people` are the active accounts of a
    group or an area with a role, `staff_names` the names of those of a department, `lines_of` the lines of a record
    elsewhere. `limit_reached` counts one more use of `what` by the actor and tells whether that is one too many.
    """

    act: str
    now: dt.datetime
    today: dt.date
    actor: Person

    def param(self, name: str, on: dt.date | None = None) -> Decimal: ...

    def setting(self, name: str, on: dt.date | None = None) -> str: ...

    def local(self, instant: dt.datetime) -> dt.datetime: ...

    def lines(self, child: str) -> Sequence[Any]: ...

    def before(self, name: str) -> Any: ...

    def open_records(self) -> Sequence[Text]: ...

    def signed_at(self, slot: str) -> dt.datetime | None: ...

    def acted(self, act: str) -> bool: ...

    @property
    def acting(self) -> frozenset[int]: ...

    def took(self, register: str, *records: int) -> Mapping[str, frozenset[int]]: ...

    def has_role(self, user_id: int, role: str) -> bool: ...

    def account_named(self, name: str) -> bool: ...

    def another(self, column: str, value: Any) -> bool: ...

    def found(self, register: str, **columns: Any) -> Sequence[Any]: ...

    def lines_of(self, register: str, record_id: int, child: str) -> Sequence[Any]: ...

    def people(self, role: str, group_id: int | None = None, *, area_id: int | None = None) -> Sequence[int]: ...

    def staff_names(self, role: str, department_id: int | None) -> Sequence[str]: ...

    def limit_reached(self, what: str, most: int, minutes: int) -> bool: ...
