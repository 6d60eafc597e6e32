"""States of a sales discount certificate, its signature, and who takes which step (registers.md 3.3)."""

from __future__ import annotations

from models.register import Act, Ask, By, Route, Slot, State, Text

_DEPUTY = (By(role="deputy_gm"),)
_FINANCE = (By(role="finance"),)
_SALES = (By(person="owner"), By(role="sales_clerk", of="owner_department"))
_ISSUER = (By(person="created_by"), By(role="sales_manager", of="owner_department"))
_UNAPPROVED = Text("未核签", "not approved")

STATES = (
    State("issued", "已开单", "issued", "waiting", mark=_UNAPPROVED),
    State("approved", "已核签", "approved", "waiting"),
    State("sealed", "已签章", "sealed", "good"),
    State("posted", "已作账", "posted", "muted", ends=True),
    State("void", "作废", "void", "muted", mark=Text("作废", "void"), ends=True),
)
SLOTS = (Slot("approval", "销售副总核签", "deputy general manager", ("kind", "amount")),)
ACTS = (
    Act(
        "approved",
        "核签",
        "approve",
        (Route(("issued",), _DEPUTY),),
        "approved",
        reason="optional",
        reason_label=Text("意见", "opinion"),
        reason_default=Text("同意", "Agreed"),
        signs="approval",
        tone="good",
    ),
    Act(
        "sealed",
        "登记客户签章",
        "record the customer's seal",
        (Route(("approved",), _SALES),),
        "sealed",
        ask=(Ask("customer_seal_on", rule="RET-07"), Ask("sealed_paper", rule="RET-07")),
        tone="primary",
    ),
    Act(
        "posted",
        "作账",
        "post",
        (Route(("sealed",), _FINANCE),),
        "posted",
        ask=(Ask("posted_on", default="today"),),
        effect="finish_paper",
        tone="primary",
    ),
    Act(
        "void",
        "作废",
        "void",
        (Route(("issued", "approved"), _ISSUER, quiet=True),),
        "void",
        reason="required",
        effect="finish_paper",
        tone="bad",
    ),
)
