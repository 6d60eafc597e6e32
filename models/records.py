"""The base model of registers with a number, a state and persons."""

from __future__ import annotations

from peewee import CharField, ForeignKeyField, TextField

from models.accounts import Department, User
from models.base import BaseModel
from models.fields import NumberField


class RecordModel(BaseModel):
    """One record of a register: number, state, whose it is and who made it. Everything here is written by the engine.

    The departments are those of owner and maker at creation (decisions.md 1); they stay empty only when the person had none.
    """

    number = NumberField(unique=True)
    state = CharField(40, index=True)
    department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
    maker_department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
    owner = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    created_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    updated_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    remarks = TextField(default="")

    def __str__(self) -> str:
        return str(self.number)
