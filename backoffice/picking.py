"""What may be chosen in a reference: the rows the person may read that fit the field, asked by lookup, select and validation alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from operator import and_
from typing import Any

from backoffice import areas
from backoffice.access import Access, Condition, all_of, any_of, open_to_all
from backoffice.declarations import ACCOUNT, Declaration, Info
from backoffice.routes import holds_in_sql
from models.accounts import User, UserRole
from models.fields import NumberField

SMALL = 60
MOST = 20


def target_model(access: Access, info: Info) -> Any:
    return User if info.target == ACCOUNT else access.catalogue[info.target].model


def choosable(access: Access, declaration: Declaration, info: Info, *, offer: bool = False) -> Condition:
    """The rows of the target that this person may put into the field, or (`offer`) that he is offered."""
    model = target_model(access, info)
    picks = (when for when in info.field.pick if not when.rule or (offer and when.rule not in declaration.absent))
    parts: list[Condition] = [holds_in_sql(model, when) for when in picks]
    if info.target == ACCOUNT:
        parts.append(model.active == True)  # noqa: E712 - SQL, not Python
        if info.field.roles:
            parts.append(User.id.in_(UserRole.select(UserRole.user).where(UserRole.role.in_(info.field.roles))))
        if info.name in {"owner", declaration.register.owner_is}:
            parts.append(_owners(access, declaration))
        return all_of(parts)
    other = access.catalogue[info.target]
    if not open_to_all(other, info.target):
        parts.append(access.scope(other))
    if other.register.active_field:
        parts.append(other.columns[other.register.active_field] == True)  # noqa: E712 - SQL, not Python
    kept = areas.own(access, declaration) if offer and info.path == areas.FIELD else None
    if kept is not None:
        parts.append(model.id.in_(sorted(kept)))
    return all_of(parts)


def _owners(access: Access, declaration: Declaration) -> Condition:
    """Whom one may make the owner: oneself, or with a wider right to create anybody there who may own such records."""
    makers = [
        role
        for role, grants in declaration.register.access.items()
        if any("create" in grant.verbs and grant.scope == "own" for grant in grants)
    ]
    named = bool(declaration.register.owner_is)
    fit = User.id.in_(UserRole.select(UserRole.user).where(UserRole.role.in_(makers))) if makers and not named else True
    found: list[Condition] = []
    for hat, grant in access.grants(declaration):
        if not ({"create", "update", "approve"} & grant.verbs):
            continue
        if grant.scope == "all":
            return fit
        if grant.scope == "own":
            found.append(User.id == hat.user_id)
        elif hat.department_id is not None:
            found.append(all_of([fit, User.department == hat.department_id]))
            found.append(User.id == hat.user_id)
    return any_of(found)


def makes_own_only(access: Access, declaration: Declaration) -> bool:
    """Whether every right to create that the person has is one for records of his own."""
    scopes = [grant.scope for _, grant in access.grants(declaration) if "create" in grant.verbs]
    return bool(scopes) and all(scope == "own" for scope in scopes)


def may_choose(access: Access, declaration: Declaration, info: Info, record_id: int, *, offer: bool = False) -> bool:
    """Whether the person may put the row into the field, or (`offer`) is offered it."""
    model = target_model(access, info)
    condition = choosable(access, declaration, info, offer=offer)
    if condition is False:
        return False
    query = model.select(model.id).where(model.id == record_id)
    return bool((query if condition is True else query.where(condition)).exists())


def label_columns(access: Access, info: Info) -> tuple[Any, ...]:
    if info.target == ACCOUNT:
        return (User.name, User.username)
    other = access.catalogue[info.target]
    return tuple(other.columns[name] for name in other.register.label)


def offered(
    access: Access, declaration: Declaration, info: Info, term: str = "", limit: int = MOST
) -> list[tuple[int, str]]:
    """Up to `limit` choices whose label contains the term, as (id, label). One query."""
    model = target_model(access, info)
    condition = choosable(access, declaration, info, offer=True)
    if condition is False:
        return []
    columns = label_columns(access, info)
    query = model.select(model.id, *columns)
    if condition is not True:
        query = query.where(condition)
    words = term.split()[:5]
    if words:
        query = query.where(reduce(and_, (_contains(columns, word) for word in words)))
    query = query.order_by(columns[0], model.id).limit(limit)
    return [(row[0], labelled(row[1:], info)) for row in query.tuples()]


def matching(access: Access, info: Info, text: str) -> Any:
    """A query for the ids of the rows that the person may read and whose label contains every word, for filters by name."""
    model = target_model(access, info)
    columns = label_columns(access, info)
    words = re.split(r"[\s（）]+", text.strip("（） "))[:5]
    parts: list[Condition] = [_contains(columns, word) for word in words if word]
    if info.target != ACCOUNT:
        other = access.catalogue[info.target]
        if not open_to_all(other, info.target):
            parts.append(access.scope(other))
    condition = all_of(parts)
    query = model.select(model.id)
    return query if condition is True else query.where(condition if condition is not False else model.id < 0)


def _contains(columns: tuple[Any, ...], word: str) -> Any:
    return any_of(
        column.contains(NumberField.stored(word) if isinstance(column, NumberField) else word) for column in columns
    )


def labelled(parts: tuple[Any, ...], info: Info) -> str:
    if info.target == ACCOUNT:
        return f"{parts[0]}（{parts[1]}）"
    return " ".join(str(part) for part in parts if part is not None)


def past_label(access: Access, info: Info, record_id: int) -> str:
    """The label of a row that the person may read, even if it could not be chosen any more; empty otherwise."""
    return past_labels(access, info, [record_id]).get(record_id, "")


def past_labels(access: Access, info: Info, record_ids: Iterable[int]) -> dict[int, str]:
    """As `past_label` for many rows of one target. One query."""
    model = target_model(access, info)
    condition: Condition = True
    if info.target != ACCOUNT and not open_to_all(access.catalogue[info.target], info.target):
        condition = access.scope(access.catalogue[info.target])
    if condition is False:
        return {}
    query = model.select(model.id, *label_columns(access, info)).where(model.id.in_(sorted(record_ids)))
    rows = (query if condition is True else query.where(condition)).tuples()
    return {row[0]: labelled(row[1:], info) for row in rows}


def label_of(access: Access, declaration: Declaration, info: Info, record_id: int) -> str:
    """The label of one choosable row, empty when it may not be read."""
    model = target_model(access, info)
    condition = choosable(access, declaration, info)
    if condition is False:
        return ""
    query = model.select(*label_columns(access, info)).where(model.id == record_id)
    row = (query if condition is True else query.where(condition)).tuples().first()
    return labelled(row, info) if row is not None else ""
