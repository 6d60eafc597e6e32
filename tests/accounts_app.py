"""A small application of the boundary and the account pages alone, and a browser that reads its forms."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from flask import Flask, request
from flask.testing import FlaskClient
from flask_babel import Babel
from peewee import Database
from werkzeug.test import TestResponse

from backoffice import auth, clock, errors, notices, own_account, second_pages, security
from backoffice.passwords import STANDARD, Hasher, Rule
from backoffice.paths import resource_dir
from backoffice.throttle import Limits
from models.accounts import Area, Department, Group, User, UserRole
from tests.quick import COMPILED

NOW = dt.datetime(2025, 3, 5, 1, 0, tzinfo=dt.UTC)
PASSWORD = "otter kettle seventeen"
CHEAP = Hasher(memory_kib=64, time_cost=1)
_STORED = CHEAP.hash(PASSWORD)


@dataclass(frozen=True)
class Boundary:
    secret_key: str = "k" * 40
    trusted_hosts: tuple[str, ...] = ()
    trusted_proxies: int = 0


def make_app(
    database: Database,
    settings: Boundary | None = None,
    *,
    limits: Limits | None = None,
    hasher: Hasher = CHEAP,
    static: Path | None = None,
    second_factor: str = "off",
    rule: Rule = STANDARD,
) -> Flask:
    """The order is the one that the product uses: boundary, database, gate, pages."""
    package = Path(auth.__file__).parent
    app = Flask(
        "tests", template_folder=str(resource_dir("templates")), static_folder=str(static or package / "static")
    )
    app.jinja_env.bytecode_cache = COMPILED
    errors.init_errors(app)
    Babel(app)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    security.init_security(app, settings or Boundary())

    @app.before_request
    def connect() -> None:
        database.connect(reuse_if_open=True)

    app.config.update(SECOND_FACTOR=second_factor, PASSWORD_RULE=rule)
    auth.init_auth(app, hasher=hasher, limits=limits, open_endpoints=frozenset({"echo"}))
    app.register_blueprint(own_account.bp)
    app.register_blueprint(second_pages.bp)

    @app.context_processor
    def layout() -> dict[str, Any]:
        account = auth.current_account()
        return {"me": account, "menu": (), "company": "测试公司", "locale": "zh_Hans_CN", **notices.notice_context()}

    @app.get("/", endpoint="home")
    def home() -> str:
        account = auth.current_account()
        assert account is not None
        return f"{account.username} {','.join(sorted(account.roles))}"

    @app.route("/echo", methods=["GET", "POST"], endpoint="echo")
    def echo() -> dict[str, Any]:
        return {"args": request.args.to_dict(), "form": request.form.to_dict(), "host": request.host}

    @app.get("/broken", endpoint="broken")
    def broken() -> str:
        raise RuntimeError("the customer's number is 13800138000")

    return app


def make_place(code: str = "sales") -> Department:
    found: Department | None = Department.get_or_none(Department.code == code)
    made: Department = found or Department.create(code=code, name=f"部门 {code}", created_at=NOW, updated_at=NOW)
    return made


def make_user(username: str = "alice", *roles: str, **values: Any) -> User:
    """An account with the common password; `roles` default to salesperson in sales."""
    defaults: dict[str, Any] = {
        "name": username.title(),
        "department": make_place(),
        "password_hash": _STORED,
        "must_change_password": False,
        "created_at": NOW,
        "updated_at": NOW,
    }
    user: User = User.create(username=username, **{**defaults, **values})
    for role in roles or ("salesperson",):
        UserRole.create(user=user, role=role)
    return user


def make_group(department: Department, code: str = "1") -> Group:
    made: Group = Group.create(code=code, name=f"组 {code}", department=department, created_at=NOW, updated_at=NOW)
    return made


def make_area(code: str = "A") -> Area:
    made: Area = Area.create(code=code, name=f"片区 {code}", created_at=NOW, updated_at=NOW)
    return made


@dataclass
class Browser:
    """A client that keeps cookies, takes the form token from the page, and does not follow redirects."""

    app: Flask
    https: bool = False
    environ: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client: FlaskClient = self.app.test_client()

    @property
    def base(self) -> str:
        return "https://localhost" if self.https else "http://localhost"

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("buffered", True)
        return self.client.get(path, base_url=self.base, environ_overrides=dict(self.environ), **kwargs)

    def token(self, path: str = "/login") -> str:
        page = self.get(path)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert found, f"{path} answered {page.status} without a form"
        return found[1]

    def post(self, path: str, data: Mapping[str, Any], *, form: str = "/login", **kwargs: Any) -> TestResponse:
        data = {"csrf_token": self.token(form), **data}
        return self.client.post(path, data=data, base_url=self.base, environ_overrides=dict(self.environ), **kwargs)

    def sign_in(self, username: str, password: str = PASSWORD, **more: Any) -> TestResponse:
        return self.post("/login", {"username": username, "password": password, **more})

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name)
        return found.value if found is not None else None


def signed_in(app: Flask, username: str) -> Browser:
    browser = Browser(app)
    assert browser.sign_in(username).status_code == 303
    return browser


def page(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html.parser")


def outcome(response: TestResponse) -> str:
    """The outcome of the first message on the page, "" without one."""
    found = page(response).select_one("[data-outcome]")
    return str(found["data-outcome"]) if found is not None else ""


@contextmanager
def at(instant: dt.datetime = NOW, **later: float) -> Iterator[None]:
    """The clock held at `instant`, or as much later as `timedelta` is told."""
    with clock.set_to(instant + dt.timedelta(**later)):
        yield
