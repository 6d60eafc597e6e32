"""Customer archive (客户档案): one true record of every customer and prospect. Source: registers.md 1, decisions.md 6 to 10.

This step holds the plain fields, contacts and plan steps, with masking and the hint at duplicates. Grading, transfer of owner,
documents and the later states follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from typing import Any

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, TextField

from models.access_rules import GENERAL
from models.accounts import Area, User
from models.base import LineModel
from models.catalogue import row
from models.fields import DayField, MoneyField, PercentField
from models.matrix import access
from models.normalise import credit_code, is_credit_code, phone_key
from models.outcomes import Allowed, Changes, Context, Insert, Refused
from models.records import RecordModel
from models.register import (
    Act,
    Block,
    By,
    Child,
    Choice,
    Field,
    Lift,
    Link,
    Numbering,
    Print,
    Register,
    Route,
    Section,
    State,
    Text,
    Unmask,
    When,
)

# Who may own a customer: the roles that create their own (organisation.md 3.1).
SALES_ROLES = ("salesperson", "sales_consultant", "key_account")

HINTS_PER_HOUR = 20  # decisions.md 8


class CustomerArchive(RecordModel):
    """One customer. `phone_key` is the normalised telephone, by which a possible duplicate is found."""

    name = CharField(120, default="", index=True)
    short_name = CharField(40, default="")
    customer_kind = CharField(20)
    relation = CharField(20, default="")
    registered_address = CharField(200, default="")
    address = CharField(200, default="")
    area = ForeignKeyField(Area, on_delete="RESTRICT", backref="+")
    phone = CharField(30, default="")
    phone_key = CharField(30, default="", index=True)
    duplicate_suspected = BooleanField(default=False)
    email = CharField(80, default="")
    fax = CharField(30, default="")
    legal_representative = CharField(40, default="")
    rep_character = TextField(default="")
    rep_interests = TextField(default="")
    rep_hobbies = TextField(default="")
    rep_family = TextField(default="")
    rep_education = TextField(default="")
    rep_age = IntegerField(null=True)
    rep_ability = TextField(default="")
    rep_background = TextField(default="")
    unified_credit_code = CharField(18, null=True, unique=True)
    industry = CharField(60, default="")
    business_scope = TextField(default="")
    organisation_form = CharField(20, default="")
    founded_on = DayField(null=True)
    trading_since = DayField(null=True)
    headcount = IntegerField(null=True)
    annual_sales = MoneyField(null=True)
    assets = MoneyField(null=True)
    liabilities = MoneyField(null=True)
    credit_status = CharField(60, default="")
    bank_name = CharField(80, default="")
    bank_account = CharField(40, default="")
    market_potential = CharField(20, default="")
    development_direction = TextField(default="")
    credit_capacity = CharField(20, default="")
    competitiveness = CharField(20, default="")
    premises = TextField(default="")
    trade_standing = TextField(default="")
    dealings = TextField(default="")
    payment_behaviour = TextField(default="")
    trading_system = TextField(default="")
    business_condition = TextField(default="")
    use_place = TextField(default="")
    delivery_note = TextField(default="")
    attitude = TextField(default="")
    trade_important = BooleanField(default=False)
    need_summary = TextField(default="")
    required_specs = TextField(default="")
    grade_scheme = CharField(20, default="abc_value")
    grade = CharField(20, default="")
    grade_set_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    grade_set_on = DayField(null=True)
    source_channel = CharField(20, default="")
    referrer = ForeignKeyField("self", null=True, on_delete="RESTRICT", backref="+")
    deputy = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    confidentiality = CharField(20, default="internal")
    birthday = DayField(null=True)
    anniversary = DayField(null=True)
    noncompete_flag = DayField(null=True)
    contract_no = CharField(40, default="")
    last_contact_on = DayField(null=True)
    last_reviewed_on = DayField(null=True)
    completeness = PercentField(default=0)

    class Meta:
        table_name = "customer_archive"

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class CustomerContact(LineModel):
    """A person at the customer's; exactly one of them is the main contact."""

    record = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
    name = CharField(40)
    job_title = CharField(40, default="")
    mobile = CharField(30, default="")
    email = CharField(80, default="")
    birthday = DayField(null=True)
    decision_role = CharField(40, default="")
    main = BooleanField(default=False)

    class Meta:
        table_name = "customer_contact"


class CustomerPlanStep(LineModel):
    """A dated step of the follow-up plan."""

    record = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
    date = DayField()
    goal = CharField(200)
    done = BooleanField(default=False)

    class Meta:
        table_name = "customer_plan_step"


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


def named_salesperson(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
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
    wrong = next(chain(_wrong_dates(record, ctx), _wrong_words(record), _wrong_contacts(ctx)), None)
    return wrong if wrong is not None else _unique(record, ctx)


def _wrong_dates(record: Any, ctx: Context) -> Iterator[Refused]:
    if record.founded_on is not None and record.founded_on > ctx.today:
        yield Refused(Text("创业时间不能晚于今天。", "The founding date cannot lie in the future."), "founded_on")
    if record.founded_on is not None and record.trading_since is not None and record.trading_since < record.founded_on:
        yield Refused(Text("交易时间不能早于创业时间。", "Trading cannot begin before the founding."), "trading_since")
    if record.birthday is not None and record.birthday > ctx.today:
        yield Refused(Text("生日不能晚于今天。", "The birthday cannot lie in the future."), "birthday")


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
            "duplicate_suspected": record.duplicate_suspected or doubled,
            "completeness": completeness(record),
        },
        warnings=(hint,) if doubled else (),
    )


def completeness(record: Any) -> Decimal:
    """Filled ÷ listed fields of the form for this kind of customer, as a whole per cent rounded half up (CUS-40)."""
    listed = (
        _LISTED if record.customer_kind != "person" else tuple(name for name in _LISTED if name not in _OF_COMPANIES)
    )
    filled = sum(1 for name in listed if getattr(record, _COLUMN.get(name, name)) not in (None, ""))
    return (Decimal(100 * filled) / len(listed)).quantize(Decimal(1), ROUND_HALF_UP)


# ---- the register ------------------------------------------------------------------------------------------------------

_KIND = (
    Choice("company", "企业", "company"),
    Choice("person", "个人", "person"),
    Choice("dealer", "经销商", "dealer"),
    Choice("group", "集团", "group account"),
)
_RELATION = (
    Choice("current", "往来客户", "current"),
    Choice("target", "目标客户", "target"),
    Choice("potential", "潜在客户", "potential"),
    Choice("same_trade", "同行", "same trade"),
)
_ORGANISATION_FORM = (
    Choice("limited", "有限责任公司", "limited company"),
    Choice("joint_stock", "股份公司", "joint-stock company"),
    Choice("partnership", "合伙", "partnership"),
    Choice("sole", "个体工商户", "sole trader"),
    Choice("state", "国有", "state-owned"),
    Choice("other", "其他", "other"),
)
_THREE_LEVEL = (Choice("high", "高", "high"), Choice("medium", "中", "medium"), Choice("low", "低", "low"))
_GRADE_SCHEME = (
    Choice("abc_value", "ABC价值分级", "ABC by value"),
    Choice("three_way", "三级分级", "three-way"),
    Choice("strategic", "战略分级", "strategic"),
    Choice("need_urgency", "需求紧迫分级", "need urgency"),
)
_GRADE = (
    Choice("A", "A类", "A"),
    Choice("B", "B类", "B"),
    Choice("C", "C类", "C"),
    Choice("key", "重点客户", "key"),
    Choice("general", "一般客户", "general"),
    Choice("potential", "潜在客户", "potential"),
    Choice("strategic", "战略客户", "strategic"),
    Choice("important", "重要客户", "important"),
    Choice("ordinary", "普通客户", "ordinary"),
)
_SOURCE_CHANNEL = (
    Choice("research", "市场调研", "market research"),
    Choice("exhibition", "展会", "exhibition"),
    Choice("internet", "网络", "internet"),
    Choice("referral", "转介绍", "referral"),
    Choice("walk_in", "到店", "walk-in"),
    Choice("call_in", "来电", "call-in"),
    Choice("roadshow", "巡展", "roadshow"),
    Choice("other", "其他", "other"),
)
_CONFIDENTIALITY = (
    Choice("public", "一级 公开", "level 1 public"),
    Choice("internal", "二级 内部", "level 2 internal"),
    Choice("secret", "三级 机密", "level 3 secret"),
)
_LIVING = When("state", ("merged", "void"), negate=True)

_FIELDS = (
    Field("number", "客户编号", "customer number", system=True),
    Field("state", "客户阶段", "stage", system=True),
    Field("name", "客户名称", "name"),
    Field("short_name", "简称", "short name"),
    Field("customer_kind", "客户类别", "kind", required=True, choices=_KIND),
    Field("relation", "关系类型", "relation", required=True, choices=_RELATION, rule="CUS-46"),
    Field(
        "registered_address",
        "注册地址",
        "registered address",
        required_when=When("customer_kind", ("company",)),
        wide=True,
    ),
    Field("address", "联系地址", "postal address", wide=True),
    Field("area", "片区", "area", required=True),
    Field("phone", "电话", "telephone"),
    Field("duplicate_suspected", "疑似重复", "possible duplicate", system=True),
    Field("email", "电子邮箱", "e-mail", format="email"),
    Field("fax", "传真", "fax"),
    Field("legal_representative", "法定代表人", "legal representative", level=2),
    Field("rep_character", "法人性格", "representative: character", level=3, rule="CUS-02"),
    Field("rep_interests", "法人兴趣", "representative: interests", level=3, rule="CUS-02"),
    Field("rep_hobbies", "法人爱好", "representative: hobbies", level=3, rule="CUS-02"),
    Field("rep_family", "法人家庭", "representative: family", level=3, rule="CUS-02"),
    Field("rep_education", "法人学历", "representative: education", level=3, rule="CUS-02"),
    Field("rep_age", "法人年龄", "representative: age", level=3, rule="CUS-02", minimum=0, maximum=120),
    Field("rep_ability", "法人能力", "representative: ability", level=3, rule="CUS-02"),
    Field("rep_background", "法人经历背景", "representative: career background", level=3, rule="CUS-02"),
    Field("unified_credit_code", "统一社会信用代码", "registration code"),
    Field("industry", "行业", "industry"),
    Field("business_scope", "经营范围", "scope of business"),
    Field("organisation_form", "组织形式", "form of organisation", choices=_ORGANISATION_FORM, rule="CUS-03"),
    Field("founded_on", "创业时间", "founded", rule="CUS-03"),
    Field("trading_since", "与本公司交易时间", "trading with us since", rule="CUS-03"),
    Field("headcount", "职工人数", "staff", minimum=0, rule="CUS-03"),
    Field("annual_sales", "年销售额", "yearly sales", level=2, minimum=0, rule="CUS-03", unit=Text("元", "yuan")),
    Field("assets", "资产", "assets", level=3, rule="CUS-05", unit=Text("元", "yuan")),
    Field("liabilities", "负债", "liabilities", level=3, rule="CUS-05", unit=Text("元", "yuan")),
    Field("credit_status", "信用情况", "credit", level=3, rule="CUS-05"),
    Field("bank_name", "开户银行", "bank", level=2),
    Field("bank_account", "银行账号", "bank account", level=2),
    Field("market_potential", "市场潜力", "market potential", choices=_THREE_LEVEL, rule="CUS-04"),
    Field("development_direction", "发展方向", "direction of development", rule="CUS-04"),
    Field("credit_capacity", "财务信用能力", "financial credit capacity", choices=_THREE_LEVEL, level=3, rule="CUS-04"),
    Field("competitiveness", "竞争力", "competitiveness", choices=_THREE_LEVEL, rule="CUS-04"),
    Field("premises", "场所", "premises", rule="CUS-05"),
    Field("trade_standing", "业界地位", "standing in the trade", rule="CUS-05"),
    Field("dealings", "交易情况", "dealings", rule="CUS-05"),
    Field("payment_behaviour", "付款情况", "payment behaviour", rule="CUS-05"),
    Field("trading_system", "交易系统", "trading system", rule="CUS-05"),
    Field("business_condition", "营业情况", "business condition", rule="CUS-05"),
    Field("use_place", "使用场合", "place of use", rule="CUS-05"),
    Field("delivery_note", "交货情况", "delivery", rule="CUS-05"),
    Field("attitude", "态度", "attitude", rule="CUS-05"),
    Field("trade_important", "对交易重要", "important for trading", rule="CUS-05"),
    Field("need_summary", "采购需求", "needs", rule="CUS-46"),
    Field("required_specs", "所需规格型号", "required specification"),
    Field("grade_scheme", "分级方案", "grade scheme", required=True, choices=_GRADE_SCHEME, default="abc_value"),
    Field("grade", "客户等级", "grade", system=True, choices=_GRADE),
    Field("grade_set_by", "定级人", "graded by", system=True),
    Field("grade_set_on", "定级日期", "graded on", system=True),
    Field("source_channel", "客户来源", "source", required=True, choices=_SOURCE_CHANNEL, rule="CUS-47"),
    Field("referrer", "介绍人", "introduced by", pick=(_LIVING,)),
    Field("owner", "归属业务员", "owner", create_only=True),
    Field("deputy", "副负责人", "deputy in charge"),
    Field(
        "confidentiality", "保密级别", "confidentiality", required=True, choices=_CONFIDENTIALITY, default="internal"
    ),
    Field("birthday", "生日", "birthday", level=2),
    Field("anniversary", "纪念日", "anniversary"),
    Field("noncompete_flag", "竞业标记", "non-compete flag", system=True),
    Field("contract_no", "合同编号", "contract number", system=True),
    Field("last_contact_on", "最近联系日期", "last contact", system=True),
    Field("last_reviewed_on", "最近复核日期", "last reviewed", system=True),
    Field("completeness", "完整度", "completeness", system=True),
    Field("remarks", "备注", "remarks", wide=True),
)

# A yes/no field has no empty value, so it cannot be missing.
_LISTED = tuple(field.name for field in _FIELDS if not field.system and field.name != "trade_important")
_OF_COMPANIES = frozenset(
    {
        "registered_address",
        "legal_representative",
        "unified_credit_code",
        "business_scope",
        "organisation_form",
        "founded_on",
        "headcount",
        "annual_sales",
        "assets",
        "liabilities",
        "premises",
        "trade_standing",
        "trading_system",
        "business_condition",
        *(name for name in _LISTED if name.startswith("rep_")),
    }
)
_COLUMN = {"area": "area_id", "referrer": "referrer_id", "owner": "owner_id", "deputy": "deputy_id"}

_CREDIT = ("credit_status", "credit_capacity")
_BANK = ("bank_name", "bank_account")
_STEP_2 = "step 2"


REGISTER = Register(
    name="customer_archive",
    zh="客户档案",
    en="customer archive",
    group=Text("客户", "Customers"),
    menu=100,
    model=CustomerArchive,
    fields=_FIELDS,
    children=(
        Child(
            "contacts",
            "联系人",
            "contacts",
            CustomerContact,
            (
                Field("name", "姓名", "name", required=True),
                Field("job_title", "职务", "position"),
                Field("mobile", "手机", "mobile", level=2),
                Field("email", "电子邮箱", "e-mail", format="email"),
                Field("birthday", "生日", "birthday", level=2),
                Field("decision_role", "决策角色", "decision role"),
                Field("main", "主要联系人", "main contact"),
            ),
        ),
        Child(
            "plan_steps",
            "跟进计划",
            "follow-up plan",
            CustomerPlanStep,
            (
                Field("date", "日期", "date", required=True),
                Field("goal", "目标", "goal", required=True),
                Field("done", "已完成", "done"),
            ),
        ),
    ),
    access=access("customer_archive"),
    sections=(
        Section(
            "基本资料",
            "Basic data",
            (
                "name",
                "short_name",
                "customer_kind",
                "relation",
                "area",
                "phone",
                "duplicate_suspected",
                "email",
                "fax",
                "registered_address",
                "address",
                "industry",
                "business_scope",
                "unified_credit_code",
                "birthday",
                "anniversary",
            ),
        ),
        Section(
            "归属",
            "In charge",
            ("owner", "deputy", "source_channel", "referrer", "confidentiality", "noncompete_flag", "contract_no"),
        ),
        Section(
            "规模与历史",
            "Size and history",
            ("organisation_form", "founded_on", "trading_since", "headcount", "annual_sales"),
        ),
        Section(
            "法定代表人",
            "Legal representative",
            (
                "legal_representative",
                "rep_age",
                "rep_education",
                "rep_family",
                "rep_background",
                "rep_character",
                "rep_ability",
                "rep_interests",
                "rep_hobbies",
            ),
        ),
        Section(
            "信用与银行",
            "Credit and bank",
            ("assets", "liabilities", "credit_status", "credit_capacity", "bank_name", "bank_account"),
        ),
        Section(
            "评价",
            "Assessment",
            (
                "market_potential",
                "development_direction",
                "competitiveness",
                "need_summary",
                "required_specs",
                "trade_important",
                "premises",
                "trade_standing",
                "dealings",
                "payment_behaviour",
                "trading_system",
                "business_condition",
                "use_place",
                "delivery_note",
                "attitude",
            ),
        ),
        Section(
            "等级",
            "Grade",
            (
                "grade_scheme",
                "grade",
                "grade_set_by",
                "grade_set_on",
                "last_contact_on",
                "last_reviewed_on",
                "completeness",
            ),
        ),
    ),
    columns=("number", "name", "customer_kind", "area", "phone", "state", "grade", "owner", "completeness"),
    label=("number", "name"),
    search=("number", "name", "short_name", "phone"),
    sort=("number", "name", "state", "grade", "completeness", "last_contact_on", "created_at", "annual_sales"),
    filters=(
        "state",
        "customer_kind",
        "relation",
        "area",
        "owner",
        "deputy",
        "department",
        "grade",
        "source_channel",
        "confidentiality",
        "duplicate_suspected",
        "last_contact_on",
        "created_at",
        "annual_sales",
    ),
    states=(
        State("potential", "潜在", "potential"),
        State("target", "目标", "target", "waiting"),
        State("signed", "签约", "signed", "good"),
        State("dormant", "休眠", "dormant", "muted"),
        State("archived", "归档", "archived", "muted", ends=True),
        State("merged", "合并", "merged", "muted", ends=True),
        State("void", "作废", "void", "bad", mark=Text("作废", "void"), ends=True),
    ),
    acts=(
        Act(
            "void",
            "作废",
            "void",
            (Route(("potential",), (By(role="archivist"),)),),
            "void",
            reason="required",
            tone="bad",
        ),
    ),
    rules=(
        row(
            "CUS-01",
            "名称、电话必填；企业、经销商、集团至少一位联系人，个人即自己的联系人；主要联系人恰好一位。",
            "Name and telephone are needed; companies, dealers and groups need a contact, a person is his own; exactly one contact "
            "is the main one.",
            on=("create", "update"),
            guard="contact_given",
            compute="main_contact",
            required=("name", "phone"),
            fields=(
                "name",
                "registered_address",
                "phone",
                "legal_representative",
                "contacts",
                "industry",
                "business_scope",
            ),
        ),
        row(
            "CUS-02",
            "法定代表人画像八项可选填，均为三级保密。",
            "Eight optional fields on the representative, all of level 3.",
            fields=(
                "rep_character",
                "rep_interests",
                "rep_hobbies",
                "rep_family",
                "rep_education",
                "rep_age",
                "rep_ability",
                "rep_background",
            ),
        ),
        row(
            "CUS-03",
            "登记创业时间、交易起始、组织形式与规模。",
            "Founding, begin of trading, form of organisation and size are fields.",
            fields=("founded_on", "trading_since", "organisation_form", "headcount", "annual_sales"),
        ),
        row(
            "CUS-04",
            "四项评价均为字段。",
            "The four assessments are fields.",
            fields=("market_potential", "development_direction", "credit_capacity", "competitiveness"),
        ),
        row(
            "CUS-05",
            "交易资料各点均为字段，并标记对交易是否重要。",
            "The points on trading are fields, with the mark whether they matter for trading.",
            fields=(
                "trade_important",
                "premises",
                "assets",
                "liabilities",
                "credit_status",
                "trade_standing",
                "dealings",
                "payment_behaviour",
                "trading_system",
                "business_condition",
                "use_place",
                "delivery_note",
                "attitude",
            ),
        ),
        row("CUS-06", "剪报子表待建。", "The table of clippings is to come.", waits=_STEP_2),
        row(
            "CUS-07",
            "业务员只建本人客户，档案管理员可代建；编辑限归属人、代理中的副负责人、档案管理员和部门负责人。",
            "Salespeople make customers of their own, the archivist for anyone; editing is for the owner, a deputy acting for him, "
            "the archivist and the heads.",
            on=("create",),
            guard="created_by_owner",
            marks=("owner_edit",),
        ),
        row(
            "CUS-08",
            "档案不能删除，潜在客户只能由档案管理员说明原因作废，编号保留。",
            "Nothing is deleted; the archivist voids potential customers with a reason, and the number stays.",
            order=("void",),
        ),
        row(
            "CUS-09",
            "合同条款归档待合同登记建成。",
            "Filing of contract clauses waits for contracts.",
            waits="contract",
        ),
        row("CUS-10", "四部分缺项显示待建。", "The list of missing parts is to come.", waits=_STEP_2),
        row("CUS-11", "归档资料子表待建。", "The table of filed documents is to come.", waits=_STEP_2),
        row("CUS-12", "复核提醒待建。", "The reminder to review is to come.", waits=_STEP_2),
        row(
            "CUS-13",
            "保管期限与销毁待建；目前一律不能删除。",
            "Retention is to come; nothing can be deleted.",
            waits=_STEP_2,
        ),
        *(
            row(
                rule,
                "分级与定级待建；分级方案已是字段。",
                "Grading is to come; the scheme is a field.",
                params=(),
                waits=_STEP_2,
            )
            for rule in ("CUS-14", "CUS-15", "CUS-16", "CUS-17")
        ),
        row("CUS-18", "定级复评提醒待建。", "The reminder to grade again is to come.", waits=_STEP_2),
        row("CUS-19", "等级策略表待建。", "The table of strategies by grade is to come.", waits=_STEP_2),
        row(
            "CUS-24",
            "归属变更待建；停用账号不影响归属。",
            "Transfer is to come; a disabled account stays owner.",
            waits=_STEP_2,
        ),
        row(
            "CUS-25", "离职移交待人员档案建成。", "Clearance of leavers waits for staff records.", waits="staff_record"
        ),
        row("CUS-26", "竞业标记待人员档案建成。", "The flag of leavers waits for staff records.", waits="staff_record"),
        row("CUS-27", "处罚待奖罚登记建成。", "Penalties wait for the penalty register.", waits="penalty_reward"),
        row("CUS-28", "处罚待奖罚登记建成。", "Penalties wait for the penalty register.", waits="penalty_reward"),
        row("CUS-29", "投诉列示待投诉登记建成。", "Complaints on the page wait for their register.", waits="complaint"),
        row(
            "CUS-30",
            "服务列示待服务登记簿建成。",
            "Services on the page wait for the service log.",
            waits="service_log",
        ),
        row("CUS-31", "潜在转目标、签约的流程待建。", "The way from potential to signed is to come.", waits=_STEP_2),
        row(
            "CUS-32",
            "归属业务员必填且为在职销售人员；跟进计划可登记，转为目标时的要求待建。",
            "An active salesperson must own the customer; plan steps are kept, the demand at the change to target is to come.",
            on=("create",),
            guard="named_salesperson",
            required=("owner",),
            fields=("owner", "plan_steps"),
            waits=_STEP_2,
        ),
        row(
            "CUS-33",
            "副负责人不得与归属人相同；只有归属人请假期间副负责人才可代行，请假登记待建。",
            "The deputy is another salesperson than the owner and acts only while he is absent; leave is to come.",
            on=("create", "update"),
            guard="two_in_charge",
            fields=("deputy",),
            waits="leave_request",
        ),
        row(
            "CUS-34",
            "地址、法定代表人、等级、归属的变更在变更记录中保留旧值新值。",
            "Changes of address, representative, grade and owner keep old and new value in the history.",
            fields=("address", "registered_address", "legal_representative", "grade", "owner"),
            marks=("keeps_old_values",),
        ),
        row("CUS-35", "节日生日清单待建。", "The list of days to greet is to come.", waits=_STEP_2),
        row("CUS-36", "邮寄名录待建。", "The mailing list is to come.", waits=_STEP_2),
        row("CUS-37", "休眠清单待建。", "The list of neglected customers is to come.", waits=_STEP_2),
        row("CUS-38", "分析报表待建。", "The analysis is to come.", waits=_STEP_2),
        row(
            "CUS-39",
            "客户页已列礼品；订单、服务、投诉、合同待各登记建成。",
            "The page lists gifts; orders, services, complaints and contracts wait for their registers.",
            waits="sales_order",
        ),
        row(
            "CUS-40",
            "不实资料拒收：日期先后、电话、校验位；代码重复拒收，电话重复提示；完整度 = 已填 ÷ 应填，制单时间即录入时间。",
            "What cannot be true is refused: order of dates, telephone, check character; a known code is refused, a known telephone "
            "hinted at; completeness = filled ÷ listed, and made-at tells when it was entered.",
            on=("create", "update"),
            guard="plausible",
            compute="true_and_complete",
            fields=("unified_credit_code", "completeness", "duplicate_suspected"),
        ),
        row("CUS-41", "资料袋待服务凭证建成。", "The file bag waits for service vouchers.", waits="service_log"),
        row("CUS-42", "重点客户沟通方案待建。", "Plans for key customers are to come.", waits=_STEP_2),
        row("CUS-43", "酒店统计待酒店预订建成。", "Hotel figures wait for bookings.", waits="hotel_booking"),
        row("CUS-44", "统计表与分析归档待建。", "Weekly figures and filed analyses are to come.", waits=_STEP_2),
        row(
            "CUS-45",
            "个人账号登录，闲置超过设定分钟自动退出，每个动作落到人。",
            "Personal accounts; an idle session ends after the minutes of the setting, and every act is tied to a person.",
            marks=("idle_sign_out",),
        ),
        row(
            "CUS-46",
            "关系类型必填，登记背景与需求。",
            "The relation is needed; background and needs are fields.",
            fields=("relation", "need_summary"),
        ),
        row("CUS-47", "客户来源必填。", "The source is needed.", fields=("source_channel",)),
        *GENERAL,
    ),
    prints=(
        Print(
            "customer_card",
            "客户基本信息卡",
            "customer basic information card",
            (
                Block(
                    "fields",
                    "基本资料",
                    "Basic data",
                    (
                        "name",
                        "short_name",
                        "customer_kind",
                        "relation",
                        "area",
                        "phone",
                        "email",
                        "fax",
                        "registered_address",
                        "address",
                        "legal_representative",
                        "unified_credit_code",
                        "industry",
                        "business_scope",
                        "owner",
                        "deputy",
                        "source_channel",
                    ),
                ),
                Block(
                    "fields",
                    "规模与历史",
                    "Size and history",
                    ("organisation_form", "founded_on", "trading_since", "headcount", "annual_sales"),
                ),
                Block(
                    "lines",
                    "联系人",
                    "contacts",
                    ("name", "job_title", "mobile", "email", "decision_role", "main"),
                    child="contacts",
                ),
                Block(
                    "fields",
                    "评价与等级",
                    "Assessment and grade",
                    (
                        "market_potential",
                        "credit_capacity",
                        "competitiveness",
                        "development_direction",
                        "need_summary",
                        "grade_scheme",
                        "grade",
                        "grade_set_by",
                        "grade_set_on",
                    ),
                ),
                Block(
                    "signatures",
                    blank=(Text("填表人", "salesperson"), Text("审核", "department head"), Text("归档", "archivist")),
                ),
            ),
        ),
        Print(
            "customer_list",
            "客户一览表",
            "customer list",
            (
                Block(
                    "lines",
                    fields=(
                        "number",
                        "name",
                        "customer_kind",
                        "area",
                        "phone",
                        "state",
                        "grade",
                        "owner",
                        "last_contact_on",
                    ),
                ),
            ),
            many=True,
            paper="A4 landscape",
        ),
    ),
    links=(
        Link("gift_signoff", "customer", "礼品", "gifts"),
        Link("key_checkout", "customer", "钥匙领用", "keys"),
    ),
    views={
        "names": ("number", "name", "short_name"),
        "service": (
            "number",
            "name",
            "short_name",
            "area",
            "registered_address",
            "address",
            "required_specs",
        ),
        "delivery": ("number", "name", "short_name", "area", "address", "phone", "delivery_note"),
        "credit": ("number", "name", "short_name", *_CREDIT, *_BANK),
    },
    unmask=(
        Unmask(2, person="owner"),
        Unmask(3, person="owner"),
        Unmask(2, role="sales_manager"),
        Unmask(3, role="sales_manager"),
        Unmask(2, role="deputy_gm"),
        Unmask(3, role="deputy_gm"),
        Unmask(2, role="gm"),
        Unmask(2, role="dept_head"),
        Unmask(2, role="archivist"),
        Unmask(2, role="service_manager", fields=("contacts.mobile",)),
        Unmask(2, role="service_staff", fields=("contacts.mobile",)),
        Unmask(2, role="finance", fields=_BANK),
        Unmask(3, role="finance", fields=(*_CREDIT, *_BANK)),
    ),
    lift=(Lift("confidentiality", "secret", 2, 3),),
    numbering=Numbering("KH"),
    own=("owner", "deputy", "created_by"),
    owner_typed=True,
    update_states=("potential", "target", "signed", "dormant"),
    print_needs_grant=True,
)
