"""Export grants, given by administrators and, for their own department, by service managers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for
from peewee import JOIN
from werkzeug.wrappers import Response as AnyResponse
from wtforms import DateField, Form, SelectField, StringField

from admin_views.pages import (
    Button,
    Cell,
    Column,
    FormGroup,
    FormPage,
    LinkView,
    ListPage,
    RowView,
)
from admin_views.plain_pages import (
    address,
    after,
    again,
    bad_days,
    form_page,
    id_or_none,
    list_page,
    me,
    options,
    page_window,
    pager,
    require,
    wanted_id,
)
from backoffice import accounts, clock
from backoffice.notices import notify
from backoffice.outcomes import Done, Outcome
from backoffice.texts import label, read, say
from backoffice.values import moment
from models.accounts import ExportGrant, User
from models.matrix import ROLES
from models.register import Register

bp = Blueprint("grants", __name__, url_prefix="/admin/export_grant")

LABELS: Mapping[str, Any] = {
    "user": say("Person"),
    "register": say("Register"),
    "reason": say("Reason"),
    "granted_by": say("Granted by"),
    "granted_at": say("Granted at"),
    "ends_on": say("Last day"),
}
_MOST_PEOPLE = 2000


def _registers() -> Mapping[str, Register]:
    found: Mapping[str, Register] = current_app.extensions["backoffice_registers"]
    return found


def _register_label(name: str, registers: Mapping[str, Register]) -> str:
    return label(registers[name]) if name in registers else name


GRANT_COLUMNS = ("user", "register", "reason", "granted_by", "granted_at", "ends_on")


@bp.get("/")
def listed() -> str:
    account = require([*accounts.GRANTERS, *accounts.READERS])
    reach = accounts.reach_of(account.roles) or "all"
    number, size = page_window()
    granter = User.alias()
    query = (
        ExportGrant.select(ExportGrant, User, granter)
        .join(User, on=ExportGrant.user)
        .join_from(ExportGrant, granter, JOIN.LEFT_OUTER, on=ExportGrant.granted_by, attr="granted_by")
    )
    if reach == "department":
        query = query.where(User.department == account.department_id)
    count = query.count()
    rows = list(query.order_by(User.username, ExportGrant.register).offset(number * size).limit(size))
    may_give = bool(accounts.reach_of(account.roles))
    new_one = Button("create", read(say("Grant an export")), url_for("grants.new"), tone="primary")
    return list_page(
        ListPage(
            title=read(say("Export grants")),
            register="export_grant",
            columns=tuple(Column(name, read(LABELS[name])) for name in GRANT_COLUMNS),
            rows=tuple(_grant_row(one, at, may_give, account.id) for at, one in enumerate(rows, number * size + 1)),
            pager=pager(number, size, count, len(rows)),
            filters=(),
            search="",
            can_search=False,
            list_url=url_for("grants.listed"),
            action_url="",
            tools=(new_one,) if may_give else (),
        )
    )


def _grant_row(grant: ExportGrant, position: int, may_give: bool, own_id: int) -> RowView:
    person = Cell("user", f"{grant.user.name} ({grant.user.username})", value=str(grant.user_id))
    cells = (person, *_grant_cells(grant, _registers()))
    buttons = (_revoke(grant),) if may_give and grant.user_id != own_id else ()
    return RowView(grant.id, grant.user.username, _grant_state(grant), 0, position, "", cells, buttons)


def _grant_cells(grant: ExportGrant, registers: Mapping[str, Register]) -> tuple[Cell, ...]:
    by = grant.granted_by
    return (
        Cell("register", _register_label(grant.register, registers), value=grant.register),
        Cell("reason", grant.reason, wide=True),
        Cell("granted_by", by.name if by is not None else "", value=str(by.id) if by is not None else ""),
        Cell("granted_at", moment(grant.granted_at), value=grant.granted_at.isoformat()),
        Cell("ends_on", grant.ends_on.isoformat() if grant.ends_on is not None else ""),
    )


def _grant_state(grant: ExportGrant) -> str:
    return "ended" if grant.ends_on is not None and grant.ends_on < clock.today() else "open"


def _revoke(grant: ExportGrant) -> Button:
    return Button(
        "revoke",
        read(say("Take back")),
        url_for("grants.revoke", id=grant.id),
        method="post",
        tone="bad",
        confirm=read(say("The person can no longer export or print lists of this register.")),
    )


def grants_view(rows: Sequence[ExportGrant], registers: Mapping[str, Register], keeps: bool, user_id: int) -> LinkView:
    """The grants of one person, for his account's page."""
    columns = tuple(Column(name, read(LABELS[name])) for name in GRANT_COLUMNS[1:])
    shown = tuple(
        RowView(
            one.id,
            "",
            _grant_state(one),
            0,
            at,
            "",
            _grant_cells(one, registers),
            (_revoke(one),) if keeps and user_id != me().id else (),
        )
        for at, one in enumerate(rows, start=1)
    )
    return LinkView(read(say("Export grants")), columns, shown)


class GrantForm(Form):
    user = SelectField(LABELS["user"], validate_choice=False)
    register = SelectField(LABELS["register"], validate_choice=False)
    reason = StringField(LABELS["reason"], render_kw={"maxlength": 200})
    ends_on = DateField(LABELS["ends_on"], description=say("Empty: until it is taken back."))

    def offer(self, reach: str, department_id: int | None) -> None:
        query = User.select().where(User.active == True)  # noqa: E712 - SQL, not Python
        if reach == "department":
            query = query.where(User.department == department_id)
        people = query.order_by(User.username).limit(_MOST_PEOPLE)
        self.user.choices = options(((one.id, f"{one.name} ({one.username})") for one in people), say("choose"))
        registers = _registers()
        everybody = accounts.exportable(ROLES, registers)
        self.register.choices = options(((name, label(registers[name])) for name in everybody), say("choose"))
        for name in ("user", "register", "reason"):
            self[name].flags.starred = True


@bp.get("/new/")
def new() -> AnyResponse:
    account = require(accounts.GRANTERS)
    form = GrantForm(data={"user": request.args.get("user", "")})
    form.offer(accounts.reach_of(account.roles), account.department_id)
    return form_page(_grant_page(form))


@bp.post("/new/")
def create() -> AnyResponse:
    account = require(accounts.GRANTERS)
    form = GrantForm(request.form)
    values = accounts.GrantValues(
        user=id_or_none(form.user.data),
        register=form.register.data or "",
        reason=accounts.clean_name(form.reason.data or ""),
        ends_on=form.ends_on.data,
    )
    bad_day = bad_days(form, "ends_on")
    outcome: Outcome = bad_day or accounts.grant_export(
        values,
        actor_id=account.id,
        now=clock.now(),
        today=clock.today(),
        registers=_registers(),
        address=address(),
    )
    if isinstance(outcome, Done):
        notify("done", say("{username} may export the register now.", username=outcome.number))
        is_keeper = bool(account.roles & accounts.READERS)
        back = url_for("accounts.details", id=outcome.id) if is_keeper else url_for("grants.listed")
        return redirect(back, 303)
    form.offer(accounts.reach_of(account.roles), account.department_id)
    return again(outcome, form, _grant_page(form))


@bp.post("/revoke/")
def revoke() -> AnyResponse:
    account = require(accounts.GRANTERS)
    outcome = accounts.revoke_export(wanted_id(), actor_id=account.id, now=clock.now(), address=address())
    is_keeper = bool(account.roles & accounts.READERS) and isinstance(outcome, Done)
    back = url_for("accounts.details", id=outcome.id) if is_keeper and isinstance(outcome, Done) else None
    return after(outcome, back or url_for("grants.listed"), say("The grant is taken back."))


def _grant_page(form: GrantForm) -> FormPage:
    return FormPage(
        title=read(say("Grant an export")),
        register="export_grant",
        url=url_for("grants.create"),
        cancel_url=url_for("grants.listed"),
        groups=(FormGroup("", tuple(form)),),
        action="grant",
        hint=read(say("Only registers that a role of the person may export can be granted.")),
        enctype="application/x-www-form-urlencoded",
    )
