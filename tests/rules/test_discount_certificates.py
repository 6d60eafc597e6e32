"""The rules of discount certificates: what was decided, seal and posting, and the two copies."""

from __future__ import annotations

from typing import Any

import pytest

from backoffice import clock
from backoffice.outcomes import Done, Invalid
from models.registers.sales_discount_certificate import SalesDiscountCertificate
from tests.company import Company
from tests.rules.return_papers import CASE, PAPER, printed
from tests.rules.walks import on_sqlite, refused_by, wrong


def payment(complaint: int, **more: Any) -> dict[str, Any]:
    return {"complaint": complaint, "kind": "discount", "amount": "320.00", **more}


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
