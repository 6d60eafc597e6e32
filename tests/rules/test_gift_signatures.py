"""The rules of who signs for a gift before it is issued: two signatures, roadshows, different people."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from backoffice import clock
from backoffice.outcomes import Declined, Done, Forbidden
from models.accounts import Delegation, UserRole
from models.evidence import Step
from models.registers.gift_item import GiftItem
from models.registers.gift_signoff import GiftSignoff
from tests.company import Company
from tests.rules.gift_records import REGISTER, approved, page_of
from tests.rules.walks import YES, gift, offered, outcomes, refused_by, stock, value, wrong

ROADSHOW = {"purpose": "roadshow", "visit_on": ""}


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
