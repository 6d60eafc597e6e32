"""What the tests of key rules share: readers of a line and its page, issue and return."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from backoffice import clock
from backoffice.outcomes import Outcome
from models.registers.car_key import CarKey
from models.registers.key_checkout import KeyCheckout
from tests.company import CHECKED, Company

REGISTER = "key_checkout"
MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)


def line(record: int) -> Any:
    return KeyCheckout.get_by_id(record)


def key_of(record: int) -> str:
    return str(CarKey.get_by_id(line(record).key_id).state)


def page_of(company: Company, record: int, who: str = "custodian_5s") -> Any:
    with clock.set_to(company.now):
        return company.browser(who).page(f"/admin/{REGISTER}/details/?id={record}")


def back(
    company: Company, record: int, at: dt.datetime, typed: Mapping[str, Any] | None = None, who: str = "custodian_5s"
) -> Outcome:
    return company.do(who, REGISTER, record, "returned", {**CHECKED, **(typed or {})}, now=at)


def issue(company: Company, record: int, who: str = "custodian_5s", **typed: Any) -> Outcome:
    return company.do(who, REGISTER, record, "issued", typed)
