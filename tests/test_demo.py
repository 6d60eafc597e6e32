"""The demo company: complete, dated, the same for the same seed, and made by nothing but the write path."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

from backoffice import balances, clock, numbers, replay
from backoffice.database import open_database
from backoffice.declarations import Catalogue
from backoffice.demo import build
from backoffice.demo.world import World
from backoffice.passwords import Hasher
from backoffice.proof import faults
from backoffice.routes import Entitlements
from models import REGISTERS
from models.accounts import ExportGrant, UserRole
from models.base import db as proxy
from models.evidence import AuditEvent, Step
from models.matrix import ROLES
from models.registers.aftersales_ledger import AftersalesLedger
from models.registers.complaint import Complaint
from models.registers.contract import Contract
from models.registers.customer_archive import CustomerArchive
from models.registers.gift_item import GiftItem, GiftMovement
from models.registers.gift_signoff import GiftSignoff
from models.registers.key_checkout import KeyCheckout
from models.registers.out_of_town_application import OutOfTownApplication
from models.registers.product_return import ProductReturn
from models.registers.sales_discount_certificate import SalesDiscountCertificate
from models.registers.service_log import ServiceLog

NOW = dt.datetime(2025, 11, 19, 6, 30, tzinfo=dt.UTC)
CHEAP = {"memory_kib": 64, "time_cost": 1}


def made(path: Path, source: Path) -> Database:
    path.mkdir()
    (path / "demo.db").write_bytes(source.read_bytes())
    db = open_database(f"sqlite:///{path / 'demo.db'}")
    proxy.initialize(db)
    db.connect()
    build(
        path,
        NOW,
        password="for a demo only",
        customers=20,
        gifts=20,
        keys=20,
        services=8,
        lines=8,
        hasher=Hasher(**CHEAP),
    )
    return db


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Path]:
    """A company in the middle of a working day. Tests only read it."""
    path = tmp_path_factory.mktemp("demo") / "one"
    db = made(path, sqlite_template)
    yield path
    db.close()
    proxy.obj = None


pytestmark = pytest.mark.usefixtures("demo")


@pytest.mark.parametrize(
    ("number", "phone", "suspected"),
    [
        ("KH-2025-0007", "0839-5550107", False),
        ("KH-2025-0031", "13655500031", False),
        ("KH-2024-0112", "135 5550 0112", False),
        ("KH-2025-0044", "13555500112", True),
    ],
)
def test_customers_of_the_catalogue_have_their_numbers(number: str, phone: str, suspected: bool) -> None:
    customer = CustomerArchive.get(CustomerArchive.number == number)
    assert (customer.phone, customer.duplicate_suspected) == (phone, suspected)


def test_gifts_of_the_catalogue_have_their_numbers_and_figures() -> None:
    tea = GiftSignoff.get(GiftSignoff.number == "LP-2025-0019")
    bags = GiftSignoff.get(GiftSignoff.number == "LP-2025-0022")
    assert (tea.customer.short_name, str(tea.total_value), str(tea.fine_amount)) == ("青川建材", "265.50", "1770.00")
    signed = {row.slot: row.at.date().isoformat() for row in Step.select().where(Step.record_id == tea.id) if row.slot}
    assert signed["specialist_sign"] == "2025-03-04"
    assert signed["manager_sign"] == "2025-03-05"
    assert tea.issued_at.date().isoformat() == "2025-03-06"
    assert (bags.purpose, str(bags.total_value), bags.owner.username) == ("roadshow", "252.00", "market_specialist")


def test_keys_of_the_catalogue_have_their_numbers_and_times() -> None:
    def told(number: str) -> tuple[object, ...]:
        line = KeyCheckout.get(KeyCheckout.number == number)
        zone = clock.company_zone()
        times = (line.issued_at, line.drive_started_at, line.drive_ended_at, line.returned_at)
        local = [at.astimezone(zone).strftime("%H:%M:%S") for at in times]
        return (line.key.key_no, line.holder.username, *local, line.held_after_end, line.late, str(line.fine_late))

    assert told("YS-2025-0308") == (
        *("SJ07-1", "sales_consultant", "14:02:10", "14:10:00", "14:48:00", "14:52:55"),
        *(295, False, "0.00"),
    )
    assert told("YS-2025-0311")[4:] == ("16:00:00", "16:05:01", 301, True, "10.00")


def test_keys_stand_in_every_state_and_one_is_overdue() -> None:
    states = {state.code for register in REGISTERS if register.model is KeyCheckout for state in register.states}
    assert {row.state for row in KeyCheckout.select()} == states
    out = KeyCheckout.select().where(KeyCheckout.state == "drive_ended")
    assert sum((NOW - line.drive_ended_at).total_seconds() > 300 for line in out) == 1
    assert {
        line.key.state for line in KeyCheckout.select().where(KeyCheckout.state.in_(["issued", "drive_ended"]))
    } == {"out"}


def test_gifts_stand_in_every_state() -> None:
    states = {state.code for register in REGISTERS if register.model is GiftSignoff for state in register.states}
    assert {row.state for row in GiftSignoff.select()} == states


@pytest.mark.parametrize(
    "username",
    ["market_specialist", "market_specialist_2", "dept_head_market", "sales_manager", "sales_manager_2", "gm"],
)
def test_something_waits_for_every_approver(demo: Path, username: str) -> None:
    person = World(Catalogue(REGISTERS), demo, NOW, random.Random(0)).access(username)
    waiting = [
        record.number
        for record in GiftSignoff.select().where(
            GiftSignoff.state.in_(["submitted", "specialist_signed", "manager_signed"])
        )
        if Entitlements(person, person.catalogue["gift_signoff"]).on(record, "return_for_correction")
    ]
    assert waiting


def test_every_role_with_a_duty_has_its_account() -> None:
    held = {row.role for row in UserRole.select()}
    later = {
        "complaint_handler",
        "shift_leader",
        "service_director",
        "centre_director",
        "kb_editor",
        "training_officer",
        "hotel_rep",
    }
    assert held == set(ROLES) - later


def test_one_account_is_left_without_the_export() -> None:
    granted = {row.user.username for row in ExportGrant.select()}
    assert {"sales_manager", "archivist", "dept_head"} <= granted
    assert "dept_head_2" not in granted


def test_the_service_of_the_catalogue_has_its_number_and_times() -> None:
    entry = ServiceLog.get(ServiceLog.number == "FW-2025-0163")
    zone = clock.company_zone()

    def local(at: dt.datetime) -> str:
        return at.astimezone(zone).strftime("%m-%d %H:%M")

    assert (entry.customer.short_name, entry.product_model, entry.specification) == ("青川建材", "ZM-2", "25kg")
    assert (str(entry.purchased_on), entry.purchased_at, entry.service_kind) == ("2025-05-06", "川北经销点", "C")
    assert (entry.service_content_class, entry.customer_signed_by, entry.state) == (
        "consulting",
        "客户代表",
        "archived",
    )
    assert [local(at) for at in (entry.received_at, entry.dispatched_at, entry.finished_at)] == [
        *("09-30 21:40", "10-01 09:10", "10-01 16:20"),
    ]
    signed = Step.get((Step.register == "service_log") & (Step.record_id == entry.id) & (Step.act == "countersigned"))
    assert local(signed.at).startswith("10-09")


def test_the_ledger_of_the_catalogue_has_its_numbers_and_figures() -> None:
    def told(number: str) -> tuple[object, ...]:
        line = AftersalesLedger.get(AftersalesLedger.number == number)
        return (line.product.name, line.specification, line.movement, str(line.quantity), line.ground, line.fee_payer)

    assert told("TZ-2025-0041") == ("ZM-2", "25kg", "received", "20.000", "quality", "company")
    assert told("TZ-2025-0042")[2:5] == ("exchange_out", "2.000", "transport_damage")
    refused = AftersalesLedger.get(AftersalesLedger.number == "TZ-2025-0043")
    assert (refused.state, str(refused.quantity), refused.fee_payer, str(refused.inspection_fee)) == (
        *("refused", "18.000", "customer", "320.00"),
    )
    slip = ProductReturn.get(ProductReturn.number == "TH-2025-0006")
    assert (str(slip.approved_qty), str(slip.received_qty), slip.state) == ("20.000", "20.000", "posted")


@pytest.mark.parametrize(
    "model",
    [ServiceLog, OutOfTownApplication, AftersalesLedger, ProductReturn, SalesDiscountCertificate, Complaint, Contract],
)
def test_after_sales_stands_in_every_state(model: type[ServiceLog]) -> None:
    states = {state.code for register in REGISTERS if register.model is model for state in register.states}
    assert {row.state for row in model.select()} == states


def test_some_service_was_left_undispatched_over_night() -> None:
    midnight = dt.datetime.combine(NOW.astimezone(clock.company_zone()).date(), dt.time(), clock.company_zone())
    waiting = ServiceLog.select().where(ServiceLog.state == "registered")
    assert {entry.registered_at < midnight for entry in waiting} == {True, False}


def test_records_balances_and_numbers_are_what_check_wants() -> None:
    catalogue = Catalogue(REGISTERS)
    assert list(replay.differences(catalogue)) == []
    assert list(balances.differences(catalogue)) == []
    assert list(numbers.faults(catalogue)) == []


def test_stock_is_the_sum_of_its_movements() -> None:
    moved: Counter[int] = Counter()
    for row in GiftMovement.select():
        moved[row.record_id] += row.quantity
    assert {item.id: item.quantity_in_hand for item in GiftItem.select()} == dict(moved)


def test_the_history_is_whole_and_nothing_lies_in_the_future() -> None:
    assert list(faults()) == []
    assert max(row.at for row in AuditEvent.select(AuditEvent.at)) <= NOW
    assert AuditEvent.select().where(AuditEvent.register == "gift_signoff").count() > GiftSignoff.select().count()


def test_numbers_follow_time_without_gaps() -> None:
    for model in (CustomerArchive, GiftSignoff, KeyCheckout, ServiceLog, AftersalesLedger, ProductReturn, Complaint):
        numbers = [row.number for row in model.select().order_by(model.created_at, model.id)]
        years = Counter(number[3:7] for number in numbers)
        assert sorted(numbers) == [
            f"{numbers[0][:2]}-{year}-{n:04d}" for year in sorted(years) for n in range(1, years[year] + 1)
        ]
        assert numbers == sorted(numbers)


def test_a_clock_before_the_examples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2025"):
        build(tmp_path, dt.datetime(2025, 1, 1, tzinfo=dt.UTC))


def test_the_same_seed_on_the_same_day_gives_the_same_company(tmp_path: Path, sqlite_template: Path) -> None:
    def told() -> list[tuple[object, ...]]:
        return [
            *CustomerArchive.select(
                CustomerArchive.number, CustomerArchive.name, CustomerArchive.phone, CustomerArchive.created_at
            ).tuples(),
            *GiftSignoff.select(
                GiftSignoff.number, GiftSignoff.state, GiftSignoff.owner, GiftSignoff.total_value
            ).tuples(),
            *Step.select(Step.act, Step.actor, Step.at, Step.opinion).tuples(),
        ]

    first, before = told(), proxy.obj
    other = made(tmp_path / "two", sqlite_template)
    try:
        assert told() == first
    finally:
        other.close()
        proxy.initialize(before)
