"""The printed forms of the ledger, and its report."""

from __future__ import annotations

from models.balances import Report
from models.ledger.layout import UNFINISHED
from models.register import Block, Print, Text

PRINTS = (
    Print(
        "ledger_page",
        "售后服务产品数量台帐",
        "after-sales product quantity ledger",
        (
            Block(
                "lines",
                fields=(
                    "number",
                    "happened_on",
                    "area",
                    "customer_name",
                    "product",
                    "specification",
                    "batch_no",
                    "movement",
                    "quantity",
                    "unit",
                    "ground",
                    "disposition",
                    "defective_balance",
                    "replacement_balance",
                    "state",
                ),
                headings={"number": Text("台帐号", "number"), "happened_on": Text("日期", "date")},
            ),
            Block(
                "signatures",
                blank=(Text("制表", "made by"), Text("审核", "checked by"), Text("业务部经理", "head of business")),
            ),
        ),
        many=True,
        by=(("month", "happened_on"), ("area", "area")),
        paper="A4 landscape",
    ),
    Print(
        "ledger_line",
        "售后产品台帐单",
        "ledger line sheet",
        (
            Block("fields", "发生", "what happened", fields=("happened_on", "area", "area_staff", "customer_name")),
            Block(
                "fields",
                "产品",
                "product",
                fields=(
                    "product",
                    "specification",
                    "batch_no",
                    "movement",
                    "quantity",
                    "unit",
                    "amount",
                    "ground",
                    "order",
                    "contract",
                    "third_party",
                    "claim",
                ),
            ),
            Block(
                "fields",
                "手续与检验",
                "formalities and inspection",
                fields=(
                    "service_entry",
                    "complaint",
                    "return_slip",
                    "reverses",
                    "inspection_no",
                    "inspection_result",
                    "inspected_on",
                    "inspection_fee",
                    "fee_payer",
                ),
            ),
            Block(
                "fields",
                "办理",
                "execution",
                fields=(
                    "state",
                    "disposition",
                    "executed_at",
                    "executed_by",
                    "defective_balance",
                    "replacement_balance",
                    "remarks",
                ),
            ),
            Block(
                "signatures",
                slots=("owner", "inspection", "approval", "disposition_approved"),
                every=("inspection", "approval"),
                blank=(Text("库管", "warehouse keeper"),),
            ),
        ),
    ),
)
REPORTS = (
    Report(
        "products",
        "售后产品报表",
        "after-sales product report",
        unit="unit",
        group="ground",
        amount="amount",
        amount_kinds=("compensation",),
        amount_label=Text("赔偿金额（元）", "compensation (yuan)"),
        filters=("area", "product"),
        linked=("service_entry", "complaint", "return_slip"),
        linked_rule="LED-02",
        open_states=UNFINISHED,
        rule="LED-03",
    ),
)
