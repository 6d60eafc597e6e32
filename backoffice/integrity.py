"""What a constraint of the database means in the words of the form. Constraints hold under two users at once; messages come second."""

from __future__ import annotations

from peewee import IntegrityError

from backoffice.declarations import Declaration
from backoffice.outcomes import Problem
from backoffice.texts import label, say


def explain(declaration: Declaration, error: IntegrityError) -> dict[str, list[Problem]] | None:
    """Problems by field for a unique or check constraint of the register or its children, None for any other."""
    text = str(error)
    for info in declaration.fields.values():
        column = info.column
        table = declaration.model._meta.table_name
        if not info.typed:
            continue
        unique = column.unique or any(unique and fields == (info.name,) for fields, unique in _indexes(declaration))
        if unique and (f"{table}.{column.column_name}" in text or f"{table}_{column.column_name}" in text):
            rule = next(
                (
                    rule
                    for rule in declaration.rules.values()
                    if info.name in rule.fields and rule.automation == "enforce"
                ),
                None,
            )
            message = say("{field} is taken by another record.", field=label(info.field))
            return {info.name: [Problem(message, rule.id if rule else "", rule.clause if rule else "")]}
        if f"ck_{table}_{column.column_name}" in text:
            return {info.name: [Problem(say("{field} is out of bounds.", field=label(info.field)))]}
    return _together(declaration, text)


def _together(declaration: Declaration, text: str) -> dict[str, list[Problem]] | None:
    """The problem of several fields that together stand once, shown beside the last of them."""
    table = declaration.model._meta.table_name
    for names, unique in _indexes(declaration):
        columns = [declaration.columns[name].column_name for name in names]
        told = (", ".join(f"{table}.{column}" for column in columns), "_".join([table, *columns]))
        if unique and len(names) > 1 and any(one in text for one in told):
            fields = "、".join(label(declaration.fields[name].field) for name in names)
            return {names[-1]: [Problem(say("{field} is taken by another record.", field=fields))]}
    return None


def _indexes(declaration: Declaration) -> list[tuple[tuple[str, ...], bool]]:
    found = []
    for index in declaration.model._meta.indexes:
        if isinstance(index, tuple):
            fields, unique = index
            found.append((tuple(fields), bool(unique)))
    return found
