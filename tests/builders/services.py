"""Services brought to a state, and journeys out of town."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from models.accounts import User, UserRole
from tests.builders.acting import NotDone
from tests.builders.goods import Goods


class Services(Goods):
    """Services of the company."""

    def service_inputs(self, kind: str = "C", **more: Any) -> dict[str, Any]:
        """What a request of this kind needs: ten minutes ago by telephone, for a customer of area A."""
        inputs: dict[str, Any] = {
            "received_at": self.now - dt.timedelta(minutes=10),
            "channel": "telephone",
            "origin": "customer_request",
            "service_kind": kind,
            "service_content_class": "consulting",
            "fault_description": "搅拌后凝固过快",
            **more,
        }
        if kind == "D":
            return inputs
        if "customer" not in inputs:
            inputs["customer"] = self.customer("salesperson")
        if kind == "B" and "contract" not in inputs:
            inputs["contract"] = self.contract(customer=inputs["customer"])
        request = {
            "service_address": "川北路1号",
            "service_phone": "13555500100",
            "product_model": "ZM-2",
            "specification": "25kg",
            "purchased_on": "2025-05-06",
            "purchased_at": "川北经销点",
        }
        return {**request, **inputs}

    def service(self, kind: str = "C", who: str = "service_staff", **more: Any) -> int:
        """A registered service."""
        return self.done(who, "service_log", None, "create", self.service_inputs(kind, **more)).id

    def service_in(self, state: str, kind: str = "C", **more: Any) -> int:
        """A service brought to a state: sent out now, there for an hour, signed by customer and manager in the order of the setting."""
        record = self.service(kind, **more)
        if state == "registered":
            return record
        if state == "void":
            self.done("service_manager", "service_log", record, "void", {"reason": "客户取消"})
            return record
        for name, who, typed, minutes in self.service_road(record, kind):
            at = self.now + dt.timedelta(minutes=minutes)
            self.done(who, "service_log", record, name, typed(), now=at)
            if name == state:
                return record
        raise NotDone(state)

    def service_road(self, record: int, kind: str = "C") -> Sequence[tuple[str, str, Any, int]]:
        """The steps of a service: name, who, what is typed, and how many minutes after now."""
        start = self.now

        def later(minutes: int) -> dt.datetime:
            return start + dt.timedelta(minutes=minutes)

        def signed() -> dict[str, Any]:
            signer = "孙客户" if kind != "D" else self.head_of(record)
            file = self.upload("service_staff", "service_log", "signed_paper", "凭证.pdf")
            return {"customer_signed_by": signer, "customer_signed_at": later(70), "signed_paper": file}

        work = {"started_at": later(20), "finished_at": later(60), "work_done": "调整配比并复测"}
        charge = {"charge_amount": "180.00"} if kind == "A" else {}
        model = self.catalogue["service_log"].model
        by_customer = ("customer_signed", "service_staff", signed, 75)
        by_manager = ("countersigned", "service_manager_2", lambda: {"reason": "同意"}, 80)
        customer_first = model.get_by_id(record).signature_order == "customer_then_manager"
        settled = {"cash_handed_on": later(0).date(), "invoice_no": "FP-0031"}
        road = [
            ("dispatched", "service_manager", lambda: {"dispatched_to": self.users["service_staff"].id}, 0),
            ("on_site", "service_staff", lambda: {"arrived_at": later(15)}, 16),
            ("finished", "service_staff", lambda: {**work, **charge}, 62),
            *((by_customer, by_manager) if customer_first else (by_manager, by_customer)),
        ]
        if kind == "A":
            road.append(("settled", "finance", lambda: settled, 90))
        archived = {
            "second_part_back_on": later(0).date(),
            "satisfaction": "satisfied",
            "result_told_on": later(0).date(),
        }
        return (*road, ("archived", "business_clerk", lambda: archived, 100))

    def head_of(self, record: int) -> str:
        """The name of the head of the internal customer, of anybody where there is none."""
        row = self.catalogue["service_log"].model.get_by_id(record)
        heads = ("dept_head", "sales_manager", "service_manager")
        query = User.select().join(UserRole, on=(UserRole.user == User.id))
        found = query.where(UserRole.role.in_(heads) & (User.department == row.customer_department_id)).first()
        return str(found.name) if found is not None else "孙负责人"

    def away(self, entry: int, who: str = "service_staff", state: str = "approved", **more: Any) -> int:
        """An out-of-town application of a technician for this entry."""
        inputs: dict[str, Any] = {
            "service_entry": entry,
            "place": "重庆",
            "people": [{"person": self.users[who].id}],
            "planned_from": self.now,
            "planned_to": self.now + dt.timedelta(days=2),
            "travel_budget": "800.00",
            "allowance_budget": "200.00",
            "reason": "现场复测",
            **more,
        }
        record = self.done(who, "out_of_town_application", None, "create", inputs).id
        for name, by in (("submitted", who), ("approved", "service_manager"), ("done", who)):
            if state == "draft":
                break
            self.done(by, "out_of_town_application", record, name, {"reason": "同意"} if name == "approved" else {})
            if name == state:
                break
        return record
