"""A small company for tests: the accounts of the demo company, made quickly, with builders that go through the write path.

def test_x(company): company.gift_in("approved"); page = company.browser("market_specialist").get("/admin/gift_signoff/")

The builders of each kind of record are in tests/builders/.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from peewee import Database
from werkzeug.test import TestResponse

from backoffice import clock, sessions
from backoffice.app import create_app
from backoffice.commanding import close
from backoffice.config import Settings
from backoffice.database import open_database
from backoffice.declarations import Catalogue
from backoffice.demo.company import ACCOUNTS, AREAS, GROUPS, WITHOUT_EXPORT
from backoffice.security import cookie_name
from models.accounts import Area, Department, ExportGrant, Group, User, UserRole
from models.base import db
from models.matrix import DEPARTMENTS
from tests.accounts_app import CHEAP, PASSWORD, Browser
from tests.builders.acting import NOW, PDF, NotDone
from tests.builders.complaints import Complaints
from tests.builders.gifts import Gifts
from tests.builders.keys import CHECKED, Keys
from tests.builders.services import Services
from tests.quick import catalogue_without, shared

SECRET = "f3a9c1d7e5b8406292d1c7e4a6b3f8057d9e2c4b"
_HASH = CHEAP.hash(PASSWORD)


@dataclass
class Company(Gifts, Keys, Services, Complaints):
    """The company in one database. `catalogue` may have rule rows switched off or registers added."""

    _app: Flask | None = None

    def settings(self) -> Settings:
        return Settings.read(
            {
                "BACKOFFICE_SECRET_KEY": SECRET,
                "BACKOFFICE_DATA_DIR": str(self.data_dir),
                "BACKOFFICE_COMPANY_NAME": "测试公司",
                "BACKOFFICE_TRUSTED_HOSTS": "localhost",
                "BACKOFFICE_SECOND_FACTOR": "off",
            }
        )

    @property
    def app(self) -> Flask:
        if self._app is None:
            self._app = shared(self.catalogue, self._made)
        # The application is shared with other tests of the same catalogue; the files are this company's own.
        self._app.config["DATA_DIR"] = self.data_dir
        return self._app

    def _made(self) -> Flask:
        return create_app(self.settings(), catalogue=self.catalogue, hasher=CHEAP, bind=False)

    def browser(self, username: str) -> Signed:
        """Somebody signed in, without the cost of a password; use inside `clock.set_to(company.now)` or at real time."""
        with db.atomic():
            token = sessions.open_session(self.users[username].id, now=clock.now(), today=clock.today())
        made = Signed(self.app)
        with self.app.test_request_context(base_url=made.base):
            made.client.set_cookie(cookie_name("sid"), token, domain="localhost")
        return made


class Signed(Browser):
    """A signed-in browser that reads pages as parsed HTML."""

    def page(self, path: str, status: int = 200) -> BeautifulSoup:
        response = self.get(path)
        assert response.status_code == status, f"{path}: {response.status}\n{response.text[:2000]}"
        return BeautifulSoup(response.text, "html.parser")

    def send(self, path: str, data: Mapping[str, Any], **kwargs: Any) -> TestResponse:
        """POST with the token of the account's password page."""
        return self.post(path, data, form="/account/password/", **kwargs)


def made_company(database: Database, data_dir: Path, catalogue: Catalogue | None = None) -> Company:
    """Accounts, departments, groups, areas and export grants of the demo company, by direct inserts."""
    company = Company(database, data_dir, catalogue or catalogue_without())
    with db.atomic():
        _insert(company)
    return company


def _insert(company: Company) -> None:
    stamp = {"created_at": NOW, "updated_at": NOW}
    departments = {code: Department.create(code=code, name=text.zh, **stamp) for code, text in DEPARTMENTS.items()}
    Department.update(signing=departments["sales"]).where(Department.id == departments["market"].id).execute()
    groups = {
        code: Group.create(code=code, name=name, department=departments["sales"], **stamp) for code, name in GROUPS
    }
    areas = {code: Area.create(code=code, name=name, out_of_town=far, **stamp) for code, name, far in AREAS}
    for account in ACCOUNTS:
        user = User.create(
            username=account.username,
            name=account.name,
            department=departments[account.department],
            group=groups.get(account.group),
            area=areas.get(account.area),
            password_hash=_HASH,
            must_change_password=False,
            **stamp,
        )
        UserRole.create(user=user, role=account.role)
        company.users[account.username] = user
        for name, declaration in company.catalogue.items():
            cells = declaration.register.access.get(account.role, ())
            if any("export" in grant.verbs for grant in cells) and account.username not in WITHOUT_EXPORT:
                ExportGrant.create(user=user, register=name, reason="测试", granted_at=NOW)


@contextmanager
def models_on(url: str) -> Iterator[Database]:
    """The models on this database, for the length of the block."""
    before, database = db.obj, open_database(url)
    db.initialize(database)
    database.connect()
    try:
        yield database
    finally:
        close(database)
        db.obj = before


@pytest.fixture(scope="session")
def sqlite_company(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with the company in it, of which every test gets a copy."""
    path = tmp_path_factory.mktemp("company") / "company.db"
    shutil.copyfile(sqlite_template, path)
    with models_on(f"sqlite:///{path}") as database:
        made_company(database, path.parent)
    return path


@pytest.fixture(scope="session")
def postgres_company(postgres_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a migrated PostgreSQL database with the company in it."""
    server, name = postgres_template.server, f"{postgres_template.name}_company"
    with models_on(server.create(name, postgres_template.name)) as database:
        made_company(database, tmp_path_factory.mktemp("company"))
    yield name
    server.drop(name)


@pytest.fixture
def company(database: Database, tmp_path: Path, switched_off: frozenset[str]) -> Company:
    """The company; in the second run of a test of a rule it goes without that rule (tests/rule_marks.py)."""
    made = Company(database, tmp_path / "data", catalogue_without(switched_off))
    made.users.update((user.username, user) for user in User.select().order_by(User.id))
    return made


__all__ = [
    "CHECKED",
    "NOW",
    "PDF",
    "SECRET",
    "Company",
    "NotDone",
    "Signed",
    "company",
    "made_company",
    "models_on",
    "postgres_company",
    "sqlite_company",
]
