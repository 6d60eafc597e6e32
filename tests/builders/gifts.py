"""Gifts: items in stock, and applications brought to a state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from backoffice import clock
from tests.builders.customers import Customers


class Gifts(Customers):
    """Gifts of the company."""

    def gift_item(self, code: str = "LP-CY", stock: int = 10, value: str = "88.50", **more: Any) -> int:
        inputs = {"code": code, "name": f"礼品{code}", "unit": "盒", "unit_value": value, "active": True, **more}
        made = self.done("market_specialist", "gift_item", None, "create", inputs)
        if stock:
            self.done("market_specialist", "gift_item", made.id, "stock_in", {"quantity": str(stock)})
        return made.id

    def gift(self, applicant: str = "salesperson", gift: int | None = None, quantity: int = 3, **more: Any) -> int:
        """A draft; a roadshow when `purpose` says so."""
        if gift is None:
            found = self.catalogue["gift_item"].model.get_or_none()
            gift = found.id if found is not None else self.gift_item()
        inputs: dict[str, Any] = {
            "purpose": "visit",
            "visit_on": (self.now + dt.timedelta(days=3)).date().isoformat(),
            "lines": [{"gift": gift, "quantity": quantity}],
            **more,
        }
        if inputs["purpose"] == "roadshow":
            inputs.setdefault("roadshow", "XZ-2026-0001")
        elif "customer" not in inputs:
            owner = applicant if applicant != "market_specialist" else "salesperson"
            inputs["customer"] = self.customer(owner)
        return self.done(applicant, "gift_signoff", None, "create", inputs).id

    def gift_in(self, state: str, applicant: str = "salesperson", **more: Any) -> int:
        """A gift brought to a state along the usual road: two signatures, issue of 3, one signed for, two undelivered."""
        record = self.gift(applicant, **more)
        for name, username, act, inputs in self._road(applicant):
            if state == "draft":
                break
            self.done(username, "gift_signoff", record, act, inputs())
            if name == state:
                return record
        assert state == "draft", f"no road to {state}"
        return record

    def _road(self, applicant: str) -> Sequence[tuple[str, str, str, Any]]:
        def opinion() -> dict[str, Any]:
            return {"reason": "同意"}

        def sheet() -> dict[str, Any]:
            file = self.upload(applicant, "gift_signoff", "signoff_file")
            return {
                "signoff_signer": "孙客户",
                "signoff_on": self.now.astimezone(clock.company_zone()).date().isoformat(),
                "signoff_file": file,
                "lines": [{"signed_qty": "1"}],
            }

        return (
            ("submitted", applicant, "submitted", dict),
            ("specialist_signed", "market_specialist", "specialist_signed", opinion),
            ("approved", "sales_manager", "approved", opinion),
            ("issued", "market_specialist", "issued", dict),
            ("partly_signed", applicant, "partly_signed", sheet),
            (
                "undelivered",
                "sales_manager",
                "undelivered",
                lambda: {"reason": "客户称未收到", "lines": [{"undelivered_qty": "2"}]},
            ),
            ("closed", "market_specialist", "closed", dict),
        )
