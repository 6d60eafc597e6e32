"""Product return slips (产品退货单): from the decision on a complaint to the transfer voucher. Source: registers.md 3.2.

Decisions.md 14, 23 and 35 say who takes which step. The table and the register; fields, layout, acts, rules, forms and functions
have their rooms in `models.returns`.
"""

from __future__ import annotations

from peewee import CharField, ForeignKeyField, TextField

from models.fields import DayField, QuantityField
from models.ledger.tied import five_different, slip_in_ledger
from models.matrix import access
from models.records import RecordModel
from models.register import Always, Link, Numbering, Register, Text
from models.registers.complaint import Complaint
from models.registers.customer_archive import CustomerArchive
from models.registers.product import Product
from models.returns import slip_acts, slip_fields, slip_forms, slip_layout, slip_rules
from models.returns.slips import (
    approved_before_receipt,
    decide_again,
    decided_to_return,
    equal_before_voucher,
    fill_slip,
    finish_slip,
    goods_checked,
    take_complaint,
    take_difference,
    take_slip,
)

# The functions that rows and acts name; they are looked up here.
__all__ = [
    "REGISTER",
    "ProductReturn",
    "approved_before_receipt",
    "decide_again",
    "decided_to_return",
    "equal_before_voucher",
    "fill_slip",
    "finish_slip",
    "five_different",
    "goods_checked",
    "slip_in_ledger",
    "take_complaint",
    "take_difference",
    "take_slip",
]


class ProductReturn(RecordModel):
    """One return of one product on one complaint. What was decided is copied from there, what came back is the keeper's to write."""

    complaint = ForeignKeyField(Complaint, on_delete="RESTRICT", backref="+")
    complaint_no = CharField(24, default="")
    customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
    customer_name = CharField(120, default="")
    order_no = CharField(30, default="")
    product = ForeignKeyField(Product, null=True, on_delete="RESTRICT", backref="+")
    specification = CharField(60, default="")
    batch_no = CharField(30, default="")
    return_reason = TextField(default="")
    handling = CharField(20, default="")
    basis = TextField(default="")
    approved_qty = QuantityField(null=True)
    received_qty = QuantityField(null=True)
    received_on = DayField(null=True)
    difference = QuantityField(null=True)
    posting_no = CharField(30, default="")

    class Meta:
        table_name = "product_return"


REGISTER = Register(
    name="product_return",
    zh="产品退货单",
    en="return slips",
    group=Text("售后服务", "After-sales service"),
    menu=430,
    model=ProductReturn,
    fields=slip_fields.FIELDS,
    access=access("product_return"),
    sections=slip_layout.SECTIONS,
    columns=slip_layout.COLUMNS,
    label=("number", "customer_name"),
    search=slip_layout.SEARCH,
    sort=slip_layout.SORT,
    filters=slip_layout.FILTERS,
    lists=slip_layout.LISTS,
    rows=slip_layout.ROWS,
    states=slip_acts.STATES,
    slots=slip_acts.SLOTS,
    acts=slip_acts.ACTS,
    always=(Always(("create",), compute="take_slip"), Always(("create", "update"), compute="fill_slip")),
    rules=slip_rules.RULES,
    prints=slip_forms.PRINTS,
    links=(
        Link(
            "aftersales_ledger",
            "return_slip",
            "台帐记录",
            "ledger lines",
            create=Text("登记台帐", "enter in the ledger"),
        ),
    ),
    numbering=Numbering("TH"),
    kept_by=("business",),
    holds=(("customer", ()),),
    waiting_first=True,
)
