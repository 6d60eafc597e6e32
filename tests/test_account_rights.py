"""Export grants and delegations: who may give them, and what it does at once."""

import datetime as dt
import json
from typing import Any

import pytest
from flask import Flask

from backoffice import accounts
from backoffice.accounts import DelegationValues, GrantValues
from backoffice.outcomes import Declined, Done, Forbidden, Invalid, Missing, Outcome, Stale
from models.accounts import Delegation, ExportGrant, User
from models.evidence import AuditEvent
from tests.account_world import REGISTERS, TODAY, admin, app, clock_held, last_event
from tests.accounts_app import NOW, make_place, make_user

__all__ = ["admin", "app", "clock_held"]

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
