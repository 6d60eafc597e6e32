"""Departments: a small master kept by the administrator and the business department's clerk."""

from __future__ import annotations

from models.access_rules import GENERAL
from models.accounts import Department
from models.catalogue import row
from models.matrix import access
from models.register import Field, Register, Section, Text

REGISTER = Register(
    name="department",
    zh="部门",
    en="departments",
    group=Text("组织", "Organisation"),
    menu=900,
    model=Department,
    fields=(
        Field("code", "代码", "code", required=True),
        Field("name", "名称", "name", required=True),
        Field(
            "signing",
            "代签部门",
            "signs for it",
            help=Text("由该部门的经理代为签批。", "Its manager signs for this one."),
        ),
        Field("decision", "决议依据", "decision", rule="ACL-06"),
        Field("active", "启用", "active"),
    ),
    access=access("department"),
    sections=(Section("基本资料", "Basic data", ("code", "name", "signing", "decision", "active")),),
    columns=("code", "name", "signing", "decision", "active"),
    label=("name",),
    search=("code", "name"),
    sort=("code", "name"),
    filters=("active",),
    order=("code", False),
    rules=(
        *GENERAL,
        row(
            "ACL-06",
            "组织表登记设立、变更、撤销所依据的公司决议。",
            "The table keeps the reference of the decision.",
            fields=("decision",),
        ),
    ),
    remarks=False,
    attachments=False,
    own=(),
    active_field="active",
    public=True,
)
