"""What we build on is pinned with hashes, known and looked through; no secret is in the repository; SECURITY.md names what exists."""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools import supply

ROOT = Path(__file__).resolve().parent.parent
SECURITY = ROOT / "SECURITY.md"


# ---- lock file ---------------------------------------------------------------------------------------------------------


def locked() -> dict[str, supply.Pin]:
    return {pin.name: pin for pin in supply.pins(supply.LOCK.read_text(encoding="utf-8"))}


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(text) for text in [*project["dependencies"], *(one for extra in extras for one in extra)]]


def test_the_lock_pins_every_dependency_with_hashes() -> None:
    pins = locked()
    for requirement in declared():
        pin = pins.get(str(canonicalize_name(requirement.name)))
        assert pin is not None, f"{requirement.name} is not in requirements.lock; run: make lock"
        assert requirement.specifier.contains(pin.version, prereleases=True), (
            f"{pin.name} {pin.version}; run: make lock"
        )
    text = supply.LOCK.read_text(encoding="utf-8")
    assert not re.search(r"https?://|--index-url|--find-links|@ file", text), "the lock names a place"


def test_the_lock_pins_what_they_need_in_turn() -> None:
    needs = supply.closure("backoffice", ("postgres", "test"))
    assert set(needs) - {"backoffice"} <= set(locked())


@pytest.mark.parametrize(
    "text", ["flask>=3\n    --hash=sha256:" + "a" * 64, "flask==3.1.3", "flask==3.1.3 \\\n    # via x"]
)
def test_a_line_without_pin_or_hash_is_noticed(text: str) -> None:
    with pytest.raises(ValueError, match="flask"):
        list(supply.pins(text))


# ---- audit -------------------------------------------------------------------------------------------------------------


def test_no_known_hole_is_installed_or_locked(capsys: pytest.CaptureFixture[str]) -> None:
    assert supply.main(["audit"]) == 0
    assert "0 hits" in capsys.readouterr().out


def test_advisories_are_well_formed() -> None:
    as_of, rows = supply.read_advisories(supply.ADVISORIES)
    assert as_of > dt.date(2026, 1, 1)
    assert len({(row.id, row.package) for row in rows}) == len(rows) > 30
    for row in rows:
        assert row.severity in {"low", "medium", "high", "critical"}
        assert not row.hits(row.package, "9999")
        bound = re.search(r"[<=]=?([\d.]+)$", row.affected)
        assert bound is not None, row
        assert Version(bound[1])
    # Each of them would be seen.
    assert supply.hits([("Werkzeug", "3.1.4")], rows)
    assert supply.hits([("xhtml2pdf", "0.2.16")], rows)
    assert not supply.hits([("werkzeug", "3.1.5")], rows)


def test_a_hole_ends_the_audit_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"id": "X-1", "package": "Flask", "affected": ">=3", "severity": "high", "summary": "a hole"}
    (tmp_path / "list.json").write_text(json.dumps({"as_of": "2026-01-01", "advisories": [row]}))
    assert supply.main(["audit", "--advisories", str(tmp_path / "list.json"), "--today", "2026-06-01"]) == 1
    told = capsys.readouterr().err
    assert "X-1 (high) a hole" in told
    assert "look for newer ones" in told


def test_without_a_list_the_audit_is_skipped_with_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert supply.main(["audit", "--advisories", str(tmp_path / "none.json")]) == 0
    assert "skipped" in capsys.readouterr().err


# ---- bill of materials -------------------------------------------------------------------------------------------------


def test_the_bill_names_everything_that_runs(tmp_path: Path) -> None:
    assert supply.main(["sbom", "-o", str(tmp_path / "sbom.json")]) == 0
    made: dict[str, Any] = json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8"))
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["serialNumber"])
    names = {one["name"] for one in made["components"]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for text in project["dependencies"]:
        assert canonicalize_name(Requirement(text).name) in names
    assert {"werkzeug", "jinja2", "markupsafe"} <= names
    assert not {"pytest", "mypy", "ruff"} & names
    refs = {one["bom-ref"] for one in made["components"]} | {made["metadata"]["component"]["bom-ref"]}
    assert all(one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}" for one in made["components"])
    assert {one["ref"] for one in made["dependencies"]} == refs
    assert {ref for one in made["dependencies"] for ref in one["dependsOn"]} <= refs
    # Some say their licence in a file alone.
    assert {one["name"] for one in made["components"] if not one.get("licenses")} <= {"peewee", "wtf-peewee"}
    assert supply.bill() == supply.bill()


# ---- secrets -----------------------------------------------------------------------------------------------------------

_SECRETS = {
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "cloud key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|xox[abp]-[\w-]{20,}|sk-[A-Za-z0-9]{32,}|pypi-[\w-]{60,})"),
    "password in an address": re.compile(
        r"\b[a-z][a-z0-9+]*://[^\s/:@\"'<>{}]+:(?!password@|\*)[^\s/:@\"'<>{}$]{3,}@[^\s\"']+"
    ),
    "secret": re.compile(
        r"(?i)(?:secret|passwo?r?d|token|api_?key)[\w\"'\]]*\s*[:=]\s*[\"']?([0-9a-f]{32,}|[A-Za-z0-9+/]{40,}={0,2})\b"
    ),
}
# Not read: hashes of files are no secrets, fonts and compiled translations no text.
_UNREAD = re.compile(r"(?:requirements\.lock|\.(?:ttf|otf|mo|png|gz|ico|woff2?|bin))$")
# Invented for tests: nothing is signed or opened with them anywhere else.
INVENTED = {
    "tests/browser/test_second_factor_walk.py": 1,
    "tests/browser/test_walks.py": 1,
    "tests/company.py": 1,
    "tests/test_cli.py": 1,
    "tests/test_config.py": 2,
}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout; run the tests in a clone")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def secrets_in(text: str) -> list[str]:
    return [f"{kind}: {found[0][:60]}" for kind, pattern in _SECRETS.items() for found in pattern.finditer(text)]


def test_no_secret_is_in_the_repository() -> None:
    files = tracked()
    assert len(files) > 200
    told = {}
    for path in files:
        name = str(path.relative_to(ROOT))
        if path.is_file() and not _UNREAD.search(name):
            found = secrets_in(path.read_bytes().decode("utf-8", "replace"))
            if len(found) > INVENTED.get(name, 0):
                told[name] = found
    assert told == {}
    kinds = {path.suffix for path in files} | {path.name for path in files}
    assert not kinds & {".pem", ".key", ".p12", ".pfx", ".env", ".db", ".sqlite", ".sqlite3", "id_rsa", "secret_key"}


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "ghp_" + "a1" * 18,
        "postgresql://app:" + "hunter22@db.example.com/backoffice",
        "BACKOFFICE_SECRET_KEY=" + "0f" * 16,
        'secret_key = "' + "ab12" * 12 + '"',
    ],
)
def test_a_secret_would_be_noticed(text: str) -> None:
    assert secrets_in(text)


# ---- SECURITY.md -------------------------------------------------------------------------------------------------------

# Every line of the checklist, by its id of ASVS 5.0.0.
_ROW = re.compile(
    r"^\| (?P<id>\d+\.\d+[\d./, -]*) \| (?P<level>[\d/]+) \| (?P<what>[^|]+) \| (?P<proof>[^|]+) \|$", re.M
)
_TEST = re.compile(r"`(?P<file>[\w/]+\.py)::(?P<name>\w+)`")


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def rows() -> list[tuple[str, str]]:
    return [
        (found["id"].strip(), found["proof"].strip()) for found in _ROW.finditer(SECURITY.read_text(encoding="utf-8"))
    ]


def test_every_line_of_the_checklist_has_its_test_or_its_deviation() -> None:
    found = rows()
    assert len(found) == len({one for one, _ in found}) >= 120
    without = [one for one, proof in found if not _TEST.search(proof) and not proof.startswith("Deviation: ")]
    assert without == []


def test_every_test_that_security_md_names_exists() -> None:
    named = list(_TEST.finditer(SECURITY.read_text(encoding="utf-8")))
    assert len(named) > 150
    gone = []
    for one in named:
        path = ROOT / "tests" / one["file"]
        if not path.exists() or not one["name"].startswith("test_") or one["name"] not in names_in(path):
            gone.append(one[0])
    assert sorted(set(gone)) == []


def test_security_md_says_how_to_report() -> None:
    text = SECURITY.read_text(encoding="utf-8")
    for heading in ("## Report a hole", "## How fast we mend", "## Checklist", "## Deviations"):
        assert heading in text
