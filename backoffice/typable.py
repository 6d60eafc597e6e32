"""Which fields a person may type: those that exist for him, unmasked, in this state, for his role (organisation.md 3.3, 4)."""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.access import Access
from backoffice.declarations import Declaration, Info
from backoffice.reading import Reader, Seen, child_paths
from models.register import Act


@dataclass(frozen=True)
class Typable:
    """Names of fields of the record, and for each child table that may be edited the names of its columns."""

    fields: tuple[str, ...]
    children: dict[str, tuple[str, ...]]


def for_new(access: Access, declaration: Declaration) -> Typable:
    """What may be typed into a new record: its maker is its owner, so nothing of it is masked for him."""
    return _typable(access, declaration, None)


def for_record(access: Access, declaration: Declaration, seen: Seen) -> Typable:
    """What may be typed into a record that was read with `reader_for`."""
    return _typable(access, declaration, seen)


def lines_of_act(access: Access, declaration: Declaration, act: Act) -> dict[str, tuple[str, ...]]:
    """The child tables that an act lets its person fill in, each with the columns that he may type."""
    found = {}
    for name in act.children:
        child = declaration.children.get(name)
        columns = tuple(info.name for info in child.fields.values() if _may_type(access, info, None)) if child else ()
        if columns:
            found[name] = columns
    return found


def reader_for(access: Access, declaration: Declaration) -> Reader:
    """A reader of all fields with the flags of all child columns."""
    return Reader(access, declaration, [*declaration.fields, *child_paths(declaration)])


def _typable(access: Access, declaration: Declaration, seen: Seen | None) -> Typable:
    names = tuple(
        info.name for info in declaration.fields.values() if _may_type(access, info, seen) and info.kind != "number"
    )
    children = {}
    for name, child in declaration.children.items():
        columns = tuple(info.name for info in child.fields.values() if _may_type(access, info, seen))
        if not child.child.system and not child.child.in_acts and columns:
            children[name] = columns
    return Typable(names, children)


def _may_type(access: Access, info: Info, seen: Seen | None) -> bool:
    declared = info.field
    if declared.system:
        return False
    if declared.writers and not (access.roles & frozenset(declared.writers)):
        return False
    if seen is None:
        return True
    if declared.create_only or (declared.states and seen.state not in declared.states):
        return False
    return info.path not in seen.masked and info.path not in seen.absent
