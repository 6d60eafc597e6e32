"""Rows as cells: text, machine value, mask, alignment and tone, for lists, details and linked records alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import url_for

from admin_views.pages import Cell, ChildView, Column
from backoffice import clock
from backoffice.access import Access
from backoffice.declarations import ChildInfo, Declaration, Info
from backoffice.picking import past_label
from backoffice.reading import MASK, Seen, SeenLine
from backoffice.texts import label, read, say
from backoffice.values import BadValue, duration, machine, parse, shown
from models.evidence import StoredFile
from models.register import Act, Elapsed


def heading(info: Info) -> str:
    """The label of a field with its unit. > 金额（元）"""
    text = label(info.field)
    return f"{text}（{read(info.field.unit)}）" if info.field.unit is not None else text


def alignment(info: Info) -> str:
    return "right" if info.numeric else ""


def column(info: Info) -> Column:
    return Column(info.path if info.child else info.name, heading(info), alignment(info))


def text_of(info: Info, values: dict[str, Any], labels: dict[str, str], key: str) -> str:
    return labels[key] if key in labels else shown(info, values.get(key))


def belongs_to(
    declaration: Declaration, act: Act, asked: Sequence[str], seen: Seen | None, already: Sequence[str]
) -> list[str]:
    """What a form of an act shows beside the columns of the list: filled fields of the sections it asks for, and what it signs."""
    if seen is None:
        return []
    signed = {slot.name: slot.fields for slot in declaration.register.slots}
    around = [
        name for section in declaration.register.sections if set(asked) & set(section.fields) for name in section.fields
    ]
    names = dict.fromkeys((*around, *(name for name in signed.get(act.signs, ()) if name in declaration.fields)))
    return [
        name
        for name in declaration.shown(names)
        if name not in asked
        and name not in already
        and declaration.fields[name].field.level == 1
        and seen.values.get(name) not in (None, "", False)
    ]


def cell(access: Access, declaration: Declaration, info: Info, seen: Seen, *, links: bool = False) -> Cell:
    """One field of a row. In lists `value` is left out where it is the text; details always carry it (`links`)."""
    name = info.name
    common: dict[str, Any] = {
        "field": name,
        "label": heading(info),
        "align": alignment(info),
        "wide": info.field.wide or info.kind == "longtext",
        "level": info.field.level,
    }
    if name in seen.absent:
        return Cell(text="", absent=True, **common)
    if name in seen.masked:
        return Cell(text=MASK, masked=True, **common)
    value = seen.values.get(name)
    text = text_of(info, seen.values, seen.labels, name)
    exact = machine(info, value)
    tone = ""
    if name == "state" and str(value) in declaration.states:
        state = declaration.states[str(value)]
        text, tone = label(state), state.tone
    if not links and info.kind == "flag" and info.field.system:
        # In a list a mark stands where it is set, and nothing where it is not.
        text, tone = (label(info.field), info.field.tone) if value else ("", "")
    url = _link(access, info, value, seen) if links and value is not None else ""
    return Cell(text=text, value=exact if links or exact != text else None, tone=tone, url=url, **common)


def elapsed_cell(elapsed: Elapsed, since: dt.datetime | None, limit: int | None) -> Cell:
    """The time since a moment, in whole seconds; beyond `limit` seconds it is late, in the last quarter of them soon."""
    if since is None:
        return Cell(elapsed.name, "", align="right", label=label(elapsed))
    passed = max(0, int((clock.now() - since).total_seconds()))
    text, value = duration(passed), str(passed)
    if limit is None:
        return Cell(elapsed.name, text, value, align="right", label=label(elapsed))
    state = "overdue" if passed > limit else "soon" if passed * 4 >= limit * 3 else "open"
    due = (since + dt.timedelta(seconds=limit)).astimezone(clock.company_zone()).isoformat()
    tone = "bad" if state == "overdue" else ""
    return Cell(elapsed.name, text, value, align="right", tone=tone, label=label(elapsed), due=due, due_state=state)


def line_cell(info: Info, line: SeenLine, register: str = "") -> Cell:
    """One field of a line; with the name of its register a file is a link."""
    name = info.name
    common: dict[str, Any] = {
        "field": name,
        "label": heading(info),
        "align": alignment(info),
        "level": info.field.level,
    }
    if name in line.masked:
        return Cell(text=MASK, masked=True, **common)
    value = line.values.get(name)
    url = ""
    if register and info.kind == "file" and value is not None:
        url = url_for(f"{register}.file", id=line.record_id, file=value)
    return Cell(text=text_of(info, line.values, line.labels, name), value=machine(info, value), url=url, **common)


def child_view(
    declaration: Declaration, child: ChildInfo, infos: Sequence[Info], rows: Sequence[SeenLine]
) -> ChildView:
    """The lines of a child table, with the sums that its printed forms declare."""
    cells = tuple(tuple(line_cell(info, row, declaration.name) for info in infos) for row in rows)
    return ChildView(
        child.name,
        label(child.child),
        tuple(column(info) for info in infos),
        cells,
        _totals(declaration, child, infos, rows),
    )


def _totals(
    declaration: Declaration, child: ChildInfo, infos: Sequence[Info], rows: Sequence[SeenLine]
) -> tuple[str, ...]:
    summed = {
        name
        for form in declaration.prints
        for block in form.blocks
        if block.child == child.name
        for name in block.total
    }
    shown_sums = [info.name in summed and all(info.name not in row.masked for row in rows) for info in infos]
    if len(rows) < 2 or not any(shown_sums):
        return ()
    texts = []
    for info, is_summed in zip(infos, shown_sums, strict=True):
        total = sum((Decimal(row.values.get(info.name) or 0) for row in rows), Decimal(0)) if is_summed else None
        texts.append(shown(info, int(total) if total is not None and info.kind == "integer" else total))
    return (texts[0] or read(say("Total")), *texts[1:])


def historic(access: Access, declaration: Declaration, info: Info, value: Any) -> str:
    """A value of a history entry as text; references by their label as far as the reader may see it."""
    if value is None or value == "":
        return ""
    if info.name == "state" and not info.child and value in declaration.states:
        return label(declaration.states[value])
    if info.kind == "ref":
        return past_label(access, info, int(value)) if str(value).isdecimal() else str(value)
    if info.kind == "file":
        row = StoredFile.get_or_none(StoredFile.id == value)
        return str(row.name) if row is not None else ""
    if info.kind == "instant":
        return shown(info, dt.datetime.fromisoformat(str(value)))
    try:
        return shown(info, parse(info, value if isinstance(value, bool | int) else str(value)))
    except BadValue:
        return str(value)


def _link(access: Access, info: Info, value: Any, seen: Seen) -> str:
    if info.kind == "file":
        return url_for(f"{_register(access, info)}.file", id=seen.id, file=value)
    other = access.catalogue.get(info.target)
    if other is None or not access.may(other, "read"):
        return ""
    return url_for(f"{other.name}.details_view", id=value)


def _register(access: Access, info: Info) -> str:
    found = access.catalogue.of_model(info.column.model)
    return found.name if found is not None else ""
