"""The printed forms of gift applications."""

from __future__ import annotations

from models.register import Block, Print, Text
from models.registers.gift_item import STOCK_PRINT

PRINTS = (
    Print(
        "gift_application",
        "礼品申请表",
        "gift application form",
        (
            Block(
                "fields",
                fields=(
                    "applicant",
                    "department",
                    "applied_on",
                    "purpose",
                    "customer",
                    "visit",
                    "visit_on",
                    "roadshow",
                    "planned_delivery_on",
                    "remarks",
                ),
            ),
            Block(
                "lines",
                "礼品明细",
                "gifts",
                fields=("gift", "quantity", "unit_value", "amount"),
                child="lines",
                total=("quantity", "amount"),
                capitals="amount",
            ),
            Block(
                "signatures",
                slots=("applicant", "specialist_sign", "manager_sign", "gm_sign"),
            ),
        ),
    ),
    Print(
        "gift_receipt",
        "礼品签收单",
        "gift sign-off sheet",
        (
            Block("fields", fields=("customer", "applicant", "purpose", "issued_at", "planned_delivery_on")),
            Block(
                "lines",
                "礼品明细",
                "gifts",
                fields=("gift", "quantity", "signed_qty"),
                child="lines",
                total=("quantity",),
            ),
            Block("text", text=Text("兹收到上列礼品。", "The gifts listed above have been received.")),
            Block(
                "signatures",
                blank=(Text("客户签字", "customer"), Text("签收日期", "signed on"), Text("经办人", "handled by")),
            ),
        ),
        states=("issued", "signed", "partly_signed", "returned", "undelivered", "closed"),
    ),
    Print(
        "gift_month",
        "礼品月登记",
        "gift register of a month",
        (
            Block(
                "lines",
                fields=(
                    "number",
                    "applied_on",
                    "applicant",
                    "purpose",
                    "customer",
                    "total_value",
                    "fine_amount",
                    "state",
                ),
                total=("total_value", "fine_amount"),
            ),
        ),
        many=True,
        by=(("month", "applied_on"),),
        paper="A4 landscape",
    ),
    STOCK_PRINT,
)
