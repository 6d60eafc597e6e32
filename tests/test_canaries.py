"""Masked values: found nowhere in any answer to an account that may not see them, and no key by which to guess them.

Every answer goes through the witness of tests/access_world.py, which knows the values that each account may read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask import Response
from werkzeug.test import TestResponse

from backoffice import printing
from tests.access_world import (
    CUSTOMERS,
    PEOPLE,
    SECRET,
    Witness,
    World,
    bound,
    canaries_in,
    canary,
    customer_sight,
    knows,
    made_world,
    reads,
)
from tests.company import Company

CRAWLERS = (
    "auditor",
    "gm",
    "dept_head",
    "group_leader",
    "salesperson_2",
    "market_specialist",
    "archivist",
    "service_manager",
    "service_staff",
    "custodian_5s",
    "finance",
    "two_hats",
)
THOROUGH = frozenset({"gm", "sales_manager", "finance"})
PAGES = 30


@pytest.fixture(scope="module")
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with made_world("sqlite", request, tmp_path_factory.mktemp("canaries")) as made:
        yield made


@pytest.fixture
def world(request: pytest.FixtureRequest, worlds: World) -> Iterator[World]:
    request.node.user_properties.append(("dialect", worlds.dialect))
    with bound(worlds) as made:
        yield made


# ---- the witness -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in SECRET if canary(CUSTOMERS[0], name)])
def test_the_witness_notices_every_canary(world: World, name: str) -> None:
    value = canary(CUSTOMERS[0], name)
    written = f"{float(value):,.2f}" if value.endswith(".31") else value
    browser = world.browser("auditor")
    answer = TestResponse(
        iter([f"<td>{written}</td>".encode()]),
        "200 OK",
        Response(mimetype="text/html").headers,
        None,  # type: ignore[arg-type]
    )
    with pytest.raises(AssertionError, match="auditor read"):
        browser.witnessed("/", answer)


def test_canaries_are_distinct() -> None:
    values = [canary(row, name) for row in CUSTOMERS for name in SECRET if canary(row, name)]
    assert len(values) == len(set(values))
    assert canaries_in(" ".join(values)) == frozenset(values)


def test_the_owner_reads_all_his_canaries(world: World) -> None:
    """Otherwise nothing would be there to leak."""
    browser = Witness(world.company.app, PEOPLE["salesperson"])
    browser.client = world.browser("salesperson").client
    browser.get(f"/admin/customer_archive/details/?id={world.customers['secret']}")
    row = next(one for one in CUSTOMERS if one.key == "secret")
    assert browser.seen >= {canary(row, name) for name in SECRET if canary(row, name)}


# ---- every page --------------------------------------------------------------------------------------------------------

_LINK = re.compile(r'(?:href|data-lookup)="(/[^"#]*)"')


@pytest.mark.parametrize("username", CRAWLERS)
def test_crawl(world: World, username: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first page along every link: pages, exports, forms, lookups; of pages alike only some."""
    monkeypatch.setattr(printing, "render_form", lambda form, words: repr(form).encode())
    browser = world.browser(username)
    waiting, known, kinds = ["/"], {"/"}, dict[str, int]()
    waiting += [f"/admin/customer_archive/details/?id={one}" for one in world.customers.values()]
    waiting += [f"/admin/customer_archive/history/?id={one}" for one in world.customers.values()]
    opened = 0
    while waiting and opened < PAGES + 20:
        path = waiting.pop(0)
        kind = re.sub(r"\d+", "0", path.partition("?")[0])
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] > 10 or "/static/" in path or "export/pdf" in path:
            continue
        answer = browser.get(path)
        opened += 1
        assert answer.status_code < 500, path
        if answer.mimetype == "text/html":
            for link in _LINK.findall(answer.text.replace("&amp;", "&")):
                if link not in known:
                    known.add(link)
                    waiting.append(link)


@pytest.mark.parametrize("username", ["auditor", "dept_head", "archivist"])
def test_a_register_printed_as_pdf(world: World, username: str) -> None:
    columns = "&".join(
        f"columns={name}" for name in ("number", "legal_representative", "bank_account", "birthday", "assets")
    )
    answer = world.browser(username).get(f"/admin/customer_archive/export/pdf/?{columns}")
    assert answer.status_code == 200
    assert answer.data.startswith(b"%PDF")


# ---- no key ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("username", [*CRAWLERS, "sales_manager", "deputy_gm", "salesperson", "stand_in"])
def test_a_value_one_may_not_know_opens_nothing(world: World, username: str) -> None:
    """Filters by a secret field are refused, or find exactly its rows for whoever knows it; the search never looks there."""
    who, browser = PEOPLE[username], world.browser(username)
    if not reads(who, "customer_archive"):
        return
    secret = next(row for row in CUSTOMERS if row.key == "secret")
    for name in SECRET:
        value = canary(secret, name) or "high"
        every = ("equals", "contains", "at_least", "empty") if username in THOROUGH else ("equals",)
        for operation in every:
            path = f"/admin/customer_archive/?flt1_{name}_{operation}={quote(value)}"
            status = browser.get(path).status_code
            if "." in name or not knows(who, name):
                assert status == 400, path
            else:
                assert status in {200, 400, 422}, path
    for name in ("legal_representative", "bank_account", "contacts.mobile", "rep_family", "credit_status"):
        text = browser.ask(f"/admin/customer_archive/?search={canary(secret, name)}").text
        assert 'data-count="0"' in text, name
    if knows(who, "bank_account"):
        text = browser.get(f"/admin/customer_archive/?flt1_bank_account_equals={canary(secret, 'bank_account')}").text
        shown = customer_sight(who, secret) is not None
        assert (f'<tr data-id="{world.customers["secret"]}"' in text) is shown


def test_the_order_of_rows_tells_nothing(world: World) -> None:
    """Who sees some customers masked cannot sort by the masked field, so their order is that of their numbers."""
    for username in ("gm", "archivist", "dept_head", "auditor", "salesperson"):
        browser = world.browser(username)
        for name in ("annual_sales", "legal_representative", "assets", "birthday"):
            path = f"/admin/customer_archive/?columns=number&columns={name}&sort={name}"
            assert browser.get(path).status_code == 400, (username, name)
            assert browser.get(f"/admin/customer_archive/?columns=number&columns={name}&sort=1").status_code == 400


# ---- after changes -----------------------------------------------------------------------------------------------------

L2, L3 = "ZQ9901Z", "ZQ9902Z"


def test_history_and_stale_message_mask_what_changed(company: Company) -> None:
    """Somebody else's change of masked fields: neither the history nor the comparison of a stale form shows them."""
    for confidentiality, shown in (("internal", True), ("secret", False)):
        record = company.customer("salesperson", confidentiality=confidentiality, rep_character="旧", assets="1.00")
        changes = {"legal_representative": L2, "rep_character": L3, "assets": "8765432.11", "remarks": "新备注"}
        company.done("salesperson", "customer_archive", record, "update", changes, 1)
        browser = company.browser("archivist")
        data = {"version": "1", "name": "我的名称", "remarks": "我的备注"}
        answer = browser.send(f"/admin/customer_archive/edit/?id={record}", data)
        assert answer.status_code == 409
        assert "我的备注" in answer.text
        assert "新备注" in answer.text
        history = browser.get(f"/admin/customer_archive/history/?id={record}").text
        for text in (answer.text, history):
            assert (L2 in text) is shown
            assert L3 not in text
            assert "8,765,432.11" not in text
            assert "8765432.11" not in text
        reader = company.browser("auditor").get(f"/admin/customer_archive/history/?id={record}").text
        assert L2 not in reader
        assert L3 not in reader
        assert "新备注" in reader


def test_a_masked_field_that_is_sent_all_the_same_stays_as_it_was(company: Company) -> None:
    """The form of the archivist has no level 3; a request that names such fields changes none of them."""
    record = company.customer("salesperson", rep_character="旧性格", assets="5.00")
    browser = company.browser("archivist")
    data = {"version": "1", "rep_character": "改", "assets": "9", "credit_capacity": "low", "remarks": "新"}
    assert browser.send(f"/admin/customer_archive/edit/?id={record}", data).status_code == 303
    stored = company.catalogue["customer_archive"].model.get_by_id(record)
    assert (stored.rep_character, str(stored.assets), stored.credit_capacity) == ("旧性格", "5.00", "")
    assert stored.remarks == "新"


def test_messages_about_a_duplicate_name_nobody(company: Company) -> None:
    """The one bit that is told of records out of scope (decisions.md 8): that there is one, never which."""
    other = company.customer(
        "sales_consultant", name="秘密客户有限公司", phone="0839-7654321", unified_credit_code="91350100M000100Y43"
    )
    hidden = company.catalogue["customer_archive"].model.get_by_id(other)
    browser = company.browser("salesperson")
    form = {
        "name": "新客户",
        "customer_kind": "person",
        "relation": "current",
        "area": "1",
        "phone": "0839 7654321",
        "grade_scheme": "abc_value",
        "source_channel": "exhibition",
        "confidentiality": "internal",
    }
    answer = browser.send("/admin/customer_archive/new/", form)
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"]).text
    refused = browser.send("/admin/customer_archive/new/", {**form, "unified_credit_code": "91350100M000100Y43"})
    assert refused.status_code == 422
    for text in (page, refused.text):
        assert hidden.number not in text
        assert "秘密客户" not in text
        assert f"id={other}" not in text
    assert 'data-outcome="info"' in page
