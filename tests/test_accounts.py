"""Accounts, export grants and delegations: who may, what it does at once, and their pages."""

import datetime as dt
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from peewee import CharField, Database, ForeignKeyField

from admin_views.accounts import register_account_views
from backoffice import account_changes, accounts
from backoffice.accounts import DelegationValues, GrantValues, Secret, UserValues
from backoffice.database import connected
from backoffice.outcomes import Declined, Done, Forbidden, Invalid, Missing, Outcome, Stale
from models.accounts import Delegation, ExportGrant, Session, User, UserRole
from models.base import Row
from models.base import db as proxy
from models.evidence import AuditEvent
from models.matrix import MATRIX, access
from models.register import Register, Section, State, Text
from tests.accounts_app import (
    CHEAP,
    NOW,
    PASSWORD,
    Browser,
    at,
    make_app,
    make_area,
    make_group,
    make_place,
    make_user,
    outcome,
    page,
    signed_in,
)

TODAY = dt.date(2025, 3, 5)
SECRET = accounts.chosen_secret(CHEAP, PASSWORD)


class Matter(Row):
    """A record with an owner, as every register has one."""

    owner = ForeignKeyField(User, backref="+")
    state = CharField(20)

    class Meta:
        table_name = "matter_of_test"


def declared(name: str, zh: str) -> Register:
    return Register(
        name=name,
        zh=zh,
        en=name,
        group=Text("客户", "customers"),
        model=Matter,
        fields=(),
        access=access(name) if name in MATRIX else {},
        sections=(Section("", "", ()),),
        columns=(),
        label=(),
        states=(State("open", "在办", "open"), State("closed", "结案", "closed", ends=True)),
    )


REGISTERS: Mapping[str, Register] = {
    "service_log": declared("service_log", "服务记录"),
    "gift_signoff": declared("gift_signoff", "礼品签收"),
}


@pytest.fixture(autouse=True)
def clock_held() -> Iterator[None]:
    with at(NOW):
        yield


@pytest.fixture
def app(database: Database) -> Flask:
    made = make_app(database)
    database.create_tables([Matter])
    register_account_views(made, REGISTERS)
    return made


@pytest.fixture
def admin(app: Flask) -> User:
    return make_user("root", "admin", department=make_place("gm_office"))


def values(**changed: Any) -> UserValues:
    given: dict[str, Any] = {"username": "zhang.san", "name": "张三", "roles": frozenset({"salesperson"})}
    return UserValues(**{**given, **changed})


def create(admin: User, **changed: Any) -> Outcome:
    return accounts.create_user(values(**changed), SECRET, actor_id=admin.id, now=NOW)


def last_event() -> tuple[str, dict[str, Any]]:
    event = AuditEvent.select().order_by(AuditEvent.id.desc()).first()
    return event.action, json.loads(event.detail)


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


# --- export grants ---------------------------------------------------------------------------------------------


def grant(actor: User, person: User, /, **changed: Any) -> Outcome:
    given: dict[str, Any] = {"user": person.id, "register": "service_log", "reason": "月报", **changed}
    return accounts.grant_export(GrantValues(**given), actor_id=actor.id, now=NOW, today=TODAY, registers=REGISTERS)


def test_an_administrator_grants_and_takes_back(admin: User) -> None:
    user = make_user("bob", "service_manager")
    assert isinstance(grant(admin, user, ends_on=TODAY), Done)
    row = ExportGrant.get()
    assert (row.user, row.register, row.reason, row.granted_by, row.ends_on) == (
        user,
        "service_log",
        "月报",
        admin,
        TODAY,
    )
    action, detail = last_event()
    assert (action, detail["reason"], detail["ends_on"]) == ("account:grant", "月报", "2025-03-05")
    assert isinstance(accounts.revoke_export(row.id, actor_id=admin.id, now=NOW), Done)
    assert ExportGrant.select().count() == 0
    assert last_event()[1]["changes"] == {"export": ["service_log", None]}


def test_a_second_grant_replaces_the_first(admin: User) -> None:
    user = make_user("bob", "service_manager")
    for reason in ("first", "second"):
        assert isinstance(grant(admin, user, reason=reason), Done)
    assert [row.reason for row in ExportGrant.select()] == ["second"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"register": "nowhere"}, "register"),
        ({"register": "gift_signoff"}, "register"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"ends_on": TODAY - dt.timedelta(days=1)}, "ends_on"),
        ({"user": None}, "user"),
    ],
)
def test_a_grant_goes_no_further_than_letter_e(admin: User, changed: dict[str, Any], field: str) -> None:
    user = make_user("bob", "service_manager")
    made = grant(admin, user, **changed)
    assert isinstance(made, Invalid)
    assert list(made.errors) == [field]
    assert ExportGrant.select().count() == 0


def test_a_service_manager_grants_in_his_own_department_only(app: Flask) -> None:
    place = make_place("customer_service")
    manager = make_user("boss", "service_manager", department=place)
    mine = make_user("bob", "dept_head", department=place)
    other = make_user("eve", "dept_head", department=make_place("sales"))
    nowhere = make_user("nick", "dept_head", department=None)
    assert isinstance(grant(manager, mine), Done)
    assert isinstance(grant(manager, other), Missing)
    assert isinstance(grant(manager, nowhere), Missing)
    foreign = ExportGrant.create(user=other, register="service_log", reason="x", granted_at=NOW)
    assert isinstance(accounts.revoke_export(foreign.id, actor_id=manager.id, now=NOW), Missing)
    homeless = make_user("hal", "service_manager", department=None)
    assert isinstance(grant(homeless, nowhere), Missing)


def test_nobody_grants_himself_and_others_grant_nothing(admin: User) -> None:
    manager = make_user("boss", "service_manager")
    assert isinstance(grant(manager, manager), Declined)
    for role in ("dept_head", "auditor", "gm"):
        assert isinstance(grant(make_user(f"x.{role}", role), manager), Forbidden)


# --- delegations ------------------------------------------------------------------------------------------------


def delegate(admin: User, absent: User, to: User, /, **changed: Any) -> Outcome:
    given: dict[str, Any] = {
        "owner": absent.id,
        "delegate": to.id,
        "role": "sales_manager",
        "starts_on": TODAY,
        "ends_on": TODAY + dt.timedelta(days=7),
        "reason": "年假",
        **changed,
    }
    return accounts.create_delegation(DelegationValues(**given), actor_id=admin.id, now=NOW, today=TODAY)


def test_a_delegation_has_a_period_a_reason_and_a_history(admin: User) -> None:
    owner, to = make_user("bob", "sales_manager"), make_user("eve", "group_leader")
    made = delegate(admin, owner, to)
    assert isinstance(made, Done)
    event = AuditEvent.get(AuditEvent.action == "account:delegation")
    assert (event.register, event.record_id) == ("delegation", made.id)
    assert json.loads(event.detail)["changes"]["reason"] == [None, "年假"]
    ended = accounts.end_delegation(made.id, version=1, actor_id=admin.id, now=NOW)
    assert isinstance(ended, Done)
    assert Delegation.get_by_id(made.id).ended
    assert isinstance(accounts.end_delegation(made.id, version=1, actor_id=admin.id, now=NOW), Stale)
    assert isinstance(accounts.end_delegation(made.id, version=2, actor_id=admin.id, now=NOW), Declined)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"role": "gm"}, "role"),
        ({"role": "nothing"}, "role"),
        ({"reason": ""}, "reason"),
        ({"starts_on": None}, "starts_on"),
        ({"ends_on": None}, "ends_on"),
        ({"starts_on": TODAY + dt.timedelta(days=8)}, "ends_on"),
        ({"starts_on": dt.date(2025, 1, 1), "ends_on": TODAY - dt.timedelta(days=1)}, "ends_on"),
        ({"owner": None}, "owner"),
        ({"owner": 999}, "owner"),
        ({"delegate": 999}, "delegate"),
    ],
)
def test_wrong_delegations_are_errors_of_their_fields(admin: User, changed: dict[str, Any], field: str) -> None:
    owner, to = make_user("bob", "sales_manager"), make_user("eve", "group_leader")
    made = delegate(admin, owner, to, **changed)
    assert isinstance(made, Invalid)
    assert list(made.errors) == [field]
    assert Delegation.select().count() == 0


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_who_never_approves_is_no_side_of_a_delegation(admin: User, role: str) -> None:
    owner, to = make_user("bob", "sales_manager", role), make_user("eve", "group_leader")
    made = delegate(admin, owner, to, role=role)
    assert isinstance(made, Invalid)
    assert made.errors["role"][0].rule == "ACL-03"
    back = delegate(admin, make_user("meg", "sales_manager"), owner)
    assert isinstance(back, Invalid)
    assert back.errors["delegate"][0].rule == "ACL-03"


def test_nobody_acts_for_himself_or_while_disabled(admin: User) -> None:
    owner, gone = make_user("bob", "sales_manager"), make_user("eve", active=False)
    for to in (owner, gone):
        made = delegate(admin, owner, to)
        assert isinstance(made, Invalid)
        assert list(made.errors) == ["delegate"]


# --- pages ----------------------------------------------------------------------------------------------------


PATHS = (
    "/admin/user/",
    "/admin/user/new/",
    "/admin/user/edit/?id={id}",
    "/admin/user/details/?id={id}",
    "/admin/user/history/?id={id}",
    "/admin/delegation/",
    "/admin/delegation/new/",
    "/admin/export_grant/",
    "/admin/export_grant/new/",
)
READ = {"/admin/user/", "/admin/user/details/?id={id}", "/admin/user/history/?id={id}", "/admin/delegation/"}
READ |= {"/admin/export_grant/"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("role", "opens"),
    [
        ("admin", set(PATHS)),
        ("auditor", READ),
        ("gm", set()),
        ("hr", set()),
        ("service_manager", {"/admin/export_grant/", "/admin/export_grant/new/"}),
    ],
)
def test_who_opens_which_page(app: Flask, role: str, opens: set[str], path: str) -> None:
    user = make_user("actor", role)
    answer = signed_in(app, "actor").get(path.format(id=user.id))
    assert answer.status_code == (200 if path in opens else 403)


@pytest.mark.parametrize(
    "path",
    [
        "/admin/user/new/",
        "/admin/user/edit/?id={id}",
        "/admin/user/reset/?id={id}",
        "/admin/user/end_session/?id={id}",
        "/admin/user/action/",
        "/admin/delegation/new/",
        "/admin/delegation/edit/?id={id}",
        "/admin/delegation/action/",
        "/admin/export_grant/new/",
        "/admin/export_grant/revoke/?id={id}",
    ],
)
def test_an_auditor_changes_nothing(app: Flask, path: str) -> None:
    user = make_user("actor", "auditor")
    assert signed_in(app, "actor").post(path.format(id=user.id), {}).status_code == 403


def test_the_list_searches_filters_and_counts(app: Flask, admin: User) -> None:
    place = make_place("market")
    make_user("anna", "salesperson", name="安娜")
    make_user("bert", "market_specialist", name="贝特", department=place)
    make_user("carl", "salesperson", name="卡尔", active=False)
    browser = signed_in(app, "root")

    def names(query: str) -> list[str]:
        found = page(browser.get(f"/admin/user/?{query}"))
        rows = [str(row["data-number"]) for row in found.select("tr[data-id]")]
        assert found.select_one(f'[data-count="{len(rows)}"][data-count-exact=true]') is not None
        return rows

    assert names("") == ["anna", "bert", "carl", "root"]
    assert names("sort=username&desc=1") == ["root", "carl", "bert", "anna"]
    assert names("search=安") == ["anna"]
    assert names("search=%25") == []
    assert names("search=ER") == ["bert"]
    assert names(f"flt1_department_equals={place.id}") == ["bert"]
    assert names("flt2_roles_equals=salesperson") == ["anna", "carl"]
    assert names("flt3_active_equals=false") == ["carl"]
    assert names("flt2_roles_equals=salesperson&flt3_active_equals=true&search=a") == ["anna"]


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=" + "9" * 20,
        "page=90000",
        "page_size=0",
        "page_size=501",
        "sort=password_hash",
        "sort=99",
        "desc=2",
        "flt1_password_hash_equals=x",
        "flt1_roles_like=x",
        "flt1_roles_equals=owner",
        "flt1_department_equals=abc",
        "search=" + "x" * 101,
        "id=1&id=2",
    ],
)
def test_a_query_no_page_of_ours_asks_is_400(app: Flask, admin: User, query: str) -> None:
    assert signed_in(app, "root").get(f"/admin/user/?{query}").status_code == 400


@pytest.mark.parametrize(
    ("given", "status"), [("", 400), ("x", 400), ("-1", 400), ("999", 404), ("9" * 23, 404), ("１", 400)]
)
def test_ids_that_are_none(app: Flask, admin: User, given: str, status: int) -> None:
    browser = signed_in(app, "root")
    for path in ("user/details", "user/edit", "user/history", "delegation/edit"):
        assert browser.get(f"/admin/{path}/?id={given}").status_code == status


def test_the_list_takes_at_most_eight_queries(app: Flask, admin: User) -> None:
    for number in range(30):
        make_user(f"u{number}", "salesperson", "archivist")
    browser = signed_in(app, "root")
    asked: list[str] = []
    proxy.obj.query_hooks.append(lambda *args, **kwargs: asked.append(str(args)))
    try:
        assert browser.get("/admin/user/?page_size=50&search=u").status_code == 200
    finally:
        proxy.obj.query_hooks.clear()
    assert 0 < len(asked) <= 6, asked  # The menu of the whole product takes two more.


def form_of(browser: Browser, path: str) -> dict[str, Any]:
    """What a browser would send of the form as it stands."""
    (form,) = page(browser.get(path)).select("form.sheet")
    sent: dict[str, Any] = {}
    for tag in form.select("input[name], select[name]"):
        name = str(tag["name"])
        if tag.name == "select":
            chosen = tag.select_one("option[selected]") or tag.select_one("option")
            sent[name] = str(chosen["value"]) if chosen is not None else ""
        elif tag.get("type") != "checkbox":
            sent[name] = str(tag.get("value", ""))
        elif tag.has_attr("checked"):
            sent.setdefault(name, []).append(str(tag["value"]))
    return sent


def test_an_account_is_made_and_used_through_the_pages(app: Flask, admin: User) -> None:
    place = make_place()
    browser = signed_in(app, "root")
    sent = form_of(browser, "/admin/user/new/")
    assert set(sent) >= {"csrf_token", "version", "username", "name", "department", "group", "area", "active"}
    sent |= {"username": "li.si", "name": "李四", "department": str(place.id), "roles": ["salesperson", "archivist"]}
    answer = browser.post("/admin/user/new/", sent)
    user = User.get(User.username == "li.si")
    assert (answer.status_code, answer.location) == (303, f"/admin/user/details/?id={user.id}")
    details = page(browser.get(answer.location))
    assert details.select_one("[data-outcome=done]") is not None
    head = details.select_one("header[data-id]")
    assert head is not None
    assert (head["data-id"], head["data-number"], head["data-state"]) == (str(user.id), "li.si", "active")
    shown = {str(tag["data-field"]): tag.get("data-value") for tag in details.select("dd[data-field]")}
    assert shown["department"] == str(place.id)
    assert shown["roles"] == "salesperson,archivist"
    assert shown["active"] == "true"
    reset = details.select_one("[data-action=reset_password]")
    assert reset is not None
    answer = browser.post(str(reset.find_parent("form")["action"]), {})  # type: ignore[index]
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    secret = page(answer).select_one("[data-field=one_time_password]")
    assert secret is not None
    assert "Set-Cookie" not in answer.headers
    fresh = Browser(app)
    assert fresh.sign_in("li.si", secret.get_text()).status_code == 303
    assert fresh.get("/").location == "/account/password/"
    assert secret.get_text() not in browser.get(f"/admin/user/history/?id={user.id}").text


def test_a_wrong_form_comes_back_with_what_was_typed(app: Flask, admin: User) -> None:
    browser = signed_in(app, "root")
    sent = form_of(browser, "/admin/user/new/") | {
        "username": "Li Si",
        "name": "李四",
        "roles": ["salesperson", "owner"],
    }
    answer = browser.post("/admin/user/new/", sent)
    assert answer.status_code == 422
    found = page(answer)
    marked = {str(tag["data-field"]) for tag in found.select("[data-outcome=invalid][data-field]")}
    assert marked == {"username", "roles"}
    assert found.select_one('input[name=name][value="李四"]') is not None
    assert found.select_one("input[name=roles][value=salesperson][checked]") is not None


@pytest.mark.parametrize("name", ["department", "group", "area"])
@pytest.mark.parametrize("given", ["999", "x", "-1", "9" * 30, "1 or 1=1"])
def test_a_choice_that_was_not_offered_is_422(app: Flask, admin: User, name: str, given: str) -> None:
    browser = signed_in(app, "root")
    sent = form_of(browser, "/admin/user/new/") | {
        "username": "li.si",
        "name": "李四",
        "roles": ["salesperson"],
        name: given,
    }
    answer = browser.post("/admin/user/new/", sent)
    assert answer.status_code == 422
    assert page(answer).select_one(f"[data-outcome=invalid][data-field={name}]") is not None


def test_a_stale_form_is_409_and_shows_both(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "root")
    path = f"/admin/user/edit/?id={user.id}"
    sent = form_of(browser, path) | {"name": "Mine"}
    other = form_of(browser, path) | {"name": "Theirs"}
    assert browser.post(path, other).status_code == 303
    answer = browser.post(path, sent)
    assert (answer.status_code, outcome(answer)) == (409, "stale")
    found = page(answer)
    assert "Theirs" in found.select_one("#differences").get_text()  # type: ignore[union-attr]
    assert found.select_one("input[name=name][value=Mine]") is not None
    again = form_of_answer(found)
    assert browser.post(path, again).status_code == 303
    assert User.get_by_id(user.id).name == "Mine"


def form_of_answer(found: Any) -> dict[str, Any]:
    """The fields of a form that was shown again."""
    sent: dict[str, Any] = {}
    for tag in found.select("form.sheet input[name]"):
        if tag.get("type") != "checkbox":
            sent[tag["name"]] = tag.get("value", "")
        elif tag.has_attr("checked"):
            sent.setdefault(tag["name"], []).append(tag["value"])
    for tag in found.select("form.sheet select[name]"):
        chosen = tag.select_one("option[selected]")
        sent[tag["name"]] = chosen["value"] if chosen is not None else ""
    return sent


def test_ones_own_roles_are_409_with_the_rule(app: Flask, admin: User) -> None:
    browser = signed_in(app, "root")
    path = f"/admin/user/edit/?id={admin.id}"
    answer = browser.post(path, form_of(browser, path) | {"roles": ["admin", "gm"]})
    assert answer.status_code == 409
    notice = page(answer).select_one("[data-outcome=refused]")
    assert notice is not None
    assert (notice["data-rule"], notice["data-field"]) == ("ACL-03", "roles")
    answer = browser.post(path, form_of(browser, path) | {"active": "false"})
    assert answer.status_code == 409
    assert User.get_by_id(admin.id).active


def test_without_the_field_active_an_account_stays_as_it_is(app: Flask, admin: User) -> None:
    user = make_user("bob", active=False)
    browser = signed_in(app, "root")
    path = f"/admin/user/edit/?id={user.id}"
    sent = form_of(browser, path) | {"name": "Robert"}
    del sent["active"]
    assert browser.post(path, sent).status_code == 303
    assert not User.get_by_id(user.id).active


def test_two_sessions_of_one_account_are_shown(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "root")
    signed_in(app, "bob")
    row = page(browser.get("/admin/user/")).select_one("tr[data-number=bob] .waiting")
    assert row is None
    signed_in(app, "bob")
    row = page(browser.get("/admin/user/")).select_one("tr[data-number=bob] .waiting")
    assert row is not None
    assert row.get_text() == "2"
    details = page(browser.get(f"/admin/user/details/?id={user.id}"))
    ends = details.select("button[data-action=end_session]")
    assert len(ends) == 2
    form = ends[0].find_parent("form")
    assert form is not None
    hidden = form.select_one("input[name=session]")
    assert hidden is not None
    answer = browser.post(str(form["action"]), {"session": hidden["value"]})
    assert answer.status_code == 303
    assert Session.select().where(Session.ended_why == "ended").count() == 1


def test_a_session_of_somebody_else_is_not_ended_under_this_name(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "root")
    mine = Session.get()
    assert browser.post(f"/admin/user/end_session/?id={user.id}", {"session": str(mine.id)}).status_code == 404
    assert browser.get("/").status_code == 200


def test_acts_on_rows_give_one_outcome_each(app: Flask, admin: User) -> None:
    users = [make_user(name) for name in ("anna", "bert")]
    browser = signed_in(app, "root")
    rows = [str(user.id) for user in users] + [str(admin.id), "999"]
    answer = browser.post("/admin/user/action/", {"action": "disable", "rowid": rows})
    assert (answer.status_code, answer.location) == (303, "/admin/user/")
    notices = [str(tag["data-outcome"]) for tag in page(browser.get("/admin/user/")).select(".notice[data-outcome]")]
    assert notices == ["done", "done", "refused", "refused"]
    assert [User.get_by_id(user.id).active for user in [*users, admin]] == [False, False, True]
    assert browser.post("/admin/user/action/", {"action": "delete", "rowid": rows}).status_code == 400
    assert browser.get("/admin/user/action/").status_code == 405


def test_wrong_guesses_are_shown_to_administrators(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "root")
    for _ in range(3):
        Browser(app).sign_in("bob", "wrong password indeed")
    details = page(browser.get(f"/admin/user/details/?id={user.id}"))
    assert any("3" in tag.get_text() for tag in details.select(".tag.bad"))


def test_the_history_of_an_account_names_people_and_places(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "root")
    path = f"/admin/user/edit/?id={user.id}"
    browser.post(path, form_of(browser, path) | {"department": str(make_place("market").id), "name": "<b>鲍勃</b>"})
    answer = browser.get(f"/admin/user/history/?id={user.id}")
    for text in ("部门 sales", "部门 market", "&lt;b&gt;鲍勃", "Root"):
        assert text in answer.text
    assert "<b>鲍勃" not in answer.text


def test_exports_are_granted_and_taken_back_through_the_pages(app: Flask, admin: User) -> None:
    user = make_user("bob", "service_manager")
    browser = signed_in(app, "root")
    path = f"/admin/export_grant/new/?user={user.id}"
    sent = form_of(browser, path)
    assert sent["user"] == str(user.id)
    refused = browser.post("/admin/export_grant/new/", sent | {"register": "gift_signoff", "ends_on": "soon"})
    assert refused.status_code == 422
    assert page(refused).select_one("[data-outcome=invalid][data-field=ends_on]") is not None
    good = sent | {"register": "service_log", "reason": "月报", "ends_on": "2025-12-31"}
    answer = browser.post("/admin/export_grant/new/", good)
    assert answer.location == f"/admin/user/details/?id={user.id}"
    details = page(browser.get(answer.location))
    revoke = details.select_one("[data-action=revoke]")
    assert revoke is not None
    form = revoke.find_parent("form")
    assert form is not None
    assert browser.post(str(form["action"]), {}).status_code == 303
    assert ExportGrant.select().count() == 0


def test_a_service_manager_sees_and_grants_only_his_own_people(app: Flask) -> None:
    place = make_place("customer_service")
    make_user("boss", "service_manager", department=place)
    mine = make_user("bob", "dept_head", department=place)
    other = make_user("eve", "dept_head", department=make_place("sales"))
    for user in (mine, other):
        ExportGrant.create(user=user, register="service_log", reason="x", granted_at=NOW)
    browser = signed_in(app, "boss")
    rows = page(browser.get("/admin/export_grant/")).select("tr[data-id]")
    assert [str(row["data-number"]) for row in rows] == ["bob"]
    sent = form_of(browser, "/admin/export_grant/new/") | {"register": "service_log", "reason": "x"}
    offered = [
        str(tag["value"]) for tag in page(browser.get("/admin/export_grant/new/")).select("select[name=user] option")
    ]
    assert str(mine.id) in offered
    assert str(other.id) not in offered
    assert browser.post("/admin/export_grant/new/", sent | {"user": str(mine.id)}).location == "/admin/export_grant/"
    assert browser.post("/admin/export_grant/new/", sent | {"user": str(other.id)}).status_code == 404


def test_a_delegation_is_made_and_ended_through_the_pages(app: Flask, admin: User) -> None:
    owner, to = make_user("bob", "sales_manager"), make_user("eve", "group_leader")
    browser = signed_in(app, "root")
    sent = form_of(browser, "/admin/delegation/new/") | {
        "owner": str(owner.id),
        "delegate": str(to.id),
        "role": "sales_manager",
        "starts_on": "2025-03-05",
        "ends_on": "2025-03-12",
        "reason": "年假",
    }
    wrong = browser.post("/admin/delegation/new/", sent | {"ends_on": "2025-03-04", "role": "gm"})
    assert wrong.status_code == 422
    assert {str(tag["data-field"]) for tag in page(wrong).select("[data-outcome=invalid][data-field]")} == {
        "ends_on",
        "role",
    }
    answer = browser.post("/admin/delegation/new/", sent)
    row = Delegation.get()
    assert answer.location == f"/admin/delegation/edit/?id={row.id}"
    shown = page(browser.get(answer.location))
    assert shown.select_one(f'[data-field=owner][data-value="{owner.id}"]') is not None
    listed = page(browser.get("/admin/delegation/")).select_one(f'tr[data-id="{row.id}"]')
    assert listed is not None
    assert listed["data-state"] == "open"
    stale = browser.post(answer.location, {"version": "7"})
    assert (stale.status_code, outcome(stale)) == (409, "stale")
    assert browser.post(answer.location, {"version": "1"}).location == "/admin/delegation/"
    assert Delegation.get().ended
    again = browser.post("/admin/delegation/action/", {"action": "end", "rowid": str(row.id)})
    assert again.status_code == 303
    assert outcome(browser.get("/admin/delegation/")) == "refused"


def test_no_page_of_accounts_shows_a_hash(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "root")
    for path in PATHS:
        text = browser.get(path.format(id=user.id)).text
        assert "argon2" not in text
        assert Session.get().token_hash not in text


def test_a_secret_prints_as_stars() -> None:
    assert repr(Secret("open sesame", "$argon2id$")) == "Secret(***)"
