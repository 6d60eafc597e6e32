"""How a complaint is laid out, which fields and which rows others see of it, and its printed form."""

from __future__ import annotations

from collections.abc import Mapping

from models.register import Block, Print, Section, Text, When

SECTIONS = (
    Section(
        "受理",
        "Receipt",
        ("customer", "customer_name", "complainant", "received_at", "received_by", "category", "demand"),
    ),
    Section(
        "产品",
        "Product",
        ("order_no", "product", "specification", "batch_no", "delivered_qty", "defective_qty"),
    ),
    Section(
        "判定",
        "Decision",
        ("handler", "method", "approved_qty", "amount", "decided_on", "decision"),
    ),
    Section("通知与结案", "Notice and closing", ("notified_on", "accepted_on", "settlement")),
)
COLUMNS = (
    "number",
    "state",
    "received_at",
    "customer_name",
    "product",
    "category",
    "method",
    "handler",
    "settlement",
)
SEARCH = ("number", "customer_name", "complainant", "order_no", "batch_no")
SORT = ("number", "received_at", "decided_on", "notified_on", "state")
FILTERS = (
    "state",
    "customer",
    "product",
    "category",
    "method",
    "handler",
    "owner",
    "department",
    "settlement",
    "received_at",
    "decided_on",
)
_NAMES = (
    "number",
    "state",
    "customer_name",
    "order_no",
    "product",
    "specification",
    "batch_no",
    "method",
    "approved_qty",
    "amount",
    "decided_on",
    "accepted_on",
    "settlement",
)
VIEWS: Mapping[str, tuple[str, ...]] = {"names": _NAMES, "amounts": (*_NAMES, "notified_on")}
# What the clerk who writes the papers sees: complaints that are decided (decisions.md 31).
ROWS: Mapping[str, tuple[When, ...]] = {"decided": (When("state", ("judged", "notified", "closed")),)}
_INTERNAL = Text("内部单据，不得交给客户。", "Internal: not for the customer.")
PRINTS = (
    Print(
        "complaint_form",
        "客户投诉处理表",
        "complaint handling form",
        (
            Block(
                "fields",
                "受理",
                "receipt",
                fields=("customer_name", "complainant", "received_at", "received_by", "category", "demand"),
            ),
            Block(
                "fields",
                "产品",
                "product",
                fields=("order_no", "product", "specification", "batch_no", "delivered_qty", "defective_qty"),
            ),
            Block(
                "fields",
                "判定",
                "decision",
                fields=(
                    "handler",
                    "method",
                    "approved_qty",
                    "amount",
                    "decided_on",
                    "decision",
                    "notified_on",
                    "accepted_on",
                ),
            ),
            Block(
                "signatures",
                slots=("created_by", "judgement"),
                blank=(Text("营销", "marketing"), Text("调查", "investigation")),
            ),
            Block("text", text=_INTERNAL),
        ),
        parts=(
            Text("第一联 客户服务部", "part 1, customer service"),
            Text("第二联 营销部", "part 2, marketing"),
            Text("第三联 责任部门", "part 3, department responsible"),
            Text("第四联 财务部", "part 4, finance"),
        ),
    ),
)
