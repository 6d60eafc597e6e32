"""Who holds which role where: one snapshot of all active accounts, read once per request when somebody asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from peewee import JOIN

from models.accounts import Delegation, Department, User, UserRole
from models.base import db
from models.evidence import AuditEvent


@dataclass(frozen=True)
class Hat:
    """One role in which a person acts: his own, or (`on_behalf_of`) one delegated to him for today."""

    role: str
    user_id: int
    department_id: int | None
    group_id: int | None
    area_id: int | None
    on_behalf_of: int | None = None


@dataclass
class Staff:
    """Departments, and the active people in them by role. One query, on first use."""

    _roles: dict[int, set[str]] = field(default_factory=dict)
    _places: dict[int, int] = field(default_factory=dict)
    _departments: dict[int, Department] = field(default_factory=dict)
    _is_loaded: bool = False

    def departments(self) -> dict[int, Department]:
        self._load()
        return self._departments

    def department_code(self, department_id: int | None) -> str:
        found = self.departments().get(department_id) if department_id is not None else None
        return str(found.code) if found is not None else ""

    def signing_department(self, department_id: int | None) -> int | None:
        """The department whose manager signs for this one: itself unless it names another."""
        found = self.departments().get(department_id) if department_id is not None else None
        return int(found.signing_id or found.id) if found is not None else None

    def signed_by(self, department_id: int | None) -> frozenset[int]:
        """The departments for which a manager of this one signs."""
        return frozenset(
            other
            for other in self.departments()
            if department_id is not None and self.signing_department(other) == department_id
        )

    def holders(self, role: str, department_id: int | None) -> frozenset[int]:
        """Active accounts of a department with the role."""
        self._load()
        return frozenset(
            user for user, roles in self._roles.items() if role in roles and self._places[user] == department_id
        )

    def everywhere(self, role: str) -> frozenset[int]:
        """Active accounts of any department with the role."""
        self._load()
        return frozenset(user for user, roles in self._roles.items() if role in roles)

    def has(self, user_id: int | None, role: str) -> bool:
        """Whether an active account of some department holds the role."""
        self._load()
        return user_id is not None and role in self._roles.get(user_id, ())

    def _load(self) -> None:
        if self._is_loaded:
            return
        self._is_loaded = True
        active = User.active == True  # noqa: E712 - SQL, not Python
        rows = (
            Department.select(Department, User.id.alias("user"), UserRole.role.alias("role"))
            .join(User, JOIN.LEFT_OUTER, on=((User.department == Department.id) & active))
            .join(UserRole, JOIN.LEFT_OUTER, on=(UserRole.user == User.id))
            .objects()
        )
        for row in rows:
            self._departments.setdefault(row.id, row)
            if row.user is not None and row.role is not None:
                self._roles.setdefault(row.user, set()).add(row.role)
                self._places[row.user] = row.id


def absentees(today: dt.date) -> frozenset[int]:
    """Accounts that are absent today by a delegation period, whatever role they lent. One query."""
    query = Delegation.select(Delegation.owner).where(
        (Delegation.starts_on <= today) & (Delegation.ends_on >= today) & (Delegation.ended == False)  # noqa: E712 - SQL
    )
    return frozenset(row[0] for row in query.tuples())


def hats(user: User, roles: Iterable[str], today: dt.date, *, lent: bool = True) -> tuple[Hat, ...]:
    """The person's own roles and those delegated to him today by somebody who still holds them.

    One query for delegations, none when the caller knows that there are none (`lent`).
    """
    mine = [Hat(role, user.id, user.department_id, user.group_id, user.area_id) for role in sorted(roles)]
    if not lent:
        return tuple(mine)
    query = (
        Delegation.select(Delegation, User)
        .join(User, on=Delegation.owner)
        .where(
            (Delegation.delegate == user.id)
            & (Delegation.starts_on <= today)
            & (Delegation.ends_on >= today)
            & (Delegation.ended == False)  # noqa: E712 - SQL, not Python
            & (User.active == True)  # noqa: E712 - SQL, not Python
            & Delegation.role.in_(UserRole.select(UserRole.role).where(UserRole.user == Delegation.owner))
        )
    )
    borrowed = [
        Hat(row.role, row.owner.id, row.owner.department_id, row.owner.group_id, row.owner.area_id, row.owner.id)
        for row in query
    ]
    return (*mine, *borrowed)


def still_lent(owner: int, delegate: int, role: str, today: dt.date) -> bool:
    """Whether the delegation still holds, inside the transaction of the act: whoever ends it waits until that is over.

    The hats were read before; somebody may have ended it since.
    """
    query = Delegation.select(Delegation.id).where(
        (Delegation.owner == owner)
        & (Delegation.delegate == delegate)
        & (Delegation.starts_on <= today)
        & (Delegation.ends_on >= today)
        & (Delegation.ended == False)  # noqa: E712 - SQL, not Python
        & (Delegation.role == role)
    )
    return (query.for_update("FOR SHARE") if db.for_update else query).first() is not None


def ended_by(owner: int, delegate: int) -> str:
    """The name of whoever last ended or changed a delegation between the two; "" when it just ran out."""
    ids = Delegation.select(Delegation.id).where((Delegation.owner == owner) & (Delegation.delegate == delegate))
    query = AuditEvent.select(AuditEvent.actor_name).where(
        (AuditEvent.register == "delegation") & AuditEvent.record_id.in_(ids)
    )
    event = query.order_by(AuditEvent.id.desc()).first()
    return str(event.actor_name) if event is not None else ""


__all__ = ["Hat", "Staff", "absentees", "ended_by", "hats", "still_lent"]
