"""The 480 rules of the catalogue, compacted into `data/catalogue.json`, and the rule rows that registers make of them.

Usage in a register's file: `row("GIFT-09", "…", "…", on=("create",), guard="has_value")`. Kind, automation and source clause come from
the catalogue, so they are written once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from models.register import Rule, Text


@dataclass(frozen=True)
class Entry:
    """One rule of the catalogue. `quantity` holds the numbers of the source in the order of `unit`; both may be empty."""

    id: str
    register: str
    tier: int
    kind: str
    automation: str
    statement: Text
    clauses: tuple[str, ...]
    quantity: tuple[str, ...]
    unit: str
    params: tuple[str, ...]


@cache
def catalogue() -> Mapping[str, Entry]:
    """All rules by id, in the order of the catalogue. Reads the file once."""
    text = files("models").joinpath("data/catalogue.json").read_text(encoding="utf-8")
    return MappingProxyType({item["id"]: _entry(item) for item in json.loads(text)})


def _entry(item: Mapping[str, Any]) -> Entry:
    numbers = item.get("quantity", [])
    return Entry(
        id=item["id"],
        register=item["register"],
        tier=item["tier"],
        kind=item["kind"],
        automation=item["automation"],
        statement=Text(item["statement_zh"], item["statement_en"]),
        clauses=tuple(item["clauses"]),
        quantity=tuple(str(number) for number in (numbers if isinstance(numbers, list) else [numbers])),
        unit=item.get("unit", ""),
        params=tuple(item["param"].split("; ")) if "param" in item else (),
    )


def row(rule: str, zh: str, en: str, **rest: Any) -> Rule:
    """The rule row of a register: `zh` and `en` tell how the register meets it, `rest` are the other parts of `Rule`.

    Raises KeyError for an id that the catalogue does not have.
    """
    entry = catalogue()[rule]
    rest.setdefault("params", entry.params)
    return Rule(entry.id, entry.kind, entry.automation, "; ".join(entry.clauses), Text(zh, en), **rest)
