"""States of a return slip, its signatures, and who takes which step (registers.md 3.2, decisions.md 14)."""

from __future__ import annotations

from models.register import Act, Ask, By, Route, Slot, State, Text, When

_DEPUTY = (By(role="deputy_gm"),)
_KEEPER = (By(role="warehouse_keeper"),)
_FINANCE = (By(role="finance"),)
_ISSUER = (By(person="created_by"), By(role="sales_manager", of="owner_department"))
_UNAPPROVED = Text("未核示", "not approved")
_OPINION = Text("意见", "opinion")
_DISPUTED = When("state", ("disputed",))

STATES = (
    State("issued", "已开单", "issued", "waiting", mark=_UNAPPROVED),
    State("approved", "已核示", "approved", "waiting"),
    State("received", "已签收", "received", "waiting"),
    State("reconciled", "已核对", "reconciled", "good"),
    State("disputed", "差异待决", "disputed", "bad"),
    State("posted", "已转账", "posted", "muted", ends=True),
    State("void", "作废", "void", "muted", mark=Text("作废", "void"), ends=True),
)
SLOTS = (
    Slot(
        "approval",
        "销售副总核示",
        "deputy general manager",
        ("product", "specification", "batch_no", "return_reason", "handling", "basis", "approved_qty"),
    ),
    Slot("receipt", "仓库签收", "warehouse receipt"),
    Slot("reconciliation", "财务核对", "finance check"),
)
ACTS = (
    Act(
        "approved",
        "核示",
        "approve",
        (Route(("issued", "disputed"), _DEPUTY),),
        "approved",
        ask=(Ask("approved_qty", when=(_DISPUTED,)),),
        reason="optional",
        reason_label=_OPINION,
        signs="approval",
        cancels=True,
        effect="decide_again",
        tone="good",
        hint=Text(
            "有差异的退货单：改核定退货量，写明理由，仓库重新签收。",
            "With a difference: correct the approved quantity, say why; the warehouse signs anew.",
        ),
    ),
    Act(
        "received",
        "仓库签收",
        "sign for the goods",
        (Route(("approved",), _KEEPER),),
        "received",
        ask=(Ask("received_qty", rule="RET-06"), Ask("received_on", rule="RET-06", default="today")),
        reason="optional",
        reason_label=_OPINION,
        signs="receipt",
        tone="primary",
    ),
    Act(
        "reconciled",
        "核对一致",
        "reconcile",
        (Route(("received",), _FINANCE),),
        "reconciled",
        reason="optional",
        reason_label=_OPINION,
        signs="reconciliation",
        tone="good",
    ),
    Act(
        "disputed",
        "差异待决",
        "report a difference",
        (Route(("received",), _FINANCE),),
        "disputed",
        reason="required",
        signs="reconciliation",
        agrees=False,
        tone="bad",
    ),
    Act(
        "posted",
        "开传票转账",
        "post the voucher",
        (Route(("reconciled",), _FINANCE),),
        "posted",
        ask=(Ask("posting_no", rule="RET-05"),),
        effect="finish_slip",
        tone="primary",
    ),
    Act(
        "void",
        "作废",
        "void",
        (Route(("issued",), _ISSUER, quiet=True), Route(("disputed",), _DEPUTY)),
        "void",
        reason="required",
        effect="finish_slip",
        tone="bad",
    ),
)
