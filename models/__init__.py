"""What exists: every register of the product and every table, found rather than listed."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from peewee import sort_models

from models import accounts, evidence, factors, params, registers
from models.base import Row
from models.register import Register


def _registers() -> tuple[Register, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(registers.__path__))
    found = [importlib.import_module(f"models.registers.{name}").REGISTER for name in names]
    return tuple(sorted(found, key=lambda register: (register.menu, register.name)))


def _models() -> tuple[Any, ...]:
    common = [
        thing
        for module in (accounts, evidence, factors, params)
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Row) and thing.__module__ == module.__name__
    ]
    own = [model for register in REGISTERS for model in (register.model, *(child.model for child in register.children))]
    return tuple(sort_models({*common, *own}))


REGISTERS: tuple[Register, ...] = _registers()
ALL_MODELS: tuple[Any, ...] = _models()

__all__ = ["ALL_MODELS", "REGISTERS"]
