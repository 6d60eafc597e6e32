"""The fields of a customer and of its child tables, with their labels, levels and bounds (registers.md 1, decisions.md 7)."""

from __future__ import annotations

from models.customers import choices
from models.register import Field, Text, When

_YUAN = Text("元", "yuan")
_ON_FILE = When("state", ("merged", "void"), negate=True)
_LIVING = When("state", ("archived", "merged", "void"), negate=True)

FIELDS = (
    Field("number", "客户编号", "customer number", system=True),
    Field("state", "客户阶段", "stage", system=True),
    Field("name", "客户名称", "name"),
    Field("short_name", "简称", "short name"),
    Field("customer_kind", "客户类别", "kind", required=True, choices=choices.KIND),
    Field("relation", "关系类型", "relation", required=True, choices=choices.RELATION, rule="CUS-46"),
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
    Field("duplicate_decision", "重复判定", "decision on the duplicate", system=True, choices=choices.DECISION),
    Field("merged_into", "并入客户", "merged into", system=True, pick=(_LIVING,)),
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
    Field("organisation_form", "组织形式", "form of organisation", choices=choices.ORGANISATION_FORM, rule="CUS-03"),
    Field("founded_on", "创业时间", "founded", rule="CUS-03"),
    Field("trading_since", "与本公司交易时间", "trading with us since", rule="CUS-03"),
    Field("headcount", "职工人数", "staff", minimum=0, rule="CUS-03"),
    Field("annual_sales", "年销售额", "yearly sales", level=2, minimum=0, rule="CUS-03", unit=_YUAN),
    Field("assets", "资产", "assets", level=3, rule="CUS-05", unit=_YUAN),
    Field("liabilities", "负债", "liabilities", level=3, rule="CUS-05", unit=_YUAN),
    Field("credit_status", "信用情况", "credit", level=3, rule="CUS-05"),
    Field("bank_name", "开户银行", "bank", level=2),
    Field("bank_account", "银行账号", "bank account", level=2),
    Field("market_potential", "市场潜力", "market potential", choices=choices.THREE_LEVEL, rule="CUS-04"),
    Field("development_direction", "发展方向", "direction of development", rule="CUS-04"),
    Field(
        "credit_capacity",
        "财务信用能力",
        "financial credit capacity",
        choices=choices.THREE_LEVEL,
        level=3,
        rule="CUS-04",
    ),
    Field("competitiveness", "竞争力", "competitiveness", choices=choices.THREE_LEVEL, rule="CUS-04"),
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
    Field("grade_scheme", "分级方案", "grade scheme", required=True, choices=choices.GRADE_SCHEME, default="abc_value"),
    Field("grade", "客户等级", "grade", system=True, choices=choices.GRADE),
    Field("grade_proposed", "建议等级", "proposed grade", system=True, choices=choices.GRADE),
    Field("grade_set_by", "定级人", "graded by", system=True),
    Field("grade_set_on", "定级日期", "graded on", system=True),
    Field("source_channel", "客户来源", "source", required=True, choices=choices.SOURCE_CHANNEL, rule="CUS-47"),
    Field("referrer", "介绍人", "introduced by", pick=(_ON_FILE,)),
    Field("owner", "归属业务员", "owner", create_only=True),
    Field("deputy", "副负责人", "deputy in charge"),
    Field(
        "confidentiality",
        "保密级别",
        "confidentiality",
        required=True,
        choices=choices.CONFIDENTIALITY,
        default="internal",
    ),
    Field("birthday", "生日", "birthday", level=2),
    Field("anniversary", "纪念日", "anniversary"),
    Field("noncompete_flag", "竞业标记", "non-compete flag", system=True),
    Field("contract_no", "合同编号", "contract number", system=True),
    Field("last_contact_on", "最近联系日期", "last contact", system=True),
    Field("last_reviewed_on", "最近复核日期", "last reviewed", system=True),
    Field("completeness", "完整度", "completeness", system=True),
    Field("missing_parts", "缺项", "missing parts", system=True, choices=choices.MISSING, rule="CUS-10"),
    Field("remarks", "备注", "remarks", wide=True),
)

# A yes/no field has no empty value, so it cannot be missing.
LISTED = tuple(field.name for field in FIELDS if not field.system and field.name != "trade_important")
OF_COMPANIES = frozenset(
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
        *(name for name in LISTED if name.startswith("rep_")),
    }
)
COLUMN = {"area": "area_id", "referrer": "referrer_id", "owner": "owner_id", "deputy": "deputy_id"}

CREDIT = ("credit_status", "credit_capacity")
BANK = ("bank_name", "bank_account")

CONTACT = (
    Field("name", "姓名", "name", required=True),
    Field("job_title", "职务", "position"),
    Field("mobile", "手机", "mobile", level=2),
    Field("email", "电子邮箱", "e-mail", format="email"),
    Field("birthday", "生日", "birthday", level=2),
    Field("decision_role", "决策角色", "decision role"),
    Field("main", "主要联系人", "main contact"),
)
PLAN_STEP = (
    Field("date", "日期", "date", required=True),
    Field("goal", "目标", "goal", required=True),
    Field("done", "已完成", "done"),
)
DOCUMENT = (
    Field("document_class", "类别", "class", required=True, choices=choices.DOCUMENT_CLASS),
    Field("title", "题名", "title", required=True),
    Field("dated_on", "日期", "date", required=True),
    Field("file", "文件", "file"),
    Field("filed_by", "归档人", "filed by", system=True),
)
CLIPPING = (
    Field("source", "来源", "source", required=True),
    Field("date", "日期", "date", required=True),
    Field("clipping_class", "类别", "class", required=True, choices=choices.CLIPPING_CLASS),
    Field("title", "题名", "title"),
    Field("file", "文件", "file"),
)
ASSIGNMENT = (
    Field("date", "移交日期", "handed over on", system=True),
    Field("old_owner", "移交人", "from", system=True),
    Field("new_owner", "接收人", "to", system=True),
    Field("decided_by", "决定人", "decided by", system=True),
    Field("reason", "原因", "reason", system=True),
)
GRADING = (
    Field("date", "日期", "date", system=True),
    Field("kind", "事项", "what", system=True, choices=choices.GRADING),
    Field("scheme", "分级方案", "grade scheme", system=True, choices=choices.GRADE_SCHEME),
    Field("old_grade", "原等级", "grade before", system=True, choices=choices.GRADE),
    Field("grade", "等级", "grade", system=True, choices=choices.GRADE),
    Field("by", "经手人", "by", system=True),
    Field("reason", "理由", "reason", system=True),
)
