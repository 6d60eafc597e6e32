"""Sales groups: a small master kept by the administrator and the business department's clerk."""

from __future__ import annotations

from models.access_rules import GENERAL
from models.accounts import Group
from models.matrix import access
from models.register import Field, Register, Section, Text, When

REGISTER = Register(
    name="group",
    zh="销售小组",
    en="sales groups",
    group=Text("组织", "Organisation"),
    menu=910,
    model=Group,
    fields=(
        Field("code", "代码", "code", required=True),
        Field("name", "名称", "name", required=True),
        Field("department", "所属部门", "department", required=True, pick=(When("active", (True,)),)),
        Field("active", "启用", "active"),
    ),
    access=access("group"),
    sections=(Section("基本资料", "Basic data", ("code", "name", "department", "active")),),
    columns=("code", "name", "department", "active"),
    label=("name",),
    search=("code", "name"),
    sort=("code", "name"),
    filters=("department", "active"),
    order=("code", False),
    rules=GENERAL,
    remarks=False,
    attachments=False,
    own=(),
    active_field="active",
    public=True,
)
