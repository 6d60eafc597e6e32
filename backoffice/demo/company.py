"""The demo company's departments, groups, areas and accounts (contract.md 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from backoffice.accounts import (
    GrantValues,
    Secret,
    UserValues,
    chosen_secret,
    create_user,
    exportable,
    grant_export,
    update_user,
)
from backoffice.demo.world import World, done
from backoffice.passwords import Hasher, one_time_password
from models.accounts import User
from models.matrix import DEPARTMENTS
from models.register import Register


@dataclass(frozen=True)
class DemoAccount:
    """One account of the demo company, with the password to be shown once."""

    username: str
    name: str
    role: str
    department: str
    group: str = ""
    area: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"DemoAccount({self.username})"


GROUPS = (("1", "销售一组"), ("2", "销售二组"))
AREAS = (("A", "川北", False), ("B", "川中", False), ("C", "川外", True))

# Account, name, role, department, group, area.
ACCOUNTS = tuple(
    DemoAccount(*line.replace("-", "").split(","))
    for line in """\
admin,何静,admin,gm_office,-,-
gm,沈国栋,gm,gm_office,-,-
deputy_gm,陆文斌,deputy_gm,gm_office,-,-
deputy_gm_2,顾晓岚,deputy_gm,gm_office,-,-
auditor,邵明远,auditor,gm_office,-,-
dept_head,方建华,dept_head,sales,-,-
sales_manager,贺志强,sales_manager,sales,-,-
sales_manager_2,许雅琴,sales_manager,sales,-,-
group_leader,彭海涛,group_leader,sales,1,-
group_leader_2,蒋丽萍,group_leader,sales,2,-
salesperson,张宏伟,salesperson,sales,-,A
salesperson_2,罗小梅,salesperson,sales,-,B
sales_consultant,唐俊杰,sales_consultant,sales,1,-
sales_consultant_2,谢婷婷,sales_consultant,sales,2,-
key_account,曾志远,key_account,sales,1,-
sales_assistant,余晓燕,sales_assistant,sales,-,-
sales_clerk,田秀英,sales_clerk,sales,-,-
dept_head_market,白玉洁,dept_head,market,-,-
market_specialist,苏婉清,market_specialist,market,-,-
market_specialist_2,范志鹏,market_specialist,market,-,-
archivist,江月华,archivist,market,-,-
dept_head_2,魏长青,dept_head,customer_service,-,-
service_manager,姚立新,service_manager,customer_service,-,-
service_manager_2,崔晓东,service_manager,customer_service,-,-
service_staff,任大勇,service_staff,customer_service,-,A
service_staff_2,丁春生,service_staff,customer_service,-,B
agent,孟佳怡,agent,customer_service,-,-
dept_head_business,石国平,dept_head,business,-,-
business_clerk,秦淑芬,business_clerk,business,-,-
business_clerk_2,侯文静,business_clerk,business,-,-
custodian_5s,熊建军,custodian_5s,showroom,-,-
custodian_5s_2,郝春雨,custodian_5s,showroom,-,-
quality_inspector,毛振华,quality_inspector,quality,-,-
quality_inspector_2,常玉兰,quality_inspector,quality,-,-
finance,万慧敏,finance,finance,-,-
finance_2,段成林,finance,finance,-,-
warehouse_keeper,雷志刚,warehouse_keeper,warehouse,-,-
warehouse_keeper_2,钱桂芳,warehouse_keeper,warehouse,-,-
logistics_specialist,汤永康,logistics_specialist,logistics,-,-
hr,尹思雨,hr,hr,-,-""".splitlines()
)

# Everybody who may be given the export has it, but this one: so the refusal can be seen (decisions.md 5).
WITHOUT_EXPORT = frozenset({"dept_head_2"})


def found(world: World, password: str | None, hasher: Hasher, at: dt.datetime) -> tuple[DemoAccount, ...]:
    """The company set up by its administrator; the accounts with their passwords."""
    secrets = _secrets(password, hasher)
    head = ACCOUNTS[0]
    done(
        create_user(
            UserValues(head.username, head.name, roles=frozenset({head.role})), secrets[0], actor_id=None, now=at
        ),
        "admin",
    )
    _masters(world, at)
    keeper = world.access(head.username).id
    user = User.get_by_id(keeper)
    placed = update_user(keeper, _values(head, world.ids), version=user.version, actor_id=None, now=at)
    done(placed, "the administrator's department")
    for account, secret in zip(ACCOUNTS[1:], secrets[1:], strict=True):
        values = _values(account, world.ids)
        done(create_user(values, secret, actor_id=keeper, now=at), account.username)
    _grants(keeper, {name: declaration.register for name, declaration in world.catalogue.items()}, at)
    world.meet_again()
    return tuple(
        DemoAccount(a.username, a.name, a.role, a.department, a.group, a.area, secret.password)
        for a, secret in zip(ACCOUNTS, secrets, strict=True)
    )


def _secrets(password: str | None, hasher: Hasher) -> Sequence[Secret]:
    """One secret for each account. One given password is hashed once, for a demo hides nothing behind it."""
    if password is not None:
        return [chosen_secret(hasher, password)] * len(ACCOUNTS)
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda _: chosen_secret(hasher, one_time_password()), ACCOUNTS))


def _masters(world: World, at: dt.datetime) -> None:
    for code, name in DEPARTMENTS.items():
        inputs = {"code": code, "name": name.zh, "decision": "公司决议〔2024〕1号", "active": True}
        world.act("admin", "department", f"department:{code}", "create", inputs, at)
    signing = {"signing": world.ids["department:sales"]}
    world.act("admin", "department", "department:market", "update", signing, at)
    for code, group in GROUPS:
        inputs = {"code": code, "name": group, "department": world.ids["department:sales"], "active": True}
        world.act("admin", "group", f"group:{code}", "create", inputs, at)
    for code, area, out_of_town in AREAS:
        inputs = {"code": code, "name": area, "out_of_town": out_of_town, "active": True}
        world.act("admin", "area", f"area:{code}", "create", inputs, at)


def _values(account: DemoAccount, ids: Mapping[str, int]) -> UserValues:
    return UserValues(
        account.username,
        account.name,
        ids[f"department:{account.department}"],
        ids.get(f"group:{account.group}"),
        ids.get(f"area:{account.area}"),
        frozenset({account.role}),
    )


def _grants(keeper: int, registers: Mapping[str, Register], at: dt.datetime) -> None:
    for account in ACCOUNTS:
        if account.username in WITHOUT_EXPORT:
            continue
        user = User.get(User.username == account.username)
        for register in exportable({account.role}, registers):
            values = GrantValues(user.id, register, "岗位需要")
            done(
                grant_export(values, actor_id=keeper, now=at, today=at.date(), registers=registers),
                f"grant of {register} to {account.username}",
            )
