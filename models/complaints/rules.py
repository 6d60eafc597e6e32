"""The rules of the catalogue as complaints meet them now; deadlines, causes and sanctions come with the whole register."""

from __future__ import annotations

from models.access_rules import GENERAL
from models.catalogue import row
from models.register import Rule

RULES: tuple[Rule, ...] = (
    row(
        "CUS-29",
        "每起投诉必须指明客户，并列在该客户的档案页上，连同受理人、负责人与处理结果。",
        "Every complaint names its customer and stands on that customer's page, with receiver, handler and result.",
        required=("customer",),
        fields=("customer", "received_by", "handler", "method"),
    ),
    row(
        "LED-01",
        "退货、重处理、包换的投诉，结案前须在售后产品数量台帐登记。",
        "A case of return, rework or exchange is closed only with a line in the after-sales product ledger.",
        on=("closed",),
        guard="case_in_ledger",
    ),
    *GENERAL,
)
