"""States of a service, its signatures, and what may be done with one (registers.md 2)."""

from __future__ import annotations

from models.register import Act, Ask, By, Route, Slot, State, Text, When
from models.services.choices import FINDING
from models.services.fields import KIND_A

CUSTOMER_FIRST = When("signature_order", ("customer_then_manager",))
MANAGER_FIRST = When("signature_order", ("manager_then_customer",))
_NOT_A = When("service_kind", ("A",), negate=True)
_ON_THE_SPOT = When("charge_mode", ("on_the_spot",))
_INVOICED = When("charge_mode", ("invoiced",))
_QUALITY = When("origin", ("quality_instruction",))
_ORDINARY = When("origin", ("quality_instruction",), negate=True)


_MANAGER = (By(role="service_manager", stand_in="deputy_gm"),)
_TECHNICIAN = (By(person="dispatched_to"),)
_FINANCE = (By(role="finance"),)
_CLERK = (By(role="business_clerk"), By(role="service_manager"))
_FINDERS = (
    By(role="service_manager"),
    By(role="dept_head", of="own_department", department="business"),
    By(role="dept_head", of="own_department", department="customer_service"),
)
_WORK = ("arrived_at", "started_at", "finished_at", "work_done", "cause", "measure", "charge_amount", "parts_used")
_UNDER_WAY = ("dispatched", "on_site", "finished", "customer_signed", "countersigned", "settled")
_COSTS = (Ask("travel_cost", required=False), Ask("allowance", required=False))

STATES = (
    State("registered", "已登记", "registered", "waiting"),
    State("dispatched", "已派工", "dispatched", "waiting"),
    State("on_site", "处理中", "on site", "waiting"),
    State("finished", "已完工", "finished", "waiting"),
    State("customer_signed", "客户已签", "signed by the customer", "good"),
    State("countersigned", "已核签", "countersigned", "good"),
    State("settled", "已结算", "settled", "good"),
    State("archived", "已归档", "archived", "muted", ends=True),
    State("void", "作废", "void", "bad", mark=Text("作废", "void"), ends=True),
)
SLOTS = (
    Slot("work_signed", "服务人员签字", "technician", _WORK),
    Slot("countersigned", "部门经理核签", "manager", _WORK),
)
ACTS = (
    Act(
        "dispatched",
        "派工",
        "dispatch",
        (
            Route(("registered",), _MANAGER),
            Route(("on_site", "finished"), _MANAGER, quiet=True),
        ),
        "dispatched",
        ask=(Ask("dispatched_to", suggest="@area_staff"),),
        reason="optional",
        reason_label=Text("说明（未解决再派工时必填）", "remark (needed when it was not solved)"),
        effect="send_out",
        cancels=True,
        tone="primary",
    ),
    Act(
        "on_site",
        "到达现场",
        "arrived",
        (Route(("dispatched",), _TECHNICIAN),),
        "on_site",
        ask=(Ask("arrived_at", suggest="now", rule="SVC-10"),),
        tone="primary",
    ),
    Act(
        "finished",
        "完工",
        "finish",
        (Route(("on_site",), _TECHNICIAN),),
        "finished",
        ask=(
            Ask("started_at", suggest="@arrived_at", rule="SVC-10"),
            Ask("finished_at", suggest="now"),
            Ask("work_done", rule="SVC-10"),
            Ask("cause", when=(_QUALITY,), rule="SVC-33"),
            Ask("measure", when=(_QUALITY,), rule="SVC-33"),
            Ask("cause", required=False, when=(_ORDINARY,)),
            Ask("measure", required=False, when=(_ORDINARY,)),
            Ask("charge_amount", required=False),
            Ask("warehouse", required=False),
            *_COSTS,
        ),
        children=("parts_used", "materials"),
        signs="work_signed",
        tone="primary",
    ),
    Act(
        "customer_signed",
        "客户签字",
        "customer signed",
        (
            Route(("finished",), _TECHNICIAN, (CUSTOMER_FIRST,)),
            Route(("countersigned",), _TECHNICIAN, (MANAGER_FIRST,)),
        ),
        "customer_signed",
        ask=(
            Ask("customer_signed_by", rule="SVC-06"),
            Ask("customer_signed_at", suggest="now", rule="SVC-06"),
            Ask("signed_paper", rule="SVC-06"),
        ),
        tone="good",
    ),
    Act(
        "countersigned",
        "核签",
        "countersign",
        (
            Route(("customer_signed",), _MANAGER, (CUSTOMER_FIRST,)),
            Route(("finished",), _MANAGER, (MANAGER_FIRST,)),
        ),
        "countersigned",
        reason="optional",
        reason_label=Text("意见", "opinion"),
        reason_default=Text("同意", "Agreed"),
        signs="countersigned",
        tone="good",
    ),
    Act(
        "settled",
        "结算",
        "settle",
        (
            Route(("countersigned",), _FINANCE, (KIND_A, CUSTOMER_FIRST)),
            Route(("customer_signed",), _FINANCE, (KIND_A, MANAGER_FIRST)),
        ),
        "settled",
        ask=(
            Ask("cash_handed_on", when=(_ON_THE_SPOT,), suggest="today", rule="SVC-08"),
            Ask("invoice_no", when=(_ON_THE_SPOT,), rule="SVC-08"),
            Ask("invoice_no", when=(_INVOICED,), rule="SVC-09"),
        ),
        tone="primary",
    ),
    Act(
        "archived",
        "归档",
        "archive",
        (
            Route(("settled",), _CLERK, (KIND_A,)),
            Route(("countersigned",), _CLERK, (_NOT_A, CUSTOMER_FIRST)),
            Route(("customer_signed",), _CLERK, (_NOT_A, MANAGER_FIRST)),
        ),
        "archived",
        ask=(
            Ask("second_part_back_on", suggest="today", rule="SVC-15"),
            Ask("satisfaction", rule="SVC-32"),
            Ask("result_told_on", suggest="today", rule="SVC-32"),
            Ask("shelf_no", required=False),
        ),
        tone="primary",
    ),
    Act(
        "void",
        "作废",
        "void",
        (Route(("registered", "dispatched"), _MANAGER, quiet=True),),
        "void",
        reason="required",
        tone="bad",
    ),
    Act(
        "enter_costs",
        "登记费用",
        "enter costs",
        (Route(_UNDER_WAY, (*_TECHNICIAN, *_FINANCE), quiet=True),),
        ask=_COSTS,
    ),
    Act(
        "record_finding",
        "登记查处",
        "record a finding",
        (Route((*_UNDER_WAY, "archived"), _FINDERS, quiet=True),),
        ask=(
            Ask("kind", kind="choice", zh="类型", en="kind", choices=FINDING),
            Ask("fine", kind="money", zh="罚款（元）", en="fine (yuan)", minimum=0),
        ),
        reason="required",
        reason_label=Text("事实", "fact"),
        effect="note_finding",
        hint=Text(
            "查处只作登记；罚款建议待奖罚登记建成后提出。",
            "This is for the record; the proposal of a fine comes with the penalty register.",
        ),
    ),
)
