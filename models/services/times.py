"""Moments and months of a service: compared to the minute, as people write them, and counted in calendar months."""

from __future__ import annotations

import calendar
import datetime as dt


def minute(instant: dt.datetime) -> dt.datetime:
    """The moment without its seconds: a typed 10:00 is not earlier than a registered 10:00:37."""
    return instant.replace(second=0, microsecond=0)


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day number, or the last day of a shorter month (organisation.md 7).

    > months_later(date(2024, 8, 31), 18) is 2026-02-28.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
