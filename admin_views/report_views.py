"""The reports of a register: a page with its filters, and the same as CSV or PDF for those who may export."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, request, stream_with_context, url_for
from flask_admin import expose

from admin_views.answering import Answer, Answering
from admin_views.pages import Button, FilterBox, Notice, ReportPage
from admin_views.web import demand
from backoffice import clock
from backoffice.access import Access
from backoffice.errors import BadRequest, Forbidden, NotFound, TooManyRequests, Unavailable
from backoffice.exporting import TooMany
from backoffice.exports.forms import FormBusy, FormTooLong
from backoffice.picking import SMALL, offered
from backoffice.report_files import KINDS, exported
from backoffice.reports import Asked, asked, report_named, tables, told, worked_out
from backoffice.texts import label, read, say
from backoffice.uploads import disposition
from models.balances import Report


class ReportViews(Answering):
    """The part of the house view that reports."""

    @expose("/report/<report_name>/")
    def report(self, report_name: str) -> Answer:
        actor, report, found = self._wanted(report_name)
        made = worked_out(actor, self.declaration, report, found) if not found.problems else None
        page = ReportPage(
            title=label(report),
            register=self.register,
            name=report.name,
            url=url_for(f"{self.register}.report", report_name=report.name),
            list_url=url_for(f"{self.register}.index_view"),
            period=told(actor, self.declaration, report, found) if made is not None else "",
            first=found.first.isoformat(),
            last=found.last.isoformat(),
            submitted_to=found.submitted_to,
            filters=tuple(self._box(actor, report, name, found) for name in report.filters),
            tables=tuple(tables(self.declaration, report, made)) if made is not None else (),
            open_count=made.open if made is not None else 0,
            open_url=self._open_url(report),
            tools=tuple(self._tools(actor, report, found)) if made is not None else (),
        )
        notices = [Notice("invalid", read(text), field=name) for name, text in found.problems.items()]
        return self._page("register/report.html", page, 422 if notices else 200, notices)

    @expose("/report/<report_name>/<kind>/")
    def report_file(self, report_name: str, kind: str) -> Answer:
        actor, report, found = self._wanted(report_name)
        if not actor.may(self.declaration, "export"):
            raise Forbidden
        if found.problems:
            raise BadRequest(next(iter(found.problems.values())))
        company, table = current_app.config["COMPANY"], request.args.get("table", "")
        try:
            made = exported(actor, self.declaration, report, found, kind, table, company, clock.now())
        except LookupError as unknown:
            raise NotFound from unknown
        except TooMany as many:
            raise TooManyRequests from many
        except FormTooLong as long:
            raise BadRequest(say("The form is too long to be printed; choose fewer records.")) from long
        except FormBusy as busy:
            raise Unavailable from busy
        response = Response(stream_with_context(made.body), content_type=made.media_type)
        response.headers["Content-Disposition"] = disposition("attachment", made.name)
        return response

    def _wanted(self, name: str) -> tuple[Access, Report, Asked]:
        actor = demand(self.declaration, "read")
        report = report_named(self.declaration, name)
        if report is None:
            raise NotFound
        return actor, report, asked(self.declaration, report, request.args, clock.today())

    def _box(self, actor: Access, report: Report, name: str, found: Asked) -> FilterBox:
        """A reference to choose from, or where there are too many a text that its label holds."""
        info = self.declaration.fields[name]
        options = offered(actor, self.declaration, info, limit=SMALL + 1)
        value = found.chosen.get(name, "")
        if len(options) > SMALL:
            return FilterBox(name, label(info.field), "text", (name,), (value,))
        return FilterBox(
            name, label(info.field), "select", (name,), (value,), tuple((str(key), text) for key, text in options)
        )

    def _open_url(self, report: Report) -> str:
        """The list of what is not done yet."""
        pairs = [("flt1_state_in_list", ",".join(report.open_states))]
        return f"{url_for(f'{self.register}.index_view')}?{urlencode(pairs)}"

    def _tools(self, actor: Access, report: Report, found: Asked) -> list[Button]:
        if not actor.may(self.declaration, "export"):
            return []
        made: list[Button] = []
        wanted: list[tuple[str, str, dict[str, Any]]] = [
            (kind, read(say("Export {kind}", kind=kind.upper())), {}) for kind in KINDS
        ]
        group = label(self.declaration.fields[report.group].field)
        wanted.append(("csv", read(say("CSV by {field}", field=group)), {"table": "by_group"}))
        for kind, text, more in wanted:
            url = url_for(f"{self.register}.report_file", report_name=report.name, kind=kind)
            made.append(Button("export", text, f"{url}?{urlencode({**found.query, **more})}"))
        return made
