"""What tests of the customer archive share: a prospect ready to become a target, and customers in every stage."""

from __future__ import annotations

import datetime as dt
from typing import Any

from backoffice import clock
from models.accounts import Delegation
from models.registers.customer_archive import CustomerArchive
from tests.company import Company

REGISTER = "customer_archive"
ASSESSED = {
    "market_potential": "high",
    "development_direction": "扩建二期",
    "credit_capacity": "medium",
    "competitiveness": "high",
}
PLAN = [{"date": "2026-04-01", "goal": "登门拜访"}]


def customer(record: int) -> Any:
    return CustomerArchive.get_by_id(record)


def page_of(company: Company, record: int, who: str) -> Any:
    with clock.set_to(company.now):
        return company.browser(who).page(f"/admin/{REGISTER}/details/?id={record}")


def ready(company: Company, owner: str = "salesperson", **more: Any) -> int:
    """A prospect that may become a target."""
    return company.customer(owner, **{**ASSESSED, "plan_steps": PLAN, **more})


def customer_in(company: Company, state: str, owner: str = "salesperson", **more: Any) -> int:
    """A customer brought to a stage along the usual road."""
    record = ready(company, owner, **more)
    road = {
        "target": (owner, "target", {}),
        "signed": ("archivist", "signed", {"contract_no": "HT-2026-001"}),
        "dormant": ("sales_manager", "dormant", {"reason": "半年无往来"}),
        "archived": ("dept_head", "archived", {}),
    }
    if state == "void":
        company.done("archivist", REGISTER, record, "void", {"reason": "资料有误"})
    elif state != "potential":
        for name, (who, act, inputs) in road.items():
            company.done(who, REGISTER, record, act, inputs)
            if name == state:
                break
    return record


def pair(company: Company) -> tuple[int, int]:
    """Two customers with one telephone, in two writings; the second is suspected."""
    first = company.customer("salesperson", phone="135 5550 0112")
    return first, company.customer("key_account", phone="13555500112")


def absent(company: Company, owner: str, to: str, days: int = 1) -> None:
    """The owner is away, by a delegation of some role to somebody, until so many days from today."""
    today = company.now.date()
    Delegation.create(
        owner=company.users[owner],
        delegate=company.users[to],
        role="salesperson",
        starts_on=today - dt.timedelta(days=7),
        ends_on=today + dt.timedelta(days=days),
        reason="年假",
        created_at=company.now,
        updated_at=company.now,
    )
