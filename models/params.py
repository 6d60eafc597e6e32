"""Settings with a date: every adjustable number of a rule is a row, a change is a new row with a later `valid_from`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from peewee import CharField, ForeignKeyField, TextField

from models.accounts import User
from models.base import Row
from models.fields import DayField, InstantField


class Param(Row):
    """One value of one setting from one day on. Rows are never edited (ACL-05)."""

    name = CharField(60)
    value = CharField(200)
    unit = CharField(60)
    valid_from = DayField()
    rules = CharField(120, default="")
    remark = TextField(default="")
    set_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    set_at = InstantField()

    class Meta:
        table_name = "param"
        indexes = ((("name", "valid_from"), True),)


def param(name: str, on: dt.date) -> Decimal:
    """The figure in force on the day `on`. Raises LookupError when the setting has no row that early. One query."""
    return Decimal(setting(name, on))


def setting(name: str, on: dt.date) -> str:
    """The value in force on the day `on` as it is written. Raises LookupError when there is no row that early. One query."""
    row = (
        Param.select(Param.value)
        .where((Param.name == name) & (Param.valid_from <= on))
        .order_by(Param.valid_from.desc())
        .first()
    )
    if row is None:
        raise LookupError(f"setting {name} has no value on {on.isoformat()}")
    return str(row.value)
