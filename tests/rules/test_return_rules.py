"""The rules of return slips and discount certificates, each walked as the catalogue's `accept` and the refusals of registers.md 3 say."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from pypdf import PdfReader

from backoffice import clock
from backoffice.outcomes import Declined, Done, Invalid
from models.accounts import Delegation, UserRole
from models.registers.complaint import Complaint
from models.registers.product_return import ProductReturn
from models.registers.sales_discount_certificate import SalesDiscountCertificate
from tests.company import Company
from tests.rules.walks import YES, offered, on_sqlite, refused_by, value, wrong

SLIP, PAPER, CASE = "product_return", "sales_discount_certificate", "complaint"


def inputs(complaint: int, **more: Any) -> dict[str, Any]:
    """What a clerk types into a slip."""
    return {
        "complaint": complaint,
        "return_reason": "质量问题",
        "handling": "return",
        "basis": "核决 2026-03",
        **more,
    }


def payment(complaint: int, **more: Any) -> dict[str, Any]:
    return {"complaint": complaint, "kind": "discount", "amount": "320.00", **more}


def slip(record: int) -> Any:
    return ProductReturn.get_by_id(record)


def page_of(company: Company, register: str, record: int, who: str) -> Any:
    with clock.set_to(company.now):
        return company.browser(who).page(f"/admin/{register}/details/?id={record}")


def printed(company: Company, register: str, record: int, who: str) -> list[str]:
    """The text of each page of the register's form."""
    with clock.set_to(company.now):
        answer = company.browser(who).get(f"/admin/{register}/print/{register}/?id={record}")
    assert answer.status_code == 200, answer.status
    return [page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages]


# ---- RET-01: reason, way of disposal, basis ----------------------------------------------------------------------------


@pytest.mark.rule("RET-01")
@pytest.mark.parametrize("missing", ["return_reason", "handling", "basis"])
def test_a_slip_without_one_of_the_three_is_not_saved(company: Company, missing: str) -> None:
    complaint = company.complaint_in("notified")
    wrong(company.do("sales_clerk", SLIP, None, "create", inputs(complaint, **{missing: "  "})), missing, "RET-01")
    assert ProductReturn.select().count() == 0
    assert Complaint.get_by_id(complaint).settlement == "none"


@on_sqlite
def test_a_slip_with_all_three_takes_the_rest_from_the_complaint(company: Company) -> None:
    complaint = company.complaint_in("notified", approved_qty="12.5")
    made = slip(company.done("sales_clerk", SLIP, None, "create", inputs(complaint)).id)
    case = Complaint.get_by_id(complaint)
    assert made.number == "TH-2026-0001"
    assert (made.customer_id, made.customer_name, made.complaint_no) == (
        case.customer_id,
        case.customer_name,
        case.number,
    )
    assert (made.order_no, made.product_id, made.specification) == ("DD-2026-0001", case.product_id, "25kg")
    assert (made.batch_no, str(made.approved_qty)) == ("B0912", "12.500")


@on_sqlite
def test_another_product_brings_its_own_specification(company: Company) -> None:
    other = company.product(name="减水剂", specification="1t 桶装", unit="tonne")
    made = slip(company.slip(product=other))
    assert (made.product_id, made.specification, made.batch_no) == (other, "1t 桶装", "")


# ---- RET-02: only on an accepted decision, one at a time ---------------------------------------------------------------


@pytest.mark.rule("RET-02")
def test_no_slip_before_the_customer_accepts(company: Company) -> None:
    complaint = company.complaint_in("judged")
    wrong(company.do("sales_clerk", SLIP, None, "create", inputs(complaint)), "complaint", "RET-02")


@pytest.mark.rule("RET-02")
@pytest.mark.parametrize("method", ["exchange", "discount", "answer"])
def test_no_slip_where_something_else_was_decided(company: Company, method: str) -> None:
    complaint = company.complaint_in("notified", method)
    wrong(company.do("sales_clerk", SLIP, None, "create", inputs(complaint)), "complaint", "RET-02")


@pytest.mark.rule("RET-02")
def test_a_second_slip_waits_until_the_first_is_void(company: Company) -> None:
    complaint = company.complaint_in("notified")
    first = company.done("sales_clerk", SLIP, None, "create", inputs(complaint)).id
    wrong(company.do("sales_clerk", SLIP, None, "create", inputs(complaint)), "complaint", "RET-02")
    company.done("sales_clerk", SLIP, first, "void", {"reason": "写错产品"})
    assert isinstance(company.do("sales_clerk", SLIP, None, "create", inputs(complaint)), Done)


@pytest.mark.rule("RET-02")
def test_what_was_posted_is_not_returned_again(company: Company) -> None:
    complaint = company.complaint_in("notified")
    company.slip_in("posted", complaint=complaint)
    wrong(company.do("sales_clerk", SLIP, None, "create", inputs(complaint)), "complaint", "RET-02")


@pytest.mark.rule("RET-02")
def test_the_slip_says_what_was_decided(company: Company) -> None:
    complaint = company.complaint_in("notified", "rework")
    wrong(company.do("sales_clerk", SLIP, None, "create", inputs(complaint)), "handling", "RET-02")


@pytest.mark.rule("RET-02")
def test_the_page_of_a_complaint_offers_the_slip_only_when_it_may_be_made(company: Company) -> None:
    for state, method, offers in (
        ("notified", "return", True),
        ("judged", "return", False),
        ("notified", "answer", False),
    ):
        page = page_of(company, CASE, company.complaint_in(state, method), "sales_clerk")
        assert ("create_product_return" in offered(page)) is offers, (state, method)


@on_sqlite
@pytest.mark.parametrize("state", ["registered", "not_upheld", "unaccepted", "void"])
def test_a_complaint_that_is_not_decided_does_not_exist_for_the_clerk(company: Company, state: str) -> None:
    complaint = company.complaint_in(state)
    with clock.set_to(company.now):
        clerk = company.browser("sales_clerk")
        assert clerk.get(f"/admin/{CASE}/details/?id={complaint}").status_code == 404
        data = {name: str(value) for name, value in inputs(complaint).items()}
        answer = clerk.send(f"/admin/{SLIP}/new/", data)
    assert answer.status_code == 422
    assert ProductReturn.select().count() == 0


@on_sqlite
def test_only_sales_clerks_make_slips(company: Company) -> None:
    complaint = company.complaint_in("notified")
    for who in (
        "salesperson",
        "deputy_gm",
        "warehouse_keeper",
        "finance",
        "business_clerk",
        "service_manager",
        "admin",
    ):
        assert type(company.do(who, SLIP, None, "create", inputs(complaint))).__name__ == "Forbidden", who


@on_sqlite
def test_the_button_fills_in_the_complaint(company: Company) -> None:
    complaint = company.complaint_in("notified")
    other = company.complaint_in("judged")
    with clock.set_to(company.now):
        clerk = company.browser("sales_clerk")
        page = clerk.page(f"/admin/{SLIP}/new/?complaint={complaint}")
        assert page.select_one(f'[name=complaint][value="{complaint}"]') is not None
        for address in (f"?complaint={other}", "?complaint=999999", "?complaint=x", "?handling=return"):
            page = clerk.page(f"/admin/{SLIP}/new/{address}")
            assert page.select_one('[name=complaint][value]:not([value=""])') is None, address


# ---- RET-03: approved before it is received ----------------------------------------------------------------------------


@pytest.mark.rule("RET-03")
def test_an_unapproved_slip_is_none_of_the_warehouse(company: Company) -> None:
    record = company.slip()
    with clock.set_to(company.now):
        keeper = company.browser("warehouse_keeper")
        page = keeper.page(f"/admin/{SLIP}/")
        assert page.select("tr[data-id]") == []
        assert keeper.get(f"/admin/{SLIP}/details/?id={record}").status_code == 404
        assert keeper.send(f"/admin/{SLIP}/transition/received/?id={record}", {"received_qty": "20"}).status_code == 404


@pytest.mark.rule("RET-03")
def test_goods_are_not_received_without_the_signature(company: Company) -> None:
    record = company.slip()
    ProductReturn.update(state="approved").where(ProductReturn.id == record).execute()
    refused_by(company.do("warehouse_keeper", SLIP, record, "received", {"received_qty": "20"}), "RET-03")


@on_sqlite
def test_the_warehouse_has_its_queue(company: Company) -> None:
    approved, _ = company.slip_in("approved"), company.slip()
    received = company.slip_in("received")
    with clock.set_to(company.now):
        keeper = company.browser("warehouse_keeper")
        queue = [row["data-id"] for row in keeper.page(f"/admin/{SLIP}/?view=to_receive").select("tr[data-id]")]
        every = {row["data-id"] for row in keeper.page(f"/admin/{SLIP}/").select("tr[data-id]")}
    assert queue == [str(approved)]
    assert every == {str(approved), str(received)}


# ---- RET-04: four parts ------------------------------------------------------------------------------------------------


@pytest.mark.rule("RET-04")
def test_a_slip_prints_four_parts_with_their_recipients(company: Company) -> None:
    pages = printed(company, SLIP, company.slip_in("posted"), "sales_clerk")
    assert len(pages) == 4
    wanted = (("第一联", "开单部门自存"), ("第二联", "仓储"), ("第三联", "财务"), ("第四联", "销售"))
    for page, (part, recipient) in zip(pages, wanted, strict=True):
        assert part in page
        assert recipient in page
        for text in ("产品退货单", "TH-2026-0001", "TS-2026-0001", "质量问题", "核决 2026-03", "PZ-2026-0031", "25kg"):
            assert text in page, text


# ---- RET-05: equal, or a new decision ----------------------------------------------------------------------------------


@pytest.mark.rule("RET-05")
def test_98_of_100_is_not_reconciled_and_the_difference_is_shown(company: Company) -> None:
    complaint = company.complaint_in("notified", approved_qty="100")
    record = company.slip_in("received", received="98", complaint=complaint)
    outcome = company.do("finance", SLIP, record, "reconciled")
    refused_by(outcome, "RET-05")
    assert isinstance(outcome, Declined)
    numbers = outcome.reason.values  # type: ignore[union-attr]
    assert [numbers[name] for name in ("approved", "received", "difference")] == ["100", "98", "2"]
    assert (slip(record).state, str(slip(record).difference)) == ("received", "2.000")
    assert value(page_of(company, SLIP, record, "finance"), "difference") == "2"


@pytest.mark.rule("RET-05")
def test_nothing_is_posted_with_a_difference(company: Company) -> None:
    record = company.slip_in("received", received="18")
    ProductReturn.update(state="reconciled").where(ProductReturn.id == record).execute()
    refused_by(company.do("finance", SLIP, record, "posted", {"posting_no": "PZ-1"}), "RET-05")


@pytest.mark.rule("RET-05")
def test_no_difference_is_reported_where_there_is_none(company: Company) -> None:
    record = company.slip_in("received")
    refused_by(company.do("finance", SLIP, record, "disputed", {"reason": "多退"}), "RET-05")


@pytest.mark.rule("RET-05")
def test_a_voucher_needs_its_number(company: Company) -> None:
    record = company.slip_in("reconciled")
    wrong(company.do("finance", SLIP, record, "posted", {"posting_no": " "}), "posting_no", "RET-05")


@on_sqlite
def test_100_of_100_is_posted(company: Company) -> None:
    complaint = company.complaint_in("notified", approved_qty="100")
    record = company.slip_in("posted", received="100", complaint=complaint)
    assert (slip(record).state, slip(record).posting_no) == ("posted", "PZ-2026-0031")
    assert Complaint.get_by_id(complaint).settlement == "done"


@on_sqlite
def test_a_difference_is_decided_by_a_corrected_quantity(company: Company) -> None:
    complaint = company.complaint_in("notified", approved_qty="100")
    record = company.slip_in("received", received="98", complaint=complaint)
    company.done("finance", SLIP, record, "disputed", {"reason": "少 2 袋"})
    wrong(company.do("deputy_gm", SLIP, record, "approved", {"approved_qty": "98"}), "reason")
    wrong(company.do("deputy_gm", SLIP, record, "approved", {"approved_qty": "", "reason": "破损"}), "approved_qty")
    for quantity in ("0", "100.001"):
        typed = {"approved_qty": quantity, "reason": "破损"}
        wrong(company.do("deputy_gm", SLIP, record, "approved", typed), "approved_qty")
    company.done("deputy_gm", SLIP, record, "approved", {"approved_qty": "98", "reason": "2 袋已在途破损"})
    made = slip(record)
    assert (made.state, str(made.approved_qty), made.received_qty, made.difference) == (
        "approved",
        "98.000",
        None,
        None,
    )
    assert str(Complaint.get_by_id(complaint).approved_qty) == "98.000"
    wrong(company.do("warehouse_keeper", SLIP, record, "received", {"received_qty": "99"}), "received_qty", "RET-06")
    company.done("warehouse_keeper_2", SLIP, record, "received", {"received_qty": "98"})
    company.done("finance", SLIP, record, "reconciled")
    company.ledger("received", return_slip=record)
    company.done("finance", SLIP, record, "posted", {"posting_no": "PZ-2026-0032"})


@on_sqlite
def test_a_difference_may_end_the_slip(company: Company) -> None:
    record = company.slip_in("disputed")
    complaint = slip(record).complaint_id
    refused_by(company.do("sales_clerk", SLIP, record, "void", {"reason": "不退了"}), "RET-08")
    company.done("deputy_gm", SLIP, record, "void", {"reason": "客户留用"})
    assert Complaint.get_by_id(complaint).settlement == "none"


# ---- RET-06: the receipt -----------------------------------------------------------------------------------------------


@pytest.mark.rule("RET-06")
@pytest.mark.parametrize("quantity", ["", "0", "-1", "20.001", "21"])
def test_a_receipt_is_above_zero_and_not_beyond_what_is_approved(company: Company, quantity: str) -> None:
    record = company.slip_in("approved")
    outcome = company.do("warehouse_keeper", SLIP, record, "received", {"received_qty": quantity})
    wrong(outcome, "received_qty", "RET-06")
    assert slip(record).state == "approved"


@pytest.mark.rule("RET-06")
@pytest.mark.parametrize("day", ["", "2026-03-05"])
def test_a_receipt_has_a_day_that_has_come(company: Company, day: str) -> None:
    record = company.slip_in("approved")
    outcome = company.do("warehouse_keeper", SLIP, record, "received", {"received_qty": "20", "received_on": day})
    wrong(outcome, "received_on", "RET-06")


@on_sqlite
@pytest.mark.parametrize("quantity", ["0.001", "19.999", "20"])
def test_less_or_all_of_it_is_received(company: Company, quantity: str) -> None:
    record = company.slip_in("approved")
    company.done("warehouse_keeper", SLIP, record, "received", {"received_qty": quantity})
    assert (slip(record).state, str(slip(record).received_on)) == ("received", "2026-03-04")


# ---- RET-07: the certificate -------------------------------------------------------------------------------------------


@pytest.mark.rule("RET-07")
@pytest.mark.parametrize(
    ("state", "method", "typed", "field"),
    [
        ("judged", "discount", {}, "complaint"),
        ("notified", "return", {}, "complaint"),
        ("notified", "discount", {"kind": "compensation"}, "kind"),
        ("notified", "compensation", {}, "kind"),
        ("notified", "discount", {"amount": "320.01"}, "amount"),
        ("notified", "discount", {"amount": "319.99"}, "amount"),
    ],
)
def test_a_certificate_says_what_was_decided(
    company: Company, state: str, method: str, typed: dict[str, Any], field: str
) -> None:
    complaint = company.complaint_in(state, method)
    wrong(company.do("sales_clerk", PAPER, None, "create", payment(complaint, **typed)), field, "RET-07")


@pytest.mark.parametrize("method", ["discount", "compensation"])
def test_kind_and_amount_left_empty_are_those_decided(company: Company, method: str) -> None:
    complaint = company.complaint_in("notified", method)
    made = company.done("sales_clerk", PAPER, None, "create", {"complaint": complaint})
    paper = SalesDiscountCertificate.get_by_id(made.id)
    assert (paper.kind, str(paper.amount)) == (method, "320.00")
    with clock.set_to(company.now):
        other = company.complaint_in("notified", method)
        path = f"/admin/{PAPER}/ajax/copy/?name=complaint&id={other}"
        offered = company.browser("sales_clerk").get(path).json
    assert isinstance(offered, dict)
    assert (offered["kind"], offered["amount"]) == ([method, ""], ["320.00", ""])


@pytest.mark.rule("RET-07")
def test_one_complaint_has_one_certificate(company: Company) -> None:
    complaint = company.complaint_in("notified", "discount")
    first = company.certificate(complaint=complaint)
    wrong(company.do("sales_clerk", PAPER, None, "create", payment(complaint)), "complaint", "RET-07")
    company.done("sales_clerk", PAPER, first, "void", {"reason": "客户放弃"})
    assert isinstance(company.do("sales_clerk", PAPER, None, "create", payment(complaint)), Done)


@pytest.mark.rule("RET-07")
def test_the_seal_has_its_day(company: Company) -> None:
    record = company.certificate_in("approved")
    paper = company.upload("sales_clerk", PAPER, "sealed_paper")
    for day in ("", "2026-03-05"):
        typed = {"customer_seal_on": day, "sealed_paper": paper}
        wrong(company.do("sales_clerk", PAPER, record, "sealed", typed), "customer_seal_on", "RET-07")


@pytest.mark.rule("RET-07")
def test_the_seal_has_its_paper(company: Company) -> None:
    record = company.certificate_in("approved")
    outcome = company.do("sales_clerk", PAPER, record, "sealed", {"customer_seal_on": "2026-03-04"})
    wrong(outcome, "sealed_paper", "RET-07")


@pytest.mark.rule("RET-07")
@pytest.mark.parametrize("state", ["issued", "approved"])
def test_a_certificate_is_not_posted_before_signature_and_seal(company: Company, state: str) -> None:
    record = company.certificate_in(state)
    refused_by(company.do("finance", PAPER, record, "posted"), "RET-07")


@pytest.mark.rule("RET-07")
def test_a_certificate_without_its_seal_is_not_posted_whatever_its_state(company: Company) -> None:
    record = company.certificate_in("approved")
    SalesDiscountCertificate.update(state="sealed").where(SalesDiscountCertificate.id == record).execute()
    assert isinstance(company.do("finance", PAPER, record, "posted"), Invalid)


@on_sqlite
def test_a_certificate_is_posted_and_ends_its_complaint(company: Company) -> None:
    record = company.certificate_in("posted")
    made = SalesDiscountCertificate.get_by_id(record)
    assert (made.number, str(made.posted_on)) == ("ZK-2026-0001", "2026-03-04")
    assert made.complaint.settlement == "done"
    company.done("service_manager", CASE, made.complaint_id, "closed")


@on_sqlite
@pytest.mark.parametrize("day", ["2026-03-03", "2026-03-05"])
def test_a_certificate_is_posted_between_its_seal_and_today(company: Company, day: str) -> None:
    record = company.certificate_in("sealed")
    wrong(company.do("finance", PAPER, record, "posted", {"posted_on": day}), "posted_on")


@pytest.mark.rule("RET-07")
def test_a_certificate_prints_two_copies(company: Company) -> None:
    pages = printed(company, PAPER, company.certificate_in("posted"), "finance")
    assert len(pages) == 2
    for page, recipient in zip(pages, ("营销部", "财务部"), strict=True):
        assert recipient in page
        assert "320.00" in page
        assert "客户签章" in page


# ---- RET-08: no step is skipped ----------------------------------------------------------------------------------------

_STEPS = {
    "approved": ("deputy_gm", {}),
    "received": ("warehouse_keeper", {"received_qty": "20"}),
    "reconciled": ("finance", {}),
    "posted": ("finance", {"posting_no": "PZ-1"}),
}


@pytest.mark.rule("RET-08")
@pytest.mark.parametrize(
    ("state", "step"),
    [
        ("approved", "approved"),
        ("approved", "reconciled"),
        ("received", "posted"),
        ("received", "received"),
        ("reconciled", "received"),
        ("posted", "posted"),
        ("disputed", "received"),
    ],
)
def test_a_step_out_of_order_is_refused(company: Company, state: str, step: str) -> None:
    record = company.slip_in(state)
    who, typed = _STEPS[step]
    refused_by(company.do(who, SLIP, record, step, typed), "RET-08")
    assert slip(record).state == state


@on_sqlite
def test_a_later_step_by_its_address_leaves_the_state(company: Company) -> None:
    record = company.slip_in("received")
    with clock.set_to(company.now):
        answer = company.browser("finance").send(
            f"/admin/{SLIP}/transition/posted/?id={record}", {"posting_no": "PZ-1"}
        )
    assert answer.status_code == 409
    assert slip(record).state == "received"


# ---- LED-12: different people ------------------------------------------------------------------------------------------


def hat(company: Company, who: str, *roles: str) -> None:
    for role in roles:
        UserRole.create(user=company.users[who], role=role)


@pytest.mark.rule("LED-12")
@pytest.mark.parametrize(
    ("state", "who", "role", "step"),
    [
        ("approved", "sales_clerk", "warehouse_keeper", "received"),
        ("received", "sales_clerk", "finance", "reconciled"),
        ("reconciled", "sales_clerk", "finance", "posted"),
        ("approved", "deputy_gm", "warehouse_keeper", "received"),
        ("received", "deputy_gm", "finance", "reconciled"),
        ("reconciled", "deputy_gm", "finance", "posted"),
        ("received", "warehouse_keeper", "finance", "reconciled"),
        ("reconciled", "warehouse_keeper", "finance", "posted"),
    ],
)
def test_nobody_takes_two_steps_of_one_return(company: Company, state: str, who: str, role: str, step: str) -> None:
    record = company.slip_in(state)
    hat(company, who, role)
    outcome = company.do(who, SLIP, record, step, _STEPS[step][1])
    assert isinstance(outcome, Declined), outcome
    # Of one's own record two rules say so; the other names it where there is no signature.
    assert outcome.rule == "LED-12", outcome
    other = {"warehouse_keeper": "warehouse_keeper_2", "finance": "finance_2"}[role]
    company.done(other, SLIP, record, step, _STEPS[step][1])


@pytest.mark.rule("LED-12")
def test_a_delegation_makes_no_second_person(company: Company) -> None:
    record = company.slip_in("received")
    Delegation.create(
        owner=company.users["finance"],
        delegate=company.users["warehouse_keeper"],
        role="finance",
        starts_on=company.now.date() - dt.timedelta(days=1),
        ends_on=company.now.date() + dt.timedelta(days=1),
        reason="年假",
        created_at=company.now,
        updated_at=company.now,
    )
    refused_by(company.do("warehouse_keeper", SLIP, record, "reconciled"), "LED-12")


@pytest.mark.rule("ACL-03")
def test_nobody_approves_a_certificate_of_his_own(company: Company) -> None:
    record = company.certificate()
    hat(company, "sales_clerk", "deputy_gm")
    refused_by(company.do("sales_clerk", PAPER, record, "approved", YES), "ACL-03")


# ---- CUS-29: every complaint stands in the customer's file ---------------------------------------------------------------


@pytest.mark.rule("CUS-29")
def test_a_complaint_without_a_customer_is_not_saved(company: Company) -> None:
    product = company.product()
    typed = {
        "complainant": "吴投诉",
        "order_no": "DD-1",
        "product": product,
        "category": "quality",
        "demand": "退货",
    }
    wrong(company.do("salesperson", CASE, None, "create", typed), "customer", "CUS-29")


@pytest.mark.rule("CUS-09")
def test_the_customers_page_lists_its_contracts(company: Company) -> None:
    customer = company.customer()
    record = company.contract(customer=customer)
    page = page_of(company, "customer_archive", customer, "salesperson")
    found = {row["data-id"] for row in page.select("tr[data-id]") if "HT-2026" in row.get_text()}
    assert found == {str(record)}


@pytest.mark.rule("CUS-29")
def test_the_customers_page_lists_its_complaints(company: Company) -> None:
    customer = company.customer()
    records = {str(company.complaint_in(state, customer=customer)) for state in ("registered", "notified", "void")}
    company.complaint()
    page = page_of(company, "customer_archive", customer, "salesperson")
    found = {row["data-id"] for row in page.select("tr[data-id]") if "TS-2026" in row.get_text()}
    assert found == records
