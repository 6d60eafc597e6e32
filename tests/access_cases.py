"""The part of the oracle that knows contracts, complaints and what follows from them: who sees which, by role, state and person.

Written from organisation.md 3, decisions.md 1, 2, 14, 23, 31 and 35. `tests.access_world` asks it for these registers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.access_world import Person, World


@dataclass(frozen=True)
class Case:
    """One record: who made it (and owns it), where he works, what state it is in."""

    key: str
    maker: str
    state: str
    of: str
    department: str = "sales"
    method: str = "return"
    signers: tuple[str, ...] = ()
    handler: str = ""


# Of a customer.
CONTRACTS = (
    Case("draft", "salesperson", "draft", "plain"),
    Case("signed", "salesperson_2", "signed", "deputised"),
    Case("consultant", "sales_consultant", "signed", "first_group"),
)
COMPLAINTS = (
    Case("registered", "salesperson", "registered", "plain"),
    Case("service", "service_staff", "registered", "plain", department="customer_service"),
    Case("judged", "salesperson_2", "judged", "deputised", handler="service_staff"),
    Case("told_1", "salesperson", "notified", "plain", handler="service_staff"),
    Case("told_2", "salesperson", "notified", "plain", handler="service_staff"),
    Case("told_3", "salesperson", "notified", "plain", handler="service_staff"),
    Case("told_4", "salesperson", "notified", "plain", handler="service_staff"),
    Case("paid", "salesperson", "notified", "secret", method="discount", handler="service_staff"),
    Case("closed", "salesperson_2", "closed", "deputised", method="answer", handler="service_staff"),
    Case("dropped", "salesperson", "void", "plain"),
)
# Of a complaint.
SLIPS = (
    Case("issued", "sales_clerk", "issued", "told_1"),
    Case("approved", "sales_clerk", "approved", "told_2", signers=("deputy_gm",)),
    Case("received", "sales_clerk", "received", "told_3", signers=("deputy_gm", "warehouse_keeper")),
    Case("void", "sales_clerk", "void", "told_4"),
)
CERTIFICATES = (Case("sealed", "sales_clerk", "sealed", "paid", method="discount", signers=("deputy_gm",)),)
CASES: Mapping[str, tuple[Case, ...]] = {
    "contract": CONTRACTS,
    "complaint": COMPLAINTS,
    "product_return": SLIPS,
    "sales_discount_certificate": CERTIFICATES,
}

_TOP = ("admin", "gm", "deputy_gm", "archivist", "finance", "auditor")
READERS: Mapping[str, Mapping[str, str]] = {
    "contract": {
        **dict.fromkeys((*_TOP, "service_manager", "service_staff", "business_clerk", "quality_inspector"), "all"),
        **dict.fromkeys(("dept_head", "sales_manager", "sales_clerk"), "department"),
        **dict.fromkeys(("salesperson", "sales_consultant", "key_account"), "own"),
    },
    "complaint": {
        **dict.fromkeys((*_TOP, "business_clerk", "quality_inspector"), "all"),
        **dict.fromkeys(("dept_head", "sales_manager", "service_manager"), "department"),
        **dict.fromkeys(("salesperson", "service_staff"), "own"),
        "sales_clerk": "decided",
    },
    "product_return": {
        **dict.fromkeys((*_TOP, "business_clerk", "quality_inspector"), "all"),
        **dict.fromkeys(("dept_head", "sales_manager", "sales_clerk", "service_manager"), "department"),
        "service_staff": "area",
        "warehouse_keeper": "approved",
    },
    "sales_discount_certificate": {
        **dict.fromkeys((*_TOP, "business_clerk"), "all"),
        **dict.fromkeys(("dept_head", "sales_manager", "sales_clerk", "service_manager"), "department"),
        "service_staff": "own",
    },
    "spare_part": dict.fromkeys(
        (
            "admin",
            "gm",
            "deputy_gm",
            "service_manager",
            "service_staff",
            "business_clerk",
            "quality_inspector",
            "finance",
            "warehouse_keeper",
            "auditor",
        ),
        "all",
    ),
}
EXPORTERS: Mapping[str, frozenset[str]] = {
    "contract": frozenset({"dept_head", "archivist", "auditor"}),
    "complaint": frozenset({"dept_head", "service_manager", "auditor"}),
    "product_return": frozenset({"deputy_gm", "finance", "auditor"}),
    "sales_discount_certificate": frozenset({"deputy_gm", "finance", "auditor"}),
    "spare_part": frozenset({"warehouse_keeper", "auditor"}),
    "product": frozenset(),
    "warehouse": frozenset(),
}
MAKERS: Mapping[str, frozenset[str]] = {
    "contract": frozenset({"salesperson", "sales_consultant", "key_account", "sales_clerk"}),
    "complaint": frozenset({"salesperson", "service_staff", "service_manager"}),
    "product_return": frozenset({"sales_clerk"}),
    "sales_discount_certificate": frozenset({"sales_clerk"}),
}
KEPT_BY: Mapping[str, frozenset[str]] = {
    "complaint": frozenset({"customer_service", "market"}),
    "product_return": frozenset({"business"}),
}
# What a limited view leaves out, by register and role.
HIDDEN: Mapping[tuple[str, str], str] = {
    ("complaint", "sales_clerk"): "complainant",
    ("complaint", "finance"): "complainant",
    **dict.fromkeys(
        [("contract", role) for role in ("service_manager", "service_staff", "business_clerk", "quality_inspector")],
        "signed_on",
    ),
}


def is_seen(who: Person, register: str, row: Case) -> bool:
    readers = READERS[register]
    if not any(hat.role in readers for hat in who.hats):
        return False
    if who.username in {row.maker, *row.signers}:
        return True
    return any(_reached(register, hat, readers.get(hat.role, ""), row) for hat in who.hats)


def _reached(register: str, hat: Any, scope: str, row: Case) -> bool:
    if register == "complaint" and hat.role == "service_staff" and row.state in {"judged", "notified"}:
        return True  # One of those who tell the customer.
    if scope == "department":
        return hat.department in {row.department, *KEPT_BY.get(register, ())}
    if scope == "decided":
        return row.state in {"judged", "notified", "closed"}
    if scope == "approved":
        return row.state not in {"issued", "void"}
    if scope == "area":
        return bool(hat.area == "A")  # The customer behind every slip here.
    return scope == "all" or (scope == "own" and hat.person in {row.maker, row.handler})


def ids(world: World, who: Person, register: str) -> set[int]:
    return {world.cases[register][row.key] for row in CASES[register] if is_seen(who, register, row)}


def linked(world: World, who: Person, customer: str) -> set[tuple[str, int]]:
    """Register and id of everything that the page of a customer lists for the person."""
    of_complaint = {row.key: row.of for row in COMPLAINTS}
    return {
        (register, world.cases[register][row.key])
        for register, rows in CASES.items()
        for row in rows
        if customer == of_complaint.get(row.of, row.of) and _tells_customer(who, register, row)
    }


def _tells_customer(who: Person, register: str, row: Case) -> bool:
    """A limited view names the customer by his name, not by the reference that his page is asked by."""
    whole = replace(who, hats=tuple(hat for hat in who.hats if (register, hat.role) not in HIDDEN))
    return is_seen(whole, register, row)


def populate(world: World) -> None:
    company = world.company
    product = company.product()
    part = company.spare_part()
    world.cases = {register: {} for register in CASES}
    world.cases["spare_part"] = {"part": part}
    for row in CONTRACTS:
        customer = world.customers[row.of]
        world.cases["contract"][row.key] = company.contract(row.maker, row.state, customer=customer)
    for row in COMPLAINTS:
        world.cases["complaint"][row.key] = company.complaint_in(
            row.state, row.method, row.maker, customer=world.customers[row.of], product=product
        )
    for row in SLIPS:
        complaint = world.cases["complaint"][row.of]
        world.cases["product_return"][row.key] = company.slip_in(row.state, complaint=complaint)
    for row in CERTIFICATES:
        complaint = world.cases["complaint"][row.of]
        made = company.certificate_in(row.state, complaint=complaint, kind=row.method)
        world.cases["sales_discount_certificate"][row.key] = made
