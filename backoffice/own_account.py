"""One's own account: the password and the open sessions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Form, PasswordField

from backoffice import clock, sessions, throttle
from backoffice.auth import (
    client_address,
    hasher,
    logout,
    must_change,
    password_rule,
    signed_in,
    wait_text,
    with_session,
)
from backoffice.errors import NotFound
from backoffice.history import record
from backoffice.notices import notify
from backoffice.passwords import former, password_problem, remember
from backoffice.sessions import Account
from backoffice.texts import Message, say
from models.accounts import User
from models.base import db

bp = Blueprint("own", __name__)


class PasswordForm(Form):
    old = PasswordField(say("Present password"), render_kw={"autocomplete": "current-password", "required": True})
    new = PasswordField(
        say("New password"),
        render_kw={"autocomplete": "new-password", "required": True, "maxlength": 128},
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
    account, now = signed_in(), clock.now()
    form = PasswordForm(request.form)
    old, new = form.old.data or "", form.new.data or ""
    limits: throttle.Limits = current_app.extensions["backoffice_limits"]
    slot = throttle.take_slot(account.username, client_address(), now=now, limits=limits)
    if isinstance(slot, throttle.Wait):
        form.old.errors = [wait_text(slot)]
        return _password_page(form, 429)
    user = User.get_by_id(account.id)
    if not hasher().verify(user.password_hash, old):
        form.old.errors = [say("The present password is wrong. Type the one you signed in with.")]
        with db.atomic():
            _note("account:password:failure", account, now)
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
    response = with_session(redirect("/", 303), token)
    session["notices"] = kept
    return response


def _new_problem(user: User, old: str, new: str, repeat: str) -> tuple[str, Message] | None:
    company = str(current_app.config.get("COMPANY", ""))
    rule = password_rule()
    problem = password_problem(new, (company, user.username, user.name), rule)
    if problem is not None:
        return "new", problem
    if new == old:
        return "new", say("The new password is the old one. Choose another.")
    if new != repeat:
        return "repeat", say("The two new passwords differ. Type the same one twice.")
    if any(hasher().verify(hashed, new) for hashed in former(user, rule.not_again)[1:]):
        return "new", say("This is one of your last {count} passwords. Choose another.", count=rule.not_again)
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
        remember(user, now)
        sessions.end_all(user.id, now=now, why="password")
        token = sessions.open_session(
            user.id,
            now=now,
            today=clock.today(),
            address=client_address(),
            agent=request.headers.get("User-Agent", ""),
        )
        _note("account:password", account, now)
    return token


def _note(action: str, account: Account, now: dt.datetime, **detail: object) -> None:
    record(
        action,
        now=now,
        actor=account,
        record_id=account.id,
        number=account.username,
        detail=detail,
        address=client_address(),
    )


def _password_page(form: PasswordForm, status: int = 200) -> AnyResponse:
    account = signed_in()
    rule = password_rule()
    form.new.description = (
        say(
            "{least} to 128 characters, with {classes} of these four: capitals, small letters, digits, others.",
            least=rule.least,
            classes=rule.classes,
        )
        if rule.classes > 1
        else say("12 to 128 characters of any kind. Four words that do not belong together are easy to keep.")
    )
    forced = ""
    if must_change(account):
        forced = "one_time" if account.must_change_password else "old"
    body = render_template("account/password.html", form=form, forced=forced, days=rule.days)
    return Response(body, status)


@bp.get("/account/sessions/")
def sessions_page() -> str:
    account, now = signed_in(), clock.now()
    rows = sessions.open_sessions(account.id, now=now, today=clock.today(), own=account.session_id)
    return render_template("account/sessions.html", sessions=[session_row(row) for row in rows])


@bp.post("/account/sessions/")
def end_sessions() -> AnyResponse:
    """`action=end` with `session`, or `action=end_others`."""
    account, now = signed_in(), clock.now()
    if request.form.get("action") == "end_others":
        with db.atomic():
            count = sessions.end_all(account.id, now=now, why="ended", keep=account.session_id)
            _note("account:sessions:end", account, now, count=count)
        notify("done", say("{count} other sessions are signed out.", count=count))
        return redirect(url_for("own.sessions_page"), 303)
    wanted = request.form.get("session", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 16):
        raise NotFound
    if int(wanted) == account.session_id:
        return logout()
    with db.atomic():
        if not sessions.end(int(wanted), now=now, why="ended", user_id=account.id):
            raise NotFound
        _note("account:sessions:end", account, now, count=1)
    notify("done", say("The session is signed out."))
    return redirect(url_for("own.sessions_page"), 303)


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


__all__ = ["bp", "session_row"]
