"""The fields of a complaint (registers.md 6)."""

from __future__ import annotations

from models.complaints.choices import CATEGORY, SETTLEMENT
from models.goods.choices import METHOD
from models.register import Field, Text, When

FIELDS = (
    Field("number", "投诉编号", "number", system=True),
    Field("state", "状态", "state", system=True),
    Field("customer", "客户", "customer", pick=(When("state", ("archived", "merged", "void"), negate=True),)),
    Field("customer_name", "客户名称", "customer's name", system=True),
    Field("complainant", "投诉人", "complainant", required=True),
    Field("received_at", "受理时间", "received", required=True, default="now"),
    Field("received_by", "受理人", "receiver", system=True),
    Field("order_no", "订单编号", "order number", required=True),
    Field("product", "产品", "product", required=True),
    Field(
        "specification",
        "规格",
        "specification",
        help=Text("留空即取产品的规格。", "Empty means that of the product."),
    ),
    Field("batch_no", "批号", "batch"),
    Field("delivered_qty", "交运数量", "delivered quantity", above=0),
    Field("defective_qty", "不良数量", "defective quantity", above=0),
    Field("category", "投诉类别", "category", required=True, choices=CATEGORY),
    Field("demand", "客户要求", "demand", required=True, wide=True),
    Field("handler", "受理负责人", "handler", system=True),
    Field("method", "处理方式", "method", system=True, choices=METHOD),
    Field("approved_qty", "核定退货量", "approved quantity", system=True, above=0),
    Field("amount", "金额", "amount", system=True, above=0, unit=Text("元", "yuan")),
    Field("decision", "判定依据", "grounds of the decision", system=True, wide=True),
    Field("decided_on", "判定日期", "decided on", system=True),
    Field("notified_on", "通知客户日期", "customer told on", system=True),
    Field("accepted_on", "客户接受日期", "accepted on", system=True),
    Field("settlement", "处理单据", "paper of the decision", system=True, choices=SETTLEMENT),
    Field("remarks", "备注", "remarks", wide=True),
)
