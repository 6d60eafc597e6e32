"""Complaints and what settles them: return slips, discount certificates, lines of the after-sales ledger."""

from __future__ import annotations

from typing import Any

from models.accounts import Area
from tests.builders.goods import Goods


class Complaints(Goods):
    """Complaints, and the papers that settle them."""

    def complaint(self, who: str = "salesperson", **more: Any) -> int:
        inputs: dict[str, Any] = {
            "complainant": "吴投诉",
            "received_at": "2026-03-02 09:30",
            "order_no": "DD-2026-0001",
            "batch_no": "B0912",
            "delivered_qty": "100",
            "defective_qty": "20",
            "category": "quality",
            "demand": "退货",
            **more,
        }
        if "customer" not in inputs:
            inputs["customer"] = self.customer("salesperson")
        if "product" not in inputs:
            inputs["product"] = self.product()
        return self.done(who, "complaint", None, "create", inputs).id

    def complaint_in(self, state: str, method: str = "return", who: str = "salesperson", **more: Any) -> int:
        """A complaint brought to a state; the decision approves 20 pieces or 320 yuan."""
        decided: dict[str, Any] = {name: more.pop(name) for name in ("approved_qty", "amount") if name in more}
        record = self.complaint(who, **more)
        if state in {"registered", "void", "not_upheld"}:
            if state != "registered":
                by = "deputy_gm" if state == "not_upheld" else "service_manager"
                self.done(by, "complaint", record, state, {"reason": "客户撤诉"})
            return record
        typed: dict[str, Any] = {
            "handler": self.users["service_staff"].id,
            "method": method,
            "approved_qty": "20" if method in {"return", "rework"} else "",
            "amount": "320.00" if method in {"discount", "compensation"} else "",
            "reason": "批次不合格",
            **decided,
        }
        self.done("deputy_gm", "complaint", record, "judged", typed)
        if state == "judged":
            return record
        if state == "unaccepted":
            self.done("service_manager", "complaint", record, "unaccepted", {"reason": "要求全退"})
            return record
        self.done("service_manager", "complaint", record, "notified")
        if state == "closed":
            self.settle(record, method)
            self.done("service_manager", "complaint", record, "closed")
        return record

    def settle(self, complaint: int, method: str) -> None:
        """The paper that the decision ordered, made and posted."""
        if method in {"return", "rework"}:
            self.slip_in("posted", complaint=complaint, handling=method)
        elif method == "exchange":
            case = self.catalogue["complaint"].model.get_by_id(complaint)
            self.ledger("exchange_out", complaint=complaint, customer=case.customer_id, product=case.product_id)
        elif method in {"discount", "compensation"}:
            self.certificate_in("posted", complaint=complaint, kind=method)

    def slip(self, who: str = "sales_clerk", **more: Any) -> int:
        """A return slip, on a complaint of its own unless one is named."""
        inputs: dict[str, Any] = {
            "return_reason": "质量问题",
            "handling": "return",
            "basis": "核决 2026-03",
            **more,
        }
        if "complaint" not in inputs:
            inputs["complaint"] = self.complaint_in("notified", inputs["handling"])
        return self.done(who, "product_return", None, "create", inputs).id

    def slip_in(self, state: str, received: str = "", *, entered: bool = True, **more: Any) -> int:
        """A return slip brought to a state; all of it comes back unless `received` says how much, and is `entered` in the ledger."""
        record = self.slip(**more)
        back = received or ("18" if state == "disputed" else "20")
        road = (
            ("approved", "deputy_gm", {"reason": "同意"}),
            ("received", "warehouse_keeper", {"received_qty": back}),
            ("disputed" if state == "disputed" else "reconciled", "finance", {"reason": "与核定量核对"}),
            ("posted", "finance", {"posting_no": "PZ-2026-0031"}),
        )
        if state == "void":
            self.done("sales_clerk", "product_return", record, "void", {"reason": "客户留用"})
            return record
        for name, who, typed in road if state != "issued" else ():
            if name in {"reconciled", "disputed"} and entered:
                self.ledger("received", return_slip=record)
            self.done(who, "product_return", record, name, typed)
            if name == state:
                break
        return record

    def certificate(self, who: str = "sales_clerk", **more: Any) -> int:
        inputs = {"kind": "discount", "amount": "320.00", **more}
        if "complaint" not in inputs:
            inputs["complaint"] = self.complaint_in("notified", inputs["kind"])
        return self.done(who, "sales_discount_certificate", None, "create", inputs).id

    def certificate_in(self, state: str, **more: Any) -> int:
        record = self.certificate(**more)
        register = "sales_discount_certificate"
        if state == "void":
            self.done("sales_clerk", register, record, "void", {"reason": "客户放弃"})
            return record
        for name, who in (("approved", "deputy_gm"), ("sealed", "sales_clerk"), ("posted", "finance")):
            if state == "issued":
                break
            typed: dict[str, Any] = {}
            if name == "sealed":
                typed = {"customer_seal_on": "2026-03-04", "sealed_paper": self.upload(who, register, "sealed_paper")}
            self.done(who, register, record, name, typed)
            if name == state:
                break
        return record

    def ledger_inputs(self, movement: str = "received", **more: Any) -> dict[str, Any]:
        """What a clerk types into a ledger line, linked to a complaint of the same customer (a return: to its slip)."""
        ground = "short_measure" if movement in {"exchange_out", "make_up", "compensation"} else "quality"
        inputs: dict[str, Any] = {"movement": movement, "ground": ground, **more}
        if movement == "handed_over" and "return_slip" not in inputs and "product" not in inputs:
            inputs["return_slip"] = self.slip_in("approved")
        if inputs.get("return_slip"):
            slip = self.catalogue["product_return"].model.get_by_id(inputs["return_slip"])
            inputs = {"customer": slip.customer_id, "product": slip.product_id, **inputs}
        if "customer" not in inputs:
            case = self._case()
            inputs["customer"] = case.customer_id
            inputs.setdefault("product", case.product_id)
            inputs.setdefault("complaint", case.id)
        inputs.setdefault("product", self._case().product_id)
        inputs.setdefault("area", Area.get(Area.code == "A").id)
        inputs.setdefault("amount" if movement == "compensation" else "quantity", "20")
        return inputs

    def _case(self) -> Any:
        """The complaint to which lines are linked that name nothing else."""
        model = self.catalogue["complaint"].model
        return model.get_or_none(model.number == "TS-2026-0001") or model.get_by_id(self.complaint())

    def ledger(self, movement: str = "received", who: str = "business_clerk", **more: Any) -> int:
        return self.done(who, "aftersales_ledger", None, "create", self.ledger_inputs(movement, **more)).id

    def ledger_in(self, state: str, movement: str = "received", who: str = "business_clerk", **more: Any) -> int:
        """A ledger line brought to a state along the usual road; returns and scrap are inspected on it."""
        now = more.pop("now", None)
        record = self.ledger(movement, who, **more)
        quality = {"inspection_no": "JY-2026-0007", "inspection_result": "failed", "reason": "强度不足"}
        road = [
            ("inspected", "quality_inspector", quality),
            ("approved", "gm" if movement == "scrap" else "dept_head_business", {"reason": "同意"}),
            ("executed", "business_clerk", {}),
            ("closed", "business_clerk", {"disposition": "pending"}),
        ]
        if state in {"open", "refused"}:
            if state == "refused":
                self.done("gm", "aftersales_ledger", record, "refused", {"reason": "超出保修期"}, now=now)
            return record
        for name, by, typed in road[0 if movement in {"handed_over", "scrap"} or state == "inspected" else 1 :]:
            self.done(by, "aftersales_ledger", record, name, typed, now=now)
            if name == state or (state == "reversed" and name == "executed"):
                break
        if state == "reversed":
            self.done("business_clerk", "aftersales_ledger", record, "reversed", {"reason": "录入有误"}, now=now)
        return record
