"""Values that a new record takes over from a record it names (`Field.copy`), as far as its maker may read them there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from backoffice.access import Access, open_to_all
from backoffice.declarations import Declaration, Info
from backoffice.picking import may_choose
from backoffice.reading import Reader


def taken_over(declaration: Declaration, reference: str) -> Iterator[tuple[Info, str]]:
    """The fields that are copied through a reference, each with the name of the field there."""
    for info in declaration.fields.values():
        name = dict(sources(info)).get(reference, "")
        if name and info.typed:
            yield info, name


def sources(info: Info) -> Iterator[tuple[str, str]]:
    """The references a field is copied through, each with the name of the field there: the first that gives something counts."""
    for source in info.field.copy.split("|"):
        reference, _, name = source.partition(".")
        if reference:
            yield reference, name


def references(declaration: Declaration) -> Iterable[str]:
    """The references through which something is copied."""
    return dict.fromkeys(reference for info in declaration.fields.values() for reference, _ in sources(info))


def copied(access: Access, declaration: Declaration, reference: str, record_id: int) -> dict[str, Any]:
    """What the fields of a new record take over from the row `record_id`, by field. One query.

    Empty values and values that the person may not read in clear are not among them, a row that he could not choose gives none.
    """
    target = declaration.fields.get(reference)
    other = access.catalogue.get(target.target) if target is not None else None
    wanted = list(taken_over(declaration, reference))
    if target is None or other is None or not wanted or not may_choose(access, declaration, target, record_id):
        return {}
    values = _values(access, other, record_id, [name for _, name in wanted])
    return {info.name: values[name] for info, name in wanted if values.get(name) not in (None, "")}


def _values(access: Access, other: Any, record_id: int, names: list[str]) -> dict[str, Any]:
    """The values in clear by field. What a public register calls its rows by is open to everybody."""
    reader = Reader(access, other, names)
    seen = reader.one(record_id)
    if seen is not None:
        return seen.values
    open_names = [name for name in names if name in other.register.label]
    if not open_names or not open_to_all(other, other.name):
        return {}
    row = other.model.get_or_none(other.model.id == record_id)
    return {name: row.__data__[name] for name in open_names} if row is not None else {}


__all__ = ["copied", "references", "sources", "taken_over"]
