"""The second run of a test without its rule: it passes for a failed assertion and for nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLE = """
import pytest

@pytest.fixture
def database_url(request):
    return request.param

@pytest.mark.rule("GIFT-02")
def test_notices(database_url, switched_off):
    assert not switched_off

@pytest.mark.rule("GIFT-02")
def test_notices_nothing(database_url, switched_off):
    pass

@pytest.mark.rule("GIFT-02")
def test_falls_over(database_url, switched_off):
    assert {"a": 1}["b" if switched_off else "a"]

@pytest.mark.rule("GIFT-02", "GIFT-03")
def test_notices_one_of_two(database_url, switched_off):
    assert "GIFT-03" not in switched_off

@pytest.mark.rule("GIFT-02", "GIFT-03")
def test_each(database_url, switched_off, rule):
    assert rule not in switched_off

def test_of_no_rule(switched_off):
    assert switched_off == frozenset()
"""


def run(directory: Path, text: str) -> tuple[int, dict[str, str]]:
    """The exit status of pytest and the outcome of each run by name."""
    file = directory / "test_sample.py"
    file.write_text(text, encoding="utf-8")
    config = directory / "pytest.ini"
    config.write_text("[pytest]\nmarkers = rule(*ids)\n", encoding="ascii")
    command = [sys.executable, "-m", "pytest", "-p", "tests.rule_marks", "-p", "no:cacheprovider", "-c", str(config)]
    done = subprocess.run(
        [*command, "-rA", str(file)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    found = re.findall(r"^(PASSED|FAILED) \S*::(\w+(?:\[[^\]]*\])?)", done.stdout, re.MULTILINE)
    return done.returncode, {name: outcome for outcome, name in found}


def test_a_test_must_notice_that_its_rule_is_off(tmp_path: Path) -> None:
    status, outcomes = run(tmp_path, SAMPLE)
    assert status == 1
    assert {name for name, outcome in outcomes.items() if outcome == "FAILED"} == {
        "test_notices_nothing[without GIFT-02]",
        "test_falls_over[without GIFT-02]",
        "test_notices_one_of_two[without GIFT-02]",
    }
    assert {name for name in outcomes if name.startswith("test_notices[")} == {
        "test_notices[sqlite]",
        "test_notices[postgresql]",
        "test_notices[without GIFT-02]",
    }
    assert len([name for name in outcomes if name.startswith("test_each[")]) == 6
    assert outcomes["test_of_no_rule"] == "PASSED"


def test_a_mark_without_a_company_is_an_error(tmp_path: Path) -> None:
    status, outcomes = run(tmp_path, "import pytest\n@pytest.mark.rule('GIFT-02')\ndef test_x():\n    pass\n")
    assert status not in {0, 1}
    assert not outcomes
