"""What a new contact does to a customer: a gift signed for, a key line, a finished service, a follow-up (decisions.md 6).

For effects of other registers: `Changes(put=contacted(record.customer, ctx.today))`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from models.outcomes import Put


def contacted(customer: Any, on: dt.date) -> tuple[Put, ...]:
    """The day of the last contact, and a dormant customer is a target again. Of a merged customer the survivor was met."""
    while customer.state == "merged" and customer.merged_into is not None:
        customer = customer.merged_into
    values: dict[str, Any] = {}
    if customer.last_contact_on is None or customer.last_contact_on < on:
        values["last_contact_on"] = on
    if customer.state == "dormant":
        return (Put("customer_archive", customer.id, {**values, "state": "target"}, expected={"state": ("dormant",)}),)
    return (Put("customer_archive", customer.id, values),) if values else ()
