"""What a customer must be to be saved, and what a save works out: contacts, persons in charge, truth, duplicates, completeness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from typing import Any

from models.customers.choices import PARTS
from models.customers.fields import COLUMN, LISTED, OF_COMPANIES
from models.normalise import credit_code, is_credit_code, name_key, phone_key
from models.outcomes import Allowed, Changes, Context, Insert, Refused
from models.register import Text

# Who may own a customer: the roles that create their own (organisation.md 3.1).
SALES_ROLES = ("salesperson", "sales_consultant", "key_account")

HINTS_PER_HOUR = 20  # decisions.md 8

# ---- guards ------------------------------------------------------------------------------------------------------------


def contact_given(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """At least one contact for whoever is not a person himself, and exactly one main contact among several."""
    contacts = ctx.lines("contacts")
    if not contacts:
        if record.customer_kind == "person":
            return Allowed()
        return Refused(Text("至少需要一位联系人。", "At least one contact is needed."), "contacts-0-name")
    main = [index for index, contact in enumerate(contacts) if contact.main]
    if len(main) > 1:
        return Refused(
            Text("主要联系人只能有一位。", "Only one contact can be the main one."), f"contacts-{main[1]}-main"
        )
    if not main and len(contacts) > 1:
        return Refused(Text("请指定一位主要联系人。", "Mark one contact as the main one."), "contacts-0-main")
    return Allowed()


def created_by_owner(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Salespeople make customers of their own; the archivist makes them for anyone."""
    if ctx.act == "create" and record.owner_id != ctx.actor.id and not ctx.actor.has_role("archivist"):
        return Refused(Text("只能建立归属本人的客户。", "You can only make customers of your own."), "owner")
    return Allowed()


def followed_up(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """An active salesperson from the first save on; a dated step of the plan before the customer becomes a target (decisions.md 10)."""
    if ctx.act == "target":
        if any(step.date is not None for step in ctx.lines("plan_steps")):
            return Allowed()
        text = Text("转为目标前至少要有一个有日期的跟进步骤。", "A target needs at least one dated step of its plan.")
        return Refused(text, "plan_steps")
    if ctx.act != "create":
        return Allowed()
    if not record.owner.active or not any(ctx.has_role(record.owner_id, role) for role in SALES_ROLES):
        return Refused(Text("归属业务员须为在职销售人员。", "The owner must be an active salesperson."), "owner")
    return Allowed()


def two_in_charge(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if record.deputy_id is None:
        return Allowed()
    if record.deputy_id == record.owner_id:
        return Refused(
            Text("副负责人不能与归属业务员相同。", "The deputy must be another person than the owner."), "deputy"
        )
    if not any(ctx.has_role(record.deputy_id, role) for role in SALES_ROLES):
        return Refused(Text("副负责人须为在职销售人员。", "The deputy must be an active salesperson."), "deputy")
    return Allowed()


def plausible(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """What cannot be true is refused: dates, telephone, code, a referrer that is the customer; then a duplicate is looked for."""
    if ctx.act == "target":
        return _undecided(record)
    if ctx.act == "decide_duplicate":
        return _has_a_double(record, ctx)
    wrong = next(chain(_wrong_dates(record, ctx), _wrong_words(record), _wrong_contacts(ctx)), None)
    return wrong if wrong is not None else _unique(record, ctx)


def _undecided(record: Any) -> Allowed | Refused:
    """A possible duplicate stays a potential customer until it is decided (decisions.md 8)."""
    if record.duplicate_suspected:
        text = Text(
            "疑似重复的客户须先由经理判定。",
            "This may be a duplicate: it stays potential until the manager has decided.",
        )
        return Refused(text)
    return Allowed()


def _has_a_double(record: Any, ctx: Context) -> Allowed | Refused:
    alike = record.phone_key and ctx.another("phone_key", record.phone_key)
    if record.duplicate_suspected or alike or (record.name_key and ctx.another("name_key", record.name_key)):
        return Allowed()
    return Refused(Text("没有电话或名称相同的客户。", "No other customer has this telephone or name."))


def _wrong_dates(record: Any, ctx: Context) -> Iterator[Refused]:
    if record.founded_on is not None and record.founded_on > ctx.today:
        yield Refused(Text("创业时间不能晚于今天。", "The founding date cannot lie in the future."), "founded_on")
    if record.founded_on is not None and record.trading_since is not None and record.trading_since < record.founded_on:
        yield Refused(Text("交易时间不能早于创业时间。", "Trading cannot begin before the founding."), "trading_since")
    if record.birthday is not None and record.birthday > ctx.today:
        yield Refused(Text("生日不能晚于今天。", "The birthday cannot lie in the future."), "birthday")


def dated(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Filed papers cannot bear a date to come."""
    for index, document in enumerate(ctx.lines("documents")):
        if document.dated_on is not None and document.dated_on > ctx.today:
            name = f"{getattr(document, 'typed_prefix', f'documents-{index}')}-dated_on"
            return Refused(Text("资料日期不能晚于今天。", "A document cannot be dated in the future."), name)
    return Allowed()


def cut_out(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    for index, clipping in enumerate(ctx.lines("clippings")):
        if clipping.date is not None and clipping.date > ctx.today:
            name = f"{getattr(clipping, 'typed_prefix', f'clippings-{index}')}-date"
            return Refused(Text("剪报日期不能晚于今天。", "A clipping cannot be dated in the future."), name)
    return Allowed()


def _wrong_words(record: Any) -> Iterator[Refused]:
    if record.phone and not phone_key(record.phone):
        yield Refused(Text("电话号码至少要有五位数字。", "A telephone number has at least five digits."), "phone")
    code = credit_code(record.unified_credit_code or "")
    if code and not is_credit_code(code):
        yield Refused(
            Text(
                "统一社会信用代码的校验位不符，请核对。",
                "The check character of the code does not fit; compare it again.",
            ),
            "unified_credit_code",
        )
    if record.referrer_id is not None and record.referrer_id == record.id:
        yield Refused(Text("介绍人不能是客户自己。", "A customer cannot introduce itself."), "referrer")


def _wrong_contacts(ctx: Context) -> Iterator[Refused]:
    for index, contact in enumerate(ctx.lines("contacts")):
        if contact.birthday is not None and contact.birthday > ctx.today:
            name = f"{getattr(contact, 'typed_prefix', f'contacts-{index}')}-birthday"
            yield Refused(Text("生日不能晚于今天。", "The birthday cannot lie in the future."), name)


def _unique(record: Any, ctx: Context) -> Allowed | Refused:
    """A code that another record has is refused; so is one more hint at the same telephone than an hour allows."""
    code = credit_code(record.unified_credit_code or "")
    if code and ctx.another("unified_credit_code", code):
        return Refused(
            Text("该统一社会信用代码已登记。", "This registration code is registered already."), "unified_credit_code"
        )
    if _telephone_doubled(record, ctx) and ctx.limit_reached("duplicate_hint", HINTS_PER_HOUR, 60):
        return Refused(
            Text("疑似重复的提示过多，请一小时后再试。", "Too many hints at duplicates; try again in an hour."), "phone"
        )
    return Allowed()


def _telephone_doubled(record: Any, ctx: Context) -> bool:
    """Whether a telephone that is new to this record belongs to another one."""
    key = phone_key(record.phone)
    return bool(key) and key != record.phone_key and ctx.another("phone_key", key)


# ---- computations ------------------------------------------------------------------------------------------------------


def main_contact(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """A person without contacts is his own; an only contact is the main one."""
    contacts = ctx.lines("contacts")
    if len(contacts) == 1:
        return Changes(lines={"contacts": [{"main": True}]})
    if contacts or record.customer_kind != "person":
        return Changes()
    himself = {"name": record.name[:40], "mobile": record.phone, "birthday": record.birthday, "main": True}
    return Changes(insert=(Insert("customer_archive", "contacts", 0, himself),))


def true_and_complete(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The normalised telephone and code, the hint at a duplicate, and the share of fields that are filled."""
    doubled = _telephone_doubled(record, ctx)
    hint = Text(
        "可能与已有客户重复，请经理核对。", "This may be a customer that exists already; let the manager compare."
    )
    return Changes(
        {
            "unified_credit_code": credit_code(record.unified_credit_code or "") or None,
            "phone_key": phone_key(record.phone),
            "name_key": name_key(record.name),
            "duplicate_suspected": record.duplicate_suspected or doubled,
            "duplicate_decision": "" if doubled else record.duplicate_decision,
            "completeness": completeness(record),
        },
        warnings=(hint,) if doubled else (),
    )


def missing_parts(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Which of contract, sales statistics and market analysis the archive lacks; the card itself is the record (CUS-10)."""
    filed = {document.document_class for document in ctx.lines("documents")}
    if record.contract_no:
        filed.add("contract")
    return Changes({"missing_parts": "+".join(name for name, (_, _, classes) in PARTS.items() if not classes & filed)})


def filed_by(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Who filed a paper: whoever entered its line."""
    lines = ctx.lines("documents")
    return Changes(lines={"documents": [{"filed_by": line.filed_by_id or ctx.actor.id} for line in lines]})


def completeness(record: Any) -> Decimal:
    """Filled ÷ listed fields of the form for this kind of customer, as a whole per cent rounded half up (CUS-40)."""
    listed = LISTED if record.customer_kind != "person" else tuple(name for name in LISTED if name not in OF_COMPANIES)
    filled = sum(1 for name in listed if getattr(record, COLUMN.get(name, name)) not in (None, ""))
    return (Decimal(100 * filled) / len(listed)).quantize(Decimal(1), ROUND_HALF_UP)
