"""What the acts on a customer demand and write: stages, grades, transfer, duplicates, merging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.customers.choices import GRADES_OF
from models.outcomes import Allowed, Changes, Context, Insert, Refused
from models.register import Text

REGISTER_NAME = "customer_archive"
_NAMED = {
    "market_potential": Text("市场潜力", "market potential"),
    "development_direction": Text("发展方向", "direction of development"),
    "credit_capacity": Text("财务信用能力", "financial credit capacity"),
    "competitiveness": Text("竞争力", "competitiveness"),
}

# ---- guards ------------------------------------------------------------------------------------------------------------


def assessed(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """The four assessments are filled before a prospect becomes a target."""
    missing = [name for name in _NAMED if not str(getattr(record, name) or "").strip()]
    if not missing:
        return Allowed()
    zh, en = "、".join(_NAMED[name].zh for name in missing), ", ".join(_NAMED[name].en for name in missing)
    return Refused(Text(f"转为目标前须填写评价：{zh}。", f"A target needs its assessment: {en}."), missing[0])


def _fits(record: Any, inputs: Mapping[str, Any], scheme: str) -> Allowed | Refused:
    """A grade of the customer's scheme; other schemes are another row's business."""
    if record.grade_scheme != scheme or not inputs.get("grade") or inputs["grade"] in GRADES_OF[scheme]:
        return Allowed()
    return Refused(Text("该等级不属于客户的分级方案。", "This grade is none of the customer's scheme."), "grade")


def graded_by_value(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    return _fits(record, inputs, "abc_value")


def graded_three_way(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    return _fits(record, inputs, "three_way")


def graded_strategic(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    return _fits(record, inputs, "strategic")


def graded_by_manager(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Need urgency takes A, B, C. Nobody takes a set grade away by changing the scheme in the form."""
    if ctx.act == "update":
        if record.grade and record.grade_scheme != ctx.before("grade_scheme"):
            text = Text(
                "已定级客户的分级方案由经理定级时更换。",
                "The manager changes the scheme of a graded customer when grading.",
            )
            return Refused(text, "grade_scheme")
        return Allowed()
    return _fits(record, inputs, "need_urgency")


def handed_over(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Another owner, on a day that has come; or another department."""
    if ctx.act == "move_department":
        if record.department_id == ctx.before("department"):
            return Refused(Text("客户已属于该部门。", "The customer belongs to this department already."), "department")
        return Allowed()
    if record.owner_id == ctx.before("owner"):
        return Refused(Text("新归属人与原归属人相同。", "The customer is this person's already."), "owner")
    day = inputs.get("date")
    if day is not None and day > ctx.today:
        return Refused(Text("移交日期不能晚于今天。", "The day of handing over cannot lie in the future."), "date")
    if day is not None and day < ctx.local(record.created_at).date():
        return Refused(Text("移交日期不能早于建档日期。", "The customer was not on file on that day."), "date")
    return Allowed()


def kept(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Nothing open hangs on what is archived; what is merged leads to a living customer."""
    if ctx.act == "archived":
        found = ctx.open_records()
        if not found:
            return Allowed()
        text = Text("尚有未结记录，不能归档：{what}。", "It cannot be archived while these are open: {what}.")
        return Refused(_listing(text, found))
    if ctx.act == "merge" and record.merged_into_id == record.id:
        return Refused(Text("不能并入自己。", "A customer cannot be merged into itself."), "merged_into")
    return Allowed()


def _listing(text: Text, found: Sequence[Text]) -> Text:
    return text.fill(what=Text("、".join(one.zh for one in found), ", ".join(one.en for one in found)))


# ---- effects -----------------------------------------------------------------------------------------------------------


def propose_grade(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    return Changes({"grade_proposed": inputs["grade"]}, insert=(_graded(record, inputs, ctx, "proposed"),))


def set_grade(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The grade, its maker and its day; the same grade again starts the clock anew (CUS-18)."""
    same = (inputs["grade"], record.grade_scheme) == (ctx.before("grade"), ctx.before("grade_scheme"))
    values = {
        "grade": inputs["grade"],
        "grade_proposed": "",
        "grade_set_by": ctx.actor.id,
        "grade_set_on": ctx.today,
    }
    return Changes(values, insert=(_graded(record, inputs, ctx, "confirmed" if same else "set"),))


def _graded(record: Any, inputs: Mapping[str, Any], ctx: Context, kind: str) -> Insert:
    values = {
        "date": ctx.today,
        "kind": kind,
        "scheme": record.grade_scheme,
        "old_grade": ctx.before("grade") or "",
        "grade": inputs["grade"],
        "by": ctx.actor.id,
        "reason": inputs.get("reason") or "",
    }
    return Insert(REGISTER_NAME, "gradings", 0, values)


def transfer_owner(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The customer goes to the new owner and his department; what is open under the old one is listed (CUS-24)."""
    values: dict[str, Any] = {}
    if record.owner.department_id is not None:
        values["department"] = record.owner.department_id
    if record.deputy_id == record.owner_id:
        values["deputy"] = None
    handed = {
        "date": inputs["date"],
        "old_owner": ctx.before("owner"),
        "new_owner": record.owner_id,
        "decided_by": ctx.actor.id,
        "reason": inputs.get("reason") or "",
    }
    return Changes(values, insert=(Insert(REGISTER_NAME, "assignments", 0, handed),), warnings=_still_open(ctx))


def confirm_review(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    return Changes({"last_reviewed_on": ctx.today})


def decide_duplicate(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    return Changes({"duplicate_suspected": record.duplicate_decision == "same"})


def merge(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The number stays and leads to the survivor; open records go on and are listed."""
    return Changes({"duplicate_suspected": False}, warnings=_still_open(ctx))


def _still_open(ctx: Context) -> tuple[Text, ...]:
    found = ctx.open_records()
    text = Text("相关未结记录：{what}。", "Open records of this customer: {what}.")
    return (_listing(text, found),) if found else ()
