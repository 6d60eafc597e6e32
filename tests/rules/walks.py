"""What the tests of rules share: reading outcomes and pages, and filling a form as a person would."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from backoffice.outcomes import Declined, Invalid, Outcome
from models.registers.gift_item import GiftItem
from models.registers.gift_signoff import GiftLine, GiftSignoff
from tests.company import Company, Signed

YES = {"reason": "同意"}

# Walks whose outcome cannot depend on the database.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def refused_by(outcome: Outcome, rule: str) -> None:
    """The outcome is the refusal of this rule, with the clause it comes from."""
    assert isinstance(outcome, Declined), outcome
    assert outcome.rule == rule, outcome
    assert outcome.clause


def wrong(outcome: Outcome, field: str, rule: str = "") -> None:
    """The outcome is an error of this field, with `rule` that of this rule."""
    assert isinstance(outcome, Invalid), outcome
    assert field in outcome.errors, outcome
    if rule:
        assert outcome.errors[field][0].rule == rule, outcome


def gift(record: int) -> Any:
    return GiftSignoff.get_by_id(record)


def line(record: int) -> Any:
    return GiftLine.get(GiftLine.record == record)


def stock() -> int:
    """What is in hand of the only gift."""
    return int(GiftItem.get().quantity_in_hand)


def sheet(company: Company, who: str = "salesperson", **more: Any) -> dict[str, Any]:
    """What an applicant types when the customer has signed."""
    file = company.upload(who, "gift_signoff", "signoff_file")
    return {"signoff_signer": "孙客户", "signoff_on": "2026-03-04", "signoff_file": file, **more}


def one(page: Tag, selector: str) -> Tag:
    """The first tag of a page that fits."""
    found = page.select_one(selector)
    assert found is not None, selector
    return found


def value(page: BeautifulSoup, field: str) -> str | None:
    """The machine value of a field of a details page; `***` for a masked one, None for one that is absent."""
    found = page.select_one(f'dd[data-field="{field}"]')
    if found is None:
        return None
    return "***" if found.has_attr("data-masked") else str(found.get("data-value", ""))


def offered(page: BeautifulSoup) -> set[str]:
    """The acts and verbs that a details page offers."""
    return {str(tag["data-action"]) for tag in page.select("main [data-action]")}


def outcomes(page: BeautifulSoup) -> list[tuple[str, str]]:
    """Outcome and rule of each message."""
    return [(str(tag["data-outcome"]), str(tag.get("data-rule", ""))) for tag in page.select("div[data-outcome]")]


def form_values(page: BeautifulSoup) -> dict[str, str]:
    """What the register's form on the page would send as it stands."""
    form = next(tag for tag in page.select("form") if tag.select_one("input[name=csrf_token]") and _is_wide(tag))
    found: dict[str, str] = {}
    for tag in form.select("input[name], textarea[name], select[name]"):
        if tag.find_parent("template") is not None or tag.get("type") == "file":
            continue
        found[str(tag["name"])] = _typed(tag)
    return found


def _is_wide(form: Tag) -> bool:
    return len(form.select("input[name], textarea[name], select[name]")) > 5


def _typed(tag: Tag) -> str:
    if tag.name == "textarea":
        # The first line end of a text area belongs to the tag.
        return tag.get_text().replace("\r\n", "\n").removeprefix("\n")
    if tag.name == "select":
        chosen = tag.select_one("option[selected]") or tag.select_one("option")
        return str(chosen.get("value", "")) if chosen is not None else ""
    return str(tag.get("value", ""))


def history_values(page: BeautifulSoup, field: str) -> list[tuple[str, str]]:
    """Old and new text of a field in every entry of a history page, the latest first."""
    found = []
    for row in page.select(f'tr[data-field="{field}"]'):
        old, new = row.select_one("del"), row.select_one("ins")
        assert old is not None
        assert new is not None
        found.append((old.get_text(), new.get_text()))
    return found


def exported(browser: Signed, register: str, query: str = "") -> list[dict[str, str]]:
    """The rows of the CSV export by heading."""
    answer = browser.get(f"/admin/{register}/export/csv/{query}")
    assert answer.status_code == 200, answer.status
    rows = [row for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))) if row]
    return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]


def sent(browser: Signed, path: str, changed: Mapping[str, str]) -> Any:
    """The form at the address, filled in and sent."""
    return browser.send(path, {**form_values(browser.page(path)), **changed})
