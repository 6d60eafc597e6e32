"""Services as their readers see them: the whole road of each kind, both orders of signatures, prints, lists."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from backoffice.replay import differences
from models.params import Param
from models.registers.service_log import ServiceLog
from tests.company import Company

REGISTER = "service_log"


def service(record: int) -> Any:
    return ServiceLog.get_by_id(record)


@pytest.mark.parametrize("kind", "ABCD")
def test_a_service_of_each_kind_goes_its_whole_road(company: Company, kind: str) -> None:
    record = company.service_in("archived", kind)
    row = service(record)
    assert row.state == "archived"
    assert not list(differences(company.catalogue))
