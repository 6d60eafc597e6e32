"""What a request must be when it is registered: complete, in time, of a kind that fits; and what its registration fills in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from models.outcomes import Allowed, Changes, Context, Refused
from models.register import Text
from models.services.times import minute, months_later

INTERNAL = "D"
# Who signs as customer for a department (decisions.md 11).
HEADS = ("dept_head", "sales_manager", "service_manager")

# ---- guards ------------------------------------------------------------------------------------------------------------


def purchase_known(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """When and where it was bought, or why that is not known; never in the future. Internal service needs none of it."""
    if record.purchased_on is not None and record.purchased_on > ctx.today:
        return Refused(Text("购买日期不能晚于今天。", "The purchase cannot lie in the future."), "purchased_on")
    if record.service_kind == INTERNAL:
        return Allowed()
    if record.purchase_unknown:
        if record.purchase_unknown_reason.strip():
            return Allowed()
        return Refused(
            Text("购买情况不详须写明原因。", "Say why the purchase is not known."), "purchase_unknown_reason"
        )
    if record.purchased_on is None:
        return Refused(
            Text(
                "请填写购买日期；确实不详时选“购买情况不详”。", "Give the day of purchase, or say that it is not known."
            ),
            "purchased_on",
        )
    if not record.purchased_at.strip():
        return Refused(
            Text(
                "请填写购买地点；确实不详时选“购买情况不详”。",
                "Give the place of purchase, or say that it is not known.",
            ),
            "purchased_at",
        )
    return Allowed()


def received_before_registered(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """A request is registered once it has come in: its time lies before that of the registration."""
    if record.received_at is not None and record.received_at > (record.registered_at or ctx.now):
        text = Text("接报时间不能晚于登记时间。", "The request cannot be received after its registration.")
        return Refused(text, "received_at")
    return Allowed()


def kind_fits(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """B has a contract of this customer that is valid on the day; C and D cost nothing, A costs something once it is done."""
    if record.service_kind == "B" and ctx.act in {"create", "update"}:
        return _contract_valid(record, ctx)
    charge = record.charge_amount
    if record.service_kind in {"C", "D"} and charge is not None:
        text = Text(
            "免费服务与内务服务不得收费，收费金额须留空。", "Free and internal service has no charge: leave it empty."
        )
        return Refused(text, "charge_amount")
    if record.service_kind != "A" or (charge is None and ctx.act != "finished"):
        return Allowed()
    if charge is None or charge <= 0:
        return Refused(
            Text("有费服务的收费金额须大于零。", "A chargeable service has a charge above zero."), "charge_amount"
        )
    return Allowed()


def _contract_valid(record: Any, ctx: Context) -> Allowed | Refused:
    contract = record.contract
    if contract is None:
        return Refused(Text("合同服务须选择服务合同。", "A contract service names its contract."), "contract")
    if contract.customer_id != record.customer_id:
        return Refused(Text("该合同不是这位客户的合同。", "This contract is another customer's."), "contract")
    if contract.state != "signed":
        return Refused(Text("该合同未签订或已结束。", "This contract is not signed or has ended."), "contract")
    day = _day_of_request(record, ctx)
    if not in_force(contract, day):
        text = Text("合同在 {day} 不在有效期内。", "The contract is not valid on {day}.")
        return Refused(text.fill(day=day.isoformat()), "contract")
    return Allowed()


def linked_complaint(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """A complaint behind the service is one of the same customer."""
    if record.complaint_id is not None and record.complaint.customer_id != record.customer_id:
        return Refused(Text("该投诉不是这位客户的投诉。", "This complaint is another customer's."), "complaint")
    return Allowed()


def in_force(contract: Any, day: dt.date) -> bool:
    """Whether the contract is valid on the day, both ends included."""
    begins, ends = contract.valid_from, contract.valid_to
    return (begins is None or begins <= day) and (ends is None or day <= ends)


def _day_of_request(record: Any, ctx: Context) -> dt.date:
    return ctx.local(record.received_at or ctx.now).date()


# ---- computations ------------------------------------------------------------------------------------------------------


def fill_request(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Customer's name, the internal customer, whether it is in warranty, the moment of registration and the order of signatures."""
    internal = record.service_kind == INTERNAL
    department = (record.customer_department_id or record.maker_department_id) if internal else None
    values: dict[str, Any] = {"customer_department": department}
    if record.customer is not None:
        values["customer_name"] = record.customer.name
    else:
        place = record.customer_department if record.customer_department_id else record.maker_department
        values["customer_name"] = str(place.name) if internal and place is not None else ""
    values["in_warranty"] = _in_warranty(record, ctx)
    if ctx.act == "create":
        values["registered_at"] = ctx.now
        values["signature_order"] = ctx.setting("service.signature_order")
    return Changes(values)


def _in_warranty(record: Any, ctx: Context) -> bool | None:
    """By a valid contract or by the term of the product; None where neither is known."""
    day = _day_of_request(record, ctx)
    if record.contract is not None and in_force(record.contract, day):
        return True
    if record.purchased_on is None or not record.product_model:
        return None
    terms = [
        product.warranty_months
        for name in ("code", "name")
        for product in ctx.found("product", **{name: record.product_model})
        if product.warranty_months is not None and product.specification in {"", record.specification}
    ]
    return day <= months_later(record.purchased_on, int(terms[0])) if terms else None


def time_registration(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """How long the request waited for its registration, in whole minutes, and whether that was too long."""
    if record.received_at is None:
        return Changes()
    at = record.registered_at or ctx.now
    delay = max(0, int((minute(at) - minute(record.received_at)).total_seconds() // 60))
    day = ctx.local(at).date()
    limit = int(ctx.param("service.max_register_delay_minutes", day))
    return Changes({"register_delay_minutes": delay, "late_registered": delay > limit})


def mark_late_entry(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Whether it was entered on a later day than it happened."""
    if record.received_at is None:
        return Changes()
    registered = ctx.local(record.registered_at or ctx.now).date()
    return Changes({"late_entry": ctx.local(record.received_at).date() < registered})


def propose_area_staff(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The customer's area, and whoever is in charge of it: the first of its staff, else the first technician who lives there."""
    area = record.customer.area if record.customer is not None else None
    if area is None:
        return Changes({"area": None, "area_staff": None, "out_of_town": False})
    staff = [line.person_id for line in ctx.lines_of("area", area.id, "staff") if line.person.active]
    staff.extend(ctx.people("service_staff", area_id=area.id))
    return Changes({"area": area.id, "area_staff": staff[0] if staff else None, "out_of_town": area.out_of_town})


def first_priority(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """A complaint is urgent. That an entry has waited overnight is worked out when it is read."""
    return Changes({"priority": "urgent" if record.origin == "complaint" else "normal"})


# ---- the work ----------------------------------------------------------------------------------------------------------


def times_in_order(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Dispatched, arrived, started, finished, one not before the other and none to come; and what was done, in words."""
    wrong = next(_wrong_times(record, ctx), None)
    if wrong is None and ctx.act == "finished" and len(record.work_done.strip()) < 5:
        wrong = Refused(Text("服务内容实录至少五个字。", "Describe the work in at least five characters."), "work_done")
    return wrong if wrong is not None else Allowed()


_ORDER = (
    (
        "dispatched_at",
        "arrived_at",
        Text("到达时间不能早于派工时间。", "The arrival cannot be earlier than the dispatch."),
    ),
    ("arrived_at", "started_at", Text("开始时间不能早于到达时间。", "The start cannot be earlier than the arrival.")),
    ("started_at", "finished_at", Text("完成时间不能早于开始时间。", "The end cannot be earlier than the start.")),
)


def _wrong_times(record: Any, ctx: Context) -> Iterator[Refused]:
    for earlier, later, text in _ORDER[:1] if ctx.act == "on_site" else _ORDER[1:]:
        before, after = getattr(record, earlier), getattr(record, later)
        if before is not None and minute(after) < minute(before):
            yield Refused(text, later)
        yield from _to_come(after, later, ctx)


def _to_come(instant: dt.datetime, field: str, ctx: Context) -> Iterator[Refused]:
    if instant > ctx.now:
        yield Refused(Text("时间不能晚于现在。", "The time cannot lie in the future."), field)
