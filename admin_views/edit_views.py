"""New and edit: the pages on which a record is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import redirect, request, url_for
from flask_admin import expose

from admin_views.answering import Answer, Answering, whole
from admin_views.form_pages import FormBuilder
from admin_views.pages import Notice
from admin_views.sending import sending, token_again
from admin_views.typed import typed_inputs
from admin_views.web import demand, wanted_id
from backoffice import clock, copying, typable
from backoffice.access import Access
from backoffice.change import change, may_update
from backoffice.errors import NotFound
from backoffice.form_tokens import Again, already, once
from backoffice.notices import notify
from backoffice.outcomes import Invalid, Outcome
from backoffice.picking import label_of, may_choose, past_label
from backoffice.reading import SeenLine
from backoffice.texts import label, read, say
from backoffice.typable import Typable


class EditViews(Answering):
    """The part of the house view that makes records and edits them."""

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Answer:
        declaration = self.declaration
        actor = demand(declaration, "create")
        may = typable.for_new(actor, declaration)
        builder = FormBuilder(actor, declaration)
        title = read(say("New: {register}", register=label(declaration.register)))
        url, cancel = url_for(f"{self.register}.create_view"), url_for(f"{self.register}.index_view")
        sent = sending(actor.id, self.register)

        def page(status: int, notices: Sequence[Notice], filled: FormBuilder) -> Answer:
            form = replace(filled.edit_page(may, title, url, cancel), once=token_again())
            return self._page("register/form.html", form, status, notices)

        if request.method == "GET":
            if "copy" in request.args:
                self._copy(actor, builder, wanted_id("copy"))
            self._begin(actor, builder, may)
            return page(200, (), builder)
        # Asked before uploads are stored; the claim of the token in the transaction decides.
        before = already(sent)
        if before is not None:
            return self._made_before(before)
        found = self._typed(actor, may)
        outcome: Outcome | Again
        if found.problems:
            outcome = Invalid(found.problems)
        else:
            now = clock.now()
            outcome = once(sent, lambda: change(actor, declaration, None, "create", found.inputs, None, now), now=now)
        if isinstance(outcome, Again):
            return self._made_before(outcome)
        return self._answer(outcome, page, builder, found.inputs)

    def _made_before(self, made: Again) -> Answer:
        notify("done", say("This form was sent already; this is what it made."))
        return redirect(url_for(f"{self.register}.details_view", id=made.id), 303)

    def _begin(self, actor: Access, builder: FormBuilder, may: Typable) -> None:
        """References named in the address stand in the form, where they may be chosen: `?complaint=3`."""
        given = {name: request.args[name] for name in may.fields if name in request.args}
        for name, text in given.items():
            info = self.declaration.fields[name]
            record_id = whole(text) if info.kind == "ref" else None
            if record_id is not None and may_choose(actor, self.declaration, info, record_id, offer=True):
                builder.values = {**builder.values, name: record_id}
                builder.labels = {**builder.labels, name: label_of(actor, self.declaration, info, record_id)}
        if given:
            self._take_over(actor, builder, may)

    def _take_over(self, actor: Access, builder: FormBuilder, may: Typable) -> None:
        """What the named references bring along stands in the form too."""
        for reference in copying.references(self.declaration):
            named = builder.values.get(reference)
            brought = copying.copied(actor, self.declaration, reference, named) if named is not None else {}
            for name, value in brought.items():
                info = self.declaration.fields[name]
                if name in may.fields and name not in builder.values:
                    text = past_label(actor, info, value) if info.kind == "ref" else ""
                    builder.values = {**builder.values, name: value}
                    builder.labels = {**builder.labels, name: text}

    def _copy(self, actor: Access, builder: FormBuilder, record_id: int) -> None:
        """Start from an ended record (再次申请): what may be typed is taken over, the rest begins anew."""
        seen = self._seen(actor, record_id)
        if seen.state not in self.declaration.register.copy_from:
            raise NotFound
        builder.values, builder.labels = seen.values, seen.labels
        builder.lines = {
            name: [SeenLine(0, 0, row.values, row.labels, set()) for row in rows]
            for name, rows in self._lines(actor, seen).items()
        }
        builder.copies = True

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Answer:
        declaration = self.declaration
        actor = demand(declaration, "update")
        record_id = wanted_id()
        seen = self._seen(actor, record_id)
        refusal = may_update(actor, declaration, seen.facts)
        if refusal is not None:
            return self._details(actor, record_id, 409, [self._refused(refusal)])
        may = typable.for_record(actor, declaration, seen)
        builder = FormBuilder(actor, declaration, seen, self._lines(actor, seen))
        title = read(say("Edit: {register}", register=label(declaration.register)))
        url = url_for(f"{self.register}.edit_view", id=record_id)
        cancel = url_for(f"{self.register}.details_view", id=record_id)
        if request.method == "GET":
            self._log_views(actor, [seen], builder.lines)
            return self._page("register/form.html", builder.edit_page(may, title, url, cancel))
        found = self._typed(actor, may)
        version = self._version(required=True)
        if found.problems:
            outcome: Outcome = Invalid(found.problems)
        else:
            outcome = change(actor, declaration, record_id, "update", found.inputs, version, clock.now())

        def again(status: int, notices: Sequence[Notice], made: FormBuilder) -> Answer:
            self._log_views(actor, [seen], made.lines, made.stale)
            return self._form(made, may, title, url, cancel, status, notices)

        return self._answer(outcome, again, builder, found.inputs)

    def _typed(self, actor: Access, may: typable.Typable) -> Any:
        infos = {name: self.declaration.fields[name] for name in may.fields}
        return typed_inputs(actor, self.declaration, infos, may.children)

    def _form(
        self,
        builder: FormBuilder,
        may: typable.Typable,
        title: str,
        url: str,
        cancel: str,
        status: int,
        notices: Sequence[Notice],
    ) -> Answer:
        return self._page("register/form.html", builder.edit_page(may, title, url, cancel), status, notices)
