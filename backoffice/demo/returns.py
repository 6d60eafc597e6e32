"""The demo company's complaints with their return slips, certificates and ledger lines: the catalogue's examples and every state."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backoffice import clock
from backoffice.demo.customers import Planned
from backoffice.demo.goods import PRODUCTS, SERVED_BY, Good
from backoffice.demo.papers import paper
from backoffice.demo.services import Story
from backoffice.demo.world import Timeline, World, moments, office

LEDGER = "aftersales_ledger"
_GOODS = {good.code: good for good in PRODUCTS}
_OPENING = dt.date(2025, 1, 6)
_EXAMPLE = dt.date(2025, 10, 20)
_EARLY_CASES = 5  # Return slips of 2025 below TH-2025-0006, each with two lines of the ledger.
_DEMAND = {
    "quality": "使用后强度不达标，要求退货",
    "transport": "到货时外包装破损渗漏，要求更换",
}
# What an area's ledger holds besides returns: movement, product, quantity, ground. Thirty lines stand below the example.
_SCRIPT = (
    ("stock_in", "WJ-3-20", "40", "other"),
    ("exchange_out", "WJ-3-20", "2", "transport_damage"),
    ("received", "WJ-3-20", "5", "transport_damage"),
    ("exchange_out", "WJ-3-20", "3", "short_measure"),
    ("make_up", "WJ-3-20", "1", "short_measure"),
    ("received", "JL-200", "2", "quality"),
    ("repair_out", "JL-200", "1", "quality"),
    ("stock_in", "ZM-2-25", "30", "other"),
    ("scrap", "WJ-3-20", "3", "transport_damage"),
    ("exchange_out", "ZM-2-25", "5", "company_loss"),
    ("to_stock", "JL-200", "1", "quality"),
    ("make_up", "ZM-2-25", "2", "short_measure"),
    ("exchange_out", "ZM-2-25", "4", "transport_damage"),
    ("compensation", "ZM-2-50", "860.00", "transport_damage"),
    ("stock_back", "WJ-3-20", "10", "other"),
)
_DISPOSITION = {
    "repair_out": "repair",
    "scrap": "scrap",
    "to_stock": "back_to_stock",
    "handed_over": "rework",
    "received": "pending",
}


@dataclass(frozen=True)
class Case:
    """One complaint and what it ordered."""

    key: str
    customer: Planned
    good: Good
    quantity: str
    at: dt.datetime
    batch: str
    order: str


def plan_returns(
    world: World,
    timeline: Timeline,
    customers: Sequence[Planned],
    services: Sequence[Story],
    start: dt.date,
    count: int,
) -> None:
    """The examples with their series below, `count` later lines that ended, and what stands today in every state."""
    plan = _Plan(world, timeline, customers, services)
    plan.before_the_examples()
    plan.examples()
    plan.since(max(start, _EXAMPLE + dt.timedelta(days=30)), count)
    plan.standing_cases()
    plan.standing_lines()


class _Plan:
    """Puts acts on the timeline; what one record needs of another is looked up when it is played."""

    def __init__(
        self, world: World, timeline: Timeline, customers: Sequence[Planned], services: Sequence[Story]
    ) -> None:
        self.world = world
        self.timeline = timeline
        self.rng: random.Random = world.rng
        self.customers = [
            one for one in customers if one.inputs["customer_kind"] != "person" and one.inputs["area"] in ("A", "B")
        ]
        self.services = [story for story in services if story.customer is not None]

    # ---- what there is -----------------------------------------------------------------------------------------------

    def before_the_examples(self) -> None:
        """Five cases and thirty other lines of 2025 before 20 October."""
        for number in range(_EARLY_CASES):
            at = office(_OPENING + dt.timedelta(days=45 + 48 * number), self.rng)
            self.returned(self.case(f"early:{number}", at, "ZM-2-25", str(10 + 4 * number)))
        paid = self.case("paid:early", office(_OPENING + dt.timedelta(days=70), self.rng), "ZM-5-1000", "2")
        self.paid(paid, "discount", ("approved", "sealed", "posted"))
        days = moments(_OPENING + dt.timedelta(days=40), _EXAMPLE - dt.timedelta(days=14), len(_SCRIPT), self.rng)
        for area in "AB":
            for number, (at, line) in enumerate(zip(days, _SCRIPT, strict=True)):
                self.line(f"early:{area}{number}", area, at + dt.timedelta(minutes=ord(area)), *line)

    def examples(self) -> None:
        """TZ-2025-0041 with TH-2025-0006, TZ-2025-0042, and the return that was refused because the goods passed."""
        customer = next(one for one in self.customers if one.key == "example:qingchuan")
        noon = dt.datetime.combine(_EXAMPLE, dt.time(11), tzinfo=clock.company_zone())
        case = Case("example", customer, _GOODS["ZM-2-25"], "20", noon - dt.timedelta(days=7), "B0912", "DD-2025-0388")
        self.complaint(case, "return", approved_qty="20")
        self.goods_back(case, noon)
        day = dt.timedelta(days=1)
        third = {"third_party": "川北顺达物流", "claim": "已向承运方提出索赔"}
        self.line("example:42", "A", noon + day, "exchange_out", "WJ-3-20", "2", "transport_damage", **third)
        passed = Case("passed", customer, _GOODS["ZM-2-25"], "18", noon - 6 * day, "B0915", "DD-2025-0391")
        self.complaint(passed, "return", approved_qty="18")
        self.passed(passed, noon + 2 * day)

    def since(self, first: dt.date, count: int) -> None:
        """Later lines of both areas, and one return case in two months."""
        spans = (self.world.today - first).days
        if spans < 30:
            return
        lines = _SCRIPT[: max(1, count // 2)]
        days = moments(first, self.world.today, len(lines), self.rng)
        for area in "AB":
            for number, (at, line) in enumerate(zip(days, lines, strict=True)):
                if at < self.world.now - dt.timedelta(days=9):
                    self.line(f"late:{area}{number}", area, at + dt.timedelta(minutes=ord(area)), *line)
        for number in range(3):
            at = office(first + dt.timedelta(days=spans * (number + 1) // 5), self.rng)
            self.returned(self.case(f"late:{number}", at, "ZM-2-50", str(12 + number)))
        for number, kind in enumerate(("discount", "compensation", "discount")):
            at = office(first + dt.timedelta(days=spans * (number + 1) // 5 + 9), self.rng)
            self.paid(self.case(f"paid:{number}", at, "ZM-5-1000", "2"), kind, ("approved", "sealed", "posted"))

    def standing_cases(self) -> None:
        """Complaints, slips and certificates that wait for somebody today."""
        for name, days, acts in (
            ("issued", 1.0, ()),
            ("approved", 2.0, ("approved",)),
            ("allowed", 1.5, ("approved",)),
            ("received", 3.0, ("approved", "received")),
            ("short", 3.5, ("approved", "received")),
            ("disputed", 5.0, ("approved", "received", "disputed")),
            ("reconciled", 6.0, ("approved", "received", "reconciled")),
            ("void", 7.0, ("void",)),
        ):
            quantity = "100" if name in {"short", "disputed"} else "24"
            case = self.case(f"slip:{name}", self.before(days + 6), "ZM-2-25", quantity)
            self.complaint(case, "return", approved_qty=quantity)
            came = "98" if quantity == "100" else quantity
            self.slip(case, self.before(days), acts, came)
            if "received" in acts:
                self.in_the_ledger(case, self.before(days), came)
        for name, days, acts in (
            ("issued", 1.0, ()),
            ("approved", 2.0, ("approved",)),
            ("sealed", 4.0, ("approved", "sealed")),
            ("void", 6.0, ("void",)),
        ):
            case = self.case(f"certificate:{name}", self.before(days + 6), "ZM-5-1000", "1")
            self.complaint(case, "discount", amount="1500.00")
            self.certificate(case, self.before(days), "discount", "1500.00", acts)
        for name, days, method in (
            ("free", 3.0, "return"),
            ("free too", 2.5, "return"),
            ("to pay", 2.0, "compensation"),
        ):
            case = self.case(f"open:{name}", self.before(days + 6), "ZM-2-50", "30")
            decided = {"approved_qty": "30"} if method == "return" else {"amount": "2400.00"}
            self.complaint(case, method, **decided)
        for name, days, acts in (
            ("new", 0.4, ()),
            ("asked", 1.2, ()),
            ("judged", 4.0, ("judged",)),
            ("unhappy", 12.0, ("judged", "unaccepted")),
            ("baseless", 9.0, ("not_upheld",)),
            ("double", 6.0, ("void",)),
        ):
            case = self.case(f"case:{name}", self.before(days), "WJ-3-20", "6")
            self.complaint(case, "rework", acts, approved_qty="6")

    def standing_lines(self) -> None:
        """Ledger lines in every state; the last pieces of one product wait for two clerks."""
        service = self.service("A", self.world.now - dt.timedelta(days=12))
        link = {"service_entry": f"service:{service.key}"}
        for name, days, movement, quantity, ground, acts in (
            ("open", 1.0, "received", "6", "quality", ()),
            ("unlinked", 2.0, "received", "3", "transport_damage", ()),
            ("for scrap", 2.0, "scrap", "1", "quality", ()),
            ("seen", 3.0, "scrap", "2", "quality", ("inspected",)),
            ("approved", 2.0, "exchange_out", "2", "transport_damage", ("approved",)),
            ("approved too", 2.0, "make_up", "1", "short_measure", ("approved",)),
            ("executed", 4.0, "received", "9", "quality", ("approved", "executed")),
            ("refused", 5.0, "exchange_out", "4", "short_measure", ("refused",)),
            ("wrong", 8.0, "received", "7", "quality", ("approved", "executed", "reversed")),
        ):
            self.ledger(
                f"standing:{name}",
                "A",
                self.before(days),
                {"customer": service.customer.key, **({} if name == "unlinked" else link)},  # type: ignore[union-attr]  # these have one
                movement,
                "WJ-3-20",
                quantity,
                ground,
                acts=acts,
                hurry=True,
            )

    # ---- cases -------------------------------------------------------------------------------------------------------

    def before(self, days: float) -> dt.datetime:
        return self.world.now - dt.timedelta(days=days)

    def case(self, key: str, at: dt.datetime, code: str, quantity: str) -> Case:
        known = [one for one in self.customers if one.at < at - dt.timedelta(days=5)]
        number = self.rng.randrange(100, 999)
        return Case(key, self.rng.choice(known), _GOODS[code], quantity, at, f"B{number:04d}", f"DD-{at:%Y}-0{number}")

    def returned(self, case: Case) -> None:
        """A return from complaint to closing."""
        self.complaint(case, "return", approved_qty=case.quantity)
        self.goods_back(case, case.at + dt.timedelta(days=7))

    def paid(self, case: Case, kind: str, acts: Sequence[str]) -> None:
        amount = self.rng.choice(("800.00", "1260.00", "2400.00"))
        self.complaint(case, kind, amount=amount)
        self.certificate(case, case.at + dt.timedelta(days=6), kind, amount, acts)
        self.later(case.at, 16, "service_manager", "complaint", f"complaint:{case.key}", "closed")

    def complaint(self, case: Case, method: str, acts: Sequence[str] = ("judged", "notified"), **decided: Any) -> None:
        key = f"complaint:{case.key}"
        staff = SERVED_BY[case.customer.inputs["area"]][0]
        transport = case.good.unit == "box"
        category = "transport" if transport else "quality"

        def create(at: dt.datetime) -> None:
            inputs = {
                "customer": self.world.ids[case.customer.key],
                "complainant": (case.customer.inputs.get("contacts") or [{"name": "采购经办"}])[0]["name"],
                "received_at": at - dt.timedelta(minutes=20),
                "order_no": case.order,
                "product": self.world.ids[f"product:{case.good.code}"],
                "batch_no": case.batch,
                "delivered_qty": str(int(case.quantity) * 5),
                "defective_qty": case.quantity,
                "category": category,
                "demand": _DEMAND[category],
            }
            self.world.act(staff, "complaint", key, "create", inputs, at)

        self.timeline.add(case.at, create)
        for number, act in enumerate(acts):
            at = case.at + dt.timedelta(hours=20 * (number + 1))
            if at > self.world.now:
                at = case.at + (self.world.now - case.at) * (number + 1) / (len(acts) + 1)
            who = {"judged": "deputy_gm", "not_upheld": "deputy_gm"}.get(act, "service_manager")
            inputs: Mapping[str, Any] = {
                "judged": {"method": method, **decided, "reason": "经检验与核实，责任在我方"},
                "unaccepted": {"reason": "客户坚持全额退款"},
                "not_upheld": {"reason": "留样复检合格，属使用不当"},
                "void": {"reason": "与前一投诉重复"},
            }.get(act, {})
            self.act(
                at,
                who,
                "complaint",
                key,
                act,
                inputs,
                people={"handler": "service_manager_2"} if act == "judged" else {},
            )

    def goods_back(self, case: Case, at: dt.datetime) -> None:
        """The goods come back, are inspected, handed over against the slip, and posted; the complaint is closed."""
        day = dt.timedelta(days=1)
        area = case.customer.inputs["area"]
        about = {"customer": case.customer.key, "complaint": f"complaint:{case.key}"}
        first, second = f"ledger:{case.key}:back", f"ledger:{case.key}:over"
        more = {"batch_no": case.batch}
        self.entry(first, area, at, about, "received", case.good, case.quantity, "quality", "business_clerk", more)
        if case.key == "example":
            self.inspect(first, at + day / 4, "failed", "JY-2025-0117", "320.00")
        self.act(at + day / 2, "dept_head_business", LEDGER, first, "approved", {"reason": "同意收回"})
        self.act(at + day, "business_clerk", LEDGER, first, "executed")
        self.slip(case, at + day, ("approved", "received", "reconciled", "posted"), case.quantity)
        slip = {**about, "return_slip": f"slip:{case.key}"}
        self.entry(
            second,
            area,
            at + 2.2 * day,
            slip,
            "handed_over",
            case.good,
            case.quantity,
            "quality",
            "business_clerk_2",
            more,
        )
        self.inspect(second, at + 2.5 * day, "failed", f"JY-{at:%Y}-{self.rng.randrange(120, 900):04d}", "320.00")
        self.act(at + 2.8 * day, "dept_head_business", LEDGER, second, "approved", {"reason": "检验不合格，同意退货"})
        self.act(at + 3.2 * day, "business_clerk_2", LEDGER, second, "executed")
        self.act(at + 3.3 * day, "business_clerk_2", LEDGER, second, "closed", {"disposition": "rework"})
        self.act(at + 8 * day, "business_clerk", LEDGER, first, "closed", {"disposition": "back_to_stock"})
        self.act(
            at + 9 * day, "service_manager", "complaint", f"complaint:{case.key}", "closed", {"reason": "退货已办结"}
        )

    def in_the_ledger(self, case: Case, at: dt.datetime, quantity: str) -> None:
        """The lines behind a slip that is under way: taken back before, handed over with it."""
        hour = dt.timedelta(hours=1)
        area = case.customer.inputs["area"]
        about = {"customer": case.customer.key, "complaint": f"complaint:{case.key}"}
        more = {"batch_no": case.batch}
        back, over = f"ledger:{case.key}:back", f"ledger:{case.key}:over"
        self.entry(back, area, at - 9 * hour, about, "received", case.good, quantity, "quality", "business_clerk", more)
        self.act(at - 8 * hour, "dept_head_business", LEDGER, back, "approved", {"reason": "同意收回"})
        self.act(at - 7 * hour, "business_clerk", LEDGER, back, "executed")
        slip = {**about, "return_slip": f"slip:{case.key}"}
        self.entry(over, area, at + hour, slip, "handed_over", case.good, quantity, "quality", "business_clerk_2", more)
        self.inspect(over, at + 2 * hour, "failed", f"JY-{at:%Y}-{self.rng.randrange(120, 900):04d}", "320.00")
        self.act(at + 3 * hour, "dept_head_business", LEDGER, over, "approved", {"reason": "检验不合格，同意退货"})
        self.act(at + 4 * hour, "business_clerk_2", LEDGER, over, "executed")

    def passed(self, case: Case, at: dt.datetime) -> None:
        """A return whose goods passed: not accepted, and the fee is the customer's."""
        key = f"ledger:{case.key}:over"
        about = {"customer": case.customer.key, "complaint": f"complaint:{case.key}", "return_slip": f"slip:{case.key}"}
        hour = dt.timedelta(hours=1)
        self.slip(case, at - hour, (), case.quantity)
        more = {"batch_no": case.batch}
        area = case.customer.inputs["area"]
        self.entry(key, area, at, about, "handed_over", case.good, case.quantity, "quality", "business_clerk", more)
        self.inspect(key, at + 20 * hour, "passed", "JY-2025-0121", "320.00")
        self.act(
            at + 22 * hour,
            "dept_head_business",
            LEDGER,
            key,
            "refused",
            {"reason": "检验合格，不予退货，检验费由客户承担"},
        )
        self.act(
            at + 40 * hour,
            "sales_clerk",
            "product_return",
            f"slip:{case.key}",
            "void",
            {"reason": "检验合格，不予退货"},
        )

    # ---- papers ------------------------------------------------------------------------------------------------------

    def slip(self, case: Case, at: dt.datetime, acts: Sequence[str], received: str) -> None:
        key = f"slip:{case.key}"

        def create(moment: dt.datetime) -> None:
            inputs = {
                "complaint": self.world.ids[f"complaint:{case.key}"],
                "return_reason": "批次强度不达标",
                "handling": "return",
                "basis": "投诉核决意见，质量承诺第三条",
            }
            self.world.act("sales_clerk", "product_return", key, "create", inputs, moment)

        self.timeline.add(at, create)
        actors = {
            "approved": ("deputy_gm_2", {"reason": "同意"}),
            "received": ("warehouse_keeper", {"received_qty": received}),
            "reconciled": ("finance", {}),
            "disputed": ("finance", {"reason": "实退少于核定，待核决"}),
            "posted": ("finance_2", {"posting_no": f"ZZ-{at:%Y}-{self.rng.randrange(100, 999)}"}),
            "void": ("sales_clerk", {"reason": "客户改为换货"}),
        }
        for number, act in enumerate(acts):
            who, inputs = actors[act]
            wait = dt.timedelta(hours=20 if at < self.before(12) else 7) * (number + 1)
            if act in {"reconciled", "posted"} and at < self.before(12):
                wait += dt.timedelta(days=2)  # The goods are inspected and executed meanwhile.
            self.act(at + wait, who, "product_return", key, act, inputs)

    def certificate(self, case: Case, at: dt.datetime, kind: str, amount: str, acts: Sequence[str]) -> None:
        key = f"certificate:{case.key}"
        register = "sales_discount_certificate"

        def create(moment: dt.datetime) -> None:
            inputs = {"complaint": self.world.ids[f"complaint:{case.key}"], "kind": kind, "amount": amount}
            self.world.act("sales_clerk", register, key, "create", inputs, moment)

        def seal(moment: dt.datetime) -> None:
            sheet = paper(
                self.world, register, "sealed_paper", f"证明单-{moment:%Y%m%d}", "sales_clerk", moment, signed=True
            )
            day = moment.astimezone(clock.company_zone()).date()
            inputs = {"customer_seal_on": day, "sealed_paper": sheet}
            self.world.act("sales_clerk", register, key, "sealed", inputs, moment)

        self.timeline.add(at, create)
        for number, act in enumerate(acts):
            moment = at + dt.timedelta(hours=18 * (number + 1))
            if act == "sealed":
                self.timeline.add(moment, seal)
            elif act == "void":
                self.act(moment, "sales_clerk", register, key, act, {"reason": "客户改为下批货款抵扣"})
            else:
                who = "deputy_gm" if act == "approved" else "finance"
                self.act(moment, who, register, key, act, {"reason": "同意"} if act == "approved" else {})

    # ---- ledger lines ------------------------------------------------------------------------------------------------

    def service(self, area: str, at: dt.datetime) -> Story:
        """A service of the area that was registered before."""
        staff = SERVED_BY[area][0]
        fit = [one for one in self.services if one.technician == staff and one.at < at - dt.timedelta(days=1)]
        return self.rng.choice(fit)

    def line(
        self, key: str, area: str, at: dt.datetime, movement: str, code: str, quantity: str, ground: str, **more: Any
    ) -> None:
        """A line of the past behind a service, closed."""
        service = self.service(area, at)
        assert service.customer is not None  # noqa: S101 - narrows the type
        about = {"customer": service.customer.key, "service_entry": f"service:{service.key}"}
        acts = (*(("inspected",) if movement == "scrap" else ()), "approved", "executed", "closed")
        self.ledger(key, area, at, about, movement, code, quantity, ground, acts=acts, more=more)

    def ledger(
        self,
        key: str,
        area: str,
        at: dt.datetime,
        about: Mapping[str, str],
        movement: str,
        code: str,
        quantity: str,
        ground: str,
        *,
        acts: Sequence[str],
        hurry: bool = False,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """A line with its acts, some hours between them; in a hurry before now."""
        name = f"ledger:{key}"
        maker = self.rng.choice(("business_clerk", "business_clerk_2", SERVED_BY[area][0]))
        self.entry(name, area, at, about, movement, _GOODS[code], quantity, ground, maker, more or {})
        for number, act in enumerate(acts):
            gap = (self.world.now - at) / (len(acts) + 1) if hurry else dt.timedelta(hours=9)
            moment = at + gap * (number + 1)
            if act == "inspected":
                self.inspect(name, moment, "failed", f"JY-{at:%Y}-{self.rng.randrange(100, 900):04d}", "")
                continue
            who, inputs = {
                "approved": ("deputy_gm" if movement == "scrap" else "dept_head_business", {"reason": "同意"}),
                "executed": ("business_clerk", {}),
                "closed": ("business_clerk", {"disposition": _DISPOSITION.get(movement, "pending")}),
                "refused": ("dept_head_business", {"reason": "无原始凭证，不予受理，已告知客户"}),
                "reversed": ("business_clerk", {"reason": "数量登记有误"}),
            }[act]
            self.act(moment, who, LEDGER, name, act, inputs)

    def entry(
        self,
        name: str,
        area: str,
        at: dt.datetime,
        about: Mapping[str, str],
        movement: str,
        good: Good,
        quantity: str,
        ground: str,
        maker: str,
        more: Mapping[str, Any],
    ) -> None:
        def create(moment: dt.datetime) -> None:
            ids = self.world.ids
            inputs: dict[str, Any] = {
                "happened_on": moment.astimezone(clock.company_zone()).date(),
                "area": ids[f"area:{area}"],
                "area_staff": self.world.access(SERVED_BY[area][0]).id,
                "product": ids[f"product:{good.code}"],
                "specification": good.specification,
                "unit": good.unit,
                "movement": movement,
                "ground": ground,
                **{field: ids[key] for field, key in about.items()},
                **more,
            }
            inputs["amount" if movement == "compensation" else "quantity"] = quantity
            self.world.act(maker, LEDGER, name, "create", inputs, moment)

        self.timeline.add(at, create)

    def inspect(self, name: str, at: dt.datetime, result: str, number: str, fee: str) -> None:
        inputs = {
            "inspection_no": number,
            "inspection_result": result,
            "inspection_fee": fee,
            "reason": "按抽样标准检验",
        }
        self.act(at, "quality_inspector", LEDGER, name, "inspected", inputs)

    # ---- acts --------------------------------------------------------------------------------------------------------

    def later(self, at: dt.datetime, days: int, who: str, register: str, key: str, act: str) -> None:
        self.act(office((at + dt.timedelta(days=days)).date(), self.rng), who, register, key, act, {})

    def act(
        self,
        at: dt.datetime,
        who: str,
        register: str,
        key: str,
        act: str,
        inputs: Mapping[str, Any] | None = None,
        people: Mapping[str, str] | None = None,
    ) -> None:
        def play(moment: dt.datetime) -> None:
            named = {field: self.world.access(name).id for field, name in (people or {}).items()}
            self.world.act(who, register, key, act, {**(inputs or {}), **named}, moment)

        self.timeline.add(at, play)


__all__ = ["plan_returns"]
