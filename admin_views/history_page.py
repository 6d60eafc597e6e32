"""The history of a record: who changed what, old and new, as far as the reader may see the field now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import url_for

from admin_views.pages import HistoryEntry, HistoryPage
from admin_views.showing import heading, historic
from backoffice.access import Access
from backoffice.declarations import Declaration
from backoffice.picking import past_labels
from backoffice.reading import MASK, Seen
from backoffice.texts import label, read, say
from backoffice.values import moment
from models.accounts import User
from models.evidence import AuditEvent

PAGE = 100
ACTIONS = {
    "create": say("created"),
    "update": say("changed"),
    "view": say("viewed unmasked values"),
    "export:csv": say("exported as CSV"),
    "export:pdf": say("exported as PDF"),
}


class HistoryBuilder:
    """Builds the page for a row read with all fields and child paths (the flags say what is masked)."""

    def __init__(self, access: Access, declaration: Declaration, seen: Seen) -> None:
        self.access = access
        self.declaration = declaration
        self.seen = seen
        self._texts: dict[tuple[str, Any], str] = {}
        self._known_causes: set[tuple[str, str]] = set()

    def page(self, before: int | None = None) -> HistoryPage:
        query = AuditEvent.select().where(
            (AuditEvent.register == self.declaration.name) & (AuditEvent.record_id == self.seen.id)
        )
        if before is not None:
            query = query.where(AuditEvent.id < before)
        events = list(query.order_by(AuditEvent.id.desc()).limit(PAGE + 1))
        older = ""
        if len(events) > PAGE:
            events = events[:PAGE]
            older = url_for(f"{self.declaration.name}.history", id=self.seen.id, before=events[-1].id)
        self._read_references(events)
        self._read_causes(events)
        return HistoryPage(
            title=label(self.declaration.register),
            register=self.declaration.name,
            id=self.seen.id,
            number=self.seen.number,
            details_url=url_for(f"{self.declaration.name}.details_view", id=self.seen.id),
            entries=self._entries(events),
            older_url=older,
        )

    def _entries(self, events: list[AuditEvent]) -> tuple[HistoryEntry, ...]:
        """Who sees some fields alone is told of their changes, not of what else was done and why."""
        principals = self._principals(events)
        entries = tuple(self._entry(event, principals) for event in events)
        if self.seen.whole:
            return entries
        return tuple(replace(entry, remark="") for entry in entries if entry.changes)

    def _read_references(self, events: list[AuditEvent]) -> None:
        """The labels of all references that the entries name, one query for each register they point to."""
        wanted: dict[str, dict[str, set[int]]] = {}
        known = {info.path: info for info in self.declaration.every_field() if info.kind == "ref"}
        for event in events:
            for path, values in _told(json.loads(event.detail)):
                if path in known:
                    ids = {value for value in values if isinstance(value, int)}
                    wanted.setdefault(known[path].target, {}).setdefault(path, set()).update(ids)
        for paths in wanted.values():
            every = set().union(*paths.values())
            labels = past_labels(self.access, known[next(iter(paths))], every) if every else {}
            self._texts.update({(path, value): labels.get(value, "") for path, ids in paths.items() for value in ids})

    def _read_causes(self, events: list[AuditEvent]) -> None:
        """Which of the records that changed this one exist for the reader, one query for each of their registers."""
        named: dict[str, set[str]] = {}
        for event in events:
            register, _, number = str(json.loads(event.detail).get("cause") or "").partition(" ")
            if number and register in self.access.catalogue:
                named.setdefault(register, set()).add(number)
        for register, numbers in named.items():
            declaration = self.access.catalogue[register]
            scope = self.access.scope(declaration)
            if scope is False:
                continue
            column = declaration.columns["number"]
            query = declaration.model.select(column).where(column.in_(sorted(numbers)))
            seen = query.where(scope) if scope is not True else query
            self._known_causes.update((register, str(row.number)) for row in seen)

    def _principals(self, events: list[AuditEvent]) -> dict[int, str]:
        wanted = {event.on_behalf_of_id for event in events if event.on_behalf_of_id is not None}
        if not wanted:
            return {}
        return {user.id: user.name for user in User.select(User.id, User.name).where(User.id.in_(wanted))}

    def _entry(self, event: AuditEvent, principals: dict[int, str]) -> HistoryEntry:
        detail = json.loads(event.detail)
        action = event.action.partition(":")[2]
        return HistoryEntry(
            moment(event.at),
            event.actor_name,
            action,
            self._action(action, str(detail.get("cause") or "").partition(" ")[0]),
            principals.get(event.on_behalf_of_id, ""),
            event.address,
            tuple(self._changes(detail, "" if action == "create" else MASK)),
            str(detail.get("reason") or self._cause(detail.get("cause", "")) or self._viewed(detail)),
            event.hash[:12],
        )

    def _action(self, action: str, cause: str = "") -> str:
        """The label of what happened; what another register caused reads as its act there."""
        source = self.access.catalogue.get(cause, self.declaration)
        if action in source.acts:
            return label(source.acts[action])
        if action in ACTIONS:
            return str(ACTIONS[action])
        kind, _, name = action.partition(":")
        if kind == "print":
            form = next((form for form in self.declaration.prints if form.name == name), None)
            return read(say("printed {form}", form=label(form) if form is not None else name))
        for declaration in self.access.catalogue.values():
            if action in declaration.acts:
                return label(declaration.acts[action])
        return action

    def _cause(self, cause: str) -> str:
        """The record whose act changed this one, by its number if it exists for the reader. > 礼品签收单 LP-2026-0007"""
        register, _, number = cause.partition(" ")
        declaration = self.access.catalogue.get(register)
        if declaration is None:
            return cause
        known = number if (register, number) in self._known_causes else ""
        return f"{label(declaration.register)} {known}".strip()

    def _viewed(self, detail: dict[str, Any]) -> str:
        """Which secrets were seen in clear, in the order of the form."""
        paths = set(detail.get("fields", ()))
        return "、".join(heading(info) for info in self.declaration.every_field() if info.path in paths)

    def _changes(self, detail: dict[str, Any], masked_before: str) -> list[tuple[str, str, str, str]]:
        """What changed, in the order of the form. What is new had no value before, so that nothing is hidden there."""
        found = []
        changes = detail.get("changes", {})
        for name, info in self.declaration.fields.items():
            if name not in changes:
                continue
            old, new = changes[name]
            if name in self.seen.absent or (old in {None, ""} and new in {None, ""}):
                continue
            if name in self.seen.masked:
                found.append((name, heading(info), masked_before, MASK))
            else:
                found.append((name, heading(info), self._text(name, old), self._text(name, new)))
        for child, rows in detail.get("lines", {}).items():
            found.extend(self._line_changes(child, rows, masked_before))
        return found

    def _text(self, name: str, value: Any) -> str:
        return self._cached(name, self.declaration.fields[name], value)

    def _cached(self, key: str, info: Any, value: Any) -> str:
        """References are looked up once for the page, however often they stand in it."""
        if (key, value) not in self._texts:
            self._texts[key, value] = historic(self.access, self.declaration, info, value)
        return self._texts[key, value]

    def _line_changes(self, child: str, rows: dict[str, Any], masked_before: str) -> list[tuple[str, str, str, str]]:
        if child == "attachments":
            text = read(say("Attachments"))
            return [
                ("attachments", text, "", str(changes["name"][1])) for changes in rows.values() if "name" in changes
            ]
        declared = self.declaration.children.get(child)
        if declared is None:
            return []
        found = []
        for position, changes in enumerate(rows.values(), 1):
            for name, info in declared.fields.items():
                old, new = changes.get(name, (None, None))
                if info.path in self.seen.absent or (old in {None, ""} and new in {None, ""}):
                    continue
                text = f"{label(declared.child)} {position} · {heading(info)}"
                masked = info.path in self.seen.masked
                shown = (
                    (masked_before, MASK)
                    if masked
                    else (self._cached(info.path, info, old), self._cached(info.path, info, new))
                )
                found.append((info.path, text, *shown))
        return found


def _told(detail: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Every changed field of an entry by its path, with its old and new value."""
    yield from detail.get("changes", {}).items()
    for child, rows in detail.get("lines", {}).items():
        for changes in rows.values():
            for name, values in changes.items():
                yield f"{child}.{name}", values
