"""The rules of services after the work: signatures, money, archive, findings, and who may take which step."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from backoffice import clock
from backoffice.outcomes import Declined, Done
from models.accounts import UserRole
from models.registers.service_log import ServiceFinding, ServiceLog
from models.services.times import months_later
from tests.company import Company
from tests.rules.walks import offered, on_sqlite, refused_by, wrong
from tests.services import REGISTER, act, archive, at, dispatch, finish, service, set_to, sign

# ---- SVC-06, SVC-07, SVC-11: signatures and archive ----------------------------------------------------------------------


@pytest.mark.rule("SVC-06")
@pytest.mark.parametrize("name", ["customer_signed_by", "customer_signed_at", "signed_paper"])
def test_the_customers_signature_is_whole(company: Company, name: str) -> None:
    record = company.service_in("finished")
    wrong(sign(company, record, **{name: ""}), name, "SVC-06")
    assert service(record).state == "finished"


@pytest.mark.rule("SVC-06")
@pytest.mark.parametrize("minutes", [59, 80])
def test_the_customer_signs_after_the_work_and_before_now(company: Company, minutes: int) -> None:
    record = company.service_in("finished")
    wrong(sign(company, record, customer_signed_at=at(minutes)), "customer_signed_at", "SVC-06")


def test_the_customer_may_sign_in_the_minute_of_the_end(company: Company) -> None:
    assert isinstance(sign(company, company.service_in("finished"), customer_signed_at=at(60)), Done)


@pytest.mark.rule("SVC-06")
def test_without_the_customers_paper_nothing_is_archived(company: Company) -> None:
    record = company.service_in("countersigned")
    ServiceLog.update(signed_paper=None).where(ServiceLog.id == record).execute()
    refused_by(archive(company, record), "SVC-06")


@pytest.mark.rule("SVC-06")
def test_the_head_signs_internal_service(company: Company) -> None:
    record = company.service_in("finished", "D")
    wrong(sign(company, record, customer_signed_by="孙客户"), "customer_signed_by", "SVC-06")
    assert isinstance(sign(company, record, customer_signed_by=company.head_of(record)), Done)


@pytest.mark.rule("SVC-07")
@pytest.mark.parametrize("missing", [{"work_done": ""}, {"started_at": None}])
def test_nothing_is_archived_before_its_content_is_entered(company: Company, missing: dict[str, Any]) -> None:
    record = company.service_in("countersigned")
    ServiceLog.update(missing).where(ServiceLog.id == record).execute()
    refused_by(archive(company, record), "SVC-07")


@pytest.mark.rule("SVC-07")
def test_nothing_is_archived_before_it_is_signed(company: Company) -> None:
    record = company.service_in("customer_signed")
    refused_by(archive(company, record), "SVC-07")


@pytest.mark.rule("SVC-11")
def test_whoever_did_the_work_does_not_countersign(company: Company) -> None:
    UserRole.create(user=company.users["service_staff"], role="service_manager")
    record = company.service_in("customer_signed", who="business_clerk")
    refused_by(act(company, "service_staff", record, "countersigned", 80, reason="同意"), "SVC-11")


@pytest.mark.rule("SVC-11")
def test_whoever_did_an_earlier_visit_does_not_countersign(company: Company) -> None:
    UserRole.create(user=company.users["service_staff_2"], role="service_manager")
    record = company.service(who="business_clerk")
    dispatch(company, record, to="service_staff_2")
    act(company, "service_staff_2", record, "on_site", 1, arrived_at=at(1))
    dispatch(company, record, to="service_staff", minutes=5, reason="缺备件")
    act(company, "service_staff", record, "on_site", 16, arrived_at=at(15))
    assert isinstance(finish(company, record), Done)
    assert isinstance(sign(company, record), Done)
    refused_by(act(company, "service_staff_2", record, "countersigned", 80, reason="同意"), "SVC-11")


def test_the_maker_does_not_countersign(company: Company) -> None:
    record = company.service_in("customer_signed", "D", who="service_manager_2")
    refused_by(act(company, "service_manager_2", record, "countersigned", 80, reason="同意"), "ACL-03")


@pytest.mark.rule("SVC-11")
def test_nothing_is_archived_without_the_managers_signature(company: Company) -> None:
    record = company.service_in("customer_signed")
    ServiceLog.update(state="countersigned").where(ServiceLog.id == record).execute()
    refused_by(archive(company, record), "SVC-11")


@pytest.mark.rule("SVC-11")
def test_the_manager_does_not_sign_before_the_customer(company: Company) -> None:
    record = company.service_in("finished")
    refused_by(act(company, "service_manager", record, "countersigned", 80, reason="同意"), "SVC-11")


def test_in_the_other_order_the_manager_signs_first(company: Company) -> None:
    set_to(company, "service.signature_order", "manager_then_customer")
    record = company.service_in("finished")
    refused_by(sign(company, record), "SVC-06")
    assert isinstance(act(company, "service_manager_2", record, "countersigned", 80, reason="同意"), Done)
    assert isinstance(archive(company, record), Declined)
    assert isinstance(sign(company, record), Done)
    assert isinstance(archive(company, record), Done)


def test_an_entry_keeps_the_order_of_the_day_of_its_registration(company: Company) -> None:
    record = company.service_in("finished")
    set_to(company, "service.signature_order", "manager_then_customer")
    assert isinstance(sign(company, record), Done)


# ---- SVC-08, SVC-09: money -----------------------------------------------------------------------------------------------


@pytest.mark.rule("SVC-08")
@pytest.mark.parametrize("charge", ["199.99", "200.00"])
def test_a_small_charge_is_collected_on_the_spot(company: Company, charge: str) -> None:
    record = company.service_in("on_site", "A")
    finish(company, record, charge_amount=charge)
    assert service(record).charge_mode == "on_the_spot"


@pytest.mark.rule("SVC-09")
def test_a_larger_charge_is_invoiced(company: Company) -> None:
    record = company.service_in("on_site", "A")
    finish(company, record, charge_amount="200.01")
    assert service(record).charge_mode == "invoiced"


def signed(company: Company, charge: str) -> int:
    record = company.service_in("on_site", "A")
    finish(company, record, charge_amount=charge)
    sign(company, record)
    act(company, "service_manager_2", record, "countersigned", 80, reason="同意")
    return record


@pytest.mark.rule("SVC-08")
@pytest.mark.parametrize("name", ["cash_handed_on", "invoice_no"])
def test_cash_is_settled_with_its_day_and_invoice(company: Company, name: str) -> None:
    record = signed(company, "200.00")
    typed = {"cash_handed_on": "2026-03-04", "invoice_no": "FP-0031", name: ""}
    wrong(act(company, "finance", record, "settled", 90, **typed), name, "SVC-08")


@pytest.mark.rule("SVC-08")
@pytest.mark.parametrize("day", ["2026-03-03", "2026-03-05"])
def test_cash_comes_in_between_the_work_and_today(company: Company, day: str) -> None:
    record = signed(company, "100.00")
    outcome = act(company, "finance", record, "settled", 90, cash_handed_on=day, invoice_no="FP-0031")
    wrong(outcome, "cash_handed_on", "SVC-08")


@pytest.mark.rule("SVC-35")
def test_the_cashier_is_whoever_settled(company: Company) -> None:
    row = service(company.service_in("settled", "A"))
    assert row.cashier is not None
    assert (row.cashier.username, row.invoice_no) == ("finance", "FP-0031")


@pytest.mark.rule("SVC-09")
def test_a_larger_charge_is_settled_with_its_invoice_and_never_as_cash(company: Company) -> None:
    record = signed(company, "200.01")
    wrong(act(company, "finance", record, "settled", 90), "invoice_no", "SVC-09")
    done = act(company, "finance", record, "settled", 90, cash_handed_on="2026-03-04", invoice_no="FP-0031")
    assert isinstance(done, Done)
    assert (service(record).charge_mode, service(record).cash_handed_on) == ("invoiced", None)


@pytest.mark.rule("SVC-08")
def test_nothing_is_settled_before_both_have_signed(company: Company) -> None:
    record = company.service_in("finished", "A")
    outcome = act(company, "finance", record, "settled", 90, cash_handed_on="2026-03-04", invoice_no="FP-0031")
    refused_by(outcome, "SVC-08")


def test_a_chargeable_service_is_not_archived_before_it_is_settled(company: Company) -> None:
    assert isinstance(archive(company, company.service_in("countersigned", "A")), Declined)


@pytest.mark.parametrize("kind", ["B", "C", "D"])
def test_finance_settles_nothing_but_chargeable_service(company: Company, kind: str) -> None:
    record = company.service_in("countersigned", kind)
    outcome = act(company, "finance", record, "settled", 90, cash_handed_on="2026-03-04", invoice_no="FP-0031")
    assert isinstance(outcome, Declined)


# ---- SVC-15, SVC-16, SVC-32, SVC-36: archive -----------------------------------------------------------------------------


@pytest.mark.rule("SVC-15")
@pytest.mark.parametrize("day", ["", "2026-03-03", "2026-03-05"])
def test_part_two_comes_back_before_the_archive(company: Company, day: str) -> None:
    record = company.service_in("countersigned")
    wrong(archive(company, record, second_part_back_on=day), "second_part_back_on", "SVC-15")


@pytest.mark.rule("SVC-32")
@pytest.mark.parametrize("day", ["", "2026-03-03", "2026-03-05"])
def test_the_customer_is_told_before_the_archive(company: Company, day: str) -> None:
    record = company.service_in("countersigned")
    wrong(archive(company, record, result_told_on=day), "result_told_on", "SVC-32")


@pytest.mark.rule("SVC-32")
def test_satisfaction_is_one_of_five(company: Company) -> None:
    record = company.service_in("countersigned")
    wrong(archive(company, record, satisfaction=""), "satisfaction", "SVC-32")
    wrong(archive(company, record, satisfaction="delighted"), "satisfaction")
    assert isinstance(archive(company, record, satisfaction="not_answered"), Done)


@pytest.mark.parametrize(
    ("day", "until"),
    [
        (dt.date(2024, 8, 31), dt.date(2026, 2, 28)),
        (dt.date(2022, 8, 31), dt.date(2024, 2, 29)),
        (dt.date(2024, 8, 28), dt.date(2026, 2, 28)),
        (dt.date(2024, 6, 30), dt.date(2025, 12, 30)),
    ],
)
def test_eighteen_months_end_on_the_day_or_the_last_of_the_month(day: dt.date, until: dt.date) -> None:
    assert months_later(day, 18) == until


@pytest.mark.rule("SVC-16")
def test_a_service_is_kept_for_eighteen_months(company: Company) -> None:
    assert service(company.service_in("finished")).retention_until == dt.date(2027, 9, 4)


def test_no_address_deletes(company: Company) -> None:
    record = company.service_in("archived")
    for who in ("admin", "service_manager", "business_clerk"):
        answer = company.browser(who).send(f"/admin/{REGISTER}/delete/?id={record}", {})
        assert answer.status_code in {404, 405}
    assert service(record).state == "archived"


@pytest.mark.rule("SVC-36")
def test_an_archived_voucher_lies_somewhere(company: Company) -> None:
    assert service(company.service_in("archived")).shelf_no == "C/2026-03/PZ-2026-0001"
    record = company.service_in("countersigned")
    archive(company, record, shelf_no="甲柜3")
    assert service(record).shelf_no == "甲柜3"


@pytest.mark.rule("SVC-19")
def test_the_end_of_the_work_decides_the_volume(company: Company) -> None:
    assert service(company.service_in("finished")).volume_month == "2026-03"


# ---- SVC-17, SVC-20: findings --------------------------------------------------------------------------------------------


def find(company: Company, record: int, kind: str, fine: str, who: str = "service_manager") -> Any:
    return act(company, who, record, "record_finding", 100, kind=kind, fine=fine, reason="漏填到达时间")


@pytest.mark.rule("SVC-17")
@pytest.mark.parametrize("fine", ["9.99", "50.01", "0"])
def test_a_fine_beyond_its_bounds_is_refused(company: Company, fine: str) -> None:
    wrong(find(company, company.service_in("finished"), "form", fine), "fine", "SVC-17")


@pytest.mark.parametrize("fine", ["10", "50.00"])
def test_the_bounds_of_the_fine_are_fine(company: Company, fine: str) -> None:
    assert isinstance(find(company, company.service_in("finished"), "form", fine), Done)
    row = ServiceFinding.get()
    assert (row.fine, row.kind, row.by.username) == (Decimal(fine), "form", "service_manager")


@pytest.mark.rule("SVC-20")
@pytest.mark.parametrize("fine", ["9.99", "10.01", "20"])
def test_poor_keeping_costs_ten(company: Company, fine: str) -> None:
    wrong(find(company, company.service_in("finished"), "keeping", fine), "fine", "SVC-20")


def test_poor_keeping_costs_exactly_ten(company: Company) -> None:
    assert isinstance(find(company, company.service_in("finished"), "keeping", "10"), Done)
    assert ServiceFinding.select().count() == 1


@pytest.mark.rule("SVC-17")
def test_nobody_finds_against_himself(company: Company) -> None:
    UserRole.create(user=company.users["service_staff"], role="service_manager")
    refused_by(find(company, company.service_in("finished"), "form", "10", who="service_staff"), "SVC-17")


@pytest.mark.parametrize("who", ["dept_head_2", "dept_head_business"])
def test_the_heads_of_both_departments_record_findings(company: Company, who: str) -> None:
    assert isinstance(find(company, company.service_in("finished"), "form", "10", who=who), Done)


def test_the_head_of_another_department_does_not(company: Company) -> None:
    outcome = find(company, company.service_in("finished"), "form", "10", who="dept_head_market")
    assert not isinstance(outcome, Done)


# ---- who ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "name", "people"),
    [
        ("registered", "dispatched", "service_staff business_clerk finance dept_head gm admin auditor"),
        ("dispatched", "on_site", "service_staff_2 service_manager finance business_clerk"),
        ("customer_signed", "countersigned", "service_staff business_clerk finance dept_head_2"),
        ("countersigned", "archived", "service_staff finance quality_inspector salesperson"),
        ("registered", "void", "service_staff business_clerk finance"),
        ("finished", "record_finding", "service_staff finance salesperson quality_inspector"),
    ],
)
def test_the_wrong_people_are_refused(company: Company, state: str, name: str, people: str) -> None:
    record = company.service_in(state)
    before = service(record)
    for who in people.split():
        assert not isinstance(act(company, who, record, name, 100, reason="试", kind="form", fine="10"), Done), who
    assert (service(record).state, service(record).version) == (before.state, before.version)


@on_sqlite
def test_the_archive_act_is_absent_until_it_may_be_taken(company: Company) -> None:
    record = company.service_in("customer_signed")
    with clock.set_to(at(80)):
        page = company.browser("business_clerk").page(f"/admin/{REGISTER}/details/?id={record}")
        assert "archived" not in offered(page)
        answer = company.browser("business_clerk").get(f"/admin/{REGISTER}/transition/archived/?id={record}")
    assert answer.status_code == 409
