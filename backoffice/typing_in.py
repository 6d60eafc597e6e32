"""Typed inputs applied to a record and its lines: parsing, references, required fields. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backoffice.access import Access
from backoffice.declarations import ChildInfo, Declaration, Info
from backoffice.outcomes import Errors
from backoffice.picking import may_choose
from backoffice.routes import holds
from backoffice.texts import label, say
from backoffice.values import FALSE, BadValue, parse
from models.evidence import StoredFile

MANY_ATTACHMENTS = 20


@dataclass
class Lines:
    """The lines of one child table while they are being changed. `kept` in their order; new ones have no id yet."""

    info: ChildInfo
    kept: list[Any] = field(default_factory=list)
    removed: list[Any] = field(default_factory=list)
    before: dict[int, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Draft:
    """A record as it would be after the act: the instance, its lines, and what it was before."""

    access: Access
    declaration: Declaration
    record: Any
    errors: Errors
    before: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, Lines] = field(default_factory=dict)
    files: list[tuple[str, int]] = field(default_factory=list)

    def remember(self) -> None:
        self.before = columns_of(self.declaration, self.record)

    def lines_removed(self) -> bool:
        return any(lines.removed for lines in self.lines.values())

    def load(self, child: ChildInfo) -> Lines:
        """The lines of a child table, read once; on a new record there are none."""
        if child.name not in self.lines:
            found: list[Any] = []
            if self.record.id is not None:
                query = child.model.select().where(child.owner == self.record.id)
                found = list(query.order_by(child.model.position, child.model.id))
            loaded = Lines(child, found)
            loaded.before = {line.id: line_columns(child, line) for line in found}
            self.lines[child.name] = loaded
        return self.lines[child.name]

    # ---- typing ----------------------------------------------------------------------------------------------------

    def type_fields(self, inputs: Mapping[str, Any], names: Sequence[str]) -> None:
        """Apply the inputs that name one of these fields. Unchanged references and files pass as they are."""
        for name in names:
            if name in self.declaration.fields and name in inputs:
                info = self.declaration.fields[name]
                self.put(self.record, info, inputs[name], name)

    def put(self, target: Any, info: Info, raw: Any, key: str) -> None:
        try:
            value = parse(info, raw)
            if info.kind == "ref" and value is not None and value != getattr(target, f"{info.name}_id"):
                self.check_reference(info, value)
            if info.kind == "file" and value is not None and value != getattr(target, f"{info.name}_id"):
                self.check_file(info.path, value)
        except BadValue as wrong:
            self.errors.add(key, wrong.message, info.field.rule)
            return
        if value == "" and info.column.null:
            value = None
        elif value is None and not info.column.null:
            value = "" if info.kind in {"text", "longtext"} else info.column.default
        if info.kind in {"ref", "file"}:
            setattr(target, f"{info.name}_id", value)
        else:
            setattr(target, info.name, value)

    def check_reference(self, info: Info, value: int) -> None:
        if not may_choose(self.access, self.declaration, info, value):
            raise BadValue(say("Choose one of the offered entries."))

    def check_file(self, name: str, value: int) -> None:
        """A file is taken from its uploader, for the field it was uploaded for, and once."""
        row = StoredFile.get_or_none(StoredFile.id == value)
        fits = (
            row is not None
            and row.register == self.declaration.name
            and row.field == name
            and row.record_id is None
            and row.uploaded_by_id == self.access.id
        )
        if not fits:
            raise BadValue(say("Choose the file again."))
        self.files.append((name, value))

    def type_lines(self, child: ChildInfo, rows: Any, names: Sequence[str]) -> None:
        """Apply the typed lines, which are the whole table: lines that are not among them go, blank ones do not count.

        A row says which line it means by `id`. Where one row does, a row without is a new line; where none does, the place
        in the list decides. A table with one typed column may come as its plain values.
        """
        lines = self.load(child)
        rows = as_table(rows, names)
        if not is_table(rows):
            self.errors.add(child.name, say("The lines are not in a form that can be read."))
            return
        old = list(lines.kept)
        by_id = {line.id: line for line in old}
        places = [] if any(row.get("id") for row in rows) else old
        kept: list[Any] = []
        for position, row in enumerate(rows):
            if row.get("delete") or _is_blank(row, names, child):
                continue
            prefix = f"{child.name}-{row.get('n', position)}"
            line = self._meant(row, by_id, places, position, prefix) or child.model()
            for name in names:
                if name in row:
                    self.put(line, child.fields[name], row[name], f"{prefix}-{name}")
            line.__dict__["typed_prefix"] = prefix
            if not any(line is other for other in kept):
                kept.append(line)
        lines.removed = [line for line in old if not any(line is other for other in kept)]
        lines.kept = kept
        if len(kept) > child.child.maximum:
            self.errors.add(child.name, say("At most {most} lines.", most=child.child.maximum))

    def _meant(
        self, row: Mapping[str, Any], by_id: dict[int, Any], places: Sequence[Any], position: int, prefix: str
    ) -> Any:
        given = str(row.get("id") or "")
        if given:
            # Each line is meant once: a second row of the same id would silently replace the first.
            line = by_id.pop(int(given), None) if given.isdecimal() and len(given) < 19 else None
            if line is None:
                self.errors.add(f"{prefix}-id", say("This line does not exist any more; reload the page."))
            return line
        return places[position] if position < len(places) else None

    def type_attachments(self, inputs: Mapping[str, Any]) -> None:
        """Files to be attached besides those of fields; ids of uploads of the person's own."""
        given = inputs.get("attachments") or ()
        for value in list(given)[:MANY_ATTACHMENTS]:
            try:
                self.check_file("attachments", int(value))
            except (BadValue, ValueError) as wrong:
                text = wrong.message if isinstance(wrong, BadValue) else say("Choose the file again.")
                self.errors.add("attachments", text)

    # ---- what a save needs -----------------------------------------------------------------------------------------

    def check_required(self) -> None:
        declaration = self.declaration
        for name, rule in declaration.required.items():
            if name in declaration.fields and is_empty(self.record, declaration.fields[name]):
                self._missing(name, label(declaration.fields[name].field), rule)
            elif name in declaration.children and not self.load(declaration.children[name]).kept:
                self._missing(name, label(declaration.children[name].child), rule)
        for info in declaration.fields.values():
            needed = info.field.required_when
            if (
                needed is not None
                and info.field.needed_by not in declaration.absent
                and info.typed
                and holds(self.record, needed, declaration)
                and is_empty(self.record, info)
            ):
                self._missing(info.name, label(info.field), info.field.needed_by or info.field.rule)
        for child in declaration.children.values():
            if not child.child.system:
                self.check_lines(child)

    def check_lines(self, child: ChildInfo) -> None:
        """Enough lines, and in each what it needs."""
        kept = self.load(child).kept
        if len(kept) < child.child.minimum and child.name not in self.declaration.required:
            self._missing(child.name, label(child.child), child.child.rule)
        for position, line in enumerate(kept):
            prefix = line.__dict__.get("typed_prefix", f"{child.name}-{position}")
            for info in child.fields.values():
                if info.field.required and info.typed and is_empty(line, info):
                    self._missing(f"{prefix}-{info.name}", label(info.field), info.field.rule)

    def _missing(self, key: str, name: str, rule: str) -> None:
        if key not in self.errors.found:
            found = self.declaration.rules.get(rule)
            self.errors.add(key, say("{field} is needed.", field=name), rule, found.clause if found else "")


def is_table(rows: Any) -> bool:
    """Whether typed lines are a list of mappings."""
    return isinstance(rows, Sequence) and not isinstance(rows, str) and all(isinstance(row, Mapping) for row in rows)


def as_table(rows: Any, names: Sequence[str]) -> Any:
    """Plain values as lines, where there is just one column to type; everything else as it is."""
    plain = (
        isinstance(rows, Sequence) and not isinstance(rows, str) and not any(isinstance(row, Mapping) for row in rows)
    )
    return [{names[0]: value} for value in rows] if plain and len(names) == 1 else rows


def is_empty(record: Any, info: Info) -> bool:
    value = getattr(record, f"{info.name}_id") if info.kind in {"ref", "file"} else getattr(record, info.name)
    return value is None or (isinstance(value, str) and not value.strip())


def _is_blank(row: Mapping[str, Any], names: Sequence[str], child: ChildInfo) -> bool:
    """Whether nothing was typed. A "no" is no entry: forms send it for every yes/no field of a line left empty."""
    return all(_is_left_empty(row.get(name), child.fields[name]) for name in names)


def _is_left_empty(raw: Any, info: Info) -> bool:
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return True
    return info.kind == "flag" and str(raw).strip().lower() in FALSE


def columns_of(declaration: Declaration, record: Any) -> dict[str, Any]:
    """The stored values of a record by field name; references as ids."""
    return {name: _stored(record, info) for name, info in declaration.fields.items()}


def line_columns(child: ChildInfo, line: Any) -> dict[str, Any]:
    return {name: _stored(line, info) for name, info in child.fields.items()}


def _stored(record: Any, info: Info) -> Any:
    """The value as the column will give it back: a decimal with all its places, whether computed, typed or read."""
    if info.kind in {"money", "quantity", "percent"}:
        return info.column.python_value(info.column.db_value(getattr(record, info.name)))
    return getattr(record, f"{info.name}_id") if info.kind in {"ref", "file"} else getattr(record, info.name)
