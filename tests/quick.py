"""What makes the suite quick: one application for a catalogue, and templates compiled once for each worker."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from backoffice.app import make_catalogue
from backoffice.declarations import Catalogue

_apps: dict[int, tuple[Catalogue, Flask]] = {}


class CompiledOnce(BytecodeCache):
    """Compiled templates in memory, shared by all applications of this process."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = CompiledOnce()


@cache
def catalogue_without(rules: frozenset[str] = frozenset()) -> Catalogue:
    """The product's catalogue with these rule rows switched off; the same object each time."""
    return make_catalogue(without=rules)


def shared(catalogue: Catalogue, make: Any) -> Flask:
    """The application of a catalogue, made by `make` the first time."""
    if id(catalogue) not in _apps:
        app: Flask = make()
        app.jinja_env.bytecode_cache = COMPILED
        _apps[id(catalogue)] = (catalogue, app)
    return _apps[id(catalogue)][1]
