"""What a password must not hold (names and their pinyin), and the profile of 等级保护: classes, 90 days, the last five."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from peewee import Database

from backoffice import accounts
from backoffice.app import create_app
from backoffice.config import Settings
from backoffice.passwords import DENGBAO, RULES, STANDARD, password_problem
from models.accounts import User
from models.factors import FormerPassword
from tests.accounts_app import CHEAP, NOW, PASSWORD, Browser, at, make_app, make_user, page, signed_in
from tests.company import SECRET

COMPANY = "青川建材贸易有限公司"


@pytest.fixture(autouse=True)
def clock_held() -> Iterator[None]:
    with at(NOW):
        yield


# --- names and their pinyin ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    [
        "otter-QingChuan-kettle",
        "qingchuanjiancai-2031",
        "seven-jiancai-lamps",
        "otter-青川-kettle",
        "otter-川建-kettle",
        "otter-ｑｉｎｇｃｈｕａｎ-kettle",
        "ZhangXiaoming!otter",
        "xiaoming-under-water",
        "otter-小明-kettle",
        "zhang.xm-under-water",
    ],
)
def test_company_and_person_are_found_in_characters_and_in_pinyin(password: str) -> None:
    assert password_problem(password, (COMPANY, "zhang.xm", "张小明")) is not None


@pytest.mark.parametrize("password", ["shanxiong under water", "danxiong under water", "chanxiong under water"])
def test_every_reading_of_a_name_counts(password: str) -> None:
    assert password_problem(password, ("单雄",)) is not None


@pytest.mark.parametrize(
    "password",
    [
        "otter kettle seventeen",
        "you xian dian shi ji",  # The legal form says nothing about which company it is.
        "gongsi otter kettle",
        "公司旁边的大树很高很老树叶",
        "小河流水哗啦啦地流过门前",
    ],
)
def test_other_words_are_free(password: str) -> None:
    assert password_problem(password, (COMPANY, "zhang.xm", "张小明")) is None


@pytest.mark.parametrize("name", ["", "李", "A", "𠮷野家", "吕绿女", "a" * 200, "单曾解仇朴查" * 20, "\ud800", "·"])
def test_every_name_gets_an_answer(name: str) -> None:
    password_problem("otter kettle seventeen", (name,))


def test_u_with_dots_is_written_with_v_or_u() -> None:
    assert password_problem("otter lvliang kettle", ("吕梁",)) is not None
    assert password_problem("otter luliang kettle", ("吕梁",)) is not None


# --- the profile -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "standard", "dengbao"),
    [
        ("otter kettle seventeen", True, False),  # Two classes: small letters and others.
        ("Otter kettle seventeen", True, True),
        ("otter kettle 17 lamps", True, True),
        ("Vx7!kettle", False, True),
        ("Vx7!kett", False, True),
        ("Vx7!cup", False, False),
        ("VXKETTLEOTTERZ", True, False),
        ("小河流水哗啦啦地流过门前a", True, False),
        ("小河流水哗啦啦流a1", False, True),
        ("Password-123", False, False),
        ("P@ssw0rd", False, False),
    ],
)
def test_length_and_classes(password: str, standard: bool, dengbao: bool) -> None:
    assert (password_problem(password) is None) == standard
    assert (password_problem(password, rule=DENGBAO) is None) == dengbao


def test_the_setting_chooses_the_rule(database: Database) -> None:
    assert RULES == {"standard": STANDARD, "dengbao": DENGBAO}
    environ = {"BACKOFFICE_SECRET_KEY": SECRET, "BACKOFFICE_PROFILE": "dengbao"}
    app = create_app(Settings.read(environ), bind=False)
    assert app.config["PASSWORD_RULE"] is DENGBAO
    assert create_app(Settings.read(environ), bind=False, demo=True).config["SECOND_FACTOR"] == "off"
    assert app.config["SECOND_FACTOR"] == "approvers"


def change(browser: Browser, old: str, new: str) -> int:
    form = "/account/password/"
    return browser.post(form, {"old": old, "new": new, "repeat": new}, form=form).status_code


PASSWORDS = [f"Otter kettle {word} 7" for word in ("lamp", "moss", "rope", "salt", "tide", "wolf", "yarn")]


def test_of_the_last_five_none_comes_back(database: Database) -> None:
    app = make_app(database, rule=DENGBAO)
    make_user(password_hash=CHEAP.hash(PASSWORDS[0]), password_changed_at=NOW)
    browser = Browser(app)
    assert browser.sign_in("alice", PASSWORDS[0]).status_code == 303
    for old, new in pairwise(PASSWORDS[:5]):
        assert change(browser, old, new) == 303
    # Five in all by now: 0 1 2 3 and the present 4.
    for former in PASSWORDS[:5]:
        assert change(browser, PASSWORDS[4], former) == 422
    assert change(browser, PASSWORDS[4], PASSWORDS[5]) == 303
    assert change(browser, PASSWORDS[5], PASSWORDS[1]) == 422
    assert change(browser, PASSWORDS[5], PASSWORDS[0]) == 303
    assert FormerPassword.select().count() == 5


def test_the_default_lets_an_older_one_come_back(database: Database) -> None:
    app = make_app(database)
    make_user()
    browser = signed_in(app, "alice")
    assert change(browser, PASSWORD, PASSWORDS[0]) == 303
    assert change(browser, PASSWORDS[0], PASSWORD) == 303


def test_a_one_time_password_takes_no_place_among_the_last_five(database: Database) -> None:
    app = make_app(database, rule=DENGBAO)
    admin = make_user("boss", "admin")
    user = make_user(password_hash=CHEAP.hash(PASSWORDS[0]), password_changed_at=NOW)
    for _ in range(6):
        secret = accounts.one_time_secret(CHEAP)
        accounts.reset_password(user.id, secret, actor_id=admin.id, now=NOW)
    browser = Browser(app)
    assert browser.sign_in("alice", secret.password).status_code == 303
    assert change(browser, secret.password, PASSWORDS[0]) == 422
    assert change(browser, secret.password, PASSWORDS[1]) == 303


def test_after_ninety_days_a_new_one_comes_first(database: Database) -> None:
    app = make_app(database, rule=DENGBAO)
    make_user(password_changed_at=NOW)
    with at(NOW, days=89, hours=23, minutes=50):
        browser = signed_in(app, "alice")
        assert browser.get("/").status_code == 200
    with at(NOW, days=90):
        assert browser.get("/").headers["Location"] == "/account/password/"
        shown = browser.get("/account/password/")
        assert "90" in page(shown).select_one(".hint").get_text()
        assert change(browser, PASSWORD, PASSWORDS[0]) == 303
        assert browser.get("/").status_code == 200
    assert User.get(User.username == "alice").password_changed_at > NOW


def test_without_the_profile_no_password_grows_old(database: Database) -> None:
    """ASVS 6.2.10."""
    app = make_app(database)
    make_user(password_changed_at=NOW)
    with at(NOW, days=4000):
        assert signed_in(app, "alice").get("/").status_code == 200
