"""The demo company's service log: the catalogue's example, the series filled below it, and entries in every state up to today."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backoffice import clock
from backoffice.demo.customers import Planned
from backoffice.demo.goods import PARTS, PRODUCTS, SERVED_BY, Good
from backoffice.demo.papers import paper
from backoffice.demo.world import Timeline, World, moments, office

REGISTER = "service_log"
_TRIPS = "out_of_town_application"
_OPENING = dt.date(2025, 1, 3)
_EXAMPLE = dt.date(2025, 9, 30)
_BEFORE = 162  # Entries of 2025 below the example.
_MANAGERS = ("service_manager", "service_manager_2")
_FAULTS = {
    "bag": ("掺加后细度不达标，请求到场调整掺量", "结块，询问是否还能使用", "首次使用，要求现场指导掺量"),
    "tonne": ("储罐内分层，请求检查", "更换批次后效果不稳定", "要求现场取样检测"),
    "box": ("外包装渗漏，要求核查", "询问与现用水泥的适应性", "要求做小磨试验"),
    "set": ("计量不准，流量偏低", "泵体漏液，有异响", "控制柜报警，无法自动加药", "到期保养"),
}
_WORK = (
    "检查管路与单向阀，清洗滤芯，标定流量后运行正常",
    "更换密封件并试运行两小时，无渗漏",
    "现场取样做对比试验，重新确定掺量并交代操作人员",
    "检查接线与控制参数，恢复自动加药，客户确认正常",
    "讲解储存与使用要求，留下操作说明",
)
_WITHDRAWN = ("电话指导后客户自行解决", "客户取消报修", "重复登记")
_SIGNERS = ("王丽华", "陈国庆", "李文涛", "刘晓梅", "周建平", "黄秀珍")
_PLACES = ("川北经销点", "川中经销点", "公司直供", "嘉州经销点")
# How far entries that stand today have come: a name, the kind, hours since the call, and the acts taken.
_CHAIN = ("dispatched", "on_site", "finished", "customer_signed", "countersigned")
_STANDING: tuple[tuple[str, str, float, tuple[str, ...]], ...] = (
    ("just called", "C", 0.4, ()),
    ("called today", "A", 1.5, ()),
    ("grumble", "C", 2.0, ()),
    ("left yesterday", "C", 27.0, ()),
    ("left before", "B", 51.0, ()),
    ("on the way", "C", 4.0, _CHAIN[:1]),
    ("sent out", "A", 7.0, _CHAIN[:1]),
    ("at work", "C", 8.0, _CHAIN[:2]),
    ("at the customer", "B", 26.0, _CHAIN[:2]),
    ("sent back", "C", 74.0, (*_CHAIN[:2], "again")),
    ("done", "A", 29.0, _CHAIN[:3]),
    ("signed", "C", 32.0, _CHAIN[:4]),
    ("signed too", "A", 50.0, _CHAIN[:4]),
    ("for the cashier", "A", 76.0, _CHAIN),
    ("invoiced", "A", 100.0, _CHAIN),
    ("to be filed", "C", 98.0, _CHAIN),
    ("paid", "A", 146.0, (*_CHAIN, "settled")),
    ("withdrawn", "C", 30.0, ("void",)),
    ("own works", "D", 52.0, (*_CHAIN[:3],)),
)
# Out-of-town entries: hours since the call, what became of the application, and the acts of the entry.
_FAR: tuple[tuple[str, float, tuple[str, ...], tuple[str, ...]], ...] = (
    ("far asked", 20.0, ("create", "submitted"), ()),
    ("far drafted", 5.0, ("create",), ()),
    ("far allowed", 45.0, ("create", "submitted", "approved"), ()),
    ("far away", 70.0, ("create", "submitted", "approved"), _CHAIN[:2]),
    ("far refused", 90.0, ("create", "submitted", "refused"), ()),
    ("far back", 480.0, ("create", "submitted", "approved", "done"), (*_CHAIN, "archived")),
)


@dataclass
class Story:
    """One entry: whose request about what, who serves, and the acts with their moments."""

    key: str
    kind: str
    at: dt.datetime
    technician: str
    customer: Planned | None
    good: Good
    acts: list[tuple[str, str, dt.datetime, dict[str, Any]]] = field(default_factory=list)
    origin: str = "customer_request"
    content: str = "repair"
    more: dict[str, Any] = field(default_factory=dict)
    manager: str = "service_manager"
    clerk: str = "business_clerk"
    trip: tuple[str, ...] = ()

    @property
    def reception(self) -> str:
        """Whoever may find the customer takes the call: the staff of his area, else the business department."""
        near = self.customer is not None and self.technician == SERVED_BY[self.customer.inputs["area"]][0]
        return self.technician if near and self.customer.inputs["area"] != "C" else self.clerk  # type: ignore[union-attr]  # `near` says there is one


def plan_services(
    world: World,
    timeline: Timeline,
    customers: Sequence[Planned],
    contracted: Sequence[str],
    start: dt.date,
    count: int,
) -> list[Story]:
    """The example with the series below it, `count` later entries that ended, and those that stand today; answers the ended ones."""
    rng = world.rng
    plan = _Plan(world, customers, contracted)
    early = moments(_OPENING, _EXAMPLE - dt.timedelta(days=1), _BEFORE, rng)
    first = max(start, _EXAMPLE + dt.timedelta(days=1))
    late = [at for at in moments(first, world.today, count, rng) if at < world.now - dt.timedelta(days=12)]
    ended = [plan.ended(f"early:{n}", at, 0.74) for n, at in enumerate(early)]
    ended += [plan.ended(f"late:{n}", at, 0.1) for n, at in enumerate(late)]
    stories = [*ended, plan.example(), *plan.standing(), *plan.far()]
    for story in stories:
        _put_on(world, timeline, story)
    return [story for story in ended if any(act == "archived" for _, act, _, _ in story.acts)]


class _Plan:
    """Plans entries; nothing is written yet."""

    def __init__(self, world: World, customers: Sequence[Planned], contracted: Sequence[str]) -> None:
        self.world = world
        self.rng: random.Random = world.rng
        self.contracted = frozenset(contracted)
        self.known = [one for one in customers if one.inputs.get("customer_kind") != "person"]

    # ---- stories -----------------------------------------------------------------------------------------------------

    def ended(self, key: str, at: dt.datetime, withdrawn: float) -> Story:
        kind = self.rng.choices(("A", "C", "D"), (38, 56, 6))[0]
        story = self._story(key, kind, at)
        if self.rng.random() < withdrawn:
            moment = at + dt.timedelta(minutes=self.rng.randrange(15, 90))
            story.acts.append((story.manager, "void", moment, {"reason": self.rng.choice(_WITHDRAWN)}))
            return story
        self._walk(story, (*_CHAIN, *(("settled",) if kind == "A" else ()), "archived"))
        return story

    def example(self) -> Story:
        """FW-2025-0163: called in at 21:40 before the holiday, dispatched first thing next morning, countersigned after it."""
        zone = clock.company_zone()

        def on(day: dt.date, time: str) -> dt.datetime:
            return dt.datetime.combine(day, dt.time.fromisoformat(time), tzinfo=zone)

        next_day, back = dt.date(2025, 10, 1), dt.date(2025, 10, 9)
        customer = next(one for one in self.known if one.key == "example:qingchuan")
        story = Story("example:163", "C", on(_EXAMPLE, "21:43"), "service_staff", customer, PRODUCTS[0])
        story.content = "consulting"
        story.more = {
            "received_at": on(_EXAMPLE, "21:40"),
            "purchased_on": "2025-05-06",
            "purchased_at": "川北经销点",
            "fault_description": "夜班掺加后细度波动，要求尽快到场指导掺量",
        }
        walk: tuple[tuple[str, str, dt.datetime, dict[str, Any]], ...] = (
            ("service_manager", "dispatched", on(next_day, "09:10"), {}),
            ("service_staff", "on_site", on(next_day, "14:05"), {"arrived_at": on(next_day, "14:00")}),
            (
                "service_staff",
                "finished",
                on(next_day, "16:25"),
                {
                    "started_at": on(next_day, "14:10"),
                    "finished_at": on(next_day, "16:20"),
                    "work_done": "核对喂料量与掺量，重新标定后细度稳定，向当班人员交代操作要点",
                },
            ),
            (
                "service_staff",
                "customer_signed",
                on(next_day, "16:40"),
                {"customer_signed_by": "客户代表", "customer_signed_at": on(next_day, "16:30")},
            ),
            ("service_manager", "countersigned", on(back, "08:55"), {"reason": "内容属实"}),
            (
                "business_clerk",
                "archived",
                on(back, "15:20"),
                {"second_part_back_on": back, "satisfaction": "satisfied", "result_told_on": back},
            ),
        )
        story.acts.extend(walk)
        return story

    def standing(self) -> list[Story]:
        found = []
        for name, kind, hours, acts in _STANDING:
            story = self._story(f"standing:{name}", kind, self.world.now - dt.timedelta(hours=hours))
            if name == "grumble":
                story.origin = "complaint"
            if name == "invoiced":
                story.more["charge"] = "1280.00"
            if acts == ("void",):
                story.acts.append((story.manager, "void", story.at + dt.timedelta(hours=1), {"reason": "客户取消报修"}))
            else:
                self._walk(story, acts, hurry=True)
            found.append(story)
        return found

    def far(self) -> list[Story]:
        found = []
        for name, hours, trip, acts in _FAR:
            story = self._story(f"standing:{name}", "C", self.world.now - dt.timedelta(hours=hours), area="C")
            story.trip = trip
            self._walk(story, acts, hurry=True)
            found.append(story)
        return found

    # ---- parts -------------------------------------------------------------------------------------------------------

    def _story(self, key: str, kind: str, at: dt.datetime, area: str = "") -> Story:
        rng = self.rng
        customer = self._customer(kind, at, area)
        place = customer.inputs["area"] if customer is not None else rng.choice("AB")
        technician = SERVED_BY[place][0]
        good = rng.choice(PRODUCTS)
        manager = rng.choice(_MANAGERS)
        story = Story(key, kind, at, technician, customer, good, manager=manager)
        story.origin = rng.choices(("customer_request", "grumble", "quality_instruction"), (86, 9, 5))[0]
        story.content = "repair" if good.unit == "set" else rng.choice(("consulting", "training", "repair"))
        if customer is not None and customer.inputs["area"] == "C" and not area:
            raise ValueError("entries out of town have their application")
        return story

    def _customer(self, kind: str, at: dt.datetime, area: str) -> Planned | None:
        if kind == "D":
            return None
        fit = [
            one
            for one in self.known
            if one.at < at - dt.timedelta(days=2)
            and (one.inputs["area"] == area if area else one.inputs["area"] != "C")
            and (kind != "B" or one.key in self.contracted)
        ]
        return self.rng.choice(fit)

    def _walk(self, story: Story, acts: Sequence[str], *, hurry: bool = False) -> None:
        """The acts one after the other; in a hurry within the hours that are left until now."""
        at = story.at
        left = max((self.world.now - at).total_seconds() / 60 - 5, 10)
        for number, act in enumerate(acts):
            gap = dt.timedelta(minutes=left * (number + 1) / (len(acts) + 0.5))
            at = story.at + gap if hurry else self._later(at, act)
            who, inputs = self._act(story, act, at)
            story.acts.append((who, "dispatched" if act == "again" else act, at, inputs))

    def _later(self, at: dt.datetime, act: str) -> dt.datetime:
        rng = self.rng
        day = at.astimezone(clock.company_zone()).date()
        if act in {"dispatched", "on_site", "finished", "customer_signed"}:
            return at + dt.timedelta(minutes=rng.randrange(25, 100))
        return office(day + dt.timedelta(days=rng.randrange(1, 4)), rng)

    def _act(self, story: Story, act: str, at: dt.datetime) -> tuple[str, dict[str, Any]]:
        rng = self.rng

        def ago(minutes: float) -> dt.datetime:
            return at - dt.timedelta(minutes=minutes)

        day = at.astimezone(clock.company_zone()).date()
        last = next((moment for _, _, moment, _ in reversed(story.acts)), story.at)
        span = (at - last).total_seconds() / 60
        if act == "dispatched":
            return story.manager, {}
        if act == "again":
            return story.manager, {"reason": "缺配件，改日再去"}
        if act == "on_site":
            return story.technician, {"arrived_at": ago(span / 4)}
        if act == "finished":
            return story.technician, self._finished(story, ago(span * 0.9), ago(span / 8))
        if act == "customer_signed":
            signer = "魏长青" if story.customer is None else rng.choice(_SIGNERS)
            return story.technician, {"customer_signed_by": signer, "customer_signed_at": ago(span / 8)}
        if act == "countersigned":
            return story.manager, {"reason": "内容属实"}
        if act == "settled":
            return rng.choice(("finance", "finance_2")), {
                "invoice_no": f"{rng.randrange(10**7, 10**8):08d}",
                "cash_handed_on": day,
            }
        return rng.choice((story.clerk, story.manager)), {
            "second_part_back_on": day,
            "satisfaction": rng.choices(
                ("very_satisfied", "satisfied", "average", "poor", "not_answered"), (40, 48, 6, 2, 4)
            )[0],
            "result_told_on": day,
        }

    def _finished(self, story: Story, started: dt.datetime, finished: dt.datetime) -> dict[str, Any]:
        rng = self.rng
        inputs: dict[str, Any] = {
            "started_at": started,
            "finished_at": finished,
            "work_done": rng.choice(_WORK),
        }
        if story.kind == "A":
            inputs["charge_amount"] = story.more.get("charge") or rng.choice(
                ("60.00", "80.00", "120.00", "200.00", "360.00")
            )
        if story.origin == "quality_instruction":
            inputs |= {"cause": "批次间含水率波动", "measure": "出厂检验增加一次抽检，并告知使用方"}
        if story.good.unit == "set" and rng.random() < 0.5:
            inputs["parts_used"] = [self._part(part) for part in rng.sample(PARTS, rng.choice((1, 2)))]
        if story.trip:
            inputs |= {"travel_cost": "286.00", "allowance": "120.00"}
        return inputs

    def _part(self, part: Good) -> dict[str, Any]:
        return {"product": self.world.ids.get(f"product:{part.code}", part.code), "quantity": 1, "price": part.price}


# ---- playing -----------------------------------------------------------------------------------------------------------


def _put_on(world: World, timeline: Timeline, story: Story) -> None:
    timeline.add(story.at, lambda at: _register(world, story, at))
    for number, act in enumerate(story.trip):
        moment = story.at + dt.timedelta(minutes=10 + 25 * number)
        if act == "done":
            moment = world.now - dt.timedelta(hours=20)
        timeline.add(moment, _trip(world, story, act))
    shift = dt.timedelta(minutes=90 if story.trip else 0)
    for who, act, at, inputs in story.acts:
        timeline.add(min(at + shift, world.now), _step(world, story, who, act, inputs, -shift))


def _register(world: World, story: Story, at: dt.datetime) -> None:
    rng = random.Random(story.key)  # noqa: S311 - texts, not secrets
    inputs: dict[str, Any] = {
        "received_at": at - dt.timedelta(minutes=rng.randrange(1, 9)),
        "channel": rng.choice(("telephone", "telephone", "online", "visit")),
        "origin": story.origin,
        "service_kind": story.kind,
        "service_content_class": story.content,
        "service_basis": "产品行业标准及公司服务承诺",
        "fault_description": rng.choice(_FAULTS[story.good.unit]),
        "product_model": story.good.name,
        "specification": story.good.specification,
    }
    if story.customer is None:
        inputs |= {"customer_department": world.ids["department:customer_service"]}
    else:
        inputs |= _bought(world, story, at, rng)
    if story.kind == "B" and story.customer is not None:
        inputs["contract"] = world.ids[f"contract:{story.customer.key}"]
    inputs |= {name: value for name, value in story.more.items() if name != "charge"}
    world.act(story.reception, REGISTER, f"service:{story.key}", "create", inputs, at)


def _bought(world: World, story: Story, at: dt.datetime, rng: random.Random) -> dict[str, Any]:
    customer = story.customer
    assert customer is not None  # noqa: S101 - narrows the type
    words = customer.inputs
    inputs: dict[str, Any] = {
        "customer": world.ids[customer.key],
        "service_address": words.get("address") or words.get("registered_address", ""),
        "service_phone": words["phone"],
        "contact_person": (words.get("contacts") or [{"name": ""}])[0]["name"],
    }
    if rng.random() < 0.06:
        return {**inputs, "purchase_unknown": True, "purchase_unknown_reason": "客户未保留单据"}
    bought = at.date() - dt.timedelta(days=rng.randrange(20, 600))
    return {**inputs, "purchased_on": bought, "purchased_at": rng.choice(_PLACES)}


def _step(
    world: World, story: Story, who: str, act: str, inputs: Mapping[str, Any], shift: dt.timedelta
) -> Callable[..., object]:
    def play(at: dt.datetime) -> None:
        typed = {name: _moved(value, shift) for name, value in inputs.items()}
        if act == "dispatched":
            typed["dispatched_to"] = world.access(story.technician).id
        if act == "customer_signed":
            name = f"服务凭证-{at:%Y%m%d}"
            typed["signed_paper"] = paper(world, REGISTER, "signed_paper", name, who, at, signed=True)
        if "parts_used" in typed:
            typed["parts_used"] = [
                {**row, "product": world.ids[f"product:{row['product']}"]} if isinstance(row["product"], str) else row
                for row in typed["parts_used"]
            ]
        world.act(who, REGISTER, f"service:{story.key}", act, typed, at)

    return play


def _moved(value: Any, shift: dt.timedelta) -> Any:
    return value - shift if isinstance(value, dt.datetime) else value


def _trip(world: World, story: Story, act: str) -> Callable[..., object]:
    def play(at: dt.datetime) -> None:
        key = f"trip:{story.key}"
        who = {"approved": story.manager, "refused": story.manager}.get(act, story.technician)
        inputs: dict[str, Any] = {}
        if act == "create":
            inputs = {
                "service_entry": world.ids[f"service:{story.key}"],
                "place": "川外工业园",
                "people": [{"person": world.access(story.technician).id}],
                "planned_from": at + dt.timedelta(hours=2),
                "planned_to": at + dt.timedelta(hours=30),
                "travel_budget": "300.00",
                "allowance_budget": "120.00",
                "reason": "客户在外地，须到场处理",
            }
        elif act in {"approved", "refused"}:
            inputs = {"reason": "同意" if act == "approved" else "改由当地经销点先行处理"}
        world.act(who, _TRIPS, key, act, inputs, at)

    return play


__all__ = ["Story", "plan_services"]
