"""The writing half of the write path: numbers, rows, stock, steps and the history entry, in the order of the locks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from backoffice import clock, history
from backoffice.access import Access
from backoffice.context import Context
from backoffice.declarations import Declaration
from backoffice.outcomes import Declined, Done, Outcome
from backoffice.routes import Entitlement
from backoffice.steps import Steps
from backoffice.texts import Readable, say
from backoffice.typing_in import Draft, columns_of, line_columns
from models.accounts import User
from models.base import db
from models.evidence import Series, Step, StoredFile
from models.outcomes import Adjust, Changes, Create, Insert, Put
from models.register import Act, Numbering

_SILENT = frozenset({"updated_at", "updated_by"})
_PERIODS = {"year": "%Y", "month": "%Y%m", "day": "%Y%m%d"}


@dataclass
class _Other:
    """A change of another register's record, told in that record's own history."""

    register: str
    record_id: int
    changes: dict[str, list[Any]] = field(default_factory=dict)
    lines: dict[str, dict[str, dict[str, list[Any]]]] = field(default_factory=dict)
    act: str = ""


class Writer:
    """Writes one draft."""

    def __init__(
        self, actor: Access, declaration: Declaration, draft: Draft, context: Context, act: str, now: dt.datetime
    ) -> None:
        self.actor = actor
        self.declaration = declaration
        self.draft = draft
        self.context = context
        self.name = act
        self.now = now
        self.entitlement: Entitlement | None = None
        self.on_behalf_of: int | None = None
        self._wishes: list[tuple[Adjust | Put, str]] = []
        self._insert: list[Insert] = []
        self._create: list[Create] = []
        self._others: dict[tuple[str, int], _Other] = {}
        self._own_lines: dict[str, dict[str, dict[str, list[Any]]]] = {}
        self._cancelled: list[str] = []

    # ---- what effects ask for --------------------------------------------------------------------------------------

    def take(self, changes: Changes, rule: str = "") -> Declined | None:
        """Apply the changes to the draft; what touches other records is kept for later. `rule` answers for a shortage."""
        for name, value in changes.values.items():
            setattr(
                self.draft.record, f"{name}_id" if isinstance(value, int) and self._is_reference(name) else name, value
            )
        for child, rows in changes.lines.items():
            for line, values in zip(self.draft.load(self.declaration.children[child]).kept, rows, strict=True):
                for name, value in values.items():
                    setattr(line, name, value)
        self.context.warnings.extend(changes.warnings)
        self._insert.extend(changes.insert)
        self._create.extend(changes.create)
        self._wishes.extend((wish, wish.rule or rule) for wish in changes.put)
        for wish in changes.adjust:
            if (wish.register, wish.id) != (self.declaration.name, self.draft.record.id):
                self._wishes.append((wish, wish.rule or rule))
                continue
            value = getattr(self.draft.record, wish.field) + wish.delta
            if value < 0:
                return self._short(wish, wish.rule or rule)
            setattr(self.draft.record, wish.field, value)
        return None

    def _short(self, wish: Adjust | Put, rule: str) -> Declined:
        found = self.declaration.rules.get(rule)
        return Declined(wish.reason, rule if found else "", found.clause if found else "")

    def _is_reference(self, name: str) -> bool:
        return name in self.declaration.fields and self.declaration.fields[name].kind in {"ref", "file"}

    # ---- the three ways of writing ---------------------------------------------------------------------------------

    def insert(self) -> Outcome:
        record = self.draft.record
        if record._meta.fields.get("created_at") is not None:
            record.created_at = record.updated_at = self.now
        record.version = 1
        self._give_numbers(self.declaration, record)
        record.save(force_insert=True)
        refusal = self._write_rest()
        if refusal is not None:
            return refusal
        return self._finish({}, created=True)

    def update(self, steps: Steps) -> Outcome:
        changed = self._changed()
        touched = self._lines_touched()
        if not changed and not touched and not self.draft.files and not self.draft.lines_removed():
            return self._done([])
        self._cancel_signatures(steps, {*changed, *touched})
        self._save_record()
        refusal = self._write_rest()
        return refusal if refusal is not None else self._finish({})

    def act(self, act: Act, steps: Steps) -> Outcome:
        entitlement = self.entitlement
        assert entitlement is not None  # noqa: S101 - narrows the type
        if act.cancels:
            self._cancel(steps, [slot for slot in self.declaration.slots if steps.valid(slot) is not None], act.name)
        self._save_record()
        refusal = self._write_rest()
        if refusal is not None:
            return refusal
        before = self.draft.before.get("state") or ""
        reason = str(self.context.inputs.get("reason") or "")
        Step.insert(
            register=self.declaration.name,
            record_id=self.draft.record.id,
            act=act.name,
            slot=entitlement.slot,
            source=before,
            target=act.target,
            actor=self.actor.id,
            actor_name=self.actor.name,
            role=entitlement.hat.role if entitlement.hat is not None else "",
            on_behalf_of=entitlement.on_behalf_of,
            at=self.now,
            opinion=reason,
            agreed=act.agrees,
            version=self.draft.record.version,
        ).execute()
        detail: dict[str, Any] = {"reason": reason} if reason else {}
        if entitlement.slot:
            detail["signed"] = entitlement.slot
        return self._finish(detail)

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _changed(self) -> list[str]:
        after = columns_of(self.declaration, self.draft.record)
        return [name for name, value in after.items() if value != self.draft.before.get(name) and name not in _SILENT]

    def _lines_touched(self) -> list[str]:
        found = []
        for name, lines in self.draft.lines.items():
            same = len(lines.kept) == len(lines.before) and all(
                line.id in lines.before and line_columns(lines.info, line) == lines.before[line.id]
                for line in lines.kept
            )
            if not same:
                found.append(name)
        return found

    def _save_record(self) -> None:
        record = self.draft.record
        old = record.version
        record.version = old + 1
        record.updated_at = self.now
        if "updated_by" in self.declaration.columns:
            record.updated_by = self.actor.id
        model = self.declaration.model
        values = {field: record.__data__[field.name] for field in record.dirty_fields}
        written = model.update(values).where((model.id == record.id) & (model.version == old)).execute()
        if written != 1:
            raise RuntimeError("a locked record changed under its lock")
        record._dirty.clear()

    def _write_rest(self) -> Declined | None:
        self._write_lines()
        refusal = self._write_others()
        if refusal is not None:
            return refusal
        for name, file_id in dict.fromkeys(self.draft.files):
            free = (StoredFile.id == file_id) & StoredFile.record_id.is_null()
            if StoredFile.update(record_id=self.draft.record.id).where(free).execute() != 1:
                # Another record has taken it since it was checked.
                return Declined(say("Choose the file again."))
            if name == "attachments":
                stored = StoredFile.get_by_id(file_id)
                self._own_lines.setdefault("attachments", {})[str(file_id)] = {"name": [None, stored.name]}
        return None

    def _write_lines(self) -> None:
        for name, lines in self.draft.lines.items():
            told = self._own_lines.setdefault(name, {})
            for line in lines.removed:
                line.delete_instance(recursive=False)
                told[str(line.id)] = {
                    key: [history.plain(value), None]
                    for key, value in lines.before[line.id].items()
                    if value is not None
                }
            for position, line in enumerate(lines.kept):
                if line.id is None:
                    setattr(line, f"{lines.info.child.owner}_id", self.draft.record.id)
                    line.position = position
                    line.save(force_insert=True)
                    # SQLite may give the new line the id of one that has just gone: then it is told as that one's change.
                    gone = told.get(str(line.id), {})
                    told[str(line.id)] = {
                        key: [gone[key][0] if key in gone else None, history.plain(value)]
                        for key, value in line_columns(lines.info, line).items()
                        if value is not None or key in gone
                    }
                    continue
                before = lines.before[line.id]
                changes = {
                    key: [history.plain(before[key]), history.plain(value)]
                    for key, value in line_columns(lines.info, line).items()
                    if value != before[key]
                }
                if lines.removed or any(other.id is None for other in lines.kept):
                    line.position = position
                if line.dirty_fields:
                    line.save()
                if changes:
                    told[str(line.id)] = changes
            if not told:
                del self._own_lines[name]

    def _write_others(self) -> Declined | None:
        """Columns of other records, under their locks in one order, and rows the system adds to child tables."""
        for wish, rule in sorted(self._wishes, key=lambda one: (one[0].register, one[0].id)):
            refused = self._put_elsewhere(wish, rule) if isinstance(wish, Put) else self._add_elsewhere(wish, rule)
            if refused is not None:
                return refused
        for added in self._insert:
            child = self.actor.catalogue[added.register].children[added.child]
            record_id = added.record_id or self.draft.record.id
            line = child.model(**{child.child.owner: record_id}, **added.values)
            line.save(force_insert=True)
            shown = {
                key: [None, history.plain(value)]
                for key, value in line_columns(child, line).items()
                if value is not None
            }
            if added.register == self.declaration.name and record_id == self.draft.record.id:
                self._own_lines.setdefault(added.child, {})[str(line.id)] = shown
            else:
                told = self._others.setdefault((added.register, record_id), _Other(added.register, record_id))
                told.lines.setdefault(added.child, {})[str(line.id)] = shown
        for wanted in self._create:
            self._make(wanted)
        return None

    def _make(self, wanted: Create) -> None:
        """A record the system makes beside this one; its creation is told in its own history, with the cause."""
        other = self.actor.catalogue[wanted.register]
        account = self.actor.account
        record = other.model()
        if other.is_record:
            record.state = other.first_state
            record.owner = record.created_by = record.updated_by = account.id
            record.department = record.maker_department = account.department_id
        for name, value in wanted.values.items():
            info = other.fields.get(name)
            setattr(record, f"{name}_id" if info is not None and info.kind in {"ref", "file"} else name, value)
        record.created_at = record.updated_at = self.now
        self._give_numbers(other, record)
        record.save(force_insert=True)
        told = self._others.setdefault((other.name, record.id), _Other(other.name, record.id, act="create"))
        told.changes.update(
            {name: [None, value] for name, value in columns_of(other, record).items() if value is not None}
        )

    def _locked(self, register: str, record_id: int) -> Any:
        model = self.actor.catalogue[register].model
        query = model.select().where(model.id == record_id)
        return (query.for_update() if db.for_update else query).first()

    def _tell(self, register: str, record_id: int, name: str, before: Any, after: Any) -> None:
        told = self._others.setdefault((register, record_id), _Other(register, record_id))
        told.changes[name] = [told.changes.get(name, [before])[0], after]

    def _add_elsewhere(self, wish: Adjust, rule: str) -> Declined | None:
        other, row = self.actor.catalogue[wish.register], self._locked(wish.register, wish.id)
        before = getattr(row, wish.field) if row is not None else 0
        if row is None or before + wish.delta < 0:
            return self._short(wish, rule)
        other.model.update({other.columns[wish.field]: before + wish.delta}).where(other.model.id == wish.id).execute()
        self._tell(wish.register, wish.id, wish.field, before, before + wish.delta)
        if wish.told is not None:
            self._insert.append(replace(wish.told, values={**wish.told.values, wish.balance: before + wish.delta}))
        return None

    def _put_elsewhere(self, wish: Put, rule: str) -> Declined | None:
        """Columns of another record, which thereby becomes a new version."""
        other, row = self.actor.catalogue[wish.register], self._locked(wish.register, wish.id)
        if row is None or any(row.__data__[name] not in allowed for name, allowed in wish.expected.items()):
            return self._short(wish, rule)
        before = {name: row.__data__[name] for name in wish.values}
        new = {name: value for name, value in wish.values.items() if before[name] != value}
        if not new:
            return None
        columns: dict[str, Any] = {**new, "version": row.version + 1, "updated_at": self.now}
        if "updated_by" in other.columns:
            columns["updated_by"] = self.actor.id
        written = {other.columns[name]: value for name, value in columns.items()}
        other.model.update(written).where(other.model.id == wish.id).execute()
        for name, value in new.items():
            self._tell(wish.register, wish.id, name, before[name], value)
        return None

    def _cancel_signatures(self, steps: Steps, changed: set[str]) -> None:
        """A later change of a signed field cancels that signature and those after it (registers.md 0)."""
        first: dt.datetime | None = None
        for slot in self.declaration.slots.values():
            row = steps.valid(slot.name)
            if row is not None and changed & set(slot.fields) and (first is None or row.at < first):
                first = row.at
        if first is not None:
            fallen = [row.slot for row in steps.rows if row.slot and row.cancelled_at is None and row.at >= first]
            self._cancel(steps, fallen, "update")

    def _cancel(self, steps: Steps, slots: Sequence[str], why: str) -> None:
        if slots:
            Step.update(cancelled_at=self.now, cancelled_why=why).where(
                (Step.register == self.declaration.name)
                & (Step.record_id == self.draft.record.id)
                & Step.slot.in_(list(slots))
                & Step.cancelled_at.is_null()
            ).execute()
            self._cancelled.extend(slots)

    def _give_numbers(self, declaration: Declaration, record: Any) -> None:
        """The number of a new record and its further series."""
        numbering = declaration.register.numbering
        if numbering is not None:
            record.number = self._next(declaration.name, numbering, text=True)
        for series in declaration.series:
            info = declaration.fields[series.field]
            following = self._next(series_key(declaration, series.field), series.numbering, text=not info.numeric)
            setattr(record, series.field, following)

    def _next(self, key: str, numbering: Numbering, *, text: bool) -> Any:
        """The next number of a series, under the lock of its row: no gap, no double (P3)."""
        period = period_of(numbering, self.now)
        given = Series.insert(register=key, period=period, last=1).on_conflict(
            conflict_target=[Series.register, Series.period], update={Series.last: Series.last + 1}
        )
        ((last,),) = given.returning(Series.last).tuples().execute()
        return f"{numbering.prefix}-{period}-{last:0{numbering.width}d}" if text else last

    # ---- history ---------------------------------------------------------------------------------------------------

    def _finish(self, detail: Mapping[str, Any], *, created: bool = False) -> Outcome:
        record = self.draft.record
        after = columns_of(self.declaration, record)
        changes = {
            name: [history.plain(self.draft.before.get(name)), history.plain(value)]
            for name, value in after.items()
            if value != self.draft.before.get(name)
            and name not in self.declaration.untold
            and (created or name not in _SILENT)
            and not (created and value is None)
        }
        told: dict[str, Any] = {**detail, "version": record.version, "changes": changes}
        if self._own_lines:
            told["lines"] = self._own_lines
        if self._cancelled:
            told["cancelled"] = self._cancelled
        entries = [
            (
                self.declaration.name,
                record.id,
                _name_of(self.declaration, record),
                self.name,
                told,
            )
        ]
        for other in self._others.values():
            declaration = self.actor.catalogue[other.register]
            row = declaration.model.get_by_id(other.record_id)
            entry: dict[str, Any] = {
                "version": row.version,
                "changes": {key: [history.plain(a), history.plain(b)] for key, (a, b) in other.changes.items()},
                "cause": f"{self.declaration.name} {getattr(record, 'number', '')}".strip(),
            }
            if other.lines:
                entry["lines"] = other.lines
            entries.append(
                (
                    other.register,
                    row.id,
                    _name_of(declaration, row),
                    other.act or self.name,
                    entry,
                )
            )
        if "history" in self.declaration.marks or not any(
            "history" in rule.marks for rule in self.declaration.register.rules
        ):
            behalf = self.entitlement.on_behalf_of if self.entitlement is not None else self.on_behalf_of
            principal = User.get_by_id(behalf) if behalf is not None else None
            hints: list[tuple[str, int, str, str, dict[str, Any]]] = [
                (self.declaration.name, record.id, entries[0][2], hint.partition(":")[2], {})
                for hint in self.context.hints
            ]
            if self._others:
                history.prepare({entry[0] for entry in entries}, self.now)
            for register, record_id, number, act, entry in sorted([*entries, *hints], key=lambda one: one[0]):
                history.record(
                    f"{register}:{act}",
                    now=self.now,
                    actor=self.actor,
                    register=register,
                    record_id=record_id,
                    number=number,
                    detail=entry,
                    on_behalf_of=principal,
                    address=self.actor.address,
                )
        return self._done(self.context.warnings)

    def _done(self, warnings: Sequence[Readable]) -> Done:
        record = self.draft.record
        number = _name_of(self.declaration, record)
        return Done(record.id, number, str(getattr(record, "state", "")), record.version, self.name, tuple(warnings))


def series_key(declaration: Declaration, field: str) -> str:
    """Under which name the last number of a further series is kept."""
    return f"{declaration.name}.{field}"


def period_of(numbering: Numbering, at: dt.datetime) -> str:
    """The period of a series at a moment, in the company's time zone. > 2025   202503   20250305"""
    return f"{at.astimezone(clock.company_zone()):{_PERIODS[numbering.per]}}"


def _name_of(declaration: Declaration, record: Any) -> str:
    """What a record is called in messages and in the history: its number, or of a master the first text of its label."""
    first = record.__data__.get(declaration.register.label[0])
    return str(
        getattr(record, "number", "") or getattr(record, "code", "") or (first if isinstance(first, str) else "")
    )


__all__ = ["Context", "Writer", "period_of", "series_key"]
