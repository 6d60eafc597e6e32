"""What the acts on a service demand and write: dispatch, work, parts, signatures, money, archive, findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from models.customers.contact import contacted
from models.goods.stock import movement
from models.outcomes import Adjust, Allowed, Changes, Context, Insert, Refused
from models.register import Text
from models.services.times import minute, months_later
from models.services.truth import HEADS, INTERNAL

CENT = Decimal("0.01")
# What belongs to one visit and begins anew with the next; a charge that was agreed stays.
_OF_A_VISIT: Mapping[str, Any] = {
    "arrived_at": None,
    "started_at": None,
    "finished_at": None,
    "work_done": "",
    "cause": "",
    "measure": "",
    "charge_mode": "",
    "volume_month": "",
    "retention_until": None,
}

# ---- dispatch ----------------------------------------------------------------------------------------------------------


def sent_by_another(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """The manager sends somebody else; sending out again says why it was not solved."""
    if record.dispatched_to_id == ctx.actor.id:
        return Refused(Text("不能派工给自己。", "Nobody dispatches himself."), "dispatched_to")
    again = ctx.before("state") in {"on_site", "finished"}
    if again and not str(inputs.get("reason") or "").strip():
        return Refused(Text("未解决再次派工须写明原因。", "Say why it was not solved."), "reason")
    return Allowed()


def away_approved(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Nobody leaves for another town before his application is approved."""
    if not record.out_of_town:
        return Allowed()
    found = ctx.found("out_of_town_application", service_entry=record.id, state=("approved", "done"))
    people = {line.person_id for one in found for line in ctx.lines_of("out_of_town_application", one.id, "people")}
    if not found:
        text = Text(
            "异地服务须先有经部门经理核准的异地服务申请单。",
            "Service in another town needs an approved out-of-town application first.",
        )
        return Refused(text)
    if record.dispatched_to_id not in people:
        text = Text(
            "已核准的异地服务申请单未列该服务人员。", "No approved out-of-town application names this technician."
        )
        return Refused(text, "dispatched_to")
    return Allowed()


def send_out(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """To the technician, who owns it from now on. A visit that did not solve it is kept among the visits."""
    values: dict[str, Any] = {
        "dispatched_by": ctx.actor.id,
        "dispatched_at": ctx.now,
        "visit_count": record.visit_count + 1,
    }
    if record.dispatched_to_id is not None:
        values["owner"] = record.dispatched_to_id
    if ctx.before("state") not in {"on_site", "finished"}:
        return Changes(values)
    return Changes({**values, **_OF_A_VISIT}, insert=(_visit(record, str(inputs.get("reason") or ""), ctx),))


def _visit(record: Any, reason: str, ctx: Context) -> Insert:
    kept = ("dispatched_at", "arrived_at", "started_at", "finished_at", "work_done")
    values = {name: ctx.before(name) for name in kept}
    values.update(visit_no=record.visit_count, technician=ctx.before("dispatched_to"), reason=reason)
    values["position"] = record.visit_count
    return Insert("service_log", "visits", 0, values)


# ---- work --------------------------------------------------------------------------------------------------------------


def tell_customer(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """A finished service is a contact with its customer (decisions.md 6)."""
    day = ctx.local(record.finished_at).date() if record.finished_at is not None else ctx.today
    return Changes(put=contacted(record.customer, day) if record.customer is not None else ())


def collect_on_the_spot(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """A charge up to the limit is collected by the technician; the limit itself counts as small."""
    amount = record.charge_amount
    if record.service_kind != "A" or amount is None or amount > ctx.param("service.onsite_charge_limit"):
        return Changes()
    return Changes({"charge_mode": "on_the_spot"})


def invoice_larger(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    amount = record.charge_amount
    if record.service_kind != "A" or amount is None or amount <= ctx.param("service.onsite_charge_limit"):
        return Changes()
    return Changes({"charge_mode": "invoiced"})


def cost_of_service(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Parts, travel and allowance; each part at its price, or at that of the product where none was typed."""
    lines = []
    total = (record.travel_cost or Decimal(0)) + (record.allowance or Decimal(0))
    for line in ctx.lines("parts_used"):
        price = line.price if line.price is not None else line.product.price
        amount = (price * line.quantity).quantize(CENT, ROUND_HALF_UP) if price is not None else None
        lines.append({"price": price, "amount": amount})
        total += amount or Decimal(0)
    return Changes({"service_cost": total}, {"parts_used": lines} if lines else {})


def bind_into_volume(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    return Changes({"volume_month": f"{ctx.local(record.finished_at):%Y-%m}"})


def keep_until(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The last day on which the papers are kept: so many calendar months after the end (decisions.md 18)."""
    finished = ctx.local(record.finished_at).date()
    return Changes({"retention_until": months_later(finished, int(ctx.param("service.retention_months")))})


# ---- parts -------------------------------------------------------------------------------------------------------------


def parts_in_stock(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """No part is used that is not there. Only parts that are kept in stock are counted."""
    for part, wanted, prefix in _takings(record, ctx):
        if wanted > part.stock:
            text = Text("“{part}”库存只有 {stock}。", "There are only {stock} of “{part}” in stock.")
            return Refused(text.fill(part=str(part), stock=_plain(part.stock)), f"{prefix}-quantity")
    return Allowed()


def take_parts(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """What was used leaves the stock, as far as it has not left it for an earlier visit; what was not used after all comes back."""
    adjust = []
    for part, wanted, _ in _takings(record, ctx):
        if wanted:
            text = Text("“{part}”库存不足。", "There are not enough of “{part}” in stock.").fill(part=str(part))
            told = movement(part.id, "used", -wanted, part.stock - wanted, ctx, source=record.number)
            adjust.append(Adjust("spare_part", part.id, "stock", -wanted, text, "SVC-39", told, "balance"))
    taken = [{"taken": line.quantity} for line in ctx.lines("parts_used")]
    return Changes(lines={"parts_used": taken} if taken else {}, adjust=adjust)


def _takings(record: Any, ctx: Context) -> Iterator[tuple[Any, Decimal, str]]:
    """For each part in stock: the row, what leaves it now, and the last line that asks for it."""
    wanted: dict[int, Decimal] = {}
    places: dict[int, str] = {}
    kept = ctx.lines("parts_used")
    for index, line in enumerate(kept):
        wanted[line.product_id] = wanted.get(line.product_id, Decimal(0)) + line.quantity
        places[line.product_id] = str(getattr(line, "typed_prefix", f"parts_used-{index}"))
    for line in ctx.lines_of("service_log", record.id, "parts_used"):
        wanted[line.product_id] = wanted.get(line.product_id, Decimal(0)) - line.taken
    for product, quantity in wanted.items():
        where = {"warehouse": record.warehouse_id} if record.warehouse_id is not None else {}
        rows = ctx.found("spare_part", product=product, **where)
        if rows:
            yield rows[0], quantity, places.get(product, "parts_used")


def _plain(number: Decimal) -> str:
    return f"{number:f}".rstrip("0").rstrip(".")


# ---- signatures --------------------------------------------------------------------------------------------------------


def signed_by_customer(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Signer, time and paper: without the customer's signature nothing goes on."""
    if ctx.act != "customer_signed":
        return Allowed() if record.signed_paper_id is not None else Refused(_UNSIGNED)
    wrong = next(_wrong_signature(record, ctx), None)
    return wrong if wrong is not None else Allowed()


_UNSIGNED = Text("客户尚未在凭证上签字。", "The customer has not signed the voucher.")


def _wrong_signature(record: Any, ctx: Context) -> Iterator[Refused]:
    if record.finished_at is not None and minute(record.customer_signed_at) < minute(record.finished_at):
        text = Text("客户签字时间不能早于完成时间。", "The customer cannot sign before the end of the work.")
        yield Refused(text, "customer_signed_at")
    if record.customer_signed_at > ctx.now:
        yield Refused(Text("时间不能晚于现在。", "The time cannot lie in the future."), "customer_signed_at")
    if record.service_kind == INTERNAL:
        yield from _wrong_head(record, ctx)


def _wrong_head(record: Any, ctx: Context) -> Iterator[Refused]:
    """The head of the internal customer signs, wherever the department has one (decisions.md 11)."""
    heads = [name for role in HEADS for name in ctx.staff_names(role, record.customer_department_id)]
    if heads and record.customer_signed_by.strip() not in heads:
        text = Text(
            "内务服务由该部门负责人签字：{heads}。", "The head of the department signs internal service: {heads}."
        )
        yield Refused(text.fill(heads="、".join(dict.fromkeys(heads))), "customer_signed_by")


def another_countersigns(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Nobody who did the work countersigns it, not of an earlier visit either; nothing is archived without it."""
    if ctx.act == "archived":
        if ctx.signed_at("countersigned") is not None:
            return Allowed()
        return Refused(Text("部门经理尚未核签。", "The manager has not countersigned."))
    if any(line.technician_id == ctx.actor.id for line in ctx.lines("visits")):
        return Refused(Text("做过该服务的人不能核签。", "Whoever did the work cannot countersign it."))
    return Allowed()


# ---- money -------------------------------------------------------------------------------------------------------------


def cash_confirmed(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Collected on the spot: finance confirms the day on which the money came in."""
    if ctx.act != "settled" or record.charge_mode != "on_the_spot":
        return Allowed()
    day = record.cash_handed_on
    if day > ctx.today:
        return Refused(Text("交款日期不能晚于今天。", "The cash cannot be handed in in the future."), "cash_handed_on")
    if record.finished_at is not None and day < ctx.local(record.finished_at).date():
        return Refused(Text("交款日期不能早于完工日期。", "Cash is not handed in before the work."), "cash_handed_on")
    return Allowed()


def settle(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    return Changes({"cashier": ctx.actor.id})


# ---- archive -----------------------------------------------------------------------------------------------------------


def content_entered(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """The voucher is archived once the log holds what it says: work, hours and the signed paper."""
    if record.work_done.strip() and record.started_at and record.finished_at and record.signed_paper_id:
        return Allowed()
    return Refused(
        Text(
            "登记簿尚缺服务内容、时间或签字凭证，不能归档。",
            "Content, hours or the signed paper are missing: not archived.",
        )
    )


def second_part_back(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    return _day_after_work(record, "second_part_back_on", ctx)


def customer_told(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    return _day_after_work(record, "result_told_on", ctx)


def _day_after_work(record: Any, field: str, ctx: Context) -> Allowed | Refused:
    """A day between the end of the work and today, both included."""
    day = getattr(record, field)
    if day > ctx.today:
        return Refused(Text("日期不能晚于今天。", "The day cannot lie in the future."), field)
    if record.finished_at is not None and day < ctx.local(record.finished_at).date():
        return Refused(Text("日期不能早于完工日期。", "The day cannot be earlier than the end of the work."), field)
    return Allowed()


def put_on_shelf(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Every voucher lies somewhere: by class and volume, where nobody named a place. > C/2025-10/PZ-2025-0163"""
    parts = (record.service_kind, record.volume_month, record.voucher_no or record.number)
    return Changes({"shelf_no": record.shelf_no or "/".join(part for part in parts if part)})


# ---- findings ----------------------------------------------------------------------------------------------------------


def fine_for_form(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Between the two ends of the setting, both included; found by somebody else than the one who did it."""
    if inputs.get("kind") != "form" or inputs.get("fine") is None:
        return Allowed()
    low, high = (Decimal(part) for part in ctx.setting("fine.service_form").split("-"))
    if not low <= inputs["fine"] <= high:
        text = Text("罚款须在 {low} 元至 {high} 元之间。", "The fine lies between {low} and {high} yuan.")
        return Refused(text.fill(low=_whole(low), high=_whole(high)), "fine")
    return Allowed()


def fine_for_keeping(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if inputs.get("kind") != "keeping" or inputs.get("fine") is None:
        return Allowed()
    fine = ctx.param("fine.service_record_kept")
    if inputs["fine"] != fine:
        return Refused(
            Text("罚款为每次 {fine} 元。", "The fine is {fine} yuan each time.").fill(fine=_whole(fine)), "fine"
        )
    return Allowed()


def _whole(number: Decimal) -> str:
    return f"{number:f}"


def note_finding(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    values = {
        "found_on": ctx.today,
        "kind": inputs["kind"],
        "fine": inputs["fine"],
        "reason": str(inputs.get("reason") or ""),
        "by": ctx.actor.id,
    }
    return Changes(insert=(Insert("service_log", "findings", 0, values),))
