"""Whether every series of every register is without gaps and equal to its records: `backoffice check`, and SVC-12's daily check."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

from backoffice.declarations import Catalogue, Declaration
from backoffice.writing import period_of, series_key
from models.evidence import Series
from models.register import Numbering

MOST_TOLD = 20


def faults(catalogue: Catalogue) -> Iterator[str]:
    """Sentences on numbers that are missing, stand twice or lie beyond their series; reads the numbers of all records once."""
    for declaration in catalogue.values():
        numbering = declaration.register.numbering
        if numbering is not None:
            yield from _of_series(declaration, declaration.name, "number", numbering)
        for series in declaration.series:
            yield from _of_series(declaration, series_key(declaration, series.field), series.field, series.numbering)


def _of_series(declaration: Declaration, key: str, field: str, numbering: Numbering) -> Iterator[str]:
    given = {row.period: int(row.last) for row in Series.select().where(Series.register == key)}
    found: dict[str, Counter[int]] = {period: Counter() for period in given}
    what = f"{declaration.name}: series {field}"
    query = declaration.model.select(declaration.columns[field], declaration.columns["created_at"])
    for value, made_at in query.tuples().iterator():
        place = _place(value, made_at, numbering)
        if place is None:
            yield f"{what}: a record has {value!r}, which is no number of the series"
        else:
            found.setdefault(place[0], Counter())[place[1]] += 1
    for period in sorted(found):
        yield from _of_period(f"{what} of {period}", found[period], given.get(period, 0))


def _place(value: Any, made_at: dt.datetime, numbering: Numbering) -> tuple[str, int] | None:
    """Period and number. A bare number belongs to the period in which its record was made."""
    if isinstance(value, int):
        return period_of(numbering, made_at), value
    prefix, _, rest = str(value or "").partition("-") if numbering.prefix else ("", "", str(value or ""))
    period, _, number = rest.rpartition("-")
    return (period, int(number)) if prefix == numbering.prefix and period and number.isdecimal() else None


def _of_period(what: str, found: Counter[int], last: int) -> Iterator[str]:
    missing = [number for number in range(1, last + 1) if number not in found]
    yield from (f"{what}: number {number} is on no record" for number in missing[:MOST_TOLD])
    for number, times in sorted(found.items()):
        if times > 1:
            yield f"{what}: number {number} stands on {times} records"
        if not 1 <= number <= last:
            yield f"{what}: number {number} was never given; the last one is {last}"
