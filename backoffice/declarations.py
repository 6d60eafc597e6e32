"""Declarations made ready to use, and the check that refuses a wrong one with the nearest valid word.

`Catalogue(registers)` compiles every Register once. Nothing in here, or in anything that uses it, knows a particular register.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import peewee as pw

from models import fields as own
from models.accounts import User
from models.evidence import StoredFile
from models.register import Act, Child, Field, NamedList, Register, Rule, Series, Slot, State, Text

COMMON = (
    Field("number", "编号", "number", system=True),
    Field("state", "状态", "state", system=True),
    Field("department", "所属部门", "owning department", system=True),
    Field("maker_department", "制单部门", "maker's department", system=True),
    Field("owner", "经办人", "person in charge", system=True),
    Field("created_by", "制单人", "maker", system=True),
    Field("created_at", "制单时间", "made at", system=True),
    Field("updated_by", "修改人", "changed by", system=True),
    Field("updated_at", "修改时间", "changed at", system=True),
    Field("remarks", "备注", "remarks", wide=True),
)
# Columns of the model that are the engine's own: never shown as fields, never typed.
INTERNAL = frozenset({"id", "version", "record", "position"})
ACCOUNT = "account"


@dataclass(frozen=True)
class Info:
    """One field as the engine sees it: the declared Field, the model's column, and what follows from both."""

    name: str
    field: Field
    column: Any
    kind: str
    target: str = ""
    child: str = ""

    @property
    def path(self) -> str:
        return f"{self.child}.{self.name}" if self.child else self.name

    @property
    def typed(self) -> bool:
        return not self.field.system

    @cached_property
    def choices(self) -> Mapping[str, Any]:
        return {choice.code: choice for choice in self.field.choices}

    @property
    def length(self) -> int | None:
        return getattr(self.column, "max_length", None) if self.kind == "text" else None

    @property
    def numeric(self) -> bool:
        return self.kind in {"integer", "money", "quantity", "percent"}


class ChildInfo:
    """A child table with its fields by name."""

    def __init__(self, child: Child, targets: Mapping[Any, str], absent: frozenset[str]) -> None:
        self.child = child
        self.name = child.name
        self.model = child.model
        self.owner = child.model._meta.fields.get(child.owner)
        self.fields = {
            field.name: _info(field, child.model, targets, child.name)
            for field in child.fields
            if field.name in child.model._meta.fields and not (field.rule and field.rule in absent)
        }


class Declaration:
    """A Register ready for use. `without` names rule rows that are switched off: nothing of theirs is enforced."""

    def __init__(self, register: Register, targets: Mapping[Any, str], without: frozenset[str] = frozenset()) -> None:
        self.register = register
        self.name = register.name
        self.model = register.model
        self.module = (
            sys.modules[register.model.__module__] if not register.model.__module__.startswith("models.acc") else None
        )
        self.absent = without
        self.rules: Mapping[str, Rule] = {rule.id: rule for rule in register.rules if rule.id not in without}
        self.columns: Mapping[str, Any] = register.model._meta.fields
        declared = {field.name: field for field in register.fields}
        order = [*declared.values(), *(field for field in COMMON if field.name not in declared)]
        self.fields: Mapping[str, Info] = {
            field.name: _info(field, register.model, targets)
            for field in order
            if field.name in self.columns and not (field.rule and field.rule in without)
        }
        self.children: Mapping[str, ChildInfo] = {
            child.name: ChildInfo(child, targets, without)
            for child in register.children
            if not (child.rule and child.rule in without)
        }
        self.states: Mapping[str, State] = {state.code: state for state in register.states}
        self.acts: Mapping[str, Act] = {act.name: _in_force(act, without) for act in register.acts}
        self.prints = tuple(replace(form, parts=()) if form.rule in without else form for form in register.prints)
        self.links = tuple(link for link in register.links if link.rule not in without)
        self.slots: Mapping[str, Slot] = {slot.name: slot for slot in register.slots}
        self.marks = frozenset(mark for rule in self.rules.values() for mark in rule.marks)
        # Fields of a rule on history that is switched off: their changes are not told.
        self.untold = frozenset(
            name
            for rule in register.rules
            if rule.id in without and "keeps_old_values" in rule.marks
            for name in rule.fields
        )
        # The column of the acting deputy; where a rule row carries this and is switched off, nobody acts for an absent owner.
        acts_for = any("acting_deputy" in rule.marks for rule in register.rules)
        self.deputy = register.deputy if not acts_for or "acting_deputy" in self.marks else ""
        self.series: tuple[Series, ...] = tuple(series for series in register.series if series.rule not in without)
        self.is_record = "state" in self.columns and "owner" in self.columns

    @cached_property
    def first_state(self) -> str:
        return self.register.states[0].code if self.register.states else ""

    @cached_property
    def update_states(self) -> tuple[str, ...]:
        return self.register.update_states or ((self.first_state,) if self.first_state else ())

    @cached_property
    def required(self) -> Mapping[str, str]:
        """Fields (and children) that a save needs, with the rule that says so or ""."""
        needed = {name: "" for name, info in self.fields.items() if info.field.required and info.typed}
        for rule in self.rules.values():
            for name in rule.required:
                needed[name] = rule.id
        return needed

    def lets_go(self, mark: str) -> bool:
        """Whether the register has a rule with this mark, and it is switched off."""
        return mark not in self.marks and any(mark in rule.marks for rule in self.register.rules)

    def named_list(self, name: str) -> NamedList | None:
        return next((named for named in self.register.lists if named.name == name), None)

    def function(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self.module, name)
        return found

    def guards(self, act: str) -> Iterator[tuple[Rule, Callable[..., Any]]]:
        return ((rule, self.function(rule.guard)) for rule in self._asked() if rule.guard and act in rule.on)

    def computations(self, act: str) -> Iterator[tuple[Rule, Callable[..., Any]]]:
        return ((rule, self.function(rule.compute)) for rule in self._asked() if rule.compute and act in rule.on)

    def _asked(self) -> Iterator[Rule]:
        """What hangs on no rule, then the rules in force."""
        for always in self.register.always:
            yield Rule("", "", "", "", Text("", ""), on=always.on, guard=always.guard, compute=always.compute)
        yield from self.rules.values()

    def order_rule(self, act: str) -> Rule | None:
        """The rule that demands the source state of an act, among those in force."""
        return next((rule for rule in self.rules.values() if act in rule.order), None)

    def keeps_order(self, act: str) -> bool:
        """Whether the source state of the act is demanded: always, unless the rows that say so are all switched off."""
        rows = [rule for rule in self.register.rules if act in rule.order]
        return not rows or any(rule.id in self.rules for rule in rows)

    def every_field(self) -> Iterator[Info]:
        """The fields of the record and of its child tables."""
        yield from self.fields.values()
        for child in self.children.values():
            yield from child.fields.values()

    def info(self, path: str) -> Info:
        """The field at `name` or `child.name`. Raises KeyError."""
        child, _, name = path.rpartition(".")
        return self.children[child].fields[name] if child else self.fields[path]

    def has(self, path: str) -> bool:
        child, _, name = path.rpartition(".")
        return (child in self.children and name in self.children[child].fields) if child else path in self.fields

    def shown(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name in self.fields)


class Catalogue(Mapping[str, Declaration]):
    """All declarations of the running product by register name, in menu order."""

    def __init__(self, registers: Sequence[Register], without: frozenset[str] = frozenset()) -> None:
        targets: dict[Any, str] = {register.model: register.name for register in registers}
        targets[User] = ACCOUNT
        self._declarations = {register.name: Declaration(register, targets, without) for register in registers}
        self._by_model = {declaration.model: declaration for declaration in self._declarations.values()}
        declared = {mark for register in registers for rule in register.rules for mark in rule.marks}
        self._off = declared.difference(*(declaration.marks for declaration in self._declarations.values()))

    def __getitem__(self, name: str) -> Declaration:
        return self._declarations[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._declarations)

    def __len__(self) -> int:
        return len(self._declarations)

    def in_force(self, mark: str) -> bool:
        """Whether what the mark stands for is done outside the registers: always, unless its rows are all switched off."""
        return mark not in self._off

    def of_model(self, model: Any) -> Declaration | None:
        return self._by_model.get(model)


def _in_force(act: Act, without: frozenset[str]) -> Act:
    """The act without the conditions of roads that belong to rules switched off."""
    routes = (
        replace(route, when=tuple(when for when in route.when if when.rule not in without)) for route in act.routes
    )
    return replace(act, routes=tuple(routes))


def _info(field: Field, model: Any, targets: Mapping[Any, str], child: str = "") -> Info:
    column = model._meta.fields[field.name]
    kind, target = _kind(field, column, targets)
    return Info(field.name, field, column, kind, target, child)


_KINDS: tuple[tuple[type[Any], str], ...] = (
    (own.MoneyField, "money"),
    (own.QuantityField, "quantity"),
    (own.PercentField, "percent"),
    (own.InstantField, "instant"),
    (own.DayField, "day"),
    (own.NumberField, "number"),
    (pw.BooleanField, "flag"),
    (pw.IntegerField, "integer"),
    (pw.TextField, "longtext"),
    (pw.CharField, "text"),
)


def _kind(field: Field, column: Any, targets: Mapping[Any, str]) -> tuple[str, str]:
    if isinstance(column, pw.ForeignKeyField):
        if column.rel_model is StoredFile:
            return "file", ""
        return "ref", targets.get(column.rel_model, "")
    if field.choices:
        return "choice", ""
    for kind, name in _KINDS:
        if isinstance(column, kind):
            return name, ""
    return "text", ""
