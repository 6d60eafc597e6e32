"""Warehouses: a small master kept by the administrator and the business department's clerk (decisions.md 29)."""

from __future__ import annotations

from peewee import BooleanField, CharField, ForeignKeyField

from models.access_rules import GENERAL
from models.accounts import User
from models.base import BaseModel
from models.matrix import access
from models.register import Field, Link, Register, Section, Text


class Warehouse(BaseModel):
    """One warehouse with the person who keeps it."""

    code = CharField(30, unique=True)
    name = CharField(60)
    keeper = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    active = BooleanField(default=True)

    class Meta:
        table_name = "warehouse"

    def __str__(self) -> str:
        return str(self.name)


REGISTER = Register(
    name="warehouse",
    zh="仓库",
    en="warehouses",
    group=Text("基础资料", "Master data"),
    menu=940,
    model=Warehouse,
    fields=(
        Field("code", "代码", "code", required=True),
        Field("name", "名称", "name", required=True),
        Field("keeper", "库管", "keeper"),
        Field("active", "启用", "active", required=True, default=True),
    ),
    access=access("warehouse"),
    sections=(Section("基本资料", "Basic data", ("code", "name", "keeper", "active")),),
    columns=("code", "name", "keeper", "active"),
    label=("name",),
    search=("code", "name"),
    sort=("code", "name"),
    filters=("active",),
    order=("code", False),
    rules=GENERAL,
    links=(Link("spare_part", "warehouse", "备件库存", "spare parts"),),
    remarks=False,
    attachments=False,
    own=(),
    active_field="active",
    public=True,
)
