"""The rules of the catalogue as return slips meet them."""

from __future__ import annotations

from models.access_rules import GENERAL
from models.catalogue import row
from models.register import Rule

RULES: tuple[Rule, ...] = (
    row(
        "RET-01",
        "退货原因、处理方式、退回依据三项缺一不能保存。",
        "Without reason, way of disposal and basis nothing is saved.",
        required=("return_reason", "handling", "basis"),
        fields=("return_reason", "handling", "basis"),
    ),
    row(
        "RET-02",
        "只能凭已判定、已通知且客户接受、处理方式为退货或重处理的投诉开单；一起投诉同时只有一张未结退货单，两人同时开单只有一人成功。",
        "Made only from a complaint that is decided, told and accepted and says return or rework; one complaint has one open slip, "
        "and of two clerks at once one succeeds.",
        on=("create", "update"),
        guard="decided_to_return",
        compute="take_complaint",
        fields=("complaint",),
    ),
    row(
        "RET-03",
        "销售副总核示之前，仓库看不到退货单，也不能签收。",
        "Before the deputy general manager has approved it the warehouse neither sees the slip nor receives on it.",
        on=("received",),
        guard="approved_before_receipt",
    ),
    row(
        "RET-04",
        "打印四联：开单部门、仓储、财务、销售，各联印有联次和去向。",
        "Printed in four parts, each with its number and recipient: issuer, warehouse, finance, sales.",
    ),
    row(
        "RET-05",
        "差异 = 核定退货量 − 实退量；不为零不能核对一致、不能转账，只能报差异待决，由副总重新核定或作废。",
        "Difference = approved − received; unless it is zero the slip is neither reconciled nor posted but goes back for a new "
        "decision: a corrected quantity or void.",
        on=("received", "reconciled", "disputed", "posted"),
        guard="equal_before_voucher",
        compute="take_difference",
        fields=("approved_qty", "received_qty", "difference", "posting_no"),
    ),
    row(
        "RET-06",
        "签收须有实退量（大于零、不超过核定量）与签收日期，由仓库签字。",
        "A receipt has the quantity (above zero, not beyond the approved one), the day and the keeper's signature.",
        on=("received",),
        guard="goods_checked",
        fields=("received_qty", "received_on"),
    ),
    row(
        "RET-08",
        "开单、核示、签收、核对、转账依次进行，不能跳步，直接访问也一样。",
        "Issued, approved, received, reconciled, posted, one after the other; no step is skipped, by its address neither.",
        order=("approved", "received", "reconciled", "disputed", "posted", "void"),
    ),
    row(
        "LED-01",
        "转账前须在售后产品数量台帐登记。",
        "No voucher is posted without a line in the after-sales product ledger.",
        on=("posted",),
        guard="slip_in_ledger",
    ),
    row(
        "LED-12",
        "开单、检验、核示、仓库签收、财务须为不同的人，相关台帐合并计算，代理同样受限。",
        "Who issued, inspected, approved, received and checked for finance are different people, the ledger lines of the return "
        "included, delegation too.",
        on=("approved", "received", "reconciled", "disputed", "posted"),
        guard="five_different",
        pairs=(
            ("created_by", "approval"),
            ("created_by", "receipt"),
            ("created_by", "reconciliation"),
            ("created_by", "posted"),
            ("approval", "receipt"),
            ("approval", "reconciliation"),
            ("approval", "posted"),
            ("receipt", "reconciliation"),
            ("receipt", "posted"),
        ),
    ),
    *GENERAL,
)
