"""The rules of key checkout, each walked as the catalogue's `accept` and the refusals of registers.md 5 say."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from backoffice import clock
from backoffice.database import connected
from backoffice.outcomes import Declined, Done, Forbidden, Invalid, Missing, Outcome
from models.accounts import Delegation
from models.params import Param
from models.registers.car_key import CarKey
from models.registers.key_checkout import KeyCheckout
from tests.company import CHECKED, Company
from tests.rules.walks import offered, refused_by, value, wrong

REGISTER = "key_checkout"
MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)


def line(record: int) -> Any:
    return KeyCheckout.get_by_id(record)


def key_of(record: int) -> str:
    return str(CarKey.get_by_id(line(record).key_id).state)


def page_of(company: Company, record: int, who: str = "custodian_5s") -> Any:
    with clock.set_to(company.now):
        return company.browser(who).page(f"/admin/{REGISTER}/details/?id={record}")


def back(
    company: Company, record: int, at: dt.datetime, typed: Mapping[str, Any] | None = None, who: str = "custodian_5s"
) -> Outcome:
    return company.do(who, REGISTER, record, "returned", {**CHECKED, **(typed or {})}, now=at)


def issue(company: Company, record: int, who: str = "custodian_5s", **typed: Any) -> Outcome:
    return company.do(who, REGISTER, record, "issued", typed)


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


# ---- KEY-03: loss ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("KEY-03")
def test_a_lost_key_is_blocked_at_once_and_fined_after_the_confirmation(company: Company) -> None:
    record = company.line_in("lost", "viewing")
    assert (key_of(record), line(record).fine_lost) == ("lost", None)
    company.done("sales_manager", REGISTER, record, "confirm_loss", {"reason": "属实"})
    page = page_of(company, record)
    assert (value(page, "fine_lost"), value(page, "compensation")) == ("50.00", "800.00")
    assert value(page, "loss_confirmed") is None
    assert page.select_one('.signatures li[data-field="loss_confirmed"][data-value]') is not None


def test_a_lost_key_is_neither_asked_for_nor_issued_again(company: Company) -> None:
    key = company.key()
    waiting = company.line("viewing", key=key)
    company.line_in("lost", "viewing", key=key)
    refused_by(issue(company, waiting), "KEY-15")
    inputs = company.line_inputs("viewing", key=key)
    wrong(company.do("custodian_5s", REGISTER, None, "create", inputs), "key", "KEY-15")


def test_a_loss_is_confirmed_once_by_the_holders_manager(company: Company) -> None:
    record = company.line_in("lost", "viewing")
    for who in ("custodian_5s", "group_leader", "sales_consultant", "finance"):
        assert isinstance(company.do(who, REGISTER, record, "confirm_loss"), Forbidden)
    assert isinstance(company.do("dept_head_business", REGISTER, record, "confirm_loss"), Missing)
    company.done("dept_head", REGISTER, record, "confirm_loss", {"compensation": "650"})
    assert line(record).compensation == Decimal("650.00")
    assert isinstance(company.do("sales_manager", REGISTER, record, "confirm_loss"), Declined)


@pytest.mark.parametrize("typed", [{"lost_at": ""}, {"compensation": ""}, {"compensation": "-1"}, {"reason": ""}])
def test_a_loss_needs_its_time_its_compensation_and_the_fact(company: Company, typed: dict[str, str]) -> None:
    record = company.line_in("issued", "viewing")
    whole = {"lost_at": company.now, "compensation": "0", "reason": "丢失"}
    wrong(company.do("custodian_5s", REGISTER, record, "lost", {**whole, **typed}), next(iter(typed)))
    assert (line(record).state, key_of(record)) == ("issued", "out")


@pytest.mark.rule("KEY-03")
@pytest.mark.parametrize("shift", [-MINUTE, MINUTE])
def test_a_loss_lies_between_the_issue_and_now(company: Company, shift: dt.timedelta) -> None:
    record = company.line_in("issued", "viewing")
    typed = {"lost_at": company.now + shift, "compensation": "0", "reason": "丢失"}
    wrong(company.do("custodian_5s", REGISTER, record, "lost", typed), "lost_at", "KEY-03")


# ---- KEY-04: late ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("KEY-04")
@pytest.mark.parametrize(
    ("held", "late", "fine"),
    [
        pytest.param(295, False, "0.00", id="4:55"),
        pytest.param(299, False, "0.00", id="4:59"),
        pytest.param(300, False, "0.00", id="five minutes exactly"),
        pytest.param(301, True, "10.00", id="5:01"),
        pytest.param(3600, True, "10.00", id="an hour is fined like a minute"),
        pytest.param(0, False, "0.00", id="at the end itself"),
    ],
)
def test_late_means_more_than_three_hundred_seconds(company: Company, held: int, late: bool, fine: str) -> None:
    record = company.line_in("issued")
    ended = company.now + 40 * MINUTE
    company.done("custodian_5s", REGISTER, record, "drive_ended", {"drive_ended_at": ended}, now=ended)
    assert isinstance(back(company, record, ended + held * SECOND), Done)
    page = page_of(company, record)
    assert value(page, "held_after_end") == str(held)
    assert value(page, "late") == ("true" if late else "false")
    assert value(page, "fine_late") == fine


def test_below_the_second_nothing_counts(company: Company) -> None:
    record = company.line_in("drive_ended")
    at = company.now + 35 * MINUTE + dt.timedelta(microseconds=999_999)
    assert isinstance(back(company, record, at), Done)
    assert (line(record).held_after_end, line(record).late) == (300, False)
    assert line(record).returned_at == company.now + 35 * MINUTE


@pytest.mark.rule("KEY-04")
def test_the_fine_is_that_of_the_day_of_the_return(company: Company) -> None:
    day = company.now.date()
    for name, figure, first in (
        ("fine.key_late", "15", day),
        ("fine.key_late", "99", day + dt.timedelta(days=1)),
        ("key.return_grace_minutes", "10", day),
    ):
        Param.create(name=name, value=figure, unit="", valid_from=first, set_at=company.now)
    record = company.line_in("drive_ended")
    typed = {"returned_at": company.now + 40 * MINUTE + SECOND, "backdate_reason": "当时停电"}
    assert isinstance(back(company, record, company.now + dt.timedelta(days=1), typed), Done)
    assert (line(record).held_after_end, line(record).fine_late) == (601, Decimal("15.00"))


@pytest.mark.rule("KEY-04")
def test_midnight_does_not_matter(company: Company) -> None:
    """23:58 to 00:04 of the next day in the company's time zone is six minutes."""
    record = company.line_in("issued")
    ended = dt.datetime(2026, 3, 4, 15, 58, tzinfo=dt.UTC)
    company.done("sales_consultant", REGISTER, record, "drive_ended", {"drive_ended_at": "2026-03-04 23:58"}, now=ended)
    assert isinstance(back(company, record, dt.datetime(2026, 3, 4, 16, 4, tzinfo=dt.UTC)), Done)
    found = line(record)
    assert (found.held_after_end, found.late, found.fine_late) == (360, True, Decimal("10.00"))


@pytest.mark.rule("KEY-04")
def test_without_an_end_the_line_is_incomplete_and_not_zero(company: Company) -> None:
    record = company.line_in("issued")
    assert isinstance(back(company, record, company.now + 60 * MINUTE), Done)
    page = page_of(company, record)
    assert [value(page, name) for name in ("held_after_end", "late", "fine_late")] == ["", "", ""]
    assert value(page, "incomplete") == "true"
    assert "不完整" in page.select_one(".title").get_text()


def test_the_end_may_be_told_at_closing(company: Company) -> None:
    record = company.line_in("issued")
    back(company, record, company.now + 60 * MINUTE)
    typed = {"drive_ended_at": company.now + 50 * MINUTE, **company.papers("confirmation_file", "survey_file")}
    company.done("custodian_5s", REGISTER, record, "closed", typed, now=company.now + 90 * MINUTE)
    found = line(record)
    assert (found.held_after_end, found.late, found.incomplete) == (600, True, False)


def test_only_a_test_drive_has_an_end(company: Company) -> None:
    record = company.line_in("issued", "viewing")
    typed = {"drive_ended_at": company.now + MINUTE}
    assert isinstance(company.do("custodian_5s", REGISTER, record, "drive_ended", typed), Declined)
    assert isinstance(back(company, record, company.now + 90 * MINUTE, typed), Done)
    assert (line(record).drive_ended_at, line(record).incomplete, line(record).late) == (None, False, None)


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


# ---- KEY-06, KEY-07: deliveries -------------------------------------------------------------------------------------------


@pytest.mark.rule("KEY-06")
def test_a_financed_car_is_not_cleared_before_the_lender_has_paid(company: Company) -> None:
    record = company.line("delivery", payment_mode="finance")
    typed = {"reason": "同意", "payment_mode": "finance", "loan_disbursed_on": ""}
    wrong(company.do("finance", REGISTER, record, "approved", typed), "loan_disbursed_on", "KEY-06")
    assert line(record).state == "requested"


@pytest.mark.rule("KEY-06")
def test_a_financed_car_is_not_issued_before_the_lender_has_paid(company: Company) -> None:
    record = company.line("delivery", payment_mode="finance")
    refused_by(issue(company, record), "KEY-06")
    assert (line(record).state, key_of(record)) == ("requested", "in")


@pytest.mark.rule("KEY-06")
def test_a_loan_is_not_paid_out_tomorrow(company: Company) -> None:
    record = company.line("delivery")
    typed = {"payment_mode": "finance", "loan_disbursed_on": "2026-03-05"}
    wrong(company.do("finance", REGISTER, record, "approved", typed), "loan_disbursed_on", "KEY-06")


@pytest.mark.parametrize("who", ["admin", "gm", "deputy_gm", "sales_manager", "dept_head"])
def test_there_is_no_way_around_the_lender(company: Company, who: str) -> None:
    record = company.line("delivery", payment_mode="finance")
    for act in ("approved", "issued"):
        outcome = company.do(who, REGISTER, record, act, {"reason": "x", "loan_disbursed_on": "2026-03-01"})
        assert isinstance(outcome, Forbidden | Declined)
    assert line(record).state == "requested"


def test_a_loan_that_is_paid_out_releases_the_car(company: Company) -> None:
    record = company.line("delivery")
    typed = {"payment_mode": "finance", "loan_disbursed_on": "2026-03-04"}
    company.done("finance", REGISTER, record, "approved", typed)
    done = issue(company, record)
    assert isinstance(done, Done)
    assert "随车工具" in str(done.warnings[0])
    page = page_of(company, record)
    assert page.select_one('.signatures li[data-field="finance_clear"][data-value]') is not None
    assert value(page, "loan_disbursed_on") == "2026-03-04"


@pytest.mark.rule("KEY-07")
def test_a_delivery_waits_for_finance(company: Company) -> None:
    record = company.line("delivery")
    refused_by(issue(company, record), "KEY-07")
    assert (line(record).state, key_of(record)) == ("requested", "in")


@pytest.mark.rule("KEY-07")
def test_a_deposit_alone_is_not_cleared(company: Company) -> None:
    record = company.line("delivery")
    typed = {"payment_mode": "deposit"}
    wrong(company.do("finance", REGISTER, record, "approved", typed), "payment_mode", "KEY-07")


def test_finance_clears_deliveries_alone_and_the_manager_none(company: Company) -> None:
    delivery, other = company.line("delivery"), company.line("other")
    assert isinstance(company.do("sales_manager", REGISTER, delivery, "approved", {"reason": "同意"}), Declined)
    assert isinstance(company.do("finance", REGISTER, other, "approved", {"reason": "同意"}), Declined)
    assert isinstance(company.do("finance", REGISTER, company.line("viewing"), "approved"), Declined)


# ---- KEY-08, KEY-10: test drives ------------------------------------------------------------------------------------------


@pytest.mark.rule("KEY-08")
@pytest.mark.parametrize("missing", ["agreement_file", "licence_file"])
def test_no_drive_without_agreement_and_licence(company: Company, missing: str) -> None:
    record = company.line()
    papers = company.papers("agreement_file", "licence_file")
    del papers[missing]
    wrong(issue(company, record, **papers), missing, "KEY-08")
    assert (line(record).state, key_of(record)) == ("requested", "in")


@pytest.mark.rule("KEY-08")
@pytest.mark.parametrize("missing", ["confirmation_file", "survey_file"])
def test_no_closing_without_confirmation_and_survey(company: Company, missing: str) -> None:
    record = company.line_in("returned")
    papers = company.papers("confirmation_file", "survey_file")
    del papers[missing]
    wrong(company.do("custodian_5s", REGISTER, record, "closed", papers), missing, "KEY-08")
    assert line(record).state == "returned"


def test_papers_may_come_with_the_request(company: Company) -> None:
    papers = company.papers("agreement_file", "licence_file", who="sales_consultant")
    made = company.done("sales_consultant", REGISTER, None, "create", {**company.line_inputs(), **papers})
    assert isinstance(issue(company, made.id), Done)


def test_a_viewing_needs_no_papers(company: Company) -> None:
    assert line(company.line_in("closed", "viewing")).state == "closed"


@pytest.mark.rule("KEY-10")
def test_a_test_drive_names_its_guide(company: Company) -> None:
    inputs = company.line_inputs()
    del inputs["accompanied_by"]
    wrong(company.do("custodian_5s", REGISTER, None, "create", inputs), "accompanied_by", "KEY-10")


@pytest.mark.rule("KEY-10")
def test_the_guide_is_not_the_customer(company: Company) -> None:
    customer = company.customer("sales_consultant", name="彭海涛", customer_kind="person", contacts=[])
    inputs = company.line_inputs(customer=customer)
    wrong(company.do("custodian_5s", REGISTER, None, "create", inputs), "accompanied_by", "KEY-10")


# ---- KEY-11, KEY-14: the car check ----------------------------------------------------------------------------------------


@pytest.mark.rule("KEY-11")
@pytest.mark.parametrize(
    ("typed", "payer"),
    [
        ({"check_windows": "bad"}, "group_leader"),
        ({"check_doors": "bad"}, "group_leader"),
        ({"check_windows": "bad", "check_doors": "bad", "responsible": "sales_consultant"}, "sales_consultant"),
    ],
    ids=["windows, nobody found", "doors, nobody found", "both, somebody found"],
)
def test_an_open_window_costs_one_fine(company: Company, typed: dict[str, Any], payer: str) -> None:
    record = company.line_in("issued", "viewing")
    if "responsible" in typed:
        typed = {**typed, "responsible": company.users[typed["responsible"]].id}
    assert isinstance(back(company, record, company.now, typed), Done)
    found = line(record)
    assert found.fine_window == Decimal("20.00")
    assert found.window_payer is not None
    assert found.window_payer.username == payer


def test_windows_cost_nothing_after_other_uses_and_when_shut(company: Company) -> None:
    cleaned, viewed = company.line_in("issued", "cleaning"), company.line_in("issued", "viewing")
    back(company, cleaned, company.now, {"check_windows": "bad"})
    back(company, viewed, company.now)
    assert [line(record).fine_window for record in (cleaned, viewed)] == [None, None]


@pytest.mark.rule("KEY-14")
@pytest.mark.parametrize("part", ["check_body", "check_interior"])
def test_damage_is_described(company: Company, part: str) -> None:
    record = company.line_in("issued", "viewing")
    wrong(back(company, record, company.now, {part: "bad"}), "damage", "KEY-14")
    assert (line(record).state, key_of(record)) == ("issued", "out")


@pytest.mark.rule("KEY-14")
@pytest.mark.parametrize(
    ("purpose", "named", "bearer", "share"),
    [("viewing", False, "group", 100), ("viewing", True, "person", 100), ("transfer", False, "group", 50)],
)
def test_damage_falls_to_the_group_when_nobody_is_named(
    company: Company, purpose: str, named: bool, bearer: str, share: int
) -> None:
    record = company.line_in("issued", purpose)
    typed: dict[str, Any] = {"check_body": "bad", "damage": "右前门刮擦"}
    if named:
        typed["responsible"] = company.users["sales_consultant"].id
    back(company, record, company.now, typed)
    found = line(record)
    assert (found.damage_borne_by, found.damage_share) == (bearer, Decimal(share))
    assert found.group.code == "1"


@pytest.mark.parametrize("missing", sorted(CHECKED))
def test_the_car_is_checked(company: Company, missing: str) -> None:
    record = company.line_in("issued", "viewing")
    wrong(back(company, record, company.now, {missing: ""}), missing)


# ---- KEY-12, KEY-13: consent ----------------------------------------------------------------------------------------------


@pytest.mark.rule("KEY-12")
def test_other_use_needs_the_managers_consent(company: Company) -> None:
    record = company.line("other")
    refused_by(issue(company, record), "KEY-12")
    assert (line(record).state, key_of(record)) == ("requested", "in")


@pytest.mark.rule("KEY-13")
def test_a_bank_run_needs_the_managers_consent(company: Company) -> None:
    record = company.line("bank_run")
    refused_by(issue(company, record), "KEY-13")
    assert (line(record).state, key_of(record)) == ("requested", "in")


@pytest.mark.rule("KEY-12")
def test_the_consent_has_its_reason(company: Company) -> None:
    record = company.line("other")
    wrong(company.do("sales_manager", REGISTER, record, "approved", {"reason": " "}), "reason", "KEY-12")


@pytest.mark.rule("KEY-13")
@pytest.mark.parametrize("companion", ["", "sales_consultant"])
def test_a_bank_run_has_a_companion_besides_the_holder(company: Company, companion: str) -> None:
    chosen = company.users[companion].id if companion else ""
    inputs = company.line_inputs("bank_run", companion=chosen)
    wrong(company.do("custodian_5s", REGISTER, None, "create", inputs), "companion", "KEY-13")


@pytest.mark.parametrize("who", ["sales_manager", "sales_manager_2", "dept_head"])
def test_the_managers_of_the_holders_department_consent(company: Company, who: str) -> None:
    record = company.line("other")
    company.done(who, REGISTER, record, "approved", {"reason": "接待外宾"})
    assert isinstance(issue(company, record), Done)
    assert page_of(company, record).select_one('.signatures li[data-field="usage_approval"][data-value]') is not None


def test_other_managers_do_not_consent(company: Company) -> None:
    record = company.line("other")
    for who in ("dept_head_business", "dept_head_market"):
        assert isinstance(company.do(who, REGISTER, record, "approved", {"reason": "同意"}), Missing)
    assert isinstance(company.do("deputy_gm", REGISTER, record, "approved", {"reason": "同意"}), Declined)


def test_where_there_is_no_manager_the_deputy_general_manager_consents(company: Company) -> None:
    """Finance has no manager; business has a head, so nobody stands in for him."""
    alone, headed = company.line("bank_run", "finance"), company.line("bank_run", "business_clerk")
    company.done("deputy_gm", REGISTER, alone, "approved", {"reason": "同意"})
    assert isinstance(company.do("deputy_gm", REGISTER, headed, "approved", {"reason": "同意"}), Declined)
    company.done("dept_head_business", REGISTER, headed, "approved", {"reason": "同意"})


@pytest.mark.rule("ACL-03")
def test_nobody_consents_to_his_own_use(company: Company) -> None:
    record = company.line("other", "sales_manager")
    refused_by(company.do("sales_manager", REGISTER, record, "approved", {"reason": "同意"}), "ACL-03")
    company.done("sales_manager_2", REGISTER, record, "approved", {"reason": "同意"})


def test_a_change_of_the_purpose_cancels_the_consent(company: Company) -> None:
    """After the consent nothing can be edited, so a consent never stands on another purpose."""
    record = company.line_in("approved", "other")
    outcome = company.do("custodian_5s", REGISTER, record, "update", {"purpose": "viewing"})
    assert isinstance(outcome, Declined)


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


# ---- KEY-17: every line ---------------------------------------------------------------------------------------------------


@pytest.mark.rule("KEY-17")
def test_car_and_class_come_from_the_key(company: Company) -> None:
    page = page_of(company, company.line("viewing"))
    assert value(page, "car_class") == "test"
    assert page.select_one('dd[data-field="car"]') is not None


@pytest.mark.parametrize("missing", ["key", "holder", "purpose", "customer"])
def test_a_line_has_its_key_holder_purpose_and_customer(company: Company, missing: str) -> None:
    inputs = {**company.line_inputs("viewing"), missing: ""}
    wrong(company.do("custodian_5s", REGISTER, None, "create", inputs), missing)


def test_a_delivery_names_its_order(company: Company) -> None:
    inputs = company.line_inputs("delivery", order="")
    wrong(company.do("custodian_5s", REGISTER, None, "create", inputs), "order")


def test_the_purpose_stays_after_the_issue(company: Company) -> None:
    record = company.line_in("issued", "viewing")
    outcome = company.do("custodian_5s", REGISTER, record, "update", {"purpose": "cleaning"})
    assert isinstance(outcome, Declined)
    assert line(record).purpose == "viewing"


@pytest.mark.rule("KEY-17")
@pytest.mark.parametrize("act", ["issued", "returned"])
def test_a_time_is_never_later_than_now(company: Company, act: str) -> None:
    record = company.line_in("requested" if act == "issued" else "issued", "viewing")
    field = f"{act}_at"
    typed = {**CHECKED, field: company.now + 2 * SECOND, "backdate_reason": "提前登记"}
    wrong(company.do("custodian_5s", REGISTER, record, act, typed, now=company.now + SECOND), field, "KEY-17")


@pytest.mark.rule("KEY-17")
@pytest.mark.parametrize("act", ["issued", "returned"])
def test_an_earlier_time_has_its_reason(company: Company, act: str) -> None:
    record = company.line_in("requested" if act == "issued" else "issued", "viewing")
    typed = {**CHECKED, f"{act}_at": company.now}
    outcome = company.do("custodian_5s", REGISTER, record, act, typed, now=company.now + MINUTE)
    wrong(outcome, "backdate_reason", "KEY-17")


def test_a_back_dated_time_keeps_the_time_of_entry(company: Company) -> None:
    record, later = company.line("viewing"), company.now + 90 * MINUTE
    typed = {"issued_at": "2026-03-04 10:05:07", "backdate_reason": "系统停电"}
    company.done("custodian_5s", REGISTER, record, "issued", typed, now=later)
    typed = {**CHECKED, "returned_at": "2026-03-04T11:00", "backdate_reason": "接待客户"}
    company.done("custodian_5s", REGISTER, record, "returned", typed, now=later + MINUTE)
    found = line(record)
    assert found.issued_at == company.now + dt.timedelta(minutes=5, seconds=7)
    assert (found.issued_entered_at, found.returned_at) == (later, company.now + 60 * MINUTE)
    assert (found.returned_entered_at, found.backdate_reason) == (later + MINUTE, "系统停电\n接待客户")


@pytest.mark.rule("KEY-17")
def test_a_return_is_not_earlier_than_the_issue(company: Company) -> None:
    record = company.line_in("issued", "viewing")
    typed = {"returned_at": company.now - SECOND, "backdate_reason": "补录"}
    wrong(back(company, record, company.now, typed), "returned_at", "KEY-17")
    assert isinstance(back(company, record, company.now), Done)


@pytest.mark.rule("KEY-17")
def test_kilometres_do_not_run_backwards(company: Company) -> None:
    record = company.line("viewing")
    company.done("custodian_5s", REGISTER, record, "issued", {"odometer_out": "1200"})
    wrong(back(company, record, company.now, {"odometer_in": "1199"}), "odometer_in", "KEY-17")


@pytest.mark.rule("KEY-17")
def test_a_viewing_is_a_consultants(company: Company) -> None:
    inputs = company.line_inputs("viewing", "finance")
    wrong(company.do("custodian_5s", REGISTER, None, "create", inputs), "holder", "KEY-17")


@pytest.mark.rule("KEY-17")
@pytest.mark.parametrize("purpose", ["cleaning", "transfer"])
def test_cleaning_and_transfers_are_the_custodians_or_a_groups(company: Company, purpose: str) -> None:
    inputs = company.line_inputs(purpose, "sales_assistant")
    wrong(company.do("custodian_5s", REGISTER, None, "create", inputs), "group", "KEY-17")
    company.line(purpose, "custodian_5s")
    company.line(purpose, "sales_consultant")


# ---- TDR-02, VEH-04 -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("TDR-02")
@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (-1, 10, "drive_started_at"),
        (10, 9, "drive_ended_at"),
        (None, -1, "drive_ended_at"),
        (0, 31, "drive_ended_at"),
        (31, None, "drive_started_at"),
    ],
    ids=[
        "before the issue",
        "end before start",
        "end before the issue",
        "end after the return",
        "start after the return",
    ],
)
def test_the_drive_lies_between_issue_and_return(
    company: Company, start: int | None, end: int | None, field: str
) -> None:
    record = company.line_in("issued")
    given = {"drive_started_at": start, "drive_ended_at": end}
    typed = {name: company.now + minutes * MINUTE for name, minutes in given.items() if minutes is not None}
    wrong(back(company, record, company.now + 30 * MINUTE, typed), field, "TDR-02")


@pytest.mark.rule("TDR-02")
def test_a_drive_does_not_end_in_the_future(company: Company) -> None:
    record = company.line_in("issued")
    typed = {"drive_ended_at": company.now + 2 * MINUTE}
    outcome = company.do("sales_consultant", REGISTER, record, "drive_ended", typed, now=company.now + MINUTE)
    wrong(outcome, "drive_ended_at", "TDR-02")
    wrong(company.do("sales_consultant", REGISTER, record, "drive_ended", {}), "drive_ended_at")


@pytest.mark.rule("VEH-04")
def test_an_outlet_gets_accepted_cars_alone(company: Company) -> None:
    car = company.car("川A·88888", location="outlet")
    record = company.line("transfer", key=company.key(car), outlet_transfer=True, dealer_person="简阳店 高经理")
    refused_by(issue(company, record), "VEH-04")
    company.done("custodian_5s", "vehicle_stock", car, "update", {"acceptance": "ok"})
    assert isinstance(issue(company, record), Done)


@pytest.mark.rule("VEH-04")
def test_a_transfer_with_an_outlet_names_the_dealers_staff(company: Company) -> None:
    inputs = company.line_inputs("transfer", outlet_transfer=True)
    wrong(company.do("custodian_5s", REGISTER, None, "create", inputs), "dealer_person", "VEH-04")


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
