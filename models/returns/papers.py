"""Guards, effects and computations of sales discount certificates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.goods.choices import MONEY_OUT
from models.outcomes import Allowed, Changes, Context, Put, Refused
from models.register import Text

_TAKEN = Text(
    "该投诉已有销货折扣证明单，一起投诉同时只能有一张。",
    "This complaint has a discount certificate already; there is one at a time.",
)

# ---- guards ------------------------------------------------------------------------------------------------------------


def paid_as_decided(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """What the decision granted, sealed by the customer, approved before it is posted (RET-07)."""
    if ctx.act in {"create", "update"}:
        return _decided(record, ctx)
    missing = _unsealed(record, ctx)
    if missing is not None:
        return missing
    if ctx.act == "posted" and ctx.signed_at("approval") is None:
        return Refused(
            Text("销售副总核签后才能作账。", "Nothing is posted without the deputy general manager's signature.")
        )
    return Allowed()


def _decided(record: Any, ctx: Context) -> Allowed | Refused:
    complaint = record.complaint
    if ctx.act == "create":
        if complaint.state not in {"notified", "closed"}:
            text = Text(
                "投诉须已判定并由客户接受，才能开证明单。",
                "A certificate needs a decision that is final and accepted by the customer.",
            )
            return Refused(text, "complaint")
        if complaint.method not in MONEY_OUT:
            text = Text(
                "该投诉的结论不是折扣或赔款。", "The decision on this complaint is neither discount nor compensation."
            )
            return Refused(text, "complaint")
        if complaint.settlement != "none":
            return Refused(_TAKEN, "complaint")
    if record.kind != complaint.method:
        return Refused(Text("类别须与判定一致。", "The kind must be the one decided."), "kind")
    if record.amount != complaint.amount:
        text = Text("金额须等于判定金额 {amount} 元。", "The amount must be the {amount} yuan decided.")
        return Refused(text.fill(amount=f"{complaint.amount:,.2f}"), "amount")
    return Allowed()


def _unsealed(record: Any, ctx: Context) -> Refused | None:
    day = record.customer_seal_on
    if day is None:
        return Refused(Text("请填客户签章日期。", "Give the day of the customer's seal."), "customer_seal_on")
    if day > ctx.today:
        return Refused(
            Text("签章日期不能晚于今天。", "The day of the seal cannot lie in the future."), "customer_seal_on"
        )
    if record.sealed_paper_id is None:
        return Refused(Text("请上传客户签章件。", "Upload the sealed paper."), "sealed_paper")
    return None


def posted_in_time(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if record.posted_on > ctx.today:
        return Refused(Text("作账日期不能晚于今天。", "The day of posting cannot lie in the future."), "posted_on")
    if record.customer_seal_on is not None and record.posted_on < record.customer_seal_on:
        return Refused(
            Text("作账日期不能早于客户签章日期。", "It cannot be posted before the customer's seal."), "posted_on"
        )
    return Allowed()


# ---- effects and computations ------------------------------------------------------------------------------------------


def take_complaint(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The complaint marked as having its certificate, unless somebody was first."""
    if ctx.act != "create":
        return Changes()
    mark = Put("complaint", record.complaint_id, {"settlement": "open"}, {"settlement": ("none",)}, _TAKEN)
    return Changes(put=(mark,))


def take_paper(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """What the complaint says: customer and order."""
    complaint = record.complaint
    return Changes(
        {
            "complaint_no": complaint.number,
            "customer": complaint.customer_id,
            "customer_name": complaint.customer_name,
            "order_no": complaint.order_no,
        }
    )


def finish_paper(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Posted, the case has what it ordered; void, another certificate may be made."""
    settled = "done" if ctx.act == "posted" else "none"
    return Changes(put=(Put("complaint", record.complaint_id, {"settlement": settled}),))
