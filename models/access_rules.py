"""The rules on permission, export and history that every register obeys. Each row switches one general mechanism by its mark."""

from __future__ import annotations

from models.catalogue import row
from models.register import Rule

# Source: registers.md 0, rules.yaml CUS-20 to CUS-23 and ACL-01 to ACL-05.
GENERAL: tuple[Rule, ...] = (
    row(
        "CUS-20",
        "每次查看保密字段的原值、每次导出和打印清单，都在变更记录中留下人、时间、筛选条件、行数与字段。",
        "Every view of unmasked values and every export or printed list leaves an entry with person, time, filter, rows and fields.",
        marks=("log_views",),
    ),
    row(
        "CUS-21",
        "二级、三级字段对无权者一律显示 ***：列表、详情、搜索、排序、筛选、导出、打印和变更记录口径相同。",
        "Fields of level 2 and 3 read *** for whoever is not cleared, alike in lists, details, search, sort, filter, exports, "
        "prints and history.",
        marks=("mask",),
        params=(),
    ),
    row(
        "CUS-22",
        "导出与打印清单须按人授权，写明事由，可定截止日；没有授权即无按钮，直接访问也被拒绝。",
        "Exports and printed lists need a grant to the person, with reason and optional end; without it there is no button and "
        "the address answers 403.",
        marks=("export_grant",),
    ),
    row(
        "CUS-23",
        "查询本身只取本人职责范围内的记录，列表、搜索、选择框、计数、导出和提示都由此而来；范围之外与不存在同样答复。",
        "The query itself takes only rows inside one's duties; lists, search, pickers, counts, exports and messages all come from "
        "it, and a row outside answers like a missing one.",
        marks=("scope",),
    ),
    row(
        "ACL-01",
        "导出文件末尾写明导出人、时间、筛选条件和行数；导出只按角色和个人授权开放。",
        "Exported files end with exporter, time, filter and row count; exports are open by role and personal grant only.",
        marks=("export_trailer",),
    ),
    row(
        "ACL-02",
        "新建、修改、每一步处理都在同一事务中写入变更记录：字段、旧值、新值、人、时间；记录成链，任何人不能改。",
        "Every creation, change and step writes history in the same transaction: field, old, new, person, time; entries are "
        "chained and nobody can edit them.",
        marks=("history",),
    ),
    row(
        "ACL-03",
        "制单人不得在自己的单据上签批，代理也不例外；代理须有期限；系统管理员和审计不能签批。",
        "The maker never signs his own record, not through a delegation either; delegations have a period; administrator and "
        "auditor never sign.",
        marks=("maker_never_approves",),
    ),
    row(
        "ACL-04",
        "一人一账号；同一账号同时有两处登录时，管理员在账号页上能看到。罚款额仅作登记依据。",
        "One account per person; two sessions of one account at the same time are shown to the administrator. The fine is a "
        "figure for the record.",
        marks=("one_session_shown",),
    ),
    row(
        "ACL-05",
        "制度参数按生效日期逐条新增，不改旧条，旧记录沿用当时数值；由总经理核准的修改流程待建。",
        "Figures are dated rows that are added and never edited, so records keep the figure of their time; the change approved by "
        "the general manager comes with the policy book.",
        waits="policy book",
    ),
)
