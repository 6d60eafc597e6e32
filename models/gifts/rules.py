"""The rules of the catalogue as gift applications meet them, and what the others wait for."""

from __future__ import annotations

from models.access_rules import GENERAL
from models.catalogue import row
from models.register import Rule

RULES: tuple[Rule, ...] = (
    row(
        "GIFT-01",
        "礼品只凭已提交的申请单发放；申请日期由系统登记。",
        "Gifts are issued on a submitted application only; the system keeps its day.",
        on=("create", "submitted", "issued"),
        guard="applied_for",
        compute="date_application",
        fields=("applicant", "applied_on"),
    ),
    row(
        "GIFT-02",
        "先市场专员、后经理签字；经理不能先签。",
        "First the market specialist signs, then the manager; the manager cannot sign first.",
        order=("approved",),
    ),
    row(
        "GIFT-03",
        "只有已批准的申请可以领取，其他状态一律拒绝。",
        "Only an approved application is issued; every other state is refused.",
        order=("issued",),
    ),
    row(
        "GIFT-04",
        "领取由市场专员登记签字；盘点少于账面时提示查未登记领取，罚款建议待奖罚登记建成。",
        "The market specialist registers the collection; a count below the book hints at unregistered collection, and the "
        "proposal of a fine waits for the penalty register.",
        waits="penalty_reward",
    ),
    row(
        "GIFT-05",
        "签收须有客户签收人（不得为本公司人员）、日期和签收单；缺一不能结案。",
        "A signature needs the customer's signer, who is none of our staff, the day and the sheet; nothing is closed without "
        "them.",
        on=("signed", "partly_signed", "closed"),
        guard="signed_for",
        order=("closed",),
        fields=("signoff_signer", "signoff_on", "signoff_file"),
    ),
    row(
        "GIFT-06",
        "经理确认未送达后，罚款 = 倍数 × 单价 × 未送达数量，只算未送部分。",
        "After the manager has confirmed: fine = multiple × unit value × undelivered pieces, on those pieces only.",
        on=("undelivered",),
        compute="fine_undelivered",
        fields=("fine_amount",),
    ),
    row(
        "GIFT-07",
        "巡展礼品走经理、总经理两级；市场专员不签；两签不齐不能领取。",
        "Roadshow gifts go to the manager and then to the general manager; the market specialist does not sign; without both "
        "nothing is issued.",
        on=("issued",),
        guard="consent_for_roadshow",
        fields=("roadshow",),
    ),
    row(
        "GIFT-08",
        "申请日期晚于拜访日期即标“事后补单”，可以保存，不能领取。",
        "An application after the visit is saved with the mark 事后补单 and can never be issued.",
        on=("create", "update", "submitted", "issued"),
        guard="applied_before_visit",
        compute="mark_after_the_fact",
        fields=("visit_on", "after_the_fact"),
    ),
    row(
        "GIFT-09",
        "数量至少 1，礼品单价大于零；单价在申请时取自库存，金额与总价自动计算，精确到分。",
        "Quantities of at least 1 and values above zero; the unit value is copied at application, amounts and total are exact.",
        on=("create", "update", "submitted"),
        guard="has_value",
        compute="value_lines",
        fields=("lines.quantity", "lines.unit_value", "lines.amount", "total_value"),
    ),
    row(
        "GIFT-10",
        "申请关联客户与行动报告；巡展除外。",
        "The application names customer and action report; not for roadshows.",
        fields=("customer", "visit"),
    ),
    row(
        "GIFT-11",
        "申请人不得签批、发放、收退、确认或结案自己的申请；专员、经理、总经理为不同的人，代理同样受限。",
        "The applicant never signs, issues, takes back, confirms or closes his own; specialist, manager and general manager "
        "are different people, delegation included.",
        pairs=(
            ("owner", "specialist_sign"),
            ("owner", "manager_sign"),
            ("owner", "gm_sign"),
            ("owner", "registered_collection"),
            ("owner", "undelivered_confirmed"),
            ("owner", "return_for_correction"),
            ("owner", "refused"),
            ("owner", "returned"),
            ("owner", "closed"),
            ("specialist_sign", "manager_sign"),
            ("manager_sign", "gm_sign"),
        ),
    ),
    row(
        "GIFT-12",
        "按节日与客户生日申请的用途已可选；未来三十天提醒清单待建。",
        "Holiday and birthday can be chosen as purpose; the list of the next thirty days is to come.",
        waits="step 2",
    ),
    row(
        "GIFT-13",
        "发放不超库存，签收、退回、未送达之和不超发放，结案时三者之和等于发放数量；出入库逐笔登记。",
        "No issue beyond the stock; signed for, returned and undelivered never exceed what was issued and equal it at closing; "
        "every movement is booked.",
        on=("issued", "signed", "partly_signed", "returned", "undelivered", "closed"),
        guard="within_what_was_issued",
        compute="move_stock",
        fields=("lines.signed_qty", "lines.returned_qty", "lines.undelivered_qty"),
    ),
    row(
        "GIFT-14",
        "领取时间已登记；逾期未交回签收单的清单待制度手册建成。",
        "The moment of issue is kept; the list of overdue sign-off sheets comes with the policy book.",
        fields=("issued_at",),
        waits="policy book",
    ),
    *GENERAL,
)
