"""Records of one's own area: who may make and change them only there chooses no other, and is offered no other.

It hangs on the rule row that carries the mark `own_area`; without that row every area is open to him, to see and to enter.
"""

from __future__ import annotations

from typing import Any

from backoffice.access import Access
from backoffice.declarations import Declaration
from backoffice.texts import Readable, say
from models.register import Rule

FIELD = "area"


def rule_of(declaration: Declaration) -> Rule | None:
    """The rule in force that keeps people to their area."""
    return next((rule for rule in declaration.rules.values() if "own_area" in rule.marks), None)


def own(access: Access, declaration: Declaration, verb: str = "create") -> frozenset[int] | None:
    """The areas to which the person is kept when he makes (or updates) records; None where nothing keeps him."""
    if rule_of(declaration) is None or FIELD not in declaration.fields:
        return None
    given = [(hat, grant) for hat, grant in access.grants(declaration) if verb in grant.verbs]
    if not given or any(grant.scope != "area" for _, grant in given):
        return None
    return frozenset(hat.area_id for hat, _ in given if hat.area_id is not None)


def place(access: Access, declaration: Declaration, record: Any) -> None:
    """A new record stands in the person's area until he types another."""
    found = own(access, declaration)
    if found is not None and len(found) == 1:
        (record.area,) = found


def outside(access: Access, declaration: Declaration, record: Any, act: str) -> tuple[Rule, Readable] | None:
    """Why the record may not stand where it was typed, None if it may."""
    rule, found = rule_of(declaration), own(access, declaration, act)
    if rule is None or found is None or record.area_id in {None, *found}:
        return None
    return rule, say("This is not your area; its own staff enter what moves there.")


__all__ = ["FIELD", "outside", "own", "place", "rule_of"]
