"""What a complaint must be, what its decision needs, and when its case may end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.goods.choices import GOODS_BACK, MONEY_OUT
from models.outcomes import Allowed, Changes, Context, Refused
from models.register import Text

# ---- guards ------------------------------------------------------------------------------------------------------------


def facts_in_order(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Received already, and not more defective than delivered."""
    if record.received_at > ctx.now:
        return Refused(Text("受理时间不能晚于现在。", "It cannot have been received in the future."), "received_at")
    delivered, defective = record.delivered_qty, record.defective_qty
    if delivered is not None and defective is not None and defective > delivered:
        text = Text(
            "不良数量不能多于交运数量 {delivered}。", "Not more can be defective than the {delivered} delivered."
        )
        return Refused(text.fill(delivered=plain(delivered)), "defective_qty")
    return Allowed()


def told_after_decision(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """The customer is told after the decision and agrees after being told; neither lies in the future."""
    for name, earliest in (("notified_on", record.decided_on), ("accepted_on", record.notified_on)):
        day = getattr(record, name)
        if day > ctx.today:
            return Refused(Text("日期不能晚于今天。", "The day cannot lie in the future."), name)
        if earliest is not None and day < earliest:
            text = Text("不能早于 {day}。", "It cannot be before {day}.")
            return Refused(text.fill(day=earliest.isoformat()), name)
    return Allowed()


# ---- effects and computations ------------------------------------------------------------------------------------------


def fill_complaint(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The customer's name as the complaint keeps it, the receiver, and the specification of the product unless another is typed."""
    values: dict[str, Any] = {
        "customer_name": record.customer.name if record.customer_id else "",
        "specification": record.specification or record.product.specification,
    }
    if ctx.act == "create":
        values["received_by"] = ctx.actor.id
    return Changes(values)


def decide(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes | Refused:
    """The decision: goods that come back need their quantity, money that goes out its amount, other ways neither."""
    back, pays = record.method in GOODS_BACK, record.method in MONEY_OUT
    if back and record.approved_qty is None:
        return Refused(Text("请写核定退货量。", "Give the quantity that may come back."), "approved_qty")
    if pays and record.amount is None:
        return Refused(Text("请写金额。", "Give the amount."), "amount")
    if back and record.delivered_qty is not None and record.approved_qty > record.delivered_qty:
        text = Text("不能多于交运数量 {delivered}。", "Not more than the {delivered} delivered can come back.")
        return Refused(text.fill(delivered=plain(record.delivered_qty)), "approved_qty")
    return Changes(
        {
            "approved_qty": record.approved_qty if back else None,
            "amount": record.amount if pays else None,
            "decision": inputs["reason"],
            "decided_on": ctx.today,
        }
    )


def end_of_case(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes | Refused:
    """A case closes only when the paper that its decision ordered is finished; it is dropped only while there is none."""
    ordered = record.method in (*GOODS_BACK, *MONEY_OUT)
    if ctx.act == "closed" and ordered and record.settlement != "done":
        return Refused(
            Text(
                "判定要求的退货单或销货折扣证明单尚未办结，不能结案。",
                "The return slip or discount certificate that the decision ordered is not finished yet.",
            )
        )
    if ctx.act == "unaccepted" and record.settlement != "none":
        return Refused(
            Text(
                "退货单或销货折扣证明单已开，须先作废该单据。",
                "A return slip or discount certificate was made already; it must be voided first.",
            )
        )
    return Changes()


def plain(value: Any) -> str:
    """> 20   0.36"""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
