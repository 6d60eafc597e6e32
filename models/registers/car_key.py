"""Car keys (车钥匙): which keys there are, of which car, where they hang and whether they are in. Source: registers.md 5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField

from models.access_rules import GENERAL
from models.base import BaseModel
from models.catalogue import row
from models.fields import MoneyField
from models.matrix import access
from models.outcomes import Allowed, Changes, Context, Refused
from models.register import Act, By, Field, Register, Route, Section, State, Text
from models.registers.vehicle_stock import CAR_CLASS, VehicleStock


class CarKey(BaseModel):
    """One key. Its state changes with its checkout, at a loss, and when it is retired."""

    key_no = CharField(20, unique=True)
    car = ForeignKeyField(VehicleStock, on_delete="RESTRICT", backref="+")
    car_class = CharField(20)
    copy_no = IntegerField()
    new_arrival = BooleanField(default=False)
    state = CharField(20, default="in", index=True)
    board_place = CharField(20, default="")
    replacement_cost = MoneyField(null=True)

    class Meta:
        table_name = "car_key"
        indexes = ((("car", "copy_no"), True),)

    def __str__(self) -> str:
        return str(self.key_no)


def one_key_a_copy(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """The second key of a car is there once, and the class is that of the car."""
    if record.car_class != record.car.car_class:
        return Refused(Text("车类须与车辆一致。", "The class must be that of the car."), "car_class")
    same = [key for key in ctx.found("car_key", car=record.car_id, copy_no=record.copy_no) if key.id != record.id]
    if same:
        text = Text("该车已有第 {copy} 把钥匙（{key}）。", "The car has a key number {copy} already ({key}).")
        return Refused(text.fill(copy=record.copy_no, key=same[0].key_no), "copy_no")
    return Allowed()


def take_over(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    return Changes({"new_arrival": record.car.new_arrival})


_CUSTODIAN = (By(role="custodian_5s"),)
_MANAGER = (By(role="sales_manager"),)

REGISTER = Register(
    name="car_key",
    zh="车钥匙",
    en="car keys",
    group=Text("车辆", "Cars"),
    menu=310,
    model=CarKey,
    fields=(
        Field("key_no", "钥匙编号", "key number", required=True),
        Field("car", "车辆", "car", required=True),
        Field("car_class", "车类", "class of car", required=True, choices=CAR_CLASS),
        Field("copy_no", "第几把", "copy number", required=True, minimum=1),
        Field("new_arrival", "新到车", "newly arrived car", system=True, tone="waiting"),
        Field("state", "钥匙状态", "state", system=True),
        Field("board_place", "挂位", "place on the board"),
        Field("replacement_cost", "补配费用", "replacement cost", minimum=0, unit=Text("元", "yuan")),
    ),
    access=access("car_key"),
    sections=(
        Section("钥匙", "Key", ("key_no", "car", "car_class", "copy_no", "new_arrival")),
        Section("保管", "Keeping", ("board_place", "replacement_cost")),
    ),
    columns=("key_no", "car", "car_class", "copy_no", "new_arrival", "board_place", "state"),
    label=("key_no",),
    public=True,
    search=("key_no", "car", "board_place"),
    sort=("key_no", "copy_no", "board_place", "state"),
    filters=("state", "car_class", "new_arrival", "car"),
    order=("key_no", False),
    states=(
        State("in", "在库", "in store", "good"),
        State("out", "领出", "out", "waiting"),
        State("lost", "丢失", "lost", "bad"),
        State("retired", "停用", "retired", "muted"),
    ),
    update_states=("in", "out", "lost", "retired"),
    acts=(
        Act(
            "lost",
            "报失",
            "report lost",
            (Route(("in",), _CUSTODIAN),),
            "lost",
            reason="required",
            reason_label=Text("事实", "fact"),
            tone="bad",
            hint=Text(
                "领出的钥匙丢失在领用登记上报失。", "A key that is out is reported lost on its line of the register."
            ),
        ),
        Act("retired", "停用", "retire", (Route(("in", "lost"), _CUSTODIAN),), "retired", reason="required"),
        Act("in", "恢复在库", "put back in store", (Route(("lost", "retired"), _MANAGER),), "in", reason="required"),
    ),
    rules=(
        row(
            "KEY-15",
            "钥匙只有在库、领出、丢失、停用四种状态，由领用登记、报失与停用改变，不能手工填写。",
            "A key is in store, out, lost or retired, and only its checkout, a loss or its retirement change that.",
            fields=("state",),
        ),
        row(
            "KEY-17",
            "钥匙的车类与新到标记取自车辆；同一辆车的第几把不重复。",
            "Class and mark of a new arrival are those of the car; a copy number stands once for each car.",
            on=("create", "update"),
            guard="one_key_a_copy",
            compute="take_over",
            fields=("car_class", "new_arrival"),
        ),
        *GENERAL,
    ),
    views={"board": ("key_no", "car", "car_class", "new_arrival", "state", "board_place")},
    remarks=False,
    attachments=False,
    own=(),
)
