"""Changes to accounts, export grants and delegations: each one transaction, with its history entry last in it.

Only an administrator changes accounts and delegations, never his own roles, and nobody shuts himself out. A command
line without an account (`actor_id=None`) acts for whoever runs the machine. Answers are the values of `outcomes`.

    secret = one_time_secret(hasher)                       # hashed before the transaction, which must be short
    outcome = create_user(values, secret, actor_id=me.id, now=now)
    if isinstance(outcome, Done): show(secret.password)    # once

Sources: organisation.md 2, 3.3 and 5, decisions.md 5, rules ACL-03, ACL-04, CUS-24.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backoffice import second_factor, sessions
from backoffice.account_changes import (
    KEEPERS,
    READERS,
    Actor,
    check_reason,
    clean_name,
    in_one_transaction,
    lock_both,
    may_change,
    note,
    problem,
    read_actor,
    roles_of,
    save,
    stale,
)
from backoffice.grants import (
    GRANTERS,
    DelegationValues,
    GrantValues,
    create_delegation,
    end_delegation,
    exportable,
    grant_export,
    reach_of,
    revoke_export,
)
from backoffice.outcomes import Declined, Done, Errors, Forbidden, Invalid, Missing, Outcome
from backoffice.passwords import Hasher, one_time_password, remember
from backoffice.texts import Message, label, say
from models.accounts import Area, Department, Group, User, UserRole
from models.matrix import ROLES
from models.register import Register

ONE_TIME_LIFE = dt.timedelta(hours=72)
_USERNAME = re.compile(r"[a-z0-9_.-]{2,40}")


@dataclass(frozen=True)
class UserValues:
    """What an account's form holds; references are ids."""

    username: str
    name: str
    department: int | None = None
    group: int | None = None
    area: int | None = None
    roles: frozenset[str] = frozenset()
    active: bool = True


@dataclass(frozen=True)
class Secret:
    """A password and its hash; `one_time`: to be changed at the first sign-in, within 72 hours."""

    password: str
    hash: str
    one_time: bool = True

    def __repr__(self) -> str:
        return "Secret(***)"


def one_time_secret(hasher: Hasher) -> Secret:
    """A random password for somebody's first sign-in. Takes as long as a hash does."""
    password = one_time_password()
    return Secret(password, hasher.hash(password))


def chosen_secret(hasher: Hasher, password: str) -> Secret:
    """A password that need not be changed, for demonstrations and tests."""
    return Secret(password, hasher.hash(password), one_time=False)


def create_user(
    values: UserValues, secret: Secret, *, actor_id: int | None, now: dt.datetime, address: str = ""
) -> Outcome:
    """A new account. Unknown or missing values and a name that is taken are errors of their fields."""

    def work() -> Outcome:
        actor = read_actor(actor_id)
        if actor is None or not actor.keeps_accounts:
            return Forbidden()
        errors = _problems(values, None)
        if errors.found:
            return Invalid(errors.found)
        user = User.create(
            username=values.username,
            **_columns(values),
            password_hash=secret.hash,
            must_change_password=secret.one_time,
            password_expires_at=now + ONE_TIME_LIFE if secret.one_time else None,
            password_changed_at=now,
            created_at=now,
            updated_at=now,
        )
        _write_roles(user.id, values.roles)
        after = {name: value for name, value in _shown(values).items() if value not in (None, "")}
        note("account:create", user, actor, now, address, {name: [None, value] for name, value in after.items()})
        return _done(user, "create")

    return in_one_transaction(work, on_conflict=lambda: Invalid(_taken().found))


def update_user(
    user_id: int,
    values: UserValues,
    *,
    version: int,
    actor_id: int | None,
    now: dt.datetime,
    registers: Iterable[Register] = (),
    address: str = "",
) -> Outcome:
    """The account with `values`; what changes counts from the person's next request on.

    Disabling ends all his sessions and names, as warnings, what he still owns in `registers` (CUS-24). The user name
    stays: old records and logs carry it.
    """

    def work() -> Outcome:
        actor, user = lock_both(actor_id, user_id)
        refused = may_change(actor, user)
        if refused is not None or actor is None or user is None:
            return refused or Missing()
        if user.version != version:
            return stale(user, "account", _state(user))
        errors = _problems(values, user)
        if errors.found:
            return Invalid(errors.found)
        before = _shown_of(user)
        changes = {name: [before[name], value] for name, value in _shown(values).items() if before[name] != value}
        refused = _own_rights(actor, user, changes)
        if refused is not None:
            return refused
        return _apply(user, values, changes, actor, now, registers, address)

    return in_one_transaction(work)


def set_active(
    user_id: int,
    active: bool,
    *,
    actor_id: int | None,
    now: dt.datetime,
    registers: Iterable[Register] = (),
    address: str = "",
) -> Outcome:
    """Enable or disable an account; see `update_user` for what disabling does."""

    def work() -> Outcome:
        actor, user = lock_both(actor_id, user_id)
        refused = may_change(actor, user)
        if refused is not None or actor is None or user is None:
            return refused or Missing()
        changes = {"active": [user.active, active]} if user.active != active else {}
        refused = _own_rights(actor, user, changes)
        if refused is not None:
            return refused
        values = UserValues(
            user.username, user.name, user.department_id, user.group_id, user.area_id, roles_of(user.id), active
        )
        return _apply(user, values, changes, actor, now, registers, address)

    return in_one_transaction(work)


def reset_password(
    user_id: int, secret: Secret, *, actor_id: int | None, now: dt.datetime, address: str = ""
) -> Outcome:
    """Give the account a new password and end all its sessions."""

    def work() -> Outcome:
        actor, user = lock_both(actor_id, user_id)
        refused = may_change(actor, user)
        if refused is not None or actor is None or user is None:
            return refused or Missing()
        if actor.id == user.id:
            return Declined(say("Change your own password under “Change password”; a reset is for others."))
        remember(user, now)
        save(
            user,
            now,
            password_hash=secret.hash,
            must_change_password=secret.one_time,
            password_changed_at=now,
            password_expires_at=now + ONE_TIME_LIFE if secret.one_time else None,
        )
        ended = sessions.end_all(user.id, now=now, why="reset")
        note("account:reset", user, actor, now, address, {}, sessions=ended)
        return _done(user, "reset")

    return in_one_transaction(work)


def reset_second_factor(
    user_id: int, reason: str, *, actor_id: int | None, now: dt.datetime, address: str = ""
) -> Outcome:
    """Take the authenticator and the recovery codes of somebody who has lost them, and end all his sessions."""

    def work() -> Outcome:
        actor, user = lock_both(actor_id, user_id)
        refused = may_change(actor, user)
        if refused is not None or actor is None or user is None:
            return refused or Missing()
        if actor.id == user.id:
            return Declined(say("Change your own second factor under “Second factor”; a reset is for others."))
        errors = Errors()
        check_reason(reason, errors)
        if errors.found:
            return Invalid(errors.found)
        if not second_factor.remove(user.id):
            return Declined(say("{name} has no second factor.", name=user.name))
        save(user, now)
        ended = sessions.end_all(user.id, now=now, why="factor")
        note("account:factor:reset", user, actor, now, address, {}, sessions=ended, reason=reason)
        return _done(user, "reset_second_factor")

    return in_one_transaction(work)


def end_sessions(
    user_id: int, *, actor_id: int | None, now: dt.datetime, session_id: int | None = None, address: str = ""
) -> Outcome:
    """Sign the person out everywhere, or of the one session `session_id`, at once."""

    def work() -> Outcome:
        actor, user = lock_both(actor_id, user_id)
        refused = may_change(actor, user)
        if refused is not None or actor is None or user is None:
            return refused or Missing()
        if session_id is None:
            ended = sessions.end_all(user.id, now=now, why="ended")
        elif sessions.end(session_id, now=now, why="ended", user_id=user.id):
            ended = 1
        else:
            return Missing()
        note("account:sessions:end", user, actor, now, address, {}, count=ended)
        return _done(user, "end_sessions")

    return in_one_transaction(work)


def owned(user_id: int, registers: Iterable[Register]) -> dict[str, int]:
    """Register name -> how many records that have not ended the person still owns. One query for each register."""
    found = {}
    for register in registers:
        owner = getattr(register.model, "owner", None)
        if owner is None:
            continue
        query = register.model.select().where(owner == user_id)
        over = [state.code for state in register.states if state.ends]
        if over and hasattr(register.model, "state"):
            query = query.where(register.model.state.not_in(over))
        count = query.count()
        if count:
            found[register.name] = count
    return found


def _apply(
    user: User,
    values: UserValues,
    changes: Mapping[str, list[Any]],
    actor: Actor,
    now: dt.datetime,
    registers: Iterable[Register],
    address: str,
) -> Outcome:
    if not changes:
        return _done(user, "update")
    if "roles" in changes:
        _write_roles(user.id, values.roles)
    moved = changes.keys() & {"roles", "department", "group", "area", "active"}
    save(user, now, **_columns(values), **({"rights_version": user.rights_version + 1} if moved else {}))
    warnings: list[Message] = []
    if "active" in changes and not values.active:
        sessions.end_all(user.id, now=now, why="disabled")
        by_name = {register.name: register for register in registers}
        warnings = [
            say(
                "{name} still owns {count} records of {register}. They stay; their head can hand them over.",
                name=user.name,
                count=count,
                register=label(by_name[name]),
            )
            for name, count in owned(user.id, by_name.values()).items()
        ]
    action = "account:roles" if changes.keys() == {"roles"} else "account:update"
    note(action, user, actor, now, address, changes)
    return _done(user, "update", warnings)


def _problems(values: UserValues, user: User | None) -> Errors:
    errors = Errors()
    _check_username(values.username, user, errors)
    if not 1 <= len(values.name) <= 40 or values.name != clean_name(values.name):
        errors.add("name", say("Give the person's name, at most 40 characters in one line."))
    unknown = values.roles - ROLES.keys()
    if unknown:
        errors.add("roles", say("There is no role {role}. Choose from the list.", role=sorted(unknown)[0][:40]))
    elif not values.roles:
        errors.add("roles", say("Choose at least one role."))
    _check_place(values, user, errors)
    return errors


def _check_username(username: str, user: User | None, errors: Errors) -> None:
    if user is not None:
        if username != user.username:
            errors.add("username", say("The user name stays as it is; old records carry it."))
    elif not _USERNAME.fullmatch(username):
        text = say("Use 2 to 40 small letters a to z, digits, dots, hyphens and underscores for the user name.")
        errors.add("username", text)
    elif User.select().where(User.username == username).exists():
        errors.found.update(_taken().found)


def _taken() -> Errors:
    errors = Errors()
    errors.add("username", say("This user name is taken; choose another."))
    return errors


def _check_place(values: UserValues, user: User | None, errors: Errors) -> None:
    """The references must exist and, if they are new to this account, be in use; the group must be one of the department."""
    for name, model in (("department", Department), ("group", Group), ("area", Area)):
        wanted = getattr(values, name)
        if wanted is None:
            continue
        row = model.get_or_none(model.id == wanted)
        is_new = user is None or getattr(user, f"{name}_id") != wanted
        if row is None or (is_new and not row.active):
            errors.add(name, say("Choose one from the list; this one is not there."))
        elif name == "group" and row.department_id != values.department:
            errors.add("group", say("This group belongs to another department. Choose one of the person's department."))


def _columns(values: UserValues) -> dict[str, Any]:
    return {
        "name": values.name,
        "department": values.department,
        "group": values.group,
        "area": values.area,
        "active": values.active,
    }


def _shown(values: UserValues) -> dict[str, Any]:
    return {"username": values.username, **_columns(values), "roles": sorted(values.roles)}


def _shown_of(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "name": user.name,
        "department": user.department_id,
        "group": user.group_id,
        "area": user.area_id,
        "active": user.active,
        "roles": sorted(roles_of(user.id)),
    }


def _own_rights(actor: Actor, user: User, changes: Mapping[str, Any]) -> Declined | None:
    """Nobody gives himself roles or shuts himself out; another administrator must do it."""
    if actor.id != user.id:
        return None
    if "roles" in changes:
        text = say("Nobody changes his own roles. Ask another administrator.")
        return Declined(text, rule="ACL-03", field="roles")
    if "active" in changes:
        return Declined(say("Nobody disables his own account. Ask another administrator."), field="active")
    return None


def _write_roles(user_id: int, roles: Iterable[str]) -> None:
    UserRole.delete().where(UserRole.user == user_id).execute()
    rows = [{"user": user_id, "role": role} for role in sorted(roles)]
    if rows:
        UserRole.insert_many(rows).execute()


def _done(user: User, act: str, warnings: Iterable[Message] = ()) -> Done:
    return Done(user.id, user.username, _state(user), user.version, act, tuple(warnings))


def _state(user: User) -> str:
    return "active" if user.active else "disabled"


__all__ = [
    "GRANTERS",
    "KEEPERS",
    "ONE_TIME_LIFE",
    "READERS",
    "DelegationValues",
    "GrantValues",
    "Secret",
    "UserValues",
    "chosen_secret",
    "clean_name",
    "create_delegation",
    "create_user",
    "end_delegation",
    "end_sessions",
    "exportable",
    "grant_export",
    "one_time_secret",
    "owned",
    "problem",
    "reach_of",
    "reset_password",
    "reset_second_factor",
    "revoke_export",
    "roles_of",
    "set_active",
    "update_user",
]
