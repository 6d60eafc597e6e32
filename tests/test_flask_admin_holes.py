"""One test for each hole of Flask-Admin's defaults: security.md 0 (F1 to F19) and the table of stack.md 1."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from flask_admin.contrib.peewee import ModelView

from admin_views.register_view import RegisterView
from backoffice import clock, sessions
from backoffice import database as databases
from backoffice.exports import forms
from backoffice.security import cookie_name
from models.base import db
from models.evidence import AuditEvent
from tests.access_world import PEOPLE, World, bound, made_world
from tests.company import NOW, Company

REGISTERS = ("customer_archive", "gift_signoff", "gift_item", "department", "group", "area")
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BOTH)
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with made_world(request.param, request, tmp_path_factory.mktemp("holes")) as made:
        yield made


@pytest.fixture
def world(request: pytest.FixtureRequest, worlds: World) -> Iterator[World]:
    request.node.user_properties.append(("dialect", worlds.dialect))
    with bound(worlds) as made:
        yield made


def views(world: World) -> dict[str, RegisterView]:
    (admin,) = world.company.app.extensions["admin"]
    return {view.endpoint: view for view in admin._views if isinstance(view, ModelView)}


# ---- F1 to F5, stack 1 to 3: scope, deleting, inline editing, tokens -----------------------------------------------------


def test_every_view_over_a_model_is_the_house_view(world: World) -> None:
    assert set(views(world)) == set(world.company.catalogue)
    assert all(type(view) is RegisterView for view in views(world).values())


def test_f1_the_methods_of_flask_admin_are_scoped_too(world: World) -> None:
    """`get_query`, `get_one` and `get_list` show what the pages show."""
    app = world.company.app
    for username in ("salesperson", "sales_manager", "group_leader", "custodian_5s"):
        user = PEOPLE[username]
        browser = world.browser(username)
        with app.test_request_context(base_url=browser.base, headers={"Cookie": _cookie(world, username)}):
            app.preprocess_request()
            view = views(world)["customer_archive"]
            expected = world.ids(user, "customer_archive")
            assert {row.id for row in view.get_query()} == expected
            count, rows = view.get_list(0, None, None, None, None)
            assert {row.id for row in rows} == expected
            assert count == len(expected)
            for record in world.customers.values():
                found = view.get_one(str(record))
                assert (found is not None) is (record in expected)
            for wrong in ("1" * 23, "1,2", "x", "", "-1", "９"):
                assert view.get_one(wrong) is None


def _cookie(world: World, username: str) -> str:
    with world.company.app.test_request_context(base_url="http://localhost"):
        name = cookie_name("sid")
    token = world.browser(username).cookie(name)
    return f"{name}={token}"


@pytest.mark.parametrize("register", REGISTERS)
def test_f2_f3_no_address_deletes_or_edits_in_place(world: World, register: str) -> None:
    before = world.content()
    addresses = {rule.rule for rule in world.company.app.url_map.iter_rules()}
    for door in ("delete/", "ajax/update/", "action/delete/"):
        assert f"/admin/{register}/{door}" not in addresses
        for username in ("admin", "business_clerk", "market_specialist"):
            answer = world.browser(username).post(
                f"/admin/{register}/{door}", {"id": "1", "list_form_pk": "1", "name": "x"}
            )
            assert answer.status_code == 404
    view = views(world)[register]
    assert not view.column_editable_list
    assert not any((view.can_delete, view.can_edit, view.can_create, view.can_export))
    assert world.content() == before


@pytest.mark.parametrize("register", REGISTERS)
def test_f4_there_is_no_bulk_delete(world: World, register: str) -> None:
    assert not getattr(views(world)[register], "_actions", None)
    before = world.content()
    for username in ("admin", "business_clerk", "market_specialist", "archivist"):
        answer = world.browser(username).post(f"/admin/{register}/action/", {"action": "delete", "rowid": "1"})
        assert answer.status_code in {400, 403}
    assert world.content() == before


@pytest.mark.parametrize("door", ["new/", "edit/?id=1", "action/", "transition/void/?id=1"])
def test_f5_every_form_needs_its_token(world: World, door: str) -> None:
    before = world.content()
    browser = world.browser("archivist")
    for data in ({}, {"csrf_token": ""}, {"csrf_token": "x"}):
        answer = browser.client.post(f"/admin/customer_archive/{door}", data=data, base_url=browser.base)
        assert answer.status_code == 400
    assert world.content() == before


# ---- F6, stack 19: lookups -----------------------------------------------------------------------------------------------


def test_f6_a_lookup_gives_twenty_whatever_is_asked(company: Company) -> None:
    for _ in range(25):
        company.customer("salesperson")
    company.customer("salesperson_2", name="别人的客户")
    browser = company.browser("salesperson")
    path = "/admin/gift_signoff/ajax/lookup/?name=customer"
    for tail in ("", "&query=", "&limit=1000000000", "&limit=-1", "&offset=99999999999999999999"):
        found = json.loads(browser.get(path + tail).text)
        assert len(found) == 20, tail
    assert json.loads(browser.get(path + "&query=" + quote("别人")).text) == []
    # Wildcards are letters here as in the search.
    assert json.loads(browser.get(path + "&query=%25").text) == []
    assert json.loads(browser.get(path + "&query=_").text) == []
    assert browser.get(path + "&query=" + "x" * 101).status_code == 400


# ---- F7, F8, stack 15: exports -------------------------------------------------------------------------------------------

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "\u3000=1", "=cmd|' /C calc'!A0")


def test_f7_f8_no_cell_of_an_export_is_a_formula(company: Company) -> None:
    for at, text in enumerate(FORMULAS):
        company.customer("salesperson", name=text, short_name=text, contacts=[{"name": text or str(at), "main": True}])
    browser = company.browser("sales_manager")
    for child in ("", "?child=contacts"):
        data = browser.get(f"/admin/customer_archive/export/csv/{child}").data
        cells = [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")) for cell in row]
        assert sum(cell.startswith("'") for cell in cells) >= len(FORMULAS)
        assert not [
            cell for cell in cells if cell.strip("\u3000 \ufeff").startswith(("=", "+", "-", "@", "＝", "\t", "\r"))
        ]


def test_f7_an_export_is_streamed(world: World) -> None:
    """The body is given piece by piece; nothing holds the whole table."""
    answer = world.browser("auditor").client.get(
        "/admin/customer_archive/export/csv/", base_url="http://localhost", buffered=False
    )
    assert answer.is_streamed
    assert b"".join(answer.iter_encoded()).startswith(b"\xef\xbb\xbf")
    answer.close()


# ---- F9, stack 20: parameters out of bounds ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("sort=rep_character", 400),
        ("sort=99", 400),
        ("sort=-1", 400),
        ("sort=no_such", 400),
        ("desc=2", 400),
        ("page=-1", 400),
        (f"page={10**19}", 400),
        (f"page={10**30}", 400),
        ("page=100000&page_size=500", 400),
        ("page_size=0", 400),
        ("page_size=-1", 400),
        (f"page_size={10**30}", 400),
        ("page=1e3", 400),
        ("page=%EF%BC%91", 400),
        (f"flt1_completeness_equals={10**30}", 422),
        (f"flt1_owner_equals={10**9}", 200),
        (f"flt1_owner_equals={10**30}", 422),
        ("flt1_last_contact_on_at_least=yesterday", 422),
        ("flt1_name_like=x", 400),
        ("flt1_password_hash_equals=x", 400),
        ("flt1_owner.password_hash_contains=x", 400),
        ("flt1_name_equals=" + "x" * 501, 400),
        ("search=" + "x" * 101, 400),
        ("columns=version", 400),
        ("columns=contacts.mobile", 400),
        ("unknown=1", 200),
    ],
)
def test_f9_parameters_are_bounded(world: World, query: str, status: int) -> None:
    answer = world.browser("sales_manager").get(f"/admin/customer_archive/?{query}")
    assert answer.status_code == status, answer.text[:500]


@pytest.mark.parametrize("door", ["details/", "edit/", "history/", "file/", "transition/void/", "print/customer_card/"])
@pytest.mark.parametrize(
    "wrong", ["", "1" * 23, "-1", "0", "1.0", "1e1", "x", "%EF%BC%91", "2147483648", "1,2", "0x1", "1%20"]
)
def test_f9_an_id_that_is_none_reads_like_a_missing_row(world: World, door: str, wrong: str) -> None:
    username = "archivist"
    answer = world.browser(username).get(f"/admin/customer_archive/{door}?id={wrong}")
    assert answer.status_code == 404


def test_f9_a_doubled_id_is_no_error_of_the_server(world: World) -> None:
    for door in ("details/", "edit/", "history/", "transition/void/"):
        answer = world.browser("archivist").get(f"/admin/customer_archive/{door}?id=1&id=2")
        assert answer.status_code in {200, 400, 404, 409}


# ---- F10 to F13 ----------------------------------------------------------------------------------------------------------


def test_f10_uploads_of_one_name_stay_apart(company: Company) -> None:
    """A random key for each, the name as data (tests/test_uploads.py has the rest)."""
    first = company.upload("salesperson", "gift_signoff", "signoff_file", "报价单.pdf")
    second = company.upload("salesperson", "gift_signoff", "signoff_file", "合同.pdf")
    from models.evidence import StoredFile

    rows = [StoredFile.get_by_id(one) for one in (first, second)]
    assert len({row.key for row in rows}) == 2
    assert [row.name for row in rows] == ["报价单.pdf", "合同.pdf"]


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_f11_an_act_never_leads_elsewhere(world: World, target: str) -> None:
    data = {"action": "withdrawn", "rowid": "999999", "url": target}
    answer = world.browser("salesperson").post("/admin/gift_signoff/action/", data)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/gift_signoff/")
    foreign = world.browser("salesperson").client.get("/", base_url="http://evil.example")
    assert foreign.status_code == 400


def test_f12_the_second_of_two_editors_is_told(company: Company) -> None:
    record = company.customer("salesperson")
    browser = company.browser("salesperson")
    form = {"version": "1", "remarks": "第一"}
    assert browser.send(f"/admin/customer_archive/edit/?id={record}", form).status_code == 303
    second = browser.send(f"/admin/customer_archive/edit/?id={record}", {"version": "1", "remarks": "第二次输入"})
    assert second.status_code == 409
    assert "第二次输入" in second.text
    assert 'data-outcome="stale"' in second.text
    row = company.catalogue["customer_archive"].model.get_by_id(record)
    assert (row.remarks, row.version) == ("第一", 2)
    missing = browser.send(f"/admin/customer_archive/edit/?id={record}", {"remarks": "第三"})
    assert missing.status_code == 400
    assert company.catalogue["customer_archive"].model.get_by_id(record).remarks == "第一"


def test_f13_no_word_of_the_database_reaches_a_page(company: Company) -> None:
    company.gift_item("LP-01", stock=0)
    browser = company.browser("market_specialist")
    form = {"code": "LP-01", "name": "重复", "unit": "盒", "unit_value": "1", "active": "true"}
    answer = browser.send("/admin/gift_item/new/", form)
    assert answer.status_code == 422
    for word in ("UNIQUE", "constraint", "IntegrityError", "gift_item_code", "duplicate key", "Traceback"):
        assert word not in answer.text
    assert "重复" in answer.text


# ---- F14, stack 11: letters that mean something elsewhere ------------------------------------------------------------------


@pytest.mark.parametrize("term", ["%", "_", "\\", "^客户", "=客户", "客户%", "'", '"', "--", "*"])
def test_f14_search_and_filters_take_every_letter_as_it_is(company: Company, term: str) -> None:
    named = company.customer("salesperson", name=f"前{term}后")
    other = company.customer("salesperson", name="别的客户")
    browser = company.browser("salesperson")
    for query in (
        f"search={quote(term)}",
        f"flt1_name_contains={quote(term)}",
        f"flt1_name_equals={quote(f'前{term}后')}",
    ):
        page = browser.page(f"/admin/customer_archive/?{query}")
        found = {int(str(row["data-id"])) for row in page.select("tr[data-id]")}
        assert found == {named}, query
        assert other not in found


# ---- F15 to F19 ------------------------------------------------------------------------------------------------------------


def test_f15_the_defaults_of_flask_are_overridden(world: World) -> None:
    answer = world.company.app.test_client().get("/login", base_url="https://localhost")
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert {"Secure", "HttpOnly"} <= {part.strip() for part in cookie.split(";")}, cookie
        assert "SameSite=" in cookie
    assert all("remember" not in rule.rule for rule in world.company.app.url_map.iter_rules())
    big = world.browser("salesperson").post("/admin/gift_signoff/action/", {"action": "x", "comment": "x" * 300_000})
    assert big.status_code == 413


def test_f16_a_copied_cookie_ends_with_its_session(company: Company) -> None:
    browser = company.browser("salesperson")
    copied = company.browser("salesperson")
    assert browser.send("/logout", {}).status_code in {302, 303}
    copied.client = browser.client
    assert copied.get("/").status_code in {302, 303}


def test_f17_the_library_of_sqlite_is_free_of_the_race() -> None:
    import apsw

    assert tuple(int(part) for part in apsw.sqlite_lib_version().split(".")) >= (3, 51, 3)
    assert databases.open_database is not None


def test_f18_forms_are_drawn_apart_and_read_nothing() -> None:
    """The drawing itself is tested in tests/test_forms_print.py; here that it happens in a process of its own."""
    source = Path(forms.__file__).read_text(encoding="utf-8")
    assert "form_worker" in source
    assert "pisa" not in source


def test_f19_two_people_at_once_each_get_their_own_page(world: World) -> None:
    """Views are singletons: after requests side by side each page still is its reader's, and the views hold nothing new."""
    held = {name: dict(vars(view)) for name, view in views(world).items()}
    wanted: dict[str, tuple[set[int], bool]] = {
        "salesperson": (world.ids(PEOPLE["salesperson"], "customer_archive"), False),
        "auditor": (world.ids(PEOPLE["auditor"], "customer_archive"), True),
        "custodian_5s": (world.ids(PEOPLE["custodian_5s"], "customer_archive"), False),
        "sales_manager": (world.ids(PEOPLE["sales_manager"], "customer_archive"), True),
    }
    browsers = {username: world.browser(username) for username in wanted}
    faults: list[str] = []

    def look(username: str) -> None:
        expected, may_export = wanted[username]
        with clock.set_to(NOW):
            for _ in range(8):
                text = browsers[username].get("/admin/customer_archive/?page_size=100").text
                page = BeautifulSoup(text, "html.parser")
                ids = {int(str(row["data-id"])) for row in page.select("tr[data-id]")}
                body = page.select_one("body")
                if ids != expected or body is None or body["data-user"] != username:
                    faults.append(f"{username}: rows {ids}")
                if bool(page.select('[data-action="export"]')) is not may_export:
                    faults.append(f"{username}: export button")
                status = browsers[username].get("/admin/customer_archive/export/csv/").status_code
                if status != (200 if may_export else 403):
                    faults.append(f"{username}: export {status}")

    threads = [threading.Thread(target=look, args=(username,)) for username in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert {name: dict(vars(view)) for name, view in views(world).items()} == held


# ---- the rest of stack.md 1 ------------------------------------------------------------------------------------------------


def test_stack_4_5_two_references_to_one_table_are_told_apart(company: Company) -> None:
    """Owner and maker are both accounts: each filter takes its own column, and the cells show the right names."""
    mine = company.customer("salesperson")
    users = company.users
    area = company.catalogue["area"].model.get(code="A")
    theirs = company.done(
        "archivist",
        "customer_archive",
        None,
        "create",
        {
            "name": "代建客户",
            "customer_kind": "person",
            "relation": "current",
            "area": area.id,
            "phone": "0839-1112223",
            "source_channel": "exhibition",
            "owner": users["salesperson_2"].id,
        },
    ).id
    browser = company.browser("gm")
    for name, username, expected in (
        ("owner", "salesperson_2", {theirs}),
        ("created_by", "archivist", {theirs}),
        ("created_by", "salesperson", {mine}),
    ):
        page = browser.page(
            f"/admin/customer_archive/?flt1_{name}_equals={users[username].id}&columns=owner&columns=created_by"
        )
        rows = {int(str(row["data-id"])): row for row in page.select("tr[data-id]")}
        assert set(rows) == expected, (name, username)
    cells = [cell.text.strip() for cell in rows[mine].select("td")[1:3]]
    assert cells == [users["salesperson"].name, users["salesperson"].name]


def test_stack_7_rows_of_equal_rank_keep_one_order(company: Company) -> None:
    """The id ends every order, so that no row is on two pages or on none."""
    for _ in range(5):
        company.customer("salesperson")
    browser = company.browser("salesperson")
    found = [
        int(
            str(
                browser.page(f"/admin/customer_archive/?sort=state&page_size=1&page={page}").select("tr[data-id]")[0][
                    "data-id"
                ]
            )
        )
        for page in range(5)
    ]
    assert len(set(found)) == 5


def test_stack_9_choices_read_as_words(world: World) -> None:
    page = world.browser("gm").get("/admin/customer_archive/").text
    assert ">企业<" in page.replace("\n", "")
    assert 'value="potential"' in page


def test_stack_14_counts_stop_at_a_thousand() -> None:
    from backoffice.reading import COUNT_LIMIT

    assert COUNT_LIMIT == 1_000


def test_stack_16_a_failing_line_leaves_nothing(company: Company) -> None:
    """A record and its lines are saved together or not at all."""
    company.gift_item("LP-01", stock=0)
    model = company.catalogue["gift_signoff"].model
    browser = company.browser("salesperson")
    customer = company.customer("salesperson")
    events = AuditEvent.select().count()
    form = {
        "purpose": "holiday",
        "customer": str(customer),
        "lines-0-gift": "1",
        "lines-0-quantity": "2",
        "lines-1-gift": "999",
    }
    answer = browser.send("/admin/gift_signoff/new/", {**form, "lines-1-quantity": "1"})
    assert answer.status_code == 422
    assert model.select().count() == 0
    assert AuditEvent.select().count() == events


def test_stack_23_25_24_pages_speak_chinese_and_escape(company: Company) -> None:
    record = company.customer("salesperson", name="<script>alert(1)</script>", remarks='"><img src=x onerror=alert(1)>')
    browser = company.browser("salesperson")
    for path in ("", f"details/?id={record}", f"edit/?id={record}", f"history/?id={record}"):
        text = browser.get(f"/admin/customer_archive/{path}").text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert 'placeholder="None"' not in text
    assert "客户档案" in text
    with db.atomic():
        sessions.end_all(company.users["salesperson"].id, now=clock.now(), why="logout")
