"""Stages of a customer and what may be done with one (registers.md 1, decisions.md 6 and 21)."""

from __future__ import annotations

from models.customers.choices import GRADE
from models.register import Act, Ask, By, Route, State, Text, When

LIVING = ("potential", "target", "signed", "dormant")

STATES = (
    State("potential", "潜在", "potential"),
    State("target", "目标", "target", "waiting"),
    State("signed", "签约", "signed", "good"),
    State("dormant", "休眠", "dormant", "muted"),
    State("archived", "归档", "archived", "muted", ends=True),
    State("merged", "合并", "merged", "muted", ends=True),
    State("void", "作废", "void", "bad", mark=Text("作废", "void"), ends=True),
)

_OWNER = (By(person="owner"),)
_ARCHIVIST = (By(role="archivist"),)
_MANAGER = (By(role="sales_manager", of="owner_department", stand_in="deputy_gm"),)
_HEAD = (By(role="dept_head", of="department", stand_in="deputy_gm"),)
_GRADE = Ask("grade", kind="choice", zh="客户等级", en="grade", choices=GRADE)

ACTS = (
    Act("target", "转为目标", "make a target", (Route(("potential",), _OWNER),), "target"),
    Act(
        "signed",
        "签约",
        "signed",
        (Route(("target",), _ARCHIVIST),),
        "signed",
        ask=(Ask("contract_no"),),
    ),
    Act(
        "dormant",
        "转为休眠",
        "make dormant",
        (Route(("target", "signed"), _MANAGER),),
        "dormant",
        reason="required",
    ),
    Act(
        "propose_grade",
        "建议等级",
        "propose a grade",
        (Route(LIVING, _OWNER),),
        ask=(_GRADE,),
        reason="optional",
        effect="propose_grade",
    ),
    Act(
        "set_grade",
        "定级",
        "set the grade",
        (
            Route(LIVING, _MANAGER, (When("grade_proposed", tuple(grade.code for grade in GRADE)),)),
            Route(LIVING, _MANAGER, quiet=True),
        ),
        ask=(Ask("grade_scheme", required=False), _GRADE),
        reason="optional",
        effect="set_grade",
        tone="good",
        hint=Text(
            "等级须属于分级方案；再次确认同一等级即重新计期。",
            "A grade of the scheme; the same grade again starts the period anew.",
        ),
    ),
    Act(
        "confirm_review",
        "确认复核",
        "confirm the review",
        (Route(LIVING, (*_OWNER, *_ARCHIVIST)),),
        effect="confirm_review",
    ),
    Act(
        "decide_duplicate",
        "判定重复",
        "decide on the duplicate",
        (
            Route(LIVING, (*_MANAGER, *_HEAD, *_ARCHIVIST), (When("duplicate_suspected", (True,)),)),
            Route(LIVING, (*_MANAGER, *_HEAD, *_ARCHIVIST), quiet=True),
        ),
        ask=(Ask("duplicate_decision"),),
        reason="required",
        effect="decide_duplicate",
        tone="good",
    ),
    Act(
        "merge",
        "合并",
        "merge",
        (Route(LIVING, _ARCHIVIST, (When("duplicate_decision", ("same",), rule="CUS-08"),)),),
        "merged",
        ask=(Ask("merged_into"),),
        reason="optional",
        effect="merge",
        tone="good",
        hint=Text("本编号保留，并指向存续的客户。", "This number stays and leads to the surviving customer."),
    ),
    Act(
        "transfer_owner",
        "归属变更",
        "transfer to another owner",
        (Route(LIVING, (*_HEAD, *_MANAGER)),),
        ask=(Ask("owner"), Ask("date", kind="day", zh="移交日期", en="handed over on", default="today")),
        reason="required",
        effect="transfer_owner",
    ),
    Act(
        "move_department",
        "变更部门",
        "move to another department",
        (Route(LIVING, (*_HEAD, By(role="deputy_gm"))),),
        ask=(Ask("department"),),
        reason="required",
    ),
    Act("archived", "归档", "archive", (Route(LIVING, _HEAD),), "archived", reason="optional"),
    Act("void", "作废", "void", (Route(("potential",), _ARCHIVIST),), "void", reason="required", tone="bad"),
)
