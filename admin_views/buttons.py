"""Which acts are offered on a record: those whose state, person and separation of duties fit. Guards run when it is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import url_for

from admin_views.pages import Button
from backoffice.access import Access
from backoffice.change import entitlement_for
from backoffice.declarations import Declaration
from backoffice.outcomes import Declined
from backoffice.reading import Seen
from backoffice.steps import Steps
from backoffice.texts import label, read, say
from models.register import Act


def possible(access: Access, declaration: Declaration, seen: Seen, steps: Steps) -> list[Act]:
    """The acts open to the person on this row, from columns already read."""
    return [
        act
        for act in access.open_acts(declaration)
        if not isinstance(entitlement_for(access, declaration, seen.facts, act, steps), Declined)
    ]


def needs_input(act: Act) -> bool:
    return bool(act.ask) or act.reason == "required"


def act_button(declaration: Declaration, act: Act, seen: Seen, back: str = "") -> Button:
    """A link to the form of the act, or a small form that does it at once."""
    if needs_input(act):
        url = url_for(f"{declaration.name}.transition", act_name=act.name, id=seen.id)
        return Button(act.name, label(act), url, to=act.target, tone=act.tone)
    hidden = (("action", act.name), ("rowid", str(seen.id)), ("version", str(seen.version)), ("url", back))
    return Button(
        act.name,
        label(act),
        url_for(f"{declaration.name}.action_view"),
        method="post",
        to=act.target,
        tone=act.tone,
        fields=tuple((key, value) for key, value in hidden if value),
        confirm=read(say("{act}: {number}?", act=label(act), number=seen.number or seen.id)),
    )


def bulk_buttons(access: Access, declaration: Declaration, offered: Iterable[str]) -> tuple[Button, ...]:
    """Acts without further input that at least one shown row allows."""
    names = set(offered)
    found: list[Button] = []
    for act in declaration.acts.values():
        if act.name in names and not act.ask and not (act.reason == "required" and act.reason_default is None):
            text = read(say("{act} for all ticked records?", act=label(act)))
            url = url_for(f"{declaration.name}.action_view")
            found.append(Button(act.name, label(act), url, "post", act.target, act.tone, confirm=text))
    return tuple(found)


def editable(access: Access, declaration: Declaration, seen: Seen) -> bool:
    """Whether an edit button is offered: a cheap answer from facts; the page and its POST ask exactly."""
    if not access.may(declaration, "update"):
        return False
    state = seen.state
    acts_for = access.acts_for(declaration, seen.facts)
    for hat, grant in access.grants(declaration):
        own = getattr(seen.facts, "owner_id", None) == hat.user_id or acts_for is not None
        changeable = not declaration.states or state in declaration.update_states
        reached = grant.scope != "own" or own or not declaration.is_record
        if "update" in grant.verbs and changeable and reached:
            return True
        if "create" in grant.verbs and own and state in declaration.register.owner_updates:
            return True
    return False


def row_buttons(
    access: Access, declaration: Declaration, seen: Seen, steps: Steps, back: str
) -> tuple[tuple[Button, ...], list[Act]]:
    """Buttons of a list row, and the acts behind them. What nobody waits for stands behind the others."""
    acts = possible(access, declaration, seen, steps)
    found = [replace(act_button(declaration, act, seen, back), minor=_quiet(act, seen.state)) for act in acts]
    if editable(access, declaration, seen):
        # The pen stands before the ways out.
        place = next((n for n, act in enumerate(acts) if act.tone == "bad"), len(found))
        found.insert(place, Button("update", read(say("Edit")), url_for(f"{declaration.name}.edit_view", id=seen.id)))
    return tuple(sorted(found, key=lambda one: one.minor)), acts


def _quiet(act: Act, state: str) -> bool:
    """Whether no road of the act from this state puts a record among those that wait for somebody."""
    return all(route.quiet for route in act.routes if state in route.sources)


__all__: list[Any] = ["act_button", "bulk_buttons", "editable", "needs_input", "possible", "row_buttons"]
