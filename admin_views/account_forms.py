"""The form of an account: new, edit, and what comes back when something is wrong or somebody was faster."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Form, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from admin_views.account_parts import (
    LABELS,
    bp,
    flag,
    registers,
    wanted_user,
)
from admin_views.pages import (
    Difference,
    FormGroup,
    FormPage,
)
from admin_views.plain_pages import (
    address,
    after,
    again,
    form_page,
    id_or_none,
    made_before,
    make_once,
    options,
    require,
    typed_version,
    wanted_id,
)
from admin_views.sending import token_again
from backoffice import accounts, clock
from backoffice.form_tokens import Again
from backoffice.notices import notify
from backoffice.outcomes import Done, Stale
from backoffice.texts import read, say
from models.accounts import Area, Department, Group, User
from models.matrix import ROLES


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
            active=default_active if sent is None else flag(sent),
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
    values, secret = form.values(True), accounts.Secret("", "")
    # No password meets an empty hash: the account opens with the one-time password of the next step.
    outcome = make_once(
        "user",
        lambda: accounts.create_user(values, secret, actor_id=account.id, now=clock.now(), address=address()),
    )
    if isinstance(outcome, Again):
        return made_before(url_for("accounts.details", id=outcome.id))
    if isinstance(outcome, Done):
        notify("done", say("The account {username} is made. Give it a one-time password now.", username=outcome.number))
        return redirect(url_for("accounts.details", id=outcome.id), 303)
    form.offer()
    return again(outcome, form, _new_page(form))


@bp.get("/edit/")
def edit() -> AnyResponse:
    require(accounts.KEEPERS)
    user = wanted_user(wanted_id())
    form = UserForm(data=_typed(user))
    form.offer(user)
    return form_page(_edit_page(form, user, user.version))


@bp.post("/edit/")
def update() -> AnyResponse:
    account = require(accounts.KEEPERS)
    user = wanted_user(wanted_id())
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
        page = _edit_page(form, wanted_user(user.id), outcome.version, _differences(form, user), outcome.by)
        return again(outcome, form, page)
    return again(outcome, form, _edit_page(form, user, typed_version()))


class FactorForm(Form):
    reason = StringField(
        say("Reason"),
        description=say("How it is certain who asks: on the telephone anybody can claim to have lost it."),
        render_kw={"maxlength": 200, "autocomplete": "off"},
    )


@bp.get("/reset_factor/")
def factor() -> AnyResponse:
    require(accounts.KEEPERS)
    return form_page(_factor_page(FactorForm(), wanted_user(wanted_id())))


@bp.post("/reset_factor/")
def reset_factor() -> AnyResponse:
    account = require(accounts.KEEPERS)
    user = wanted_user(wanted_id())
    form = FactorForm(request.form)
    reason = accounts.clean_name(form.reason.data or "")
    outcome = accounts.reset_second_factor(user.id, reason, actor_id=account.id, now=clock.now(), address=address())
    if isinstance(outcome, Done):
        text = say("The second factor of {username} is reset; all sessions are ended.", username=outcome.number)
        return after(outcome, url_for("accounts.details", id=user.id), text)
    return again(outcome, form, _factor_page(form, user))


def _factor_page(form: FactorForm, user: User) -> FormPage:
    form.reason.flags.starred = True
    return FormPage(
        title=read(say("Reset second factor")),
        register="user",
        url=url_for("accounts.reset_factor", id=user.id),
        cancel_url=url_for("accounts.details", id=user.id),
        groups=(FormGroup("", tuple(form)),),
        submit=read(say("Reset")),
        submit_tone="bad",
        action="reset_factor",
        id=user.id,
        number=user.username,
        hint=read(
            say("The authenticator and its recovery codes stop to work. If his role needs them, he sets up new ones.")
        ),
        enctype="application/x-www-form-urlencoded",
    )


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
        once=token_again(),
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
