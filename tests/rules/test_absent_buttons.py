"""An act that a page does not offer is not done by address either: every absent button is posted, in every state, by many roles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backoffice import clock
from models.evidence import AuditEvent, Step
from models.registers.complaint import Complaint
from models.registers.contract import Contract
from models.registers.customer_archive import CustomerArchive
from models.registers.gift_item import GiftItem, GiftMovement
from models.registers.gift_signoff import GiftLine, GiftSignoff
from models.registers.product_return import ProductReturn
from models.registers.sales_discount_certificate import SalesDiscountCertificate
from tests.accounts_app import page as soup
from tests.company import Company
from tests.rules.walks import YES, offered, on_sqlite, sheet

GIFT = "gift_signoff"
TABLES = (
    GiftSignoff,
    GiftLine,
    GiftItem,
    GiftMovement,
    CustomerArchive,
    Contract,
    Complaint,
    ProductReturn,
    SalesDiscountCertificate,
    Step,
)
PEOPLE = (
    "salesperson",
    "salesperson_2",
    "market_specialist",
    "sales_manager",
    "group_leader",
    "gm",
    "finance",
    "auditor",
    "admin",
    "archivist",
)
# What the acts of complaints, slips and certificates ask.
RETURNED = {
    "handler": "1",
    "method": "answer",
    "approved_qty": "1",
    "received_qty": "1",
    "posting_no": "PZ-1",
    "customer_seal_on": "2026-03-04",
    "valid_from": "2026-03-01",
    "valid_to": "2026-12-31",
}
# Acts, who takes them, what they ask, to reach the states that lie beside the usual road.
BYROADS: Mapping[str, Sequence[tuple[str, str, Mapping[str, Any]]]] = {
    "refused": [("submitted", "salesperson", {}), ("refused", "market_specialist", {"reason": "超预算"})],
    "withdrawn": [("submitted", "salesperson", {}), ("withdrawn", "salesperson", {"reason": "改期"})],
}


def in_every_state(company: Company) -> Iterator[tuple[str, int]]:
    """One application in each state of the register."""
    item = company.gift_item(stock=100)
    for state in company.catalogue[GIFT].states:
        if state == "manager_signed":
            record = company.gift_in("submitted", purpose="roadshow", visit_on="")
            company.done("sales_manager", GIFT, record, "manager_signed", YES)
        elif state in BYROADS:
            record = company.gift(gift=item)
            for act, who, typed in BYROADS[state]:
                company.done(who, GIFT, record, act, typed)
        elif state in {"signed", "returned"}:
            record = company.gift_in("issued")
            if state == "signed":
                company.done("salesperson", GIFT, record, "signed", sheet(company))
            else:
                company.done("market_specialist", GIFT, record, "returned", {"lines": [{"returned_qty": "1"}]})
        else:
            record = company.gift_in(state)
        yield state, record


def everything() -> list[Any]:
    """All rows that an act could touch, and how many changes the history tells."""
    # Views of secrets and refusals are told (their chain is opened with the first); nothing else may be.
    around = AuditEvent.action.contains(":view") | AuditEvent.register.in_(["refusal", "history"])
    told = AuditEvent.select().where(~around).count()
    return [told, *(list(table.select().order_by(table.id).tuples()) for table in TABLES)]


def typed_into(act: str, version: str, register: str) -> dict[str, str]:
    """What would be sent if the form of the act were there."""
    lines = {f"lines-0-{name}": "1" for name in ("signed_qty", "returned_qty", "undelivered_qty")}
    stock = {"quantity": "1", "counted": "1"} if register == "gift_item" else {}
    signed = {"signoff_signer": "孙客户", "signoff_on": "2026-03-04"}
    return {**lines, **stock, **signed, **RETURNED, "reason": "试", "remarks": "试", "version": version, "action": act}


class Meddler:
    """Somebody signed in who posts whatever his pages do not offer."""

    def __init__(self, company: Company, who: str) -> None:
        self.company = company
        self.who = who
        self.browser = company.browser(who)
        self.token = self.browser.token("/account/password/")
        # What his role never has (403): no record changes that, so one record will do.
        self.never: set[tuple[str, str]] = set()
        self.said: set[str] = set()
        self.posted = self.led_back = 0

    def meddle(self, register: str, record: int) -> None:
        """Post every act that the details page does not offer; each is refused, and nothing changes."""
        declaration = self.company.catalogue[register]
        path = f"/admin/{register}/details/?id={record}"
        page = self.browser.get(path)
        shown = offered(soup(page)) if page.status_code == 200 else set()
        version = str(declaration.model.get_by_id(record).version)
        before = everything()
        for act in (*declaration.acts, "update"):
            if act in shown or (register, act) in self.never:
                continue
            data = typed_into(act, version, register)
            name = "edit/" if act == "update" else f"transition/{act}/"
            self._refused(f"/admin/{register}/{name}?id={record}", data, {403, 404, 409}, (register, act))
            if act != "update":
                data |= {"rowid": str(record), "url": path, "comment": "试"}
                self._refused(f"/admin/{register}/action/", data, {303, 403}, (register, act))
        assert everything() == before, f"{self.who} changed something"

    def _refused(self, path: str, data: Mapping[str, str], answers: set[int], what: tuple[str, str]) -> None:
        sent = self.browser.client.post(path, data={"csrf_token": self.token, **data}, base_url=self.browser.base)
        assert sent.status_code in answers, f"{self.who} {path} {what[1]}: {sent.status}"
        self._listen(sent.text)
        self.posted += 1
        self.led_back += sent.status_code == 303
        if sent.status_code == 403:
            self.never.add(what)

    def _listen(self, text: str) -> None:
        self.said.update(re.findall(r'data-outcome="(\w+)"', text))

    def leave(self) -> int:
        """Messages stand on the next page, so the last are read from one more; none may say that something was done."""
        self._listen(self.browser.get("/account/password/").text)
        assert self.said <= {"refused"}, f"{self.who}: {self.said}"
        assert self.said or not self.led_back, f"{self.who} was told nothing"
        return self.posted


@on_sqlite
def test_no_absent_act_of_a_gift_is_done_in_any_state(company: Company) -> None:
    records = dict(in_every_state(company))
    assert list(records) == list(company.catalogue[GIFT].states)
    assert [GiftSignoff.get_by_id(record).state for record in records.values()] == list(records)
    posted = 0
    with clock.set_to(company.now):
        for who in PEOPLE:
            meddler = Meddler(company, who)
            for record in records.values():
                meddler.meddle(GIFT, record)
            posted += meddler.leave()
    assert posted > 500


@on_sqlite
def test_no_absent_act_of_returns_is_done_in_any_state(company: Company) -> None:
    """Complaints, slips and certificates in each of their states, by everybody who has a hand in them."""
    records = [
        *(("complaint", company.complaint_in(state, "answer")) for state in company.catalogue["complaint"].states),
        *(("product_return", company.slip_in(state)) for state in company.catalogue["product_return"].states),
        *(
            ("sales_discount_certificate", company.certificate_in(state))
            for state in company.catalogue["sales_discount_certificate"].states
        ),
        ("contract", company.contract()),
        ("contract", company.contract(state="draft")),
    ]
    posted = 0
    with clock.set_to(company.now):
        for who in (
            "sales_clerk",
            "deputy_gm",
            "warehouse_keeper",
            "finance",
            "service_manager",
            "salesperson",
            "admin",
        ):
            meddler = Meddler(company, who)
            for register, record in records:
                meddler.meddle(register, record)
            posted += meddler.leave()
    assert posted > 300


def test_no_absent_act_is_done_on_either_database(company: Company) -> None:
    record = company.gift_in("specialist_signed")
    with clock.set_to(company.now):
        for who in ("market_specialist", "dept_head_market", "deputy_gm"):
            meddler = Meddler(company, who)
            meddler.meddle(GIFT, record)
            assert meddler.leave()


@on_sqlite
def test_no_absent_act_of_customers_and_stock_is_done(company: Company) -> None:
    records = {"customer_archive": company.customer(), "gift_item": company.gift_item()}
    with clock.set_to(company.now):
        for who in PEOPLE:
            meddler = Meddler(company, who)
            for register, record in records.items():
                meddler.meddle(register, record)
            meddler.leave()
