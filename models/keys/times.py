"""When the key went out and came back and when the car was driven, to the second; what came back late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from models.outcomes import Allowed, Changes, Context, Refused
from models.register import Text


def second(instant: dt.datetime) -> dt.datetime:
    """The moment without what lies below the second: lateness counts whole seconds."""
    return instant.replace(microsecond=0)


def given(typed: dt.datetime | None, ctx: Context) -> dt.datetime:
    """The time as the custodian typed it, else the server's."""
    return second(typed if typed is not None else ctx.now)


# ---- guards ------------------------------------------------------------------------------------------------------------


def drive_within_checkout(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Issue ≤ start ≤ end ≤ return, and before the return nothing later than now."""
    wrong = next(_wrong_drive(record, given(record.returned_at, ctx)), None)
    return wrong if wrong is not None else Allowed()


def _wrong_drive(record: Any, last: dt.datetime) -> Iterator[Refused]:
    start, end = record.drive_started_at, record.drive_ended_at
    if start is not None and record.issued_at is not None and start < record.issued_at:
        text = Text("试驾开始不能早于领出时间。", "The drive cannot begin before the key was issued.")
        yield Refused(text, "drive_started_at")
    if start is not None and end is not None and end < start:
        yield Refused(Text("试驾结束不能早于开始。", "The drive cannot end before it began."), "drive_ended_at")
    if end is not None and record.issued_at is not None and end < record.issued_at:
        text = Text("试驾结束不能早于领出时间。", "The drive cannot end before the key was issued.")
        yield Refused(text, "drive_ended_at")
    if end is not None and end > last:
        text = Text("试驾结束不能晚于归还时间或现在。", "The drive cannot end after the return or in the future.")
        yield Refused(text, "drive_ended_at")
    if start is not None and start > last:
        text = Text("试驾开始不能晚于归还时间或现在。", "The drive cannot begin after the return or in the future.")
        yield Refused(text, "drive_started_at")


# ---- computations ------------------------------------------------------------------------------------------------------


def held_after_the_end(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """How long the key was kept after the drive, late only beyond the whole of the grace. Without an end nothing is known.

    > end 14:48:00, back 14:52:55: 295 s, in time    end 16:00:00, back 16:05:01: 301 s, 10 yuan
    """
    if record.purpose != "test_drive":
        return Changes()
    if record.drive_ended_at is None:
        return Changes({"incomplete": True, "held_after_end": None, "late": None, "fine_late": None})
    day = ctx.local(record.returned_at).date()
    held = int((record.returned_at - record.drive_ended_at).total_seconds())
    late = held > 60 * ctx.param("key.return_grace_minutes", day)
    fine = ctx.param("fine.key_late", day) if late else Decimal(0)
    return Changes({"incomplete": False, "held_after_end": held, "late": late, "fine_late": fine})
