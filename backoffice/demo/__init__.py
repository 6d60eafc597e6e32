"""The demo company: made through the write path with a set clock, so that every record has its history.

    with db.connection_context():
        accounts = build(data_dir, now, password=None)

The same seed on the same day gives the same company (passwords and file keys apart). It takes some seconds.
"""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

from backoffice import clock
from backoffice.declarations import Catalogue
from backoffice.demo.company import DemoAccount, found
from backoffice.demo.customers import plan_customers
from backoffice.demo.gifts import plan_gifts
from backoffice.demo.goods import plan_goods
from backoffice.demo.keys import plan_keys
from backoffice.demo.returns import plan_returns
from backoffice.demo.services import plan_services
from backoffice.demo.world import Broken, Timeline, World
from backoffice.passwords import Hasher
from models import REGISTERS
from models.base import db

MONTHS = 18
FOUNDED = dt.date(2024, 5, 27)
# The examples of the catalogue reach into April 2025.
EARLIEST = dt.datetime(2025, 7, 1, tzinfo=dt.UTC)


def build(
    data_dir: Path,
    now: dt.datetime,
    *,
    password: str | None = None,
    customers: int = 60,
    gifts: int = 50,
    keys: int = 60,
    services: int = 28,
    lines: int = 24,
    seed: int = 20250304,
    hasher: Hasher | None = None,
) -> tuple[DemoAccount, ...]:
    """Make the company in the open, migrated, empty database, all or nothing; the accounts with their passwords.

    `customers`, `gifts`, `keys`, `services` and ledger `lines` are spread over the last eighteen months, besides what the examples
    of the catalogue need and what waits for somebody today. Files go to `data_dir`. Raises ValueError for a `now` before the examples.
    """
    if now < EARLIEST:
        raise ValueError("the demo company has its examples in 2025; set the clock later")
    world = World(Catalogue(REGISTERS), data_dir, now, random.Random(seed))  # noqa: S311 - texts, not secrets
    start = world.today - dt.timedelta(days=MONTHS * 30)
    opening = dt.datetime.combine(FOUNDED, dt.time(9), tzinfo=clock.company_zone())
    with db.atomic():
        with clock.set_to(opening):
            accounts = found(world, password, hasher or Hasher(), opening)
        timeline = Timeline(now)
        known = plan_customers(world, timeline, start, customers)
        contracted = plan_goods(world, timeline, known)
        plan_gifts(world, timeline, known, start, gifts)
        plan_keys(world, timeline, known, start, keys)
        served = plan_services(world, timeline, known, contracted, start, services)
        plan_returns(world, timeline, known, served, start, lines)
        timeline.play()
    return accounts


__all__ = ["Broken", "DemoAccount", "build"]
