"""What the product's own source may not hold: ways to run, render or send what people type, and shortcuts to the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ("backoffice", "admin_views", "models", "migrations")

# Name -> what must not stand in Python, and the files that were looked through and may.
FORBIDDEN: dict[str, tuple[str, frozenset[str]]] = {
    "runs text": (r"(?<![\w.])(?:eval|exec|compile)\(|\b__import__\(", frozenset()),
    "unpacks objects": (r"\b(?:pickle|marshal|shelve|jsonpickle|yaml)\b", frozenset()),
    "runs a shell": (r"shell=True|os\.system\(|os\.popen\(", frozenset()),
    "renders a typed template": (r"render_template_string|from_string\(", frozenset()),
    "calls outside": (
        r"\burllib\.request\b|\bhttp\.client\b|(?<!\.)\brequests\.|\bhttpx\b|\baiohttp\b|create_connection\(",
        frozenset(),
    ),
    "sends mail": (r"\bsmtplib\b|\bemail\.mime\b", frozenset()),
    "reads XML by itself": (r"xml\.(?:etree|dom|sax)|\blxml\b", frozenset({"backoffice/uploads.py"})),
    "weak hash": (r"\b(?:md5|sha1)\b", frozenset()),
    "sends CORS headers": (r"Access-Control-Allow", frozenset()),
    "marks text as safe": (
        r"(?<!import )\bMarkup\(",
        frozenset({"backoffice/app.py", "backoffice/exports/forms.py", "admin_views/forms.py"}),
    ),
}
# Chance is drawn from `secrets`; the demo company draws its names from a seed, and retries wait a random while.
CHANCE = frozenset(f"backoffice/demo/{name}.py" for name in ("__init__", "world", "customers", "services", "returns"))
# Statements written by hand; every value in them is bound or a name of ours.
STATEMENTS = re.compile(r"execute_sql\(|(?<![\w.])SQL\(|\.raw\(")
REVIEWED = frozenset(
    {
        "backoffice/access.py",
        "backoffice/app.py",
        "backoffice/backup.py",
        "backoffice/database.py",
        "backoffice/database_roles.py",
        "backoffice/demo/opening.py",
        "backoffice/history.py",
        "backoffice/migrate.py",
        "backoffice/pg_tools.py",
        "backoffice/proof.py",
        "backoffice/reading.py",
        "backoffice/reports.py",
        "backoffice/restore.py",
        "backoffice/running.py",
        "backoffice/sessions.py",
        "backoffice/throttle.py",
        "backoffice/upkeep.py",
        "models/base.py",
    }
)
SCRIPT = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|__proto__|\.html\("
KEPT = r"localStorage|sessionStorage|indexedDB|document\.cookie"


def python() -> Iterator[tuple[str, str]]:
    for folder in PYTHON:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def found(pattern: str, text: str) -> list[str]:
    """The lines of code that match; comments and texts in double brackets of documentation do not count."""
    code = re.sub(r'"""(?:.|\n)*?"""', "", text)
    return [
        line.strip() for line in code.splitlines() if re.search(pattern, line.partition("  #")[0].partition("# ")[0])
    ]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_python_holds_no(name: str) -> None:
    pattern, reviewed = FORBIDDEN[name]
    told = {path: lines for path, text in python() if path not in reviewed and (lines := found(pattern, text))}
    assert told == {}


def test_chance_comes_from_the_system() -> None:
    told = [
        path for path, text in python() if path not in CHANCE and found(r"^\s*(?:import random|from random)\b", text)
    ]
    assert told == []


def test_statements_by_hand_stand_in_reviewed_files() -> None:
    told = {
        path
        for path, text in python()
        if not path.startswith("migrations/") and path not in REVIEWED and found(STATEMENTS.pattern, text)
    }
    assert told == set()


def test_scripts_write_text_as_text_and_keep_nothing() -> None:
    scripts = list((ROOT / "backoffice" / "static").rglob("*.js"))
    assert scripts
    told = {path.name: found(f"{SCRIPT}|{KEPT}", path.read_text(encoding="utf-8")) for path in scripts}
    assert not any(told.values()), told


def test_templates_escape_and_name_no_other_place() -> None:
    files = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "backoffice" / "static").rglob("*.css")]
    files += (ROOT / "backoffice" / "static").rglob("*.js")
    assert len(files) > 10
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape\s+false", text), path
        places = {one for one in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text) if "www.w3.org" not in one}
        assert not places, (path, places)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("runs text", "x = eval(text)"),
        ("unpacks objects", "import pickle"),
        ("runs a shell", "run(text, shell=True)"),
        ("renders a typed template", "render_template_string(text)"),
        ("calls outside", "urllib.request.urlopen(place)"),
        ("weak hash", "hashlib.md5(text)"),
        ("marks text as safe", "return Markup(text)"),
    ],
)
def test_what_is_forbidden_would_be_noticed(name: str, text: str) -> None:
    assert found(FORBIDDEN[name][0], text)
