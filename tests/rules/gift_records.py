"""What the tests of gift rules share: the page of a record and an approved application."""

from __future__ import annotations

from typing import Any

from backoffice import clock
from tests.company import Company

REGISTER = "gift_signoff"


def page_of(company: Company, record: int, who: str = "salesperson") -> Any:
    with clock.set_to(company.now):
        return company.browser(who).page(f"/admin/{REGISTER}/details/?id={record}")


def approved(company: Company, **more: Any) -> int:
    return company.gift_in("approved", **more)
