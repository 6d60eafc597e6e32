"""The declarations against the catalogue, and the migrations against the models.

The tables below are written from registers.md 1 and 4: what is there must be declared with its label and its kind of need.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from peewee import Database

from backoffice.checks import faults
from backoffice.database import dialect
from backoffice.declarations import Catalogue, Declaration
from models import ALL_MODELS, REGISTERS
from models.catalogue import catalogue
from models.matrix import MATRIX, access
from models.param_defaults import PARAM_DEFAULTS, VALID_FROM
from models.params import Param, param

CATALOGUE = Catalogue(REGISTERS)

# Name, label, need: R required, A set by the system, S asked by an act, O optional, C required under a condition.
CUSTOMER_FIELDS = """
number 客户编号 A
name 客户名称 R
short_name 简称 O
customer_kind 客户类别 R
relation 关系类型 R
state 客户阶段 A
registered_address 注册地址 C
address 联系地址 O
area 片区 R
phone 电话 R
email 电子邮箱 O
fax 传真 O
legal_representative 法定代表人 O 2
rep_character 法人性格 O 3
rep_interests 法人兴趣 O 3
rep_hobbies 法人爱好 O 3
rep_family 法人家庭 O 3
rep_education 法人学历 O 3
rep_age 法人年龄 O 3
rep_ability 法人能力 O 3
rep_background 法人经历背景 O 3
unified_credit_code 统一社会信用代码 O
industry 行业 O
business_scope 经营范围 O
organisation_form 组织形式 O
founded_on 创业时间 O
trading_since 与本公司交易时间 O
headcount 职工人数 O
annual_sales 年销售额 O 2
assets 资产 O 3
liabilities 负债 O 3
credit_status 信用情况 O 3
bank_name 开户银行 O 2
bank_account 银行账号 O 2
market_potential 市场潜力 O
development_direction 发展方向 O
credit_capacity 财务信用能力 O 3
competitiveness 竞争力 O
premises 场所 O
trade_standing 业界地位 O
dealings 交易情况 O
payment_behaviour 付款情况 O
trading_system 交易系统 O
business_condition 营业情况 O
use_place 使用场合 O
delivery_note 交货情况 O
attitude 态度 O
trade_important 对交易重要 O
need_summary 采购需求 O
required_specs 所需规格型号 O
grade_scheme 分级方案 R
grade 客户等级 A
grade_set_by 定级人 A
grade_set_on 定级日期 A
source_channel 客户来源 R
referrer 介绍人 O
owner 归属业务员 R
deputy 副负责人 O
confidentiality 保密级别 R
birthday 生日 O 2
anniversary 纪念日 O
noncompete_flag 竞业标记 A
last_contact_on 最近联系日期 A
last_reviewed_on 最近复核日期 A
completeness 完整度 A
missing_parts 缺项 A
duplicate_suspected 疑似重复 A
duplicate_decision 重复判定 S
merged_into 并入客户 S
contract_no 合同编号 S
grade_proposed 建议等级 A
contacts.name 姓名 R
contacts.job_title 职务 O
contacts.mobile 手机 O 2
contacts.email 电子邮箱 O
contacts.birthday 生日 O 2
contacts.decision_role 决策角色 O
contacts.main 主要联系人 O
plan_steps.date 日期 R
plan_steps.goal 目标 R
plan_steps.done 已完成 O
documents.document_class 类别 R
documents.title 题名 R
documents.dated_on 日期 R
documents.file 文件 O
documents.filed_by 归档人 A
clippings.source 来源 R
clippings.date 日期 R
clippings.clipping_class 类别 R
assignments.old_owner 移交人 A
assignments.new_owner 接收人 A
assignments.date 移交日期 A
assignments.reason 原因 A
gradings.scheme 分级方案 A
gradings.old_grade 原等级 A
gradings.grade 等级 A
"""

GIFT_FIELDS = """
number 申请单号 A
applicant 申请人 A
applied_on 申请日期 A
purpose 用途 R
customer 客户 C
visit 行动报告 O
visit_on 拜访日期 C
roadshow 巡展 C
lines.gift 礼品 R
lines.quantity 数量 G
lines.unit_value 单价 A
lines.amount 金额 A
total_value 总价值 A
planned_delivery_on 预计送达 O
signoff_signer 客户签收人 S
signoff_on 签收日期 S
signoff_file 礼品签收单 S
lines.signed_qty 签收数量 S
lines.returned_qty 退回数量 S
lines.undelivered_qty 未送达数量 S
fine_amount 罚款 A
"""

ITEM_FIELDS = """
code 礼品编码 R
name 礼品名称 R
unit 单位 R
unit_value 单位价值 R
quantity_in_hand 库存数量 A
low_mark 低库存线 O
active 启用 R
"""

SLIP_FIELDS = """
number 退货单号 A
complaint 客户投诉处理表 R
customer 客户 A
order_no 订单编号 A
product 产品 O
specification 规格 O
batch_no 批号 O
return_reason 退货原因 R
handling 处理方式 R
basis 退回依据 R
approved_qty 核定退货量 S
received_qty 实退量 S
received_on 签收日期 S
difference 差异 A
posting_no 传票号 S
"""
PAPER_FIELDS = """
number 证明单号 A
complaint 客户投诉处理表 R
customer 客户 A
order_no 订单编号 A
kind 类别 R
amount 金额 R
customer_seal_on 客户签章日期 S
sealed_paper 签章件 S
posted_on 作账日期 S
"""

GIFT_SLOTS = {
    "specialist_sign": "市场专员签字",
    "manager_sign": "经理签字",
    "gm_sign": "总经理签字",
    "registered_collection": "领取登记",
    "undelivered_confirmed": "未送达确认",
}

CHOICES = {
    ("customer_archive", "customer_kind"): "company person dealer group",
    ("customer_archive", "relation"): "current target potential same_trade",
    ("customer_archive", "organisation_form"): "limited joint_stock partnership sole state other",
    ("customer_archive", "market_potential"): "high medium low",
    ("customer_archive", "credit_capacity"): "high medium low",
    ("customer_archive", "competitiveness"): "high medium low",
    ("customer_archive", "grade_scheme"): "abc_value three_way strategic need_urgency",
    ("customer_archive", "grade"): "A B C key general potential strategic important ordinary",
    ("customer_archive", "source_channel"): "research exhibition internet referral walk_in call_in roadshow other",
    ("customer_archive", "confidentiality"): "public internal secret",
    ("gift_signoff", "purpose"): "visit holiday birthday roadshow event other",
    ("product_return", "handling"): "return rework",
    ("sales_discount_certificate", "kind"): "discount compensation",
    ("complaint", "method"): "return rework exchange discount compensation answer other",
    ("complaint", "category"): "variety quality transport weight packing other",
    ("product", "unit"): "tonne bag piece box set",
}

STATES = {
    "customer_archive": "potential target signed dormant archived merged void",
    "gift_signoff": (
        "draft submitted specialist_signed manager_signed approved issued signed partly_signed returned undelivered "
        "closed refused withdrawn"
    ),
    "product_return": "issued approved received reconciled disputed posted void",
    "sales_discount_certificate": "issued approved sealed posted void",
    "complaint": "registered judged notified closed unaccepted not_upheld void",
    "contract": "draft signed closed void",
}

LIVING = "potential,target,signed,dormant"
# Act, from, to, who. Two lines of one act are two roads; an act without a target changes no state.
TRANSITIONS = {
    "customer_archive": [
        "target potential target owner",
        "signed target signed archivist",
        "dormant target,signed dormant sales_manager",
        f"propose_grade {LIVING}  owner",
        f"set_grade {LIVING}  sales_manager",
        f"set_grade {LIVING}  sales_manager",
        f"confirm_review {LIVING}  owner,archivist",
        f"decide_duplicate {LIVING}  sales_manager,dept_head,archivist",
        f"decide_duplicate {LIVING}  sales_manager,dept_head,archivist",
        f"merge {LIVING} merged archivist",
        f"transfer_owner {LIVING}  dept_head,sales_manager",
        f"move_department {LIVING}  dept_head,deputy_gm",
        f"archived {LIVING} archived dept_head",
        "void potential void archivist",
    ],
    "gift_signoff": [
        "submitted draft submitted owner",
        "specialist_signed submitted specialist_signed market_specialist,dept_head",
        "manager_signed submitted manager_signed sales_manager",
        "approved specialist_signed approved sales_manager",
        "approved manager_signed approved gm",
        "return_for_correction submitted draft market_specialist,dept_head",
        "return_for_correction submitted draft sales_manager",
        "return_for_correction specialist_signed draft sales_manager",
        "return_for_correction manager_signed draft gm",
        "refused submitted refused market_specialist,dept_head",
        "refused submitted refused sales_manager",
        "refused specialist_signed refused sales_manager",
        "refused manager_signed refused gm",
        "withdrawn submitted,specialist_signed,manager_signed,approved withdrawn owner",
        "issued approved issued market_specialist,dept_head",
        "signed issued,returned,undelivered signed owner",
        "partly_signed issued,returned,undelivered partly_signed owner",
        "returned issued,partly_signed,returned,undelivered returned market_specialist,dept_head",
        "undelivered issued,partly_signed,returned,undelivered undelivered sales_manager",
        "closed signed,partly_signed,returned,undelivered closed market_specialist,dept_head",
    ],
    "product_return": [
        "approved issued,disputed approved deputy_gm",
        "received approved received warehouse_keeper",
        "reconciled received reconciled finance",
        "disputed received disputed finance",
        "posted reconciled posted finance",
        "void issued void created_by,sales_manager",
        "void disputed void deputy_gm",
    ],
    "sales_discount_certificate": [
        "approved issued approved deputy_gm",
        "sealed approved sealed owner,sales_clerk",
        "posted sealed posted finance",
        "void issued,approved void created_by,sales_manager",
    ],
}

# Rules of tier 1 that this step does not meet, with what they wait for (decisions.md 26).
WAITING = {
    "customer_archive": {
        *(f"CUS-{n:02}" for n in (12, 13, 18, 19, *range(25, 29), 33, *range(35, 40), 42, 43, 44)),
        "ACL-05",
    },
    "gift_signoff": {"GIFT-04", "GIFT-12", "GIFT-14", "ACL-05"},
}


def rows(table: str, register: str) -> list[Any]:
    return [
        pytest.param(register, *line.split(), id=f"{register}.{line.split()[0]}") for line in table.strip().splitlines()
    ]


def need(declaration: Declaration, path: str) -> str:
    """The kind of need that the declaration gives to a field, in the letters of the tables above."""
    field = declaration.info(path).field
    asked = {ask.field for act in declaration.acts.values() for ask in act.ask if not ask.kind}
    if path in asked and field.system:
        return "S"
    if field.system:
        return "A"
    if field.required_when is not None:
        return "C"
    if field.required or path in declaration.required:
        return "R"
    if path in asked:
        return "S"
    guarded = {
        name
        for rule in declaration.rules.values()
        if rule.guard and rule.automation == "enforce"
        for name in rule.fields
    }
    return "G" if path in guarded and "." in path else "O"


@pytest.mark.parametrize(
    ("register", "path", "label", "letter", "level"),
    [
        pytest.param(*[*one.values, "1"][:5], id=one.id)
        for one in (
            *rows(CUSTOMER_FIELDS, "customer_archive"),
            *rows(GIFT_FIELDS, "gift_signoff"),
            *rows(ITEM_FIELDS, "gift_item"),
            *rows(SLIP_FIELDS, "product_return"),
            *rows(PAPER_FIELDS, "sales_discount_certificate"),
        )
    ],
)
def test_a_field_of_the_catalogue_is_declared(register: str, path: str, label: str, letter: str, level: str) -> None:
    declaration = CATALOGUE[register]
    field = declaration.info(path).field
    assert (field.zh, need(declaration, path), str(field.level)) == (label, letter, level)


@pytest.mark.parametrize(("register", "name"), CHOICES, ids=".".join)
def test_choices_are_those_of_the_catalogue(register: str, name: str) -> None:
    assert " ".join(CATALOGUE[register].fields[name].choices) == CHOICES[register, name]


def test_signatures_of_a_gift_have_their_slots() -> None:
    assert {slot.name: slot.zh for slot in CATALOGUE["gift_signoff"].register.slots} == GIFT_SLOTS


@pytest.mark.parametrize("register", STATES)
def test_states_are_those_of_the_catalogue(register: str) -> None:
    assert " ".join(CATALOGUE[register].states) == STATES[register]


@pytest.mark.parametrize("register", TRANSITIONS)
def test_transitions_are_those_of_the_catalogue(register: str) -> None:
    declared = [
        f"{act.name} {','.join(route.sources)} {act.target} {','.join(by.role or by.person for by in route.who)}"
        for act in CATALOGUE[register].acts.values()
        for route in act.routes
    ]
    assert declared == TRANSITIONS[register]


@pytest.mark.parametrize("register", WAITING)
def test_every_rule_of_the_register_has_its_row(register: str) -> None:
    rules = CATALOGUE[register].rules
    assert {entry.id for entry in catalogue().values() if entry.register == register} <= set(rules)
    assert {rule.id for rule in rules.values() if rule.waits} == WAITING[register]


def test_every_register_obeys_the_general_rules() -> None:
    marks = {"mask", "log_views", "export_grant", "scope", "history", "maker_never_approves", "export_trailer"}
    for declaration in CATALOGUE.values():
        assert marks <= declaration.marks, declaration.name


def test_declarations_hold_no_fault() -> None:
    assert faults(CATALOGUE, set(catalogue()), {default.name for default in PARAM_DEFAULTS}) == []


def test_the_catalogue_has_480_rules() -> None:
    assert len(catalogue()) == 480
    assert all(entry.statement.zh and entry.statement.en and entry.clauses for entry in catalogue().values())


@pytest.mark.parametrize("register", MATRIX)
def test_cells_of_the_matrix_have_a_meaning(register: str) -> None:
    assert all(access(register).values())


def test_a_condition_of_a_rule_goes_with_its_row() -> None:
    without = Catalogue(REGISTERS, frozenset({"GIFT-07"}))["gift_signoff"]
    assert CATALOGUE["gift_signoff"].acts["specialist_signed"].routes[0].when
    assert not without.acts["specialist_signed"].routes[0].when


# ---- migrations --------------------------------------------------------------------------------------------------------


def shape(db: Database, schema: str | None) -> dict[str, Any]:
    """Columns, keys, indexes and checks of every table, as the database tells them."""
    found: dict[str, Any] = {}
    for model in ALL_MODELS:
        table = model._meta.table_name
        found[table] = {
            "columns": sorted((c.name, c.data_type, c.null, c.primary_key) for c in db.get_columns(table, schema)),
            "indexes": sorted((i.name, tuple(i.columns), i.unique) for i in db.get_indexes(table, schema)),
            "keys": sorted((k.column, k.dest_table, k.dest_column) for k in db.get_foreign_keys(table, schema)),
            "constraints": constraints(db, table, schema),
        }
    return found


def constraints(db: Database, table: str, schema: str | None) -> list[str]:
    """Checks, lengths and what happens on deletion, in the database's own words."""
    if dialect(db) == "sqlite":
        sql = db.execute_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone()[0]
        return sorted(re.findall(r"CONSTRAINT .*?CHECK \(.*?\)|ON DELETE \w+|\"\w+\" VARCHAR\(\d+\)", sql))
    query = """SELECT pg_get_constraintdef(c.oid) FROM pg_constraint c WHERE c.conrelid = %s::regclass
        UNION ALL SELECT column_name || ' ' || coalesce(character_maximum_length, 0) FROM information_schema.columns
        WHERE table_name = %s AND table_schema = %s"""
    rows = db.execute_sql(query, (f'"{schema}"."{table}"', table, schema)).fetchall()
    return sorted(row[0].replace(f"{schema}.", "") for row in rows)


def expected_shape(db: Database, tmp_path: Any) -> dict[str, Any]:
    """The same of tables made from the models."""
    if dialect(db) == "sqlite":
        other = type(db)(tmp_path / "models.db")
        with other.bind_ctx(ALL_MODELS), other.connection_context():
            other.create_tables(ALL_MODELS, safe=False)
            return shape(other, None)
    db.execute_sql("CREATE SCHEMA expected")
    db.execute_sql("SET search_path TO expected")
    try:
        db.create_tables(ALL_MODELS, safe=False)
        return shape(db, "expected")
    finally:
        db.execute_sql("RESET search_path")


def test_migrations_give_the_schema_of_the_models(database: Database, tmp_path: Any) -> None:
    migrated = shape(database, None if dialect(database) == "sqlite" else "public")
    expected = expected_shape(database, tmp_path)
    for table, parts in expected.items():
        assert migrated[table] == parts, table
    tables = {model._meta.table_name for model in ALL_MODELS}
    assert set(database.get_tables()) - tables == {"schema_migration"}


@pytest.mark.usefixtures("database")
def test_a_new_database_has_the_default_settings() -> None:
    stored = {(row.name, row.value, row.unit, row.rules, row.valid_from) for row in Param.select()}
    assert stored == {(d.name, d.value, d.unit, d.rules, VALID_FROM) for d in PARAM_DEFAULTS}
    assert param("fine.gift_undelivered_multiple", VALID_FROM) == 10
