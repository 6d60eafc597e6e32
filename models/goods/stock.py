"""What moves the stock of spare parts: taking in and counting; services take out (SVC-39)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from models.outcomes import Changes, Context, Insert, Refused
from models.register import Choice, Text

KINDS = (
    Choice("in", "入库", "in"),
    Choice("count", "盘点差异", "count difference"),
    Choice("used", "用件", "used"),
)


def movement(
    part: int, kind: str, quantity: Decimal, balance: Decimal, ctx: Context, *, source: str = "", reason: str = ""
) -> Insert:
    """The row that tells of one movement; `quantity` carries the sign, `balance` is what there is after it."""
    values = {
        "at": ctx.now,
        "kind": kind,
        "quantity": quantity,
        "balance": balance,
        "source": source,
        "by": ctx.actor.id,
        "reason": reason,
    }
    return Insert("spare_part", "movements", part, values)


def name_part(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes | Refused:
    """What the stock is called in pickers, and its unit: both from the product."""
    name = f"{record.product} · {record.warehouse}"
    return Changes({"name": name, "unit": record.product.unit})


def take_in(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    quantity = Decimal(inputs["quantity"])
    balance = record.stock + quantity
    row = movement(record.id, "in", quantity, balance, ctx, reason=str(inputs.get("reason") or ""))
    return Changes({"stock": balance}, insert=(row,))


def book_count(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes | Refused:
    """The book brought to the counted quantity; a difference needs a reason."""
    counted = Decimal(inputs["counted"])
    difference = counted - record.stock
    if not difference:
        return Changes()
    reason = str(inputs.get("reason") or "")
    if not reason:
        text = Text(
            "实盘与账面 {book} 不符，请写明原因。", "The count differs from {book} in the book: give the reason."
        )
        return Refused(text.fill(book=f"{record.stock:f}".rstrip("0").rstrip(".")), "reason")
    return Changes({"stock": counted}, insert=(movement(record.id, "count", difference, counted, ctx, reason=reason),))
