"""The rules of the after-sales ledger, each seen to hold and to fall with its row (registers.md 3.1, decisions.md 13, 35)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backoffice import clock
from backoffice.outcomes import Declined, Done, Invalid, Outcome
from models.accounts import Area, UserRole
from tests.company import NOW, Company

LEDGER = "aftersales_ledger"


def line(company: Company, record: int) -> Any:
    return company.catalogue[LEDGER].model.get_by_id(record)


def refused(outcome: Outcome, rule: str, field: str = "") -> None:
    """A refusal by this rule, beside this field if one is named."""
    if field:
        assert isinstance(outcome, Invalid), outcome
        assert [problem.rule for problem in outcome.errors[field]] == [rule], outcome
    else:
        assert isinstance(outcome, Declined), outcome
        assert outcome.rule == rule, outcome


def area(code: str) -> int:
    return int(Area.get(Area.code == code).id)


def also(company: Company, username: str, role: str) -> None:
    """One more role for somebody, so that only the separation keeps him from the other side."""
    UserRole.create(user=company.users[username], role=role)


def balances(company: Company, record: int) -> Any:
    found = line(company, record)
    return found.defective_balance, found.replacement_balance


# ---- LED-01 ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LED-01")
def test_no_slip_is_posted_without_a_line(company: Company) -> None:
    slip = company.slip_in("reconciled", entered=False)
    refused(company.do("finance", "product_return", slip, "posted", {"posting_no": "PZ-1"}), "LED-01")
    record = company.ledger("received", return_slip=slip)
    company.done("gm", LEDGER, record, "refused", {"reason": "未见实物"})
    refused(company.do("finance", "product_return", slip, "posted", {"posting_no": "PZ-1"}), "LED-01")
    company.ledger("received", return_slip=slip)
    company.done("finance", "product_return", slip, "posted", {"posting_no": "PZ-1"})


@pytest.mark.rule("LED-01")
def test_no_case_of_exchange_is_closed_without_a_line(company: Company) -> None:
    case = company.complaint_in("notified", "exchange")
    outcome = company.do("service_manager", "complaint", case, "closed")
    refused(outcome, "LED-01")
    company.settle(case, "exchange")
    company.done("service_manager", "complaint", case, "closed")


@pytest.mark.rule("LED-01")
@pytest.mark.parametrize("content", ["return", "exchange"])
def test_no_service_of_return_or_exchange_is_archived_without_a_line(company: Company, content: str) -> None:
    entry = company.service_in("countersigned", service_content_class=content)
    name, who, typed, minutes = company.service_road(entry)[-1]
    at = NOW + timedelta(minutes=minutes)
    refused(company.do(who, "service_log", entry, name, typed(), now=at), "LED-01")
    customer = company.catalogue["service_log"].model.get_by_id(entry).customer_id
    company.ledger("received", service_entry=entry, customer=customer)
    company.done(who, "service_log", entry, name, typed(), now=at)


# ---- LED-02 ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LED-02")
def test_a_line_without_formalities_stays_open(company: Company) -> None:
    record = company.ledger(complaint="")
    refused(company.do("dept_head_business", LEDGER, record, "approved"), "LED-02")
    assert line(company, record).state == "open"
    case = company.catalogue["complaint"].model.get()
    company.done("business_clerk", LEDGER, record, "link", {"complaint": case.id})
    company.done("dept_head_business", LEDGER, record, "approved")


@pytest.mark.rule("LED-02")
def test_linking_needs_one_of_the_three(company: Company) -> None:
    record = company.ledger()
    refused(company.do("business_clerk", LEDGER, record, "link", {"complaint": ""}), "LED-02", "service_entry")


@pytest.mark.rule("LED-02")
def test_the_report_leaves_out_what_is_not_linked(company: Company) -> None:
    company.ledger_in("executed", quantity="5")
    record = company.ledger_in("executed", quantity="7")
    model = company.catalogue[LEDGER].model
    model.update(complaint=None).where(model.id == record).execute()
    with clock.set_to(NOW):
        page = company.browser("business_clerk").page(f"/admin/{LEDGER}/report/products/")
    assert [cell["data-value"] for cell in page.select('tbody td[data-field="received"]')] == ["5", "5"]


# ---- LED-03 ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LED-03")
def test_the_report_exists(company: Company) -> None:
    with clock.set_to(NOW):
        assert company.browser("business_clerk").get(f"/admin/{LEDGER}/report/products/").status_code == 200


# ---- LED-04 ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LED-04")
def test_papers_are_kept_by_class_after_execution_too(company: Company) -> None:
    record = company.ledger_in("executed")
    papers = [
        {"paper_class": "quality", "paper_no": "JY-7", "title": "检验报告"},
        {"paper_class": "voucher", "title": "收货凭证"},
    ]
    company.done("business_clerk", LEDGER, record, "file_papers", {"papers": papers})
    with clock.set_to(NOW):
        page = company.browser("business_clerk").page(f"/admin/{LEDGER}/details/?id={record}")
    shown = [cell["data-value"] for cell in page.select('[data-child="papers"] td:first-child')]
    assert shown == ["quality", "voucher"]


# ---- LED-05 ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LED-05")
def test_a_return_without_inspection_is_not_approved(company: Company) -> None:
    record = company.ledger("handed_over")
    refused(company.do("dept_head_business", LEDGER, record, "approved"), "LED-05")


@pytest.mark.rule("LED-05")
def test_a_return_that_passed_is_not_approved(company: Company) -> None:
    record = company.ledger("handed_over")
    typed = {"inspection_no": "JY-1", "inspection_result": "passed", "inspection_fee": "320.00"}
    company.done("quality_inspector", LEDGER, record, "inspected", typed)
    for who in ("dept_head_business", "deputy_gm_2", "gm"):
        refused(company.do(who, LEDGER, record, "approved"), "LED-05")


def test_a_return_that_failed_is_approved(company: Company) -> None:
    company.ledger_in("executed", quantity="20")
    record = company.ledger_in("approved", "handed_over")
    assert line(company, record).inspected_by.username == "quality_inspector"


# ---- LED-06 ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LED-06")
@pytest.mark.parametrize(("result", "payer"), [("failed", "company"), ("passed", "customer")])
def test_the_result_says_who_bears_the_fee(company: Company, result: str, payer: str) -> None:
    record = company.ledger("handed_over")
    typed = {"inspection_no": "JY-1", "inspection_result": result, "inspection_fee": "320.00", "fee_payer": "company"}
    company.done("quality_inspector", LEDGER, record, "inspected", typed)
    found = line(company, record)
    assert (found.fee_payer, found.inspection_fee) == (payer, Decimal("320.00"))


# ---- LED-07 ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LED-07")
@pytest.mark.parametrize("movement", ["exchange_out", "compensation"])
@pytest.mark.parametrize("ground", ["quality", "other"])
def test_exchange_is_refused_on_other_grounds(company: Company, movement: str, ground: str) -> None:
    typed = company.ledger_inputs(movement, ground=ground)
    refused(company.do("business_clerk", LEDGER, None, "create", typed), "LED-07", "ground")


@pytest.mark.parametrize("ground", ["short_measure", "transport_damage", "company_loss"])
def test_exchange_is_granted_on_three_grounds(company: Company, ground: str) -> None:
    for movement in ("exchange_out", "compensation"):
        company.ledger(movement, ground=ground)


# ---- LED-08 ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LED-08")
def test_scrap_without_an_opinion_of_quality_is_not_approved(company: Company) -> None:
    record = company.ledger("scrap")
    refused(company.do("gm", LEDGER, record, "approved"), "LED-08")


@pytest.mark.rule("LED-08")
def test_the_opinion_is_written(company: Company) -> None:
    record = company.ledger("scrap")
    refused(company.do("quality_inspector", LEDGER, record, "inspected", {}), "LED-08", "reason")


def test_scrap_is_a_leaders_to_approve(company: Company) -> None:
    record = company.ledger_in("inspected", "scrap")
    assert isinstance(company.do("dept_head_business", LEDGER, record, "approved"), Declined)
    company.done("deputy_gm", LEDGER, record, "approved")


@pytest.mark.rule("LED-08")
def test_opinion_and_approval_of_scrap_are_of_two_people(company: Company) -> None:
    also(company, "gm", "quality_inspector")
    record = company.ledger("scrap")
    company.done("gm", LEDGER, record, "inspected", {"reason": "受潮结块"})
    refused(company.do("gm", LEDGER, record, "approved"), "LED-08")


def test_who_proposed_it_does_not_approve_scrap(company: Company) -> None:
    also(company, "gm", "business_clerk")
    record = company.ledger("scrap", who="gm")
    company.done("quality_inspector", LEDGER, record, "inspected", {"reason": "受潮结块"})
    assert isinstance(company.do("gm", LEDGER, record, "approved"), Declined)
    company.done("deputy_gm", LEDGER, record, "approved")


# ---- LED-09 ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LED-09")
def test_area_staff_enter_nothing_in_another_area(company: Company) -> None:
    staff_b = company.users["service_staff_2"].id
    typed = company.ledger_inputs(area=area("B"), area_staff=staff_b, **_case_in(company, "A"))
    refused(company.do("service_staff", LEDGER, None, "create", typed), "LED-09", "area")


@pytest.mark.rule("LED-09")
def test_area_staff_see_nothing_of_another_area(company: Company) -> None:
    mine, other = company.ledger(area=area("A")), company.ledger(area=area("B"))
    with clock.set_to(NOW):
        browser = company.browser("service_staff")
        seen = {int(str(row["data-id"])) for row in browser.page(f"/admin/{LEDGER}/").select("tr[data-id]")}
        clerk = company.browser("business_clerk").page(f"/admin/{LEDGER}/")
        everything = {int(str(row["data-id"])) for row in clerk.select("tr[data-id]")}
        status = browser.get(f"/admin/{LEDGER}/details/?id={other}").status_code
    assert everything == {mine, other}
    assert (seen, status) == ({mine}, 404)


@pytest.mark.rule("LED-09")
def test_the_person_is_of_the_areas_staff(company: Company) -> None:
    typed = company.ledger_inputs(area=area("A"), area_staff=company.users["service_staff_2"].id)
    refused(company.do("business_clerk", LEDGER, None, "create", typed), "LED-09", "area_staff")


@pytest.mark.rule("LED-09")
def test_whoever_is_in_charge_is_proposed(company: Company) -> None:
    assert line(company, company.ledger(area=area("B"))).area_staff_id == company.users["service_staff_2"].id
    staff = [{"person": company.users["service_manager"].id}, {"person": company.users["service_staff"].id}]
    company.done("business_clerk", "area", area("A"), "update", {"staff": staff})
    assert line(company, company.ledger(area=area("A"))).area_staff_id == company.users["service_manager"].id


def _case_in(company: Company, code: str) -> dict[str, Any]:
    """A customer of an area, so that its staff may choose it, and no complaint of others."""
    return {"customer": company.customer(area=area(code)), "complaint": ""}


# ---- LED-10 ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LED-10")
def test_the_two_balances_follow_the_lines(company: Company) -> None:
    assert balances(company, company.ledger_in("executed", "received", quantity="20")) == (20, 0)
    assert balances(company, company.ledger_in("executed", "stock_in", quantity="6.5")) == (20, Decimal("6.5"))
    assert balances(company, company.ledger_in("executed", "exchange_out", quantity="2")) == (20, Decimal("4.5"))
    assert balances(company, company.ledger_in("executed", "make_up", quantity="0.5")) == (20, 4)
    assert balances(company, company.ledger_in("executed", "stock_back", quantity="4")) == (20, 0)
    assert balances(company, company.ledger_in("executed", "repair_out", quantity="5")) == (15, 0)
    assert balances(company, company.ledger_in("executed", "to_stock", quantity="5")) == (10, 0)
    assert balances(company, company.ledger_in("executed", "scrap", quantity="3")) == (7, 0)
    assert balances(company, company.ledger_in("executed", "compensation", amount="88.50")) == (7, 0)


@pytest.mark.rule("LED-10")
@pytest.mark.parametrize(("movement", "first"), [("repair_out", "received"), ("exchange_out", "stock_in")])
def test_no_balance_falls_below_zero(company: Company, movement: str, first: str) -> None:
    company.ledger_in("executed", first, quantity="5")
    record = company.ledger_in("approved", movement, quantity="5.001")
    refused(company.do("business_clerk", LEDGER, record, "executed"), "LED-10")
    found = line(company, record)
    assert (found.state, found.executed_at, found.defective_balance) == ("approved", None, None)
    exact = company.ledger_in("approved", movement, quantity="5")
    company.done("business_clerk", LEDGER, exact, "executed")


@pytest.mark.rule("LED-10")
def test_a_line_dated_back_is_refused_if_a_later_balance_would_fall_below_zero(company: Company) -> None:
    company.ledger_in("executed", "received", quantity="20", happened_on="2026-02-01")
    company.ledger_in("executed", "repair_out", quantity="18", happened_on="2026-02-20")
    record = company.ledger_in("approved", "repair_out", quantity="3", happened_on="2026-02-10")
    refused(company.do("business_clerk", LEDGER, record, "executed"), "LED-10")


@pytest.mark.rule("LED-10")
def test_a_line_dated_back_corrects_the_balances_after_it(company: Company) -> None:
    company.ledger_in("executed", "received", quantity="20", happened_on="2026-02-01")
    later = company.ledger_in("executed", "repair_out", quantity="18", happened_on="2026-02-20")
    between = company.ledger_in("executed", "repair_out", quantity="2", happened_on="2026-02-10")
    assert balances(company, between) == (18, 0)
    assert balances(company, later) == (0, 0)


@pytest.mark.rule("LED-10")
def test_one_unit_for_a_product_and_specification(company: Company) -> None:
    typed = company.ledger_inputs(unit="tonne")
    refused(company.do("business_clerk", LEDGER, None, "create", typed), "LED-10", "unit")
    company.ledger(unit="bag")
    company.ledger(unit="box", specification="特制 40kg")
    typed = company.ledger_inputs(unit="piece", specification="特制 40kg")
    refused(company.do("business_clerk", LEDGER, None, "create", typed), "LED-10", "unit")


# ---- LED-11 ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("LED-11")
def test_third_party_and_claim_are_kept(company: Company) -> None:
    typed = company.ledger_inputs("exchange_out", claim="索赔 2 箱")
    refused(company.do("business_clerk", LEDGER, None, "create", typed), "LED-11", "third_party")
    record = company.ledger("exchange_out", third_party="川运物流", claim="索赔 2 箱")
    assert line(company, record).third_party == "川运物流"


# ---- LED-12, RET-01 ----------------------------------------------------------------------------------------------------


@pytest.mark.rule("LED-12")
def test_inspector_and_approver_are_two_people(company: Company) -> None:
    also(company, "gm", "quality_inspector")
    record = company.ledger("handed_over")
    company.done("gm", LEDGER, record, "inspected", {"inspection_no": "JY-1", "inspection_result": "failed"})
    refused(company.do("gm", LEDGER, record, "approved"), "LED-12")
    company.done("dept_head_business", LEDGER, record, "approved")


@pytest.mark.rule("LED-12")
def test_the_keeper_of_a_return_does_not_inspect_it(company: Company) -> None:
    also(company, "warehouse_keeper", "quality_inspector")
    record = company.ledger("handed_over", return_slip=company.slip_in("received"))
    typed = {"inspection_no": "JY-1", "inspection_result": "failed"}
    refused(company.do("warehouse_keeper", LEDGER, record, "inspected", typed), "LED-12")
    company.done("quality_inspector", LEDGER, record, "inspected", typed)


@pytest.mark.rule("LED-12")
def test_who_issued_the_slip_does_not_approve_the_line(company: Company) -> None:
    also(company, "sales_clerk", "gm")
    record = company.ledger_in("inspected", "handed_over")
    refused(company.do("sales_clerk", LEDGER, record, "approved"), "LED-12")


@pytest.mark.rule("LED-12")
def test_a_line_is_not_linked_to_a_slip_whose_keeper_inspected_it(company: Company) -> None:
    also(company, "warehouse_keeper", "quality_inspector")
    slip = company.slip_in("received")
    of_slip = company.ledger_inputs("handed_over", return_slip=slip)
    more = {name: of_slip[name] for name in ("customer", "product")}
    record = company.ledger("handed_over", return_slip="", **more)
    typed = {"inspection_no": "JY-1", "inspection_result": "failed"}
    company.done("warehouse_keeper", LEDGER, record, "inspected", typed)
    refused(company.do("business_clerk", LEDGER, record, "link", {"return_slip": slip}), "LED-12", "return_slip")


@pytest.mark.rule("LED-12")
@pytest.mark.parametrize(("act", "role"), [("received", "warehouse_keeper"), ("reconciled", "finance")])
def test_who_inspected_a_return_takes_no_step_of_its_slip(company: Company, act: str, role: str) -> None:
    also(company, "quality_inspector", role)
    slip = company.slip_in("approved" if act == "received" else "received")
    company.ledger_in("inspected", "handed_over", return_slip=slip)
    typed = {"received_qty": "20"} if act == "received" else {}
    refused(company.do("quality_inspector", "product_return", slip, act, typed), "LED-12")
    company.done(role, "product_return", slip, act, typed)


@pytest.mark.rule("LED-12")
def test_who_entered_the_line_does_not_approve_the_slip(company: Company) -> None:
    also(company, "business_clerk", "deputy_gm")
    slip = company.slip()
    company.ledger("handed_over", return_slip=slip)
    refused(company.do("business_clerk", "product_return", slip, "approved"), "LED-12")
    company.done("deputy_gm", "product_return", slip, "approved")


@pytest.mark.rule("RET-01")
def test_a_return_is_approved_on_a_slip(company: Company) -> None:
    case = company.catalogue["complaint"].model.get_by_id(company.complaint())
    more = {"customer": case.customer_id, "product": case.product_id, "complaint": case.id, "return_slip": ""}
    record = company.ledger_in("inspected", "handed_over", **more)
    refused(company.do("dept_head_business", LEDGER, record, "approved"), "RET-01")


def test_all_that_happens_to_a_return(company: Company) -> None:
    """Received 20, inspected, handed over on its slip, posted: the example of the catalogue."""
    slip = company.slip_in("received")
    company.ledger_in("closed", "received", return_slip=slip)
    record = company.ledger_in("closed", "handed_over", return_slip=slip)
    found = line(company, record)
    assert (found.fee_payer, found.defective_balance, found.disposition) == ("company", 0, "pending")
    assert isinstance(company.do("finance", "product_return", slip, "reconciled"), Done)
