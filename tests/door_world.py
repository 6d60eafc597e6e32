"""What the tests of every door share: the oracle of a company, one account for each role, and a witness over every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import TestResponse

from backoffice import clock
from backoffice.declarations import Declaration
from models.accounts import Delegation
from models.base import db
from models.matrix import ROLES
from tests.access_world import text_of
from tests.company import Signed
from tests.matrix_oracle import Oracle
from tests.whole_company import NOW, Whole

MISSING = 99_999_999
_NUMBER = re.compile(r"\b[A-Z]{1,6}-\d{4,8}-\d{3,6}\b")
# A month or a day stands on every page.
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_TEXTS = frozenset({"text", "longtext", "money", "number"})
# Shorter ones stand by chance in other words.
SHORTEST = 5


def prepared(whole: Whole) -> Doors:
    """The company with an absence in it: `hr` acts for the salesperson today."""
    with db.atomic():
        if not Delegation.select().where(Delegation.reason == "年假").exists():
            Delegation.create(
                owner=whole.users["salesperson"],
                delegate=whole.users["hr"],
                role="salesperson",
                starts_on=clock.today(),
                ends_on=clock.today(),
                reason="年假",
                created_at=NOW,
                updated_at=NOW,
            )
    for username, _ in accounts():
        whole.browser(username)  # Signed in before anything is written that is taken back.
    return Doors(whole, Oracle(whole.catalogue, clock.today()))


def representatives(accounts: list[tuple[str, str]]) -> list[str]:
    """The first account of each role, of (username, role) pairs."""
    found: dict[str, str] = {}
    for username, role in accounts:
        found.setdefault(role, username)
    return [found[role] for role in ROLES if role in found]


@dataclass
class Doors:
    """A company and what its accounts may reach."""

    whole: Whole
    oracle: Oracle
    _witnesses: dict[str, Witness] = field(default_factory=dict)

    @cached_property
    def registers(self) -> dict[str, Declaration]:
        return dict(self.whole.catalogue)

    def witness(self, username: str) -> Witness:
        if username not in self._witnesses:
            self._witnesses[username] = Witness(self, username)
        return self._witnesses[username]

    def ids(self, username: str, register: str) -> set[int]:
        return set(self.oracle.sights(self.whole.users[username], register))

    def hidden(self, username: str, register: str) -> list[int]:
        return sorted(set(self.oracle.rows(register)) - self.ids(username, register))

    def reads(self, username: str, register: str) -> bool:
        return self.oracle.may(self.whole.users[username], register, "R")

    def may(self, username: str, register: str, letter: str) -> bool:
        return self.oracle.may(self.whole.users[username], register, letter)

    def picked(self, username: str, register: str, most: int = 2) -> list[int]:
        """Some rows in sight, each account others, of different states as far as possible."""
        rows, found = self.oracle.rows(register), dict[str, int]()
        turn = sum(map(ord, username))
        ids = sorted(self.ids(username, register))
        for record in ids[turn % max(1, len(ids)) :] + ids:
            found.setdefault(str(rows[record].get("state", "")), record)
        chosen = list(found.values())
        return [chosen[(turn + at) % len(chosen)] for at in range(min(most, len(chosen)))]


@dataclass
class Witness:
    """A signed-in browser that refuses answers in which something stands that does not exist for its reader."""

    doors: Doors
    username: str
    asked: int = 0

    @property
    def browser(self) -> Signed:
        return self.doors.whole.browser(self.username)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Numbers of records out of his sight."""
        hidden = {
            str(self.doors.oracle.rows(name)[record]["number"])
            for name, declaration in self.doors.registers.items()
            if "number" in declaration.columns
            for record in self.doors.hidden(self.username, name)
        }
        # A slip tells the number of its complaint, and whoever reads the slip reads it there.
        told = "\n".join(text for name in self.doors.registers for text, is_clear in self._values(name) if is_clear)
        return frozenset(hidden - set(_NUMBER.findall(told)))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Values of fields that are masked or absent for him, and stand in no field that he does read."""
        hidden, clear = set[str](), list[str]()
        for name in self.doors.registers:
            for text, is_clear in self._values(name):
                if is_clear:
                    clear.append(text)
                elif len(text) >= (8 if text.isdecimal() else SHORTEST) and not _DAY.fullmatch(text):
                    hidden.add(text)
        known = "\n".join([*clear, *(str(one["name"]) for one in self.doors.oracle.users.values())])
        return tuple(sorted(text for text in hidden if text not in known))

    def _values(self, register: str) -> Iterator[tuple[str, bool]]:
        declaration, oracle = self.doors.registers[register], self.doors.oracle
        user = self.doors.whole.users[self.username]
        sights = oracle.sights(user, register)
        label = declaration.register.label[0]
        for record, row in oracle.rows(register).items():
            for info in declaration.fields.values():
                value = row.get(info.name)
                # Codes of states stand in every page's own markup.
                if value in (None, "") or info.kind not in _TEXTS or info.name == "state":
                    continue
                text = f"{value:,.2f}" if info.kind == "money" else str(value)
                if record in sights and info.name == "number":
                    yield text, True  # What a row is called is known to whoever sees any of it.
                elif record in sights:
                    yield text, oracle.of(user, register, record, info.name) == "clear"
                elif declaration.register.public and info.name in declaration.register.label:
                    yield text, True  # Everybody may pick it by this name.
                elif info.field.level > 1 or info.name == label:
                    yield text, False
        yield from self._lines(register)

    def _lines(self, register: str) -> Iterator[tuple[str, bool]]:
        declaration, oracle = self.doors.registers[register], self.doors.oracle
        user = self.doors.whole.users[self.username]
        sights = oracle.sights(user, register)
        for child in declaration.children.values():
            infos = [info for info in child.fields.values() if info.kind in _TEXTS]
            for row in child.model.select().dicts():
                for info in infos:
                    if row[info.name] not in (None, ""):
                        record = row[child.owner.name]
                        seen = record in sights and oracle.of(user, register, record, info.path) == "clear"
                        if seen or info.field.level > 1:
                            value = row[info.name]
                            yield (f"{value:,.2f}" if info.kind == "money" else str(value)), seen

    def get(self, path: str, *, repeats: str = "") -> TestResponse:
        """The answer, read through. `repeats`: what the page repeats because the reader has typed it."""
        return self.heard(path, self.browser.get(path), repeats)

    def post(self, path: str, data: Any, *, repeats: str = "") -> TestResponse:
        return self.heard(path, self.doors.whole.post(self.browser, path, data), repeats)

    def heard(self, path: str, answer: TestResponse, repeats: str = "") -> TestResponse:
        self.asked += 1
        assert answer.status_code < 500, f"{self.username} {path}: {answer.status}"
        if answer.status_code in {301, 302, 303, 304}:
            return answer
        text = readable(answer)
        if repeats:
            text = text.replace(repeats, "")
        leaked = set(_NUMBER.findall(text)) & self.numbers
        assert not leaked, f"{self.username} read numbers {sorted(leaked)[:5]} on {path}"
        found = [one for one in self.texts if one in text]
        assert not found, f"{self.username} read hidden values {found[:5]} on {path}"
        return answer


def readable(answer: TestResponse) -> str:
    """What stands in an answer; of a picture nothing can be read."""
    if (answer.mimetype or "").startswith("image/"):
        return "\n".join(f"{name}: {value}" for name, value in answer.headers)
    return text_of(answer)


def address(register: str, door: str = "", **query: Any) -> str:
    text = urlencode(query, doseq=True)
    return f"/admin/{register}/{door}" + (f"?{text}" if text else "")


def accounts() -> list[tuple[str, str]]:
    """(username, role) of the demo company, in its order."""
    from backoffice.demo.company import ACCOUNTS

    return [(one.username, one.role) for one in ACCOUNTS]


__all__ = ["MISSING", "Doors", "Witness", "accounts", "address", "prepared", "representatives"]
