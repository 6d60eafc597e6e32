"""The first page: what waits for me, what I have asked for, and the way to something new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import render_template, url_for
from flask_admin import AdminIndexView, expose

from admin_views.pages import Button, HomePage, RowView, Waiting
from admin_views.showing import cell, column
from admin_views.web import access, catalogue
from backoffice.access import Access, Condition, all_of, any_of
from backoffice.declarations import Declaration
from backoffice.reading import Reader
from backoffice.routes import Entitlement, Entitlements, holds_in_sql
from backoffice.texts import label, read, say

ROWS = 6
COUNTED = 100
# Named conditions of lists, as the boxes of this page link to them.
VIEWS = {"waiting": say("Waiting for me"), "mine": say("Mine, still open")}
# What a record waits for: the acts that carry it forward. Ways back and out do not count.
FORWARD = frozenset({"primary", "good"})


class HomeView(AdminIndexView):
    """`/`: one box for each register in which something waits, and one for my own open records."""

    @expose("/")
    def index(self) -> Any:
        actor = access()
        boxes: list[Waiting] = []
        for declaration in catalogue().values():
            if not declaration.is_record or not actor.may(declaration, "read"):
                continue
            boxes.extend(self._boxes(actor, declaration))
        page = HomePage(
            title=read(say("Home")),
            greeting=read(say("Hello, {name}", name=actor.name)),
            boxes=tuple(boxes),
            quick=tuple(self._quick(actor)),
        )
        return render_template("home.html", page=page, at_home=True)

    def _boxes(self, actor: Access, declaration: Declaration) -> list[Waiting]:
        found = []
        waiting = _waits_for(actor, declaration)
        if waiting is not False:
            title = read(say("Waiting for me: {register}", register=label(declaration.register)))
            box = _box(actor, declaration, waiting, title, "waiting")
            # Who never takes a step here gets no empty box.
            if box.count or actor.may(declaration, "create") or any(_steps_forward(actor, declaration)):
                found.append(box)
        if actor.may(declaration, "create") and declaration.acts:
            ended = [state.code for state in declaration.states.values() if state.ends]
            mine = all_of([declaration.model.owner == actor.id, declaration.model.state.not_in(ended)])
            title = read(say("Mine, still open: {register}", register=label(declaration.register)))
            found.append(_box(actor, declaration, mine, title, "mine"))
        return found

    def _quick(self, actor: Access) -> list[Button]:
        return [
            Button(
                "create",
                read(say("New: {register}", register=label(declaration.register))),
                url_for(f"{declaration.name}.create_view"),
                tone="primary",
            )
            for declaration in catalogue().values()
            if declaration.is_record and actor.may(declaration, "create")
        ]


def _steps_forward(actor: Access, declaration: Declaration) -> Iterator[Entitlement]:
    every = Entitlements(actor, declaration).by_role()
    return (one for one in every if one.act.tone in FORWARD and not one.route.quiet)


def _waits_for(actor: Access, declaration: Declaration) -> Condition:
    """Records whose next step forward is this person's, by role or in person."""
    model = declaration.model
    parts: list[Condition] = []
    for entitlement in _steps_forward(actor, declaration):
        where = entitlement.where(model)
        # What one may not sign oneself does not wait for oneself.
        others = model.owner != actor.id
        parts.append(all_of([where, others & (model.created_by != actor.id) if entitlement.slot else others]))
    for act in declaration.acts.values():
        if act.tone in FORWARD:
            parts.extend(
                all_of(
                    [
                        actor.in_person(declaration, model, by.person, actor.id, actor.account.department_id),
                        model.state.in_(list(route.sources)),
                        *(holds_in_sql(model, when) for when in route.when),
                    ]
                )
                for route in act.routes
                for by in route.who
                if by.person and route.sources and not route.quiet
            )
    return any_of(parts)


def _box(actor: Access, declaration: Declaration, condition: Condition, title: str, name: str) -> Waiting:
    names = [
        each
        for each in declaration.shown(declaration.register.columns)
        if declaration.fields[each].field.level == 1 and actor.shown(declaration, each) is not False
    ][:6]
    if "state" not in names:
        names.append("state")
    reader = Reader(actor, declaration, names)
    rows = reader.rows(condition, reader.order(declaration.register.order[0], descending=True), limit=ROWS)
    count, exact = reader.count(condition, limit=COUNTED) if len(rows) == ROWS else (len(rows), True)
    views = tuple(
        RowView(
            row.id,
            row.number,
            row.state_shown,
            row.version,
            n,
            url_for(f"{declaration.name}.details_view", id=row.id),
            tuple(cell(actor, declaration, declaration.fields[each], row) for each in names),
            title=row.number,
        )
        for n, row in enumerate(rows, 1)
    )
    url = url_for(f"{declaration.name}.index_view") + f"?view={name}"
    return Waiting(
        title,
        f"{declaration.name}-{name}",
        count,
        views,
        tuple(column(declaration.fields[each]) for each in names),
        url,
        more=not exact,
    )


def condition_of(actor: Access, declaration: Declaration, view: str) -> Condition:
    """The rows behind a box, for the list that its number opens. Raises KeyError for a view that does not exist."""
    if view == "waiting" and declaration.is_record:
        return _waits_for(actor, declaration)
    if view == "mine" and declaration.is_record:
        ended = [state.code for state in declaration.states.values() if state.ends]
        return all_of([declaration.model.owner == actor.id, declaration.model.state.not_in(ended)])
    raise KeyError(view)
