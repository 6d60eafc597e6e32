"""What the pages of the house view share: the row that is seen, the log of what was seen, and the answer to an outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Response, redirect, render_template, request, url_for

from admin_views.details_page import DetailsBuilder
from admin_views.form_pages import FormBuilder
from admin_views.home import VIEWS, condition_of
from admin_views.pages import Notice
from admin_views.web import catalogue
from backoffice import clock, history, typable
from backoffice.access import Access
from backoffice.clauses import cited
from backoffice.declarations import Declaration
from backoffice.errors import BadRequest, Forbidden, NotFound
from backoffice.listing import Asked, BadQuery, asked, take_list
from backoffice.notices import notify
from backoffice.outcomes import Declined, Done, Invalid, Missing, Outcome, Stale
from backoffice.outcomes import Forbidden as ForbiddenOutcome
from backoffice.reading import Seen, SeenLine, lines
from backoffice.refusals import because
from backoffice.texts import Readable, label, read, say
from models.base import db

Answer = Any


class Answering:
    """The base of the house view's parts. `register` is the name of its declaration, which is looked up in each request."""

    register: str

    @property
    def declaration(self) -> Declaration:
        return catalogue()[self.register]

    # ---- rows ------------------------------------------------------------------------------------------------------

    def _asked(self, actor: Access) -> Asked:
        try:
            found = asked(actor, self.declaration, request.args.items(multi=True))
        except BadQuery as wrong:
            raise BadRequest from wrong
        self._narrow(actor, found)
        return found

    def _narrow(self, actor: Access, found: Asked) -> None:
        """A view, named by the declaration or by a box of the home page, is one more condition of the list and its prints."""
        found.view = request.args.get("view", "")
        if not found.view:
            return
        named = self.declaration.named_list(found.view)
        if named is not None:
            take_list(actor, self.declaration, found, named)
            return
        try:
            found.narrowed = condition_of(actor, self.declaration, found.view)
        except KeyError as unknown:
            raise BadRequest from unknown
        found.view_text = VIEWS[found.view]

    def _seen(self, actor: Access, record_id: int) -> Seen:
        seen = typable.reader_for(actor, self.declaration).one(record_id)
        if seen is None:
            raise NotFound
        return seen

    def _lines(self, actor: Access, seen: Seen) -> dict[str, list[SeenLine]]:
        return {
            name: lines(actor, self.declaration, child, {seen.id: seen})[seen.id]
            for name, child in self.declaration.children.items()
            if not all(info.path in seen.absent for info in child.fields.values())
        }

    def _details(self, actor: Access, record_id: int, status: int = 200, notices: Sequence[Notice] = ()) -> Answer:
        seen = self._seen(actor, record_id)
        builder = DetailsBuilder(actor, self.declaration, seen)
        page = builder.page()
        self._log_views(actor, [seen], builder.children)
        return self._page("register/details.html", page, status, notices)

    def _log_views(
        self,
        actor: Access,
        rows: Sequence[Seen],
        children: Mapping[str, Sequence[SeenLine]] | None = None,
        stale: Stale | None = None,
    ) -> None:
        """One entry for a page that shows secret values in clear, naming rows and fields (CUS-20).

        `stale`: the page of one row also tells what somebody else has made of it meanwhile.
        """
        declaration = self.declaration
        if declaration.lets_go("log_views"):
            return
        secret = [info for info in declaration.fields.values() if info.field.level > 1]
        shown = {
            info.name: [seen.id for seen in rows if seen.values.get(info.name) not in (None, "")]
            for info in secret
            if any(seen.values.get(info.name) not in (None, "") for seen in rows)
        }
        for name, found in (children or {}).items():
            for info in declaration.children[name].fields.values():
                if info.field.level > 1 and any(line.values.get(info.name) not in (None, "") for line in found):
                    shown[info.path] = [seen.id for seen in rows]
        told = {change.path for change in stale.changes} if stale is not None else set()
        shown |= {info.name: [seen.id for seen in rows] for info in secret if info.name in told}
        if not shown:
            return
        ids = sorted({record_id for found_ids in shown.values() for record_id in found_ids})
        with db.atomic():
            history.record(
                f"{declaration.name}:view",
                now=clock.now(),
                actor=actor,
                register=declaration.name,
                record_id=ids[0] if len(ids) == 1 else None,
                number=rows[0].number if len(ids) == 1 else "",
                detail={"fields": sorted(shown), "rows": ids},
                address=actor.address,
            )

    # ---- answers ---------------------------------------------------------------------------------------------------

    def _page(self, template: str, page: Any, status: int = 200, notices: Sequence[Notice] = ()) -> Answer:
        extra = {"notices": list(notices)} if notices else {}
        return Response(render_template(template, page=page, **extra), status)

    def _version(self, *, required: bool = False) -> int | None:
        found = version_of(request.form.get("version", ""))
        if found is None and required:
            raise BadRequest
        return found

    def _refused(self, refusal: Declined) -> Notice:
        because(refusal.rule)
        return Notice("refused", read(refusal.reason), refusal.rule, cited(refusal.clause), refusal.field)

    def _answer(
        self,
        outcome: Outcome,
        again: Callable[[int, Sequence[Notice], FormBuilder], Answer],
        builder: FormBuilder,
        inputs: Mapping[str, Any],
    ) -> Answer:
        """Done leads to the record; everything else shows the form again with what was typed."""
        if isinstance(outcome, Done):
            self._tell_done(outcome, _done_text(self.declaration, outcome.act))
            return redirect(url_for(f"{self.register}.details_view", id=outcome.id), 303)
        if isinstance(outcome, Missing):
            raise NotFound
        if isinstance(outcome, ForbiddenOutcome):
            raise Forbidden
        builder.repeat = True
        builder.inputs = inputs
        if isinstance(outcome, Invalid):
            builder.errors = outcome.errors
            return again(422, (), builder)
        if isinstance(outcome, Stale):
            builder.stale = outcome
            return again(409, [Notice("stale", read(stale_text(outcome)))], builder)
        return again(409, [self._refused(outcome)], builder)

    def _tell_done(self, outcome: Done, text: str) -> None:
        url = url_for(f"{self.register}.details_view", id=outcome.id)
        notify(
            "done",
            say("{number}: {act} – done.", number=outcome.number or outcome.id, act=text),
            url=url,
            url_label=outcome.number,
        )
        for warning in outcome.warnings:
            notify("info", warning)


def stale_text(outcome: Stale) -> Readable:
    if outcome.by:
        return say("Changed meanwhile by {by} at {at}; nothing of yours was saved.", by=outcome.by, at=outcome.at)
    return say("Changed meanwhile by somebody else; nothing of yours was saved.")


def _done_text(declaration: Declaration, act: str) -> str:
    if act in declaration.acts:
        return label(declaration.acts[act])
    return read(say("created") if act == "create" else say("saved"))


def whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def version_of(text: str) -> int | None:
    """The version a form was opened on, or None where it names none. Raises BadRequest for what no page of ours writes."""
    if not text:
        return None
    version = whole(text)
    if version is None:
        raise BadRequest
    return version
