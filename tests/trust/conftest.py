"""`make trust`: the long runs. Each tells its figures with `promise("P1 …", "…")`, and the end prints one line for each.

    @pytest.mark.trust
    def test_kills(promise): promise("P1 kill -9", "200 kills, 0 lost")

A run in other files of this directory joins by the mark alone. `rounds` is how many kill rounds are asked for.
"""

from __future__ import annotations

import os

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Left out unless asked for by name."""
    if "trust" not in str(config.getoption("markexpr", "")):
        long = [item for item in items if item.get_closest_marker("trust")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def rounds() -> int:
    return int(os.environ.get("BACKOFFICE_TRUST_ROUNDS") or 200)
