"""The after-sales ledger through its pages: what is typed and refused, who takes which step, report, prints and links."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup

from backoffice import clock
from backoffice.outcomes import Declined, Done, Forbidden, Invalid, Missing
from models.accounts import Area
from models.evidence import AuditEvent
from models.registers.aftersales_ledger import AftersalesLedger
from tests.access_world import text_of_pdf
from tests.company import NOW, Company
from tests.sample import details

LEDGER = "aftersales_ledger"
TODAY = NOW.date()
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def line(record: int) -> Any:
    return AftersalesLedger.get_by_id(record)


def area(code: str) -> int:
    return int(Area.get(Area.code == code).id)


def one(page: Any, selector: str) -> Any:
    """The first that fits, with its attributes."""
    found = page.select_one(selector)
    assert found is not None, selector
    return found


def wrong(outcome: Any, *fields: str) -> None:
    """A typed value was refused beside each of these fields, and beside no other."""
    assert isinstance(outcome, Invalid), outcome
    assert set(outcome.errors) == set(fields), outcome


# ---- what is typed -------------------------------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.parametrize(
    ("movement", "more", "field"),
    [
        ("received", {"quantity": "0"}, "quantity"),
        ("received", {"quantity": "-1"}, "quantity"),
        ("received", {"quantity": ""}, "quantity"),
        ("received", {"quantity": "0.0001"}, "quantity"),
        ("received", {"quantity": "many"}, "quantity"),
        ("received", {"happened_on": (TODAY + timedelta(days=1)).isoformat()}, "happened_on"),
        ("received", {"happened_on": "2026-02-30"}, "happened_on"),
        ("received", {"movement": "stolen"}, "movement"),
        ("received", {"ground": ""}, "ground"),
        ("received", {"unit": "litre"}, "unit"),
        ("received", {"specification": "x" * 61}, "specification"),
        ("received", {"product": "999999", "specification": "25kg"}, "product"),
        ("received", {"area": "999999"}, "area"),
        ("compensation", {"amount": ""}, "amount"),
        ("compensation", {"amount": "0"}, "amount"),
        ("compensation", {"amount": "0.001"}, "amount"),
        ("compensation", {"quantity": "1"}, "quantity"),
    ],
)
def test_what_is_no_value_is_refused_beside_its_field(
    company: Company, movement: str, more: dict[str, str], field: str
) -> None:
    typed = {**company.ledger_inputs(movement), **more}
    wrong(company.do("business_clerk", LEDGER, None, "create", typed), field)
    assert not AftersalesLedger.select().exists()


@on_sqlite
def test_the_neighbours_of_the_bounds_are_taken(company: Company) -> None:
    company.ledger(quantity="0.001", happened_on=TODAY.isoformat())
    company.ledger("compensation", amount="0.01")
    record = company.ledger(quantity="999999.999", happened_on=(TODAY - timedelta(days=400)).isoformat())
    assert line(record).quantity == Decimal("999999.999")


@on_sqlite
def test_what_follows_from_the_references_is_filled_in(company: Company) -> None:
    """A line on a slip has its customer, product, batch, order and complaint; the unit is the product's."""
    slip = company.slip_in("approved")
    typed = {"return_slip": slip, "movement": "handed_over", "ground": "quality", "quantity": "20"}
    made = line(company.done("business_clerk", LEDGER, None, "create", typed).id)
    source = company.catalogue["product_return"].model.get_by_id(slip)
    assert (made.customer_id, made.product_id, made.complaint_id) == (
        source.customer_id,
        source.product_id,
        source.complaint_id,
    )
    assert (made.customer_name, made.specification, made.unit) == (source.customer_name, "25kg", "bag")
    assert (made.batch_no, made.order, made.happened_on) == ("B0912", "DD-2026-0001", TODAY)
    assert (made.area.code, made.area_staff.username) == ("A", "service_staff")


@on_sqlite
def test_links_are_of_the_same_customer_and_product(company: Company) -> None:
    record = company.ledger(complaint="")
    other = company.slip_in("approved")
    wrong(company.do("business_clerk", LEDGER, record, "link", {"return_slip": other}), "return_slip")
    void = company.slip_in("void")
    wrong(company.do("business_clerk", LEDGER, record, "link", {"return_slip": void}), "return_slip")
    typed = company.ledger_inputs("handed_over", return_slip=other, product=company.product())
    wrong(company.do("business_clerk", LEDGER, None, "create", typed), "return_slip")
    wrong(company.do("business_clerk", LEDGER, record, "link", {"complaint": "999999"}), "complaint")


@on_sqlite
def test_an_executed_line_is_not_edited(company: Company) -> None:
    for state in ("approved", "executed", "closed", "reversed", "refused"):
        record = company.ledger_in(state)
        before = line(record).__data__
        assert isinstance(company.do("business_clerk", LEDGER, record, "update", {"quantity": "1"}), Declined)
        assert line(record).__data__ == before
        with clock.set_to(NOW):
            assert company.browser("business_clerk").get(f"/admin/{LEDGER}/edit/?id={record}").status_code == 409
    record = company.ledger()
    company.done("business_clerk", LEDGER, record, "update", {"quantity": "12.5"})
    assert line(record).quantity == Decimal("12.5")


@on_sqlite
def test_an_inspection_says_what_was_found(company: Company) -> None:
    record = company.ledger("handed_over")
    typed = {"inspection_no": "JY-1", "inspection_result": "failed"}
    wrong(company.do("quality_inspector", LEDGER, record, "inspected", {}), "inspection_no", "inspection_result")
    for more, field in (
        ({"inspected_on": (TODAY + timedelta(days=1)).isoformat()}, "inspected_on"),
        ({"inspected_on": (TODAY - timedelta(days=1)).isoformat()}, "inspected_on"),
        ({"inspection_fee": "-1"}, "inspection_fee"),
        ({"inspection_result": "perhaps"}, "inspection_result"),
    ):
        wrong(company.do("quality_inspector", LEDGER, record, "inspected", {**typed, **more}), field)
    company.done("quality_inspector", LEDGER, record, "inspected", typed)
    assert (line(record).inspected_on, line(record).inspected_by.username) == (TODAY, "quality_inspector")


# ---- who and when --------------------------------------------------------------------------------------------------------

APPROVERS = frozenset({"dept_head_business", "deputy_gm", "deputy_gm_2", "gm"})
LEADERS = frozenset({"deputy_gm", "deputy_gm_2", "gm"})
QUALITY = frozenset({"quality_inspector", "quality_inspector_2"})
CLERKS = frozenset({"business_clerk", "business_clerk_2", "service_staff"})
FOUND = {"inspection_no": "JY-1", "inspection_result": "failed", "reason": "结块"}
WHY = {"reason": "超出保修期"}
STEPS: tuple[tuple[str, str, str, dict[str, Any], frozenset[str]], ...] = (
    ("open", "handed_over", "inspected", FOUND, QUALITY),
    ("open", "scrap", "inspected", FOUND, QUALITY),
    ("open", "received", "inspected", FOUND, QUALITY),
    ("open", "received", "approved", {}, APPROVERS),
    ("open", "exchange_out", "approved", {}, APPROVERS),
    ("inspected", "handed_over", "approved", {}, APPROVERS),
    ("inspected", "scrap", "approved", {}, LEADERS),
    ("inspected", "received", "approved", {}, APPROVERS),
    ("approved", "received", "executed", {}, CLERKS),
    ("executed", "received", "closed", {"disposition": "repair"}, CLERKS),
    ("executed", "received", "reversed", {"reason": "录错"}, frozenset({"business_clerk", "business_clerk_2"})),
    ("closed", "received", "reversed", {"reason": "录错"}, frozenset({"business_clerk", "business_clerk_2"})),
    ("open", "received", "refused", WHY, APPROVERS | QUALITY),
    ("open", "exchange_out", "refused", WHY, APPROVERS),
    ("open", "scrap", "refused", WHY, LEADERS | QUALITY),
    ("inspected", "handed_over", "refused", WHY, APPROVERS),
    ("refused", "received", "refusal_told", {}, CLERKS),
)


@on_sqlite
@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step[0]}-{step[1]}-{step[2]}")
def test_only_those_of_a_step_take_it(company: Company, step: Any) -> None:
    state, movement, act, typed, whose = step
    record = company.ledger_in(state, movement)
    maker = {"business_clerk"} if act in {"approved", "refused", "inspected"} else set()
    for who in company.users:
        if who not in whose or who in maker:
            outcome = company.do(who, LEDGER, record, act, typed)
            assert isinstance(outcome, Declined | Forbidden | Missing), (who, outcome)
    assert line(record).state == state
    for who in sorted(whose):
        another = record if who == min(whose) else company.ledger_in(state, movement)
        assert isinstance(company.do(who, LEDGER, another, act, typed), Done), who


@on_sqlite
def test_no_step_is_skipped(company: Company) -> None:
    for state, acts in (
        ("open", ("executed", "closed", "reversed", "refusal_told")),
        ("approved", ("closed", "reversed", "inspected", "refused")),
        ("executed", ("approved", "executed", "refused", "link")),
        ("closed", ("executed", "closed", "approved")),
        ("refused", ("approved", "executed", "inspected")),
        ("reversed", ("reversed", "executed", "closed")),
    ):
        record = company.ledger_in(state)
        for act in acts:
            for who in ("business_clerk", "gm", "quality_inspector"):
                typed = {"reason": "x", "disposition": "repair", **FOUND}
                outcome = company.do(who, LEDGER, record, act, typed)
                assert isinstance(outcome, Declined | Forbidden), (state, act, who, outcome)
        assert line(record).state == state


@on_sqlite
def test_a_scrap_line_goes_through_quality_and_a_leader(company: Company) -> None:
    company.ledger_in("executed", "received", quantity="5")
    record = company.ledger("scrap", quantity="2")
    company.done("quality_inspector", LEDGER, record, "inspected", {"reason": "受潮结块，不能修复"})
    company.done("deputy_gm", LEDGER, record, "approved", {"reason": "同意报废"})
    company.done("business_clerk", LEDGER, record, "executed")
    found = line(record)
    assert (found.defective_balance, found.disposition, found.fee_payer) == (3, "scrap", "")
    company.done("business_clerk", LEDGER, record, "closed", {"disposition": "scrap"})


@on_sqlite
def test_closing_says_what_became_of_it(company: Company) -> None:
    record = company.ledger_in("executed")
    wrong(company.do("business_clerk", LEDGER, record, "closed", {"disposition": ""}), "disposition")
    wrong(company.do("business_clerk", LEDGER, record, "closed", {"disposition": "eaten"}), "disposition")
    company.done("business_clerk", LEDGER, record, "closed", {"disposition": "repair"})


@on_sqlite
def test_refusals_leave_no_trace(company: Company) -> None:
    record = company.ledger("handed_over")
    before, told = line(record).__data__, len(details(LEDGER, record))
    for who, act, typed in (
        ("dept_head_business", "approved", {}),
        ("business_clerk", "executed", {}),
        ("quality_inspector", "inspected", {"inspection_no": "JY-1"}),
        ("gm", "refused", {"reason": " "}),
    ):
        assert not isinstance(company.do(who, LEDGER, record, act, typed), Done)
    assert line(record).__data__ == before
    assert len(details(LEDGER, record)) == told


# ---- areas ---------------------------------------------------------------------------------------------------------------


@on_sqlite
def test_area_staff_work_in_their_area(company: Company) -> None:
    customer = company.customer(area=area("B"))
    whole = company.ledger_inputs(customer=customer, complaint="", area_staff="")
    inputs = {key: value for key, value in whole.items() if key != "area"}
    record = company.done("service_staff_2", LEDGER, None, "create", inputs).id
    assert (line(record).area.code, line(record).area_staff.username) == ("B", "service_staff_2")
    assert isinstance(company.do("service_staff", LEDGER, record, "update", {"quantity": "1"}), Missing)
    wrong(company.do("service_staff_2", LEDGER, record, "update", {"area": area("A")}), "area")
    case = company.complaint("service_staff_2", customer=customer, product=line(record).product_id)
    company.done("service_staff_2", LEDGER, record, "link", {"complaint": case})
    company.done("dept_head_business", LEDGER, record, "approved")
    assert isinstance(company.do("service_staff", LEDGER, record, "executed"), Missing)
    company.done("service_staff_2", LEDGER, record, "executed")


@on_sqlite
def test_who_sees_no_area_enters_nothing(company: Company) -> None:
    """An account of area staff without an area is kept to none."""
    user = company.users["service_staff"]
    user.area = None
    user.save()
    outcome = company.do("service_staff", LEDGER, None, "create", company.ledger_inputs(complaint=""))
    assert isinstance(outcome, Invalid)
    assert "area" in outcome.errors


# ---- pages ---------------------------------------------------------------------------------------------------------------


@on_sqlite
def test_the_pages_lead_through_a_return(company: Company) -> None:
    slip = company.slip_in("received")
    company.ledger_in("executed", "received", return_slip=slip)
    with clock.set_to(NOW):
        clerk = company.browser("business_clerk")
        form = clerk.page(f"/admin/{LEDGER}/new/?return_slip={slip}")
        assert one(form, '[name="order"]')["value"] == "DD-2026-0001"
        assert one(form, '[name="unit"] option[selected]')["value"] == "bag"
        typed = {
            "movement": "handed_over",
            "ground": "quality",
            "quantity": "20",
            "return_slip": str(slip),
            "happened_on": TODAY.isoformat(),
        }
        answer = clerk.send(f"/admin/{LEDGER}/new/", {**typed, "quantity": "-3"})
        assert answer.status_code == 422
        again = BeautifulSoup(answer.text, "html.parser")
        assert one(again, '[name="quantity"]')["value"] == "-3"
        assert again.select_one('[data-outcome="invalid"], [data-field="quantity"], [aria-invalid="true"]')
        answer = clerk.send(f"/admin/{LEDGER}/new/", typed)
        assert answer.status_code == 303
        record = AftersalesLedger.select().order_by(AftersalesLedger.id.desc()).get().id
        road = (
            ("quality_inspector", "inspected", {"inspection_no": "JY-9", "inspection_result": "failed"}),
            ("dept_head_business", "approved", None),
            ("business_clerk", "executed", None),
            ("business_clerk", "closed", {"disposition": "back_to_stock"}),
        )
        for who, act, inputs in road:
            browser = company.browser(who)
            page = browser.page(f"/admin/{LEDGER}/details/?id={record}")
            button = page.select_one(f'.head [data-action="{act}"]')
            assert button is not None, act
            assert button["data-to"] == act
            if inputs is None:
                answer = browser.send(f"/admin/{LEDGER}/action/", {"action": act, "rowid": record})
            else:
                version = line(record).version
                answer = browser.send(f"/admin/{LEDGER}/transition/{act}/?id={record}", {**inputs, "version": version})
            assert answer.status_code == 303, (act, answer.text[:800])
            assert line(record).state == act
        page = clerk.page(f"/admin/{LEDGER}/details/?id={record}")
        assert one(page, 'dd[data-field="defective_balance"]')["data-value"] == "0"
        assert one(page, 'dd[data-field="fee_payer"]')["data-value"] == "company"
        assert page.select_one(f'dd[data-field="return_slip"] a[href$="id={slip}"]')
        back = clerk.page(f"/admin/product_return/details/?id={slip}")
        assert back.select_one(f'a[href="/admin/{LEDGER}/details/?id={record}"]')


@on_sqlite
def test_the_closing_form_proposes_the_usual_disposition(company: Company) -> None:
    company.ledger_in("executed", "received", quantity="5")
    record = company.ledger_in("executed", "repair_out", quantity="2")
    with clock.set_to(NOW):
        form = company.browser("business_clerk").page(f"/admin/{LEDGER}/transition/closed/?id={record}")
    assert one(form, '[name="disposition"] option[selected]')["value"] == "repair"


@on_sqlite
def test_lists_of_what_is_not_done(company: Company) -> None:
    unlinked, linked = company.ledger(complaint=""), company.ledger()
    company.ledger_in("executed")
    with clock.set_to(NOW):
        clerk = company.browser("business_clerk")
        shown = {
            name: {
                int(str(row["data-id"])) for row in clerk.page(f"/admin/{LEDGER}/?view={name}").select("tr[data-id]")
            }
            for name in ("unlinked", "unfinished")
        }
    assert shown == {"unlinked": {unlinked}, "unfinished": {unlinked, linked}}


@on_sqlite
def test_an_open_line_keeps_its_customer_from_the_archive(company: Company) -> None:
    record = company.ledger(complaint="", customer=company.customer())
    customer = line(record).customer_id
    outcome = company.do("dept_head", "customer_archive", customer, "archived", {"reason": "停业"})
    assert isinstance(outcome, Declined), outcome


# ---- report --------------------------------------------------------------------------------------------------------------


def report(company: Company, who: str = "business_clerk", status: Any = 200, **query: Any) -> BeautifulSoup:
    asked = urlencode(query)
    with clock.set_to(NOW):
        return company.browser(who).page(f"/admin/{LEDGER}/report/products/?{asked}", status)


def figures(page: BeautifulSoup, table: str) -> list[dict[str, str]]:
    return [
        {str(cell["data-field"]): str(cell.get("data-value", "")) for cell in row.select("td")}
        for row in page.select(f'[data-table="{table}"] tbody tr')
    ]


def filled(company: Company) -> None:
    """Before March 20 received and 5 drawn; in March the rest, with a money case and a counter line."""
    company.ledger_in("executed", "received", quantity="20", happened_on="2026-02-10")
    company.ledger_in("executed", "stock_in", quantity="5", happened_on="2026-02-11")
    company.ledger_in("executed", "repair_out", quantity="2.5", happened_on="2026-03-01")
    company.ledger_in("closed", "exchange_out", quantity="1", happened_on="2026-03-02")
    company.ledger_in("executed", "compensation", amount="320.50", happened_on="2026-03-03")
    record = company.ledger_in("reversed", "received", quantity="4", happened_on="2026-03-03")
    counter = AftersalesLedger.get(AftersalesLedger.reverses == record).id
    company.done("gm", LEDGER, counter, "approved")
    company.done("business_clerk", LEDGER, counter, "executed")
    company.ledger("received", quantity="9")


def test_the_report_equals_the_lines(company: Company) -> None:
    filled(company)
    page = report(company)
    (defective,) = figures(page, "defective_balance")
    (spare,) = figures(page, "replacement_balance")
    (money,) = figures(page, "cases")
    assert (defective["opening_defective_balance"], defective["closing_defective_balance"]) == ("20", "17.5")
    assert (defective["received"], defective["repair_out"], defective["scrap"]) == ("0", "2.5", "0")
    assert (spare["opening_replacement_balance"], spare["closing_replacement_balance"]) == ("5", "4")
    assert (spare["exchange_out"], money["amount"], money["cases"]) == ("1", "320.50", "3")
    grounds = {row["ground"]: row["cases"] for row in figures(page, "by_group")}
    assert grounds == {"quality": "1", "short_measure": "2"}
    assert one(page, "[data-open]")["data-open"] == "1"
    last = AftersalesLedger.select().where(AftersalesLedger.executed_at.is_null(False))
    last = last.order_by(AftersalesLedger.happened_on.desc(), AftersalesLedger.executed_at.desc()).get()
    assert (last.defective_balance, last.replacement_balance) == (Decimal("17.5"), 4)


@on_sqlite
def test_rows_of_zero_are_left_out(company: Company) -> None:
    filled(company)
    assert figures(report(company, to="2026-01-31", **{"from": "2026-01-01"}), "defective_balance") == []
    company.ledger_in("executed", "stock_in", quantity="1", specification="特制 40kg", unit="bag")
    page = report(company)
    assert len(figures(page, "defective_balance")) == 1
    assert len(figures(page, "replacement_balance")) == 2


@on_sqlite
def test_the_report_is_narrowed_and_says_what_is_no_value(company: Company) -> None:
    filled(company)
    company.ledger_in("executed", "received", quantity="3", area=area("B"))
    assert len(figures(report(company), "defective_balance")) == 2
    narrowed = figures(report(company, area=str(area("B"))), "defective_balance")
    assert [row["received"] for row in narrowed] == ["3"]
    assert len(figures(report(company, product="ZM"), "defective_balance")) == 2
    assert figures(report(company, product="no such thing"), "defective_balance") == []
    for query, field in (
        ({"from": "2026-13-01"}, "from"),
        ({"to": "yesterday"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "1990-01-01", "to": "2026-03-01"}, "to"),
    ):
        page = report(company, "business_clerk", 422, **query)
        assert page.select_one(f'[data-outcome="invalid"][data-field="{field}"]'), query
    with clock.set_to(NOW):
        assert company.browser("business_clerk").get(f"/admin/{LEDGER}/report/nothing/").status_code == 404
        assert company.browser("business_clerk").get(f"/admin/{LEDGER}/report/products/xlsx/").status_code == 404


@on_sqlite
def test_area_staff_report_their_area(company: Company) -> None:
    company.ledger_in("executed", "received", quantity="20")
    company.ledger_in("executed", "received", quantity="3", area=area("B"))
    rows = figures(report(company, "service_staff_2"), "defective_balance")
    assert [row["received"] for row in rows] == ["3"]


@on_sqlite
def test_the_report_as_files(company: Company) -> None:
    filled(company)
    with clock.set_to(NOW):
        clerk = company.browser("business_clerk")
        answer = clerk.get(f"/admin/{LEDGER}/report/products/csv/?submitted_to=总经理办公室")
        assert answer.status_code == 200
        rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
        row = dict(zip(rows[0], rows[1], strict=True))
        assert (row["收回"], row["修复发出"], row["赔偿金额（元）"]) == ("0", "2.5", "320.50")
        assert any("总经理办公室" in cell for one in rows for cell in one)
        grounds = clerk.get(f"/admin/{LEDGER}/report/products/csv/?table=by_group")
        assert "计量短少" in grounds.data.decode()
        paper = clerk.get(f"/admin/{LEDGER}/report/products/pdf/?submitted_to=总经理办公室")
        text = text_of_pdf(paper.data)
        assert "售后产品报表" in text
        assert "总经理办公室" in text
        assert "320.50" in text
        assert company.browser("gm").get(f"/admin/{LEDGER}/report/products/csv/").status_code == 403
        assert company.browser("gm").get(f"/admin/{LEDGER}/report/products/").status_code == 200
    logged = AuditEvent.select().where(AuditEvent.action.in_([f"{LEDGER}:export:csv", f"{LEDGER}:export:pdf"]))
    assert logged.count() == 3


# ---- prints --------------------------------------------------------------------------------------------------------------


@on_sqlite
def test_prints(company: Company) -> None:
    record = company.ledger_in("approved", "scrap")
    with clock.set_to(NOW):
        clerk = company.browser("business_clerk")
        text = text_of_pdf(clerk.get(f"/admin/{LEDGER}/print/ledger_line/?id={record}").data)
        for word in ("TZ-2026-0001", "经办人", "质检", "核准", "领导批准", "库管", "报废"):
            assert word in text, word
        page = text_of_pdf(clerk.get(f"/admin/{LEDGER}/print/ledger_page/?month=2026-03&area={area('A')}").data)
        assert "TZ-2026-0001" in page
        for query in ("month=2026-02", f"month=2026-03&area={area('B')}"):
            empty = text_of_pdf(clerk.get(f"/admin/{LEDGER}/print/ledger_page/?{query}").data)
            assert "无记录" in empty
            assert "TZ-2026-0001" not in empty


def test_two_of_the_same_version_end_in_one(company: Company) -> None:
    record = company.ledger_in("approved")
    version = line(record).version
    company.done("business_clerk", LEDGER, record, "executed", version=version)
    outcome = company.do("business_clerk_2", LEDGER, record, "executed", version=version)
    assert type(outcome).__name__ == "Stale"
    assert line(record).defective_balance == 20
