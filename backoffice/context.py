"""What guards, effects and computations may know besides the record: settings, steps, other records, people (models.outcomes.Context)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from backoffice import clock
from backoffice.access import Access, all_of
from backoffice.declarations import Declaration
from backoffice.steps import Steps
from backoffice.texts import Readable
from backoffice.typing_in import Draft
from models.accounts import User, UserRole
from models.evidence import AuditEvent, Step
from models.params import param, setting
from models.register import Text

MOST_NAMED = 20


class Context:
    """What guards, effects and computations are given (models.outcomes.Context)."""

    def __init__(
        self, actor: Access, declaration: Declaration, draft: Draft, steps: Steps, act: str, now: dt.datetime
    ) -> None:
        self.act = act
        self.now = now
        self.today = now.astimezone(clock.company_zone()).date()
        self.actor = actor
        self.acting = frozenset({actor.id})
        self.inputs: dict[str, Any] = {}
        self.warnings: list[Readable] = []
        self.hints: list[str] = []
        self._declaration = declaration
        self._draft = draft
        self._steps = steps

    def param(self, name: str, on: dt.date | None = None) -> Decimal:
        return param(name, on or self.today)

    def setting(self, name: str, on: dt.date | None = None) -> str:
        return setting(name, on or self.today)

    def local(self, instant: dt.datetime) -> dt.datetime:
        return instant.astimezone(clock.company_zone())

    def lines(self, child: str) -> Sequence[Any]:
        """The lines of a child table, none of one that is switched off with its rule."""
        found = self._declaration.children.get(child)
        return self._draft.load(found).kept if found is not None else ()

    def before(self, name: str) -> Any:
        return self._draft.before.get(name)

    def open_records(self) -> Sequence[Text]:
        """Records that keep this one from being closed: what every register says it holds, whoever may see it."""
        found: list[Text] = []
        for other in self.actor.catalogue.values():
            for name, states in other.register.holds:
                if other.fields[name].target == self._declaration.name:
                    found.extend(self._held(other, name, states))
        return found

    def _held(self, other: Declaration, name: str, states: Sequence[str]) -> list[Text]:
        held = states or [state.code for state in other.states.values() if not state.ends]
        where = (other.columns[name] == self._draft.record.id) & other.columns["state"].in_(list(held))
        if not other.model.select(other.model.id).where(where).exists():
            return []
        readable = all_of([where, self.actor.scope(other)])
        title = Text(other.register.zh, other.register.en)
        if readable is False:
            return [title]
        query = other.model.select(other.columns["number"]).where(readable).order_by(other.model.id).limit(MOST_NAMED)
        numbers = [row.number for row in query]
        return [Text(f"{title.zh} {number}", f"{title.en} {number}") for number in numbers] or [title]

    def signed_at(self, slot: str) -> dt.datetime | None:
        return self._steps.signed_at(slot)

    def acted(self, act: str) -> bool:
        """Whether the act was ever taken on the record."""
        return any(row.act == act for row in self._steps.rows)

    def took(self, register: str, *records: int) -> Mapping[str, frozenset[int]]:
        """Who stands behind each step of other records, principals too: by act, and by slot while the signature stands."""
        found: dict[str, set[int]] = {}
        query = Step.select().where((Step.register == register) & Step.record_id.in_(sorted(records)))
        for row in query:
            people = {row.actor_id, row.on_behalf_of_id} - {None}
            for side in {row.act, row.slot} - {""}:
                if row.cancelled_at is None:
                    found.setdefault(side, set()).update(people)
        return {side: frozenset(people) for side, people in found.items()}

    def has_role(self, user_id: int, role: str) -> bool:
        return self.actor.staff.has(user_id, role)

    def account_named(self, name: str) -> bool:
        return bool(User.select(User.id).where(User.name == name.strip()).exists())

    def another(self, column: str, value: Any) -> bool:
        """Whether another record of the register has this value, whoever may see it."""
        model = self._declaration.model
        query = model.select(model.id).where(getattr(model, column) == value)
        if self._draft.record.id is not None:
            query = query.where(model.id != self._draft.record.id)
        return bool(query.exists())

    def found(self, register: str, **columns: Any) -> Sequence[Any]:
        """The records of a register with these values, without this one, whoever may see them, the oldest first."""
        declaration = self.actor.catalogue[register]
        parts = [
            column.in_(value) if isinstance(value, tuple) else column == value
            for column, value in ((declaration.columns[name], value) for name, value in columns.items())
        ]
        if declaration is self._declaration and self._draft.record.id is not None:
            parts.append(declaration.model.id != self._draft.record.id)
        return list(declaration.model.select().where(*parts).order_by(declaration.model.id))

    def lines_of(self, register: str, record_id: int, child: str) -> Sequence[Any]:
        """The lines of a child table of a record elsewhere, in their order, whoever may see them."""
        found = self.actor.catalogue[register].children.get(child)
        if found is None:
            return []
        query = found.model.select().where(found.owner == record_id)
        return list(query.order_by(found.model.position, found.model.id))

    def people(self, role: str, group_id: int | None = None, *, area_id: int | None = None) -> Sequence[int]:
        """The active accounts of a group or an area that hold the role, in the order of their ids."""
        if group_id is None and area_id is None:
            return []
        place = User.group == group_id if group_id is not None else User.area == area_id
        query = User.select(User.id).join(UserRole, on=(UserRole.user == User.id))
        query = query.where(place & (UserRole.role == role) & (User.active == True))  # noqa: E712 - SQL, not Python
        return [user.id for user in query.order_by(User.id)]

    def staff_names(self, role: str, department_id: int | None) -> Sequence[str]:
        """The names of the active accounts of a department that hold the role."""
        ids = sorted(self.actor.staff.holders(role, department_id))
        return [user.name for user in User.select(User.name).where(User.id.in_(ids))] if ids else []

    def limit_reached(self, what: str, most: int, minutes: int) -> bool:
        """Whether the person did this `most` times in the last minutes; if not, this time is entered in the history."""
        action = f"{self._declaration.name}:{what}"
        since = self.now - dt.timedelta(minutes=minutes)
        query = AuditEvent.select(AuditEvent.id).where(
            (AuditEvent.actor == self.actor.id) & (AuditEvent.action == action) & (AuditEvent.at > since)
        )
        if query.count() >= most:
            return True
        self.hints.append(action)
        return False


__all__ = ["Context"]
