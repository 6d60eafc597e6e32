"""Running balances of a register of movements, and reports over them: parts of a declaration, data only.

`backoffice.balances` keeps them, `backoffice.reports` works them out.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.register import Text


@dataclass(frozen=True)
class Balance:
    """A figure kept after each record: kinds of `plus` raise it by the quantity, kinds of `minus` lower it. `name` is a column."""

    name: str
    zh: str
    en: str
    plus: tuple[str, ...]
    minus: tuple[str, ...]


@dataclass(frozen=True)
class Balances:
    """Running balances of a register of movements, one row of figures for each combination of `keys`.

    A record counts once its `order`, a moment, is set. Records stand by `day`, then by `order`, then by id; each keeps the figures
    after it. A record whose `counter` is filled moves the opposite way. None of the figures may fall below zero, on no
    day. `rule` is the row they hang on.
    """

    keys: tuple[str, ...]
    kind: str
    quantity: str
    day: str
    order: str
    kept: tuple[Balance, ...]
    counter: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Report:
    """A report over the balances of a register for a period, with a page, a CSV and a PDF.

    One row for each combination of the balances' keys: opening, every kind, closing, and the sum of `amount` over records of
    `amount_kinds`. `unit` is the field in which quantities may be added up, `group` the field of the second table.
    Records that hold none of `linked` are left out while the rule `linked_rule` is in force; `open_states` are those counted as not
    yet done. `filters` are reference fields that narrow it. `rule`: it exists because of that row.
    """

    name: str
    zh: str
    en: str
    unit: str
    group: str
    amount: str = ""
    amount_kinds: tuple[str, ...] = ()
    amount_label: Text | None = None
    filters: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    linked_rule: str = ""
    open_states: tuple[str, ...] = ()
    rule: str = ""
