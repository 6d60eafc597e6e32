"""The one house view: everything a register shows and takes, over Flask-Admin's peewee back end.

Nothing of the stock view reads or writes: rows come from `Access` and `Reader`, writes go through `change()`. The stock addresses that we
do not want (delete, inline update) are not exposed. Views are singletons, so nothing of a request is kept on them (security.md F19).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from flask import Response, current_app, redirect, render_template, request, send_file, stream_with_context, url_for
from flask_admin import expose
from flask_admin.contrib.peewee import ModelView

from admin_views.buttons import needs_input
from admin_views.details_page import DetailsBuilder
from admin_views.editing import FormBuilder, asked_info, typed_inputs
from admin_views.history_page import HistoryBuilder
from admin_views.home import VIEWS, condition_of
from admin_views.list_page import ListBuilder
from admin_views.pages import Notice
from admin_views.web import access, catalogue, demand, wanted_id
from backoffice import clock, history, typable
from backoffice.access import Access
from backoffice.change import asks, change, entitlement_for, may_update
from backoffice.clauses import cited
from backoffice.database import connected
from backoffice.declarations import Declaration, Info
from backoffice.errors import BadRequest, Forbidden, NotFound, TooManyRequests, Unavailable
from backoffice.exporting import TooMany, export
from backoffice.exports.forms import FormBusy, FormTooLong
from backoffice.listing import Asked, BadFilter, BadQuery, asked, take_list
from backoffice.notices import notify
from backoffice.outcomes import Declined, Done, Invalid, Missing, Outcome, Stale
from backoffice.outcomes import Forbidden as ForbiddenOutcome
from backoffice.picking import MOST, offered
from backoffice.printing import BadPeriod, form_named, print_many, print_record
from backoffice.reading import Seen, SeenLine, lines
from backoffice.security import is_own_path
from backoffice.steps import Steps
from backoffice.texts import Readable, label, read, say
from backoffice.uploads import attachment_headers, disposition, open_stored
from models.base import db
from models.evidence import StoredFile
from models.register import Act, Print

MOST_ROWS = 100
Answer = Any


class RegisterView(ModelView):
    """The pages of one declaration. The declaration itself is looked up in each request, so views carry only its name."""

    can_create = can_edit = can_delete = can_export = False
    can_view_details = False
    column_display_pk = False

    def __init__(self, declaration: Declaration) -> None:
        self.register = declaration.name
        super().__init__(
            declaration.model,
            name=declaration.name,
            endpoint=declaration.name,
            url=f"/admin/{declaration.name}",
        )

    # ---- what the stock constructor would derive from the model --------------------------------------------------

    def _refresh_cache(self) -> None:
        """Nothing is derived at start-up: columns, filters and forms depend on who asks."""

    def init_actions(self) -> None:
        """The stock bulk delete does not exist here."""

    @property
    def declaration(self) -> Declaration:
        return catalogue()[self.register]

    def is_accessible(self) -> bool:
        return access().may(self.declaration, "read")

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Answer:
        raise Forbidden

    # ---- what Flask-Admin's own machinery would ask: the same answers ----------------------------------------------

    def get_query(self) -> Any:
        model = self.model
        scope = access().scope(self.declaration)
        query = model.select()
        return query if scope is True else query.where(scope if scope is not False else model.id < 0)

    def get_one(self, id: Any) -> Any:
        text = str(id)
        if not (text.isascii() and text.isdecimal()) or len(text) > 10:
            return None
        return self.get_query().where(self.model.id == int(text)).first()

    def get_list(self, *args: Any, **kwargs: Any) -> tuple[int, list[Any]]:
        rows = list(self.get_query().order_by(self.model.id).limit(MOST_ROWS))
        return len(rows), rows

    def create_model(self, form: Any) -> Any:
        raise Forbidden

    def update_model(self, form: Any, model: Any) -> bool:
        raise Forbidden

    def delete_model(self, model: Any) -> bool:
        raise Forbidden

    def delete_view(self) -> Answer:
        """Stands without an address, so that none deletes (contract.md 4)."""
        raise NotFound

    def ajax_update(self) -> Answer:
        """Stands without an address: lists are not edited in place."""
        raise NotFound

    # ---- list ------------------------------------------------------------------------------------------------------

    @expose("/")
    def index_view(self) -> Answer:
        actor = demand(self.declaration, "read")
        found = self._asked(actor)
        builder = ListBuilder(actor, self.declaration, found)
        page = builder.page()
        self._log_views(actor, builder.rows)
        notices = [Notice("invalid", read(text), field=name) for name, text in found.problems.items()]
        return self._page("register/list.html", page, 422 if found.problems else 200, notices)

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

    # ---- details, history, files -----------------------------------------------------------------------------------

    @expose("/details/")
    def details_view(self) -> Answer:
        actor = demand(self.declaration, "read")
        return self._details(actor, wanted_id())

    def _details(self, actor: Access, record_id: int, status: int = 200, notices: Sequence[Notice] = ()) -> Answer:
        seen = self._seen(actor, record_id)
        builder = DetailsBuilder(actor, self.declaration, seen)
        page = builder.page()
        self._log_views(actor, [seen], builder.children)
        return self._page("register/details.html", page, status, notices)

    @expose("/history/")
    def history(self) -> Answer:
        actor = demand(self.declaration, "read")
        seen = self._seen(actor, wanted_id())
        before = wanted_id("before") if "before" in request.args else None
        page = HistoryBuilder(actor, self.declaration, seen).page(before)
        self._log_views(actor, [seen])
        return self._page("register/history.html", page)

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

    def _seen(self, actor: Access, record_id: int) -> Seen:
        seen = typable.reader_for(actor, self.declaration).one(record_id)
        if seen is None:
            raise NotFound
        return seen

    def _log_views(
        self, actor: Access, rows: Sequence[Seen], children: Mapping[str, Sequence[SeenLine]] | None = None
    ) -> None:
        """One entry for a page that shows secret values in clear, naming rows and fields (CUS-20)."""
        declaration = self.declaration
        if "log_views" not in declaration.marks:
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

    # ---- new and edit ----------------------------------------------------------------------------------------------

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
            outcome = change(actor, declaration, None, "create", found.inputs, None, clock.now())
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

    def _lines(self, actor: Access, seen: Seen) -> dict[str, list[SeenLine]]:
        return {
            name: lines(actor, self.declaration, child, {seen.id: seen})[seen.id]
            for name, child in self.declaration.children.items()
            if not all(info.path in seen.absent for info in child.fields.values())
        }

    # ---- acts ------------------------------------------------------------------------------------------------------

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
        infos, children = _asked(declaration, act, seen)
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
        ids, versions = request.form.getlist("rowid"), request.form.getlist("version")
        if not ids or len(ids) > MOST_ROWS:
            raise BadRequest(say("Tick between one and {most} records.", most=MOST_ROWS))
        comment = request.form.get("comment", "")
        if not comment.strip() and act.reason == "required" and act.reason_default is not None and len(ids) > 1:
            comment = read(act.reason_default)
        now = clock.now()
        for position, text in enumerate(ids):
            version = _whole(versions[position]) if position < len(versions) else None
            record_id = _whole(text)
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
            notify("stale", _about(number, _stale_text(outcome)))
        else:
            notify("refused", say("There is no such record, or it is not among those you may see."))

    # ---- lookup, export, print -------------------------------------------------------------------------------------

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> Answer:
        declaration = self.declaration
        actor = demand(declaration, "read")
        path, query = request.args.get("name", ""), request.args.get("query", "")
        if not declaration.has(path) or len(query) > 100:
            raise BadRequest
        info = declaration.info(path)
        if info.kind != "ref" or not info.typed:
            raise BadRequest
        if not (actor.may(declaration, "create") or actor.may(declaration, "update")):
            raise Forbidden
        return current_app.json.response([[key, text] for key, text in offered(actor, declaration, info, query, MOST)])

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

    # ---- answers ---------------------------------------------------------------------------------------------------

    def _page(self, template: str, page: Any, status: int = 200, notices: Sequence[Notice] = ()) -> Answer:
        extra = {"notices": list(notices)} if notices else {}
        return Response(render_template(template, page=page, **extra), status)

    def _version(self, *, required: bool = False) -> int | None:
        found = _whole(request.form.get("version", ""))
        if found is None and required:
            raise BadRequest
        return found

    def _refused(self, refusal: Declined) -> Notice:
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
            return again(409, [Notice("stale", read(_stale_text(outcome)))], builder)
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


def _streamed(body: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes with a connection of their own: they are asked for after the request has given its back."""
    with connected(db):
        yield from body


def _pdf(body: bytes, name: str) -> Response:
    response = Response(body, mimetype="application/pdf")
    response.headers["Content-Disposition"] = disposition("inline", f"{name}.pdf")
    return response


def _asked(declaration: Declaration, act: Act, seen: Seen) -> tuple[dict[str, Info], dict[str, list[str]]]:
    infos: dict[str, Info] = {}
    children: dict[str, list[str]] = {}
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


def _stale_text(outcome: Stale) -> Readable:
    if outcome.by:
        return say("Changed meanwhile by {by} at {at}; nothing of yours was saved.", by=outcome.by, at=outcome.at)
    return say("Changed meanwhile by somebody else; nothing of yours was saved.")


def _done_text(declaration: Declaration, act: str) -> str:
    if act in declaration.acts:
        return label(declaration.acts[act])
    return read(say("created") if act == "create" else say("saved"))


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _without_period(pairs: Any) -> list[tuple[str, str]]:
    return [(name, value) for name, value in pairs if name not in {"month", "date", "area", "user"}]
