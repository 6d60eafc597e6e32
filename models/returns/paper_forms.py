"""The printed sales discount certificate: two copies, for marketing and finance (RET-07)."""

from __future__ import annotations

from models.register import Block, Print, Text

PRINTS = (
    Print(
        "sales_discount_certificate",
        "销货折扣证明单",
        "sales discount certificate",
        (
            Block(
                "fields",
                fields=(
                    "complaint_no",
                    "customer_name",
                    "order_no",
                    "kind",
                    "amount",
                    "customer_seal_on",
                    "posted_on",
                    "remarks",
                ),
            ),
            Block(
                "text",
                text=Text(
                    "兹证明上列金额系因客户投诉处理给予客户。",
                    "This certifies that the amount above is granted to the customer after his complaint.",
                ),
            ),
            Block("signatures", slots=("created_by", "approval")),
            Block("signatures", blank=(Text("客户签章", "customer's seal"), Text("财务作账", "posted by finance"))),
        ),
        parts=(Text("第一联 营销部", "copy 1, marketing"), Text("第二联 财务部", "copy 2, finance")),
        rule="RET-07",
    ),
)
