"""Who sees which services, and which of their fields: an oracle written from organisation.md 3 and 4 and decisions.md 1, 2, 3 and 7."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from backoffice import clock
from backoffice.demo.company import ACCOUNTS
from models.accounts import Area
from models.registers.service_log import ServiceLog
from tests.company import Company
from tests.rules.walks import on_sqlite
from tests.services import APPLICATION, REGISTER, at, far_customer, service

# Accounts that read every entry: all, or heads and members of a department that keeps the register (decisions.md 1).
WHOLE = frozenset(
    {
        "admin",
        "gm",
        "deputy_gm",
        "deputy_gm_2",
        "auditor",
        "quality_inspector",
        "quality_inspector_2",
        "archivist",
        "finance",
        "finance_2",
        "dept_head_2",
        "dept_head_business",
        "service_manager",
        "service_manager_2",
        "business_clerk",
        "business_clerk_2",
    }
)
# Accounts of their own department, area or customers.
PARTLY = frozenset(
    {
        "dept_head",
        "dept_head_market",
        "sales_manager",
        "sales_manager_2",
        "salesperson",
        "salesperson_2",
        "service_staff",
        "service_staff_2",
    }
)
CLEAR = frozenset({"service_manager", "service_manager_2", "business_clerk", "business_clerk_2"})
MONEY = frozenset({"finance", "finance_2"})
EXPORTS = frozenset(
    {
        "auditor",
        "quality_inspector",
        "quality_inspector_2",
        "dept_head",
        "dept_head_business",
        "dept_head_market",
        "service_manager",
        "service_manager_2",
        "business_clerk",
        "business_clerk_2",
    }
)
MAKERS = frozenset(
    {
        "service_manager",
        "service_manager_2",
        "service_staff",
        "service_staff_2",
        "business_clerk",
        "business_clerk_2",
    }
)
EVERYBODY = tuple(account.username for account in ACCOUNTS)


@pytest.fixture
def entries(company: Company) -> dict[str, int]:
    """Area A by its technician; area B by the clerk, out with the technician of A; far away by the clerk; internal by the manager."""
    first, second = (
        company.customer("salesperson"),
        company.customer("salesperson_2", area=Area.get(Area.code == "B").id),
    )
    found = {
        "a": company.service(customer=first, service_phone="13511110001"),
        "b": company.service(who="business_clerk", customer=second, service_phone="13511110002"),
        "far": company.service(who="business_clerk_2", customer=far_customer(company), service_phone="13511110003"),
        "d": company.service("D", who="service_manager", service_phone="13511110004"),
    }
    ServiceLog.update(area_staff=None).where(ServiceLog.id == found["far"]).execute()
    company.done(
        "service_manager", REGISTER, found["b"], "dispatched", {"dispatched_to": company.users["service_staff"].id}
    )
    return found


def seen_by(username: str) -> set[str]:
    if username in WHOLE:
        return {"a", "b", "far", "d"}
    return {
        "salesperson": {"a", "far"},
        "salesperson_2": {"b"},
        "service_staff": {"a", "b"},
        "service_staff_2": {"b"},
    }.get(username, set())


def phone_is_clear(username: str, entry: str) -> bool:
    named = {("service_staff", "a"), ("service_staff", "b")}
    return username in CLEAR or (username, entry) in named


@pytest.mark.parametrize("username", EVERYBODY)
def test_everybody_sees_his_entries_and_no_other(company: Company, entries: dict[str, int], username: str) -> None:
    reads = username in WHOLE | PARTLY
    with clock.set_to(at(1)):
        browser = company.browser(username)
        answer = browser.get(f"/admin/{REGISTER}/")
        assert answer.status_code == (200 if reads else 403)
        if not reads:
            return
        page = browser.page(
            f"/admin/{REGISTER}/?columns=number&columns=service_phone"
            if username not in MONEY
            else f"/admin/{REGISTER}/"
        )
        listed = {int(str(row["data-id"])) for row in page.select("main tr[data-id]")}
        assert listed == {entries[name] for name in seen_by(username)}
        for name, record in entries.items():
            wanted = 200 if name in seen_by(username) else 404
            for door in ("details", "history"):
                assert browser.get(f"/admin/{REGISTER}/{door}/?id={record}").status_code == wanted, (name, door)


@on_sqlite
@pytest.mark.parametrize("username", sorted(WHOLE | PARTLY))
def test_the_telephone_is_clear_for_whom_it_should_be(company: Company, entries: dict[str, int], username: str) -> None:
    with clock.set_to(at(1)):
        browser = company.browser(username)
        for name in seen_by(username):
            text = browser.get(f"/admin/{REGISTER}/details/?id={entries[name]}").text
            history = browser.get(f"/admin/{REGISTER}/history/?id={entries[name]}").text
            number = service(entries[name]).service_phone
            assert (number in text) == phone_is_clear(username, name), name
            assert (number in history) == phone_is_clear(username, name), name
            assert ("service_phone" in text) == (username not in MONEY), name
        searched = browser.page(f"/admin/{REGISTER}/?search=1351111")
        found = {int(str(row["data-id"])) for row in searched.select("main tr[data-id]")}
        assert found == ({entries[name] for name in seen_by(username)} if username in CLEAR else set())


@on_sqlite
@pytest.mark.parametrize("username", sorted(WHOLE | PARTLY))
def test_exports_follow_scope_and_mask(company: Company, entries: dict[str, int], username: str) -> None:
    with clock.set_to(at(1)):
        query = "columns=number&columns=service_phone&columns=customer_name"
        answer = company.browser(username).get(f"/admin/{REGISTER}/export/csv/?{query}")
    assert answer.status_code == (200 if username in EXPORTS else 403)
    if username not in EXPORTS:
        return
    table = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    rows = [row for row in table if str(row["服务单号"]).startswith("FW-")]
    assert len(rows) == len(seen_by(username))
    for row in rows:
        assert (row["服务电话"] != "***") == (username in CLEAR), row


@on_sqlite
@pytest.mark.parametrize("username", sorted(WHOLE | PARTLY))
def test_only_reception_registers(company: Company, username: str) -> None:
    with clock.set_to(at(1)):
        browser = company.browser(username)
        status = 200 if username in MAKERS else 403
        assert browser.get(f"/admin/{REGISTER}/new/").status_code == status
        assert browser.get(f"/admin/{REGISTER}/ajax/copy/?name=customer&id=1").status_code == status


@on_sqlite
@pytest.mark.parametrize(
    ("username", "status"),
    [
        ("service_staff", {"a": 200, "b": 409, "far": 404, "d": 404}),
        ("service_staff_2", {"a": 404, "b": 409, "far": 404, "d": 404}),
        ("service_manager", {"a": 200, "b": 409, "far": 200, "d": 200}),
        ("business_clerk", {"a": 200, "b": 409, "far": 200, "d": 200}),
        ("finance", {"a": 200, "b": 409, "far": 200, "d": 200}),
        ("quality_inspector", {"a": 403, "b": 403, "far": 403, "d": 403}),
    ],
)
def test_entries_are_edited_until_they_are_dispatched(
    company: Company, entries: dict[str, int], username: str, status: dict[str, int]
) -> None:
    with clock.set_to(at(1)):
        browser = company.browser(username)
        found = {
            name: browser.get(f"/admin/{REGISTER}/edit/?id={record}").status_code for name, record in entries.items()
        }
    assert found == status


@on_sqlite
@pytest.mark.parametrize(("username", "status"), [("salesperson_2", 404), ("salesperson", 200), ("agent", 403)])
def test_whoever_reads_an_entry_prints_its_papers(
    company: Company, entries: dict[str, int], username: str, status: int
) -> None:
    with clock.set_to(at(1)):
        answer = company.browser(username).get(f"/admin/{REGISTER}/print/service_voucher/?id={entries['a']}")
    assert answer.status_code == status


def test_finance_edits_costs_alone(company: Company, entries: dict[str, int]) -> None:
    with clock.set_to(at(1)):
        page = company.browser("finance").page(f"/admin/{REGISTER}/edit/?id={entries['a']}")
    names = {str(tag["name"]) for tag in page.select("form.sheet [name]")} - {"csrf_token", "version", "attachments"}
    assert names == {"travel_cost", "allowance"}


APPLICANTS: dict[str, Any] = {
    **{name: 200 for name in ("admin", "gm", "deputy_gm", "service_manager", "business_clerk", "finance", "auditor")},
    **{name: 200 for name in ("dept_head_business", "dept_head_2", "service_staff")},
    **{name: 404 for name in ("service_staff_2", "dept_head", "dept_head_market")},
    **{name: 403 for name in ("salesperson", "sales_manager", "quality_inspector", "archivist", "warehouse_keeper")},
}


@on_sqlite
@pytest.mark.parametrize("username", APPLICANTS)
def test_applications_have_their_readers(company: Company, username: str) -> None:
    record = company.away(company.service(), state="submitted")
    with clock.set_to(at(1)):
        answer = company.browser(username).get(f"/admin/{APPLICATION}/details/?id={record}")
    assert answer.status_code == APPLICANTS[username]
