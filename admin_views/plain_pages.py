"""What the hand-written pages share: reading parameters, paging, filling forms with errors, and showing what an act answered.

The pages of registers have their own house class; these are for accounts, grants and delegations, which are no registers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import redirect, render_template, request
from flask.wrappers import Response
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Form

from admin_views.pages import Column, FormPage, ListPage, Notice, Pager
from admin_views.sending import sending
from backoffice import clock
from backoffice.account_changes import problem
from backoffice.auth import current_account
from backoffice.clauses import cited
from backoffice.errors import BadRequest, Forbidden, NotFound
from backoffice.form_tokens import Again, once
from backoffice.notices import notify, take_notices
from backoffice.outcomes import Declined, Done, Invalid, Outcome, Stale
from backoffice.outcomes import Forbidden as ForbiddenOutcome
from backoffice.refusals import because
from backoffice.sessions import Account
from backoffice.texts import Readable, read, say

SIZES = (20, 50, 100)
MOST = 500
DEEPEST = 100_000
LONGEST_SEARCH = 100
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)


def me() -> Account:
    """Who is signed in; the gate has let nobody else through."""
    account = current_account()
    if account is None:
        raise NotFound
    return account


def require(roles: Iterable[str]) -> Account:
    """Who is signed in, if he holds one of the roles; else 403."""
    account = me()
    if not account.roles & frozenset(roles):
        raise Forbidden
    return account


def address() -> str:
    return (request.remote_addr or "")[:64]


def wanted_id(name: str = "id") -> int:
    """The id in the query string. One that no page of ours sends is 400, one that no row can have 404."""
    text = request.args.get(name, "")
    if not text.isascii() or not text.isdigit():
        raise BadRequest
    if not _ID.fullmatch(text):
        raise NotFound
    return int(text)


def whole(name: str, default: int, least: int, most: int) -> int:
    """A bounded whole number of the query string; 400 for anything else."""
    text = request.args.get(name, "")
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not least <= int(text) <= most:
        raise BadRequest
    return int(text)


def typed_version() -> int:
    """The version a form was opened on; one that is missing or no number is older than any."""
    text = request.form.get("version", "")
    return int(text) if _ID.fullmatch(text) else 0


def searched() -> str:
    text = request.args.get("search", "").strip()
    if len(text) > LONGEST_SEARCH:
        raise BadRequest
    return text


def page_window() -> tuple[int, int]:
    """The page (from 0) and its size."""
    size = whole("page_size", SIZES[0], 1, MOST)
    number = whole("page", 0, 0, DEEPEST)
    if number * size > DEEPEST:
        raise BadRequest
    return number, size


def sorting(columns: Sequence[str], sortable: Iterable[str], default: str) -> tuple[str, bool]:
    """The column to sort by, given by name or by place, and whether descending."""
    given, descending = request.args.get("sort", ""), request.args.get("desc", "")
    if descending not in ("", "0", "1"):
        raise BadRequest
    if given.isascii() and given.isdigit() and len(given) < 4:
        given = columns[int(given)] if int(given) < len(columns) else "-"
    if given and given not in set(sortable):
        raise BadRequest
    return given or default, descending == "1"


def with_query(**changes: object) -> str:
    """This address with some parameters set, and without those set to None."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    added = [(name, str(value)) for name, value in changes.items() if value is not None]
    query = urlencode([*kept, *added])
    return f"{request.path}?{query}" if query else request.path


def column(name: str, text: Readable, sorted_by: tuple[str, bool] | None = None, sortable: bool = False) -> Column:
    if not sortable or sorted_by is None:
        return Column(name, read(text))
    is_sorted = sorted_by[0] == name
    turned = is_sorted and not sorted_by[1]
    return Column(
        name,
        read(text),
        sort_url=with_query(sort=name, desc=1 if turned else None, page=None),
        sorted=("desc" if sorted_by[1] else "asc") if is_sorted else "",
    )


def pager(number: int, size: int, count: int, shown: int) -> Pager:
    last_page = max(0, (count - 1) // size) if count else 0
    around = sorted({0, last_page, *range(max(0, number - 2), min(last_page, number + 2) + 1)})
    pages: list[tuple[str, str, bool]] = []
    for at, before in zip(around, [None, *around], strict=False):
        if before is not None and at - before > 1:
            pages.append(("…", "", False))
        pages.append((str(at + 1), "" if at == number else with_query(page=at or None), at == number))
    return Pager(
        page=number,
        first=number * size + 1 if shown else 0,
        last=number * size + shown,
        count=count,
        exact=True,
        size=size,
        sizes=tuple((one, with_query(page_size=one, page=None)) for one in SIZES),
        previous_url=with_query(page=number - 1 or None) if number else "",
        next_url=with_query(page=number + 1) if number < last_page else "",
        pages=tuple(pages) if last_page else (),
    )


# --- answers ----------------------------------------------------------------------------------------------


def list_page(page: ListPage) -> str:
    return render_template("register/list.html", page=page)


def form_page(page: FormPage, *, status: int = 200, notices: Sequence[Notice] = ()) -> Response:
    kept = [Notice(**vars(one)) for one in take_notices()]
    body = render_template("register/form.html", page=page, notices=[*kept, *notices])
    return Response(body, status)


def mark_errors(form: Form, outcome: Invalid) -> list[Notice]:
    """Put each problem on its field; those without a field of this form come back as messages."""
    left: list[Notice] = []
    for name, problems in outcome.errors.items():
        texts = [read(problem.text) for problem in problems]
        if name in form:
            form[name].errors = texts
        else:
            left.extend(Notice("invalid", text, field=name) for text in texts)
    return left


def explained(outcome: Declined | Stale) -> Notice:
    """Why nothing was done, as a message for the same page."""
    if isinstance(outcome, Declined):
        because(outcome.rule)
        return Notice(
            "refused", read(outcome.reason), rule=outcome.rule, clause=cited(outcome.clause), field=outcome.field
        )
    text = say(
        "{who} changed this at {when}. Look at the present values and save again.", who=outcome.by, when=outcome.at
    )
    return Notice("stale", read(text))


def after(outcome: Outcome, url: str, done: Readable) -> AnyResponse:
    """Where an act without a form of its own leads: back to the record, with its outcome as a message; 403 and 404 end here."""
    if isinstance(outcome, ForbiddenOutcome):
        raise Forbidden
    if isinstance(outcome, Done):
        notify("done", done)
        for warning in outcome.warnings:
            notify("info", warning)
    elif isinstance(outcome, Declined | Stale):
        told = explained(outcome)
        notify(told.outcome, told.text, rule=told.rule, clause=told.clause, field=told.field)
    elif isinstance(outcome, Invalid):
        for name, problems in outcome.errors.items():
            for problem in problems:
                notify("invalid", problem.text, field=name, rule=problem.rule)
    else:
        raise NotFound
    return redirect(url, 303)


def make_once(register: str, work: Callable[[], Outcome]) -> Outcome | Again:
    """What a form for something new answers, made once however often it is sent."""
    return once(sending(me().id, register), work, now=clock.now())


def made_before(url: str) -> AnyResponse:
    """The form was sent before: to what it made."""
    notify("done", say("This form was sent already; this is what it made."))
    return redirect(url, 303)


def refuse_unless_possible(outcome: Outcome) -> None:
    """403 and 404 are the same for every page."""
    if isinstance(outcome, ForbiddenOutcome):
        raise Forbidden
    if not isinstance(outcome, Done | Declined | Stale | Invalid):
        raise NotFound


def again(outcome: Outcome, form: Form, page: FormPage) -> AnyResponse:
    """The form once more with what was typed: 422 for wrong values, 409 when somebody or something says no."""
    refuse_unless_possible(outcome)
    if isinstance(outcome, Invalid):
        notices = mark_errors(form, outcome)
        return form_page(page, status=422, notices=notices)
    if isinstance(outcome, Declined | Stale):
        return form_page(page, status=409, notices=[explained(outcome)])
    raise NotFound


def options(pairs: Iterable[tuple[Any, str]], empty: Readable | None = None) -> list[tuple[str, str]]:
    """Choices of a select; `empty` is the text of choosing nothing."""
    found = [(str(value), text) for value, text in pairs]
    return [("", read(empty)), *found] if empty is not None else found


def id_or_none(text: object) -> int | None:
    """The id a select sent; -1, which no row has, for what is no id, so that it is refused as unknown."""
    if text in (None, ""):
        return None
    return int(str(text)) if _ID.fullmatch(str(text)) else -1


def equals_filters(names: Iterable[str]) -> Mapping[str, str]:
    """The values of `flt1_<name>_equals` for known names; 400 for any other filter."""
    found = {}
    known = set(names)
    for name, value in request.args.items(multi=True):
        if not name.startswith("flt") or not value.strip():
            continue
        parts = re.fullmatch(r"flt\d{0,3}_(\w+)_equals", name, re.ASCII)
        if parts is None or parts[1] not in known:
            raise BadRequest
        found[parts[1]] = value.strip()
    return found


def bad_days(form: Form, *names: str) -> Invalid | None:
    """Days that were typed and are none."""
    wrong = [name for name in names if form[name].raw_data and form[name].raw_data[0] and form[name].data is None]
    if not wrong:
        return None
    return Invalid({name: problem(say("Type the day as 2025-03-05.")) for name in wrong})
