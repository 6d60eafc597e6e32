"""Running balances of a register of movements: kept with every line that moves them, never below zero on any day.

A line counts once its `order` is set; lines stand by day, then by that moment, then by id. A line that moves is put into its place: the
figures after it follow from the line before it, and those of the lines behind it are shifted. Only these lines are read,
through the index on keys, day and order. Whoever moves holds the lock that the act names (`Act.alone`), so two never compute
from the same line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from backoffice.access import all_of
from backoffice.declarations import Catalogue, Declaration
from backoffice.texts import label
from models.balances import Balance, Balances
from models.outcomes import Changes, Put, Refused
from models.register import Text

_NONE = Decimal(0)
_SHORT = Text(
    "{of}：{day} 的{balance}只有 {have}，减去 {wanted} 会低于零。",
    "{of}: {balance} is only {have} on {day}; taking {wanted} off would bring it below zero.",
)


def in_force(declaration: Declaration) -> Balances | None:
    """The balances of a register, None where it keeps none or the rule they hang on is switched off."""
    declared = declaration.register.balances
    return declared if declared is not None and declared.rule not in declaration.absent else None


def effect(declared: Balances, line: Any) -> dict[str, Decimal]:
    """By how much a line raises (or lowers) each figure.

    > 20 bags received: {"defective_balance": 20, "replacement_balance": 0}; their counter line: -20
    """
    kind, quantity = getattr(line, declared.kind), getattr(line, declared.quantity) or _NONE
    if declared.counter and line.__data__.get(declared.counter) is not None:
        quantity = -quantity
    return {one.name: _sign(one, kind) * quantity for one in declared.kept}


def _sign(balance: Balance, kind: str) -> int:
    return (kind in balance.plus) - (kind in balance.minus)


def moved(declaration: Declaration, record: Any) -> Changes | Refused:
    """The figures of a line that has just been given its moment, and those of the lines behind it; refused below zero."""
    declared = in_force(declaration)
    if declared is None:
        return Changes()
    model, by = declaration.model, effect(declared, record)
    names = [one.name for one in declared.kept]
    before = model.select().where(_of_key(declaration, declared, record) & _earlier(declaration, declared, record))
    last = before.order_by(*(column.desc() for column in _place(declaration, declared))).first()
    figures = {name: (getattr(last, name) if last is not None else _NONE) for name in names}
    refused = _short(declared, record, record, figures, by)
    if refused is not None:
        return refused
    puts = []
    behind = model.select().where(_of_key(declaration, declared, record) & _later(declaration, declared, record))
    for line in behind.order_by(*_place(declaration, declared)) if any(by.values()) else ():
        held = {name: getattr(line, name) for name in names}
        refused = _short(declared, record, line, held, by)
        if refused is not None:
            return refused
        values = {name: held[name] + by[name] for name in names if by[name]}
        puts.append(Put(declaration.name, line.id, values, rule=declared.rule))
    return Changes({name: figures[name] + by[name] for name in names}, put=puts)


def _short(
    declared: Balances, record: Any, line: Any, held: Mapping[str, Decimal], by: Mapping[str, Decimal]
) -> Refused | None:
    for balance in declared.kept:
        if by[balance.name] < 0 and held[balance.name] + by[balance.name] < 0:
            of = _named(str(getattr(record, key)) for key in declared.keys)
            named = {"balance": Text(balance.zh, balance.en), "day": getattr(line, declared.day).isoformat()}
            have, wanted = (_plain(figure) for figure in (held[balance.name], -by[balance.name]))
            return Refused(_SHORT.fill(of=of, have=have, wanted=wanted, **named))
    return None


def _named(keys: Iterable[str]) -> str:
    """The keys in words, without one that an earlier one ends with. > 外加剂 ZM-2 25kg 川北"""
    found: list[str] = []
    for key in keys:
        if not any(one.endswith(key) for one in found):
            found.append(key)
    return " ".join(found)


def _plain(figure: Decimal) -> str:
    return f"{figure:,.3f}".rstrip("0").rstrip(".")


# ---- conditions ------------------------------------------------------------------------------------------------------------


def _place(declaration: Declaration, declared: Balances) -> list[Any]:
    return [*(declaration.columns[name] for name in (declared.day, declared.order)), declaration.model.id]


def counts(declaration: Declaration, declared: Balances) -> Any:
    """The lines that count, in SQL."""
    return declaration.columns[declared.order].is_null(False)


def _of_key(declaration: Declaration, declared: Balances, record: Any) -> Any:
    same = [declaration.columns[key] == record.__data__[key] for key in declared.keys]
    return all_of([*same, counts(declaration, declared), declaration.model.id != record.id])


def _later(declaration: Declaration, declared: Balances, record: Any) -> Any:
    day, order, key = _place(declaration, declared)
    on, at = getattr(record, declared.day), getattr(record, declared.order)
    # The bound on the day alone lets the index begin there.
    return (day >= on) & ((day > on) | (order > at) | ((order == at) & (key > record.id)))


def _earlier(declaration: Declaration, declared: Balances, record: Any) -> Any:
    day, order, key = _place(declaration, declared)
    on, at = getattr(record, declared.day), getattr(record, declared.order)
    return (day <= on) & ((day < on) | (order < at) | ((order == at) & (key < record.id)))


# ---- proof -----------------------------------------------------------------------------------------------------------------


def differences(catalogue: Catalogue) -> Iterator[str]:
    """Sentences on lines whose stored figures are not what all lines up to them give, or are below zero; reads every line."""
    for declaration in catalogue.values():
        declared = in_force(declaration)
        if declared is not None:
            yield from _of_register(declaration, declared)


def _of_register(declaration: Declaration, declared: Balances) -> Iterator[str]:
    keys = [declaration.columns[key] for key in declared.keys]
    query = declaration.model.select().where(counts(declaration, declared))
    sums: dict[str, Decimal] = {}
    current: tuple[Any, ...] | None = None
    for line in query.order_by(*keys, *_place(declaration, declared)).iterator():
        key = tuple(line.__data__[name] for name in declared.keys)
        if key != current:
            current, sums = key, {one.name: _NONE for one in declared.kept}
        for name, amount in effect(declared, line).items():
            sums[name] += amount
            stored = getattr(line, name)
            where = f"{declaration.name} {getattr(line, 'number', line.id)}"
            if stored != sums[name]:
                yield f"{where}: {name} is {stored}, its lines give {sums[name]}"
            elif stored < 0:
                yield f"{where}: {name} is below zero: {stored}"


def titles(declaration: Declaration, declared: Balances) -> dict[str, str]:
    """What the kinds and the figures are called."""
    kinds = {code: label(choice) for code, choice in declaration.fields[declared.kind].choices.items()}
    return {**kinds, **{one.name: label(one) for one in declared.kept}}


__all__ = ["counts", "differences", "effect", "in_force", "moved", "titles"]
