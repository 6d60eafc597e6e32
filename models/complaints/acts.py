"""States of a complaint, the signature of its decision, and what may be done with one (registers.md 6)."""

from __future__ import annotations

from models.goods.choices import GOODS_BACK, MONEY_OUT
from models.register import Act, Ask, By, Route, Slot, State, Text, When

_DEPUTY = (By(role="deputy_gm"),)
_TELLERS = (
    By(role="service_manager"),
    By(role="service_staff", of="own_department", department="customer_service"),
    By(person="handler"),
    By(role="complaint_handler", person="handler"),
    By(person="owner"),
)
_CLOSERS = (By(role="service_manager"), By(role="dept_head", of="owner_department"))
_UNDECIDED = Text("未判定", "not decided")

STATES = (
    State("registered", "已登记", "registered", "waiting", mark=_UNDECIDED),
    State("judged", "已判定", "judged", "waiting"),
    State("notified", "已通知", "customer told", "good"),
    State("closed", "已结案", "closed", "muted", ends=True),
    State("unaccepted", "客户不接受", "not accepted", "bad", ends=True),
    State("not_upheld", "不成立", "not upheld", "muted", mark=Text("不成立", "not upheld"), ends=True),
    State("void", "作废", "void", "muted", mark=Text("作废", "void"), ends=True),
)
SLOTS = (
    Slot(
        "judgement",
        "副总判定",
        "decision of the deputy general manager",
        ("customer", "product", "specification", "delivered_qty", "defective_qty", "method", "approved_qty", "amount"),
    ),
)
ACTS = (
    Act(
        "judged",
        "判定",
        "decide",
        (Route(("registered",), _DEPUTY),),
        "judged",
        ask=(
            Ask("handler"),
            Ask("method"),
            Ask("approved_qty", required=False),
            Ask("amount", required=False),
        ),
        reason="required",
        reason_label=Text("判定依据", "grounds of the decision"),
        signs="judgement",
        effect="decide",
        tone="good",
        hint=Text(
            "退货、重处理须写核定退货量，折扣、赔款须写金额。",
            "A return or rework needs the approved quantity, a discount or compensation its amount.",
        ),
    ),
    Act(
        "notified",
        "客户接受",
        "customer told and accepts",
        (Route(("judged",), _TELLERS),),
        "notified",
        ask=(Ask("notified_on", default="today"), Ask("accepted_on", default="today")),
        tone="primary",
    ),
    Act(
        "closed",
        "结案",
        "close",
        (
            Route(("notified",), _CLOSERS, (When("settlement", ("done",)),)),
            Route(("notified",), _CLOSERS, (When("method", (*GOODS_BACK, *MONEY_OUT), negate=True),)),
            Route(("notified",), _CLOSERS, quiet=True),
        ),
        "closed",
        reason="optional",
        effect="end_of_case",
        tone="primary",
    ),
    Act(
        "unaccepted",
        "客户不接受",
        "not accepted by the customer",
        (Route(("judged", "notified"), _TELLERS, quiet=True),),
        "unaccepted",
        reason="required",
        reason_label=Text("客户意见", "the customer's opinion"),
        effect="end_of_case",
        tone="bad",
    ),
    Act(
        "not_upheld",
        "判为不成立",
        "decide: not upheld",
        (Route(("registered",), _DEPUTY),),
        "not_upheld",
        reason="required",
        agrees=False,
        tone="bad",
    ),
    Act(
        "void",
        "作废",
        "void",
        (Route(("registered",), (By(role="service_manager"), By(person="owner")), quiet=True),),
        "void",
        reason="required",
        tone="bad",
    ),
)
