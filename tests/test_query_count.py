"""How many queries a page asks: a fixed number, whoever asks and however many rows there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from backoffice import clock
from tests.access_world import PEOPLE, World, bound, made_world

LIST, FORM, DETAILS = 8, 24, 20
# A customer's page lists what hangs on the customer: one query for each such register.
CUSTOMER = DETAILS + 6
REGISTERS = (
    "customer_archive",
    "gift_signoff",
    "gift_item",
    "contract",
    "complaint",
    "product_return",
    "sales_discount_certificate",
    "spare_part",
    "department",
    "group",
    "area",
)


@pytest.fixture(scope="module")
def few(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with made_world("sqlite", request, tmp_path_factory.mktemp("few")) as made:
        yield made


@contextmanager
def asked(world: World) -> Iterator[list[str]]:
    """The statements of the block, without the begin and end of transactions."""
    found: list[str] = []

    def note(event: Any, *rest: Any) -> None:
        text = str(getattr(event, "sql", event))
        if not text.upper().startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "PRAGMA")):
            found.append(text)

    world.database.query_hooks.append(note)
    try:
        yield found
    finally:
        world.database.query_hooks.remove(note)


def queries(world: World, username: str, path: str) -> tuple[int, list[str]]:
    """(status, statements) of the second answer: the first one warms what is kept for the process."""
    browser = world.browser(username)
    browser.get(path)
    with asked(world) as found:
        status = browser.get(path).status_code
    return status, found


@pytest.fixture(scope="module")
def fuller(few: World) -> dict[tuple[str, str], list[str]]:
    """Statements of every list for every account with the few rows; the company then has six times as many."""
    counts: dict[tuple[str, str], list[str]] = {}
    with bound(few):
        for register in REGISTERS:
            for username in PEOPLE:
                status, found = queries(few, username, f"/admin/{register}/?page_size=100")
                if status == 200:
                    counts[register, username] = found
        company = few.company
        made = [company.customer("salesperson") for _ in range(25)] + [
            company.customer("sales_consultant") for _ in range(25)
        ]
        for at, customer in enumerate(made):
            owner = "salesperson" if at < 25 else "sales_consultant"
            record = company.gift(owner, few.item, 1, customer=customer)
            company.done(owner, "gift_signoff", record, "submitted")
        for at in range(50):
            company.gift_item(f"LP-{at:03d}", stock=0)
    return counts


def test_lists_ask_a_few_queries_whatever_the_rows(few: World, fuller: dict[tuple[str, str], list[str]]) -> None:
    """At most eight, and as many for sixty rows as for ten."""
    assert len(fuller) >= 100
    wrong = []
    with bound(few):
        for (register, username), before in fuller.items():
            status, now = queries(few, username, f"/admin/{register}/?page_size=100")
            if status != 200 or len(now) > LIST or len(now) > len(before) + 1:
                wrong.append(f"{register} {username}: {len(before)} → {len(now)}\n" + "\n".join(sorted(now)))
    assert not wrong, "\n\n".join(wrong[:3])


@pytest.mark.parametrize(
    ("username", "path", "most"),
    [
        ("salesperson", "/admin/customer_archive/details/?id=1", CUSTOMER),
        ("gm", "/admin/customer_archive/details/?id=1", CUSTOMER),
        ("custodian_5s", "/admin/customer_archive/details/?id=1", DETAILS),
        ("sales_clerk", "/admin/complaint/details/?id=4", DETAILS),
        ("deputy_gm", "/admin/complaint/details/?id=4", DETAILS),
        ("sales_clerk", "/admin/product_return/new/?complaint=7", FORM),
        ("warehouse_keeper", "/admin/product_return/details/?id=3", DETAILS),
        ("finance", "/admin/sales_discount_certificate/details/?id=1", DETAILS),
        ("salesperson", "/admin/customer_archive/edit/?id=1", FORM),
        ("salesperson", "/admin/customer_archive/new/", FORM),
        ("archivist", "/admin/customer_archive/new/", FORM),
        ("salesperson", "/admin/gift_signoff/edit/?id=1", FORM),
        ("salesperson", "/admin/gift_signoff/new/", FORM),
        ("market_specialist", "/admin/gift_signoff/details/?id=6", DETAILS),
        ("market_specialist", "/admin/gift_item/details/?id=1", DETAILS),
        ("sales_manager", "/admin/gift_signoff/transition/approved/?id=3", FORM),
        ("auditor", "/admin/customer_archive/history/?id=1", DETAILS),
        ("sales_manager", "/", 26),
        ("market_specialist", "/", 26),
    ],
)
def test_other_pages_ask_a_bounded_number(few: World, fuller: Any, username: str, path: str, most: int) -> None:
    with bound(few):
        status, found = queries(few, username, path)
    assert status == 200
    assert len(found) <= most, "\n".join(found)
    assert clock.now() is not None


def test_the_count_does_not_depend_on_lines(few: World) -> None:
    """A gift with one line and one with twenty ask the same."""
    with bound(few):
        company = few.company
        one = company.gift("salesperson", few.item, 1, customer=few.customers["plain"])
        lines = [{"gift": few.item, "quantity": 1} for _ in range(20)]
        many = company.gift("salesperson", few.item, 1, customer=few.customers["plain"], lines=lines)
        for door in ("details", "edit", "history"):
            counts = [
                len(queries(few, "salesperson", f"/admin/gift_signoff/{door}/?id={record}")[1])
                for record in (one, many)
            ]
            assert counts[0] == counts[1], (door, counts)
