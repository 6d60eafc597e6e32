"""Key checkout (钥匙领用登记表): who has which car key, from when to when, for what. Source: registers.md 5, decisions.md 15, 25, 32."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, TextField

from models.access_rules import GENERAL
from models.accounts import Group, User
from models.catalogue import row
from models.customers.contact import contacted
from models.customers.truth import SALES_ROLES
from models.evidence import StoredFile
from models.fields import DayField, InstantField, MoneyField, PercentField
from models.matrix import access
from models.outcomes import Allowed, Changes, Context, Put, Refused
from models.records import RecordModel
from models.register import (
    Act,
    Ask,
    Block,
    By,
    Choice,
    Elapsed,
    Field,
    NamedList,
    Numbering,
    Print,
    Register,
    Route,
    Section,
    Slot,
    State,
    Text,
    When,
)
from models.registers.car_key import CarKey
from models.registers.customer_archive import CustomerArchive
from models.registers.vehicle_stock import CAR_CLASS, VehicleStock

OUT = ("issued", "drive_ended")  # The states in which the key is with its holder.
KEEPER = "custodian_5s"
LEADER = "group_leader"
BAD = "bad"


class KeyCheckout(RecordModel):
    """One key taken for one purpose. The holder is its owner for good; times are kept to the second."""

    key = ForeignKeyField(CarKey, on_delete="RESTRICT", backref="+")
    car = ForeignKeyField(VehicleStock, null=True, on_delete="RESTRICT", backref="+")
    car_class = CharField(20, default="")
    holder = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    group = ForeignKeyField(Group, null=True, on_delete="RESTRICT", backref="+")
    purpose = CharField(20)
    customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
    test_drive = CharField(40, default="")
    order = CharField(40, default="")
    payment_mode = CharField(20, default="")
    loan_disbursed_on = DayField(null=True)
    accompanied_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    companion = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    outlet_transfer = BooleanField(default=False)
    dealer_person = CharField(40, default="")
    agreement_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    licence_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    confirmation_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    survey_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    issued_at = InstantField(null=True, index=True)
    issued_entered_at = InstantField(null=True)
    issued_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    odometer_out = IntegerField(null=True)
    odometer_in = IntegerField(null=True)
    drive_started_at = InstantField(null=True)
    drive_ended_at = InstantField(null=True)
    returned_at = InstantField(null=True)
    returned_entered_at = InstantField(null=True)
    received_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    backdate_reason = TextField(default="")
    incomplete = BooleanField(default=False)
    held_after_end = IntegerField(null=True)
    late = BooleanField(null=True)
    fine_late = MoneyField(null=True)
    check_windows = CharField(20, default="")
    check_doors = CharField(20, default="")
    check_body = CharField(20, default="")
    check_interior = CharField(20, default="")
    damage = TextField(default="")
    responsible = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    window_payer = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    fine_window = MoneyField(null=True)
    damage_borne_by = CharField(20, default="")
    damage_share = PercentField(null=True)
    lost_at = InstantField(null=True)
    compensation = MoneyField(null=True)
    fine_lost = MoneyField(null=True)

    class Meta:
        table_name = "key_checkout"


def second(instant: dt.datetime) -> dt.datetime:
    """The moment without what lies below the second: lateness counts whole seconds."""
    return instant.replace(microsecond=0)


def given(typed: dt.datetime | None, ctx: Context) -> dt.datetime:
    """The time as the custodian typed it, else the server's."""
    return second(typed if typed is not None else ctx.now)


# ---- effects of acts ---------------------------------------------------------------------------------------------------


def hand_out(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The key goes to its holder; a car that is delivered takes its tools along (REQ: not later)."""
    tools = Text("交车时随车工具须一并发放，之后不补。", "The tools go with the car now; later there are none.")
    return Changes(
        {
            "issued_at": given(record.issued_at, ctx),
            "issued_entered_at": ctx.now,
            "issued_by": ctx.actor.id,
            "backdate_reason": _reasons(record, inputs),
        },
        warnings=(tools,) if record.purpose == "delivery" else (),
    )


def take_back(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    return Changes(
        {
            "returned_at": given(record.returned_at, ctx),
            "returned_entered_at": ctx.now,
            "received_by": ctx.actor.id,
            "backdate_reason": _reasons(record, inputs),
        }
    )


def _reasons(record: Any, inputs: Mapping[str, Any]) -> str:
    """The reason of the issue, and behind it that of the return."""
    typed = str(inputs.get("backdate_reason") or "").strip()
    return "\n".join(part for part in (record.backdate_reason, typed) if part)


# ---- computations ------------------------------------------------------------------------------------------------------


def fill_from_key(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Car and class of the key, and the holder's group where none was named."""
    values: dict[str, Any] = {"car": record.key.car_id, "car_class": record.key.car_class}
    if record.group_id is None:
        values["group"] = record.holder.group_id
    return Changes(values)


# What an act makes of the key, and what it must be before.
_MOVES = {"issued": ("out", "in"), "returned": ("in", "out"), "lost": ("lost", "out")}


def move_key(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The key itself, under its own lock: of two custodians who click at once one finds it gone."""
    if ctx.act not in _MOVES:
        return Changes()
    state, expected = _MOVES[ctx.act]
    reason = (
        _not_in_store(record.key)
        if ctx.act == "issued"
        else Text("该钥匙不在领出状态。", "The key is not out any more.")
    )
    moved = Put("car_key", record.key_id, {"state": state}, {"state": (expected,)}, reason)
    # A car shown or driven is a contact with the customer (decisions.md 6).
    met = contacted(record.customer, ctx.today) if ctx.act == "issued" and record.customer_id is not None else ()
    return Changes(put=(moved, *met))


def held_after_the_end(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """How long the key was kept after the drive, late only beyond the whole of the grace. Without an end nothing is known.

    > end 14:48:00, back 14:52:55: 295 s, in time    end 16:00:00, back 16:05:01: 301 s, 10 yuan
    """
    if record.purpose != "test_drive":
        return Changes()
    if record.drive_ended_at is None:
        return Changes({"incomplete": True, "held_after_end": None, "late": None, "fine_late": None})
    day = ctx.local(record.returned_at).date()
    held = int((record.returned_at - record.drive_ended_at).total_seconds())
    late = held > 60 * ctx.param("key.return_grace_minutes", day)
    fine = ctx.param("fine.key_late", day) if late else Decimal(0)
    return Changes({"incomplete": False, "held_after_end": held, "late": late, "fine_late": fine})


def windows_left_open(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """One fine for windows or doors left open after a drive or a viewing; the leader's where nobody is named."""
    is_open = BAD in {record.check_windows, record.check_doors}
    if not is_open or record.purpose not in {"test_drive", "viewing"}:
        return Changes()
    leaders = ctx.people(LEADER, record.group_id)
    payer = record.responsible_id or (leaders[0] if leaders else None)
    fine = ctx.param("fine.window_open", ctx.local(record.returned_at).date())
    return Changes({"fine_window": fine, "window_payer": payer})


def damage_borne(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Damage is borne by whoever is named, else by the group; of a transfer by half. What it amounts to is not decided here."""
    if not _is_damaged(record):
        return Changes()
    share = ctx.param("key.transfer_damage_percent") if record.purpose == "transfer" else Decimal(100)
    return Changes({"damage_borne_by": "person" if record.responsible_id else "group", "damage_share": share})


def fine_for_loss(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The fine for a lost key, once the manager has confirmed the loss; the compensation stands beside it."""
    if ctx.act != "confirm_loss":
        return Changes()
    return Changes({"fine_lost": ctx.param("fine.key_lost", ctx.local(record.lost_at).date())})


def _is_damaged(record: Any) -> bool:
    return BAD in {record.check_body, record.check_interior}


# ---- guards ------------------------------------------------------------------------------------------------------------


def loss_told(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if ctx.act == "confirm_loss":
        return Allowed()
    if record.lost_at > ctx.now:
        return Refused(Text("丢失时间不能晚于现在。", "The loss cannot lie in the future."), "lost_at")
    if record.issued_at is not None and record.lost_at < record.issued_at:
        return Refused(Text("丢失时间不能早于领出时间。", "The loss cannot be earlier than the issue."), "lost_at")
    return Allowed()


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


def damage_described(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if _is_damaged(record) and not record.damage.strip():
        return Refused(Text("外观或内饰异常时须写明损伤。", "Describe the damage to body or interior."), "damage")
    return Allowed()


def key_in_store(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """A key that is out may be asked for, a lost or retired one not; what is issued is in store, and was so at that time."""
    if ctx.act in {"returned", "lost"}:
        return Allowed()
    if ctx.act != "issued":
        gone = record.key.state in {"lost", "retired"}
        return Refused(_not_in_store(record.key), "key") if gone else Allowed()
    if record.key.state != "in":
        return Refused(_not_in_store(record.key))
    if record.issued_at is None:
        return Allowed()
    at = given(record.issued_at, ctx)
    before = ctx.found("key_checkout", key=record.key_id, state=("returned", "closed"))
    if any(line.returned_at is not None and line.returned_at > at for line in before):
        text = Text("该钥匙当时尚未归还。", "The key had not come back by then.")
        return Refused(text, "issued_at")
    return Allowed()


def _not_in_store(key: Any) -> Text:
    text = {
        "out": Text(
            "钥匙 {key} 已领出，归还前不得再次领出。", "Key {key} is out; it is not issued again before its return."
        ),
        "lost": Text("钥匙 {key} 已报失，不能领用。", "Key {key} is lost and cannot be used."),
        "retired": Text("钥匙 {key} 已停用，不能领用。", "Key {key} is retired and cannot be used."),
    }.get(key.state, Text("钥匙 {key} 已被他人领出。", "Key {key} has just been issued to somebody else."))
    return text.fill(key=str(key))


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


def drive_within_checkout(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Issue ≤ start ≤ end ≤ return, and before the return nothing later than now."""
    wrong = next(_wrong_drive(record, given(record.returned_at, ctx)), None)
    return wrong if wrong is not None else Allowed()


def _wrong_drive(record: Any, last: dt.datetime) -> Iterator[Refused]:
    start, end = record.drive_started_at, record.drive_ended_at
    if start is not None and record.issued_at is not None and start < record.issued_at:
        text = Text("试驾开始不能早于领出时间。", "The drive cannot begin before the key was issued.")
        yield Refused(text, "drive_started_at")
    if start is not None and end is not None and end < start:
        yield Refused(Text("试驾结束不能早于开始。", "The drive cannot end before it began."), "drive_ended_at")
    if end is not None and record.issued_at is not None and end < record.issued_at:
        text = Text("试驾结束不能早于领出时间。", "The drive cannot end before the key was issued.")
        yield Refused(text, "drive_ended_at")
    if end is not None and end > last:
        text = Text("试驾结束不能晚于归还时间或现在。", "The drive cannot end after the return or in the future.")
        yield Refused(text, "drive_ended_at")
    if start is not None and start > last:
        text = Text("试驾开始不能晚于归还时间或现在。", "The drive cannot begin after the return or in the future.")
        yield Refused(text, "drive_started_at")


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


# ---- the register ------------------------------------------------------------------------------------------------------

_TEST_DRIVE = When("purpose", ("test_drive",))
_DELIVERY = When("purpose", ("delivery",))
_CONSENTED = When("purpose", ("other", "bank_run"))
_BANK_RUN = When("purpose", ("bank_run",))
_INCOMPLETE = When("incomplete", (True,))
_UNCONFIRMED = When("fine_lost", (None,))

_CUSTODIAN = (By(role=KEEPER),)
_FINANCE = (By(role="finance"),)
_MANAGER = (
    By(role="sales_manager", of="owner_department"),
    By(role="dept_head", of="owner_department", stand_in="deputy_gm", besides=("sales_manager",)),
)
_OK_BAD = (Choice("ok", "正常", "normal"), Choice(BAD, "异常", "abnormal"))
_YUAN = Text("元", "yuan")
_KM = Text("公里", "km")
_BACKDATE = Ask("backdate_reason", required=False, kind="text", zh="补录原因", en="reason for an earlier time")
_EARLIER = Text(
    "时间留空即为现在；补录较早的时间须写明原因。", "An empty time means now; an earlier one needs its reason."
)
_SIGNED_FIELDS = ("purpose", "key", "holder", "order")

REGISTER = Register(
    name="key_checkout",
    zh="钥匙领用登记表",
    en="key checkout register",
    group=Text("车辆", "Cars"),
    menu=300,
    model=KeyCheckout,
    fields=(
        Field("number", "登记号", "number", system=True),
        Field("state", "状态", "state", system=True),
        Field(
            "key",
            "钥匙",
            "key",
            required=True,
            pick=(When("state", ("in", "out"), rule="KEY-15"),),
        ),
        Field("car", "车辆", "car", system=True, rule="KEY-17"),
        Field("car_class", "车类", "class of car", system=True, choices=CAR_CLASS, rule="KEY-17"),
        Field("holder", "领用人", "holder", required=True, create_only=True),
        Field("group", "小组", "group"),
        Field(
            "purpose",
            "用途",
            "purpose",
            required=True,
            choices=(
                Choice("test_drive", "试驾", "test drive"),
                Choice("viewing", "看车", "viewing"),
                Choice("delivery", "交车", "delivery"),
                Choice("cleaning", "清洁", "cleaning"),
                Choice("transfer", "调车", "transfer"),
                Choice("bank_run", "存取现金用车", "bank run"),
                Choice("other", "其他用车", "other use"),
            ),
        ),
        Field(
            "customer",
            "客户",
            "customer",
            required_when=When("purpose", ("test_drive", "viewing", "delivery")),
            pick=(When("state", ("archived", "merged", "void"), negate=True),),
        ),
        Field("test_drive", "试驾单", "test drive"),
        Field("order", "订单", "order", required_when=_DELIVERY),
        Field(
            "payment_mode",
            "付款方式",
            "payment",
            rule="KEY-07",
            choices=(
                Choice("full", "全款", "paid in full"),
                Choice("finance", "金融信贷", "financed"),
                Choice("deposit", "定金", "deposit only"),
            ),
        ),
        Field("loan_disbursed_on", "放款日期", "loan paid out on", system=True, rule="KEY-06"),
        Field("accompanied_by", "陪同指导人员", "guide", required_when=_TEST_DRIVE, rule="KEY-10"),
        Field("companion", "陪同人员", "companion", required_when=_BANK_RUN, rule="KEY-13"),
        Field("outlet_transfer", "二级店调配", "transfer with an outlet", rule="VEH-04"),
        Field("dealer_person", "经销商人员", "dealer staff", rule="VEH-04"),
        Field("agreement_file", "试驾协议", "test-drive agreement", rule="KEY-08"),
        Field("licence_file", "驾照复印件", "copy of the driving licence", rule="KEY-08"),
        Field("confirmation_file", "试驾确认书", "test-drive confirmation", system=True, rule="KEY-08"),
        Field("survey_file", "试驾调查报告", "test-drive survey", system=True, rule="KEY-08"),
        Field("issued_at", "领出时间", "time out", system=True),
        Field("issued_entered_at", "领出录入时间", "time out entered at", system=True),
        Field("issued_by", "发放人", "issued by", system=True),
        Field("odometer_out", "出车里程", "odometer out", system=True, minimum=0, unit=_KM),
        Field("odometer_in", "回车里程", "odometer in", system=True, minimum=0, unit=_KM),
        Field("drive_started_at", "试驾开始", "drive started", system=True),
        Field("drive_ended_at", "试驾结束", "drive ended", system=True),
        Field("returned_at", "归还时间", "time in", system=True),
        Field("returned_entered_at", "归还录入时间", "time in entered at", system=True),
        Field("received_by", "接收人", "received by", system=True),
        Field("backdate_reason", "补录原因", "reason for an earlier time", system=True),
        Field("incomplete", "不完整", "incomplete", system=True, rule="KEY-04"),
        Field(
            "held_after_end", "试驾结束后持有时长", "held after the end", system=True, rule="KEY-04", format="duration"
        ),
        Field("late", "超时", "late", system=True, rule="KEY-04"),
        Field("fine_late", "超时罚款", "fine for lateness", system=True, rule="KEY-04", unit=_YUAN),
        Field("check_windows", "车窗", "windows", system=True, choices=_OK_BAD),
        Field("check_doors", "车门", "doors", system=True, choices=_OK_BAD),
        Field("check_body", "外观", "body", system=True, choices=_OK_BAD),
        Field("check_interior", "内饰", "interior", system=True, choices=_OK_BAD),
        Field("damage", "损伤说明", "damage", system=True),
        Field("responsible", "责任人", "responsible", system=True),
        Field("fine_window", "门窗罚款", "fine for windows and doors", system=True, rule="KEY-11", unit=_YUAN),
        Field("window_payer", "门窗罚款承担人", "pays for windows and doors", system=True, rule="KEY-11"),
        Field(
            "damage_borne_by",
            "损伤承担",
            "damage borne by",
            system=True,
            rule="KEY-14",
            choices=(Choice("person", "责任人", "person responsible"), Choice("group", "小组", "group")),
        ),
        Field("damage_share", "损伤承担比例", "share of the damage", system=True, rule="KEY-14"),
        Field("lost_at", "丢失时间", "lost at", system=True),
        Field("compensation", "赔偿金额", "compensation", system=True, minimum=0, unit=_YUAN),
        Field("fine_lost", "丢失罚款", "fine for the loss", system=True, rule="KEY-03", unit=_YUAN),
        Field("remarks", "备注", "remarks", wide=True),
    ),
    access=access("key_checkout"),
    sections=(
        Section(
            "领用",
            "Request",
            ("key", "car", "car_class", "holder", "group", "purpose", "customer", "accompanied_by", "companion"),
        ),
        Section(
            "订单与调配",
            "Order and transfer",
            ("order", "payment_mode", "loan_disbursed_on", "test_drive", "outlet_transfer", "dealer_person"),
        ),
        Section("试驾手续", "Papers", ("agreement_file", "licence_file", "confirmation_file", "survey_file")),
        Section(
            "领出与归还",
            "Out and in",
            (
                "issued_at",
                "issued_by",
                "odometer_out",
                "drive_started_at",
                "drive_ended_at",
                "returned_at",
                "received_by",
                "odometer_in",
                "held_after_end",
                "late",
                "incomplete",
                "fine_late",
                "issued_entered_at",
                "returned_entered_at",
                "backdate_reason",
            ),
        ),
        Section(
            "还车检查",
            "Car check",
            (
                "check_windows",
                "check_doors",
                "check_body",
                "check_interior",
                "damage",
                "responsible",
                "fine_window",
                "window_payer",
                "damage_borne_by",
                "damage_share",
            ),
        ),
        Section("丢失", "Loss", ("lost_at", "compensation", "fine_lost")),
    ),
    columns=("number", "key", "car", "holder", "purpose", "customer", "issued_at", "returned_at", "state", "late"),
    label=("number",),
    search=("number", "key", "car", "order", "test_drive"),
    sort=("number", "issued_at", "drive_ended_at", "returned_at", "held_after_end", "state"),
    filters=(
        "state",
        "purpose",
        "holder",
        "key",
        "car_class",
        "customer",
        "department",
        "issued_at",
        "returned_at",
        "late",
        "incomplete",
    ),
    states=(
        State("requested", "申请", "requested", "waiting", mark=Text("未领出", "not issued")),
        State("approved", "已批", "approved", "good", mark=Text("未领出", "not issued")),
        State("issued", "领出", "out", "waiting"),
        State("drive_ended", "试驾结束", "drive ended", "waiting"),
        State("returned", "归还", "returned"),
        State("closed", "已核", "closed", "muted", ends=True),
        State("lost", "丢失", "lost", "bad"),
        State("void", "作废", "void", "muted", mark=Text("作废", "void"), ends=True),
    ),
    slots=(
        Slot("usage_approval", "用车批准", "consent", _SIGNED_FIELDS),
        Slot("finance_clear", "款项放行", "money cleared", _SIGNED_FIELDS),
        Slot("loss_confirmed", "丢失确认", "loss confirmed"),
    ),
    acts=(
        Act(
            "approved",
            "批准",
            "approve",
            (
                Route(("requested",), _MANAGER, (_CONSENTED,), "usage_approval"),
                Route(("requested",), _FINANCE, (_DELIVERY,), "finance_clear"),
            ),
            "approved",
            ask=(
                Ask("payment_mode", when=(_DELIVERY,)),
                Ask("loan_disbursed_on", required=False, when=(_DELIVERY,)),
            ),
            reason="optional",
            reason_label=Text("意见", "opinion"),
            reason_default=Text("同意", "Agreed"),
            tone="good",
        ),
        Act(
            "issued",
            "发放",
            "issue",
            (Route(("requested", "approved"), _CUSTODIAN),),
            "issued",
            ask=(
                Ask("agreement_file", required=False, when=(_TEST_DRIVE,)),
                Ask("licence_file", required=False, when=(_TEST_DRIVE,)),
                Ask("odometer_out", required=False),
                Ask("issued_at", required=False),
                _BACKDATE,
            ),
            effect="hand_out",
            tone="primary",
            hint=_EARLIER,
            alone=("holder",),
        ),
        Act(
            "drive_ended",
            "试驾结束",
            "end of drive",
            (Route(("issued",), (By(person="owner"), *_CUSTODIAN), (_TEST_DRIVE,)),),
            "drive_ended",
            ask=(Ask("drive_started_at", required=False), Ask("drive_ended_at")),
        ),
        Act(
            "returned",
            "归还",
            "take back",
            (Route(OUT, _CUSTODIAN),),
            "returned",
            ask=(
                Ask("drive_started_at", required=False, when=(_TEST_DRIVE,)),
                Ask("drive_ended_at", required=False, when=(_TEST_DRIVE,)),
                Ask("check_windows"),
                Ask("check_doors"),
                Ask("check_body"),
                Ask("check_interior"),
                Ask("damage", required=False),
                Ask("responsible", required=False),
                Ask("odometer_in", required=False),
                Ask("returned_at", required=False),
                _BACKDATE,
            ),
            effect="take_back",
            tone="primary",
            hint=_EARLIER,
        ),
        Act(
            "closed",
            "核对",
            "close",
            (Route(("returned",), _CUSTODIAN),),
            "closed",
            ask=(
                Ask("confirmation_file", required=False, when=(_TEST_DRIVE,)),
                Ask("survey_file", required=False, when=(_TEST_DRIVE,)),
                Ask("drive_started_at", required=False, when=(_INCOMPLETE,)),
                Ask("drive_ended_at", required=False, when=(_INCOMPLETE,)),
            ),
            tone="primary",
        ),
        Act(
            "lost",
            "报失",
            "report lost",
            (Route(OUT, _CUSTODIAN),),
            "lost",
            ask=(Ask("lost_at"), Ask("compensation")),
            reason="required",
            reason_label=Text("事实", "fact"),
            tone="bad",
            hint=Text(
                "钥匙立即停用；罚款与赔偿须经理确认后生效。",
                "The key is blocked at once; fine and compensation follow once the manager has confirmed.",
            ),
        ),
        Act(
            "confirm_loss",
            "确认丢失",
            "confirm the loss",
            (Route(("lost",), _MANAGER, (_UNCONFIRMED,)),),
            ask=(Ask("compensation"),),
            reason="optional",
            reason_label=Text("意见", "opinion"),
            signs="loss_confirmed",
            tone="good",
        ),
        Act(
            "void",
            "作废",
            "void",
            (Route(("requested", "approved"), _CUSTODIAN),),
            "void",
            reason="required",
            tone="bad",
        ),
    ),
    rules=(
        row(
            "KEY-01",
            "试驾须先有领用登记；漏填的罚款建议待试驾单建成。",
            "A test drive needs its line before; the proposal for an omission waits for the test-drive register.",
            waits="test_drive",
        ),
        row(
            "KEY-02",
            "钥匙只由5S专员收发；领用人不得给自己发放、收回、核对或报失，代理同样受限；任一5S专员都可收回。",
            "Keys are issued and taken back by 5S custodians alone; nobody issues to himself, takes back, closes or reports his own, "
            "delegation included; any custodian may take back.",
            pairs=(("owner", "issued"), ("owner", "returned"), ("owner", "closed"), ("owner", "lost")),
        ),
        row(
            "KEY-03",
            "报失即停用钥匙；经理确认后计罚款，赔偿金额另列。奖罚建议待奖罚登记建成。",
            "A loss blocks the key at once; once the manager has confirmed, the fine is computed and the compensation stands beside "
            "it. The proposals wait for the penalty register.",
            on=("lost", "confirm_loss"),
            guard="loss_told",
            compute="fine_for_loss",
            fields=("lost_at", "compensation", "fine_lost"),
        ),
        row(
            "KEY-04",
            "持有时长 = 归还时间 − 试驾结束，满 300 秒仍不算超时，超过才罚，每次定额；缺试驾结束标“不完整”，不计罚款。",
            "Held = time in − end of the drive; 300 whole seconds are in time, more are late and cost a flat fine; without an end the "
            "line is incomplete and nothing is computed.",
            on=("returned", "closed"),
            compute="held_after_the_end",
            fields=("held_after_end", "late", "fine_late", "incomplete"),
        ),
        row(
            "KEY-05",
            "车源紧张时同一人同时只领一把新到车钥匙；两张不同订单对应两台到车的除外；申请与发放时核对。",
            "While cars are scarce one person holds one key of a new arrival, except for two different orders of these two cars; asked "
            "at request and at issue.",
            on=("create", "update", "issued"),
            guard="one_new_arrival",
            fields=("order",),
        ),
        row(
            "KEY-06",
            "金融车没有放款日期不能放行、不能领出，任何人不得例外；答应提前放车的罚款建议待奖罚登记建成。",
            "A financed car without the day on which the lender paid is neither cleared nor issued, for nobody; the proposal for an "
            "early promise waits for the penalty register.",
            on=("approved", "issued"),
            guard="loan_paid_out",
            fields=("loan_disbursed_on",),
        ),
        row(
            "KEY-07",
            "交车须财务签字放行款项；只付定金不放行。",
            "A delivery needs the clearance of finance; a deposit alone is not cleared.",
            on=("approved", "issued"),
            guard="money_in",
            fields=("payment_mode",),
        ),
        row(
            "KEY-08",
            "试驾：领出须有试驾协议与驾照复印件，核对须有试驾确认书与试驾调查报告。",
            "Test drive: agreement and licence at issue, confirmation and survey at closing.",
            on=("issued", "closed"),
            guard="papers_complete",
            fields=("agreement_file", "licence_file", "confirmation_file", "survey_file"),
        ),
        row(
            "KEY-09",
            "手续不全不能领出、不能核对；次数与罚款、劝退建议待奖罚登记建成。",
            "Without papers there is no issue and no closing; counting, fine and the advice to leave wait for the penalty register.",
            waits="penalty_reward",
        ),
        row(
            "KEY-10",
            "试驾须填陪同指导人员，且不得为客户本人。",
            "A test drive names its guide, who is not the customer.",
            on=("create", "update", "issued"),
            guard="guided",
            fields=("accompanied_by",),
        ),
        row(
            "KEY-11",
            "试驾或看车后门窗异常计一次罚款，由责任人承担，未查明由组长承担。",
            "Windows or doors left open after a drive or viewing cost one fine, borne by whoever is named, else by the group leader.",
            on=("returned",),
            compute="windows_left_open",
            fields=("check_windows", "check_doors", "fine_window", "window_payer"),
        ),
        row(
            "KEY-12",
            "其他用车须部门经理批准后才能领出。",
            "Other use needs the department manager's consent before the issue.",
            on=("approved", "issued"),
            guard="other_use_consented",
        ),
        row(
            "KEY-13",
            "存取现金用车须经理批准并有陪同人员；私用罚款建议待奖罚登记建成。",
            "A bank run needs the manager's consent and a companion; the proposal for private use waits for the penalty register.",
            on=("create", "update", "approved", "issued"),
            guard="bank_run_consented",
            fields=("companion",),
            waits="penalty_reward",
        ),
        row(
            "KEY-14",
            "外观或内饰异常须写明损伤，由责任人承担，未查明由小组承担；调车途中按规定比例。基数制度未写，金额不计算。",
            "Damage to body or interior is described and borne by whoever is named, else by the group; during a transfer by its share. "
            "The base is not stated, so no amount is computed.",
            on=("returned",),
            guard="damage_described",
            compute="damage_borne",
            fields=("damage", "damage_borne_by", "damage_share"),
        ),
        row(
            "KEY-15",
            "已领出的钥匙可以申请、不能领出；丢失、停用的不能申请；两人同时发放只有一人成功。",
            "A key that is out may be asked for but is not issued; a lost or retired one cannot be asked for; of two issues at once one "
            "succeeds.",
            on=("create", "update", "issued", "returned", "lost"),
            guard="key_in_store",
            compute="move_key",
            fields=("key",),
        ),
        row(
            "KEY-16",
            "销售顾问只见本人领用记录；带客户进大库的罚款仅作登记依据。",
            "Consultants see their own lines only; the fine for customers in the depot is a figure for the record.",
            marks=("own_lines",),
        ),
        row(
            "KEY-17",
            "每笔登记钥匙、车辆、车类、用途、领用人、领出与归还时间，精确到秒；时间由系统登记，补录较早时间须写明原因；领出后不得改用途。",
            "Every line has key, car, class, purpose, holder, time out and time in, to the second; the server's times, an earlier one "
            "with its reason; the purpose stays after the issue.",
            on=("create", "update", "issued", "returned"),
            guard="true_and_purposeful",
            compute="fill_from_key",
            required=("key", "holder", "purpose"),
            fields=("issued_at", "returned_at", "backdate_reason"),
        ),
        row(
            "TDR-02",
            "试驾起止时间在领出与归还之间，起不晚于止。",
            "The drive lies between issue and return, and begins before it ends.",
            on=("drive_ended", "returned", "closed"),
            guard="drive_within_checkout",
            fields=("drive_started_at", "drive_ended_at"),
        ),
        row(
            "VEH-04",
            "二级店调配须写明当地经销商人员，车辆验收合格后才能领出。",
            "A transfer with an outlet names the dealer's staff and is issued only after the acceptance of the car.",
            on=("create", "update", "issued"),
            guard="accepted_before_transfer",
            fields=("outlet_transfer", "dealer_person"),
        ),
        *GENERAL,
    ),
    lists=(
        NamedList(
            "out",
            "领出未还",
            "keys out now",
            (When("state", OUT),),
            order=("drive_ended_at", "issued_at"),
            columns=("number", "key", "car", "holder", "purpose", "issued_at"),
            elapsed=(
                Elapsed("since_end", "试驾结束后", "since the end", "drive_ended_at", "key.return_grace_minutes"),
                Elapsed("since_issue", "已领出", "out for", "issued_at"),
            ),
        ),
    ),
    prints=(
        Print(
            "key_day_sheet",
            "钥匙领用登记表",
            "key checkout register",
            (
                Block(
                    "lines",
                    fields=(
                        "car",
                        "key",
                        "purpose",
                        "holder",
                        "issued_at",
                        "accompanied_by",
                        "drive_ended_at",
                        "returned_at",
                        "received_by",
                        "remarks",
                    ),
                    headings={
                        "car": Text("车牌/车架号", "plate or frame number"),
                        "key": Text("钥匙号", "key number"),
                        "holder": Text("领用人签字", "holder signs"),
                        "accompanied_by": Text("陪同", "guide"),
                        "drive_ended_at": Text("试驾止", "drive ended"),
                        "received_by": Text("接收人签字", "receiver signs"),
                    },
                ),
                Block("signatures", blank=(Text("5S", "5S custodian"), Text("主管", "manager in charge"))),
            ),
            many=True,
            by=(("date", "issued_at"),),
            paper="A4 landscape",
        ),
    ),
    views={
        "money": (
            "number",
            "state",
            "key",
            "car",
            "car_class",
            "holder",
            "purpose",
            "customer",
            "order",
            "payment_mode",
            "loan_disbursed_on",
            "issued_at",
            "returned_at",
            "fine_late",
            "fine_window",
            "lost_at",
            "compensation",
            "fine_lost",
            "department",
            "owner",
        )
    },
    numbering=Numbering("YS"),
    kept_by=("showroom",),
    own=("owner", "created_by"),
    owner_is="holder",
    holds=(("customer", ()),),
    waiting_first=True,
)
