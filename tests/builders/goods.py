"""Products, warehouses, spare parts and contracts."""

from __future__ import annotations

from typing import Any

from tests.builders.customers import Customers


class Goods(Customers):
    """Goods of the company, and the contracts about them."""

    def product(self, code: str = "", **more: Any) -> int:
        self._count += 1
        inputs = {
            "code": code or f"CP{self._count:03d}",
            "name": "外加剂 ZM-2",
            "specification": "25kg",
            "unit": "bag",
            "warranty_months": "12",
            "active": True,
            **more,
        }
        return self.done("business_clerk", "product", None, "create", inputs).id

    def warehouse(self, code: str = "", **more: Any) -> int:
        self._count += 1
        inputs = {"code": code or f"CK{self._count:03d}", "name": f"{self._count}号库", "active": True, **more}
        return self.done("business_clerk", "warehouse", None, "create", inputs).id

    def spare_part(self, stock: str = "10", product: int | None = None, warehouse: int | None = None) -> int:
        product = product or self.product(name="滤芯", specification="10寸", unit="piece", spare_part=True)
        inputs = {"product": product, "warehouse": warehouse or self.warehouse()}
        made = self.done("warehouse_keeper", "spare_part", None, "create", inputs)
        if stock:
            self.done("warehouse_keeper", "spare_part", made.id, "stock_in", {"quantity": stock})
        return made.id

    def contract(self, owner: str = "salesperson", state: str = "signed", **more: Any) -> int:
        """A contract of two years around today."""
        inputs = {"subject": "外加剂供货与售后服务", "valid_from": "2025-03-01", "valid_to": "2027-02-28", **more}
        inputs.setdefault("customer", self.customer(owner) if "customer" not in inputs else None)
        made = self.done(owner, "contract", None, "create", inputs)
        if state == "signed":
            self.done("sales_manager", "contract", made.id, "signed", {"signed_on": "2025-02-25"})
        return made.id
