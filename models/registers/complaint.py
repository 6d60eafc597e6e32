"""Complaints (客户投诉处理表), as far as returns and services need them. Source: registers.md 6, decisions.md 31.

The table and the register; verification, causes, sanctions and deadlines come with the whole register, and what is here keeps its names.
"""

from __future__ import annotations

from peewee import CharField, ForeignKeyField, TextField

from models.accounts import User
from models.complaints import acts, fields, layout, rules
from models.complaints.truth import decide, end_of_case, facts_in_order, fill_complaint, told_after_decision
from models.fields import DayField, InstantField, MoneyField, QuantityField
from models.ledger.tied import case_in_ledger
from models.matrix import access
from models.records import RecordModel
from models.register import Always, Link, Numbering, Register, Text
from models.registers.customer_archive import CustomerArchive
from models.registers.product import Product

# The functions that rows and acts name; they are looked up here.
__all__ = [
    "REGISTER",
    "Complaint",
    "case_in_ledger",
    "decide",
    "end_of_case",
    "facts_in_order",
    "fill_complaint",
    "told_after_decision",
]


class Complaint(RecordModel):
    """One complaint. `settlement` tells of the paper that its decision ordered: none, under way, done."""

    customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
    customer_name = CharField(120, default="")
    complainant = CharField(40)
    received_at = InstantField(index=True)
    received_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    order_no = CharField(30)
    product = ForeignKeyField(Product, on_delete="RESTRICT", backref="+")
    specification = CharField(60, default="")
    batch_no = CharField(30, default="")
    delivered_qty = QuantityField(null=True)
    defective_qty = QuantityField(null=True)
    category = CharField(20)
    demand = TextField(default="")
    handler = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    method = CharField(20, default="")
    approved_qty = QuantityField(null=True)
    amount = MoneyField(null=True)
    decision = TextField(default="")
    decided_on = DayField(null=True)
    notified_on = DayField(null=True)
    accepted_on = DayField(null=True)
    settlement = CharField(20, default="none")

    class Meta:
        table_name = "complaint"


REGISTER = Register(
    name="complaint",
    zh="客户投诉处理表",
    en="complaints",
    group=Text("售后服务", "After-sales service"),
    menu=420,
    model=Complaint,
    fields=fields.FIELDS,
    access=access("complaint"),
    sections=layout.SECTIONS,
    columns=layout.COLUMNS,
    label=("number", "customer_name"),
    search=layout.SEARCH,
    sort=layout.SORT,
    filters=layout.FILTERS,
    views=layout.VIEWS,
    rows=layout.ROWS,
    states=acts.STATES,
    slots=acts.SLOTS,
    acts=acts.ACTS,
    always=(
        Always(("create", "update"), guard="facts_in_order", compute="fill_complaint"),
        Always(("notified",), guard="told_after_decision"),
    ),
    rules=rules.RULES,
    prints=layout.PRINTS,
    links=(
        Link("product_return", "complaint", "退货单", "return slips", create=Text("开退货单", "make a return slip")),
        Link(
            "sales_discount_certificate",
            "complaint",
            "销货折扣证明单",
            "discount certificates",
            create=Text("开销货折扣证明单", "make a discount certificate"),
        ),
        Link(
            "aftersales_ledger",
            "complaint",
            "台帐记录",
            "ledger lines",
            create=Text("登记台帐", "enter in the ledger"),
            if_any=True,
        ),
    ),
    numbering=Numbering("TS"),
    kept_by=("customer_service", "market"),
    own=("owner", "created_by", "handler"),
    holds=(("customer", ()),),
    waiting_first=True,
)
