"""The printed forms of services (registers.md 2): book, voucher in three parts, card, monthly volume."""

from __future__ import annotations

from models.register import Block, Print, Text

# Only the recipient of part 2 is stated in the source; those of 1 and 3 are what is usual.
PARTS = (
    Text("第一联：客户", "Part 1: customer"),
    Text("第二联：公司（发回）", "Part 2: company (sent back)"),
    Text("第三联：服务人员", "Part 3: technician"),
)
_REQUEST = Block(
    "fields",
    "请求",
    "Request",
    fields=(
        "voucher_no",
        "received_at",
        "customer_name",
        "contact_person",
        "service_phone",
        "channel",
        "service_address",
        "service_kind",
        "service_content_class",
        "fault_description",
        "service_basis",
    ),
)
_PRODUCT = Block(
    "fields",
    "商品",
    "Product",
    fields=(
        "product_model",
        "specification",
        "serial_or_batch",
        "in_warranty",
        "purchased_on",
        "purchased_at",
        "purchase_unknown_reason",
        "contract",
    ),
)
_WORK = Block("fields", "工作", "Work", fields=("dispatched_to", "visit_count", "work_done", "cause", "measure"))
_PARTS_USED = Block(
    "lines",
    "用件",
    "Parts used",
    fields=("product", "quantity", "price", "amount"),
    child="parts_used",
    total=("amount",),
)
_TIMES = Block(
    "fields",
    "时间",
    "Times",
    fields=("dispatched_at", "arrived_at", "started_at", "finished_at"),
)
_CHARGE = Block("fields", "费用", "Charge", fields=("charge_amount", "charge_mode", "invoice_no", "cash_handed_on"))
_ANSWER = Block(
    "fields",
    "满意度",
    "Satisfaction",
    fields=("satisfaction", "result_told_on", "customer_signed_by", "customer_signed_at"),
)
_SIGNATURES = Block(
    "signatures",
    slots=("work_signed", "countersigned"),
    blank=(Text("客户签章", "customer's seal"),),
)

PRINTS = (
    Print(
        "service_voucher",
        "服务凭证",
        "service voucher",
        (_REQUEST, _PRODUCT, _WORK, _PARTS_USED, _TIMES, _CHARGE, _ANSWER, _SIGNATURES),
        parts=PARTS,
        rule="SVC-15",
    ),
    Print(
        "service_card",
        "售后服务卡",
        "after-sales service card",
        (
            Block(
                "fields",
                fields=(
                    "voucher_no",
                    "customer_name",
                    "product_model",
                    "specification",
                    "serial_or_batch",
                    "purchased_on",
                    "in_warranty",
                    "service_kind",
                    "fault_description",
                    "dispatched_to",
                    "finished_at",
                    "work_done",
                ),
            ),
            _PARTS_USED,
            Block(
                "signatures",
                slots=("work_signed",),
                blank=(Text("客户签字", "customer"), Text("满意度", "satisfaction")),
            ),
        ),
        parts=PARTS,
        rule="SVC-15",
    ),
    Print(
        "service_book",
        "服务登记簿",
        "service log book",
        (
            Block(
                "lines",
                fields=(
                    "day_sequence",
                    "number",
                    "received_at",
                    "customer_name",
                    "service_address",
                    "service_phone",
                    "product_model",
                    "specification",
                    "purchased_on",
                    "purchased_at",
                    "service_kind",
                    "dispatched_to",
                    "finished_at",
                    "state",
                ),
            ),
        ),
        many=True,
        by=(("month", "registered_at"), ("date", "registered_at"), ("area", "area"), ("user", "dispatched_to")),
        paper="A4 landscape",
    ),
    Print(
        "service_volume",
        "服务记录合订本",
        "bound volume of service records",
        (
            Block(
                "lines",
                "目录",
                "Contents",
                fields=(
                    "voucher_no",
                    "number",
                    "customer_name",
                    "service_kind",
                    "dispatched_to",
                    "finished_at",
                    "shelf_no",
                ),
            ),
            Block(
                "each",
                fields=(
                    "voucher_no",
                    "customer_name",
                    "service_address",
                    "product_model",
                    "specification",
                    "service_kind",
                    "service_content_class",
                    "fault_description",
                    "dispatched_to",
                    "arrived_at",
                    "started_at",
                    "finished_at",
                    "work_done",
                    "charge_amount",
                    "service_cost",
                    "satisfaction",
                    "customer_signed_by",
                    "customer_signed_at",
                ),
            ),
        ),
        many=True,
        by=(("month", "finished_at"), ("user", "dispatched_to"), ("area", "area")),
        cover=True,
    ),
)
