"""Where each rule of the catalogue stands: met here and how, waiting for something, or waiting for its register."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backoffice.declarations import Catalogue, Declaration
from backoffice.texts import read
from models.catalogue import Entry
from models.catalogue import catalogue as entries
from models.register import Rule


@dataclass(frozen=True)
class Traced:
    """One rule in one register. `status`: met, or `waits for <…>`."""

    id: str
    register: str
    tier: int
    kind: str
    automation: str
    statement: str
    clause: str
    how: str
    where: str
    status: str


def trace(catalogue: Catalogue, register: str = "") -> Iterator[Traced]:
    """Every rule of the catalogue, or those of one register and those that bind it."""
    rows: dict[str, list[tuple[Declaration, Rule]]] = {}
    for declaration in catalogue.values():
        for rule in declaration.register.rules:
            rows.setdefault(rule.id, []).append((declaration, rule))
    for entry in entries().values():
        met = rows.get(entry.id, [])
        here = [(declaration, rule) for declaration, rule in met if declaration.name == register]
        if register and not here and entry.register != register:
            continue
        yield _traced(entry, here or met)


def _traced(entry: Entry, met: list[tuple[Declaration, Rule]]) -> Traced:
    clause = "; ".join(entry.clauses)
    common = (entry.id, entry.register, entry.tier, entry.kind, entry.automation, read(entry.statement), clause)
    if not met:
        return Traced(*common, "", "", f"waits for {entry.register}")
    _, first = met[0]
    where = ", ".join(f"{declaration.name}: {', '.join(_places(declaration, rule))}" for declaration, rule in met)
    status = f"waits for {first.waits}" if first.waits else "met"
    return Traced(*common, read(first.how), where, status)


def _places(declaration: Declaration, rule: Rule) -> list[str]:
    """The mechanisms a rule row drives."""
    found = [f"before {', '.join(rule.on)}: {rule.guard}"] if rule.guard else []
    if rule.compute:
        found.append(f"after {', '.join(rule.on)}: {rule.compute}")
    if rule.order:
        found.append(f"order of {', '.join(rule.order)}")
    if rule.pairs:
        found.append("different people: " + ", ".join(f"{first}/{second}" for first, second in rule.pairs))
    if rule.required:
        found.append(f"required: {', '.join(rule.required)}")
    if rule.fields:
        found.append(f"fields: {', '.join(rule.fields)}")
    if rule.marks:
        found.append(f"everywhere: {', '.join(rule.marks)}")
    register = declaration.register
    found.extend(f"copies of {form.name}" for form in register.prints if form.rule == rule.id)
    found.extend(f"lists of {link.register}" for link in register.links if link.rule == rule.id)
    found.extend(f"rows {name}" for name, when in register.rows.items() if rule.id in {one.rule for one in when})
    return found or ["declared"]
