"""Acts: the form of one, and those without further input on one row or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import redirect, request, url_for
from flask_admin import expose

from admin_views.answering import Answer, Answering, stale_text, version_of, whole
from admin_views.buttons import needs_input
from admin_views.form_pages import FormBuilder, asked_info
from admin_views.pages import Notice
from admin_views.typed import typed_inputs
from admin_views.web import demand, wanted_id
from backoffice import clock, typable
from backoffice.access import Access
from backoffice.change import asks, change, entitlement_for
from backoffice.clauses import cited
from backoffice.declarations import Declaration, Info
from backoffice.errors import BadRequest, Forbidden, NotFound
from backoffice.notices import notify
from backoffice.outcomes import Declined, Done, Invalid, Missing, Outcome, Stale
from backoffice.outcomes import Forbidden as ForbiddenOutcome
from backoffice.reading import Seen
from backoffice.security import is_own_path
from backoffice.steps import Steps
from backoffice.texts import Readable, label, read, say
from models.register import Act

MOST_ROWS = 100


class ActViews(Answering):
    """The part of the house view that acts on records."""

    @expose("/transition/<act_name>/", methods=("GET", "POST"))
    def transition(self, act_name: str) -> Answer:
        declaration = self.declaration
        act = declaration.acts.get(act_name)
        actor = demand(declaration, "read")
        if act is None:
            raise NotFound
        if not actor.could(declaration, act_name):
            raise Forbidden
        record_id = wanted_id()
        seen = self._seen(actor, record_id)
        builder = FormBuilder(actor, declaration, seen, self._lines(actor, seen))
        url = url_for(f"{self.register}.transition", act_name=act_name, id=record_id)
        cancel = url_for(f"{self.register}.details_view", id=record_id)
        if request.method == "GET":
            entitlement = entitlement_for(actor, declaration, seen.facts, act, Steps.of(declaration, seen.facts))
            if isinstance(entitlement, Declined):
                return self._details(actor, record_id, 409, [self._refused(entitlement)])
            return self._page("register/form.html", builder.act_page(act, url, cancel))
        infos, children = _asked(actor, declaration, act, seen)
        found = typed_inputs(actor, declaration, infos, children)
        found.inputs["reason"] = request.form.get("reason", "")
        version = self._version()
        if found.problems:
            outcome: Outcome = Invalid(found.problems)
        else:
            outcome = change(actor, declaration, record_id, act_name, found.inputs, version, clock.now())

        def again(status: int, notices: Sequence[Notice], made: FormBuilder) -> Answer:
            if status == 409 and made.stale is None and not _still_possible(actor, declaration, record_id, act):
                return self._details(actor, record_id, 409, notices)
            if made.stale is not None:
                self._log_views(actor, [replace(seen, values={})], stale=made.stale)
            return self._page("register/form.html", made.act_page(act, url, cancel), status, notices)

        return self._answer(outcome, again, builder, found.inputs)

    @expose("/action/", methods=("POST",))
    def action_view(self) -> Answer:
        """An act without further input on one row or several: one outcome a row, told on the next page."""
        declaration = self.declaration
        actor = demand(declaration, "read")
        name = request.form.get("action", "")
        act = declaration.acts.get(name)
        if act is None:
            raise BadRequest
        if not actor.could(declaration, name):
            raise Forbidden
        ids = request.form.getlist("rowid")
        versions = [version_of(text) for text in request.form.getlist("version")]
        if not ids or len(ids) > MOST_ROWS:
            raise BadRequest(say("Tick between one and {most} records.", most=MOST_ROWS))
        comment = request.form.get("comment", "")
        if not comment.strip() and act.reason == "required" and act.reason_default is not None and len(ids) > 1:
            comment = read(act.reason_default)
        now = clock.now()
        for position, text in enumerate(ids):
            version = versions[position] if position < len(versions) else None
            record_id = whole(text)
            outcome = (
                change(actor, declaration, record_id, name, {"reason": comment}, version, now)
                if record_id is not None
                else Missing()
            )
            self._tell(actor, outcome, act, record_id)
        back = request.form.get("url", "")
        return redirect(back if is_own_path(back) else url_for(f"{self.register}.index_view"), 303)

    def _tell(self, actor: Access, outcome: Outcome, act: Act, record_id: int | None) -> None:
        """The outcome of one row as a message on the next page."""
        if isinstance(outcome, Done):
            self._tell_done(outcome, label(act))
            return
        number = ""
        if record_id is not None and not isinstance(outcome, Missing | ForbiddenOutcome):
            seen = typable.reader_for(actor, self.declaration).one(record_id)
            number = seen.number if seen is not None else ""
        if isinstance(outcome, Declined):
            notify(
                "refused",
                _about(number, outcome.reason),
                rule=outcome.rule,
                clause=cited(outcome.clause),
                field=outcome.field,
            )
        elif isinstance(outcome, Invalid):
            for name, problems in outcome.errors.items():
                notify(
                    "invalid",
                    _about(number, problems[0].text),
                    rule=problems[0].rule,
                    clause=cited(problems[0].clause),
                    field=name,
                )
        elif isinstance(outcome, Stale):
            notify("stale", _about(number, stale_text(outcome)))
        else:
            notify("refused", say("There is no such record, or it is not among those you may see."))


def _asked(
    actor: Access, declaration: Declaration, act: Act, seen: Seen
) -> tuple[dict[str, Info], dict[str, list[str]]]:
    infos: dict[str, Info] = {}
    filled = typable.lines_of_act(actor, declaration, act)
    children: dict[str, list[str]] = {name: list(columns) for name, columns in filled.items()}
    for ask in asks(declaration, act, seen.facts):
        child, _, name = ask.field.rpartition(".")
        if child:
            children.setdefault(child, []).append(name)
        else:
            infos[name] = asked_info(declaration, ask)
    return infos, children


def _still_possible(actor: Access, declaration: Declaration, record_id: int, act: Act) -> bool:
    seen = typable.reader_for(actor, declaration).one(record_id)
    if seen is None:
        return False
    steps = Steps.of(declaration, seen.facts)
    return needs_input(act) and not isinstance(entitlement_for(actor, declaration, seen.facts, act, steps), Declined)


def _about(number: str, reason: Readable) -> Readable:
    return say("{number}: {reason}", number=number, reason=reason) if number else reason
