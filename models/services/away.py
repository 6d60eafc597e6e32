"""The room of out-of-town applications: fields, layout, acts, rules, form and functions (registers.md 2, decisions.md 11, 29)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.access_rules import GENERAL
from models.catalogue import row
from models.outcomes import Allowed, Changes, Context, Put, Refused
from models.register import Act, Block, By, Field, Print, Route, Rule, Section, Slot, State, Text, When

YUAN = Text("元", "yuan")
_SIGNED = (
    "service_entry",
    "place",
    "people",
    "planned_from",
    "planned_to",
    "travel_budget",
    "allowance_budget",
    "reason",
)
_APPLICANT = (By(person="owner"),)
_MANAGER = (By(role="service_manager", stand_in="deputy_gm"),)
_UNAPPROVED = Text("未核准", "not approved")

FIELDS = (
    Field("number", "申请单号", "number", system=True),
    Field("state", "状态", "state", system=True),
    Field(
        "service_entry",
        "服务单",
        "service entry",
        required=True,
        pick=(When("state", ("registered", "dispatched")), When("out_of_town", (True,), rule="SVC-13")),
    ),
    Field("customer_name", "客户名称", "customer's name", system=True),
    Field("place", "异地地点", "place", required=True),
    Field("planned_from", "计划起", "planned from", required=True),
    Field("planned_to", "计划止", "planned to", required=True),
    Field("travel_budget", "差旅费预算", "travel budget", required=True, minimum=0, unit=YUAN),
    Field("allowance_budget", "补贴预算", "allowance budget", required=True, minimum=0, unit=YUAN),
    Field("reason", "事由", "reason", required=True, wide=True),
    Field("remarks", "备注", "remarks", wide=True),
)
PEOPLE = (Field("person", "外出人员", "traveller", required=True, roles=("service_staff",)),)
SECTIONS = (
    Section(
        "申请",
        "Application",
        ("service_entry", "customer_name", "place", "people", "planned_from", "planned_to", "reason"),
    ),
    Section("预算", "Budget", ("travel_budget", "allowance_budget")),
)
COLUMNS = ("number", "service_entry", "customer_name", "place", "planned_from", "planned_to", "owner", "state")
STATES = (
    State("draft", "草稿", "draft", mark=Text("草稿", "draft")),
    State("submitted", "已提交", "submitted", "waiting", mark=_UNAPPROVED),
    State("approved", "已核准", "approved", "good"),
    State("refused", "驳回", "refused", "bad", mark=Text("驳回", "refused"), ends=True),
    State("done", "已完成", "done", "muted", ends=True),
)
SLOTS = (Slot("approval", "部门经理核准", "manager's approval", _SIGNED),)
ACTS = (
    Act("submitted", "提交", "submit", (Route(("draft",), _APPLICANT),), "submitted", tone="primary"),
    Act(
        "approved",
        "核准",
        "approve",
        (Route(("submitted",), _MANAGER),),
        "approved",
        reason="optional",
        reason_label=Text("意见", "opinion"),
        reason_default=Text("同意", "Agreed"),
        signs="approval",
        effect="note_on_entry",
        tone="good",
    ),
    Act(
        "refused",
        "驳回",
        "refuse",
        (Route(("submitted",), _MANAGER),),
        "refused",
        reason="required",
        agrees=False,
        tone="bad",
    ),
    Act("done", "完成", "done", (Route(("approved",), (*_APPLICANT, *_MANAGER)),), "done"),
)
RULES: tuple[Rule, ...] = (
    row(
        "SVC-13",
        "异地服务申请单由部门经理核准，申请人与外出人员不能核准。",
        "The manager approves the out-of-town application; neither applicant nor traveller may.",
        on=("approved",),
        guard="no_traveller_approves",
        pairs=(("owner", "approval"),),
        order=("approved",),
    ),
    *GENERAL,
)
PRINTS = (
    Print(
        "out_of_town_application",
        "异地服务申请单",
        "out-of-town service application",
        (
            Block(
                "fields",
                fields=("service_entry", "customer_name", "owner", "department", "place", "planned_from", "planned_to"),
            ),
            Block("lines", fields=("person",), child="people"),
            Block("fields", fields=("travel_budget", "allowance_budget", "reason", "remarks")),
            Block("signatures", slots=("owner", "approval")),
        ),
    ),
)


def plan_in_order(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """The plan ends after it begins, and nobody is named twice."""
    if record.planned_from is not None and record.planned_to is not None and record.planned_to < record.planned_from:
        return Refused(Text("计划止不能早于计划起。", "The plan cannot end before it begins."), "planned_to")
    people = [line.person_id for line in ctx.lines("people")]
    if len(set(people)) < len(people):
        return Refused(Text("外出人员不能重复。", "Nobody is named twice."), "people")
    return Allowed()


def name_customer(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    return Changes({"customer_name": record.service_entry.customer_name})


def no_traveller_approves(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if any(line.person_id == ctx.actor.id for line in ctx.lines("people")):
        return Refused(Text("外出人员不能核准本人的申请。", "A traveller cannot approve his own application."))
    return Allowed()


def note_on_entry(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The entry carries its approved application."""
    return Changes(put=(Put("service_log", record.service_entry_id, {"out_of_town_application": record.id}),))
