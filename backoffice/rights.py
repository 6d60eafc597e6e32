"""What one person may see and do, register by register, and by which role: read off the same `Access` that answers his requests.

Nothing here decides. Each figure is counted with the conditions that his own lists, masks and acts are made of, in one query for a
register, so that this account of his rights cannot say something else than the pages do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from peewee import Case, fn

from backoffice.access import EVERYTHING, NOTHING, Access, Condition, all_of, any_of, opposite
from backoffice.declarations import Declaration, Info
from backoffice.people import Hat
from backoffice.routes import Entitlements, holds_in_sql
from backoffice.steps import Steps
from models.accounts import Delegation, ExportGrant, User
from models.register import Act, By, Grant, Print, Route

VERBS = ("read", "create", "update", "void", "approve", "export")


@dataclass(frozen=True)
class Worn:
    """A hat with the name of the absent person who lent it and the last day of the loan."""

    hat: Hat
    lender: str = ""
    until: dt.date | None = None


@dataclass(frozen=True)
class Way:
    """One grant of one role: the verbs, the rows, the fields."""

    worn: Worn
    grant: Grant
    rows: int


@dataclass(frozen=True)
class Hidden:
    """Fields that are absent or masked alike, and in how many of the rows in scope."""

    fields: tuple[Info, ...]
    rows: int


@dataclass(frozen=True)
class Road:
    """A way of taking an act: as whom, and from which states."""

    worn: Worn | None
    by: By
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Deed:
    """An act that he may take, and on how many records state and person allow it today."""

    act: Act
    roads: tuple[Road, ...]
    rows: int


@dataclass(frozen=True)
class Leave:
    """Whether he may export: letter E of a role, and the grant to the person that it needs besides."""

    letter: bool
    needs_grant: bool
    allowed: bool
    grant: Any = None


@dataclass(frozen=True)
class Rights:
    """All of one register. `beyond`: rows he reads for having made or signed them, or because they wait for him."""

    declaration: Declaration
    verbs: tuple[str, ...]
    ways: tuple[Way, ...]
    rows: int
    beyond: int
    absent: tuple[Hidden, ...]
    masked: tuple[Hidden, ...]
    untyped: tuple[Info, ...]
    update_states: tuple[str, ...]
    deeds: tuple[Deed, ...]
    leave: Leave
    prints: tuple[Print, ...]


@dataclass
class _Counter:
    """Conditions to be counted among the rows in scope, all in one query."""

    conditions: list[Condition] = field(default_factory=list)
    _found: list[int] = field(default_factory=list)

    def later(self, condition: Condition) -> Callable[[], int]:
        """What gives the number once `count` has run."""
        self.conditions.append(condition)
        return partial(self._at, len(self.conditions) - 1)

    def _at(self, position: int) -> int:
        return self._found[position]

    def count(self, declaration: Declaration, scope: Condition) -> int:
        if scope is NOTHING:
            self._found = [0] * len(self.conditions)
            return 0
        asked = [one for one in self.conditions if not isinstance(one, bool)]
        sums = [fn.COALESCE(fn.SUM(Case(None, [(one, 1)], 0)), 0) for one in asked]
        query = declaration.model.select(fn.COUNT(declaration.model.id), *sums)
        if scope is not EVERYTHING:
            query = query.where(scope)
        total, *sums = (int(one) for one in query.tuples().get())
        counted = iter(sums)
        self._found = [(total if one else 0) if isinstance(one, bool) else next(counted) for one in self.conditions]
        return int(total)


def rights_of(access: Access, names: Iterable[str] | None = None) -> Iterator[Rights]:
    """The rights of a person in each register of the catalogue, or in the named ones; nothing where he has none."""
    worn = {hat: one for hat, one in zip(access.hats, wardrobe(access), strict=True)}
    grants = {row.register: row for row in _export_grants(access)}
    for name in names if names is not None else access.catalogue:
        declaration = access.catalogue[name]
        if access.may(declaration, "read"):
            yield _Teller(access, declaration, worn).told(grants.get(name))


def wardrobe(access: Access) -> list[Worn]:
    """The hats of a person in their order, those lent to him with lender and last day. One query."""
    lenders = {hat.on_behalf_of for hat in access.hats if hat.on_behalf_of is not None}
    if not lenders:
        return [Worn(hat) for hat in access.hats]
    query = (
        Delegation.select(Delegation, User)
        .join(User, on=Delegation.owner)
        .where((Delegation.delegate == access.id) & Delegation.owner.in_(sorted(lenders)))
        .where((Delegation.starts_on <= access.today) & (Delegation.ends_on >= access.today))
        .where(Delegation.ended == False)  # noqa: E712 - SQL, not Python
    )
    loans = {(row.owner_id, row.role): row for row in query}
    found = []
    for hat in access.hats:
        loan = loans.get((hat.on_behalf_of, hat.role)) if hat.on_behalf_of is not None else None
        found.append(Worn(hat, str(loan.owner.name), loan.ends_on) if loan is not None else Worn(hat))
    return found


def _export_grants(access: Access) -> Sequence[Any]:
    """Also those that have ended: whoever asks wants to know why the button is gone."""
    return list(ExportGrant.select().where(ExportGrant.user == access.id))


class _Teller:
    """Puts the rights of one person in one register together."""

    def __init__(self, access: Access, declaration: Declaration, worn: Mapping[Hat, Worn]) -> None:
        self.access = access
        self.declaration = declaration
        self.worn = worn
        self.counter = _Counter()

    def told(self, grant: Any) -> Rights:
        access, declaration, later = self.access, self.declaration, self.counter.later
        ways = [
            (self.worn[hat], one, later(access.reach(declaration, hat, one) if self._gives_rows(one) else NOTHING))
            for hat, one in access.grants(declaration)
        ]
        own = later(any_of(view.where for view in access.views(declaration) if not view.extra))
        shown = self._shown()
        clear = self._clear()
        deeds = [(act, roads, later(where)) for act, roads, where in self._deeds()]
        rows = self.counter.count(declaration, access.scope(declaration))
        return Rights(
            declaration=declaration,
            verbs=tuple(verb for verb in VERBS if access.may(declaration, verb)),
            ways=tuple(Way(one, grant_, count()) for one, grant_, count in ways),
            rows=rows,
            beyond=rows - own(),
            absent=tuple(Hidden(fields, rows - count()) for fields, count in shown),
            masked=tuple(Hidden(fields, seen() - count()) for fields, seen, count in clear if seen() > count()),
            untyped=self._untyped(),
            update_states=declaration.update_states if access.may(declaration, "update") else (),
            deeds=tuple(Deed(act, roads, count()) for act, roads, count in deeds),
            leave=self._leave(grant),
            prints=tuple(self._prints()),
        )

    def _by_letter(self, verb: str) -> bool:
        return any(verb in grant.verbs for _, grant in self.access.grants(self.declaration))

    @staticmethod
    def _gives_rows(grant: Grant) -> bool:
        return bool({"read", "create"} & grant.verbs)

    # ---- fields ----------------------------------------------------------------------------------------------------

    def _shown(self) -> list[tuple[tuple[Info, ...], Callable[[], int]]]:
        """The fields that are not part of every row he sees, by the rows in which they are."""
        groups: dict[int, tuple[Condition, list[Info]]] = {}
        for info in self.declaration.every_field():
            condition = self.access.shown(self.declaration, info.path)
            if condition is not EVERYTHING:
                groups.setdefault(id(condition), (condition, []))[1].append(info)
        return [(tuple(fields), self.counter.later(condition)) for condition, fields in groups.values()]

    def _clear(self) -> list[tuple[tuple[Info, ...], Callable[[], int], Callable[[], int]]]:
        """The fields masked for him in some row that shows them: where they are shown, where they are clear."""
        groups: dict[tuple[int, int], tuple[Condition, Condition, list[Info]]] = {}
        for info in self.declaration.every_field():
            shown = self.access.shown(self.declaration, info.path)
            clear = self.access.clear(self.declaration, info)
            if shown is NOTHING or clear is EVERYTHING:
                continue
            groups.setdefault((id(shown), id(clear)), (shown, clear, []))[2].append(info)
        return [
            (tuple(fields), self.counter.later(shown), self.counter.later(all_of([shown, clear])))
            for shown, clear, fields in groups.values()
        ]

    def _untyped(self) -> tuple[Info, ...]:
        """Fields that only other roles type, of a register that he writes in."""
        access, declaration = self.access, self.declaration
        if not (access.may(declaration, "create") or access.may(declaration, "update")):
            return ()
        return tuple(
            info
            for info in declaration.every_field()
            if info.typed and info.field.writers and not access.roles & frozenset(info.field.writers)
        )

    # ---- acts ------------------------------------------------------------------------------------------------------

    def _deeds(self) -> Iterator[tuple[Act, tuple[Road, ...], Condition]]:
        by_role: dict[str, list[tuple[Road, Condition]]] = {}
        for one in Entitlements(self.access, self.declaration).by_role():
            if one.hat is not None:
                road = Road(self.worn[one.hat], one.by, one.route.sources)
                where = self._free(one.where(self.declaration.model), one.act, one.route, one.by, one.hat)
                by_role.setdefault(one.act.name, []).append((road, where))
        for act in self.access.open_acts(self.declaration):
            found = [*by_role.get(act.name, ()), *self._personal(act), *self._sourceless(act)]
            yield act, _distinct(road for road, _ in found), any_of(where for _, where in found)

    def _personal(self, act: Act) -> Iterator[tuple[Road, Condition]]:
        """The roads that belong to a person of the record, such as its owner or who acts for him."""
        for route in act.routes:
            for by in route.who:
                if by.person:
                    where = self._free(self._persons(route, by), act, route, by, None)
                    yield Road(None, by, route.sources), where

    def _free(self, where: Condition, act: Act, route: Route, by: By, hat: Hat | None) -> Condition:
        """The records on which nothing that he did before keeps him from acting in this way (separation of duties)."""
        return all_of([where, opposite(Steps.conflict_in_sql(self.access, self.declaration, act, route, by, hat))])

    def _persons(self, route: Route, by: By) -> Condition:
        model, access = self.declaration.model, self.access
        place = access.account.department_id
        named: list[Condition] = [access.in_person(self.declaration, model, by.person, access.id, place)]
        if by.person == "owner":
            named.append(self.access.acting(self.declaration, model))
        parts: list[Condition] = [any_of(named)]
        if route.sources:
            parts.append(model.state.in_(list(route.sources)))
        parts.extend(holds_in_sql(model, when) for when in route.when)
        return all_of(parts)

    def _sourceless(self, act: Act) -> Iterator[tuple[Road, Condition]]:
        """Acts that no state limits: of masters, on every row in scope."""
        for route in act.routes:
            if route.sources:
                continue
            for by in route.who:
                for hat in self.access.hats:
                    if by.role and by.role == hat.role:
                        conditions = [holds_in_sql(self.declaration.model, when) for when in route.when]
                        yield Road(self.worn[hat], by, ()), all_of(conditions)

    # ---- out of the house ------------------------------------------------------------------------------------------

    def _leave(self, grant: Any) -> Leave:
        declaration = self.declaration
        return Leave(
            letter=self._by_letter("export"),
            needs_grant="export_grant" in declaration.marks,
            allowed=self.access.may(declaration, "export"),
            grant=grant,
        )

    def _prints(self) -> Iterator[Print]:
        for form in self.declaration.register.prints:
            source = self.access.catalogue[form.register] if form.register else self.declaration
            if self.access.may(source, "export") if form.many else self.access.may_print(source):
                yield form


def _distinct(roads: Iterable[Road]) -> tuple[Road, ...]:
    found: list[Road] = []
    for road in roads:
        if road not in found:
            found.append(road)
    return tuple(found)


__all__ = ["Deed", "Hidden", "Leave", "Rights", "Road", "Way", "Worn", "rights_of", "wardrobe"]
