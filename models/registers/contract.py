"""Sales contracts (销售合同), as far as services need them: whose, for what, from when to when. Source: registers.md 13.

The table and the register; its lines, prices and reviews come with the whole register, and what is here keeps its names.
"""

from __future__ import annotations

from peewee import CharField, ForeignKeyField, TextField

from models.accounts import User
from models.contracts import acts, fields, layout, rules
from models.contracts.truth import fill_contract, term_in_order
from models.fields import DayField
from models.matrix import access
from models.records import RecordModel
from models.register import Always, Numbering, Register, Text
from models.registers.customer_archive import CustomerArchive

# The functions that rows name; they are looked up here.
__all__ = ["REGISTER", "Contract", "fill_contract", "term_in_order"]


class Contract(RecordModel):
    """One contract with one customer."""

    customer = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
    customer_name = CharField(120, default="")
    subject = TextField(default="")
    signed_on = DayField(null=True)
    valid_from = DayField(null=True)
    valid_to = DayField(null=True, index=True)
    signer = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")

    class Meta:
        table_name = "contract"


REGISTER = Register(
    name="contract",
    zh="销售合同",
    en="sales contracts",
    group=Text("客户", "Customers"),
    menu=150,
    model=Contract,
    fields=fields.FIELDS,
    access=access("contract"),
    sections=layout.SECTIONS,
    columns=layout.COLUMNS,
    label=("number", "subject"),
    search=layout.SEARCH,
    sort=layout.SORT,
    filters=layout.FILTERS,
    views=layout.VIEWS,
    states=acts.STATES,
    slots=acts.SLOTS,
    acts=acts.ACTS,
    always=(
        Always(("create", "update", "signed"), guard="term_in_order"),
        Always(("create", "update"), compute="fill_contract"),
    ),
    rules=rules.RULES,
    prints=layout.PRINTS,
    numbering=Numbering("HT"),
    holds=(("customer", ("draft",)),),
    waiting_first=True,
)
