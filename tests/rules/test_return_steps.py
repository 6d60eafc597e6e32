"""The rules of the steps of a return: none is skipped, and no two are taken by one person."""

from __future__ import annotations

import datetime as dt

import pytest

from backoffice import clock
from backoffice.outcomes import Declined
from models.accounts import Delegation, UserRole
from tests.company import Company
from tests.rules.return_papers import PAPER, SLIP, slip
from tests.rules.walks import YES, on_sqlite, refused_by

# ---- RET-08: no step is skipped ----------------------------------------------------------------------------------------


_STEPS = {
    "approved": ("deputy_gm", {}),
    "received": ("warehouse_keeper", {"received_qty": "20"}),
    "reconciled": ("finance", {}),
    "posted": ("finance", {"posting_no": "PZ-1"}),
}


@pytest.mark.rule("RET-08")
@pytest.mark.parametrize(
    ("state", "step"),
    [
        ("approved", "approved"),
        ("approved", "reconciled"),
        ("received", "posted"),
        ("received", "received"),
        ("reconciled", "received"),
        ("posted", "posted"),
        ("disputed", "received"),
    ],
)
def test_a_step_out_of_order_is_refused(company: Company, state: str, step: str) -> None:
    record = company.slip_in(state)
    who, typed = _STEPS[step]
    refused_by(company.do(who, SLIP, record, step, typed), "RET-08")
    assert slip(record).state == state


@on_sqlite
def test_a_later_step_by_its_address_leaves_the_state(company: Company) -> None:
    record = company.slip_in("received")
    with clock.set_to(company.now):
        answer = company.browser("finance").send(
            f"/admin/{SLIP}/transition/posted/?id={record}", {"posting_no": "PZ-1"}
        )
    assert answer.status_code == 409
    assert slip(record).state == "received"


# ---- LED-12: different people ------------------------------------------------------------------------------------------


def hat(company: Company, who: str, *roles: str) -> None:
    for role in roles:
        UserRole.create(user=company.users[who], role=role)


@pytest.mark.rule("LED-12")
@pytest.mark.parametrize(
    ("state", "who", "role", "step"),
    [
        ("approved", "sales_clerk", "warehouse_keeper", "received"),
        ("received", "sales_clerk", "finance", "reconciled"),
        ("reconciled", "sales_clerk", "finance", "posted"),
        ("approved", "deputy_gm", "warehouse_keeper", "received"),
        ("received", "deputy_gm", "finance", "reconciled"),
        ("reconciled", "deputy_gm", "finance", "posted"),
        ("received", "warehouse_keeper", "finance", "reconciled"),
        ("reconciled", "warehouse_keeper", "finance", "posted"),
    ],
)
def test_nobody_takes_two_steps_of_one_return(company: Company, state: str, who: str, role: str, step: str) -> None:
    record = company.slip_in(state)
    hat(company, who, role)
    outcome = company.do(who, SLIP, record, step, _STEPS[step][1])
    assert isinstance(outcome, Declined), outcome
    # Of one's own record two rules say so; the other names it where there is no signature.
    assert outcome.rule == "LED-12", outcome
    other = {"warehouse_keeper": "warehouse_keeper_2", "finance": "finance_2"}[role]
    company.done(other, SLIP, record, step, _STEPS[step][1])


@pytest.mark.rule("LED-12")
def test_a_delegation_makes_no_second_person(company: Company) -> None:
    record = company.slip_in("received")
    Delegation.create(
        owner=company.users["finance"],
        delegate=company.users["warehouse_keeper"],
        role="finance",
        starts_on=company.now.date() - dt.timedelta(days=1),
        ends_on=company.now.date() + dt.timedelta(days=1),
        reason="年假",
        created_at=company.now,
        updated_at=company.now,
    )
    refused_by(company.do("warehouse_keeper", SLIP, record, "reconciled"), "LED-12")


@pytest.mark.rule("ACL-03")
def test_nobody_approves_a_certificate_of_his_own(company: Company) -> None:
    record = company.certificate()
    hat(company, "sales_clerk", "deputy_gm")
    refused_by(company.do("sales_clerk", PAPER, record, "approved", YES), "ACL-03")
