"""The rules on scope, masks, exports and history (CUS-20 to CUS-23, ACL-01 to ACL-04), which all registers share."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import pytest
from pypdf import PdfReader

from backoffice import clock
from backoffice.outcomes import Forbidden, Missing
from models.accounts import ExportGrant
from models.evidence import AuditEvent
from models.registers.customer_archive import CustomerArchive
from models.registers.gift_signoff import GiftSignoff
from tests.company import Company, Signed
from tests.rules.walks import YES, exported, history_values, offered, on_sqlite, one, refused_by, value, wrong

CUSTOMERS = "/admin/customer_archive"
GIFTS = "/admin/gift_signoff"


def entries(action: str) -> list[Any]:
    return list(AuditEvent.select().where(AuditEvent.action == action).order_by(AuditEvent.id))


def number(record: int) -> str:
    return str(CustomerArchive.get_by_id(record).number)


def pdf_text(browser: Signed, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.status
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)


# ---- CUS-20: who looked, who took ---------------------------------------------------------------------------------------


@pytest.mark.rule("CUS-20")
def test_a_view_of_secret_values_is_entered(company: Company) -> None:
    record = company.customer(rep_character="稳重")
    company.browser("salesperson").page(f"{CUSTOMERS}/details/?id={record}")
    found = entries("customer_archive:view")
    assert [event.actor_name for event in found] == ["张宏伟"]
    detail = json.loads(found[0].detail)
    assert detail["rows"] == [record]
    assert {"legal_representative", "rep_character", "contacts.mobile"} <= set(detail["fields"])


def test_a_view_of_masked_values_is_no_entry(company: Company) -> None:
    record = company.customer()
    company.browser("sales_assistant").page(f"{CUSTOMERS}/details/?id={record}")
    assert entries("customer_archive:view") == []


@pytest.mark.rule("CUS-20")
@pytest.mark.parametrize("kind", ["csv", "pdf"])
def test_an_export_is_one_entry_with_filter_and_rows(company: Company, kind: str) -> None:
    company.customer()
    company.customer(relation="target")
    answer = company.browser("sales_manager").get(f"{CUSTOMERS}/export/{kind}/?flt_relation_equals=target")
    assert answer.status_code == 200
    found = entries(f"customer_archive:export:{kind}")
    assert [event.actor_name for event in found] == ["贺志强"]
    detail = json.loads(found[0].detail)
    assert detail["rows"] == 1
    assert "目标客户" in detail["filter"]


@on_sqlite
def test_paper_is_entered_and_masked_alike(company: Company) -> None:
    record = company.customer(rep_character="稳重")
    browser = company.browser("sales_clerk")
    pages = [
        pdf_text(browser, f"{CUSTOMERS}/print/{form}") for form in ("customer_list/", f"customer_card/?id={record}")
    ]
    assert not {"稳重", "赵法人", "13900000001"} & set("".join(pages).split())
    assert "***" in pages[1]
    for form in ("customer_list", "customer_card"):
        assert [event.actor_name for event in entries(f"customer_archive:print:{form}")] == ["田秀英"]


# ---- CUS-21: masks ------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CUS-21")
def test_a_secret_value_is_masked_wherever_it_is_read(company: Company) -> None:
    record = company.customer(annual_sales="7654321", rep_character="稳重")
    company.done("salesperson", "customer_archive", record, "update", {"annual_sales": "8765432"})
    with clock.set_to(company.now):
        browser = company.browser("sales_clerk")
        details = browser.page(f"{CUSTOMERS}/details/?id={record}")
        listed = browser.page(f"{CUSTOMERS}/?columns=number&columns=annual_sales")
        told = browser.page(f"{CUSTOMERS}/history/?id={record}")
        (row,) = [row for row in exported(browser, "customer_archive") if number(record) in row.values()]
        contacts = browser.get(f"{CUSTOMERS}/export/csv/?child=contacts").text
        paper = pdf_text(browser, f"{CUSTOMERS}/export/pdf/?columns=number&columns=annual_sales")
    assert [value(details, name) for name in ("annual_sales", "rep_character", "legal_representative")] == ["***"] * 3
    assert "***" in one(listed, f'tr[data-id="{record}"]').get_text()
    assert history_values(told, "annual_sales")[0] == ("***", "***")
    assert (row["年销售额"], row["法人性格"], row["法定代表人"]) == ("***", "***", "***")
    assert "13900" not in contacts
    assert "***" in contacts
    everything = "".join(map(str, (details, listed, told, row, paper))).replace(",", "")
    for secret in ("7654321", "8765432", "稳重", "赵法人", "13900000"):
        assert secret not in everything


@pytest.mark.rule("CUS-21")
@pytest.mark.parametrize(
    "query",
    ["sort=annual_sales", "flt_annual_sales_at_least=1", "flt_legal_representative_contains=%E8%B5%B5"],
)
def test_what_is_masked_is_no_way_to_sort_or_filter(company: Company, query: str) -> None:
    company.customer(annual_sales="7654321")
    browser = company.browser("sales_clerk")
    assert browser.get(f"{CUSTOMERS}/?{query}").status_code == 400
    assert browser.get(f"{CUSTOMERS}/export/csv/?{query}").status_code == 400


@pytest.mark.rule("CUS-21")
def test_a_secret_customer_lifts_level_two_to_three(company: Company) -> None:
    record = company.customer(confidentiality="secret")
    other = company.customer()
    browser = company.browser("gm")
    assert value(browser.page(f"{CUSTOMERS}/details/?id={other}"), "legal_representative") == "赵法人"
    assert value(browser.page(f"{CUSTOMERS}/details/?id={record}"), "legal_representative") == "***"


@pytest.mark.rule("CUS-21")
def test_a_masked_value_cannot_be_typed_over(company: Company) -> None:
    record = company.customer(rep_character="稳重")
    company.done("archivist", "customer_archive", record, "update", {"rep_character": "急躁", "need_summary": "瓷砖"})
    assert CustomerArchive.get_by_id(record).rep_character == "稳重"
    assert CustomerArchive.get_by_id(record).need_summary == "瓷砖"


# ---- CUS-22: exports by person ------------------------------------------------------------------------------------------


@pytest.mark.rule("CUS-22")
def test_without_a_grant_there_is_no_export_and_no_printed_list(company: Company) -> None:
    browser = company.browser("dept_head_2")
    assert not {"export", "print"} & offered(browser.page(f"{CUSTOMERS}/"))
    for path in ("export/csv/", "export/pdf/", "print/customer_list/"):
        assert browser.get(f"{CUSTOMERS}/{path}").status_code == 403, path


@pytest.mark.rule("CUS-22")
def test_a_grant_ends_with_its_day(company: Company) -> None:
    granted = ExportGrant.update(ends_on=company.now.date()).where(
        (ExportGrant.user == company.users["sales_manager"]) & (ExportGrant.register == "customer_archive")
    )
    assert granted.execute() == 1
    path = f"{CUSTOMERS}/export/csv/"
    with clock.set_to(company.now):
        assert company.browser("sales_manager").get(path).status_code == 200
    with clock.set_to(company.now + dt.timedelta(days=1)):
        assert company.browser("sales_manager").get(path).status_code == 403


def test_a_grant_gives_nothing_to_a_role_without_the_letter(company: Company) -> None:
    ExportGrant.create(
        user=company.users["salesperson"], register="customer_archive", reason="测试", granted_at=company.now
    )
    assert company.browser("salesperson").get(f"{CUSTOMERS}/export/csv/").status_code == 403


# ---- CUS-23: scope ------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CUS-23")
@pytest.mark.parametrize("path", ["details/?id={}", "edit/?id={}", "history/?id={}"])
def test_a_guessed_id_answers_like_a_missing_one(company: Company, path: str) -> None:
    record = company.customer()
    browser = company.browser("salesperson_2")
    theirs, nobodys = (browser.get(f"{CUSTOMERS}/{path.format(key)}") for key in (record, 99_999))
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert number(record) not in theirs.text


@pytest.mark.rule("CUS-23")
def test_a_write_by_guessed_id_answers_like_a_missing_one(company: Company) -> None:
    record = company.customer()
    outcome = company.do("salesperson_2", "customer_archive", record, "update", {"need_summary": "瓷砖"})
    assert isinstance(outcome, Missing)


@pytest.mark.rule("CUS-23")
def test_lists_searches_and_exports_hold_ones_own_rows_alone(company: Company) -> None:
    record = company.customer(name="青川独此一家")
    mine = company.customer("salesperson_2")
    browser = company.browser("salesperson_2")
    rows = [str(row["data-id"]) for row in browser.page(f"{CUSTOMERS}/").select("tr[data-id]")]
    assert rows == [str(mine)]
    assert browser.page(f"{CUSTOMERS}/?search=青川独此一家").select("tr[data-id]") == []
    head = company.browser("dept_head_market")
    assert "青川独此一家" not in head.get(f"{CUSTOMERS}/export/csv/").text
    assert number(record) not in head.get(f"{CUSTOMERS}/").text


@pytest.mark.rule("CUS-23")
def test_pickers_and_references_do_not_tell_of_other_rows(company: Company) -> None:
    record = company.customer(name="青川独此一家")
    browser = company.browser("salesperson_2")
    assert browser.get(f"{GIFTS}/ajax/lookup/?name=customer&query=青川独此").json == []
    inputs = {"purpose": "other", "customer": str(record), "lines": [{"gift": company.gift_item(), "quantity": 1}]}
    outcome = company.do("salesperson_2", "gift_signoff", None, "create", inputs)
    wrong(outcome, "customer")
    assert "青川独此一家" not in str(outcome)


@pytest.mark.rule("CUS-23")
def test_another_applicants_gift_is_not_there(company: Company) -> None:
    record = company.gift()
    browser = company.browser("salesperson_2")
    assert browser.get(f"{GIFTS}/details/?id={record}").status_code == 404
    assert browser.send(f"{GIFTS}/transition/withdrawn/?id={record}", {"reason": "x"}).status_code == 404
    assert browser.page(f"{GIFTS}/").select("tr[data-id]") == []


# ---- ACL-01, ACL-02: exports say where they come from, history says what happened ----------------------------------------


@pytest.mark.rule("ACL-01")
def test_a_file_ends_with_exporter_time_filter_and_rows(company: Company) -> None:
    company.customer()
    with clock.set_to(company.now):
        text = company.browser("sales_manager").get(f"{CUSTOMERS}/export/csv/?search=青川").data.decode("utf-8-sig")
    last = [line for line in text.splitlines() if line.strip()][-1]
    for part in ("贺志强", "sales_manager", "2026-03-04 10:00:00", "青川", "1"):
        assert part in last


def test_a_paper_says_exporter_time_filter_and_rows(company: Company) -> None:
    company.customer()
    with clock.set_to(company.now):
        text = pdf_text(company.browser("sales_manager"), f"{CUSTOMERS}/export/pdf/?search=青川")
    for part in ("贺志强", "2026-03-04 10:00:00", "青川", "1"):
        assert part in text


@pytest.mark.rule("ACL-02")
def test_every_creation_change_and_step_is_told(company: Company) -> None:
    record = company.gift(visit="XD-1")
    company.done("salesperson", "gift_signoff", record, "update", {"visit": "XD-2"})
    company.done("salesperson", "gift_signoff", record, "submitted")
    company.done("market_specialist", "gift_signoff", record, "specialist_signed", YES)
    page = company.browser("salesperson").page(f"{GIFTS}/history/?id={record}")
    told = [(tag["data-entry"], one(tag, "header b").get_text()) for tag in page.select("[data-entry]")]
    assert told == [
        ("specialist_signed", "苏婉清"),
        ("submitted", "张宏伟"),
        ("update", "张宏伟"),
        ("create", "张宏伟"),
    ]
    assert [tag.get_text() for tag in page.select("[data-entry] time")] == ["2026-03-04 10:00:00"] * 4
    assert history_values(page, "visit") == [("XD-1", "XD-2"), ("", "XD-1")]


@pytest.mark.rule("ACL-02")
def test_a_refused_change_leaves_no_entry_and_a_done_one_exactly_one(company: Company) -> None:
    record = company.gift_in("submitted")
    before = AuditEvent.select().count()
    company.do("sales_manager", "gift_signoff", record, "approved", YES)
    assert AuditEvent.select().count() == before
    company.done("market_specialist", "gift_signoff", record, "specialist_signed", YES)
    assert AuditEvent.select().count() == before + 1


@on_sqlite
@pytest.mark.parametrize("who", ["admin", "auditor", "gm"])
def test_nobody_writes_history_through_the_pages(company: Company, who: str) -> None:
    record = company.gift()
    before = AuditEvent.select().count()
    browser = company.browser(who)
    assert browser.send(f"{GIFTS}/history/?id={record}", {}).status_code == 405
    for path in ("/admin/audit_event/", "/admin/audit_event/edit/?id=1", "/admin/audit_event/delete/?id=1"):
        assert browser.send(path, {"id": "1"}).status_code == 404
    assert AuditEvent.select().count() == before


# ---- ACL-03, ACL-04: makers and sessions --------------------------------------------------------------------------------


@pytest.mark.rule("ACL-03")
def test_whoever_made_a_record_for_another_does_not_approve_it(company: Company) -> None:
    record = company.gift_in("submitted")
    maker = company.users["market_specialist"]
    GiftSignoff.update(created_by=maker).where(GiftSignoff.id == record).execute()
    refused_by(company.do("market_specialist", "gift_signoff", record, "specialist_signed", YES), "ACL-03")
    assert "specialist_signed" not in offered(
        company.browser("market_specialist").page(f"{GIFTS}/details/?id={record}")
    )


@on_sqlite
@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_administrator_and_auditor_sign_nothing(company: Company, who: str) -> None:
    record = company.gift_in("submitted")
    for act in company.catalogue["gift_signoff"].acts:
        assert isinstance(company.do(who, "gift_signoff", record, act, YES), Forbidden), act


@pytest.mark.rule("ACL-04")
def test_two_sessions_of_one_account_are_shown_to_the_administrator(company: Company) -> None:
    user = company.users["salesperson"]
    admin = company.browser("admin")
    company.browser("salesperson")
    assert admin.page("/admin/user/?search=salesperson").select_one("tr[data-number=salesperson] .waiting") is None
    company.browser("salesperson")
    shown = admin.page("/admin/user/?search=salesperson").select_one("tr[data-number=salesperson] .waiting")
    assert shown is not None
    assert shown.get_text() == "2"
    assert admin.page(f"/admin/user/details/?id={user.id}").select_one("header .tag.waiting") is not None
