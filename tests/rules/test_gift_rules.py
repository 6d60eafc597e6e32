"""The rules of gifts, each walked as the catalogue's `accept` and the refusals of registers.md 4 say."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from backoffice import clock
from backoffice.database import connected
from backoffice.outcomes import Declined, Done, Forbidden, Invalid, Outcome
from models.accounts import Delegation, UserRole
from models.evidence import Step
from models.params import Param
from models.registers.gift_item import GiftItem, GiftMovement
from models.registers.gift_signoff import GiftSignoff
from tests.company import Company
from tests.rules.walks import (
    YES,
    form_values,
    gift,
    line,
    offered,
    on_sqlite,
    outcomes,
    refused_by,
    sheet,
    stock,
    value,
    wrong,
)

REGISTER = "gift_signoff"
ROADSHOW = {"purpose": "roadshow", "visit_on": ""}


def page_of(company: Company, record: int, who: str = "salesperson") -> Any:
    with clock.set_to(company.now):
        return company.browser(who).page(f"/admin/{REGISTER}/details/?id={record}")


def approved(company: Company, **more: Any) -> int:
    return company.gift_in("approved", **more)


def delegate(company: Company, owner: str, to: str, role: str, days: int = 1) -> None:
    """`to` may act in the role of `owner` until so many days from today."""
    today = company.now.date()
    Delegation.create(
        owner=company.users[owner],
        delegate=company.users[to],
        role=role,
        starts_on=today - dt.timedelta(days=7),
        ends_on=today + dt.timedelta(days=days),
        reason="年假",
        created_at=company.now,
        updated_at=company.now,
    )


# ---- GIFT-01 to GIFT-03: application, two signatures, issue --------------------------------------------------------------


@pytest.mark.rule("GIFT-01")
def test_an_application_has_its_applicant_and_its_day(company: Company) -> None:
    page = page_of(company, company.gift())
    assert value(page, "applied_on") == "2026-03-04"
    assert value(page, "applicant") == str(company.users["salesperson"].id)


@pytest.mark.rule("GIFT-01")
def test_what_was_never_applied_for_is_not_issued(company: Company) -> None:
    record = company.gift()
    GiftSignoff.update(state="approved").where(GiftSignoff.id == record).execute()
    refused_by(company.do("market_specialist", REGISTER, record, "issued"), "GIFT-01")
    assert stock() == 10


def test_there_is_no_issue_without_a_record(company: Company) -> None:
    browser = company.browser("market_specialist")
    assert browser.get(f"/admin/{REGISTER}/transition/issued/").status_code == 404
    assert browser.send(f"/admin/{REGISTER}/transition/issued/?id=999", {}).status_code == 404


def test_a_resubmitted_application_keeps_its_day(company: Company) -> None:
    record = company.gift_in("submitted")
    company.done("market_specialist", REGISTER, record, "return_for_correction", {"reason": "补拜访"})
    company.done("salesperson", REGISTER, record, "submitted", now=company.now + dt.timedelta(days=2))
    assert gift(record).applied_on == dt.date(2026, 3, 4)


@pytest.mark.rule("GIFT-02")
def test_the_manager_cannot_sign_before_the_specialist(company: Company) -> None:
    record = company.gift_in("submitted")
    refused_by(company.do("sales_manager", REGISTER, record, "approved", YES), "GIFT-02")
    assert gift(record).state == "submitted"


@pytest.mark.rule("GIFT-02")
def test_by_address_the_manager_cannot_sign_first_either(company: Company) -> None:
    record = company.gift_in("submitted")
    browser = company.browser("sales_manager")
    page = browser.page(f"/admin/{REGISTER}/details/?id={record}")
    assert "approved" not in offered(page)
    answer = browser.send(f"/admin/{REGISTER}/transition/approved/?id={record}", {**YES, "version": "2"})
    assert answer.status_code == 409
    assert 'data-rule="GIFT-02"' in answer.text
    assert gift(record).state == "submitted"


def test_two_signatures_stand_on_the_record_in_their_order(company: Company) -> None:
    page = page_of(company, approved(company))
    signed = [
        tag.select_one("b").get_text()
        for tag in page.select(".signatures li[data-value]")
        if tag["data-field"].endswith("_sign")
    ]
    assert signed == ["苏婉清", "贺志强"]


@pytest.mark.rule("GIFT-03")
def test_one_signature_is_not_enough_to_collect(company: Company) -> None:
    record = company.gift_in("specialist_signed")
    refused_by(company.do("market_specialist", REGISTER, record, "issued"), "GIFT-03")
    assert (gift(record).state, stock()) == ("specialist_signed", 10)


@pytest.mark.rule("GIFT-03")
def test_by_address_one_signature_is_not_enough_either(company: Company) -> None:
    record = company.gift_in("specialist_signed")
    browser = company.browser("market_specialist")
    path = f"/admin/{REGISTER}/details/?id={record}"
    assert "issued" not in offered(browser.page(path))
    answer = browser.send(f"/admin/{REGISTER}/transition/issued/?id={record}", {"version": "3"})
    assert answer.status_code == 409
    data = {"action": "issued", "rowid": str(record), "version": "3", "url": path}
    assert browser.send(f"/admin/{REGISTER}/action/", data).status_code == 303
    assert outcomes(browser.page(path)) == [("refused", "GIFT-03")]
    assert (gift(record).state, gift(record).version, stock()) == ("specialist_signed", 3, 10)


@pytest.mark.rule("GIFT-03")
@pytest.mark.parametrize("state", ["draft", "issued", "closed"])
def test_nothing_but_an_approved_application_is_issued(company: Company, state: str) -> None:
    record = company.gift_in(state)
    before = stock()
    refused_by(company.do("market_specialist", REGISTER, record, "issued"), "GIFT-03")
    assert stock() == before


# ---- GIFT-05: the customer's signature ----------------------------------------------------------------------------------


@pytest.mark.rule("GIFT-05")
@pytest.mark.parametrize("missing", ["signoff_signer", "signoff_on", "signoff_file"])
def test_a_signature_needs_signer_day_and_sheet(company: Company, missing: str) -> None:
    record = company.gift_in("issued")
    typed = {**sheet(company), missing: ""}
    wrong(company.do("salesperson", REGISTER, record, "signed", typed), missing, "GIFT-05")
    assert gift(record).state == "issued"


@pytest.mark.rule("GIFT-05")
@pytest.mark.parametrize(
    "typed",
    [
        pytest.param({"signoff_signer": "张宏伟"}, id="the applicant"),
        pytest.param({"signoff_signer": " 何静 "}, id="another employee"),
        pytest.param({"signoff_on": "2026-03-03"}, id="before the issue"),
        pytest.param({"signoff_on": "2026-03-05"}, id="tomorrow"),
    ],
)
def test_the_signature_is_the_customers_and_true(company: Company, typed: dict[str, str]) -> None:
    record = company.gift_in("issued")
    outcome = company.do("salesperson", REGISTER, record, "signed", sheet(company, **typed))
    wrong(outcome, next(iter(typed)), "GIFT-05")


@pytest.mark.rule("GIFT-05")
def test_nothing_is_closed_before_somebody_signed(company: Company) -> None:
    record = company.gift_in("issued")
    refused_by(company.do("market_specialist", REGISTER, record, "closed"), "GIFT-05")


@pytest.mark.rule("GIFT-05")
def test_nothing_signed_for_is_closed_without_its_sheet(company: Company) -> None:
    record = company.gift_in("undelivered")
    GiftSignoff.update(signoff_file=None).where(GiftSignoff.id == record).execute()
    refused_by(company.do("market_specialist", REGISTER, record, "closed"), "GIFT-05")


def test_what_came_back_whole_is_closed_without_a_sheet(company: Company) -> None:
    record = company.gift_in("issued")
    company.done("market_specialist", REGISTER, record, "returned", {"lines": [{"returned_qty": "3"}]})
    assert isinstance(company.do("market_specialist", REGISTER, record, "closed"), Done)


# ---- GIFT-06: the fine --------------------------------------------------------------------------------------------------


@pytest.mark.rule("GIFT-06")
def test_the_fine_is_on_the_undelivered_pieces_alone(company: Company) -> None:
    """LP-2025-0019 of the catalogue: 3 boxes at 88.50, one signed for, two not delivered."""
    page = page_of(company, company.gift_in("undelivered"))
    assert value(page, "fine_amount") == "1770.00"
    assert value(page, "total_value") == "265.50"


@pytest.mark.rule("GIFT-06")
def test_the_fine_grows_with_each_confirmed_piece(company: Company) -> None:
    record = company.gift_in("issued")
    for expected in ("885.00", "1770.00"):
        typed = {"reason": "客户称未收到", "lines": [{"undelivered_qty": "1"}]}
        company.done("sales_manager", REGISTER, record, "undelivered", typed)
        assert gift(record).fine_amount == Decimal(expected)


@pytest.mark.rule("GIFT-06")
def test_a_fine_keeps_the_multiple_of_its_day(company: Company) -> None:
    record = company.gift_in("undelivered")
    Param.create(
        name="fine.gift_undelivered_multiple",
        value="20",
        unit="times",
        valid_from=company.now.date() + dt.timedelta(days=1),
        set_at=company.now,
    )
    company.done("market_specialist", REGISTER, record, "closed", now=company.now + dt.timedelta(days=2))
    assert gift(record).fine_amount == Decimal("1770.00")


def test_nothing_confirmed_is_nothing_fined(company: Company) -> None:
    assert gift(company.gift_in("partly_signed")).fine_amount == 0


def test_only_the_manager_confirms_and_with_the_fact(company: Company) -> None:
    record = company.gift_in("issued")
    typed = {"lines": [{"undelivered_qty": "2"}]}
    wrong(company.do("sales_manager", REGISTER, record, "undelivered", typed), "reason")
    for who in ("salesperson", "market_specialist"):
        assert isinstance(company.do(who, REGISTER, record, "undelivered", {**typed, "reason": "x"}), Forbidden)


# ---- GIFT-07: roadshows -------------------------------------------------------------------------------------------------


def roadshow(company: Company, state: str = "submitted") -> int:
    """LP-2025-0022 of the catalogue: 60 bags at 4.20, applied for by the market specialist."""
    item = company.gift_item("LP-DZ", stock=80, value="4.20")
    record = company.gift("market_specialist", item, 60, **ROADSHOW)
    road: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("market_specialist", "submitted", {}),
        ("sales_manager", "manager_signed", YES),
        ("gm", "approved", YES),
        ("market_specialist_2", "issued", {}),
    )
    for who, act, typed in road:
        company.done(who, REGISTER, record, act, typed)
        if act == state:
            break
    return record


@pytest.mark.rule("GIFT-07")
def test_the_market_specialist_does_not_sign_a_roadshow(company: Company) -> None:
    record = roadshow(company)
    refused_by(company.do("market_specialist_2", REGISTER, record, "specialist_signed", YES), "GIFT-07")
    page = page_of(company, record, "market_specialist_2")
    assert not {"specialist_signed", "refused", "return_for_correction"} & offered(page)


@pytest.mark.rule("GIFT-07")
def test_a_roadshow_is_not_issued_without_both_consents(company: Company) -> None:
    record = roadshow(company, "manager_signed")
    GiftSignoff.update(state="approved").where(GiftSignoff.id == record).execute()
    refused_by(company.do("market_specialist_2", REGISTER, record, "issued"), "GIFT-07")
    assert stock() == 80


@pytest.mark.rule("GIFT-07")
def test_a_roadshow_names_itself(company: Company) -> None:
    company.gift_item("LP-DZ", stock=80, value="4.20")
    inputs = {"purpose": "roadshow", "lines": [{"gift": GiftItem.get().id, "quantity": "60"}]}
    outcome = company.do("market_specialist", REGISTER, None, "create", inputs)
    wrong(outcome, "roadshow", "GIFT-07")


def test_a_roadshow_goes_to_the_manager_and_then_to_the_general_manager(company: Company) -> None:
    record = roadshow(company)
    assert isinstance(company.do("gm", REGISTER, record, "approved", YES), Declined)
    company.done("sales_manager", REGISTER, record, "manager_signed", YES)
    assert isinstance(company.do("sales_manager", REGISTER, record, "approved", YES), Declined)
    company.done("gm", REGISTER, record, "approved", YES)
    company.done("market_specialist_2", REGISTER, record, "issued")
    assert (gift(record).state, gift(record).total_value, stock()) == ("issued", Decimal("252.00"), 20)


# ---- GIFT-08: before the visit ------------------------------------------------------------------------------------------


@pytest.mark.rule("GIFT-08")
def test_an_application_after_the_visit_is_saved_marked_and_never_issued(company: Company) -> None:
    record = approved(company, visit_on="2026-03-03")
    refused_by(company.do("market_specialist", REGISTER, record, "issued"), "GIFT-08")
    page = page_of(company, record)
    assert value(page, "after_the_fact") == "true"
    assert "事后补单" in page.select_one(".title").get_text()
    assert stock() == 10


@on_sqlite
@pytest.mark.parametrize(("visit", "late"), [("2026-03-03", True), ("2026-03-04", False), ("2026-03-05", False)])
def test_the_day_of_the_visit_is_in_time(company: Company, visit: str, late: bool) -> None:
    assert gift(company.gift(visit_on=visit)).after_the_fact is late


@pytest.mark.rule("GIFT-08")
def test_a_draft_left_lying_is_judged_by_the_day_it_is_handed_in(company: Company) -> None:
    record = company.gift(visit_on="2026-03-05")
    company.done("salesperson", REGISTER, record, "submitted", now=company.now + dt.timedelta(days=3))
    assert gift(record).after_the_fact


@pytest.mark.rule("GIFT-08")
def test_a_visit_has_its_day(company: Company) -> None:
    inputs = {
        "purpose": "visit",
        "customer": company.customer(),
        "lines": [{"gift": company.gift_item(), "quantity": 1}],
    }
    wrong(company.do("salesperson", REGISTER, None, "create", inputs), "visit_on", "GIFT-08")


# ---- GIFT-09: quantity and value ----------------------------------------------------------------------------------------


def one_gift(company: Company, quantity: Any) -> Outcome:
    inputs = {
        "purpose": "other",
        "customer": company.customer(),
        "lines": [{"gift": GiftItem.get().id, "quantity": quantity}],
    }
    return company.do("salesperson", REGISTER, None, "create", inputs)


@pytest.mark.rule("GIFT-09")
@pytest.mark.parametrize("quantity", ["0", "-1", ""])
def test_a_quantity_is_at_least_one(company: Company, quantity: str) -> None:
    company.gift_item()
    wrong(one_gift(company, quantity), "lines-0-quantity", "GIFT-09")
    assert GiftSignoff.select().count() == 0


@pytest.mark.rule("GIFT-09")
def test_a_gift_without_value_is_not_applied_for(company: Company) -> None:
    GiftItem.update(unit_value=0).where(GiftItem.id == company.gift_item()).execute()
    wrong(one_gift(company, "1"), "lines-0-gift", "GIFT-09")


@on_sqlite
@pytest.mark.parametrize("typed", ["", "0", "-1", "0.001", "abc"])
def test_a_gift_in_stock_has_a_value_above_zero(company: Company, typed: str) -> None:
    inputs = {"code": "LP-CY", "name": "茶叶礼盒", "unit": "盒", "unit_value": typed, "active": True}
    wrong(company.do("market_specialist", "gift_item", None, "create", inputs), "unit_value")


@pytest.mark.rule("GIFT-09")
def test_amounts_are_exact(company: Company) -> None:
    company.gift_item(value="0.10")
    record = company.gift(quantity=3)
    found = line(record)
    assert (found.unit_value, found.amount, gift(record).total_value) == (
        Decimal("0.10"),
        Decimal("0.30"),
        Decimal("0.30"),
    )


@pytest.mark.rule("GIFT-09")
def test_the_unit_value_stays_what_it_was_at_application(company: Company) -> None:
    record = company.gift_in("submitted")
    GiftItem.update(unit_value=Decimal("99.00")).execute()
    for who, act, typed in (("market_specialist", "specialist_signed", YES), ("sales_manager", "approved", YES)):
        company.done(who, REGISTER, record, act, typed)
    company.done("market_specialist", REGISTER, record, "issued")
    assert (line(record).unit_value, gift(record).total_value) == (Decimal("88.50"), Decimal("265.50"))


# ---- GIFT-10: customer and visit ----------------------------------------------------------------------------------------


@pytest.mark.rule("GIFT-10")
def test_a_gift_names_its_customer(company: Company) -> None:
    inputs = {"purpose": "holiday", "lines": [{"gift": company.gift_item(), "quantity": "1"}]}
    wrong(company.do("salesperson", REGISTER, None, "create", inputs), "customer", "GIFT-10")


# ---- GIFT-11: different people ------------------------------------------------------------------------------------------


def also(company: Company, username: str, role: str) -> None:
    UserRole.create(user=company.users[username], role=role)


@pytest.mark.rule("GIFT-11")
def test_one_login_does_not_give_both_signatures(company: Company) -> None:
    also(company, "sales_manager", "market_specialist")
    record = company.gift_in("submitted")
    company.done("sales_manager", REGISTER, record, "specialist_signed", YES)
    refused_by(company.do("sales_manager", REGISTER, record, "approved", YES), "GIFT-11")
    assert gift(record).state == "specialist_signed"


@pytest.mark.rule("GIFT-11")
@pytest.mark.parametrize("act", ["specialist_signed", "refused", "return_for_correction"])
def test_a_specialist_does_not_judge_his_own_application(company: Company, act: str) -> None:
    record = company.gift_in("submitted", "market_specialist")
    refused_by(company.do("market_specialist", REGISTER, record, act, YES), "GIFT-11")
    assert isinstance(company.do("market_specialist_2", REGISTER, record, act, YES), Done)


def handed_over(company: Company) -> int:
    """A specialist's own application, approved by others."""
    record = company.gift_in("submitted", "market_specialist")
    company.done("market_specialist_2", REGISTER, record, "specialist_signed", YES)
    company.done("sales_manager", REGISTER, record, "approved", YES)
    return record


@pytest.mark.rule("GIFT-11")
def test_a_specialist_does_not_issue_take_back_or_close_his_own(company: Company) -> None:
    record = handed_over(company)
    refused_by(company.do("market_specialist", REGISTER, record, "issued"), "GIFT-11")
    company.done("market_specialist_2", REGISTER, record, "issued")
    back = {"lines": [{"returned_qty": "3"}]}
    refused_by(company.do("market_specialist", REGISTER, record, "returned", back), "GIFT-11")
    company.done("market_specialist_2", REGISTER, record, "returned", back)
    refused_by(company.do("market_specialist", REGISTER, record, "closed"), "GIFT-11")
    company.done("market_specialist_2", REGISTER, record, "closed")


def test_the_head_of_marketing_signs_for_a_specialist(company: Company) -> None:
    record = company.gift_in("submitted", "market_specialist")
    assert isinstance(company.do("dept_head_market", REGISTER, record, "specialist_signed", YES), Done)
    other = company.gift_in("submitted")
    assert isinstance(company.do("dept_head_market", REGISTER, other, "specialist_signed", YES), Declined)


@pytest.mark.rule("GIFT-11")
def test_a_manager_who_applies_is_signed_for_by_another_manager(company: Company) -> None:
    also(company, "sales_manager", "salesperson")
    record = company.gift_in("specialist_signed", "sales_manager")
    refused_by(company.do("sales_manager", REGISTER, record, "approved", YES), "GIFT-11")
    assert isinstance(company.do("deputy_gm", REGISTER, record, "approved", YES), Declined)
    assert isinstance(company.do("sales_manager_2", REGISTER, record, "approved", YES), Done)


def test_the_only_manager_who_applies_is_signed_for_by_the_deputy_general_manager(company: Company) -> None:
    also(company, "sales_manager", "salesperson")
    UserRole.delete().where(UserRole.user == company.users["sales_manager_2"]).execute()
    record = company.gift_in("specialist_signed", "sales_manager")
    assert isinstance(company.do("deputy_gm", REGISTER, record, "approved", YES), Done)


def test_a_delegate_signs_with_both_names(company: Company) -> None:
    delegate(company, "market_specialist", "archivist", "market_specialist")
    record = company.gift_in("submitted")
    company.done("archivist", REGISTER, record, "specialist_signed", YES)
    step = Step.get(Step.act == "specialist_signed")
    assert (step.actor_name, step.on_behalf_of.name) == ("江月华", "苏婉清")
    page = page_of(company, record)
    signature = page.select_one('.signatures [data-field="specialist_sign"]')
    assert signature is not None
    assert "江月华" in signature.get_text()
    assert "代 苏婉清" in signature.get_text()
    with clock.set_to(company.now):
        told = company.browser("salesperson").page(f"/admin/{REGISTER}/history/?id={record}")
    entry = told.select_one('[data-entry="specialist_signed"] header')
    assert entry is not None
    assert "代 苏婉清" in entry.get_text()


def test_an_expired_delegation_gives_nothing(company: Company) -> None:
    delegate(company, "market_specialist", "archivist", "market_specialist", days=-1)
    record = company.gift_in("submitted")
    assert isinstance(company.do("archivist", REGISTER, record, "specialist_signed", YES), Forbidden)
    delegate(company, "market_specialist_2", "archivist", "market_specialist", days=0)
    assert isinstance(company.do("archivist", REGISTER, record, "specialist_signed", YES), Done)


@pytest.mark.rule("GIFT-11")
def test_a_delegate_does_not_sign_for_the_one_he_stands_in_for(company: Company) -> None:
    delegate(company, "market_specialist", "archivist", "market_specialist")
    record = company.gift_in("submitted", "market_specialist")
    refused_by(company.do("archivist", REGISTER, record, "specialist_signed", YES), "GIFT-11")


@pytest.mark.rule("GIFT-11")
def test_a_delegate_does_not_sign_his_own(company: Company) -> None:
    delegate(company, "sales_manager", "salesperson", "sales_manager")
    record = company.gift_in("specialist_signed")
    refused_by(company.do("salesperson", REGISTER, record, "approved", YES), "GIFT-11")


@pytest.mark.rule("GIFT-11")
def test_one_person_does_not_give_both_signatures_through_a_delegation(company: Company) -> None:
    delegate(company, "sales_manager", "market_specialist", "sales_manager")
    record = company.gift_in("specialist_signed")
    refused_by(company.do("market_specialist", REGISTER, record, "approved", YES), "GIFT-11")


# ---- GIFT-13: quantities and stock --------------------------------------------------------------------------------------


@pytest.mark.rule("GIFT-13")
def test_five_of_four_in_stock_are_not_issued(company: Company) -> None:
    record = approved(company, gift=company.gift_item(stock=4), quantity=5)
    refused_by(company.do("market_specialist", REGISTER, record, "issued"), "GIFT-13")
    assert (gift(record).state, stock()) == ("approved", 4)


@pytest.mark.rule("GIFT-13")
def test_two_of_three_settled_is_not_closed(company: Company) -> None:
    record = company.gift_in("issued")
    company.done("salesperson", REGISTER, record, "partly_signed", sheet(company, lines=[{"signed_qty": "2"}]))
    refused_by(company.do("market_specialist", REGISTER, record, "closed"), "GIFT-13")
    assert gift(record).state == "partly_signed"


@pytest.mark.rule("GIFT-13")
@pytest.mark.parametrize("quantity", ["4", "0", "-1"])
def test_no_more_comes_back_than_went_out(company: Company, quantity: str) -> None:
    record = company.gift_in("issued")
    outcome = company.do("market_specialist", REGISTER, record, "returned", {"lines": [{"returned_qty": quantity}]})
    wrong(outcome, "lines-0-returned_qty", "GIFT-13")
    assert stock() == 7


@pytest.mark.rule("GIFT-13")
def test_every_movement_is_booked(company: Company) -> None:
    record = company.gift_in("issued")
    company.done("market_specialist", REGISTER, record, "returned", {"lines": [{"returned_qty": "2"}]})
    booked = [(row.kind, row.quantity, row.source) for row in GiftMovement.select().order_by(GiftMovement.id)]
    number = gift(record).number
    assert booked == [("in", 10, ""), ("issued", -3, number), ("returned", 2, number)]
    assert stock() == 9


@pytest.mark.rule("GIFT-13")
def test_a_count_that_differs_needs_a_reason(company: Company) -> None:
    item = company.gift_item(stock=10)
    wrong(company.do("market_specialist", "gift_item", item, "stock_count", {"counted": "8"}), "reason", "GIFT-13")
    assert stock() == 10


def test_a_count_below_the_book_hints_at_unregistered_collection(company: Company) -> None:
    item = company.gift_item(stock=10)
    outcome = company.do("market_specialist", "gift_item", item, "stock_count", {"counted": "8", "reason": "盘点"})
    assert isinstance(outcome, Done)
    assert len(outcome.warnings) == 1
    assert stock() == 8


def test_of_two_who_issue_the_last_piece_one_succeeds(company: Company) -> None:
    item = company.gift_item(stock=1)
    records = [approved(company, gift=item, quantity=1) for _ in range(2)]
    start = threading.Barrier(2)
    found: list[Outcome] = []

    def issue(who: str, record: int) -> None:
        with connected(company.database):
            start.wait(20)
            found.append(company.do(who, REGISTER, record, "issued"))

    pairs = zip(("market_specialist", "market_specialist_2"), records, strict=True)
    threads = [threading.Thread(target=issue, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(type(one).__name__ for one in found) == ["Declined", "Done"]
    assert stock() == 0


STEPS: dict[str, tuple[str, dict[str, str]]] = {
    "signed": ("salesperson", {"signed_qty": "1"}),
    "returned": ("market_specialist", {"returned_qty": "1"}),
    "undelivered": ("sales_manager", {"undelivered_qty": "1"}),
}


@on_sqlite
@pytest.mark.parametrize("order", list(permutations(STEPS)), ids="-".join)
def test_signed_returned_and_undelivered_come_in_any_order(company: Company, order: tuple[str, ...]) -> None:
    record = company.gift_in("issued")
    for place, name in enumerate(order):
        who, typed = STEPS[name]
        act = "partly_signed" if name == "signed" and place < 2 else name
        inputs = {"reason": "客户称未收到", "lines": [typed], **(sheet(company) if name == "signed" else {})}
        assert isinstance(company.do("market_specialist", REGISTER, record, "closed"), Declined)
        company.done(who, REGISTER, record, act, inputs)
    company.done("market_specialist", REGISTER, record, "closed")
    found = line(record)
    assert (found.signed_qty, found.returned_qty, found.undelivered_qty, stock()) == (1, 1, 1, 8)
    assert gift(record).fine_amount == Decimal("885.00")


# ---- the walks around the rules -----------------------------------------------------------------------------------------


def test_a_return_for_correction_cancels_all_signatures(company: Company) -> None:
    record = company.gift_in("specialist_signed")
    company.done("sales_manager", REGISTER, record, "return_for_correction", {"reason": "数量太多"})
    assert gift(record).state == "draft"
    assert Step.get(Step.slot == "specialist_sign").cancelled_at is not None
    company.done("salesperson", REGISTER, record, "update", {"lines": [{"quantity": "2"}]})
    company.done("salesperson", REGISTER, record, "submitted")
    refused_by(company.do("sales_manager", REGISTER, record, "approved", YES), "GIFT-02")
    company.done("market_specialist", REGISTER, record, "specialist_signed", YES)
    company.done("sales_manager", REGISTER, record, "approved", YES)
    page = page_of(company, record)
    assert value(page, "total_value") == "177.00"
    assert len(page.select(".steps .cancelled")) == 1


@on_sqlite
@pytest.mark.parametrize("state", ["submitted", "specialist_signed", "approved"])
def test_the_applicant_withdraws_with_a_reason_until_the_issue(company: Company, state: str) -> None:
    record = company.gift_in(state)
    wrong(company.do("salesperson", REGISTER, record, "withdrawn"), "reason")
    assert isinstance(company.do("salesperson", REGISTER, record, "withdrawn", {"reason": "客户改期"}), Done)
    assert gift(record).state == "withdrawn"


@on_sqlite
def test_what_is_issued_is_not_withdrawn(company: Company) -> None:
    record = company.gift_in("issued")
    assert isinstance(company.do("salesperson", REGISTER, record, "withdrawn", {"reason": "x"}), Declined)


@on_sqlite
@pytest.mark.parametrize(("state", "who"), [("submitted", "market_specialist"), ("specialist_signed", "sales_manager")])
def test_the_next_signer_refuses_with_a_reason(company: Company, state: str, who: str) -> None:
    record = company.gift_in(state)
    assert isinstance(company.do(who, REGISTER, record, "refused"), Invalid)
    assert isinstance(company.do(who, REGISTER, record, "refused", {"reason": "超预算"}), Done)


def test_a_refused_application_is_asked_for_again_in_a_new_record(company: Company) -> None:
    record = company.gift_in("submitted")
    company.done("market_specialist", REGISTER, record, "refused", {"reason": "超预算"})
    with clock.set_to(company.now):
        browser = company.browser("salesperson")
        page = browser.page(f"/admin/{REGISTER}/details/?id={record}")
        again = page.select_one('[data-action="copy"]')
        assert again is not None
        assert again.get_text() == "再次申请"
        typed = form_values(browser.page(str(again["href"])))
        assert typed["lines-0-quantity"] == "3"
        answer = browser.send(f"/admin/{REGISTER}/new/", {**typed, "lines-0-quantity": "1"})
        assert answer.status_code == 303, answer.text[:3000]
    made = GiftSignoff.select().order_by(GiftSignoff.id.desc()).get()
    assert (made.state, line(made.id).quantity, made.customer_id) == ("draft", 1, gift(record).customer_id)
    assert (gift(record).state, line(record).quantity) == ("refused", 3)


@on_sqlite
def test_an_open_application_is_not_copied(company: Company) -> None:
    record = company.gift_in("approved")
    assert company.browser("salesperson").get(f"/admin/{REGISTER}/new/?copy={record}").status_code == 404
