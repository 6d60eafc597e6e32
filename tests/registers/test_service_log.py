"""Services as their readers see them: roads, applications, forms, copies, lists, links, and forty at once."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from functools import partial
from typing import Any

import pytest

from backoffice import clock, numbers, proof
from backoffice.database import connected
from backoffice.outcomes import Done, Invalid
from models.base import db
from models.registers.out_of_town_application import OutOfTownApplication, OutOfTownPerson
from models.registers.service_log import ServiceLog
from models.registers.spare_part import SparePart
from tests.company import Company
from tests.customers import customer_in
from tests.rules.walks import exported, form_values, offered, on_sqlite, one, value, wrong
from tests.servers import at_once
from tests.services import APPLICATION, REGISTER, act, at, create, dispatch, far_customer, finish, service

# ---- roads ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["customer_then_manager", "manager_then_customer"])
@pytest.mark.parametrize("kind", "ABCD")
def test_a_service_goes_its_whole_road(company: Company, kind: str, order: str) -> None:
    record = company.service(kind)
    ServiceLog.update(signature_order=order).where(ServiceLog.id == record).execute()
    for name, who, typed, minutes in company.service_road(record, kind):
        outcome = act(company, who, record, name, minutes, **typed())
        assert isinstance(outcome, Done), (name, outcome)
        assert (outcome.state, service(record).state) == (name, name)
    row = service(record)
    assert (row.state, row.volume_month, row.shelf_no) == ("archived", "2026-03", f"{kind}/2026-03/PZ-2026-0001")
    assert list(numbers.faults(company.catalogue)) == []


@pytest.mark.rule("CUS-30")
def test_a_finished_service_is_a_contact_with_its_customer(company: Company) -> None:
    record = company.service_in("on_site")
    assert service(record).customer.last_contact_on is None
    finish(company, record)
    assert service(record).customer.last_contact_on == dt.date(2026, 3, 4)


def test_a_charge_that_was_agreed_stands_in_the_form_of_the_finished_work(company: Company) -> None:
    """It is typed while the entry is registered, kept when the entry is sent out again, and then typed with the work alone."""
    record = company.service("A", charge_amount="150.00")
    company.done("service_staff", REGISTER, record, "update", {"charge_amount": "180.00"})
    dispatch(company, record)
    company.do("service_staff", REGISTER, record, "update", {"charge_amount": "90.00"})
    assert str(service(record).charge_amount) == "180.00"
    act(company, "service_staff", record, "on_site", 16, arrived_at=at(15))
    dispatch(company, record, minutes=17, reason="缺备件")
    act(company, "service_staff", record, "on_site", 19, arrived_at=at(18))
    with clock.set_to(at(62)):
        page = company.browser("service_staff").page(f"/admin/{REGISTER}/transition/finished/?id={record}")
        assert form_values(page)["charge_amount"] == "180.00"
    finish(company, record)
    assert (str(service(record).charge_amount), service(record).charge_mode) == ("180.00", "on_the_spot")


@pytest.mark.parametrize("who", ["business_clerk", "service_manager"])
def test_reception_types_the_charge(company: Company, who: str) -> None:
    record = company.service("A")
    page = company.browser(who).page(f"/admin/{REGISTER}/edit/?id={record}")
    assert form_values(page)["charge_amount"] == ""
    assert isinstance(company.do(who, REGISTER, record, "update", {"charge_amount": "180.00"}), Done)


def test_finance_does_not_type_the_charge(company: Company) -> None:
    record = company.service("A", charge_amount="180.00")
    company.do("finance", REGISTER, record, "update", {"charge_amount": "90.00", "travel_cost": "12.00"})
    assert (str(service(record).charge_amount), str(service(record).travel_cost)) == ("180.00", "12.00")


@pytest.mark.parametrize(
    ("bought", "inside"), [("2025-03-04", True), ("2025-03-03", False), ("2025-02-28", False), ("2026-03-01", True)]
)
def test_warranty_counts_in_calendar_months(company: Company, bought: str, inside: bool) -> None:
    company.product("ZM-2", name="外加剂", warranty_months="12")
    assert service(company.service(purchased_on=bought)).in_warranty is inside


def test_warranty_is_unknown_without_a_term(company: Company) -> None:
    assert service(company.service()).in_warranty is None
    company.product("ZM-2", warranty_months="")
    assert service(company.service()).in_warranty is None
    assert service(company.service("B")).in_warranty is True


def test_an_out_of_town_service_goes_its_road(company: Company) -> None:
    record = company.service(who="business_clerk", customer=far_customer(company))
    assert service(record).out_of_town
    application = company.away(record)
    for name, who, typed, minutes in company.service_road(record):
        assert isinstance(act(company, who, record, name, minutes, **typed()), Done), name
    company.done("service_staff", APPLICATION, application, "done")
    assert OutOfTownApplication.get_by_id(application).state == "done"


def test_what_is_typed_wrong_leaves_no_trace(company: Company) -> None:
    record = company.service_in("on_site")
    before = service(record)
    product = SparePart.get_by_id(company.spare_part("1")).product_id
    lines = [{"product": product, "quantity": "0"}, {"product": "", "quantity": "2"}]
    outcome = finish(company, record, parts_used=lines)
    assert isinstance(outcome, Invalid)
    assert {"parts_used-0-quantity", "parts_used-1-product"} <= set(outcome.errors)
    assert service(record).version == before.version
    assert SparePart.get().stock == 1


# ---- the application ----------------------------------------------------------------------------------------------------


def test_an_application_needs_what_the_catalogue_says(company: Company) -> None:
    entry = company.service()
    whole = {
        "service_entry": entry,
        "place": "重庆",
        "people": [{"person": company.users["service_staff"].id}],
        "planned_from": at(0),
        "planned_to": at(60),
        "travel_budget": "0",
        "allowance_budget": "0",
        "reason": "现场复测",
    }
    for name in whole:
        typed = {**whole, name: [] if name == "people" else ""}
        wrong(company.do("service_staff", APPLICATION, None, "create", typed), name)
    for name in ("travel_budget", "allowance_budget"):
        wrong(company.do("service_staff", APPLICATION, None, "create", {**whole, name: "-0.01"}), name)
    wrong(company.do("service_staff", APPLICATION, None, "create", {**whole, "planned_to": at(-1)}), "planned_to")
    twice = [{"person": company.users["service_staff"].id}] * 2
    wrong(company.do("service_staff", APPLICATION, None, "create", {**whole, "people": twice}), "people")
    same = company.do("service_staff", APPLICATION, None, "create", {**whole, "planned_to": at(0)})
    assert isinstance(same, Done)


@on_sqlite
def test_people_are_ticked_and_may_be_plain_repeated_fields(company: Company) -> None:
    entry = company.service()
    with clock.set_to(company.now):
        browser = company.browser("service_staff")
        page = browser.page(f"/admin/{APPLICATION}/new/")
        ticks = page.select("input[type=checkbox][name=people]")
        assert {tag["value"] for tag in ticks} == {
            str(company.users[name].id) for name in ("service_staff", "service_staff_2")
        }
        people = [str(company.users[name].id) for name in ("service_staff_2", "service_staff")]
        typed = {
            "service_entry": str(entry),
            "place": "重庆",
            "people": people,
            "planned_from": "2026-03-05 08:00",
            "planned_to": "2026-03-06 18:00",
            "travel_budget": "800",
            "allowance_budget": "200",
            "reason": "现场复测",
        }
        refused = browser.send(f"/admin/{APPLICATION}/new/", {**typed, "people": ""})
        assert refused.status_code == 422
        assert 'data-field="people"' in refused.text
        answer = browser.send(f"/admin/{APPLICATION}/new/", typed)
        assert answer.status_code == 303
        assert [str(row.person_id) for row in OutOfTownPerson.select().order_by(OutOfTownPerson.position)] == people
        record = OutOfTownApplication.get().id
        path = f"/admin/{APPLICATION}/edit/?id={record}"
        page = browser.page(path)
        assert len(page.select("input[name=people][checked]")) == 2
        values = {**form_values(page), "people": ["", people[1]]}
        assert browser.send(path, values).status_code == 303
    assert [str(row.person_id) for row in OutOfTownPerson.select()] == [people[1]]


def test_a_refused_application_is_applied_for_again(company: Company) -> None:
    application = company.away(company.service(), state="submitted")
    wrong(company.do("service_manager", APPLICATION, application, "refused"), "reason")
    company.done("service_manager", APPLICATION, application, "refused", {"reason": "改日"})
    with clock.set_to(company.now):
        page = company.browser("service_staff").page(f"/admin/{APPLICATION}/new/?copy={application}")
    assert form_values(page)["place"] == "重庆"


# ---- forms, copies -------------------------------------------------------------------------------------------------------


@on_sqlite
def test_address_and_telephone_are_copied_as_far_as_they_may_be_read(company: Company) -> None:
    customer = company.customer("salesperson", registered_address="川北路88号")
    with clock.set_to(company.now):
        clerk, technician = company.browser("business_clerk"), company.browser("service_staff")
        source = f"/admin/{REGISTER}/ajax/copy/?name=customer&id={customer}"
        told = json.loads(clerk.get(source).text)
        assert told["service_address"] == ["川北路88号", ""]
        assert told["service_phone"][0].startswith("0839-")
        told = json.loads(technician.get(source).text)
        assert (told["service_address"][0], told["service_phone"][0]) == ("川北路88号", "")
        other = company.browser("service_staff_2").get(source)
        assert json.loads(other.text) == {"service_address": ["", ""], "service_phone": ["", ""]}
        assert company.browser("finance").get(source).status_code == 403
        assert clerk.get(f"/admin/{REGISTER}/ajax/copy/?name=contract&id=1").status_code == 400
        page = clerk.page(f"/admin/{REGISTER}/new/")
        assert page.select_one("[data-copies]") is not None
    made = create(company, "C", "business_clerk", customer=customer, service_address="", service_phone="")
    assert isinstance(made, Done)
    row = service(made.id)
    assert (row.service_address, row.service_phone) == ("川北路88号", row.customer.phone)


def test_what_was_typed_is_not_copied_over(company: Company) -> None:
    made = create(company, "C", "business_clerk", service_address="工地三号门")
    assert isinstance(made, Done)
    assert service(made.id).service_address == "工地三号门"
    again = company.done("business_clerk", REGISTER, made.id, "update", {"service_address": "工地一号门"})
    assert service(again.id).service_address == "工地一号门"


@on_sqlite
def test_a_technician_walks_through_the_pages(company: Company) -> None:
    """As a browser sends it: the new entry, arrival, work with parts, the signed paper; a refusal keeps what was typed."""
    part = SparePart.get_by_id(company.spare_part("5"))
    customer = company.customer("salesperson")
    with clock.set_to(company.now):
        browser = company.browser("service_staff")
        path = f"/admin/{REGISTER}/new/"
        typed = {**form_values(browser.page(path)), **company.service_inputs("A", customer=customer)}
        typed["received_at"] = "2026-03-04T09:50"
        assert browser.send(path, {**typed, "origin": ""}).status_code == 422
        assert browser.send(path, typed).status_code == 303
    record = ServiceLog.get().id
    assert isinstance(dispatch(company, record), Done)
    with clock.set_to(at(16)):
        browser = company.browser("service_staff")
        path = f"/admin/{REGISTER}/transition/on_site/?id={record}"
        arrived = one(browser.page(path), "input[name=arrived_at]")["value"]
        assert browser.send(path, {"arrived_at": arrived}).status_code == 303
    with clock.set_to(at(62)):
        browser = company.browser("service_staff")
        path = f"/admin/{REGISTER}/transition/finished/?id={record}"
        typed = {
            **form_values(browser.page(path)),
            "work_done": "更换滤芯",
            "charge_amount": "180",
            "parts_used-0-product": str(part.product_id),
            "parts_used-0-quantity": "6",
            "materials-0-name": "产品手册",
            "materials-0-quantity": "1",
        }
        refused = browser.send(path, typed)
        assert refused.status_code == 422
        assert {"SVC-10", "SVC-39"} & set(re.findall(r'data-rule="([A-Z0-9-]+)"', refused.text))
        typed["work_done"], typed["parts_used-0-quantity"] = "更换滤芯并试车", "2"
        assert browser.send(path, typed).status_code == 303
        page = browser.page(f"/admin/{REGISTER}/details/?id={record}")
        assert value(page, "charge_mode") == "on_the_spot"
        assert "customer_signed" in offered(page)
    assert SparePart.get_by_id(part.id).stock == 3
    with clock.set_to(at(75)):
        browser = company.browser("service_staff")
        path = f"/admin/{REGISTER}/transition/customer_signed/?id={record}"
        filled = {"customer_signed_at": "2026-03-04 11:10", "customer_signed_by": "孙客户"}
        paper = (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "凭证.pdf")
        assert browser.send(path, {**filled, "signed_paper": paper}).status_code == 303
    assert service(record).state == "customer_signed"


@on_sqlite
def test_the_next_step_waits_for_the_technician_on_his_first_page(company: Company) -> None:
    record = company.service(who="business_clerk")
    dispatch(company, record, to="service_staff_2")
    with clock.set_to(at(1)):
        page = company.browser("service_staff_2").page("/")
        assert next(str(row["data-number"]) for row in page.select("main tr[data-id]")) == service(record).number
        page = company.browser("service_staff_2").page(f"/admin/{REGISTER}/details/?id={record}")
        assert {"on_site", "enter_costs"} <= offered(page)
        assert "record_finding" not in offered(page)


@on_sqlite
def test_what_goes_the_other_way_does_not_wait_for_the_technician(company: Company) -> None:
    company.service_in("countersigned")
    with clock.set_to(at(100)):
        page = company.browser("service_staff").page(f"/admin/{REGISTER}/?view=waiting")
    assert page.select("main tr[data-id]") == []


# ---- lists and exports --------------------------------------------------------------------------------------------------


@on_sqlite
def test_named_lists_hold_their_rows(company: Company) -> None:
    company.service_in("finished")
    waiting = company.service(origin="complaint")
    ordinary = company.service()
    company.service_in("archived")
    with clock.set_to(at(120)):
        browser = company.browser("service_manager")

        def shown(view: str) -> list[str]:
            page = browser.page(f"/admin/{REGISTER}/?view={view}")
            return [str(row["data-number"]) for row in page.select("main tr[data-id]")]

        assert shown("to_dispatch") == [service(waiting).number, service(ordinary).number]
        assert shown("part_two_out") == ["FW-2026-0001"]
        assert shown("away") == []
        table = exported(browser, REGISTER, "?view=to_dispatch")
    assert [row["优先"] for row in table[:2]] == ["紧急", "普通"]


@on_sqlite
def test_the_export_says_what_the_list_says_of_priority(company: Company) -> None:
    company.service()
    with clock.set_to(at(60 * 24)):
        row = exported(company.browser("service_manager"), REGISTER, "?flt1_priority_equals=next_day")[0]
    assert (row["服务单号"], row["优先"]) == ("FW-2026-0001", "次日优先")


# ---- links ---------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CUS-41")
def test_the_customers_page_lists_his_services_once(company: Company) -> None:
    record = company.service_in("finished")
    with clock.set_to(at(120)):
        page = company.browser("business_clerk").page(
            f"/admin/customer_archive/details/?id={service(record).customer_id}"
        )
    shown = [str(row["data-number"]) for row in page.select("tr[data-id]")]
    numbers_shown = [number for number in shown if number.startswith("FW-")]
    assert numbers_shown == [service(record).number]
    assert service(record).voucher_no in page.get_text()


def test_an_open_service_keeps_its_customer_from_the_archive(company: Company) -> None:
    customer = customer_in(company, "dormant")
    record = company.service(customer=customer)
    assert not isinstance(company.do("dept_head", "customer_archive", customer, "archived", {"reason": "歇业"}), Done)
    company.done("service_manager", REGISTER, record, "void", {"reason": "误登"})
    assert isinstance(company.do("dept_head", "customer_archive", customer, "archived", {"reason": "歇业"}), Done)


# ---- forty at once -------------------------------------------------------------------------------------------------------


def test_forty_at_once_leave_no_gap(company: Company) -> None:
    customer = company.customer()
    inputs = company.service_inputs(customer=customer)
    bad = {**inputs, "origin": ""}

    def write(writer: int) -> Any:
        def work() -> list[str]:
            with connected(db):
                found = []
                for n in range(4):
                    typed = bad if (writer + n) % 5 == 0 else inputs
                    outcome = company.do("service_staff", REGISTER, None, "create", typed)
                    if isinstance(outcome, Done):
                        found.append(outcome.number)
                return found

        return work

    results = at_once(*(write(writer) for writer in range(10)))
    assert [one for one in results if isinstance(one, BaseException)] == []
    made = list(ServiceLog.select().order_by(ServiceLog.id))
    count = len(made)
    assert count == 32
    assert sorted(row.number for row in made) == [f"FW-2026-{n:04}" for n in range(1, count + 1)]
    assert sorted(row.voucher_no for row in made) == [f"PZ-2026-{n:04}" for n in range(1, count + 1)]
    assert sorted(row.day_sequence for row in made) == list(range(1, count + 1))
    assert list(numbers.faults(company.catalogue)) == []
    assert list(proof.faults()) == []


def test_two_technicians_take_the_last_part_once(company: Company) -> None:
    part = SparePart.get_by_id(company.spare_part("1"))
    records = [company.service_in("on_site") for _ in range(2)]
    line = [{"product": part.product_id, "quantity": "1"}]

    def take(record: int) -> Any:
        with connected(db):
            return finish(company, record, parts_used=line)

    found = at_once(*(partial(take, record) for record in records))
    assert sorted(type(one).__name__ for one in found) in (["Declined", "Done"], ["Done", "Invalid"]), found
    assert SparePart.get_by_id(part.id).stock == 0
