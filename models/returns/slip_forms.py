"""The printed return slip: four parts with their recipients (RET-04).

The source lets the issuer keep part 1 and sends part 4 to sales; issuer and sales may be one department, so both names are printed.
"""

from __future__ import annotations

from models.register import Block, Print, Text

PRINTS = (
    Print(
        "product_return",
        "产品退货单",
        "product return slip",
        (
            Block(
                "fields",
                fields=(
                    "complaint_no",
                    "customer_name",
                    "order_no",
                    "product",
                    "specification",
                    "batch_no",
                    "handling",
                    "return_reason",
                    "basis",
                ),
            ),
            Block(
                "fields",
                "数量",
                "quantities",
                fields=("approved_qty", "received_qty", "difference", "received_on", "posting_no"),
            ),
            Block("signatures", slots=("created_by", "approval", "receipt", "reconciliation")),
        ),
        parts=(
            Text("第一联 开单部门自存", "part 1, kept by the issuing department"),
            Text("第二联 仓储部", "part 2, warehouse"),
            Text("第三联 财务部（仓储转）", "part 3, finance (through the warehouse)"),
            Text("第四联 销售部（仓储转）", "part 4, sales (through the warehouse)"),
        ),
        rule="RET-04",
    ),
)
