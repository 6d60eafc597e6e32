"""How the service log is laid out: sections, columns, order, filters, named lists, who sees which fields."""

from __future__ import annotations

from collections.abc import Mapping

from models.register import Elapsed, Link, NamedList, Section, Text, Unmask, When

SECTIONS = (
    Section(
        "请求",
        "Request",
        (
            "service_kind",
            "received_at",
            "channel",
            "origin",
            "service_content_class",
            "transport_mode",
            "fault_description",
            "service_basis",
            "contract",
            "complaint",
            "told_limit_at",
        ),
    ),
    Section(
        "客户",
        "Customer",
        (
            "customer",
            "customer_name",
            "customer_department",
            "service_address",
            "service_phone",
            "contact_person",
            "area",
            "area_staff",
        ),
    ),
    Section(
        "商品",
        "Product",
        (
            "product_model",
            "specification",
            "serial_or_batch",
            "purchased_on",
            "purchased_at",
            "purchase_unknown",
            "purchase_unknown_reason",
            "in_warranty",
        ),
    ),
    Section(
        "派工",
        "Dispatch",
        (
            "priority",
            "dispatched_to",
            "dispatched_by",
            "dispatched_at",
            "visit_count",
            "out_of_town",
            "out_of_town_application",
        ),
    ),
    Section("工作", "Work", ("arrived_at", "started_at", "finished_at", "work_done", "cause", "measure", "warehouse")),
    Section(
        "费用",
        "Money",
        (
            "charge_amount",
            "charge_mode",
            "cash_handed_on",
            "invoice_no",
            "cashier",
            "travel_cost",
            "allowance",
            "service_cost",
        ),
    ),
    Section(
        "签字与归档",
        "Signatures and archive",
        (
            "signature_order",
            "customer_signed_by",
            "customer_signed_at",
            "signed_paper",
            "second_part_back_on",
            "satisfaction",
            "result_told_on",
            "shelf_no",
            "volume_month",
            "retention_until",
        ),
    ),
    Section(
        "登记",
        "Registration",
        ("voucher_no", "day_sequence", "registered_at", "register_delay_minutes", "late_registered", "late_entry"),
    ),
)
COLUMNS = (
    "number",
    "voucher_no",
    "received_at",
    "customer_name",
    "product_model",
    "service_kind",
    "priority",
    "area",
    "dispatched_to",
    "state",
)
SEARCH = ("number", "voucher_no", "customer_name", "product_model", "service_phone", "serial_or_batch", "invoice_no")
SORT = (
    "number",
    "received_at",
    "registered_at",
    "priority",
    "state",
    "dispatched_at",
    "finished_at",
    "charge_amount",
    "service_cost",
)
FILTERS = (
    "state",
    "service_kind",
    "priority",
    "area",
    "dispatched_to",
    "origin",
    "service_content_class",
    "received_at",
    "finished_at",
    "customer",
    "department",
    "satisfaction",
    "volume_month",
    "late_registered",
    "late_entry",
    "out_of_town",
    "charge_amount",
)
LISTS = (
    NamedList(
        "to_dispatch",
        "待派工",
        "to be dispatched",
        (When("state", ("registered",)),),
        order=("priority", "registered_at"),
        columns=("number", "customer_name", "product_model", "service_kind", "priority", "area", "area_staff"),
        elapsed=(Elapsed("waiting", "已等候", "waiting for", "registered_at"),),
    ),
    NamedList(
        "away",
        "异地服务",
        "out of town",
        (When("out_of_town", (True,)), When("state", ("archived", "void"), negate=True)),
        order=("registered_at",),
        columns=("number", "customer_name", "area", "dispatched_to", "out_of_town_application", "state"),
    ),
    NamedList(
        "part_two_out",
        "第二联未交回",
        "part 2 not back",
        (
            When("second_part_back_on", (None,)),
            When("state", ("finished", "customer_signed", "countersigned", "settled")),
        ),
        order=("finished_at",),
        columns=("number", "voucher_no", "customer_name", "dispatched_to", "finished_at", "state"),
    ),
)
VIEWS: Mapping[str, tuple[str, ...]] = {
    "money": (
        "number",
        "state",
        "voucher_no",
        "customer_name",
        "service_kind",
        "dispatched_to",
        "finished_at",
        "charge_amount",
        "charge_mode",
        "cash_handed_on",
        "invoice_no",
        "cashier",
        "travel_cost",
        "allowance",
        "service_cost",
        "parts_used",
        "department",
        "owner",
    )
}
UNMASK = (
    Unmask(2, role="service_manager"),
    Unmask(2, role="business_clerk"),
    Unmask(2, person="created_by"),
    Unmask(2, person="dispatched_to"),
)
LINKS = (
    Link(
        "out_of_town_application",
        "service_entry",
        "异地服务申请",
        "out-of-town applications",
        create=Text("申请异地服务", "apply for out-of-town service"),
        if_any=True,
    ),
    Link(
        "aftersales_ledger",
        "service_entry",
        "台帐记录",
        "ledger lines",
        create=Text("登记台帐", "enter in the ledger"),
        if_any=True,
    ),
)
