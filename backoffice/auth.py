"""Signing in and out, and the gate before every other page.

`init_auth(app)` comes after `init_security` and after the hook that connects the database; the blueprints of
`own_account` and `second_pages` belong beside it. Who is signed in: `current_account()`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import LoginManager
from peewee import OperationalError
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Form, HiddenField, PasswordField, StringField

from backoffice import clock, second_factor, sessions, throttle
from backoffice.csp_reports import REPORT_ENDPOINT
from backoffice.database import impatient
from backoffice.errors import NotFound, log_event
from backoffice.history import record
from backoffice.notices import Kept, take_notices
from backoffice.passwords import STANDARD, Hasher, Rule
from backoffice.people import hats
from backoffice.security import cookie_name, is_own_path
from backoffice.sessions import Account, Lapsed
from backoffice.texts import Message, Readable, read, say
from models.accounts import User
from models.base import db

bp = Blueprint("auth", __name__)

# What may be asked for without being signed in. Everything else goes to the sign-in page.
OPEN_ENDPOINTS = frozenset(
    {"auth.login", "auth.sign_in", "second.code", "second.check_code", "static", "healthz", REPORT_ENDPOINT}
)
# What somebody with a one-time password may still do before choosing his own.
BEFORE_CHANGE = frozenset({"own.password", "own.change_password", "auth.logout", "static", "healthz"})
# What somebody who must have a second factor may still do before he has one.
BEFORE_FACTOR = BEFORE_CHANGE | {"second.setup", "second.change"}
# Under this name the signed cookie notes whose password was right while the code is awaited.
PENDING = "second"
_WRONG: Message = say("User name or password is wrong. Check both; capital letters matter in the password.")
_LAPSED: Mapping[str, Readable] = {
    "idle": say("You were signed out because nothing happened for a while. Sign in again to go on."),
    "old": say("You were signed out because ten hours have passed. Sign in again to go on."),
    "ended": say("This session was ended. If it was not you who did it, change your password."),
    "sixth": say("You were signed out here because you signed in at five other places since."),
    "password": say("You were signed out because your password was changed. Sign in with the new one."),
    "reset": say("You were signed out because your password was reset by the administrator."),
    "factor": say("You were signed out because your second factor was changed. Sign in again."),
    "late": say("The code came too late. Sign in again."),
    "disabled": say("This account is disabled. Ask the administrator."),
    "signed_out": say("You are signed out."),
}


def init_auth(
    app: Flask,
    *,
    hasher: Hasher | None = None,
    limits: throttle.Limits | None = None,
    open_endpoints: frozenset[str] = frozenset(),
) -> None:
    """Put the gate in front of all views, registered now or later; `open_endpoints` stay open besides our own.

    Of the configuration it reads ONE_TIME_RULE, SECOND_FACTOR (`second_factor.needing`) and PASSWORD_RULE.
    """
    app.extensions["backoffice_hasher"] = hasher or Hasher()
    app.extensions["backoffice_limits"] = limits or throttle.Limits()
    app.config.setdefault("ONE_TIME_RULE", True)
    app.config.setdefault("SECOND_FACTOR", "approvers")
    app.config.setdefault("PASSWORD_RULE", STANDARD)
    public = OPEN_ENDPOINTS | open_endpoints

    manager = LoginManager(app)
    # Our sessions are rows; Flask-Login keeps nothing in the browser.
    manager.session_protection = None
    manager.request_loader(lambda _request: current_account())

    @app.before_request
    def gate() -> AnyResponse | None:
        if request.endpoint is None or request.endpoint in public:
            return None
        account = current_account()
        if account is None:
            return _to_login()
        _touch(account)
        if must_change(account) and request.endpoint not in BEFORE_CHANGE:
            return redirect(url_for("own.password"), 303)
        if request.endpoint not in BEFORE_FACTOR and must_enrol(account):
            return redirect(url_for("second.setup"), 303)
        return None

    @app.after_request
    def hand_out(response: Response) -> Response:
        token = g.pop("new_token", None)
        if token is not None:
            set_session_cookie(response, token)
        return response

    app.register_blueprint(bp)


def hasher() -> Hasher:
    found: Hasher = current_app.extensions["backoffice_hasher"]
    return found


def in_force(mark: str) -> bool:
    """Whether a rule with this mark is in force (`Catalogue.in_force`); all are where no registers are declared."""
    catalogue = current_app.extensions.get("backoffice_catalogue")
    return catalogue is None or catalogue.in_force(mark)


def current_account() -> Account | None:
    """Who makes this request, read once for it. At most two queries; none without the cookie."""
    if "account" not in g:
        found = None
        token = request.cookies.get(cookie_name("sid"))
        if token:
            may_idle = not in_force("idle_sign_out")
            found = sessions.resolve(token, now=clock.now(), today=clock.today(), may_idle=may_idle)
        g.lapsed = found.why if isinstance(found, Lapsed) else ""
        g.account = found if isinstance(found, Account) else None
    account: Account | None = g.account
    return account


def password_rule() -> Rule:
    rule: Rule = current_app.config["PASSWORD_RULE"]
    return rule


def must_change(account: Account) -> bool:
    """Whether the person must choose a password before anything else: his is a one-time one, or too old."""
    if account.must_change_password and current_app.config["ONE_TIME_RULE"]:
        return True
    return is_too_old(account.password_changed_at, clock.now())


def is_too_old(changed_at: dt.datetime | None, now: dt.datetime) -> bool:
    days = password_rule().days
    return bool(days) and (changed_at is None or now - changed_at >= dt.timedelta(days=days))


def uses_factors() -> bool:
    return bool(current_app.config["SECOND_FACTOR"] != "off")


def needs_factor(account: Account) -> bool:
    """Whether the person must have a second factor, by his own roles or by one that is lent to him today."""
    needing = _needing()
    if second_factor.demanded(account.roles, needing):
        return True
    if not needing or not account.has_delegation:
        return False
    worn: Any = account
    return second_factor.demanded((hat.role for hat in hats(worn, (), clock.today())), needing)


def _needing() -> frozenset[str] | None:
    """The roles that need a second factor; worked out once for a catalogue and a setting."""
    catalogue, who = current_app.extensions.get("backoffice_catalogue"), current_app.config["SECOND_FACTOR"]
    known: dict[Any, frozenset[str] | None] = current_app.extensions.setdefault("backoffice_needing", {})
    key = (id(catalogue), who)
    if key not in known:
        known[key] = second_factor.needing(catalogue, who)
    return known[key]


def must_enrol(account: Account) -> bool:
    return not account.has_factor and needs_factor(account)


def _touch(account: Account) -> None:
    try:
        with impatient(db):
            if account.is_outdated:
                g.new_token = sessions.renew(account, now=clock.now())
            sessions.touch(account, now=clock.now())
    except OperationalError as error:
        # Reading goes on while nobody can write; the session only looks idle for longer.
        log_event("session not touched", error=type(error).__name__)


def _to_login() -> AnyResponse:
    wanted = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else ""
    query = {name: value for name, value in (("next", wanted), ("why", g.lapsed)) if value and value != "/"}
    response = redirect(url_for("auth.login") + (f"?{urlencode(query)}" if query else ""), 302)
    _drop_cookie(response)
    return response


# --- signing in and out ---------------------------------------------------------------------------------


class LoginForm(Form):
    username = StringField(say("User name"), render_kw={"required": True, "maxlength": 80})
    password = PasswordField(say("Password"), render_kw={"required": True, "maxlength": 1024})
    next = HiddenField()


@bp.get("/login")
def login() -> AnyResponse | str:
    why = _LAPSED.get(request.args.get("why", ""))
    return _login_page(target=request.args.get("next", ""), text=why, outcome="info")


@bp.post("/login")
def sign_in() -> AnyResponse:
    username, password = request.form.get("username", ""), request.form.get("password", "")
    target = request.form.get("next", "")
    if not username.strip() or not password:
        return _refused(target, username, say("Type both your user name and your password."))
    now = clock.now()
    limits: throttle.Limits = current_app.extensions["backoffice_limits"]
    slot = throttle.take_slot(username, client_address(), now=now, limits=limits)
    if isinstance(slot, throttle.Wait):
        return _throttled(target, username, slot, now)
    user = User.get_or_none(User.username == throttle.account_key(username))
    right = hasher().verify(user.password_hash if user is not None else "", password)
    if user is None or not right or not user.active:
        note_failure(user, now)
        return _refused(target, username, _WRONG)
    if _one_time_expired(user, now):
        note_failure(user, now)
        text = say("This one-time password is no longer valid. Ask the administrator for a new one.")
        return _refused(target, username, text)
    if hasher().outdated(user.password_hash):
        user.password_hash = _rehash(user, password)
    if uses_factors() and second_factor.has_factor(user.id):
        throttle.give_back(slot)
        return _ask_code(user, target, now)
    token = begin_session(user, now, slot)
    return with_session(redirect(target if is_own_path(target) else "/", 303), token)


def _rehash(user: User, password: str) -> str:
    fresh = hasher().hash(password)
    same = (User.id == user.id) & (User.password_hash == user.password_hash)
    User.update(password_hash=fresh).where(same).execute()
    return fresh


def _ask_code(user: User, target: str, now: dt.datetime) -> AnyResponse:
    """The password was right, the code comes next. Until then there is no session, only a signed note in the browser."""
    session.clear()
    session[PENDING] = {
        "user": user.id,
        "at": now.isoformat(),
        "stamp": password_stamp(user),
        "next": target if is_own_path(target) else "",
    }
    return redirect(url_for("second.code"), 303)


def password_stamp(user: User) -> str:
    """Changes with the password and tells nothing about it."""
    return hashlib.sha256(f"stamp:{user.id}:{user.password_hash}".encode()).hexdigest()[:32]


def begin_session(user: User, now: dt.datetime, slot: int, factor: str = "") -> str:
    """Everything a sign-in changes, in one transaction; the token of the new session."""
    before = current_account()
    with db.atomic():
        throttle.give_back(slot)
        if before is not None:
            sessions.end(before.session_id, now=now, why="signed_out")
        token = sessions.open_session(
            user.id,
            now=now,
            today=clock.today(),
            address=client_address(),
            agent=request.headers.get("User-Agent", ""),
        )
        record(
            "account:login:success",
            now=now,
            actor=user,
            record_id=user.id,
            number=user.username,
            detail={"factor": factor} if factor else None,
            address=client_address(),
        )
    return token


def note_failure(user: User | None, now: dt.datetime, factor: str = "") -> None:
    """An unknown name is not written down: people type passwords into the wrong field."""
    log_event("sign-in failed", account=user.id if user is not None else None, factor=factor)
    with db.atomic():
        record(
            "account:login:failure",
            now=now,
            record_id=user.id if user is not None else None,
            number=user.username if user is not None else "",
            detail={"known": user is not None, **({"factor": factor} if factor else {})},
            address=client_address(),
        )


def _one_time_expired(user: User, now: dt.datetime) -> bool:
    expires = user.password_expires_at
    return bool(
        current_app.config["ONE_TIME_RULE"] and user.must_change_password and expires is not None and expires <= now
    )


@bp.post("/logout")
def logout() -> AnyResponse:
    account, now = current_account(), clock.now()
    if account is not None:
        with db.atomic():
            sessions.end(account.session_id, now=now, why="signed_out")
            record(
                "account:logout",
                now=now,
                actor=account,
                record_id=account.id,
                number=account.username,
                address=client_address(),
            )
    session.clear()
    response = redirect(url_for("auth.login", why="signed_out"), 303)
    _drop_cookie(response)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


def _login_page(
    *, target: str, username: str = "", text: Readable | None = None, outcome: str = "info", status: int = 200
) -> AnyResponse:
    form = LoginForm(data={"username": username[:80], "next": target if is_own_path(target) else ""})
    notices = [*take_notices(), *([Kept(outcome, read(text))] if text else [])]
    return Response(render_template("auth/login.html", form=form, notices=notices), status)


def _refused(target: str, username: str, text: Readable) -> AnyResponse:
    return _login_page(target=target, username=username, text=text, outcome="invalid", status=422)


def wait_text(wait: throttle.Wait) -> Message:
    local = wait.until.astimezone(clock.company_zone())
    # The next whole minute, so that the time shown is never too early.
    shown = (local + dt.timedelta(seconds=59)).strftime("%H:%M")
    return say("Too many wrong attempts. Try again at {time}; who is signed in already is not affected.", time=shown)


def wait_seconds(wait: throttle.Wait, now: dt.datetime) -> str:
    return str(max(1, int((wait.until - now).total_seconds()) + 1))


def _throttled(target: str, username: str, wait: throttle.Wait, now: dt.datetime) -> AnyResponse:
    log_event("sign-in throttled")
    response = _login_page(target=target, username=username, text=wait_text(wait), outcome="refused", status=429)
    response.headers["Retry-After"] = wait_seconds(wait, now)
    return response


def with_session(response: AnyResponse, token: str) -> AnyResponse:
    """The answer with the new session's cookie. The form token starts anew as well."""
    session.clear()
    g.pop("new_token", None)
    set_session_cookie(response, token)
    return response


def set_session_cookie(response: AnyResponse, token: str) -> None:
    response.set_cookie(
        cookie_name("sid"),
        token,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def _drop_cookie(response: AnyResponse) -> None:
    if cookie_name("sid") in request.cookies:
        response.delete_cookie(cookie_name("sid"), path="/", secure=request.is_secure, httponly=True, samesite="Lax")


def client_address() -> str:
    return (request.remote_addr or "")[:64]


def signed_in() -> Account:
    account = current_account()
    if account is None:
        raise NotFound  # The gate has sent everybody else to the sign-in page.
    return account


__all__ = [
    "BEFORE_CHANGE",
    "BEFORE_FACTOR",
    "OPEN_ENDPOINTS",
    "bp",
    "current_account",
    "hasher",
    "in_force",
    "init_auth",
    "must_change",
    "must_enrol",
    "needs_factor",
    "signed_in",
]
