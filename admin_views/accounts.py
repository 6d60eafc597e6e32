"""Accounts: list, form, details with sessions, export grants and history, and what an administrator does to them.

Read by administrators and auditors, changed by administrators alone; the functions of `backoffice.accounts` decide again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, url_for
from peewee import JOIN, Expression
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Form, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from admin_views import grants
from admin_views.pages import (
    Button,
    Cell,
    ChildView,
    Column,
    DetailsPage,
    Difference,
    FilterBox,
    FormGroup,
    FormPage,
    HistoryEntry,
    HistoryPage,
    LinkView,
    ListPage,
    Notice,
    RowView,
    SectionView,
)
from admin_views.plain_pages import (
    address,
    after,
    again,
    column,
    equals_filters,
    form_page,
    id_or_none,
    list_page,
    me,
    options,
    page_window,
    pager,
    require,
    searched,
    sorting,
    typed_version,
    wanted_id,
)
from backoffice import accounts, clock, sessions, throttle
from backoffice.auth import hasher
from backoffice.errors import BadRequest, NotFound
from backoffice.notices import notify, take_notices
from backoffice.outcomes import Done, Stale
from backoffice.texts import read, say
from backoffice.values import moment
from models.accounts import Area, Department, ExportGrant, Group, User, UserRole
from models.evidence import AuditEvent
from models.matrix import ROLES
from models.register import Register

bp = Blueprint("accounts", __name__, url_prefix="/admin/user")

TITLE = say("Accounts")
LABELS: Mapping[str, Any] = {
    "username": say("User name"),
    "name": say("Name"),
    "department": say("Department"),
    "group": say("Group"),
    "area": say("Area"),
    "roles": say("Roles"),
    "active": say("Enabled"),
    "sessions": say("Sessions"),
    "export": say("Export"),
}
COLUMNS = ("username", "name", "department", "group", "area", "roles", "active", "sessions")
SORTABLE = ("username", "name")
ACTIONS: Mapping[str, Any] = {
    "account:create": say("account made"),
    "account:update": say("account changed"),
    "account:roles": say("roles changed"),
    "account:password": say("password changed"),
    "account:reset": say("password reset"),
    "account:sessions:end": say("sessions ended"),
    "account:grant": say("export granted or taken back"),
    "account:login:success": say("signed in"),
    "account:login:failure": say("sign-in failed"),
    "account:logout": say("signed out"),
}
_HISTORY = 50


def register_account_views(app: Flask, registers: Mapping[str, Register]) -> None:
    """Put the pages of accounts, export grants and delegations into the application."""
    app.extensions["backoffice_registers"] = registers
    app.register_blueprint(bp)
    app.register_blueprint(grants.bp)
    app.register_blueprint(grants.delegations)


def registers() -> Mapping[str, Register]:
    found: Mapping[str, Register] = current_app.extensions["backoffice_registers"]
    return found


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
    roles, open_now = _roles([user.id for user in users]), _open([user.id for user in users])
    keeps = bool(account.roles & accounts.KEEPERS)
    rows = tuple(_row(user, number * size + at, roles, open_now, keeps) for at, user in enumerate(users, start=1))
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
        parts.append(User.active == _flag(filters["active"]))
    where = None
    for part in parts:
        where = part if where is None else where & part
    return where


def _users(where: Any, sorted_by: tuple[str, bool], number: int, size: int) -> Sequence[User]:
    key = getattr(User, sorted_by[0])
    query = (
        User.select(User, Department, Group, Area)
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


def _open(user_ids: Sequence[int]) -> dict[int, int]:
    return sessions.open_counts(user_ids, now=clock.now(), idle=me().idle)


def _row(
    user: User, position: int, roles: Mapping[int, list[str]], open_now: Mapping[int, int], keeps: bool
) -> RowView:
    count = open_now.get(user.id, 0)
    cells = (
        Cell("username", user.username),
        Cell("name", user.name),
        *_place_cells(user),
        _roles_cell(roles.get(user.id, [])),
        _active_cell(user),
        # Two at once may be a shared account (ACL-04).
        Cell("sessions", str(count), align="right", tone="waiting" if count > 1 else ""),
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


def _place_cells(user: User) -> list[Cell]:
    found = []
    for name in ("department", "group", "area"):
        row = getattr(user, name)
        text = str(row) if row is not None else ""
        found.append(Cell(name, text, value=str(row.id) if row is not None else "", label=read(LABELS[name])))
    return found


def _roles_cell(roles: Sequence[str]) -> Cell:
    ordered = [code for code in ROLES if code in roles] + sorted(set(roles) - ROLES.keys())
    text = "、".join(read(ROLES[code]) if code in ROLES else code for code in ordered)
    return Cell("roles", text, value=",".join(ordered), label=read(LABELS["roles"]), wide=True)


def _active_cell(user: User) -> Cell:
    text, tone = (say("enabled"), "good") if user.active else (say("disabled"), "muted")
    return Cell("active", read(text), value="true" if user.active else "false", tone=tone, label=read(LABELS["active"]))


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


def _flag(text: str) -> bool:
    if text.lower() in ("1", "true", "on", "yes", "y"):
        return True
    if text.lower() in ("", "0", "false", "off", "no", "n"):
        return False
    raise BadRequest


# --- form -------------------------------------------------------------------------------------------------


class UserForm(Form):
    username = StringField(
        LABELS["username"], render_kw={"maxlength": 40, "autocomplete": "off", "spellcheck": "false"}
    )
    name = StringField(LABELS["name"], render_kw={"maxlength": 40, "autocomplete": "off"})
    department = SelectField(LABELS["department"], validate_choice=False)
    group = SelectField(LABELS["group"], validate_choice=False)
    area = SelectField(LABELS["area"], validate_choice=False)
    roles = SelectMultipleField(
        LABELS["roles"],
        validate_choice=False,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    active = SelectField(LABELS["active"], validate_choice=False)

    def offer(self, user: User | None = None) -> None:
        """Fill the selects: what is in use, and what this account has."""
        none = say("none")
        for name, model in (("department", Department), ("group", Group), ("area", Area)):
            current = getattr(user, f"{name}_id", None)
            rows = [row for row in model.select().order_by(model.id) if row.active or row.id == current]
            self[name].choices = options(((row.id, str(row)) for row in rows), none)
        self.roles.choices = options((code, read(text)) for code, text in ROLES.items())
        self.active.choices = [("true", read(say("enabled"))), ("false", read(say("disabled")))]
        for name in ("username", "name", "roles"):
            self[name].flags.starred = True

    def values(self, default_active: bool) -> accounts.UserValues:
        sent = request.form.get("active")
        return accounts.UserValues(
            username=(self.username.data or "").strip(),
            name=accounts.clean_name(self.name.data or ""),
            department=id_or_none(self.department.data),
            group=id_or_none(self.group.data),
            area=id_or_none(self.area.data),
            roles=frozenset(role for role in self.roles.data or () if role),
            active=default_active if sent is None else _flag(sent),
        )


@bp.get("/new/")
def new() -> AnyResponse:
    require(accounts.KEEPERS)
    form = UserForm(data={"active": "true"})
    form.offer()
    return form_page(_new_page(form))


@bp.post("/new/")
def create() -> AnyResponse:
    account = require(accounts.KEEPERS)
    form = UserForm(request.form)
    # No password meets an empty hash: the account opens with the one-time password of the next step.
    outcome = accounts.create_user(
        form.values(True), accounts.Secret("", ""), actor_id=account.id, now=clock.now(), address=address()
    )
    if isinstance(outcome, Done):
        notify("done", say("The account {username} is made. Give it a one-time password now.", username=outcome.number))
        return redirect(url_for("accounts.details", id=outcome.id), 303)
    form.offer()
    return again(outcome, form, _new_page(form))


@bp.get("/edit/")
def edit() -> AnyResponse:
    require(accounts.KEEPERS)
    user = _user(wanted_id())
    form = UserForm(data=_typed(user))
    form.offer(user)
    return form_page(_edit_page(form, user, user.version))


@bp.post("/edit/")
def update() -> AnyResponse:
    account = require(accounts.KEEPERS)
    user = _user(wanted_id())
    form = UserForm(request.form)
    outcome = accounts.update_user(
        user.id,
        form.values(user.active),
        version=typed_version(),
        actor_id=account.id,
        now=clock.now(),
        registers=registers().values(),
        address=address(),
    )
    if isinstance(outcome, Done):
        return after(outcome, url_for("accounts.details", id=user.id), say("The account is saved."))
    form.offer(user)
    if isinstance(outcome, Stale):
        page = _edit_page(form, _user(user.id), outcome.version, _differences(form, user), outcome.by)
        return again(outcome, form, page)
    return again(outcome, form, _edit_page(form, user, typed_version()))


def _typed(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "name": user.name,
        "department": str(user.department_id or ""),
        "group": str(user.group_id or ""),
        "area": str(user.area_id or ""),
        "roles": sorted(accounts.roles_of(user.id)),
        "active": "true" if user.active else "false",
    }


def _differences(form: UserForm, user: User) -> tuple[Difference, ...]:
    stored = UserForm(data=_typed(user))
    stored.offer(user)
    pairs = [(name, _shown(stored[name]), _shown(form[name])) for name in _typed(user)]
    return tuple(
        Difference(label=read(LABELS[name]), before="", theirs=theirs, mine=mine)
        for name, theirs, mine in pairs
        if theirs != mine
    )


def _shown(field: Any) -> str:
    texts = dict(getattr(field, "choices", None) or ())
    values = field.data if isinstance(field.data, list) else [field.data or ""]
    return "、".join(str(texts.get(value, value)) for value in values)


def _new_page(form: UserForm) -> FormPage:
    return FormPage(
        title=read(say("New account")),
        register="user",
        url=url_for("accounts.create"),
        cancel_url=url_for("accounts.listed"),
        groups=(FormGroup("", tuple(form)),),
        action="create",
        hint=read(
            say("The person gets a one-time password in the next step and chooses his own at the first sign-in.")
        ),
        enctype="application/x-www-form-urlencoded",
    )


def _edit_page(
    form: UserForm, user: User, version: int, differences: tuple[Difference, ...] = (), changed_by: str = ""
) -> FormPage:
    form.username.render_kw = {**(form.username.render_kw or {}), "readonly": True}
    return FormPage(
        title=read(say("Edit account")),
        register="user",
        url=url_for("accounts.update", id=user.id),
        cancel_url=url_for("accounts.details", id=user.id),
        groups=(FormGroup("", tuple(form)),),
        version=version,
        action="update",
        id=user.id,
        number=user.username,
        state="active" if user.active else "disabled",
        differences=differences,
        changed_by=changed_by,
        enctype="application/x-www-form-urlencoded",
    )


def _user(user_id: int) -> User:
    query = (
        User.select(User, Department, Group, Area)
        .join(Department, JOIN.LEFT_OUTER)
        .switch(User)
        .join(Group, JOIN.LEFT_OUTER)
        .switch(User)
        .join(Area, JOIN.LEFT_OUTER)
        .where(User.id == user_id)
    )
    user: User | None = query.first()
    if user is None:
        raise NotFound
    return user


# --- details and history ----------------------------------------------------------------------------------


@bp.get("/details/")
def details() -> str:
    account = require(accounts.READERS)
    user = _user(wanted_id())
    now = clock.now()
    keeps = bool(account.roles & accounts.KEEPERS)
    open_now = sessions.open_sessions(user.id, now=now, today=clock.today(), own=account.session_id)
    wrong = throttle.wrong_guesses(user.username, now=now)
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
        *_place_cells(user),
        _roles_cell(sorted(accounts.roles_of(user.id))),
        _active_cell(user),
        Cell("password_changed_at", changed, label=read(say("Password of"))),
    )


def _marks(open_now: int, wrong: int, user: User) -> list[tuple[str, str]]:
    marks = []
    if open_now > 1:
        marks.append((read(say("{count} sessions at once", count=open_now)), "waiting"))
    if wrong:
        marks.append((read(say("{count} wrong passwords in 15 minutes", count=wrong)), "bad"))
    if user.must_change_password:
        marks.append((read(say("must choose a password")), "neutral"))
    return marks


def _tools(user: User, keeps: bool, own_id: int) -> tuple[Button, ...]:
    history = Button("history", read(say("History")), url_for("accounts.history", id=user.id))
    if not keeps:
        return (history,)
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
    rows = (("rowid", str(user.id)),)
    turn = ("disable", say("Disable"), "bad") if user.active else ("enable", say("Enable"), "good")
    acts = [("end_sessions", say("End all sessions"), "plain"), turn]
    return (
        Button(
            "edit", read(say("Edit")), url_for("accounts.edit", id=user.id), tone="plain" if never_set else "primary"
        ),
        *(() if user.id == own_id else (reset,)),
        *(
            Button(name, read(text), url_for("accounts.act"), "post", tone=tone, fields=(("action", name), *rows))
            for name, text, tone in acts
            if not (user.id == own_id and name == "disable")
        ),
        Button("grant", read(say("Grant an export")), url_for("grants.new", user=user.id)),
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
    user = _user(wanted_id())
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
    user = _user(wanted_id())
    session_id = id_or_none(request.form.get("session")) or -1
    outcome = accounts.end_sessions(
        user.id, actor_id=account.id, now=clock.now(), address=address(), session_id=session_id
    )
    return after(outcome, url_for("accounts.details", id=user.id), say("The session is ended."))


@bp.post("/reset/")
def reset() -> AnyResponse:
    """The one-time password stands on this answer and nowhere else: not in a cookie, a log or the history."""
    account = require(accounts.KEEPERS)
    user = _user(wanted_id())
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
