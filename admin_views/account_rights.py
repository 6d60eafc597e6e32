"""What one person may see and do, for administrators and auditors: his roles, and register by register what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request, url_for

from admin_views.account_parts import TITLE, bp, wanted_user
from admin_views.plain_pages import require, wanted_id
from admin_views.web import catalogue
from backoffice import accounts, clock
from backoffice.access import access_of
from backoffice.errors import BadRequest
from backoffice.people import hats
from backoffice.rights import rights_of, wardrobe
from backoffice.rights_words import Line, Teller, WayLine
from backoffice.texts import label, read
from models.accounts import User


@dataclass(frozen=True)
class RegisterRights:
    """One register on the page."""

    name: str
    title: str
    ways: tuple[WayLine, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class RightsPage:
    title: str
    id: int
    username: str
    name: str
    active: bool
    list_url: str
    details_url: str
    person: tuple[Line, ...] = ()
    registers: tuple[RegisterRights, ...] = ()
    nothing: tuple[str, ...] = ()  # Registers that do not exist for him.


@bp.get("/access/")
def rights() -> str:
    """`register` narrows the page to one register."""
    require(accounts.READERS)
    user = wanted_user(wanted_id())
    wanted = request.args.get("register", "")
    if wanted and wanted not in catalogue():
        raise BadRequest
    return render_template("account/access.html", page=_page(user, [wanted] if wanted else list(catalogue())))


def _page(user: User, names: list[str]) -> RightsPage:
    """A disabled account has nothing, whatever its roles."""
    roles = accounts.roles_of(user.id) if user.active else frozenset()
    worn = hats(user, roles, clock.today(), lent=bool(user.active))
    access = access_of(user, worn, catalogue(), clock.today())
    teller = Teller(access)
    found = []
    for one in rights_of(access, names):
        declared = one.declaration
        title = label(declared.register)
        found.append(RegisterRights(declared.name, title, tuple(teller.ways(one)), tuple(teller.lines(one))))
    seen = {one.name for one in found}
    return RightsPage(
        title=read(TITLE),
        id=user.id,
        username=user.username,
        name=user.name,
        active=bool(user.active),
        list_url=url_for("accounts.listed"),
        details_url=url_for("accounts.details", id=user.id),
        person=tuple(teller.person(wardrobe(access))),
        registers=tuple(found),
        nothing=tuple(label(catalogue()[name].register) for name in names if name not in seen),
    )
