"""States of a ledger line, its signatures, and who takes which step (registers.md 3.1, decisions.md 13, 21, 35)."""

from __future__ import annotations

from models.register import Act, Ask, By, Route, Slot, State, Text, When

_HEAD = By(role="dept_head", of="own_department", department="business")
_LEADERS = (By(role="deputy_gm"), By(role="gm"))
_APPROVERS = (_HEAD, *_LEADERS)
_QUALITY = (By(role="quality_inspector"),)
_CLERK = By(role="business_clerk")
_AREA = By(role="service_staff", of="area")

_SCRAP = When("movement", ("scrap",))
_NO_SCRAP = When("movement", ("scrap",), negate=True)
_RETURN = When("movement", ("handed_over",))
_RECEIVED = When("movement", ("received",))
_NO_COUNTER = When("reverses", (None,))
_COUNTER = When("reverses", (None,), negate=True)
_FAILED = When("inspection_result", ("failed",), rule="LED-05")
_PASSED = When("inspection_result", ("passed",))
# A return is inspected before it is approved by LED-05, scrap by LED-08 alone.
_NO_RETURN_BY_LED_05 = When("movement", ("handed_over",), negate=True, rule="LED-05")
_NO_SCRAP_BY_LED_08 = When("movement", ("scrap",), negate=True, rule="LED-08")
_UNLINKED = tuple(When(name, (None,)) for name in ("service_entry", "complaint", "return_slip"))

_OPINION = Text("意见", "opinion")
_AGREED = Text("同意", "Agreed")
_UNAPPROVED = Text("未核准", "not approved")

STATES = (
    State("open", "未办结", "open", "waiting", mark=_UNAPPROVED),
    State("inspected", "已检验", "inspected", "waiting", mark=_UNAPPROVED),
    State("approved", "已核准", "approved", "waiting"),
    State("executed", "已执行", "executed", "good"),
    State("closed", "已办结", "closed", "muted", ends=True),
    State("refused", "不予受理", "refused", "bad", mark=Text("不予受理", "refused"), ends=True),
    State("reversed", "冲销", "reversed", "muted", mark=Text("已冲销", "reversed"), ends=True),
)
SLOTS = (
    Slot("inspection", "质检", "quality"),
    Slot("approval", "核准", "approved by"),
    Slot("disposition_approved", "领导批准", "leader's approval"),
)
ACTS = (
    Act(
        "inspected",
        "检验",
        "inspect",
        (
            Route(("open",), _QUALITY, (_RETURN, _NO_COUNTER)),
            Route(("open",), _QUALITY, (_SCRAP, _NO_COUNTER)),
            Route(("open",), _QUALITY, (_RECEIVED, _NO_COUNTER), quiet=True),
        ),
        "inspected",
        ask=(
            Ask("inspection_no", when=(_NO_SCRAP,)),
            Ask("inspection_no", required=False, when=(_SCRAP,)),
            Ask("inspection_result", when=(_NO_SCRAP,)),
            Ask("inspection_result", required=False, when=(_SCRAP,)),
            Ask("inspected_on", required=False, default="today"),
            Ask("inspection_fee", required=False),
        ),
        reason="optional",
        reason_label=_OPINION,
        signs="inspection",
        effect="inspect",
        tone="primary",
    ),
    Act(
        "approved",
        "核准",
        "approve",
        (
            Route(("open",), _APPROVERS, (_NO_RETURN_BY_LED_05, _NO_SCRAP_BY_LED_08)),
            Route(("inspected",), _APPROVERS, (_RETURN, _FAILED)),
            Route(("inspected",), _APPROVERS, (_RECEIVED,)),
            Route(("inspected",), _LEADERS, (_SCRAP,), signs="disposition_approved"),
            # What a counter line takes back was inspected before; it needs the approval alone (decisions.md 35).
            Route(("open",), _APPROVERS, (_RETURN, _COUNTER)),
            Route(("open",), _LEADERS, (_SCRAP, _COUNTER), signs="disposition_approved"),
        ),
        "approved",
        reason="optional",
        reason_label=_OPINION,
        reason_default=_AGREED,
        signs="approval",
        tone="good",
    ),
    Act(
        "executed",
        "执行",
        "execute",
        (Route(("approved",), (_CLERK, _AREA)),),
        "executed",
        effect="execute",
        alone=("product",),
        moves=True,
        tone="primary",
        hint=Text("数量在此时计入结存。", "The quantity moves now."),
    ),
    Act(
        "closed",
        "办结",
        "close",
        (Route(("executed",), (_CLERK, _AREA)),),
        "closed",
        ask=(Ask("disposition"),),
        reason="optional",
        tone="primary",
    ),
    Act(
        "link",
        "关联手续",
        "link",
        (
            Route(("open", "inspected"), (_CLERK, _AREA), _UNLINKED),
            Route(("open", "inspected", "approved"), (_CLERK, _AREA), quiet=True),
        ),
        ask=(
            Ask("service_entry", required=False),
            Ask("complaint", required=False),
            Ask("return_slip", required=False),
        ),
        hint=Text("服务单、投诉处理表、退货单至少一项。", "At least one of service entry, complaint and return slip."),
    ),
    Act(
        "file_papers",
        "归存凭证",
        "file papers",
        (
            Route(
                ("open", "inspected", "approved", "executed", "closed", "refused", "reversed"),
                (_CLERK, _AREA),
                quiet=True,
            ),
        ),
        children=("papers",),
    ),
    Act(
        "refusal_told",
        "告知客户",
        "customer told",
        (Route(("refused",), (_CLERK, _AREA), (When("refusal_told_on", (None,)), _NO_COUNTER)),),
        ask=(Ask("refusal_told_on", required=False, default="today"),),
        effect="tell",
    ),
    Act(
        "refused",
        "不予受理",
        "refuse",
        (
            Route(("inspected",), _APPROVERS, (_RETURN, _PASSED)),
            Route(("open", "inspected"), _APPROVERS, (_NO_SCRAP,), quiet=True),
            Route(("open", "inspected"), _LEADERS, (_SCRAP,), quiet=True),
            Route(("open",), _QUALITY, (_RETURN, _NO_COUNTER), quiet=True),
            Route(("open",), _QUALITY, (_SCRAP, _NO_COUNTER), quiet=True),
            Route(("open",), _QUALITY, (_RECEIVED, _NO_COUNTER), quiet=True),
        ),
        "refused",
        reason="required",
        agrees=False,
        effect="refuse",
        tone="bad",
    ),
    Act(
        "reversed",
        "冲销",
        "reverse",
        (Route(("executed", "closed"), (_CLERK,), (_NO_COUNTER,), quiet=True),),
        "reversed",
        reason="required",
        effect="reverse",
        tone="bad",
        hint=Text(
            "生成一张方向相反的冲销单，核准并执行后结存才改变。",
            "Makes a counter line; the balances change when that has been approved and executed.",
        ),
    ),
)
