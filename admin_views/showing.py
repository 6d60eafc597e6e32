"""Rows as cells: text, machine value, mask, alignment and tone, for lists, details and linked records alike."""

from __future__ import annotations

from typing import Any

from flask import url_for

from admin_views.pages import Cell, Column
from backoffice.access import Access
from backoffice.declarations import Declaration, Info
from backoffice.reading import MASK, Seen, SeenLine
from backoffice.texts import label, read
from backoffice.values import machine, shown


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
    url = _link(access, info, value, seen) if links and value is not None else ""
    return Cell(text=text, value=exact if links or exact != text else None, tone=tone, url=url, **common)


def line_cell(info: Info, line: SeenLine) -> Cell:
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
    return Cell(text=text_of(info, line.values, line.labels, name), value=machine(info, value), **common)


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
