"""The second factor's pages: the code at sign-in, and one's own authenticator and recovery codes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Form, PasswordField, StringField

from backoffice import clock, second_factor, sessions, throttle
from backoffice.auth import (
    PENDING,
    begin_session,
    client_address,
    hasher,
    needs_factor,
    note_failure,
    password_stamp,
    signed_in,
    uses_factors,
    wait_seconds,
    wait_text,
    with_session,
)
from backoffice.errors import BadRequest, NotFound
from backoffice.history import record
from backoffice.notices import Kept, notify, take_notices
from backoffice.security import is_own_path
from backoffice.sessions import Account
from backoffice.texts import Message, Readable, read, say
from models.accounts import User
from models.base import db

bp = Blueprint("second", __name__)

# How long a right password waits for its code.
PATIENCE = dt.timedelta(minutes=5)
_SALT = "factor_salt"
_WRONG_CODE: Message = say(
    "This code is wrong, too old, or was used already. Type the one that the authenticator shows now, or a recovery code."
)

_NOT_YET: Message = say(
    "This is not the code that the authenticator shows for this picture now. Check that its clock is right."
)


class CodeForm(Form):
    code = StringField(
        say("Code"),
        description=say("The six digits that your authenticator shows, or one of your recovery codes."),
        render_kw={"required": True, "maxlength": 40, "autocomplete": "one-time-code", "spellcheck": "false"},
    )


class OwnForm(CodeForm):
    password = PasswordField(
        say("Present password"), render_kw={"required": True, "maxlength": 1024, "autocomplete": "current-password"}
    )


# --- signing in -------------------------------------------------------------------------------------------------


@bp.get("/login/code")
def code() -> AnyResponse:
    pending = _pending()
    if pending is None:
        return _start_again()
    return _code_page(CodeForm())


@bp.post("/login/code")
def check_code() -> AnyResponse:
    pending, now = _pending(), clock.now()
    if pending is None:
        return _start_again()
    user, target = pending
    slot = throttle.take_slot(user.username, client_address(), now=now, limits=_limits())
    if isinstance(slot, throttle.Wait):
        response = _code_page(CodeForm(), wait_text(slot), "refused", 429)
        response.headers["Retry-After"] = wait_seconds(slot, now)
        return response
    taken = second_factor.redeem(user.id, _server_key(), request.form.get("code", ""), now=now)
    if taken is None:
        note_failure(user, now, "code")
        return _code_page(CodeForm(), _WRONG_CODE, "invalid", 422)
    token = begin_session(user, now, slot, taken)
    response = with_session(redirect(target if is_own_path(target) else "/", 303), token)
    if taken == "recovery":
        left = second_factor.codes_left(user.id)
        notify("info", say("A recovery code was used; {count} are left.", count=left), url="/account/second-factor/")
    return response


def _pending() -> tuple[User, str] | None:
    """Whose password was right a moment ago in this browser, and where he wanted to go."""
    noted = session.get(PENDING)
    if not isinstance(noted, dict) or not uses_factors():
        return None
    user = User.get_or_none(User.id == noted.get("user"))
    since = clock.now() - dt.datetime.fromisoformat(str(noted["at"]))
    if user is None or not user.active or not dt.timedelta(0) <= since <= PATIENCE:
        return None
    # Another password since then: the one that was right no longer is.
    if noted.get("stamp") != password_stamp(user) or not second_factor.has_factor(user.id):
        return None
    return user, str(noted.get("next", ""))


def _start_again() -> AnyResponse:
    was_waiting = session.pop(PENDING, None) is not None
    return redirect(url_for("auth.login", why="late" if was_waiting else None), 303)


def _code_page(form: CodeForm, text: Readable | None = None, outcome: str = "", status: int = 200) -> AnyResponse:
    notices = [*take_notices(), *([Kept(outcome, read(text))] if text else [])]
    return Response(render_template("auth/code.html", form=form, notices=notices), status)


# --- one's own ----------------------------------------------------------------------------------------------------


@bp.get("/account/second-factor/")
def setup() -> AnyResponse:
    return _own_page(_account(), OwnForm())


@bp.post("/account/second-factor/")
def change() -> AnyResponse:
    """`action`: `enrol` takes an authenticator, `codes` makes new recovery codes, `remove` takes the authenticator away."""
    account, now = _account(), clock.now()
    action = request.form.get("action", "")
    if action not in ("enrol", "codes", "remove"):
        raise BadRequest
    if (action == "enrol") == account.has_factor:
        # Another window was faster: the page shows how it stands now.
        return redirect(url_for("second.setup"), 303)
    form = OwnForm(request.form)
    slot = throttle.take_slot(account.username, client_address(), now=now, limits=_limits())
    if isinstance(slot, throttle.Wait):
        response = _own_page(account, form, wait_text(slot), "refused", 429)
        response.headers["Retry-After"] = wait_seconds(slot, now)
        return response
    # Who found an open browser has neither the password nor the telephone (ASVS 7.5.1).
    user = User.get_by_id(account.id)
    if not hasher().verify(user.password_hash, form.password.data or ""):
        form.password.errors = [say("The present password is wrong. Type the one you signed in with.")]
        return _refused(account, form, now)
    if action == "enrol":
        return _enrol(account, form, slot, now)
    if second_factor.redeem(account.id, _server_key(), form.code.data or "", now=now) is None:
        form.code.errors = [_WRONG_CODE]
        return _refused(account, form, now)
    return _new_codes(account, slot, now) if action == "codes" else _remove(account, slot, now)


def _refused(account: Account, form: OwnForm, now: dt.datetime) -> AnyResponse:
    with db.atomic():
        _note("account:factor:failure", account, now)
    return _own_page(account, form, status=422)


def _enrol(account: Account, form: OwnForm, slot: int, now: dt.datetime) -> AnyResponse:
    salt = str(session.get(_SALT, ""))
    step = None
    if second_factor.is_salt(salt):
        secret = second_factor.secret_of(_server_key(), account.id, salt)
        step = second_factor.step_of(secret, form.code.data or "", now)
    if step is None:
        form.code.errors = [_NOT_YET]
        return _refused(account, form, now)
    with db.atomic():
        throttle.give_back(slot)
        codes = second_factor.enrol(account.id, salt, step, now=now)
        token = _fresh_session(account, now)
        _note("account:factor:enrol", account, now)
    return with_session(_codes_page(codes), token)


def _new_codes(account: Account, slot: int, now: dt.datetime) -> AnyResponse:
    with db.atomic():
        throttle.give_back(slot)
        codes = second_factor.new_codes(account.id)
        _note("account:factor:codes", account, now)
    return _codes_page(codes)


def _remove(account: Account, slot: int, now: dt.datetime) -> AnyResponse:
    with db.atomic():
        throttle.give_back(slot)
        second_factor.remove(account.id)
        token = _fresh_session(account, now)
        _note("account:factor:remove", account, now)
    response = with_session(redirect(url_for("second.setup"), 303), token)
    notify("done", say("The authenticator is taken away. Your other sessions are signed out."))
    return response


def _fresh_session(account: Account, now: dt.datetime) -> str:
    """All sessions of the person end, and this browser gets a new one."""
    sessions.end_all(account.id, now=now, why="factor")
    return sessions.open_session(
        account.id,
        now=now,
        today=clock.today(),
        address=client_address(),
        agent=request.headers.get("User-Agent", ""),
    )


def _note(action: str, account: Account, now: dt.datetime) -> None:
    record(
        action,
        now=now,
        actor=account,
        record_id=account.id,
        number=account.username,
        address=client_address(),
    )


def _own_page(
    account: Account, form: OwnForm, text: Readable | None = None, outcome: str = "", status: int = 200
) -> AnyResponse:
    shown: dict[str, Any] = {"has_factor": account.has_factor, "must": needs_factor(account)}
    if account.has_factor:
        shown["left"] = second_factor.codes_left(account.id)
    else:
        form.code.description = say("The six digits that your authenticator shows.")
        if not second_factor.is_salt(session.get(_SALT)):
            session[_SALT] = second_factor.fresh_salt()
        secret = second_factor.secret_of(_server_key(), account.id, session[_SALT])
        company = str(current_app.config.get("COMPANY", "Backoffice"))
        size, path = second_factor.picture(second_factor.otpauth(secret, account.username, company))
        shown |= {"secret": secret, "size": size, "path": path}
    notices = [*take_notices(), *([Kept(outcome, read(text))] if text else [])]
    return Response(render_template("account/second_factor.html", form=form, notices=notices, **shown), status)


def _codes_page(codes: list[str]) -> AnyResponse:
    """The codes stand on this answer and nowhere else: not in a cookie, a log or the history."""
    notices = [Kept("done", read(say("Your second factor is in force.")))]
    return Response(render_template("account/recovery_codes.html", codes=codes, notices=notices))


def _account() -> Account:
    if not uses_factors():
        raise NotFound
    return signed_in()


def _limits() -> throttle.Limits:
    limits: throttle.Limits = current_app.extensions["backoffice_limits"]
    return limits


def _server_key() -> str:
    return str(current_app.secret_key)


__all__ = ["bp"]
