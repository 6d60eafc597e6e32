"""The rules of applications for gifts: day of the visit, quantity and value, customer, and the ways back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from backoffice import clock
from backoffice.outcomes import Declined, Done, Invalid, Outcome
from models.evidence import Step
from models.registers.gift_item import GiftItem
from models.registers.gift_signoff import GiftSignoff
from tests.company import Company
from tests.rules.gift_records import REGISTER, approved, page_of
from tests.rules.walks import YES, form_values, gift, line, on_sqlite, refused_by, stock, value, wrong

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
