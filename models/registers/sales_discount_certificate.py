"""Sales discount certificates (销货折扣证明单): discount or compensation after a complaint. Source: registers.md 3.3.

The table and the register; fields, layout, acts, rules, forms and functions have their rooms in `models.returns`.
"""

from __future__ import annotations

from peewee import CharField, ForeignKeyField

from models.evidence import StoredFile
from models.fields import DayField, MoneyField
from models.matrix import access
from models.records import RecordModel
from models.register import Always, Numbering, Register, Text
from models.registers.complaint import Complaint
from models.registers.customer_archive import CustomerArchive
from models.returns import paper_acts, paper_fields, paper_forms, paper_layout, paper_rules
from models.returns.papers import finish_paper, paid_as_decided, posted_in_time, take_complaint, take_paper

# The functions that rows and acts name; they are looked up here.
__all__ = [
    "REGISTER",
    "SalesDiscountCertificate",
    "finish_paper",
    "paid_as_decided",
    "posted_in_time",
    "take_complaint",
    "take_paper",
]


class SalesDiscountCertificate(RecordModel):
    """One sum of money granted on one complaint, sealed by the customer."""

    complaint = ForeignKeyField(Complaint, on_delete="RESTRICT", backref="+")
    complaint_no = CharField(24, default="")
    customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
    customer_name = CharField(120, default="")
    order_no = CharField(30, default="")
    kind = CharField(20)
    amount = MoneyField()
    customer_seal_on = DayField(null=True)
    sealed_paper = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    posted_on = DayField(null=True)

    class Meta:
        table_name = "sales_discount_certificate"


REGISTER = Register(
    name="sales_discount_certificate",
    zh="销货折扣证明单",
    en="sales discount certificates",
    group=Text("售后服务", "After-sales service"),
    menu=440,
    model=SalesDiscountCertificate,
    fields=paper_fields.FIELDS,
    access=access("sales_discount_certificate"),
    sections=paper_layout.SECTIONS,
    columns=paper_layout.COLUMNS,
    label=("number", "customer_name"),
    search=paper_layout.SEARCH,
    sort=paper_layout.SORT,
    filters=paper_layout.FILTERS,
    states=paper_acts.STATES,
    slots=paper_acts.SLOTS,
    acts=paper_acts.ACTS,
    always=(Always(("create",), compute="take_paper"), Always(("posted",), guard="posted_in_time")),
    rules=paper_rules.RULES,
    prints=paper_forms.PRINTS,
    numbering=Numbering("ZK"),
    holds=(("customer", ()),),
    waiting_first=True,
)
