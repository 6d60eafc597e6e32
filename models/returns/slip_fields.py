"""The fields of a return slip (registers.md 3.2)."""

from __future__ import annotations

from models.goods.choices import GOODS_BACK, RETURN, REWORK
from models.register import Field, Text, When

_FROM_COMPLAINT = Text("留空即取投诉处理表所载。", "Empty means what the complaint says.")

FIELDS = (
    Field("number", "退货单号", "number", system=True),
    Field("state", "状态", "state", system=True),
    Field(
        "complaint",
        "客户投诉处理表",
        "complaint",
        required=True,
        create_only=True,
        pick=(
            When("state", ("notified", "closed"), rule="RET-02"),
            When("method", GOODS_BACK, rule="RET-02"),
            When("settlement", ("none",), rule="RET-02"),
        ),
    ),
    Field("complaint_no", "投诉编号", "complaint number", system=True),
    Field("customer", "客户", "customer", system=True),
    Field("customer_name", "客户名称", "customer's name", system=True),
    Field("order_no", "订单编号", "order number", system=True),
    Field("product", "产品", "product", help=_FROM_COMPLAINT, copy="complaint.product"),
    Field("specification", "规格", "specification", help=_FROM_COMPLAINT),
    Field("batch_no", "批号", "batch", help=_FROM_COMPLAINT),
    Field("return_reason", "退货原因", "reason for return", wide=True),
    Field("handling", "处理方式", "way of disposal", choices=(RETURN, REWORK)),
    Field(
        "basis",
        "退回依据",
        "basis",
        wide=True,
        help=Text("判定所依据的条款或核决文号。", "The clause or number of the decision."),
    ),
    Field("approved_qty", "核定退货量", "approved quantity", system=True, above=0),
    Field("received_qty", "实退量", "received quantity", system=True),
    Field("received_on", "签收日期", "received on", system=True),
    Field("difference", "差异", "difference", system=True, rule="RET-05"),
    Field("posting_no", "传票号", "voucher number", system=True),
    Field("remarks", "备注", "remarks", wide=True),
)
