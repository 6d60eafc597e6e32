"""Pages over declarations: one house view for each register, the first page, the menu."""

from __future__ import annotations

from typing import Any

from flask import Flask, request, url_for
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme

from admin_views import activity
from admin_views.accounts import register_account_views
from admin_views.home import HomeView
from admin_views.pages import MenuEntry, MenuGroup
from admin_views.register_view import RegisterView
from admin_views.web import access, catalogue
from backoffice.accounts import GRANTERS, READERS
from backoffice.auth import current_account
from backoffice.notices import notice_context
from backoffice.security import allow_files, csp_nonce
from backoffice.texts import current_locale, label, read, say
from models.matrix import ROLES


def register_views(app: Flask) -> None:
    """Put all pages on the app. Every register of the catalogue gets the one house view."""
    admin = Admin(
        app,
        name="Backoffice",
        index_view=HomeView(url="/", endpoint="home"),
        theme=Bootstrap4Theme(base_template="layout.html"),
        csp_nonce_generator=csp_nonce,
    )
    for declaration in app.extensions["backoffice_catalogue"].values():
        admin.add_view(RegisterView(declaration))
        allow_files(app, *(f"{declaration.name}.{door}" for door in ("create_view", "edit_view", "transition")))
    register_account_views(app, {name: one.register for name, one in app.extensions["backoffice_catalogue"].items()})
    app.context_processor(_layout)


def _layout() -> dict[str, Any]:
    """What layout.html is given on every page."""
    account = current_account()
    context: dict[str, Any] = {**notice_context(), "me": None, "menu": (), "locale": current_locale()}
    if account is not None:
        context["me"] = {
            "id": account.id,
            "username": account.username,
            "name": account.name,
            "department_name": account.department_name,
            "roles_text": "、".join(read(ROLES[role]) for role in sorted(account.roles) if role in ROLES),
        }
        context["menu"] = _menu()
    return context


def _menu() -> tuple[MenuGroup, ...]:
    """Registers the person may read, by group; other entries are absent."""
    actor = access()
    groups: dict[str, list[MenuEntry]] = {}
    for declaration in catalogue().values():
        if actor.may(declaration, "read"):
            entry = MenuEntry(
                label(declaration.register),
                url_for(f"{declaration.name}.index_view"),
                request.blueprint == declaration.name,
            )
            groups.setdefault(read(declaration.register.group), []).append(entry)
    reads = any(actor.has_role(role) for role in READERS)
    entries = []
    if reads:
        entries.append(MenuEntry(read(say("Accounts")), "/admin/user/", request.blueprint == "accounts"))
    if reads or any(actor.has_role(role) for role in GRANTERS):
        entries.append(MenuEntry(read(say("Export grants")), "/admin/export_grant/", request.blueprint == "grants"))
    if reads:
        entries.append(MenuEntry(read(say("Delegations")), "/admin/delegation/", request.blueprint == "delegations"))
    if reads:
        entries.append(MenuEntry(read(activity.TITLE), "/admin/activity/", request.blueprint == "activity"))
    if entries:
        groups[read(say("Accounts"))] = entries
    return tuple(MenuGroup(name, tuple(entries)) for name, entries in groups.items())
