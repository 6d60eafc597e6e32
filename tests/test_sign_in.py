"""Signing in and out, the throttle under parallel guesses, one-time passwords, and the change of one's own."""

import datetime as dt
import json
import logging
import threading
from collections.abc import Iterator

import pytest
from peewee import Database

from backoffice import throttle
from backoffice.database import connected
from backoffice.errors import log_to
from backoffice.passwords import Hasher
from backoffice.throttle import Limits, Wait
from models.accounts import Session, SignInAttempt, User
from models.evidence import AuditEvent
from tests.accounts_app import CHEAP, NOW, PASSWORD, Browser, at, make_app, make_user, outcome, page, signed_in

NEW = "seven lamps under water"


@pytest.fixture(autouse=True)
def clock_held() -> Iterator[None]:
    with at(NOW):
        yield


def test_the_right_password_opens_a_session(database: Database) -> None:
    app = make_app(database)
    make_user("alice", "salesperson", "archivist")
    browser = Browser(app)
    answer = browser.sign_in("alice")
    assert (answer.status_code, answer.location) == (303, "/")
    assert browser.get("/").text == "alice archivist,salesperson"


def test_the_session_cookie_keeps_no_secret_of_ours(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = Browser(app)
    cookie = next(one for one in browser.sign_in("alice").headers.getlist("Set-Cookie") if one.startswith("sid="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert "Secure" not in cookie
    assert "Expires" not in cookie
    row = Session.get()
    assert browser.cookie("sid") not in row.__data__.values()
    assert len(row.token_hash) == 64


def test_over_tls_the_cookies_are_bound_to_the_host(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = Browser(app, https=True)
    cookies = [browser.get("/login").headers["Set-Cookie"], *browser.sign_in("alice").headers.getlist("Set-Cookie")]
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
    assert browser.get("/").text.startswith("alice")


@pytest.mark.parametrize("username", ["alice", "nobody", "disabled", "ALICE "])
def test_a_wrong_password_and_an_unknown_name_read_the_same(database: Database, username: str) -> None:
    app = make_app(database)
    make_user("alice")
    make_user("disabled", active=False)
    answer = Browser(app).sign_in(username, "wrong password indeed")
    assert answer.status_code == 422
    assert outcome(answer) == "invalid"
    notice = page(answer).select_one("[data-outcome]")
    assert notice is not None
    assert notice.get_text(strip=True) == str(
        page(Browser(app).sign_in("nobody2", "wrong password indeed")).select_one("[data-outcome]").get_text(strip=True)
    )


def test_a_disabled_account_cannot_sign_in_with_the_right_password(database: Database) -> None:
    app = make_app(database)
    make_user("disabled", active=False)
    assert Browser(app).sign_in("disabled").status_code == 422
    assert Session.select().count() == 0


def test_a_user_name_may_be_typed_in_capitals(database: Database) -> None:
    app = make_app(database)
    make_user("alice")
    assert Browser(app).sign_in(" Alice").status_code == 303


def test_signing_in_takes_a_new_id_and_ends_the_one_before(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = signed_in(app, "alice")
    before = browser.cookie("sid")
    assert browser.sign_in("alice").status_code == 303
    assert browser.cookie("sid") != before
    stale = Browser(app)
    stale.client.set_cookie("sid", before or "", domain="localhost")
    assert stale.get("/").status_code == 302


def test_a_planted_session_id_is_not_taken_over(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = Browser(app)
    browser.client.set_cookie("sid", "A" * 43, domain="localhost")
    browser.sign_in("alice")
    assert browser.cookie("sid") != "A" * 43


def test_signing_out_ends_it_on_the_server(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = signed_in(app, "alice")
    copied = browser.cookie("sid")
    answer = browser.post("/logout", {})
    assert answer.status_code == 303
    assert '"cache"' in answer.headers["Clear-Site-Data"]
    assert browser.cookie("sid") is None
    thief = Browser(app)
    thief.client.set_cookie("sid", copied or "", domain="localhost")
    assert thief.get("/").status_code == 302
    assert [event.action for event in AuditEvent.select().order_by(AuditEvent.id)][-1] == "account:logout"


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        ("/admin/gift_signoff/?search=x", "/admin/gift_signoff/?search=x"),
        ("//evil.example/", "/"),
        ("///evil.example/", "/"),
        ("////evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/%2f/evil.example", "/"),
        ("/admin/x/?search=a%20b%2F%2Fc&n=%E5%AE%A2", "/admin/x/?search=a%20b%2F%2Fc&n=%E5%AE%A2"),
        ("/%09/evil.example", "/"),
        ("\t//evil.example", "/"),
        ("/%5cevil.example", "/"),
        ("%2f%2fevil.example", "/"),
        ("evil.example", "/"),
        ("", "/"),
        ("/a\r\nX: y", "/"),
    ],
)
def test_after_signing_in_one_stays_here(database: Database, target: str, leads: str) -> None:
    app = make_app(database)
    make_user()
    assert Browser(app).sign_in("alice", next=target).location == leads


def test_a_page_asked_for_before_signing_in_is_shown_after_it(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = Browser(app)
    answer = browser.get("/account/sessions/?x=1")
    assert answer.status_code == 302
    assert answer.location == "/login?next=%2Faccount%2Fsessions%2F%3Fx%3D1"
    hidden = page(browser.get(answer.location)).select_one("input[name=next]")
    assert hidden is not None
    assert browser.sign_in("alice", next=hidden["value"]).location == "/account/sessions/?x=1"


def test_a_form_sent_without_a_session_leads_to_the_sign_in_page(database: Database) -> None:
    app = make_app(database)
    answer = Browser(app).post("/account/password/", {"old": "x", "new": "y", "repeat": "y"})
    assert (answer.status_code, answer.location) == (302, "/login")


def test_a_get_of_the_sign_in_page_writes_nothing(database: Database) -> None:
    app = make_app(database)
    Browser(app).get("/login")
    assert SignInAttempt.select().count() == AuditEvent.select().count() == Session.select().count() == 0


def test_good_and_bad_sign_ins_are_in_the_history(database: Database) -> None:
    app = make_app(database)
    user = make_user()
    Browser(app).sign_in("alice")
    Browser(app).sign_in("alice", "wrong password indeed")
    Browser(app).sign_in("my secret password", "x")
    events = list(AuditEvent.select().where(AuditEvent.register == "account").order_by(AuditEvent.id))
    assert [(event.action, event.record_id, event.number) for event in events] == [
        ("account:login:success", user.id, "alice"),
        ("account:login:failure", user.id, "alice"),
        ("account:login:failure", None, ""),
    ]
    assert "my secret" not in "".join(event.detail for event in events)
    assert events[0].address == "127.0.0.1"


def test_no_password_reaches_a_log_or_the_history(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    app = make_app(database)
    make_user()
    old = logging.getLogger().handlers[:]
    log_to()
    try:
        browser = signed_in(app, "alice")
        Browser(app).sign_in("alice", "canary-7731-wrong")
        browser.post("/account/password/", {"old": "canary-7731-old", "new": "canary-7731-new", "repeat": "x"})
        browser.post(
            "/account/password/", {"old": PASSWORD, "new": "canary-7731-new-long", "repeat": "canary-7731-new-long"}
        )
    finally:
        logging.getLogger().handlers[:] = old
    text = capsys.readouterr().out + "".join(event.detail for event in AuditEvent.select())
    assert "sign-in failed" in text
    assert "canary-7731" not in text
    assert PASSWORD not in text


def test_a_hash_of_old_parameters_is_renewed(database: Database) -> None:
    stronger = Hasher(memory_kib=128, time_cost=1)
    app = make_app(database, hasher=stronger)
    user = make_user()
    assert Browser(app).sign_in("alice").status_code == 303
    renewed = User.get_by_id(user.id).password_hash
    assert renewed != user.password_hash
    assert not stronger.outdated(renewed)
    assert stronger.verify(renewed, PASSWORD)


# --- throttle ---------------------------------------------------------------------------------------------


def test_after_five_wrong_guesses_even_the_right_one_waits(database: Database) -> None:
    app = make_app(database)
    make_user()
    for _ in range(5):
        assert Browser(app).sign_in("alice", "wrong password indeed").status_code == 422
    answer = Browser(app).sign_in("alice")
    assert answer.status_code == 429
    assert outcome(answer) == "refused"
    assert answer.headers["Retry-After"] == "901"
    assert "09:15" in answer.text  # 15 minutes later, in the company's time.
    with at(NOW, minutes=14, seconds=59):
        assert Browser(app).sign_in("alice").status_code == 429
    with at(NOW, minutes=15):
        assert Browser(app).sign_in("alice").status_code == 303


def test_unknown_names_are_throttled_alike(database: Database) -> None:
    app = make_app(database)
    codes = [Browser(app).sign_in("nobody", "x" * 12).status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]


def test_spelling_a_name_differently_gives_no_more_guesses(database: Database) -> None:
    app = make_app(database)
    make_user()
    names = ["alice", "ALICE", " alice", "Alice ", "aLICE", "alice"]
    assert [Browser(app).sign_in(name, "wrong").status_code for name in names] == [422] * 5 + [429]


def test_right_passwords_take_no_slot(database: Database) -> None:
    app = make_app(database)
    make_user()
    assert {Browser(app).sign_in("alice").status_code for _ in range(7)} == {303}


def test_an_open_session_goes_on_while_new_ones_wait(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = signed_in(app, "alice")
    for _ in range(6):
        Browser(app).sign_in("alice", "wrong password indeed")
    assert browser.get("/").status_code == 200


def test_one_address_guesses_twenty_times(database: Database) -> None:
    app = make_app(database)
    make_user()
    codes = [Browser(app).sign_in(f"user{number}", "x").status_code for number in range(21)]
    assert codes == [422] * 20 + [429]
    elsewhere = Browser(app, environ={"REMOTE_ADDR": "127.0.0.2"})
    assert elsewhere.sign_in("alice").status_code == 303


def test_addresses_of_one_network_count_as_one() -> None:
    assert throttle.address_key("2001:db8::1") == throttle.address_key("2001:db8::ffff:2")
    assert throttle.address_key("2001:db8:0:1::1") != throttle.address_key("2001:db8::1")
    assert throttle.address_key("::ffff:10.0.0.1") == "10.0.0.1"
    assert throttle.address_key("no address") == "no address"


def test_all_guesses_together_are_bounded(database: Database) -> None:
    make_app(database)
    limits = Limits(account=5, address=20, overall=8)
    slots = [throttle.take_slot(f"u{n}", f"10.0.0.{n}", now=NOW, limits=limits) for n in range(9)]
    assert [isinstance(slot, Wait) for slot in slots] == [False] * 8 + [True]
    assert slots[8] == Wait(NOW + dt.timedelta(minutes=15))


def test_the_wait_ends_when_the_oldest_guess_leaves_the_window(database: Database) -> None:
    make_app(database)
    for minute in range(5):
        throttle.take_slot("alice", "10.0.0.1", now=NOW + dt.timedelta(minutes=minute))
    found = throttle.take_slot("alice", "10.0.0.1", now=NOW + dt.timedelta(minutes=5))
    assert found == Wait(NOW + dt.timedelta(minutes=15))
    assert throttle.wrong_guesses("alice", now=NOW + dt.timedelta(minutes=5)) == 5
    assert isinstance(throttle.take_slot("alice", "10.0.0.1", now=NOW + dt.timedelta(minutes=15)), int)


def test_old_attempts_are_forgotten(database: Database) -> None:
    make_app(database)
    throttle.take_slot("alice", "10.0.0.1", now=NOW)
    throttle.take_slot("bob", "10.0.0.1", now=NOW + dt.timedelta(hours=25))
    assert [row.username for row in SignInAttempt.select()] == ["bob"]


def test_of_forty_parallel_guesses_five_are_judged(database: Database) -> None:
    """Each thread guesses through the application; the clock of a thread is its own, so each holds it."""
    app = make_app(database)
    make_user()
    judged: list[int] = []
    failures: list[BaseException] = []
    start = threading.Barrier(10)

    def guess(number: int) -> None:
        try:
            with at(NOW), connected(database):
                browser = Browser(app)
                browser.token()
                start.wait(20)
                for turn in range(4):
                    code = browser.sign_in("alice", f"wrong guess {number} {turn}").status_code
                    judged.append(code)
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert len(judged) == 40
    assert set(judged) <= {422, 429}
    assert judged.count(422) == 5
    assert SignInAttempt.select().count() == 5


# --- one-time passwords and one's own -----------------------------------------------------------------------


def test_a_one_time_password_must_be_changed_first(database: Database) -> None:
    app = make_app(database)
    make_user(must_change_password=True, password_expires_at=NOW + dt.timedelta(hours=72))
    browser = signed_in(app, "alice")
    for path in ("/", "/account/sessions/"):
        answer = browser.get(path)
        assert (answer.status_code, answer.location) == (303, "/account/password/")
    answer = browser.post("/account/password/", {"old": PASSWORD, "new": NEW, "repeat": NEW}, form="/account/password/")
    assert answer.status_code == 303
    assert browser.get("/").status_code == 200
    user = User.get()
    assert not user.must_change_password
    assert user.password_expires_at is None


def test_a_one_time_password_ends_after_72_hours(database: Database) -> None:
    app = make_app(database)
    make_user(must_change_password=True, password_expires_at=NOW)
    answer = Browser(app).sign_in("alice")
    assert (answer.status_code, outcome(answer)) == (422, "invalid")
    wrong = Browser(app).sign_in("alice", "wrong password indeed")
    assert "no longer valid" not in wrong.text
    assert Session.select().count() == 0


def test_the_demo_switches_the_one_time_rule_off(database: Database) -> None:
    app = make_app(database)
    app.config["ONE_TIME_RULE"] = False
    make_user(must_change_password=True, password_expires_at=NOW)
    assert signed_in(app, "alice").get("/").status_code == 200


def test_changing_ones_password_ends_all_other_sessions(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser, other = signed_in(app, "alice"), signed_in(app, "alice")
    before = browser.cookie("sid")
    answer = browser.post("/account/password/", {"old": PASSWORD, "new": NEW, "repeat": NEW})
    assert answer.status_code == 303
    assert browser.cookie("sid") != before
    assert browser.get("/").status_code == 200
    assert other.get("/").location == "/login?why=password"
    assert Browser(app).sign_in("alice").status_code == 422
    assert Browser(app).sign_in("alice", NEW).status_code == 303
    assert "account:password" in [event.action for event in AuditEvent.select()]
    notice = page(browser.get("/account/sessions/")).select_one("[data-outcome=done]")
    assert notice is not None


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"old": "wrong password indeed", "new": NEW, "repeat": NEW}, "old"),
        ({"old": PASSWORD, "new": NEW, "repeat": NEW + "x"}, "repeat"),
        ({"old": PASSWORD, "new": PASSWORD, "repeat": PASSWORD}, "new"),
        ({"old": PASSWORD, "new": "short", "repeat": "short"}, "new"),
        ({"old": PASSWORD, "new": "password1234", "repeat": "password1234"}, "new"),
        ({"old": PASSWORD, "new": "alice-otter-kettle", "repeat": "alice-otter-kettle"}, "new"),
        ({"old": PASSWORD}, "new"),
    ],
)
def test_a_bad_change_is_told_at_its_field(database: Database, typed: dict[str, str], field: str) -> None:
    app = make_app(database)
    user = make_user()
    answer = signed_in(app, "alice").post("/account/password/", typed)
    assert answer.status_code == 422
    marked = {tag["data-field"] for tag in page(answer).select("[data-outcome=invalid][data-field]")}
    assert marked == {field}
    assert User.get().password_hash == user.password_hash
    assert CHEAP.verify(User.get().password_hash, PASSWORD)


def test_a_stolen_session_guesses_the_old_password_five_times(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = signed_in(app, "alice")
    wrong = {"old": "wrong password indeed", "new": NEW, "repeat": NEW}
    codes = [browser.post("/account/password/", wrong).status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]


def test_logs_are_one_json_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    old = logging.getLogger().handlers[:]
    log_to()
    try:
        logging.getLogger("backoffice").info(
            'name\r\n{"level":"forged"}', extra={"fields": {"who": "a\u2028b\x1b[31m"}}
        )
    finally:
        logging.getLogger().handlers[:] = old
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["level"] == "info"
    assert line.isascii()
