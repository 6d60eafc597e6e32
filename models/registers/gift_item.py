"""Gift stock: what gifts there are, how many are in hand, and every movement. Source: registers.md 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import BooleanField, CharField, Check, ForeignKeyField, IntegerField, TextField

from models.access_rules import GENERAL
from models.base import BaseModel, LineModel
from models.catalogue import row
from models.fields import InstantField, MoneyField
from models.matrix import access
from models.outcomes import Adjust, Allowed, Changes, Context, Insert, Refused
from models.register import Act, Ask, Block, By, Child, Choice, Field, Print, Register, Route, Section, Text

STOCK_PRINT = Print(
    "gift_stock",
    "礼品库存表",
    "gift stock list",
    many=True,
    register="gift_item",
    blocks=(
        Block(
            "lines",
            fields=("code", "name", "unit", "unit_value", "quantity_in_hand", "low_mark", "active"),
            total=("quantity_in_hand",),
        ),
        Block("signatures", blank=(Text("市场专员", "market specialist"), Text("盘点人", "counted by"))),
    ),
)


class GiftItem(BaseModel):
    """One kind of gift. `quantity_in_hand` changes only through movements and never falls below zero."""

    code = CharField(20, unique=True)
    name = CharField(60)
    unit = CharField(10)
    unit_value = MoneyField()
    quantity_in_hand = IntegerField(default=0)
    low_mark = IntegerField(null=True)
    active = BooleanField(default=True)

    class Meta:
        table_name = "gift_item"
        constraints = (Check("quantity_in_hand >= 0", name="ck_gift_item_quantity"),)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class GiftMovement(LineModel):
    """One movement of one gift; `quantity` carries the sign, `source` the number of the application behind it."""

    record = ForeignKeyField(GiftItem, on_delete="RESTRICT", backref="+")
    at = InstantField()
    kind = CharField(20)
    quantity = IntegerField()
    source = CharField(24, default="")
    actor_name = CharField(90)
    reason = TextField(default="")

    class Meta:
        table_name = "gift_movement"


KINDS = (
    Choice("in", "入库", "in"),
    Choice("issued", "领取", "issued"),
    Choice("returned", "退回", "returned"),
    Choice("count", "盘点差异", "count difference"),
)


def movement(gift: int, kind: str, quantity: int, ctx: Context, *, source: str = "", reason: str = "") -> Insert:
    """The row that tells of one movement."""
    values = {
        "at": ctx.now,
        "kind": kind,
        "quantity": quantity,
        "source": source,
        "actor_name": ctx.actor.name,
        "reason": reason,
    }
    return Insert("gift_item", "movements", gift, values)


def moved(gift: GiftItem, kind: str, quantity: int, ctx: Context, source: str, rule: str) -> Changes:
    """The stock of a gift raised or lowered for another record, `source`; refused by `rule` when it does not suffice."""
    short = Text(
        "“{gift}”库存不足 {wanted} {unit}，不能领取。", "There are fewer than {wanted} {unit} of “{gift}” in stock."
    ).fill(gift=gift.name, wanted=-quantity, unit=gift.unit)
    return Changes(
        adjust=(Adjust("gift_item", gift.id, "quantity_in_hand", quantity, short, rule),),
        insert=(movement(gift.id, kind, quantity, ctx, source=source),),
    )


def take_in(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    quantity = int(inputs["quantity"])
    row_in = movement(record.id, "in", quantity, ctx, reason=str(inputs.get("reason") or ""))
    return Changes({"quantity_in_hand": record.quantity_in_hand + quantity}, insert=(row_in,))


def difference_explained(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """A count that differs from the book needs a reason."""
    counted = inputs.get("counted")
    explained = bool(str(inputs.get("reason") or "").strip())
    if explained or counted is None or int(counted) == record.quantity_in_hand:
        return Allowed()
    text = Text("实盘与账面 {book} 不符，请写明原因。", "The count differs from {book} in the book: give the reason.")
    return Refused(text.fill(book=record.quantity_in_hand), "reason")


def book_count(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The book brought to the counted quantity. A shortage hints at gifts collected without registration (GIFT-04)."""
    difference = int(inputs["counted"]) - record.quantity_in_hand
    if not difference:
        return Changes()
    counted = movement(record.id, "count", difference, ctx, reason=str(inputs.get("reason") or ""))
    hint = Text(
        "实盘比账面少 {missing} {unit}：请查明是否有未登记领取。",
        "{missing} {unit} fewer than in the book: find out whether gifts were collected without registration.",
    ).fill(missing=-difference, unit=record.unit)
    return Changes(
        {"quantity_in_hand": record.quantity_in_hand + difference},
        insert=(counted,),
        warnings=(hint,) if difference < 0 else (),
    )


_SPECIALIST = (Route((), (By(role="market_specialist"),)),)

REGISTER = Register(
    name="gift_item",
    zh="礼品库存",
    en="gift stock",
    group=Text("礼品", "Gifts"),
    menu=210,
    model=GiftItem,
    fields=(
        Field("code", "礼品编码", "code", required=True),
        Field("name", "礼品名称", "name", required=True),
        Field("unit", "单位", "unit", required=True),
        Field("unit_value", "单位价值", "unit value", required=True, above=0, unit=Text("元", "yuan")),
        Field("quantity_in_hand", "库存数量", "in hand", system=True),
        Field("low_mark", "低库存线", "low-stock mark", minimum=0),
        Field("active", "启用", "active", required=True, default=True),
    ),
    children=(
        Child(
            "movements",
            "出入库记录",
            "movements",
            GiftMovement,
            (
                Field("at", "时间", "at", system=True),
                Field("kind", "类型", "kind", system=True, choices=KINDS),
                Field("quantity", "数量", "quantity", system=True),
                Field("source", "来源单号", "source", system=True),
                Field("actor_name", "经办人", "by", system=True),
                Field("reason", "原因", "reason", system=True),
            ),
            maximum=100_000,
            system=True,
        ),
    ),
    access=access("gift_item"),
    sections=(
        Section("礼品", "Gift", ("code", "name", "unit", "unit_value", "active")),
        Section("库存", "Stock", ("quantity_in_hand", "low_mark")),
    ),
    columns=("code", "name", "unit", "unit_value", "quantity_in_hand", "low_mark", "active"),
    label=("code", "name"),
    public=True,
    search=("code", "name"),
    sort=("code", "name", "unit_value", "quantity_in_hand"),
    filters=("active", "quantity_in_hand"),
    order=("code", False),
    acts=(
        Act(
            "stock_in",
            "入库",
            "take in",
            _SPECIALIST,
            ask=(Ask("quantity", kind="integer", zh="入库数量", en="quantity", minimum=1),),
            reason="optional",
            effect="take_in",
            tone="primary",
        ),
        Act(
            "stock_count",
            "盘点",
            "count",
            _SPECIALIST,
            ask=(Ask("counted", kind="integer", zh="实盘数量", en="counted", minimum=0),),
            reason="optional",
            effect="book_count",
            hint=Text("实盘与账面不符时须写明原因。", "A count that differs from the book needs a reason."),
        ),
    ),
    rules=(
        row(
            "GIFT-04",
            "盘点少于账面时写入盘点差异并提示查未登记领取；罚款建议待奖罚登记建成。",
            "A count below the book writes the difference and hints at collection without registration; the proposal of a fine "
            "waits for the penalty register.",
            waits="penalty_reward",
        ),
        row(
            "GIFT-13",
            "库存只由入库、领取、退回、盘点改变，永不为负；盘点不符须写明原因。",
            "Stock changes only by taking in, issue, return and count, and never falls below zero; a count that differs needs a "
            "reason.",
            on=("stock_count",),
            guard="difference_explained",
            fields=("quantity_in_hand",),
        ),
        *GENERAL,
    ),
    prints=(STOCK_PRINT,),
    views={"stock": ("code", "name", "unit", "quantity_in_hand", "active")},
    remarks=False,
    own=(),
    active_field="active",
)
