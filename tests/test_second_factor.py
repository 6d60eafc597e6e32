"""The second factor: who must have one, codes that work once, recovery codes, what it takes to change it, and its reset."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from flask import Flask
from peewee import Database

from backoffice import accounts, auth, clock, second_factor
from backoffice.app import make_catalogue
from backoffice.database import connected
from backoffice.outcomes import Declined, Done, Forbidden, Invalid
from models.accounts import Delegation, Session, User, UserRole
from models.evidence import AuditEvent
from models.factors import RecoveryCode, SecondFactor
from tests.accounts_app import NOW, PASSWORD, Browser, at, make_app, make_user, outcome, page, signed_in
from tests.servers import at_once

KEY = "k" * 40
SETUP = "/account/second-factor/"


@pytest.fixture(autouse=True)
def still() -> Iterator[None]:
    with at():
        yield


@pytest.fixture
def app(database: Database) -> Flask:
    return make_app(database, second_factor="approvers")


def equipped(username: str = "alice", *roles: str, codes: bool = False) -> Any:
    """An account with an authenticator; its secret, or its recovery codes."""
    user = User.get_or_none(User.username == username) or make_user(username, *roles)
    salt = second_factor.fresh_salt()
    made = second_factor.enrol(user.id, salt, 0, now=NOW)
    return made if codes else second_factor.secret_of(KEY, user.id, salt)


def code(secret: str, **later: float) -> str:
    return pyotp.TOTP(secret).at(NOW + dt.timedelta(**later))


def wrong(secret: str) -> str:
    """Six digits that count neither now nor soon."""
    right = {code(secret, seconds=30 * n) for n in range(-3, 40)}
    return next(one for one in (f"{n:06d}" for n in range(100)) if one not in right)


def at_code(app: Flask, username: str = "alice", **more: Any) -> Browser:
    """Somebody whose password was right and who is asked for the code."""
    browser = Browser(app, **more)
    answer = browser.sign_in(username)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/code")
    return browser


def type_code(browser: Browser, typed: str) -> Any:
    return browser.post("/login/code", {"code": typed}, form="/login/code")


def actions() -> list[str]:
    return [event.action for event in AuditEvent.select().order_by(AuditEvent.id)]


# --- who must have one ------------------------------------------------------------------------------------------------


def test_the_roles_are_those_whose_grants_approve_and_the_administrator() -> None:
    needing = second_factor.needing(make_catalogue(), "approvers")
    assert needing is not None
    assert {"admin", "gm", "deputy_gm", "dept_head", "sales_manager", "archivist"} <= needing
    assert not needing & {"salesperson", "auditor", "sales_clerk", "agent"}
    assert second_factor.needing(make_catalogue(), "all") is None
    assert second_factor.needing(make_catalogue(), "off") == frozenset()


@pytest.mark.parametrize("path", ["/", "/account/sessions/"])
def test_an_administrator_sets_it_up_before_anything_else(app: Flask, path: str) -> None:
    make_user("boss", "admin")
    browser = signed_in(app, "boss")
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, SETUP)
    answer = browser.post(path, {"action": "end_others"}, form="/account/password/")
    assert answer.status_code in (303, 405)
    assert "account:sessions:end" not in actions()
    assert browser.get(SETUP).status_code == 200
    assert browser.get("/account/password/").status_code == 200


def test_others_need_none_unless_the_setting_says_all(database: Database) -> None:
    make_user("alice")
    assert signed_in(make_app(database, second_factor="approvers"), "alice").get("/").status_code == 200
    assert signed_in(make_app(database, second_factor="all"), "alice").get("/").status_code == 303


def test_off_asks_nobody_and_has_no_page(database: Database) -> None:
    equipped("boss", "admin")
    browser = signed_in(make_app(database), "boss")
    assert browser.get("/").status_code == 200
    assert browser.get(SETUP).status_code == 404


def test_a_role_that_is_given_demands_it_at_the_next_request(app: Flask) -> None:
    user = make_user("alice")
    browser = signed_in(app, "alice")
    assert browser.get("/").status_code == 200
    UserRole.create(user=user, role="admin")
    assert browser.get("/").headers["Location"] == SETUP


def test_a_role_that_is_lent_demands_it_too(app: Flask) -> None:
    app.extensions["backoffice_catalogue"] = make_catalogue()
    head, deputy = make_user("head", "dept_head"), make_user("deputy", "salesperson")
    browser = signed_in(app, "deputy")
    assert browser.get("/").status_code == 200
    today = clock.today()
    Delegation.create(
        owner=head,
        delegate=deputy,
        role="dept_head",
        starts_on=today,
        ends_on=today,
        reason="x",
        created_at=NOW,
        updated_at=NOW,
    )
    assert browser.get("/").headers["Location"] == SETUP


# --- setting it up ----------------------------------------------------------------------------------------------------


def test_it_is_set_up_with_code_and_password_and_shows_its_codes_once(app: Flask) -> None:
    user = make_user("boss", "admin")
    browser, other = signed_in(app, "boss"), signed_in(app, "boss")
    shown = page(browser.get(SETUP))
    key = shown.select_one("[data-field=secret]")
    assert key is not None
    secret = str(key["data-value"])
    assert shown.select_one("svg path") is not None
    before = browser.cookie("sid")
    answer = browser.post(SETUP, {"action": "enrol", "code": code(secret), "password": PASSWORD}, form=SETUP)
    assert answer.status_code == 200
    codes = [str(one["data-value"]) for one in page(answer).select("[data-field=recovery_code]")]
    assert len(set(codes)) == 10
    assert browser.cookie("sid") != before  # A new id with the new standing.
    assert browser.get("/").status_code == 200
    assert other.get("/").status_code == 302  # What was open with a password alone is not any more.
    assert actions()[-1] == "account:factor:enrol"
    stored = json.dumps(
        [list(row.values()) for row in [*RecoveryCode.select().dicts(), *SecondFactor.select().dicts()]], default=str
    )
    history = json.dumps(list(AuditEvent.select().dicts()), default=str)
    for one in (*codes, *(text.replace("-", "") for text in codes), secret):
        assert one not in stored + history + str(browser.cookie("notice"))
        assert one not in browser.get(SETUP).text
    assert SecondFactor.get(SecondFactor.user == user.id).confirmed_at == NOW


@pytest.mark.parametrize("change", [{"code": ""}, {"code": "000000"}, {"password": "not it at all"}, {"password": ""}])
def test_it_is_not_set_up_without_both(app: Flask, change: dict[str, str]) -> None:
    make_user("boss", "admin")
    browser = signed_in(app, "boss")
    secret = str(page(browser.get(SETUP)).select_one("[data-field=secret]")["data-value"])
    if change.get("code") == "000000":
        change = {"code": wrong(secret)}
    typed = {"action": "enrol", "code": code(secret), "password": PASSWORD, **change}
    answer = browser.post(SETUP, typed, form=SETUP)
    assert answer.status_code == 422
    assert page(answer).select_one(f"[data-outcome=invalid][data-field={next(iter(change))}]") is not None
    assert SecondFactor.select().count() == 0
    # The same picture again: a phone that has scanned it fits still.
    assert str(page(answer).select_one("[data-field=secret]")["data-value"]) == secret
    assert browser.get("/").status_code == 303


def test_the_secret_is_not_another_account_s_nor_another_server_s() -> None:
    salt = second_factor.fresh_salt()
    made = {second_factor.secret_of(key, user, salt) for key in (KEY, "j" * 40) for user in (1, 2)}
    assert len(made) == 4
    assert {len(one) for one in made} == {32}


def test_the_picture_says_what_an_authenticator_reads() -> None:
    """Read back from the matrix by the library that draws it would prove little; this reads the path's size and the text."""
    text = second_factor.otpauth("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "boss", "青川建材")
    assert text.startswith("otpauth://totp/")
    assert "secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" in text
    size, path = second_factor.picture(text)
    assert size > 40
    places = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", path)}
    # The three corners that a camera looks for, inside the quiet margin of four.
    for x, y in ((4, 4), (size - 11, 4), (4, size - 11)):
        assert {(x + n, y) for n in range(7)} <= places
        assert {(x + 2, y + 2), (x + 3, y + 3), (x + 4, y + 4)} <= places
        assert not {(x + 1, y + n) for n in range(1, 6)} & places
    assert all(4 <= x < size - 4 and 4 <= y < size - 4 for x, y in places)


# --- signing in -------------------------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing(app: Flask) -> None:
    equipped("boss", "admin")
    browser = at_code(app, "boss")
    assert browser.get("/").status_code == 302
    assert Session.select().count() == 0
    assert browser.cookie("sid") is None


def test_the_code_opens_a_session_and_leads_on(app: Flask) -> None:
    secret = equipped("boss", "admin")
    browser = Browser(app)
    browser.sign_in("boss", next="/echo?a=1")
    answer = type_code(browser, f" {code(secret)[:3]} {code(secret)[3:]}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/echo?a=1")
    assert browser.get("/").status_code == 200
    event = AuditEvent.get(AuditEvent.action == "account:login:success")
    assert json.loads(event.detail) == {"factor": "totp"}


def test_over_tls_the_cookie_is_bound_to_the_host(app: Flask) -> None:
    secret = equipped()
    browser = at_code(app, https=True)
    answer = type_code(browser, code(secret))
    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("__Host-sid=")]
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_a_fault_in_the_gate_shows_no_page(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """ASVS 16.5.3."""
    make_user("alice")
    browser = signed_in(app, "alice")

    def broken(_account: Any) -> bool:
        raise RuntimeError("the policy is out of order")

    monkeypatch.setattr(auth, "needs_factor", broken)
    answer = browser.get("/")
    assert answer.status_code == 500
    assert "salesperson" not in answer.text
    assert "out of order" not in answer.text


@pytest.mark.parametrize(("late", "status"), [(-60, 422), (-30, 303), (0, 303), (30, 303), (60, 422)])
def test_a_code_counts_half_a_minute_early_or_late(app: Flask, late: int, status: int) -> None:
    secret = equipped()
    assert type_code(at_code(app), code(secret, seconds=late)).status_code == status


def test_a_code_works_once(app: Flask) -> None:
    secret = equipped()
    assert type_code(at_code(app), code(secret)).status_code == 303
    again = type_code(at_code(app), code(secret))
    assert again.status_code == 422
    assert outcome(again) == "invalid"
    # Nor does one from before it, which somebody may have seen on the screen.
    assert type_code(at_code(app), code(secret, seconds=-30)).status_code == 422
    with at(seconds=30):
        assert type_code(at_code(app), code(secret, seconds=30)).status_code == 303


def test_of_eight_who_send_one_code_at_once_one_is_let_in(app: Flask, database: Database) -> None:
    user = make_user("alice")
    salt = second_factor.fresh_salt()
    second_factor.enrol(user.id, salt, 0, now=NOW)
    typed = code(second_factor.secret_of(KEY, user.id, salt))

    def send() -> Any:
        with connected(database):
            return second_factor.redeem(user.id, KEY, typed, now=NOW)

    assert sorted(map(str, at_once(*[send] * 8))) == ["None"] * 7 + ["totp"]


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "🔑" * 6, "0" * 5000, "'; --"])
def test_no_other_text_is_a_code(app: Flask, typed: str) -> None:
    equipped()
    answer = type_code(at_code(app), typed)
    assert answer.status_code == 422
    assert Session.select().count() == 0


def test_wrong_codes_are_throttled_like_passwords_and_told(app: Flask) -> None:
    secret = equipped()
    browser = at_code(app)
    for _ in range(5):
        assert type_code(browser, wrong(secret)).status_code == 422
    answer = type_code(browser, code(secret))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "901")
    assert Browser(app).sign_in("alice").status_code == 429
    assert actions().count("account:login:failure") == 5
    with at(minutes=15):
        later = at_code(app)
        assert type_code(later, code(secret, minutes=15)).status_code == 303


def test_an_open_session_goes_on_while_codes_are_guessed(app: Flask) -> None:
    secret = equipped()
    mine = at_code(app)
    type_code(mine, code(secret))
    thief = at_code(app)
    for _ in range(6):
        type_code(thief, wrong(secret))
    # Signing in is not even counted as a session until the code is right: the five of the owner stay.
    assert mine.get("/").status_code == 200
    assert Session.select().count() == 1


def test_a_right_password_waits_five_minutes_for_its_code(app: Flask) -> None:
    secret = equipped()
    browser = at_code(app)
    with at(minutes=5, seconds=1):
        answer = browser.get("/login/code")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login?why=late")
        assert Session.select().count() == 0
    with at(minutes=4):
        assert type_code(at_code(app), code(secret, minutes=4)).status_code == 303


@pytest.mark.parametrize("what", ["password", "disabled", "reset"])
def test_what_was_right_before_a_change_is_not_after_it(app: Flask, what: str) -> None:
    secret = equipped()
    browser = at_code(app)
    browser.token("/login/code")
    if what == "password":
        User.update(password_hash="other").execute()
    elif what == "disabled":
        User.update(active=False).execute()
    else:
        second_factor.remove(User.get().id)
    answer = browser.client.post(
        "/login/code", data={"code": code(secret), "csrf_token": browser.token("/login")}, base_url=browser.base
    )
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login")
    assert Session.select().count() == 0


def test_the_code_page_without_a_password_leads_to_the_sign_in_page(app: Flask) -> None:
    equipped()
    browser = Browser(app)
    assert browser.get("/login/code").headers["Location"] == "/login"
    answer = browser.post("/login/code", {"code": "123456"}, form="/login")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")


def test_after_a_change_of_the_server_key_only_recovery_codes_work(database: Database) -> None:
    codes = equipped("alice", codes=True)
    assert second_factor.redeem(User.get().id, "other" * 8, codes[0], now=NOW) == "recovery"


# --- recovery codes -----------------------------------------------------------------------------------------------------


def test_a_recovery_code_works_once_and_says_how_many_are_left(app: Flask) -> None:
    codes = equipped(codes=True)
    browser = at_code(app)
    assert type_code(browser, codes[3].upper().replace("-", " ")).status_code == 303
    assert "9" in page(browser.get("/login")).select_one("[data-outcome=info]").get_text()
    assert type_code(at_code(app), codes[3]).status_code == 422
    assert type_code(at_code(app), codes[4]).status_code == 303
    details = [
        json.loads(one.detail) for one in AuditEvent.select().where(AuditEvent.action == "account:login:success")
    ]
    assert details == [{"factor": "recovery"}] * 2


def test_of_two_who_send_one_recovery_code_at_once_one_is_let_in(app: Flask, database: Database) -> None:
    codes, user = equipped(codes=True), User.get()

    def send() -> Any:
        with connected(database):
            return second_factor.redeem(user.id, KEY, codes[0], now=NOW)

    assert sorted(map(str, at_once(*[send] * 8))) == ["None"] * 7 + ["recovery"]


def test_a_recovery_code_of_another_is_none(app: Flask) -> None:
    codes = equipped("bob", codes=True)
    equipped("alice")
    assert type_code(at_code(app, "alice"), codes[0]).status_code == 422


def test_new_recovery_codes_end_the_old_ones(app: Flask) -> None:
    secret = equipped()
    old = [row.hash for row in RecoveryCode.select()]
    browser = at_code(app)
    type_code(browser, code(secret))
    with at(seconds=30):
        typed = {"action": "codes", "code": code(secret, seconds=30), "password": PASSWORD}
        answer = browser.post(SETUP, typed, form=SETUP)
    assert answer.status_code == 200
    assert len(page(answer).select("[data-field=recovery_code]")) == 10
    assert not {row.hash for row in RecoveryCode.select()} & set(old)


@pytest.mark.parametrize("path", ["/login", "/account/password/", SETUP])
def test_passwords_are_masked_and_managers_of_passwords_may_fill_them(app: Flask, path: str) -> None:
    """ASVS 6.2.6 and 6.2.7."""
    make_user("alice")
    browser = Browser(app) if path == "/login" else signed_in(app, "alice")
    fields = page(browser.get(path)).select(
        "input[name*=password], input[name=old], input[name=new], input[name=repeat]"
    )
    assert fields
    for field in fields:
        assert field["type"] == "password"
        assert field["autocomplete"] in ("current-password", "new-password")
        assert not [name for name in field.attrs if name.startswith("on")]


# --- changing and losing it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["codes", "remove"])
@pytest.mark.parametrize("missing", ["code", "password"])
def test_an_open_browser_is_not_enough_to_change_it(app: Flask, action: str, missing: str) -> None:
    secret = equipped()
    browser = at_code(app)
    type_code(browser, code(secret))
    with at(seconds=30):
        typed = {"action": action, "code": code(secret, seconds=30), "password": PASSWORD, missing: "nonsense"}
        assert browser.post(SETUP, typed, form=SETUP).status_code == 422
        assert actions()[-1] == "account:factor:failure"
    assert SecondFactor.select().count() == 1
    assert RecoveryCode.select().where(RecoveryCode.used_at.is_null()).count() == 10


def test_whoever_must_have_one_sets_up_another_at_once(app: Flask) -> None:
    secret = equipped("boss", "admin")
    browser = at_code(app, "boss")
    type_code(browser, code(secret))
    with at(seconds=30):
        typed = {"action": "remove", "code": code(secret, seconds=30), "password": PASSWORD}
        assert browser.post(SETUP, typed, form=SETUP).status_code == 303
        assert browser.get("/").headers["Location"] == SETUP
    assert actions()[-1] == "account:factor:remove"


@pytest.mark.parametrize("action", ["", "disable", "enrol"])
def test_other_actions_change_nothing(app: Flask, action: str) -> None:
    secret = equipped()
    browser = at_code(app)
    type_code(browser, code(secret))
    salt = SecondFactor.get().salt
    answer = browser.post(SETUP, {"action": action, "code": "1", "password": PASSWORD}, form=SETUP)
    assert answer.status_code == (303 if action == "enrol" else 400)
    assert SecondFactor.get().salt == salt


def test_an_administrator_resets_it_with_a_reason_and_a_history_entry(app: Flask) -> None:
    secret = equipped("alice")
    boss = make_user("boss", "admin")
    browser = at_code(app, "alice")
    type_code(browser, code(secret))
    user = User.get(User.username == "alice")
    made = accounts.reset_second_factor(user.id, "lost the telephone, came in person", actor_id=boss.id, now=NOW)
    assert isinstance(made, Done)
    assert SecondFactor.select().count() == RecoveryCode.select().count() == 0
    assert browser.get("/").status_code == 302
    event = AuditEvent.select().order_by(AuditEvent.id.desc()).get()
    assert (event.action, event.actor_id, event.record_id) == ("account:factor:reset", boss.id, user.id)
    assert json.loads(event.detail)["reason"] == "lost the telephone, came in person"
    assert Browser(app).sign_in("alice").headers["Location"] == "/"


def test_nobody_resets_his_own_nor_without_a_reason_nor_without_the_right(app: Flask) -> None:
    equipped("boss", "admin")
    equipped("alice")
    boss, alice = (User.get(User.username == name) for name in ("boss", "alice"))
    reset = accounts.reset_second_factor
    assert isinstance(reset(boss.id, "x", actor_id=boss.id, now=NOW), Declined)
    assert isinstance(reset(alice.id, "", actor_id=boss.id, now=NOW), Invalid)
    assert isinstance(reset(boss.id, "x", actor_id=alice.id, now=NOW), Forbidden)
    assert SecondFactor.select().count() == 2
    bare = make_user("bare")
    assert isinstance(reset(bare.id, "x", actor_id=boss.id, now=NOW), Declined)
