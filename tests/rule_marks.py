"""Tests of rules are run twice: as they are, and once more with the row of their rule switched off, where they must fail.

    @pytest.mark.rule("GIFT-02")
    def test_the_manager_cannot_sign_first(company: Company) -> None: ...

The second run is collected as `…[without GIFT-02]`, on SQLite alone. It passes when the test ends in a failed assertion; a test that
passes, or that falls over anything else, does not notice its rule. Several ids give one such run each. A test with an argument `rule`
runs for each id of its mark by itself.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

BOTH = ("sqlite", "postgresql")


def rule_ids(marked: Any) -> tuple[str, ...]:
    """The ids of all `rule` marks of a collected function, in the order in which they stand."""
    return tuple(dict.fromkeys(rule for mark in marked.iter_markers("rule") for rule in mark.args))


@pytest.fixture
def switched_off(request: pytest.FixtureRequest) -> frozenset[str]:
    """The rule rows that this run goes without; the company of the test is made accordingly."""
    rule = getattr(request, "param", "")
    return frozenset({rule}) if rule else frozenset()


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Add the runs without the rule to the two runs with it."""
    rules = rule_ids(metafunc.definition)
    if not rules:
        return
    where = f"{metafunc.module.__name__}.{metafunc.function.__name__}"
    if "switched_off" not in metafunc.fixturenames:
        raise pytest.UsageError(f"{where} is marked with {rules[0]}, but has no company to switch the rule off in")
    names = ["database_url", "switched_off"]
    if "rule" in metafunc.fixturenames:
        names.append("rule")
        runs = [
            pytest.param(database, off, rule, id=f"{database}-{rule}" if not off else f"without {rule}")
            for rule in rules
            for database, off in [*((name, "") for name in BOTH), ("sqlite", rule)]
        ]
    else:
        runs = [pytest.param(database, "", id=database) for database in BOTH]
        runs += [pytest.param("sqlite", rule, id=f"without {rule}") for rule in rules]
    # A mark rather than a call: pytest leaves a fixture's own parameters aside only where a mark gives others.
    mark = pytest.mark.parametrize(names, runs, indirect=["database_url", "switched_off"])
    metafunc.definition.add_marker(mark)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Turn the outcome of a run without the rule round."""
    params = pyfuncitem.callspec.params if hasattr(pyfuncitem, "callspec") else {}
    rule = params.get("switched_off", "")
    try:
        result = yield
    except (AssertionError, pytest.fail.Exception):
        if rule:
            return True
        raise
    except Exception as error:
        if rule:
            told = f"{type(error).__name__}: {error}"
            pytest.fail(f"with {rule} off the test falls over {told}; it is to notice the rule by an assertion")
        raise
    if rule:
        pytest.fail(f"the test does not notice that {rule} is off", pytrace=False)
    return result
