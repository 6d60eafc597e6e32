"""A register that the product does not have: its file is written, imported and put into the catalogue at run time.

sample = Sample(database, tmp_path)
sample.company.done("salesperson", "tool_loan", None, "create", inputs())
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from peewee import Database

from backoffice import replay
from backoffice.app import make_catalogue
from models import REGISTERS
from models.evidence import AuditEvent
from models.register import Register
from tests.company import Company, made_company

SOURCE = '''"""Loans of tools: one register in one file, as every other."""

from decimal import Decimal

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, TextField

from models.access_rules import GENERAL
from models.base import LineModel
from models.catalogue import row
from models.evidence import StoredFile
from models.fields import DayField, InstantField, MoneyField, PercentField, QuantityField
from models.outcomes import Adjust, Allowed, Changes, Insert, Refused
from models.records import RecordModel
from models.register import (
    Act, Ask, Block, By, Child, Choice, Field, Grant, Numbering, Print, Register, Route, Section, Slot, State, Text,
    Unmask, When,
)
from models.registers.customer_archive import CustomerArchive
from models.registers.gift_item import GiftItem, movement


class ToolLoan(RecordModel):
    title = CharField(60)
    kind = CharField(20)
    customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
    gift = ForeignKeyField(GiftItem, null=True, on_delete="RESTRICT", backref="+")
    phone = CharField(30, default="")
    badge = CharField(20, null=True, unique=True)
    needed_on = DayField(null=True)
    starts_at = InstantField(null=True)
    weight = QuantityField(null=True)
    share = PercentField(null=True)
    deposit = MoneyField(null=True)
    urgent = BooleanField(default=False)
    notes = TextField(default="")
    proof = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    handed_over = IntegerField(null=True)
    total = MoneyField(default=0)

    class Meta:
        table_name = "tool_loan"


class ToolLine(LineModel):
    record = ForeignKeyField(ToolLoan, on_delete="RESTRICT", backref="+")
    tool = CharField(40)
    pieces = IntegerField(default=1)
    price = MoneyField(null=True)
    amount = MoneyField(default=0)
    back = IntegerField(default=0)

    class Meta:
        table_name = "tool_line"


def few(record, inputs, ctx):
    """At most nine pieces of a tool."""
    for index, line in enumerate(ctx.lines("lines")):
        if line.pieces is not None and line.pieces > 9:
            name = getattr(line, "typed_prefix", f"lines-{index}") + "-pieces"
            return Refused(Text("每种最多 9 件。", "At most 9 pieces of a tool."), name)
    return Allowed()


def sum_up(record, inputs, ctx):
    """Amounts and total. A title `fail` breaks it, `reserve` takes a gift from the stock and may come too late."""
    amounts = [{"amount": (line.price or Decimal(0)) * line.pieces} for line in ctx.lines("lines")]
    if record.title == "fail":
        raise RuntimeError("the computation broke")
    values = {"total": sum((one["amount"] for one in amounts), Decimal(0))}
    if record.title != "reserve":
        return Changes(values, {"lines": amounts})
    short = Text("库存不足。", "The stock does not suffice.")
    return Changes(
        values,
        {"lines": amounts},
        adjust=(Adjust("gift_item", record.gift_id, "quantity_in_hand", -1, short),),
        insert=(movement(record.gift_id, "issued", -1, ctx, source="tool"),),
    )


def not_more_than_lent(record, inputs, ctx):
    for line in ctx.lines("lines"):
        typed = next((one for one in inputs.get("lines") or () if one["id"] == line.id), {})
        if (typed.get("back") or 0) > line.pieces:
            return Refused(Text("多于借出。", "More than was lent."), f"{typed['prefix']}-back")
    return Allowed()


def take_back(record, inputs, ctx):
    typed = {one["id"]: one.get("back") or 0 for one in inputs.get("lines") or ()}
    return Changes(
        {"handed_over": inputs["boxes"]}, {"lines": [{"back": typed.get(line.id, 0)} for line in ctx.lines("lines")]}
    )


_MANAGER = By(role="sales_manager", of="owner_department")

REGISTER = Register(
    name="tool_loan",
    zh="工具借用",
    en="tool loans",
    group=Text("工具", "Tools"),
    menu=900,
    model=ToolLoan,
    fields=(
        Field("title", "事由", "title", required=True, rule=""),
        Field("kind", "类别", "kind", required=True, choices=(Choice("hand", "手工", "hand"), Choice("power", "电动", "power"))),
        Field("customer", "客户", "customer"),
        Field("gift", "礼品", "gift"),
        Field("phone", "电话", "phone", level=2),
        Field("badge", "工牌", "badge"),
        Field("needed_on", "需用日期", "needed on", required_when=When("kind", ("power",))),
        Field("starts_at", "开始时间", "starts at"),
        Field("weight", "重量", "weight", minimum=0),
        Field("share", "占比", "share", maximum=100),
        Field("deposit", "押金", "deposit", above=0, unit=Text("元", "yuan")),
        Field("urgent", "加急", "urgent"),
        Field("notes", "说明", "notes", writers=("sales_manager", "salesperson")),
        Field("proof", "凭证", "proof"),
        Field("handed_over", "交回箱数", "boxes handed over", system=True),
        Field("total", "合计", "total", system=True),
    ),
    children=(
        Child(
            "lines",
            "工具",
            "tools",
            ToolLine,
            (
                Field("tool", "工具", "tool", required=True),
                Field("pieces", "件数", "pieces", minimum=1),
                Field("price", "单价", "price"),
                Field("amount", "金额", "amount", system=True),
                Field("back", "交回", "back", system=True),
            ),
        ),
    ),
    access={
        "salesperson": (Grant(frozenset({"create", "read", "update"}), "own"),),
        "sales_manager": (Grant(frozenset({"read", "update", "approve", "export"}), "department"),),
        "archivist": (Grant(frozenset({"read", "update", "export"}), "all"),),
        "finance": (Grant(frozenset({"read"}), "all", "money"),),
        "market_specialist": (Grant(frozenset({"read"}), "all"),),
    },
    sections=(
        Section("借用", "Loan", ("title", "kind", "customer", "gift", "phone", "badge", "needed_on", "starts_at", "urgent")),
        Section("数额", "Figures", ("weight", "share", "deposit", "total", "handed_over", "proof", "notes")),
    ),
    columns=("number", "title", "kind", "customer", "needed_on", "total", "state"),
    label=("number", "title"),
    search=("number", "title", "phone"),
    sort=("number", "title", "total", "needed_on"),
    filters=("state", "kind", "needed_on", "total", "owner", "customer"),
    states=(
        State("open", "待查", "open"),
        State("checked", "已查", "checked", "waiting"),
        State("agreed", "已准", "agreed", "good"),
        State("back", "已还", "back", "muted", ends=True),
    ),
    slots=(
        Slot("check_sign", "查验", "checked by", ("title", "lines", "deposit")),
        Slot("second_sign", "复核", "second check"),
        Slot("manager_sign", "经理签字", "manager"),
    ),
    acts=(
        Act("checked", "查验", "check", (Route(("open",), (By(role="archivist"),)),), "checked", signs="check_sign", tone="good"),
        Act("seconded", "复核", "second", (Route(("checked",), (By(role="market_specialist"),)),), signs="second_sign", tone="good"),
        Act(
            "agreed", "批准", "agree", (Route(("checked",), (_MANAGER,)),), "agreed",
            reason="required", reason_label=Text("意见", "opinion"), signs="manager_sign", tone="good",
        ),
        Act(
            "return_for_correction", "退回", "return", (Route(("checked",), (_MANAGER,)),), "open",
            reason="required", cancels=True, agrees=False,
        ),
        Act(
            "back", "归还", "take back", (Route(("agreed",), (By(person="owner"),)),), "back",
            ask=(Ask("boxes", kind="integer", zh="箱数", en="boxes", minimum=1), Ask("lines.back", required=False)),
            effect="take_back",
        ),
    ),
    rules=(
        row("GIFT-09", "每种最多 9 件，金额自动计算。", "At most 9 pieces; amounts are computed.",
            on=("create", "update"), guard="few", compute="sum_up", fields=("lines.pieces", "total")),
        row("GIFT-13", "归还不多于借出。", "No more comes back than was lent.", on=("back",), guard="not_more_than_lent",
            fields=("lines.back",)),
        *GENERAL,
    ),
    prints=(
        Print("tool_slip", "借用单", "loan slip", (
            Block("fields", fields=("title", "owner", "customer", "phone", "needed_on")),
            Block("lines", "工具", "tools", fields=("tool", "pieces", "price", "amount"), child="lines", total=("amount",)),
            Block("signatures", slots=("check_sign", "manager_sign")),
        )),
        Print("tool_list", "借用清单", "list of loans",
              (Block("lines", fields=("number", "title", "total", "state"), total=("total",)),), many=True),
    ),
    views={"money": ("number", "state", "deposit", "total")},
    unmask=(Unmask(2, role="sales_manager"), Unmask(2, person="owner")),
    numbering=Numbering("GJ"),
    update_states=("open", "checked"),
)
'''

_COUNT = itertools.count(1)


def written(directory: Path, source: str = SOURCE) -> ModuleType:
    """The file as a module: a new one each time, so that no model is shared between tests."""
    name = f"sample_register_{next(_COUNT)}"
    path = directory / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def changed(register: Register, **values: Any) -> Register:
    return replace(register, **values)


class Sample:
    """The company with the sample register beside those of the product."""

    def __init__(self, database: Database, directory: Path) -> None:
        self.module = written(directory)
        self.register: Register = self.module.REGISTER
        self.model: Any = self.register.model
        self.line: Any = self.register.children[0].model
        database.create_tables([self.model, self.line])
        catalogue = make_catalogue((*REGISTERS, self.register))
        self.company: Company = made_company(database, directory / "data", catalogue)

    def create(self, username: str = "salesperson", **more: Any) -> int:
        return int(self.company.done(username, "tool_loan", None, "create", inputs(**more)).id)


def inputs(**more: Any) -> dict[str, Any]:
    """What a person would type into a new loan."""
    return {
        "title": "展台搭建",
        "kind": "hand",
        "phone": "13900001111",
        "lines": [{"tool": "锤子", "pieces": "2", "price": "12.50"}, {"tool": "锯", "pieces": "1", "price": "40"}],
        **more,
    }


def differences(sample: Sample) -> list[str]:
    """What `backoffice check` would say; departments, groups and areas of the test company were not made through the product."""
    masters = ("department ", "group ", "area ")
    return [line for line in replay.differences(sample.company.catalogue) if not line.startswith(masters)]


def details(register: str, record: int) -> list[dict[str, Any]]:
    query = AuditEvent.select().where((AuditEvent.register == register) & (AuditEvent.record_id == record))
    return [json.loads(event.detail) for event in query.order_by(AuditEvent.id)]


@pytest.fixture
def sample(database: Database, tmp_path: Path) -> Iterator[Sample]:
    made = Sample(database, tmp_path)
    yield made
    del sys.modules[made.module.__name__]


__all__ = ["SOURCE", "Sample", "changed", "details", "differences", "inputs", "sample", "written"]
