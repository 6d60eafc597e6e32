"""Two at once: numbers without gaps, the last piece, one approval, one save. In threads, and in two real server processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from peewee import Database, OperationalError

from backoffice import proof
from backoffice.database import connected, dialect
from backoffice.outcomes import Declined, Done, Outcome, Stale
from models.evidence import Series, Step, StoredFile
from models.registers.customer_archive import CustomerArchive
from models.registers.gift_item import GiftItem, GiftMovement
from models.registers.gift_signoff import GiftSignoff
from tests.company import Company
from tests.kills import BACK_SECONDS, WRITERS, count, kill_rounds
from tests.sample import Sample, inputs
from tests.servers import Person, at_once, command, serving, start

GIFT = "gift_signoff"


def kinds(outcomes: list[Any]) -> list[str]:
    return sorted(type(one).__name__ for one in outcomes)


def doing(company: Company, *args: Any, **kwargs: Any) -> Callable[[], Outcome]:
    """An act on a connection of its own."""

    def work() -> Outcome:
        with connected(company.database):
            return company.do(*args, **kwargs)

    return work


def whole(numbers: list[str], prefix: str, year: int = 2026) -> bool:
    return sorted(numbers) == [f"{prefix}-{year}-{n:04d}" for n in range(1, len(numbers) + 1)]


# ---- numbers -----------------------------------------------------------------------------------------------------------


def test_twenty_writers_get_numbers_without_gap_or_double(sample: Sample) -> None:
    """Every third creation is refused, some before the number is drawn and some after."""
    company = sample.company
    item = company.gift_item(stock=5)

    def write(writer: int) -> Callable[[], list[str]]:
        def work() -> list[str]:
            with connected(company.database):
                found = []
                for n in range(5):
                    late = {"title": "reserve", "gift": item} if (writer + n) % 3 == 0 else {}
                    early = {"title": ""} if (writer + n) % 7 == 0 else {}
                    typed = inputs(**{**late, **early})
                    outcome = company.do("salesperson", "tool_loan", None, "create", typed)
                    if isinstance(outcome, Done):
                        found.append(outcome.number)
                return found

        return work

    results = at_once(*(write(writer) for writer in range(20)))
    assert [one for one in results if isinstance(one, BaseException)] == []
    told = [number for numbers in results for number in numbers]
    stored = [row.number for row in sample.model.select()]
    assert sorted(told) == sorted(stored)
    assert whole(stored, "GJ"), sorted(stored)
    assert 40 < len(stored) < 80
    assert Series.get(Series.register == "tool_loan").last == len(stored)
    assert GiftItem.get_by_id(item).quantity_in_hand == 0
    assert list(proof.faults()) == []


# ---- the last piece ----------------------------------------------------------------------------------------------------


def test_the_last_piece_is_issued_once(company: Company) -> None:
    customer = company.customer()
    for n in range(6):
        item = company.gift_item(f"LP-{n}", stock=1)
        gifts = [company.gift_in("approved", gift=item, quantity=1, customer=customer) for _ in range(2)]
        outcomes = at_once(
            doing(company, "market_specialist", GIFT, gifts[0], "issued"),
            doing(company, "market_specialist_2", GIFT, gifts[1], "issued"),
        )
        assert kinds(outcomes) == ["Declined", "Done"], outcomes
        assert [one.rule for one in outcomes if isinstance(one, Declined)] == ["GIFT-13"]
        assert GiftItem.get_by_id(item).quantity_in_hand == 0
        assert GiftMovement.select().where(GiftMovement.record == item, GiftMovement.kind == "issued").count() == 1
    assert list(proof.faults()) == []


def test_two_servers_issue_the_last_piece_once(company: Company, database_url: str, tmp_path: Path) -> None:
    """Two processes, one database, real sign-in, both POSTs at the same instant; many rounds."""
    customer = company.customer()
    rounds = []
    for n in range(10):
        item = company.gift_item(f"LP-{n}", stock=1)
        gifts = [company.gift_in("approved", gift=item, quantity=1, customer=customer) for _ in range(2)]
        rounds.append((item, gifts))
    with serving(database_url, tmp_path / "data", count=2) as servers:
        people = [Person(server.port) for server in servers]
        for person, username in zip(people, ("market_specialist", "market_specialist_2"), strict=True):
            person.sign_in(username)
        for item, gifts in rounds:
            addresses = [f"/admin/gift_signoff/transition/issued/?id={gift}" for gift in gifts]
            answers = at_once(*(partial(p.send, address, {}) for p, address in zip(people, addresses, strict=True)))
            assert sorted(answer.status for answer in answers) == [303, 409], answers
            (refused,) = [answer for answer in answers if answer.status == 409]
            assert (refused.rules, refused.outcomes) == ({"GIFT-13"}, {"refused"})
            assert GiftItem.get_by_id(item).quantity_in_hand == 0
            states = sorted(GiftSignoff.get_by_id(gift).state for gift in gifts)
            assert states == ["approved", "issued"]
    assert list(proof.faults()) == []


def test_crossing_stock_is_locked_in_one_order(company: Company) -> None:
    """Two applications name two gifts in opposite order; both take back a piece of each, fifty times."""
    first, second = (company.gift_item(f"LP-{n}", stock=100) for n in range(2))
    customer = company.customer()
    orders = [(first, second), (second, first)]
    gifts = [
        company.gift_in(
            "issued", customer=customer, lines=[{"gift": gift, "quantity": 50} for gift in order]
        )
        for order in orders
    ]  # fmt: skip
    typed = {"lines": [{"returned_qty": "1"}, {"returned_qty": "1"}]}
    people = ("market_specialist", "market_specialist_2")

    def work(username: str, gift: int) -> Callable[[], list[str]]:
        def run() -> list[str]:
            with connected(company.database):
                return [type(company.do(username, GIFT, gift, "returned", typed)).__name__ for _ in range(50)]

        return run

    results = at_once(*(work(username, gift) for username, gift in zip(people, gifts, strict=True)))
    assert results == [["Done"] * 50] * 2, results
    assert {item.quantity_in_hand for item in GiftItem.select()} == {100}
    assert list(proof.faults()) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_gift_with_the_smaller_id_is_locked_first(company: Company) -> None:
    """The lines name the second gift first. While somebody holds the second, the act must hold the first already."""
    first, second = (company.gift_item(f"LP-{n}", stock=5) for n in range(2))
    lines = [{"gift": gift, "quantity": 1} for gift in (second, first)]
    gift = company.gift_in("approved", lines=lines)
    outcomes: list[Outcome] = []
    thread = threading.Thread(
        target=lambda: outcomes.append(doing(company, "market_specialist", GIFT, gift, "issued")())
    )
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with company.database.atomic():
        GiftItem.select().where(GiftItem.id == second).for_update().get()
        thread.start()
        deadline = time.monotonic() + 4
        while not company.database.execute_sql(waiting).fetchone()[0]:
            assert time.monotonic() < deadline, "the act does not wait for the gift"
            time.sleep(0.01)
        with pytest.raises(OperationalError), company.database.atomic():
            GiftItem.select().where(GiftItem.id == first).for_update("FOR UPDATE NOWAIT").get()
    thread.join(20)
    assert kinds(outcomes) == ["Done"]


def test_writers_of_one_chain_queue_for_its_head(company: Company) -> None:
    """Eight people change eight different records of one register: their entries still form one chain."""
    items = [company.gift_item(f"LP-{n}", stock=0) for n in range(8)]

    def work(item: int) -> Callable[[], list[str]]:
        def run() -> list[str]:
            with connected(company.database):
                found = []
                for n in range(8):
                    outcome = company.do("market_specialist", "gift_item", item, "update", {"low_mark": str(n)})
                    found.append(type(outcome).__name__)
                return found

        return run

    assert at_once(*(work(item) for item in items)) == [["Done"] * 8] * 8
    assert list(proof.faults()) == []


# ---- one approval, one save --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["read", "none"])
def test_of_two_managers_one_approves(company: Company, version: str) -> None:
    customer = company.customer()
    for _ in range(5):
        gift = company.gift_in("specialist_signed", customer=customer)
        known = GiftSignoff.get_by_id(gift).version if version == "read" else None
        outcomes = at_once(
            *(
                doing(company, username, GIFT, gift, "approved", {"reason": "同意"}, known)
                for username in ("sales_manager", "sales_manager_2")
            )
        )
        assert kinds(outcomes) == sorted(["Done", "Stale" if version == "read" else "Declined"]), outcomes
        assert Step.select().where(Step.record_id == gift, Step.slot == "manager_sign").count() == 1


def test_of_two_editors_one_saves_and_the_other_is_told_who(company: Company) -> None:
    item = company.gift_item()
    for n in range(8):
        known = GiftItem.get_by_id(item).version
        people = ("market_specialist", "market_specialist_2")
        outcomes = at_once(
            *(
                doing(company, username, "gift_item", item, "update", {"name": f"{username} {n}"}, known)
                for username in people
            )
        )
        assert kinds(outcomes) == ["Done", "Stale"], outcomes
        winner = next(name for name, one in zip(people, outcomes, strict=True) if isinstance(one, Done))
        (stale,) = [one for one in outcomes if isinstance(one, Stale)]
        row = GiftItem.get_by_id(item)
        assert (row.name, row.version) == (f"{winner} {n}", known + 1)
        assert stale.by == company.users[winner].name
        assert [change.new for change in stale.changes if change.path == "name"] == [row.name]


def test_an_edit_and_a_stock_movement_both_hold(company: Company) -> None:
    """Issuing takes from the stock of a gift that somebody edits: neither undoes the other."""
    item = company.gift_item(stock=20)
    customer = company.customer()
    for n in range(5):
        gift = company.gift_in("approved", gift=item, quantity=1, customer=customer)
        outcomes = at_once(
            doing(company, "market_specialist", GIFT, gift, "issued"),
            doing(company, "market_specialist_2", "gift_item", item, "update", {"low_mark": str(n)}),
            doing(company, "market_specialist_2", "gift_item", item, "stock_in", {"quantity": "1"}),
        )
        assert kinds(outcomes) == ["Done", "Done", "Done"], outcomes
        row = GiftItem.get_by_id(item)
        assert (row.quantity_in_hand, row.low_mark) == (20, n)


@pytest.mark.parametrize("where", ["act", "edit"])
def test_a_double_click_happens_once(company: Company, where: str) -> None:
    item = company.gift_item(stock=1)
    mine = company.browser("market_specialist")
    token = mine.token("/account/password/")
    kept = [mine.client.get_cookie(name) for name in ("sid", "notice")]
    cookies = [(cookie.key, cookie.value) for cookie in kept if cookie is not None]
    for n in range(4):
        known = GiftItem.get_by_id(item).version
        stock = GiftItem.get_by_id(item).quantity_in_hand
        path, data = (
            (f"/admin/gift_item/transition/stock_in/?id={item}", {"quantity": "5"})
            if where == "act"
            else (f"/admin/gift_item/edit/?id={item}", {"name": f"新名{n}"})
        )
        typed = {**data, "version": str(known), "csrf_token": token}

        def click(path: str = path, typed: dict[str, str] = typed) -> int:
            client = company.app.test_client()
            for name, value in cookies:
                client.set_cookie(name, value, domain="localhost")
            return int(client.post(path, data=typed, base_url="http://localhost").status_code)

        assert sorted(at_once(click, click)) == [303, 409]
        row = GiftItem.get_by_id(item)
        assert row.version == known + 1
        assert row.quantity_in_hand == stock + (5 if where == "act" else 0)


def test_an_upload_is_taken_by_one_record(sample: Sample) -> None:
    """Two forms that were sent with the same kept upload: the file of a record belongs to that record."""
    for _ in range(6):
        file = sample.company.upload("salesperson", "tool_loan", "proof")
        typed = inputs(proof=file)
        outcomes = at_once(
            *(doing(sample.company, "salesperson", "tool_loan", None, "create", typed) for _ in range(2))
        )
        assert kinds(outcomes) in (["Declined", "Done"], ["Done", "Invalid"]), outcomes
        (row,) = sample.model.select().where(sample.model.proof == file)
        assert StoredFile.get_by_id(file).record_id == row.id
    assert whole([row.number for row in sample.model.select()], "GJ")


# ---- kill -9 -----------------------------------------------------------------------------------------------------------

KILLS = {"sqlite": 4, "postgresql": 3}


def test_what_was_acknowledged_survives_kill_9(company: Company, database_url: str, tmp_path: Path) -> None:
    """Sixteen people enter customers while the server is killed. `make trust` does it 200 times, the database's server too."""
    tally = kill_rounds(database_url, tmp_path / "data", KILLS[dialect(company.database)])
    count(tally, company.catalogue)
    assert (tally.lost, tally.doubled, tally.gaps, tally.faults) == (0, 0, 0, []), tally
    assert tally.stored >= tally.acknowledged > WRITERS
    assert tally.slowest < 4 * BACK_SECONDS, (
        tally
    )  # Other tests run at the same time; `make trust` demands five seconds.


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_check_finds_nothing_after_the_races(database: Database, database_url: str, tmp_path: Path) -> None:
    """`backoffice check` on a company that was made through the product, after a server on it was killed."""
    from backoffice.clock import now
    from backoffice.demo import build
    from backoffice.passwords import Hasher

    build(
        tmp_path / "data",
        now(),
        password="for a demo only",
        **dict.fromkeys(("customers", "gifts", "keys", "services", "lines"), 3),
        hasher=Hasher(memory_kib=64, time_cost=1),
    )
    database.close()
    start(database_url, tmp_path / "data").kill()
    database.connect()
    checked = command(database_url, tmp_path / "data", "check")
    assert (checked.returncode, checked.stderr) == (0, ""), checked
    assert "fine" in checked.stdout
    row = CustomerArchive.select().first()
    CustomerArchive.update(name="别的").where(CustomerArchive.id == row.id).execute()
    checked = command(database_url, tmp_path / "data", "check")
    assert checked.returncode == 1
    assert f"customer_archive {row.id}: name is '别的'" in checked.stderr
