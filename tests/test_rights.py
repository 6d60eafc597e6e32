"""What `backoffice access` and the page of rights say is what lists, masks and acts do, by the oracle and record by record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup, Tag

from backoffice import cli, clock
from backoffice.access import Access, access_of
from backoffice.change import entitlement_for
from backoffice.outcomes import Declined
from backoffice.people import hats
from backoffice.rights import rights_of
from backoffice.steps import Steps
from models.accounts import ExportGrant, User, UserRole
from models.base import db
from tests.access_world import (
    CUSTOMERS,
    PEOPLE,
    SECRET,
    World,
    bound,
    customer_sight,
    exports,
    made_world,
    reads,
)

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BOTH)
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with made_world(request.param, request, tmp_path_factory.mktemp("rights")) as made:
        yield made


@pytest.fixture
def world(request: pytest.FixtureRequest, worlds: World) -> Iterator[World]:
    request.node.user_properties.append(("dialect", worlds.dialect))
    with bound(worlds) as made:
        yield made


everybody = pytest.mark.parametrize("username", list(PEOPLE))


def access(world: World, username: str) -> Access:
    user = User.get(User.username == username)
    roles = [row.role for row in UserRole.select().where(UserRole.user == user.id)]
    return access_of(user, hats(user, roles, clock.today()), world.company.catalogue, clock.today())


def page(world: World, username: str, register: str = "", reader: str = "auditor") -> BeautifulSoup:
    user = world.company.users[username]
    answer = world.browser(reader).get(f"/admin/user/access/?id={user.id}&register={register}")
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def value(card: Tag, name: str) -> str:
    found = card.select_one(f'[data-field="{name}"][data-value]')
    return str(found["data-value"]) if found is not None else ""


# Services have an oracle of their own, in tests/registers/test_service_access.py.
ELSEWHERE = ("service_log", "out_of_town_application")


@everybody
def test_registers_rows_and_exports(world: World, username: str) -> None:
    """On the page stand the registers the oracle lets him read, with as many rows as exist for him, and his exports."""
    who = PEOPLE[username]
    cards = {str(card["data-register"]): card for card in page(world, username).select("[data-register]")}
    cards.pop("", None)
    for name in ELSEWHERE:
        cards.pop(name, None)
    readable = [name for name in world.company.catalogue if name not in ELSEWHERE and reads(who, name)]
    assert list(cards) == readable
    for name, card in cards.items():
        assert value(card, "rows") == str(len(world.ids(who, name))), name
        assert value(card, "export") == ("yes" if exports(who, name) else "no"), name
        roles = {str(row["data-role"]) for row in card.select("tr[data-role]")}
        assert roles <= {hat.role for hat in who.hats}
        assert roles
        assert all(
            row.has_attr("data-lent") is (username == "stand_in" and row["data-role"] != "hr")
            for row in card.select("tr[data-role]")
        )


@everybody
def test_fields(world: World, username: str) -> None:
    """Absent and masked fields of customers, and in how many rows, by the oracle."""
    who = PEOPLE[username]
    if not reads(who, "customer_archive"):
        return
    sights = [sight for row in CUSTOMERS if (sight := customer_sight(who, row)) is not None]
    (told,) = rights_of(access(world, username), ["customer_archive"])
    absent = {info.path: hidden.rows for hidden in told.absent for info in hidden.fields}
    masked = {info.path: hidden.rows for hidden in told.masked for info in hidden.fields}
    declaration = world.company.catalogue["customer_archive"]
    for path in [info.path for info in declaration.every_field()]:
        states = [sight.of(path) for sight in sights]
        assert absent.get(path, 0) == states.count("absent"), path
        if path in SECRET:
            assert masked.get(path, 0) == states.count("masked"), path
    assert set(masked) <= set(SECRET) | {"views.fields"} | {
        info.path for info in declaration.every_field() if info.field.level > 1
    }


@everybody
def test_acts(world: World, username: str) -> None:
    """As many records wait for an act as, asked one by one, let the person take it: as many as have its button."""
    actor = access(world, username)
    for told in rights_of(actor):
        declaration = told.declaration
        scope = actor.scope(declaration)
        query = declaration.model.select()
        rows = list(query.where(scope) if not isinstance(scope, bool) else query) if scope is not False else []
        assert told.rows == len(rows)
        assert [deed.act.name for deed in told.deeds] == [act.name for act in actor.open_acts(declaration)]
        for deed in told.deeds:
            asked = (
                entitlement_for(actor, declaration, row, deed.act, Steps.of(declaration, row))
                for row in rows
                if actor.entitled(declaration, row, deed.act.name)
            )
            able = [way for way in asked if not isinstance(way, Declined)]
            assert deed.rows == len(able), (declaration.name, deed.act.name)
            assert deed.roads


def test_administrators_and_auditors_alone_read_it(world: World) -> None:
    user = world.company.users["salesperson"]
    for username in PEOPLE:
        allowed = any(hat.role in {"admin", "auditor"} for hat in PEOPLE[username].hats)
        answer = world.browser(username).get(f"/admin/user/access/?id={user.id}")
        assert answer.status_code == (200 if allowed else 403), username
    browser = world.browser("admin")
    assert browser.get("/admin/user/access/?id=999999").status_code == 404
    assert browser.get("/admin/user/access/?id=x").status_code == 400
    assert browser.get(f"/admin/user/access/?id={user.id}&register=no_such").status_code == 400
    details = BeautifulSoup(browser.get(f"/admin/user/details/?id={user.id}").text, "html.parser")
    link = details.select_one('[data-action="access"]')
    assert link is not None
    assert link["href"] == f"/admin/user/access/?id={user.id}"


def test_a_disabled_account_has_nothing(world: World) -> None:
    with db.atomic() as transaction:
        User.update(active=False).where(User.username == "salesperson_2").execute()
        found = page(world, "salesperson_2")
        transaction.rollback()
    assert [str(card["data-register"]) for card in found.select("[data-register]")] == [""]


def test_an_export_grant_that_has_ended_is_told(world: World) -> None:
    yesterday = clock.today().replace(day=1)
    user = world.company.users["sales_manager"]
    with db.atomic() as transaction:
        ExportGrant.update(ends_on=yesterday).where(ExportGrant.user == user).execute()
        card = page(world, "sales_manager", "customer_archive")
        transaction.rollback()
    assert value(card, "export") == "no"
    assert yesterday.isoformat() in card.select_one('[data-field="export"]').text


@pytest.mark.parametrize("username", ["gm", "salesperson", "stand_in", "finance", "hr"])
@pytest.mark.parametrize("worlds", ["sqlite"], indirect=True, scope="module")
def test_the_command_says_the_same(
    world: World, username: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BACKOFFICE_DATABASE_URL", world.url)
    shown = page(world, username)
    try:
        assert cli.main(["access", username]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert cli.main(["access", username, "--register", "gift_signoff"]) == 0
        narrowed = capsys.readouterr().out.splitlines()
        assert cli.main(["access", "nobody_here"]) == 1
        assert "nobody_here" in capsys.readouterr().err
        assert cli.main(["access", username, "--register", "no_such"]) == 1
    finally:
        db.initialize(world.database)
    cards = [card for card in shown.select("[data-register]") if card["data-register"]]
    heads = [line.split("\t")[0] for line in lines if not line.startswith("\t")]
    assert heads[1 : 1 + len(cards)] == [str(card["data-register"]) for card in cards]
    told = [line.split("\t")[1:] for line in lines if line.startswith("\t") and not line.startswith("\tby\t")]
    assert [line[2] for line in told] == [one.text for one in shown.select("dd[data-field]")]
    assert [line[0] for line in told] == [str(one["data-field"]) for one in shown.select("dd[data-field]")]
    ways = [line.split("\t")[2:] for line in lines if line.startswith("\tby\t")]
    assert [way[1:] for way in ways] == [
        [cell.text for cell in row.select("td")] for row in shown.select("tr[data-role]")
    ]
    known = {line.split("\t")[0] for line in narrowed if not line.startswith("\t")}
    assert known <= {username, "gift_signoff", "nothing"}


def test_one_query_counts_a_register(world: World) -> None:
    """Whatever it has of fields, masks and acts: its counts are one statement."""
    actor = access(world, "sales_manager")
    list(rights_of(actor, ["gift_signoff"]))  # Fills what is asked once for a person.
    asked: list[str] = []
    execute = db.obj.execute_sql

    def counting(sql: str, *rest: object, **more: object) -> object:
        asked.append(sql)
        return execute(sql, *rest, **more)

    db.obj.execute_sql = counting
    try:
        list(rights_of(actor, ["customer_archive"]))
    finally:
        del db.obj.execute_sql
    assert len(asked) <= 3, asked  # The export grants, who is absent, and the counts.
