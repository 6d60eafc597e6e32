"""The people of one return, over the slip and its ledger lines: requester, inspector, approver, keeper and finance are five (LED-12)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from models.outcomes import Allowed, Context, Refused
from models.register import Text

SIDES: Mapping[str, Text] = {
    "requester": Text("开单或登记", "requester"),
    "inspector": Text("检验", "inspector"),
    "approver": Text("核准", "approver"),
    "keeper": Text("仓库签收", "warehouse keeper"),
    "finance": Text("财务", "finance"),
}
_ACTOR = Text(
    "同一次退货中不能由同一人办理：您已承担“{side}”。",
    "One return needs different people: you already stand for “{side}”.",
)
_BOTH = Text(
    "该退货单与本台帐由同一人承担“{one}”和“{other}”，不能关联。",
    "The same person stands for “{one}” and “{other}” of this slip and line; they cannot be linked.",
)


def sides(slip: Any, lines: Mapping[int, Any], ctx: Context) -> dict[str, frozenset[int]]:
    """Who stood on which side of a return so far."""
    on_slip = ctx.took("product_return", slip.id)
    on_lines = ctx.took("aftersales_ledger", *lines)
    none: frozenset[int] = frozenset()
    return {
        "requester": frozenset({slip.created_by_id, *(line.created_by_id for line in lines.values())}),
        "inspector": on_lines.get("inspection", none),
        "approver": on_lines.get("approval", none) | on_slip.get("approval", none),
        "keeper": on_slip.get("receipt", none),
        "finance": on_slip.get("reconciliation", none) | on_slip.get("posted", none),
    }


def lines_of(slip_id: int, ctx: Context) -> dict[int, Any]:
    """The ledger lines of a slip; counter lines correct what others asked for and stand aside."""
    return {
        line.id: line
        for line in ctx.found("aftersales_ledger", return_slip=slip_id, reverses=None)
        if line.state != "refused"
    }


def taking(side: str, found: Mapping[str, frozenset[int]], ctx: Context) -> Allowed | Refused:
    """Whether the actor may stand on a side, after whoever stands on the others."""
    for other, people in found.items():
        if other != side and people & ctx.acting:
            return Refused(_ACTOR.fill(side=SIDES[other]))
    return Allowed()


def apart(found: Mapping[str, frozenset[int]], field: str) -> Allowed | Refused:
    """Whether no person stands on two sides."""
    for one, other in combinations(found, 2):
        if found[one] & found[other]:
            return Refused(_BOTH.fill(one=SIDES[one], other=SIDES[other]), field)
    return Allowed()
