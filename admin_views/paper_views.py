"""What leaves the house view as a file: attachments, exports, printed forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, current_app, request, send_file, stream_with_context
from flask_admin import expose

from admin_views.answering import Answer, Answering
from admin_views.pages import Notice
from admin_views.web import catalogue, demand, wanted_id
from backoffice import clock
from backoffice.access import Access
from backoffice.database import connected
from backoffice.declarations import Declaration
from backoffice.errors import BadRequest, Forbidden, NotFound, TooManyRequests, Unavailable
from backoffice.exporting import TooMany, export
from backoffice.exports.forms import FormBusy, FormTooLong
from backoffice.listing import BadFilter, BadQuery, asked
from backoffice.printing import BadPeriod, form_named, print_many, print_record
from backoffice.texts import label, read, say
from backoffice.uploads import attachment_headers, disposition, open_stored
from models.base import db
from models.evidence import StoredFile
from models.register import Print


class PaperViews(Answering):
    """The part of the house view that gives files."""

    @expose("/file/")
    def file(self) -> Answer:
        """An attachment or the file of a field, through the rights of its row and field."""
        actor = demand(self.declaration, "read")
        seen = self._seen(actor, wanted_id())
        row = StoredFile.get_or_none(
            (StoredFile.id == wanted_id("file"))
            & (StoredFile.register == self.declaration.name)
            & (StoredFile.record_id == seen.id)
        )
        if row is None or row.field in seen.masked or row.field in seen.absent:
            raise NotFound
        if row.field not in self.declaration.fields and not seen.whole:
            raise NotFound
        try:
            body = open_stored(row, current_app.config["DATA_DIR"])
        except FileNotFoundError as gone:
            raise NotFound from gone
        response = send_file(body, mimetype=row.mime)
        response.headers.update(attachment_headers(row))
        return response

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Answer:
        declaration = self.declaration
        actor = demand(declaration, "read")
        if not actor.may(declaration, "export"):
            raise Forbidden
        try:
            found = self._asked(actor)
            made = export(
                actor,
                declaration,
                found,
                export_type,
                current_app.config["COMPANY"],
                clock.now(),
                request.args.get("child", ""),
            )
        except LookupError as unknown:
            raise NotFound from unknown
        except TooMany as many:
            raise TooManyRequests from many
        except BadFilter as wrong:
            raise BadRequest(wrong.message) from wrong
        response = Response(stream_with_context(_streamed(made.body)), content_type=made.media_type)
        response.headers["Content-Disposition"] = disposition("attachment", made.name)
        return response

    @expose("/print/<form>/")
    def print_form(self, form: str) -> Answer:
        declaration = self.declaration
        actor = demand(declaration, "read")
        declared = form_named(declaration, form)
        if declared is None:
            raise NotFound
        source = catalogue()[declared.register] if declared.register else declaration
        if not (actor.may(source, "export") if declared.many else actor.may_print(source)):
            raise Forbidden
        try:
            if declared.many:
                return self._printed_list(actor, source, declared)
            return self._printed_record(actor, source, declared)
        except BadQuery as wrong:
            raise BadRequest from wrong
        except BadFilter as wrong:
            raise BadRequest(wrong.message) from wrong
        except BadPeriod as wrong:
            raise BadRequest(wrong.args[0] if not isinstance(wrong.args[0], str) else None) from wrong
        except FormTooLong as long:
            raise BadRequest(say("The form is too long to be printed; choose fewer records.")) from long
        except FormBusy as busy:
            raise Unavailable from busy

    def _printed_list(self, actor: Access, source: Declaration, form: Print) -> Answer:
        found = asked(actor, source, _without_period(request.args.items(multi=True)))
        if source is self.declaration:
            self._narrow(actor, found)
        company, now = current_app.config["COMPANY"], clock.now()
        return _pdf(print_many(actor, source, form, found, request.args.to_dict(), company, now), label(form))

    def _printed_record(self, actor: Access, source: Declaration, form: Print) -> Answer:
        seen = self._seen(actor, wanted_id())
        if form.states and seen.state not in form.states:
            state = label(self.declaration.states[seen.state])
            reason = say("“{form}” is not printed in state “{state}”.", form=label(form), state=state)
            return self._details(actor, seen.id, 409, [Notice("refused", read(reason))])
        body = print_record(actor, source, form, seen, current_app.config["COMPANY"], clock.now())
        self._log_views(actor, [seen])
        return _pdf(body, f"{label(form)}_{seen.number}")


def _streamed(body: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes with a connection of their own: they are asked for after the request has given its back."""
    with connected(db):
        yield from body


def _pdf(body: bytes, name: str) -> Response:
    response = Response(body, mimetype="application/pdf")
    response.headers["Content-Disposition"] = disposition("inline", f"{name}.pdf")
    return response


def _without_period(pairs: Any) -> list[tuple[str, str]]:
    return [(name, value) for name, value in pairs if name not in {"month", "date", "area", "user"}]
