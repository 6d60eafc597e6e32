"""Out-of-town service applications (异地服务申请单): who goes where for which entry, approved before departure. Source: registers.md 2.

The tables and the register; fields, acts, rules, forms and functions have their room in `models.services.away`.
"""

from __future__ import annotations

from peewee import CharField, ForeignKeyField, TextField

from models.accounts import User
from models.base import LineModel
from models.fields import InstantField, MoneyField
from models.matrix import access
from models.records import RecordModel
from models.register import Always, Child, Numbering, Register, Text
from models.registers.service_log import ServiceLog
from models.services import away
from models.services.away import name_customer, no_traveller_approves, note_on_entry, plan_in_order

# The functions that rows and acts name; they are looked up here.
__all__ = ["REGISTER", "name_customer", "no_traveller_approves", "note_on_entry", "plan_in_order"]


class OutOfTownApplication(RecordModel):
    """One application to serve in another town, made by whoever goes there."""

    service_entry = ForeignKeyField(ServiceLog, on_delete="RESTRICT", backref="+")
    customer_name = CharField(120, default="")
    place = CharField(100, default="")
    planned_from = InstantField(null=True)
    planned_to = InstantField(null=True)
    travel_budget = MoneyField(null=True)
    allowance_budget = MoneyField(null=True)
    reason = TextField(default="")

    class Meta:
        table_name = "out_of_town_application"


class OutOfTownPerson(LineModel):
    """One person who goes."""

    record = ForeignKeyField(OutOfTownApplication, on_delete="RESTRICT", backref="+")
    person = ForeignKeyField(User, on_delete="RESTRICT", backref="+")

    class Meta:
        table_name = "out_of_town_person"


REGISTER = Register(
    name="out_of_town_application",
    zh="异地服务申请单",
    en="out-of-town applications",
    group=Text("售后服务", "After-sales service"),
    menu=410,
    model=OutOfTownApplication,
    fields=away.FIELDS,
    children=(Child("people", "外出人员", "travellers", OutOfTownPerson, away.PEOPLE, minimum=1),),
    access=access("out_of_town_application"),
    sections=away.SECTIONS,
    columns=away.COLUMNS,
    label=("number", "place"),
    search=("number", "place", "customer_name"),
    sort=("number", "planned_from", "planned_to", "state", "travel_budget"),
    filters=("state", "service_entry", "owner", "department", "planned_from", "planned_to"),
    states=away.STATES,
    slots=away.SLOTS,
    acts=away.ACTS,
    always=(Always(("create", "update"), guard="plan_in_order", compute="name_customer"),),
    rules=away.RULES,
    prints=away.PRINTS,
    numbering=Numbering("YD"),
    kept_by=("customer_service", "business"),
    own=("owner", "created_by"),
    owner_updates=("draft",),
    copy_from=("refused",),
    copy_label=Text("再次申请", "apply again"),
    waiting_first=True,
)
