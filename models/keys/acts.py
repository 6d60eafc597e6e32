"""States of a line of key checkout, its signatures, and what may be done with one (registers.md 5)."""

from __future__ import annotations

from models.register import Act, Ask, By, Route, Slot, State, Text, When

OUT = ("issued", "drive_ended")  # The states in which the key is with its holder.
KEEPER = "custodian_5s"

TEST_DRIVE = When("purpose", ("test_drive",))
DELIVERY = When("purpose", ("delivery",))
_CONSENTED = When("purpose", ("other", "bank_run"))
BANK_RUN = When("purpose", ("bank_run",))
_INCOMPLETE = When("incomplete", (True,))
_UNCONFIRMED = When("fine_lost", (None,))

_CUSTODIAN = (By(role=KEEPER),)
_FINANCE = (By(role="finance"),)
_MANAGER = (
    By(role="sales_manager", of="owner_department"),
    By(role="dept_head", of="owner_department", stand_in="deputy_gm", besides=("sales_manager",)),
)
_BACKDATE = Ask("backdate_reason", required=False, kind="text", zh="补录原因", en="reason for an earlier time")
_EARLIER = Text(
    "时间留空即为现在；补录较早的时间须写明原因。", "An empty time means now; an earlier one needs its reason."
)
_SIGNED_FIELDS = ("purpose", "key", "holder", "order")

STATES = (
    State("requested", "申请", "requested", "waiting", mark=Text("未领出", "not issued")),
    State("approved", "已批", "approved", "good", mark=Text("未领出", "not issued")),
    State("issued", "领出", "out", "waiting"),
    State("drive_ended", "试驾结束", "drive ended", "waiting"),
    State("returned", "归还", "returned"),
    State("closed", "已核", "closed", "muted", ends=True),
    State("lost", "丢失", "lost", "bad"),
    State("void", "作废", "void", "muted", mark=Text("作废", "void"), ends=True),
)
SLOTS = (
    Slot("usage_approval", "用车批准", "consent", _SIGNED_FIELDS),
    Slot("finance_clear", "款项放行", "money cleared", _SIGNED_FIELDS),
    Slot("loss_confirmed", "丢失确认", "loss confirmed"),
)
ACTS = (
    Act(
        "approved",
        "批准",
        "approve",
        (
            Route(("requested",), _MANAGER, (_CONSENTED,), "usage_approval"),
            Route(("requested",), _FINANCE, (DELIVERY,), "finance_clear"),
        ),
        "approved",
        ask=(
            Ask("payment_mode", when=(DELIVERY,)),
            Ask("loan_disbursed_on", required=False, when=(DELIVERY,)),
        ),
        reason="optional",
        reason_label=Text("意见", "opinion"),
        reason_default=Text("同意", "Agreed"),
        tone="good",
    ),
    Act(
        "issued",
        "发放",
        "issue",
        (Route(("requested", "approved"), _CUSTODIAN),),
        "issued",
        ask=(
            Ask("agreement_file", required=False, when=(TEST_DRIVE,)),
            Ask("licence_file", required=False, when=(TEST_DRIVE,)),
            Ask("odometer_out", required=False),
            Ask("issued_at", required=False),
            _BACKDATE,
        ),
        effect="hand_out",
        tone="primary",
        hint=_EARLIER,
        alone=("key", "holder"),
    ),
    Act(
        "drive_ended",
        "试驾结束",
        "end of drive",
        (Route(("issued",), (By(person="owner"), *_CUSTODIAN), (TEST_DRIVE,)),),
        "drive_ended",
        ask=(Ask("drive_started_at", required=False), Ask("drive_ended_at")),
    ),
    Act(
        "returned",
        "归还",
        "take back",
        (Route(OUT, _CUSTODIAN),),
        "returned",
        ask=(
            Ask("drive_started_at", required=False, when=(TEST_DRIVE,)),
            Ask("drive_ended_at", required=False, when=(TEST_DRIVE,)),
            Ask("check_windows"),
            Ask("check_doors"),
            Ask("check_body"),
            Ask("check_interior"),
            Ask("damage", required=False),
            Ask("responsible", required=False),
            Ask("odometer_in", required=False),
            Ask("returned_at", required=False),
            _BACKDATE,
        ),
        effect="take_back",
        tone="primary",
        hint=_EARLIER,
    ),
    Act(
        "closed",
        "核对",
        "close",
        (Route(("returned",), _CUSTODIAN),),
        "closed",
        ask=(
            Ask("confirmation_file", required=False, when=(TEST_DRIVE,)),
            Ask("survey_file", required=False, when=(TEST_DRIVE,)),
            Ask("drive_started_at", required=False, when=(_INCOMPLETE,)),
            Ask("drive_ended_at", required=False, when=(_INCOMPLETE,)),
        ),
        tone="primary",
    ),
    Act(
        "lost",
        "报失",
        "report lost",
        (Route(OUT, _CUSTODIAN),),
        "lost",
        ask=(Ask("lost_at"), Ask("compensation")),
        reason="required",
        reason_label=Text("事实", "fact"),
        tone="bad",
        hint=Text(
            "钥匙立即停用；罚款与赔偿须经理确认后生效。",
            "The key is blocked at once; fine and compensation follow once the manager has confirmed.",
        ),
    ),
    Act(
        "confirm_loss",
        "确认丢失",
        "confirm the loss",
        (Route(("lost",), _MANAGER, (_UNCONFIRMED,)),),
        ask=(Ask("compensation"),),
        reason="optional",
        reason_label=Text("意见", "opinion"),
        signs="loss_confirmed",
        tone="good",
    ),
    Act(
        "void",
        "作废",
        "void",
        (Route(("requested", "approved"), _CUSTODIAN),),
        "void",
        reason="required",
        tone="bad",
    ),
)
