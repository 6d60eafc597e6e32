"""Cars, their keys, and key lines brought to a state."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.builders.customers import Customers

# A car that came back as it went.
CHECKED = {"check_windows": "ok", "check_doors": "ok", "check_body": "ok", "check_interior": "ok"}


class Keys(Customers):
    """Keys of the company."""

    def car(self, name: str = "川A·D0307", car_class: str = "test", **more: Any) -> int:
        self._count += 1
        inputs = {
            "plate_no": name,
            "frame_no": f"LSV{self._count:014d}",
            "model": "轩途",
            "car_class": car_class,
            **more,
        }
        return self.done("custodian_5s", "vehicle_stock", None, "create", inputs).id

    def key(self, car: int | None = None, copy_no: int = 1, **more: Any) -> int:
        """A key of this car, or of a new one; `more` are values of the key."""
        self._count += 1
        car = car or self.car(f"川A·{self._count:05d}")
        car_class = self.catalogue["vehicle_stock"].model.get_by_id(car).car_class
        inputs = {"key_no": f"YS{self._count:03d}", "car": car, "car_class": car_class, "copy_no": copy_no, **more}
        return self.done("custodian_5s", "car_key", None, "create", inputs).id

    def new_key(self, **more: Any) -> int:
        """The key of a car that has just arrived; `more` are values of the car."""
        self._count += 1
        return self.key(self.car(f"新A·{self._count:05d}", "stock", new_arrival=True, **more))

    def line_inputs(self, purpose: str = "test_drive", holder: str = "sales_consultant", **more: Any) -> dict[str, Any]:
        """What a key line of this purpose needs."""
        people = {name: self.users[name].id for name in ("group_leader", "group_leader_2")}
        inputs: dict[str, Any] = {"purpose": purpose, "holder": self.users[holder].id, **more}
        if "key" not in inputs:
            inputs["key"] = self.key()
        if purpose in {"test_drive", "viewing", "delivery"} and "customer" not in inputs:
            inputs["customer"] = self.customer("sales_consultant")
        needed = {
            "test_drive": {"accompanied_by": people["group_leader"]},
            "delivery": {"order": "DD-2026-0001", "payment_mode": "full"},
            "bank_run": {"companion": people["group_leader_2"]},
        }
        return {**needed.get(purpose, {}), **inputs}

    def line(self, purpose: str = "test_drive", holder: str = "sales_consultant", **more: Any) -> int:
        """A requested key line, entered by the second custodian."""
        inputs = self.line_inputs(purpose, holder, **more)
        return self.done("custodian_5s_2", "key_checkout", None, "create", inputs).id

    def papers(self, *names: str, who: str = "custodian_5s") -> dict[str, Any]:
        return {name: self.upload(who, "key_checkout", name, "手续.pdf") for name in names}

    def line_in(self, state: str, purpose: str = "test_drive", **more: Any) -> int:
        """A key line brought to a state; issued now, of a test drive the end is half an hour later, the return four minutes after it."""
        record = self.line(purpose, **more)
        if state == "requested":
            return record
        if purpose in {"other", "bank_run", "delivery"}:
            who = "finance" if purpose == "delivery" else "sales_manager"
            self.done(who, "key_checkout", record, "approved", {"reason": "同意"})
        if state == "approved":
            return record
        if state == "void":
            self.done("custodian_5s", "key_checkout", record, "void", {"reason": "客户改期"})
            return record
        papers = self.papers("agreement_file", "licence_file") if purpose == "test_drive" else {}
        self.done("custodian_5s", "key_checkout", record, "issued", papers)
        ended, back = self.now + dt.timedelta(minutes=30), self.now + dt.timedelta(minutes=34)
        if state == "lost":
            typed = {"lost_at": self.now, "compensation": "800.00", "reason": "还车时发现钥匙丢失"}
            self.done("custodian_5s", "key_checkout", record, "lost", typed, now=ended)
        elif state != "issued":
            if purpose == "test_drive":
                self.done(
                    "sales_consultant", "key_checkout", record, "drive_ended", {"drive_ended_at": ended}, now=ended
                )
            if state != "drive_ended":
                self.done("custodian_5s", "key_checkout", record, "returned", CHECKED, now=back)
            if state == "closed":
                papers = self.papers("confirmation_file", "survey_file") if purpose == "test_drive" else {}
                self.done("custodian_5s", "key_checkout", record, "closed", papers, now=back)
        return record
