"""How a sales discount certificate is laid out."""

from __future__ import annotations

from models.register import Section

SECTIONS = (
    Section(
        "证明", "Certificate", ("complaint", "complaint_no", "customer", "customer_name", "order_no", "kind", "amount")
    ),
    Section("签章与作账", "Seal and posting", ("customer_seal_on", "sealed_paper", "posted_on")),
)
COLUMNS = (
    "number",
    "state",
    "complaint_no",
    "customer_name",
    "order_no",
    "kind",
    "amount",
    "customer_seal_on",
    "posted_on",
)
SEARCH = ("number", "complaint_no", "customer_name", "order_no")
SORT = ("number", "amount", "customer_seal_on", "posted_on", "state")
FILTERS = ("state", "complaint", "customer", "kind", "department", "amount", "customer_seal_on", "posted_on")
