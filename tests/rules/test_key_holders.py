"""The rules of who holds a key: custodians and holders, newly arrived cars, one holder a key, own lines, states."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from backoffice import clock
from backoffice.database import connected
from backoffice.outcomes import Declined, Done, Forbidden, Invalid, Outcome
from models.accounts import Delegation
from models.params import Param
from models.registers.car_key import CarKey
from tests.company import CHECKED, Company
from tests.rules.key_lines import MINUTE, REGISTER, back, issue, key_of, line, page_of
from tests.rules.walks import offered, refused_by, wrong


def delegate(company: Company, owner: str, to: str, role: str) -> None:
    today = company.now.date()
    Delegation.create(
        owner=company.users[owner],
        delegate=company.users[to],
        role=role,
        starts_on=today,
        ends_on=today,
        reason="年假",
        created_at=company.now,
        updated_at=company.now,
    )


# ---- KEY-02: the custodian alone ----------------------------------------------------------------------------------------


def test_a_consultant_neither_issues_nor_takes_back(company: Company) -> None:
    record = company.line()
    assert isinstance(issue(company, record, "sales_consultant"), Forbidden)
    company.done("custodian_5s", REGISTER, record, "issued", company.papers("agreement_file", "licence_file"))
    assert isinstance(back(company, record, company.now, who="sales_consultant"), Forbidden)
    assert key_of(record) == "out"


@pytest.mark.rule("KEY-02")
def test_a_custodian_does_not_issue_to_himself(company: Company) -> None:
    record = company.line("cleaning", "custodian_5s")
    refused_by(issue(company, record), "KEY-02")
    assert (line(record).state, key_of(record)) == ("requested", "in")


@pytest.mark.rule("KEY-02")
@pytest.mark.parametrize("act", ["returned", "lost"])
def test_a_custodian_does_not_take_his_own_key_back(company: Company, act: str) -> None:
    record = company.line("cleaning", "custodian_5s")
    company.done("custodian_5s_2", REGISTER, record, "issued")
    typed = CHECKED if act == "returned" else {"lost_at": company.now, "compensation": "0", "reason": "丢失"}
    refused_by(company.do("custodian_5s", REGISTER, record, act, typed), "KEY-02")
    company.done("custodian_5s_2", REGISTER, record, act, typed)


@pytest.mark.rule("KEY-02")
def test_a_delegation_does_not_make_two_of_one(company: Company) -> None:
    record = company.line()
    delegate(company, "custodian_5s", "sales_consultant", "custodian_5s")
    papers = company.papers("agreement_file", "licence_file", who="sales_consultant")
    refused_by(company.do("sales_consultant", REGISTER, record, "issued", papers), "KEY-02")


def test_any_custodian_takes_a_key_back(company: Company) -> None:
    record = company.line_in("issued", "viewing")
    company.done("custodian_5s_2", REGISTER, record, "returned", CHECKED)
    assert (line(record).received_by.username, key_of(record)) == ("custodian_5s_2", "in")


def test_a_consultant_asks_for_himself_alone(company: Company) -> None:
    inputs = company.line_inputs("viewing", "sales_consultant_2")
    wrong(company.do("sales_consultant", REGISTER, None, "create", inputs), "holder")
    del inputs["holder"]
    made = company.done("sales_consultant", REGISTER, None, "create", inputs)
    found = line(made.id)
    assert (found.state, found.holder.username, found.owner.username) == (
        "requested",
        "sales_consultant",
        "sales_consultant",
    )
    assert isinstance(company.do("key_account", REGISTER, None, "create", inputs), Forbidden)


def test_a_line_belongs_to_its_holder(company: Company) -> None:
    found = line(company.line("viewing", "sales_consultant_2"))
    assert (found.owner.username, found.created_by.username) == ("sales_consultant_2", "custodian_5s_2")
    assert (found.department.code, found.maker_department.code) == ("sales", "showroom")


# ---- KEY-05: newly arrived cars -------------------------------------------------------------------------------------------


def second_line(company: Company, **more: Any) -> Outcome:
    """The same consultant asks for the key of another newly arrived car."""
    inputs = company.line_inputs("viewing", key=company.new_key(), **more)
    return company.do("custodian_5s", REGISTER, None, "create", inputs)


@pytest.mark.rule("KEY-05")
def test_a_second_key_of_a_new_arrival_is_refused(company: Company) -> None:
    company.line_in("issued", "viewing", key=company.new_key())
    refused_by(second_line(company), "KEY-05")


@pytest.mark.rule("KEY-05")
def test_of_two_requests_one_is_issued(company: Company) -> None:
    first, second = (company.line("viewing", key=company.new_key()) for _ in range(2))
    assert isinstance(issue(company, first), Done)
    refused_by(issue(company, second), "KEY-05")
    assert key_of(second) == "in"
    back(company, first, company.now)
    assert isinstance(issue(company, second), Done)


def test_two_orders_for_the_two_cars_are_the_exception(company: Company) -> None:
    keys = [company.new_key(order_no=f"DD-{n}") for n in (1, 2)]
    for n, key in enumerate(keys, 1):
        record = company.line("viewing", key=key, order=f"DD-{n}")
        assert isinstance(issue(company, record), Done)


@pytest.mark.rule("KEY-05")
@pytest.mark.parametrize(
    ("first", "second"),
    [("", "DD-2"), ("DD-1", ""), ("DD-1", "DD-1"), ("DD-1", "DD-3")],
    ids=["none for the first", "none for the second", "one order twice", "the order of another car"],
)
def test_other_orders_are_no_exception(company: Company, first: str, second: str) -> None:
    keys = [company.new_key(order_no=f"DD-{n}") for n in (1, 2)]
    company.done("custodian_5s", REGISTER, company.line("viewing", key=keys[0], order=first), "issued")
    inputs = company.line_inputs("viewing", key=keys[1], order=second)
    refused_by(company.do("custodian_5s", REGISTER, None, "create", inputs), "KEY-05")


def test_others_and_other_cars_do_not_count(company: Company) -> None:
    company.line_in("issued", "viewing", key=company.new_key())
    company.line_in("issued", "viewing")
    company.line_in("issued", "viewing", key=company.new_key(), holder="sales_consultant_2")


def test_the_switch_of_scarcity_is_a_setting(company: Company) -> None:
    Param.create(name="key.scarcity_mode", value="0", unit="", valid_from=company.now.date(), set_at=company.now)
    company.line_in("issued", "viewing", key=company.new_key())
    company.line_in("issued", "viewing", key=company.new_key())


@pytest.mark.rule("KEY-05")
def test_the_mark_of_a_new_arrival_goes_from_the_car_to_its_keys(company: Company) -> None:
    key = CarKey.get_by_id(company.new_key())
    assert key.new_arrival
    company.done("custodian_5s", "vehicle_stock", key.car_id, "update", {"new_arrival": False})
    assert not CarKey.get_by_id(key.id).new_arrival
    with clock.set_to(company.now):
        told = company.browser("custodian_5s").page(f"/admin/car_key/history/?id={key.id}").get_text()
    assert "新到车" in told


# ---- KEY-15: one holder a key ---------------------------------------------------------------------------------------------


@pytest.mark.rule("KEY-15")
def test_a_key_that_is_out_may_be_asked_for_and_is_not_issued(company: Company) -> None:
    key = company.key()
    first, second = company.line("viewing", key=key), company.line("viewing", "sales_consultant_2", key=key)
    assert isinstance(issue(company, first), Done)
    refused_by(issue(company, second), "KEY-15")
    back(company, first, company.now)
    assert isinstance(issue(company, second), Done)


@pytest.mark.rule("KEY-15")
def test_a_retired_key_is_not_asked_for(company: Company) -> None:
    key = company.key()
    company.done("custodian_5s", "car_key", key, "retired", {"reason": "换锁"})
    inputs = company.line_inputs("viewing", key=key)
    wrong(company.do("custodian_5s", REGISTER, None, "create", inputs), "key", "KEY-15")
    with clock.set_to(company.now):
        page = company.browser("custodian_5s").page(f"/admin/{REGISTER}/new/")
    assert page.select_one(f'select[name=key] option[value="{key}"]') is None


@pytest.mark.rule("KEY-15")
def test_a_back_dated_issue_does_not_overlap_the_one_before(company: Company) -> None:
    key = company.key()
    first = company.line_in("issued", "viewing", key=key)
    back(company, first, company.now + 30 * MINUTE)
    second = company.line("viewing", key=key)
    typed = {"issued_at": company.now + 20 * MINUTE, "backdate_reason": "当时未登记"}
    later = company.now + 60 * MINUTE
    wrong(company.do("custodian_5s", REGISTER, second, "issued", typed, now=later), "issued_at", "KEY-15")
    typed["issued_at"] = company.now + 30 * MINUTE
    company.done("custodian_5s", REGISTER, second, "issued", typed, now=later)


def test_the_keys_own_history_tells_of_its_checkout(company: Company) -> None:
    record = company.line_in("returned", "viewing")
    with clock.set_to(company.now):
        told = company.browser("custodian_5s").page(f"/admin/car_key/history/?id={line(record).key_id}")
    text = told.get_text()
    assert "领出" in text
    assert "在库" in text


def at_once(company: Company, works: list[Any]) -> list[Outcome]:
    """Each work in its own thread on its own connection, all released together."""
    start = threading.Barrier(len(works))
    found: list[Outcome] = []

    def run(work: Any) -> None:
        with connected(company.database):
            start.wait(10)
            found.append(work())

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == len(works)
    return found


@pytest.mark.parametrize("turn", range(3))
def test_of_two_custodians_who_issue_one_key_at_once_one_succeeds(company: Company, turn: int) -> None:
    key = company.key()
    lines = [company.line("viewing", who, key=key) for who in ("sales_consultant", "sales_consultant_2")]
    custodians = ("custodian_5s", "custodian_5s_2")
    pairs = list(zip(custodians, lines, strict=True))
    outcomes = at_once(company, [lambda who=who, record=record: issue(company, record, who) for who, record in pairs])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Declined", "Done"]
    refused_by(next(outcome for outcome in outcomes if isinstance(outcome, Declined)), "KEY-15")
    assert sorted(line(record).state for record in lines) == ["issued", "requested"]
    assert key_of(lines[0]) == "out"


@pytest.mark.parametrize("turn", range(3))
def test_of_two_custodians_who_issue_one_line_at_once_one_succeeds(company: Company, turn: int) -> None:
    record = company.line("viewing")
    custodians = ("custodian_5s", "custodian_5s_2")
    outcomes = at_once(company, [lambda who=who: issue(company, record, who) for who in custodians])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Declined", "Done"]


@pytest.mark.parametrize("turn", range(3))
def test_of_two_new_arrivals_issued_at_once_to_one_person_one_is_refused(company: Company, turn: int) -> None:
    lines = [company.line("viewing", key=company.new_key()) for _ in range(2)]
    pairs = list(zip(("custodian_5s", "custodian_5s_2"), lines, strict=True))
    outcomes = at_once(company, [lambda who=who, record=record: issue(company, record, who) for who, record in pairs])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Declined", "Done"]
    refused_by(next(outcome for outcome in outcomes if isinstance(outcome, Declined)), "KEY-05")


# ---- KEY-16: own lines ----------------------------------------------------------------------------------------------------


def numbers_seen(company: Company, who: str) -> set[int]:
    with clock.set_to(company.now):
        page = company.browser(who).page(f"/admin/{REGISTER}/")
    return {int(str(row["data-id"])) for row in page.select("main tr[data-id]")}


@pytest.mark.rule("KEY-16")
def test_consultants_see_their_own_lines_and_leaders_their_group(company: Company) -> None:
    one, two = company.line("viewing"), company.line("viewing", "sales_consultant_2")
    cleaned = company.line("cleaning", "custodian_5s")
    assert numbers_seen(company, "sales_consultant") == {one}
    assert numbers_seen(company, "sales_consultant_2") == {two}
    assert numbers_seen(company, "group_leader") == {one}
    assert numbers_seen(company, "sales_manager") == {one, two}
    assert numbers_seen(company, "custodian_5s") == {one, two, cleaned}
    assert company.browser("sales_consultant_2").get(f"/admin/{REGISTER}/details/?id={one}").status_code == 404
    assert company.browser("salesperson").get(f"/admin/{REGISTER}/").status_code == 403


# ---- states ---------------------------------------------------------------------------------------------------------------


ALLOWED = {
    "issued": {"requested", "approved"},
    "returned": {"issued", "drive_ended"},
    "closed": {"returned"},
    "lost": {"issued", "drive_ended"},
    "void": {"requested", "approved"},
    "approved": {"requested"},
    "drive_ended": {"issued"},
    "confirm_loss": {"lost"},
}


@pytest.mark.parametrize("state", ["requested", "issued", "drive_ended", "returned", "closed", "lost", "void"])
def test_what_is_not_listed_is_refused(company: Company, state: str) -> None:
    record = company.line_in(state)
    before = line(record).version
    actors = {"approved": "sales_manager", "confirm_loss": "sales_manager"}
    whole = {**CHECKED, "reason": "原因", "lost_at": company.now, "compensation": "0", "drive_ended_at": company.now}
    for act, sources in ALLOWED.items():
        if state not in sources:
            outcome = company.do(actors.get(act, "custodian_5s"), REGISTER, record, act, whole)
            assert isinstance(outcome, Declined), (act, outcome)
    assert (line(record).state, line(record).version) == (state, before)


def test_a_line_is_voided_with_a_reason_and_keeps_its_number(company: Company) -> None:
    record = company.line("viewing")
    wrong(company.do("custodian_5s", REGISTER, record, "void", {"reason": ""}), "reason")
    for act in ("void",):
        assert isinstance(company.do("sales_consultant", REGISTER, record, act, {"reason": "x"}), Forbidden)
    company.done("custodian_5s", REGISTER, record, "void", {"reason": "客户改期"})
    assert line(record).number == "YS-2026-0001"


def test_nothing_is_half_written_when_the_key_is_gone(company: Company) -> None:
    key = company.key()
    record = company.line("viewing", key=key)
    company.line_in("issued", "viewing", key=key)
    before = line(record)
    assert isinstance(issue(company, record, odometer_out="12"), Declined)
    after = line(record)
    assert (after.version, after.odometer_out, after.issued_at) == (before.version, None, None)


def test_an_old_version_is_stale(company: Company) -> None:
    record = company.line("viewing")
    company.done("custodian_5s", REGISTER, record, "update", {"remarks": "下午三点"}, version=1)
    assert not isinstance(company.do("custodian_5s", REGISTER, record, "issued", {}, version=1), Done | Invalid)
    assert key_of(record) == "in"


def test_the_buttons_are_those_of_state_and_person(company: Company) -> None:
    record = company.line()
    assert {"issued", "void", "update"} <= offered(page_of(company, record))
    assert not {"issued", "void", "update", "approved"} & offered(page_of(company, record, "sales_consultant"))
    company.done("custodian_5s", REGISTER, record, "issued", company.papers("agreement_file", "licence_file"))
    assert {"drive_ended"} == offered(page_of(company, record, "sales_consultant")) & set(ALLOWED)
    assert {"drive_ended", "returned", "lost"} == offered(page_of(company, record)) & set(ALLOWED)
