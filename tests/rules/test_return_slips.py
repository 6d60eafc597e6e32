"""The rules of return slips: when one may be made, the receipt, equal quantities, and its printed parts."""

from __future__ import annotations

from typing import Any

import pytest

from backoffice import clock
from backoffice.outcomes import Declined, Done
from models.registers.complaint import Complaint
from models.registers.product_return import ProductReturn
from tests.company import Company
from tests.rules.return_papers import CASE, SLIP, printed, slip
from tests.rules.walks import offered, on_sqlite, refused_by, value, wrong


def inputs(complaint: int, **more: Any) -> dict[str, Any]:
    """What a clerk types into a slip."""
    return {
        "complaint": complaint,
        "return_reason": "质量问题",
        "handling": "return",
        "basis": "核决 2026-03",
        **more,
    }


def page_of(company: Company, register: str, record: int, who: str) -> Any:
    with clock.set_to(company.now):
        return company.browser(who).page(f"/admin/{register}/details/?id={record}")


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
    numbers = outcome.reason.values
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
