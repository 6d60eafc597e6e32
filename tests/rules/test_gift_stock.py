"""The rules of gifts that went out: the customer's signature, the fine, quantities and stock."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from itertools import permutations

import pytest

from backoffice.database import connected
from backoffice.outcomes import Declined, Done, Forbidden, Outcome
from models.params import Param
from models.registers.gift_item import GiftMovement
from models.registers.gift_signoff import GiftSignoff
from tests.company import Company
from tests.rules.gift_records import REGISTER, approved, page_of
from tests.rules.walks import gift, line, on_sqlite, refused_by, sheet, stock, value, wrong

# ---- GIFT-05: the customer's signature ----------------------------------------------------------------------------------


@pytest.mark.rule("GIFT-05")
@pytest.mark.parametrize("missing", ["signoff_signer", "signoff_on", "signoff_file"])
def test_a_signature_needs_signer_day_and_sheet(company: Company, missing: str) -> None:
    record = company.gift_in("issued")
    typed = {**sheet(company), missing: ""}
    wrong(company.do("salesperson", REGISTER, record, "signed", typed), missing, "GIFT-05")
    assert gift(record).state == "issued"


@pytest.mark.rule("GIFT-05")
@pytest.mark.parametrize(
    "typed",
    [
        pytest.param({"signoff_signer": "张宏伟"}, id="the applicant"),
        pytest.param({"signoff_signer": " 何静 "}, id="another employee"),
        pytest.param({"signoff_on": "2026-03-03"}, id="before the issue"),
        pytest.param({"signoff_on": "2026-03-05"}, id="tomorrow"),
    ],
)
def test_the_signature_is_the_customers_and_true(company: Company, typed: dict[str, str]) -> None:
    record = company.gift_in("issued")
    outcome = company.do("salesperson", REGISTER, record, "signed", sheet(company, **typed))
    wrong(outcome, next(iter(typed)), "GIFT-05")


@pytest.mark.rule("GIFT-05")
def test_nothing_is_closed_before_somebody_signed(company: Company) -> None:
    record = company.gift_in("issued")
    refused_by(company.do("market_specialist", REGISTER, record, "closed"), "GIFT-05")


@pytest.mark.rule("GIFT-05")
def test_nothing_signed_for_is_closed_without_its_sheet(company: Company) -> None:
    record = company.gift_in("undelivered")
    GiftSignoff.update(signoff_file=None).where(GiftSignoff.id == record).execute()
    refused_by(company.do("market_specialist", REGISTER, record, "closed"), "GIFT-05")


def test_what_came_back_whole_is_closed_without_a_sheet(company: Company) -> None:
    record = company.gift_in("issued")
    company.done("market_specialist", REGISTER, record, "returned", {"lines": [{"returned_qty": "3"}]})
    assert isinstance(company.do("market_specialist", REGISTER, record, "closed"), Done)


# ---- GIFT-06: the fine --------------------------------------------------------------------------------------------------


@pytest.mark.rule("GIFT-06")
def test_the_fine_is_on_the_undelivered_pieces_alone(company: Company) -> None:
    """LP-2025-0019 of the catalogue: 3 boxes at 88.50, one signed for, two not delivered."""
    page = page_of(company, company.gift_in("undelivered"))
    assert value(page, "fine_amount") == "1770.00"
    assert value(page, "total_value") == "265.50"


@pytest.mark.rule("GIFT-06")
def test_the_fine_grows_with_each_confirmed_piece(company: Company) -> None:
    record = company.gift_in("issued")
    for expected in ("885.00", "1770.00"):
        typed = {"reason": "客户称未收到", "lines": [{"undelivered_qty": "1"}]}
        company.done("sales_manager", REGISTER, record, "undelivered", typed)
        assert gift(record).fine_amount == Decimal(expected)


@pytest.mark.rule("GIFT-06")
def test_a_fine_keeps_the_multiple_of_its_day(company: Company) -> None:
    record = company.gift_in("undelivered")
    Param.create(
        name="fine.gift_undelivered_multiple",
        value="20",
        unit="times",
        valid_from=company.now.date() + dt.timedelta(days=1),
        set_at=company.now,
    )
    company.done("market_specialist", REGISTER, record, "closed", now=company.now + dt.timedelta(days=2))
    assert gift(record).fine_amount == Decimal("1770.00")


def test_nothing_confirmed_is_nothing_fined(company: Company) -> None:
    assert gift(company.gift_in("partly_signed")).fine_amount == 0


def test_only_the_manager_confirms_and_with_the_fact(company: Company) -> None:
    record = company.gift_in("issued")
    typed = {"lines": [{"undelivered_qty": "2"}]}
    wrong(company.do("sales_manager", REGISTER, record, "undelivered", typed), "reason")
    for who in ("salesperson", "market_specialist"):
        assert isinstance(company.do(who, REGISTER, record, "undelivered", {**typed, "reason": "x"}), Forbidden)


# ---- GIFT-13: quantities and stock --------------------------------------------------------------------------------------


@pytest.mark.rule("GIFT-13")
def test_five_of_four_in_stock_are_not_issued(company: Company) -> None:
    record = approved(company, gift=company.gift_item(stock=4), quantity=5)
    refused_by(company.do("market_specialist", REGISTER, record, "issued"), "GIFT-13")
    assert (gift(record).state, stock()) == ("approved", 4)


@pytest.mark.rule("GIFT-13")
def test_two_of_three_settled_is_not_closed(company: Company) -> None:
    record = company.gift_in("issued")
    company.done("salesperson", REGISTER, record, "partly_signed", sheet(company, lines=[{"signed_qty": "2"}]))
    refused_by(company.do("market_specialist", REGISTER, record, "closed"), "GIFT-13")
    assert gift(record).state == "partly_signed"


@pytest.mark.rule("GIFT-13")
@pytest.mark.parametrize("quantity", ["4", "0", "-1"])
def test_no_more_comes_back_than_went_out(company: Company, quantity: str) -> None:
    record = company.gift_in("issued")
    outcome = company.do("market_specialist", REGISTER, record, "returned", {"lines": [{"returned_qty": quantity}]})
    wrong(outcome, "lines-0-returned_qty", "GIFT-13")
    assert stock() == 7


@pytest.mark.rule("GIFT-13")
def test_every_movement_is_booked(company: Company) -> None:
    record = company.gift_in("issued")
    company.done("market_specialist", REGISTER, record, "returned", {"lines": [{"returned_qty": "2"}]})
    booked = [(row.kind, row.quantity, row.source) for row in GiftMovement.select().order_by(GiftMovement.id)]
    number = gift(record).number
    assert booked == [("in", 10, ""), ("issued", -3, number), ("returned", 2, number)]
    assert stock() == 9


@pytest.mark.rule("GIFT-13")
def test_a_count_that_differs_needs_a_reason(company: Company) -> None:
    item = company.gift_item(stock=10)
    wrong(company.do("market_specialist", "gift_item", item, "stock_count", {"counted": "8"}), "reason", "GIFT-13")
    assert stock() == 10


def test_a_count_below_the_book_hints_at_unregistered_collection(company: Company) -> None:
    item = company.gift_item(stock=10)
    outcome = company.do("market_specialist", "gift_item", item, "stock_count", {"counted": "8", "reason": "盘点"})
    assert isinstance(outcome, Done)
    assert len(outcome.warnings) == 1
    assert stock() == 8


def test_of_two_who_issue_the_last_piece_one_succeeds(company: Company) -> None:
    item = company.gift_item(stock=1)
    records = [approved(company, gift=item, quantity=1) for _ in range(2)]
    start = threading.Barrier(2)
    found: list[Outcome] = []

    def issue(who: str, record: int) -> None:
        with connected(company.database):
            start.wait(20)
            found.append(company.do(who, REGISTER, record, "issued"))

    pairs = zip(("market_specialist", "market_specialist_2"), records, strict=True)
    threads = [threading.Thread(target=issue, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(type(one).__name__ for one in found) == ["Declined", "Done"]
    assert stock() == 0


STEPS: dict[str, tuple[str, dict[str, str]]] = {
    "signed": ("salesperson", {"signed_qty": "1"}),
    "returned": ("market_specialist", {"returned_qty": "1"}),
    "undelivered": ("sales_manager", {"undelivered_qty": "1"}),
}


@on_sqlite
@pytest.mark.parametrize("order", list(permutations(STEPS)), ids="-".join)
def test_signed_returned_and_undelivered_come_in_any_order(company: Company, order: tuple[str, ...]) -> None:
    record = company.gift_in("issued")
    for place, name in enumerate(order):
        who, typed = STEPS[name]
        act = "partly_signed" if name == "signed" and place < 2 else name
        inputs = {"reason": "客户称未收到", "lines": [typed], **(sheet(company) if name == "signed" else {})}
        assert isinstance(company.do("market_specialist", REGISTER, record, "closed"), Declined)
        company.done(who, REGISTER, record, act, inputs)
    company.done("market_specialist", REGISTER, record, "closed")
    found = line(record)
    assert (found.signed_qty, found.returned_qty, found.undelivered_qty, stock()) == (1, 1, 1, 8)
    assert gift(record).fine_amount == Decimal("885.00")
