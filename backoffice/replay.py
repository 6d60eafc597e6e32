"""Replays the history of every record and compares the result with what is stored: `backoffice check`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from backoffice import history
from backoffice.declarations import Catalogue, ChildInfo, Declaration
from backoffice.typing_in import columns_of, line_columns
from models.evidence import AuditEvent

# Written by the engine with every change; not told field by field.
_SILENT = frozenset({"updated_at", "updated_by"})


def differences(catalogue: Catalogue) -> Iterator[str]:
    """Sentences on records whose stored values are not what their history says; reads everything once."""
    for declaration in catalogue.values():
        yield from _of_register(declaration)


def _of_register(declaration: Declaration) -> Iterator[str]:
    told, lines = _told(declaration)
    for record in declaration.model.select().iterator():
        stored = {name: history.plain(value) for name, value in columns_of(declaration, record).items()}
        said = told.pop(record.id, None)
        if said is None:
            yield f"{declaration.name} {record.id} has no history"
            continue
        for name, value in stored.items():
            if name not in _SILENT and value != said.get(name):
                yield f"{declaration.name} {record.id}: {name} is {value!r}, its history says {said.get(name)!r}"
    for record_id in told:
        yield f"{declaration.name} {record_id} has a history but no record"
    for name, child in declaration.children.items():
        yield from _of_child(declaration, name, child, lines.get(name, {}))


def _of_child(declaration: Declaration, name: str, child: ChildInfo, said: dict[int, dict[str, Any]]) -> Iterator[str]:
    for line in child.model.select().iterator():
        expected = said.pop(line.id, None)
        if expected is None:
            yield f"{declaration.name}: line {line.id} of {name} has no history"
            continue
        for column, value in line_columns(child, line).items():
            if history.plain(value) != expected.get(column):
                yield f"{declaration.name}: {column} of line {line.id} of {name} is not what its history says"
    for line_id in said:
        yield f"{declaration.name}: line {line_id} of {name} is gone without a trace"


def _told(declaration: Declaration) -> tuple[dict[int, dict[str, Any]], dict[str, dict[int, dict[str, Any]]]]:
    records: dict[int, dict[str, Any]] = {}
    lines: dict[str, dict[int, dict[str, Any]]] = {}
    query = AuditEvent.select().where((AuditEvent.register == declaration.name) & AuditEvent.record_id.is_null(False))
    for event in query.order_by(AuditEvent.id).iterator():
        detail = json.loads(event.detail)
        if "changes" not in detail:
            continue
        state = records.setdefault(event.record_id, {})
        state.update({name: new for name, (_, new) in detail["changes"].items()})
        for child, rows in detail.get("lines", {}).items():
            known = lines.setdefault(child, {})
            for line_id, changes in rows.items():
                _apply(known, int(line_id), changes)
    return records, lines


def _apply(known: dict[int, dict[str, Any]], line_id: int, changes: dict[str, list[Any]]) -> None:
    is_new = line_id not in known
    line = known.setdefault(line_id, {})
    line.update({name: new for name, (_, new) in changes.items()})
    if (
        not is_new
        and changes
        and all(new is None for _, new in changes.values())
        and all(v is None for v in line.values())
    ):
        del known[line_id]
