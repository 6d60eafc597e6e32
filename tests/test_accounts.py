"""Accounts: who may make and change them, and what it does at once."""

import datetime as dt
import json
import threading
from typing import Any

import pytest
from flask import Flask
from peewee import Database

from backoffice import account_changes, accounts
from backoffice.accounts import DelegationValues, Secret, UserValues
from backoffice.database import connected
from backoffice.outcomes import Declined, Done, Forbidden, Invalid, Missing, Outcome, Stale
from models.accounts import User, UserRole
from models.evidence import AuditEvent
from tests.account_world import REGISTERS, TODAY, Matter, admin, app, clock_held, last_event
from tests.accounts_app import CHEAP, NOW, PASSWORD, Browser, make_area, make_group, make_place, make_user, signed_in

__all__ = ["admin", "app", "clock_held"]

SECRET = accounts.chosen_secret(CHEAP, PASSWORD)


def values(**changed: Any) -> UserValues:
    given: dict[str, Any] = {"username": "zhang.san", "name": "张三", "roles": frozenset({"salesperson"})}
    return UserValues(**{**given, **changed})


def create(admin: User, **changed: Any) -> Outcome:
    return accounts.create_user(values(**changed), SECRET, actor_id=admin.id, now=NOW)


# --- making and changing accounts -----------------------------------------------------------------------------


def test_an_account_is_made_with_its_roles_and_history(admin: User) -> None:
    place = make_place()
    group, area = make_group(place), make_area()
    made = create(
        admin, department=place.id, group=group.id, area=area.id, roles=frozenset({"salesperson", "group_leader"})
    )
    assert isinstance(made, Done)
    user = User.get_by_id(made.id)
    assert (user.username, user.name, user.department, user.group, user.area) == (
        "zhang.san",
        "张三",
        place,
        group,
        area,
    )
    assert accounts.roles_of(user.id) == {"salesperson", "group_leader"}
    assert CHEAP.verify(user.password_hash, PASSWORD)
    action, detail = last_event()
    assert action == "account:create"
    assert detail["changes"]["roles"] == [None, ["group_leader", "salesperson"]]
    assert "password" not in json.dumps(detail)
    assert AuditEvent.get(AuditEvent.register == "account").actor_id == admin.id


def test_a_one_time_password_lasts_three_days(admin: User) -> None:
    secret = accounts.one_time_secret(CHEAP)
    made = accounts.create_user(values(), secret, actor_id=None, now=NOW)
    assert isinstance(made, Done)
    user = User.get_by_id(made.id)
    assert user.must_change_password
    assert user.password_expires_at == NOW + dt.timedelta(hours=72)
    assert CHEAP.verify(user.password_hash, secret.password)
    assert secret.password not in repr(secret)


def test_the_command_line_makes_accounts_without_an_account(app: Flask) -> None:
    assert isinstance(accounts.create_user(values(), SECRET, actor_id=None, now=NOW), Done)
    assert AuditEvent.get(AuditEvent.register == "account").actor_id is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": "root"}, "username"),
        ({"username": "Zhang"}, "username"),
        ({"username": "z"}, "username"),
        ({"username": "z" * 41}, "username"),
        ({"username": "张三"}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "zhang\n"}, "username"),
        ({"name": ""}, "name"),
        ({"name": "张" * 41}, "name"),
        ({"name": "张\u202e三"}, "name"),
        ({"roles": frozenset()}, "roles"),
        ({"roles": frozenset({"owner"})}, "roles"),
        ({"department": 999}, "department"),
        ({"group": 999}, "group"),
        ({"area": 999}, "area"),
        ({"area": -1}, "area"),
    ],
)
def test_wrong_values_are_errors_of_their_fields(admin: User, changed: dict[str, Any], field: str) -> None:
    made = create(admin, **changed)
    assert isinstance(made, Invalid)
    assert list(made.errors) == [field]
    assert str(made.errors[field][0].text)
    assert User.select().count() == 1
    assert AuditEvent.select().count() == 0


def test_a_group_belongs_to_the_department(admin: User) -> None:
    group = make_group(make_place("market"))
    made = create(admin, department=make_place("sales").id, group=group.id)
    assert isinstance(made, Invalid)
    assert list(made.errors) == ["group"]


def test_a_closed_department_is_not_offered_but_kept(admin: User) -> None:
    place = make_place()
    user = make_user("bob")
    place.active = False
    place.save()
    assert isinstance(create(admin, department=place.id), Invalid)
    kept = values(username="bob", name="Robert", department=place.id)
    assert isinstance(accounts.update_user(user.id, kept, version=1, actor_id=admin.id, now=NOW), Done)


def test_of_two_who_take_a_name_at_once_one_gets_it(app: Flask, admin: User, database: Database) -> None:
    start = threading.Barrier(6)
    found: list[Outcome] = []

    def take() -> None:
        with connected(database):
            start.wait(20)
            found.append(create(admin))

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(type(one).__name__ for one in found) == ["Done"] + ["Invalid"] * 5
    assert User.select().where(User.username == "zhang.san").count() == 1


@pytest.mark.parametrize("role", ["auditor", "gm", "service_manager", "hr"])
def test_nobody_but_an_administrator_changes_accounts(app: Flask, role: str) -> None:
    actor, user = make_user("actor", role), make_user("bob")
    now = {"actor_id": actor.id, "now": NOW}
    answers: list[Outcome] = [
        accounts.create_user(values(), SECRET, **now),
        accounts.update_user(user.id, values(username="bob"), version=1, **now),
        accounts.set_active(user.id, False, **now),
        accounts.reset_password(user.id, SECRET, **now),
        accounts.end_sessions(user.id, **now),
        accounts.create_delegation(
            DelegationValues(user.id, actor.id, "salesperson", TODAY, TODAY, "x"), today=TODAY, **now
        ),
        accounts.end_delegation(1, version=1, **now),
    ]
    assert {type(answer) for answer in answers} == {Forbidden}
    assert AuditEvent.select().count() == 0


def test_an_administrator_who_was_disabled_changes_nothing(admin: User) -> None:
    User.update(active=False).where(User.id == admin.id).execute()
    assert isinstance(create(admin), Forbidden)


def test_changes_are_in_the_history_with_old_and_new(admin: User) -> None:
    user = make_user("bob", "salesperson")
    new_place = make_place("market")
    wanted = values(username="bob", name="鲍勃", department=new_place.id, roles=frozenset({"market_specialist"}))
    saved = accounts.update_user(user.id, wanted, version=1, actor_id=admin.id, now=NOW)
    assert isinstance(saved, Done)
    assert saved.version == 2
    _, detail = last_event()
    assert detail["changes"] == {
        "name": ["Bob", "鲍勃"],
        "department": [user.department_id, new_place.id],
        "roles": [["salesperson"], ["market_specialist"]],
    }
    assert User.get_by_id(user.id).rights_version == 2


def test_saving_without_a_change_writes_nothing(admin: User) -> None:
    user = make_user("bob", "salesperson")
    same = values(username="bob", name="Bob", department=user.department_id)
    saved = accounts.update_user(user.id, same, version=1, actor_id=admin.id, now=NOW)
    assert isinstance(saved, Done)
    assert saved.version == 1
    assert AuditEvent.select().count() == 0


def test_a_user_name_never_changes(admin: User) -> None:
    user = make_user("bob")
    saved = accounts.update_user(user.id, values(username="robert"), version=1, actor_id=admin.id, now=NOW)
    assert isinstance(saved, Invalid)
    assert list(saved.errors) == ["username"]


def test_the_second_of_two_editors_is_told(admin: User) -> None:
    user = make_user("bob")
    first = values(username="bob", name="First")
    assert isinstance(accounts.update_user(user.id, first, version=1, actor_id=admin.id, now=NOW), Done)
    second = accounts.update_user(user.id, values(username="bob", name="Second"), version=1, actor_id=admin.id, now=NOW)
    assert isinstance(second, Stale)
    assert (second.version, second.by) == (2, "Root")
    assert User.get_by_id(user.id).name == "First"


def test_nobody_changes_his_own_roles(admin: User) -> None:
    wanted = values(username="root", name="Root", department=admin.department_id, roles=frozenset({"admin", "gm"}))
    saved = accounts.update_user(admin.id, wanted, version=1, actor_id=admin.id, now=NOW)
    assert isinstance(saved, Declined)
    assert (saved.rule, saved.field) == ("ACL-03", "roles")
    assert accounts.roles_of(admin.id) == {"admin"}


def test_an_administrator_may_correct_his_own_name(admin: User) -> None:
    wanted = values(username="root", name="Ruth", department=admin.department_id, roles=frozenset({"admin"}))
    assert isinstance(accounts.update_user(admin.id, wanted, version=1, actor_id=admin.id, now=NOW), Done)


def test_nobody_shuts_himself_out(admin: User) -> None:
    wanted = values(
        username="root", name="Root", department=admin.department_id, roles=frozenset({"admin"}), active=False
    )
    saved = accounts.update_user(admin.id, wanted, version=1, actor_id=admin.id, now=NOW)
    assert isinstance(saved, Declined)
    assert isinstance(accounts.set_active(admin.id, False, actor_id=admin.id, now=NOW), Declined)
    assert User.get_by_id(admin.id).active


def test_of_two_administrators_who_disable_each_other_one_stays(app: Flask, admin: User, database: Database) -> None:
    other = make_user("ruth", "admin")
    start = threading.Barrier(2)
    found: list[Outcome] = []

    def disable(actor: User, victim: User) -> None:
        with connected(database):
            start.wait(20)
            found.append(accounts.set_active(victim.id, False, actor_id=actor.id, now=NOW))

    threads = [threading.Thread(target=disable, args=pair) for pair in ((admin, other), (other, admin))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(type(one).__name__ for one in found) == ["Done", "Forbidden"]
    assert User.select().where(User.active == True).count() == 1  # noqa: E712 - SQL, not Python


def test_disabling_ends_sessions_and_names_what_is_still_owned(app: Flask, admin: User) -> None:
    user = make_user("bob", "salesperson")
    browsers = [signed_in(app, "bob") for _ in range(2)]
    for state in ("open", "open", "closed"):
        Matter.create(owner=user, state=state)
    Matter.create(owner=admin, state="open")
    saved = accounts.set_active(user.id, False, actor_id=admin.id, now=NOW, registers=REGISTERS.values())
    assert isinstance(saved, Done)
    assert saved.state == "disabled"
    assert [warning.values for warning in saved.warnings if not isinstance(warning, str)] == [
        {"name": "Bob", "count": 2, "register": "服务记录"},
        {"name": "Bob", "count": 2, "register": "礼品签收"},
    ]
    assert {browser.get("/").location for browser in browsers} == {"/login?why=disabled"}
    assert Matter.select().where(Matter.owner == user).count() == 3
    assert Browser(app).sign_in("bob").status_code == 422


def test_a_disabled_account_can_be_enabled_again(app: Flask, admin: User) -> None:
    user = make_user("bob", active=False)
    assert isinstance(accounts.set_active(user.id, True, actor_id=admin.id, now=NOW), Done)
    assert signed_in(app, "bob").get("/").status_code == 200


def test_a_reset_ends_sessions_and_the_old_password(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "bob")
    secret = accounts.one_time_secret(CHEAP)
    assert isinstance(accounts.reset_password(user.id, secret, actor_id=admin.id, now=NOW), Done)
    assert browser.get("/").location == "/login?why=reset"
    assert Browser(app).sign_in("bob").status_code == 422
    assert Browser(app).sign_in("bob", secret.password).status_code == 303
    event = AuditEvent.get(AuditEvent.action == "account:reset")
    assert secret.password not in event.detail
    assert secret.hash not in event.detail
    assert isinstance(accounts.reset_password(admin.id, secret, actor_id=admin.id, now=NOW), Declined)


def test_unknown_accounts_are_missing(admin: User) -> None:
    now = {"actor_id": admin.id, "now": NOW}
    answers: list[Outcome] = [
        accounts.update_user(999, values(), version=1, **now),
        accounts.set_active(999, True, **now),
        accounts.reset_password(999, SECRET, **now),
        accounts.end_sessions(999, **now),
        accounts.end_delegation(999, version=1, **now),
        accounts.revoke_export(999, **now),
    ]
    assert {type(answer) for answer in answers} == {Missing}


def test_a_failed_history_entry_leaves_no_account(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(account_changes, "record", broken)
    with pytest.raises(OSError, match="disk full"):
        create(admin)
    assert User.select().count() == 1
    assert UserRole.select().count() == 1


# --- pages ----------------------------------------------------------------------------------------------------


def test_a_secret_prints_as_stars() -> None:
    assert repr(Secret("open sesame", "$argon2id$")) == "Secret(***)"
