"""Every promise of README.md by the tests that it names, run together and counted."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.promises import ROOT, Promise, promised

pytestmark = pytest.mark.trust
PROMISED = promised()


@pytest.mark.parametrize("name", [name for name, files in PROMISED.items() if files])
def test_the_tests_that_a_promise_names(name: str, promise: Promise) -> None:
    surroundings = {key: value for key, value in os.environ.items() if key != "BACKOFFICE_PROMISES"}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "2",
            "--dist",
            "worksteal",
            "-p",
            "no:cacheprovider",
            *PROMISED[name],
        ],
        cwd=ROOT,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    passed = re.search(r"(\d+) passed.* in ([\d.]+)s", done.stdout)
    assert done.returncode == 0, done.stdout[-3000:]
    assert passed, done.stdout[-3000:]
    promise(name, f"{passed[1]} tests in {float(passed[2]):.0f} s, none failed")
