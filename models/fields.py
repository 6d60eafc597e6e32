"""Field classes whose values are equal and equally ordered in SQLite and PostgreSQL.

Money is kept as whole fen, quantities and percentages as whole thousandths, instants as UTC text of fixed width, days as
ISO text, document numbers as text that orders by year and sequence (decisions.md 20 and 27). A value that does not fit
its unit is an error here: rounding is the business of whoever computed it.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow
from typing import Any, ClassVar

from peewee import BigIntegerField, CharField

# Moves the point without ever dropping a digit: a figure that is too long is an error, not a rounded one.
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])
_LIMIT = 10**17  # keeps every stored figure inside 64 bits, sums of a million lines included
_LONG_NUMBER = re.compile(r"-(\d{5,})$")
_STORED_NUMBER = re.compile(r"-[a-z](\d{5,})$")


class ScaledField(BigIntegerField):
    """An exact decimal kept as a whole number of its smallest unit. Binds and reads `Decimal`."""

    places: ClassVar[int] = 0

    def db_value(self, value: Any) -> int | None:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError("a float is no exact decimal")
        try:
            scaled = _EXACT.create_decimal(value).scaleb(self.places, _EXACT)
            whole = int(scaled)
        except (DecimalException, OverflowError, ValueError) as wrong:
            raise ValueError(f"{value} is no exact decimal") from wrong
        if scaled != whole:
            raise ValueError(f"{value} has more than {self.places} decimal places")
        if abs(whole) >= _LIMIT:
            raise ValueError(f"{value} is too large to be stored")
        return whole

    def python_value(self, value: Any) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-self.places)


class MoneyField(ScaledField):
    """Yuan with two places, kept in fen."""

    places = 2


class QuantityField(ScaledField):
    """A quantity with three places, kept in thousandths."""

    places = 3


class PercentField(ScaledField):
    """A percentage with three places, kept in thousandths of a per cent; 12.5 means 12.5 %."""

    places = 3


class InstantField(CharField):
    """A moment in time: aware datetime in, aware UTC datetime out, text `2025-03-05T06:07:08.000009Z` in between."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 27
        super().__init__(*args, **kwargs)

    def db_value(self, value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return None if value is None else str(value)
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return str(value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")).rjust(27, "0")

    def python_value(self, value: Any) -> dt.datetime | None:
        if value is None or isinstance(value, dt.datetime):
            return value
        return dt.datetime.fromisoformat(value)


class DayField(CharField):
    """A calendar day: `date` in and out, ISO text in between."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 10
        super().__init__(*args, **kwargs)

    def db_value(self, value: Any) -> str | None:
        if isinstance(value, dt.datetime):
            raise TypeError("a moment is no calendar day; say in which zone its day is meant")
        return value.isoformat() if isinstance(value, dt.date) else value

    def python_value(self, value: Any) -> dt.date | None:
        return dt.date.fromisoformat(value) if isinstance(value, str) else value


class NumberField(CharField):
    """A document number such as `KH-2025-0007`. `KH-2025-10000` orders after `KH-2025-9999`.

    A sequence of five digits and more is stored with a letter for its length in front (`KH-2025-a10000`), so that text
    order is number order. `stored()` gives that form for a number or the end of one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 24)
        super().__init__(*args, **kwargs)

    @staticmethod
    def stored(number: str) -> str:
        return _LONG_NUMBER.sub(lambda found: f"-{chr(ord('a') + len(found[1]) - 5)}{found[1]}", number)

    @staticmethod
    def shown(stored: str) -> str:
        return _STORED_NUMBER.sub(r"-\1", stored)

    def db_value(self, value: Any) -> str | None:
        return None if value is None else self.stored(str(value))

    def python_value(self, value: Any) -> str | None:
        return None if value is None else self.shown(str(value))
