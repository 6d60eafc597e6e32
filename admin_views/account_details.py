"""One account: facts, open sessions, export grants, tools and history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app, render_template, url_for
from peewee import JOIN

from admin_views import grants
from admin_views.account_parts import (
    LABELS,
    TITLE,
    active_cell,
    bp,
    place_cells,
    registers,
    roles_cell,
    wanted_user,
)
from admin_views.pages import (
    Button,
    Cell,
    ChildView,
    Column,
    DetailsPage,
    HistoryEntry,
    HistoryPage,
    LinkView,
    RowView,
    SectionView,
)
from admin_views.plain_pages import (
    page_window,
    require,
    wanted_id,
)
from backoffice import accounts, clock, second_factor, sessions, throttle
from backoffice.auth import in_force, uses_factors
from backoffice.texts import read, say
from backoffice.values import moment
from models.accounts import Area, Department, ExportGrant, Group, User
from models.evidence import AuditEvent
from models.matrix import ROLES

ACTIONS: Mapping[str, Any] = {
    "account:create": say("account made"),
    "account:update": say("account changed"),
    "account:roles": say("roles changed"),
    "account:password": say("password changed"),
    "account:reset": say("password reset"),
    "account:factor:enrol": say("second factor set up"),
    "account:factor:codes": say("new recovery codes"),
    "account:factor:remove": say("second factor taken away"),
    "account:factor:reset": say("second factor reset"),
    "account:factor:failure": say("second factor not changed: wrong code or password"),
    "account:password:failure": say("password not changed: the present one was wrong"),
    "account:sessions:end": say("sessions ended"),
    "account:grant": say("export granted or taken back"),
    "account:login:success": say("signed in"),
    "account:login:failure": say("sign-in failed"),
    "account:logout": say("signed out"),
}
_HISTORY = 50


@bp.get("/details/")
def details() -> str:
    account = require(accounts.READERS)
    user = wanted_user(wanted_id())
    now = clock.now()
    keeps = bool(account.roles & accounts.KEEPERS)
    open_now = sessions.open_sessions(user.id, now=now, today=clock.today(), own=account.session_id)
    wrong = throttle.wrong_guesses(user.username, now=now, limits=current_app.extensions["backoffice_limits"])
    page = DetailsPage(
        title=read(TITLE),
        register="user",
        id=user.id,
        number=user.username,
        state="active" if user.active else "disabled",
        state_label=read(say("enabled") if user.active else say("disabled")),
        tone="good" if user.active else "muted",
        version=user.version,
        list_url=url_for("accounts.listed"),
        heading=user.name,
        sections=(SectionView(read(say("Account")), _facts(user)),),
        children=(_history_view(user),),
        links=(_sessions_view(user, open_now, keeps), _grants_view(user, keeps)),
        tools=_tools(user, keeps, account.id),
        marks=tuple(_marks(len(open_now), wrong, user)),
        changed_by=read(say("Changed {when}", when=moment(user.updated_at))),
    )
    return render_template("register/details.html", page=page)


def _facts(user: User) -> tuple[Cell, ...]:
    changed = moment(user.password_changed_at) if user.password_changed_at is not None else ""
    return (
        Cell("username", user.username, label=read(LABELS["username"])),
        Cell("name", user.name, label=read(LABELS["name"])),
        *place_cells(user),
        roles_cell(sorted(accounts.roles_of(user.id))),
        active_cell(user),
        Cell("password_changed_at", changed, label=read(say("Password of"))),
        *_factor_cell(user),
    )


def _factor_cell(user: User) -> list[Cell]:
    if not uses_factors():
        return []
    has = second_factor.has_factor(user.id)
    text = say("set up") if has else say("none")
    return [Cell("second_factor", read(text), value="true" if has else "false", label=read(say("Second factor")))]


def _marks(open_now: int, wrong: int, user: User) -> list[tuple[str, str]]:
    marks = []
    if open_now > 1 and in_force("one_session_shown"):
        marks.append((read(say("{count} sessions at once", count=open_now)), "waiting"))
    if wrong:
        marks.append((read(say("{count} wrong passwords a short while ago", count=wrong)), "bad"))
    if user.must_change_password:
        marks.append((read(say("must choose a password")), "neutral"))
    return marks


def _tools(user: User, keeps: bool, own_id: int) -> tuple[Button, ...]:
    history = Button("history", read(say("History")), url_for("accounts.history", id=user.id))
    rights = Button("access", read(say("What this person may")), url_for("accounts.rights", id=user.id))
    if not keeps:
        return (rights, history)
    never_set = not user.password_hash
    text = say("Give a one-time password") if never_set else say("Reset password")
    sure = say("A new one-time password replaces the present one, and all sessions of this person end.")
    reset = Button(
        "reset_password",
        read(text),
        url_for("accounts.reset", id=user.id),
        method="post",
        tone="primary" if never_set else "plain",
        confirm="" if never_set else read(sure),
    )
    has_factor = uses_factors() and second_factor.has_factor(user.id)
    lost = Button("reset_factor", read(say("Reset second factor")), url_for("accounts.factor", id=user.id))
    rows = (("rowid", str(user.id)),)
    turn = ("disable", say("Disable"), "bad") if user.active else ("enable", say("Enable"), "good")
    acts = [("end_sessions", say("End all sessions"), "plain"), turn]
    return (
        Button(
            "edit", read(say("Edit")), url_for("accounts.edit", id=user.id), tone="plain" if never_set else "primary"
        ),
        *(() if user.id == own_id else (reset, lost) if has_factor else (reset,)),
        *(
            Button(name, read(text), url_for("accounts.act"), "post", tone=tone, fields=(("action", name), *rows))
            for name, text, tone in acts
            if not (user.id == own_id and name == "disable")
        ),
        Button("grant", read(say("Grant an export")), url_for("grants.new", user=user.id)),
        rights,
        history,
    )


def _sessions_view(user: User, open_now: Sequence[sessions.OpenSession], keeps: bool) -> LinkView:
    names = (("created_at", say("Signed in")), ("seen_at", say("Last used")), ("address", say("Address")))
    columns = tuple(Column(name, read(text)) for name, text in (*names, ("agent", say("Browser"))))
    rows = []
    for at, one in enumerate(open_now, start=1):
        cells = (
            Cell("created_at", moment(one.created_at), value=one.created_at.isoformat()),
            Cell("seen_at", moment(one.seen_at), value=one.seen_at.isoformat()),
            Cell("address", one.address),
            Cell("agent", one.agent, wide=True),
        )
        end = Button(
            "end_session",
            read(say("End")),
            url_for("accounts.end_session", id=user.id),
            method="post",
            tone="bad",
            fields=(("session", str(one.id)),),
        )
        state = "own" if one.is_own else "open"
        rows.append(RowView(one.id, "", state, 0, at, "", cells, (end,) if keeps else ()))
    return LinkView(read(say("Open sessions")), columns, tuple(rows))


def _grants_view(user: User, keeps: bool) -> LinkView:
    rows = ExportGrant.select(ExportGrant, User).join(User, JOIN.LEFT_OUTER, on=ExportGrant.granted_by)
    query = rows.where(ExportGrant.user == user.id).order_by(ExportGrant.register)
    return grants.grants_view(list(query), registers(), keeps, user.id)


def _history_view(user: User) -> ChildView:
    entries = _entries(user.id, 10, 0)
    columns = tuple(
        Column(name, read(text))
        for name, text in (
            ("at", say("When")),
            ("actor", say("Who")),
            ("action", say("What")),
            ("detail", say("Change")),
        )
    )
    rows = tuple(
        (
            Cell("at", entry.when),
            Cell("actor", entry.who),
            Cell("action", entry.action_label, value=entry.action),
            Cell("detail", _told(entry), wide=True),
        )
        for entry in entries
    )
    return ChildView("history", read(say("Last changes")), columns, rows)


def _told(entry: HistoryEntry) -> str:
    parts = [f"{label} {old or '—'} → {new or '—'}" for _, label, old, new in entry.changes]
    return "; ".join([*parts, *([entry.remark] if entry.remark else [])])


@bp.get("/history/")
def history() -> str:
    require(accounts.READERS)
    user = wanted_user(wanted_id())
    number, _ = page_window()
    entries = _entries(user.id, _HISTORY + 1, number * _HISTORY)
    older = url_for("accounts.history", id=user.id, page=number + 1) if len(entries) > _HISTORY else ""
    page = HistoryPage(
        title=read(TITLE),
        register="user",
        id=user.id,
        number=user.username,
        details_url=url_for("accounts.details", id=user.id),
        entries=tuple(entries[:_HISTORY]),
        older_url=older,
    )
    return render_template("register/history.html", page=page)


def _entries(user_id: int, most: int, start: int) -> list[HistoryEntry]:
    """The history of one account, the latest first. At most four queries, whatever the number of entries."""
    query = (
        AuditEvent.select()
        .where((AuditEvent.register == "account") & (AuditEvent.record_id == user_id))
        .order_by(AuditEvent.id.desc())
        .offset(start)
        .limit(most)
    )
    events = list(query)
    names = _names({name for event in events for name in json.loads(event.detail).get("changes", {})})
    return [_entry(event, names) for event in events]


def _names(fields: set[str]) -> dict[str, dict[str, str]]:
    models = {"department": Department, "group": Group, "area": Area}
    return {name: {str(row.id): str(row) for row in model.select()} for name, model in models.items() if name in fields}


def _entry(event: AuditEvent, names: Mapping[str, Mapping[str, str]]) -> HistoryEntry:
    detail = json.loads(event.detail)
    changes = tuple(
        (name, read(LABELS.get(name, name)), _plain(name, old, names), _plain(name, new, names))
        for name, (old, new) in detail.get("changes", {}).items()
    )
    return HistoryEntry(
        when=moment(event.at),
        who=event.actor_name or read(say("nobody signed in")),
        action=event.action,
        action_label=read(ACTIONS.get(event.action, event.action)),
        on_behalf_of="",
        address=event.address,
        changes=changes,
        remark=str(detail.get("reason", "")),
        hash=event.hash,
    )


def _plain(name: str, value: Any, names: Mapping[str, Mapping[str, str]]) -> str:
    if value is None or value == []:
        return ""
    if name in names:
        return names[name].get(str(value), str(value))
    if isinstance(value, list):
        return "、".join(read(ROLES[one]) if one in ROLES else str(one) for one in value)
    if isinstance(value, bool):
        return read(say("yes") if value else say("no"))
    return registers()[value].zh if name == "export" and value in registers() else str(value)
