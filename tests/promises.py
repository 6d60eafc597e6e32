"""What we promise, shown with figures: a test says `promise("P15 backup under load", "5 backups …")`, the end of the run prints it.

`promised()` reads the table of README.md "What we promise": each promise with the tests that show it. With
BACKOFFICE_PROMISES naming a file the lines are added there too, so that `make trust` can print those of several runs together.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Promise = Callable[[str, str], None]
ROOT = Path(__file__).resolve().parent.parent
_ROW = re.compile(r"^\| (P\d+(?:, P\d+)*) (.+?) \| (.+) \|$")


@pytest.fixture
def promise(request: pytest.FixtureRequest) -> Promise:
    def tell(name: str, figures: str) -> None:
        request.node.user_properties.append(("promise", f"{name}: {figures}"))

    return tell


def promised() -> dict[str, list[str]]:
    """The promises of README.md by number and text, each with the files of tests that it names."""
    rows = [_ROW.match(line) for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()]
    return {f"{row[1]} {row[2]}": re.findall(r"tests/[\w/]*(?:\.py)?", row[3]) for row in rows if row}


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    lines = {
        str(text)
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
        for name, text in getattr(report, "user_properties", ())
        if name == "promise" and report.when == "call"
    }
    if not lines:
        return
    terminalreporter.section("promises")
    for line in sorted(lines):
        terminalreporter.write_line(line)
    file = os.environ.get("BACKOFFICE_PROMISES")
    if file:
        with Path(file).open("a", encoding="utf-8") as kept:
            kept.writelines(f"{line}\n" for line in sorted(lines))
