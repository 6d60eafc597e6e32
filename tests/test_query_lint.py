"""Queries of records are built in reviewed files alone, so that no page can forget whose records they are (CUS-23).

Outside of them rows come from `Access`, `Reader` and `picking`. The check reads the source: it knows the models of the registers, what
is called `model` after a declaration, and names bound to one of these.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from models import REGISTERS

ROOT = Path(__file__).parent.parent
ASKING = frozenset({"select", "get", "get_by_id", "get_or_none", "get_or_create", "update", "delete", "insert", "raw"})
# File -> why queries of records may stand there, each reviewed for scope.
REVIEWED = {
    "backoffice/access.py": "makes the scope",
    "backoffice/reading.py": "every query of a Reader starts from the scope",
    "backoffice/picking.py": "what may be chosen is scoped",
    "backoffice/change.py": "locks a record within the scope",
    "backoffice/writing.py": "writes the record that was locked",
    "backoffice/context.py": "answers guards, which tell what they find in the words of a rule",
    "backoffice/balances.py": "moves lines whose keys are those of the record that was locked",
    "backoffice/reports.py": "every sum starts from the scope",
    "backoffice/typing_in.py": "lines of the record that was locked",
    "backoffice/copying.py": "starts from a Reader; what a public register calls a row that may be chosen is open to everybody",
    "backoffice/numbers.py": "counts the numbers of all records, for a command of the administrator",
    "backoffice/replay.py": "compares all records with their history, for a command of the administrator",
}
# Functions elsewhere that were reviewed one by one.
FUNCTIONS = {
    "admin_views/register_view.py:get_query": "the scoped query that Flask-Admin's own machinery would ask for",
    "backoffice/accounts.py:owned": "counts what a leaver still owns, for the administrator, who reads all registers",
    "backoffice/account_changes.py:locked": "locks accounts, delegations and grants; never given a register's model",
    "backoffice/cli.py:_by_code": "departments and groups by code",
    "backoffice/rights.py:count": "counts within the scope of the person whose rights are told",
    "backoffice/rights_words.py:_place": "names of departments, groups and areas; never given a register's model",
    "admin_views/history_page.py:_read_causes": "asked within the reader's scope",
}
# Records of these models carry no scope: everybody may read the names behind them (decisions.md 29).
OPEN = frozenset({"Department", "Group", "Area"})
MODELS = (
    frozenset(
        model.__name__
        for register in REGISTERS
        for model in (register.model, *(child.model for child in register.children))
    )
    - OPEN
)


def is_model(node: ast.expr, bound: frozenset[str]) -> bool:
    """Whether the expression is a model of a register: by its name, as `….model`, or a name bound to one."""
    if isinstance(node, ast.Name):
        return node.id in MODELS or node.id in bound
    if isinstance(node, ast.Attribute):
        return node.attr == "model" or node.attr in MODELS
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "alias":
        return is_model(node.func.value, bound)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("_model")


def bound_names(function: ast.AST) -> frozenset[str]:
    """Names that stand for a model in this function: its arguments called so, and what is assigned from a model."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg) and node.arg in {"model", "target"}:
            found.add(node.arg)
    for _ in range(3):
        for node in ast.walk(function):
            if isinstance(node, ast.Assign):
                pairs = [(target, node.value) for target in node.targets]
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                pairs = [(node.target, node.value)]
            else:
                continue
            for target, value in pairs:
                values = value.elts if isinstance(value, ast.Tuple) else [value]
                targets = target.elts if isinstance(target, ast.Tuple) else [target]
                for name, one in zip(targets, values, strict=False):
                    sides = [one.body, one.orelse] if isinstance(one, ast.IfExp) else [one]
                    if isinstance(name, ast.Name) and any(is_model(side, frozenset(found)) for side in sides):
                        found.add(name.id)
    return frozenset(found)


def _scopes(tree: ast.AST) -> Iterator[tuple[str, ast.AST, frozenset[str]]]:
    """Every node with the innermost function around it and the names bound to models there."""

    def walk(node: ast.AST, name: str, bound: frozenset[str]) -> Iterator[tuple[str, ast.AST, frozenset[str]]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                inner = getattr(child, "name", name)
                yield from walk(child, inner, bound | bound_names(child))
            else:
                yield name, child, bound
                yield from walk(child, name, bound)

    yield from walk(tree, "", frozenset())


def queries(source: str) -> list[tuple[int, str, str]]:
    """(line, function, text) of every call that asks a register's model for rows or writes them."""
    found = []
    for name, node, bound in _scopes(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in ASKING and is_model(node.func.value, bound):
            found.append((node.lineno, name, ast.unparse(node.func)))
    return sorted(set(found))


def files() -> list[Path]:
    found = [path for folder in ("backoffice", "admin_views") for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(found) > 50
    return found


def test_queries_of_records_stand_in_reviewed_files_alone() -> None:
    wrong = []
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if name in REVIEWED or name.startswith("backoffice/demo/"):
            continue
        for line, function, text in queries(path.read_text(encoding="utf-8")):
            if f"{name}:{function}" not in FUNCTIONS:
                wrong.append(f"{name}:{line}: {text} in {function or 'the module'}; ask a Reader or picking instead")
    assert not wrong, "\n".join(wrong)


def test_the_lists_name_what_exists() -> None:
    """A reviewed place that no longer asks for records is taken off the list."""
    for name in REVIEWED:
        assert queries((ROOT / name).read_text(encoding="utf-8")), name
    for place in FUNCTIONS:
        name, _, function = place.partition(":")
        assert function in {one[1] for one in queries((ROOT / name).read_text(encoding="utf-8"))}, place


@pytest.mark.parametrize(
    "source",
    [
        "def f(declaration):\n    return declaration.model.select()",
        "def f(self):\n    model = self.declaration.model\n    return model.get_or_none(model.id == 1)",
        "CustomerArchive.get_by_id(1)",
        "from models.registers import gift_signoff\ngift_signoff.GiftLine.delete()",
        "def f(other):\n    alias = other.model.alias()\n    return alias.select(alias.id)",
        "def f(a, b):\n    rows = [m for m in (a.model.update(x=1),)]",
        "def f(model):\n    return model.select()",
        "def f(d, given):\n    target = given if given is not None else d.model\n    return target.select()",
        "def f(access, info):\n    model = target_model(access, info)\n    return model.select()",
        "class V:\n    def q(self):\n        return lambda: self.model.select()",
    ],
)
def test_a_query_is_noticed(source: str) -> None:
    assert len(queries(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "def f(a):\n    return a.get('model')",
        "User.select()",
        "def f(reader):\n    return reader.rows(reader.model.id == 1)",
        "Department.select()",
    ],
)
def test_what_is_no_query_of_records_passes(source: str) -> None:
    assert queries(source) == []
