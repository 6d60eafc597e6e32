"""What the acts on gifts demand and write: collection, signature of the customer, return, non-delivery, closing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from models.customers.contact import contacted
from models.outcomes import Allowed, Changes, Context, Refused
from models.register import Text
from models.registers.gift_item import moved

CENT = Decimal("0.01")

# Which quantity an act enters. What is entered is added to what stands.
ENTERS = {
    "signed": "signed_qty",
    "partly_signed": "signed_qty",
    "returned": "returned_qty",
    "undelivered": "undelivered_qty",
}

# ---- guards ------------------------------------------------------------------------------------------------------------


def signed_for(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Customer's signer, day and sheet: for every signature, and at closing wherever something was signed for."""
    if ctx.act == "closed" and not any(line.signed_qty for line in ctx.lines("lines")):
        return Allowed()
    missing = next(_missing_signature(record), None)
    if missing is not None:
        return missing if ctx.act != "closed" else Refused(missing.reason)
    if ctx.act == "closed":
        return Allowed()
    if ctx.account_named(record.signoff_signer):
        return Refused(
            Text("签收人须为客户，不能是本公司人员。", "The signer must be the customer's, not one of our staff."),
            "signoff_signer",
        )
    return _day_of_signature(record, ctx)


def _missing_signature(record: Any) -> Iterator[Refused]:
    if not record.signoff_signer.strip():
        yield Refused(Text("请填写客户签收人。", "Name the customer's signer."), "signoff_signer")
    if record.signoff_on is None:
        yield Refused(Text("请填写签收日期。", "Give the day of the signature."), "signoff_on")
    if record.signoff_file_id is None:
        yield Refused(Text("请上传礼品签收单。", "Add the signed sheet."), "signoff_file")


def _day_of_signature(record: Any, ctx: Context) -> Allowed | Refused:
    if record.signoff_on > ctx.today:
        return Refused(Text("签收日期不能晚于今天。", "The signature cannot lie in the future."), "signoff_on")
    if record.issued_at is not None and record.signoff_on < ctx.local(record.issued_at).date():
        return Refused(
            Text("签收日期不能早于领取日期。", "The signature cannot be earlier than the issue."), "signoff_on"
        )
    return Allowed()


def within_what_was_issued(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Nothing beyond what is still open; at closing nothing is open any more."""
    lines = ctx.lines("lines")
    if ctx.act == "issued":
        return Allowed()
    if ctx.act == "closed":
        left = sum(_open(line) for line in lines)
        return _refuse_open(left) if any(_open(line) for line in lines) else Allowed()
    column, amounts = ENTERS[ctx.act], _amounts(inputs, ctx)
    for index, (line, amount) in enumerate(zip(lines, amounts, strict=True)):
        if not 0 <= amount <= _open(line):
            bounds = Text("数量须在 0 与未结数量 {open} 之间。", "The quantity must lie between 0 and the open {open}.")
            return Refused(bounds.fill(open=_open(line)), f"lines-{index}-{column}")
    return _whole_or_part(ctx.act, sum(amounts), sum(_open(line) for line in lines), f"lines-0-{column}")


def _refuse_open(left: int) -> Refused:
    return Refused(
        Text(
            "签收、退回、未送达之和须等于领取数量，还差 {left}。",
            "Signed for, returned and undelivered must add up to what was issued; {left} are open.",
        ).fill(left=left)
    )


def _whole_or_part(act: str, entered: int, left: int, field: str) -> Allowed | Refused:
    if entered == 0:
        return Refused(Text("请填写大于零的数量。", "Enter a quantity above zero."), field)
    if act == "signed" and entered < left:
        return Refused(Text("未全部签收，请用“部分签收”。", "Not all is signed for: use “signed in part”."), field)
    if act == "partly_signed" and entered == left:
        return Refused(Text("已全部签收，请用“签收”。", "Everything is signed for: use “signed”."), field)
    return Allowed()


# ---- effects -----------------------------------------------------------------------------------------------------------


def register_collection(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    return Changes({"issued_at": ctx.now})


def enter_quantities(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """What was entered added to what stands. What the customer signed for is a contact with him (decisions.md 6)."""
    column = ENTERS[ctx.act]
    lines = ctx.lines("lines")
    amounts = _amounts(inputs, ctx)
    added = [{column: getattr(line, column) + amount} for line, amount in zip(lines, amounts, strict=True)]
    met = record.customer is not None and column == "signed_qty"
    return Changes(lines={"lines": added}, put=contacted(record.customer, ctx.today) if met else ())


def _open(line: Any) -> int:
    """Pieces of a line that are neither signed for, returned nor confirmed as undelivered."""
    return int(line.quantity - line.signed_qty - line.returned_qty - line.undelivered_qty)


def _entered(inputs: Mapping[str, Any], line: Any, column: str) -> int | None:
    """What the form of the act says in this column of the line, None when it was left empty."""
    return next((typed.get(column) for typed in inputs.get("lines") or () if typed["id"] == line.id), None)


def _amounts(inputs: Mapping[str, Any], ctx: Context) -> list[int]:
    """Pieces that the act enters, a number for each line. Only `signed` takes an empty entry as all that is open."""
    amounts = []
    for line in ctx.lines("lines"):
        typed = _entered(inputs, line, ENTERS[ctx.act])
        amounts.append(typed if typed is not None else (_open(line) if ctx.act == "signed" else 0))
    return amounts


# ---- computations ------------------------------------------------------------------------------------------------------


def move_stock(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Stock out at issue, in again at a return, one movement for each gift."""
    if ctx.act not in {"issued", "returned"}:
        return Changes()
    gifts = {line.gift_id: line.gift for line in ctx.lines("lines")}
    pieces: Counter[int] = Counter()
    for line in ctx.lines("lines"):
        pieces[line.gift_id] += -line.quantity if ctx.act == "issued" else _entered(inputs, line, "returned_qty") or 0
    parts = [
        moved(gifts[gift], ctx.act, quantity, ctx, record.number, "GIFT-13")
        for gift, quantity in pieces.items()
        if quantity
    ]
    return Changes(
        adjust=tuple(adjust for part in parts for adjust in part.adjust),
        insert=tuple(insert for part in parts for insert in part.insert),
    )


def fine_undelivered(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The fine on all pieces confirmed as not delivered so far: multiple × unit value × pieces.

    > 2 of 3 boxes at 88.50 yuan, tenfold: 1770.00
    """
    value = sum((line.unit_value * line.undelivered_qty for line in ctx.lines("lines")), Decimal(0))
    fine = ctx.param("fine.gift_undelivered_multiple") * value
    return Changes({"fine_amount": fine.quantize(CENT, ROUND_HALF_UP)})
