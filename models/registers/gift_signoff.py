"""Gift applications: asked for, signed twice, registered on collection, signed for by the customer. Source: registers.md 4.

The tables and the register; fields, layout, acts, rules, forms and functions have their rooms in `models.gifts`.
"""

from __future__ import annotations

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField

from models.accounts import User
from models.base import LineModel
from models.evidence import StoredFile
from models.fields import DayField, InstantField, MoneyField
from models.gifts import acts, fields, forms, layout, rules
from models.gifts.deeds import (
    enter_quantities,
    fine_undelivered,
    move_stock,
    register_collection,
    signed_for,
    within_what_was_issued,
)
from models.gifts.truth import (
    applied_before_visit,
    applied_for,
    consent_for_roadshow,
    date_application,
    has_value,
    mark_after_the_fact,
    value_lines,
)
from models.matrix import access
from models.records import RecordModel
from models.register import Child, Numbering, Register, Text
from models.registers.customer_archive import CustomerArchive
from models.registers.gift_item import GiftItem

# The functions that rule rows and acts name; they are looked up here.
__all__ = [
    "REGISTER",
    "applied_before_visit",
    "applied_for",
    "consent_for_roadshow",
    "date_application",
    "enter_quantities",
    "fine_undelivered",
    "has_value",
    "mark_after_the_fact",
    "move_stock",
    "register_collection",
    "signed_for",
    "value_lines",
    "within_what_was_issued",
]


class GiftSignoff(RecordModel):
    """One application for gifts, from the wish to the signed sheet. The applicant is its owner for good."""

    applicant = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    purpose = CharField(20)
    customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
    visit = CharField(40, default="")
    visit_on = DayField(null=True)
    roadshow = CharField(40, default="")
    planned_delivery_on = DayField(null=True)
    applied_on = DayField(null=True, index=True)
    after_the_fact = BooleanField(default=False)
    total_value = MoneyField(default=0)
    issued_at = InstantField(null=True)
    signoff_signer = CharField(40, default="")
    signoff_on = DayField(null=True)
    signoff_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    fine_amount = MoneyField(default=0)

    class Meta:
        table_name = "gift_signoff"


class GiftLine(LineModel):
    """One gift of an application. The unit value is the stock's at application; later it stays as it is."""

    record = ForeignKeyField(GiftSignoff, on_delete="RESTRICT", backref="+")
    gift = ForeignKeyField(GiftItem, on_delete="RESTRICT", backref="+")
    quantity = IntegerField(default=0)
    unit_value = MoneyField(default=0)
    amount = MoneyField(default=0)
    signed_qty = IntegerField(default=0)
    returned_qty = IntegerField(default=0)
    undelivered_qty = IntegerField(default=0)

    class Meta:
        table_name = "gift_line"


REGISTER = Register(
    name="gift_signoff",
    zh="礼品申请与签收",
    en="gift applications",
    group=Text("礼品", "Gifts"),
    menu=200,
    model=GiftSignoff,
    fields=fields.FIELDS,
    children=(Child("lines", "礼品明细", "gifts", GiftLine, fields.LINE, minimum=1),),
    access=access("gift_signoff"),
    sections=layout.SECTIONS,
    columns=layout.COLUMNS,
    label=("number",),
    search=layout.SEARCH,
    sort=layout.SORT,
    filters=layout.FILTERS,
    states=acts.STATES,
    slots=acts.SLOTS,
    acts=acts.ACTS,
    rules=rules.RULES,
    prints=forms.PRINTS,
    numbering=Numbering("LP"),
    kept_by=("market",),
    owner_updates=("draft",),
    copy_from=("refused", "withdrawn"),
    copy_label=Text("再次申请", "apply again"),
    waiting_first=True,
    holds=(("customer", ()),),
)
