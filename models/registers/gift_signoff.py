"""Gift applications: asked for, signed twice, registered on collection, signed for by the customer. Source: registers.md 4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField

from models.access_rules import GENERAL
from models.accounts import User
from models.base import LineModel
from models.catalogue import row
from models.customers.contact import contacted
from models.evidence import StoredFile
from models.fields import DayField, InstantField, MoneyField
from models.matrix import access
from models.outcomes import Allowed, Changes, Context, Refused
from models.records import RecordModel
from models.register import (
    Act,
    Ask,
    Block,
    By,
    Child,
    Choice,
    Field,
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
from models.registers.customer_archive import CustomerArchive
from models.registers.gift_item import STOCK_PRINT, GiftItem, moved

CENT = Decimal("0.01")


class GiftSignoff(RecordModel):
    """One application for gifts, from the wish to the signed sheet. The applicant is its owner for good."""

    applicant = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    purpose = CharField(20)
    customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
    visit = CharField(40, default="")
    visit_on = DayField(null=True)
    roadshow = CharField(40, default="")
    planned_delivery_on = DayField(null=True)
    applied_on = DayField(null=True, index=True)
    after_the_fact = BooleanField(default=False)
    total_value = MoneyField(default=0)
    issued_at = InstantField(null=True)
    signoff_signer = CharField(40, default="")
    signoff_on = DayField(null=True)
    signoff_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    fine_amount = MoneyField(default=0)

    class Meta:
        table_name = "gift_signoff"


class GiftLine(LineModel):
    """One gift of an application. The unit value is the stock's at application; later it stays as it is."""

    record = ForeignKeyField(GiftSignoff, on_delete="RESTRICT", backref="+")
    gift = ForeignKeyField(GiftItem, on_delete="RESTRICT", backref="+")
    quantity = IntegerField(default=0)
    unit_value = MoneyField(default=0)
    amount = MoneyField(default=0)
    signed_qty = IntegerField(default=0)
    returned_qty = IntegerField(default=0)
    undelivered_qty = IntegerField(default=0)

    class Meta:
        table_name = "gift_line"


# ---- computations ------------------------------------------------------------------------------------------------------

# Which quantity an act enters. What is entered is added to what stands.
ENTERS = {
    "signed": "signed_qty",
    "partly_signed": "signed_qty",
    "returned": "returned_qty",
    "undelivered": "undelivered_qty",
}


def date_application(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The day of application: that of the draft, and anew that of its first submission."""
    first = ctx.act == "create" or (ctx.act == "submitted" and not ctx.acted("submitted"))
    return Changes({"applicant": record.owner_id, "applied_on": ctx.today}) if first else Changes()


def mark_after_the_fact(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Whether it was applied for only after the visit (事后补单). The day of the visit itself is in time."""
    applied = record.applied_on or ctx.today
    return Changes({"after_the_fact": record.visit_on is not None and applied > record.visit_on})


def value_lines(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Unit values copied from the stock, amounts and total; exact, as quantities are whole."""
    values = [
        {"unit_value": line.gift.unit_value, "amount": line.gift.unit_value * line.quantity}
        for line in ctx.lines("lines")
    ]
    return Changes({"total_value": sum((value["amount"] for value in values), Decimal(0))}, {"lines": values})


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


# ---- effects of acts ---------------------------------------------------------------------------------------------------


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


def _prefix(line: Any, index: int) -> str:
    """The name that the form gives to the fields of this line."""
    return str(getattr(line, "typed_prefix", f"lines-{index}"))


# ---- guards ------------------------------------------------------------------------------------------------------------


def applied_for(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """No issue without an application that was handed in."""
    if ctx.act == "issued" and not ctx.acted("submitted"):
        return Refused(Text("未提交申请的礼品不能领取。", "Gifts are not issued without a submitted application."))
    return Allowed()


def consent_for_roadshow(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    consented = ctx.signed_at("manager_sign") is not None and ctx.signed_at("gm_sign") is not None
    if record.purpose == "roadshow" and not consented:
        return Refused(
            Text(
                "巡展礼品须经理与总经理先后同意。",
                "Gifts for a roadshow need the manager's and the general manager's consent.",
            )
        )
    return Allowed()


def applied_before_visit(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if ctx.act == "issued" and record.after_the_fact:
        return Refused(
            Text("事后补单：申请日期晚于拜访日期，不能领取。", "Applied for after the visit: this can never be issued.")
        )
    return Allowed()


def has_value(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Quantities of at least one piece and gifts with a value above zero."""
    for index, line in enumerate(ctx.lines("lines")):
        if line.quantity is None or line.quantity < 1:
            name = f"{_prefix(line, index)}-quantity"
            return Refused(Text("数量必须大于零。", "The quantity must be above zero."), name)
        if line.gift.unit_value <= 0:
            name = f"{_prefix(line, index)}-gift"
            return Refused(Text("该礼品没有登记单位价值。", "This gift has no value above zero."), name)
    return Allowed()


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


# ---- the register ------------------------------------------------------------------------------------------------------

_ROADSHOW = When("purpose", ("roadshow",))
_NO_ROADSHOW = When("purpose", ("roadshow",), negate=True)
# The two-signature road is closed to roadshows by GIFT-07 alone.
_NOT_BY_GIFT_07 = When("purpose", ("roadshow",), negate=True, rule="GIFT-07")

_OWNER = (By(person="owner"),)
_SPECIALIST = (
    By(role="market_specialist"),
    By(role="dept_head", of="own_department", department="market", owner_role="market_specialist"),
)
_MANAGER = (By(role="sales_manager", of="owner_department", stand_in="deputy_gm"),)
_GM = (By(role="gm"),)
_NEXT_SIGNERS = (
    Route(("submitted",), _SPECIALIST, (_NOT_BY_GIFT_07,)),
    Route(("submitted",), _MANAGER, (_ROADSHOW,)),
    Route(("specialist_signed",), _MANAGER),
    Route(("manager_signed",), _GM),
)
_OPINION = Text("意见", "opinion")
_AGREED = Text("同意", "Agreed")
_SIGNED_FIELDS = ("purpose", "customer", "visit", "visit_on", "roadshow", "lines")
_UNAPPROVED = Text("未批准", "not approved")


_SHEET = (
    Ask("signoff_signer", required=False),
    Ask("signoff_on", required=False),
    Ask("signoff_file", required=False),
    Ask("lines.signed_qty", required=False),
)

REGISTER = Register(
    name="gift_signoff",
    zh="礼品申请与签收",
    en="gift applications",
    group=Text("礼品", "Gifts"),
    menu=200,
    model=GiftSignoff,
    fields=(
        Field("number", "申请单号", "number", system=True),
        Field("state", "状态", "state", system=True),
        Field("applicant", "申请人", "applicant", system=True),
        Field("applied_on", "申请日期", "applied on", system=True),
        Field(
            "purpose",
            "用途",
            "purpose",
            required=True,
            choices=(
                Choice("visit", "客户拜访", "customer visit"),
                Choice("holiday", "节日", "holiday"),
                Choice("birthday", "生日", "birthday"),
                Choice("roadshow", "巡展", "roadshow"),
                Choice("event", "客户活动", "customer event"),
                Choice("other", "其他", "other"),
            ),
        ),
        Field(
            "customer",
            "客户",
            "customer",
            required_when=_NO_ROADSHOW,
            rule="GIFT-10",
            pick=(When("state", ("archived", "merged", "void"), negate=True),),
        ),
        Field("visit", "行动报告", "action report or visit", rule="GIFT-10"),
        Field("visit_on", "拜访日期", "visit on", required_when=When("purpose", ("visit",)), rule="GIFT-08"),
        Field("roadshow", "巡展", "roadshow", required_when=_ROADSHOW, rule="GIFT-07"),
        Field("planned_delivery_on", "预计送达", "planned delivery"),
        Field("total_value", "总价值", "total", system=True, rule="GIFT-09", unit=Text("元", "yuan")),
        Field("after_the_fact", "事后补单", "applied for after the visit", system=True, rule="GIFT-08"),
        Field("issued_at", "领取时间", "issued at", system=True),
        Field("signoff_signer", "客户签收人", "customer's signer", system=True),
        Field("signoff_on", "签收日期", "signed on", system=True),
        Field("signoff_file", "礼品签收单", "signed sheet", system=True),
        Field("fine_amount", "罚款", "fine", system=True, rule="GIFT-06", unit=Text("元", "yuan")),
        Field("remarks", "备注", "remarks", wide=True),
    ),
    children=(
        Child(
            "lines",
            "礼品明细",
            "gifts",
            GiftLine,
            (
                Field("gift", "礼品", "gift", required=True, pick=(When("active", (True,)),)),
                Field("quantity", "数量", "quantity"),
                Field("unit_value", "单价", "unit value", system=True, rule="GIFT-09", unit=Text("元", "yuan")),
                Field("amount", "金额", "amount", system=True, rule="GIFT-09", unit=Text("元", "yuan")),
                Field("signed_qty", "签收数量", "signed for", system=True),
                Field("returned_qty", "退回数量", "returned", system=True),
                Field("undelivered_qty", "未送达数量", "undelivered", system=True),
            ),
            minimum=1,
        ),
    ),
    access=access("gift_signoff"),
    sections=(
        Section(
            "申请", "Application", ("applicant", "applied_on", "purpose", "customer", "visit", "visit_on", "roadshow")
        ),
        Section("送达", "Delivery", ("planned_delivery_on", "total_value", "after_the_fact", "issued_at")),
        Section("签收", "Sign-off", ("signoff_signer", "signoff_on", "signoff_file", "fine_amount")),
    ),
    columns=("number", "applicant", "applied_on", "purpose", "customer", "total_value", "state", "after_the_fact"),
    label=("number",),
    search=("number", "visit", "roadshow", "signoff_signer"),
    sort=("number", "applied_on", "total_value", "state", "visit_on"),
    filters=(
        "state",
        "purpose",
        "applicant",
        "customer",
        "department",
        "applied_on",
        "visit_on",
        "after_the_fact",
        "total_value",
    ),
    states=(
        State("draft", "草稿", "draft", mark=Text("草稿", "draft")),
        State("submitted", "已提交", "submitted", "waiting", mark=_UNAPPROVED),
        State("specialist_signed", "待经理", "waiting for the manager", "waiting", mark=_UNAPPROVED),
        State("manager_signed", "待总经理", "waiting for the general manager", "waiting", mark=_UNAPPROVED),
        State("approved", "已批准", "approved", "good"),
        State("issued", "已领取", "issued", "waiting"),
        State("signed", "已签收", "signed for", "good"),
        State("partly_signed", "部分签收", "signed for in part", "waiting"),
        State("returned", "退回", "returned", "waiting"),
        State("undelivered", "未送达", "undelivered", "bad"),
        State("closed", "已结案", "closed", "muted", ends=True),
        State("refused", "驳回", "refused", "bad", mark=Text("驳回", "refused"), ends=True),
        State("withdrawn", "撤回", "withdrawn", "muted", mark=Text("撤回", "withdrawn"), ends=True),
    ),
    slots=(
        Slot("specialist_sign", "市场专员签字", "market specialist", _SIGNED_FIELDS),
        Slot("manager_sign", "经理签字", "manager", _SIGNED_FIELDS),
        Slot("gm_sign", "总经理签字", "general manager", _SIGNED_FIELDS),
        Slot("registered_collection", "领取登记", "collection registered"),
        Slot("undelivered_confirmed", "未送达确认", "non-delivery confirmed"),
    ),
    acts=(
        Act("submitted", "提交", "submit", (Route(("draft",), _OWNER),), "submitted", tone="primary"),
        Act(
            "specialist_signed",
            "市场专员签字",
            "sign as market specialist",
            (Route(("submitted",), _SPECIALIST, (_NOT_BY_GIFT_07,)),),
            "specialist_signed",
            reason="required",
            reason_label=_OPINION,
            reason_default=_AGREED,
            signs="specialist_sign",
            tone="good",
        ),
        Act(
            "manager_signed",
            "经理签字",
            "sign as manager",
            (Route(("submitted",), _MANAGER, (_ROADSHOW,)),),
            "manager_signed",
            reason="required",
            reason_label=_OPINION,
            reason_default=_AGREED,
            signs="manager_sign",
            tone="good",
        ),
        Act(
            "approved",
            "批准",
            "approve",
            (
                Route(("specialist_signed",), _MANAGER, (_NOT_BY_GIFT_07,), "manager_sign"),
                Route(("manager_signed",), _GM, (_ROADSHOW,), "gm_sign"),
            ),
            "approved",
            reason="required",
            reason_label=_OPINION,
            reason_default=_AGREED,
            tone="good",
        ),
        Act(
            "return_for_correction",
            "退回修改",
            "return for correction",
            _NEXT_SIGNERS,
            "draft",
            reason="required",
            cancels=True,
            agrees=False,
        ),
        Act("refused", "驳回", "refuse", _NEXT_SIGNERS, "refused", reason="required", agrees=False, tone="bad"),
        Act(
            "withdrawn",
            "撤回",
            "withdraw",
            (Route(("submitted", "specialist_signed", "manager_signed", "approved"), _OWNER),),
            "withdrawn",
            reason="required",
            tone="bad",
        ),
        Act(
            "issued",
            "领取登记",
            "register collection",
            (Route(("approved",), _SPECIALIST),),
            "issued",
            signs="registered_collection",
            effect="register_collection",
            tone="primary",
        ),
        Act(
            "signed",
            "签收",
            "signed for",
            (Route(("issued", "returned", "undelivered"), _OWNER),),
            "signed",
            ask=_SHEET,
            effect="enter_quantities",
            tone="good",
            hint=Text("数量留空表示其余全部签收。", "An empty quantity means all that is open."),
        ),
        Act(
            "partly_signed",
            "部分签收",
            "signed for in part",
            (Route(("issued", "returned", "undelivered"), _OWNER),),
            "partly_signed",
            ask=_SHEET,
            effect="enter_quantities",
        ),
        Act(
            "returned",
            "退回",
            "returned",
            (Route(("issued", "partly_signed", "returned", "undelivered"), _SPECIALIST),),
            "returned",
            ask=(Ask("lines.returned_qty", required=False),),
            reason="optional",
            effect="enter_quantities",
        ),
        Act(
            "undelivered",
            "确认未送达",
            "confirm non-delivery",
            (Route(("issued", "partly_signed", "returned", "undelivered"), _MANAGER),),
            "undelivered",
            ask=(Ask("lines.undelivered_qty", required=False),),
            reason="required",
            reason_label=Text("事实", "fact"),
            signs="undelivered_confirmed",
            effect="enter_quantities",
            tone="bad",
        ),
        Act(
            "closed",
            "结案",
            "close",
            (Route(("signed", "partly_signed", "returned", "undelivered"), _SPECIALIST),),
            "closed",
            tone="primary",
        ),
    ),
    rules=(
        row(
            "GIFT-01",
            "礼品只凭已提交的申请单发放；申请日期由系统登记。",
            "Gifts are issued on a submitted application only; the system keeps its day.",
            on=("create", "submitted", "issued"),
            guard="applied_for",
            compute="date_application",
            fields=("applicant", "applied_on"),
        ),
        row(
            "GIFT-02",
            "先市场专员、后经理签字；经理不能先签。",
            "First the market specialist signs, then the manager; the manager cannot sign first.",
            order=("approved",),
        ),
        row(
            "GIFT-03",
            "只有已批准的申请可以领取，其他状态一律拒绝。",
            "Only an approved application is issued; every other state is refused.",
            order=("issued",),
        ),
        row(
            "GIFT-04",
            "领取由市场专员登记签字；盘点少于账面时提示查未登记领取，罚款建议待奖罚登记建成。",
            "The market specialist registers the collection; a count below the book hints at unregistered collection, and the "
            "proposal of a fine waits for the penalty register.",
            waits="penalty_reward",
        ),
        row(
            "GIFT-05",
            "签收须有客户签收人（不得为本公司人员）、日期和签收单；缺一不能结案。",
            "A signature needs the customer's signer, who is none of our staff, the day and the sheet; nothing is closed without "
            "them.",
            on=("signed", "partly_signed", "closed"),
            guard="signed_for",
            order=("closed",),
            fields=("signoff_signer", "signoff_on", "signoff_file"),
        ),
        row(
            "GIFT-06",
            "经理确认未送达后，罚款 = 倍数 × 单价 × 未送达数量，只算未送部分。",
            "After the manager has confirmed: fine = multiple × unit value × undelivered pieces, on those pieces only.",
            on=("undelivered",),
            compute="fine_undelivered",
            fields=("fine_amount",),
        ),
        row(
            "GIFT-07",
            "巡展礼品走经理、总经理两级；市场专员不签；两签不齐不能领取。",
            "Roadshow gifts go to the manager and then to the general manager; the market specialist does not sign; without both "
            "nothing is issued.",
            on=("issued",),
            guard="consent_for_roadshow",
            fields=("roadshow",),
        ),
        row(
            "GIFT-08",
            "申请日期晚于拜访日期即标“事后补单”，可以保存，不能领取。",
            "An application after the visit is saved with the mark 事后补单 and can never be issued.",
            on=("create", "update", "submitted", "issued"),
            guard="applied_before_visit",
            compute="mark_after_the_fact",
            fields=("visit_on", "after_the_fact"),
        ),
        row(
            "GIFT-09",
            "数量至少 1，礼品单价大于零；单价在申请时取自库存，金额与总价自动计算，精确到分。",
            "Quantities of at least 1 and values above zero; the unit value is copied at application, amounts and total are exact.",
            on=("create", "update", "submitted"),
            guard="has_value",
            compute="value_lines",
            fields=("lines.quantity", "lines.unit_value", "lines.amount", "total_value"),
        ),
        row(
            "GIFT-10",
            "申请关联客户与行动报告；巡展除外。",
            "The application names customer and action report; not for roadshows.",
            fields=("customer", "visit"),
        ),
        row(
            "GIFT-11",
            "申请人不得签批、发放、收退、确认或结案自己的申请；专员、经理、总经理为不同的人，代理同样受限。",
            "The applicant never signs, issues, takes back, confirms or closes his own; specialist, manager and general manager "
            "are different people, delegation included.",
            pairs=(
                ("owner", "specialist_sign"),
                ("owner", "manager_sign"),
                ("owner", "gm_sign"),
                ("owner", "registered_collection"),
                ("owner", "undelivered_confirmed"),
                ("owner", "return_for_correction"),
                ("owner", "refused"),
                ("owner", "returned"),
                ("owner", "closed"),
                ("specialist_sign", "manager_sign"),
                ("manager_sign", "gm_sign"),
            ),
        ),
        row(
            "GIFT-12",
            "按节日与客户生日申请的用途已可选；未来三十天提醒清单待建。",
            "Holiday and birthday can be chosen as purpose; the list of the next thirty days is to come.",
            waits="step 2",
        ),
        row(
            "GIFT-13",
            "发放不超库存，签收、退回、未送达之和不超发放，结案时三者之和等于发放数量；出入库逐笔登记。",
            "No issue beyond the stock; signed for, returned and undelivered never exceed what was issued and equal it at closing; "
            "every movement is booked.",
            on=("issued", "signed", "partly_signed", "returned", "undelivered", "closed"),
            guard="within_what_was_issued",
            compute="move_stock",
            fields=("lines.signed_qty", "lines.returned_qty", "lines.undelivered_qty"),
        ),
        row(
            "GIFT-14",
            "领取时间已登记；逾期未交回签收单的清单待制度手册建成。",
            "The moment of issue is kept; the list of overdue sign-off sheets comes with the policy book.",
            fields=("issued_at",),
            waits="policy book",
        ),
        *GENERAL,
    ),
    prints=(
        Print(
            "gift_application",
            "礼品申请表",
            "gift application form",
            (
                Block(
                    "fields",
                    fields=(
                        "applicant",
                        "department",
                        "applied_on",
                        "purpose",
                        "customer",
                        "visit",
                        "visit_on",
                        "roadshow",
                        "planned_delivery_on",
                        "remarks",
                    ),
                ),
                Block(
                    "lines",
                    "礼品明细",
                    "gifts",
                    fields=("gift", "quantity", "unit_value", "amount"),
                    child="lines",
                    total=("quantity", "amount"),
                    capitals="amount",
                ),
                Block(
                    "signatures",
                    slots=("applicant", "specialist_sign", "manager_sign", "gm_sign"),
                ),
            ),
        ),
        Print(
            "gift_receipt",
            "礼品签收单",
            "gift sign-off sheet",
            (
                Block("fields", fields=("customer", "applicant", "purpose", "issued_at", "planned_delivery_on")),
                Block(
                    "lines",
                    "礼品明细",
                    "gifts",
                    fields=("gift", "quantity", "signed_qty"),
                    child="lines",
                    total=("quantity",),
                ),
                Block("text", text=Text("兹收到上列礼品。", "The gifts listed above have been received.")),
                Block(
                    "signatures",
                    blank=(Text("客户签字", "customer"), Text("签收日期", "signed on"), Text("经办人", "handled by")),
                ),
            ),
            states=("issued", "signed", "partly_signed", "returned", "undelivered", "closed"),
        ),
        Print(
            "gift_month",
            "礼品月登记",
            "gift register of a month",
            (
                Block(
                    "lines",
                    fields=(
                        "number",
                        "applied_on",
                        "applicant",
                        "purpose",
                        "customer",
                        "total_value",
                        "fine_amount",
                        "state",
                    ),
                    total=("total_value", "fine_amount"),
                ),
            ),
            many=True,
            by=(("month", "applied_on"),),
            paper="A4 landscape",
        ),
        STOCK_PRINT,
    ),
    numbering=Numbering("LP"),
    kept_by=("market",),
    owner_updates=("draft",),
    copy_from=("refused", "withdrawn"),
    copy_label=Text("再次申请", "apply again"),
    waiting_first=True,
    holds=(("customer", ()),),
)
