"""Signing in and out, one's own password and sessions, and the gate before every other page.

`init_auth(app)` comes after `init_security` and after the hook that connects the database. It needs a template
`auth/login.html` and the templates of `account/`. Who is signed in: `current_account()`.
"""

from __future__ import annotations

import datetime as dt
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

from backoffice import clock, sessions, throttle
from backoffice.database import impatient
from backoffice.errors import NotFound, log_event
from backoffice.history import record
from backoffice.notices import Kept, notify, take_notices
from backoffice.passwords import Hasher, password_problem
from backoffice.security import cookie_name, is_own_path
from backoffice.sessions import Account, Lapsed
from backoffice.texts import Message, Readable, read, say
from models.accounts import User
from models.base import db

bp = Blueprint("auth", __name__)

# What may be asked for without being signed in. Everything else goes to the sign-in page.
OPEN_ENDPOINTS = frozenset({"auth.login", "auth.sign_in", "static", "healthz"})
# What somebody with a one-time password may still do before choosing his own.
BEFORE_CHANGE = frozenset({"auth.password", "auth.change_password", "auth.logout", "static", "healthz"})
_WRONG: Message = say("User name or password is wrong. Check both; capital letters matter in the password.")
_LAPSED: Mapping[str, Readable] = {
    "idle": say("You were signed out because nothing happened for a while. Sign in again to go on."),
    "old": say("You were signed out because ten hours have passed. Sign in again to go on."),
    "ended": say("This session was ended. If it was not you who did it, change your password."),
    "sixth": say("You were signed out here because you signed in at five other places since."),
    "password": say("You were signed out because your password was changed. Sign in with the new one."),
    "reset": say("You were signed out because your password was reset by the administrator."),
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
    """Put the gate in front of all views, registered now or later; `open_endpoints` stay open besides our own."""
    app.extensions["backoffice_hasher"] = hasher or Hasher()
    app.extensions["backoffice_limits"] = limits or throttle.Limits()
    app.config.setdefault("ONE_TIME_RULE", True)
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
        must_change = account.must_change_password and current_app.config["ONE_TIME_RULE"]
        if must_change and request.endpoint not in BEFORE_CHANGE:
            return redirect(url_for("auth.password"), 303)
        return None

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


def _touch(account: Account) -> None:
    try:
        with impatient(db):
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
    slot = throttle.take_slot(username, _address(), now=now, limits=limits)
    if isinstance(slot, throttle.Wait):
        return _throttled(target, username, slot, now)
    user = User.get_or_none(User.username == throttle.account_key(username))
    right = hasher().verify(user.password_hash if user is not None else "", password)
    if user is None or not right or not user.active:
        _note_failure(user, now)
        return _refused(target, username, _WRONG)
    if _one_time_expired(user, now):
        _note_failure(user, now)
        text = say("This one-time password is no longer valid. Ask the administrator for a new one.")
        return _refused(target, username, text)
    fresh_hash = hasher().hash(password) if hasher().outdated(user.password_hash) else ""
    token = _begin(user, now, slot, fresh_hash)
    return _with_session(redirect(target if is_own_path(target) else "/", 303), token)


def _begin(user: User, now: dt.datetime, slot: int, fresh_hash: str) -> str:
    """Everything a sign-in changes, in one transaction; the token of the new session."""
    before = current_account()
    with db.atomic():
        throttle.give_back(slot)
        if fresh_hash:
            User.update(password_hash=fresh_hash).where(
                (User.id == user.id) & (User.password_hash == user.password_hash)
            ).execute()
        if before is not None:
            sessions.end(before.session_id, now=now, why="signed_out")
        token = sessions.open_session(
            user.id,
            now=now,
            today=clock.today(),
            address=_address(),
            agent=request.headers.get("User-Agent", ""),
        )
        record(
            "account:login:success",
            now=now,
            actor=user,
            record_id=user.id,
            number=user.username,
            address=_address(),
        )
    return token


def _note_failure(user: User | None, now: dt.datetime) -> None:
    """An unknown name is not written down: people type passwords into the wrong field."""
    log_event("sign-in failed", account=user.id if user is not None else None)
    with db.atomic():
        record(
            "account:login:failure",
            now=now,
            record_id=user.id if user is not None else None,
            number=user.username if user is not None else "",
            detail={"known": user is not None},
            address=_address(),
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
                address=_address(),
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


def _throttled(target: str, username: str, wait: throttle.Wait, now: dt.datetime) -> AnyResponse:
    log_event("sign-in throttled")
    local = wait.until.astimezone(clock.company_zone())
    # The next whole minute, so that the time shown is never too early.
    shown = (local + dt.timedelta(seconds=59)).strftime("%H:%M")
    text = say("Too many wrong attempts. Try again at {time}; who is signed in already is not affected.", time=shown)
    response = _login_page(target=target, username=username, text=text, outcome="refused", status=429)
    response.headers["Retry-After"] = str(max(1, int((wait.until - now).total_seconds()) + 1))
    return response


def _with_session(response: AnyResponse, token: str) -> AnyResponse:
    """The answer with the new session's cookie. The form token starts anew as well."""
    session.clear()
    response.set_cookie(
        cookie_name("sid"),
        token,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def _drop_cookie(response: AnyResponse) -> None:
    if cookie_name("sid") in request.cookies:
        response.delete_cookie(cookie_name("sid"), path="/", secure=request.is_secure, httponly=True, samesite="Lax")


def _address() -> str:
    return (request.remote_addr or "")[:64]


# --- one's own password and sessions ----------------------------------------------------------------------


class PasswordForm(Form):
    old = PasswordField(say("Present password"), render_kw={"autocomplete": "current-password", "required": True})
    new = PasswordField(
        say("New password"),
        description=say("12 to 128 characters of any kind. Four words that do not belong together are easy to keep."),
        render_kw={"autocomplete": "new-password", "required": True, "minlength": 12, "maxlength": 128},
    )
    repeat = PasswordField(
        say("New password once more"),
        render_kw={"autocomplete": "new-password", "required": True, "maxlength": 128},
    )


@bp.get("/account/password/")
def password() -> AnyResponse | str:
    return _password_page(PasswordForm())


@bp.post("/account/password/")
def change_password() -> AnyResponse | str:
    account, now = _signed_in(), clock.now()
    form = PasswordForm(request.form)
    old, new = form.old.data or "", form.new.data or ""
    limits: throttle.Limits = current_app.extensions["backoffice_limits"]
    slot = throttle.take_slot(account.username, _address(), now=now, limits=limits)
    if isinstance(slot, throttle.Wait):
        form.old.errors = [say("Too many wrong attempts. Wait 15 minutes, then try again.")]
        return _password_page(form, 429)
    user = User.get_by_id(account.id)
    if not hasher().verify(user.password_hash, old):
        form.old.errors = [say("The present password is wrong. Type the one you signed in with.")]
        return _password_page(form, 422)
    throttle.give_back(slot)
    problem = _new_problem(user, old, new, form.repeat.data or "")
    if problem is not None:
        name, text = problem
        form[name].errors = [text]
        return _password_page(form, 422)
    token = _store_password(user, account, hasher().hash(new), now)
    notify("done", say("Your password is changed. Your other sessions are signed out."))
    kept = session.get("notices")
    response = _with_session(redirect("/", 303), token)
    session["notices"] = kept
    return response


def _new_problem(user: User, old: str, new: str, repeat: str) -> tuple[str, Message] | None:
    company = str(current_app.config.get("COMPANY", ""))
    problem = password_problem(new, (company, user.username, user.name))
    if problem is not None:
        return "new", problem
    if new == old:
        return "new", say("The new password is the old one. Choose another.")
    if new != repeat:
        return "repeat", say("The two new passwords differ. Type the same one twice.")
    return None


def _store_password(user: User, account: Account, hashed: str, now: dt.datetime) -> str:
    """The new hash, the end of every session of this person, and the token of a new one, in one transaction."""
    with db.atomic():
        User.update(
            password_hash=hashed,
            must_change_password=False,
            password_changed_at=now,
            password_expires_at=None,
            updated_at=now,
            version=User.version + 1,
        ).where(User.id == user.id).execute()
        sessions.end_all(user.id, now=now, why="password")
        token = sessions.open_session(
            user.id,
            now=now,
            today=clock.today(),
            address=_address(),
            agent=request.headers.get("User-Agent", ""),
        )
        record(
            "account:password",
            now=now,
            actor=account,
            record_id=user.id,
            number=user.username,
            address=_address(),
        )
    return token


def _password_page(form: PasswordForm, status: int = 200) -> AnyResponse:
    account = _signed_in()
    forced = account.must_change_password and current_app.config["ONE_TIME_RULE"]
    return Response(render_template("account/password.html", form=form, forced=forced), status)


@bp.get("/account/sessions/")
def own_sessions() -> str:
    account, now = _signed_in(), clock.now()
    rows = sessions.open_sessions(account.id, now=now, today=clock.today(), own=account.session_id)
    return render_template("account/sessions.html", sessions=[session_row(row) for row in rows])


@bp.post("/account/sessions/")
def end_sessions() -> AnyResponse:
    """`action=end` with `session`, or `action=end_others`."""
    account, now = _signed_in(), clock.now()
    if request.form.get("action") == "end_others":
        with db.atomic():
            count = sessions.end_all(account.id, now=now, why="ended", keep=account.session_id)
            _record_end(account, now, count)
        notify("done", say("{count} other sessions are signed out.", count=count))
        return redirect(url_for("auth.own_sessions"), 303)
    wanted = request.form.get("session", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 16):
        raise NotFound
    if int(wanted) == account.session_id:
        return logout()
    with db.atomic():
        if not sessions.end(int(wanted), now=now, why="ended", user_id=account.id):
            raise NotFound
        _record_end(account, now, 1)
    notify("done", say("The session is signed out."))
    return redirect(url_for("auth.own_sessions"), 303)


def _record_end(account: Account, now: dt.datetime, count: int) -> None:
    record(
        "account:sessions:end",
        now=now,
        actor=account,
        record_id=account.id,
        number=account.username,
        detail={"count": count},
        address=_address(),
    )


def session_row(row: sessions.OpenSession) -> dict[str, Any]:
    """A session as its pages show it: times in the company's zone, the browser in one word."""
    zone = clock.company_zone()
    return {
        "id": row.id,
        "since": f"{row.created_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "since_value": row.created_at.isoformat(),
        "seen": f"{row.seen_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "seen_value": row.seen_at.isoformat(),
        "address": row.address,
        "agent": row.agent,
        "is_own": row.is_own,
    }


def _signed_in() -> Account:
    account = current_account()
    if account is None:
        raise NotFound  # The gate has sent everybody else to the sign-in page.
    return account


__all__ = ["BEFORE_CHANGE", "OPEN_ENDPOINTS", "bp", "current_account", "hasher", "init_auth", "session_row"]
