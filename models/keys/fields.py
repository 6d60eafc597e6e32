"""The fields of a line of key checkout (registers.md 5)."""

from __future__ import annotations

from models.keys.acts import BANK_RUN, DELIVERY, TEST_DRIVE
from models.keys.choices import BORNE_BY, OK_BAD, PAYMENT, PURPOSE
from models.register import Field, Text, When
from models.registers.vehicle_stock import CAR_CLASS

_YUAN = Text("元", "yuan")
_KM = Text("公里", "km")

FIELDS = (
    Field("number", "登记号", "number", system=True),
    Field("state", "状态", "state", system=True),
    Field(
        "key",
        "钥匙",
        "key",
        required=True,
        pick=(When("state", ("in", "out"), rule="KEY-15"),),
    ),
    Field("car", "车辆", "car", system=True, rule="KEY-17"),
    Field("car_class", "车类", "class of car", system=True, choices=CAR_CLASS, rule="KEY-17"),
    Field("holder", "领用人", "holder", required=True, create_only=True),
    Field("group", "小组", "group"),
    Field(
        "purpose",
        "用途",
        "purpose",
        required=True,
        choices=PURPOSE,
    ),
    Field(
        "customer",
        "客户",
        "customer",
        required_when=When("purpose", ("test_drive", "viewing", "delivery")),
        pick=(When("state", ("archived", "merged", "void"), negate=True),),
    ),
    Field("test_drive", "试驾单", "test drive"),
    Field("order", "订单", "order", required_when=DELIVERY),
    Field(
        "payment_mode",
        "付款方式",
        "payment",
        rule="KEY-07",
        choices=PAYMENT,
    ),
    Field("loan_disbursed_on", "放款日期", "loan paid out on", system=True, rule="KEY-06"),
    Field("accompanied_by", "陪同指导人员", "guide", required_when=TEST_DRIVE, rule="KEY-10"),
    Field("companion", "陪同人员", "companion", required_when=BANK_RUN, rule="KEY-13"),
    Field("outlet_transfer", "二级店调配", "transfer with an outlet", rule="VEH-04"),
    Field("dealer_person", "经销商人员", "dealer staff", rule="VEH-04"),
    Field("agreement_file", "试驾协议", "test-drive agreement", rule="KEY-08"),
    Field("licence_file", "驾照复印件", "copy of the driving licence", rule="KEY-08"),
    Field("confirmation_file", "试驾确认书", "test-drive confirmation", system=True, rule="KEY-08"),
    Field("survey_file", "试驾调查报告", "test-drive survey", system=True, rule="KEY-08"),
    Field("issued_at", "领出时间", "time out", system=True),
    Field("issued_entered_at", "领出录入时间", "time out entered at", system=True),
    Field("issued_by", "发放人", "issued by", system=True),
    Field("odometer_out", "出车里程", "odometer out", system=True, minimum=0, unit=_KM),
    Field("odometer_in", "回车里程", "odometer in", system=True, minimum=0, unit=_KM),
    Field("drive_started_at", "试驾开始", "drive started", system=True),
    Field("drive_ended_at", "试驾结束", "drive ended", system=True),
    Field("returned_at", "归还时间", "time in", system=True),
    Field("returned_entered_at", "归还录入时间", "time in entered at", system=True),
    Field("received_by", "接收人", "received by", system=True),
    Field("backdate_reason", "补录原因", "reason for an earlier time", system=True),
    Field("incomplete", "不完整", "incomplete", system=True, rule="KEY-04"),
    Field("held_after_end", "试驾结束后持有时长", "held after the end", system=True, rule="KEY-04", format="duration"),
    Field("late", "超时", "late", system=True, rule="KEY-04"),
    Field("fine_late", "超时罚款", "fine for lateness", system=True, rule="KEY-04", unit=_YUAN),
    Field("check_windows", "车窗", "windows", system=True, choices=OK_BAD),
    Field("check_doors", "车门", "doors", system=True, choices=OK_BAD),
    Field("check_body", "外观", "body", system=True, choices=OK_BAD),
    Field("check_interior", "内饰", "interior", system=True, choices=OK_BAD),
    Field("damage", "损伤说明", "damage", system=True),
    Field("responsible", "责任人", "responsible", system=True),
    Field("fine_window", "门窗罚款", "fine for windows and doors", system=True, rule="KEY-11", unit=_YUAN),
    Field("window_payer", "门窗罚款承担人", "pays for windows and doors", system=True, rule="KEY-11"),
    Field(
        "damage_borne_by",
        "损伤承担",
        "damage borne by",
        system=True,
        rule="KEY-14",
        choices=BORNE_BY,
    ),
    Field("damage_share", "损伤承担比例", "share of the damage", system=True, rule="KEY-14"),
    Field("lost_at", "丢失时间", "lost at", system=True),
    Field("compensation", "赔偿金额", "compensation", system=True, minimum=0, unit=_YUAN),
    Field("fine_lost", "丢失罚款", "fine for the loss", system=True, rule="KEY-03", unit=_YUAN),
    Field("remarks", "备注", "remarks", wide=True),
)
