"""The demo company's cars and keys: the catalogue's two examples, the series filled below them, and what is out today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backoffice import clock
from backoffice.demo.customers import Planned
from backoffice.demo.papers import paper
from backoffice.demo.world import Timeline, World, moments, office, office_before

# Plate, frame number, model, class, newly arrived, place, and how many keys. Without a plate the car is a stock car.
_CARS = (
    ("川A·SJ01", "LSVSJ000000000001", "轩途 1.5L", "test", False, "main", 2),
    ("川A·SJ03", "LSVSJ000000000003", "轩途 2.0T", "test", False, "main", 2),
    ("川A·SJ05", "LSVSJ000000000005", "远行 混动", "test", False, "main", 2),
    ("川A·SJ07", "LSVSJ000000000007", "远行 2.0T", "test", False, "main", 2),
    ("川A·ZC02", "LSVZC000000000002", "轩途 2.0T", "display", False, "main", 1),
    ("川A·ZC04", "LSVZC000000000004", "远行 混动", "display", False, "main", 2),
    (None, "LSVSP000000000011", "轩途 1.5L", "stock", False, "main", 2),
    (None, "LSVSP000000000012", "轩途 2.0T", "stock", False, "main", 2),
    (None, "LSVSP000000000013", "远行 2.0T", "stock", False, "main", 2),
    (None, "LSVSP000000000014", "远行 混动", "stock", False, "outlet", 1),
    (None, "LSVSP000000000021", "星河 七座", "stock", True, "main", 2),
    (None, "LSVSP000000000022", "星河 七座", "stock", True, "main", 2),
)
_OPENING = dt.date(2025, 1, 2)
_EXAMPLES = dt.date(2025, 6, 12)
_BEFORE = 307  # Lines of 2025 below the first example.
_CONSULTANTS = ("sales_consultant", "sales_consultant_2")
_CUSTODIANS = ("custodian_5s", "custodian_5s_2")
_GUIDES = ("group_leader", "group_leader_2")
_FINE = {"check_windows": "ok", "check_doors": "ok", "check_body": "ok", "check_interior": "ok"}
_PAPERS = {
    "agreement_file": "试驾协议",
    "licence_file": "驾照复印件",
    "confirmation_file": "试驾确认书",
    "survey_file": "试驾调查报告",
}
_LEFT_OPEN = {**_FINE, "check_windows": "bad"}
_DAMAGED = {**_FINE, "check_body": "bad", "damage": "右前门有轻微刮擦，已拍照"}


@dataclass
class Story:
    """One key line: which key for what, and its acts with their moments and inputs."""

    key: str
    car_key: str
    purpose: str
    holder: str
    acts: list[tuple[str, dt.datetime, dict[str, Any]]]
    customer: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    custodian: str = "custodian_5s"
    manager: str = "sales_manager"


def plan_keys(world: World, timeline: Timeline, customers: Sequence[Planned], start: dt.date, count: int) -> None:
    """Cars and keys, the examples with the series below them, `count` later lines that ended, and those that stand today."""
    keys = _plan_cars(world, timeline)
    free = {key: dt.datetime.combine(_OPENING, dt.time(), tzinfo=dt.UTC) for key in keys if not key.startswith("新")}
    early = moments(_OPENING + dt.timedelta(days=1), _EXAMPLES - dt.timedelta(days=1), _BEFORE, world.rng)
    first = max(start, _EXAMPLES + dt.timedelta(days=1))
    late = [at for at in moments(first, world.today, count, world.rng) if at < world.now - dt.timedelta(hours=30)]
    stories = [
        _ended(world, customers, free, f"{'early' if at < late[0] else 'late'}:{n}", at)
        for n, at in enumerate((*early, *late))
    ]
    stories.extend(_examples())
    stories.extend(_standing(world, customers))
    for story in stories:
        for act, at, typed in story.acts:
            timeline.add(at, _step(world, story, act, typed))


# ---- cars and keys -----------------------------------------------------------------------------------------------------


def _plan_cars(world: World, timeline: Timeline) -> list[str]:
    """The cars as they came, the new arrivals of these weeks last; answers the names of the keys."""
    opening = office(_OPENING, world.rng)
    arrival = office_before(world.now, world.rng, 8)
    names = []
    for number, (plate, frame, model, car_class, is_new, place, copies) in enumerate(_CARS, 1):
        at = arrival if is_new else opening
        inputs = {
            "plate_no": plate or "",
            "frame_no": frame,
            "model": model,
            "car_class": car_class,
            "new_arrival": is_new,
            "location": place,
            "acceptance": "ok",
        }
        car = f"car:{frame}"
        timeline.add(at, _master(world, "vehicle_stock", car, inputs))
        for copy in range(1, copies + 1):
            # The test car 07 of the examples carries its number on the ring.
            name = f"{'新' if is_new else ''}{frame[3:5]}{frame[-2:]}-{copy}"
            names.append(name)
            key = {
                "key_no": name,
                "car_class": car_class,
                "copy_no": copy,
                "board_place": f"{'ABC'[number % 3]}{number:02d}",
                "replacement_cost": "680.00",
            }
            timeline.add(at, _master(world, "car_key", f"key:{name}", key, car))
    return names


def _master(world: World, register: str, key: str, inputs: Mapping[str, Any], car: str = "") -> Callable[..., object]:
    def make(at: dt.datetime) -> None:
        typed = {**inputs, "car": world.ids[car]} if car else inputs
        world.act("custodian_5s", register, key, "create", typed, at)

    return make


# ---- planning ----------------------------------------------------------------------------------------------------------


def _examples() -> list[Story]:
    """YS-2025-0308 to YS-2025-0311: the two examples, and two lines between them. The date is ours, the times are the catalogue's."""
    in_time = _example("example:308", "SJ07-1", "14:02:10", "14:10:00", "14:48:00", "14:52:55")
    late = _example("example:311", "SJ05-1", "15:12:30", "15:20:00", "16:00:00", "16:05:01")
    washed = _between("example:309", "ZC04-1", "cleaning", "custodian_5s_2", _on("14:20:00"))
    viewed = _between("example:310", "SP11-1", "viewing", "sales_consultant", _on("14:36:00"), "example:first")
    return [in_time, washed, viewed, late]


def _on(time: str, day: dt.date = _EXAMPLES) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(time), tzinfo=clock.company_zone())


def _example(key: str, car_key: str, out: str, start: str, end: str, back: str) -> Story:
    issued = _on(out)
    drive = {"drive_started_at": _on(start), "drive_ended_at": _on(end)}
    acts: list[tuple[str, dt.datetime, dict[str, Any]]] = [
        ("create", issued - dt.timedelta(minutes=1), {}),
        ("issued", issued, {"odometer_out": 3208}),
        ("drive_ended", _on(end), drive),
        ("returned", _on(back), {**_FINE, "odometer_in": 3231}),
        ("closed", _on(back) + dt.timedelta(minutes=20), {}),
    ]
    return Story(key, car_key, "test_drive", "sales_consultant", acts, "example:person")


def _between(key: str, car_key: str, purpose: str, holder: str, at: dt.datetime, customer: str = "") -> Story:
    acts: list[tuple[str, dt.datetime, dict[str, Any]]] = [
        ("create", at, {}),
        ("issued", at + dt.timedelta(minutes=2), {}),
        ("returned", at + dt.timedelta(minutes=25), _FINE),
        ("closed", at + dt.timedelta(minutes=40), {}),
    ]
    return Story(key, car_key, purpose, holder, acts, customer)


def _ended(
    world: World, customers: Sequence[Planned], free: dict[str, dt.datetime], key: str, at: dt.datetime
) -> Story:
    """A line of the past, closed or void, with a key that was in store at the time."""
    rng = world.rng
    purpose = rng.choices(
        ("viewing", "cleaning", "transfer", "test_drive", "bank_run", "other"), (40, 30, 10, 10, 6, 4)
    )[0]
    holder = rng.choice(_CUSTODIANS if purpose == "cleaning" else _CONSULTANTS)
    custodian = next(name for name in rng.sample(_CUSTODIANS, 2) if name != holder)
    car_key = rng.choice(sorted(name for name, since in free.items() if since <= at))
    out = at + dt.timedelta(minutes=rng.randrange(3, 12))
    back = out + dt.timedelta(minutes=rng.randrange(20, 70))
    story = Story(key, car_key, purpose, holder, [("create", at, {})], custodian=custodian)
    story.customer = _customer(world, customers, holder, at) if purpose in {"viewing", "test_drive"} else ""
    if rng.random() < (0.5 if at < _on("00:00:00") else 0.05):
        story.acts.append(("void", out, {"reason": rng.choice(("客户改期", "重复登记", "客户未到店"))}))
        return story
    free[car_key] = back + dt.timedelta(minutes=1)
    if purpose in {"bank_run", "other"}:
        story.manager = rng.choice(("sales_manager", "sales_manager_2"))
        story.acts.append(("approved", at + dt.timedelta(minutes=2), {"reason": "同意，注意安全"}))
    story.acts.append(("issued", out, {}))
    check: dict[str, Any] = rng.choices((_FINE, _LEFT_OPEN, _DAMAGED), (94, 4, 2))[0]
    if purpose == "test_drive":
        ended = back - dt.timedelta(seconds=rng.choice((70, 150, 240, 290, 340, 520)))
        drive = {"drive_started_at": out + dt.timedelta(minutes=4), "drive_ended_at": ended}
        check = {**check, **drive}
    story.acts.append(("returned", back, check))
    story.acts.append(("closed", back + dt.timedelta(minutes=rng.randrange(5, 30)), {}))
    return story


def _customer(world: World, customers: Sequence[Planned], owner: str, at: dt.datetime) -> str:
    known = [customer for customer in customers if customer.at < at]
    own = [customer for customer in known if customer.owner == owner]
    return world.rng.choice(own or known).key


def _standing(world: World, customers: Sequence[Planned]) -> list[Story]:
    """One line or more in every state as of now: out, overdue, waiting for manager and finance, lost, incomplete."""
    now = world.now.replace(microsecond=0)

    def ago(minutes: float) -> dt.datetime:
        return now - dt.timedelta(minutes=minutes)

    def story(name: str, key: str, purpose: str, holder: str, **more: Any) -> Story:
        needs = purpose in {"test_drive", "viewing", "delivery"}
        customer = _customer(world, customers, holder, ago(60 * 24 * 5)) if needs else ""
        return Story(f"standing:{name}", key, purpose, holder, [], customer, more)

    one, two = _CONSULTANTS
    end = ago(17)
    found = []
    for name, key, purpose, holder, more, acts in (
        ("asked", "SP11-2", "test_drive", one, {}, [("create", ago(9))]),
        ("asked too", "新SP21-1", "viewing", two, {}, [("create", ago(14))]),
        ("other", "SP12-1", "other", one, {}, [("create", ago(55))]),
        ("bank", "SP12-2", "bank_run", "finance_2", {}, [("create", ago(35))]),
        ("delivery", "SP13-1", "delivery", one, {"order": "DD-0871", "payment_mode": "finance"}, [("create", ago(90))]),
        ("paid", "SP13-2", "delivery", two, {"order": "DD-0866"}, [("create", ago(200)), ("approved", ago(150))]),
        ("consented", "ZC02-1", "other", two, {}, [("create", ago(130)), ("approved", ago(80))]),
        ("out", "新SP22-1", "viewing", one, {}, [("create", ago(33)), ("issued", ago(31))]),
        ("washed", "ZC04-2", "cleaning", "custodian_5s_2", {}, [("create", ago(50)), ("issued", ago(48))]),
        ("driving", "SJ01-2", "test_drive", two, {}, [("create", ago(30)), ("issued", ago(26))]),
        ("overdue", "SJ03-2", "test_drive", one, {}, [("create", ago(75)), ("issued", ago(70)), ("drive_ended", end)]),
        (
            "just ended",
            "SJ05-2",
            "test_drive",
            two,
            {},
            [("create", ago(50)), ("issued", ago(44)), ("drive_ended", ago(2))],
        ),
        ("back", "SP14-1", "viewing", two, {}, [("create", ago(120)), ("issued", ago(117)), ("returned", ago(85))]),
        (
            "incomplete",
            "SJ07-2",
            "test_drive",
            one,
            {},
            [("create", ago(180)), ("issued", ago(175)), ("returned", ago(100))],
        ),
        ("void", "SP11-2", "viewing", two, {}, [("create", ago(240)), ("void", ago(230))]),
        ("lost", "新SP21-2", "viewing", two, {}, [("create", ago(1500)), ("issued", ago(1498)), ("lost", ago(1400))]),
        (
            "lost before",
            "新SP22-2",
            "transfer",
            one,
            {},
            [("create", ago(4400)), ("issued", ago(4395)), ("lost", ago(4300)), ("confirm_loss", ago(4200))],
        ),
    ):
        made = story(name, key, purpose, holder, **more)
        for act, at in acts:
            made.acts.append((act, at, _standing_inputs(act, at, made)))
        found.append(made)
    return found


def _standing_inputs(act: str, at: dt.datetime, story: Story) -> dict[str, Any]:
    typed: dict[str, dict[str, Any]] = {
        "approved": {"reason": "同意", "payment_mode": "full"} if story.purpose == "delivery" else {"reason": "同意"},
        "drive_ended": {"drive_ended_at": at},
        "returned": _FINE,
        "void": {"reason": "客户未到店"},
        "lost": {
            "lost_at": at - dt.timedelta(minutes=20),
            "compensation": "680.00",
            "reason": "客户带离展厅后未归还，已联系",
        },
        "confirm_loss": {"reason": "情况属实"},
    }
    return typed.get(act, {})


# ---- playing -----------------------------------------------------------------------------------------------------------


def _step(world: World, story: Story, act: str, typed: Mapping[str, Any]) -> Callable[[dt.datetime], object]:
    def play(at: dt.datetime) -> None:
        actor = _actor(story, act)
        inputs = _create_inputs(world, story) if act == "create" else dict(typed)
        if story.purpose == "test_drive" and act in {"issued", "closed"}:
            names = list(_PAPERS)[:2] if act == "issued" else list(_PAPERS)[2:]
            inputs |= {
                name: paper(world, "key_checkout", name, f"{_PAPERS[name]}-{at:%Y%m%d}", actor, at) for name in names
            }
        world.act(actor, "key_checkout", f"line:{story.key}", act, inputs, at)

    return play


def _actor(story: Story, act: str) -> str:
    if act == "create":
        return story.holder if story.holder in _CONSULTANTS else story.custodian
    if act == "drive_ended":
        return story.holder
    if act == "approved" and story.purpose == "delivery":
        return "finance"
    if act in {"approved", "confirm_loss"}:
        return story.manager if story.holder in _CONSULTANTS else "deputy_gm"
    return story.custodian


def _create_inputs(world: World, story: Story) -> dict[str, Any]:
    inputs: dict[str, Any] = {
        "key": world.ids[f"key:{story.car_key}"],
        "holder": world.access(story.holder).id,
        "purpose": story.purpose,
        **story.more,
    }
    leader = _GUIDES[_CONSULTANTS.index(story.holder)] if story.holder in _CONSULTANTS else _GUIDES[0]
    if story.customer:
        inputs["customer"] = world.ids[story.customer]
    if story.purpose == "test_drive":
        inputs["accompanied_by"] = world.access(leader).id
    if story.purpose == "bank_run":
        inputs["companion"] = world.access("sales_assistant").id
    if story.purpose == "transfer" and story.car_key.startswith("SP14"):
        inputs |= {"outlet_transfer": True, "dealer_person": "简阳二级店 高经理"}
    return inputs


__all__ = ["plan_keys"]
