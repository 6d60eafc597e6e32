"""The fields of a sales discount certificate (registers.md 3.3)."""

from __future__ import annotations

from models.goods.choices import COMPENSATION, DISCOUNT, MONEY_OUT
from models.register import Field, Text, When

FIELDS = (
    Field("number", "证明单号", "number", system=True),
    Field("state", "状态", "state", system=True),
    Field(
        "complaint",
        "客户投诉处理表",
        "complaint",
        required=True,
        create_only=True,
        pick=(
            When("state", ("notified", "closed"), rule="RET-07"),
            When("method", MONEY_OUT, rule="RET-07"),
            When("settlement", ("none",), rule="RET-07"),
        ),
    ),
    Field("complaint_no", "投诉编号", "complaint number", system=True),
    Field("customer", "客户", "customer", system=True),
    Field("customer_name", "客户名称", "customer's name", system=True),
    Field("order_no", "订单编号", "order number", system=True),
    Field("kind", "类别", "kind", required=True, choices=(DISCOUNT, COMPENSATION), copy="complaint.method"),
    Field("amount", "金额", "amount", required=True, above=0, unit=Text("元", "yuan"), copy="complaint.amount"),
    Field("customer_seal_on", "客户签章日期", "customer's seal on", system=True),
    Field("sealed_paper", "签章件", "sealed paper", system=True),
    Field("posted_on", "作账日期", "posted on", system=True),
    Field("remarks", "备注", "remarks", wide=True),
)
