"""How a gift application is laid out: sections of the page, columns, order, filters."""

from __future__ import annotations

from models.register import Section

SECTIONS = (
    Section("申请", "Application", ("applicant", "applied_on", "purpose", "customer", "visit", "visit_on", "roadshow")),
    Section("送达", "Delivery", ("planned_delivery_on", "total_value", "after_the_fact", "issued_at")),
    Section("签收", "Sign-off", ("signoff_signer", "signoff_on", "signoff_file", "fine_amount")),
)
COLUMNS = ("number", "applicant", "applied_on", "purpose", "customer", "total_value", "state", "after_the_fact")
SEARCH = ("number", "visit", "roadshow", "signoff_signer")
SORT = ("number", "applied_on", "total_value", "state", "visit_on")
FILTERS = (
    "state",
    "purpose",
    "applicant",
    "customer",
    "department",
    "applied_on",
    "visit_on",
    "after_the_fact",
    "total_value",
)
