"""The after-sales ledger at every door of a line: what the oracle of tests/access_ledger.py grants, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest

from backoffice import printing
from models.accounts import Area
from tests.access_ledger import LINES, MAKERS, READERS, REGISTER, ids, is_seen
from tests.access_world import PEOPLE, World, bound, exports, made_world
from tests.test_access_matrix import MISSING, address, page_at, text_at

WHO = (
    "admin",
    "gm",
    "deputy_gm",
    "dept_head",
    "dept_head_2",
    "dept_head_market",
    "dept_head_business",
    "sales_manager",
    "salesperson",
    "service_manager",
    "service_staff",
    "service_staff_2",
    "business_clerk",
    "business_clerk_2",
    "quality_inspector",
    "archivist",
    "finance",
    "warehouse_keeper",
    "logistics_specialist",
    "auditor",
    "hr",
    "mover",
    "two_hats",
    "stand_in",
)
# Acts by the roles that could ever take them.
CLERKS = frozenset({"business_clerk", "service_staff"})
COULD: Mapping[str, frozenset[str]] = {
    "inspected": frozenset({"quality_inspector"}),
    "approved": frozenset({"dept_head_business", "deputy_gm", "gm"}),
    "executed": CLERKS,
    "closed": CLERKS,
    "link": CLERKS,
    "file_papers": CLERKS,
    "refusal_told": CLERKS,
    "refused": frozenset({"dept_head_business", "deputy_gm", "gm", "quality_inspector"}),
    "reversed": frozenset({"business_clerk"}),
}


@pytest.fixture(scope="module")
def one_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with made_world("sqlite", request, tmp_path_factory.mktemp("ledger")) as made:
        yield made


@pytest.fixture
def world(request: pytest.FixtureRequest, one_world: World) -> Iterator[World]:
    request.node.user_properties.append(("dialect", "sqlite"))
    with bound(one_world) as made:
        yield made


chosen = pytest.mark.parametrize("username", WHO)


def reads(username: str) -> bool:
    return any(hat.role in READERS for hat in PEOPLE[username].hats)


def could(username: str, act: str) -> bool:
    """Heads approve in the business department alone."""
    names = {
        f"{hat.role}_business" if hat.role == "dept_head" and hat.department == "business" else hat.role
        for hat in PEOPLE[username].hats
    }
    return bool(names & COULD[act])


@chosen
def test_records(world: World, username: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "render_form", lambda form, words: repr(form).encode())
    who, browser = PEOPLE[username], world.browser(username)
    for row in LINES:
        record = world.ledger[row.key]
        status = 403 if not reads(username) else 200 if is_seen(who, row) else 404
        for door in ("details/", "history/", "print/ledger_line/"):
            text_at(browser, address(REGISTER, door, id=record), status)


@chosen
def test_making(world: World, username: str) -> None:
    """Whoever makes lines; area staff are offered their own area alone."""
    who, browser = PEOPLE[username], world.browser(username)
    makes = any(hat.role in MAKERS for hat in who.hats)
    page = page_at(browser, address(REGISTER, "new/"), 200 if makes else 403)
    assert bool(page.select('form.sheet [name="movement"]')) is makes
    if makes:
        offered = {option["value"] for option in page.select('select[name="area"] option[value]') if option["value"]}
        own = {hat.area for hat in who.hats if hat.role == "service_staff"}
        wanted = {str(row.id) for row in Area.select() if not own or row.code in own}
        assert offered == wanted
        chosen_area = page.select_one('select[name="area"] option[selected]')
        assert bool(chosen_area and chosen_area["value"]) is bool(own)


@chosen
def test_acts(world: World, username: str) -> None:
    """403 before 404 before 409 on the address of an act; nothing is written where it is refused."""
    who, browser = PEOPLE[username], world.browser(username)
    before = world.content()
    for act in COULD:
        may = reads(username) and could(username, act)
        for record in (*world.ledger.values(), MISSING) if may else (1,):
            answer = browser.get(address(REGISTER, f"transition/{act}/", id=record))
            if not may:
                assert answer.status_code == 403, act
            elif record not in ids(world, who):
                assert answer.status_code == 404, act
            else:
                assert answer.status_code in {200, 409}, act
        if not may:
            post = browser.post(address(REGISTER, "action/"), {"action": act, "rowid": "1"})
            assert post.status_code == 403, act
    assert world.content() == before


@chosen
def test_reports(world: World, username: str) -> None:
    """The report counts what its reader sees; files of it need the grant."""
    who, browser = PEOPLE[username], world.browser(username)
    query = {"from": "2026-01-01", "to": "2026-12-31"}
    page = page_at(browser, address(REGISTER, "report/products/", **query), 200 if reads(username) else 403)
    done = [row for row in LINES if row.state == "executed" and is_seen(who, row)]
    found = [cell["data-value"] for cell in page.select('[data-table="defective_balance"] td[data-field="received"]')]
    assert found == (["20"] if done and reads(username) else [])
    answer = browser.get(address(REGISTER, "report/products/csv/", **query))
    granted = reads(username) and exports(who, REGISTER)
    assert answer.status_code == (200 if granted else 403)


@pytest.mark.parametrize("username", ["service_staff", "service_staff_2", "business_clerk"])
def test_what_may_be_linked(world: World, username: str) -> None:
    """The clerk is offered every complaint, area staff those they read."""
    browser = world.browser(username)
    answer = browser.get(address(REGISTER, "ajax/lookup/", name="complaint", query="TS"))
    offered = {one for one, _ in json.loads(answer.text)}
    assert offered == world.ids(PEOPLE[username], "complaint")
