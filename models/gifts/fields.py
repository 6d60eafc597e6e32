"""The fields of a gift application and of its lines (registers.md 4)."""

from __future__ import annotations

from models.gifts.acts import NO_ROADSHOW, ROADSHOW
from models.gifts.choices import PURPOSE
from models.register import Field, Text, When

FIELDS = (
    Field("number", "申请单号", "number", system=True),
    Field("state", "状态", "state", system=True),
    Field("applicant", "申请人", "applicant", system=True),
    Field("applied_on", "申请日期", "applied on", system=True),
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
        required_when=NO_ROADSHOW,
        rule="GIFT-10",
        pick=(When("state", ("archived", "merged", "void"), negate=True),),
    ),
    Field("visit", "行动报告", "action report or visit", rule="GIFT-10"),
    Field("visit_on", "拜访日期", "visit on", required_when=When("purpose", ("visit",)), rule="GIFT-08"),
    Field("roadshow", "巡展", "roadshow", required_when=ROADSHOW, rule="GIFT-07"),
    Field("planned_delivery_on", "预计送达", "planned delivery"),
    Field("total_value", "总价值", "total", system=True, rule="GIFT-09", unit=Text("元", "yuan")),
    Field("after_the_fact", "事后补单", "applied for after the visit", system=True, rule="GIFT-08"),
    Field("issued_at", "领取时间", "issued at", system=True),
    Field("signoff_signer", "客户签收人", "customer's signer", system=True),
    Field("signoff_on", "签收日期", "signed on", system=True),
    Field("signoff_file", "礼品签收单", "signed sheet", system=True),
    Field("fine_amount", "罚款", "fine", system=True, rule="GIFT-06", unit=Text("元", "yuan")),
    Field("remarks", "备注", "remarks", wide=True),
)
LINE = (
    Field("gift", "礼品", "gift", required=True, pick=(When("active", (True,)),)),
    Field("quantity", "数量", "quantity"),
    Field("unit_value", "单价", "unit value", system=True, rule="GIFT-09", unit=Text("元", "yuan")),
    Field("amount", "金额", "amount", system=True, rule="GIFT-09", unit=Text("元", "yuan")),
    Field("signed_qty", "签收数量", "signed for", system=True),
    Field("returned_qty", "退回数量", "returned", system=True),
    Field("undelivered_qty", "未送达数量", "undelivered", system=True),
)
