"""The pages of accounts, export grants and delegations: who opens them, what they show, and what a form does."""

from typing import Any

import pytest
from flask import Flask

from models.accounts import Delegation, ExportGrant, Session, User
from models.base import db as proxy
from tests.account_world import admin, app, clock_held
from tests.accounts_app import NOW, Browser, make_place, make_user, outcome, page, signed_in

__all__ = ["admin", "app", "clock_held"]

PATHS = (
    "/admin/user/",
    "/admin/user/new/",
    "/admin/user/edit/?id={id}",
    "/admin/user/details/?id={id}",
    "/admin/user/history/?id={id}",
    "/admin/delegation/",
    "/admin/delegation/new/",
    "/admin/export_grant/",
    "/admin/export_grant/new/",
)
READ = {"/admin/user/", "/admin/user/details/?id={id}", "/admin/user/history/?id={id}", "/admin/delegation/"}
READ |= {"/admin/export_grant/"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("role", "opens"),
    [
        ("admin", set(PATHS)),
        ("auditor", READ),
        ("gm", set()),
        ("hr", set()),
        ("service_manager", {"/admin/export_grant/", "/admin/export_grant/new/"}),
    ],
)
def test_who_opens_which_page(app: Flask, role: str, opens: set[str], path: str) -> None:
    user = make_user("actor", role)
    answer = signed_in(app, "actor").get(path.format(id=user.id))
    assert answer.status_code == (200 if path in opens else 403)


@pytest.mark.parametrize(
    "path",
    [
        "/admin/user/new/",
        "/admin/user/edit/?id={id}",
        "/admin/user/reset/?id={id}",
        "/admin/user/end_session/?id={id}",
        "/admin/user/action/",
        "/admin/delegation/new/",
        "/admin/delegation/edit/?id={id}",
        "/admin/delegation/action/",
        "/admin/export_grant/new/",
        "/admin/export_grant/revoke/?id={id}",
    ],
)
def test_an_auditor_changes_nothing(app: Flask, path: str) -> None:
    user = make_user("actor", "auditor")
    assert signed_in(app, "actor").post(path.format(id=user.id), {}).status_code == 403


def test_the_list_searches_filters_and_counts(app: Flask, admin: User) -> None:
    place = make_place("market")
    make_user("anna", "salesperson", name="安娜")
    make_user("bert", "market_specialist", name="贝特", department=place)
    make_user("carl", "salesperson", name="卡尔", active=False)
    browser = signed_in(app, "root")

    def names(query: str) -> list[str]:
        found = page(browser.get(f"/admin/user/?{query}"))
        rows = [str(row["data-number"]) for row in found.select("tr[data-id]")]
        assert found.select_one(f'[data-count="{len(rows)}"][data-count-exact=true]') is not None
        return rows

    assert names("") == ["anna", "bert", "carl", "root"]
    assert names("sort=username&desc=1") == ["root", "carl", "bert", "anna"]
    assert names("search=安") == ["anna"]
    assert names("search=%25") == []
    assert names("search=ER") == ["bert"]
    assert names(f"flt1_department_equals={place.id}") == ["bert"]
    assert names("flt2_roles_equals=salesperson") == ["anna", "carl"]
    assert names("flt3_active_equals=false") == ["carl"]
    assert names("flt2_roles_equals=salesperson&flt3_active_equals=true&search=a") == ["anna"]


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=" + "9" * 20,
        "page=90000",
        "page_size=0",
        "page_size=501",
        "sort=password_hash",
        "sort=99",
        "desc=2",
        "flt1_password_hash_equals=x",
        "flt1_roles_like=x",
        "flt1_roles_equals=owner",
        "flt1_department_equals=abc",
        "search=" + "x" * 101,
        "id=1&id=2",
    ],
)
def test_a_query_no_page_of_ours_asks_is_400(app: Flask, admin: User, query: str) -> None:
    assert signed_in(app, "root").get(f"/admin/user/?{query}").status_code == 400


@pytest.mark.parametrize(
    ("given", "status"), [("", 400), ("x", 400), ("-1", 400), ("999", 404), ("9" * 23, 404), ("１", 400)]
)
def test_ids_that_are_none(app: Flask, admin: User, given: str, status: int) -> None:
    browser = signed_in(app, "root")
    for path in ("user/details", "user/edit", "user/history", "delegation/edit"):
        assert browser.get(f"/admin/{path}/?id={given}").status_code == status


def test_the_list_takes_at_most_eight_queries(app: Flask, admin: User) -> None:
    for number in range(30):
        make_user(f"u{number}", "salesperson", "archivist")
    browser = signed_in(app, "root")
    asked: list[str] = []
    proxy.obj.query_hooks.append(lambda *args, **kwargs: asked.append(str(args)))
    try:
        assert browser.get("/admin/user/?page_size=50&search=u").status_code == 200
    finally:
        proxy.obj.query_hooks.clear()
    assert 0 < len(asked) <= 6, asked  # The menu of the whole product takes two more.


def form_of(browser: Browser, path: str) -> dict[str, Any]:
    """What a browser would send of the form as it stands."""
    (form,) = page(browser.get(path)).select("form.sheet")
    sent: dict[str, Any] = {}
    for tag in form.select("input[name], select[name]"):
        name = str(tag["name"])
        if tag.name == "select":
            chosen = tag.select_one("option[selected]") or tag.select_one("option")
            sent[name] = str(chosen["value"]) if chosen is not None else ""
        elif tag.get("type") != "checkbox":
            sent[name] = str(tag.get("value", ""))
        elif tag.has_attr("checked"):
            sent.setdefault(name, []).append(str(tag["value"]))
    return sent


def test_an_account_is_made_and_used_through_the_pages(app: Flask, admin: User) -> None:
    place = make_place()
    browser = signed_in(app, "root")
    sent = form_of(browser, "/admin/user/new/")
    assert set(sent) >= {"csrf_token", "version", "username", "name", "department", "group", "area", "active"}
    sent |= {"username": "li.si", "name": "李四", "department": str(place.id), "roles": ["salesperson", "archivist"]}
    answer = browser.post("/admin/user/new/", sent)
    user = User.get(User.username == "li.si")
    assert (answer.status_code, answer.location) == (303, f"/admin/user/details/?id={user.id}")
    details = page(browser.get(answer.location))
    assert details.select_one("[data-outcome=done]") is not None
    head = details.select_one("header[data-id]")
    assert head is not None
    assert (head["data-id"], head["data-number"], head["data-state"]) == (str(user.id), "li.si", "active")
    shown = {str(tag["data-field"]): tag.get("data-value") for tag in details.select("dd[data-field]")}
    assert shown["department"] == str(place.id)
    assert shown["roles"] == "salesperson,archivist"
    assert shown["active"] == "true"
    reset = details.select_one("[data-action=reset_password]")
    assert reset is not None
    answer = browser.post(str(reset.find_parent("form")["action"]), {})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    secret = page(answer).select_one("[data-field=one_time_password]")
    assert secret is not None
    assert "Set-Cookie" not in answer.headers
    fresh = Browser(app)
    assert fresh.sign_in("li.si", secret.get_text()).status_code == 303
    assert fresh.get("/").location == "/account/password/"
    assert secret.get_text() not in browser.get(f"/admin/user/history/?id={user.id}").text


def test_a_wrong_form_comes_back_with_what_was_typed(app: Flask, admin: User) -> None:
    browser = signed_in(app, "root")
    sent = form_of(browser, "/admin/user/new/") | {
        "username": "Li Si",
        "name": "李四",
        "roles": ["salesperson", "owner"],
    }
    answer = browser.post("/admin/user/new/", sent)
    assert answer.status_code == 422
    found = page(answer)
    marked = {str(tag["data-field"]) for tag in found.select("[data-outcome=invalid][data-field]")}
    assert marked == {"username", "roles"}
    assert found.select_one('input[name=name][value="李四"]') is not None
    assert found.select_one("input[name=roles][value=salesperson][checked]") is not None


@pytest.mark.parametrize("name", ["department", "group", "area"])
@pytest.mark.parametrize("given", ["999", "x", "-1", "9" * 30, "1 or 1=1"])
def test_a_choice_that_was_not_offered_is_422(app: Flask, admin: User, name: str, given: str) -> None:
    browser = signed_in(app, "root")
    sent = form_of(browser, "/admin/user/new/") | {
        "username": "li.si",
        "name": "李四",
        "roles": ["salesperson"],
        name: given,
    }
    answer = browser.post("/admin/user/new/", sent)
    assert answer.status_code == 422
    assert page(answer).select_one(f"[data-outcome=invalid][data-field={name}]") is not None


def test_a_stale_form_is_409_and_shows_both(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "root")
    path = f"/admin/user/edit/?id={user.id}"
    sent = form_of(browser, path) | {"name": "Mine"}
    other = form_of(browser, path) | {"name": "Theirs"}
    assert browser.post(path, other).status_code == 303
    answer = browser.post(path, sent)
    assert (answer.status_code, outcome(answer)) == (409, "stale")
    found = page(answer)
    assert "Theirs" in found.select_one("#differences").get_text()
    assert found.select_one("input[name=name][value=Mine]") is not None
    again = form_of_answer(found)
    assert browser.post(path, again).status_code == 303
    assert User.get_by_id(user.id).name == "Mine"


def form_of_answer(found: Any) -> dict[str, Any]:
    """The fields of a form that was shown again."""
    sent: dict[str, Any] = {}
    for tag in found.select("form.sheet input[name]"):
        if tag.get("type") != "checkbox":
            sent[tag["name"]] = tag.get("value", "")
        elif tag.has_attr("checked"):
            sent.setdefault(tag["name"], []).append(tag["value"])
    for tag in found.select("form.sheet select[name]"):
        chosen = tag.select_one("option[selected]")
        sent[tag["name"]] = chosen["value"] if chosen is not None else ""
    return sent


def test_ones_own_roles_are_409_with_the_rule(app: Flask, admin: User) -> None:
    browser = signed_in(app, "root")
    path = f"/admin/user/edit/?id={admin.id}"
    answer = browser.post(path, form_of(browser, path) | {"roles": ["admin", "gm"]})
    assert answer.status_code == 409
    notice = page(answer).select_one("[data-outcome=refused]")
    assert notice is not None
    assert (notice["data-rule"], notice["data-field"]) == ("ACL-03", "roles")
    answer = browser.post(path, form_of(browser, path) | {"active": "false"})
    assert answer.status_code == 409
    assert User.get_by_id(admin.id).active


def test_without_the_field_active_an_account_stays_as_it_is(app: Flask, admin: User) -> None:
    user = make_user("bob", active=False)
    browser = signed_in(app, "root")
    path = f"/admin/user/edit/?id={user.id}"
    sent = form_of(browser, path) | {"name": "Robert"}
    del sent["active"]
    assert browser.post(path, sent).status_code == 303
    assert not User.get_by_id(user.id).active


def test_two_sessions_of_one_account_are_shown(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "root")
    signed_in(app, "bob")
    row = page(browser.get("/admin/user/")).select_one("tr[data-number=bob] .waiting")
    assert row is None
    signed_in(app, "bob")
    row = page(browser.get("/admin/user/")).select_one("tr[data-number=bob] .waiting")
    assert row is not None
    assert row.get_text() == "2"
    details = page(browser.get(f"/admin/user/details/?id={user.id}"))
    ends = details.select("button[data-action=end_session]")
    assert len(ends) == 2
    form = ends[0].find_parent("form")
    assert form is not None
    hidden = form.select_one("input[name=session]")
    assert hidden is not None
    answer = browser.post(str(form["action"]), {"session": hidden["value"]})
    assert answer.status_code == 303
    assert Session.select().where(Session.ended_why == "ended").count() == 1


def test_a_session_of_somebody_else_is_not_ended_under_this_name(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "root")
    mine = Session.get()
    assert browser.post(f"/admin/user/end_session/?id={user.id}", {"session": str(mine.id)}).status_code == 404
    assert browser.get("/").status_code == 200


def test_acts_on_rows_give_one_outcome_each(app: Flask, admin: User) -> None:
    users = [make_user(name) for name in ("anna", "bert")]
    browser = signed_in(app, "root")
    rows = [str(user.id) for user in users] + [str(admin.id), "999"]
    answer = browser.post("/admin/user/action/", {"action": "disable", "rowid": rows})
    assert (answer.status_code, answer.location) == (303, "/admin/user/")
    notices = [str(tag["data-outcome"]) for tag in page(browser.get("/admin/user/")).select(".notice[data-outcome]")]
    assert notices == ["done", "done", "refused", "refused"]
    assert [User.get_by_id(user.id).active for user in [*users, admin]] == [False, False, True]
    assert browser.post("/admin/user/action/", {"action": "delete", "rowid": rows}).status_code == 400
    assert browser.get("/admin/user/action/").status_code == 405


def test_wrong_guesses_are_shown_to_administrators(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "root")
    for _ in range(3):
        Browser(app).sign_in("bob", "wrong password indeed")
    details = page(browser.get(f"/admin/user/details/?id={user.id}"))
    assert any("3" in tag.get_text() for tag in details.select(".tag.bad"))


def test_the_history_of_an_account_names_people_and_places(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "root")
    path = f"/admin/user/edit/?id={user.id}"
    browser.post(path, form_of(browser, path) | {"department": str(make_place("market").id), "name": "<b>鲍勃</b>"})
    answer = browser.get(f"/admin/user/history/?id={user.id}")
    for text in ("部门 sales", "部门 market", "&lt;b&gt;鲍勃", "Root"):
        assert text in answer.text
    assert "<b>鲍勃" not in answer.text


def test_exports_are_granted_and_taken_back_through_the_pages(app: Flask, admin: User) -> None:
    user = make_user("bob", "service_manager")
    browser = signed_in(app, "root")
    path = f"/admin/export_grant/new/?user={user.id}"
    sent = form_of(browser, path)
    assert sent["user"] == str(user.id)
    refused = browser.post("/admin/export_grant/new/", sent | {"register": "gift_signoff", "ends_on": "soon"})
    assert refused.status_code == 422
    assert page(refused).select_one("[data-outcome=invalid][data-field=ends_on]") is not None
    good = sent | {"register": "service_log", "reason": "月报", "ends_on": "2025-12-31"}
    answer = browser.post("/admin/export_grant/new/", good)
    assert answer.location == f"/admin/user/details/?id={user.id}"
    details = page(browser.get(answer.location))
    revoke = details.select_one("[data-action=revoke]")
    assert revoke is not None
    form = revoke.find_parent("form")
    assert form is not None
    assert browser.post(str(form["action"]), {}).status_code == 303
    assert ExportGrant.select().count() == 0


def test_a_service_manager_sees_and_grants_only_his_own_people(app: Flask) -> None:
    place = make_place("customer_service")
    make_user("boss", "service_manager", department=place)
    mine = make_user("bob", "dept_head", department=place)
    other = make_user("eve", "dept_head", department=make_place("sales"))
    for user in (mine, other):
        ExportGrant.create(user=user, register="service_log", reason="x", granted_at=NOW)
    browser = signed_in(app, "boss")
    rows = page(browser.get("/admin/export_grant/")).select("tr[data-id]")
    assert [str(row["data-number"]) for row in rows] == ["bob"]
    sent = form_of(browser, "/admin/export_grant/new/") | {"register": "service_log", "reason": "x"}
    offered = [
        str(tag["value"]) for tag in page(browser.get("/admin/export_grant/new/")).select("select[name=user] option")
    ]
    assert str(mine.id) in offered
    assert str(other.id) not in offered
    assert browser.post("/admin/export_grant/new/", sent | {"user": str(mine.id)}).location == "/admin/export_grant/"
    assert browser.post("/admin/export_grant/new/", sent | {"user": str(other.id)}).status_code == 404


def test_a_delegation_is_made_and_ended_through_the_pages(app: Flask, admin: User) -> None:
    owner, to = make_user("bob", "sales_manager"), make_user("eve", "group_leader")
    browser = signed_in(app, "root")
    sent = form_of(browser, "/admin/delegation/new/") | {
        "owner": str(owner.id),
        "delegate": str(to.id),
        "role": "sales_manager",
        "starts_on": "2025-03-05",
        "ends_on": "2025-03-12",
        "reason": "年假",
    }
    wrong = browser.post("/admin/delegation/new/", sent | {"ends_on": "2025-03-04", "role": "gm"})
    assert wrong.status_code == 422
    assert {str(tag["data-field"]) for tag in page(wrong).select("[data-outcome=invalid][data-field]")} == {
        "ends_on",
        "role",
    }
    answer = browser.post("/admin/delegation/new/", sent)
    row = Delegation.get()
    assert answer.location == f"/admin/delegation/edit/?id={row.id}"
    shown = page(browser.get(answer.location))
    assert shown.select_one(f'[data-field=owner][data-value="{owner.id}"]') is not None
    listed = page(browser.get("/admin/delegation/")).select_one(f'tr[data-id="{row.id}"]')
    assert listed is not None
    assert listed["data-state"] == "open"
    stale = browser.post(answer.location, {"version": "7"})
    assert (stale.status_code, outcome(stale)) == (409, "stale")
    assert browser.post(answer.location, {"version": "1"}).location == "/admin/delegation/"
    assert Delegation.get().ended
    again = browser.post("/admin/delegation/action/", {"action": "end", "rowid": str(row.id)})
    assert again.status_code == 303
    assert outcome(browser.get("/admin/delegation/")) == "refused"


def test_no_page_of_accounts_shows_a_hash(app: Flask, admin: User) -> None:
    user = make_user("bob")
    browser = signed_in(app, "root")
    for path in PATHS:
        text = browser.get(path.format(id=user.id)).text
        assert "argon2" not in text
        assert Session.get().token_hash not in text
