"""The clock: one place reads the time, and nothing else does."""

import ast
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from backoffice import clock

ROOT = Path(__file__).parent.parent
SOURCES = [
    path
    for package in ("models", "backoffice", "admin_views", "migrations")
    for path in sorted((ROOT / package).rglob("*.py"))
    if path != ROOT / "backoffice" / "clock.py"
]
READERS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime"},
    "fn": {"NOW", "now", "CURRENT_TIMESTAMP"},
}
IN_SQL = ("current_timestamp", "current_date", "datetime('now", "date('now", "clock_timestamp(")


def reads_of_the_time(source: str) -> Iterator[str]:
    """Every expression in `source` that reads a clock, as `line: text`; monotonic clocks measure and are allowed."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if node.attr in READERS.get(name, ()):
                yield f"{node.lineno}: {name}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            for alias in node.names:
                if alias.name in READERS["time"]:
                    yield f"{node.lineno}: from time import {alias.name}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            for words in IN_SQL:
                if words in node.value.lower():
                    yield f"{node.lineno}: {words}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_clock_reads_the_time(path: Path) -> None:
    assert list(reads_of_the_time(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "datetime.now()",
        "datetime.datetime.now(UTC)",
        "x = Field(default=dt.datetime.now)",
        "date.today()",
        "time.time()",
        "from time import time",
        "fn.NOW()",
        "db.execute_sql('SELECT CURRENT_TIMESTAMP')",
    ],
)
def test_the_guard_sees_a_read(source: str) -> None:
    assert len(list(reads_of_the_time(source))) == 1


def test_the_guard_lets_measuring_pass() -> None:
    assert list(reads_of_the_time("time.monotonic(); time.perf_counter(); clock.now(); clock.today()")) == []


def test_now_is_this_instant_in_utc() -> None:
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_today_turns_at_midnight_of_the_zone() -> None:
    with clock.set_to(datetime(2025, 3, 5, 15, 59, 59, tzinfo=UTC)):
        assert clock.today() == date(2025, 3, 5)
    with clock.set_to(datetime(2025, 3, 5, 16, 0, tzinfo=UTC)):
        assert clock.today() == date(2025, 3, 6)
        assert clock.today(ZoneInfo("Europe/London")) == date(2025, 3, 5)


def test_a_held_clock_is_held_for_its_thread_and_block_only() -> None:
    instant = datetime(2024, 2, 29, tzinfo=UTC)
    seen: list[datetime] = []
    with clock.set_to(instant):
        with clock.set_to(instant + timedelta(days=1)):
            assert clock.now() == instant + timedelta(days=1)
        assert clock.now() == instant
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert clock.now() > instant
    assert seen[0] > instant


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"), clock.set_to(datetime(2025, 1, 1)):  # noqa: DTZ001 - that is the fault
        pass
