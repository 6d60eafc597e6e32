"""The product's own migrations: run from nothing they give what the models say, and a second run does nothing.

Columns, types, nullability, keys, indexes and checks are compared in tests/registers/test_declarations.py.
"""

from __future__ import annotations

import ast
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from peewee import CharField, Database

from backoffice import migrate
from backoffice.database import connected, dialect, open_database
from backoffice.paths import resource_dir
from models import ALL_MODELS
from tests.conftest import DIALECTS
from tests.registers.test_declarations import shape

SCRIPTS = sorted(resource_dir("migrations").glob("[0-9]*.py"))
NAMES = tuple(path.stem for path in SCRIPTS)


@pytest.fixture(params=DIALECTS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a table."""
    request.node.user_properties.append(("dialect", request.param))
    if request.param == "sqlite":
        db = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
        yield db
        db.close()
        return
    server = request.getfixturevalue("postgres_server")
    name = f"backoffice_empty_{os.getpid()}_{secrets.token_hex(4)}"
    db = open_database(server.create(name))
    yield db
    db.close_all()
    server.drop(name)


def told(db: Database) -> dict[str, Any]:
    return shape(db, None if dialect(db) == "sqlite" else "public")


def test_every_migration_runs_once(empty: Database) -> None:
    assert migrate.pending(empty) == list(NAMES)
    assert migrate.upgrade(empty).applied == NAMES
    with connected(empty):
        before = told(empty)
        rows = {
            table: empty.execute_sql(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in empty.get_tables()
        }
    again = migrate.upgrade(empty)
    assert again == migrate.Upgrade((), None)
    with connected(empty):
        assert told(empty) == before
        assert rows == {
            table: empty.execute_sql(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in empty.get_tables()
        }
        assert (migrate.pending(empty), migrate.unknown(empty)) == ([], [])


def test_the_comparison_with_the_models_sees_a_difference(empty: Database) -> None:
    """The guard of tests/registers/test_declarations.py would fail for a length, a NULL, an index and a check."""
    migrate.upgrade(empty)
    with connected(empty):
        before = told(empty)["area"]
        empty.execute_sql(
            'DROP TABLE "staff_group"' if dialect(empty) == "sqlite" else 'DROP TABLE "staff_group" CASCADE'
        )

        class Group(empty.Model):
            code = CharField(31, unique=False, null=True)

            class Meta:
                table_name = "staff_group"

        Group.create_table()
        other = told(empty)
        assert other["area"] == before
        columns = {column[0]: column[2] for column in other["staff_group"]["columns"]}
        assert columns == {"id": False, "code": True}
        assert other["staff_group"]["keys"] == []
        assert any("31" in text for text in other["staff_group"]["constraints"])


def test_numbers_of_migrations_go_up_by_one() -> None:
    assert [int(name[:4]) for name in NAMES] == list(range(1, len(NAMES) + 1))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_migration_says_why_and_imports_nothing_of_the_product(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    imported = {
        (node.module or "").partition(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert not imported & {"models", "backoffice", "admin_views"}
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert "up" in functions
    assert "down" in functions or "down" in (ast.get_docstring(tree) or "")


def test_every_table_has_a_model(empty: Database) -> None:
    migrate.upgrade(empty)
    with connected(empty):
        assert set(empty.get_tables()) - {"schema_migration"} == {model._meta.table_name for model in ALL_MODELS}
