"""Who may take which act: the routes of a declaration read for one person, in Python for a record and in SQL for a scope.

Sources: decisions.md 2 (posts that sign for all, managers that sign for the owner's department), 12, 33 (a department without a
manager is signed for by its stand-in).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from backoffice.declarations import Declaration
from backoffice.people import Hat, Staff
from models.accounts import UserRole
from models.register import Act, By, Route, When

if TYPE_CHECKING:
    from backoffice.access import Access


def holds(record: Any, when: When, declaration: Declaration | None = None) -> bool:
    """Whether a record meets a condition of a declaration. A condition that belongs to a rule falls with its row."""
    if declaration is not None and when.rule in declaration.absent:
        return True
    value = getattr(record, when.field, None)
    value = getattr(value, "code", value)
    return (value in when.values) is not when.negate


def leads_over(declaration: Declaration, facts: Any, slot: str) -> bool:
    """Whether a road of this record, by its own values, leads over the signature: a roadshow has other signers than a visit."""
    return any(
        slot in (route.signs, act.signs) and all(holds(facts, when, declaration) for when in route.when)
        for act in declaration.acts.values()
        for route in act.routes
    )


def holds_in_sql(model: Any, when: When) -> Any:
    column = getattr(model, when.field)
    some = [value for value in when.values if value is not None]
    if None in when.values:
        found = column.is_null() | column.in_(some) if some else column.is_null()
        return ~found if when.negate else found
    return column.not_in(some) if when.negate else column.in_(some)


@dataclass(frozen=True)
class Entitlement:
    """One way of acting: the act, its road, who is meant by it, and the hat worn for it (None: as the person himself)."""

    access: Any
    declaration: Declaration
    act: Act
    route: Route
    by: By
    hat: Hat | None

    @property
    def on_behalf_of(self) -> int | None:
        return self.hat.on_behalf_of if self.hat is not None else None

    @property
    def slot(self) -> str:
        return self.route.signs or self.act.signs

    def where(self, model: Any) -> Any:
        """The records that wait for this, in SQL."""
        parts = [model.state.in_(list(self.route.sources))] if self.route.sources else []
        parts.extend(holds_in_sql(model, when) for when in self.route.when)
        people = self._people_in_sql(model)
        if people is False:
            return False
        if people is not True:
            parts.append(people)
        return reduce(and_, parts) if parts else True

    def _people_in_sql(self, model: Any) -> Any:
        assert self.hat is not None  # noqa: S101 - narrows the type
        staff = self.access.staff
        parts: list[Any] = []
        if self.by.owner_role:
            parts.append(model.owner.in_(UserRole.select(UserRole.user).where(UserRole.role == self.by.owner_role)))
        if self.by.of == "company" and self.by.role != self.hat.role:
            parts.append(self._alone_in_sql(model))
        elif self.by.of == "department" and self.by.role == self.hat.role:
            if self.hat.department_id is None:
                return False
            parts.append(model.department == self.hat.department_id)
        elif self.by.of == "area":
            if self.hat.area_id is None:
                return False
            parts.append(model.area == self.hat.area_id)
        elif self.by.of in {"owner_department", "department"}:
            if self.by.role == self.hat.role:
                signed = staff.signed_by(self.hat.department_id)
                if not signed:
                    return False
                parts.append(model.department.in_(sorted(signed)))
            else:
                parts.append(self._orphaned_in_sql(model))
        return reduce(and_, parts) if parts else True

    def _alone_in_sql(self, model: Any) -> Any:
        """Records for which nobody else in the company holds the role."""
        holders = _everywhere(self.access.staff, self.by)
        if len(holders) > 1:
            return model.id < 0
        return _persons(model, holders) if holders else model.id > 0

    def _orphaned_in_sql(self, model: Any) -> Any:
        """Departments without anybody else in the role: their records go to the stand-in."""
        staff = self.access.staff
        alone: Any = None
        for department in staff.departments():
            place = department if self.by.of == "department" else staff.signing_department(department)
            holders = _holders(staff, self.by, place)
            if len(holders) > 1:
                continue
            here = model.department == department
            if holders:
                (only,) = holders
                here = here & ((model.owner == only) | (model.created_by == only))
            alone = here if alone is None else (alone | here)
        return alone if alone is not None else (model.id < 0)


class Entitlements:
    """The entitlements of one person in one register."""

    def __init__(self, access: Access, declaration: Declaration) -> None:
        self.access = access
        self.declaration = declaration

    def by_role(self) -> Iterator[Entitlement]:
        """Every act the person's roles give him in some state, for the scope."""
        for act in self.declaration.acts.values():
            for route in act.routes:
                if not route.sources:
                    continue
                for by in route.who:
                    for hat in () if by.person else self._hats(by):
                        yield Entitlement(self.access, self.declaration, act, route, by, hat)

    def ever(self, act_name: str) -> bool:
        """Whether some road of the act is open to the person's roles at all; a person of the record needs a role that makes records."""
        act = self.declaration.acts.get(act_name)
        if act is None:
            return False
        makes = self.access.may(self.declaration, "create") or self.access.may(self.declaration, "update")
        return any(bool(list(self._hats(by))) if by.role else makes for route in act.routes for by in route.who)

    def on(self, record: Any, act_name: str, *, any_source: bool = False, any_road: bool = False) -> list[Entitlement]:
        """The ways open now; `any_source` leaves the state aside, `any_road` the conditions of the roads."""
        act = self.declaration.acts[act_name]
        state = getattr(record, "state", "")
        found: list[Entitlement] = []
        for route in act.routes:
            if route.sources and state not in route.sources and not any_source:
                continue
            if not any_road and not all(holds(record, when) for when in route.when):
                continue
            for by in route.who:
                found.extend(self._matching(record, act, route, by))
        return found

    def _matching(self, record: Any, act: Act, route: Route, by: By) -> Iterator[Entitlement]:
        if by.person and by.role:
            for hat in self._hats(by):
                if self.access.stands_in(self.declaration, record, by.person, hat.user_id, hat.department_id):
                    yield Entitlement(self.access, self.declaration, act, route, by, hat)
            return
        if by.person:
            me, place = self.access.id, self.access.account.department_id
            if self.access.stands_in(self.declaration, record, by.person, me, place):
                yield Entitlement(self.access, self.declaration, act, route, by, None)
                return
            owner = self.access.acts_for(self.declaration, record) if by.person == "owner" else None
            if owner is not None:
                lent = Hat("", owner, None, None, None, on_behalf_of=owner)
                yield Entitlement(self.access, self.declaration, act, route, by, lent)
            return
        for hat in self._hats(by):
            if self._fits(record, by, hat):
                yield Entitlement(self.access, self.declaration, act, route, by, hat)

    def _hats(self, by: By) -> Iterator[Hat]:
        for hat in self.access.hats:
            if hat.role == by.role:
                if by.of != "own_department" or self.access.staff.department_code(hat.department_id) == by.department:
                    yield hat
            elif by.stand_in and hat.role == by.stand_in:
                yield hat

    def _fits(self, record: Any, by: By, hat: Hat) -> bool:
        staff = self.access.staff
        owner = getattr(record, "owner_id", None)
        if by.owner_role and not staff.has(owner, by.owner_role):
            return False
        if by.of == "area":
            here = getattr(record, "area_id", None)
            return hat.role == by.role and hat.area_id is not None and hat.area_id == here
        if by.of not in {"owner_department", "department"}:
            others = _everywhere(staff, by) - {owner, getattr(record, "created_by_id", None)}
            return hat.role == by.role or (by.of == "company" and not others)
        signing = getattr(record, "department_id", None)
        if by.of == "owner_department":
            signing = staff.signing_department(signing)
        if hat.role == by.role and by.role != by.stand_in:
            return hat.department_id == signing
        return not (_holders(staff, by, signing) - {owner, getattr(record, "created_by_id", None)})


def _persons(model: Any, people: frozenset[int]) -> Any:
    """Records that one of these people owns or has made."""
    return model.owner.in_(sorted(people)) | model.created_by.in_(sorted(people))


def _everywhere(staff: Staff, by: By) -> frozenset[int]:
    """Who keeps the stand-in out of a post that exists once in the company."""
    return frozenset().union(*(staff.everywhere(role) for role in (by.role, *by.besides)))


def _holders(staff: Staff, by: By, department_id: int | None) -> frozenset[int]:
    """Who keeps the stand-in out: everybody there in the role or one of those beside it."""
    return frozenset().union(*(staff.holders(role, department_id) for role in (by.role, *by.besides)))


__all__ = ["Entitlement", "Entitlements", "holds", "holds_in_sql"]
