"""The database proxy and the two base models: `BaseModel` for masters, `RecordModel` for registers with number and state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peewee import (
    OP,
    BigIntegerField,
    CharField,
    DatabaseProxy,
    Expression,
    IntegerField,
    Model,
    SmallIntegerField,
    TextField,
)

from models.fields import InstantField, NumberField

db: DatabaseProxy = DatabaseProxy()


class Row(Model):
    """A table without life of its own: no version, no maker."""

    id: Any

    class Meta:
        database = db
        legacy_table_names = False
        only_save_dirty = True

    @classmethod
    def get(cls, *query: Any, **filters: Any) -> Any:
        """One row, as in peewee. By its id alone, as every reference asks, the statement is made once for each table.

        Raises DoesNotExist.
        """
        value = _asked_id(cls, query)
        if value is None or filters:
            return super().get(*query, **filters)
        statement, columns = _by_id(cls)
        found = db.execute_sql(statement, (value,)).fetchone()
        if found is None:
            raise cls.DoesNotExist(f"{cls._meta.table_name} {value}")
        row = cls(__no_default__=True)
        for (name, convert), stored in zip(columns, found, strict=True):
            row.__data__[name] = convert(stored)
        return row


def _asked_id(model: Any, query: tuple[Any, ...]) -> int | None:
    """The id of a condition that is nothing but `Model.id == 7`."""
    if len(query) != 1 or not isinstance(query[0], Expression):
        return None
    asked = query[0]
    is_id = asked.op == OP.EQ and asked.lhs is model._meta.primary_key
    return asked.rhs if is_id and isinstance(asked.rhs, int) else None


# Statement and columns by model and kind of database: what reads one row by its id.
_STATEMENTS: dict[tuple[Any, Any], tuple[str, tuple[tuple[str, Callable[[Any], Any]], ...]]] = {}


def _by_id(model: Any) -> tuple[str, tuple[tuple[str, Callable[[Any], Any]], ...]]:
    """The statement that reads one row in the words of the database in use, and its columns in order."""
    key = (model, type(db.obj))
    if key not in _STATEMENTS:
        fields = model._meta.sorted_fields
        statement, _ = model.select(*fields).where(model._meta.primary_key == 0).sql()
        _STATEMENTS[key] = (statement, tuple((field.name, field.python_value) for field in fields))
    return _STATEMENTS[key]


class BaseModel(Row):
    """A record that people keep: every save raises `version`, a save on an old version is refused."""

    version = IntegerField(default=1)
    created_at = InstantField()
    updated_at = InstantField()


class LineModel(Row):
    """One line of a child table; `position` keeps the order in which the lines were typed."""

    position = SmallIntegerField(default=0)


__all__ = ["BaseModel", "BigIntegerField", "CharField", "LineModel", "NumberField", "Row", "TextField", "db"]
