"""The rules of requests for service: what is asked, vouchers, kinds and contracts, the day's sequence, priority, and voiding."""

from __future__ import annotations

import datetime as dt

import pytest

from backoffice import clock, numbers
from backoffice.outcomes import Declined, Done
from models.registers.service_log import ServiceLog
from tests.company import Company
from tests.rules.walks import wrong
from tests.services import REGISTER, act, at, create, finish, service

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


# ---- SVC-18, SVC-24 to SVC-26, SVC-38, SVC-40: what else an entry holds ------------------------------------------------


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


# ---- void --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["on_site", "finished", "customer_signed", "countersigned", "archived"])
def test_only_what_has_not_begun_is_voided(company: Company, state: str) -> None:
    record = company.service_in(state)
    assert isinstance(act(company, "service_manager", record, "void", 110, reason="误登"), Declined)


def test_voiding_needs_its_reason(company: Company) -> None:
    wrong(act(company, "service_manager", company.service(), "void"), "reason")
