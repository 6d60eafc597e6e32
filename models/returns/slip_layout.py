"""How a return slip is laid out, the keeper's queue, and which rows a keeper sees."""

from __future__ import annotations

from collections.abc import Mapping

from models.register import NamedList, Section, When

SECTIONS = (
    Section(
        "退货",
        "Return",
        (
            "complaint",
            "complaint_no",
            "customer",
            "customer_name",
            "order_no",
            "product",
            "specification",
            "batch_no",
        ),
    ),
    Section("原因与处理", "Reason and handling", ("return_reason", "handling", "basis")),
    Section(
        "数量与核对",
        "Quantities and check",
        ("approved_qty", "received_qty", "received_on", "difference", "posting_no"),
    ),
)
COLUMNS = (
    "number",
    "state",
    "complaint_no",
    "customer_name",
    "product",
    "handling",
    "approved_qty",
    "received_qty",
    "difference",
    "posting_no",
)
SEARCH = ("number", "complaint_no", "customer_name", "order_no", "batch_no", "posting_no")
SORT = ("number", "received_on", "state")
FILTERS = ("state", "complaint", "customer", "product", "handling", "department", "received_on", "difference")
LISTS = (
    NamedList(
        "to_receive",
        "待签收",
        "to be received",
        (When("state", ("approved",)),),
        order=("number",),
        columns=("number", "customer_name", "complaint_no", "product", "batch_no", "handling", "approved_qty"),
    ),
    NamedList(
        "differences",
        "差异待决",
        "differences to decide",
        (When("state", ("disputed",)),),
        order=("number",),
        columns=("number", "customer_name", "product", "approved_qty", "received_qty", "difference"),
    ),
)
# A keeper sees slips from `approved` on (decisions.md 35, RET-03); one that was voided after he signed stays his to read.
ROWS: Mapping[str, tuple[When, ...]] = {"approved": (When("state", ("issued", "void"), negate=True, rule="RET-03"),)}
