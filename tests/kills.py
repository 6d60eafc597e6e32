"""Sixteen people write while the server, the database or both are killed, round after round; then everything is counted.

The harness of tests/test_races.py (a few rounds) and of `make trust` (two hundred). What must hold: an acknowledged write is
there once, nothing is there twice, numbers have no gap, every record is what its history says, and the server is back soon.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from backoffice import proof, replay
from backoffice.declarations import Catalogue
from models.accounts import Area
from models.registers.customer_archive import CustomerArchive
from tests.servers import Person, Server, free_port, start

WRITERS = 16
BACK_SECONDS = 5.0


@dataclass
class Tally:
    """What came of the rounds."""

    rounds: int = 0
    acknowledged: int = 0
    stored: int = 0
    lost: int = 0
    doubled: int = 0
    gaps: int = 0
    faults: list[str] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list, repr=False)

    @property
    def slowest(self) -> float:
        return max(self.back, default=0.0)

    def __str__(self) -> str:
        return (
            f"{self.rounds} kills, {WRITERS} writers: {self.acknowledged} acknowledged, {self.stored} stored, "
            f"{self.lost} lost, {self.doubled} doubled, {self.gaps} gaps, {len(self.faults)} faults; "
            f"back after {sum(self.back) / max(len(self.back), 1):.1f} s, at most {self.slowest:.1f} s"
        )


def enter(person: Person, writer: int, area: str, acknowledged: list[str], over: threading.Event) -> None:
    """Customers one after the other, each under a name of its own, through whatever happens to the server."""
    n = 0
    while not over.is_set():
        n += 1
        name = f"青川{writer}号{n}建材有限公司"
        typed = {
            "name": name,
            "customer_kind": "company",
            "relation": "current",
            "registered_address": "川北路1号",
            "area": area,
            "phone": f"0839-{writer:02d}{n:06d}",
            "grade_scheme": "abc_value",
            "source_channel": "exhibition",
            "confidentiality": "internal",
            "contacts-0-name": "钱联系",
            "contacts-0-mobile": "13900000000",
            "contacts-0-main": "true",
        }
        try:
            answer = person.send("/admin/customer_archive/new/", typed)
        except OSError:
            time.sleep(0.05)
            continue
        if answer.status == 303 and answer.location.startswith("/admin/customer_archive/"):
            acknowledged.append(name)
        else:
            time.sleep(0.05)


def wait_for(acknowledged: list[str], count: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while len(acknowledged) < count:
        assert time.monotonic() < deadline, "nothing was acknowledged in time"
        time.sleep(0.01)


class Writers:
    """Sixteen people with one session, each in a thread, until the block ends."""

    def __init__(self, port: int, count: int = WRITERS, username: str = "salesperson") -> None:
        self.acknowledged: list[str] = []
        self._over = threading.Event()
        area = str(Area.get(Area.code == "A").id)
        people = [Person(port) for _ in range(count)]
        people[0].sign_in(username)
        for person in people[1:]:
            person.cookies, person.token = dict(people[0].cookies), people[0].token
        self._threads = [
            threading.Thread(target=enter, args=(person, n, area, self.acknowledged, self._over))
            for n, person in enumerate(people)
        ]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)


@dataclass
class Victims:
    """What is killed in a round, and how it comes back: the server always, the database when there is one to kill."""

    kill_database: Callable[[], None] | None = None
    start_database: Callable[[], None] | None = None

    def round(self, number: int, server: Server) -> bool:
        """Whether the server itself was killed; every third round the database alone, every third both."""
        database = self.kill_database is not None and number % 3 != 0
        alone = database and number % 3 == 1
        if not alone:
            server.kill()
        if database and self.kill_database and self.start_database:
            self.kill_database()
            self.start_database()
        return not alone


def kill_rounds(
    database_url: str, data: Path, rounds: int, *, victims: Victims | None = None, between: int = 3
) -> Tally:
    """The rounds themselves; the models are bound to the same database, and are read only when all is over."""
    tally = Tally()
    port = free_port()
    server = start(database_url, data, port)
    hurt = victims or Victims()
    try:
        with Writers(port) as writers:
            for number in range(rounds):
                wait_for(writers.acknowledged, len(writers.acknowledged) + between)
                killed = hurt.round(number, server)
                begun = time.monotonic()
                if killed:
                    server = start(database_url, data, port)
                    tally.back.append(time.monotonic() - begun)
                tally.rounds += 1
            wait_for(writers.acknowledged, len(writers.acknowledged) + WRITERS)
        tally.acknowledged = len(writers.acknowledged)
    finally:
        server.stop()
    tally.told = writers.acknowledged
    return tally


def count(tally: Tally, catalogue: Catalogue) -> Tally:
    """What is in the database, against what was acknowledged."""
    rows = list(CustomerArchive.select(CustomerArchive.name, CustomerArchive.number).tuples())
    names = Counter(name for name, _ in rows)
    tally.stored = len(rows)
    tally.lost = len(set(tally.told) - set(names))
    tally.doubled = sum(number - 1 for number in names.values())
    years = Counter(number.rpartition("-")[0] for _, number in rows)
    numbers = {number for _, number in rows}
    for series, last in years.items():
        expected = {f"{series}-{n:04d}" for n in range(1, last + 1)}
        tally.gaps += len(expected - numbers)
    tally.faults = [str(fault) for fault in proof.faults()]
    tally.faults += [line for line in replay.differences(catalogue) if line.startswith("customer_archive")]
    return tally
