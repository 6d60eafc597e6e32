"""States of a gift application, its signatures, and what may be done with one (registers.md 4)."""

from __future__ import annotations

from models.register import Act, Ask, By, Route, Slot, State, Text, When

ROADSHOW = When("purpose", ("roadshow",))
NO_ROADSHOW = When("purpose", ("roadshow",), negate=True)
# The two-signature road is closed to roadshows by GIFT-07 alone.
_NOT_BY_GIFT_07 = When("purpose", ("roadshow",), negate=True, rule="GIFT-07")

_OWNER = (By(person="owner"),)
_SPECIALIST = (
    By(role="market_specialist"),
    By(role="dept_head", of="own_department", department="market", owner_role="market_specialist"),
)
_MANAGER = (By(role="sales_manager", of="owner_department", stand_in="deputy_gm"),)
_GM = (By(role="gm"),)
_NEXT_SIGNERS = (
    Route(("submitted",), _SPECIALIST, (_NOT_BY_GIFT_07,)),
    Route(("submitted",), _MANAGER, (ROADSHOW,)),
    Route(("specialist_signed",), _MANAGER),
    Route(("manager_signed",), _GM),
)
_OPINION = Text("意见", "opinion")
_AGREED = Text("同意", "Agreed")
_SIGNED_FIELDS = ("purpose", "customer", "visit", "visit_on", "roadshow", "lines")
_UNAPPROVED = Text("未批准", "not approved")
_SHEET = (
    Ask("signoff_signer", required=False),
    Ask("signoff_on", required=False),
    Ask("signoff_file", required=False),
    Ask("lines.signed_qty", required=False),
)

STATES = (
    State("draft", "草稿", "draft", mark=Text("草稿", "draft")),
    State("submitted", "已提交", "submitted", "waiting", mark=_UNAPPROVED),
    State("specialist_signed", "待经理", "waiting for the manager", "waiting", mark=_UNAPPROVED),
    State("manager_signed", "待总经理", "waiting for the general manager", "waiting", mark=_UNAPPROVED),
    State("approved", "已批准", "approved", "good"),
    State("issued", "已领取", "issued", "waiting"),
    State("signed", "已签收", "signed for", "good"),
    State("partly_signed", "部分签收", "signed for in part", "waiting"),
    State("returned", "退回", "returned", "waiting"),
    State("undelivered", "未送达", "undelivered", "bad"),
    State("closed", "已结案", "closed", "muted", ends=True),
    State("refused", "驳回", "refused", "bad", mark=Text("驳回", "refused"), ends=True),
    State("withdrawn", "撤回", "withdrawn", "muted", mark=Text("撤回", "withdrawn"), ends=True),
)
SLOTS = (
    Slot("specialist_sign", "市场专员签字", "market specialist", _SIGNED_FIELDS),
    Slot("manager_sign", "经理签字", "manager", _SIGNED_FIELDS),
    Slot("gm_sign", "总经理签字", "general manager", _SIGNED_FIELDS),
    Slot("registered_collection", "领取登记", "collection registered"),
    Slot("undelivered_confirmed", "未送达确认", "non-delivery confirmed"),
)
ACTS = (
    Act("submitted", "提交", "submit", (Route(("draft",), _OWNER),), "submitted", tone="primary"),
    Act(
        "specialist_signed",
        "市场专员签字",
        "sign as market specialist",
        (Route(("submitted",), _SPECIALIST, (_NOT_BY_GIFT_07,)),),
        "specialist_signed",
        reason="required",
        reason_label=_OPINION,
        reason_default=_AGREED,
        signs="specialist_sign",
        tone="good",
    ),
    Act(
        "manager_signed",
        "经理签字",
        "sign as manager",
        (Route(("submitted",), _MANAGER, (ROADSHOW,)),),
        "manager_signed",
        reason="required",
        reason_label=_OPINION,
        reason_default=_AGREED,
        signs="manager_sign",
        tone="good",
    ),
    Act(
        "approved",
        "批准",
        "approve",
        (
            Route(("specialist_signed",), _MANAGER, (_NOT_BY_GIFT_07,), "manager_sign"),
            Route(("manager_signed",), _GM, (ROADSHOW,), "gm_sign"),
        ),
        "approved",
        reason="required",
        reason_label=_OPINION,
        reason_default=_AGREED,
        tone="good",
    ),
    Act(
        "return_for_correction",
        "退回修改",
        "return for correction",
        _NEXT_SIGNERS,
        "draft",
        reason="required",
        cancels=True,
        agrees=False,
    ),
    Act("refused", "驳回", "refuse", _NEXT_SIGNERS, "refused", reason="required", agrees=False, tone="bad"),
    Act(
        "withdrawn",
        "撤回",
        "withdraw",
        (Route(("submitted", "specialist_signed", "manager_signed", "approved"), _OWNER),),
        "withdrawn",
        reason="required",
        tone="bad",
    ),
    Act(
        "issued",
        "领取登记",
        "register collection",
        (Route(("approved",), _SPECIALIST),),
        "issued",
        signs="registered_collection",
        effect="register_collection",
        tone="primary",
    ),
    Act(
        "signed",
        "签收",
        "signed for",
        (Route(("issued", "returned", "undelivered"), _OWNER),),
        "signed",
        ask=_SHEET,
        effect="enter_quantities",
        tone="good",
        hint=Text("数量留空表示其余全部签收。", "An empty quantity means all that is open."),
    ),
    Act(
        "partly_signed",
        "部分签收",
        "signed for in part",
        (Route(("issued", "returned", "undelivered"), _OWNER),),
        "partly_signed",
        ask=_SHEET,
        effect="enter_quantities",
    ),
    Act(
        "returned",
        "退回",
        "returned",
        (Route(("issued", "partly_signed", "returned", "undelivered"), _SPECIALIST),),
        "returned",
        ask=(Ask("lines.returned_qty", required=False),),
        reason="optional",
        effect="enter_quantities",
    ),
    Act(
        "undelivered",
        "确认未送达",
        "confirm non-delivery",
        (Route(("issued", "partly_signed", "returned", "undelivered"), _MANAGER),),
        "undelivered",
        ask=(Ask("lines.undelivered_qty", required=False),),
        reason="required",
        reason_label=Text("事实", "fact"),
        signs="undelivered_confirmed",
        effect="enter_quantities",
        tone="bad",
    ),
    Act(
        "closed",
        "结案",
        "close",
        (Route(("signed", "partly_signed", "returned", "undelivered"), _SPECIALIST),),
        "closed",
        tone="primary",
    ),
)
