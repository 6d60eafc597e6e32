"""Return slips and discount certificates: the walk through their states, every wrong actor, and two clerks at one complaint."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from pypdf import PdfReader

from backoffice import clock, proof
from backoffice.database import connected
from backoffice.demo.company import ACCOUNTS
from backoffice.outcomes import Declined, Done, Forbidden, Invalid, Missing, Outcome
from models.accounts import Department, User, UserRole
from models.registers.complaint import Complaint
from models.registers.product_return import ProductReturn
from models.registers.sales_discount_certificate import SalesDiscountCertificate
from tests.company import Company
from tests.rules.walks import offered, on_sqlite
from tests.servers import at_once

SLIP, PAPER = "product_return", "sales_discount_certificate"
EVERYBODY = tuple(account.username for account in ACCOUNTS)
REASON = {"reason": "试"}

# State, act, what it asks, and everybody who may take it. The issuer is the clerk.
DEPUTIES = frozenset({"deputy_gm", "deputy_gm_2"})
KEEPERS = frozenset({"warehouse_keeper", "warehouse_keeper_2"})
FINANCE = frozenset({"finance", "finance_2"})
ISSUERS = frozenset({"sales_clerk", "sales_manager", "sales_manager_2"})
SLIP_STEPS: tuple[tuple[str, str, dict[str, Any], frozenset[str]], ...] = (
    ("issued", "approved", {}, DEPUTIES),
    ("issued", "void", REASON, ISSUERS),
    ("approved", "received", {"received_qty": "20"}, KEEPERS),
    ("received", "reconciled", {}, FINANCE),
    ("received:18", "disputed", REASON, FINANCE),
    ("reconciled", "posted", {"posting_no": "PZ-1"}, FINANCE),
    ("disputed", "approved", {"approved_qty": "18", **REASON}, DEPUTIES),
    ("disputed", "void", REASON, DEPUTIES),
)
PAPER_STEPS: tuple[tuple[str, str, dict[str, Any], frozenset[str]], ...] = (
    ("issued", "approved", {}, DEPUTIES),
    ("issued", "void", REASON, ISSUERS),
    ("approved", "void", REASON, ISSUERS),
    ("approved", "sealed", {"customer_seal_on": "2026-03-04"}, frozenset({"sales_clerk"})),
    ("sealed", "posted", {}, FINANCE),
)


def names(step: tuple[str, str, Any, Any]) -> str:
    return f"{step[0]}-{step[1]}"


def doing(company: Company, *args: Any, **kwargs: Any) -> Callable[[], Outcome]:
    def work() -> Outcome:
        with connected(company.database):
            return company.do(*args, **kwargs)

    return work


def slip_at(company: Company, state: str) -> int:
    state, _, received = state.partition(":")
    return company.slip_in(state, received=received)


# ---- who may take a step -----------------------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.parametrize("step", SLIP_STEPS, ids=names)
def test_only_those_of_a_step_take_it_on_a_slip(company: Company, step: tuple[str, str, Any, frozenset[str]]) -> None:
    state, act, typed, whose = step
    record = slip_at(company, state)
    before = ProductReturn.select().dicts().get()
    for who in EVERYBODY:
        if who not in whose:
            outcome = company.do(who, SLIP, record, act, typed)
            assert isinstance(outcome, Declined | Forbidden | Missing), (who, outcome)
    assert ProductReturn.select().dicts().get() == before
    for who in sorted(whose):
        company.done(who, SLIP, slip_at(company, state), act, typed)


@on_sqlite
@pytest.mark.parametrize("step", PAPER_STEPS, ids=names)
def test_only_those_of_a_step_take_it_on_a_certificate(
    company: Company, step: tuple[str, str, Any, frozenset[str]]
) -> None:
    state, act, typed, whose = step
    record = company.certificate_in(state)
    for who in EVERYBODY:
        if who not in whose:
            outcome = company.do(who, PAPER, record, act, typed)
            assert isinstance(outcome, Declined | Forbidden | Missing), (who, outcome)
    assert SalesDiscountCertificate.get_by_id(record).state == state
    for who in sorted(whose):
        papers = {"sealed_paper": company.upload(who, PAPER, "sealed_paper")} if act == "sealed" else {}
        company.done(who, PAPER, company.certificate_in(state), act, {**typed, **papers})


@on_sqlite
def test_the_page_offers_the_next_step_to_whoever_takes_it(company: Company) -> None:
    record = company.slip()
    company.ledger("received", return_slip=record)
    road: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("deputy_gm", "approved", {}),
        ("warehouse_keeper", "received", {"received_qty": "20"}),
        ("finance", "reconciled", {}),
        ("finance", "posted", {"posting_no": "PZ-1"}),
    )
    with clock.set_to(company.now):
        for who, act, typed in road:
            browser = company.browser(who)
            page = browser.page(f"/admin/{SLIP}/details/?id={record}")
            assert act in offered(page), (who, act)
            answer = browser.send(f"/admin/{SLIP}/transition/{act}/?id={record}", typed)
            assert answer.status_code == 303, (who, act, answer.text[:500])
    assert ProductReturn.get_by_id(record).state == "posted"


@on_sqlite
def test_an_issued_slip_is_not_edited(company: Company) -> None:
    """The matrix gives no letter U: what is wrong is voided and made anew."""
    record = company.slip()
    for who in EVERYBODY:
        outcome = company.do(who, SLIP, record, "update", {"basis": "别的依据"})
        assert isinstance(outcome, Declined | Forbidden | Missing), who
    assert ProductReturn.get_by_id(record).basis == "核决 2026-03"


# ---- who sees a slip ---------------------------------------------------------------------------------------------------


@on_sqlite
def test_a_keeper_still_reads_a_slip_that_was_voided_after_his_receipt(company: Company) -> None:
    record = company.slip_in("disputed")
    company.done("deputy_gm", SLIP, record, "void", {"reason": "客户留用"})
    with clock.set_to(company.now):
        assert company.browser("warehouse_keeper").get(f"/admin/{SLIP}/details/?id={record}").status_code == 200
        assert company.browser("warehouse_keeper_2").get(f"/admin/{SLIP}/details/?id={record}").status_code == 404


@on_sqlite
def test_rows_limit_every_door_of_the_clerk(company: Company) -> None:
    """List, count, search, lookup and filter of complaints show a clerk the decided ones alone, with the fields of names."""
    hidden, shown = company.complaint(complainant="秘密人"), company.complaint_in("notified", complainant="秘密人")
    number = Complaint.get_by_id(hidden).number
    with clock.set_to(company.now):
        clerk = company.browser("sales_clerk")
        page = clerk.page("/admin/complaint/")
        assert [row["data-id"] for row in page.select("tr[data-id]")] == [str(shown)]
        assert page.select_one("[data-count]")["data-count"] == "1"
        assert clerk.page(f"/admin/complaint/?search={number}").select("tr[data-id]") == []
        looked_up = clerk.get(f"/admin/{SLIP}/ajax/lookup/?name=complaint&query=TS").get_json()
        assert [one[0] for one in looked_up] == [shown]
        details = clerk.get(f"/admin/complaint/details/?id={shown}").text
        assert "秘密人" not in details
        assert "批次不合格" not in details
        assert clerk.get("/admin/complaint/?flt1_complainant_contains=秘").status_code == 400
        paper = clerk.get(f"/admin/complaint/print/complaint_form/?id={shown}").data
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages)
        assert "TS-2026-0002" in text
        assert "秘密人" not in text
        assert "批次不合格" not in text, "the grounds stand in no signature either"


@on_sqlite
def test_a_case_waits_for_its_manager_only_when_its_paper_is_done(company: Company) -> None:
    open_case, answered = company.complaint_in("notified"), company.complaint_in("notified", "answer")
    settled = company.complaint_in("notified", "discount")
    company.settle(settled, "discount")
    with clock.set_to(company.now):
        page = company.browser("service_manager").page("/admin/complaint/?view=waiting")
    found = {int(str(row["data-id"])) for row in page.select("tr[data-id]")}
    assert found == {answered, settled}
    assert isinstance(company.do("service_manager", "complaint", open_case, "closed"), Declined)


# ---- two at once -------------------------------------------------------------------------------------------------------


def second_clerk(company: Company) -> None:
    user = User.create(
        username="sales_clerk_2",
        name="内勤二",
        department=Department.get(Department.code == "sales"),
        password_hash="",
        must_change_password=False,
        created_at=company.now,
        updated_at=company.now,
    )
    UserRole.create(user=user, role="sales_clerk")
    company.users["sales_clerk_2"] = user


def test_two_clerks_make_one_slip_of_one_complaint(company: Company) -> None:
    second_clerk(company)
    typed = {"return_reason": "质量问题", "handling": "return", "basis": "核决"}
    for n in range(8):
        complaint = company.complaint_in("notified")
        outcomes = at_once(
            *(
                doing(company, who, SLIP, None, "create", {**typed, "complaint": complaint})
                for who in ("sales_clerk", "sales_clerk_2")
            )
        )
        kinds = sorted(type(one).__name__ for one in outcomes)
        assert kinds in (["Declined", "Done"], ["Done", "Invalid"]), outcomes
        lost = next(one for one in outcomes if not isinstance(one, Done))
        if isinstance(lost, Declined):
            assert lost.rule == "RET-02"
        elif isinstance(lost, Invalid):
            assert lost.errors["complaint"][0].rule == "RET-02"
        assert ProductReturn.select().where(ProductReturn.complaint == complaint).count() == 1
        assert ProductReturn.select().count() == n + 1
    numbers = [row.number for row in ProductReturn.select().order_by(ProductReturn.id)]
    assert numbers == [f"TH-2026-{n + 1:04d}" for n in range(8)]
    assert list(proof.faults()) == []


def test_two_clerks_make_one_certificate_of_one_complaint(company: Company) -> None:
    second_clerk(company)
    for _ in range(4):
        complaint = company.complaint_in("notified", "discount")
        typed = {"kind": "discount", "amount": "320.00", "complaint": complaint}
        outcomes = at_once(
            *(doing(company, who, PAPER, None, "create", typed) for who in ("sales_clerk", "sales_clerk_2"))
        )
        assert [type(one).__name__ for one in outcomes].count("Done") == 1, outcomes
        made = SalesDiscountCertificate.select().where(SalesDiscountCertificate.complaint == complaint)
        assert made.count() == 1


def test_two_keepers_sign_once(company: Company) -> None:
    for _ in range(4):
        record = company.slip_in("approved")
        typed = {"received_qty": "20"}
        version = ProductReturn.get_by_id(record).version
        outcomes = at_once(*(doing(company, who, SLIP, record, "received", typed, version) for who in sorted(KEEPERS)))
        assert sorted(type(one).__name__ for one in outcomes) == ["Done", "Stale"], outcomes
