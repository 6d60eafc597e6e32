"""Departments, roles, the permission matrix and the separation pairs of organisation.md 1 to 5, as data.

A cell is written as in the catalogue: letters C R U D A E, then the scope `o` own, `g` own group, `ar` own area, `d` own department,
`a` all. `:view` limits the fields to a view the register declares, `@field` takes the scope through that reference,
`@register.field` takes what that reference of another register points to, `/rows` limits the records to those that meet a condition the
register declares under that name.
Several grants of one cell are separated by `;`. A role without a cell has nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from models.register import Grant, Text

SCOPES = {"o": "own", "g": "group", "ar": "area", "d": "department", "a": "all"}
VERBS = {"C": "create", "R": "read", "U": "update", "D": "void", "A": "approve", "E": "export"}

DEPARTMENTS: Mapping[str, Text] = MappingProxyType(
    {
        "gm_office": Text("总经理办公室", "general manager's office"),
        "sales": Text("销售部", "sales"),
        "market": Text("市场部", "marketing"),
        "business": Text("业务部", "business department"),
        "customer_service": Text("客户服务部", "customer service"),
        "quality": Text("质检部", "quality"),
        "rnd": Text("研发部", "research and development"),
        "finance": Text("财务部", "finance"),
        "warehouse": Text("仓储部", "warehouse"),
        "logistics": Text("物流部", "logistics"),
        "production": Text("生产单位", "production"),
        "purchasing": Text("采购部", "purchasing"),
        "hr": Text("人力资源部", "human resources"),
        "showroom": Text("展厅", "showroom"),
        "outlet": Text("二级店", "second-tier outlet"),
        "security": Text("保卫部门", "security"),
        "call_centre": Text("客服中心", "call centre"),
    }
)

ROLES: Mapping[str, Text] = MappingProxyType(
    {
        "admin": Text("系统管理员", "system administrator"),
        "gm": Text("总经理", "general manager"),
        "deputy_gm": Text("副总经理", "deputy general manager"),
        "dept_head": Text("部门经理", "department head"),
        "sales_manager": Text("销售经理", "sales manager"),
        "group_leader": Text("销售组长", "sales group leader"),
        "salesperson": Text("业务员", "salesperson"),
        "sales_consultant": Text("销售顾问", "sales consultant"),
        "key_account": Text("大客户专员", "key-account specialist"),
        "market_specialist": Text("市场专员", "market specialist"),
        "sales_assistant": Text("销售助理", "sales assistant"),
        "sales_clerk": Text("内勤", "sales clerk"),
        "custodian_5s": Text("5S专员", "5S custodian"),
        "service_manager": Text("客户服务部经理", "customer service manager"),
        "service_staff": Text("服务人员", "service staff"),
        "business_clerk": Text("业务部统计员", "business department clerk"),
        "complaint_handler": Text("投诉受理负责人", "complaint handler"),
        "quality_inspector": Text("质检员", "quality inspector"),
        "archivist": Text("档案管理员", "archivist"),
        "finance": Text("财务", "finance"),
        "warehouse_keeper": Text("成品库管", "warehouse keeper"),
        "logistics_specialist": Text("物流专员", "logistics specialist"),
        "hr": Text("人事", "human resources"),
        "shift_leader": Text("值班长", "shift leader"),
        "service_director": Text("客服部主任", "customer service director"),
        "centre_director": Text("客服中心主任", "centre director"),
        "agent": Text("座席", "call centre agent"),
        "kb_editor": Text("采编", "knowledge editor"),
        "training_officer": Text("培训专员", "training officer"),
        "hotel_rep": Text("酒店销售代表", "hotel sales representative"),
        "auditor": Text("审计", "auditor"),
    }
)

# Roles that may never be the second side of an approval and never write business records (ACL-03).
NEVER_APPROVES = frozenset({"admin", "auditor"})

MATRIX: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "customer_archive": {
            "admin": "R a",
            "gm": "R A E a",
            "deputy_gm": "R A E a",
            "dept_head": "R U A E d",
            "sales_manager": "R U A E d",
            "group_leader": "R g",
            "salesperson": "C R U o",
            "sales_consultant": "C R U o",
            "key_account": "C R U o",
            "market_specialist": "R d; R a:names",
            "sales_assistant": "R d",
            "sales_clerk": "R E d",
            "custodian_5s": "R a:names",
            "service_manager": "R d",
            "service_staff": "R ar:service",
            "business_clerk": "R a",
            "complaint_handler": "R o@complaint.customer",
            "quality_inspector": "R a:names",
            "archivist": "C R U D A E a",
            "finance": "R a:credit",
            "logistics_specialist": "R a:delivery",
            "auditor": "R E a",
        },
        "customer_info_card": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R a",
            "dept_head": "R d",
            "sales_manager": "R A d",
            "group_leader": "R U A g",
            "sales_consultant": "C R o",
            "key_account": "C R o",
            "market_specialist": "R d",
            "sales_assistant": "R U d",
            "auditor": "R E a",
        },
        "document_loan": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R a",
            "dept_head": "R d",
            "sales_manager": "A d",
            "group_leader": "A g",
            "salesperson": "C o",
            "sales_consultant": "C o",
            "key_account": "C o",
            "sales_assistant": "A d",
            "auditor": "R E a",
        },
        "service_log": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R a",
            "dept_head": "R E d",
            "sales_manager": "R d",
            "salesperson": "R o@customer",
            "service_manager": "C R U A D E d",
            "service_staff": "C R U o; C R U ar",
            "business_clerk": "C R U E d",
            "complaint_handler": "R o@complaint",
            "quality_inspector": "R E a",
            "archivist": "R a",
            "finance": "R U a:money",
            "auditor": "R E a",
        },
        "out_of_town_application": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R a",
            "dept_head": "R d",
            "service_manager": "R A d",
            "service_staff": "C R U o",
            "business_clerk": "R a",
            "finance": "R a",
            "auditor": "R E a",
        },
        "aftersales_ledger": {
            "admin": "R a",
            "gm": "R A a",
            "deputy_gm": "R A a",
            "dept_head": "R A E d",
            "service_manager": "R d",
            "service_staff": "C R U ar",
            "business_clerk": "C R U E a",
            "complaint_handler": "R o@complaint",
            "quality_inspector": "R A a",
            "archivist": "R a",
            "finance": "R a",
            "warehouse_keeper": "R a",
            "logistics_specialist": "R a",
            "auditor": "R E a",
        },
        "product_return": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R A E a",
            "dept_head": "R d",
            "sales_manager": "R d",
            "sales_clerk": "R C d",
            "service_manager": "R d",
            "service_staff": "R o; R ar@customer",
            "business_clerk": "R a",
            "complaint_handler": "R o@complaint",
            "quality_inspector": "R A a",
            "archivist": "R a",
            "finance": "R A E a",
            "warehouse_keeper": "R A a/approved",
            "auditor": "R E a",
        },
        "sales_discount_certificate": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R A E a",
            "dept_head": "R d",
            "sales_manager": "R d",
            "sales_clerk": "R C d",
            "service_manager": "R d",
            "service_staff": "R o",
            "business_clerk": "R a",
            "complaint_handler": "R o@complaint",
            "archivist": "R a",
            "finance": "R A E a",
            "auditor": "R E a",
        },
        "complaint": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R A a",
            "dept_head": "R E d",
            "sales_manager": "R d",
            "salesperson": "C R U o",
            "sales_clerk": "R a:names/decided",
            "service_manager": "C R U A D E d",
            "service_staff": "C R U o",
            "business_clerk": "R a",
            "complaint_handler": "R o",
            "quality_inspector": "R a",
            "archivist": "R a",
            "finance": "R a:amounts",
            "auditor": "R E a",
        },
        "contract": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R A a",
            "dept_head": "R A E d",
            "sales_manager": "R A d",
            "salesperson": "C R U o",
            "sales_consultant": "C R U o",
            "key_account": "C R U o",
            "sales_clerk": "C R U d",
            "service_manager": "R a:terms",
            "service_staff": "R a:terms",
            "business_clerk": "R a:terms",
            "quality_inspector": "R a:terms",
            "archivist": "R E a",
            "finance": "R a",
            "auditor": "R E a",
        },
        "gift_signoff": {
            "admin": "R a",
            "gm": "R A a",
            "deputy_gm": "R A a",
            "dept_head": "R E d",
            "sales_manager": "R A E d",
            "group_leader": "R g",
            "salesperson": "C R o",
            "sales_consultant": "C R o",
            "key_account": "C R o",
            "market_specialist": "C R U A E d",
            "finance": "R a",
            "auditor": "R E a",
        },
        "gift_item": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R a",
            "dept_head": "R a:stock",
            "sales_manager": "R a",
            "salesperson": "R a:stock",
            "sales_consultant": "R a:stock",
            "key_account": "R a:stock",
            "market_specialist": "C R U E a",
            "finance": "R a",
            "auditor": "R E a",
        },
        "key_checkout": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R a",
            "dept_head": "R A d",
            "sales_manager": "R A d",
            "group_leader": "R g",
            "sales_consultant": "C R o",
            "key_account": "R o",
            "sales_assistant": "R d",
            "custodian_5s": "C R U A E a",
            "finance": "R A a:money",
            "auditor": "R E a",
        },
        "car_key": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R a",
            "sales_manager": "R A a",
            "group_leader": "R a",
            "sales_consultant": "R a:board",
            "key_account": "R a:board",
            "custodian_5s": "C R U a",
            "auditor": "R E a",
        },
        "vehicle_stock": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R a",
            "sales_manager": "R A a",
            "group_leader": "R a",
            "sales_consultant": "R a:board",
            "key_account": "R a:board",
            "custodian_5s": "C R U a",
            "auditor": "R E a",
        },
        "department": {"admin": "C R U a", "business_clerk": "C R U a", "auditor": "R a"},
        "group": {"admin": "C R U a", "business_clerk": "C R U a", "auditor": "R a"},
        "area": {"admin": "C R U a", "business_clerk": "C R U a", "auditor": "R a"},
        "product": {"admin": "C R U a", "business_clerk": "C R U a", "auditor": "R a"},
        "warehouse": {"admin": "C R U a", "business_clerk": "C R U a", "auditor": "R a"},
        "spare_part": {
            "admin": "R a",
            "gm": "R a",
            "deputy_gm": "R a",
            "service_manager": "R a",
            "service_staff": "R a:stock",
            "business_clerk": "R a",
            "quality_inspector": "R a",
            "finance": "R a",
            "warehouse_keeper": "C R U E a",
            "auditor": "R E a",
        },
    }
)

# First the side that acts earlier. The same login may not take both sides, also not through a delegation.
SEPARATION: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("*", ("maker", "approver"), "ACL-03"),
    ("gift_signoff", ("applicant", "market specialist", "manager"), "GIFT-11"),
    ("key_checkout", ("holder", "5S custodian"), "KEY-02"),
    ("service_log", ("technician", "dispatching or countersigning manager"), "SVC-11"),
    ("service_log", ("traveller", "approver of the out-of-town application"), "SVC-13"),
    ("product_return", ("requester", "inspector", "approver", "warehouse keeper", "finance"), "LED-12"),
)


def grants(cell: str) -> tuple[Grant, ...]:
    """The grants of one cell of the matrix. Raises ValueError for a letter or scope that does not exist.

    > grants("R d; R a:names")  gives two grants, the second limited to the view `names`.
    """
    found = []
    for part in cell.split(";"):
        *letters, where = part.split()
        where, _, rows = where.partition("/")
        scope, _, view = where.partition(":")
        scope, _, through = scope.partition("@")
        unknown = [letter for letter in letters if letter not in VERBS]
        if unknown or scope not in SCOPES:
            raise ValueError(f"the cell {cell!r} has no known meaning")
        found.append(Grant(frozenset(VERBS[letter] for letter in letters), SCOPES[scope], view, through, rows))
    return tuple(found)


def access(register: str) -> Mapping[str, tuple[Grant, ...]]:
    """Role -> grants of one register of the matrix. Raises KeyError for a register that has no column."""
    return MappingProxyType({role: grants(cell) for role, cell in MATRIX[register].items()})
