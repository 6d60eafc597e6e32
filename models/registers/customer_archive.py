"""Customer archive (客户档案): one true record of every customer and prospect. Source: registers.md 1, decisions.md 6 to 10.

The tables and the register; fields, layout, acts, rules, forms and functions have their rooms in `models.customers`.
"""

from __future__ import annotations

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, TextField

from models.accounts import Area, User
from models.base import LineModel
from models.customers import acts, fields, forms, layout, rules
from models.customers.deeds import (
    assessed,
    confirm_review,
    decide_duplicate,
    graded_by_manager,
    graded_by_value,
    graded_strategic,
    graded_three_way,
    handed_over,
    kept,
    merge,
    propose_grade,
    set_grade,
    transfer_owner,
)
from models.customers.truth import (
    contact_given,
    created_by_owner,
    cut_out,
    dated,
    filed_by,
    followed_up,
    main_contact,
    missing_parts,
    plausible,
    true_and_complete,
    two_in_charge,
)
from models.evidence import StoredFile
from models.fields import DayField, MoneyField, PercentField
from models.matrix import access
from models.records import RecordModel
from models.register import Child, Lift, Link, Numbering, Register, Text

# The functions that rule rows and acts name; they are looked up here.
__all__ = [
    "REGISTER",
    "assessed",
    "confirm_review",
    "contact_given",
    "created_by_owner",
    "cut_out",
    "dated",
    "decide_duplicate",
    "filed_by",
    "followed_up",
    "graded_by_manager",
    "graded_by_value",
    "graded_strategic",
    "graded_three_way",
    "handed_over",
    "kept",
    "main_contact",
    "merge",
    "missing_parts",
    "plausible",
    "propose_grade",
    "set_grade",
    "transfer_owner",
    "true_and_complete",
    "two_in_charge",
]


class CustomerArchive(RecordModel):
    """One customer. `phone_key` and `name_key` are telephone and name as they are compared to find a possible duplicate."""

    name = CharField(120, default="", index=True)
    short_name = CharField(40, default="")
    customer_kind = CharField(20)
    relation = CharField(20, default="")
    registered_address = CharField(200, default="")
    address = CharField(200, default="")
    area = ForeignKeyField(Area, on_delete="RESTRICT", backref="+")
    phone = CharField(30, default="")
    phone_key = CharField(30, default="", index=True)
    name_key = CharField(120, default="", index=True)
    duplicate_suspected = BooleanField(default=False)
    duplicate_decision = CharField(20, default="")
    merged_into = ForeignKeyField("self", null=True, on_delete="RESTRICT", backref="+")
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
    grade_proposed = CharField(20, default="")
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
    missing_parts = CharField(40, default="")

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


class CustomerDocument(LineModel):
    """A paper filed under one of twelve classes."""

    record = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
    document_class = CharField(20)
    title = CharField(120)
    dated_on = DayField()
    file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    filed_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")

    class Meta:
        table_name = "customer_document"


class CustomerClipping(LineModel):
    """Something printed about the customer."""

    record = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
    source = CharField(80)
    date = DayField()
    clipping_class = CharField(20)
    title = CharField(120, default="")
    file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")

    class Meta:
        table_name = "customer_clipping"


class CustomerAssignment(LineModel):
    """A transfer to another owner."""

    record = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
    date = DayField()
    old_owner = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    new_owner = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    decided_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    reason = TextField(default="")

    class Meta:
        table_name = "customer_assignment"


class CustomerGrading(LineModel):
    """A grade proposed, set or confirmed again."""

    record = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
    date = DayField()
    kind = CharField(20)
    scheme = CharField(20)
    old_grade = CharField(20, default="")
    grade = CharField(20)
    by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    reason = TextField(default="")

    class Meta:
        table_name = "customer_grading"


REGISTER = Register(
    name="customer_archive",
    zh="客户档案",
    en="customer archive",
    group=Text("客户", "Customers"),
    menu=100,
    model=CustomerArchive,
    fields=fields.FIELDS,
    children=(
        Child("contacts", "联系人", "contacts", CustomerContact, fields.CONTACT),
        Child("plan_steps", "跟进计划", "follow-up plan", CustomerPlanStep, fields.PLAN_STEP),
        Child("documents", "归档资料", "documents", CustomerDocument, fields.DOCUMENT, maximum=200, rule="CUS-11"),
        Child("clippings", "剪报", "news clippings", CustomerClipping, fields.CLIPPING, maximum=200, rule="CUS-06"),
        Child("assignments", "归属变更", "assignment history", CustomerAssignment, fields.ASSIGNMENT, system=True),
        Child("gradings", "等级变更", "grade history", CustomerGrading, fields.GRADING, system=True),
    ),
    access=access("customer_archive"),
    sections=layout.SECTIONS,
    columns=layout.COLUMNS,
    label=("number", "name"),
    search=("number", "name", "short_name", "phone"),
    sort=layout.SORT,
    filters=layout.FILTERS,
    states=acts.STATES,
    acts=acts.ACTS,
    rules=rules.RULES,
    prints=forms.PRINTS,
    links=(
        Link("customer_archive", "merged_into", "已并入本客户", "merged into this customer"),
        Link("customer_archive", "phone_key", "电话相同", "same telephone", alike="phone_key", act="decide_duplicate"),
        Link("customer_archive", "name_key", "名称相同", "same name", alike="name_key", act="decide_duplicate"),
        Link("contract", "customer", "合同", "contracts", rule="CUS-09"),
        Link("service_log", "customer", "服务", "services", rule="CUS-41"),
        Link("complaint", "customer", "投诉", "complaints", rule="CUS-29"),
        Link("product_return", "customer", "退货单", "return slips"),
        Link("sales_discount_certificate", "customer", "销货折扣证明单", "discount certificates"),
        Link("aftersales_ledger", "customer", "售后产品台帐", "after-sales ledger"),
        Link("gift_signoff", "customer", "礼品", "gifts"),
        Link("key_checkout", "customer", "钥匙领用", "keys"),
    ),
    views=layout.VIEWS,
    unmask=layout.UNMASK,
    lift=(Lift("confidentiality", "secret", 2, 3),),
    numbering=Numbering("KH"),
    own=("owner", "deputy", "created_by"),
    owner_typed=True,
    update_states=acts.LIVING,
    print_needs_grant=True,
    deputy="deputy",
    former=("assignments", "old_owner"),
)
