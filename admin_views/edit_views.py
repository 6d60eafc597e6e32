"""New and edit: the pages on which a record is typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request, url_for
from flask_admin import expose

from admin_views.answering import Answer, Answering
from admin_views.form_pages import FormBuilder
from admin_views.pages import Notice
from admin_views.typed import typed_inputs
from admin_views.web import demand, wanted_id
from backoffice import clock, sent_once, typable
from backoffice.access import Access
from backoffice.change import change, may_update
from backoffice.errors import NotFound
from backoffice.outcomes import Invalid, Outcome
from backoffice.reading import SeenLine
from backoffice.texts import label, read, say


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
        if request.method == "GET":
            if "copy" in request.args:
                self._copy(actor, builder, wanted_id("copy"))
            return self._page("register/form.html", builder.edit_page(may, title, url, cancel))
        found = self._typed(actor, may)
        if found.problems:
            outcome: Outcome = Invalid(found.problems)
        else:
            key = sent_once.key_of(request.form.get("once", ""), _sent())
            outcome = sent_once.create(key, actor, declaration, found.inputs, clock.now())
        return self._answer(
            outcome,
            lambda status, notices, b: self._form(b, may, title, url, cancel, status, notices),
            builder,
            found.inputs,
        )

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
        return self._answer(
            outcome,
            lambda status, notices, b: self._form(b, may, title, url, cancel, status, notices),
            builder,
            found.inputs,
        )

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


def _sent() -> list[tuple[str, str]]:
    """What the request holds, word for word: the fields, and the names of the files."""
    fields = [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token"]
    return [*fields, *((name, file.filename or "") for name, file in request.files.items(multi=True))]
