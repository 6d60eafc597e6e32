"""The rules of the catalogue as key checkout meets them, and what the others wait for."""

from __future__ import annotations

from models.access_rules import GENERAL
from models.catalogue import row
from models.register import Rule

RULES: tuple[Rule, ...] = (
    row(
        "KEY-01",
        "试驾须先有领用登记；漏填的罚款建议待试驾单建成。",
        "A test drive needs its line before; the proposal for an omission waits for the test-drive register.",
        waits="test_drive",
    ),
    row(
        "KEY-02",
        "钥匙只由5S专员收发；领用人不得给自己发放、收回、核对或报失，代理同样受限；任一5S专员都可收回。",
        "Keys are issued and taken back by 5S custodians alone; nobody issues to himself, takes back, closes or reports his own, "
        "delegation included; any custodian may take back.",
        pairs=(("owner", "issued"), ("owner", "returned"), ("owner", "closed"), ("owner", "lost")),
    ),
    row(
        "KEY-03",
        "报失即停用钥匙；经理确认后计罚款，赔偿金额另列。奖罚建议待奖罚登记建成。",
        "A loss blocks the key at once; once the manager has confirmed, the fine is computed and the compensation stands beside "
        "it. The proposals wait for the penalty register.",
        on=("lost", "confirm_loss"),
        guard="loss_told",
        compute="fine_for_loss",
        fields=("lost_at", "compensation", "fine_lost"),
    ),
    row(
        "KEY-04",
        "持有时长 = 归还时间 − 试驾结束，满 300 秒仍不算超时，超过才罚，每次定额；缺试驾结束标“不完整”，不计罚款。",
        "Held = time in − end of the drive; 300 whole seconds are in time, more are late and cost a flat fine; without an end the "
        "line is incomplete and nothing is computed.",
        on=("returned", "closed"),
        compute="held_after_the_end",
        fields=("held_after_end", "late", "fine_late", "incomplete"),
    ),
    row(
        "KEY-05",
        "车源紧张时同一人同时只领一把新到车钥匙；两张不同订单对应两台到车的除外；申请与发放时核对。",
        "While cars are scarce one person holds one key of a new arrival, except for two different orders of these two cars; asked "
        "at request and at issue.",
        on=("create", "update", "issued"),
        guard="one_new_arrival",
        fields=("order",),
    ),
    row(
        "KEY-06",
        "金融车没有放款日期不能放行、不能领出，任何人不得例外；答应提前放车的罚款建议待奖罚登记建成。",
        "A financed car without the day on which the lender paid is neither cleared nor issued, for nobody; the proposal for an "
        "early promise waits for the penalty register.",
        on=("approved", "issued"),
        guard="loan_paid_out",
        fields=("loan_disbursed_on",),
    ),
    row(
        "KEY-07",
        "交车须财务签字放行款项；只付定金不放行。",
        "A delivery needs the clearance of finance; a deposit alone is not cleared.",
        on=("approved", "issued"),
        guard="money_in",
        fields=("payment_mode",),
    ),
    row(
        "KEY-08",
        "试驾：领出须有试驾协议与驾照复印件，核对须有试驾确认书与试驾调查报告。",
        "Test drive: agreement and licence at issue, confirmation and survey at closing.",
        on=("issued", "closed"),
        guard="papers_complete",
        fields=("agreement_file", "licence_file", "confirmation_file", "survey_file"),
    ),
    row(
        "KEY-09",
        "手续不全不能领出、不能核对；次数与罚款、劝退建议待奖罚登记建成。",
        "Without papers there is no issue and no closing; counting, fine and the advice to leave wait for the penalty register.",
        waits="penalty_reward",
    ),
    row(
        "KEY-10",
        "试驾须填陪同指导人员，且不得为客户本人。",
        "A test drive names its guide, who is not the customer.",
        on=("create", "update", "issued"),
        guard="guided",
        fields=("accompanied_by",),
    ),
    row(
        "KEY-11",
        "试驾或看车后门窗异常计一次罚款，由责任人承担，未查明由组长承担。",
        "Windows or doors left open after a drive or viewing cost one fine, borne by whoever is named, else by the group leader.",
        on=("returned",),
        compute="windows_left_open",
        fields=("check_windows", "check_doors", "fine_window", "window_payer"),
    ),
    row(
        "KEY-12",
        "其他用车须部门经理批准后才能领出。",
        "Other use needs the department manager's consent before the issue.",
        on=("approved", "issued"),
        guard="other_use_consented",
    ),
    row(
        "KEY-13",
        "存取现金用车须经理批准并有陪同人员；私用罚款建议待奖罚登记建成。",
        "A bank run needs the manager's consent and a companion; the proposal for private use waits for the penalty register.",
        on=("create", "update", "approved", "issued"),
        guard="bank_run_consented",
        fields=("companion",),
        waits="penalty_reward",
    ),
    row(
        "KEY-14",
        "外观或内饰异常须写明损伤，由责任人承担，未查明由小组承担；调车途中按规定比例。基数制度未写，金额不计算。",
        "Damage to body or interior is described and borne by whoever is named, else by the group; during a transfer by its share. "
        "The base is not stated, so no amount is computed.",
        on=("returned",),
        guard="damage_described",
        compute="damage_borne",
        fields=("damage", "damage_borne_by", "damage_share"),
    ),
    row(
        "KEY-15",
        "已领出的钥匙可以申请、不能领出；丢失、停用的不能申请；两人同时发放只有一人成功。",
        "A key that is out may be asked for but is not issued; a lost or retired one cannot be asked for; of two issues at once one "
        "succeeds.",
        on=("create", "update", "issued", "returned", "lost"),
        guard="key_in_store",
        compute="move_key",
        fields=("key",),
    ),
    row(
        "KEY-16",
        "销售顾问只见本人领用记录；带客户进大库的罚款仅作登记依据。",
        "Consultants see their own lines only; the fine for customers in the depot is a figure for the record.",
        marks=("own_lines",),
    ),
    row(
        "KEY-17",
        "每笔登记钥匙、车辆、车类、用途、领用人、领出与归还时间，精确到秒；时间由系统登记，补录较早时间须写明原因；领出后不得改用途。",
        "Every line has key, car, class, purpose, holder, time out and time in, to the second; the server's times, an earlier one "
        "with its reason; the purpose stays after the issue.",
        on=("create", "update", "issued", "returned"),
        guard="true_and_purposeful",
        compute="fill_from_key",
        required=("key", "holder", "purpose"),
        fields=("issued_at", "returned_at", "backdate_reason"),
    ),
    row(
        "TDR-02",
        "试驾起止时间在领出与归还之间，起不晚于止。",
        "The drive lies between issue and return, and begins before it ends.",
        on=("drive_ended", "returned", "closed"),
        guard="drive_within_checkout",
        fields=("drive_started_at", "drive_ended_at"),
    ),
    row(
        "VEH-04",
        "二级店调配须写明当地经销商人员，车辆验收合格后才能领出。",
        "A transfer with an outlet names the dealer's staff and is issued only after the acceptance of the car.",
        on=("create", "update", "issued"),
        guard="accepted_before_transfer",
        fields=("outlet_transfer", "dealer_person"),
    ),
    *GENERAL,
)
