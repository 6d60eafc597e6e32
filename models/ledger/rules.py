"""The rules of the catalogue as the ledger meets them."""

from __future__ import annotations

from models.access_rules import GENERAL
from models.catalogue import row
from models.register import Rule

RULES: tuple[Rule, ...] = (
    row(
        "LED-01",
        "收、修、换、退、报废逐笔登记台帐；退货单转账、投诉结案、退换类服务单归档前须有台帐记录。",
        "Whatever is received, repaired, exchanged, returned or scrapped has its line; no return slip is posted, no complaint closed "
        "and no service of return or exchange archived without one.",
        fields=("movement", "product", "specification", "quantity"),
    ),
    row(
        "LED-02",
        "服务单、投诉处理表、退货单至少关联一项，否则停在“未办结”，列入“未关联手续”，不计入报表。",
        "A line with neither service entry, complaint nor return slip stays open, is listed as such and is in no total.",
        on=("link", "approved", "executed"),
        guard="formalities_done",
        fields=("service_entry", "complaint", "return_slip"),
    ),
    row(
        "LED-03",
        "售后产品报表按期间、片区、产品、规格、类型、原因统计，可打印、导出，全零的产品行不列。",
        "The report counts by period, area, product, specification, movement and ground, is printed and exported; rows of zero are "
        "left out.",
        fields=("happened_on", "area", "product", "movement", "ground"),
    ),
    row(
        "LED-04",
        "凭证、质量记录、索赔资料分类归存在台帐上，执行后仍可补存。",
        "Vouchers, quality records and papers of claims are kept with the line by class, after execution too.",
        fields=("papers",),
    ),
    row(
        "LED-05",
        "退货入库须先经质检检验且结论为不合格；未检验或合格的不能核准。",
        "A return is approved only after an inspection with the result failed; uninspected or passed it is not.",
        on=("approved",),
        guard="failed_inspection",
        fields=("inspection_no", "inspected_by", "inspected_on", "inspection_result"),
    ),
    row(
        "LED-06",
        "检验费承担由结论决定：不合格公司承担，合格客户承担，不能手填。",
        "Who bears the inspection fee follows from the result and is never typed: failed the company, passed the customer.",
        on=("inspected",),
        compute="bear_fee",
        fields=("inspection_fee", "fee_payer"),
    ),
    row(
        "LED-07",
        "包换、赔偿只限计量短少、运输破损、公司致丢失损坏；质量问题走退货，其他原因拒绝。",
        "Exchange and compensation are for short measure, damage in transport, loss or damage by the company; a quality problem goes by "
        "return, others are refused.",
        on=("create", "update", "approved"),
        guard="granted",
        fields=("movement", "ground"),
    ),
    row(
        "LED-08",
        "报废先有质检意见，再由副总经理或总经理批准，两者及登记人为不同的人。",
        "Scrapping has the opinion of quality first, then the approval of the deputy or the general manager; these and the maker are "
        "different people.",
        on=("inspected", "approved", "executed"),
        guard="quality_opinion",
        pairs=(("created_by", "disposition_approved"), ("inspection", "disposition_approved")),
        fields=("movement", "disposition"),
    ),
    row(
        "LED-09",
        "片区服务人员只登记、只看本片区的收发；片区负责人须为该片区人员，未填时自动带出；业务部看全部。",
        "Service staff enter and see their own area alone; the person named is of that area's staff and is proposed; the business "
        "department sees all.",
        on=("create", "update"),
        guard="entered_by_area",
        compute="propose_staff",
        fields=("area", "area_staff"),
        marks=("own_area",),
    ),
    row(
        "LED-10",
        "按产品、规格、片区计问题品与备换品两类结存，执行时记入，任何日期不得低于零；补记早于他笔的，其后各笔结存随之更正；"
        "同一产品规格只用一个单位。",
        "Two balances per product, specification and area move at execution and never fall below zero on any day; a line dated back "
        "corrects the balances of those after it; one unit per product and specification.",
        on=("create", "update"),
        guard="one_unit",
        fields=("quantity", "defective_balance", "replacement_balance"),
    ),
    row(
        "LED-11",
        "第三方（供应商、承运方）责任与索赔登记在台帐上；有索赔须写明第三方。",
        "The third party to blame and the claim on it are kept with the line; a claim names the party.",
        on=("create", "update"),
        guard="third_party_named",
        fields=("third_party", "claim"),
    ),
    row(
        "LED-12",
        "登记、检验、核准须为不同的人；同一次退货的退货单与台帐合并计算，开单、检验、核准、仓库、财务互不兼任。",
        "Maker, inspector and approver are different people; over the slip and the lines of one return requester, inspector, approver, "
        "keeper and finance are five.",
        on=("create", "update", "link", "inspected", "approved"),
        guard="different_people",
        pairs=(("created_by", "inspection"), ("created_by", "approval"), ("inspection", "approval")),
    ),
    row(
        "RET-01",
        "退货入库须凭退货单核准。",
        "Goods handed over as a return are approved on a return slip only.",
        on=("link", "approved"),
        guard="slip_for_return",
        fields=("return_slip",),
    ),
    *GENERAL,
)
