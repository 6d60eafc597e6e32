"""Guards, effects and computations of return slips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.complaints.truth import plain
from models.goods.choices import GOODS_BACK
from models.outcomes import Allowed, Changes, Context, Put, Refused
from models.register import Text

_TAKEN = Text(
    "该投诉已有退货单，一起投诉同时只能有一张。",
    "This complaint has a return slip already; there is one at a time.",
)

# ---- guards ------------------------------------------------------------------------------------------------------------


def decided_to_return(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """A final decision that the customer accepted, for return or rework, and no slip on it yet; the slip says the same."""
    complaint = record.complaint
    if ctx.act == "create":
        if complaint.state not in {"notified", "closed"}:
            text = Text(
                "投诉须已判定并由客户接受，才能开退货单。",
                "A slip needs a decision that is final and accepted by the customer.",
            )
            return Refused(text, "complaint")
        if complaint.method not in GOODS_BACK:
            text = Text(
                "该投诉的结论不是退货或重处理。", "The decision on this complaint is neither return nor rework."
            )
            return Refused(text, "complaint")
        if complaint.settlement != "none":
            return Refused(_TAKEN, "complaint")
    if record.handling and complaint.method in GOODS_BACK and record.handling != complaint.method:
        return Refused(Text("处理方式须与判定一致。", "The way of disposal must be the one decided."), "handling")
    return Allowed()


def approved_before_receipt(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if ctx.signed_at("approval") is None:
        return Refused(
            Text("销售副总核示后仓库才能签收。", "The warehouse receives after the deputy general manager's approval.")
        )
    return Allowed()


def goods_checked(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """How much came back and when: above zero, not more than approved, not in the future."""
    received, day = record.received_qty, record.received_on
    if received is None:
        return Refused(Text("请填实退量。", "Give the quantity received."), "received_qty")
    if received <= 0:
        return Refused(Text("实退量必须大于零。", "The quantity received must be above zero."), "received_qty")
    if record.approved_qty is not None and received > record.approved_qty:
        text = Text(
            "实退量不能超过核定退货量 {approved}，须重新核定。",
            "Not more than the approved {approved} can be received without a new decision.",
        )
        return Refused(text.fill(approved=plain(record.approved_qty)), "received_qty")
    if day is None:
        return Refused(Text("请填签收日期。", "Give the day of receipt."), "received_on")
    if day > ctx.today:
        return Refused(Text("签收日期不能晚于今天。", "The day of receipt cannot lie in the future."), "received_on")
    return Allowed()


def equal_before_voucher(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Finance goes on only when what came back is what was approved; a difference is reported only where there is one."""
    if ctx.act == "received" or record.received_qty is None or record.approved_qty is None:
        return Allowed()
    difference = record.approved_qty - record.received_qty
    if ctx.act == "disputed" and not difference:
        return Refused(
            Text("实退量与核定退货量一致，没有差异。", "What came back is what was approved: no difference.")
        )
    if ctx.act in {"reconciled", "posted"} and difference:
        text = Text(
            "核定 {approved}，实退 {received}，差异 {difference}：不一致不能开传票，须重新核定。",
            "Approved {approved}, received {received}, difference {difference}: no voucher without a new decision.",
        )
        numbers = {
            "approved": plain(record.approved_qty),
            "received": plain(record.received_qty),
            "difference": plain(difference),
        }
        return Refused(text.fill(**numbers))
    return Allowed()


# ---- effects and computations ------------------------------------------------------------------------------------------


def take_complaint(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The complaint marked as having its slip, unless somebody was first."""
    if ctx.act != "create":
        return Changes()
    mark = Put("complaint", record.complaint_id, {"settlement": "open"}, {"settlement": ("none",)}, _TAKEN)
    return Changes(put=(mark,))


def take_slip(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """What the complaint decides for the slip: customer, order, approved quantity."""
    complaint = record.complaint
    return Changes(
        {
            "complaint_no": complaint.number,
            "customer": complaint.customer_id,
            "customer_name": complaint.customer_name,
            "order_no": complaint.order_no,
            "approved_qty": complaint.approved_qty,
        }
    )


def fill_slip(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Product, specification and batch as the complaint has them, where nothing else was typed."""
    complaint = record.complaint
    same = record.product_id in {None, complaint.product_id}
    specification = complaint.specification if same else record.product.specification
    return Changes(
        {
            "product": record.product_id or complaint.product_id,
            "specification": record.specification or specification,
            "batch_no": record.batch_no or (complaint.batch_no if same else ""),
        }
    )


def take_difference(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    if ctx.act != "received" or record.received_qty is None or record.approved_qty is None:
        return Changes()
    return Changes({"difference": record.approved_qty - record.received_qty})


def decide_again(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes | Refused:
    """A difference decided by a corrected quantity, on the complaint too; then the warehouse signs anew."""
    if record.state != "disputed":
        return Changes()
    if not inputs["reason"]:
        return Refused(Text("请写明改变核定退货量的理由。", "Say why the approved quantity changes."), "reason")
    delivered = record.complaint.delivered_qty
    if delivered is not None and record.approved_qty > delivered:
        text = Text("不能多于交运数量 {delivered}。", "Not more than the {delivered} delivered can come back.")
        return Refused(text.fill(delivered=plain(delivered)), "approved_qty")
    corrected = Put("complaint", record.complaint_id, {"approved_qty": record.approved_qty})
    return Changes({"received_qty": None, "received_on": None, "difference": None}, put=(corrected,))


def finish_slip(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Posted, the case has what it ordered; void, another slip may be made."""
    settled = "done" if ctx.act == "posted" else "none"
    return Changes(put=(Put("complaint", record.complaint_id, {"settlement": settled}),))
