"""The steps and signatures of a record, and the separation of duties between them (organisation.md 5, ACL-03)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from backoffice.access import Access, Condition, any_of
from backoffice.declarations import Declaration
from backoffice.outcomes import Declined
from backoffice.people import Hat
from backoffice.routes import Entitlement
from backoffice.texts import say
from models.evidence import Step
from models.register import Act, By, Route, Text


@dataclass(frozen=True)
class Steps:
    """All steps of one record, oldest first."""

    rows: tuple[Step, ...]

    @classmethod
    def none(cls) -> Steps:
        return cls(())

    @classmethod
    def of(cls, declaration: Declaration, record: Any) -> Steps:
        query = Step.select().where((Step.register == declaration.name) & (Step.record_id == record.id))
        return cls(tuple(query.order_by(Step.id)))

    @classmethod
    def of_many(cls, declaration: Declaration, ids: Iterable[int]) -> dict[int, Steps]:
        """Steps of several records, in one query."""
        wanted = list(ids)
        found: dict[int, list[Step]] = {record_id: [] for record_id in wanted}
        if wanted and declaration.acts:
            query = (
                Step.select().where((Step.register == declaration.name) & Step.record_id.in_(wanted)).order_by(Step.id)
            )
            for step in query:
                found[step.record_id].append(step)
        return {record_id: cls(tuple(rows)) for record_id, rows in found.items()}

    def valid(self, slot: str) -> Step | None:
        """The signature that stands in the slot now."""
        return next((row for row in reversed(self.rows) if row.slot == slot and row.cancelled_at is None), None)

    def signed_at(self, slot: str) -> dt.datetime | None:
        row = self.valid(slot)
        return row.at if row is not None else None

    def conflict(
        self, actor: Access, declaration: Declaration, record: Any, entitlement: Entitlement
    ) -> Declined | None:
        """Why this person may not take this side, after whoever took the other. Both the actor and the one he stands in for count."""
        people = {actor.id, entitlement.on_behalf_of, actor.acts_for(declaration, record)} - {None}
        sides = {entitlement.act.name, entitlement.slot} - {""}
        for rule in declaration.rules.values():
            for first, second in rule.pairs:
                other = second if first in sides else first if second in sides else ""
                if other and people & self._persons(record, other):
                    return Declined(_same_person(other, declaration), rule.id, rule.clause)
        approves = (entitlement.slot or not entitlement.act.agrees) and not entitlement.by.person
        if approves and "maker_never_approves" in declaration.marks:
            makers = {getattr(record, "created_by_id", None), getattr(record, "owner_id", None)}
            if people & makers:
                rule = next(rule for rule in declaration.rules.values() if "maker_never_approves" in rule.marks)
                return Declined(say("Nobody approves a record of his own."), rule.id, rule.clause)
        return None

    @staticmethod
    def conflict_in_sql(
        access: Access, declaration: Declaration, act: Act, route: Route, by: By, hat: Hat | None
    ) -> Condition:
        """As `conflict`, of all records of the register at once."""
        lender = hat.on_behalf_of if hat is not None else None
        people = [access.id] if lender is None else [access.id, lender]
        slot = route.signs or act.signs
        sides = {act.name, slot} - {""}
        model = declaration.model
        found: list[Condition] = []
        for rule in declaration.rules.values():
            for first, second in rule.pairs:
                other = second if first in sides else first if second in sides else ""
                if other:
                    found.append(_on_side(declaration, other, people))
        approves = (slot or not act.agrees) and not by.person
        if approves and "maker_never_approves" in declaration.marks:
            found.append(model.created_by.in_(people) | model.owner.in_(people))
        return any_of(found)

    def _persons(self, record: Any, side: str) -> set[int]:
        """Who stands on a side: a person of the record, or whoever filled the slot or took the act (and his principal)."""
        if hasattr(record, f"{side}_id"):
            value = getattr(record, f"{side}_id")
            return {value} if value is not None else set()
        found: set[int] = set()
        for row in self.rows:
            if side in {row.slot, row.act} and row.cancelled_at is None:
                found.add(row.actor_id)
                if row.on_behalf_of_id is not None:
                    found.add(row.on_behalf_of_id)
        return found


def _on_side(declaration: Declaration, side: str, people: Sequence[int]) -> Condition:
    """Where one of these people stands on a side; never unknown, so that its opposite holds on all other records."""
    model = declaration.model
    if side in model._meta.fields:
        column = getattr(model, side)
        return column.is_null(False) & column.in_(people)
    taken = Step.select(Step.record_id).where(
        (Step.register == declaration.name)
        & Step.cancelled_at.is_null()
        & ((Step.slot == side) | (Step.act == side))
        & (Step.actor.in_(people) | Step.on_behalf_of.in_(people))
    )
    return model.id.in_(taken)


def _same_person(side: str, declaration: Declaration) -> Any:
    named: Any = declaration.slots.get(side) or declaration.acts.get(side)
    if named is None and side in declaration.fields:
        named = declaration.fields[side].field
    if named is None:
        return say("The same person may not do both.")
    return say("The same person may not do both: you already stand for “{side}”.", side=Text(named.zh, named.en))
