"""Areas (片区) with their staff: a small master kept by the administrator and the business department's clerk."""

from __future__ import annotations

from peewee import ForeignKeyField

from models.access_rules import GENERAL
from models.accounts import Area, User
from models.base import LineModel
from models.matrix import access
from models.register import Child, Field, Register, Section, Text


class AreaStaff(LineModel):
    """One person of an area; the first line is whoever is in charge of it."""

    record = ForeignKeyField(Area, on_delete="RESTRICT", backref="+")
    person = ForeignKeyField(User, on_delete="RESTRICT", backref="+")

    class Meta:
        table_name = "area_staff"


REGISTER = Register(
    name="area",
    zh="片区",
    en="areas",
    group=Text("组织", "Organisation"),
    menu=920,
    model=Area,
    fields=(
        Field("code", "代码", "code", required=True),
        Field("name", "名称", "name", required=True),
        Field("out_of_town", "异地", "out of town"),
        Field("active", "启用", "active"),
    ),
    children=(
        Child(
            "staff",
            "片区人员（第一位为负责人）",
            "staff of the area (the first is in charge)",
            AreaStaff,
            (Field("person", "人员", "person", required=True),),
        ),
    ),
    access=access("area"),
    sections=(Section("基本资料", "Basic data", ("code", "name", "out_of_town", "active")),),
    columns=("code", "name", "out_of_town", "active"),
    label=("name",),
    search=("code", "name"),
    sort=("code", "name"),
    filters=("out_of_town", "active"),
    order=("code", False),
    rules=GENERAL,
    remarks=False,
    attachments=False,
    own=(),
    active_field="active",
    public=True,
)
