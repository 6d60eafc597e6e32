"""How key checkout is laid out: sections of the page, columns, order, filters, the list of keys out now, who sees which fields."""

from __future__ import annotations

from collections.abc import Mapping

from models.keys.acts import OUT
from models.register import Elapsed, NamedList, Section, When

SECTIONS = (
    Section(
        "领用",
        "Request",
        ("key", "car", "car_class", "holder", "group", "purpose", "customer", "accompanied_by", "companion"),
    ),
    Section(
        "订单与调配",
        "Order and transfer",
        ("order", "payment_mode", "loan_disbursed_on", "test_drive", "outlet_transfer", "dealer_person"),
    ),
    Section("试驾手续", "Papers", ("agreement_file", "licence_file", "confirmation_file", "survey_file")),
    Section(
        "领出与归还",
        "Out and in",
        (
            "issued_at",
            "issued_by",
            "odometer_out",
            "drive_started_at",
            "drive_ended_at",
            "returned_at",
            "received_by",
            "odometer_in",
            "held_after_end",
            "late",
            "incomplete",
            "fine_late",
            "issued_entered_at",
            "returned_entered_at",
            "backdate_reason",
        ),
    ),
    Section(
        "还车检查",
        "Car check",
        (
            "check_windows",
            "check_doors",
            "check_body",
            "check_interior",
            "damage",
            "responsible",
            "fine_window",
            "window_payer",
            "damage_borne_by",
            "damage_share",
        ),
    ),
    Section("丢失", "Loss", ("lost_at", "compensation", "fine_lost")),
)
COLUMNS = ("number", "state", "key", "car", "holder", "purpose", "issued_at", "returned_at", "late")
SEARCH = ("number", "key", "car", "order", "test_drive")
SORT = ("number", "issued_at", "drive_ended_at", "returned_at", "held_after_end", "state")
FILTERS = (
    "state",
    "purpose",
    "holder",
    "key",
    "car_class",
    "customer",
    "department",
    "issued_at",
    "returned_at",
    "late",
    "incomplete",
)
LISTS = (
    NamedList(
        "out",
        "领出未还",
        "keys out now",
        (When("state", OUT),),
        order=("drive_ended_at", "issued_at"),
        columns=("number", "key", "car", "holder", "purpose", "issued_at"),
        elapsed=(
            Elapsed("since_end", "试驾结束后", "since the end", "drive_ended_at", "key.return_grace_minutes"),
            Elapsed("since_issue", "已领出", "out for", "issued_at"),
        ),
    ),
)
VIEWS: Mapping[str, tuple[str, ...]] = {
    "money": (
        "number",
        "state",
        "key",
        "car",
        "car_class",
        "holder",
        "purpose",
        "customer",
        "order",
        "payment_mode",
        "loan_disbursed_on",
        "issued_at",
        "returned_at",
        "fine_late",
        "fine_window",
        "lost_at",
        "compensation",
        "fine_lost",
        "department",
        "owner",
    )
}
