"""What the start refuses of declared balances and reports, each with the nearest valid word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backoffice.checks import faults
from backoffice.declarations import Catalogue
from models import REGISTERS
from models.catalogue import catalogue
from models.param_defaults import PARAM_DEFAULTS
from models.registers.aftersales_ledger import REGISTER

BALANCES: Any = REGISTER.balances
REPORT = REGISTER.reports[0]
RULES = tuple(replace(rule, params=()) for rule in REGISTER.rules)


def told(**changes: Any) -> list[str]:
    """The faults of the ledger with these parts."""
    register = replace(REGISTER, rules=RULES, **changes)
    others = tuple(one for one in REGISTERS if one.name != register.name)
    found = faults(Catalogue((*others, register)), set(catalogue()), {one.name for one in PARAM_DEFAULTS})
    return [fault for fault in found if fault.startswith("register aftersales_ledger")]


def test_the_ledger_itself_holds() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ({"keys": ("prodcut",)}, "balances names 'prodcut'"),
        ({"kind": "movment"}, "balances: kind names 'movment'"),
        ({"quantity": "amount"}, "balances: quantity names 'amount'"),
        ({"day": "executed_at"}, "balances: day names 'executed_at'"),
        ({"order": "happened_on"}, "balances: order names 'happened_on'"),
        ({"counter": "customer"}, "balances: counter names 'customer'"),
        ({"rule": "LED-99"}, "balances: rule names 'LED-99'"),
        ({"kept": (replace(BALANCES.kept[0], name="amount"),)}, "balances names 'amount'"),
        (
            {"kept": (replace(BALANCES.kept[0], plus=("recieved",)),)},
            "names 'recieved', which does not exist; did you mean",
        ),
    ],
)
def test_a_wrong_word_of_balances_is_named(part: dict[str, Any], wrong: str) -> None:
    assert any(wrong in fault for fault in told(balances=replace(BALANCES, **part))), told(
        balances=replace(BALANCES, **part)
    )


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ({"unit": "units"}, "report products names 'units'"),
        ({"group": "grund"}, "report products names 'grund'"),
        ({"filters": ("movement",)}, "report products: filters names 'movement'"),
        ({"linked": ("slip",)}, "report products: linked names 'slip'"),
        ({"open_states": ("opened",)}, "report products: open_states names 'opened'"),
        ({"amount": "quantity"}, "report products: amount names 'quantity'"),
        ({"amount_kinds": ("money",)}, "report products: amount_kinds names 'money'"),
        ({"linked_rule": "LED-77"}, "report products: rule names 'LED-77'"),
    ],
)
def test_a_wrong_word_of_a_report_is_named(part: dict[str, Any], wrong: str) -> None:
    assert any(wrong in fault for fault in told(reports=(replace(REPORT, **part),)))


def test_moving_needs_balances_and_one_after_the_other() -> None:
    assert any("moves balances, but the register keeps none" in fault for fault in told(balances=None, reports=()))
    acts = tuple(replace(act, alone=()) if act.moves else act for act in REGISTER.acts)
    assert any("needs `alone`" in fault for fault in told(acts=acts))
    assert any("needs balances" in fault for fault in told(balances=None))
