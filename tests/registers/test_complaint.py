"""Complaints, contracts and spare parts as far as this step needs them: facts, decisions, ends, terms and stock."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backoffice import clock
from backoffice.demo.company import ACCOUNTS
from backoffice.outcomes import Declined, Forbidden, Missing
from backoffice.texts import read
from models.accounts import UserRole
from models.outcomes import Adjust, Changes
from models.register import Text
from models.registers import contract
from models.registers.area import AreaStaff
from models.registers.complaint import Complaint
from models.registers.contract import Contract
from models.registers.customer_archive import CustomerArchive
from models.registers.spare_part import SparePart, SparePartMovement
from tests.company import Company
from tests.rules.walks import history_values, on_sqlite, wrong

CASE = "complaint"
EVERYBODY = tuple(account.username for account in ACCOUNTS)
DEPUTIES = frozenset({"deputy_gm", "deputy_gm_2"})
MANAGERS = frozenset({"service_manager", "service_manager_2"})
STAFF = frozenset({"service_staff", "service_staff_2"})
DECISION = {"method": "answer", "reason": "试"}
STEPS: tuple[tuple[str, str, str, dict[str, Any], frozenset[str]], ...] = (
    ("registered", "return", "judged", DECISION, DEPUTIES),
    ("registered", "return", "not_upheld", {"reason": "试"}, DEPUTIES),
    ("registered", "return", "void", {"reason": "试"}, MANAGERS | {"salesperson"}),
    ("judged", "return", "notified", {}, MANAGERS | STAFF | {"salesperson"}),
    ("judged", "return", "unaccepted", {"reason": "试"}, MANAGERS | STAFF | {"salesperson"}),
    ("notified", "answer", "unaccepted", {"reason": "试"}, MANAGERS | STAFF | {"salesperson"}),
    ("notified", "answer", "closed", {}, MANAGERS | {"dept_head"}),
)


def judged(company: Company, record: int, **typed: Any) -> Any:
    values = {"handler": company.users["service_staff"].id, "reason": "批次不合格", **typed}
    return company.do("deputy_gm", CASE, record, "judged", values)


# ---- complaints --------------------------------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step[0]}-{step[2]}")
def test_only_those_of_a_step_take_it(
    company: Company, step: tuple[str, str, str, dict[str, Any], frozenset[str]]
) -> None:
    state, method, act, typed, whose = step
    typed = {"handler": company.users["service_staff"].id, **typed} if act == "judged" else typed
    record = company.complaint_in(state, method)
    for who in EVERYBODY:
        if who not in whose:
            outcome = company.do(who, CASE, record, act, typed)
            assert isinstance(outcome, Declined | Forbidden | Missing), (who, outcome)
    assert Complaint.get_by_id(record).state == state
    for who in sorted(whose):
        company.done(who, CASE, company.complaint_in(state, method), act, typed)


@on_sqlite
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"received_at": "2026-03-04 10:00:01"}, "received_at"),
        ({"delivered_qty": "20", "defective_qty": "21"}, "defective_qty"),
        ({"defective_qty": "0"}, "defective_qty"),
        ({"category": "weather"}, "category"),
        ({"demand": ""}, "demand"),
        ({"order_no": ""}, "order_no"),
    ],
)
def test_a_complaint_that_cannot_be_true_is_refused(company: Company, typed: dict[str, Any], field: str) -> None:
    inputs = {
        "customer": company.customer(),
        "product": company.product(),
        "complainant": "吴投诉",
        "order_no": "DD-1",
        "category": "quality",
        "demand": "退货",
    }
    wrong(company.do("salesperson", CASE, None, "create", {**inputs, **typed}), field)
    made = company.done("salesperson", CASE, None, "create", {**inputs, "delivered_qty": "20", "defective_qty": "20"})
    record = Complaint.get_by_id(made.id)
    assert (record.number, record.received_at) == ("TS-2026-0001", company.now)
    assert (record.received_by_id, record.specification) == (company.users["salesperson"].id, "25kg")
    assert record.customer_name == record.customer.name


@on_sqlite
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"method": "return"}, "approved_qty"),
        ({"method": "rework", "approved_qty": "0"}, "approved_qty"),
        ({"method": "return", "approved_qty": "100.001"}, "approved_qty"),
        ({"method": "discount"}, "amount"),
        ({"method": "compensation", "amount": "0"}, "amount"),
        ({"method": ""}, "method"),
        ({"method": "answer", "handler": ""}, "handler"),
        ({"method": "answer", "reason": ""}, "reason"),
    ],
)
def test_a_decision_has_what_it_needs(company: Company, typed: dict[str, Any], field: str) -> None:
    record = company.complaint()
    wrong(judged(company, record, **typed), field)
    assert Complaint.get_by_id(record).state == "registered"


@on_sqlite
def test_a_decision_keeps_only_what_belongs_to_its_way(company: Company) -> None:
    record = company.complaint()
    judged(company, record, method="discount", approved_qty="20", amount="320")
    made = Complaint.get_by_id(record)
    assert (made.approved_qty, str(made.amount), made.decision) == (None, "320.00", "批次不合格")
    assert str(made.decided_on) == "2026-03-04"


@on_sqlite
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"notified_on": "2026-03-05"}, "notified_on"),
        ({"notified_on": "2026-03-03"}, "notified_on"),
        ({"accepted_on": "2026-03-05"}, "accepted_on"),
        ({"accepted_on": ""}, "accepted_on"),
    ],
)
def test_the_customer_is_told_between_decision_and_today(company: Company, typed: dict[str, str], field: str) -> None:
    record = company.complaint_in("judged")
    wrong(company.do("service_manager", CASE, record, "notified", typed), field)


@on_sqlite
@pytest.mark.parametrize("method", ["return", "rework", "discount", "compensation"])
def test_a_case_closes_when_its_paper_is_finished(company: Company, method: str) -> None:
    record = company.complaint_in("notified", method)
    assert isinstance(company.do("service_manager", CASE, record, "closed"), Declined)
    company.settle(record, method)
    company.done("service_manager", CASE, record, "closed")


@on_sqlite
def test_a_case_is_not_dropped_while_its_slip_is_open(company: Company) -> None:
    record = company.complaint_in("notified")
    slip = company.slip(complaint=record)
    assert isinstance(company.do("service_manager", CASE, record, "unaccepted", {"reason": "试"}), Declined)
    company.done("sales_clerk", "product_return", slip, "void", {"reason": "试"})
    company.done("service_manager", CASE, record, "unaccepted", {"reason": "试"})


@on_sqlite
def test_an_open_complaint_keeps_the_customer(company: Company) -> None:
    customer = company.customer()
    record = company.complaint_in("notified", "answer", customer=customer)
    CustomerArchive.update(state="signed").where(CustomerArchive.id == customer).execute()
    outcome = company.do("dept_head", "customer_archive", customer, "archived")
    assert isinstance(outcome, Declined), outcome
    assert "TS-2026-0001" in read(outcome.reason)
    company.done("service_manager", CASE, record, "closed")
    company.done("dept_head", "customer_archive", customer, "archived")


@on_sqlite
def test_a_handler_without_another_post_takes_his_own_cases_on(company: Company) -> None:
    """The role itself makes no complaints; being named on one opens this one alone."""
    handler, stranger = company.users["agent"], company.users["hr"]
    for user in (handler, stranger):
        UserRole.create(user=user, role="complaint_handler")
    record = company.complaint()
    judged(company, record, method="answer", handler=handler.id)
    other = company.complaint_in("judged")
    assert company.do("hr", CASE, record, "notified") == Missing()
    assert company.do("agent", CASE, other, "notified") == Missing()
    assert company.do("agent", CASE, record, "judged", DECISION) == Forbidden()
    company.done("agent", CASE, record, "notified")


def test_a_handler_sees_the_customers_of_his_cases_and_no_others(company: Company) -> None:
    """organisation.md 3.1: R (customers of his cases), with the secrets masked."""
    UserRole.create(user=company.users["hr"], role="complaint_handler")
    case = company.complaint()
    customer = Complaint.get_by_id(case).customer_id
    judged(company, case, method="answer", handler=company.users["hr"].id)
    stranger = company.customer(name="旁人建材", bank_account="6222000011112222")
    with clock.set_to(company.now):
        browser = company.browser("hr")
        listed = browser.page("/admin/customer_archive/")
        assert [row["data-id"] for row in listed.select("tr[data-id]")] == [str(customer)]
        assert browser.get(f"/admin/customer_archive/details/?id={customer}").status_code == 200
        assert browser.get(f"/admin/customer_archive/details/?id={stranger}").status_code == 404
        assert browser.get(f"/admin/customer_archive/edit/?id={customer}").status_code == 403
        assert browser.get("/admin/customer_archive/export/csv/").status_code == 403


@on_sqlite
def test_finance_sees_the_amounts_alone(company: Company) -> None:
    record = company.complaint_in("notified", "discount", complainant="秘密人")
    with clock.set_to(company.now):
        text = company.browser("finance").get(f"/admin/{CASE}/details/?id={record}").text
    assert "320.00" in text
    assert "秘密人" not in text


# ---- contracts ---------------------------------------------------------------------------------------------------------


@on_sqlite
def test_a_contract_does_not_end_before_it_begins(company: Company) -> None:
    inputs = {"customer": company.customer(), "subject": "供货", "valid_from": "2026-03-02", "valid_to": "2026-03-01"}
    wrong(company.do("salesperson", "contract", None, "create", inputs), "valid_to")
    made = company.done("salesperson", "contract", None, "create", {**inputs, "valid_to": "2026-03-02"})
    record = Contract.get_by_id(made.id)
    assert (record.number, record.signer_id) == ("HT-2026-0001", company.users["salesperson"].id)
    assert record.customer_name == record.customer.name


@on_sqlite
def test_a_contract_is_signed_with_its_term_by_the_owners_manager(company: Company) -> None:
    record = company.contract(state="draft", valid_from="", valid_to="")
    term = {"valid_from": "2026-03-01", "valid_to": "2027-02-28"}
    wrong(company.do("sales_manager", "contract", record, "signed", {**term, "valid_to": ""}), "valid_to")
    wrong(company.do("sales_manager", "contract", record, "signed", {**term, "valid_to": "2026-02-28"}), "valid_to")
    wrong(company.do("sales_manager", "contract", record, "signed", {**term, "signed_on": "2026-03-05"}), "signed_on")
    for who in EVERYBODY:
        if who not in {"sales_manager", "sales_manager_2"}:
            outcome = company.do(who, "contract", record, "signed", term)
            assert isinstance(outcome, Declined | Forbidden | Missing), (who, outcome)
    company.done("sales_manager", "contract", record, "signed", term)
    assert str(Contract.get_by_id(record).signed_on) == "2026-03-04"
    outcome = company.do("salesperson", "contract", record, "update", {"subject": "别的"})
    assert isinstance(outcome, Declined), outcome


@on_sqlite
def test_after_sales_reads_the_terms_of_a_contract(company: Company) -> None:
    record = company.contract()
    with clock.set_to(company.now):
        for who in ("service_manager", "service_staff", "business_clerk", "quality_inspector"):
            text = company.browser(who).get(f"/admin/contract/details/?id={record}").text
            assert "2027-02-28" in text
            assert 'data-field="signed_on"' not in text


# ---- spare parts -------------------------------------------------------------------------------------------------------


def test_spare_parts_move_by_taking_in_and_counting(company: Company) -> None:
    part = company.spare_part("2.5")
    keeper = "warehouse_keeper"
    company.done(keeper, "spare_part", part, "stock_in", {"quantity": "1.005"})
    wrong(company.do(keeper, "spare_part", part, "stock_in", {"quantity": "0"}), "quantity")
    wrong(company.do(keeper, "spare_part", part, "stock_in", {"quantity": "1.0005"}), "quantity")
    wrong(company.do(keeper, "spare_part", part, "stock_count", {"counted": "3"}), "reason")
    wrong(company.do(keeper, "spare_part", part, "stock_count", {"counted": "-1"}), "counted")
    company.done(keeper, "spare_part", part, "stock_count", {"counted": "3.505"})
    company.done(keeper, "spare_part", part, "stock_count", {"counted": "3", "reason": "破损"})
    assert str(SparePart.get_by_id(part).stock) == "3.000"
    rows = [
        (row.kind, str(row.quantity), str(row.balance))
        for row in SparePartMovement.select().order_by(SparePartMovement.id)
    ]
    assert rows == [("in", "2.500", "2.500"), ("in", "1.005", "3.505"), ("count", "-0.505", "3.000")]


def test_another_record_may_move_a_part_by_thousandths(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    part = company.spare_part("2.5")
    few = Text("不够", "too few")

    def take(record: Any, inputs: Any, ctx: Any) -> Changes:
        wanted = Decimal("-1.125") if record.subject == "用件" else Decimal(-3)
        return Changes({"customer_name": "客户"}, adjust=(Adjust("spare_part", part, "stock", wanted, few),))

    monkeypatch.setattr(contract, "fill_contract", take)
    inputs = {"customer": company.customer(), "subject": "用件"}
    company.done("salesperson", "contract", None, "create", inputs)
    outcome = company.do("salesperson", "contract", None, "create", {**inputs, "subject": "太多"})
    assert isinstance(outcome, Declined)
    assert outcome.reason == few
    assert str(SparePart.get_by_id(part).stock) == "1.375"
    with clock.set_to(company.now):
        page = company.browser("warehouse_keeper").page(f"/admin/spare_part/history/?id={part}")
    assert ("2.5", "1.375") in history_values(page, "stock")


def test_one_row_for_each_part_and_warehouse(company: Company) -> None:
    part = SparePart.get_by_id(company.spare_part())
    outcome = company.do(
        "warehouse_keeper", "spare_part", None, "create", {"product": part.product_id, "warehouse": part.warehouse_id}
    )
    wrong(outcome, "warehouse")
    ordinary = company.product()
    outcome = company.do(
        "warehouse_keeper", "spare_part", None, "create", {"product": ordinary, "warehouse": part.warehouse_id}
    )
    wrong(outcome, "product")
    for who in ("service_staff", "business_clerk", "salesperson", "admin"):
        typed = {"quantity": "1"}
        assert type(company.do(who, "spare_part", part.id, "stock_in", typed)).__name__ in {"Forbidden", "Missing"}


# ---- staff of areas ----------------------------------------------------------------------------------------------------


@on_sqlite
def test_the_first_of_an_area_is_in_charge(company: Company) -> None:
    people = [company.users[name].id for name in ("service_staff_2", "service_staff")]
    inputs = {"code": "D", "name": "川西", "staff": [{"person": person} for person in people]}
    area = company.done("business_clerk", "area", None, "create", inputs).id
    staff = AreaStaff.select().where(AreaStaff.record == area).order_by(AreaStaff.position)
    assert [row.person_id for row in staff] == people
