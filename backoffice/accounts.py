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
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from peewee import IntegrityError

from backoffice import sessions
from backoffice.history import record
from backoffice.outcomes import Declined, Done, Errors, Forbidden, Invalid, Missing, Outcome, Problem, Stale
from backoffice.passwords import Hasher, one_time_password
from backoffice.texts import Message, label, say
from backoffice.values import moment
from models.accounts import Area, Delegation, Department, ExportGrant, Group, User, UserRole
from models.base import db
from models.evidence import AuditEvent
from models.matrix import NEVER_APPROVES, ROLES
from models.register import Register

# Who keeps accounts and delegations, who reads them, and who gives export grants to whom.
KEEPERS = frozenset({"admin"})
READERS = frozenset({"admin", "auditor"})
GRANTERS: Mapping[str, str] = MappingProxyType({"admin": "all", "service_manager": "department"})
ONE_TIME_LIFE = dt.timedelta(hours=72)
_USERNAME = re.compile(r"[a-z0-9_.-]{2,40}")
_REASON = 200


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


@dataclass(frozen=True)
class Secret:
    """A password and its hash; `one_time`: to be changed at the first sign-in, within 72 hours."""

    password: str
    hash: str
    one_time: bool = True

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True)
class _Actor:
    """Who makes the change, as the transaction reads him. Without an account: the command line."""

    user: User | None
    roles: frozenset[str]

    @property
    def id(self) -> int | None:
        return self.user.id if self.user is not None else None

    @property
    def keeps_accounts(self) -> bool:
        return self.user is None or bool(self.roles & KEEPERS)


def one_time_secret(hasher: Hasher) -> Secret:
    """A random password for somebody's first sign-in. Takes as long as a hash does."""
    password = one_time_password()
    return Secret(password, hasher.hash(password))


def chosen_secret(hasher: Hasher, password: str) -> Secret:
    """A password that need not be changed, for demonstrations and tests."""
    return Secret(password, hasher.hash(password), one_time=False)


# --- accounts -----------------------------------------------------------------------------------------------


def create_user(
    values: UserValues, secret: Secret, *, actor_id: int | None, now: dt.datetime, address: str = ""
) -> Outcome:
    """A new account. Unknown or missing values and a name that is taken are errors of their fields."""

    def work() -> Outcome:
        actor = _read_actor(actor_id)
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
        _note("account:create", user, actor, now, address, {name: [None, value] for name, value in after.items()})
        return _done(user, "create")

    return _atomic(work, on_conflict=lambda: Invalid(_taken().found))


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
        actor, user = _lock(actor_id, user_id)
        refused = _may_change(actor, user)
        if refused is not None or actor is None or user is None:
            return refused or Missing()
        if user.version != version:
            return _stale(user, "account", _state(user))
        errors = _problems(values, user)
        if errors.found:
            return Invalid(errors.found)
        before = _shown_of(user)
        changes = {name: [before[name], value] for name, value in _shown(values).items() if before[name] != value}
        refused = _own_rights(actor, user, changes)
        if refused is not None:
            return refused
        return _apply(user, values, changes, actor, now, registers, address)

    return _atomic(work)


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
        actor, user = _lock(actor_id, user_id)
        refused = _may_change(actor, user)
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

    return _atomic(work)


def reset_password(
    user_id: int, secret: Secret, *, actor_id: int | None, now: dt.datetime, address: str = ""
) -> Outcome:
    """Give the account a new password and end all its sessions."""

    def work() -> Outcome:
        actor, user = _lock(actor_id, user_id)
        refused = _may_change(actor, user)
        if refused is not None or actor is None or user is None:
            return refused or Missing()
        if actor.id == user.id:
            return Declined(say("Change your own password under “Change password”; a reset is for others."))
        _save(
            user,
            now,
            password_hash=secret.hash,
            must_change_password=secret.one_time,
            password_changed_at=now,
            password_expires_at=now + ONE_TIME_LIFE if secret.one_time else None,
        )
        ended = sessions.end_all(user.id, now=now, why="reset")
        _note("account:reset", user, actor, now, address, {}, sessions=ended)
        return _done(user, "reset")

    return _atomic(work)


def end_sessions(
    user_id: int, *, actor_id: int | None, now: dt.datetime, session_id: int | None = None, address: str = ""
) -> Outcome:
    """Sign the person out everywhere, or of the one session `session_id`, at once."""

    def work() -> Outcome:
        actor, user = _lock(actor_id, user_id)
        refused = _may_change(actor, user)
        if refused is not None or actor is None or user is None:
            return refused or Missing()
        if session_id is None:
            ended = sessions.end_all(user.id, now=now, why="ended")
        elif sessions.end(session_id, now=now, why="ended", user_id=user.id):
            ended = 1
        else:
            return Missing()
        _note("account:sessions:end", user, actor, now, address, {}, count=ended)
        return _done(user, "end_sessions")

    return _atomic(work)


def roles_of(user_id: int) -> frozenset[str]:
    """The codes of a person's own roles. One query."""
    rows: Any = UserRole.select(UserRole.role).where(UserRole.user == user_id).tuples()
    return frozenset(role for (role,) in rows)


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
    actor: _Actor,
    now: dt.datetime,
    registers: Iterable[Register],
    address: str,
) -> Outcome:
    if not changes:
        return _done(user, "update")
    if "roles" in changes:
        _write_roles(user.id, values.roles)
    moved = changes.keys() & {"roles", "department", "group", "area", "active"}
    _save(user, now, **_columns(values), **({"rights_version": user.rights_version + 1} if moved else {}))
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
    _note(action, user, actor, now, address, changes)
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


def _own_rights(actor: _Actor, user: User, changes: Mapping[str, Any]) -> Declined | None:
    """Nobody gives himself roles or shuts himself out; another administrator must do it."""
    if actor.id != user.id:
        return None
    if "roles" in changes:
        text = say("Nobody changes his own roles. Ask another administrator.")
        return Declined(text, rule="ACL-03", field="roles")
    if "active" in changes:
        return Declined(say("Nobody disables his own account. Ask another administrator."), field="active")
    return None


# --- export grants ----------------------------------------------------------------------------------------


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
        actor, user = _lock(actor_id, values.user)
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
        _note("account:grant", user, actor, now, address, changes, reason=values.reason, ends_on=values.ends_on)
        return _done(user, "grant")

    return _atomic(work)


def revoke_export(grant_id: int, *, actor_id: int | None, now: dt.datetime, address: str = "") -> Outcome:
    """Take a grant back; from the person's next request on he exports nothing of that register."""

    def work() -> Outcome:
        grant = ExportGrant.get_or_none(ExportGrant.id == grant_id)
        if grant is None:
            return Missing()
        actor, user = _lock(actor_id, grant.user_id)
        refused = _may_grant(actor, user)
        if refused is not None or actor is None or user is None:
            return refused or Missing()
        if not ExportGrant.delete().where(ExportGrant.id == grant_id).execute():
            return Missing()
        _note("account:grant", user, actor, now, address, {"export": [grant.register, None]}, reason=grant.reason)
        return _done(user, "revoke")

    return _atomic(work)


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
    _check_reason(values.reason, errors)
    if not user.active:
        errors.add("user", say("This account is disabled. Enable it first."))
    return errors


def _may_grant(actor: _Actor | None, user: User | None) -> Outcome | None:
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
        actor = _read_actor(actor_id)
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

    return _atomic(work)


def end_delegation(
    delegation_id: int, *, version: int, actor_id: int | None, now: dt.datetime, address: str = ""
) -> Outcome:
    """End a delegation before its last day; it counts no longer from the next request on."""

    def work() -> Outcome:
        actor = _read_actor(actor_id)
        if actor is None or not actor.keeps_accounts:
            return Forbidden()
        row = _locked(Delegation, delegation_id)
        if row is None:
            return Missing()
        if row.version != version:
            return _stale(row, "delegation", "ended" if row.ended else "open")
        if row.ended:
            return Declined(say("This delegation has ended already."))
        _save(row, now, ended=True)
        _note_delegation(row, actor, now, address, {"ended": [False, True]})
        return Done(row.id, "", "ended", row.version, "end")

    return _atomic(work)


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
    _check_reason(values.reason, errors)
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


# --- what all share ---------------------------------------------------------------------------------------


def _atomic(work: Callable[[], Outcome], on_conflict: Callable[[], Outcome] | None = None) -> Outcome:
    """Run the change in one transaction; a unique index that speaks up later than our own check is `on_conflict`."""
    try:
        with db.atomic():
            return work()
    except IntegrityError:
        if on_conflict is None:
            raise
        return on_conflict()


def _read_actor(actor_id: int | None) -> _Actor | None:
    """The actor as he is now; None when he may not act any more."""
    if actor_id is None:
        return _Actor(None, frozenset())
    user = _locked(User, actor_id)
    return _Actor(user, roles_of(actor_id)) if user is not None and user.active else None


def _lock(actor_id: int | None, user_id: int) -> tuple[_Actor | None, User | None]:
    """The actor and the account, locked in the order of their ids: of two who disable each other only one succeeds."""
    for wanted in sorted({user_id, *([actor_id] if actor_id is not None else [])}):
        _locked(User, wanted)
    return _read_actor(actor_id), User.get_or_none(User.id == user_id)


def _locked(model: Any, row_id: int) -> Any:
    query = model.select().where(model.id == row_id)
    return (query.for_update() if db.for_update else query).first()


def _may_change(actor: _Actor | None, user: User | None) -> Outcome | None:
    if actor is None or not actor.keeps_accounts:
        return Forbidden()
    return Missing() if user is None else None


def _save(row: Any, now: dt.datetime, **columns: Any) -> None:
    """Write the columns with the next version; the row is locked, so nobody can have been faster."""
    model = type(row)
    columns |= {"version": row.version + 1, "updated_at": now}
    model.update(**columns).where((model.id == row.id) & (model.version == row.version)).execute()
    for name, value in columns.items():
        setattr(row, name, value)


def _write_roles(user_id: int, roles: Iterable[str]) -> None:
    UserRole.delete().where(UserRole.user == user_id).execute()
    rows = [{"user": user_id, "role": role} for role in sorted(roles)]
    if rows:
        UserRole.insert_many(rows).execute()


def _note(
    action: str,
    user: User,
    actor: _Actor,
    now: dt.datetime,
    address: str,
    changes: Mapping[str, Any],
    **more: object,
) -> None:
    detail = {
        "version": user.version,
        **({"changes": changes} if changes else {}),
        **{name: value for name, value in more.items() if value},
    }
    record(
        action,
        now=now,
        actor=actor.user,
        record_id=user.id,
        number=user.username,
        detail=detail,
        address=address,
    )


def _note_delegation(
    row: Delegation, actor: _Actor, now: dt.datetime, address: str, changes: Mapping[str, Any]
) -> None:
    record(
        "account:delegation",
        now=now,
        actor=actor.user,
        register="delegation",
        record_id=row.id,
        detail={"version": row.version, "changes": changes},
        address=address,
    )


def _stale(row: Any, register: str, state: str) -> Stale:
    """Who changed the row last, and when."""
    event = (
        AuditEvent.select(AuditEvent.actor_name, AuditEvent.at)
        .where((AuditEvent.register == register) & (AuditEvent.record_id == row.id))
        .order_by(AuditEvent.id.desc())
        .first()
    )
    return Stale(
        row.version,
        state,
        event.actor_name if event is not None else "",
        moment(event.at if event is not None else row.updated_at),
    )


def _done(user: User, act: str, warnings: Iterable[Message] = ()) -> Done:
    return Done(user.id, user.username, _state(user), user.version, act, tuple(warnings))


def _state(user: User) -> str:
    return "active" if user.active else "disabled"


def _check_reason(reason: str, errors: Errors) -> None:
    if not 1 <= len(reason) <= _REASON or reason != reason.strip():
        errors.add("reason", say("Give the reason, at most {most} characters.", most=_REASON))


def problem(text: Message) -> list[Problem]:
    """One problem, as outcomes carry them."""
    return [Problem(text)]


def clean_name(text: str) -> str:
    """The text without characters that cannot be seen, in the one form of Unicode that is stored."""
    shown = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    return unicodedata.normalize("NFC", " ".join(shown.split()))


__all__ = [
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
    "revoke_export",
    "roles_of",
    "set_active",
    "update_user",
]
