"""Cars of the house (库存车辆), as far as keys need them. Source: registers.md 27, decisions.md 15 and 29.

Acceptance, counts, transfers and prices come with the whole register; what is here keeps its names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import BooleanField, CharField

from models.access_rules import GENERAL
from models.base import BaseModel
from models.catalogue import row
from models.fields import NumberField
from models.matrix import access
from models.outcomes import Changes, Context, Put
from models.register import Choice, Field, Numbering, Register, Section, Text

CAR_CLASS = (
    Choice("stock", "商品车", "stock car"),
    Choice("display", "展车", "display car"),
    Choice("test", "试驾车", "test car"),
)


class VehicleStock(BaseModel):
    """One car. `plate_or_frame` is how people call it: the plate, before there is one the frame number."""

    number = NumberField(unique=True)
    plate_or_frame = CharField(17, default="", index=True)
    plate_no = CharField(12, null=True, unique=True)
    frame_no = CharField(17, unique=True)
    model = CharField(60)
    car_class = CharField(20)
    location = CharField(20, default="main")
    new_arrival = BooleanField(default=False)
    acceptance = CharField(20, default="")
    order_no = CharField(40, default="")
    ordered = BooleanField(default=False)

    class Meta:
        table_name = "vehicle_stock"

    def __str__(self) -> str:
        return f"{self.plate_or_frame} {self.model}"


def call(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The name of the car on the board, whether it is ordered, and what its keys take over from it."""
    keys = ctx.found("car_key", car=record.id) if record.id is not None else ()
    taken_over = {"car_class": record.car_class, "new_arrival": record.new_arrival}
    return Changes(
        {"plate_or_frame": record.plate_no or record.frame_no, "ordered": bool(record.order_no)},
        put=tuple(Put("car_key", key.id, taken_over) for key in keys),
    )


REGISTER = Register(
    name="vehicle_stock",
    zh="库存车辆",
    en="cars",
    group=Text("车辆", "Cars"),
    menu=320,
    model=VehicleStock,
    fields=(
        Field("number", "编号", "number", system=True),
        Field("plate_or_frame", "车牌/车架号", "plate or frame number", system=True),
        Field("plate_no", "车牌号", "plate"),
        Field("frame_no", "车架号", "frame number", required=True),
        Field("model", "车型", "model", required=True),
        Field("car_class", "车类", "class of car", required=True, choices=CAR_CLASS),
        Field(
            "location",
            "位置",
            "location",
            required=True,
            default="main",
            choices=(
                Choice("main", "总店", "main store"),
                Choice("outlet", "二级店", "second-tier outlet"),
                Choice("transit", "在途", "in transit"),
            ),
        ),
        Field("new_arrival", "新到", "new arrival"),
        Field(
            "acceptance",
            "验收结论",
            "acceptance",
            choices=(
                Choice("ok", "合格", "accepted"),
                Choice("transport_damage", "运输损伤", "transport damage"),
                Choice("quality", "质量问题", "quality defect"),
            ),
        ),
        Field("order_no", "订单", "order"),
        Field("ordered", "已订", "ordered", system=True, tone="waiting"),
    ),
    access=access("vehicle_stock"),
    sections=(
        Section("车辆", "Car", ("plate_or_frame", "plate_no", "frame_no", "model", "car_class")),
        Section("库存", "Stock", ("location", "new_arrival", "acceptance", "order_no", "ordered")),
    ),
    columns=("number", "plate_or_frame", "model", "car_class", "location", "new_arrival", "order_no", "ordered"),
    label=("plate_or_frame", "model"),
    public=True,
    search=("number", "plate_or_frame", "frame_no", "model", "order_no"),
    sort=("number", "plate_or_frame", "model", "location"),
    filters=("car_class", "location", "new_arrival", "ordered", "acceptance"),
    rules=(
        row(
            "KEY-05",
            "新到标记由车辆带到它的每把钥匙。",
            "The mark of a new arrival goes from the car to each of its keys.",
            on=("update",),
            compute="call",
            fields=("new_arrival",),
        ),
        row(
            "KEY-17",
            "车类由车辆带到钥匙与领用登记。",
            "The class goes from the car to its keys and to their lines.",
            on=("create",),
            compute="call",
            fields=("car_class",),
        ),
        row(
            "VEH-08",
            "销售顾问只见看板：车型、位置、已订；无导出与清单打印。价格与在途日期尚未建。",
            "Consultants see the board only: model, place, ordered; no export and no printed list. Prices and transit dates are "
            "to come.",
        ),
        *GENERAL,
    ),
    views={"board": ("plate_or_frame", "model", "car_class", "location", "new_arrival", "ordered")},
    numbering=Numbering("CL"),
    remarks=False,
    attachments=False,
    own=(),
)
