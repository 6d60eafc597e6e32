"""Areas (片区): a small master kept by the administrator and the business department's clerk."""

from __future__ import annotations

from models.access_rules import GENERAL
from models.accounts import Area
from models.matrix import access
from models.register import Field, Register, Section, Text

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
