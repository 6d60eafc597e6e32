"""What the pages of accounts share: their address, words, cells, and the row an address names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, current_app
from peewee import JOIN

from admin_views.pages import (
    Cell,
)
from backoffice.errors import BadRequest, NotFound
from backoffice.texts import read, say
from models.accounts import Area, Department, Group, User
from models.matrix import ROLES
from models.register import Register

bp = Blueprint("accounts", __name__, url_prefix="/admin/user")

TITLE = say("Accounts")
LABELS: Mapping[str, Any] = {
    "username": say("User name"),
    "name": say("Name"),
    "department": say("Department"),
    "group": say("Group"),
    "area": say("Area"),
    "roles": say("Roles"),
    "active": say("Enabled"),
    "sessions": say("Sessions"),
    "export": say("Export"),
}


def registers() -> Mapping[str, Register]:
    found: Mapping[str, Register] = current_app.extensions["backoffice_registers"]
    return found


def wanted_user(user_id: int) -> User:
    query = (
        User.select(User, Department, Group, Area)
        .join(Department, JOIN.LEFT_OUTER)
        .switch(User)
        .join(Group, JOIN.LEFT_OUTER)
        .switch(User)
        .join(Area, JOIN.LEFT_OUTER)
        .where(User.id == user_id)
    )
    user: User | None = query.first()
    if user is None:
        raise NotFound
    return user


def place_cells(user: User) -> list[Cell]:
    found = []
    for name in ("department", "group", "area"):
        row = getattr(user, name)
        text = str(row) if row is not None else ""
        found.append(Cell(name, text, value=str(row.id) if row is not None else "", label=read(LABELS[name])))
    return found


def roles_cell(roles: Sequence[str]) -> Cell:
    ordered = [code for code in ROLES if code in roles] + sorted(set(roles) - ROLES.keys())
    text = "、".join(read(ROLES[code]) if code in ROLES else code for code in ordered)
    return Cell("roles", text, value=",".join(ordered), label=read(LABELS["roles"]), wide=True)


def active_cell(user: User) -> Cell:
    text, tone = (say("enabled"), "good") if user.active else (say("disabled"), "muted")
    return Cell("active", read(text), value="true" if user.active else "false", tone=tone, label=read(LABELS["active"]))


def flag(text: str) -> bool:
    if text.lower() in ("1", "true", "on", "yes", "y"):
        return True
    if text.lower() in ("", "0", "false", "off", "no", "n"):
        return False
    raise BadRequest
