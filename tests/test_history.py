"""The history: every change with old and new, its seal against tampering, and that it tells every value."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest
from peewee import fn

from backoffice import history, proof, replay
from backoffice.app import make_catalogue
from backoffice.demo import build
from backoffice.outcomes import Done
from backoffice.passwords import Hasher
from models.evidence import AuditEvent, AuditHead
from models.registers.gift_item import GiftItem, GiftMovement
from models.registers.gift_signoff import GiftSignoff
from tests.company import Company
from tests.sample import Sample, details, differences
from tests.tampering import unguard

LOAN = "tool_loan"


def test_every_change_has_its_entry_with_old_and_new(sample: Sample) -> None:
    record = sample.create(deposit="100")
    first, second = [line.id for line in sample.line.select().order_by(sample.line.id)]
    lines = [{"id": first, "tool": "锤子", "pieces": "3"}, {"tool": "梯子", "pieces": "1", "price": "7"}]
    sample.company.done("salesperson", LOAN, record, "update", {"deposit": "120.50", "lines": lines}, 1)
    sample.company.done("archivist", LOAN, record, "checked", {}, 2)
    created, updated, acted = details(LOAN, record)
    third = sample.line.get(sample.line.tool == "梯子").id
    assert created["changes"]["title"] == [None, "展台搭建"]
    assert created["changes"]["deposit"] == [None, "100.00"]
    assert created["lines"]["lines"][str(first)]["tool"] == [None, "锤子"]
    assert updated["changes"] == {"deposit": ["100.00", "120.50"], "total": ["65.00", "44.50"]}
    told = updated["lines"]["lines"]
    assert told[str(first)] == {"pieces": [2, 3], "amount": ["25.00", "37.50"]}
    # SQLite gives the id of the removed line to the new one: that reads as one change.
    assert told[str(second)]["tool"] == ["锯", "梯子" if third == second else None]
    assert told[str(third)]["tool"][1] == "梯子"
    assert acted["changes"] == {"state": ["open", "checked"]}
    assert [entry["version"] for entry in (created, updated, acted)] == [1, 2, 3]
    assert acted["signed"] == "check_sign"
    events = list(AuditEvent.select().where(AuditEvent.register == LOAN).order_by(AuditEvent.id))
    assert [event.action for event in events] == ["tool_loan:create", "tool_loan:update", "tool_loan:checked"]
    assert {event.number for event in events} == {"GJ-2026-0001"}
    assert [event.actor_name for event in events] == [
        sample.company.users[name].name for name in ("salesperson", "salesperson", "archivist")
    ]
    assert {event.address for event in events} == {"127.0.0.1"}


def test_a_change_of_another_record_is_told_in_its_own_history(company: Company) -> None:
    item = company.gift_item(stock=10)
    record = company.gift_in("issued", gift=item, quantity=3)
    entry = details("gift_item", item)[-1]
    movement = GiftMovement.get((GiftMovement.record == item) & (GiftMovement.kind == "issued"))
    number = GiftSignoff.get_by_id(record).number
    assert entry["changes"] == {"quantity_in_hand": [10, 7]}
    assert entry["cause"] == f"gift_signoff {number}"
    told = entry["lines"]["movements"][str(movement.id)]
    assert (told["quantity"], told["source"], told["kind"]) == ([None, -3], [None, number], [None, "issued"])


def chain_of_three(sample: Sample) -> list[AuditEvent]:
    record = sample.create()
    for title in ("二", "三"):
        sample.company.done("salesperson", LOAN, record, "update", {"title": title})
    assert list(proof.faults()) == []
    unguard()
    return list(AuditEvent.select().where(AuditEvent.register == LOAN).order_by(AuditEvent.sequence))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("detail", "{}"),
        ("actor_name", "别人"),
        ("action", "tool_loan:nothing"),
        ("number", "GJ-2026-0009"),
        ("address", "10.0.0.1"),
        ("record_id", None),
        ("at", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        ("hash", "0" * 64),
        ("previous", "0" * 64),
    ],
)
def test_an_altered_entry_is_named(sample: Sample, column: str, value: Any) -> None:
    middle = chain_of_three(sample)[1]
    AuditEvent.update({column: value}).where(AuditEvent.id == middle.id).execute()
    assert list(proof.faults()) == [proof.Fault("tool_loan:2026-03", 2, "altered")]


@pytest.mark.parametrize(("gone", "named"), [(0, 1), (1, 2), (2, 3)])
def test_a_deleted_entry_is_named(sample: Sample, gone: int, named: int) -> None:
    AuditEvent.delete().where(AuditEvent.id == chain_of_three(sample)[gone].id).execute()
    assert list(proof.faults()) == [proof.Fault("tool_loan:2026-03", named, "missing")]


def test_an_inserted_entry_is_named_even_when_it_is_well_made(sample: Sample) -> None:
    last = chain_of_three(sample)[-1]
    forged = {name: getattr(last, name) for name in AuditEvent._meta.fields if name != "id"}
    forged |= {"actor": last.actor_id, "on_behalf_of": None, "sequence": 4, "previous": last.hash, "detail": "{}"}
    forged["hash"] = history.digest(forged)
    AuditEvent.insert(forged).execute()
    assert list(proof.faults()) == [proof.Fault("tool_loan:2026-03", 4, "inserted")]


def test_a_chain_cut_at_its_end_and_sealed_anew_needs_its_head(sample: Sample) -> None:
    events = chain_of_three(sample)
    AuditHead.delete().where(AuditHead.chain == events[0].chain).execute()
    assert list(proof.faults()) == [proof.Fault("tool_loan:2026-03", 1, "inserted")]


def test_a_value_changed_behind_the_product_is_found(sample: Sample) -> None:
    record = sample.create()
    assert differences(sample) == []
    sample.model.update(title="别的").where(sample.model.id == record).execute()
    sample.line.update(pieces=5).where(sample.line.tool == "锯").execute()
    sample.line.delete().where(sample.line.tool == "锤子").execute()
    found = "\n".join(differences(sample))
    assert f"tool_loan {record}: title is '别的'" in found
    assert "pieces of line" in found
    assert "gone without a trace" in found


def random_lines(rng: random.Random, have: list[Any]) -> list[dict[str, Any]]:
    kept = [
        {"id": line.id, "tool": line.tool, "pieces": str(rng.randint(1, 9)), "price": rng.choice(["", "3.20", "11"])}
        for line in have
        if rng.random() < 0.7
    ]
    new = [{"tool": rng.choice("锤锯钻梯"), "pieces": str(rng.randint(1, 9))} for _ in range(rng.randint(0, 2))]
    rng.shuffle(kept)
    return [*kept, *new]


WHO = {
    "update": ("salesperson", "sales_manager", "archivist"),
    "checked": ("archivist",),
    "seconded": ("market_specialist",),
    "agreed": ("sales_manager",),
    "return_for_correction": ("sales_manager",),
    "back": ("salesperson",),
    "submitted": ("salesperson",),
    "specialist_signed": ("market_specialist", "market_specialist_2"),
    "approved": ("sales_manager",),
    "issued": ("market_specialist_2",),
    "returned": ("market_specialist_2",),
    "withdrawn": ("salesperson",),
}


def walk(sample: Sample, rng: random.Random, steps: int) -> dict[str, int]:
    """Acts of people who know no rules; what came of them, counted."""
    company = sample.company
    items = [company.gift_item(f"LP-{n}", stock=3) for n in range(2)]
    gifts = [company.gift_in(state, gift=items[0], quantity=1) for state in ("draft", "approved", "issued")]
    loans = [sample.create()]
    people = ("salesperson", "sales_manager", "archivist", "market_specialist", "market_specialist_2")
    counted: dict[str, int] = {}
    for n in range(steps):
        now = company.now + dt.timedelta(hours=6 * n)
        stranger, loan = rng.random() < 0.15, rng.choice(loans)
        have = list(sample.line.select().where(sample.line.record == loan).order_by(sample.line.position))
        typed: dict[str, Any] = {
            "title": rng.choice(["甲", "乙", "reserve", ""]),
            "gift": items[1],
            "deposit": rng.choice(["", "1", "2.50", "-0", "x"]),
            "weight": rng.choice(["", "0", "-0", "1.125"]),
            "urgent": rng.choice(["true", "false"]),
            "needed_on": rng.choice(["", "2026-04-01"]),
            "phone": rng.choice(["", "1", "13900000000"]),
            "lines": random_lines(rng, have),
        }
        pick = rng.random()
        if pick < 0.25:
            new = {**typed, "kind": "hand", "lines": random_lines(rng, [])}
            outcome = company.do("salesperson", LOAN, None, "create", new, now=now)
            if isinstance(outcome, Done):
                loans.append(outcome.id)
        elif pick < 0.6:
            chosen = {name: typed[name] for name in rng.sample(sorted(typed), rng.randint(1, len(typed)))}
            outcome = company.do(
                rng.choice(people if stranger else WHO["update"]), LOAN, loan, "update", chosen, now=now
            )
        elif pick < 0.8:
            act = rng.choice(["checked", "seconded", "agreed", "return_for_correction", "back"])
            asked = {"reason": "同意", "boxes": "1", "lines": [{"back": "1"}]}
            outcome = company.do(rng.choice(people if stranger else WHO[act]), LOAN, loan, act, asked, now=now)
        elif pick < 0.9:
            act = rng.choice(["submitted", "specialist_signed", "approved", "issued", "returned", "withdrawn"])
            asked = {"reason": "同意", "lines": [{"returned_qty": "1"}]}
            username = rng.choice(people if stranger else WHO[act])
            outcome = company.do(username, "gift_signoff", rng.choice(gifts), act, asked, now=now)
        else:
            act = rng.choice(["stock_in", "stock_count", "update"])
            asked = {
                "quantity": "2",
                "counted": str(rng.randint(0, 5)),
                "reason": "盘点",
                "low_mark": str(rng.randint(0, 3)),
            }
            username = rng.choice(people) if stranger else "market_specialist"
            outcome = company.do(username, "gift_item", rng.choice(items), act, asked, now=now)
        name = type(outcome).__name__
        counted[name] = counted.get(name, 0) + 1
    return counted


def test_the_history_tells_every_value_after_a_long_walk(sample: Sample) -> None:
    counted = walk(sample, random.Random(20260304), 300)
    assert counted["Done"] > 100, counted
    assert {"Declined", "Invalid", "Forbidden"} <= set(counted)
    assert list(proof.faults()) == []
    assert differences(sample) == []
    moved = dict(
        GiftMovement.select(GiftMovement.record, fn.SUM(GiftMovement.quantity)).group_by(GiftMovement.record).tuples()
    )
    assert {item.id: item.quantity_in_hand for item in GiftItem.select()} == {k: int(v) for k, v in moved.items()}
    numbers = [row.number for row in sample.model.select().order_by(sample.model.id)]
    assert numbers == [f"GJ-2026-{n:04d}" for n in range(1, len(numbers) + 1)]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_history_tells_every_value_of_the_demo_company(tmp_path: Path) -> None:
    """On SQLite `backoffice check` says the same of a demo company in tests/test_races.py."""
    now = dt.datetime(2025, 11, 19, 6, 30, tzinfo=dt.UTC)
    few = dict.fromkeys(("customers", "gifts", "keys", "services", "lines"), 5)
    build(tmp_path, now, password="for a demo only", hasher=Hasher(memory_kib=64, time_cost=1), **few)
    assert list(proof.faults()) == []
    assert list(replay.differences(make_catalogue())) == []
