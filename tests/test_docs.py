"""The README says what is true: its tables are those of the code, and its example of a register works."""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from peewee import Database

from backoffice import __version__, migrate
from backoffice.app import make_catalogue
from backoffice.cli import make_parser
from backoffice.config import SETTINGS
from backoffice.paths import resource_dir
from models import REGISTERS
from tests.company import Company, made_company
from tests.promises import promised

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def table(section: str) -> list[tuple[str, ...]]:
    """The rows of the first table under a heading, without its own head."""
    text = README.split(f"\n## {section}\n")[1].split("\n## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [tuple(cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]) for row in rows]


def test_every_setting_is_in_the_readme() -> None:
    assert table("Settings") == [
        (
            f"`{setting.name}`",
            setting.meaning,
            "required" if setting.default is None else f"`{setting.default}`" if setting.default else "empty",
            setting.accepted,
        )
        for setting in SETTINGS
    ]


def usage(name: str, parser: argparse.ArgumentParser) -> str:
    """A command with its arguments, what comes without an option first. > backoffice serve [--host H] [--port P]"""
    parts = []
    actions = [action for action in parser._actions if action.dest != "help"]
    for action in sorted(actions, key=lambda action: bool(action.option_strings)):
        value = action.metavar or "|".join(action.choices or ())
        repeated = "…" if isinstance(action, argparse._AppendAction) else ""
        text = " ".join(word for word in (*action.option_strings[:1], str(value)) if word) + repeated
        is_needed = action.required if action.option_strings else action.nargs != "?"
        parts.append(text if is_needed else f"[{text}]")
    return " ".join(("backoffice", name, *parts))


def commands() -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    for action in make_parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            told = {choice.dest: choice.help or "" for choice in action._choices_actions}
            yield from ((name, parser, told[name]) for name, parser in action.choices.items())


def test_every_command_is_in_the_readme() -> None:
    assert table("Commands") == [(f"`{usage(name, parser)}`", told) for name, parser, told in commands()]


def test_every_argument_says_what_it_is() -> None:
    silent = [
        f"{name} {action.dest}" for name, parser, _ in commands() for action in parser._actions if not action.help
    ]
    assert silent == []


def test_every_dependency_has_its_reason() -> None:
    lines = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["postgres"]]
    used = {re.split(r"[^\w.-]", line)[0] for line in lines}
    told = {name.strip() for names, reason in table("What it is built on") for name in names.split(",") if reason}
    assert told == used


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\S+)$", text, re.MULTILINE)
    assert versions[0] == __version__


def test_files_and_make_targets_that_the_readme_names_exist() -> None:
    for name in re.findall(r"`((?:backoffice|models|admin_views|templates|tests|migrations)/[\w./]*)`", README):
        assert (ROOT / name).exists(), name
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


# ---- the example -------------------------------------------------------------------------------------------------------


def example() -> dict[str, str]:
    """The files of the example by name, from the blocks that begin with it."""
    blocks = re.findall(r"```python\n# (\S+)\n(.*?)```", README, re.DOTALL)
    return dict(blocks)


def load(name: str, text: str, directory: Path) -> ModuleType:
    path = directory / f"{name.rpartition('.')[2]}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def with_example(database: Database, tmp_path: Path) -> Iterator[tuple[Company, Any]]:
    """A company that has the register of the README, and the README's test of it."""
    files = example()
    (register,) = (path for path in files if path.startswith("models/registers/"))
    (migration,) = (path for path in files if path.startswith("migrations/"))
    (test,) = (path for path in files if path.startswith("tests/"))
    names = [path.removesuffix(".py").replace("/", ".") for path in (register, test)]
    assert not (ROOT / register).exists(), "the register exists by now; take another one for the example"
    scripts = tmp_path / "migrations"
    shutil.copytree(resource_dir("migrations"), scripts)
    # Whatever its number is in the README, it comes after those that exist.
    (scripts / f"9999_{Path(migration).name[5:]}").write_text(files[migration], encoding="utf-8")
    migrate.upgrade(database, scripts)
    try:
        module = load(names[0], files[register], tmp_path)
        told = load(names[1], files[test], tmp_path)
        yield made_company(database, tmp_path / "data", make_catalogue((*REGISTERS, module.REGISTER))), told
    finally:
        for name in names:
            sys.modules.pop(name, None)


def test_the_register_of_the_readme_works(with_example: tuple[Company, Any]) -> None:
    company, told = with_example
    tests = [function for name, function in vars(told).items() if name.startswith("test_")]
    assert tests
    for function in tests:
        function(company)
    page = company.browser("sales_clerk").page("/admin/visitor_log/")
    assert page.select_one("[data-count]")


def test_every_promise_names_tests_that_exist() -> None:
    numbers = [int(number) for name in promised() for number in re.findall(r"P(\d+)", name.partition(" ")[0])]
    assert numbers == list(range(1, 21))
    for name, files in promised().items():
        assert files, name
        assert [file for file in files if not (ROOT / file).is_file()] == []
