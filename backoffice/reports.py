"""Reports over the balances of a register: a period's opening, movements and closing, of the lines that the reader may see whole.

    found = asked(declaration, report, request.args, clock.today())
    figures = worked_out(access, declaration, report, found)

The figures are sums over the lines themselves, made in SQL; nothing of a report is stored. A line counts from its day on, a counter line
with the opposite sign.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from peewee import SQL, Case, fn

from backoffice.access import Access, Condition, all_of
from backoffice.balances import counts
from backoffice.declarations import Declaration, Info
from backoffice.picking import matching, past_labels
from backoffice.texts import Readable, label, read, say
from backoffice.values import BadValue, parse, shown
from models.balances import Balances, Report

LONGEST = 60
MOST_DAYS = 3_700
_ZERO = Decimal(0)


@dataclass
class Asked:
    """A report as asked for. `chosen` holds ids or typed words by field; `problems` what is no value, by input name."""

    first: dt.date
    last: dt.date
    chosen: dict[str, str] = field(default_factory=dict)
    submitted_to: str = ""
    problems: dict[str, Readable] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, str]:
        """The query string that asks for the same."""
        named = {"from": self.first.isoformat(), "to": self.last.isoformat(), **self.chosen}
        return {**named, "submitted_to": self.submitted_to} if self.submitted_to else named


@dataclass(frozen=True)
class Figures:
    """One row of numbers: by balance before and after, by kind what moved, the sum of money, and the number of cases."""

    keys: Mapping[str, Any]
    unit: str
    opening: Mapping[str, Decimal]
    moved: Mapping[str, Decimal]
    closing: Mapping[str, Decimal]
    amount: Decimal
    cases: int

    @property
    def empty(self) -> bool:
        return not (self.cases or self.amount or any((*self.opening.values(), *self.moved.values())))


@dataclass(frozen=True)
class Found:
    """A report worked out: a row for each combination of keys, a total for each unit, the rows of the second table, and how many lines
    of the period are not done yet."""

    rows: tuple[Figures, ...]
    totals: tuple[Figures, ...]
    groups: tuple[Figures, ...]
    open: int


@dataclass(frozen=True)
class Cell:
    """One value of a report's table: the column's name, the text, the plain value for scripts, and whether it is a number."""

    name: str
    text: str
    value: str
    numeric: bool = False
    plain: Any = None


@dataclass(frozen=True)
class Table:
    """A table of a report, ready to be shown, printed or exported. `totals` are rows of the same columns."""

    name: str
    title: str
    columns: tuple[tuple[str, str, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[tuple[Cell, ...], ...] = ()


def reports(declaration: Declaration) -> Iterator[Report]:
    """The reports of a register whose rule is in force."""
    return (report for report in declaration.register.reports if report.rule not in declaration.absent)


def report_named(declaration: Declaration, name: str) -> Report | None:
    return next((report for report in reports(declaration) if report.name == name), None)


# ---- what is asked for -----------------------------------------------------------------------------------------------------


def asked(declaration: Declaration, report: Report, args: Mapping[str, str], today: dt.date) -> Asked:
    """Read a query string; without a period it is this month up to today. What is no day is told in `problems`."""
    found = Asked(today.replace(day=1), today)
    day = declaration.fields[_balances(declaration).day]
    for name, attribute in (("from", "first"), ("to", "last")):
        text = args.get(name, "").strip()
        try:
            if text:
                setattr(found, attribute, parse(day, text))
        except BadValue as wrong:
            found.problems[name] = wrong.message
    if "to" not in args and found.first > found.last:
        found.last = found.first
    if not found.problems and found.last < found.first:
        found.problems["to"] = say("The last day lies before the first.")
    elif not found.problems and (found.last - found.first).days > MOST_DAYS:
        found.problems["to"] = say("The period is longer than ten years.")
    for name in report.filters:
        if args.get(name, "").strip():
            found.chosen[name] = args[name].strip()[:LONGEST]
    found.submitted_to = args.get("submitted_to", "").strip()[:LONGEST]
    return found


def _balances(declaration: Declaration) -> Balances:
    declared = declaration.register.balances
    assert declared is not None  # noqa: S101 - the check of declarations sees to it
    return declared


def told(access: Access, declaration: Declaration, report: Report, found: Asked) -> str:
    """The period and the filters in words."""
    parts = [read(say("{first} to {last}", first=found.first.isoformat(), last=found.last.isoformat()))]
    for name, text in found.chosen.items():
        info = declaration.fields[name]
        named = past_labels(access, info, [int(text)]).get(int(text), "") if text.isdecimal() else text
        parts.append(f"{label(info.field)} {named or text}")
    return "; ".join(parts)


# ---- the figures -------------------------------------------------------------------------------------------------------------


def worked_out(access: Access, declaration: Declaration, report: Report, found: Asked) -> Found:
    """The figures. Three queries, whatever the number of lines."""
    work = _Work(access, declaration, report, found)
    rows = sorted(work.rows([*work.declared.keys, report.unit]), key=lambda row: [str(v) for v in row.keys.values()])
    shown_rows = tuple(row for row in rows if not row.empty)
    units = dict.fromkeys(row.unit for row in shown_rows)
    totals = tuple(_sum([row for row in shown_rows if row.unit == unit], unit) for unit in units)
    groups = tuple(
        row for row in work.rows([report.group, report.unit]) if row.cases or any(row.moved.values()) or row.amount
    )
    return Found(shown_rows, totals, groups, work.open_lines())


def _sum(rows: Sequence[Figures], unit: str) -> Figures:
    def add(maps: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
        total: dict[str, Decimal] = {}
        for one in maps:
            for name, value in one.items():
                total[name] = total.get(name, _ZERO) + value
        return total

    return Figures(
        {},
        unit,
        add(row.opening for row in rows),
        add(row.moved for row in rows),
        add(row.closing for row in rows),
        sum((row.amount for row in rows), _ZERO),
        sum(row.cases for row in rows),
    )


class _Work:
    """The queries of one report."""

    def __init__(self, access: Access, declaration: Declaration, report: Report, found: Asked) -> None:
        self.access = access
        self.declaration = declaration
        self.report = report
        self.asked = found
        self.declared = _balances(declaration)
        self.day = declaration.columns[self.declared.day]
        self.kind = declaration.fields[self.declared.kind]
        self.quantity = declaration.columns[self.declared.quantity]

    def rows(self, keys: Sequence[str]) -> list[Figures]:
        condition = all_of([self._within(), counts(self.declaration, self.declared), self._linked()])
        if condition is False:
            return []
        columns = [self.declaration.columns[name] for name in keys]
        sums = self._sums()
        query = self.declaration.model.select(*columns, *sums.values()).where(condition).group_by(*columns)
        found = [dict(zip([*keys, *sums], row, strict=True)) for row in query.tuples()]
        labels = self._labels(keys, found)
        return [self._figures(keys, row, labels) for row in found]

    def open_lines(self) -> int:
        """Lines of the period that are not done: they are in no figure."""
        state = self.declaration.columns["state"].in_(list(self.report.open_states))
        condition = all_of([self._within(), state, self.day >= self.asked.first])
        return 0 if condition is False else self.declaration.model.select().where(condition).count()

    def _within(self) -> Condition:
        """What the reader sees whole, up to the last day, within the filters."""
        access, declaration = self.access, self.declaration
        parts = [access.scope(declaration), access.whole(declaration), self.day <= self.asked.last]
        for name, text in self.asked.chosen.items():
            info = declaration.fields[name]
            parts.append(
                info.column == int(text) if text.isdecimal() else info.column.in_(matching(access, info, text))
            )
        return all_of(parts)

    def _linked(self) -> Condition:
        if not self.report.linked or self.report.linked_rule in self.declaration.absent:
            return True
        return reduce(or_, (self.declaration.columns[name].is_null(False) for name in self.report.linked))

    def _sums(self) -> dict[str, Any]:
        """The summed columns by name. A counter line is taken off what it counters."""
        declared, period = self.declared, self.day >= self.asked.first
        sums: dict[str, Any] = {}
        for balance in declared.kept:
            parts = [
                (self.kind.column.in_(list(kinds)), sign) for kinds, sign in ((balance.plus, 1), (balance.minus, -1))
            ]
            before = self.day < self.asked.first
            sums[f"opening {balance.name}"] = self._signed(
                self.quantity, [(before & part, sign) for part, sign in parts]
            )
        for code in self.kind.choices:
            sums[f"moved {code}"] = self._signed(self.quantity, [(period & (self.kind.column == code), 1)])
        if self.report.amount:
            paid = self.kind.column.in_(list(self.report.amount_kinds))
            sums["amount"] = self._signed(self.declaration.columns[self.report.amount], [(period & paid, 1)])
        sums["cases"] = self._signed(None, [(period, 1)])
        return sums

    def _signed(self, column: Any, parts: Sequence[tuple[Any, int]]) -> Any:
        """The sum of a column (or of ones), each line with the sign of the part it belongs to, turned for a counter line."""
        cases = []
        for condition, sign in parts:
            value = column if column is not None else SQL("1")
            turned = fn.COALESCE(value, SQL("0")) * SQL("-1")
            straight = fn.COALESCE(value, SQL("0"))
            if self.declared.counter:
                counter = self.declaration.columns[self.declared.counter]
                cases.append((condition & counter.is_null(), straight if sign > 0 else turned))
                cases.append((condition & counter.is_null(False), turned if sign > 0 else straight))
            else:
                cases.append((condition, straight if sign > 0 else turned))
        return fn.SUM(Case(None, cases, SQL("0"))).coerce(False)

    def _labels(self, keys: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[int, str]]:
        return {
            name: past_labels(self.access, self.declaration.fields[name], {int(row[name]) for row in rows})
            for name in keys
            if self.declaration.fields[name].kind == "ref" and rows
        }

    def _figures(self, keys: Sequence[str], row: Mapping[str, Any], labels: Mapping[str, dict[int, str]]) -> Figures:
        def quantity(name: str) -> Decimal:
            found: Decimal = self.quantity.python_value(int(row[name] or 0))
            return found

        opening = {one.name: quantity(f"opening {one.name}") for one in self.declared.kept}
        moved = {code: quantity(f"moved {code}") for code in self.kind.choices}
        closing = {
            one.name: opening[one.name] + sum(moved[c] for c in one.plus) - sum(moved[c] for c in one.minus)
            for one in self.declared.kept
        }
        amount = _ZERO
        if self.report.amount:
            amount = self.declaration.columns[self.report.amount].python_value(int(row["amount"] or 0))
        named = {
            name: Key(labels[name].get(row[name], "") if name in labels else "", row[name])
            for name in keys
            if name != self.report.unit
        }
        return Figures(named, str(row[self.report.unit]), opening, moved, closing, amount, int(row["cases"] or 0))


@dataclass(frozen=True)
class Key:
    """A key of a row: the stored value and, of a reference, its label. Rows stand in the order of what is shown."""

    label: str
    value: Any

    def __str__(self) -> str:
        return self.label or str(self.value)


# ---- tables ----------------------------------------------------------------------------------------------------------------


def tables(declaration: Declaration, report: Report, found: Found) -> list[Table]:
    """The tables of a page or a print: one for each balance, one of money and cases, and the second table."""
    make = _Tables(declaration, report)
    made = [
        make.table(
            one.name, label(one), make.keys, make.balance(one.name, (*one.plus, *one.minus)), found.rows, found.totals
        )
        for one in _balances(declaration).kept
    ]
    made.append(make.table("cases", read(say("Amounts and cases")), make.keys, make.money(), found.rows, found.totals))
    made.append(by_group(declaration, report, found))
    return made


def whole_table(declaration: Declaration, report: Report, found: Found) -> Table:
    """All columns side by side, as a CSV takes them."""
    make = _Tables(declaration, report)
    columns = [
        c for one in _balances(declaration).kept for c in make.balance(one.name, (*one.plus, *one.minus), wide=True)
    ]
    return make.table("whole", label(report), make.keys, [*columns, *make.money()], found.rows, found.totals)


def by_group(declaration: Declaration, report: Report, found: Found) -> Table:
    """Cases, quantities and money by the field that groups them (the ground)."""
    make = _Tables(declaration, report)
    title = read(say("By {field}", field=label(declaration.fields[report.group].field)))
    return make.table("by_group", title, (report.group,), make.kinds(), found.groups, ())


@dataclass(frozen=True)
class _Column:
    name: str
    title: str
    take: Any
    info: Info | None = None


class _Tables:
    """Makes tables of rows of figures."""

    def __init__(self, declaration: Declaration, report: Report) -> None:
        self.declaration = declaration
        self.report = report
        self.declared = _balances(declaration)
        self.keys = self.declared.keys
        self.quantity = declaration.fields[self.declared.quantity]
        self.kind = declaration.fields[self.declared.kind]

    def balance(self, name: str, kinds: Sequence[str], *, wide: bool = False) -> list[_Column]:
        """Opening, each movement, closing. In one wide table the two ends carry the balance's name."""
        title = next(label(one) for one in self.declared.kept if one.name == name)
        ends = (say("Opening {balance}", balance=title), say("Closing {balance}", balance=title))
        first, last = ends if wide else (say("Opening"), say("Closing"))
        return [
            _Column(f"opening_{name}", read(first), lambda row: row.opening[name], self.quantity),
            *(self._moved(code) for code in self.kind.choices if code in kinds),
            _Column(f"closing_{name}", read(last), lambda row: row.closing[name], self.quantity),
        ]

    def money(self) -> list[_Column]:
        found = []
        if self.report.amount:
            info = self.declaration.fields[self.report.amount]
            named = self.report.amount_label
            title = read(named) if named is not None else label(info.field)
            found.append(_Column(self.report.amount, title, lambda row: row.amount, info))
        found.append(_Column("cases", read(say("Cases")), lambda row: row.cases))
        return found

    def kinds(self) -> list[_Column]:
        return [
            *(self._moved(code) for code in self.kind.choices if code not in self.report.amount_kinds),
            *self.money(),
        ]

    def _moved(self, code: str) -> _Column:
        return _Column(code, label(self.kind.choices[code]), lambda row: row.moved[code], self.quantity)

    def table(
        self,
        name: str,
        title: str,
        keys: Sequence[str],
        columns: Sequence[_Column],
        rows: Sequence[Figures],
        totals: Sequence[Figures],
    ) -> Table:
        """Rows in which nothing of these columns happened are left out; so are totals of them."""
        heads = [(key, label(self.declaration.fields[key].field), False) for key in (*keys, self.report.unit)]
        heads.extend((one.name, one.title, True) for one in columns)
        alive = [row for row in rows if any(one.take(row) for one in columns)]
        sums = [row for row in totals if any(one.take(row) for one in columns)] if len(alive) > 1 else []
        return Table(
            name,
            title,
            tuple(heads),
            tuple((*self._named(keys, row), *(self._cell(one, row) for one in columns)) for row in alive),
            tuple((*self._sum_head(keys, row), *(self._cell(one, row) for one in columns)) for row in sums),
        )

    def _named(self, keys: Sequence[str], row: Figures) -> list[Cell]:
        cells = []
        for key in keys:
            info, found = self.declaration.fields[key], row.keys[key]
            text = found.label or shown(info, found.value)
            cells.append(Cell(key, text, str(found.value), plain=text))
        return [*cells, self._unit(row)]

    def _sum_head(self, keys: Sequence[str], row: Figures) -> list[Cell]:
        total = read(say("Total"))
        blank = [Cell(key, "", "", plain="") for key in keys[1:]]
        return [Cell(keys[0], total, "", plain=total), *blank, self._unit(row)]

    def _unit(self, row: Figures) -> Cell:
        text = shown(self.declaration.fields[self.report.unit], row.unit)
        return Cell(self.report.unit, text, row.unit, plain=text)

    def _cell(self, column: _Column, row: Figures) -> Cell:
        value = column.take(row)
        if column.info is None:
            return Cell(column.name, f"{value:,}", str(value), True, value)
        plain = value.normalize() + 0 if column.info.kind == "quantity" else value
        text = shown(column.info, value) if value else ("0" if column.info.kind == "quantity" else "0.00")
        exact = format(value, "f") if column.info.kind == "money" else shown(column.info, value, group=False) or "0"
        return Cell(column.name, text, exact, True, plain)


__all__ = [
    "Asked",
    "Cell",
    "Found",
    "Table",
    "asked",
    "by_group",
    "report_named",
    "reports",
    "tables",
    "told",
    "whole_table",
    "worked_out",
]
