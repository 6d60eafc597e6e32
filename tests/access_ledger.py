"""The part of the oracle that knows the after-sales ledger: who sees which line, by role, department, area and person.

Written from organisation.md 3.1 and decisions.md 1, 2 and 13. `tests.access_world` asks it for this register.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.accounts import Area

if TYPE_CHECKING:
    from tests.access_world import Person, World

REGISTER = "aftersales_ledger"


@dataclass(frozen=True)
class Line:
    """One line: who made it, where he works, in which area it moved, for which customer, how far it is."""

    key: str
    maker: str
    area: str
    of: str
    state: str = "open"
    movement: str = "received"
    department: str = "business"
    signers: tuple[str, ...] = ()


LINES = (
    Line("clerk_a", "business_clerk", "A", "plain"),
    Line("clerk_b", "business_clerk", "B", "deputised"),
    Line("staff_a", "service_staff", "A", "plain", department="customer_service"),
    Line("staff_b", "service_staff_2", "B", "deputised", department="customer_service"),
    Line("done_b", "business_clerk_2", "B", "deputised", "executed", signers=("dept_head_business",)),
    Line("scrap_a", "business_clerk", "A", "plain", "inspected", "scrap", signers=("quality_inspector",)),
)
READERS: Mapping[str, str] = {
    **dict.fromkeys(
        ("admin", "gm", "deputy_gm", "business_clerk", "quality_inspector", "archivist", "finance", "auditor"), "all"
    ),
    **dict.fromkeys(("warehouse_keeper", "logistics_specialist"), "all"),
    **dict.fromkeys(("dept_head", "service_manager"), "department"),
    "service_staff": "area",
    "complaint_handler": "own",
}
MAKERS = frozenset({"service_staff", "business_clerk"})
EXPORTERS = frozenset({"dept_head", "business_clerk", "auditor"})


def is_seen(who: Person, row: Line) -> bool:
    if not any(hat.role in READERS for hat in who.hats):
        return False
    if who.username in {row.maker, *row.signers}:
        return True
    return any(_reached(hat, READERS.get(hat.role, ""), row) for hat in who.hats)


def _reached(hat: Any, scope: str, row: Line) -> bool:
    """The business department keeps the register."""
    if scope == "department":
        return hat.department in {row.department, "business"}
    if scope == "area":
        return bool(hat.area == row.area)
    return scope == "all"


def ids(world: World, who: Person) -> set[int]:
    return {world.ledger[row.key] for row in LINES if is_seen(who, row)}


def linked(world: World, who: Person, customer: str) -> set[tuple[str, int]]:
    """The lines of a customer that the person sees."""
    return {(REGISTER, world.ledger[row.key]) for row in LINES if row.of == customer and is_seen(who, row)}


def populate(world: World) -> None:
    """Lines of customers of the world, each linked to a complaint of the same customer unless its maker reads none."""
    company = world.company
    product = company.catalogue["product"].model.select().order_by(company.catalogue["product"].model.id).get().id
    complaint = {"plain": world.cases["complaint"]["registered"], "deputised": world.cases["complaint"]["judged"]}
    for row in LINES:
        more: dict[str, Any] = {"complaint": "" if row.maker.startswith("service") else complaint[row.of]}
        world.ledger[row.key] = company.ledger_in(
            row.state,
            row.movement,
            row.maker,
            customer=world.customers[row.of],
            product=product,
            area=Area.get(Area.code == row.area).id,
            **more,
        )
