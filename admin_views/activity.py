"""What happened in the whole company, newest first: sign-ins, changes, acts, views of secrets, exports, prints, rights.

For those who read everybody's accounts (administrators and auditors). Which fields changed is told, their values stand in the history
of the record, behind its own rights.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from functools import reduce
from operator import and_
from typing import Any

from flask import Blueprint, request, url_for
from peewee import fn

from admin_views.history_page import ACTIONS
from admin_views.pages import Cell, Column, FilterBox, ListPage, Pager, RowView
from admin_views.plain_pages import equals_filters, list_page, options, require, searched, whole, with_query
from admin_views.web import catalogue
from backoffice import accounts, clock
from backoffice.errors import BadRequest
from backoffice.texts import label, read, say
from backoffice.values import moment
from models.accounts import User
from models.evidence import AuditEvent
from models.fields import NumberField

bp = Blueprint("activity", __name__, url_prefix="/admin/activity")

TITLE = say("What happened")
LABELS: Mapping[str, Any] = {
    "at": say("Time"),
    "actor": say("Person"),
    "action": say("What"),
    "register": say("Register"),
    "number": say("Number"),
    "remark": say("Remark"),
    "address": say("Address"),
}
# Kinds of entries: how their action ends or begins after the register's name.
KINDS: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "sign_in": (say("Signing in and out"), ("login", "logout", "sessions")),
    "view": (say("Views of secrets"), ("view",)),
    "export": (say("Exports"), ("export",)),
    "print": (say("Prints"), ("print",)),
    "refused": (say("Refusals"), ("refused", "forbidden", "login:failure")),
    "account": (say("Accounts and rights"), ("account",)),
}
# What happens outside the registers, by the entry's action.
DEEDS: Mapping[str, Any] = {
    "account:create": say("made an account"),
    "account:update": say("changed an account"),
    "account:roles": say("changed roles"),
    "account:reset": say("gave a one-time password"),
    "account:password": say("changed a password"),
    "account:password:failure": say("gave a wrong old password"),
    "account:login:success": say("signed in"),
    "account:login:failure": say("failed to sign in"),
    "account:logout": say("signed out"),
    "account:sessions:end": say("ended sessions"),
    "account:factor:enrol": say("set up the second factor"),
    "account:factor:failure": say("gave a wrong code"),
    "account:factor:codes": say("took new recovery codes"),
    "account:factor:remove": say("removed the second factor"),
    "account:factor:reset": say("reset a second factor"),
    "account:grant": say("granted or took back an export"),
    "account:delegation": say("delegated a role or ended it"),
    "setting:first": say("started with these settings"),
    "setting:changed": say("started with other settings"),
    "history:opened": say("began a chain of the history"),
    "history:sealed": say("sealed the ends of all chains"),
    "refusal:403": say("was forbidden"),
    "refusal:409": say("was refused"),
    "refusal:303": say("was refused"),
}
PLACES: Mapping[str, Any] = {
    "account": say("Accounts"),
    "setting": say("Settings"),
    "refusal": say("Refusals"),
    "history": say("History"),
}
_SIZE = 50
_SHOWN = 12


@bp.get("/")
def listed() -> str:
    require(accounts.READERS)
    filters = equals_filters(("register", "actor", "kind"))
    since, until = _day("from"), _day("to")
    before = whole("before", 0, 0, 10**9 - 1)
    query = AuditEvent.select().where(reduce(and_, _conditions(filters, since, until), AuditEvent.id > 0))
    if before:
        query = query.where(AuditEvent.id < before)
    events = list(query.order_by(AuditEvent.id.desc()).limit(_SIZE + 1))
    more, events = len(events) > _SIZE, events[:_SIZE]
    principals = _names(event.on_behalf_of_id for event in events)
    rows = tuple(_row(event, at, principals) for at, event in enumerate(events, 1))
    return list_page(
        ListPage(
            title=read(TITLE),
            register="activity",
            columns=tuple(Column(name, read(text)) for name, text in LABELS.items()),
            rows=rows,
            pager=Pager(
                page=0,
                first=1 if rows else 0,
                last=len(rows),
                count=len(rows),
                exact=not more and not before,
                size=_SIZE,
                sizes=(),
                previous_url=with_query(before=None) if before else "",
                next_url=with_query(before=events[-1].id) if more else "",
            ),
            filters=_boxes(filters, since, until),
            search=searched(),
            can_search=True,
            list_url=url_for("activity.listed"),
            action_url="",
            filtered=bool(filters or since or until),
        )
    )


def _day(name: str) -> dt.date | None:
    """A day of the query string; 400 for what no page of ours sends."""
    text = request.args.get(name, "").strip()
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest from None


def _conditions(filters: Mapping[str, str], since: dt.date | None, until: dt.date | None) -> list[Any]:
    found: list[Any] = []
    if "register" in filters:
        found.append(AuditEvent.register == filters["register"])
    if "actor" in filters:
        people = User.select(User.id).where((User.username == filters["actor"]) | (User.name == filters["actor"]))
        found.append(AuditEvent.actor.in_(people) | AuditEvent.on_behalf_of.in_(people))
    if "kind" in filters:
        if filters["kind"] not in KINDS:
            raise BadRequest
        _, words = KINDS[filters["kind"]]
        found.append(reduce(lambda a, b: a | b, (_is_kind(word) for word in words)))
    if searched():
        found.append(AuditEvent.number.contains(NumberField.stored(searched())) | (AuditEvent.number == searched()))
    zone = clock.company_zone()
    if since is not None:
        found.append(AuditEvent.at >= dt.datetime.combine(since, dt.time(), tzinfo=zone))
    if until is not None:
        found.append(AuditEvent.at < dt.datetime.combine(until + dt.timedelta(days=1), dt.time(), tzinfo=zone))
    return found


def _is_kind(word: str) -> Any:
    """Entries whose action is `<register>:<word>` or begins so; a word that is a register names all of its entries."""
    if word == "account":
        return AuditEvent.register == word
    return fn.LOWER(AuditEvent.action).contains(f":{word}")


def _names(ids: Any) -> dict[int, str]:
    wanted = {one for one in ids if one is not None}
    return {user.id: user.name for user in User.select(User.id, User.name).where(User.id.in_(wanted))} if wanted else {}


def _row(event: AuditEvent, position: int, principals: Mapping[int, str]) -> RowView:
    detail = json.loads(event.detail)
    declaration = catalogue().get(event.register)
    person = event.actor_name or str(detail.get("username", "")) or read(say("System"))
    if event.on_behalf_of_id is not None:
        person = read(
            say("{person} for {principal}", person=person, principal=principals.get(event.on_behalf_of_id, ""))
        )
    url = ""
    if declaration is not None and event.record_id is not None:
        url = url_for(f"{event.register}.history", id=event.record_id)
    cells = (
        Cell("at", moment(event.at), value=event.at.isoformat()),
        Cell("actor", person, value=str(event.actor_id or "")),
        Cell("action", _action(event, detail), value=event.action),
        Cell("register", _place(event.register)),
        Cell("number", event.number, url=url),
        Cell("remark", _remark(event, detail), wide=True),
        Cell("address", event.address),
    )
    return RowView(event.id, event.number, "", 0, position, "", cells)


def _action(event: AuditEvent, detail: Mapping[str, Any]) -> str:
    """The label of what happened; what another register caused reads as its act there."""
    action = event.action.partition(":")[2]
    cause = str(detail.get("cause") or "").partition(" ")[0]
    for name in (cause, event.register):
        declaration = catalogue().get(name)
        if declaration is not None and action in declaration.acts:
            return label(declaration.acts[action])
    if action in ACTIONS:
        return str(ACTIONS[action])
    declaration = catalogue().get(event.register)
    kind, _, form = action.partition(":")
    if declaration is not None and kind == "print":
        found = next((one for one in declaration.register.prints if one.name == form), None)
        return read(say("printed {form}", form=label(found) if found is not None else form))
    return read(DEEDS[event.action]) if event.action in DEEDS else action


def _place(register: str) -> str:
    declaration = catalogue().get(register)
    if declaration is not None:
        return label(declaration.register)
    return read(PLACES[register]) if register in PLACES else register


def _remark(event: AuditEvent, detail: Mapping[str, Any]) -> str:
    """The reason, what caused the change, the rows of an export, or the fields that changed."""
    if detail.get("reason"):
        return str(detail["reason"])
    if event.register not in catalogue():
        return _outside(detail)
    cause, _, number = str(detail.get("cause") or "").partition(" ")
    if cause in catalogue():
        return f"{label(catalogue()[cause].register)} {number}".strip()
    declaration = catalogue().get(event.register)
    names = [*detail.get("fields", ()), *detail.get("changes", {})]
    told = [_label(declaration, name) for name in names] if declaration is not None else []
    text = "、".join(dict.fromkeys(one for one in told[:_SHOWN] if one))
    if len(told) > _SHOWN:
        text += "…"
    rows = detail.get("rows")
    if isinstance(rows, list):
        rows = len(rows)
    return read(say("{count} rows: {fields}", count=rows, fields=text)) if isinstance(rows, int) else text


def _outside(detail: Mapping[str, Any]) -> str:
    """The remark of an entry that no register wrote: what was asked for, or which settings or chain it is about."""
    asked = [str(detail[name]) for name in ("path", "chain") if detail.get(name)]
    return " ".join(
        [*asked, *map(str, detail.get("rules", ())), "、".join(map(str, detail.get("changed", ())[:_SHOWN]))]
    ).strip()


def _label(declaration: Any, path: str) -> str:
    return label(declaration.info(path).field) if declaration.has(path) else ""


def _boxes(filters: Mapping[str, str], since: dt.date | None, until: dt.date | None) -> tuple[FilterBox, ...]:
    registers = [
        *((name, read(text)) for name, text in PLACES.items()),
        *((name, label(one.register)) for name, one in catalogue().items()),
    ]
    kinds = [(name, read(text)) for name, (text, _) in KINDS.items()]
    days = tuple(day.isoformat() if day else "" for day in (since, until))
    return (
        FilterBox(
            "kind", read(LABELS["action"]), "select", ("flt1_kind_equals",), (filters.get("kind", ""),), tuple(kinds)
        ),
        FilterBox("at", read(LABELS["at"]), "date_range", ("from", "to"), days),
        FilterBox("actor", read(LABELS["actor"]), "text", ("flt2_actor_equals",), (filters.get("actor", ""),)),
        FilterBox(
            "register",
            read(LABELS["register"]),
            "select",
            ("flt3_register_equals",),
            (filters.get("register", ""),),
            tuple(options(registers)),
        ),
    )
