"""The demo company's gifts: the stock, the catalogue's two examples, and applications in every state up to today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from backoffice import clock
from backoffice.demo.customers import Planned
from backoffice.demo.papers import paper
from backoffice.demo.world import Timeline, World, moments, office, office_before

# Code, name, unit, value, first stock, low mark.
ITEMS = (
    ("LP-CY", "茶叶礼盒", "盒", "88.50", 240, 30),
    ("LP-FB", "帆布袋", "个", "4.20", 900, 100),
    ("LP-BW", "保温杯", "个", "45.00", 200, 20),
    ("LP-YS", "晴雨伞", "把", "32.80", 160, 20),
    ("LP-BJ", "笔记本套装", "套", "26.50", 180, 20),
    ("LP-JG", "坚果礼盒", "盒", "128.00", 120, 15),
    ("LP-XX", "车载香薰", "个", "58.00", 140, 10),
    ("LP-TL", "二〇二五年台历", "本", "15.00", 60, None),
)
_WANTED = ("LP-CY", "LP-BW", "LP-YS", "LP-BJ", "LP-JG", "LP-XX")
_APPLICANTS = ("salesperson", "salesperson_2", "sales_consultant", "sales_consultant_2", "key_account")
_MANAGERS = ("sales_manager", "sales_manager_2")
_SPECIALISTS = ("market_specialist", "market_specialist_2")
_SIGNERS = ("王丽华", "陈国庆", "李文涛", "刘晓梅", "周建平", "黄秀珍")

_NORMAL = ("create", "submitted", "specialist_signed", "approved", "issued")
_SHOW = ("create", "submitted", "manager_signed", "approved", "issued")

# Where applications stand today: the acts they have seen, and how many there are of each.
_STANDING: tuple[tuple[tuple[str, ...], int], ...] = (
    (_NORMAL[:1], 3),
    (_NORMAL[:2], 4),
    (("create", "submitted", "return_for_correction"), 1),
    (("create", "submitted", "return_for_correction", "update", "submitted"), 1),
    (_NORMAL[:3], 4),
    (_NORMAL[:4], 3),
    (_NORMAL, 5),
    ((*_NORMAL, "signed"), 2),
    ((*_NORMAL, "partly_signed"), 2),
    ((*_NORMAL, "returned"), 2),
    ((*_NORMAL, "partly_signed", "undelivered"), 2),
)
_STANDING_SHOWS: tuple[tuple[tuple[str, ...], int], ...] = ((_SHOW[:2], 2), (_SHOW[:3], 2), (_SHOW[:4], 1), (_SHOW, 1))
# What became of earlier ones, with their weight.
_ENDED: tuple[tuple[tuple[str, ...], int], ...] = (
    ((*_NORMAL, "signed", "closed"), 60),
    ((*_NORMAL, "partly_signed", "returned", "closed"), 12),
    ((*_NORMAL, "partly_signed", "undelivered", "closed"), 6),
    ((*_NORMAL, "returned_whole", "closed"), 4),
    (("create", "submitted", "refused"), 8),
    ((*_NORMAL[:3], "refused"), 3),
    (("create", "submitted", "withdrawn"), 5),
    ((*_NORMAL[:4], "withdrawn"), 2),
)


@dataclass
class Story:
    """One application: who asks for what, and the acts that follow with their moments."""

    key: str
    applicant: str
    purpose: str
    lines: tuple[tuple[str, int], ...]
    customer: str = ""
    acts: tuple[str, ...] = ()
    times: tuple[dt.datetime, ...] = ()
    visit_on: dt.date | None = None
    manager: str = "sales_manager"
    specialist: str = "market_specialist"
    signer: str = ""
    typed: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """Somebody of the market department who is not the applicant."""
        return next(name for name in (self.specialist, *_SPECIALISTS) if name != self.applicant)


def plan_gifts(world: World, timeline: Timeline, customers: Sequence[Planned], start: dt.date, count: int) -> None:
    """Stock, examples, `count` applications that ended, and those that stand in some state today."""
    _plan_stock(world, timeline)
    stories = [*_first_quarter(world, customers), *_ended(world, customers, start, count)]
    stories.extend(_standing(world, customers))
    stories.append(_late(world, customers))
    for story in stories:
        for act, at in zip(story.acts, story.times, strict=True):
            timeline.add(at, _step(world, story, act))


# ---- stock -------------------------------------------------------------------------------------------------------------


def _plan_stock(world: World, timeline: Timeline) -> None:
    opening = office(dt.date(2025, 1, 2), world.rng)
    for code, name, unit, value, stock, low in ITEMS:
        typed = {"code": code, "name": name, "unit": unit, "unit_value": value, "low_mark": low, "active": True}
        timeline.add(opening, _item(world, code, "create", typed))
        timeline.add(opening, _item(world, code, "stock_in", {"quantity": stock, "reason": "期初入库"}))
    quarter = dt.date(2025, 4, 1)
    while quarter < world.today:
        for code in _WANTED:
            at = office(quarter, world.rng)
            timeline.add(at, _item(world, code, "stock_in", {"quantity": 40, "reason": "季度采购"}))
        quarter = (quarter + dt.timedelta(days=95)).replace(day=1)
    timeline.add(
        office(dt.date(2025, 2, 5), world.rng),
        _item(world, "LP-TL", "stock_count", {"counted": 3, "reason": "随到店活动发放，补登记"}),
    )
    timeline.add(office(dt.date(2025, 3, 3), world.rng), _item(world, "LP-TL", "update", {"active": False}))
    timeline.add(office_before(world.now, world.rng), _short_count(world))


def _item(world: World, code: str, act: str, inputs: Mapping[str, Any]) -> Callable[[dt.datetime], object]:
    return lambda at: world.act("market_specialist", "gift_item", f"gift:{code}", act, inputs, at)


def _short_count(world: World) -> Callable[[dt.datetime], object]:
    """A count one short of the book: the hint at a gift collected without registration (GIFT-04)."""

    def count(at: dt.datetime) -> None:
        declaration = world.catalogue["gift_item"]
        book = declaration.model.get_by_id(world.ids["gift:LP-YS"]).quantity_in_hand
        inputs = {"counted": book - 1, "reason": "月末盘点少一把，待查"}
        world.act("market_specialist_2", "gift_item", "gift:LP-YS", "stock_count", inputs, at)

    return count


# ---- planning ----------------------------------------------------------------------------------------------------------


def _first_quarter(world: World, customers: Sequence[Planned]) -> list[Story]:
    """LP-2025-0001 to LP-2025-0022; the examples get their numbers by their place in time."""
    before = moments(dt.date(2025, 1, 15), dt.date(2025, 2, 28), 18, world.rng)
    between = moments(dt.date(2025, 3, 4), dt.date(2025, 3, 5), 2, world.rng)
    stories = [_ended_story(world, customers, f"early:{index}", at) for index, at in enumerate((*before, *between))]
    tea = Story(
        "example:tea",
        "salesperson",
        "visit",
        (("LP-CY", 3),),
        "example:qingchuan",
        (*_NORMAL, "partly_signed", "undelivered", "closed"),
        _days(
            "03-03T09:30",
            "03-03T10:05",
            "03-04T09:20",
            "03-05T14:10",
            "03-06T09:45",
            "03-07T16:30",
            "03-11T10:00",
            "03-12T09:15",
        ),
        visit_on=dt.date(2025, 3, 7),
        signer="袁静",
        typed={"partly_signed": (1,), "undelivered": (2,)},
    )
    bags = Story(
        "example:bags",
        "market_specialist",
        "roadshow",
        (("LP-FB", 60),),
        "",
        (*_SHOW, "signed", "closed"),
        _days("03-06T09:30", "03-06T09:50", "03-07T11:00", "03-10T15:20", "03-11T09:10", "03-17T17:00", "03-18T10:30"),
        specialist="market_specialist_2",
        signer="广场物业代表",
    )
    return [*stories, tea, bags]


def _days(*moments_of_2025: str) -> tuple[dt.datetime, ...]:
    return tuple(dt.datetime.fromisoformat(f"2025-{moment}:00+08:00") for moment in moments_of_2025)


def _ended(world: World, customers: Sequence[Planned], start: dt.date, count: int) -> list[Story]:
    first = max(start, dt.date(2025, 3, 19))
    begun = moments(first, world.today - dt.timedelta(days=21), count, world.rng)
    return [_ended_story(world, customers, f"ended:{index}", at) for index, at in enumerate(begun)]


def _ended_story(world: World, customers: Sequence[Planned], key: str, at: dt.datetime) -> Story:
    rng = world.rng
    if rng.random() < 0.1:
        return _show(world, key, (*_SHOW, "signed", "closed"), _forward(world, (*_SHOW, "signed", "closed"), at))
    acts = rng.choices([acts for acts, _ in _ENDED], [weight for _, weight in _ENDED])[0]
    return _story(world, customers, key, acts, _forward(world, acts, at))


def _standing(world: World, customers: Sequence[Planned]) -> list[Story]:
    """What waits for somebody today. Of the issued ones some are due and some overdue (gift.signoff_days)."""
    rng = world.rng
    stories: list[Story] = []
    for acts, count in _STANDING:
        for index in range(count):
            age = (1, 3, 5, 8, 15)[index] if acts[-1] == "issued" else rng.choice((1, 1, 2))
            times = _backward(world, acts, office_before(world.now, rng, age))
            stories.append(_story(world, customers, f"standing:{len(stories)}", acts, times))
    for acts, count in _STANDING_SHOWS:
        for index in range(count):
            times = _backward(world, acts, office_before(world.now, rng, 1 + index))
            stories.append(_show(world, f"show:{len(stories)}", acts, times))
    own = _story(
        world, customers, "standing:own", _NORMAL[:2], _backward(world, _NORMAL[:2], office_before(world.now, rng))
    )
    stories.append(replace(own, applicant="market_specialist", purpose="event", specialist="market_specialist_2"))
    return stories


def _late(world: World, customers: Sequence[Planned]) -> Story:
    """Applied for two days after the visit: approved perhaps, but never issued (GIFT-08)."""
    acts = _NORMAL[:4]
    story = _story(world, customers, "late", acts, _backward(world, acts, office_before(world.now, world.rng, 2)))
    return replace(story, purpose="visit", visit_on=story.times[0].date() - dt.timedelta(days=2))


def _story(
    world: World, customers: Sequence[Planned], key: str, acts: tuple[str, ...], times: tuple[dt.datetime, ...]
) -> Story:
    rng = world.rng
    applicant = rng.choices((*_APPLICANTS, "market_specialist"), (5, 5, 4, 4, 4, 1))[0]
    known = [customer for customer in customers if customer.at < times[0]]
    own = [customer for customer in known if customer.owner == applicant]
    purpose = rng.choice(("visit", "visit", "holiday", "birthday", "event", "other"))
    chosen = rng.sample(_WANTED, rng.choice((1, 1, 2)))
    lines = tuple(
        (code, rng.randrange(2, 5) if not index else rng.randrange(1, 4)) for index, code in enumerate(chosen)
    )
    signed = next((at for act, at in zip(acts, times, strict=True) if act in {"signed", "partly_signed"}), None)
    visit_on = signed.date() if signed is not None else times[-1].date() + dt.timedelta(days=rng.randrange(3, 9))
    return Story(
        key,
        applicant,
        purpose,
        lines,
        rng.choice(own or known).key,
        acts,
        times,
        visit_on if purpose == "visit" else None,
        rng.choice(_MANAGERS),
        "dept_head_market" if applicant in _SPECIALISTS else rng.choice(_SPECIALISTS),
        rng.choice(_SIGNERS),
    )


def _show(world: World, key: str, acts: tuple[str, ...], times: tuple[dt.datetime, ...]) -> Story:
    rng = world.rng
    applicant, other = rng.sample(_SPECIALISTS, 2)
    lines = (("LP-FB", rng.randrange(15, 41)),)
    return Story(key, applicant, "roadshow", lines, "", acts, times, None, rng.choice(_MANAGERS), other, "活动现场代表")


def _forward(world: World, acts: Sequence[str], first: dt.datetime) -> tuple[dt.datetime, ...]:
    """A moment for each act: handed in within the hour, then one signature a day, some days until the delivery."""
    rng, times = world.rng, [first]
    for act in acts[1:]:
        days = rng.randrange(2, 6) if act in {"signed", "partly_signed", "returned_whole"} else 1
        day = times[-1].astimezone(clock.company_zone()).date() + dt.timedelta(days=days)
        soon = times[-1] + dt.timedelta(minutes=rng.randrange(5, 50))
        times.append(soon if act == "submitted" else office(day, rng))
    return tuple(times)


def _backward(world: World, acts: Sequence[str], last: dt.datetime) -> tuple[dt.datetime, ...]:
    rng, times = world.rng, [last]
    for act in reversed(acts[1:]):
        if act == "submitted":
            times.insert(0, times[0] - dt.timedelta(minutes=rng.randrange(5, 50)))
        else:
            times.insert(0, office_before(times[0], rng))
    return tuple(times)


# ---- playing -----------------------------------------------------------------------------------------------------------

_BY_APPLICANT = frozenset({"create", "update", "submitted", "withdrawn", "signed", "partly_signed"})
_REASONS = {
    "specialist_signed": "同意，库存充足",
    "manager_signed": "同意",
    "approved": "同意",
    "return_for_correction": "请补充拜访目的后重新提交",
    "refused": "本月礼品预算已用完",
    "withdrawn": "客户改期，取消申请",
    "undelivered": "回访客户，称未收到",
}


def _step(world: World, story: Story, act: str) -> Callable[[dt.datetime], object]:
    before = story.acts[story.acts.index(act) - 1]

    def play(at: dt.datetime) -> None:
        name = "returned" if act == "returned_whole" else act
        inputs = _create_inputs(world, story) if act == "create" else _inputs(world, story, act, at)
        world.act(_actor(story, name, before), "gift_signoff", f"gift:{story.key}", name, inputs, at)

    return play


def _actor(story: Story, act: str, before: str) -> str:
    if act in _BY_APPLICANT:
        return story.applicant
    if act in {"refused", "return_for_correction"}:
        act = {"submitted": "specialist_signed", "specialist_signed": "approved"}[before]
    if act in {"manager_signed", "undelivered"}:
        return story.manager
    if act == "approved":
        return "gm" if story.purpose == "roadshow" else story.manager
    return story.issuer


def _create_inputs(world: World, story: Story) -> dict[str, Any]:
    inputs: dict[str, Any] = {
        "purpose": story.purpose,
        "lines": [{"gift": world.ids[f"gift:{code}"], "quantity": quantity} for code, quantity in story.lines],
    }
    if story.purpose == "roadshow":
        inputs["roadshow"] = "中心广场巡展"
    else:
        inputs["customer"] = world.ids[story.customer]
    if story.visit_on is not None:
        inputs |= {
            "visit": f"XD-{story.visit_on:%Y%m%d}",
            "visit_on": story.visit_on,
            "planned_delivery_on": story.visit_on,
        }
    return inputs


def _inputs(world: World, story: Story, act: str, at: dt.datetime) -> dict[str, Any]:
    inputs: dict[str, Any] = {"reason": _REASONS[act]} if act in _REASONS else {}
    if act == "update":
        inputs["remarks"] = "拜访目的：回访上季度供货情况"
    if act in {"signed", "partly_signed"}:
        inputs |= {
            "signoff_signer": story.signer,
            "signoff_on": at.astimezone(clock.company_zone()).date(),
            "signoff_file": paper(
                world, "gift_signoff", "signoff_file", f"礼品签收单-{at:%Y%m%d}", story.applicant, at, signed=True
            ),
        }
    column = {
        "partly_signed": "signed_qty",
        "returned": "returned_qty",
        "returned_whole": "returned_qty",
        "undelivered": "undelivered_qty",
    }
    if act in column:
        inputs["lines"] = [{column[act]: quantity} for quantity in _quantities(story, act)]
    return inputs


def _quantities(story: Story, act: str) -> Sequence[int]:
    """All but one piece are signed for in part; that one comes back or is lost."""
    if act in story.typed:
        return story.typed[act]
    whole = [quantity for _, quantity in story.lines]
    if act == "returned_whole":
        return whole
    return [whole[0] - 1, *whole[1:]] if act == "partly_signed" else [1, *(0 for _ in whole[1:])]


__all__ = ["plan_gifts"]
