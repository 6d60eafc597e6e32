"""The only place that reads the time.

Everything else takes `now` or `today` as an argument; the outermost callers (a request, a command, a job) ask here
once. `set_to` holds the clock still for one thread of work: for tests, and for making the demo company through the
write path.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

_held: ContextVar[datetime | None] = ContextVar("backoffice_clock", default=None)
_company_zone: tzinfo = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """This instant, aware, in UTC."""
    return _held.get() or datetime.now(UTC)


def today(zone: tzinfo | None = None) -> date:
    """The date in `zone`, by default the company's."""
    return now().astimezone(zone or _company_zone).date()


def company_zone() -> tzinfo:
    """The company's time zone: dates are its dates, and times are shown in it."""
    return _company_zone


def use_company_zone(zone: tzinfo) -> None:
    """Make `zone` the company's; called once at start, since a process serves one company."""
    global _company_zone
    _company_zone = zone


@contextmanager
def set_to(instant: datetime) -> Iterator[None]:
    """Hold the clock at `instant` (aware) inside the block, for this thread or task only; may be nested."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone")
    token = _held.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _held.reset(token)
