"""How long a session lives, how many there are, who may end which, and what takes effect at the next request."""

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from peewee import Database

from backoffice import sessions
from backoffice.database import connected
from backoffice.sessions import Account, Lapsed
from models.accounts import Session, User, UserRole
from models.base import db as proxy
from models.params import Param
from tests.accounts_app import NOW, Browser, at, make_app, make_place, make_user, page, signed_in
from tests.servers import at_once

TODAY = dt.date(2025, 3, 5)


@pytest.fixture(autouse=True)
def clock_held() -> Iterator[None]:
    with at(NOW):
        yield


def open_one(user: User, now: dt.datetime = NOW) -> str:
    with proxy.atomic():
        return sessions.open_session(user.id, now=now, today=TODAY, address="10.0.0.1", agent="Firefox")


def test_a_token_has_256_random_bits_and_only_its_hash_is_kept(database: Database) -> None:
    make_app(database)
    user = make_user()
    tokens = {open_one(user) for _ in range(3)}
    assert len(tokens) == 3
    assert {len(token) for token in tokens} == {43}
    assert {row.token_hash for row in Session.select()} == {sessions.digest(token) for token in tokens}


@pytest.mark.parametrize(
    ("idle", "answer"),
    [({"minutes": 14, "seconds": 59}, 200), ({"minutes": 15}, 302)],
    ids=["a second before", "at 15 minutes"],
)
def test_an_idle_session_ends(database: Database, idle: dict[str, float], answer: int) -> None:
    app = make_app(database)
    make_user()
    browser = signed_in(app, "alice")
    with at(NOW, **idle):
        assert browser.get("/").status_code == answer


def test_the_idle_limit_is_a_setting_with_a_date(database: Database) -> None:
    app = make_app(database)
    make_user()
    for value, day in (("15", dt.date(2000, 1, 1)), ("60", TODAY), ("1", dt.date(2099, 1, 1))):
        Param.create(name=sessions.IDLE_SETTING, value=value, unit="min", valid_from=day, set_at=NOW)
    browser = signed_in(app, "alice")
    with at(NOW, minutes=59):
        assert browser.get("/").status_code == 200
    assert sessions.idle_limit(dt.date(2001, 1, 1)) == dt.timedelta(minutes=15)
    assert sessions.idle_limit(TODAY) == dt.timedelta(minutes=60)


def test_the_sign_in_page_says_why_one_is_out(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = signed_in(app, "alice")
    with at(NOW, minutes=20):
        answer = browser.get("/account/sessions/")
        assert answer.location == "/login?next=%2Faccount%2Fsessions%2F&why=idle"
        assert browser.cookie("sid") is None
        notice = page(browser.get(answer.location)).select_one("[data-outcome=info]")
        assert notice is not None
        assert notice.get_text(strip=True)


def test_use_keeps_a_session_open_but_not_beyond_ten_hours(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = signed_in(app, "alice")
    for minute in range(10, 600, 10):
        with at(NOW, minutes=minute):
            assert browser.get("/").status_code == 200, minute
    with at(NOW, hours=10):
        assert browser.get("/").location == "/login?why=old"


def test_a_session_is_noted_at_most_once_a_minute(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = signed_in(app, "alice")
    for seconds, seen in ((59, NOW), (60, NOW + dt.timedelta(seconds=60)), (90, NOW + dt.timedelta(seconds=60))):
        with at(NOW, seconds=seconds):
            browser.get("/")
            assert Session.get().seen_at == seen


def test_a_request_costs_one_query_for_the_session(database: Database) -> None:
    app = make_app(database)
    user = make_user("alice", "salesperson", "archivist")
    token = open_one(user)
    asked: list[str] = []
    proxy.obj.query_hooks.append(lambda *args, **kwargs: asked.append(str(args)))
    try:
        found = sessions.resolve(token, now=NOW, today=TODAY)
    finally:
        proxy.obj.query_hooks.clear()
    assert isinstance(found, Account)
    assert found.roles == {"salesperson", "archivist"}
    assert (found.department_id, found.department_name) == (user.department_id, "部门 sales")
    assert found.get_id() == str(user.id)
    assert len(asked) == 1
    assert Browser(app).get("/login").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 44, "../etc/passwd", "ä" * 43, "A" * 42 + "\n"])
def test_an_unknown_token_is_nobody(database: Database, token: str) -> None:
    make_app(database)
    assert sessions.resolve(token, now=NOW, today=TODAY) is None


def test_the_sixth_session_ends_the_oldest(database: Database) -> None:
    make_app(database)
    user, other = make_user(), make_user("bob")
    other_token = open_one(other)
    tokens = [open_one(user, NOW + dt.timedelta(seconds=second)) for second in range(6)]
    later = NOW + dt.timedelta(seconds=10)
    found = [sessions.resolve(token, now=later, today=TODAY) for token in tokens]
    assert found[0] == Lapsed("sixth")
    assert all(isinstance(one, Account) for one in found[1:])
    assert isinstance(sessions.resolve(other_token, now=later, today=TODAY), Account)


def test_lapsed_sessions_do_not_count_towards_five(database: Database) -> None:
    make_app(database)
    user = make_user()
    for second in range(5):
        open_one(user, NOW + dt.timedelta(seconds=second))
    later = NOW + dt.timedelta(minutes=30)
    open_one(user, later)
    assert Session.select().where(Session.ended_why == "sixth").count() == 0
    assert len(sessions.open_sessions(user.id, now=later, today=TODAY)) == 1


def test_ten_sign_ins_at_once_leave_five_sessions(database: Database) -> None:
    make_app(database)
    user = make_user()
    start = threading.Barrier(10)
    failures: list[BaseException] = []

    def sign_in() -> None:
        try:
            with connected(database):
                start.wait(20)
                open_one(user)
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=sign_in) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert len(sessions.open_sessions(user.id, now=NOW, today=TODAY)) == 5


def test_rows_older_than_thirty_days_are_forgotten(database: Database) -> None:
    make_app(database)
    user = make_user()
    open_one(user, NOW - dt.timedelta(days=31))
    open_one(user, NOW - dt.timedelta(days=29))
    open_one(user)
    assert Session.select().count() == 2


# --- at the next request ------------------------------------------------------------------------------------


def test_disabling_somebody_counts_at_his_next_request(database: Database) -> None:
    app = make_app(database)
    user = make_user()
    browser = signed_in(app, "alice")
    User.update(active=False).where(User.id == user.id).execute()
    assert browser.get("/").location == "/login?why=disabled"


def test_a_changed_role_counts_at_the_next_request(database: Database) -> None:
    app = make_app(database)
    user = make_user("alice", "salesperson")
    browser = signed_in(app, "alice")
    UserRole.update(role="finance").where(UserRole.user == user).execute()
    assert browser.get("/").text == "alice finance"


def test_a_changed_department_counts_at_the_next_request(database: Database) -> None:
    make_app(database)
    user = make_user()
    token = open_one(user)
    User.update(department=make_place("market")).where(User.id == user.id).execute()
    found = sessions.resolve(token, now=NOW, today=TODAY)
    assert isinstance(found, Account)
    assert found.department_name == "部门 market"


def give(user: User, role: str) -> None:
    """As an administrator does it."""
    UserRole.create(user=user, role=role)
    User.update(rights_version=User.rights_version + 1).where(User.id == user.id).execute()


def test_with_changed_rights_the_session_takes_a_new_id(database: Database) -> None:
    app = make_app(database)
    user = make_user()
    browser = signed_in(app, "alice")
    before = browser.cookie("sid")
    assert browser.get("/").status_code == 200
    assert browser.cookie("sid") == before
    give(user, "finance")
    assert browser.get("/").text == "alice finance,salesperson"
    after = browser.cookie("sid")
    assert after != before
    assert browser.get("/").status_code == 200
    assert browser.cookie("sid") == after
    assert Session.select().count() == 1


def test_the_id_before_is_good_for_the_other_requests_of_a_page_alone(database: Database) -> None:
    app = make_app(database)
    user = make_user()
    browser = signed_in(app, "alice")
    late = Browser(app)
    late.client.set_cookie("sid", browser.cookie("sid") or "", domain="localhost")
    give(user, "finance")
    browser.get("/")
    assert late.get("/").status_code == 200
    with at(NOW, seconds=31):
        assert late.get("/").status_code == 302
        assert browser.get("/").status_code == 200


def test_of_requests_at_once_one_renews_and_none_is_signed_out(database: Database) -> None:
    user = make_user()
    token = open_one(user)
    give(user, "finance")

    def ask() -> tuple[str | None, str | None]:
        with connected(database):
            found = sessions.resolve(token, now=NOW, today=TODAY)
            assert isinstance(found, Account)
            return found.username, sessions.renew(found, now=NOW)

    results = at_once(*[ask] * 6)
    assert [one[0] for one in results] == ["alice"] * 6
    assert len([one[1] for one in results if one[1]]) == 1


def test_an_ended_session_is_not_renewed(database: Database) -> None:
    app = make_app(database)
    user = make_user()
    browser = signed_in(app, "alice")
    found = sessions.resolve(browser.cookie("sid") or "", now=NOW, today=TODAY)
    assert isinstance(found, Account)
    give(user, "finance")
    sessions.end_all(user.id, now=NOW, why="ended")
    assert sessions.renew(replace(found, rights_version=2), now=NOW) is None
    assert browser.get("/").location == "/login?why=ended"


# --- one's own sessions ---------------------------------------------------------------------------------------


def test_everybody_sees_his_own_sessions_and_no_others(database: Database) -> None:
    app = make_app(database)
    make_user(), make_user("bob")
    browser, other, stranger = signed_in(app, "alice"), signed_in(app, "alice"), signed_in(app, "bob")
    rows = page(browser.get("/account/sessions/")).select("tr[data-id]")
    mine = {row.id for row in Session.select().join(User).where(User.username == "alice")}
    assert {int(str(row["data-id"])) for row in rows} == mine
    assert [row["data-state"] for row in rows].count("own") == 1
    assert other.get("/").status_code == stranger.get("/").status_code == 200


def test_one_ends_ones_other_session(database: Database) -> None:
    app = make_app(database)
    make_user()
    other = signed_in(app, "alice")
    with at(NOW, seconds=1):
        browser = signed_in(app, "alice")
        rows = page(browser.get("/account/sessions/")).select("tr[data-id]")
        (foreign,) = [row["data-id"] for row in rows if row["data-state"] == "open"]
        answer = browser.post("/account/sessions/", {"action": "end", "session": foreign})
        assert answer.status_code == 303
        assert other.get("/").location == "/login?why=ended"
        assert browser.get("/").status_code == 200


def test_one_ends_all_others_at_once(database: Database) -> None:
    app = make_app(database)
    make_user()
    others = [signed_in(app, "alice") for _ in range(3)]
    browser = signed_in(app, "alice")
    assert browser.post("/account/sessions/", {"action": "end_others"}).status_code == 303
    assert [other.get("/").status_code for other in others] == [302] * 3
    assert browser.get("/").status_code == 200


def test_ending_the_present_session_signs_out(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = signed_in(app, "alice")
    answer = browser.post("/account/sessions/", {"action": "end", "session": str(Session.get().id)})
    assert answer.location == "/login?why=signed_out"
    assert browser.get("/").status_code == 302


@pytest.mark.parametrize("wanted", ["foreign", "0", "-1", "x", "", "9" * 30, "１"])
def test_nobody_ends_the_session_of_another(database: Database, wanted: str) -> None:
    app = make_app(database)
    make_user(), make_user("bob")
    stranger = signed_in(app, "bob")
    foreign = str(Session.get().id)
    browser = signed_in(app, "alice")
    typed = foreign if wanted == "foreign" else wanted
    assert browser.post("/account/sessions/", {"action": "end", "session": typed}).status_code == 404
    assert stranger.get("/").status_code == 200
