"""Accounts: the list, what an administrator does to them, and the registration of all their pages.

Read by administrators and auditors, changed by administrators alone; the functions of `backoffice.accounts` decide again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, Response, redirect, render_template, request, url_for
from peewee import JOIN, Expression
from werkzeug.wrappers import Response as AnyResponse

from admin_views import account_details, account_forms, account_rights, activity, delegations, grants
from admin_views.account_parts import (
    LABELS,
    TITLE,
    active_cell,
    bp,
    flag,
    place_cells,
    registers,
    roles_cell,
    wanted_user,
)
from admin_views.pages import (
    Button,
    Cell,
    FilterBox,
    ListPage,
    Notice,
    RowView,
)
from admin_views.plain_pages import (
    address,
    after,
    column,
    equals_filters,
    id_or_none,
    list_page,
    me,
    page_window,
    pager,
    require,
    searched,
    sorting,
    wanted_id,
)
from backoffice import accounts, clock, sessions
from backoffice.auth import hasher, in_force
from backoffice.errors import BadRequest, NotFound
from backoffice.notices import notify, take_notices
from backoffice.outcomes import Done
from backoffice.texts import read, say
from models.accounts import Area, Department, Group, User, UserRole
from models.matrix import ROLES
from models.register import Register

COLUMNS = ("username", "name", "department", "group", "area", "roles", "active", "sessions")
SORTABLE = ("username", "name")
# Importing these puts their views on the blueprint.
PAGES = (account_details, account_forms, account_rights)


def register_account_views(app: Flask, registers: Mapping[str, Register]) -> None:
    """Put the pages of accounts, export grants, delegations and of what happened into the application."""
    app.extensions["backoffice_registers"] = registers
    app.register_blueprint(bp)
    app.register_blueprint(grants.bp)
    app.register_blueprint(delegations.bp)
    app.register_blueprint(activity.bp)


# --- list -------------------------------------------------------------------------------------------------


@bp.get("/")
def listed() -> str:
    account = require(accounts.READERS)
    number, size = page_window()
    sorted_by = sorting(COLUMNS, SORTABLE, "username")
    departments = {row.id: row for row in Department.select().order_by(Department.name)}
    filters = equals_filters(("department", "roles", "active"))
    where = _where(filters, departments)
    count = User.select().where(where).count() if where is not None else User.select().count()
    users = _users(where, sorted_by, number, size)
    roles = _roles([user.id for user in users])
    keeps = bool(account.roles & accounts.KEEPERS)
    rows = tuple(_row(user, number * size + at, roles, keeps) for at, user in enumerate(users, start=1))
    return list_page(
        ListPage(
            title=read(TITLE),
            register="user",
            columns=tuple(column(name, LABELS[name], sorted_by, name in SORTABLE) for name in COLUMNS),
            rows=rows,
            pager=pager(number, size, count, len(rows)),
            filters=_filter_boxes(filters, departments),
            search=searched(),
            can_search=True,
            list_url=url_for("accounts.listed"),
            action_url=url_for("accounts.act"),
            tools=(Button("create", read(say("New account")), url_for("accounts.new"), tone="primary"),)
            if keeps
            else (),
            bulk=tuple(Button(name, read(text), "", method="post", tone=tone) for name, text, tone in _BULK)
            if keeps
            else (),
            filtered=bool(filters),
        )
    )


_BULK = (
    ("end_sessions", say("End all sessions"), "plain"),
    ("enable", say("Enable"), "good"),
    ("disable", say("Disable"), "bad"),
)


def _where(filters: Mapping[str, str], departments: Mapping[int, Department]) -> Expression | None:
    parts: list[Any] = []
    if searched():
        parts.append(User.username.contains(searched()) | User.name.contains(searched()))
    if "department" in filters:
        wanted = id_or_none(filters["department"])
        if wanted not in departments:
            raise BadRequest
        parts.append(User.department == wanted)
    if "roles" in filters:
        if filters["roles"] not in ROLES:
            raise BadRequest
        parts.append(User.id.in_(UserRole.select(UserRole.user).where(UserRole.role == filters["roles"])))
    if "active" in filters:
        parts.append(User.active == flag(filters["active"]))
    where = None
    for part in parts:
        where = part if where is None else where & part
    return where


def _users(where: Any, sorted_by: tuple[str, bool], number: int, size: int) -> Sequence[User]:
    key = getattr(User, sorted_by[0])
    open_now = sessions.open_count(now=clock.now(), idle=me().idle).alias("open_now")
    query = (
        User.select(User, Department, Group, Area, open_now)
        .join(Department, JOIN.LEFT_OUTER)
        .switch(User)
        .join(Group, JOIN.LEFT_OUTER)
        .switch(User)
        .join(Area, JOIN.LEFT_OUTER)
        .order_by(key.desc() if sorted_by[1] else key, User.id)
        .offset(number * size)
        .limit(size)
    )
    return list(query.where(where) if where is not None else query)


def _roles(user_ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows: Any = UserRole.select(UserRole.user, UserRole.role).where(UserRole.user.in_(list(user_ids))).tuples()
    for user, role in rows:
        found.setdefault(user, []).append(role)
    return found


def _row(user: Any, position: int, roles: Mapping[int, list[str]], keeps: bool) -> RowView:
    count = user.open_now
    cells = (
        Cell("username", user.username),
        Cell("name", user.name),
        *place_cells(user),
        roles_cell(roles.get(user.id, [])),
        active_cell(user),
        # Two at once may be a shared account (ACL-04).
        Cell(
            "sessions", str(count), align="right", tone="waiting" if count > 1 and in_force("one_session_shown") else ""
        ),
    )
    edit = Button("edit", read(say("Edit")), url_for("accounts.edit", id=user.id))
    return RowView(
        id=user.id,
        number=user.username,
        state="active" if user.active else "disabled",
        version=user.version,
        position=position,
        url=url_for("accounts.details", id=user.id),
        cells=cells,
        buttons=(edit,) if keeps else (),
        title=user.name,
    )


def _filter_boxes(filters: Mapping[str, str], departments: Mapping[int, Department]) -> tuple[FilterBox, ...]:
    choices = {
        "department": tuple((str(key), row.name) for key, row in departments.items()),
        "roles": tuple((code, read(text)) for code, text in ROLES.items()),
        "active": (("true", read(say("enabled"))), ("false", read(say("disabled")))),
    }
    return tuple(
        FilterBox(name, read(LABELS[name]), "select", (f"flt{at}_{name}_equals",), (filters.get(name, ""),), listed)
        for at, (name, listed) in enumerate(choices.items(), start=1)
    )


# --- acts -------------------------------------------------------------------------------------------------


@bp.post("/action/")
def act() -> AnyResponse:
    """Flask-Admin's own address: `action` and `rowid`, which may repeat; one outcome for each row."""
    account = require(accounts.KEEPERS)
    action = request.form.get("action", "")
    rows = request.form.getlist("rowid")
    if action not in {name for name, _, _ in _BULK} or not 0 < len(rows) <= 500:
        raise BadRequest
    back = url_for("accounts.details", id=rows[0]) if len(rows) == 1 else url_for("accounts.listed")
    for text in rows:
        _act_on(action, id_or_none(text) or -1, account.id)
    return redirect(back, 303)


def _act_on(action: str, user_id: int, actor_id: int) -> None:
    now, here = clock.now(), url_for("accounts.listed")
    if action == "end_sessions":
        outcome = accounts.end_sessions(user_id, actor_id=actor_id, now=now, address=address())
    else:
        outcome = accounts.set_active(
            user_id,
            action == "enable",
            actor_id=actor_id,
            now=now,
            registers=registers().values(),
            address=address(),
        )
    done = {
        "end_sessions": say("All sessions of {username} are ended.", username=getattr(outcome, "number", "")),
        "enable": say("The account {username} is enabled.", username=getattr(outcome, "number", "")),
        "disable": say("The account {username} is disabled.", username=getattr(outcome, "number", "")),
    }
    try:
        after(outcome, here, done[action])
    except NotFound as missing:
        notify("refused", missing.text)


@bp.post("/end_session/")
def end_session() -> AnyResponse:
    account = require(accounts.KEEPERS)
    user = wanted_user(wanted_id())
    session_id = id_or_none(request.form.get("session")) or -1
    outcome = accounts.end_sessions(
        user.id, actor_id=account.id, now=clock.now(), address=address(), session_id=session_id
    )
    return after(outcome, url_for("accounts.details", id=user.id), say("The session is ended."))


@bp.post("/reset/")
def reset() -> AnyResponse:
    """The one-time password stands on this answer and nowhere else: not in a cookie, a log or the history."""
    account = require(accounts.KEEPERS)
    user = wanted_user(wanted_id())
    secret = accounts.one_time_secret(hasher())
    outcome = accounts.reset_password(user.id, secret, actor_id=account.id, now=clock.now(), address=address())
    if not isinstance(outcome, Done):
        return after(outcome, url_for("accounts.details", id=user.id), "")
    notices = [
        *take_notices(),
        Notice("done", read(say("The password is reset; all sessions of this person are ended."))),
    ]
    body = render_template(
        "account/one_time.html",
        user={"id": user.id, "username": user.username, "name": user.name},
        password=secret.password,
        hours=int(accounts.ONE_TIME_LIFE.total_seconds() // 3600),
        details_url=url_for("accounts.details", id=user.id),
        notices=notices,
    )
    return Response(body)
