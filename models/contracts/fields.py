"""The fields of a contract (registers.md 13)."""

from __future__ import annotations

from models.register import Field, Text, When

FIELDS = (
    Field("number", "合同编号", "number", system=True),
    Field("state", "状态", "state", system=True),
    Field(
        "customer",
        "客户",
        "customer",
        required=True,
        pick=(When("state", ("archived", "merged", "void"), negate=True),),
    ),
    Field("customer_name", "客户名称", "customer's name", system=True),
    Field("subject", "产品或服务", "product or service", required=True, wide=True),
    Field("signed_on", "签订日期", "signed on", system=True),
    Field("valid_from", "生效日", "valid from"),
    Field("valid_to", "到期日", "valid to", help=Text("含当日。", "This day included.")),
    Field("signer", "签订人", "signer", help=Text("留空即为经办人。", "Empty means the person in charge.")),
    Field("remarks", "备注", "remarks", wide=True),
)
