"""What a ledger line must be: guards of its rule rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.accounts import User, UserRole
from models.ledger import people
from models.ledger.choices import GRANTED, GRANTED_ON
from models.outcomes import Allowed, Context, Refused
from models.register import Text
from models.registers.area import AreaStaff

_LINKS = ("service_entry", "complaint", "return_slip")
_SIDES = {"inspected": "inspector", "approved": "approver"}


# ---- always --------------------------------------------------------------------------------------------------------------


def line_in_order(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """It has happened already, moves a quantity or pays money, and has a unit; a counter line stays what it was made."""
    if ctx.act == "update" and record.reverses_id is not None:
        return Refused(Text("冲销单与原台帐相对应，不能修改。", "A counter line mirrors its line and is not edited."))
    if record.happened_on > ctx.today:
        return Refused(Text("发生日期不能晚于今天。", "The date cannot lie in the future."), "happened_on")
    if record.movement == "compensation" and record.quantity is not None:
        return Refused(Text("赔偿只记金额，不记数量。", "Compensation moves money, no quantity."), "quantity")
    if not unit_of(record):
        return Refused(Text("请选择单位。", "Choose the unit."), "unit")
    return Allowed()


def unit_of(record: Any) -> str:
    """The unit typed, else that of the product."""
    return str(record.unit or record.product.unit or "")


def links_fit(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Service entry, complaint and slip are of the same customer, the slip of the same product and complaint, and not void."""
    slip = record.return_slip if record.return_slip_id else None
    for name in _LINKS:
        other = getattr(record, name) if getattr(record, f"{name}_id") else None
        whose = getattr(other, "customer_id", None)
        if whose is not None and whose != record.customer_id:
            return Refused(Text("不是同一客户的单据。", "This paper is of another customer."), name)
        if other is not None and other.state == "void":
            return Refused(Text("该单据已作废。", "This paper is void."), name)
    if slip is None:
        return Allowed()
    if slip.product_id is not None and slip.product_id != record.product_id:
        return Refused(Text("退货单上的产品与本台帐不同。", "The slip is for another product."), "return_slip")
    if record.complaint_id is not None and slip.complaint_id != record.complaint_id:
        return Refused(Text("退货单属于另一起投诉。", "The slip belongs to another complaint."), "return_slip")
    return Allowed()


def inspected_in_time(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Inspected, or the customer told, not in the future and not before it happened."""
    name = "inspected_on" if ctx.act == "inspected" else "refusal_told_on"
    day = getattr(record, name)
    if day is not None and day > ctx.today:
        return Refused(Text("日期不能晚于今天。", "The day cannot lie in the future."), name)
    if day is not None and day < record.happened_on:
        text = Text("不能早于 {day}。", "It cannot be before {day}.")
        return Refused(text.fill(day=record.happened_on.isoformat()), name)
    return Allowed()


# ---- of the rules --------------------------------------------------------------------------------------------------------


def formalities_done(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Nothing leaves the open lines without service entry, complaint or return slip."""
    if any(getattr(record, f"{name}_id") is not None for name in _LINKS):
        return Allowed()
    text = Text(
        "未关联服务单、投诉处理表或退货单，不能办理。",
        "Without service entry, complaint or return slip the line stays open.",
    )
    return Refused(text, "service_entry" if ctx.act == "link" else "")


def failed_inspection(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """A return needs an inspection that found a quality problem."""
    if record.movement != "handed_over" or record.inspection_result == "failed":
        return Allowed()
    if record.inspection_result == "passed":
        return Refused(Text("检验合格的产品不能退货。", "What passed the inspection is not taken back."))
    return Refused(Text("退货须先经质检检验。", "A return needs an inspection first."))


def granted(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Exchange and compensation are for short measure, damage in transport, loss or damage by the company."""
    if record.movement not in GRANTED or record.ground in GRANTED_ON:
        return Allowed()
    text = Text(
        "包换、赔偿只限计量短少、运输破损、公司致丢失损坏；质量问题走退货。",
        "Exchange and compensation are for short measure, damage in transport, loss or damage by the company; a quality problem "
        "goes by return.",
    )
    return Refused(text, "ground")


def quality_opinion(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Scrapping needs the opinion of quality and the approval of a leader."""
    if record.movement != "scrap":
        return Allowed()
    if ctx.act == "inspected" and not str(inputs.get("reason") or "").strip():
        return Refused(Text("报废须写质检意见。", "Scrapping needs the opinion of quality."), "reason")
    if ctx.act == "approved" and record.reverses_id is None and ctx.signed_at("inspection") is None:
        return Refused(Text("报废须先有质检意见。", "Scrapping needs the opinion of quality first."))
    if ctx.act == "executed" and ctx.signed_at("disposition_approved") is None:
        return Refused(Text("报废须经公司领导批准。", "Scrapping needs a leader's approval."))
    return Allowed()


def staff_of(area_id: int) -> list[int]:
    """The people of an area, whoever is in charge first: those named there, then the service staff whose area it is."""
    named = AreaStaff.select(AreaStaff.person).join(User, on=(AreaStaff.person == User.id))
    named = named.where((AreaStaff.record == area_id) & (User.active == True))  # noqa: E712 - a condition in SQL - SQL, not Python
    found = [row.person_id for row in named.order_by(AreaStaff.position, AreaStaff.id)]
    own = User.select(User.id).join(UserRole, on=(UserRole.user == User.id))
    own = own.where((User.area == area_id) & (UserRole.role == "service_staff") & (User.active == True))  # noqa: E712 - a condition in SQL
    return list(dict.fromkeys([*found, *(row.id for row in own.order_by(User.id))]))


def entered_by_area(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """The area's own staff answer for it."""
    if record.area_staff_id is not None and record.area_staff_id == ctx.before("area_staff"):
        return Allowed()
    found = staff_of(record.area_id)
    if record.area_staff_id is None and not found:
        return Refused(
            Text("该片区没有人员，请先在片区中登记。", "The area has no staff; enter it there first."), "area_staff"
        )
    if record.area_staff_id is not None and record.area_staff_id not in found:
        return Refused(Text("不是该片区的人员。", "This is nobody of that area's staff."), "area_staff")
    return Allowed()


def one_unit(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """A product in one specification is counted in one unit: the product's own, else that of the lines before."""
    known = record.product.unit if record.specification == record.product.specification else _unit_before(record)
    if not known or unit_of(record) == known:
        return Allowed()
    text = Text("该产品规格以另一单位计数，不能混用。", "This product and specification is counted in another unit.")
    return Refused(text, "unit")


def _unit_before(record: Any) -> str:
    model = type(record)
    same = (model.product == record.product_id) & (model.specification == record.specification)
    query = model.select(model.unit).where(same & (model.id != (record.id or 0)) & (model.state != "refused"))
    first = query.order_by(model.id).first()
    return str(first.unit) if first is not None else ""


def third_party_named(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """A claim is one on somebody."""
    if str(record.claim or "").strip() and not str(record.third_party or "").strip():
        return Refused(Text("请写明向谁索赔。", "Say on whom the claim is."), "third_party")
    return Allowed()


def slip_for_return(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Goods are handed over as a return on a return slip."""
    if record.movement == "handed_over" and record.return_slip_id is None:
        text = Text("退货入库须关联退货单。", "Goods are handed over as a return on a return slip.")
        return Refused(text, "return_slip" if ctx.act == "link" else "")
    return Allowed()


def different_people(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Who asked, inspected, approved, received and posted one return are different people."""
    if record.return_slip_id is None or record.reverses_id is not None:
        return Allowed()
    lines = people.lines_of(record.return_slip_id, ctx)
    if record.id is not None:
        lines[record.id] = record
    found = people.sides(record.return_slip, lines, ctx)
    side = _SIDES.get(ctx.act)
    if side is None:
        # A new line brings its maker along.
        if record.id is None:
            found["requester"] |= {record.created_by_id}
        return people.apart(found, "return_slip")
    return people.taking(side, found, ctx)
