"""What the ledger demands of the papers behind its lines: guards of return slips, complaints and services (LED-01, LED-12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.ledger import people
from models.outcomes import Allowed, Context, Refused
from models.register import Text

_LIVING = ("open", "inspected", "approved", "executed", "closed")
_NO_LINE = Text(
    "售后产品数量台帐中没有登记，不能办理。",
    "There is no line of it in the after-sales product ledger.",
)
# Decisions on a complaint, and kinds of a service, in which products move.
_MOVING_METHODS = ("return", "rework", "exchange")
_MOVING_CONTENT = ("return", "exchange")
_SIDES = {
    "approved": "approver",
    "received": "keeper",
    "reconciled": "finance",
    "disputed": "finance",
    "posted": "finance",
}


def _registered(ctx: Context, **where: Any) -> Allowed | Refused:
    found = ctx.found("aftersales_ledger", reverses=None, state=_LIVING, **where)
    return Allowed() if found else Refused(_NO_LINE)


def slip_in_ledger(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    return _registered(ctx, return_slip=record.id)


def case_in_ledger(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    return _registered(ctx, complaint=record.id) if record.method in _MOVING_METHODS else Allowed()


def service_in_ledger(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    moves = record.service_content_class in _MOVING_CONTENT
    return _registered(ctx, service_entry=record.id) if moves else Allowed()


def five_different(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """Whoever takes a step of the slip stands on no other side of the return, its ledger lines included."""
    found = people.sides(record, people.lines_of(record.id, ctx), ctx)
    return people.taking(_SIDES[ctx.act], found, ctx)
