"""Printed forms filled from declarations: one record or many, as the reader sees them, with an entry in the history."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from backoffice import clock
from backoffice.access import Access, Condition, all_of
from backoffice.declarations import ACCOUNT, Declaration, Info
from backoffice.exporting import log_print, words
from backoffice.exports.capitals import amount_in_capitals
from backoffice.exports.forms import (
    FieldBlock,
    FilledForm,
    PageBlock,
    Part,
    SignatureBlock,
    SignatureCell,
    SpaceBlock,
    TableBlock,
    TableColumn,
    TextBlock,
    render_form,
)
from backoffice.listing import Asked, demanded, names_of, told
from backoffice.reading import MASK, Reader, Seen, SeenLine, child_paths, lines
from backoffice.routes import leads_over
from backoffice.steps import Steps
from backoffice.texts import label, read, say
from backoffice.values import moment, shown
from models.accounts import User
from models.register import Block, Print, Slot, Text

MOST_ROWS = 5_000


class BadPeriod(ValueError):
    """`month=` or `date=` is no month or day."""


def form_named(declaration: Declaration, name: str) -> Print | None:
    return next((form for form in declaration.prints if form.name == name), None)


def print_record(
    access: Access, declaration: Declaration, form: Print, seen: Seen, company: str, now: dt.datetime
) -> bytes:
    """One record on its form. `seen` was read with all fields and child paths; signatures are for who sees the whole record."""
    steps = Steps.of(declaration, seen.facts) if declaration.acts and seen.whole else Steps.none()
    children = {
        block.child: lines(access, declaration, declaration.children[block.child], {seen.id: seen})[seen.id]
        for block in form.blocks
        if block.child
    }
    filler = _Filler(access, declaration, [seen], children, steps)
    state = declaration.states.get(seen.state)
    mark = read(state.mark) if state is not None and state.mark is not None else ""
    filled = FilledForm(
        company=company,
        title=label(form),
        number=seen.number,
        state_mark=mark,
        printed_by=_printer(access),
        printed_at=moment(now),
        parts=tuple(Part(read(part)) for part in form.parts),
        blocks=tuple(made for block in form.blocks for made in filler.block(block)),
        paper=_paper(form.paper),
    )
    log_print(access, declaration, form.name, {"rows": 1, "fields": _fields(form)}, now, seen.id, seen.number)
    return render_form(filled, words=words())


def print_many(
    access: Access,
    declaration: Declaration,
    form: Print,
    found: Asked,
    period: Mapping[str, str],
    company: str,
    now: dt.datetime,
) -> bytes:
    """A form over many records: those of the list as asked for, within the period. Raises BadPeriod, BadFilter."""
    names = dict.fromkeys(
        [declaration.register.order[0], *(n for block in form.blocks for n in block.fields if not block.child)]
    )
    paths = [path for block in form.blocks if block.child for path in child_paths(declaration, block.child)]
    reader = Reader(access, declaration, [*declaration.shown(names), *paths])
    condition, text = _period(declaration, reader, form, period)
    condition = all_of([condition, demanded(reader, found)])
    name, descending = declaration.register.order
    del descending  # A printed list reads forward.
    rows = reader.rows(condition, reader.order(name), limit=MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise BadPeriod(say("More than {most} records; choose a shorter period.", most=MOST_ROWS))
    narrowed = found.filters or found.search or found.view
    filters = told(declaration, found, names_of(access, declaration, found)) if narrowed else ""
    filter_text = "; ".join(part for part in (text, filters) if part)
    filler = _Filler(access, declaration, rows, {}, Steps.none())
    blocks: list[Any] = [TextBlock(filter_text)] if filter_text and not form.cover else []
    if form.cover:
        blocks = _cover(form, company, filter_text, len(rows))
    filled = FilledForm(
        company=company,
        title=label(form),
        number="",
        state_mark="",
        printed_by=_printer(access),
        printed_at=moment(now),
        parts=tuple(Part(read(part)) for part in form.parts),
        blocks=(*blocks, *(made for block in form.blocks for made in filler.block(block, many=True))),
        paper=_paper(form.paper),
    )
    log_print(access, declaration, form.name, {"rows": len(rows), "filter": filter_text, "fields": _fields(form)}, now)
    return render_form(filled, words=words())


def _cover(form: Print, company: str, filter_text: str, count: int) -> list[Any]:
    """The first page of what is bound: whose, what, of when, how many; and room for those who bind and keep it."""
    pairs = (
        (read(Text("公司", "Company")), company),
        (read(Text("册名", "Volume")), label(form)),
        (read(Text("范围", "Contents")), filter_text or read(say("all records"))),
        (read(Text("份数", "Records")), str(count)),
    )
    signs = (SignatureCell(read(Text("装订人", "Bound by"))), SignatureCell(read(Text("保管人", "Kept by"))))
    return [SpaceBlock(50), FieldBlock("", pairs, 1), SpaceBlock(10), SignatureBlock(signs), PageBlock()]


def _period(declaration: Declaration, reader: Reader, form: Print, period: Mapping[str, str]) -> tuple[Condition, str]:
    """The condition of `month=`, `date=`, `area=` or `user=`, each on the column the form names for it, or else on the usual one.

    Raises BadPeriod also for one that the form cannot be narrowed by: everything is not what was asked for.
    """
    parts: list[Condition] = []
    texts = []
    columns = _columns(declaration, form)
    for name in ("month", "date", "area", "user"):
        given = period.get(name, "")
        if not given:
            continue
        if name not in columns:
            raise BadPeriod(say("“{form}” cannot be narrowed by {name}.", form=label(form), name=name))
        column_name = columns[name]
        info = declaration.fields[column_name]
        if name in {"month", "date"}:
            first, last, text = _bounds(name, given)
            parts.append(reader.guarded(info, _within(info, first, last)))
            texts.append(text)
        else:
            if not given.isdecimal() or len(given) > 9:
                raise BadPeriod(name)
            parts.append(reader.guarded(info, info.column == int(given)))
            if info.target == ACCOUNT:
                named = User.get_or_none(User.id == int(given))
                texts.append(f"{label(info.field)} {named.name if named is not None else ''}".strip())
    return all_of(parts), "; ".join(texts)


def _columns(declaration: Declaration, form: Print) -> dict[str, str]:
    """The column behind each word: a day or a month of the same, the record's own area, its owner."""
    named = dict(form.by)
    day = named.get("month") or named.get("date")
    usual = {"month": day, "date": day, "area": "area", "user": "owner"}
    return {name: column for name, column in {**usual, **named}.items() if column and column in declaration.fields}


def _bounds(name: str, given: str) -> tuple[dt.date, dt.date, str]:
    """First day, first day after, and the period in words."""
    found = re.fullmatch(r"(\d{4})-(\d{1,2})" if name == "month" else r"(\d{4})-(\d{1,2})-(\d{1,2})", given)
    try:
        if found is None:
            raise ValueError(given)
        first = dt.date(int(found[1]), int(found[2]), int(found[3]) if name == "date" else 1)
    except ValueError as exc:
        raise BadPeriod(
            say("A month is needed, such as 2025-03.")
            if name == "month"
            else say("A date is needed, such as 2025-03-05.")
        ) from exc
    if not 1900 < first.year < 2200:
        raise BadPeriod(name)
    if name == "date":
        return first, first + dt.timedelta(days=1), read(Text(f"{first:%Y年%m月%d日}", f"{first:%Y-%m-%d}"))
    after = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return first, after, read(Text(f"{first.year}年{first.month}月", f"{first:%Y-%m}"))


def _within(info: Info, first: dt.date, after: dt.date) -> Condition:
    if info.kind == "instant":
        zone = clock.company_zone()
        bounds = [dt.datetime.combine(day, dt.time(), zone) for day in (first, after)]
        return (info.column >= bounds[0]) & (info.column < bounds[1])
    return (info.column >= first) & (info.column < after)


def _printer(access: Access) -> str:
    return f"{access.name}（{access.account.username}）"


def _fields(form: Print) -> list[str]:
    return sorted({name for block in form.blocks for name in block.fields})


def _paper(paper: str) -> Any:
    return paper


class _Filler:
    """Turns declared blocks into filled ones."""

    def __init__(
        self,
        access: Access,
        declaration: Declaration,
        rows: Sequence[Seen],
        children: Mapping[str, Sequence[SeenLine]],
        steps: Steps,
    ) -> None:
        self.access = access
        self.declaration = declaration
        self.rows = rows
        self.children = children
        self.steps = steps

    def block(self, block: Block, *, many: bool = False) -> list[Any]:
        made: list[Any]
        if block.kind == "fields":
            made = [FieldBlock(label(block), self._pairs(block, self.rows[0]), 2)]
        elif block.kind == "lines":
            made = [self._lines(block, many)]
        elif block.kind == "each":
            made = [part for n, seen in enumerate(self.rows, 1) for part in self._each(block, n, seen)]
        elif block.kind == "signatures":
            made = [SpaceBlock(4), SignatureBlock(tuple(self._signatures(block)))]
        elif block.kind == "text":
            made = [TextBlock(read(block.text) if block.text is not None else label(block))]
        else:
            made = [SpaceBlock(6)]
        return made

    def _each(self, block: Block, n: int, seen: Seen) -> list[Any]:
        """One of many records, with its place in the sequence, on one page."""
        state = self.declaration.states.get(seen.state_shown)
        title = f"{n}   {seen.number}" + (f"   {label(state)}" if state is not None else "")
        return [SpaceBlock(4), FieldBlock(title, self._pairs(block, seen), 2, kept=True)]

    def _pairs(self, block: Block, seen: Seen) -> tuple[tuple[str, str], ...]:
        names = [name for name in self.declaration.shown(block.fields) if name not in seen.absent]
        return tuple((label(self.declaration.fields[name].field), self._text(name, seen)) for name in names)

    def _text(self, name: str, seen: Seen) -> str:
        if name in seen.masked:
            return MASK
        info = self.declaration.fields[name]
        value = seen.values.get(name)
        if name == "state" and str(value) in self.declaration.states:
            return label(self.declaration.states[str(value)])
        return seen.labels.get(name) or shown(info, value)

    def _lines(self, block: Block, many: bool) -> TableBlock:
        if block.child:
            child = self.declaration.children[block.child]
            infos = [child.fields[name] for name in block.fields if name in child.fields]
            found = self.children.get(block.child, ())
            texts = [[self._line_text(info, line) for info in infos] for line in found]
            values: list[dict[str, Any]] = [line.values for line in found]
        else:
            infos = [self.declaration.fields[name] for name in self.declaration.shown(block.fields)]
            texts = [
                ["" if info.name in seen.absent else self._text(info.name, seen) for info in infos]
                for seen in self.rows
            ]
            values = [seen.values for seen in self.rows]
        columns = [TableColumn(read(say("No.")), "center"), *(self._column(info, block) for info in infos)]
        rows = tuple((str(n), *row) for n, row in enumerate(texts, 1))
        totals: tuple[str, ...] = ()
        if block.total and rows:
            sums = {name: sum((Decimal(one.get(name) or 0) for one in values), Decimal(0)) for name in block.total}
            totals = (
                read(say("Total")),
                *(shown(info, _typed(info, sums[info.name])) if info.name in sums else "" for info in infos),
            )
        return TableBlock(label(block), tuple(columns), rows, totals, self._notes(block, many))

    def _column(self, info: Info, block: Block) -> TableColumn:
        heading = block.headings.get(info.name)
        text = read(heading) if heading is not None else label(info.field)
        if info.field.unit is not None:
            text = f"{text}（{read(info.field.unit)}）"
        return TableColumn(text, "right" if info.numeric else "left", 0)

    def _line_text(self, info: Info, line: SeenLine) -> str:
        if info.name in line.masked:
            return MASK
        return line.labels.get(info.name) or shown(info, line.values.get(info.name))

    def _notes(self, block: Block, many: bool) -> tuple[tuple[str, str], ...]:
        if not block.capitals or many:
            return ()
        if block.child:
            found = [line.values.get(block.capitals) for line in self.children.get(block.child, ())]
            known = [one for one in found if isinstance(one, Decimal)]
            value = sum(known, Decimal(0)) if known and len(known) == len(found) else None
        else:
            value = self.rows[0].values.get(block.capitals)
        if value is None:
            return ()
        return ((read(Text("人民币（大写）", "RMB in words")), amount_in_capitals(value)),)

    def _signatures(self, block: Block) -> list[SignatureCell]:
        cells = []
        for name in block.slots:
            slot = self.declaration.slots.get(name)
            if slot is None:
                cells.append(self._person_cell(name))
            elif (
                name in block.every
                or self.steps.valid(name) is not None
                or leads_over(self.declaration, self.rows[0].facts, name)
            ):
                cells.append(self._slot_cell(slot))
        cells.extend(SignatureCell(read(text)) for text in block.blank)
        return cells

    def _slot_cell(self, slot: Slot) -> SignatureCell:
        row = self.steps.valid(slot.name)
        if row is None:
            return SignatureCell(label(slot))
        behalf = row.on_behalf_of.name if row.on_behalf_of_id is not None else ""
        return SignatureCell(label(slot), row.actor_name, moment(row.at)[:10], row.opinion, behalf)

    def _person_cell(self, name: str) -> SignatureCell:
        """A person of the record (the applicant) signs by having made it."""
        seen = self.rows[0] if self.rows else None
        shown_name = self._text(name, seen) if seen is not None else ""
        when = seen.values.get("created_at") if seen is not None else None
        return SignatureCell(label(self.declaration.fields[name].field), shown_name, moment(when)[:10] if when else "")


def _typed(info: Info, value: Decimal) -> Any:
    return int(value) if info.kind == "integer" else value


__all__ = ["BadPeriod", "form_named", "print_many", "print_record"]
