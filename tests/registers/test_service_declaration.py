"""The declarations of services and out-of-town applications, held against the catalogue: fields, choices, states, rules."""

from __future__ import annotations

import pytest

from backoffice.declarations import Catalogue
from models import REGISTERS
from tests.registers.test_declarations import need, rows
from tests.services import APPLICATION, REGISTER

DECLARATION = Catalogue(REGISTERS)[REGISTER]

# Name, label, need, as in tests/registers/test_declarations.py. Those of registers.md 2 and of decisions.md 11.
FIELDS = """
number 服务单号 A
received_at 接报时间 R
registered_at 登记时间 A
channel 来源方式 R
origin 服务来源 R
customer 客户 C
service_address 服务地址 C
service_phone 服务电话 C
contact_person 联系人 O
product_model 商品型号 C
specification 规格 C
serial_or_batch 序列号/批号 O
purchased_on 购买日期 O
purchased_at 购买地点 O
purchase_unknown 购买情况不详 O
purchase_unknown_reason 不详原因 O
in_warranty 保修期内 A
service_kind 服务类别 R
service_content_class 服务内容 R
service_basis 服务依据 O
contract 服务合同 C
fault_description 故障/要求描述 R
told_limit_at 告知时限 O
area 片区 A
area_staff 片区负责人 A
voucher_no 服务凭证号 A
priority 优先 A
out_of_town 异地 A
out_of_town_application 异地服务申请 A
dispatched_to 服务人员 S
dispatched_by 派工人 A
dispatched_at 派工时间 A
arrived_at 到达时间 S
started_at 开始时间 S
finished_at 完成时间 S
work_done 服务内容实录 S
cause 原因分析 S
measure 改进措施 S
charge_amount 收费金额 S
charge_mode 收费方式 A
cash_handed_on 交款日期 S
invoice_no 发票号 S
travel_cost 差旅费 S
allowance 补贴费 S
service_cost 服务成本 A
customer_signed_by 客户签字人 S
customer_signed_at 客户签字时间 S
signed_paper 签字凭证 S
second_part_back_on 第二联交回日 S
satisfaction 满意度 S
result_told_on 告知客户日期 S
day_sequence 日序号 A
volume_month 装订月份 A
retention_until 保存至 A
"""
APPLICATION_FIELDS = """
service_entry 服务单 R
place 异地地点 R
planned_from 计划起 R
planned_to 计划止 R
travel_budget 差旅费预算 R
allowance_budget 补贴预算 R
reason 事由 R
"""
LABELS = {
    "channel": "电话 来函 来访 网络",
    "origin": "客户要求 客户抱怨 客户投诉 质检指令",
    "service_content_class": "技术咨询 运输服务 包退 包换 维护 培训",
    "charge_mode": "当场收费 开票收款",
    "satisfaction": "非常满意 满意 一般 较差 未答",
    "priority": "次日优先 紧急 普通",
}
STATES = "registered dispatched on_site finished customer_signed countersigned settled archived void"
TRANSITIONS = [
    "dispatched registered dispatched service_manager",
    "dispatched on_site,finished dispatched service_manager",
    "on_site dispatched on_site dispatched_to",
    "finished on_site finished dispatched_to",
    "customer_signed finished customer_signed dispatched_to",
    "customer_signed countersigned customer_signed dispatched_to",
    "countersigned customer_signed countersigned service_manager",
    "countersigned finished countersigned service_manager",
    "settled countersigned settled finance",
    "settled customer_signed settled finance",
    "archived settled archived business_clerk,service_manager",
    "archived countersigned archived business_clerk,service_manager",
    "archived customer_signed archived business_clerk,service_manager",
    "void registered,dispatched void service_manager",
    "enter_costs dispatched,on_site,finished,customer_signed,countersigned,settled  dispatched_to,finance",
    "record_finding dispatched,on_site,finished,customer_signed,countersigned,settled,archived  service_manager,dept_head,dept_head",
]
WAITING = {
    "SVC-17": "penalty_reward",
    "SVC-20": "penalty_reward",
    "SVC-21": "policy book",
    "SVC-22": "policy book",
    "SVC-27": "quality_feedback",
    "SVC-28": "reports",
    "SVC-29": "reports",
    "SVC-30": "satisfaction_survey",
    "SVC-31": "satisfaction_survey",
    "SVC-34": "reports",
    "ACL-05": "policy book",
}


@pytest.mark.parametrize(
    ("register", "path", "label", "letter"), [*rows(FIELDS, REGISTER), *rows(APPLICATION_FIELDS, APPLICATION)]
)
def test_a_field_of_the_catalogue_is_declared(register: str, path: str, label: str, letter: str) -> None:
    declaration = Catalogue(REGISTERS)[register]
    assert (declaration.info(path).field.zh, need(declaration, path)) == (label, letter)


@pytest.mark.parametrize("name", LABELS)
def test_choices_are_those_of_the_catalogue(name: str) -> None:
    assert " ".join(choice.zh for choice in DECLARATION.fields[name].field.choices) == LABELS[name]


def test_states_and_transitions_are_those_of_the_catalogue() -> None:
    assert " ".join(DECLARATION.states) == STATES
    declared = [
        f"{act.name} {','.join(route.sources)} {act.target} {','.join(by.role or by.person for by in route.who)}"
        for act in DECLARATION.acts.values()
        for route in act.routes
    ]
    assert declared == TRANSITIONS


def test_every_rule_of_services_has_its_row_and_says_what_it_waits_for() -> None:
    assert {f"SVC-{n:02}" for n in range(1, 41)} <= set(DECLARATION.rules)
    assert {rule.id: rule.waits for rule in DECLARATION.rules.values() if rule.waits} == WAITING
