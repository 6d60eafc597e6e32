"""Garbage in every parameter and every field of every page: never an error of the server, never half a write, typed text comes back.

The requests come from a generator with a fixed seed, so that a failure comes again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from bs4.filter import SoupStrainer

from tests.access_world import World, bound, made_world

GARBAGE = (
    "-1",
    "0",
    "99999999999999999999999",
    "1e999",
    "NaN",
    "-0.001",
    "１２３",
    "٣",
    "😀🏳️‍🌈",
    "\u202egnp.exe",
    "\ufeff",
    "a\u0301" * 20,
    "'; DROP TABLE account; --",
    "%s%n{0.__class__}{{7*7}}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "2026-02-30",
    "9999-99-99 99:99",
    "true",
    "x" * 10_000,
    "\r\nSet-Cookie: a=b",
    "[1,2]",
    "null",
    "\\",
)
# Characters that no text of ours holds are refused at the boundary, with the same 400 everywhere.
UNREADABLE = ("\x00", "a\x00b")
RAW = ("%ED%A0%80", "%FF%FE", "%00", "%", "%zz", "%u0041")
REGISTERS = ("customer_archive", "gift_signoff", "gift_item", "department", "group", "area")
WRITERS = {
    "customer_archive": "salesperson",
    "gift_signoff": "salesperson",
    "gift_item": "market_specialist",
    "department": "admin",
    "group": "admin",
    "area": "admin",
}
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BOTH)
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with made_world(request.param, request, tmp_path_factory.mktemp("garbage")) as made:
        yield made


@pytest.fixture
def world(request: pytest.FixtureRequest, worlds: World) -> Iterator[World]:
    request.node.user_properties.append(("dialect", worlds.dialect))
    with bound(worlds) as made:
        yield made


# ---- addresses -----------------------------------------------------------------------------------------------------------


def addresses(world: World, rng: random.Random) -> Iterator[str]:
    """Every page that is read, with garbage in one parameter or several, and in the variable parts of its address."""
    names = (
        "id",
        "page",
        "page_size",
        "sort",
        "desc",
        "search",
        "columns",
        "before",
        "file",
        "copy",
        "query",
        "name",
        "view",
    )
    more = (
        "month",
        "date",
        "area",
        "user",
        "child",
        "flt1_owner_equals",
        "flt1_name_contains",
        "flt1_created_at_between",
        "flt1_state_in_list",
        "flt1_total_value_at_least",
        "flt1_active_equals",
        "flt999_x_y",
        "flt",
        "flt1__equals",
    )
    for rule in world.company.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint.endswith("static"):
            continue
        path = re.sub(r"<[^>]+>", lambda _: quote(rng.choice(GARBAGE[:-1])[:200], safe=""), rule.rule)
        for _ in range(3):
            chosen = rng.sample([*names, *more], rng.randint(1, 3))
            pairs = "&".join(f"{name}={quote(rng.choice(GARBAGE)[:2000], safe='')}" for name in chosen)
            yield f"{path}?{pairs}"
        yield f"{path}?{rng.choice(names)}={rng.choice(RAW)}"
        name = rng.choice(names)
        yield f"{path}?{name}[]=1&{name}=2&{name}=3&=&&"


@pytest.mark.parametrize("username", ["sales_manager", "admin"])
@pytest.mark.postgres_for("sales_manager")
def test_no_address_is_an_error_of_the_server(world: World, username: str) -> None:
    browser, before = world.browser(username), world.content()
    rng = random.Random(f"address {username}")
    count = 0
    for path in addresses(world, rng):
        if world.dialect == "postgresql" and rng.random() < 0.8:
            continue
        answer = browser.get(path)
        count += 1
        assert answer.status_code < 500, f"{answer.status} {path[:300]}"
        assert "Traceback" not in answer.text
        assert "<script>alert(1)" not in answer.text, path[:300]
    assert count > 100
    assert world.content() == before


# ---- forms ---------------------------------------------------------------------------------------------------------------


def fields_of(text: str) -> dict[str, str]:
    """Name -> value of the inputs of the form of a page, and the empty ones."""
    page = BeautifulSoup(text, "html.parser", parse_only=SoupStrainer("form", class_="sheet"))
    found = {}
    for one in page.select("input[name], textarea[name], select[name]"):
        name = str(one["name"])
        if name == "csrf_token" or "-NEW-" in name or one.get("type") == "file":
            continue
        if one.name == "select":
            option = one.select_one("option[selected]") or one.select_one("option")
            found[name] = str(option.get("value", "")) if option is not None else ""
        else:
            found[name] = one.text if one.name == "textarea" else str(one.get("value", ""))
    return found


def sheets(world: World) -> list[tuple[str, str]]:
    found = [(WRITERS[register], f"/admin/{register}/new/") for register in REGISTERS]
    found += [
        ("salesperson", f"/admin/customer_archive/edit/?id={world.customers['plain']}"),
        ("salesperson", f"/admin/gift_signoff/edit/?id={world.gifts['draft']}"),
        ("market_specialist", f"/admin/gift_item/edit/?id={world.item}"),
        ("market_specialist", f"/admin/gift_item/transition/stock_in/?id={world.item}"),
        ("market_specialist", f"/admin/gift_item/transition/stock_count/?id={world.item}"),
        ("key_account", f"/admin/gift_signoff/transition/signed/?id={world.gifts['issued']}"),
        ("sales_manager", f"/admin/gift_signoff/transition/undelivered/?id={world.gifts['issued']}"),
        ("admin", "/admin/area/edit/?id=1"),
        ("admin", "/admin/user/new/"),
        ("admin", "/admin/user/edit/?id=2"),
        ("admin", "/admin/export_grant/new/"),
        ("admin", "/admin/delegation/new/"),
        ("salesperson", "/account/password/"),
    ]
    return found


ROUNDS = {"sqlite": 6, "postgresql": 2}


@pytest.mark.parametrize("at", range(19))
def test_no_form_is_an_error_of_the_server(world: World, at: int) -> None:
    """Each answer is a page or a redirect; a refusal leaves every table as it was, names the field and keeps the text."""
    username, path = sheets(world)[at]
    browser, rng = world.browser(username), random.Random(f"form {path}")
    shown = browser.get(path)
    assert shown.status_code == 200, path
    form = fields_of(shown.text)
    names = [name for name in form if name != "version"]
    before = world.content()
    for _ in range(ROUNDS[world.dialect]):
        chosen = rng.sample(names, min(len(names), rng.randint(1, 4)))
        data = {**form, **{name: rng.choice(GARBAGE) for name in chosen}, "no_such_field": "x"}
        answer = browser.post(path, data)
        assert answer.status_code in {200, 302, 303, 400, 403, 404, 409, 422, 429}, (answer.status, path, chosen)
        assert "<script>alert(1)" not in answer.text
        if answer.status_code in {302, 303}:
            # It was valid after all; what counts from here on is what stands now.
            before = world.content()
            again = browser.get(path)
            if again.status_code != 200:
                return
            form = fields_of(again.text)
            continue
        assert world.content() == before, (path, chosen)
        if answer.status_code == 422:
            assert "data-field=" in answer.text or "aria-invalid" in answer.text, (path, chosen)


def test_unreadable_characters_are_refused_everywhere(world: World) -> None:
    before = world.content()
    for username, path in sheets(world):
        browser = world.browser(username)
        for text in UNREADABLE:
            assert browser.post(path, {"remarks": text, "name": text}).status_code == 400, path
    assert world.content() == before


@pytest.mark.parametrize(
    "text", ["说明 & <b>粗</b> \"引\" '号'", "第一行\n第二行\n", "😀 👍🏽", "   两边空格   ", "￥１２３"]
)
def test_what_was_typed_stays_on_the_form(world: World, text: str) -> None:
    """A refused form comes back with every text as it was typed, and says which field is meant."""
    browser = world.browser("salesperson")
    form = fields_of(browser.get("/admin/customer_archive/new/").text)
    typed = {
        "name": text.strip(),
        "short_name": "简",
        "remarks": text,
        "phone": "1",
        "annual_sales": "一百",
        "email": "x",
    }
    typed |= {"contacts-0-name": "张三", "contacts-0-mobile": "13800138000", "contacts-0-birthday": "2026-99-99"}
    before = world.content()
    answer = browser.post("/admin/customer_archive/new/", {**form, **typed})
    assert answer.status_code == 422
    back = fields_of(answer.text)
    for name, value in typed.items():
        assert back[name].replace("\r\n", "\n").strip("\n") == value.replace("\r\n", "\n").strip("\n"), name
    page = BeautifulSoup(answer.text, "html.parser")
    invalid = {str(one["name"]) for one in page.select('[aria-invalid="true"][name]')}
    assert {"annual_sales", "email", "contacts-0-birthday"} <= invalid
    named = {str(one["data-field"]) for one in page.select('[data-outcome="invalid"][data-field]')}
    assert {"annual_sales", "email", "contacts-0-birthday"} <= named
    assert world.content() == before


def test_lines_out_of_order_doubled_or_foreign_write_nothing(world: World) -> None:
    """Numbers of lines are the client's; ids of other records' lines are not his."""
    browser, before = world.browser("salesperson"), world.content()
    record = world.gifts["draft"]
    path = f"/admin/gift_signoff/edit/?id={record}"
    version = fields_of(browser.get(path).text)["version"]
    line = {"lines-0-gift": str(world.item), "lines-0-quantity": "1"}
    model = world.company.catalogue["gift_signoff"].children["lines"].model
    foreign = model.get(model.record == world.gifts["submitted"]).id
    for more in (
        {"lines-0-id": str(foreign)},
        {"lines-0-id": "9" * 30},
        {"lines-0-id": "x"},
        {"lines-0-quantity": "99999999999999999999"},
        {"lines-0-quantity": "-5"},
        {"lines-0-gift": "9" * 30},
        {"lines-5-gift": "999999", "lines-5-quantity": "1"},
        {"lines-0-gift": ""},
    ):
        answer = browser.post(path, {"version": version, "purpose": "holiday", **line, **more})
        assert answer.status_code == 422, more
        assert world.content() == before, more
    for more in ({"lines-999999-gift": "1"}, {"lines--1-gift": "1"}, {"lines-x-gift": "1"}, {"lines-": "1"}):
        answer = browser.post(path, {"version": "0", "purpose": "holiday", **line, **more})
        assert answer.status_code in {400, 409, 422}, more
    assert world.content() == before


@pytest.mark.parametrize("version", ["Infinity", "1e3", "-1", "１", "9" * 30, "1 "])
def test_a_version_that_no_page_of_ours_writes_is_400(world: World, version: str) -> None:
    """It must not be taken for none, which would let the act go on whatever had changed in between."""
    browser, before = world.browser("salesperson"), world.content()
    record = world.gifts["draft"]
    act = {"action": "submitted", "rowid": str(record), "version": version}
    assert browser.post("/admin/gift_signoff/action/", act).status_code == 400
    path = f"/admin/gift_signoff/transition/submitted/?id={record}"
    assert browser.post(path, {"version": version}).status_code == 400
    path = f"/admin/gift_signoff/edit/?id={record}"
    assert browser.post(path, {"purpose": "holiday", "version": version}).status_code == 400
    assert world.content() == before
