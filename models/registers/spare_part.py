"""Spare parts in stock (备件库存): how much of a part there is in which warehouse, and every movement. Source: SVC-39."""

from __future__ import annotations

from peewee import CharField, Check, ForeignKeyField, TextField

from models.access_rules import GENERAL
from models.accounts import User
from models.base import BaseModel, LineModel
from models.fields import InstantField, QuantityField
from models.goods.choices import UNITS
from models.goods.stock import KINDS, book_count, name_part, take_in
from models.matrix import access
from models.register import Act, Always, Ask, Block, By, Child, Field, Print, Register, Route, Section, Text, When
from models.registers.product import Product
from models.registers.warehouse import Warehouse

# The functions that acts name; they are looked up here.
__all__ = ["REGISTER", "SparePart", "SparePartMovement", "book_count", "name_part", "take_in"]


class SparePart(BaseModel):
    """One part in one warehouse. `stock` changes only through movements and never falls below zero."""

    product = ForeignKeyField(Product, on_delete="RESTRICT", backref="+")
    warehouse = ForeignKeyField(Warehouse, on_delete="RESTRICT", backref="+")
    name = CharField(190, default="")
    unit = CharField(20, default="")
    stock = QuantityField(default=0)

    class Meta:
        table_name = "spare_part"
        constraints = (Check("stock >= 0", name="ck_spare_part_stock"),)
        indexes = ((("product", "warehouse"), True),)

    def __str__(self) -> str:
        return str(self.name)


class SparePartMovement(LineModel):
    """One movement of one part; `quantity` carries the sign, `source` the number of the record behind it."""

    record = ForeignKeyField(SparePart, on_delete="RESTRICT", backref="+")
    at = InstantField()
    kind = CharField(20)
    quantity = QuantityField()
    balance = QuantityField()
    source = CharField(24, default="")
    by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    reason = TextField(default="")

    class Meta:
        table_name = "spare_part_movement"


_KEEPER = (Route((), (By(role="warehouse_keeper"),)),)

REGISTER = Register(
    name="spare_part",
    zh="备件库存",
    en="spare parts",
    group=Text("售后服务", "After-sales service"),
    menu=460,
    model=SparePart,
    fields=(
        Field("name", "名称", "name", system=True),
        Field("product", "备件", "part", required=True, create_only=True, pick=(When("spare_part", (True,)),)),
        Field("warehouse", "仓库", "warehouse", required=True, create_only=True),
        Field("stock", "库存数量", "in stock", system=True),
        Field("unit", "单位", "unit", system=True, choices=UNITS),
    ),
    children=(
        Child(
            "movements",
            "出入库记录",
            "movements",
            SparePartMovement,
            (
                Field("at", "时间", "at", system=True),
                Field("kind", "类型", "kind", system=True, choices=KINDS),
                Field("quantity", "数量", "quantity", system=True),
                Field("balance", "结存", "balance", system=True),
                Field("source", "来源单号", "source", system=True),
                Field("by", "经办人", "by", system=True),
                Field("reason", "原因", "reason", system=True),
            ),
            maximum=100_000,
            system=True,
        ),
    ),
    access=access("spare_part"),
    sections=(Section("备件", "Part", ("product", "warehouse", "stock", "unit")),),
    columns=("product", "warehouse", "stock", "unit"),
    label=("name",),
    search=("name",),
    views={"stock": ("name", "product", "warehouse", "stock", "unit")},
    sort=("stock", "name"),
    filters=("product", "warehouse", "stock"),
    order=("name", False),
    always=(Always(("create", "update"), compute="name_part"),),
    acts=(
        Act(
            "stock_in",
            "入库",
            "take in",
            _KEEPER,
            ask=(Ask("quantity", kind="quantity", zh="入库数量", en="quantity", above=0),),
            reason="optional",
            effect="take_in",
            tone="primary",
        ),
        Act(
            "stock_count",
            "盘点",
            "count",
            _KEEPER,
            ask=(Ask("counted", kind="quantity", zh="实盘数量", en="counted", minimum=0),),
            reason="optional",
            effect="book_count",
            hint=Text("实盘与账面不符时须写明原因。", "A count that differs from the book needs a reason."),
        ),
    ),
    rules=GENERAL,
    prints=(
        Print(
            "spare_part_stock",
            "备件库存表",
            "spare part stock list",
            (
                Block("lines", fields=("product", "warehouse", "unit", "stock")),
                Block("signatures", blank=(Text("库管", "warehouse keeper"), Text("盘点人", "counted by"))),
            ),
            many=True,
        ),
    ),
    remarks=False,
    attachments=False,
    own=(),
)
