"""The after-sales product quantity ledger (售后服务产品数量台帐): what came back, went out, was repaired, scrapped or paid for, and what is
in hand. Source: registers.md 3.1, decisions.md 13, 21, 35.

The tables and the register; fields, layout, acts, rules, forms and functions have their rooms in `models.ledger`.
"""

from __future__ import annotations

from peewee import CharField, ForeignKeyField, TextField

from models.accounts import Area, User
from models.balances import Balance, Balances
from models.base import LineModel
from models.evidence import StoredFile
from models.fields import DayField, InstantField, MoneyField, QuantityField
from models.ledger import acts, fields, forms, layout, rules
from models.ledger.deeds import bear_fee, execute, fill_line, inspect, propose_staff, refuse, reverse, tell
from models.ledger.truth import (
    different_people,
    entered_by_area,
    failed_inspection,
    formalities_done,
    granted,
    inspected_in_time,
    line_in_order,
    links_fit,
    one_unit,
    quality_opinion,
    slip_for_return,
    third_party_named,
)
from models.matrix import access
from models.records import RecordModel
from models.register import Always, Child, Link, Numbering, Register, Text
from models.registers.complaint import Complaint
from models.registers.contract import Contract
from models.registers.customer_archive import CustomerArchive
from models.registers.product import Product
from models.registers.product_return import ProductReturn
from models.registers.service_log import ServiceLog

# The functions that rows and acts name; they are looked up here.
__all__ = [
    "REGISTER",
    "AftersalesLedger",
    "bear_fee",
    "different_people",
    "entered_by_area",
    "execute",
    "failed_inspection",
    "fill_line",
    "formalities_done",
    "granted",
    "inspect",
    "inspected_in_time",
    "line_in_order",
    "links_fit",
    "one_unit",
    "propose_staff",
    "quality_opinion",
    "refuse",
    "reverse",
    "slip_for_return",
    "tell",
    "third_party_named",
]


class AftersalesLedger(RecordModel):
    """One movement of one product in one area. It counts once `executed_at` is set; the balances are those after it."""

    happened_on = DayField(index=True)
    customer = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
    customer_name = CharField(120, default="")
    area = ForeignKeyField(Area, on_delete="RESTRICT", backref="+")
    area_staff = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    movement = CharField(20)
    product = ForeignKeyField(Product, on_delete="RESTRICT", backref="+")
    specification = CharField(60)
    batch_no = CharField(30, default="")
    quantity = QuantityField(null=True)
    unit = CharField(20, default="")
    amount = MoneyField(null=True)
    ground = CharField(20)
    order = CharField(30, default="")
    contract = ForeignKeyField(Contract, null=True, on_delete="RESTRICT", backref="+")
    third_party = CharField(60, default="")
    claim = TextField(default="")
    service_entry = ForeignKeyField(ServiceLog, null=True, on_delete="RESTRICT", backref="+")
    complaint = ForeignKeyField(Complaint, null=True, on_delete="RESTRICT", backref="+")
    return_slip = ForeignKeyField(ProductReturn, null=True, on_delete="RESTRICT", backref="+")
    inspection_no = CharField(30, default="")
    inspection_result = CharField(20, default="")
    inspected_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    inspected_on = DayField(null=True)
    inspection_fee = MoneyField(null=True)
    fee_payer = CharField(20, default="")
    disposition = CharField(20, default="")
    refusal_told_on = DayField(null=True)
    executed_at = InstantField(null=True)
    executed_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    defective_balance = QuantityField(null=True)
    replacement_balance = QuantityField(null=True)
    reverses = ForeignKeyField("self", null=True, on_delete="RESTRICT", backref="+")

    class Meta:
        table_name = "aftersales_ledger"
        indexes = ((("product", "specification", "area", "happened_on", "executed_at", "id"), False),)


class LedgerPaper(LineModel):
    """One voucher or quality record behind a line, by its class."""

    record = ForeignKeyField(AftersalesLedger, on_delete="RESTRICT", backref="+")
    paper_class = CharField(20)
    paper_no = CharField(40, default="")
    title = CharField(120)
    file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")

    class Meta:
        table_name = "aftersales_paper"


REGISTER = Register(
    name="aftersales_ledger",
    zh="售后产品数量台帐",
    en="after-sales product ledger",
    group=Text("售后服务", "After-sales service"),
    menu=410,
    model=AftersalesLedger,
    fields=fields.FIELDS,
    children=(
        Child("papers", "凭证与质量记录", "vouchers and quality records", LedgerPaper, fields.PAPER, rule="LED-04"),
    ),
    access=access("aftersales_ledger"),
    sections=layout.SECTIONS,
    columns=layout.COLUMNS,
    label=("number", "customer_name"),
    search=layout.SEARCH,
    sort=layout.SORT,
    filters=layout.FILTERS,
    lists=layout.LISTS,
    states=acts.STATES,
    slots=acts.SLOTS,
    acts=acts.ACTS,
    always=(
        Always(("create", "update"), guard="line_in_order", compute="fill_line"),
        Always(("create", "update", "link"), guard="links_fit"),
        Always(("link",), compute="fill_line"),
        Always(("inspected", "refusal_told"), guard="inspected_in_time"),
    ),
    rules=rules.RULES,
    prints=forms.PRINTS,
    reports=forms.REPORTS,
    links=(Link("aftersales_ledger", "reverses", "冲销单", "counter lines", if_any=True),),
    balances=Balances(
        keys=("product", "specification", "area"),
        kind="movement",
        quantity="quantity",
        day="happened_on",
        order="executed_at",
        counter="reverses",
        kept=(
            Balance(
                "defective_balance",
                "问题品结存",
                "defective in hand",
                plus=("received",),
                minus=("repair_out", "handed_over", "to_stock", "scrap"),
            ),
            Balance(
                "replacement_balance",
                "备换品结存",
                "replacement in hand",
                plus=("stock_in",),
                minus=("exchange_out", "make_up", "stock_back"),
            ),
        ),
        rule="LED-10",
    ),
    numbering=Numbering("TZ"),
    kept_by=("business",),
    holds=(("customer", ("open", "inspected", "approved", "executed")),),
    waiting_first=True,
)
