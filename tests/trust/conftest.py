"""`make trust`: the long runs. Each tells its figures with `promise("P1 …", "…")`, and the end prints one line for each.

    @pytest.mark.trust
    def test_no_input_gives_a_500(promise): promise("P18 no input gives a 500", "100,000 requests, 0 answers 500")

A run in other files of this directory joins by the mark alone. `rounds` is how many kill rounds are asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

LINES = pytest.StashKey[list[tuple[str, str]]]()
Promise = Callable[[str, str], None]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LINES] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Left out unless asked for by name."""
    if "trust" not in str(config.getoption("markexpr", "")):
        long = [item for item in items if item.get_closest_marker("trust")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture
def promise(request: pytest.FixtureRequest) -> Promise:
    def tell(name: str, figures: str) -> None:
        request.config.stash[LINES].append((name, figures))

    return tell


@pytest.fixture(scope="session")
def rounds() -> int:
    return int(os.environ.get("BACKOFFICE_TRUST_ROUNDS") or 200)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(LINES, [])
    if lines:
        terminalreporter.section("promises")
    for name, figures in sorted(lines):
        terminalreporter.write_line(f"{name}: {figures}")
