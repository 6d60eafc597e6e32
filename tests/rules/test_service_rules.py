"""The rules of services, each walked as the catalogue's `accept` and the refusals of registers.md 2 say."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from backoffice import clock, numbers
from backoffice.outcomes import Declined, Done, Forbidden, Invalid
from models.accounts import Area, UserRole
from models.registers.area import AreaStaff
from models.registers.service_log import ServiceFinding, ServiceLog, ServiceMaterial, ServicePart, ServiceVisit
from models.registers.spare_part import SparePart, SparePartMovement
from models.services.times import months_later
from tests.company import Company
from tests.rules.walks import form_values, offered, on_sqlite, refused_by, wrong
from tests.services import REGISTER, act, archive, at, create, dispatch, far_customer, finish, service, set_to, sign


def refused(outcome: Any, rule: str) -> None:
    """By this rule, whether beside a field or about the record as a whole."""
    assert isinstance(outcome, Declined | Invalid), outcome
    named = (
        {outcome.rule}
        if isinstance(outcome, Declined)
        else {one.rule for told in outcome.errors.values() for one in told}
    )
    assert rule in named, outcome


# ---- SVC-01 to SVC-03: the request ---------------------------------------------------------------------------------------

SEVEN = (
    "customer",
    "service_address",
    "service_phone",
    "product_model",
    "specification",
    "purchased_on",
    "purchased_at",
)


@pytest.mark.rule("SVC-01")
@pytest.mark.parametrize("name", SEVEN)
def test_each_of_the_seven_is_needed(company: Company, name: str) -> None:
    # Of a person the archive has no address that could be copied, and technicians do not read telephones there.
    customer = company.customer(customer_kind="person", registered_address="")
    inputs = {**company.service_inputs(customer=customer), name: ""}
    wrong(company.do("service_staff", REGISTER, None, "create", inputs), name, "SVC-01")
    assert not ServiceLog.select().exists()


@pytest.mark.rule("SVC-01")
def test_a_purchase_to_come_is_refused_today_is_not(company: Company) -> None:
    wrong(create(company, purchased_on="2026-03-05"), "purchased_on", "SVC-01")
    assert isinstance(create(company, purchased_on="2026-03-04"), Done)


@pytest.mark.rule("SVC-01")
def test_an_unknown_purchase_needs_its_reason(company: Company) -> None:
    unknown = {"purchased_on": "", "purchased_at": "", "purchase_unknown": "true"}
    wrong(create(company, **unknown), "purchase_unknown_reason", "SVC-01")
    assert isinstance(create(company, **unknown, purchase_unknown_reason="票据遗失"), Done)


def test_internal_service_may_leave_the_seven_empty(company: Company) -> None:
    made = create(company, "D")
    assert isinstance(made, Done)
    assert service(made.id).customer_name == "客户服务部"
    assert service(made.id).customer_department.code == "customer_service"


@pytest.mark.rule("SVC-02")
def test_a_request_received_after_its_registration_is_refused(company: Company) -> None:
    wrong(create(company, received_at=at(1)), "received_at", "SVC-02")
    assert isinstance(create(company, received_at=at(0)), Done)


def test_the_server_keeps_the_time_of_registration(company: Company) -> None:
    made = create(company, registered_at=at(-500))
    assert isinstance(made, Done)
    assert service(made.id).registered_at == at(0)


@pytest.mark.rule("SVC-02")
@pytest.mark.parametrize(("minutes", "late"), [(9, False), (10, False), (11, True)])
def test_the_delay_is_shown_and_marked_beyond_its_limit(company: Company, minutes: int, late: bool) -> None:
    row = service(company.service(received_at=at(-minutes)))
    assert (row.register_delay_minutes, row.late_registered) == (minutes, late)


@pytest.mark.rule("SVC-03")
def test_each_request_takes_the_next_voucher(company: Company) -> None:
    first, second = company.service(), company.service()
    assert [service(first).voucher_no, service(second).voucher_no] == ["PZ-2026-0001", "PZ-2026-0002"]


def test_a_voucher_number_is_never_typed(company: Company) -> None:
    made = create(company, voucher_no="PZ-2026-0031")
    assert isinstance(made, Done)
    assert service(made.id).voucher_no == "PZ-2026-0001"


def test_a_void_entry_keeps_number_and_voucher(company: Company) -> None:
    record = company.service_in("void")
    row = service(record)
    assert (row.number, row.voucher_no, row.state) == ("FW-2026-0001", "PZ-2026-0001", "void")
    assert service(company.service()).voucher_no == "PZ-2026-0002"


# ---- SVC-04: dispatch ----------------------------------------------------------------------------------------------------


def test_service_staff_cannot_dispatch(company: Company) -> None:
    record = company.service()
    for who in ("service_staff", "service_staff_2", "business_clerk", "finance", "admin", "auditor"):
        assert isinstance(dispatch(company, record, by=who), Forbidden), who
    assert service(record).state == "registered"


@pytest.mark.rule("SVC-04")
def test_a_manager_who_is_a_technician_too_does_not_dispatch_himself(company: Company) -> None:
    UserRole.create(user=company.users["service_manager"], role="service_staff")
    record = company.service()
    wrong(dispatch(company, record, to="service_manager"), "dispatched_to", "SVC-04")
    assert isinstance(dispatch(company, record, to="service_manager", by="service_manager_2"), Done)


def test_only_technicians_are_sent(company: Company) -> None:
    wrong(dispatch(company, company.service(), to="salesperson"), "dispatched_to")


def test_a_dispatch_names_its_technician(company: Company) -> None:
    wrong(act(company, "service_manager", company.service(), "dispatched"), "dispatched_to", "SVC-04")


@pytest.mark.rule("SVC-04")
def test_nobody_is_on_site_before_the_dispatch(company: Company) -> None:
    record = company.service()
    ServiceLog.update(dispatched_to=company.users["service_staff"]).where(ServiceLog.id == record).execute()
    refused_by(act(company, "service_staff", record, "on_site", arrived_at=at(0)), "SVC-04")


def test_the_technician_owns_what_was_dispatched_to_him(company: Company) -> None:
    record = company.service(who="business_clerk")
    before = service(record)
    dispatch(company, record, to="service_staff_2")
    row = service(record)
    assert row.owner.username == "service_staff_2"
    assert (row.department_id, row.maker_department_id) == (before.department_id, before.maker_department_id)
    assert (row.dispatched_by.username, row.dispatched_at, row.visit_count) == ("service_manager", at(0), 1)


@pytest.mark.rule("SVC-04")
def test_sending_out_again_needs_its_reason(company: Company) -> None:
    record = company.service_in("on_site")
    wrong(dispatch(company, record, minutes=30), "reason", "SVC-04")
    assert isinstance(dispatch(company, record, minutes=30, reason="缺备件"), Done)


@pytest.mark.parametrize("state", ["on_site", "finished"])
def test_what_was_not_solved_is_sent_out_again(company: Company, state: str) -> None:
    record = company.service_in(state)
    before = service(record)
    assert isinstance(dispatch(company, record, to="service_staff_2", minutes=90, reason="未解决"), Done)
    row = service(record)
    assert (row.state, row.visit_count, row.arrived_at, row.finished_at, row.work_done) == (
        "dispatched",
        2,
        None,
        None,
        "",
    )
    visit = ServiceVisit.get(ServiceVisit.record == record)
    assert (visit.visit_no, visit.technician.username, visit.reason) == (1, "service_staff", "未解决")
    assert (visit.arrived_at, visit.finished_at) == (before.arrived_at, before.finished_at)


def test_by_the_department_of_managers_alone_the_deputy_gm_dispatches(company: Company) -> None:
    assert isinstance(dispatch(company, company.service(), by="deputy_gm"), Declined)
    UserRole.delete().where(UserRole.role == "service_manager").execute()
    assert isinstance(dispatch(company, company.service(), by="deputy_gm"), Done)


# ---- SVC-05: kinds -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("SVC-05")
def test_the_kind_is_needed(company: Company) -> None:
    wrong(create(company, service_kind=""), "service_kind", "SVC-05")


@pytest.mark.rule("SVC-05")
def test_a_contract_service_names_its_contract(company: Company) -> None:
    wrong(create(company, "B", contract=""), "contract", "SVC-05")


@pytest.mark.rule("SVC-05")
@pytest.mark.parametrize(("begins", "ends"), [("2026-03-05", "2027-03-05"), ("2025-03-01", "2026-03-03")])
def test_a_contract_that_is_not_valid_on_the_day_is_refused(company: Company, begins: str, ends: str) -> None:
    customer = company.customer()
    contract = company.contract(customer=customer, valid_from=begins, valid_to=ends)
    wrong(create(company, "B", customer=customer, contract=contract), "contract", "SVC-05")


def test_the_first_and_last_day_of_a_contract_count(company: Company) -> None:
    customer = company.customer()
    contract = company.contract(customer=customer, valid_from="2026-03-04", valid_to="2026-03-04")
    assert isinstance(create(company, "B", customer=customer, contract=contract), Done)


def test_a_contract_that_is_not_signed_is_none(company: Company) -> None:
    customer = company.customer()
    contract = company.contract(customer=customer, state="draft")
    wrong(create(company, "B", customer=customer, contract=contract), "contract")


@pytest.mark.rule("SVC-05")
def test_another_customers_contract_is_refused(company: Company) -> None:
    wrong(create(company, "B", contract=company.contract()), "contract", "SVC-05")


@pytest.mark.rule("SVC-05")
@pytest.mark.parametrize(("kind", "charge"), [("C", "50.00"), ("C", "0.00"), ("D", "50.00"), ("A", ""), ("A", "0.00")])
def test_a_charge_that_does_not_fit_the_kind_is_refused(company: Company, kind: str, charge: str) -> None:
    record = company.service_in("on_site", kind)
    wrong(finish(company, record, charge_amount=charge), "charge_amount", "SVC-05")
    assert service(record).state == "on_site"


@pytest.mark.parametrize(("kind", "charge"), [("A", "0.01"), ("B", ""), ("B", "30.00"), ("C", ""), ("D", "")])
def test_a_charge_that_fits_its_kind_is_taken(company: Company, kind: str, charge: str) -> None:
    assert isinstance(finish(company, company.service_in("on_site", kind), charge_amount=charge), Done)


@pytest.mark.rule("SVC-05")
@pytest.mark.parametrize(("kind", "charge"), [("C", "50.00"), ("C", "0.00"), ("D", "50.00"), ("A", "0.00")])
def test_a_charge_that_does_not_fit_the_kind_is_not_registered(company: Company, kind: str, charge: str) -> None:
    wrong(create(company, kind, charge_amount=charge), "charge_amount", "SVC-05")
    record = company.service(kind)
    changed = company.do("service_staff", REGISTER, record, "update", {"charge_amount": charge})
    wrong(changed, "charge_amount", "SVC-05")
    assert service(record).charge_amount is None


@pytest.mark.rule("SVC-05")
def test_a_chargeable_service_that_becomes_free_loses_its_charge_first(company: Company) -> None:
    record = company.service("A", charge_amount="180.00")
    wrong(
        company.do("service_staff", REGISTER, record, "update", {"service_kind": "C"}),
        "charge_amount",
        "SVC-05",
    )
    free = {"service_kind": "C", "charge_amount": ""}
    assert isinstance(company.do("service_staff", REGISTER, record, "update", free), Done)
    assert (service(record).service_kind, service(record).charge_amount) == ("C", None)


@pytest.mark.parametrize(("kind", "charge"), [("A", "0.01"), ("A", ""), ("B", "30.00"), ("B", "0.00"), ("C", "")])
def test_a_charge_may_be_agreed_when_the_request_is_registered(company: Company, kind: str, charge: str) -> None:
    assert isinstance(create(company, kind, charge_amount=charge), Done)


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


# ---- SVC-10: times and content -------------------------------------------------------------------------------------------


@pytest.mark.rule("SVC-10")
@pytest.mark.parametrize("minutes", [-1, 17, None])
def test_the_arrival_lies_between_the_dispatch_and_now(company: Company, minutes: int | None) -> None:
    record = company.service_in("dispatched")
    typed = {} if minutes is None else {"arrived_at": at(minutes)}
    wrong(act(company, "service_staff", record, "on_site", 16, **typed), "arrived_at", "SVC-10")


def test_the_arrival_may_be_typed_in_the_minute_of_the_dispatch(company: Company) -> None:
    record = company.service()
    dispatch(company, record, minutes=0.5)
    assert isinstance(act(company, "service_staff", record, "on_site", 1, arrived_at="2026-03-04 10:00"), Done)


@pytest.mark.rule("SVC-10")
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"started_at": at(14)}, "started_at"),
        ({"started_at": ""}, "started_at"),
        ({"finished_at": at(19)}, "finished_at"),
        ({"finished_at": at(63)}, "finished_at"),
        ({"work_done": "四个字呀"}, "work_done"),
        ({"work_done": "        "}, "work_done"),
        ({"work_done": ""}, "work_done"),
    ],
)
def test_the_work_has_its_hours_and_its_words(company: Company, typed: dict[str, Any], field: str) -> None:
    record = company.service_in("on_site")
    wrong(finish(company, record, **typed), field, "SVC-10")
    assert service(record).state == "on_site"


def test_the_limits_themselves_are_fine(company: Company) -> None:
    record = company.service_in("on_site")
    assert isinstance(finish(company, record, started_at=at(15), finished_at=at(15), work_done="五个字正好"), Done)


@pytest.mark.rule("SVC-10")
def test_nothing_is_finished_before_the_arrival(company: Company) -> None:
    refused_by(finish(company, company.service_in("dispatched")), "SVC-10")


@pytest.mark.parametrize("state", ["on_site", "finished", "customer_signed"])
def test_only_the_named_technician_takes_these_steps(company: Company, state: str) -> None:
    before = {"on_site": "dispatched", "finished": "on_site", "customer_signed": "finished"}[state]
    record = company.service_in(before)
    acts: dict[str, dict[str, Any]] = {
        "on_site": {"arrived_at": at(15)},
        "finished": {"started_at": at(20), "finished_at": at(60), "work_done": "调整配比并复测"},
        "customer_signed": {"customer_signed_by": "孙客户", "customer_signed_at": at(70)},
    }
    for who in ("service_manager", "business_clerk"):
        assert isinstance(act(company, who, record, state, 80, **acts[state]), Declined), who
    assert service(record).state == before


# ---- SVC-12: priority, daily check ---------------------------------------------------------------------------------------


def listed(company: Company, who: str, days: int, query: str = "") -> list[tuple[str, str]]:
    """Number and priority of each row of the list, so many days later at six in the morning."""
    with clock.set_to(company.now.replace(hour=22) + dt.timedelta(days=days - 1)):
        page = company.browser(who).page(f"/admin/{REGISTER}/?{query}")
    heads = [tag.get("data-field") for tag in page.select("table.list thead th")]
    if "priority" not in heads:
        return []
    place = heads.index("priority")
    found = []
    for row in page.select("table.list tbody tr[data-number]"):
        found.append((str(row["data-number"]), row.select("td")[place].get_text(strip=True)))
    return found


@pytest.mark.rule("SVC-12")
def test_what_waited_overnight_stands_first_the_next_morning(company: Company) -> None:
    first = company.service()
    company.service_in("dispatched")
    with clock.set_to(at(60 * 24)):
        tomorrow = at(60 * 24)
        inputs = company.service_inputs(origin="complaint", received_at=tomorrow - dt.timedelta(minutes=5))
        company.done("service_staff", REGISTER, None, "create", inputs, now=tomorrow)
    found = listed(company, "service_manager", 1)
    assert found[0] == (service(first).number, "次日优先")
    assert dict(found)["FW-2026-0003"] == "紧急"
    assert dict(found)["FW-2026-0002"] == "普通"


@pytest.mark.rule("SVC-12")
def test_priority_is_worked_out_by_the_calendar_day(company: Company) -> None:
    company.service()
    assert [priority for _, priority in listed(company, "service_manager", 0)] == ["普通"]
    assert [priority for _, priority in listed(company, "service_manager", 1)] == ["次日优先"]
    assert [n for n, _ in listed(company, "service_manager", 1, "flt1_priority_equals=next_day")] == ["FW-2026-0001"]
    assert listed(company, "service_manager", 1, "flt1_priority_equals=normal") == []
    assert ServiceLog.get().priority == "normal"


@pytest.mark.rule("SVC-12")
def test_a_complaint_is_urgent(company: Company) -> None:
    assert service(company.service(origin="complaint")).priority == "urgent"


def test_the_check_names_vouchers_without_entry_and_entries_without_voucher(company: Company) -> None:
    first, _, third = company.service(), company.service(), company.service()
    assert not list(numbers.faults(company.catalogue))
    ServiceLog.update(voucher_no=None).where(ServiceLog.id == first).execute()
    ServiceLog.update(day_sequence=7).where(ServiceLog.id == third).execute()
    assert list(numbers.faults(company.catalogue)) == [
        "service_log: series voucher_no: a record has None, which is no number of the series",
        "service_log: series voucher_no of 2026: number 1 is on no record",
        "service_log: series day_sequence of 20260304: number 3 is on no record",
        "service_log: series day_sequence of 20260304: number 7 was never given; the last one is 3",
    ]


# ---- SVC-13: out of town -------------------------------------------------------------------------------------------------


@pytest.mark.rule("SVC-13")
@pytest.mark.parametrize("state", ["none", "draft", "submitted", "refused"])
def test_nobody_leaves_town_before_the_approval(company: Company, state: str) -> None:
    record = company.service(who="business_clerk", customer=far_customer(company))
    if state != "none":
        application = company.away(record, state="submitted" if state == "refused" else state)
        if state == "refused":
            company.done("service_manager", "out_of_town_application", application, "refused", {"reason": "改日"})
    refused_by(dispatch(company, record), "SVC-13")
    assert service(record).state == "registered"


@pytest.mark.rule("SVC-13")
def test_the_application_names_whoever_is_sent(company: Company) -> None:
    record = company.service(who="business_clerk", customer=far_customer(company))
    company.away(record)
    wrong(dispatch(company, record, to="service_staff_2"), "dispatched_to", "SVC-13")
    assert isinstance(dispatch(company, record), Done)
    assert service(record).out_of_town_application.number == "YD-2026-0001"


@pytest.mark.rule("SVC-13")
def test_another_entrys_application_is_none(company: Company) -> None:
    customer = far_customer(company)
    record = company.service(who="business_clerk", customer=customer)
    company.away(company.service(who="business_clerk", customer=customer))
    refused_by(dispatch(company, record), "SVC-13")


@pytest.mark.rule("SVC-13")
def test_a_traveller_does_not_approve_his_application(company: Company) -> None:
    UserRole.create(user=company.users["service_manager"], role="service_staff")
    record = company.service(who="business_clerk", customer=far_customer(company))
    people = [{"person": company.users["service_staff"].id}, {"person": company.users["service_manager"].id}]
    application = company.away(record, state="submitted", people=people)
    name = "out_of_town_application"
    refused_by(company.do("service_manager", name, application, "approved", {"reason": "同意"}), "SVC-13")
    assert isinstance(company.do("service_manager_2", name, application, "approved", {"reason": "同意"}), Done)


@pytest.mark.rule("SVC-13")
def test_the_applicant_does_not_approve_his_application(company: Company) -> None:
    UserRole.create(user=company.users["service_staff"], role="service_manager")
    record = company.service(who="business_clerk", customer=far_customer(company))
    application = company.away(record, state="submitted", people=[{"person": company.users["service_staff_2"].id}])
    refused_by(
        company.do("service_staff", "out_of_town_application", application, "approved", {"reason": "同意"}), "SVC-13"
    )


# ---- SVC-14, SVC-39: cost and parts --------------------------------------------------------------------------------------


@pytest.mark.rule("SVC-14")
def test_cost_is_parts_travel_and_allowance(company: Company) -> None:
    part = SparePart.get_by_id(company.spare_part("10"))
    record = company.service_in("on_site")
    lines = [{"product": part.product_id, "quantity": "1.5", "price": "33.33"}]
    assert isinstance(finish(company, record, parts_used=lines, travel_cost="120.00", allowance="50.10"), Done)
    assert service(record).service_cost == Decimal("220.10")
    act(company, "finance", record, "enter_costs", 90, travel_cost="100.00", allowance="0")
    assert service(record).service_cost == Decimal("150.00")


def test_a_part_without_a_price_takes_that_of_the_product(company: Company) -> None:
    product = company.product(name="密封圈", spare_part=True, price="12.50")
    record = company.service_in("on_site")
    finish(company, record, parts_used=[{"product": product, "quantity": "2"}])
    assert (service(record).service_cost, ServicePart.get().amount) == (Decimal("25.00"), Decimal("25.00"))


@pytest.mark.parametrize("name", ["travel_cost", "allowance"])
def test_costs_are_not_negative(company: Company, name: str) -> None:
    record = company.service_in("finished")
    wrong(act(company, "service_staff", record, "enter_costs", 90, **{name: "-0.01"}), name)


@pytest.mark.rule("SVC-39")
def test_parts_used_leave_the_stock_and_are_told_there(company: Company) -> None:
    part = company.spare_part("10")
    product = SparePart.get_by_id(part).product_id
    record = company.service_in("on_site")
    assert isinstance(
        finish(company, record, parts_used=[{"product": product, "quantity": "2.5", "price": "10"}]), Done
    )
    assert SparePart.get_by_id(part).stock == Decimal("7.5")
    told = SparePartMovement.select().order_by(SparePartMovement.id.desc()).get()
    assert (told.kind, told.quantity, told.balance) == ("used", Decimal("-2.5"), Decimal("7.5"))
    assert told.source == service(record).number


@pytest.mark.rule("SVC-39")
def test_a_short_stock_is_refused_beside_its_line(company: Company) -> None:
    part = company.spare_part("2")
    product = SparePart.get_by_id(part).product_id
    record = company.service_in("on_site")
    lines = [{"product": product, "quantity": "1"}, {"product": product, "quantity": "1.001"}]
    wrong(finish(company, record, parts_used=lines), "parts_used-1-quantity", "SVC-39")
    assert SparePart.get_by_id(part).stock == Decimal(2)
    assert isinstance(finish(company, record, parts_used=[{"product": product, "quantity": "2"}]), Done)


@pytest.mark.rule("SVC-39")
def test_a_second_visit_takes_only_what_is_new(company: Company) -> None:
    part = company.spare_part("10")
    product = SparePart.get_by_id(part).product_id
    record = company.service_in("on_site")
    finish(company, record, parts_used=[{"product": product, "quantity": "2"}])
    dispatch(company, record, minutes=90, reason="未解决")
    act(company, "service_staff", record, "on_site", 95, arrived_at=at(95))
    line = ServicePart.get_or_none(ServicePart.record == record)
    assert line is not None
    again = {"started_at": at(95), "finished_at": at(99), "work_done": "更换滤芯并试车"}
    lines = [{"id": line.id, "product": product, "quantity": "3"}]
    assert isinstance(act(company, "service_staff", record, "finished", 100, **again, parts_used=lines), Done)
    assert SparePart.get_by_id(part).stock == Decimal(7)


@pytest.mark.rule("SVC-39")
def test_what_was_not_used_after_all_comes_back(company: Company) -> None:
    part = company.spare_part("10")
    product = SparePart.get_by_id(part).product_id
    record = company.service_in("on_site")
    finish(company, record, parts_used=[{"product": product, "quantity": "2"}])
    assert SparePart.get_by_id(part).stock == Decimal(8)
    dispatch(company, record, minutes=90, reason="未解决")
    act(company, "service_staff", record, "on_site", 95, arrived_at=at(95))
    again = {"started_at": at(95), "finished_at": at(99), "work_done": "改用原件修复"}
    assert isinstance(act(company, "service_staff", record, "finished", 100, **again, parts_used=[]), Done)
    assert SparePart.get_by_id(part).stock == Decimal(10)


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


# ---- SVC-18, SVC-23 to SVC-26, SVC-33, SVC-37, SVC-38, SVC-40 ------------------------------------------------------------


@pytest.mark.rule("SVC-18")
def test_each_day_has_its_own_sequence(company: Company) -> None:
    numbers_given = [service(company.service()).day_sequence, service(company.service()).day_sequence]
    tomorrow = at(60 * 24)
    inputs = company.service_inputs(received_at=tomorrow)
    made = company.done("service_staff", REGISTER, None, "create", inputs, now=tomorrow)
    assert [*numbers_given, service(made.id).day_sequence] == [1, 2, 1]


@pytest.mark.rule("SVC-18")
def test_an_entry_of_an_earlier_day_is_marked(company: Company) -> None:
    midnight = dt.datetime(2026, 3, 4, tzinfo=clock.company_zone())
    assert not service(company.service(received_at=midnight)).late_entry
    assert service(company.service(received_at=midnight - dt.timedelta(seconds=1))).late_entry


@pytest.mark.rule("SVC-23")
def test_whoever_is_in_charge_of_the_area_is_proposed(company: Company) -> None:
    row = service(company.service())
    assert row.area is not None
    assert (row.area.code, row.area_staff.username) == ("A", "service_staff")
    area = Area.get(Area.code == "A")
    AreaStaff.create(record=area, person=company.users["service_staff_2"], position=0)
    assert service(company.service()).area_staff.username == "service_staff_2"


@pytest.mark.rule("SVC-23")
def test_the_proposed_technician_stands_in_the_form(company: Company) -> None:
    record = company.service()
    with clock.set_to(company.now):
        page = company.browser("service_manager").page(f"/admin/{REGISTER}/transition/dispatched/?id={record}")
    chosen = page.select_one("select[name=dispatched_to] option[selected]")
    assert chosen is not None
    assert chosen["value"] == str(company.users["service_staff"].id)


@pytest.mark.rule("SVC-24")
def test_the_origin_is_needed(company: Company) -> None:
    wrong(create(company, origin=""), "origin", "SVC-24")


@pytest.mark.rule("SVC-25")
def test_the_content_is_needed(company: Company) -> None:
    wrong(create(company, service_content_class=""), "service_content_class", "SVC-25")


@pytest.mark.rule("SVC-26")
def test_a_transport_says_who_carries(company: Company) -> None:
    made = create(company, service_content_class="transport", transport_mode="arranged")
    assert isinstance(made, Done)
    assert service(made.id).transport_mode == "arranged"


@pytest.mark.rule("SVC-33")
@pytest.mark.parametrize("name", ["cause", "measure"])
def test_a_service_ordered_by_quality_ends_with_cause_and_measure(company: Company, name: str) -> None:
    record = company.service_in("on_site", origin="quality_instruction")
    typed = {"cause": "水灰比偏高", "measure": "重新培训配料", name: ""}
    wrong(finish(company, record, **typed), name, "SVC-33")


def test_other_services_may_name_cause_and_measure(company: Company) -> None:
    record = company.service_in("on_site")
    assert isinstance(finish(company, record, cause="水灰比偏高"), Done)
    assert service(record).cause == "水灰比偏高"


@pytest.mark.rule("SVC-37")
def test_publicity_material_is_counted(company: Company) -> None:
    record = company.service_in("on_site")
    finish(company, record, materials=[{"name": "产品手册", "quantity": "3"}])
    assert [(row.name, row.quantity) for row in ServiceMaterial.select()] == [("产品手册", 3)]


@pytest.mark.rule("SVC-38")
def test_a_request_has_its_time_of_day(company: Company) -> None:
    wrong(create(company, received_at=""), "received_at", "SVC-38")


def test_a_request_at_half_past_two_on_a_holiday_is_taken(company: Company) -> None:
    night = dt.datetime(2026, 2, 17, 2, 30, tzinfo=clock.company_zone())
    inputs = company.service_inputs(received_at="2026-02-17 02:30")
    made = company.do("service_staff", REGISTER, None, "create", inputs, now=night + dt.timedelta(minutes=2))
    assert isinstance(made, Done), made
    assert service(made.id).received_at == night


@pytest.mark.rule("SVC-40")
def test_the_basis_is_recorded(company: Company) -> None:
    made = create(company, service_basis="GB 8076 与服务承诺")
    assert isinstance(made, Done)
    assert service(made.id).service_basis == "GB 8076 与服务承诺"


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


@pytest.mark.parametrize("state", ["on_site", "finished", "customer_signed", "countersigned", "archived"])
def test_only_what_has_not_begun_is_voided(company: Company, state: str) -> None:
    record = company.service_in(state)
    assert isinstance(act(company, "service_manager", record, "void", 110, reason="误登"), Declined)


def test_voiding_needs_its_reason(company: Company) -> None:
    wrong(act(company, "service_manager", company.service(), "void"), "reason")


@on_sqlite
def test_the_archive_act_is_absent_until_it_may_be_taken(company: Company) -> None:
    record = company.service_in("customer_signed")
    with clock.set_to(at(80)):
        page = company.browser("business_clerk").page(f"/admin/{REGISTER}/details/?id={record}")
        assert "archived" not in offered(page)
        answer = company.browser("business_clerk").get(f"/admin/{REGISTER}/transition/archived/?id={record}")
    assert answer.status_code == 409


@on_sqlite
def test_the_forms_of_the_technician_stand_ready(company: Company) -> None:
    record = company.service_in("on_site")
    with clock.set_to(at(60)):
        page = company.browser("service_staff").page(f"/admin/{REGISTER}/transition/finished/?id={record}")
    values = form_values(page)
    assert values["started_at"] == "2026-03-04 10:15:00"
    assert values["finished_at"] == "2026-03-04 11:00:00"
    assert "parts_used-0-product" in values or "parts_used-0-product-text" in values
    assert "materials-0-name" in values
