"""Who sees what of any register, worked out row by row in plain Python from the cells of the permission matrix.

A second opinion on `backoffice.access`, which puts the same into SQL: it reads raw rows and the letters of models/matrix.py, asks
nothing of the engine, and covers a register as soon as the matrix has a column for it. Where a register has no column, it raises.
The matrix itself is held against organisation.md 3.1 in tests/test_every_door.py; tests/access_world.py has the first registers by hand.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from models.accounts import Delegation, Department, ExportGrant, User, UserRole
from models.evidence import Step
from models.matrix import MATRIX

_PART = re.compile(
    r"(?P<letters>[CRUDAE](?: [CRUDAE])*) (?P<scope>ar|[ogda])"
    r"(?::(?P<view>\w+))?(?:@(?P<through>\w+(?:\.\w+)?))?(?:/(?P<rows>\w+))?"
)
# Decisions 31 and 35: the states of the rows that a limited grant covers.
_ROWS = {
    ("complaint", "decided"): frozenset({"judged", "notified", "closed"}),
    ("product_return", "approved"): frozenset({"approved", "received", "reconciled", "disputed", "posted"}),
}


@dataclass(frozen=True)
class Cell:
    letters: frozenset[str]
    scope: str
    view: str
    through: str
    rows: str = ""

    @property
    def gives_rows(self) -> bool:
        return bool(self.letters & {"R", "C"})


def cells(text: str) -> list[Cell]:
    """> "R d; R a:names" gives two cells"""
    found = []
    for part in text.split(";"):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"no cell of the matrix: {part!r}")
        letters = frozenset(match["letters"].split())
        limits = (match["view"] or "", match["through"] or "", match["rows"] or "")
        found.append(Cell(letters, match["scope"], *limits))
    return found


@dataclass(frozen=True)
class Worn:
    role: str
    person: int
    department: int | None
    group: int | None
    area: int | None


@dataclass(frozen=True)
class Sight:
    """What of one row is seen: fields (None: all), and the roles whose own view or turn covers the row."""

    fields: frozenset[str] | None
    roles: frozenset[str]

    def shows(self, path: str) -> bool:
        return self.fields is None or path in self.fields or path.partition(".")[0] in self.fields


@dataclass
class Oracle:
    catalogue: Mapping[str, Any]
    today: dt.date
    _rows: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    _sights: dict[tuple[int, str], dict[int, Sight]] = field(default_factory=dict)

    # ---- people ----------------------------------------------------------------------------------------------------

    @cached_property
    def users(self) -> dict[int, Any]:
        return {row["id"]: row for row in User.select().dicts()}

    @cached_property
    def roles(self) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {user: set() for user in self.users}
        for row in UserRole.select().dicts():
            found[row["user"]].add(row["role"])
        return found

    @cached_property
    def loans(self) -> list[Any]:
        rows = Delegation.select().dicts()
        return [row for row in rows if row["starts_on"] <= self.today <= row["ends_on"] and not row["ended"]]

    @cached_property
    def departments(self) -> dict[int, Any]:
        return {row["id"]: row for row in Department.select().dicts()}

    @cached_property
    def grants(self) -> set[tuple[int, str]]:
        rows = ExportGrant.select().dicts()
        return {
            (row["user"], row["register"]) for row in rows if row["ends_on"] is None or row["ends_on"] >= self.today
        }

    def hats(self, user: int) -> list[Worn]:
        me = self.users[user]
        own = [Worn(role, user, me["department"], me["group"], me["area"]) for role in sorted(self.roles[user])]
        lent = []
        for loan in self.loans:
            owner = self.users[loan["owner"]]
            if loan["delegate"] == user and owner["active"] and loan["role"] in self.roles[owner["id"]]:
                lent.append(Worn(loan["role"], owner["id"], owner["department"], owner["group"], owner["area"]))
        return own + lent

    def code(self, department: int | None) -> str:
        return str(self.departments[department]["code"]) if department is not None else ""

    def signing(self, department: int | None) -> int | None:
        if department is None:
            return None
        return self.departments[department]["signing"] or department

    # ---- verbs -----------------------------------------------------------------------------------------------------

    def cells_of(self, user: int, register: str) -> list[tuple[Worn, Cell]]:
        column = MATRIX[register]
        return [
            (hat, cell)
            for hat in self.hats(user)
            for cell in cells(column.get(hat.role, "") or "R o")
            if hat.role in column
        ]

    def may(self, user: int, register: str, letter: str) -> bool:
        found = self.cells_of(user, register)
        declared = self.catalogue[register].register
        if letter == "R":
            return bool(found)
        if letter == "U":
            return any("U" in cell.letters or ("C" in cell.letters and declared.owner_updates) for _, cell in found)
        return any(letter in cell.letters for _, cell in found)

    def exports(self, user: int, register: str) -> bool:
        """Letter E, and the grant to the person; E does not come with a borrowed hat but with the grant to its wearer."""
        return self.may(user, register, "E") and (user, register) in self.grants

    # ---- rows ------------------------------------------------------------------------------------------------------

    def rows(self, register: str) -> dict[int, dict[str, Any]]:
        if register not in self._rows:
            query = self.catalogue[register].model.select().dicts()
            self._rows[register] = {row["id"]: row for row in query}
        return self._rows[register]

    def forget(self) -> None:
        """After something was written."""
        self._rows.clear()
        self._sights.clear()

    def sights(self, user: int, register: str) -> dict[int, Sight]:
        """The rows that exist for the account."""
        if (user, register) not in self._sights:
            found = {key: self._sight(user, register, row) for key, row in self.rows(register).items()}
            self._sights[user, register] = {key: sight for key, sight in found.items() if sight is not None}
        return self._sights[user, register]

    def _sight(self, user: int, register: str, row: Mapping[str, Any]) -> Sight | None:
        held = self.cells_of(user, register)
        if not held:
            return None
        views = [
            (hat.role, self._view(register, cell))
            for hat, cell in held
            if cell.gives_rows and self._covers(register, hat, cell, row)
        ]
        if "owner" in row and "state" in row:
            every = [self._view(register, cell) for _, cell in held]
            widest = None if None in every else frozenset().union(*(one for one in every if one is not None))
            if self._took_part(user, register, row):
                views.append(("", widest))
            views += [(role, widest) for role in self._turns(user, register, row)]
        if not views:
            return None
        fields = [named for _, named in views]
        whole = None if None in fields else frozenset().union(*(one for one in fields if one is not None))
        return Sight(whole, frozenset(role for role, _ in views))

    def _view(self, register: str, cell: Cell) -> frozenset[str] | None:
        return frozenset(self.catalogue[register].register.views[cell.view]) if cell.view else None

    def _covers(self, register: str, hat: Worn, cell: Cell, row: Mapping[str, Any]) -> bool:
        if cell.rows and row["state"] not in _ROWS[register, cell.rows]:
            return False
        if not cell.through:
            return self._in_scope(register, hat, cell.scope, row)
        pointing, _, back = cell.through.partition(".")
        if back:
            records = self.rows(pointing).values()
            return any(one[back] == row["id"] and self._in_scope(pointing, hat, cell.scope, one) for one in records)
        target = self.catalogue[register].fields[cell.through].target
        other = self.rows(target).get(row[cell.through]) if row[cell.through] is not None else None
        return other is not None and self._in_scope(target, hat, cell.scope, other)

    def _in_scope(self, register: str, hat: Worn, scope: str, row: Mapping[str, Any]) -> bool:
        declared = self.catalogue[register].register
        if scope == "a":
            return True
        if scope == "d":
            if self.code(hat.department) in declared.kept_by:
                return True
            if hat.department is not None:
                return hat.department in {row["department"], row["maker_department"]}
        own = any(
            self._stands(register, row, name, hat.person, hat.department)
            and (name != "created_by" or not self._gave_away(register, row, hat.person))
            for name in declared.own
        )
        if scope == "g" and hat.group is not None:
            owner = self.users.get(row["owner"])
            return own or (owner is not None and owner["group"] == hat.group)
        if scope == "ar" and hat.area is not None:
            return own or row["area"] == hat.area
        return own

    def _stands(self, register: str, row: Mapping[str, Any], name: str, person: int, department: int | None) -> bool:
        """Who has changed department has nothing in charge there any more; what he made he reads on (organisation.md 3.3)."""
        declared = self.catalogue[register].register
        if row.get(name) != person:
            return False
        free = department is None or "maker_department" not in row or self.code(department) in declared.kept_by
        if free or name not in {"owner", "created_by", declared.deputy}:
            return True
        made = row["created_by"] == person and row["maker_department"] == department
        return made or (name != "created_by" and row["department"] == department)

    @cached_property
    def _given(self) -> dict[str, set[tuple[int, int]]]:
        found = {}
        for name, declaration in self.catalogue.items():
            child, column = declaration.register.former
            if child:
                lines = declaration.children[child]
                rows = lines.model.select().dicts()
                found[name] = {(row[lines.owner.name], row[column]) for row in rows}
        return found

    def _gave_away(self, register: str, row: Mapping[str, Any], person: int) -> bool:
        return (row["id"], person) in self._given.get(register, set())

    @cached_property
    def _steps(self) -> set[tuple[str, int, int]]:
        found = set()
        for row in Step.select().dicts():
            found.add((row["register"], row["record_id"], row["actor"]))
            found.add((row["register"], row["record_id"], row["on_behalf_of"]))
        return found

    def _took_part(self, user: int, register: str, row: Mapping[str, Any]) -> bool:
        """Who made a record or took a step of it reads it, until he gives it away (decisions.md 2, CUS-24)."""
        part = row["created_by"] == user or (register, row["id"], user) in self._steps
        return part and not self._gave_away(register, row, user)

    # ---- whose turn it is ------------------------------------------------------------------------------------------

    def _turns(self, user: int, register: str, row: Mapping[str, Any]) -> set[str]:
        """The roles in which the account may take a next step of the record (decisions.md 2)."""
        found: set[str] = set()
        hats = self.hats(user)
        for act in self.catalogue[register].acts.values():
            for route in act.routes:
                if row["state"] not in route.sources or not all(self._holds(row, when) for when in route.when):
                    continue
                for by in route.who:
                    found.update(hat.role for hat in hats if by.role and self._fits(register, by, hat, row))
        return found

    def _holds(self, row: Mapping[str, Any], when: Any) -> bool:
        return (row[when.field] in when.values) is not when.negate

    def _fits(self, register: str, by: Any, hat: Worn, row: Mapping[str, Any]) -> bool:
        if by.owner_role and by.owner_role not in self.roles.get(row["owner"], set()):
            return False
        if by.person:
            return hat.role == by.role and self._stands(register, row, by.person, hat.person, hat.department)
        if by.of == "own_department":
            return bool(hat.role == by.role and self.code(hat.department) == by.department)
        if by.of == "area":
            return bool(hat.role == by.role and hat.area is not None and row["area"] == hat.area)
        if by.of == "company" and not (by.stand_in and hat.role == by.stand_in):
            return bool(hat.role == by.role)
        place = row["department"] if by.of == "department" else self.signing(row["department"])
        if hat.role == by.role:
            return hat.department is not None and hat.department == place
        if hat.role != by.stand_in:
            return False
        holders = {
            user
            for user, one in self.users.items()
            if one["active"]
            and (by.of == "company" or one["department"] == place)
            and self.roles[user] & {by.role, *by.besides}
        }
        return not holders - {row["owner"], row["created_by"]}

    # ---- values ----------------------------------------------------------------------------------------------------

    def of(self, user: int, register: str, row_id: int, path: str) -> str:
        """> clear, masked, absent: the field of a row that the account sees"""
        sight = self.sights(user, register)[row_id]
        if not sight.shows(path):
            return "absent"
        return "clear" if self._is_clear(user, register, self.rows(register)[row_id], path, sight) else "masked"

    def _is_clear(self, user: int, register: str, row: Mapping[str, Any], path: str, sight: Sight) -> bool:
        declaration = self.catalogue[register]
        level = declaration.info(path).field.level
        if level <= 1:
            return True
        for lift in declaration.register.lift:
            if lift.source == level and row[lift.field] == lift.value:
                level = lift.target
                break
        persons = {(user, self.users[user]["department"])}
        persons |= {(hat.person, hat.department) for hat, _ in self.cells_of(user, register)}
        for unmask in declaration.register.unmask:
            if unmask.level != level or (unmask.fields and path not in unmask.fields):
                continue
            if unmask.role and unmask.role in sight.roles:
                return True
            if unmask.person and any(self._stands(register, row, unmask.person, *one) for one in persons):
                return True
            if unmask.person == "owner" and self._acts_for_owner(user, register, row):
                return True
        return False

    def _acts_for_owner(self, user: int, register: str, row: Mapping[str, Any]) -> bool:
        deputy = self.catalogue[register].register.deputy
        absent = {loan["owner"] for loan in self.loans}
        return bool(deputy) and row[deputy] == user and row["owner"] in absent

    def knows(self, user: int, register: str, path: str) -> bool:
        """Whether he may search, sort and filter by it: shown and in clear in every row of his roles' scope."""
        declaration = self.catalogue[register]
        info = declaration.info(path)
        levels = {info.field.level}
        levels |= {lift.target for lift in declaration.register.lift if lift.source == info.field.level}
        ways = [(hat, cell) for hat, cell in self.cells_of(user, register) if cell.gives_rows]
        for hat, cell in ways:
            if not Sight(self._view(register, cell), frozenset()).shows(path):
                return False
            for level in levels - {0, 1}:
                rows = [one for one in declaration.register.unmask if one.level == level and one.role == hat.role]
                if not any(not one.fields or path in one.fields for one in rows):
                    return False
        return bool(ways)


__all__ = ["Cell", "Oracle", "Sight", "cells"]
