"""The one house view: everything a register shows and takes, over Flask-Admin's peewee back end.

Nothing of the stock view reads or writes: rows come from `Access` and `Reader`, writes go through `change()`. The stock addresses that we
do not want (delete, inline update) are not exposed. Views are singletons, so nothing of a request is kept on them (security.md F19).
"""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from flask_admin import expose
from flask_admin.contrib.peewee import ModelView

from admin_views.act_views import MOST_ROWS, ActViews
from admin_views.answering import Answer
from admin_views.edit_views import EditViews
from admin_views.history_page import HistoryBuilder
from admin_views.list_page import ListBuilder
from admin_views.pages import Notice
from admin_views.paper_views import PaperViews
from admin_views.report_views import ReportViews
from admin_views.web import access, demand, wanted_id
from backoffice import copying
from backoffice.declarations import Declaration
from backoffice.errors import BadRequest, Forbidden, NotFound
from backoffice.picking import MOST, offered, past_label
from backoffice.texts import read
from backoffice.values import typed


class RegisterView(EditViews, ActViews, PaperViews, ReportViews, ModelView):
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

    # ---- details, history ------------------------------------------------------------------------------------------

    @expose("/details/")
    def details_view(self) -> Answer:
        actor = demand(self.declaration, "read")
        return self._details(actor, wanted_id())

    @expose("/history/")
    def history(self) -> Answer:
        actor = demand(self.declaration, "read")
        seen = self._seen(actor, wanted_id())
        before = wanted_id("before") if "before" in request.args else None
        page = HistoryBuilder(actor, self.declaration, seen).page(before)
        self._log_views(actor, [seen])
        return self._page("register/history.html", page)

    # ---- lookup ----------------------------------------------------------------------------------------------------

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> Answer:
        declaration = self.declaration
        actor = demand(declaration, "read")
        path, query = request.args.get("name", ""), request.args.get("query", "")
        if not declaration.has(path) or len(query) > 100:
            raise BadRequest
        info = declaration.info(path)
        asking = [act for act in declaration.acts.values() if any(ask.field == path for ask in act.ask)]
        if info.kind != "ref" or not (info.typed or asking):
            raise BadRequest
        types = info.typed and (actor.may(declaration, "create") or actor.may(declaration, "update"))
        if not types and not any(act in asking for act in actor.open_acts(declaration)):
            raise Forbidden
        return current_app.json.response([[key, text] for key, text in offered(actor, declaration, info, query, MOST)])

    @expose("/ajax/copy/")
    def ajax_copy(self) -> Answer:
        """What a new record takes over from the chosen row: by field the typed value and, of a reference, its label."""
        declaration = self.declaration
        actor = demand(declaration, "create")
        name = request.args.get("name", "")
        if name not in copying.references(declaration):
            raise BadRequest
        found = copying.copied(actor, declaration, name, wanted_id())
        answer = {}
        for info, _ in copying.taken_over(declaration, name):
            value = found.get(info.name)
            text = past_label(actor, info, int(value)) if info.kind == "ref" and value is not None else ""
            answer[info.name] = [typed(info, value), text]
        return current_app.json.response(answer)
