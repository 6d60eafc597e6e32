"""What a line must be for its purpose: people, papers, money, consent, acceptance; and what a save fills in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from models.customers.truth import SALES_ROLES
from models.keys.acts import KEEPER, OUT
from models.keys.times import given, second
from models.outcomes import Allowed, Changes, Context, Refused
from models.register import Text

# ---- guards ------------------------------------------------------------------------------------------------------------


def one_new_arrival(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """While cars are scarce nobody holds more than one key of newly arrived cars, except for orders of just these cars."""
    if not record.key.new_arrival or not ctx.param("key.scarcity_mode"):
        return Allowed()
    held = [line for line in ctx.found("key_checkout", holder=record.holder_id, state=OUT) if line.key.new_arrival]
    limit = int(ctx.param("key.new_car_limit"))
    if len(held) < limit or _orders_for_each((record, *held)):
        return Allowed()
    text = Text(
        "车源紧张：{holder} 已领新到车钥匙 {keys}，同时最多 {limit} 把；两张订单对应两台到车的除外。",
        "Cars are scarce: {holder} holds {keys} of new arrivals already, at most {limit} at once, except for two orders of these "
        "two cars.",
    )
    keys = "、".join(str(line.key) for line in held)
    return Refused(text.fill(holder=record.holder.name, keys=keys, limit=limit))


def _orders_for_each(lines: tuple[Any, ...]) -> bool:
    orders = [line.order for line in lines]
    fit = all(line.order and line.key.car.order_no in {"", line.order} for line in lines)
    return fit and len(set(orders)) == len(orders) and len({line.key.car_id for line in lines}) == len(lines)


def loan_paid_out(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """A financed car stays until the lender has paid; there is no way around."""
    if record.purpose != "delivery" or record.payment_mode != "finance":
        return Allowed()
    field = "loan_disbursed_on" if ctx.act == "approved" else ""
    if record.loan_disbursed_on is None:
        text = Text("金融贷款未放款，不得放车。", "The lender has not paid: the car is not released.")
        return Refused(text, field)
    if record.loan_disbursed_on > ctx.today:
        return Refused(Text("放款日期不能晚于今天。", "The loan cannot be paid out in the future."), field)
    return Allowed()


def money_in(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if record.purpose != "delivery":
        return Allowed()
    if ctx.act == "approved" and record.payment_mode == "deposit":
        return Refused(Text("只付了定金，款未到账。", "Only the deposit is paid."), "payment_mode")
    if ctx.act == "issued" and ctx.signed_at("finance_clear") is None:
        text = Text("财务尚未放行款项，不得交车。", "Finance has not cleared the money: the car is not handed over.")
        return Refused(text)
    return Allowed()


def papers_complete(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Agreement and licence before the drive, confirmation and survey after it."""
    if record.purpose != "test_drive":
        return Allowed()
    papers = {
        "issued": {"agreement_file": ("试驾协议", "agreement"), "licence_file": ("驾照复印件", "copy of the licence")},
        "closed": {"confirmation_file": ("试驾确认书", "confirmation"), "survey_file": ("试驾调查报告", "survey")},
    }[ctx.act]
    for name, (zh, en) in papers.items():
        if getattr(record, f"{name}_id") is None:
            return Refused(Text(f"试驾手续不全：缺{zh}。", f"The {en} of the test drive is missing."), name)
    return Allowed()


def guided(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """A guide goes along on every test drive, and he is not the customer."""
    if record.purpose != "test_drive":
        return Allowed()
    if record.accompanied_by_id is None:
        return Refused(Text("试驾须有指导人员陪同。", "A test drive needs a guide."), "accompanied_by")
    if record.customer_id is not None and record.accompanied_by.name == record.customer.name:
        return Refused(Text("陪同指导人员不能是客户本人。", "The guide cannot be the customer."), "accompanied_by")
    return Allowed()


def other_use_consented(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    return _consented(record, inputs, ctx, "other")


def bank_run_consented(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """The manager's consent and a companion who is not the holder."""
    if record.purpose == "bank_run" and record.companion_id == record.holder_id:
        return Refused(Text("陪同人员不能是领用人本人。", "The companion must be somebody else."), "companion")
    return _consented(record, inputs, ctx, "bank_run")


def _consented(record: Any, inputs: Mapping[str, Any], ctx: Context, purpose: str) -> Allowed | Refused:
    if record.purpose != purpose:
        return Allowed()
    if ctx.act == "approved" and not str(inputs.get("reason") or "").strip():
        return Refused(Text("请写明批准理由。", "Give the reason of the consent."), "reason")
    if ctx.act == "issued" and ctx.signed_at("usage_approval") is None:
        return Refused(
            Text("该用途须部门经理批准后才能领出。", "This use needs the manager's consent before the issue.")
        )
    return Allowed()


def true_and_purposeful(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """What the purpose asks for, times that can be true, and kilometres that do not run backwards."""
    wrong = next(_wrong(record, inputs, ctx), None)
    return wrong if wrong is not None else Allowed()


def _wrong(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Iterator[Refused]:
    if ctx.act in {"create", "update", "issued"}:
        yield from _wrong_people(record, ctx)
    if ctx.act == "issued":
        yield from _wrong_time("issued_at", record.issued_at, inputs, ctx)
    if ctx.act == "returned":
        yield from _wrong_time("returned_at", record.returned_at, inputs, ctx)
        if record.issued_at is not None and given(record.returned_at, ctx) < record.issued_at:
            yield Refused(
                Text("归还时间不能早于领出时间。", "The return cannot be earlier than the issue."), "returned_at"
            )
        if None not in (record.odometer_in, record.odometer_out) and record.odometer_in < record.odometer_out:
            yield Refused(Text("回车里程不能小于出车里程。", "Fewer kilometres than at the issue."), "odometer_in")


def _wrong_people(record: Any, ctx: Context) -> Iterator[Refused]:
    if record.purpose == "viewing" and not any(ctx.has_role(record.holder_id, role) for role in SALES_ROLES):
        yield Refused(Text("看车须由销售顾问领用。", "A viewing is led by a consultant."), "holder")
    if record.purpose in {"cleaning", "transfer"}:
        named = record.group_id is not None or record.holder.group_id is not None
        if not named and not ctx.has_role(record.holder_id, KEEPER):
            text = Text(
                "清洁、调车须由5S领用或写明小组。", "Cleaning and transfers are the 5S custodian's or name a group."
            )
            yield Refused(text, "group")


def _wrong_time(field: str, typed: dt.datetime | None, inputs: Mapping[str, Any], ctx: Context) -> Iterator[Refused]:
    """A typed time is never later than now, and an earlier one has its reason."""
    if typed is None:
        return
    if second(typed) > ctx.now:
        yield Refused(Text("时间不能晚于现在。", "The time cannot lie in the future."), field)
    elif second(typed) < second(ctx.now) and not str(inputs.get("backdate_reason") or "").strip():
        yield Refused(Text("补录较早的时间须写明原因。", "An earlier time needs its reason."), "backdate_reason")


def accepted_before_transfer(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """A car goes to or comes from an outlet only after its acceptance, in the hands of the local dealer's staff."""
    if record.purpose != "transfer":
        return Allowed()
    car = record.key.car
    if not (record.outlet_transfer or car.location == "outlet"):
        return Allowed()
    if not record.dealer_person.strip():
        text = Text("二级店调配须写明当地经销商人员。", "A transfer with an outlet names the local dealer's staff.")
        return Refused(text, "dealer_person" if ctx.act != "issued" else "")
    if ctx.act == "issued" and car.acceptance != "ok":
        return Refused(Text("车辆未验收合格，不得调配。", "The car is not accepted: it is not transferred."))
    return Allowed()


# ---- computations ------------------------------------------------------------------------------------------------------


def fill_from_key(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Car and class of the key, and the holder's group where none was named."""
    values: dict[str, Any] = {"car": record.key.car_id, "car_class": record.key.car_class}
    if record.group_id is None:
        values["group"] = record.holder.group_id
    return Changes(values)
