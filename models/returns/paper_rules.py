"""The rules of the catalogue as sales discount certificates meet them."""

from __future__ import annotations

from models.access_rules import GENERAL
from models.catalogue import row
from models.register import Rule

RULES: tuple[Rule, ...] = (
    row(
        "RET-07",
        "只凭已判定且客户接受、处理方式为折扣或赔款的投诉开单，类别与金额须与判定一致；副总核签、客户签章日期与签章件齐备才能作账；"
        "一式两份，营销部与财务部各一。",
        "Made only from a complaint whose accepted decision is a discount or compensation, with its kind and amount; posted only with "
        "the deputy general manager's signature, the day of the customer's seal and the sealed paper; two copies, marketing and "
        "finance.",
        on=("create", "update", "sealed", "posted"),
        guard="paid_as_decided",
        compute="take_complaint",
        order=("approved", "sealed", "posted", "void"),
        fields=("complaint", "kind", "amount", "customer_seal_on", "sealed_paper", "posted_on"),
    ),
    *GENERAL,
)
