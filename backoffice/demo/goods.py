"""The demo company's products, warehouses with spare parts, and contracts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backoffice import clock
from backoffice.demo.customers import Planned
from backoffice.demo.world import Timeline, World, office


@dataclass(frozen=True)
class Good:
    """One product in one specification. `stock` is the first stock of a spare part."""

    code: str
    name: str
    specification: str
    unit: str
    warranty: int
    price: str
    stock: int = 0


PRODUCTS = (
    Good("ZM-2-25", "ZM-2", "25kg", "bag", 12, "168.00"),
    Good("ZM-2-50", "ZM-2", "50kg", "bag", 12, "326.00"),
    Good("ZM-5-1000", "ZM-5 液体助磨剂", "1000kg", "tonne", 12, "4800.00"),
    Good("WJ-3-20", "WJ-3 外加剂", "20L×2", "box", 18, "420.00"),
    Good("JL-200", "JL-200 计量泵", "200L/h", "set", 24, "12800.00"),
    Good("KZ-10", "KZ-10 加药控制柜", "380V", "set", 24, "9600.00"),
)
PARTS = (
    Good("BJ-MF35", "机械密封", "φ35", "piece", 6, "86.00", 60),
    Good("BJ-LX5", "滤芯", "5μm", "piece", 3, "42.50", 120),
    Good("BJ-DB10", "控制电路板", "KZ-10", "piece", 12, "680.00", 12),
    Good("BJ-RG15", "加药软管", "DN15", "piece", 6, "18.00", 200),
)
_WAREHOUSES = (("CK-01", "中心库", "warehouse_keeper"), ("CK-02", "川外分库", "warehouse_keeper_2"))
# Who serves an area, the one in charge first.
SERVED_BY = {"A": ("service_staff",), "B": ("service_staff_2",), "C": ("service_staff_2", "service_staff")}
_OPENING = dt.date(2024, 5, 28)
_SELLERS = ("salesperson", "salesperson_2", "key_account")


def plan_goods(world: World, timeline: Timeline, customers: Sequence[Planned]) -> tuple[str, ...]:
    """Masters on the second day of the company, then the contracts; answers the keys of customers with a running contract."""
    opening = office(_OPENING, world.rng)
    for good in (*PRODUCTS, *PARTS):
        timeline.add(opening, _master(world, "business_clerk", "product", f"product:{good.code}", _product(good)))
    for code, name, keeper in _WAREHOUSES:
        inputs = {"code": code, "name": name, "keeper": world.access(keeper).id, "active": True}
        timeline.add(opening, _master(world, "business_clerk", "warehouse", f"warehouse:{code}", inputs))
    for good in PARTS:
        timeline.add(opening, _stocked(world, good))
    for area, names in SERVED_BY.items():
        staff = {"staff": [{"person": world.access(name).id} for name in names]}
        timeline.add(opening, _served(world, area, staff))
    return _plan_contracts(world, timeline, customers)


def _product(good: Good) -> dict[str, Any]:
    return {
        "code": good.code,
        "name": good.name,
        "specification": good.specification,
        "unit": good.unit,
        "warranty_months": good.warranty,
        "spare_part": good.stock > 0,
        "price": good.price,
        "active": True,
    }


def _master(world: World, who: str, register: str, key: str, inputs: Mapping[str, Any]) -> Callable[..., object]:
    return lambda at: world.act(who, register, key, "create", inputs, at)


def _stocked(world: World, good: Good) -> Callable[..., object]:
    def make(at: dt.datetime) -> None:
        key = f"part:{good.code}"
        place = {"product": world.ids[f"product:{good.code}"], "warehouse": world.ids["warehouse:CK-01"]}
        world.act("warehouse_keeper", "spare_part", key, "create", place, at)
        world.act("warehouse_keeper", "spare_part", key, "stock_in", {"quantity": good.stock, "reason": "首批采购"}, at)

    return make


def _served(world: World, area: str, staff: Mapping[str, Any]) -> Callable[..., object]:
    return lambda at: world.act("admin", "area", f"area:{area}", "update", staff, at)


# ---- contracts ---------------------------------------------------------------------------------------------------------


def _plan_contracts(world: World, timeline: Timeline, customers: Sequence[Planned]) -> tuple[str, ...]:
    """A year's contract with some companies, one that ran out, one draft, one void; 青川建材 has one that runs."""
    rng = world.rng
    companies = [
        customer
        for customer in customers
        if customer.inputs["customer_kind"] != "person"
        and customer.owner in _SELLERS
        and customer.inputs["area"] in ("A", "B")
        and customer.at < world.now - dt.timedelta(days=60)
    ]
    chosen = [one for one in companies if one.key == "example:qingchuan"]
    chosen += rng.sample([one for one in companies if one not in chosen], min(9, len(companies) - 1))
    running = []
    for number, customer in enumerate(chosen):
        begin = max(customer.at + dt.timedelta(days=20), world.now - dt.timedelta(days=rng.randrange(30, 300)))
        if number in (3, 4):
            begin = customer.at + dt.timedelta(days=20)
        at = office(begin.astimezone(clock.company_zone()).date(), rng)
        end = "void" if number == 1 else "draft" if number == 2 else "closed" if number == 3 else "signed"
        _plan_contract(world, timeline, customer, at, end)
        if end == "signed" and number != 4:
            running.append(customer.key)
    return tuple(running)


def _plan_contract(world: World, timeline: Timeline, customer: Planned, at: dt.datetime, end: str) -> None:
    rng = world.rng
    key = f"contract:{customer.key}"
    day = at.astimezone(clock.company_zone()).date()
    years = 1 if end == "closed" else 2
    term = {"valid_from": day, "valid_to": day.replace(year=day.year + years, day=min(day.day, 28))}
    subject = rng.choice(("助磨剂年度供货及现场服务", "加药系统维护保养服务", "外加剂供货与技术服务"))

    def create(moment: dt.datetime) -> None:
        inputs = {"customer": world.ids[customer.key], "subject": subject, **term}
        world.act(customer.owner, "contract", key, "create", inputs, moment)

    timeline.add(at, create)
    manager = rng.choice(("sales_manager", "sales_manager_2"))
    acts = {
        "void": ((customer.owner, "void", {"reason": "客户改用订单方式采购"}, 2),),
        "draft": (),
        "signed": ((manager, "signed", {"reason": "同意"}, 2),),
        "closed": (
            (manager, "signed", {"reason": "同意"}, 2),
            (manager, "closed", {"reason": "合同期满"}, 372),
        ),
    }
    for who, act, inputs, days in acts[end]:
        timeline.add(office(day + dt.timedelta(days=days), rng), _step(world, who, key, act, inputs))


def _step(world: World, who: str, key: str, act: str, inputs: Mapping[str, Any]) -> Callable[..., object]:
    return lambda at: world.act(who, "contract", key, act, inputs, at)


__all__ = ["PARTS", "PRODUCTS", "SERVED_BY", "Good", "plan_goods"]
