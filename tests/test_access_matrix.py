"""Every register, every account, every door: each answers for exactly the rows and fields that the oracle grants.

The oracle of tests/access_world.py is written from the documents. The rows are asked for on SQLite and PostgreSQL, the long crawl
of single records runs on SQLite.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from bs4.filter import SoupStrainer
from flask import Flask
from werkzeug.test import TestResponse

from backoffice import cli, printing
from models.base import db
from tests import access_ledger
from tests.access_cases import linked
from tests.access_world import (
    CAR_READERS,
    CUSTOMER_EDITORS,
    CUSTOMER_MAKERS,
    CUSTOMERS,
    GIFT_MAKERS,
    GIFTS,
    ITEM_READERS,
    KEY_EDITORS,
    KEY_MAKERS,
    KEY_READERS,
    LINES,
    MASTER_READERS,
    PEOPLE,
    SECRET,
    VIEWS,
    Person,
    Sight,
    Witness,
    World,
    bound,
    customer_sight,
    edits_customer,
    edits_gift,
    exports,
    gift_is_seen,
    knows,
    line_is_seen,
    made_world,
    reads,
)

REGISTERS = (
    "customer_archive",
    "gift_signoff",
    "gift_item",
    "key_checkout",
    "car_key",
    "vehicle_stock",
    "department",
    "group",
    "area",
    "product",
    "warehouse",
    "spare_part",
    "contract",
    "complaint",
    "product_return",
    "sales_discount_certificate",
    "aftersales_ledger",
)
MISSING = 999_999
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
# Accounts that differ in role, place or hats; the rest are seconds of the same post and are asked for their lists alone.
CHOSEN = (
    "admin",
    "gm",
    "auditor",
    "dept_head",
    "dept_head_market",
    "dept_head_business",
    "sales_manager",
    "group_leader",
    "salesperson",
    "salesperson_2",
    "sales_consultant_2",
    "market_specialist",
    "archivist",
    "service_manager",
    "service_staff",
    "custodian_5s",
    "finance",
    "logistics_specialist",
    "mover",
    "two_hats",
    "stand_in",
    "late_stand_in",
)


# Of these every row is searched for, printed and acted on.
SOME = (
    "auditor",
    "gm",
    "dept_head_market",
    "dept_head_business",
    "sales_manager",
    "group_leader",
    "salesperson",
    "sales_consultant_2",
    "market_specialist",
    "archivist",
    "custodian_5s",
    "finance",
    "stand_in",
)


# Who reads all and does little, or does what somebody of another department does.
LIKE_OTHERS = frozenset({"gm", "dept_head_market", "group_leader", "sales_consultant_2", "archivist"})


@pytest.fixture(scope="module", params=BOTH)
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with made_world(request.param, request, tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def world(request: pytest.FixtureRequest, worlds: World) -> Iterator[World]:
    request.node.user_properties.append(("dialect", worlds.dialect))
    with bound(worlds) as made:
        yield made


# The long crawls run on one kind of database; the queries are the same.
on_sqlite = pytest.mark.parametrize("worlds", ["sqlite"], indirect=True, scope="module")
_everybody = pytest.mark.parametrize("username", list(PEOPLE))
chosen = pytest.mark.parametrize("username", CHOSEN)
some = pytest.mark.parametrize("username", SOME)
# Every act on every record of one's own is tried by these.
few = pytest.mark.parametrize("username", [name for name in SOME if name not in LIKE_OTHERS])


def everybody(test: Any) -> Any:
    """Everybody on SQLite; the policy is the same on PostgreSQL, so there those who differ most."""
    return _everybody(pytest.mark.postgres_for(*SOME)(test))


def most(test: Any) -> Any:
    """As `everybody`, without the seconds of a post."""
    return chosen(pytest.mark.postgres_for(*SOME)(test))


each_register = pytest.mark.parametrize("register", REGISTERS)


def soup(answer: TestResponse) -> BeautifulSoup:
    """The main part of a page: menus and scripts take as long to parse as all the rest."""
    return BeautifulSoup(answer.text, "html.parser", parse_only=SoupStrainer("main"))


def page_at(browser: Witness, path: str, status: int = 200) -> BeautifulSoup:
    """The page, or an empty one where it is refused as it should be."""
    answer = browser.get(path)
    assert answer.status_code == status, f"{browser.who.username} {path}: {answer.status}"
    return soup(answer) if status == 200 else BeautifulSoup("", "html.parser")


def ids_on(page: BeautifulSoup) -> list[int]:
    return [int(str(row["data-id"])) for row in page.select("tr[data-id]")]


def count_on(page: BeautifulSoup) -> int:
    shown = page.select_one("[data-count]")
    assert shown is not None
    assert shown["data-count-exact"] == "true"
    return int(str(shown["data-count"]))


def address(register: str, door: str = "", **query: Any) -> str:
    pairs = {name.replace("columns_", "columns"): value for name, value in query.items()}
    text = urlencode(pairs, doseq=True)
    return f"/admin/{register}/{door}" + (f"?{text}" if text else "")


# ---- the table of doors ------------------------------------------------------------------------------------------------

# Every address of a register, and the tests here that ask it.
DOORS = {
    "index_view": "test_list, test_cells, test_search, test_filters, test_sorting",
    "details_view": "test_records",
    "history": "test_records",
    "edit_view": "test_records",
    "create_view": "test_new",
    "transition": "test_acts",
    "action_view": "test_acts",
    "ajax_lookup": "test_lookup",
    "ajax_copy": "tests/registers/test_service_log.py",
    "export": "test_export",
    "print_form": "test_prints",
    "file": "test_files",
    "report": "tests/registers/test_aftersales_ledger.py, tests/test_access_ledger.py",
    "report_file": "tests/registers/test_aftersales_ledger.py, tests/test_access_ledger.py",
}
# Addresses that carry no record of a register; other tests see to them.
ELSEWHERE = {
    "static": "test_boundary",
    "home.static": "test_boundary",
    "healthz": "test_boundary",
    "home.index": "test_home",
    "csp_report": "test_csp_reports",
    "auth": "test_sign_in, test_sessions",
    "own": "test_sessions, test_password_profiles",
    "second": "test_second_factor",
    "activity": "test_activity",
    "accounts": "test_accounts, test_account_pages",
    "grants": "test_accounts, test_account_pages",
    "delegations": "test_accounts, test_account_pages",
}


def unlisted(app: Flask) -> list[str]:
    catalogue = app.extensions["backoffice_catalogue"]
    found = []
    for rule in app.url_map.iter_rules():
        blueprint, _, name = rule.endpoint.rpartition(".")
        known = name in DOORS if blueprint in catalogue else rule.endpoint in ELSEWHERE or blueprint in ELSEWHERE
        if not known:
            found.append(f"{rule.rule} ({rule.endpoint})")
    return sorted(found)


@on_sqlite
def test_every_address_of_the_product_is_in_the_table_of_doors(world: World) -> None:
    assert unlisted(world.company.app) == []


@on_sqlite
def test_an_address_that_is_new_is_noticed(world: World) -> None:
    app = Flask("other")
    app.extensions["backoffice_catalogue"] = world.company.catalogue
    app.add_url_rule("/admin/area/peek/", "area.peek", lambda: "")
    assert unlisted(app) == ["/admin/area/peek/ (area.peek)"]


@on_sqlite
def test_every_register_is_in_the_matrix(world: World) -> None:
    """A new register needs its rows in the oracle; services have one of their own, in tests/registers/test_service_access.py."""
    assert set(world.company.catalogue) == {*REGISTERS, "service_log", "out_of_town_application"}


# ---- lists -------------------------------------------------------------------------------------------------------------


@everybody
@each_register
def test_list(world: World, username: str, register: str) -> None:
    who, browser = PEOPLE[username], world.browser(username)
    answer = browser.get(address(register, page_size=100))
    if not reads(who, register):
        assert answer.status_code == 403
        return
    page = soup(answer)
    expected = world.ids(who, register)
    assert set(ids_on(page)) == expected
    assert count_on(page) == len(expected)
    assert count_on(soup(browser.get(address(register, page_size=1, page=1)))) == len(expected)


def field_names(world: World, register: str) -> list[str]:
    declaration = world.company.catalogue[register]
    return [name for name, info in declaration.fields.items() if info.kind not in {"longtext", "file"}]


@some
@on_sqlite
def test_cells(world: World, username: str) -> None:
    """With every column chosen each cell is clear, masked or absent as the oracle says; a column of no view is refused."""
    who, browser = PEOPLE[username], world.browser(username)
    if not reads(who, "customer_archive"):
        return
    ways = [VIEWS[view] for view in views_of(who)]
    names = field_names(world, "customer_archive")
    shown = [name for name in names if any(fields is None or name in fields for fields in ways)]
    for name in [*(name for name in names if name not in shown), "rep_character", "no_such_field"]:
        assert browser.get(address("customer_archive", columns=[*shown, name])).status_code == 400, name
    answer = browser.get(address("customer_archive", columns=shown, page_size=100))
    rows = {int(str(row["data-id"])): row for row in soup(answer).select("tr[data-id]")}
    for key, sight in world.seen_customers(who).items():
        row = rows[world.customers[key]]
        state = next(one.state for one in CUSTOMERS if one.key == key)
        assert row["data-state"] == (state if sight.of("state") == "clear" else ""), key
        for name, cell in zip(shown, row.select("td")[1:], strict=False):
            expected, text = sight.of(name), cell.text.strip()
            assert cell.has_attr("data-masked") is (expected == "masked"), (key, name)
            if expected == "absent":
                assert (text, cell.get("data-value")) == ("", None), (key, name)
            elif expected == "clear" and name in FILLED:
                assert text, (key, name)


def views_of(who: Person) -> list[str]:
    from tests.access_world import CUSTOMER_READERS

    return [view for hat in who.hats for _, view in CUSTOMER_READERS.get(hat.role, ())]


# Fields that every customer of the company has a value in; of the others a clear cell may be empty.
FILLED = frozenset(
    {"number", "name", "short_name", "address", "registered_address", "area", "phone", "owner", "state", *SECRET}
    | {"customer_kind", "relation", "source_channel", "confidentiality", "department", "maker_department", "created_by"}
    | {"created_at", "updated_by", "updated_at", "grade_scheme", "completeness"}
)


def filled(name: str) -> bool:
    return name in FILLED


@some
@on_sqlite
def test_search(world: World, username: str) -> None:
    """A number finds its row or nothing; so does a name; a field that one may not know finds nothing."""
    who, browser = PEOPLE[username], world.browser(username)
    if reads(who, "customer_archive"):
        sights = world.seen_customers(who)
        for row in CUSTOMERS:
            expected = {world.customers[row.key]} if row.key in sights else set()
            term = world.numbers["customer_archive", row.key]
            page = soup(browser.get(address("customer_archive", search=term)))
            assert (set(ids_on(page)), count_on(page)) == (expected, len(expected)), row.key
        for row in CUSTOMERS[:3]:
            expected = {world.customers[row.key]} if row.key in sights else set()
            at = CUSTOMERS.index(row)
            assert set(ids_on(soup(browser.get(address("customer_archive", search=f"客户{at:02d}"))))) == expected
            by_phone = ids_on(soup(browser.get(address("customer_archive", search=f"5551{at:03d}"))))
            assert set(by_phone) == (expected if knows(who, "phone") else set())
    if reads(who, "gift_signoff"):
        for gift in GIFTS:
            expected = {world.gifts[gift.key]} if gift_is_seen(who, gift) else set()
            term = world.numbers["gift_signoff", gift.key]
            assert set(ids_on(soup(browser.get(address("gift_signoff", search=term))))) == expected, gift.key


@some
@on_sqlite
def test_filters(world: World, username: str) -> None:
    who, browser = PEOPLE[username], world.browser(username)
    users = world.company.users
    if reads(who, "customer_archive"):
        seen = [row for row in CUSTOMERS if row.key in world.seen_customers(who)]
        cases: list[tuple[str, Any, set[str]]] = [
            ("state", "archived", {row.key for row in seen if row.state == "archived"}),
            ("owner", users["salesperson"].id, {row.key for row in seen if row.owner == "salesperson"}),
            ("deputy", users["salesperson"].id, {row.key for row in seen if row.deputy == "salesperson"}),
            ("confidentiality", "secret", {row.key for row in seen if row.secret}),
            ("number", world.numbers["customer_archive", "plain"], {row.key for row in seen if row.key == "plain"}),
        ]
        for name, value, keys in cases:
            answer = browser.get(address("customer_archive", **{f"flt1_{name}_equals": value, "page_size": 100}))
            if not knows(who, name):
                assert answer.status_code == 400, name
                continue
            assert set(ids_on(soup(answer))) == {world.customers[key] for key in keys}, name
    if reads(who, "gift_signoff"):
        gifts = world.seen_gifts(who)
        for row in CUSTOMERS:
            # A customer whom one may not read is no key to the gifts he was given.
            keys = {gift.key for gift in gifts if gift.customer == row.key and customer_sight(who, row) is not None}
            query: dict[str, Any] = {"flt1_customer_equals": world.customers[row.key], "page_size": 100}
            found = set(ids_on(soup(browser.get(address("gift_signoff", **query)))))
            assert found == {world.gifts[key] for key in keys}, row.key
        for state in ("draft", "approved", "closed"):
            query = {"flt1_state_equals": state, "page_size": 100}
            page = soup(browser.get(address("gift_signoff", **query)))
            assert set(ids_on(page)) == {world.gifts[gift.key] for gift in gifts if gift.state == state}


@some
@on_sqlite
def test_sorting(world: World, username: str) -> None:
    """A field sorts only for whoever knows it in every row; the rows stay the same."""
    who, browser = PEOPLE[username], world.browser(username)
    register = "customer_archive"
    if not reads(who, register):
        return
    declaration = world.company.catalogue[register]
    by_number = sorted((world.numbers[register, key], world.customers[key]) for key in world.seen_customers(who))
    for name in (*declaration.register.sort, *SECRET, "phone", "id", "no_such_field"):
        answer = browser.get(address(register, sort=name, page_size=100))
        if name not in declaration.register.sort or not knows(who, name):
            assert answer.status_code == 400, name
            continue
        found = ids_on(soup(answer))
        assert set(found) == world.ids(who, register), name
        if name in {"number", "name", "annual_sales"}:
            assert found == [record for _, record in by_number], name
            turned = ids_on(soup(browser.get(address(register, sort=name, desc=1, page_size=100))))
            assert turned == found[::-1], name


# ---- single records ----------------------------------------------------------------------------------------------------


_FACT = re.compile(r'<dd data-field="(\w+)"( data-masked)?')
_CHILD = re.compile(r'<section class="card" data-child="(\w+)">(.*?)</section>', re.DOTALL)
_HEAD = re.compile(r'<header class="head card" [^>]*data-state="(\w*)"')
_LINKED = re.compile(r'<tr data-id="\d+".*?href="/admin/(\w+)/details/\?id=(\d+)"', re.DOTALL)
_CHANGE = re.compile(r'<tr data-field="([\w.]+)">.*?<ins>(.*?)</ins>', re.DOTALL)
_TYPED = re.compile(r' name="([\w-]+?)(?:-text|-stood)?"')


def states_on(text: str) -> dict[str, str]:
    """Field -> clear or masked, of a details page, the lines of its child tables included."""
    found = {name: "masked" if mask else "clear" for name, mask in _FACT.findall(text)}
    for child, part in _CHILD.findall(text):
        if child == "views":  # Who saw secrets; test_customer_archive sees to it.
            continue
        table = BeautifulSoup(part, "html.parser")
        heads = [str(one["data-field"]).rpartition(".")[2] for one in table.select("th[data-field]")]
        for row in table.select("tbody tr"):
            for name, cell in zip(heads, row.select("td"), strict=True):
                found[f"{child}.{name}"] = "masked" if cell.has_attr("data-masked") else "clear"
    return found


def text_at(browser: Witness, path: str, status: int = 200) -> str:
    """The text of the page, "" where it is refused as it should be."""
    answer = browser.get(path)
    assert answer.status_code == status, f"{browser.who.username} {path}: {answer.status}"
    return answer.text if status == 200 else ""


def expected_states(world: World, sight: Sight) -> dict[str, str]:
    declaration = world.company.catalogue["customer_archive"]
    names = [name for name in declaration.fields if name not in {"number", "state"}]
    names += [info.path for child in declaration.children.values() for info in child.fields.values()]
    return {name: sight.of(name) for name in names if sight.of(name) != "absent"}


@some
@on_sqlite
def test_records(world: World, username: str) -> None:
    """Details, history and edit form of every customer and gift: 403, 404, 409 or the page, with the fields it may have."""
    who, browser = PEOPLE[username], world.browser(username)
    sights = world.seen_customers(who)
    updates = any(hat.role in CUSTOMER_EDITORS for hat in who.hats)
    for row in CUSTOMERS if reads(who, "customer_archive") else CUSTOMERS[:1]:
        record = world.customers[row.key]
        sight = sights.get(row.key)
        status = 403 if not reads(who, "customer_archive") else (404 if sight is None else 200)
        page = text_at(browser, address("customer_archive", "details/", id=record), status)
        # The history masks by the same flags as the page; some rows of each kind suffice.
        past = address("customer_archive", "history/", id=record)
        history = text_at(browser, past, status) if row.key in {"plain", "secret", "filed", "business"} else ""
        if sight is not None:
            assert states_on(page) == expected_states(world, sight), row.key
            head = _HEAD.search(page)
            assert head is not None
            assert head[1] == (row.state if sight.of("state") == "clear" else ""), row.key
            gifts = {("gift_signoff", world.gifts[one.key]) for one in world.seen_gifts(who) if one.customer == row.key}
            found = {(register, int(one)) for register, one in _LINKED.findall(page)}
            lines = access_ledger.linked(world, who, row.key)
            assert found == gifts | linked(world, who, row.key) | lines, row.key
            for name, new in _CHANGE.findall(history):
                assert sight.of(name) == ("masked" if new == "***" else "clear"), (row.key, name)
        status = 403 if not updates else 404 if sight is None else 200 if edits_customer(who, row) else 409
        form = text_at(browser, address("customer_archive", "edit/", id=record), status)
        if form and sight is not None:
            typed = set(_TYPED.findall(form))
            assert not {name for name in SECRET if sight.of(name) != "clear"} & typed, row.key
            assert {name for name in SECRET if sight.of(name) == "clear" and "." not in name} <= typed, row.key
            assert ("contacts-0-mobile" in typed) is (sight.of("contacts.mobile") == "clear"), row.key
    _gift_records(world, who, browser)
    _key_records(world, who, browser)


def _key_records(world: World, who: Person, browser: Witness) -> None:
    for line in LINES:
        record, seen = world.lines[line.key], line_is_seen(who, line)
        status = 403 if not reads(who, "key_checkout") else 200 if seen else 404
        page = text_at(browser, address("key_checkout", "details/", id=record), status)
        text_at(browser, address("key_checkout", "history/", id=record), status)
        if seen:
            # Finance reads the money part alone; who consents or signs sees all of the line.
            part = {hat.role for hat in who.hats} & set(KEY_READERS) == {"finance"}
            assert ("check_body" in states_on(page)) is not part, line.key
        updates = any(hat.role in KEY_EDITORS for hat in who.hats)
        status = 403 if not updates else 200 if line.state == "requested" else 409
        text_at(browser, address("key_checkout", "edit/", id=record), status)


_CUSTOMER = re.compile(r'<dd data-field="customer"( data-masked| data-value="(\d+)")')


def _gift_records(world: World, who: Person, browser: Witness) -> None:
    updates = any(hat.role in GIFT_MAKERS for hat in who.hats)
    for gift in GIFTS if reads(who, "gift_signoff") else GIFTS[:1]:
        record, seen = world.gifts[gift.key], gift_is_seen(who, gift)
        status = 403 if not reads(who, "gift_signoff") else 200 if seen else 404
        page = text_at(browser, address("gift_signoff", "details/", id=record), status)
        history = ""
        if gift.customer in {"plain", "secret", "business"}:
            history = text_at(browser, address("gift_signoff", "history/", id=record), status)
        if seen and gift.customer:
            customer = next(row for row in CUSTOMERS if row.key == gift.customer)
            shown = _CUSTOMER.search(page)
            assert shown is not None
            readable = customer_sight(who, customer) is not None
            assert shown[2] == (str(world.customers[gift.customer]) if readable else None), gift.key
            assert readable or f"客户{CUSTOMERS.index(customer):02d}" not in page + history, gift.key
        status = 403 if not updates else 404 if not seen else 200 if edits_gift(who, gift) else 409
        text_at(browser, address("gift_signoff", "edit/", id=record), status)


@most
def test_masters(world: World, username: str) -> None:
    who, browser = PEOPLE[username], world.browser(username)
    whole = any(ITEM_READERS.get(hat.role) == "whole" for hat in who.hats)
    stock = any(hat.role in ITEM_READERS for hat in who.hats)
    page = text_at(browser, address("gift_item", "details/", id=world.item), 200 if stock else 403)
    if stock:
        absent = {"unit_value", "low_mark", "movements.quantity"}
        assert (absent & set(states_on(page)) == absent) is whole
        assert absent & set(states_on(page)) in (set(), absent)
    for register, hidden in (("car_key", "replacement_cost"), ("vehicle_stock", "order_no")):
        reader = any(hat.role in CAR_READERS for hat in who.hats)
        whole = any(CAR_READERS.get(hat.role) == "whole" for hat in who.hats)
        page = text_at(browser, address(register, "details/", id=1), 200 if reader else 403)
        assert (hidden in states_on(page)) is whole, register
        keeps = any(hat.role == "custodian_5s" for hat in who.hats)
        page_at(browser, address(register, "edit/", id=1), 200 if keeps else 403)
        page_at(browser, address(register, "new/"), 200 if keeps else 403)
    for register in ("department", "group", "area", "product", "warehouse"):
        allowed = any(hat.role in MASTER_READERS for hat in who.hats)
        page_at(browser, address(register, "details/", id=1), 200 if allowed else 403)
        keeps = any(hat.role in {"admin", "business_clerk"} for hat in who.hats)
        page_at(browser, address(register, "edit/", id=1), 200 if keeps else 403)
        page_at(browser, address(register, "new/"), 200 if keeps else 403)


@pytest.mark.parametrize("door", ["details/", "history/", "edit/", "file/", "print/customer_card/", "transition/void/"])
@on_sqlite
def test_a_row_out_of_scope_answers_like_a_missing_one(world: World, door: str) -> None:
    """The same status and the same page, apart from tokens and incident ids."""
    for username in ("salesperson", "archivist"):
        browser = world.browser(username)
        hidden = world.customers["business"] if username == "salesperson" else MISSING + 1
        outside = browser.get(address("customer_archive", door, id=hidden))
        missing = browser.get(address("customer_archive", door, id=MISSING))
        assert outside.status_code == missing.status_code
        assert outside.status_code in {403, 404}
        assert len(outside.text) == len(missing.text)


# ---- new, acts ---------------------------------------------------------------------------------------------------------


@most
def test_new(world: World, username: str) -> None:
    who, browser = PEOPLE[username], world.browser(username)
    every = (("customer_archive", CUSTOMER_MAKERS), ("gift_signoff", GIFT_MAKERS), ("key_checkout", KEY_MAKERS))
    for register, makers in every:
        makes = any(hat.role in makers for hat in who.hats)
        page = page_at(browser, address(register, "new/"), 200 if makes else 403)
        assert bool(page.select('form.sheet [name="remarks"]')) is makes
    # A record to be copied must be readable, and in a state that is applied for again.
    makes = any(hat.role in GIFT_MAKERS for hat in who.hats)
    refused = next(gift for gift in GIFTS if gift.key == "refused")
    status = 403 if not makes else 200 if gift_is_seen(who, refused) else 404
    page_at(browser, address("gift_signoff", "new/", copy=world.gifts["refused"]), status)
    page_at(browser, address("gift_signoff", "new/", copy=world.gifts["closed"]), 404 if makes else 403)


# Who could ever take the act, by role; a person of the record needs a role that makes such records.
COULD: Mapping[tuple[str, str], frozenset[str]] = {
    ("customer_archive", "void"): frozenset({"archivist"}),
    ("customer_archive", "target"): CUSTOMER_EDITORS,
    ("customer_archive", "signed"): frozenset({"archivist"}),
    ("customer_archive", "dormant"): frozenset({"sales_manager", "deputy_gm"}),
    ("customer_archive", "set_grade"): frozenset({"sales_manager", "deputy_gm"}),
    ("customer_archive", "transfer_owner"): frozenset({"dept_head", "sales_manager", "deputy_gm"}),
    ("customer_archive", "move_department"): frozenset({"dept_head", "deputy_gm"}),
    ("customer_archive", "decide_duplicate"): frozenset({"sales_manager", "dept_head", "archivist", "deputy_gm"}),
    ("customer_archive", "merge"): frozenset({"archivist"}),
    ("gift_signoff", "approved"): frozenset({"sales_manager", "deputy_gm", "gm"}),
    ("gift_signoff", "refused"): frozenset({"sales_manager", "deputy_gm", "gm", "market_specialist"}),
    ("gift_signoff", "withdrawn"): GIFT_MAKERS,
    ("gift_signoff", "undelivered"): frozenset({"sales_manager", "deputy_gm"}),
    ("gift_item", "stock_in"): frozenset({"market_specialist"}),
    ("key_checkout", "issued"): frozenset({"custodian_5s"}),
    ("key_checkout", "approved"): frozenset({"sales_manager", "dept_head", "deputy_gm", "finance"}),
    ("key_checkout", "confirm_loss"): frozenset({"sales_manager", "dept_head", "deputy_gm"}),
}


def could(who: Person, register: str, act: str) -> bool:
    """The head of marketing stands in for a specialist who applies himself (decisions.md 12)."""
    head = act == "refused" and any(hat.role == "dept_head" and hat.department == "market" for hat in who.hats)
    return head or any(hat.role in COULD[register, act] for hat in who.hats)


@few
@on_sqlite
def test_acts(world: World, username: str) -> None:
    """403 before 404 before 409 on the form of an act and its POST; nothing is written without the reason it needs."""
    who, browser = PEOPLE[username], world.browser(username)
    before = world.content()
    for register, act in COULD:
        every = {"customer_archive": world.customers, "gift_signoff": world.gifts, "key_checkout": world.lines}
        rows = every.get(register, {"item": world.item})
        visible = world.ids(who, register)
        open_to_him = reads(who, register) and could(who, register, act)
        for at, record in enumerate((*rows.values(), MISSING) if open_to_him else (1, MISSING)):
            path = address(register, f"transition/{act}/", id=record)
            data = {} if register == "gift_item" else {"reason": " "}
            answers = [browser.get(path)]
            if at % 3 == 0 or record == MISSING:
                answers.append(browser.post(path, data))
            for answer in answers:
                if not reads(who, register) or not could(who, register, act):
                    assert answer.status_code == 403, path
                elif record not in visible:
                    assert answer.status_code == 404, path
                else:
                    assert answer.status_code in {200, 409, 422}, path
        # An opinion that has a default is filled in for several rows, so an act that has one is asked for one.
        ticked = [str(one) for one in rows.values()][: 1 if act == "approved" else None]
        if register == "gift_item":
            ticked = [str(MISSING)]
        answer = browser.post(address(register, "action/"), {"action": act, "rowid": ticked, "comment": ""})
        assert answer.status_code == (303 if reads(who, register) and could(who, register, act) else 403)
        browser.get("/")
    assert world.content() == before


@pytest.mark.parametrize("username", ["salesperson", "salesperson_2", "sales_manager", "market_specialist"])
@on_sqlite
def test_a_bulk_act_says_of_hidden_rows_what_it_says_of_missing_ones(world: World, username: str) -> None:
    who, browser = PEOPLE[username], world.browser(username)
    act = "withdrawn" if username.startswith("salesperson") else "refused"
    before = world.content()
    visible = world.ids(who, "gift_signoff")
    for record in (*world.gifts.values(), MISSING):
        browser.post(address("gift_signoff", "action/"), {"action": act, "rowid": str(record), "comment": ""})
        notices = [one.text for one in soup(browser.get("/account/password/")).select("[data-outcome]")]
        assert len(notices) == 1
        hidden = "没有这条记录" in notices[0] or "no such record" in notices[0]
        numbers = {world.gifts[key]: text for (kind, key), text in world.numbers.items() if kind == "gift_signoff"}
        assert hidden is (record not in visible), notices
        assert (numbers.get(record, "no number") in notices[0]) is (record in visible), notices
    assert world.content() == before


# ---- lookups, files ----------------------------------------------------------------------------------------------------


@most
def test_lookup(world: World, username: str) -> None:
    """A reference offers the rows that its reader sees and that fit the field; at most 20, whatever is asked for."""
    who, browser = PEOPLE[username], world.browser(username)
    sights = world.seen_customers(who)
    fits = {row.key for row in CUSTOMERS if row.state not in {"archived", "merged", "void"}}
    answer = browser.get(address("gift_signoff", "ajax/lookup/", name="customer", query="客户", limit=1000))
    if not any(hat.role in GIFT_MAKERS for hat in who.hats):
        assert answer.status_code == 403
    else:
        offered = json.loads(answer.text)
        assert {one for one, _ in offered} == {world.customers[key] for key in sights if key in fits}
        assert len(offered) <= 20
        hidden = next(row for row in CUSTOMERS if row.key not in sights) if len(sights) < len(CUSTOMERS) else None
        if hidden is not None:
            term = f"客户{CUSTOMERS.index(hidden):02d}"
            assert (
                json.loads(browser.get(address("gift_signoff", "ajax/lookup/", name="customer", query=term)).text) == []
            )
    answer = browser.get(address("customer_archive", "ajax/lookup/", name="referrer", query=""))
    if not any(hat.role in CUSTOMER_EDITORS for hat in who.hats):
        assert answer.status_code == 403
    else:
        living = {row.key for row in CUSTOMERS if row.state not in {"merged", "void"}}
        assert {one for one, _ in json.loads(answer.text)} == {world.customers[key] for key in sights if key in living}
    for name in ("name", "created_by", "contacts.mobile", "no_such_field", ""):
        answer = browser.get(address("customer_archive", "ajax/lookup/", name=name, query="a"))
        assert answer.status_code == (400 if reads(who, "customer_archive") else 403), name


@most
def test_files(world: World, username: str) -> None:
    """An attachment goes with the whole record, the file of a field with its field; never under another row's id."""
    who, browser = PEOPLE[username], world.browser(username)
    sight = world.seen_customers(who).get("plain")
    whole = sight is not None and sight.fields is None
    path = address("customer_archive", "file/", id=world.customers["plain"], file=world.files["plain"])
    reader = reads(who, "customer_archive")
    assert browser.get(path).status_code == (403 if not reader else 200 if whole else 404)
    for key, row in (("closed", next(one for one in GIFTS if one.key == "closed")),):
        path = address("gift_signoff", "file/", id=world.gifts[key], file=world.files[key])
        seen = gift_is_seen(who, row)
        assert browser.get(path).status_code == (403 if not reads(who, "gift_signoff") else 200 if seen else 404)
    if whole:
        page = page_at(browser, address("customer_archive", "details/", id=world.customers["plain"]))
        assert page.select("[data-file]")
    elif sight is not None:
        page = page_at(browser, address("customer_archive", "details/", id=world.customers["plain"]))
        assert not page.select("[data-file]")
    if reader:
        wrong = [("plain", world.files["closed"]), ("deputised", world.files["plain"]), ("plain", MISSING)]
        for key, file in wrong:
            answer = browser.get(address("customer_archive", "file/", id=world.customers[key], file=file))
            assert answer.status_code == 404


# ---- out of the house --------------------------------------------------------------------------------------------------


def rows_of(answer: TestResponse) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")) if row]


def spelled(sight: Sight, name: str, text: str) -> bool:
    """Whether a cell of a CSV file may read like this."""
    if sight.of(name) == "absent":
        return text == ""
    if sight.of(name) == "masked":
        return text == "***"
    return text not in {"***", ""} if filled(name) else text != "***"


@most
def test_export(world: World, username: str) -> None:
    who, browser = PEOPLE[username], world.browser(username)
    for register in REGISTERS:
        answer = browser.get(address(register, "export/csv/"))
        assert answer.status_code == (200 if exports(who, register) else 403), register
        if not exports(who, register):
            assert browser.get(address(register, "export/pdf/")).status_code == 403
            continue
        assert len(rows_of(answer)) == len(world.ids(who, register)) + 2
        assert browser.get(address(register, "export/exe/")).status_code == 404
    if exports(who, "customer_archive"):
        _customer_csv(world, who, browser)


def _customer_csv(world: World, who: Person, browser: Witness) -> None:
    sights = world.seen_customers(who)
    names = field_names(world, "customer_archive")
    answer = browser.get(address("customer_archive", "export/csv/", columns=names, sort="number"))
    assert answer.status_code == 200
    head, *rows = rows_of(answer)
    assert len(head) == len(names) + 1
    keys = {world.numbers["customer_archive", key]: key for key in sights}
    found = {row[1 + names.index("number")]: row[1:] for row in rows[:-1]}
    assert set(found) == set(keys)
    for number, cells in found.items():
        for name, text in zip(names, cells, strict=True):
            assert spelled(sights[keys[number]], name, text), (number, name, text)
    _, *contacts = rows_of(browser.get(address("customer_archive", "export/csv/", child="contacts")))
    mobiles = [row[4] for row in contacts[:-1]]
    expected = [sight.of("contacts.mobile") == "clear" for sight in sights.values()]
    assert len(mobiles) == len(sights)
    assert sum(mobile != "***" for mobile in mobiles) == sum(expected)


@pytest.mark.parametrize("username", ["gm", "dept_head_business", "sales_manager", "auditor"])
@on_sqlite
def test_export_as_pdf(world: World, username: str) -> None:
    who, browser = PEOPLE[username], world.browser(username)
    columns = ["number", "name", "legal_representative", "bank_account", "birthday"]
    answer = browser.get(address("customer_archive", "export/pdf/", columns=columns))
    assert answer.status_code == 200
    from tests.access_world import text_of

    text = text_of(answer)
    for row in CUSTOMERS:
        assert (world.numbers["customer_archive", row.key] in text) is (row.key in world.seen_customers(who))
    assert browser.seen >= {name for name in browser.allowed if name.startswith("ZQ") and name[4:6] in {"00", "04"}}


@some
@on_sqlite
def test_prints(world: World, username: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms are drawn from what their reader sees; the drawing itself is left out here."""
    monkeypatch.setattr(printing, "render_form", lambda form, words: repr(form).encode())
    who, browser = PEOPLE[username], world.browser(username)
    for row in CUSTOMERS:
        answer = browser.get(address("customer_archive", "print/customer_card/", id=world.customers[row.key]))
        sight = customer_sight(who, row)
        assert answer.status_code == (403 if not exports(who, "customer_archive") else 200 if sight else 404)
    for gift in GIFTS:
        answer = browser.get(address("gift_signoff", "print/gift_application/", id=world.gifts[gift.key]))
        seen = gift_is_seen(who, gift)
        assert answer.status_code == (403 if not reads(who, "gift_signoff") else 200 if seen else 404), gift.key
        if seen and gift.customer:
            customer = next(row for row in CUSTOMERS if row.key == gift.customer)
            named = f"客户{CUSTOMERS.index(customer):02d}" in answer.text
            assert named is (customer_sight(who, customer) is not None), gift.key
    answer = browser.get(address("customer_archive", "print/customer_list/"))
    assert answer.status_code == (200 if exports(who, "customer_archive") else 403)
    if answer.status_code == 200:
        seen_customers = world.seen_customers(who)
        for row in CUSTOMERS:
            assert (world.numbers["customer_archive", row.key] in answer.text) is (row.key in seen_customers)
    answer = browser.get(address("gift_signoff", "print/gift_month/", month="2026-03"))
    assert answer.status_code == (200 if exports(who, "gift_signoff") else 403)
    if answer.status_code == 200:
        for gift in GIFTS:
            assert (world.numbers["gift_signoff", gift.key] in answer.text) is gift_is_seen(who, gift)
    answer = browser.get(address("gift_signoff", "print/gift_stock/"))
    allowed = reads(who, "gift_signoff") and exports(who, "gift_item")
    assert answer.status_code == (200 if allowed else 403)


@pytest.mark.parametrize("username", ["gm", "archivist", "salesperson"])
@on_sqlite
def test_a_printed_card(world: World, username: str) -> None:
    """The file itself, read back: the witness finds no value in it that its reader may not see."""
    browser = world.browser(username)
    answer = browser.get(address("customer_archive", "print/customer_card/", id=world.customers["secret"]))
    assert answer.status_code == (403 if username == "salesperson" else 200)


# ---- pages that gather -------------------------------------------------------------------------------------------------


@most
def test_home(world: World, username: str) -> None:
    """Boxes name rows that exist for their reader only, and one's own open records all."""
    who, browser = PEOPLE[username], world.browser(username)
    page = page_at(browser, "/")
    for register, keys in (("customer_archive", world.customers), ("gift_signoff", world.gifts)):
        for box in page.select(f'section[id^="{register}-"]'):
            assert reads(who, register)
            found = {int(str(row["data-id"])) for row in box.select("tr[data-id]")}
            assert found <= world.ids(who, register)
            assert found <= set(keys.values())
    ended = {"closed", "refused", "withdrawn"}
    mine = {world.gifts[gift.key] for gift in GIFTS if gift.owner == username and gift.state not in ended}
    own = page.select_one('section[id="gift_signoff-mine"]')
    if own is not None:
        assert {int(str(row["data-id"])) for row in own.select("tr[data-id]")} == mine
    menu = set(re.findall(r'href="/admin/(\w+)/"', browser.get("/account/password/").text))
    assert menu & set(REGISTERS) == {register for register in REGISTERS if reads(who, register)}


@pytest.mark.parametrize("username", ["gm", "sales_manager", "salesperson", "agent", "finance"])
@on_sqlite
def test_account_pages(world: World, username: str) -> None:
    """Accounts, grants and delegations are the administrator's and the auditor's."""
    browser = world.browser(username)
    for path in ("user/", "user/details/?id=1", "user/edit/?id=1", "user/new/", "user/history/?id=1", "export_grant/"):
        assert browser.get(f"/admin/{path}").status_code == 403, path


# ---- the command line --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "username",
    ["gm", "sales_manager", "dept_head_2", "dept_head_business", "auditor", "salesperson", "market_specialist"],
)
@on_sqlite
def test_command_line(
    world: World, username: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = PEOPLE[username]
    folder = tmp_path_factory.mktemp("cli")
    monkeypatch.setenv("BACKOFFICE_DATABASE_URL", world.url)
    monkeypatch.setenv("BACKOFFICE_DATA_DIR", str(world.company.data_dir))
    monkeypatch.setattr(printing, "render_form", lambda form, words: repr(form).encode())
    witness = world.browser(username)
    try:
        for register in ("customer_archive", "gift_signoff"):
            file = folder / f"{register}.csv"
            done = cli.main(["export", register, "--format", "csv", "--as", username, "-o", str(file)])
            assert done == (0 if exports(who, register) else 1), register
            assert file.exists() is exports(who, register)
            if file.exists():
                text = file.read_text("utf-8-sig")
                keys = world.customers if register == "customer_archive" else world.gifts
                for key, record in keys.items():
                    shown = world.numbers[register, key] in text
                    assert shown is (record in _bound_ids(world, who, register)), key
                assert not [one for one in _found(text) if one not in witness.allowed]
        for row in CUSTOMERS[:3]:
            number = world.numbers["customer_archive", row.key]
            file = folder / f"{row.key}.pdf"
            arguments = [
                "print",
                "customer_archive",
                number,
                "--form",
                "customer_card",
                "--as",
                username,
                "-o",
                str(file),
            ]
            allowed = exports(who, "customer_archive") and customer_sight(who, row) is not None
            assert cli.main(arguments) == (0 if allowed else 1)
            assert not [one for one in _found(file.read_text() if allowed else "") if one not in witness.allowed]
    finally:
        db.initialize(world.database)


def _found(text: str) -> frozenset[str]:
    from tests.access_world import canaries_in

    return canaries_in(text)


def _bound_ids(world: World, who: Person, register: str) -> set[int]:
    db.initialize(world.database)
    return world.ids(who, register)


# ---- nothing is written by looking -------------------------------------------------------------------------------------


@pytest.mark.parametrize("username", ["sales_manager", "salesperson", "auditor"])
@pytest.mark.postgres_for("salesperson")
def test_looking_writes_nothing(world: World, username: str) -> None:
    """Every address that a GET reaches, for a row one sees: no row of any table changes but sessions and the log of views."""
    browser, app = world.browser(username), world.company.app
    before = world.content()
    values = {"export_type": "csv", "form": "gift_application", "filename": "backoffice.css"}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.endpoint.endswith("static"):
            arguments: dict[str, Any] = {name: values.get(name, "submitted") for name in rule.arguments}
            with app.test_request_context():
                path = app.url_for(rule.endpoint, **arguments, id=1, name_="", query="")
            assert browser.get(path).status_code < 500, path
    assert world.content() == before
