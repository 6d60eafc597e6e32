"""Key checkout (钥匙领用登记表): who has which car key, from when to when, for what. Source: registers.md 5, decisions.md 15, 25, 32.

The table and the register; fields, layout, acts, rules, forms and functions have their rooms in `models.keys`.
"""

from __future__ import annotations

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, TextField

from models.accounts import Group, User
from models.evidence import StoredFile
from models.fields import DayField, InstantField, MoneyField, PercentField
from models.keys import acts, fields, forms, layout, rules
from models.keys.deeds import (
    damage_borne,
    damage_described,
    fine_for_loss,
    hand_out,
    key_in_store,
    loss_told,
    move_key,
    take_back,
    windows_left_open,
)
from models.keys.times import drive_within_checkout, held_after_the_end
from models.keys.truth import (
    accepted_before_transfer,
    bank_run_consented,
    fill_from_key,
    guided,
    loan_paid_out,
    money_in,
    one_new_arrival,
    other_use_consented,
    papers_complete,
    true_and_purposeful,
)
from models.matrix import access
from models.records import RecordModel
from models.register import Numbering, Register, Text
from models.registers.car_key import CarKey
from models.registers.customer_archive import CustomerArchive
from models.registers.vehicle_stock import VehicleStock

# The functions that rule rows and acts name; they are looked up here.
__all__ = [
    "REGISTER",
    "accepted_before_transfer",
    "bank_run_consented",
    "damage_borne",
    "damage_described",
    "drive_within_checkout",
    "fill_from_key",
    "fine_for_loss",
    "guided",
    "hand_out",
    "held_after_the_end",
    "key_in_store",
    "loan_paid_out",
    "loss_told",
    "money_in",
    "move_key",
    "one_new_arrival",
    "other_use_consented",
    "papers_complete",
    "take_back",
    "true_and_purposeful",
    "windows_left_open",
]


class KeyCheckout(RecordModel):
    """One key taken for one purpose. The holder is its owner for good; times are kept to the second."""

    key = ForeignKeyField(CarKey, on_delete="RESTRICT", backref="+")
    car = ForeignKeyField(VehicleStock, null=True, on_delete="RESTRICT", backref="+")
    car_class = CharField(20, default="")
    holder = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    group = ForeignKeyField(Group, null=True, on_delete="RESTRICT", backref="+")
    purpose = CharField(20)
    customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
    test_drive = CharField(40, default="")
    order = CharField(40, default="")
    payment_mode = CharField(20, default="")
    loan_disbursed_on = DayField(null=True)
    accompanied_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    companion = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    outlet_transfer = BooleanField(default=False)
    dealer_person = CharField(40, default="")
    agreement_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    licence_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    confirmation_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    survey_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    issued_at = InstantField(null=True, index=True)
    issued_entered_at = InstantField(null=True)
    issued_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    odometer_out = IntegerField(null=True)
    odometer_in = IntegerField(null=True)
    drive_started_at = InstantField(null=True)
    drive_ended_at = InstantField(null=True)
    returned_at = InstantField(null=True)
    returned_entered_at = InstantField(null=True)
    received_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    backdate_reason = TextField(default="")
    incomplete = BooleanField(default=False)
    held_after_end = IntegerField(null=True)
    late = BooleanField(null=True)
    fine_late = MoneyField(null=True)
    check_windows = CharField(20, default="")
    check_doors = CharField(20, default="")
    check_body = CharField(20, default="")
    check_interior = CharField(20, default="")
    damage = TextField(default="")
    responsible = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    window_payer = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    fine_window = MoneyField(null=True)
    damage_borne_by = CharField(20, default="")
    damage_share = PercentField(null=True)
    lost_at = InstantField(null=True)
    compensation = MoneyField(null=True)
    fine_lost = MoneyField(null=True)

    class Meta:
        table_name = "key_checkout"


REGISTER = Register(
    name="key_checkout",
    zh="钥匙领用登记表",
    en="key checkout register",
    group=Text("车辆", "Cars"),
    menu=300,
    model=KeyCheckout,
    fields=fields.FIELDS,
    access=access("key_checkout"),
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
    lists=layout.LISTS,
    prints=forms.PRINTS,
    views=layout.VIEWS,
    numbering=Numbering("YS"),
    kept_by=("showroom",),
    own=("owner", "created_by"),
    owner_is="holder",
    holds=(("customer", ()),),
    waiting_first=True,
)
