"""What every view asks of the request: who acts, in which catalogue, and how an outcome becomes an answer."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request

from backoffice import clock
from backoffice.access import Access, access_of
from backoffice.auth import current_account
from backoffice.declarations import Catalogue, Declaration
from backoffice.errors import Forbidden, NotFound
from backoffice.people import hats


def catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["backoffice_catalogue"]
    return found


def access() -> Access:
    """The access of whoever made this request, made once for it."""
    if "access" not in g:
        account: Any = current_account()
        if account is None:
            raise Forbidden
        worn = hats(account, account.roles, clock.today(), lent=account.has_delegation)
        g.access = access_of(account, worn, catalogue(), clock.today(), request.remote_addr or "")
    made: Access = g.access
    return made


def demand(declaration: Declaration, verb: str) -> Access:
    """The access, if its roles have the verb in the register at all; 403 otherwise (decisions.md 4)."""
    actor = access()
    if not actor.may(declaration, "read") or (verb != "read" and not actor.may(declaration, verb)):
        raise Forbidden
    return actor


def wanted_id(name: str = "id") -> int:
    """The id of the query string; whatever is no id of ours reads like a missing row."""
    text = request.args.get(name, "")
    if not text.isascii() or not text.isdecimal() or len(text) > 10 or int(text) >= 2**31:
        raise NotFound
    return int(text)
