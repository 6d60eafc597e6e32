"""What the write path answers. Refusals are values, never exceptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backoffice.texts import Readable


@dataclass(frozen=True)
class Done:
    """The act happened and is on disk."""

    id: int
    number: str
    state: str
    version: int
    act: str
    warnings: Sequence[Readable] = ()


@dataclass(frozen=True)
class Problem:
    """What is wrong with one typed value, and the rule that says so, if one does."""

    text: Readable
    rule: str = ""
    clause: str = ""


@dataclass(frozen=True)
class Invalid:
    """Typed values are wrong; nothing was written. Keys are the names of form fields (`lines-0-quantity`)."""

    errors: Mapping[str, Sequence[Problem]]


@dataclass(frozen=True)
class Declined:
    """A rule, the state or the person says no; nothing was written."""

    reason: Readable
    rule: str = ""
    clause: str = ""
    field: str = ""


@dataclass(frozen=True)
class ChangedField:
    """A field somebody else changed since the version the writer had read: plain history values, masked for him if need be."""

    path: str
    old: object
    new: object


@dataclass(frozen=True)
class Stale:
    """Somebody was first. `by` and `at` tell who and when, `changes` what, as far as the reader may see it."""

    version: int
    state: str
    by: str
    at: str
    changes: Sequence[ChangedField] = ()


@dataclass(frozen=True)
class Missing:
    """No such row for this reader (404)."""


@dataclass(frozen=True)
class Forbidden:
    """The role never has this verb here (403)."""


Outcome = Done | Invalid | Declined | Stale | Missing | Forbidden


@dataclass
class Errors:
    """Problems collected by field."""

    found: dict[str, list[Problem]] = field(default_factory=dict)

    def add(self, name: str, text: Readable, rule: str = "", clause: str = "") -> None:
        self.found.setdefault(name, []).append(Problem(text, rule, clause))
