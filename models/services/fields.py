"""The fields of a service and of its lines (registers.md 2, decisions.md 11)."""

from __future__ import annotations

from models.register import Derived, Field, Text, When
from models.services import choices

YUAN = Text("元", "yuan")
KIND_A = When("service_kind", ("A",))
KIND_B = When("service_kind", ("B",))
# Who takes requests (decisions.md 23); finance may edit entries, but nothing except the money.
RECEPTION = ("service_staff", "service_manager", "business_clerk")
_NOT_INTERNAL = When("service_kind", ("D",), negate=True)
_LIVING = When("state", ("archived", "merged", "void"), negate=True)
_UNKNOWN = Text(
    "除内务服务外必填；确实不详时选“购买情况不详”并写明原因。",
    "Needed except for internal service; if it cannot be known, say so with the reason.",
)

FIELDS = (
    Field("number", "服务单号", "number", system=True),
    Field("state", "状态", "state", system=True),
    Field("voucher_no", "服务凭证号", "voucher number", system=True, rule="SVC-03"),
    Field("day_sequence", "日序号", "sequence of the day", system=True, rule="SVC-18"),
    Field("received_at", "接报时间", "received", suggest="now"),
    Field("registered_at", "登记时间", "registered", system=True),
    Field(
        "register_delay_minutes",
        "登记延误",
        "delay of registration",
        system=True,
        rule="SVC-02",
        unit=Text("分钟", "minutes"),
    ),
    Field("late_registered", "登记延误超限", "registered late", system=True, rule="SVC-02"),
    Field("late_entry", "隔日补登", "entered on a later day", system=True, rule="SVC-18"),
    Field("channel", "来源方式", "channel", required=True, choices=choices.CHANNEL),
    Field("origin", "服务来源", "origin", choices=choices.ORIGIN),
    Field(
        "complaint",
        "客户投诉",
        "complaint",
        help=Text("来源为客户投诉时可选。", "For services that come from a complaint."),
    ),
    Field("service_kind", "服务类别", "kind", choices=choices.SERVICE_KIND, writers=RECEPTION),
    Field("service_content_class", "服务内容", "content", choices=choices.CONTENT),
    Field("transport_mode", "运输方式", "transport", choices=choices.TRANSPORT, rule="SVC-26"),
    Field(
        "service_basis",
        "服务依据",
        "basis",
        rule="SVC-40",
        help=Text("产品标准或公司服务承诺。", "The product standard or our service promise."),
    ),
    Field(
        "contract", "服务合同", "contract", required_when=KIND_B, needed_by="SVC-05", pick=(When("state", ("signed",)),)
    ),
    Field("customer", "客户", "customer", required_when=_NOT_INTERNAL, needed_by="SVC-01", pick=(_LIVING,)),
    Field("customer_name", "客户名称", "customer's name", system=True),
    Field(
        "customer_department",
        "内务客户部门",
        "internal customer",
        help=Text(
            "仅内务服务；留空即为登记人所在部门。", "For internal service only; left empty it is your department."
        ),
    ),
    Field(
        "service_address",
        "服务地址",
        "address",
        required_when=_NOT_INTERNAL,
        needed_by="SVC-01",
        copy="customer.registered_address",
        wide=True,
    ),
    Field(
        "service_phone",
        "服务电话",
        "telephone",
        required_when=_NOT_INTERNAL,
        needed_by="SVC-01",
        copy="customer.phone",
        level=2,
    ),
    Field("contact_person", "联系人", "contact"),
    Field("product_model", "商品型号", "model", required_when=_NOT_INTERNAL, needed_by="SVC-01"),
    Field("specification", "规格", "specification", required_when=_NOT_INTERNAL, needed_by="SVC-01"),
    Field("serial_or_batch", "序列号/批号", "serial or batch"),
    Field("purchased_on", "购买日期", "bought on", help=_UNKNOWN),
    Field("purchased_at", "购买地点", "bought at", help=_UNKNOWN),
    Field("purchase_unknown", "购买情况不详", "purchase not known", tone="neutral"),
    Field("purchase_unknown_reason", "不详原因", "why it is not known"),
    Field("in_warranty", "保修期内", "in warranty", system=True, tone="good"),
    Field("fault_description", "故障/要求描述", "request", required=True),
    Field("told_limit_at", "告知时限", "limit told"),
    Field("area", "片区", "area", system=True, rule="SVC-23"),
    Field("area_staff", "片区负责人", "area staff", system=True, rule="SVC-23"),
    Field(
        "priority",
        "优先",
        "priority",
        system=True,
        choices=choices.PRIORITY,
        derived=(Derived("next_day", (When("state", ("registered",)),), "registered_at", rule="SVC-12"),),
    ),
    Field("out_of_town", "异地", "out of town", system=True, tone="waiting"),
    Field("out_of_town_application", "异地服务申请", "application", system=True, rule="SVC-13"),
    Field("signature_order", "签字次序", "order of signatures", system=True, choices=choices.SIGNATURE_ORDER),
    Field("dispatched_to", "服务人员", "technician", system=True, roles=("service_staff",)),
    Field("dispatched_by", "派工人", "dispatched by", system=True),
    Field("dispatched_at", "派工时间", "dispatched at", system=True),
    Field("visit_count", "上门次数", "visits", system=True),
    Field("arrived_at", "到达时间", "arrived", system=True),
    Field("started_at", "开始时间", "started", system=True),
    Field("finished_at", "完成时间", "finished", system=True),
    Field("work_done", "服务内容实录", "work done", system=True),
    Field("cause", "原因分析", "cause", system=True, rule="SVC-33"),
    Field("measure", "改进措施", "improvement", system=True, rule="SVC-33"),
    Field("warehouse", "用件仓库", "warehouse of the parts", system=True, rule="SVC-39"),
    Field(
        "charge_amount",
        "收费金额",
        "charge",
        minimum=0,
        unit=YUAN,
        writers=RECEPTION,
        help=Text(
            "事先约定时填写，完工时确认；有费服务须大于零，免费、内务服务留空。",
            "If agreed beforehand; confirmed with the work. Above zero for chargeable, empty for free and internal service.",
        ),
    ),
    Field("charge_mode", "收费方式", "way of charging", system=True, choices=choices.CHARGE_MODE),
    Field("cash_handed_on", "交款日期", "cash handed in", system=True, rule="SVC-08"),
    Field("cashier", "收款人", "cashier", system=True),
    Field("invoice_no", "发票号", "invoice number", system=True),
    Field("travel_cost", "差旅费", "travel cost", minimum=0, unit=YUAN, writers=("finance",)),
    Field("allowance", "补贴费", "allowance", minimum=0, unit=YUAN, writers=("finance",)),
    Field("service_cost", "服务成本", "cost", system=True, rule="SVC-14", unit=YUAN),
    Field("customer_signed_by", "客户签字人", "customer's signer", system=True),
    Field("customer_signed_at", "客户签字时间", "customer signed at", system=True),
    Field("signed_paper", "签字凭证", "signed paper", system=True),
    Field("second_part_back_on", "第二联交回日", "part 2 back", system=True, rule="SVC-15"),
    Field("satisfaction", "满意度", "satisfaction", system=True, choices=choices.SATISFACTION, rule="SVC-32"),
    Field("result_told_on", "告知客户日期", "customer told", system=True, rule="SVC-32"),
    Field("shelf_no", "存放号", "shelf", system=True, rule="SVC-36"),
    Field("volume_month", "装订月份", "volume", system=True, rule="SVC-19"),
    Field("retention_until", "保存至", "keep until", system=True, rule="SVC-16"),
    Field("remarks", "备注", "remarks", wide=True),
)
PARTS = (
    Field("product", "用件", "part", required=True, pick=(When("spare_part", (True,)),)),
    Field("quantity", "数量", "quantity", required=True, above=0),
    Field(
        "price", "单价", "price", minimum=0, unit=YUAN, help=Text("留空取产品单价。", "Left empty it is the product's.")
    ),
    Field("amount", "金额", "amount", system=True, unit=YUAN),
    Field("taken", "已出库", "taken from stock", system=True),
)
MATERIALS = (
    Field("name", "宣传品", "publicity material", required=True),
    Field("quantity", "数量", "quantity", required=True, above=0),
)
VISITS = (
    Field("visit_no", "次序", "visit", system=True),
    Field("technician", "服务人员", "technician", system=True),
    Field("reason", "未解决原因", "why it was not solved", system=True),
    Field("work_done", "服务内容实录", "work done", system=True),
    Field("dispatched_at", "派工时间", "dispatched at", system=True),
    Field("arrived_at", "到达时间", "arrived", system=True),
    Field("started_at", "开始时间", "started", system=True),
    Field("finished_at", "完成时间", "finished", system=True),
)
FINDINGS = (
    Field("found_on", "日期", "date", system=True),
    Field("kind", "类型", "kind", system=True, choices=choices.FINDING),
    Field("fine", "罚款", "fine", system=True, unit=YUAN),
    Field("reason", "事实", "fact", system=True),
    Field("by", "查处人", "found by", system=True),
)
