"""Every rule of tier 1 is met here and proven by a test, or waits for something that is named."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path

import pytest

from backoffice.cli import main
from backoffice.declarations import Catalogue
from backoffice.tracing import Traced, trace
from models import REGISTERS
from models.catalogue import catalogue

WHOLE = Catalogue(REGISTERS)
TESTS = Path(__file__).resolve().parent.parent
MET = sorted(
    {
        rule.id
        for declaration in WHOLE.values()
        for rule in declaration.rules.values()
        if not rule.waits and catalogue()[rule.id].tier == 1
    }
)
# The parts of the catalogue that this version has registers for.
PARTS = ("GIFT-", "CUS-", "KEY-", "ACL-", "SVC-", "LED-", "RET-")


def marked() -> Counter[str]:
    """How many tests are marked with each rule, whichever of them this run collects."""
    found: Counter[str] = Counter()
    for path in sorted(TESTS.rglob("test_*.py")):
        if "mark.rule(" not in path.read_text(encoding="utf-8") or path.samefile(__file__):
            continue
        module = importlib.import_module(".".join(path.relative_to(TESTS.parent).with_suffix("").parts))
        for function in vars(module).values():
            marks = getattr(function, "pytestmark", ())
            found.update({rule for mark in marks if mark.name == "rule" for rule in mark.args})
    return found


@pytest.mark.parametrize("rule", MET)
def test_every_rule_that_is_met_has_a_test(rule: str) -> None:
    assert marked()[rule], f"{rule} is declared as met, but no test is marked with it"


def test_every_marked_rule_exists_and_stands_in_a_declaration() -> None:
    declared = {rule for declaration in WHOLE.values() for rule in declaration.rules}
    assert set(marked()) <= set(catalogue())
    assert set(marked()) <= declared


def test_every_rule_of_these_parts_is_met_or_waits() -> None:
    found = [rule for rule in trace(WHOLE) if rule.id.startswith(PARTS) and rule.tier == 1]
    assert {rule.id for rule in found} == {
        entry.id for entry in catalogue().values() if entry.id.startswith(PARTS) and entry.tier == 1
    }
    for rule in found:
        assert rule.status == "met" or rule.status.startswith("waits for "), rule
        assert rule.how, f"{rule.id} has no row"
    assert {rule.id for rule in found if rule.status == "met"} == set(MET)


@pytest.mark.parametrize("rule", MET)
def test_a_rule_that_is_met_drives_something(rule: str) -> None:
    (row,) = [one for one in trace(WHOLE) if one.id == rule]
    assert "declared" not in row.where, f"{rule} is only declared: nothing of it can be switched off"


def traced(register: str = "") -> dict[str, Traced]:
    return {rule.id: rule for rule in trace(WHOLE, register)}


def test_the_trace_tells_where_a_rule_is_met() -> None:
    found = traced("gift_signoff")
    assert "order of approved" in found["GIFT-02"].where
    assert "before issued: consent_for_roadshow" in found["GIFT-07"].where
    assert "fields: fine_amount" in found["GIFT-06"].where
    assert "different people: owner/specialist_sign" in found["GIFT-11"].where
    assert "everywhere: mask" in found["CUS-21"].where
    assert "policy 2, sec. 5 item 1" in found["GIFT-02"].clause


def test_a_rule_that_waits_says_for_what() -> None:
    found = traced()
    assert found["GIFT-04"].status == "waits for penalty_reward"
    assert found["CUS-33"].status == "waits for leave_request"
    assert found["KEY-01"].status == "waits for test_drive"
    assert len(found) == 480


def test_a_register_is_traced_with_what_binds_it_alone() -> None:
    found = traced("gift_item")
    assert {"GIFT-04", "GIFT-13", "ACL-02", "CUS-21"} <= set(found)
    assert not {"GIFT-02", "CUS-01", "KEY-01"} & set(found)


def test_a_rule_that_is_met_by_another_register_says_so() -> None:
    found = traced("product_return")
    assert found["RET-07"].status == "met"
    assert "sales_discount_certificate: " in found["RET-07"].where
    assert "copies of product_return" in found["RET-04"].where
    assert "rows approved" in found["RET-03"].where
    assert "lists of complaint" in traced("customer_archive")["CUS-29"].where


def test_the_command_lists_the_rules_of_a_register(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--register", "gift_signoff"]) == 0
    text = capsys.readouterr().out
    rows = {line.split("\t")[0]: line.split("\t") for line in text.splitlines() if not line.startswith("\t")}
    assert {f"GIFT-{n:02}" for n in range(1, 15)} <= set(rows)
    assert rows["GIFT-02"][1:4] == ["approval", "enforce", "met"]
    assert rows["GIFT-02"][4] == catalogue()["GIFT-02"].statement.zh
    assert rows["GIFT-04"][3] == "waits for penalty_reward"
    how, where, clause = text[text.index("GIFT-02") :].splitlines()[1:4]
    assert "先市场专员、后经理签字；经理不能先签。" in how
    assert "gift_signoff: order of approved" in where
    assert "policy 2, sec. 5 item 1" in clause


def test_the_command_lists_all_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("\t")]
    assert len(rows) == 480
    assert all(line.split("\t")[3] for line in rows)


def test_the_command_refuses_a_register_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--register", "gift_signof"]) == 1
    assert "gift_signoff" in capsys.readouterr().err
