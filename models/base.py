"""The database proxy and the two base models: `BaseModel` for masters, `RecordModel` for registers with number and state."""

from __future__ import annotations

from typing import Any

from peewee import BigIntegerField, CharField, DatabaseProxy, IntegerField, Model, SmallIntegerField, TextField

from models.fields import InstantField, NumberField

db: DatabaseProxy = DatabaseProxy()


class Row(Model):
    """A table without life of its own: no version, no maker."""

    id: Any

    class Meta:
        database = db
        legacy_table_names = False
        only_save_dirty = True


class BaseModel(Row):
    """A record that people keep: every save raises `version`, a save on an old version is refused."""

    version = IntegerField(default=1)
    created_at = InstantField()
    updated_at = InstantField()


class LineModel(Row):
    """One line of a child table; `position` keeps the order in which the lines were typed."""

    position = SmallIntegerField(default=0)


__all__ = ["BaseModel", "BigIntegerField", "CharField", "LineModel", "NumberField", "Row", "TextField", "db"]
