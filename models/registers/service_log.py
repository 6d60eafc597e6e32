"""The service log (服务登记簿): every request from the first call to the archived voucher. Source: registers.md 2.

The tables and the register; fields, layout, acts, rules, forms and functions have their rooms in `models.services`.
"""

from __future__ import annotations

from peewee import BooleanField, CharField, DeferredForeignKey, ForeignKeyField, IntegerField, TextField

from models.accounts import Area, Department, User
from models.base import LineModel
from models.evidence import StoredFile
from models.fields import DayField, InstantField, MoneyField, NumberField, QuantityField
from models.ledger.tied import service_in_ledger
from models.matrix import access
from models.records import RecordModel
from models.register import Ahead, Always, Child, Numbering, Register, Series, Text
from models.registers.complaint import Complaint
from models.registers.contract import Contract
from models.registers.customer_archive import CustomerArchive
from models.registers.product import Product
from models.registers.warehouse import Warehouse
from models.services import acts, fields, forms, layout, rules
from models.services.deeds import (
    another_countersigns,
    away_approved,
    bind_into_volume,
    cash_confirmed,
    collect_on_the_spot,
    content_entered,
    cost_of_service,
    customer_told,
    fine_for_form,
    fine_for_keeping,
    invoice_larger,
    keep_until,
    note_finding,
    parts_in_stock,
    put_on_shelf,
    second_part_back,
    send_out,
    sent_by_another,
    settle,
    signed_by_customer,
    take_parts,
    tell_customer,
)
from models.services.truth import (
    fill_request,
    first_priority,
    kind_fits,
    linked_complaint,
    mark_late_entry,
    propose_area_staff,
    purchase_known,
    received_before_registered,
    time_registration,
    times_in_order,
)

# The functions that rows and acts name; they are looked up here.
__all__ = [
    "REGISTER",
    "another_countersigns",
    "away_approved",
    "bind_into_volume",
    "cash_confirmed",
    "collect_on_the_spot",
    "content_entered",
    "cost_of_service",
    "customer_told",
    "fill_request",
    "fine_for_form",
    "fine_for_keeping",
    "first_priority",
    "invoice_larger",
    "keep_until",
    "kind_fits",
    "linked_complaint",
    "mark_late_entry",
    "note_finding",
    "parts_in_stock",
    "propose_area_staff",
    "purchase_known",
    "put_on_shelf",
    "received_before_registered",
    "second_part_back",
    "send_out",
    "sent_by_another",
    "service_in_ledger",
    "settle",
    "signed_by_customer",
    "take_parts",
    "tell_customer",
    "time_registration",
    "times_in_order",
]


class ServiceLog(RecordModel):
    """One service, from the call to the archived voucher. Once it is dispatched the technician is its owner."""

    voucher_no = NumberField(unique=True, null=True)
    day_sequence = IntegerField(null=True)
    received_at = InstantField(null=True, index=True)
    registered_at = InstantField(null=True, index=True)
    register_delay_minutes = IntegerField(null=True)
    late_registered = BooleanField(default=False)
    late_entry = BooleanField(default=False)
    channel = CharField(20, default="")
    origin = CharField(20, default="")
    complaint = ForeignKeyField(Complaint, null=True, on_delete="RESTRICT", backref="+")
    service_kind = CharField(1, default="")
    service_content_class = CharField(20, default="")
    transport_mode = CharField(20, default="")
    service_basis = CharField(120, default="")
    contract = ForeignKeyField(Contract, null=True, on_delete="RESTRICT", backref="+")
    customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
    customer_name = CharField(120, default="")
    customer_department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
    service_address = CharField(200, default="")
    service_phone = CharField(30, default="")
    contact_person = CharField(40, default="")
    product_model = CharField(60, default="")
    specification = CharField(60, default="")
    serial_or_batch = CharField(40, default="")
    purchased_on = DayField(null=True)
    purchased_at = CharField(100, default="")
    purchase_unknown = BooleanField(default=False)
    purchase_unknown_reason = CharField(120, default="")
    in_warranty = BooleanField(null=True)
    fault_description = TextField(default="")
    told_limit_at = InstantField(null=True)
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", backref="+")
    area_staff = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    out_of_town = BooleanField(default=False)
    out_of_town_application = DeferredForeignKey("OutOfTownApplication", null=True, on_delete="RESTRICT", backref="+")
    priority = CharField(20, default="normal")
    signature_order = CharField(30, default="customer_then_manager")
    dispatched_to = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    dispatched_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    dispatched_at = InstantField(null=True)
    visit_count = IntegerField(default=0)
    arrived_at = InstantField(null=True)
    started_at = InstantField(null=True)
    finished_at = InstantField(null=True, index=True)
    work_done = TextField(default="")
    cause = TextField(default="")
    measure = TextField(default="")
    warehouse = ForeignKeyField(Warehouse, null=True, on_delete="RESTRICT", backref="+")
    charge_amount = MoneyField(null=True)
    charge_mode = CharField(20, default="")
    cash_handed_on = DayField(null=True)
    cashier = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    invoice_no = CharField(30, default="")
    travel_cost = MoneyField(null=True)
    allowance = MoneyField(null=True)
    service_cost = MoneyField(null=True)
    customer_signed_by = CharField(40, default="")
    customer_signed_at = InstantField(null=True)
    signed_paper = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
    second_part_back_on = DayField(null=True)
    satisfaction = CharField(20, default="")
    result_told_on = DayField(null=True)
    shelf_no = CharField(40, default="")
    volume_month = CharField(7, default="", index=True)
    retention_until = DayField(null=True)

    class Meta:
        table_name = "service_log"


class ServicePart(LineModel):
    """One part used. `taken` is what has left the stock for it already; it outlives a visit that did not solve the case."""

    record = ForeignKeyField(ServiceLog, on_delete="RESTRICT", backref="+")
    product = ForeignKeyField(Product, on_delete="RESTRICT", backref="+")
    quantity = QuantityField(default=0)
    price = MoneyField(null=True)
    amount = MoneyField(null=True)
    taken = QuantityField(default=0)

    class Meta:
        table_name = "service_part"


class ServiceMaterial(LineModel):
    """Publicity material handed out on a service (宣传品)."""

    record = ForeignKeyField(ServiceLog, on_delete="RESTRICT", backref="+")
    name = CharField(60)
    quantity = IntegerField(default=1)

    class Meta:
        table_name = "service_material"


class ServiceVisit(LineModel):
    """One visit that did not solve the case, kept as it was when the entry was sent out again."""

    record = ForeignKeyField(ServiceLog, on_delete="RESTRICT", backref="+")
    visit_no = IntegerField()
    technician = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    dispatched_at = InstantField(null=True)
    arrived_at = InstantField(null=True)
    started_at = InstantField(null=True)
    finished_at = InstantField(null=True)
    work_done = TextField(default="")
    reason = TextField(default="")

    class Meta:
        table_name = "service_visit"


class ServiceFinding(LineModel):
    """One finding on how the entry or its papers were kept, with the fine that it proposes."""

    record = ForeignKeyField(ServiceLog, on_delete="RESTRICT", backref="+")
    found_on = DayField()
    kind = CharField(20)
    fine = MoneyField()
    reason = TextField(default="")
    by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")

    class Meta:
        table_name = "service_finding"


REGISTER = Register(
    name="service_log",
    zh="服务登记簿",
    en="service log",
    group=Text("售后服务", "After-sales service"),
    menu=400,
    model=ServiceLog,
    fields=fields.FIELDS,
    children=(
        Child("parts_used", "用件", "parts used", ServicePart, fields.PARTS, rule="SVC-39", in_acts=True),
        Child(
            "materials", "宣传品", "publicity material", ServiceMaterial, fields.MATERIALS, rule="SVC-37", in_acts=True
        ),
        Child(
            "visits",
            "未解决的上门",
            "visits that did not solve it",
            ServiceVisit,
            fields.VISITS,
            system=True,
            in_acts=True,
        ),
        Child("findings", "查处", "findings", ServiceFinding, fields.FINDINGS, system=True, in_acts=True),
    ),
    access=access("service_log"),
    sections=layout.SECTIONS,
    columns=layout.COLUMNS,
    label=("number", "customer_name"),
    search=layout.SEARCH,
    sort=layout.SORT,
    filters=layout.FILTERS,
    lists=layout.LISTS,
    views=layout.VIEWS,
    unmask=layout.UNMASK,
    links=layout.LINKS,
    states=acts.STATES,
    slots=acts.SLOTS,
    acts=acts.ACTS,
    always=(Always(("create", "update"), guard="linked_complaint", compute="fill_request"),),
    rules=rules.RULES,
    prints=forms.PRINTS,
    numbering=Numbering("FW"),
    series=(
        Series("voucher_no", Numbering("PZ"), rule="SVC-03"),
        Series("day_sequence", Numbering("", per="day"), rule="SVC-18"),
    ),
    ahead=(Ahead("priority", "next_day", "dispatched"),),
    kept_by=("customer_service", "business"),
    own=("owner", "created_by", "dispatched_to", "area_staff"),
    waiting_first=True,
    holds=(("customer", ()),),
)
