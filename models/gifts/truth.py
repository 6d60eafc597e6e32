"""What a gift application must be to be handed in, and what a save works out: day, mark, unit values, total."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from models.outcomes import Allowed, Changes, Context, Refused
from models.register import Text

# ---- guards ------------------------------------------------------------------------------------------------------------


def applied_for(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """No issue without an application that was handed in."""
    if ctx.act == "issued" and not ctx.acted("submitted"):
        return Refused(Text("未提交申请的礼品不能领取。", "Gifts are not issued without a submitted application."))
    return Allowed()


def consent_for_roadshow(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    consented = ctx.signed_at("manager_sign") is not None and ctx.signed_at("gm_sign") is not None
    if record.purpose == "roadshow" and not consented:
        return Refused(
            Text(
                "巡展礼品须经理与总经理先后同意。",
                "Gifts for a roadshow need the manager's and the general manager's consent.",
            )
        )
    return Allowed()


def applied_before_visit(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if ctx.act == "issued" and record.after_the_fact:
        return Refused(
            Text("事后补单：申请日期晚于拜访日期，不能领取。", "Applied for after the visit: this can never be issued.")
        )
    return Allowed()


def has_value(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Quantities of at least one piece and gifts with a value above zero."""
    for index, line in enumerate(ctx.lines("lines")):
        if line.quantity is None or line.quantity < 1:
            name = f"{_prefix(line, index)}-quantity"
            return Refused(Text("数量必须大于零。", "The quantity must be above zero."), name)
        if line.gift.unit_value <= 0:
            name = f"{_prefix(line, index)}-gift"
            return Refused(Text("该礼品没有登记单位价值。", "This gift has no value above zero."), name)
    return Allowed()


def _prefix(line: Any, index: int) -> str:
    """The name that the form gives to the fields of this line."""
    return str(getattr(line, "typed_prefix", f"lines-{index}"))


# ---- computations ------------------------------------------------------------------------------------------------------


def date_application(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The day of application: that of the draft, and anew that of its first submission."""
    first = ctx.act == "create" or (ctx.act == "submitted" and not ctx.acted("submitted"))
    return Changes({"applicant": record.owner_id, "applied_on": ctx.today}) if first else Changes()


def mark_after_the_fact(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Whether it was applied for only after the visit (事后补单). The day of the visit itself is in time."""
    applied = record.applied_on or ctx.today
    return Changes({"after_the_fact": record.visit_on is not None and applied > record.visit_on})


def value_lines(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Unit values copied from the stock, amounts and total; exact, as quantities are whole."""
    values = [
        {"unit_value": line.gift.unit_value, "amount": line.gift.unit_value * line.quantity}
        for line in ctx.lines("lines")
    ]
    return Changes({"total_value": sum((value["amount"] for value in values), Decimal(0))}, {"lines": values})
