"""States of a contract, its signature, and what may be done with one (registers.md 13)."""

from __future__ import annotations

from models.register import Act, Ask, By, Route, Slot, State, Text

_OWNER = By(person="owner")
_MANAGER = By(role="sales_manager", of="owner_department", stand_in="deputy_gm")
_SIGNED_FIELDS = ("customer", "subject", "valid_from", "valid_to", "signer")

STATES = (
    State("draft", "草稿", "draft", "waiting", mark=Text("草稿", "draft")),
    State("signed", "已签", "signed", "good"),
    State("closed", "已结束", "closed", "muted", ends=True),
    State("void", "作废", "void", "muted", mark=Text("作废", "void"), ends=True),
)
SLOTS = (Slot("manager_read", "经理过目", "read by the manager", _SIGNED_FIELDS),)
ACTS = (
    Act(
        "signed",
        "登记签订",
        "record as signed",
        (Route(("draft",), (_MANAGER,)),),
        "signed",
        ask=(
            Ask("signed_on", default="today"),
            Ask("valid_from"),
            Ask("valid_to"),
        ),
        signs="manager_read",
        tone="good",
    ),
    Act("closed", "结束", "close", (Route(("signed",), (_OWNER, _MANAGER)),), "closed", reason="required"),
    Act("void", "作废", "void", (Route(("draft",), (_OWNER, _MANAGER)),), "void", reason="required", tone="bad"),
)
