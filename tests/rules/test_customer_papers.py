"""The rules of papers in a customer's file, and what else its page lists."""

from __future__ import annotations

import datetime as dt

import pytest

from backoffice import clock
from backoffice.outcomes import Done, Missing
from models.registers.customer_archive import CustomerDocument
from tests.company import Company
from tests.customers import REGISTER, customer, customer_in, page_of
from tests.rules.walks import wrong

# ---- CUS-06, CUS-10, CUS-11: papers ------------------------------------------------------------------------------------------

PAPER = {"document_class": "market_analysis", "title": "川北市场分析", "dated_on": "2026-03-01"}


@pytest.mark.rule("CUS-11")
def test_a_paper_is_filed_by_whoever_entered_it(company: Company) -> None:
    record = company.customer()
    outcome = company.do("archivist", REGISTER, record, "update", {"documents": [PAPER]})
    assert isinstance(outcome, Done)
    filed = CustomerDocument.select().where(CustomerDocument.record == record).first()
    assert filed is not None
    assert (filed.filed_by_id, filed.title) == (company.users["archivist"].id, "川北市场分析")
    company.done(
        "salesperson", REGISTER, record, "update", {"documents": [{**PAPER, "id": filed.id, "title": "市场分析"}]}
    )
    assert CustomerDocument.get_by_id(filed.id).filed_by_id == company.users["archivist"].id


@pytest.mark.rule("CUS-11")
def test_a_paper_is_not_of_tomorrow(company: Company) -> None:
    paper = {**PAPER, "dated_on": "2026-03-05"}
    wrong(
        company.do("salesperson", REGISTER, company.customer(), "update", {"documents": [paper]}),
        "documents-0-dated_on",
        "CUS-11",
    )


@pytest.mark.parametrize("name", PAPER)
def test_a_paper_has_class_title_and_day(company: Company, name: str) -> None:
    record = company.customer()
    wrong(
        company.do("salesperson", REGISTER, record, "update", {"documents": [{**PAPER, name: ""}]}),
        f"documents-0-{name}",
    )


def test_there_are_twelve_classes_of_papers(company: Company) -> None:
    info = company.catalogue[REGISTER].children["documents"].fields["document_class"]
    assert len(info.choices) == 12
    record = company.customer()
    papers = [{**PAPER, "document_class": code} for code in info.choices]
    company.done("salesperson", REGISTER, record, "update", {"documents": papers})
    wrong(
        company.do("salesperson", REGISTER, record, "update", {"documents": [{**PAPER, "document_class": "x"}]}),
        "documents-0-document_class",
    )


@pytest.mark.rule("CUS-06")
def test_a_clipping_is_kept_with_its_class_and_not_of_tomorrow(company: Company) -> None:
    clipping = {"source": "川北日报", "date": "2026-03-05", "clipping_class": "newspaper"}
    record = company.customer()
    wrong(
        company.do("salesperson", REGISTER, record, "update", {"clippings": [clipping]}), "clippings-0-date", "CUS-06"
    )
    company.done("salesperson", REGISTER, record, "update", {"clippings": [{**clipping, "date": "2026-03-01"}]})
    page = page_of(company, record, "salesperson")
    assert "川北日报" in page.select_one('[data-child="clippings"]').get_text()


@pytest.mark.rule("CUS-10")
def test_what_the_archive_lacks_is_shown(company: Company) -> None:
    record = customer_in(company, "target")
    with clock.set_to(company.now):
        listed = company.browser("archivist").page(f"/admin/{REGISTER}/").select_one(f'tr[data-id="{record}"]')
    assert listed is not None
    assert "合同 缺" in listed.get_text()
    company.done("salesperson", REGISTER, record, "update", {"documents": [PAPER]})
    assert customer(record).missing_parts == "contract+statistics"
    company.done("archivist", REGISTER, record, "signed", {"contract_no": "HT-1"})
    assert customer(record).missing_parts == "statistics"
    company.done("archivist", REGISTER, record, "update", {"documents": [{**PAPER, "document_class": "period_report"}]})
    assert customer(record).missing_parts == "analysis"


def test_the_review_is_confirmed(company: Company) -> None:
    record = company.customer()
    company.done("salesperson", REGISTER, record, "confirm_review")
    assert customer(record).last_reviewed_on == dt.date(2026, 3, 4)
    assert isinstance(company.do("salesperson_2", REGISTER, record, "confirm_review"), Missing)


# ---- CUS-09, CUS-29: contracts and complaints ----------------------------------------------------------------------------


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
    wrong(company.do("salesperson", "complaint", None, "create", typed), "customer", "CUS-29")


@pytest.mark.rule("CUS-09")
def test_the_customers_page_lists_its_contracts(company: Company) -> None:
    customer = company.customer()
    record = company.contract(customer=customer)
    page = page_of(company, customer, "salesperson")
    found = {row["data-id"] for row in page.select("tr[data-id]") if "HT-2026" in row.get_text()}
    assert found == {str(record)}


@pytest.mark.rule("CUS-29")
def test_the_customers_page_lists_its_complaints(company: Company) -> None:
    customer = company.customer()
    records = {str(company.complaint_in(state, customer=customer)) for state in ("registered", "notified", "void")}
    company.complaint()
    page = page_of(company, customer, "salesperson")
    found = {row["data-id"] for row in page.select("tr[data-id]") if "TS-2026" in row.get_text()}
    assert found == records
