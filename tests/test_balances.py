"""Running balances: stored equals recomputed at every date, never below zero, also with lines dated back, reversals and two at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice import balances, proof, replay
from backoffice.app import make_catalogue
from backoffice.database import connected
from backoffice.outcomes import Declined, Done
from models.accounts import Area
from models.base import db
from models.registers.aftersales_ledger import AftersalesLedger
from tests.company import NOW, Company
from tests.servers import Person, at_once, command, serving

LEDGER = "aftersales_ledger"
PLUS = {"received": "defective_balance", "stock_in": "replacement_balance"}
MINUS = {
    **dict.fromkeys(("repair_out", "handed_over", "to_stock", "scrap"), "defective_balance"),
    **dict.fromkeys(("exchange_out", "make_up", "stock_back"), "replacement_balance"),
}


def by_hand(lines: list[Any]) -> dict[int, tuple[Decimal, Decimal]]:
    """The balances after each line, added up in the plainest way from the catalogue's law."""
    found: dict[int, tuple[Decimal, Decimal]] = {}
    sums: dict[tuple[Any, ...], dict[str, Decimal]] = {}
    for line in sorted(lines, key=lambda one: (one.happened_on, one.executed_at, one.id)):
        key = (line.product_id, line.specification, line.area_id)
        kept = sums.setdefault(key, {"defective_balance": Decimal(0), "replacement_balance": Decimal(0)})
        sign = -1 if line.reverses_id is not None else 1
        if line.movement in PLUS:
            kept[PLUS[line.movement]] += sign * line.quantity
        elif line.movement in MINUS:
            kept[MINUS[line.movement]] -= sign * line.quantity
        found[line.id] = (kept["defective_balance"], kept["replacement_balance"])
    return found


def moved_lines() -> list[Any]:
    return list(AftersalesLedger.select().where(AftersalesLedger.executed_at.is_null(False)))


def prove(company: Company) -> None:
    """Every stored figure is what all lines up to it give, and none is below zero."""
    lines = moved_lines()
    expected = by_hand(lines)
    assert {line.id: (line.defective_balance, line.replacement_balance) for line in lines} == expected
    assert all(figure >= 0 for pair in expected.values() for figure in pair)
    assert list(balances.differences(company.catalogue)) == []


def told_truly() -> list[str]:
    """What the history of the ledger does not bear out."""
    return [line for line in replay.differences(make_catalogue()) if line.startswith(LEDGER)]


def approved(company: Company, movement: str, **more: Any) -> int:
    return company.ledger_in("approved", movement, **more)


def execute(company: Company, record: int, now: dt.datetime | None = None) -> Any:
    return company.do("business_clerk", LEDGER, record, "executed", now=now)


# ---- the property --------------------------------------------------------------------------------------------------------

MOVES = st.one_of(
    st.tuples(
        st.sampled_from(["received", "stock_in", "repair_out", "to_stock", "exchange_out", "make_up", "stock_back"]),
        st.integers(1, 12_000),
        st.integers(0, 12),
        st.sampled_from("AB"),
    ),
    st.tuples(st.just("reverse"), st.integers(0, 30), st.just(0), st.just("A")),
)


@given(moves=st.lists(MOVES, min_size=1, max_size=14))
@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_stored_figures_are_what_the_lines_give_at_every_date(company: Company, moves: list[Any]) -> None:
    areas = {code: Area.get(Area.code == code).id for code in "AB"}
    case = company._case()
    with db.atomic() as transaction:
        minute = 0
        for kind, amount, back, code in moves:
            minute += 1
            now = NOW + dt.timedelta(minutes=minute)
            if kind == "reverse":
                done = [line.id for line in moved_lines() if line.reverses_id is None and line.state == "executed"]
                if not done:
                    continue
                company.done(
                    "business_clerk", LEDGER, done[amount % len(done)], "reversed", {"reason": "录错"}, now=now
                )
                counter = AftersalesLedger.select().order_by(AftersalesLedger.id.desc()).get().id
                company.done("gm", LEDGER, counter, "approved", now=now)
                outcome = execute(company, counter, now)
            else:
                day = NOW.date() - dt.timedelta(days=back)
                record = company.ledger(
                    kind,
                    quantity=str(Decimal(amount).scaleb(-3)),
                    happened_on=day.isoformat(),
                    area=areas[code],
                    customer=case.customer_id,
                    product=case.product_id,
                    complaint=case.id,
                )
                company.done("dept_head_business", LEDGER, record, "approved", now=now)
                outcome = execute(company, record, now)
            assert isinstance(outcome, Done) or outcome.rule == "LED-10", outcome
            prove(company)
        transaction.rollback()


# ---- counter lines -------------------------------------------------------------------------------------------------------


def test_a_reversal_moves_only_when_its_counter_line_is_executed(company: Company) -> None:
    record = company.ledger_in("reversed", "received", quantity="20")
    counter = AftersalesLedger.get(AftersalesLedger.reverses == record)
    assert (counter.state, counter.quantity, counter.movement) == ("open", 20, "received")
    assert (counter.number, counter.created_by.username) == ("TZ-2026-0002", "business_clerk")
    assert AftersalesLedger.get_by_id(record).defective_balance == 20
    # The counter line waits for the approval that the line needed, and its maker does not give it.
    assert isinstance(company.do("business_clerk", LEDGER, counter.id, "executed"), Declined)
    company.done("dept_head_business", LEDGER, counter.id, "approved")
    company.done("business_clerk", LEDGER, counter.id, "executed")
    assert AftersalesLedger.get_by_id(counter.id).defective_balance == 0
    assert AftersalesLedger.get_by_id(record).state == "reversed"
    prove(company)
    assert told_truly() == []


def test_a_counter_line_that_is_refused_leaves_its_line_executed(company: Company) -> None:
    record = company.ledger_in("reversed", "received", quantity="20")
    counter = AftersalesLedger.get(AftersalesLedger.reverses == record)
    company.done("gm", LEDGER, counter.id, "refused", {"reason": "原登记无误"})
    assert AftersalesLedger.get_by_id(record).state == "executed"
    company.done("business_clerk", LEDGER, record, "reversed", {"reason": "数量录错"})
    assert AftersalesLedger.select().where(AftersalesLedger.reverses == record).count() == 2
    prove(company)


def test_what_has_gone_on_cannot_be_taken_back(company: Company) -> None:
    """20 received, 15 given back repaired: the receipt cannot be reversed any more."""
    record = company.ledger_in("executed", "received", quantity="20")
    company.ledger_in("executed", "repair_out", quantity="15")
    company.done("business_clerk", LEDGER, record, "reversed", {"reason": "录错"})
    counter = AftersalesLedger.get(AftersalesLedger.reverses == record)
    company.done("gm", LEDGER, counter.id, "approved")
    outcome = execute(company, counter.id)
    assert isinstance(outcome, Declined)
    assert outcome.rule == "LED-10"
    prove(company)


@pytest.mark.parametrize("movement", ["handed_over", "scrap"])
def test_a_counter_line_of_inspected_goods_needs_the_approval_alone(company: Company, movement: str) -> None:
    company.ledger_in("executed", "received", quantity="20")
    slip = {"product": company._case().product_id} if movement == "scrap" else _slip_of(company)
    record = company.ledger_in("reversed", movement, **slip)
    counter = AftersalesLedger.get(AftersalesLedger.reverses == record)
    assert isinstance(company.do("quality_inspector", LEDGER, counter.id, "inspected", {}), Declined)
    if movement == "scrap":
        assert isinstance(company.do("dept_head_business", LEDGER, counter.id, "approved"), Declined)
    company.done("gm", LEDGER, counter.id, "approved")
    company.done("business_clerk", LEDGER, counter.id, "executed")
    assert AftersalesLedger.get_by_id(counter.id).defective_balance == 20
    prove(company)


def _slip_of(company: Company) -> dict[str, Any]:
    """A slip of the customer and product of the other lines."""
    case = company._case()
    decided = company.complaint_in("notified", customer=case.customer_id, product=case.product_id)
    return {"return_slip": company.slip_in("approved", complaint=decided)}


def test_a_counter_line_is_not_edited_nor_reversed(company: Company) -> None:
    record = company.ledger_in("reversed", "received", quantity="20")
    counter = AftersalesLedger.get(AftersalesLedger.reverses == record)
    assert isinstance(company.do("business_clerk", LEDGER, counter.id, "update", {"quantity": "1"}), Declined)
    company.done("gm", LEDGER, counter.id, "approved")
    company.done("business_clerk", LEDGER, counter.id, "executed")
    assert isinstance(company.do("business_clerk", LEDGER, counter.id, "reversed", {"reason": "x"}), Declined)


# ---- the price -------------------------------------------------------------------------------------------------------------


def test_a_line_at_the_end_reads_no_more_however_many_lie_before(company: Company) -> None:
    """The query behind the figures goes through the index on keys and day."""
    company.ledger_in("executed", "received", quantity="20")
    record = approved(company, "repair_out", quantity="1")
    declaration = company.catalogue[LEDGER]
    line = AftersalesLedger.get_by_id(record)
    line.executed_at = NOW
    declared = balances.in_force(declaration)
    assert declared is not None
    place = balances._place(declaration, declared)
    before = AftersalesLedger.select().where(
        balances._of_key(declaration, declared, line) & balances._earlier(declaration, declared, line)
    )
    statement, values = before.order_by(*(column.desc() for column in place)).limit(1).sql()
    if not db.for_update:
        plan = " ".join(str(row) for row in db.execute_sql(f"EXPLAIN QUERY PLAN {statement}", values).fetchall())
        assert "USING INDEX" in plan, plan
        assert "happened_on<" in plan, plan
        assert "TEMP B-TREE" not in plan, plan


# ---- tampering -------------------------------------------------------------------------------------------------------------


def test_check_finds_a_changed_balance(company: Company) -> None:
    record = company.ledger_in("executed", "received", quantity="20")
    assert list(balances.differences(company.catalogue)) == []
    AftersalesLedger.update(defective_balance=Decimal("19")).where(AftersalesLedger.id == record).execute()
    (told,) = balances.differences(company.catalogue)
    assert told == f"{LEDGER} TZ-2026-0001: defective_balance is 19.000, its lines give 20.000"


def test_the_command_check_tells_it(company: Company, database_url: str, tmp_path: Path) -> None:
    record = company.ledger_in("executed", "received", quantity="20")
    AftersalesLedger.update(quantity=Decimal("21")).where(AftersalesLedger.id == record).execute()
    found = command(database_url, tmp_path / "data", "check")
    assert found.returncode == 1
    assert "defective_balance is 20.000, its lines give 21.000" in found.stdout


# ---- two at once -----------------------------------------------------------------------------------------------------------


def doing(company: Company, *args: Any, **kwargs: Any) -> Callable[[], Any]:
    def work() -> Any:
        with connected(company.database):
            return company.do(*args, **kwargs)

    return work


def test_the_last_pieces_leave_once(company: Company) -> None:
    for n in range(5):
        more = {"specification": f"规格{n}", "unit": "bag", "quantity": "3"}
        company.ledger_in("executed", "received", **more)
        pair = [approved(company, "repair_out", **more) for _ in range(2)]
        outcomes = at_once(
            *(
                doing(company, who, LEDGER, record, "executed")
                for who, record in zip(("business_clerk", "business_clerk_2"), pair, strict=True)
            )
        )
        assert sorted(type(one).__name__ for one in outcomes) == ["Declined", "Done"], outcomes
        (no,) = [one for one in outcomes if isinstance(one, Declined)]
        assert no.rule == "LED-10"
    prove(company)
    assert list(proof.faults()) == []


def test_many_at_once_on_one_product_add_up(company: Company) -> None:
    records = []
    for n in range(8):
        day = (NOW.date() - dt.timedelta(days=n % 4)).isoformat()
        records.append(approved(company, "received" if n % 2 else "stock_in", quantity=str(n + 1), happened_on=day))
    outcomes = at_once(*(doing(company, "business_clerk", LEDGER, record, "executed") for record in records))
    assert all(isinstance(one, Done) for one in outcomes), outcomes
    prove(company)
    assert list(proof.faults()) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_servers_execute_the_last_pieces_once(company: Company, database_url: str, tmp_path: Path) -> None:
    rounds = []
    for n in range(6):
        more = {"specification": f"规格{n}", "unit": "bag", "quantity": "3"}
        company.ledger_in("executed", "received", **more)
        rounds.append([approved(company, "repair_out", **more) for _ in range(2)])
    with serving(database_url, tmp_path / "data", count=2) as servers:
        people = [Person(server.port) for server in servers]
        for person, username in zip(people, ("business_clerk", "business_clerk_2"), strict=True):
            person.sign_in(username)
        for pair in rounds:
            works = [
                partial(person.send, f"/admin/{LEDGER}/action/", {"action": "executed", "rowid": record, "url": "/"})
                for person, record in zip(people, pair, strict=True)
            ]
            at_once(*works)
            states = sorted(AftersalesLedger.get_by_id(record).state for record in pair)
            assert states == ["approved", "executed"]
    prove(company)
