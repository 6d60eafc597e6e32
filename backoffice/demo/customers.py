"""The demo company's customers: the catalogue's examples, the series filled below them, and the last eighteen months."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backoffice.demo.lives import plan_lives
from backoffice.demo.world import Timeline, World, moments, office
from models.normalise import is_credit_code, phone_key

_OWNERS = ("salesperson", "salesperson_2", "sales_consultant", "sales_consultant_2", "key_account")
_AREAS = {
    "salesperson": "AAAC",
    "salesperson_2": "BBBC",
    "sales_consultant": "AB",
    "sales_consultant_2": "BC",
    "key_account": "ABC",
}

_FIRST = (
    "青云 锦程 恒泰 宏远 瑞丰 嘉禾 金桥 华盛 天成 永兴 德润 兴达 安泰 鑫源 同创 博远 佳美 "
    "盛世 万通 新源 蓝天 晨光 海纳 中汇 立信 和顺 长青 广信 正大 合众"
)
_SECOND = "建材 机电 商贸 物流 食品 装饰 农业 科技 医药 纺织 汽贸 包装 能源 教育 旅游 电子 环保 印务 家居 冷链"
_INDUSTRY = ("建筑材料", "机械制造", "批发零售", "交通运输", "食品加工", "农林牧渔", "信息技术", "医药健康")
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
_GIVEN = "建国 丽华 志明 秀兰 伟东 海燕 国强 晓玲 文博 桂英 家豪 雪梅 永刚 佳宁 世杰 春霞"
_STREETS = ("人民路", "解放大道", "嘉陵江路", "工业园一路", "滨河路", "东坝街", "南山路", "迎宾大道")
_TITLES = ("总经理", "采购经理", "办公室主任", "财务主管", "行政专员")
_NEEDS = (
    "每季度采购一批，重视交货期",
    "新建项目，需要整体方案",
    "更换旧设备，比价中",
    "年度框架采购，需要账期",
    "首次接触，需求待明确",
)


@dataclass(frozen=True)
class Planned:
    """A customer to be: whose, from when on, and what is typed."""

    key: str
    owner: str
    at: dt.datetime
    inputs: dict[str, Any] = field(default_factory=dict)


def plan_customers(world: World, timeline: Timeline, start: dt.date, count: int) -> tuple[Planned, ...]:
    """All customers in the order of their numbers, `count` of them after the examples; answers those that gifts may go to."""
    planned = _numbered(world)
    first = max(start, dt.date(2025, 4, 1))
    for index, at in enumerate(moments(first, world.today, count, world.rng)):
        if at <= world.now:
            planned.append(_invented(world.rng, f"customer:{index}", at))
    _give_telephones(world.rng, planned)
    for customer in planned:
        timeline.add(customer.at, _creation(world, customer))
    voided, corrected = _later_acts(world, timeline, planned)
    living = [customer for customer in planned if customer.key not in voided]
    gone = plan_lives(world, timeline, living, corrected)
    return tuple(customer for customer in living if customer.key not in gone)


def _give_telephones(rng: random.Random, planned: list[Planned]) -> None:
    """Everybody without a telephone gets one that nobody else has."""
    used = {phone_key(customer.inputs["phone"]) for customer in planned if "phone" in customer.inputs}
    for customer in planned:
        while "phone" not in customer.inputs:
            phone = _mobile(rng) if customer.inputs["customer_kind"] == "person" else _land_line(rng)
            if phone_key(phone) not in used:
                customer.inputs["phone"] = phone
                used.add(phone_key(phone))


def _numbered(world: World) -> list[Planned]:
    """2024 up to KH-2024-0112 and 2025 up to KH-2025-0044: every number of these years falls to the next in time."""
    rng = world.rng
    blocks = (
        (dt.date(2024, 6, 3), dt.date(2024, 12, 18), 111, _pair_first(dt.date(2024, 12, 19), rng)),
        (dt.date(2025, 1, 2), dt.date(2025, 1, 10), 6, _qingchuan(dt.date(2025, 1, 13), rng)),
        (dt.date(2025, 1, 14), dt.date(2025, 2, 20), 23, _person(dt.date(2025, 2, 21), rng)),
        (dt.date(2025, 2, 24), dt.date(2025, 3, 28), 12, _pair_second(dt.date(2025, 3, 31), rng)),
    )
    planned: list[Planned] = []
    for number, (first, last, count, example) in enumerate(blocks):
        for index, at in enumerate(moments(first, last, count, rng)):
            planned.append(_invented(rng, f"filled:{number}-{index}", at))
        planned.append(example)
    return planned


# ---- the catalogue's examples ------------------------------------------------------------------------------------------


def _qingchuan(day: dt.date, rng: random.Random) -> Planned:
    """KH-2025-0007."""
    inputs = {
        "name": "青川建材有限公司",
        "short_name": "青川建材",
        "customer_kind": "company",
        "relation": "current",
        "registered_address": "川北区工业园一路18号",
        "address": "川北区工业园一路18号办公楼二层",
        "area": "A",
        "phone": "0839-5550107",
        "email": "office@qingchuan.example",
        "legal_representative": "杜长河",
        "rep_age": 52,
        "rep_education": "大专，建筑工程",
        "rep_hobbies": "钓鱼、书法",
        "unified_credit_code": _code(rng),
        "industry": "建筑材料",
        "business_scope": "水泥制品、砂石料、建筑装饰材料的生产与销售",
        "organisation_form": "limited",
        "founded_on": "2009-05-18",
        "trading_since": "2021-03-01",
        "headcount": 86,
        "annual_sales": "42600000.00",
        "assets": "31500000.00",
        "liabilities": "12800000.00",
        "credit_status": "良好",
        "bank_name": "川北农商银行工业园支行",
        "bank_account": "6210555500000107",
        "market_potential": "high",
        "credit_capacity": "medium",
        "competitiveness": "high",
        "development_direction": "扩大外加剂采购，拟建第二条生产线",
        "trade_important": True,
        "need_summary": "每月稳定采购外加剂，旺季加量",
        "source_channel": "exhibition",
        "owner": "salesperson",
        "deputy": "salesperson_2",
        "confidentiality": "internal",
        "contacts": [
            {"name": "杜长河", "job_title": "总经理", "mobile": "13955500107", "decision_role": "决策人", "main": True},
            {"name": "袁静", "job_title": "采购经理", "mobile": "13955500108", "decision_role": "经办人"},
        ],
        "plan_steps": [{"date": "2025-02-10", "goal": "签订年度供货意向", "done": True}],
    }
    return Planned("example:qingchuan", "salesperson", office(day, rng), inputs)


def _person(day: dt.date, rng: random.Random) -> Planned:
    """KH-2025-0031, born on 29 February."""
    inputs = {
        "name": "个人客户甲",
        "customer_kind": "person",
        "relation": "potential",
        "area": "A",
        "phone": "13655500031",
        "birthday": "1988-02-29",
        "grade_scheme": "need_urgency",
        "need_summary": "近期购车，需求迫切",
        "source_channel": "walk_in",
        "owner": "sales_consultant",
        "confidentiality": "internal",
    }
    return Planned("example:person", "sales_consultant", office(day, rng), inputs)


def _pair_first(day: dt.date, rng: random.Random) -> Planned:
    """KH-2024-0112: the telephone that KH-2025-0044 repeats in another writing."""
    return _one_of_pair("example:first", "sales_consultant", "A", "135 5550 0112", office(day, rng), rng)


def _pair_second(day: dt.date, rng: random.Random) -> Planned:
    return _one_of_pair("example:second", "key_account", "B", "13555500112", office(day, rng), rng)


def _one_of_pair(key: str, owner: str, area: str, phone: str, at: dt.datetime, rng: random.Random) -> Planned:
    inputs = {**_invented(rng, key, at).inputs, "owner": owner, "area": area, "phone": phone}
    inputs.pop("deputy", None)
    return Planned(key, owner, at, inputs)


# ---- invented customers ------------------------------------------------------------------------------------------------


def _invented(rng: random.Random, key: str, at: dt.datetime) -> Planned:
    owner = rng.choice(_OWNERS)
    kind = rng.choices(("company", "person", "dealer", "group"), (60, 22, 14, 4))[0]
    inputs: dict[str, Any] = {
        "customer_kind": kind,
        "relation": rng.choice(("current", "target", "potential", "potential", "same_trade")),
        "area": rng.choice(_AREAS[owner]),
        "source_channel": rng.choice(
            ("research", "exhibition", "internet", "referral", "walk_in", "call_in", "roadshow")
        ),
        "confidentiality": rng.choices(("public", "internal", "secret"), (20, 68, 12))[0],
        "owner": owner,
        "need_summary": rng.choice(_NEEDS),
        "address": f"{rng.choice(('川北', '川中', '川外'))}区{rng.choice(_STREETS)}{rng.randrange(1, 300)}号",
    }
    inputs.update(_person_words(rng) if kind == "person" else _company_words(rng, kind, at))
    if rng.random() < 0.3:
        inputs["deputy"] = rng.choice([other for other in _OWNERS if other != owner])
    if rng.random() < 0.4:
        step = at.date() + dt.timedelta(days=rng.randrange(7, 60))
        inputs["plan_steps"] = [{"date": step.isoformat(), "goal": "登门拜访并确认采购计划", "done": False}]
    return Planned(key, owner, at, inputs)


def _person_words(rng: random.Random) -> dict[str, Any]:
    return {
        "name": _name(rng),
        "birthday": dt.date(rng.randrange(1960, 2003), rng.randrange(1, 13), rng.randrange(1, 29)).isoformat(),
    }


def _company_words(rng: random.Random, kind: str, at: dt.datetime) -> dict[str, Any]:
    short = rng.choice(_FIRST.split()) + rng.choice(_SECOND.split())
    place = rng.choice(("川北", "川中", "嘉州", "锦城", "剑门"))
    founded = dt.date(rng.randrange(1996, 2022), rng.randrange(1, 13), rng.randrange(1, 29))
    trading = founded + dt.timedelta(days=rng.randrange(200, 900))
    words: dict[str, Any] = {
        "name": f"{place}{short}{'集团' if kind == 'group' else ''}有限公司",
        "short_name": short,
        "registered_address": f"{place}区{rng.choice(_STREETS)}{rng.randrange(1, 300)}号",
        "industry": rng.choice(_INDUSTRY),
        "organisation_form": rng.choice(("limited", "limited", "joint_stock", "partnership", "state")),
        "founded_on": founded.isoformat(),
        "legal_representative": _name(rng),
        "contacts": [
            {
                "name": _name(rng),
                "job_title": rng.choice(_TITLES),
                "mobile": _mobile(rng),
                "main": number == 0,
            }
            for number in range(rng.choice((1, 1, 2, 3)))
        ],
    }
    if trading < at.date():
        words["trading_since"] = trading.isoformat()
    if rng.random() < 0.5:
        words |= {"headcount": rng.randrange(8, 600), "annual_sales": f"{rng.randrange(80, 9000)}0000.00"}
    if rng.random() < 0.35:
        words |= {
            "unified_credit_code": _code(rng),
            "bank_name": "川北农商银行",
            "bank_account": f"62105555{rng.randrange(10**8):08d}",
        }
    if rng.random() < 0.3:
        words |= {
            "assets": f"{rng.randrange(100, 9000)}0000.00",
            "liabilities": f"{rng.randrange(10, 4000)}0000.00",
            "credit_status": rng.choice(("良好", "一般", "待查")),
            "market_potential": rng.choice(("high", "medium", "low")),
            "credit_capacity": rng.choice(("high", "medium", "low")),
            "competitiveness": rng.choice(("high", "medium", "low")),
        }
    if rng.random() < 0.2:
        words |= {"rep_age": rng.randrange(32, 66), "rep_hobbies": rng.choice(("羽毛球", "摄影", "登山", "品茶"))}
    return words


def _name(rng: random.Random) -> str:
    return rng.choice(_SURNAMES) + rng.choice(_GIVEN.split())


def _mobile(rng: random.Random) -> str:
    """A mobile number of a range that nobody has. The last four digits do not meet the examples."""
    return f"1{rng.choice('357')}{rng.choice('789')}55{rng.randrange(200_000, 1_000_000):06d}"


def _land_line(rng: random.Random) -> str:
    return f"0{rng.choice(('839', '817', '816'))}-55{rng.randrange(100_000):05d}"


def _code(rng: random.Random) -> str:
    """An invented registration code with the right check character."""
    stem = f"9151{rng.randrange(800, 1000):04d}MA" + "".join(
        rng.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(7)
    )
    return next(code for check in "0123456789ABCDEFGHJKLMNPQRTUWXY" if is_credit_code(code := stem + check))


# ---- playing -----------------------------------------------------------------------------------------------------------


def _creation(world: World, customer: Planned) -> Any:
    def create(at: dt.datetime) -> None:
        inputs = dict(customer.inputs)
        inputs["area"] = world.ids[f"area:{inputs['area']}"]
        for person in ("owner", "deputy"):
            if person in inputs:
                inputs[person] = world.access(inputs[person]).id
        world.act(customer.owner, "customer_archive", customer.key, "create", inputs, at)

    return create


def _later_acts(world: World, timeline: Timeline, planned: list[Planned]) -> tuple[frozenset[str], frozenset[str]]:
    """Prospects that the archivist voids, and corrections by owners; answers the keys of both."""
    rng = world.rng
    invented = [customer for customer in planned if not customer.key.startswith("example")]
    some = rng.sample(invented, min(len(invented), 6 + len(invented) // 8))
    for index, customer in enumerate(some):
        at = office((customer.at + dt.timedelta(days=rng.randrange(10, 90))).date(), rng)
        address = {"address": f"{rng.choice(_STREETS)}{rng.randrange(1, 300)}号"}
        if index < 6:
            timeline.add(at, _act(world, "archivist", customer.key, "void", {"reason": "重复登记，资料有误"}))
        else:
            timeline.add(at, _act(world, customer.owner, customer.key, "update", address))
    return frozenset(customer.key for customer in some[:6]), frozenset(customer.key for customer in some[6:])


def _act(world: World, username: str, key: str, act: str, inputs: Mapping[str, Any]) -> Any:
    return lambda at: world.act(username, "customer_archive", key, act, inputs, at)


__all__ = ["Planned", "plan_customers"]
