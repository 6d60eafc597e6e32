"""Products and spare parts: one row for each specification (decisions.md 29)."""

from __future__ import annotations

from peewee import BooleanField, CharField, IntegerField

from models.access_rules import GENERAL
from models.base import BaseModel
from models.fields import MoneyField
from models.goods.choices import UNITS
from models.matrix import access
from models.register import Field, Register, Section, Text


class Product(BaseModel):
    """One product in one specification."""

    code = CharField(30, unique=True)
    name = CharField(60, index=True)
    specification = CharField(60, default="")
    unit = CharField(20)
    warranty_months = IntegerField(null=True)
    spare_part = BooleanField(default=False)
    price = MoneyField(null=True)
    active = BooleanField(default=True)

    class Meta:
        table_name = "product"

    def __str__(self) -> str:
        return f"{self.name} {self.specification}".strip()


REGISTER = Register(
    name="product",
    zh="产品",
    en="products",
    group=Text("基础资料", "Master data"),
    menu=930,
    model=Product,
    fields=(
        Field("code", "产品编码", "code", required=True),
        Field("name", "产品名称", "name", required=True),
        Field("specification", "规格", "specification"),
        Field("unit", "单位", "unit", required=True, choices=UNITS),
        Field("warranty_months", "保修期", "warranty", minimum=0, maximum=600, unit=Text("个月", "months")),
        Field("spare_part", "备件", "spare part", tone="neutral"),
        Field("price", "单价", "price", minimum=0, unit=Text("元", "yuan")),
        Field("active", "启用", "active", required=True, default=True),
    ),
    access=access("product"),
    sections=(
        Section("产品", "Product", ("code", "name", "specification", "unit", "active")),
        Section("售后", "After sales", ("warranty_months", "spare_part", "price")),
    ),
    columns=("code", "name", "specification", "unit", "warranty_months", "spare_part", "price", "active"),
    label=("name", "specification"),
    search=("code", "name", "specification"),
    sort=("code", "name", "specification", "price"),
    filters=("spare_part", "unit", "active"),
    order=("code", False),
    rules=GENERAL,
    remarks=False,
    attachments=False,
    own=(),
    active_field="active",
    public=True,
)
