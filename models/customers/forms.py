"""The printed forms of the customer archive."""

from __future__ import annotations

from models.register import Block, Print, Text

PRINTS = (
    Print(
        "customer_card",
        "客户基本信息卡",
        "customer basic information card",
        (
            Block(
                "fields",
                "基本资料",
                "Basic data",
                (
                    "name",
                    "short_name",
                    "customer_kind",
                    "relation",
                    "area",
                    "phone",
                    "email",
                    "fax",
                    "registered_address",
                    "address",
                    "legal_representative",
                    "unified_credit_code",
                    "industry",
                    "business_scope",
                    "owner",
                    "deputy",
                    "source_channel",
                ),
            ),
            Block(
                "fields",
                "规模与历史",
                "Size and history",
                ("organisation_form", "founded_on", "trading_since", "headcount", "annual_sales"),
            ),
            Block(
                "lines",
                "联系人",
                "contacts",
                ("name", "job_title", "mobile", "email", "decision_role", "main"),
                child="contacts",
            ),
            Block(
                "fields",
                "评价与等级",
                "Assessment and grade",
                (
                    "market_potential",
                    "credit_capacity",
                    "competitiveness",
                    "development_direction",
                    "need_summary",
                    "grade_scheme",
                    "grade",
                    "grade_set_by",
                    "grade_set_on",
                ),
            ),
            Block(
                "signatures",
                blank=(Text("填表人", "salesperson"), Text("审核", "department head"), Text("归档", "archivist")),
            ),
        ),
    ),
    Print(
        "customer_list",
        "客户一览表",
        "customer list",
        (
            Block(
                "lines",
                fields=(
                    "number",
                    "name",
                    "customer_kind",
                    "area",
                    "phone",
                    "state",
                    "grade",
                    "owner",
                    "last_contact_on",
                ),
            ),
        ),
        many=True,
        paper="A4 landscape",
    ),
    Print(
        "archive_contents",
        "档案目录",
        "contents of the archive",
        (
            Block(
                "fields",
                "客户",
                "Customer",
                ("name", "short_name", "area", "state", "owner", "contract_no", "completeness", "missing_parts"),
            ),
            Block(
                "lines",
                "归档资料",
                "documents",
                ("document_class", "title", "dated_on", "file", "filed_by"),
                child="documents",
            ),
            Block(
                "lines",
                "剪报",
                "news clippings",
                ("clipping_class", "source", "title", "date", "file"),
                child="clippings",
            ),
            Block(
                "lines",
                "归属变更",
                "assignment history",
                ("date", "old_owner", "new_owner", "decided_by", "reason"),
                child="assignments",
            ),
            Block(
                "lines",
                "等级变更",
                "grade history",
                ("date", "kind", "scheme", "old_grade", "grade", "by", "reason"),
                child="gradings",
            ),
            Block("signatures", blank=(Text("档案管理员", "archivist"),)),
        ),
    ),
    Print(
        "handover_list",
        "移交清单",
        "handover list",
        (
            Block(
                "lines",
                fields=(
                    "number",
                    "name",
                    "customer_kind",
                    "area",
                    "phone",
                    "state",
                    "grade",
                    "contract_no",
                    "last_contact_on",
                ),
            ),
            Block(
                "signatures",
                blank=(
                    Text("移交人", "handed over by"),
                    Text("接收人", "received by"),
                    Text("监交人", "witnessed by"),
                ),
            ),
        ),
        many=True,
        by=(("user", "owner"),),
        paper="A4 landscape",
    ),
)
