"""What acts on a ledger line write: the inspection, the moment of execution, the counter line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.ledger.choices import USUAL_DISPOSITION
from models.ledger.truth import staff_of, unit_of
from models.outcomes import Changes, Context, Create, Put
from models.register import Text

# What a counter line repeats of the line it reverses.
MIRRORED = (
    "customer_name",
    "specification",
    "batch_no",
    "unit",
    "movement",
    "quantity",
    "amount",
    "ground",
    "order",
    "third_party",
    "claim",
    "inspection_no",
    "inspection_result",
    "inspected_on",
)
REPEATED = (
    "area",
    "area_staff",
    "customer",
    "product",
    "contract",
    "service_entry",
    "complaint",
    "return_slip",
    "inspected_by",
)


def fill_line(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The customer's name, the unit, and the complaint behind the slip."""
    values: dict[str, Any] = {"customer_name": record.customer.name, "unit": unit_of(record)}
    if record.return_slip_id is not None and record.complaint_id is None:
        values["complaint"] = record.return_slip.complaint_id
    return Changes(values)


def propose_staff(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Whoever is in charge of the area, unless another of its staff is named."""
    if record.area_staff_id is not None:
        return Changes()
    return Changes({"area_staff": staff_of(record.area_id)[0]})


def inspect(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    return Changes({"inspected_by": ctx.actor.id, "inspected_on": record.inspected_on or ctx.today})


def bear_fee(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The company bears the fee where a quality problem was found, the customer where there was none."""
    payer = {"failed": "company", "passed": "customer"}.get(record.inspection_result, "")
    return Changes({"fee_payer": payer})


def execute(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The moment from which the line counts."""
    disposition = record.disposition or USUAL_DISPOSITION.get(record.movement, "pending")
    return Changes({"executed_at": ctx.now, "executed_by": ctx.actor.id, "disposition": disposition})


def tell(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    return Changes({"refusal_told_on": record.refusal_told_on or ctx.today})


def refuse(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """A counter line that is refused leaves the line it was to reverse as it had been executed."""
    if record.reverses_id is None:
        return Changes()
    text = Text("原台帐已变更，请重试。", "The line to be reversed has changed meanwhile; try again.")
    back = Put("aftersales_ledger", record.reverses_id, {"state": "executed"}, {"state": ("reversed",)}, text)
    return Changes(put=(back,))


def reverse(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The counter line, dated today and waiting for the approval that the line needed; it moves the opposite way."""
    values = {name: getattr(record, name) for name in MIRRORED}
    values.update({name: getattr(record, f"{name}_id") for name in REPEATED})
    values.update(happened_on=ctx.today, reverses=record.id, remarks=str(inputs.get("reason") or ""))
    return Changes(create=(Create("aftersales_ledger", values),))
