"""What tests of accounts share: an application with two registers, its administrator, and the clock held."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from peewee import CharField, Database, ForeignKeyField

from admin_views.accounts import register_account_views
from models.accounts import User
from models.base import Row
from models.evidence import AuditEvent
from models.matrix import MATRIX, access
from models.register import Register, Section, State, Text
from tests.accounts_app import NOW, at, make_app, make_place, make_user

TODAY = dt.date(2025, 3, 5)


class Matter(Row):
    """A record with an owner, as every register has one."""

    owner = ForeignKeyField(User, backref="+")
    state = CharField(20)

    class Meta:
        table_name = "matter_of_test"


def declared(name: str, zh: str) -> Register:
    return Register(
        name=name,
        zh=zh,
        en=name,
        group=Text("客户", "customers"),
        model=Matter,
        fields=(),
        access=access(name) if name in MATRIX else {},
        sections=(Section("", "", ()),),
        columns=(),
        label=(),
        states=(State("open", "在办", "open"), State("closed", "结案", "closed", ends=True)),
    )


REGISTERS: Mapping[str, Register] = {
    "service_log": declared("service_log", "服务记录"),
    "gift_signoff": declared("gift_signoff", "礼品签收"),
}


@pytest.fixture(autouse=True)
def clock_held() -> Iterator[None]:
    with at(NOW):
        yield


@pytest.fixture
def app(database: Database) -> Flask:
    made = make_app(database)
    database.create_tables([Matter])
    register_account_views(made, REGISTERS)
    return made


@pytest.fixture
def admin(app: Flask) -> User:
    return make_user("root", "admin", department=make_place("gm_office"))


def last_event() -> tuple[str, dict[str, Any]]:
    event = AuditEvent.select().order_by(AuditEvent.id.desc()).first()
    return event.action, json.loads(event.detail)
