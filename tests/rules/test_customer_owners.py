"""The rules of a customer's owners: transfer, and the deputies of those who are away."""

from __future__ import annotations

from typing import Any

import pytest

from backoffice import clock
from backoffice.outcomes import Declined, Done, Forbidden
from models.evidence import AuditEvent, Step
from models.registers.customer_archive import CustomerAssignment
from tests.company import Company
from tests.customers import REGISTER, absent, customer, page_of, ready
from tests.rules.walks import offered, refused_by, value, wrong

# ---- CUS-24: transfer ------------------------------------------------------------------------------------------------------


def transfer(company: Company, record: int, to: str, who: str = "sales_manager", **more: Any) -> Any:
    inputs = {"owner": company.users[to].id, "date": "2026-03-04", "reason": "片区调整", **more}
    return company.do(who, REGISTER, record, "transfer_owner", inputs)


@pytest.mark.rule("CUS-24")
@pytest.mark.parametrize("day", ["2026-03-05", "2026-03-03"])
def test_a_transfer_is_of_a_day_between_the_file_and_today(company: Company, day: str) -> None:
    record = company.customer()
    wrong(transfer(company, record, "salesperson_2", date=day), "date", "CUS-24")
    assert customer(record).owner_id == company.users["salesperson"].id


@pytest.mark.rule("CUS-24")
def test_a_transfer_is_to_another_owner(company: Company) -> None:
    wrong(transfer(company, company.customer(), "salesperson"), "owner", "CUS-24")


@pytest.mark.parametrize(
    ("more", "field"),
    [({"owner": ""}, "owner"), ({"date": ""}, "date"), ({"date": "x"}, "date"), ({"reason": " "}, "reason")],
)
def test_a_transfer_needs_owner_day_and_reason(company: Company, more: dict[str, Any], field: str) -> None:
    record = company.customer()
    wrong(transfer(company, record, "salesperson_2", **more), field)
    assert not CustomerAssignment.select().exists()


@pytest.mark.parametrize("to", ["sales_assistant", "market_specialist", "gm", "service_staff"])
def test_a_new_owner_is_a_salesperson_of_the_department(company: Company, to: str) -> None:
    wrong(transfer(company, company.customer(), to), "owner")


def test_a_disabled_salesperson_gets_no_customer(company: Company) -> None:
    company.users["salesperson_2"].active = False
    company.users["salesperson_2"].save()
    wrong(transfer(company, company.customer(), "salesperson_2"), "owner")


@pytest.mark.parametrize("who", ["sales_manager", "dept_head"])
def test_a_transfer_is_kept_and_lists_what_is_open(company: Company, who: str) -> None:
    record = company.customer(deputy=company.users["salesperson_2"].id)
    gift = company.gift_in("submitted", customer=record)
    outcome = transfer(company, record, "salesperson_2", who)
    assert isinstance(outcome, Done)
    number = company.catalogue["gift_signoff"].model.get_by_id(gift).number
    assert [number in str(text.values["what"].zh) for text in outcome.warnings] == [True]
    moved = customer(record)
    assert (moved.owner_id, moved.deputy_id) == (company.users["salesperson_2"].id, None)
    row = CustomerAssignment.get()
    users = company.users
    assert (row.old_owner_id, row.new_owner_id, row.decided_by_id, row.reason) == (
        users["salesperson"].id,
        users["salesperson_2"].id,
        users[who].id,
        "片区调整",
    )


@pytest.mark.parametrize("who", ["salesperson", "archivist", "gm", "auditor"])
def test_nobody_else_transfers(company: Company, who: str) -> None:
    assert transfer(company, company.customer(), "salesperson_2", who) == Forbidden()


def test_a_customer_moves_to_another_department(company: Company) -> None:
    from models.accounts import Department

    record = company.customer()
    business = Department.get(Department.code == "business").id
    sales = Department.get(Department.code == "sales").id
    wrong(
        company.do("dept_head", REGISTER, record, "move_department", {"department": sales, "reason": "调整"}),
        "department",
    )
    company.done("dept_head", REGISTER, record, "move_department", {"department": business, "reason": "调整"})
    assert customer(record).department_id == business
    assert page_of(company, record, "dept_head_business") is not None


def test_the_deputy_general_manager_acts_where_a_department_has_no_manager(company: Company) -> None:
    from models.accounts import Department

    record = company.customer()
    assert isinstance(company.do("deputy_gm", REGISTER, record, "set_grade", {"grade": "A"}), Declined)
    business = Department.get(Department.code == "business").id
    company.done("dept_head", REGISTER, record, "move_department", {"department": business, "reason": "调整"})
    company.done("deputy_gm", REGISTER, record, "set_grade", {"grade": "A"})
    assert isinstance(transfer(company, record, "salesperson_2", "deputy_gm"), Done)
    assert customer(record).department.code == "sales"


# ---- CUS-33: deputies --------------------------------------------------------------------------------------------------------


def test_a_deputy_only_reads_while_the_owner_is_there(company: Company) -> None:
    record = ready(company, deputy=company.users["salesperson_2"].id)
    browser = company.browser("salesperson_2")
    assert value(page_of(company, record, "salesperson_2"), "legal_representative") == "***"
    for answer in (
        browser.get(f"/admin/{REGISTER}/edit/?id={record}"),
        browser.send(f"/admin/{REGISTER}/edit/?id={record}", {"version": "1", "fax": "0839-5550000"}),
        browser.send(f"/admin/{REGISTER}/transition/target/?id={record}", {"version": "1"}),
    ):
        assert answer.status_code == 409
        assert 'data-outcome="refused"' in answer.text
    assert customer(record).version == 1


@pytest.mark.rule("CUS-33")
def test_an_acting_deputy_is_the_owner(company: Company) -> None:
    record = ready(company, deputy=company.users["salesperson_2"].id)
    absent(company, "salesperson", "group_leader")
    page = page_of(company, record, "salesperson_2")
    assert {"update", "target", "propose_grade"} <= offered(page)
    assert value(page, "legal_representative") == "赵法人"
    edited = company.do("salesperson_2", REGISTER, record, "update", {"fax": "0839-5550000"})
    assert isinstance(edited, Done), edited
    company.done("salesperson_2", REGISTER, record, "target")
    owner = company.users["salesperson"].id
    assert Step.get().on_behalf_of_id == owner
    query = AuditEvent.select().where(AuditEvent.record_id == record).order_by(AuditEvent.id.desc())
    told = [event for event in query if event.action.rpartition(":")[2] in {"update", "target"}]
    assert [event.on_behalf_of_id for event in told] == [owner, owner]
    with clock.set_to(company.now):
        text = company.browser("salesperson_2").page(f"/admin/{REGISTER}/history/?id={record}").get_text()
    assert "代" in text
    assert company.users["salesperson"].name in text


@pytest.mark.rule("CUS-17")
def test_an_acting_deputy_is_never_the_second_side(company: Company) -> None:
    from models.accounts import UserRole

    record = company.customer(deputy=company.users["salesperson_2"].id)
    absent(company, "salesperson", "group_leader")
    UserRole.create(user=company.users["salesperson_2"], role="sales_manager")
    refused_by(company.do("salesperson_2", REGISTER, record, "set_grade", {"grade": "A"}), "CUS-17")


def test_a_deputy_stops_acting_the_day_after(company: Company) -> None:
    record = ready(company, deputy=company.users["salesperson_2"].id)
    absent(company, "salesperson", "group_leader", days=-1)
    assert isinstance(company.do("salesperson_2", REGISTER, record, "update", {"fax": "1"}), Declined)
    assert isinstance(company.do("salesperson_2", REGISTER, record, "target"), Declined)


def test_the_owners_own_edit_is_nobodys_delegation(company: Company) -> None:
    record = ready(company)
    absent(company, "salesperson", "group_leader")
    company.done("salesperson", REGISTER, record, "update", {"fax": "0839-5550000"})
    assert AuditEvent.select().order_by(AuditEvent.id.desc()).first().on_behalf_of_id is None
