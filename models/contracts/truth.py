"""What a contract must be: its term in order, its signing not in the future; and what a save copies from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.outcomes import Allowed, Changes, Context, Refused
from models.register import Text


def term_in_order(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if record.valid_from and record.valid_to and record.valid_to < record.valid_from:
        text = Text("到期日不能早于生效日 {day}。", "The contract cannot end before it begins on {day}.")
        return Refused(text.fill(day=record.valid_from.isoformat()), "valid_to")
    if record.signed_on and record.signed_on > ctx.today:
        return Refused(Text("签订日期不能晚于今天。", "The day of signing cannot lie in the future."), "signed_on")
    return Allowed()


def fill_contract(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The customer's name as the contract keeps it, and its signer: the person in charge unless somebody else is named."""
    return Changes({"customer_name": record.customer.name, "signer": record.signer_id or record.owner_id})
