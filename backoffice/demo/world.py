"""The stage of the demo company: who acts, in which database, and a timeline that plays everything in the order of time."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backoffice import clock
from backoffice.access import Access, access_of
from backoffice.change import change
from backoffice.declarations import Catalogue
from backoffice.outcomes import Done, Outcome
from backoffice.people import Staff, hats
from models.accounts import User, UserRole


class Broken(RuntimeError):
    """The demo wanted something that the product refuses: a fault of the demo."""


def done(outcome: Outcome, what: str) -> Done:
    if not isinstance(outcome, Done):
        raise Broken(f"{what}: {outcome}")
    return outcome


@dataclass
class World:
    """Accounts, catalogue and what has been made so far. `rng` is for planning only, so that the same seed plans the same."""

    catalogue: Catalogue
    data_dir: Path
    now: dt.datetime
    rng: random.Random
    ids: dict[str, int] = field(default_factory=dict)
    _people: dict[str, Access] = field(default_factory=dict)
    _staff: Staff = field(default_factory=Staff)

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(clock.company_zone()).date()

    def access(self, username: str) -> Access:
        """What the account may do; read once, so ask only after roles and grants stand."""
        if username not in self._people:
            user = User.get(User.username == username)
            roles = [row.role for row in UserRole.select().where(UserRole.user == user.id)]
            access = access_of(user, hats(user, roles, self.today), self.catalogue, self.today)
            access.staff = self._staff
            self._people[username] = access
        return self._people[username]

    def meet_again(self) -> None:
        """Forget what was read about people, after accounts have changed."""
        self._people.clear()
        self._staff = Staff()

    def act(self, username: str, register: str, key: str, act: str, inputs: Mapping[str, Any], at: dt.datetime) -> Done:
        """One act through the write path. `key` names the record in `ids`; creation enters it there."""
        record = None if act == "create" else self.ids[key]
        with clock.set_to(at):
            outcome = change(self.access(username), register, record, act, inputs, None, at)
        finished = done(outcome, f"{username}, {register} {key}, {act}")
        self.ids[key] = finished.id
        return finished


@dataclass
class Timeline:
    """Work with its moment; nothing later than `until` is taken."""

    until: dt.datetime
    _moments: list[tuple[dt.datetime, int, Callable[[dt.datetime], object]]] = field(default_factory=list)

    def add(self, at: dt.datetime, work: Callable[[dt.datetime], object]) -> None:
        if at <= self.until:
            self._moments.append((at, len(self._moments), work))

    def play(self) -> None:
        for at, _, work in sorted(self._moments, key=lambda moment: moment[:2]):
            work(at)


# ---- office hours ------------------------------------------------------------------------------------------------------


def office(day: dt.date, rng: random.Random) -> dt.datetime:
    """A moment between 08:40 and 17:30 of the day, on the Monday after for a weekend."""
    return _moment(day + dt.timedelta(days=(0, 0, 0, 0, 0, 2, 1)[day.weekday()]), rng)


def office_before(instant: dt.datetime, rng: random.Random, days: int = 1) -> dt.datetime:
    """A moment of office hours that many working days before an instant."""
    day = instant.astimezone(clock.company_zone()).date()
    for _ in range(days):
        day -= dt.timedelta(days=(3, 1, 1, 1, 1, 1, 2)[day.weekday()])
    return _moment(day, rng)


def moments(first: dt.date, last: dt.date, count: int, rng: random.Random) -> list[dt.datetime]:
    """So many moments on working days from `first` to `last`, both included, in order; none where there is no such day."""
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    working = [day for day in days if day.weekday() < 5]
    if not working:
        return []
    return sorted(_moment(rng.choice(working), rng) for _ in range(count))


def _moment(day: dt.date, rng: random.Random) -> dt.datetime:
    seconds = rng.randrange(8 * 3600 + 40 * 60, 17 * 3600 + 30 * 60)
    local = dt.datetime.combine(day, dt.time(), tzinfo=clock.company_zone()) + dt.timedelta(seconds=seconds)
    return local.astimezone(dt.UTC)
