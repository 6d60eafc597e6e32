"""Customers, which most other records need."""

from __future__ import annotations

from typing import Any

from models.accounts import Area
from tests.builders.acting import Acting


class Customers(Acting):
    """Customers of the company."""

    def customer(self, owner: str = "salesperson", **more: Any) -> int:
        self._count += 1
        inputs = {
            "name": f"青川第{self._count}建材有限公司",
            "customer_kind": "company",
            "relation": "current",
            "registered_address": "川北路1号",
            "area": Area.get(Area.code == "A").id,
            "phone": f"0839-5550{self._count:03d}",
            "grade_scheme": "abc_value",
            "source_channel": "exhibition",
            "confidentiality": "internal",
            "legal_representative": "赵法人",
            "contacts": [{"name": "钱联系", "mobile": f"139000{self._count:05d}", "main": True}],
            **more,
        }
        return self.done(owner, "customer_archive", None, "create", inputs).id
