"""What tests of services share: acts of their people, what they type, and readers of one record."""

from __future__ import annotations

import datetime as dt
from typing import Any

from backoffice.outcomes import Outcome
from models.accounts import Area
from models.params import Param
from models.registers.area import AreaStaff
from models.registers.service_log import ServiceLog
from tests.company import NOW, Company

REGISTER = "service_log"
APPLICATION = "out_of_town_application"


def service(record: int) -> Any:
    return ServiceLog.get_by_id(record)


def at(minutes: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


def create(company: Company, kind: str = "C", who: str = "service_staff", **more: Any) -> Outcome:
    return company.do(who, REGISTER, None, "create", company.service_inputs(kind, **more))


def act(company: Company, who: str, record: int, name: str, minutes: float = 0, **typed: Any) -> Outcome:
    return company.do(who, REGISTER, record, name, typed, now=at(minutes))


def dispatch(
    company: Company, record: int, to: str = "service_staff", by: str = "service_manager", **more: Any
) -> Outcome:
    return act(company, by, record, "dispatched", dispatched_to=company.users[to].id, **more)


def finish(company: Company, record: int, **more: Any) -> Outcome:
    typed = {"started_at": at(20), "finished_at": at(60), "work_done": "调整配比并复测", **more}
    return act(company, "service_staff", record, "finished", 62, **typed)


def sign(company: Company, record: int, **more: Any) -> Outcome:
    typed: dict[str, Any] = {"customer_signed_by": "孙客户", "customer_signed_at": at(70), **more}
    if "signed_paper" not in typed:
        typed["signed_paper"] = company.upload("service_staff", REGISTER, "signed_paper", "凭证.pdf")
    return act(company, "service_staff", record, "customer_signed", 75, **typed)


def archive(company: Company, record: int, who: str = "business_clerk", **more: Any) -> Outcome:
    typed = {"second_part_back_on": "2026-03-04", "satisfaction": "satisfied", "result_told_on": "2026-03-04", **more}
    return act(company, who, record, "archived", 100, **typed)


def far_customer(company: Company) -> int:
    """A customer of an area out of town, of which the technician is in charge."""
    area = Area.get(Area.out_of_town == True)  # noqa: E712 - SQL, not Python
    AreaStaff.get_or_create(record=area, person=company.users["service_staff"])
    return company.customer("salesperson", area=area.id)


def set_to(company: Company, name: str, value: str) -> None:
    """A setting from today on."""
    row = Param.get(Param.name == name)
    Param.create(
        name=name,
        value=value,
        unit=row.unit,
        valid_from=company.now.date(),
        rules=row.rules,
        set_at=company.now,
    )
