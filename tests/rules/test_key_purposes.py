"""The rules of what a key is for: deliveries, test drives, other uses and their consent, and what every line says."""

from __future__ import annotations

import datetime as dt

import pytest

from backoffice.outcomes import Declined, Done, Forbidden, Missing
from tests.company import CHECKED, Company
from tests.rules.key_lines import MINUTE, REGISTER, SECOND, back, issue, key_of, line, page_of
from tests.rules.walks import refused_by, value, wrong

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


# ---- VEH-04: outlets ---------------------------------------------------------------------------------------------------


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
