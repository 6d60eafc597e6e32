"""How a ledger line is laid out: sections of the page, columns, order, filters, lists."""

from __future__ import annotations

from models.register import NamedList, Section, When

SECTIONS = (
    Section("关联手续", "Formalities", ("service_entry", "complaint", "return_slip", "reverses")),
    Section("发生", "What happened", ("happened_on", "customer", "customer_name", "area", "area_staff")),
    Section(
        "产品",
        "Product",
        (
            "movement",
            "product",
            "specification",
            "batch_no",
            "quantity",
            "unit",
            "amount",
            "ground",
            "order",
            "contract",
        ),
    ),
    Section("第三方", "Third party", ("third_party", "claim")),
    Section(
        "检验",
        "Inspection",
        ("inspection_no", "inspection_result", "inspected_by", "inspected_on", "inspection_fee", "fee_payer"),
    ),
    Section(
        "办理",
        "Execution",
        (
            "executed_at",
            "executed_by",
            "disposition",
            "defective_balance",
            "replacement_balance",
            "refusal_told_on",
        ),
    ),
)
COLUMNS = (
    "number",
    "state",
    "happened_on",
    "customer_name",
    "movement",
    "product",
    "quantity",
    "unit",
    "area",
    "defective_balance",
    "replacement_balance",
)
SEARCH = ("number", "customer_name", "batch_no", "specification", "order", "inspection_no", "third_party")
SORT = ("number", "happened_on", "quantity", "amount", "state", "executed_at")
FILTERS = (
    "state",
    "movement",
    "area",
    "product",
    "customer",
    "ground",
    "happened_on",
    "specification",
    "batch_no",
    "inspection_result",
    "disposition",
    "area_staff",
    "quantity",
    "amount",
)
UNFINISHED = ("open", "inspected", "approved")
_NO_LINK = tuple(When(name, (None,)) for name in ("service_entry", "complaint", "return_slip"))
LISTS = (
    NamedList(
        "unfinished",
        "未办结",
        "not done yet",
        (When("state", UNFINISHED),),
        order=("happened_on",),
    ),
    NamedList(
        "unlinked",
        "未关联手续",
        "without formalities",
        (When("state", UNFINISHED), *_NO_LINK),
        order=("happened_on",),
    ),
)
