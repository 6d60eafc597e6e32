"""Export grants and delegations: what one person may do more than his roles say, by whom given, and until when.

Sources: decisions.md 5, organisation.md 5 (substitution), rules ACL-01, ACL-03.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from backoffice.account_changes import (
    Actor,
    check_reason,
    in_one_transaction,
    lock_both,
    locked,
    note,
    problem,
    read_actor,
    roles_of,
    save,
    stale,
)
from backoffice.history import record
from backoffice.outcomes import Declined, Done, Errors, Forbidden, Invalid, Missing, Outcome
from backoffice.texts import label, say
from models.accounts import Delegation, ExportGrant, User
from models.matrix import NEVER_APPROVES
from models.register import Register

# Whose grants a role gives: everybody's, or those of its own department.
GRANTERS: Mapping[str, str] = MappingProxyType({"admin": "all", "service_manager": "department"})


@dataclass(frozen=True)
class GrantValues:
    user: int | None
    register: str
    reason: str
    ends_on: dt.date | None = None


@dataclass(frozen=True)
class DelegationValues:
    owner: int | None
    delegate: int | None
    role: str
    starts_on: dt.date | None
    ends_on: dt.date | None
    reason: str


def grant_export(
    values: GrantValues,
    *,
    actor_id: int | None,
    now: dt.datetime,
    today: dt.date,
    registers: Mapping[str, Register],
    address: str = "",
) -> Outcome:
    """Let one person export and print lists of one register, by reason and, if wanted, until a day (inclusive).

    Letter E of his roles is the most he may be given. A new grant replaces the one he has. Source: decisions.md 5.
    """

    def work() -> Outcome:
        if values.user is None:
            return Invalid({"user": problem(say("Choose the person."))})
        actor, user = lock_both(actor_id, values.user)
        refused = _may_grant(actor, user)
        if refused is not None or actor is None or user is None:
            return refused or Missing()
        errors = _grant_problems(values, user, today, registers)
        if errors.found:
            return Invalid(errors.found)
        old = ExportGrant.get_or_none((ExportGrant.user == user) & (ExportGrant.register == values.register))
        if old is not None:
            old.delete_instance()
        ExportGrant.create(
            user=user,
            register=values.register,
            reason=values.reason,
            granted_by=actor.id,
            granted_at=now,
            ends_on=values.ends_on,
        )
        changes = {"export": [_grant_text(old), values.register]}
        note("account:grant", user, actor, now, address, changes, reason=values.reason, ends_on=values.ends_on)
        return _granted(user, "grant")

    return in_one_transaction(work)


def revoke_export(grant_id: int, *, actor_id: int | None, now: dt.datetime, address: str = "") -> Outcome:
    """Take a grant back; from the person's next request on he exports nothing of that register."""

    def work() -> Outcome:
        grant = ExportGrant.get_or_none(ExportGrant.id == grant_id)
        if grant is None:
            return Missing()
        actor, user = lock_both(actor_id, grant.user_id)
        refused = _may_grant(actor, user)
        if refused is not None or actor is None or user is None:
            return refused or Missing()
        if not ExportGrant.delete().where(ExportGrant.id == grant_id).execute():
            return Missing()
        note("account:grant", user, actor, now, address, {"export": [grant.register, None]}, reason=grant.reason)
        return _granted(user, "revoke")

    return in_one_transaction(work)


def exportable(roles: Iterable[str], registers: Mapping[str, Register]) -> tuple[str, ...]:
    """The registers for which somebody with these roles may be given the export."""
    held = set(roles)
    return tuple(
        name
        for name, register in registers.items()
        if any("export" in grant.verbs for role in held for grant in register.access.get(role, ()))
    )


def reach_of(roles: Iterable[str]) -> str:
    """Whose grants somebody with these roles may give: `all`, `department` or "" for nobody's."""
    found = {GRANTERS[role] for role in roles if role in GRANTERS}
    return "all" if "all" in found else "department" if found else ""


def _grant_problems(values: GrantValues, user: User, today: dt.date, registers: Mapping[str, Register]) -> Errors:
    errors = Errors()
    if values.register not in registers:
        errors.add("register", say("Choose a register from the list."))
    elif values.register not in exportable(roles_of(user.id), registers):
        text = say(
            "No role of {name} may export {register}. Give him such a role first, or choose another register.",
            name=user.name,
            register=label(registers[values.register]),
        )
        errors.add("register", text)
    if values.ends_on is not None and values.ends_on < today:
        errors.add("ends_on", say("The last day is in the past. Choose today or later, or leave it empty."))
    check_reason(values.reason, errors)
    if not user.active:
        errors.add("user", say("This account is disabled. Enable it first."))
    return errors


def _may_grant(actor: Actor | None, user: User | None) -> Outcome | None:
    if actor is None:
        return Forbidden()
    reach = "all" if actor.user is None else reach_of(actor.roles)
    if not reach:
        return Forbidden()
    own_place = actor.user.department_id if actor.user is not None else None
    if user is None or (reach == "department" and (own_place is None or user.department_id != own_place)):
        return Missing()
    if actor.id == user.id:
        return Declined(say("Nobody gives himself an export. Ask another person who may."), rule="ACL-01")
    return None


def _grant_text(grant: ExportGrant | None) -> str | None:
    return None if grant is None else str(grant.register)


# --- delegations -------------------------------------------------------------------------------------------


def create_delegation(
    values: DelegationValues, *, actor_id: int | None, now: dt.datetime, today: dt.date, address: str = ""
) -> Outcome:
    """Let one person act in a role of another while he is absent, from the first to the last day inclusive."""

    def work() -> Outcome:
        actor = read_actor(actor_id)
        if actor is None or not actor.keeps_accounts:
            return Forbidden()
        errors = _delegation_problems(values, today)
        if errors.found:
            return Invalid(errors.found)
        row = Delegation.create(
            owner=values.owner,
            delegate=values.delegate,
            role=values.role,
            starts_on=values.starts_on,
            ends_on=values.ends_on,
            reason=values.reason,
            created_at=now,
            updated_at=now,
        )
        detail = {name: [None, getattr(values, name)] for name in ("owner", "delegate", "role", "starts_on", "ends_on")}
        _note_delegation(row, actor, now, address, {**detail, "reason": [None, values.reason]})
        return Done(row.id, "", "open", row.version, "create")

    return in_one_transaction(work)


def end_delegation(
    delegation_id: int, *, version: int, actor_id: int | None, now: dt.datetime, address: str = ""
) -> Outcome:
    """End a delegation before its last day; it counts no longer from the next request on."""

    def work() -> Outcome:
        actor = read_actor(actor_id)
        if actor is None or not actor.keeps_accounts:
            return Forbidden()
        row = locked(Delegation, delegation_id)
        if row is None:
            return Missing()
        if row.version != version:
            return stale(row, "delegation", "ended" if row.ended else "open")
        if row.ended:
            return Declined(say("This delegation has ended already."))
        save(row, now, ended=True)
        _note_delegation(row, actor, now, address, {"ended": [False, True]})
        return Done(row.id, "", "ended", row.version, "end")

    return in_one_transaction(work)


def _delegation_problems(values: DelegationValues, today: dt.date) -> Errors:
    errors = Errors()
    _check_people(values, errors)
    if values.starts_on is None:
        errors.add("starts_on", say("Give the first day of the absence."))
    if values.ends_on is None:
        errors.add("ends_on", say("Give the last day of the absence; a delegation always has one."))
    elif values.ends_on < today:
        errors.add("ends_on", say("The last day is in the past. Choose today or later."))
    elif values.starts_on is not None and values.ends_on < values.starts_on:
        errors.add("ends_on", say("The last day is before the first. Correct one of them."))
    check_reason(values.reason, errors)
    return errors


def _check_people(values: DelegationValues, errors: Errors) -> None:
    """Both are active and different; the owner holds the role; neither side reaches what never approves (ACL-03)."""
    people = {name: _active_user(getattr(values, name)) for name in ("owner", "delegate")}
    for name, user in people.items():
        if user is None:
            errors.add(name, say("Choose an active person from the list."))
    if people["owner"] is None or people["delegate"] is None:
        return
    if people["owner"].id == people["delegate"].id:
        errors.add("delegate", say("Choose another person than the one who is absent."))
    if values.role not in roles_of(people["owner"].id):
        errors.add("role", say("{name} does not hold this role. Choose one of his roles.", name=people["owner"].name))
    elif values.role in NEVER_APPROVES:
        errors.add("role", say("This role is never delegated."), rule="ACL-03")
    if roles_of(people["delegate"].id) & NEVER_APPROVES:
        text = say("{name} is an administrator or auditor and approves nothing.", name=people["delegate"].name)
        errors.add("delegate", text, rule="ACL-03")


def _active_user(user_id: int | None) -> User | None:
    user = User.get_or_none(User.id == user_id) if user_id is not None else None
    return user if user is not None and user.active else None


def _note_delegation(row: Delegation, actor: Actor, now: dt.datetime, address: str, changes: Mapping[str, Any]) -> None:
    record(
        "account:delegation",
        now=now,
        actor=actor.user,
        register="delegation",
        record_id=row.id,
        detail={"version": row.version, "changes": changes},
        address=address,
    )


def _granted(user: User, act: str) -> Done:
    return Done(user.id, user.username, "active" if user.active else "disabled", user.version, act)
