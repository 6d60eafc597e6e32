"""The rules of visits: dispatch, times and content, journeys out of town, cost and parts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backoffice import clock
from backoffice.outcomes import Declined, Done, Forbidden
from models.accounts import Area, UserRole
from models.registers.area import AreaStaff
from models.registers.service_log import ServiceLog, ServiceMaterial, ServicePart, ServiceVisit
from models.registers.spare_part import SparePart, SparePartMovement
from tests.company import Company
from tests.rules.walks import form_values, on_sqlite, refused_by, wrong
from tests.services import REGISTER, act, at, dispatch, far_customer, finish, service

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


# ---- SVC-23, SVC-33, SVC-37: the proposed technician, cause and measure, material --------------------------------------


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
