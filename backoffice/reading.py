"""Rows as one person may see them: one query with scope, joins and masks in SQL, then plain values.

    reader = Reader(access, declaration, names)
    rows = reader.rows(where=…, order=reader.order("number", descending=True), limit=50)

`Seen.values` holds what may be shown; `masked` and `absent` name the rest. `Seen.facts` are engine facts (state, owner …) for deciding
on buttons; they are never shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from peewee import JOIN, SQL, Case, FieldAlias, fn

from backoffice import clock
from backoffice.access import Access, Condition, all_of, any_of, open_to_all
from backoffice.database import stream
from backoffice.declarations import ACCOUNT, ChildInfo, Declaration, Info
from backoffice.routes import holds_in_sql
from models.accounts import User
from models.evidence import StoredFile
from models.fields import NumberField
from models.register import Ahead, Derived

MASK = "***"
COUNT_LIMIT = 1_000


@dataclass
class Seen:
    """One row as its reader sees it."""

    id: int
    facts: SimpleNamespace
    values: dict[str, Any]
    labels: dict[str, str] = field(default_factory=dict)
    masked: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    # Whether all fields belong to the reader's view: with those come attachments, signatures and steps.
    whole: bool = True

    @property
    def version(self) -> int:
        return int(self.facts.version)

    @property
    def state(self) -> str:
        return str(getattr(self.facts, "state", ""))

    @property
    def state_shown(self) -> str:
        """The state for pages: empty where it is no part of the reader's view."""
        return "" if "state" in self.absent else self.state

    @property
    def number(self) -> str:
        return str(getattr(self.facts, "number", "") or "")


@dataclass
class _Column:
    info: Info
    index: int = -1
    convert: Any = None
    shown_flag: int = -1
    clear_flag: int = -1
    always_absent: bool = False
    always_masked: bool = False
    labels: tuple[int, ...] = ()
    label_converters: tuple[Any, ...] = ()


class Reader:
    """A compiled way of reading some fields of a register for one person.

    `names` may include paths of child fields (`contacts.mobile`): of these only the flags (masked, absent) are read.
    """

    def __init__(self, access: Access, declaration: Declaration, names: Iterable[str]) -> None:
        self.access = access
        self.declaration = declaration
        self.model = declaration.model
        self._selected: list[Any] = []
        self._flags: dict[int, int] = {}
        self._kept: list[Any] = []
        self._joins: list[tuple[Any, Any]] = []
        self._labels: dict[str, tuple[Any, ...]] = {}
        self._facts = self._fact_columns()
        for column in self._facts.values():
            self._selected.append(column)
        whole = access.whole(declaration)
        self._whole = whole if isinstance(whole, bool) else self._flag(whole)
        self._columns = [self._column(declaration.info(name)) for name in dict.fromkeys(names) if declaration.has(name)]

    # ---- building --------------------------------------------------------------------------------------------------

    def _fact_columns(self) -> dict[str, Any]:
        wanted = ["id", "version", "number", "state", "owner", "created_by", "department", "maker_department"]
        for act in self.declaration.acts.values():
            wanted.extend(when.field for route in act.routes for when in route.when)
            wanted.extend(when.field for ask in act.ask for when in ask.when)
            if any(by.of == "area" for route in act.routes for by in route.who):
                wanted.append("area")
            wanted.extend(by.person for route in act.routes for by in route.who)
        wanted.extend(side for rule in self.declaration.rules.values() for pair in rule.pairs for side in pair)
        wanted.append(self.declaration.deputy)
        columns = self.declaration.columns
        return {name: columns[name] for name in dict.fromkeys(wanted) if name in columns}

    def _column(self, info: Info) -> _Column:
        shown = self.access.shown(self.declaration, info.path)
        clear = self.access.clear(self.declaration, info)
        column = _Column(info)
        if shown is False:
            column.always_absent = True
            return column
        if clear is False:
            column.always_masked = True
        if shown is not True:
            column.shown_flag = self._flag(shown)
        if not isinstance(clear, bool):
            column.clear_flag = self._flag(clear)
        if info.child or column.always_masked:
            return column
        condition = all_of([shown, clear])
        column.index = len(self._selected)
        value = self.term(info)
        if condition is True:
            self._selected.append(value)
        else:
            self._selected.append(Case(None, [(condition, value)], None))
            column.convert = info.column.python_value
        if info.kind in {"ref", "file"}:
            self._join(info, column, condition)
        return column

    def _flag(self, condition: Any) -> int:
        """The position of a yes/no column for a condition; each distinct condition is asked once."""
        if id(condition) not in self._flags:
            self._kept.append(condition)
            self._flags[id(condition)] = len(self._selected)
            self._selected.append(Case(None, [(condition, 1)], 0))
        return self._flags[id(condition)]

    def _join(self, info: Info, column: _Column, condition: Condition) -> None:
        parts = self._label_parts(info)
        if not parts:
            return
        column.labels = tuple(range(len(self._selected), len(self._selected) + len(parts)))
        column.label_converters = tuple(
            getattr(part, "python_value", None) if condition is not True else None for part in parts
        )
        self._selected.extend(parts if condition is True else [Case(None, [(condition, part)], None) for part in parts])

    def _label_parts(self, info: Info) -> tuple[Any, ...]:
        """The columns that make the label of a reference, joined once through its scope."""
        if info.name in self._labels:
            return self._labels[info.name]
        if info.kind == "file":
            alias = StoredFile.alias()
            self._joins.append((alias, info.column == alias.id))
            self._labels[info.name] = (alias.name,)
            return self._labels[info.name]
        if info.target == ACCOUNT:
            alias = User.alias()
            self._joins.append((alias, info.column == alias.id))
            self._labels[info.name] = (alias.name,)
            return self._labels[info.name]
        other = self.access.catalogue.get(info.target)
        if other is None:
            return ()
        alias = other.model.alias()
        scope: Condition = True if open_to_all(other, info.target) else self.access.scope(other, alias)
        if scope is False:
            self._labels[info.name] = ()
            return ()
        self._joins.append((alias, all_of([info.column == alias.id, scope])))
        self._labels[info.name] = _label_of(alias, other)
        return self._labels[info.name]

    # ---- asking ----------------------------------------------------------------------------------------------------

    def query(self, where: Condition = True, order: Sequence[Any] = (), verb: str = "read") -> Any:
        """The query over the rows of the reader's scope that meet `where`."""
        conditions = all_of([self.access.scope(self.declaration), where])
        query = self.model.select(*self._selected)
        for alias, on in self._joins:
            query = query.join_from(self.model, alias, JOIN.LEFT_OUTER, on=on)
        if conditions is False:
            query = query.where(SQL("1 = 0"))
        elif conditions is not True:
            query = query.where(conditions)
        return query.order_by(*order) if order else query

    def rows(
        self, where: Condition = True, order: Sequence[Any] = (), limit: int | None = None, offset: int = 0
    ) -> list[Seen]:
        query = self.query(where, order)
        if limit is not None:
            query = query.limit(limit).offset(offset)
        return [self._seen(row) for row in query.tuples()]

    def one(self, record_id: int) -> Seen | None:
        found = self.rows(self.model.id == record_id, limit=1)
        return found[0] if found else None

    def stream(self, where: Condition = True, order: Sequence[Any] = (), size: int = 1_000) -> Iterator[Seen]:
        """All rows, a batch at a time, from one snapshot. The connection is busy until the end."""
        for row in stream(self.query(where, order), size):
            yield self._seen(row)

    def count(self, where: Condition = True, limit: int = COUNT_LIMIT) -> tuple[int, bool]:
        """How many rows, and whether that is exact: counting stops after `limit`."""
        conditions = all_of([self.access.scope(self.declaration), where])
        if conditions is False:
            return 0, True
        inner = self.model.select(SQL("1").alias("one"))
        for alias, on in self._joins:
            inner = inner.join_from(self.model, alias, JOIN.LEFT_OUTER, on=on)
        if conditions is not True:
            inner = inner.where(conditions)
        found = self.model.select(fn.COUNT(SQL("1"))).from_(inner.limit(limit + 1).alias("found")).scalar()
        return min(int(found), limit), int(found) <= limit

    def order(self, name: str, *, descending: bool = False) -> list[Any]:
        """ORDER BY of a sortable field with the id behind it; masked values sort as if empty."""
        terms = [_sorted(term, descending) for term in self._order_terms(name)]
        tie = self.model.id
        return [*terms, tie.desc() if descending else tie.asc()]

    def smallest_first(self, names: Iterable[str]) -> list[Any]:
        """ORDER BY of several fields one after the other, empty values last."""
        terms = [term.asc(nulls="LAST") for name in names for term in self._order_terms(name)]
        return [*terms, self.model.id.asc()]

    def _order_terms(self, name: str) -> list[Any]:
        info = self.declaration.fields.get(name)
        if info is None or not self.access.knows(self.declaration, info):
            return []
        condition = all_of([self.access.shown(self.declaration, name), self.access.clear(self.declaration, info)])
        columns = self._label_parts(info) if info.kind in {"ref", "file"} else (self._ranked(info),)
        return [column if condition is True else Case(None, [(condition, column)], None) for column in columns]

    def leading(self, ahead: Iterable[Ahead]) -> Condition:
        """The records that stand first: those that show such a derived value, as far as the reader knows the field."""
        fields, absent = self.declaration.fields, self.declaration.absent
        return any_of(
            self._derives(case)
            for one in ahead
            if one.field in fields and self.access.knows(self.declaration, fields[one.field])
            for case in fields[one.field].field.derived
            if case.value == one.value and case.rule not in absent
        )

    def term(self, info: Info) -> Any:
        """What the field shows, in SQL: its column, or what the declaration derives instead of the stored value."""
        derived = [case for case in info.field.derived if case.rule not in self.declaration.absent]
        if not derived:
            return info.column
        cases = [(self._derives(case), case.value) for case in derived]
        return Case(None, cases, info.column)

    def _derives(self, case: Derived) -> Condition:
        parts = [holds_in_sql(self.model, when) for when in case.when]
        if case.before_today:
            midnight = dt.datetime.combine(self.access.today, dt.time(), clock.company_zone())
            parts.append(self.declaration.columns[case.before_today] < midnight)
        return all_of(parts)

    def _ranked(self, info: Info) -> Any:
        """What a field orders by: its value, of a derived choice the place among the choices."""
        if not info.field.derived:
            return info.column
        places = [(code, place) for place, code in enumerate(info.choices)]
        return Case(self.term(info), places, len(places))

    # ---- conditions ------------------------------------------------------------------------------------------------

    def searched(self, term: str) -> Condition:
        """Rows in which a searchable field contains the term. Fields the reader does not know whole are left out."""
        found: list[Condition] = []
        for name in self.declaration.register.search:
            info = self.declaration.fields.get(name)
            if info is not None and self.access.knows(self.declaration, info):
                found.extend(self.guarded(info, self._contains(column, term)) for column in self._search_columns(info))
        return any_of(found)

    def _search_columns(self, info: Info) -> tuple[Any, ...]:
        return self._label_parts(info) if info.kind == "ref" else (info.column,)

    @staticmethod
    def _contains(column: Any, term: str) -> Any:
        text = NumberField.stored(term) if isinstance(getattr(column, "field", column), NumberField) else term
        # The value is bound as plain text: the column's own conversion is for whole values only.
        return fn.LOWER(column).contains(text.lower())

    def guarded(self, info: Info, condition: Condition) -> Condition:
        """A condition on a field, only where the reader sees it in clear; a reference only to what he may read."""
        access, declaration = self.access, self.declaration
        parts = [access.shown(declaration, info.path), access.clear(declaration, info), condition]
        other = access.catalogue.get(info.target)
        if other is not None and not open_to_all(other, info.target):
            scope = access.scope(other)
            if scope is False:
                return False
            if scope is not True:
                readable = other.model.select(other.model.id).where(scope)
                parts.append(info.column.is_null() | info.column.in_(readable))
        return all_of(parts)

    def alike(self, name: str, other: Declaration, column: str, record_id: int) -> Condition:
        """Rows whose column `name` holds what a record that was read holds in `column`, besides that record itself."""
        here = other.model.alias()
        value = here.select(getattr(here, column)).where(here.id == record_id)
        condition = (self.declaration.columns[name] == value) & (self.declaration.columns[name] != "")
        return condition & (self.model.id != record_id) if self.model is other.model else condition

    # ---- results ---------------------------------------------------------------------------------------------------

    def _seen(self, row: Sequence[Any]) -> Seen:
        facts = SimpleNamespace()
        for (name, column), value in zip(self._facts.items(), row, strict=False):
            setattr(facts, name, value)
            if column.__class__.__name__ == "ForeignKeyField":
                setattr(facts, f"{name}_id", value)
        whole = self._whole if isinstance(self._whole, bool) else bool(row[self._whole])
        seen = Seen(int(facts.id), facts, {}, whole=whole)
        for column in self._columns:
            self._take(seen, column, row)
        return seen

    def _take(self, seen: Seen, column: _Column, row: Sequence[Any]) -> None:
        path = column.info.path
        if column.always_absent or (column.shown_flag >= 0 and not row[column.shown_flag]):
            seen.absent.add(path)
            return
        if column.always_masked or (column.clear_flag >= 0 and not row[column.clear_flag]):
            seen.masked.add(path)
            return
        if column.info.child:
            return
        value = row[column.index]
        if column.convert is not None and value is not None:
            value = column.convert(value)
        seen.values[path] = value
        if column.info.kind in {"ref", "file"} and value is not None:
            parts = []
            for position, convert in zip(column.labels, column.label_converters, strict=True):
                part = row[position]
                parts.append(convert(part) if convert is not None and part is not None else part)
            text = " ".join(str(part) for part in parts if part is not None)
            if text:
                seen.labels[path] = text
            else:
                # The record exists but lies outside the reader's scope: neither its name nor its id is told.
                seen.masked.add(path)
                del seen.values[path]


def _sorted(term: Any, descending: bool) -> Any:
    """Empty values are the smallest, in both databases."""
    return term.desc(nulls="LAST") if descending else term.asc(nulls="FIRST")


@dataclass
class SeenLine:
    """One line of a child table as the reader of its record sees it."""

    id: int
    record_id: int
    values: dict[str, Any]
    labels: dict[str, str]
    masked: set[str]


def lines(
    access: Access, declaration: Declaration, child: ChildInfo, records: Mapping[int, Seen], limit: int | None = None
) -> dict[int, list[SeenLine]]:
    """The lines of a child table for these records, masked as the records' flags say. One query.

    The records must have been read with the paths of the child's fields among the names.
    """
    found: dict[int, list[SeenLine]] = {record_id: [] for record_id in records}
    if not records:
        return found
    labelled: dict[str, list[int]] = {}
    selected: list[Any] = [child.model.id, child.owner]
    joins = []
    positions = {}
    for info in child.fields.values():
        positions[info.name] = len(selected)
        selected.append(info.column)
        if info.kind in {"ref", "file"}:
            alias, parts, on = _line_label(access, info)
            if alias is not None:
                joins.append((alias, on))
                labelled[info.name] = list(range(len(selected), len(selected) + len(parts)))
                selected.extend(parts)
    query = (
        child.model.select(*selected)
        .where(child.owner.in_(list(records)))
        .order_by(child.model.position, child.model.id)
    )
    if limit is not None:
        query = query.limit(limit)
    for alias, on in joins:
        query = query.join_from(child.model, alias, JOIN.LEFT_OUTER, on=on)
    for row in query.tuples():
        found[row[1]].append(_line(child, row, positions, labelled, records[row[1]]))
    return found


def _line(
    child: ChildInfo, row: Sequence[Any], positions: Mapping[str, int], labelled: Mapping[str, list[int]], seen: Seen
) -> SeenLine:
    """One row of `lines` with what this reader may know of it; a reference without its label is one he may not see."""
    line = SeenLine(row[0], row[1], {}, {}, set())
    for info in child.fields.values():
        if info.path in seen.absent:
            continue
        if info.path in seen.masked:
            line.masked.add(info.name)
            continue
        line.values[info.name] = row[positions[info.name]]
        if info.name in labelled:
            text = " ".join(str(row[n]) for n in labelled[info.name] if row[n] is not None)
            if text:
                line.labels[info.name] = text
            elif line.values[info.name] is not None:
                line.masked.add(info.name)
                del line.values[info.name]
    return line


def _line_label(access: Access, info: Info) -> tuple[Any, tuple[Any, ...], Any]:
    if info.kind == "file":
        alias = StoredFile.alias()
        return alias, (alias.name,), info.column == alias.id
    if info.target == ACCOUNT:
        alias = User.alias()
        return alias, (alias.name,), info.column == alias.id
    other = access.catalogue.get(info.target)
    if other is None:
        return None, (), None
    alias = other.model.alias()
    scope: Condition = True if open_to_all(other, info.target) else access.scope(other, alias)
    if scope is False:
        return None, (), None
    return alias, _label_of(alias, other), all_of([info.column == alias.id, scope])


def _label_of(alias: Any, other: Declaration) -> tuple[Any, ...]:
    """The columns of a label on an alias. Not its attributes: a column may be called as one of the alias's own (`model`)."""
    return tuple(FieldAlias.create(alias, other.columns[name]) for name in other.register.label)


def child_paths(declaration: Declaration, *children: str) -> list[str]:
    """Paths of all fields of the child tables, to be given to a Reader whose rows' lines will be read."""
    return [
        info.path for name in children or declaration.children for info in declaration.children[name].fields.values()
    ]


__all__ = ["COUNT_LIMIT", "MASK", "Reader", "Seen", "SeenLine", "child_paths", "lines"]
