"""The one place that decides who may reach which row, see which value and do which act.

An `Access` is made once per request or command for one account. Every query for records comes from it: scope and masks are part
of the SQL, so a list, a count, a search, a lookup, an export and an error text cannot disagree. Sources: decisions.md 1 to 7,
organisation.md 3 to 5, rules ACL-03, CUS-20 to CUS-23.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import and_, or_
from typing import Any

from backoffice.declarations import ACCOUNT, Catalogue, Declaration, Info
from backoffice.people import Hat, Staff, absentees
from backoffice.routes import Entitlement, Entitlements, holds, holds_in_sql
from models.accounts import ExportGrant, User
from models.base import db
from models.evidence import Step
from models.register import Act, Grant

# Stands for the id in a statement that is built once; no id is negative.
_ANY = -(2**31)
EVERYTHING = True
NOTHING = False
# Decides rather than records: True (all rows), False (no row) or a peewee expression.
Condition = Any


def any_of(conditions: Iterable[Condition]) -> Condition:
    parts: list[Any] = []
    for condition in conditions:
        if condition is EVERYTHING:
            return EVERYTHING
        if condition is not NOTHING:
            parts.append(condition)
    return reduce(or_, parts) if parts else NOTHING


def all_of(conditions: Iterable[Condition]) -> Condition:
    parts: list[Any] = []
    for condition in conditions:
        if condition is NOTHING:
            return NOTHING
        if condition is not EVERYTHING:
            parts.append(condition)
    return reduce(and_, parts) if parts else EVERYTHING


def opposite(condition: Condition) -> Condition:
    if isinstance(condition, bool):
        return not condition
    return ~condition


@dataclass(frozen=True)
class View:
    """One way of seeing rows: which ones, with which fields (None: all), by which role. `extra`: not the role's own scope."""

    where: Condition
    fields: frozenset[str] | None
    role: str
    extra: bool = False


@dataclass
class Access:
    """What one account may reach today."""

    account: Any
    hats: tuple[Hat, ...]
    catalogue: Catalogue
    today: dt.date
    staff: Staff = field(default_factory=Staff)
    address: str = ""
    _views: dict[tuple[str, int], tuple[Any, list[View]]] = field(default_factory=dict)
    _conditions: dict[Any, Condition] = field(default_factory=dict)
    _open_acts: dict[str, list[Act]] = field(default_factory=dict)
    _locks: dict[str, tuple[str, Any]] = field(default_factory=dict)
    _absent: frozenset[int] | None = None

    @cached_property
    def exports(self) -> frozenset[str]:
        """Registers whose export was granted to the person for today. One query, when first asked."""
        ends = ExportGrant.ends_on.is_null() | (ExportGrant.ends_on >= self.today)
        query = ExportGrant.select(ExportGrant.register).where((ExportGrant.user == self.account.id) & ends)
        return frozenset(row.register for row in query)

    @property
    def id(self) -> int:
        return int(self.account.id)

    @property
    def name(self) -> str:
        return str(self.account.name)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(hat.role for hat in self.hats)

    def has_role(self, role: str) -> bool:
        return any(hat.role == role for hat in self.hats)

    # ---- deputies --------------------------------------------------------------------------------------------------

    @property
    def absent(self) -> frozenset[int]:
        """Accounts that are absent today; asked once."""
        if self._absent is None:
            self._absent = absentees(self.today)
        return self._absent

    def acts_for(self, declaration: Declaration, record: Any) -> int | None:
        """The absent owner for whom this person acts as the record's deputy, None if he does not (decisions.md 3)."""
        if not declaration.deputy or getattr(record, f"{declaration.deputy}_id", None) != self.id:
            return None
        owner = getattr(record, "owner_id", None)
        return owner if owner in self.absent else None

    # ---- persons of a record ---------------------------------------------------------------------------------------

    def in_person(
        self, declaration: Declaration, model: Any, name: str, user_id: int, department_id: int | None
    ) -> Condition:
        """Where a person of this department stands in the column (`owner`) with the rights of who stands there.

        Who changes department loses at once what he had in charge there; what he made he goes on reading (organisation.md 3.3).
        The records stay with the department that they name; a department that keeps the register has them all.
        """
        named: Condition = getattr(model, name) == user_id
        if not self._of_a_department(declaration, name, department_id):
            return named
        made = (model.created_by == user_id) & (model.maker_department == department_id)
        return named & (made if name == "created_by" else (model.department == department_id) | made)

    def stands_in(
        self, declaration: Declaration, record: Any, name: str, user_id: int, department_id: int | None
    ) -> bool:
        """As `in_person`, for a record that was read."""
        if getattr(record, f"{name}_id", None) != user_id:
            return False
        if not self._of_a_department(declaration, name, department_id):
            return True
        made = (record.created_by_id, record.maker_department_id) == (user_id, department_id)
        return made or (name != "created_by" and record.department_id == department_id)

    def _of_a_department(self, declaration: Declaration, name: str, department_id: int | None) -> bool:
        """Whether rights in the column hang on the person's department: not of a handler named from anywhere."""
        kept_by = declaration.register.kept_by
        return (
            declaration.is_record
            and name in {"owner", "created_by", declaration.deputy}
            and department_id is not None
            and not (kept_by and self.staff.department_code(department_id) in kept_by)
        )

    def acting(self, declaration: Declaration, model: Any) -> Condition:
        """The records on which the person acts as deputy of an absent owner."""
        if not declaration.deputy or not self.absent:
            return NOTHING
        return (getattr(model, declaration.deputy) == self.id) & model.owner.in_(sorted(self.absent))

    # ---- verbs -----------------------------------------------------------------------------------------------------

    def grants(self, declaration: Declaration) -> list[tuple[Hat, Grant]]:
        access = declaration.register.access
        return [(hat, grant) for hat in self.hats for grant in access.get(hat.role, ())]

    def may(self, declaration: Declaration, verb: str) -> bool:
        """Whether a role of the person has the verb anywhere in this register (403 otherwise)."""
        if verb == "read":
            return bool(self.grants(declaration))
        if verb == "update":
            return any(
                "update" in grant.verbs or ("create" in grant.verbs and declaration.register.owner_updates)
                for _, grant in self.grants(declaration)
            )
        if verb in {"export", "print_list"}:
            return self._may_export(declaration)
        return any(verb in grant.verbs for _, grant in self.grants(declaration))

    def _may_export(self, declaration: Declaration) -> bool:
        """Letter E is the most a person may have; the grant is personal (decisions.md 5, CUS-22)."""
        if not any("export" in grant.verbs for _, grant in self.grants(declaration)):
            return False
        return declaration.name in self.exports or "export_grant" not in declaration.marks

    def may_print(self, declaration: Declaration) -> bool:
        """Whether forms of single records may be printed: by every reader, unless the register asks for the grant."""
        return (
            self.may(declaration, "export") if declaration.register.print_needs_grant else self.may(declaration, "read")
        )

    # ---- rows ------------------------------------------------------------------------------------------------------

    def views(self, declaration: Declaration, model: Any = None) -> list[View]:
        """The ways this person sees the register, over `model` or an alias of it."""
        target = model if model is not None else declaration.model
        key = (declaration.name, id(target))
        if key not in self._views:
            # The target is kept beside its views, so that its id is not given to another alias meanwhile.
            self._views[key] = (target, self._make_views(declaration, target))
        return self._views[key][1]

    def scope(self, declaration: Declaration, model: Any = None) -> Condition:
        """Which rows the person may read at all."""
        return any_of(view.where for view in self.views(declaration, model))

    def reach(self, declaration: Declaration, hat: Hat, grant: Grant) -> Condition:
        """The rows of one grant worn by one hat."""
        return self._reach(declaration, declaration.model, hat, grant)

    def verb_scope(self, declaration: Declaration, verb: str) -> Condition:
        """Which rows the grants with this verb cover."""
        found = [
            self._reach(declaration, declaration.model, hat, grant)
            for hat, grant in self.grants(declaration)
            if verb in grant.verbs
        ]
        return any_of(found)

    def _make_views(self, declaration: Declaration, model: Any) -> list[View]:
        grants = self.grants(declaration)
        found = []
        for hat, grant in grants:
            if "read" in grant.verbs or "create" in grant.verbs or "approve" in grant.verbs:
                where = (
                    self._reach(declaration, model, hat, grant)
                    if "read" in grant.verbs or "create" in grant.verbs
                    else NOTHING
                )
                found.append(View(where, self._fields_of(declaration, grant), hat.role))
        if grants and declaration.is_record:
            full = (
                None
                if any(not grant.view for _, grant in grants)
                else frozenset().union(*(self._fields_of(declaration, grant) or frozenset() for _, grant in grants))
            )
            mine = all_of(
                [any_of([self._steps_of(declaration, model), model.created_by == self.id])]
                + ([self._kept(declaration, model)] if declaration.register.former[0] else [])
            )
            found.append(View(mine, full, "", extra=True))
            for entitlement in Entitlements(self, declaration).by_role():
                role = entitlement.hat.role if entitlement.hat is not None else ""
                found.append(View(entitlement.where(model), full, role, extra=True))
        return [view for view in found if view.where is not NOTHING]

    def _fields_of(self, declaration: Declaration, grant: Grant) -> frozenset[str] | None:
        return frozenset(declaration.register.views[grant.view]) if grant.view else None

    def _steps_of(self, declaration: Declaration, model: Any) -> Condition:
        """Who took an earlier step of a record may read it (decisions.md 2)."""
        steps = Step.select(Step.record_id).where(
            (Step.register == declaration.name) & ((Step.actor == self.id) | (Step.on_behalf_of == self.id))
        )
        return model.id.in_(steps)

    def _kept(self, declaration: Declaration, model: Any, user_id: int | None = None) -> Condition:
        """Records that the person has not given away (CUS-24): who did reads them no more for having made or signed them."""
        child, column = declaration.register.former
        given = declaration.children[child]
        rows = given.model.select(given.owner).where(getattr(given.model, column) == (user_id or self.id))
        return model.id.not_in(rows)

    def _reach(self, declaration: Declaration, model: Any, hat: Hat, grant: Grant) -> Condition:
        """The rows of one grant worn by one hat."""
        if "scope" not in declaration.marks and declaration.is_record:
            return EVERYTHING
        limits = [
            holds_in_sql(model, when)
            for when in (declaration.register.rows[grant.rows] if grant.rows else ())
            if when.rule not in declaration.absent
        ]
        return all_of([self._wide(declaration, model, hat, grant), *limits])

    def _wide(self, declaration: Declaration, model: Any, hat: Hat, grant: Grant) -> Condition:
        """The rows of one grant before the condition that it names."""
        if grant.scope == "own" and declaration.lets_go("own_lines"):
            return EVERYTHING
        if grant.scope == "area" and declaration.lets_go("own_area"):
            return EVERYTHING
        if grant.through:
            return self._through(declaration, model, hat, grant)
        return self._scoped(declaration, model, hat, grant.scope)

    def _through(self, declaration: Declaration, model: Any, hat: Hat, grant: Grant) -> Condition:
        register, _, back = grant.through.partition(".")
        if back:
            return self._pointed_at(model, hat, grant.scope, self.catalogue.get(register), back)
        info = declaration.fields.get(grant.through)
        other = self.catalogue.get(info.target) if info is not None else None
        if info is None or other is None:
            return NOTHING
        where = self._scoped(other, other.model, hat, grant.scope)
        column = getattr(model, info.name)
        if where is EVERYTHING:
            return column.is_null(False)
        return NOTHING if where is NOTHING else column.in_(other.model.select(other.model.id).where(where))

    def _pointed_at(self, model: Any, hat: Hat, scope: str, other: Declaration | None, field: str) -> Condition:
        """The rows that records of the other register within the scope name in that field."""
        if other is None:
            return NOTHING
        where = self._scoped(other, other.model, hat, scope)
        if where is NOTHING:
            return NOTHING
        column = getattr(other.model, field)
        named = other.model.select(column).where(column.is_null(False))
        return model.id.in_(named if where is EVERYTHING else named.where(where))

    def _scoped(self, declaration: Declaration, model: Any, hat: Hat, scope: str) -> Condition:
        if scope == "all":
            return EVERYTHING
        own = any_of(
            self._named(declaration, model, name, hat)
            for name in declaration.register.own
            if name in declaration.columns
        )
        if scope == "own":
            return own
        if scope == "group":
            if hat.group_id is None:
                return own
            return any_of([own, model.owner.in_(User.select(User.id).where(User.group == hat.group_id))])
        if scope == "area":
            return own if hat.area_id is None else any_of([own, model.area == hat.area_id])
        if self.staff.department_code(hat.department_id) in declaration.register.kept_by:
            return EVERYTHING
        if hat.department_id is None:
            return own
        return (model.department == hat.department_id) | (model.maker_department == hat.department_id)

    def _named(self, declaration: Declaration, model: Any, name: str, hat: Hat) -> Condition:
        """Where the person stands in the column; as maker only while he has not given the record away."""
        condition = self.in_person(declaration, model, name, hat.user_id, hat.department_id)
        if name != "created_by" or not declaration.register.former[0]:
            return condition
        return all_of([condition, self._kept(declaration, model, hat.user_id)])

    def locked(self, declaration: Declaration, record_id: int) -> Any:
        """The record under a lock, None where it is outside the scope. The statement is built once for the person."""
        if declaration.name not in self._locks:
            model = declaration.model
            condition = all_of([self.scope(declaration), model.id == _ANY])
            query = model.select().where(condition if condition is not False else model.id < 0)
            self._locks[declaration.name] = (query.for_update() if db.for_update else query).sql()
        statement, values = self._locks[declaration.name]
        found = [record_id if value == _ANY else value for value in values]
        row = next(iter(declaration.model.raw(statement, *found)), None)
        if row is not None:
            row._dirty.clear()  # As a select leaves it: nothing has been typed yet.
        return row

    def whole(self, declaration: Declaration, model: Any = None) -> Condition:
        """Where the reader sees all fields of a row, not a view of some."""
        views = self.views(declaration, model)
        if all(view.fields is None for view in views):
            return EVERYTHING
        return any_of(view.where for view in views if view.fields is None)

    # ---- values ----------------------------------------------------------------------------------------------------

    def shown(self, declaration: Declaration, path: str, model: Any = None) -> Condition:
        """Where the field is part of what this reader sees at all (absent otherwise)."""
        name = path.partition(".")[0]
        views = self.views(declaration, model)
        showing = tuple(
            n for n, view in enumerate(views) if view.fields is None or name in view.fields or path in view.fields
        )
        if len(showing) == len(views):
            return EVERYTHING
        key = ("shown", declaration.name, id(model), showing)
        if key not in self._conditions:
            self._conditions[key] = any_of(views[n].where for n in showing)
        return self._conditions[key]

    def clear(self, declaration: Declaration, info: Info, model: Any = None) -> Condition:
        """Where the field is shown unmasked, among the rows in which it is shown."""
        level = info.field.level
        if level <= 1 or "mask" not in declaration.marks:
            return EVERYTHING
        target = model if model is not None else declaration.model
        named = tuple(
            unmask for unmask in declaration.register.unmask if not unmask.fields or info.path in unmask.fields
        )
        key = ("clear", declaration.name, id(model), level, named)
        if key not in self._conditions:
            self._conditions[key] = self._lifted(declaration, info, level, target)
        return self._conditions[key]

    def _lifted(self, declaration: Declaration, info: Info, level: int, target: Any) -> Condition:
        result = self._cleared(declaration, info.path, level, target)
        for lift in declaration.register.lift:
            if lift.source == level:
                lifted = getattr(target, lift.field) == lift.value
                higher = self._cleared(declaration, info.path, lift.target, target)
                result = any_of([all_of([opposite(lifted), result]), all_of([lifted, higher])])
        return result

    def _cleared(self, declaration: Declaration, path: str, level: int, model: Any) -> Condition:
        found: list[Condition] = []
        for unmask in declaration.register.unmask:
            if unmask.level != level or (unmask.fields and path not in unmask.fields):
                continue
            if unmask.person:
                # An acting deputy counts as the person he stands in for (decisions.md 3).
                places = {(self.id, self.account.department_id)}
                places |= {(hat.user_id, hat.department_id) for hat, _ in self.grants(declaration)}
                found.extend(
                    self.in_person(declaration, model, unmask.person, user_id, department_id)
                    for user_id, department_id in sorted(places, key=str)
                )
                if unmask.person == "owner":
                    found.append(self.acting(declaration, model))
            else:
                found.extend(view.where for view in self.views(declaration, model) if view.role == unmask.role)
        return any_of(found)

    def knows(self, declaration: Declaration, info: Info) -> bool:
        """Whether the field may be searched, sorted and filtered by: shown and unmasked in the person's whole scope."""
        views = [view for view in self.views(declaration) if not view.extra]
        if not views:
            views = self.views(declaration)
        for view in views:
            if view.fields is not None and info.name not in view.fields and info.path not in view.fields:
                return False
            if not self._unmasks_whole(declaration, info, view.role):
                return False
        return bool(views)

    def _unmasks_whole(self, declaration: Declaration, info: Info, role: str) -> bool:
        levels = {info.field.level} | {
            lift.target for lift in declaration.register.lift if lift.source == info.field.level
        }
        if max(levels) <= 1 or "mask" not in declaration.marks:
            return True
        return all(
            any(
                unmask.level == level and unmask.role == role and (not unmask.fields or info.path in unmask.fields)
                for unmask in declaration.register.unmask
            )
            for level in levels
            if level > 1
        )

    # ---- acts ------------------------------------------------------------------------------------------------------

    def could(self, declaration: Declaration, act: str) -> bool:
        """Whether the person could ever do this here (403 otherwise)."""
        if act in {"create", "update", "read"}:
            return self.may(declaration, act)
        return Entitlements(self, declaration).ever(act)

    def open_acts(self, declaration: Declaration) -> list[Act]:
        """The acts that the person's roles allow at all, found once for a page."""
        if declaration.name not in self._open_acts:
            entitlements = Entitlements(self, declaration)
            self._open_acts[declaration.name] = [
                act for act in declaration.acts.values() if entitlements.ever(act.name)
            ]
        return self._open_acts[declaration.name]

    def closed_road(self, declaration: Declaration, record: Any, act: str) -> str:
        """The rule whose condition alone closes the person's road to an act in this state, "" when there is none."""
        for entitlement in Entitlements(self, declaration).on(record, act, any_road=True):
            for when in entitlement.route.when:
                if when.rule and not holds(record, when):
                    return when.rule
        return ""

    def entitled(
        self, declaration: Declaration, record: Any, act: str, *, any_source: bool = False
    ) -> list[Entitlement]:
        """The ways in which the person may take the act on the record as it stands: state, conditions and person fit."""
        return Entitlements(self, declaration).on(record, act, any_source=any_source)


def access_of(account: Any, worn: tuple[Hat, ...], catalogue: Catalogue, today: dt.date, address: str = "") -> Access:
    """The access of one account (`id`, `name`, `username`, `department_id`). Nothing is asked of the database yet."""
    return Access(account, worn, catalogue, today, address=address)


def open_to_all(declaration: Declaration | None, target: str) -> bool:
    """Whether everybody may read the names behind a reference: accounts, and masters that say so (decisions.md 29)."""
    return target == ACCOUNT or (declaration is not None and declaration.register.public)


__all__ = ["Access", "Condition", "access_of", "all_of", "any_of", "open_to_all"]
