"""The fields of a ledger line and of its papers (registers.md 3.1)."""

from __future__ import annotations

from models.goods.choices import UNITS
from models.ledger.choices import DISPOSITION, GROUND, MOVEMENT, PAPERS, PAYER, RESULT
from models.register import Field, Text, When

COMPENSATION = When("movement", ("compensation",))
NO_COMPENSATION = When("movement", ("compensation",), negate=True)
_YUAN = Text("元", "yuan")
_OPEN_CUSTOMER = (When("state", ("archived", "merged", "void"), negate=True),)

FIELDS = (
    Field("number", "台帐号", "ledger number", system=True),
    Field("state", "状态", "state", system=True),
    Field("happened_on", "发生日期", "date", required=True, default="today"),
    Field(
        "customer",
        "客户",
        "customer",
        required=True,
        pick=_OPEN_CUSTOMER,
        copy="complaint.customer|return_slip.customer|service_entry.customer",
    ),
    Field("customer_name", "客户名称", "customer's name", system=True),
    Field("area", "片区", "area", required=True, copy="service_entry.area|customer.area"),
    Field(
        "area_staff",
        "片区负责人",
        "area staff",
        help=Text("留空则取该片区的负责人。", "Left empty, whoever is in charge of the area."),
    ),
    Field("movement", "类型", "movement", required=True, choices=MOVEMENT),
    Field("product", "产品", "product", required=True, copy="return_slip.product|complaint.product"),
    Field(
        "specification",
        "规格",
        "specification",
        required=True,
        copy="product.specification",
    ),
    Field("batch_no", "批号", "batch", copy="return_slip.batch_no|complaint.batch_no"),
    Field("quantity", "数量", "quantity", required_when=NO_COMPENSATION, above=0),
    Field(
        "unit",
        "单位",
        "unit",
        choices=UNITS,
        copy="product.unit",
        help=Text("留空则取产品的单位。", "Left empty, that of the product."),
    ),
    Field("amount", "金额", "amount", required_when=COMPENSATION, above=0, unit=_YUAN),
    Field("ground", "原因", "ground", required=True, choices=GROUND),
    Field("order", "订单", "order", copy="return_slip.order_no|complaint.order_no"),
    Field("contract", "合同", "contract", copy="service_entry.contract"),
    Field("third_party", "第三方责任", "third party to blame", rule="LED-11"),
    Field("claim", "索赔", "claim on it", rule="LED-11", wide=True),
    Field("service_entry", "服务单", "service entry"),
    Field("complaint", "投诉处理表", "complaint", copy="return_slip.complaint|service_entry.complaint"),
    Field("return_slip", "退货单", "return slip"),
    Field("inspection_no", "检验单号", "inspection number", system=True),
    Field("inspection_result", "检验结论", "result", system=True, choices=RESULT),
    Field("inspected_by", "检验人", "inspector", system=True),
    Field("inspected_on", "检验日期", "inspected on", system=True),
    Field("inspection_fee", "检验费", "inspection fee", system=True, minimum=0, unit=_YUAN),
    Field("fee_payer", "检验费承担", "fee borne by", system=True, choices=PAYER, rule="LED-06"),
    Field("disposition", "处置", "disposition", system=True, choices=DISPOSITION),
    Field("refusal_told_on", "告知客户日期", "customer told on", system=True),
    Field("executed_at", "执行时间", "executed at", system=True),
    Field("executed_by", "执行人", "executed by", system=True),
    Field("defective_balance", "问题品结存", "defective in hand", system=True),
    Field("replacement_balance", "备换品结存", "replacement in hand", system=True),
    Field("reverses", "冲销原台帐", "reverses", system=True),
    Field("remarks", "备注", "remarks", wide=True),
)
PAPER = (
    Field("paper_class", "类别", "class", required=True, choices=PAPERS),
    Field("paper_no", "编号", "number"),
    Field("title", "名称", "title", required=True),
    Field("file", "文件", "file"),
)
