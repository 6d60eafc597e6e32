"""Contracts, complaints, slips and certificates at every door of a record: what the oracle of tests/access_cases.py grants, and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

import pytest

from backoffice import printing
from tests.access_cases import CASES, HIDDEN, MAKERS, is_seen
from tests.access_world import PEOPLE, World, bound, made_world, reads
from tests.test_access_matrix import MISSING, address, page_at, states_on, text_at

WHO = (
    "admin",
    "deputy_gm",
    "dept_head",
    "dept_head_2",
    "dept_head_market",
    "dept_head_business",
    "sales_manager",
    "salesperson",
    "salesperson_2",
    "sales_consultant_2",
    "sales_clerk",
    "service_manager",
    "service_staff",
    "service_staff_2",
    "business_clerk",
    "quality_inspector",
    "finance",
    "warehouse_keeper",
    "warehouse_keeper_2",
    "logistics_specialist",
    "hr",
    "mover",
    "two_hats",
    "stand_in",
    "late_stand_in",
)
# Acts that need an input or a reason, by the roles that could ever take them.
COULD: Mapping[tuple[str, str], frozenset[str]] = {
    ("contract", "void"): frozenset(
        {"sales_manager", "deputy_gm", "salesperson", "sales_consultant", "key_account", "sales_clerk"}
    ),
    ("complaint", "judged"): frozenset({"deputy_gm"}),
    ("complaint", "void"): MAKERS["complaint"],
    ("complaint", "unaccepted"): MAKERS["complaint"],
    ("product_return", "received"): frozenset({"warehouse_keeper"}),
    ("product_return", "disputed"): frozenset({"finance"}),
    ("product_return", "void"): frozenset({"sales_clerk", "sales_manager", "deputy_gm"}),
    ("sales_discount_certificate", "sealed"): frozenset({"sales_clerk"}),
    ("sales_discount_certificate", "void"): frozenset({"sales_clerk", "sales_manager"}),
}


@pytest.fixture(scope="module")
def one_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with made_world("sqlite", request, tmp_path_factory.mktemp("cases")) as made:
        yield made


@pytest.fixture
def world(request: pytest.FixtureRequest, one_world: World) -> Iterator[World]:
    request.node.user_properties.append(("dialect", "sqlite"))
    with bound(one_world) as made:
        yield made


chosen = pytest.mark.parametrize("username", WHO)


@chosen
def test_records(world: World, username: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Details, history and print: 403, 404 or the page, with the fields that the view has; the drawing is left out."""
    monkeypatch.setattr(printing, "render_form", lambda form, words: repr(form).encode())
    who, browser = PEOPLE[username], world.browser(username)
    for register, rows in CASES.items():
        form = {"complaint": "complaint_form", "contract": "contract_summary"}.get(register, register)
        for row in rows:
            record = world.cases[register][row.key]
            status = 403 if not reads(who, register) else 200 if is_seen(who, register, row) else 404
            page = text_at(browser, address(register, "details/", id=record), status)
            text_at(browser, address(register, "history/", id=record), status)
            if row is rows[0]:
                text_at(browser, address(register, f"print/{form}/", id=record), status)
            hidden = {HIDDEN[register, hat.role] for hat in who.hats if (register, hat.role) in HIDDEN}
            if page and len(who.hats) == 1:
                assert not hidden & set(states_on(page)), (register, row.key)


@chosen
def test_making(world: World, username: str) -> None:
    who, browser = PEOPLE[username], world.browser(username)
    for register, makers in MAKERS.items():
        makes = any(hat.role in makers for hat in who.hats)
        page = page_at(browser, address(register, "new/"), 200 if makes else 403)
        assert bool(page.select('form.sheet [name="remarks"]')) is makes, register
    clerk = any(hat.role == "sales_clerk" for hat in who.hats)
    answer = browser.get(address("product_return", "ajax/lookup/", name="complaint", query="TS"))
    if not clerk:
        assert answer.status_code == 403
        return
    # Told_4's slip is void: that complaint waits for another. All others have their paper, or ask for none.
    assert {one for one, _ in json.loads(answer.text)} == {world.cases["complaint"]["told_4"]}


@chosen
def test_acts(world: World, username: str) -> None:
    """403 before 404 before 409 on the form of an act and its POST; nothing is written without what it needs."""
    who, browser = PEOPLE[username], world.browser(username)
    before = world.content()
    for (register, act), roles in COULD.items():
        could = reads(who, register) and any(hat.role in roles for hat in who.hats)
        seen = {world.cases[register][row.key] for row in CASES[register] if is_seen(who, register, row)}
        for record in (*world.cases[register].values(), MISSING) if could else (1,):
            path = address(register, f"transition/{act}/", id=record)
            for answer in (browser.get(path), browser.post(path, {"reason": " "})):
                if not could:
                    assert answer.status_code == 403, path
                elif record not in seen:
                    assert answer.status_code == 404, path
                else:
                    assert answer.status_code in {200, 409, 422}, path
    assert world.content() == before


@pytest.mark.parametrize("username", ["sales_clerk", "warehouse_keeper"])
def test_a_row_outside_the_named_rows_answers_like_a_missing_one(world: World, username: str) -> None:
    browser = world.browser(username)
    register, key = ("complaint", "registered") if username == "sales_clerk" else ("product_return", "issued")
    for door in ("details/", "history/", "edit/", "file/", "transition/void/", "transition/received/"):
        outside = browser.get(address(register, door, id=world.cases[register][key]))
        missing = browser.get(address(register, door, id=MISSING))
        assert outside.status_code == missing.status_code, door
        assert outside.status_code in {403, 404}, door
        assert _plain(outside.text) == _plain(missing.text), door


def _plain(text: str) -> str:
    """A page without what differs every time: tokens, nonces, the id of the request."""
    return re.sub(r'(value|content|nonce)="[^"]+"|\b[0-9a-f]{8,}\b', "", text)
