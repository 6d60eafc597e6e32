"""How a contract is laid out: sections, columns, filters, what after-sales sees of it, and its printed summary."""

from __future__ import annotations

from collections.abc import Mapping

from models.register import Block, Print, Section, Text

SECTIONS = (
    Section("合同", "Contract", ("customer", "customer_name", "subject", "signer")),
    Section("期限", "Term", ("signed_on", "valid_from", "valid_to")),
)
COLUMNS = ("number", "customer_name", "subject", "signed_on", "valid_from", "valid_to", "state", "owner")
SEARCH = ("number", "customer_name", "subject")
SORT = ("number", "signed_on", "valid_from", "valid_to", "state")
FILTERS = ("state", "customer", "signer", "owner", "department", "signed_on", "valid_from", "valid_to")
VIEWS: Mapping[str, tuple[str, ...]] = {
    "terms": ("number", "state", "customer_name", "subject", "valid_from", "valid_to"),
}
PRINTS = (
    Print(
        "contract_summary",
        "合同摘要",
        "contract summary",
        (
            Block(
                "fields",
                fields=(
                    "customer_name",
                    "subject",
                    "signed_on",
                    "valid_from",
                    "valid_to",
                    "signer",
                    "owner",
                    "remarks",
                ),
            ),
            Block("signatures", slots=("owner", "manager_read"), blank=(Text("归档", "filed by"),)),
        ),
    ),
)
