"""Delegations: who acts for whom, in which role and from when to when. Kept by administrators, read by auditors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse
from wtforms import DateField, Form, SelectField, StringField

from admin_views.pages import (
    Button,
    Cell,
    FormGroup,
    FormPage,
    ListPage,
    RowView,
    SectionView,
)
from admin_views.plain_pages import (
    address,
    after,
    again,
    bad_days,
    column,
    explained,
    form_page,
    id_or_none,
    list_page,
    made_before,
    make_once,
    options,
    page_window,
    pager,
    refuse_unless_possible,
    require,
    sorting,
    typed_version,
    wanted_id,
)
from admin_views.sending import token_again
from backoffice import accounts, clock
from backoffice.errors import BadRequest, NotFound
from backoffice.form_tokens import Again
from backoffice.notices import notify
from backoffice.outcomes import Declined, Done, Outcome, Stale
from backoffice.texts import read, say
from models.accounts import Delegation, User, UserRole
from models.matrix import NEVER_APPROVES, ROLES

bp = Blueprint("delegations", __name__, url_prefix="/admin/delegation")

LABELS: Mapping[str, Any] = {
    "reason": say("Reason"),
    "ends_on": say("Last day"),
    "owner": say("Absent person"),
    "delegate": say("Acts for him"),
    "role": say("In the role"),
    "starts_on": say("First day"),
    "state": say("State"),
}
_MOST_PEOPLE = 2000


DELEGATION_COLUMNS = ("owner", "delegate", "role", "starts_on", "ends_on", "reason", "state")
_STATES: Mapping[str, tuple[Any, str]] = {
    "coming": (say("coming"), "neutral"),
    "open": (say("in force"), "good"),
    "past": (say("past"), "muted"),
    "ended": (say("ended early"), "muted"),
}


@bp.get("/", endpoint="listed")
def list_delegations() -> str:
    account = require(accounts.READERS)
    number, size = page_window()
    sorted_by = sorting(DELEGATION_COLUMNS, ("starts_on", "ends_on"), "starts_on")
    if "sort" not in request.args:
        sorted_by = ("starts_on", True)
    query = _delegations()
    count = query.count()
    key = getattr(Delegation, sorted_by[0])
    order = (key.desc() if sorted_by[1] else key, Delegation.id.desc())
    rows = list(query.order_by(*order).offset(number * size).limit(size))
    keeps = bool(account.roles & accounts.KEEPERS)
    new_one = Button("create", read(say("New delegation")), url_for("delegations.new"), tone="primary")
    return list_page(
        ListPage(
            title=read(say("Delegations")),
            register="delegation",
            columns=tuple(
                column(name, LABELS[name], sorted_by, name in ("starts_on", "ends_on")) for name in DELEGATION_COLUMNS
            ),
            rows=tuple(_delegation_row(one, at, keeps) for at, one in enumerate(rows, number * size + 1)),
            pager=pager(number, size, count, len(rows)),
            filters=(),
            search="",
            can_search=False,
            list_url=url_for("delegations.listed"),
            action_url=url_for("delegations.act"),
            tools=(new_one,) if keeps else (),
        )
    )


def _delegations() -> Any:
    delegate = User.alias()
    return (
        Delegation.select(Delegation, User, delegate)
        .join(User, on=Delegation.owner)
        .join_from(Delegation, delegate, on=Delegation.delegate, attr="delegate")
    )


def _state(row: Delegation, today: dt.date) -> str:
    if row.ended:
        return "ended"
    if row.starts_on > today:
        return "coming"
    return "past" if row.ends_on < today else "open"


def _delegation_cells(row: Delegation) -> tuple[Cell, ...]:
    text, tone = _STATES[_state(row, clock.today())]
    role = read(ROLES[row.role]) if row.role in ROLES else row.role
    return (
        Cell("owner", row.owner.name, value=str(row.owner_id), label=read(LABELS["owner"])),
        Cell("delegate", row.delegate.name, value=str(row.delegate_id), label=read(LABELS["delegate"])),
        Cell("role", role, value=row.role, label=read(LABELS["role"])),
        Cell("starts_on", row.starts_on.isoformat(), label=read(LABELS["starts_on"])),
        Cell("ends_on", row.ends_on.isoformat(), label=read(LABELS["ends_on"])),
        Cell("reason", row.reason, wide=True, label=read(LABELS["reason"])),
        Cell("state", read(text), value=_state(row, clock.today()), tone=tone, label=read(LABELS["state"])),
    )


def _delegation_row(row: Delegation, position: int, keeps: bool) -> RowView:
    state = _state(row, clock.today())
    url = url_for("delegations.edit", id=row.id) if keeps else ""
    may_end = keeps and state in ("coming", "open")
    end = Button("end", read(say("End")), url, tone="bad")
    return RowView(row.id, "", state, row.version, position, url, _delegation_cells(row), (end,) if may_end else ())


class DelegationForm(Form):
    owner = SelectField(LABELS["owner"], validate_choice=False)
    delegate = SelectField(LABELS["delegate"], validate_choice=False)
    role = SelectField(LABELS["role"], validate_choice=False, description=say("A role that the absent person holds."))
    starts_on = DateField(LABELS["starts_on"])
    ends_on = DateField(LABELS["ends_on"])
    reason = StringField(LABELS["reason"], render_kw={"maxlength": 200})

    def offer(self) -> None:
        active = User.active == True  # noqa: E712 - SQL, not Python
        people = list(User.select().where(active).order_by(User.username).limit(_MOST_PEOPLE))
        shown = options(((one.id, f"{one.name} ({one.username})") for one in people), say("choose"))
        self.owner.choices = self.delegate.choices = shown
        held: Any = UserRole.select(UserRole.role).distinct().tuples()
        roles = {role for (role,) in held} - NEVER_APPROVES
        self.role.choices = options(
            ((code, read(text)) for code, text in ROLES.items() if code in roles), say("choose")
        )
        for field in self:
            field.flags.starred = True


@bp.get("/new/", endpoint="new")
def new_delegation() -> AnyResponse:
    require(accounts.KEEPERS)
    form = DelegationForm()
    form.offer()
    return form_page(_delegation_page(form))


@bp.post("/new/", endpoint="create")
def create_delegation() -> AnyResponse:
    account = require(accounts.KEEPERS)
    form = DelegationForm(request.form)
    values = accounts.DelegationValues(
        owner=id_or_none(form.owner.data),
        delegate=id_or_none(form.delegate.data),
        role=form.role.data or "",
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        reason=accounts.clean_name(form.reason.data or ""),
    )

    def work() -> Outcome:
        return bad_days(form, "starts_on", "ends_on") or accounts.create_delegation(
            values, actor_id=account.id, now=clock.now(), today=clock.today(), address=address()
        )

    outcome = make_once("delegation", work)
    if isinstance(outcome, Again):
        return made_before(url_for("delegations.edit", id=outcome.id))
    if isinstance(outcome, Done):
        notify("done", say("The delegation is made."))
        return redirect(url_for("delegations.edit", id=outcome.id), 303)
    form.offer()
    return again(outcome, form, _delegation_page(form))


@bp.get("/edit/", endpoint="edit")
def edit_delegation() -> AnyResponse:
    require(accounts.READERS)
    return form_page(_end_page(_delegation(wanted_id())))


@bp.get("/details/", endpoint="details")
def show_delegation() -> AnyResponse:
    """The same page: a delegation has nothing that is edited but its end."""
    require(accounts.READERS)
    return form_page(_end_page(_delegation(wanted_id())))


@bp.post("/edit/", endpoint="end")
def end_delegation() -> AnyResponse:
    account = require(accounts.KEEPERS)
    row = _delegation(wanted_id())
    outcome = accounts.end_delegation(
        row.id, version=typed_version(), actor_id=account.id, now=clock.now(), address=address()
    )
    refuse_unless_possible(outcome)
    if isinstance(outcome, Declined | Stale):
        page = _end_page(_delegation(row.id))
        return form_page(page, status=409, notices=[explained(outcome)])
    return after(outcome, url_for("delegations.listed"), say("The delegation is ended."))


@bp.post("/action/", endpoint="act")
def act() -> AnyResponse:
    """Flask-Admin's own address: `action=end` and `rowid`, which may repeat."""
    account = require(accounts.KEEPERS)
    rows = request.form.getlist("rowid")
    if request.form.get("action") != "end" or not 0 < len(rows) <= 500:
        raise BadRequest
    for text in rows:
        row = Delegation.get_or_none(Delegation.id == (id_or_none(text) or -1))
        if row is None:
            notify("refused", NotFound.text)
            continue
        outcome = accounts.end_delegation(
            row.id, version=row.version, actor_id=account.id, now=clock.now(), address=address()
        )
        after(outcome, url_for("delegations.listed"), say("The delegation is ended."))
    return redirect(url_for("delegations.listed"), 303)


def _delegation(row_id: int) -> Delegation:
    row: Delegation | None = _delegations().where(Delegation.id == row_id).first()
    if row is None:
        raise NotFound
    return row


def _delegation_page(form: DelegationForm) -> FormPage:
    return FormPage(
        title=read(say("New delegation")),
        register="delegation",
        url=url_for("delegations.create"),
        cancel_url=url_for("delegations.listed"),
        groups=(FormGroup("", tuple(form)),),
        action="create",
        hint=read(say("What he does in this time carries both names. He never approves what he made himself.")),
        enctype="application/x-www-form-urlencoded",
        once=token_again(),
    )


def _end_page(row: Delegation) -> FormPage:
    state = _state(row, clock.today())
    return FormPage(
        title=read(say("Delegation")),
        register="delegation",
        url=url_for("delegations.end", id=row.id),
        cancel_url=url_for("delegations.listed"),
        groups=(),
        version=row.version,
        submit=read(say("End the delegation")),
        submit_tone="bad",
        action="end",
        shown=(SectionView("", _delegation_cells(row)),),
        id=row.id,
        state=state,
        enctype="application/x-www-form-urlencoded",
    )
