"""The page of what happened: for administrators and auditors alone, filtered, without values of records."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from admin_views.activity import DEEDS
from backoffice import clock
from tests.company import Company

ROOT = Path(__file__).resolve().parent.parent


def rows(company: Company, username: str, query: str = "") -> list[str]:
    page = company.browser(username).page(f"/admin/activity/{query}")
    return [" ".join(row.get_text(" ").split()) for row in page.select("tr[data-id]")]


def test_auditor_reads_who_did_what_newest_first(company: Company) -> None:
    gift = company.gift_in("approved")
    company.browser("salesperson").page(f"/admin/gift_signoff/details/?id={gift}")
    told = rows(company, "auditor", "?flt1_register_equals=gift_signoff")
    assert "张宏伟" in told[-1]
    assert [row for row in told if "批准" in row or "审批" in row]
    assert "姓名" not in " ".join(told)


@pytest.mark.parametrize("username", ["salesperson", "dept_head", "gm", "hr"])
def test_others_have_no_such_page(company: Company, username: str) -> None:
    company.browser(username).page("/admin/activity/", 403)


def test_signing_out_stands_among_the_entries(company: Company) -> None:
    company.browser("salesperson").send("/logout", {})
    assert [row for row in rows(company, "admin", "?flt1_kind_equals=sign_in") if "张宏伟" in row]


def test_period_person_and_number_narrow_the_list(company: Company) -> None:
    company.gift_in("submitted")
    company.customer("salesperson_2")
    day = company.now.astimezone(clock.company_zone()).date()
    assert rows(company, "auditor", f"?from={day}&to={day}&flt1_register_equals=gift_signoff")
    before = day - dt.timedelta(days=1)
    assert rows(company, "auditor", f"?to={before}") == []
    by_one = rows(company, "auditor", "?flt1_actor_equals=salesperson_2&flt2_register_equals=customer_archive")
    assert by_one
    assert all("罗小梅" in row for row in by_one)
    found = rows(company, "auditor", "?search=LP-2026-0001")
    assert found
    assert all("LP-2026-0001" in row for row in found)


def test_values_of_records_do_not_stand_here(company: Company) -> None:
    company.customer("salesperson", legal_representative="绝密人", bank_account="6222000011112222")
    text = company.browser("auditor").get("/admin/activity/").text
    assert "绝密人" not in text
    assert "6222000011112222" not in text


@pytest.mark.parametrize("query", ["?from=yesterday", "?flt1_kind_equals=x", "?before=abc", "?flt1_secret_equals=1"])
def test_what_no_page_of_ours_sends_is_400(company: Company, query: str) -> None:
    assert company.browser("auditor").get(f"/admin/activity/{query}").status_code == 400


def test_older_entries_are_turned_to(company: Company) -> None:
    for _ in range(12):
        company.gift_in("approved")
    page = company.browser("auditor").page("/admin/activity/")
    older = page.select_one("a[rel=next]")
    assert older is not None
    first = {row["data-id"] for row in page.select("tr[data-id]")}
    second = {row["data-id"] for row in company.browser("auditor").page(str(older["href"])).select("tr[data-id]")}
    assert second
    assert not first & second


def test_every_entry_of_the_product_has_its_words(company: Company) -> None:
    """The actions that the code writes outside the registers, and how the page reads."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "backoffice").glob("*.py"))
    written = set(re.findall(r'"((?:account|setting|history):[a-z:]+)"', code))
    assert written
    assert written <= set(DEEDS)
    company.browser("salesperson").get("/admin/user/")
    told = rows(company, "auditor", "?flt1_register_equals=refusal")
    assert "张宏伟" in told[0]
    assert "拒绝访问" in told[0]
    assert "/admin/user/" in told[0]
    every = rows(company, "auditor")
    assert [row for row in every if "系统" in row and "新开一条记录链" in row]
    assert not [row for row in every if "opened" in row or "refusal:403" in row]
