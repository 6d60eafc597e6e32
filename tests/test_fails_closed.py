"""When the policy itself breaks, nothing is shown: no door answers with data it could not judge. And some headers of every answer."""

from __future__ import annotations

import pytest

from backoffice import clock
from backoffice.access import Access
from tests.company import Company


def broken(*_: object, **__: object) -> bool:
    raise RuntimeError("the policy is broken")


@pytest.mark.parametrize("name", ["may", "scope", "views", "shown", "clear"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_broken_policy_shows_nothing(company: Company, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.set_to(company.now):
        record = company.customer("salesperson", name="失灵公司")
        browser = company.browser("salesperson")
        assert "失灵公司" in browser.get(f"/admin/customer_archive/details/?id={record}").text
        monkeypatch.setattr(Access, name, broken)
        for door in (f"details/?id={record}", f"history/?id={record}", f"edit/?id={record}", "", "export/csv/"):
            answer = browser.get(f"/admin/customer_archive/{door}")
            assert answer.status_code in {403, 404, 500}, door
            assert "失灵公司" not in answer.text, door
            assert "the policy is broken" not in answer.text, door


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_answers_say_what_they_are_and_share_nothing(company: Company) -> None:
    """Type and character set on every page, no CORS header anywhere, what cannot be a page never sent as one."""
    with clock.set_to(company.now):
        browser = company.browser("sales_manager")
        company.customer("salesperson")
        for path in ("/", "/admin/customer_archive/", "/admin/customer_archive/export/csv/", "/nowhere", "/healthz"):
            answer = browser.get(path)
            assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")], path
            kind = answer.headers["Content-Type"]
            assert kind.startswith(("text/html; charset=utf-8", "text/csv; charset=utf-8", "application/json")), path
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        lookup = browser.get("/admin/customer_archive/ajax/lookup/?name=referrer&query=")
        assert lookup.headers["Content-Type"].startswith("application/json")
        for path in ("/.git/config", "/.env", "/admin/", "/console", "/static/", "/static/../app.py", "/backup"):
            assert browser.get(path).status_code in {403, 404}, path
