"""Two people at two server processes on one database, at the same instant: one wins, and the other is told by whom."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from backoffice import clock, proof
from models.accounts import Area, Delegation
from models.evidence import Step
from models.factors import FormToken
from models.registers.car_key import CarKey
from models.registers.customer_archive import CustomerArchive
from models.registers.gift_item import GiftItem
from models.registers.gift_signoff import GiftSignoff
from models.registers.key_checkout import KeyCheckout
from tests.company import Company
from tests.servers import Answer, Person, Server, at_once, serving

ROUNDS = 2


@pytest.fixture
def servers(company: Company, database_url: str) -> Iterator[list[Server]]:
    """Both serve the same database and files, as the real time tells; the company's own clock is put right as well."""
    company.now = clock.now()
    with serving(database_url, company.data_dir, count=2) as made:
        yield made


def people(servers: list[Server], *usernames: str) -> list[Person]:
    found = [Person(servers[place % 2].port) for place in range(len(usernames))]
    for person, username in zip(found, usernames, strict=True):
        person.sign_in(username)
    return found


def both(persons: list[Person], path: str, *typed: dict[str, Any]) -> list[Answer]:
    """All send at once; the answers with 303 first."""
    answers = at_once(*(partial(p.send, path, data) for p, data in zip(persons, typed, strict=True)))
    assert all(isinstance(answer, Answer) for answer in answers), answers
    return sorted(answers, key=lambda answer: answer.status)


def test_races_of_two_servers(company: Company, servers: list[Server]) -> None:
    """Signers, custodians, editors, a double click and a delegation that ends; one start of two servers for all."""
    all_races(company, servers, ROUNDS)


def all_races(company: Company, servers: list[Server], rounds: int) -> int:
    """How many races were run; each asserts that one won and the other was told by whom."""
    races = {
        "signers": two_signers,
        "custodians": two_custodians,
        "editors": two_editors,
        "double click on an act": double_click,
        "double click on a new record": double_click_on_new,
        "delegation that ends": ended_delegation,
    }
    for name, race in races.items():
        for number in range(rounds):
            race(company, servers, number)
        assert list(proof.faults()) == [], name
    return len(races) * rounds


def two_signers(company: Company, servers: list[Server], _number: int) -> None:
    gift = company.gift_in("specialist_signed")
    version = str(GiftSignoff.get_by_id(gift).version)
    managers = people(servers, "sales_manager", "sales_manager_2")
    path = f"/admin/gift_signoff/transition/approved/?id={gift}"
    won, lost = both(managers, path, *[{"reason": "同意", "version": version}] * 2)
    assert (won.status, lost.status) == (303, 409)
    (step,) = Step.select().where(Step.record_id == gift, Step.register == "gift_signoff", Step.slot == "manager_sign")
    assert step.actor_name in lost.text


def two_custodians(company: Company, servers: list[Server], _number: int) -> None:
    key = company.key()
    lines = [company.line("test_drive", key=key, holder=holder) for holder in ("sales_consultant", "group_leader")]
    papers = [company.papers("agreement_file", "licence_file", who=who) for who in ("custodian_5s", "custodian_5s_2")]
    persons = people(servers, "custodian_5s", "custodian_5s_2")
    answers = at_once(
        *(
            partial(person.send, f"/admin/key_checkout/transition/issued/?id={line}", paper)
            for person, line, paper in zip(persons, lines, papers, strict=True)
        )
    )
    states = sorted(KeyCheckout.get_by_id(line).state for line in lines)
    assert sorted(answer.status for answer in answers) == [303, 409], [(a.status, a.text[:2000]) for a in answers]
    assert states == ["issued", "requested"]
    winner = KeyCheckout.get((KeyCheckout.key == key) & (KeyCheckout.state == "issued"))
    (lost,) = [answer for answer in answers if answer.status == 409]
    assert CarKey.get_by_id(key).state == "out"
    assert winner.number in lost.text or winner.holder.name in lost.text


def two_editors(company: Company, servers: list[Server], number: int) -> None:
    item = company.gift_item(f"ED-{number}", stock=0)
    version = str(GiftItem.get_by_id(item).version)
    usernames = ("market_specialist", "market_specialist_2")
    typed = [{"name": f"{name} {number}", "version": version} for name in usernames]
    won, lost = both(people(servers, *usernames), f"/admin/gift_item/edit/?id={item}", *typed)
    assert (won.status, lost.status, lost.outcomes) == (303, 409, {"stale"})
    saved = GiftItem.get_by_id(item)
    winner = saved.name.rpartition(" ")[0]
    (loser,) = set(usernames) - {winner}
    assert company.users[winner].name in lost.text
    assert f"{loser} {number}" in lost.text, "what the other typed is lost"


def double_click(company: Company, servers: list[Server], number: int) -> None:
    item = company.gift_item(f"DC-{number}", stock=1)
    version = str(GiftItem.get_by_id(item).version)
    (person,) = people(servers, "market_specialist")
    twice = [person, Person(servers[1].port, dict(person.cookies), person.token)]
    path = f"/admin/gift_item/transition/stock_in/?id={item}"
    won, lost = both(twice, path, *[{"quantity": "5", "version": version}] * 2)
    assert (won.status, lost.status) == (303, 409)
    assert GiftItem.get_by_id(item).quantity_in_hand == 6


def new_customer(name: str, **more: str) -> dict[str, str]:
    return {
        "name": name,
        "customer_kind": "company",
        "relation": "current",
        "registered_address": "川北路1号",
        "area": str(Area.get(Area.code == "A").id),
        "phone": "0839-5551234",
        "grade_scheme": "abc_value",
        "source_channel": "exhibition",
        "confidentiality": "internal",
        "contacts-0-name": "钱联系",
        "contacts-0-mobile": "13900000000",
        "contacts-0-main": "true",
        **more,
    }


def double_click_on_new(company: Company, servers: list[Server], number: int) -> None:
    (person,) = people(servers, "salesperson")
    page = person.get("/admin/customer_archive/new/").text
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found
    name = f"青川双击{number}有限公司"
    typed = new_customer(name, once=found[1], phone=f"0839-88{number:05d}")
    twice = [person, Person(servers[1].port, dict(person.cookies), person.token)]
    answers = both(twice, "/admin/customer_archive/new/", typed, typed)
    (row,) = CustomerArchive.select().where(CustomerArchive.name == name)
    assert {(answer.status, answer.location) for answer in answers} == {
        (303, f"/admin/customer_archive/details/?id={row.id}")
    }
    # Who goes back and types another name sends another form.
    other = person.send("/admin/customer_archive/new/", {**typed, "name": name + "二", "phone": f"0839-77{number:05d}"})
    assert other.status == 303
    assert other.location != f"/admin/customer_archive/details/?id={row.id}"
    assert FormToken.select().where(FormToken.record_id == row.id).count() == 1


def ended_delegation(company: Company, servers: list[Server], number: int) -> None:
    """The administrator ends it while the delegate signs: he signed before, or is told who ended it."""
    today = clock.today()
    made = Delegation.create(
        owner=company.users["sales_manager"],
        delegate=company.users["key_account"],
        role="sales_manager",
        starts_on=today - dt.timedelta(days=1),
        ends_on=today + dt.timedelta(days=3),
        reason="年假",
        created_at=company.now,
        updated_at=company.now,
    )
    gift = company.gift_in("specialist_signed")
    delegate, admin = people(servers, "key_account", "admin")
    signing = partial(delegate.send, f"/admin/gift_signoff/transition/approved/?id={gift}", {"reason": "同意"})
    ending = partial(admin.send, f"/admin/delegation/edit/?id={made.id}", {"version": "1"})
    signed, ended = at_once(signing, ending)
    assert ended.status == 303
    assert Delegation.get_by_id(made.id).ended
    approved = GiftSignoff.get_by_id(gift).state == "approved"
    assert signed.status in ({303} if approved else {403, 404, 409}), signed.text[:500]
    # Afterwards nothing is signed for the absent any more.
    again = company.gift_in("specialist_signed")
    late = delegate.send(f"/admin/gift_signoff/transition/approved/?id={again}", {"reason": "同意"})
    assert late.status in {403, 404, 409}
    assert GiftSignoff.get_by_id(again).state == "specialist_signed"


def test_forty_creations_at_once(company: Company, servers: list[Server]) -> None:
    """Forty people, two servers, one series: forty numbers without gap or double."""
    (first,) = people(servers, "salesperson")
    writers = [Person(servers[n % 2].port, dict(first.cookies), first.token) for n in range(40)]
    works = [
        partial(
            writer.send,
            "/admin/customer_archive/new/",
            new_customer(f"青川四十{n}号有限公司", phone=f"0839-99{n:05d}"),
        )
        for n, writer in enumerate(writers)
    ]
    answers = at_once(*works)
    counted = Counter(answer.status for answer in answers)
    done = counted[303]
    assert set(counted) <= {303, 503}, counted  # On SQLite somebody may be asked to try again.
    assert done >= 30
    numbers = sorted(row.number for row in CustomerArchive.select())
    assert len(numbers) == done
    assert [int(number.rpartition("-")[2]) for number in numbers] == list(range(1, done + 1))
    assert list(proof.faults()) == []


def test_a_delegation_that_ends_between_reading_and_signing(company: Company) -> None:
    """The rights were read, then the administrator ended the delegation, then the act began: it is refused with his name."""
    from backoffice import accounts
    from backoffice.change import change
    from backoffice.outcomes import Declined

    today = company.now.date()
    made = Delegation.create(
        owner=company.users["sales_manager"],
        delegate=company.users["key_account"],
        role="sales_manager",
        starts_on=today - dt.timedelta(days=1),
        ends_on=today + dt.timedelta(days=3),
        reason="年假",
        created_at=company.now,
        updated_at=company.now,
    )
    gift = company.gift_in("specialist_signed")
    with clock.set_to(company.now):
        access = company.access("key_account")
        accounts.end_delegation(made.id, version=1, actor_id=company.users["admin"].id, now=company.now)
        outcome = change(access, "gift_signoff", gift, "approved", {"reason": "同意"}, None, company.now)
    assert isinstance(outcome, Declined), outcome
    assert company.users["admin"].name in str(outcome.reason)
    assert GiftSignoff.get_by_id(gift).state == "specialist_signed"
