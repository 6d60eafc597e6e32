"""The production server in a browser: one-time password, authenticator, recovery code, own sessions, and an administrator's reset."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest

from tests.browser.conftest import Person, command, free_port, serving

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is missing; pip install axe-playwright-python"
)

People = Callable[..., Person]
PASSWORD = "山高水长-2026-新密码"
SETUP = "/account/second-factor/"


def code(secret: str, used: set[str]) -> str:
    """A code that has not been used: the present one, or else the next, which counts half a minute early."""
    totp = pyotp.TOTP(secret)
    while True:
        now = int(time.time())
        for at in (now, now + 30):
            if (found := totp.at(at)) not in used:
                used.add(found)
                return found
        time.sleep(1)


def one_time(environ: dict[str, str], name: str, role: str) -> str:
    told = command(environ, "create-user", name, "--role", role)
    found = re.search(r"password (\S{12,})", told)
    assert found is not None, told
    return found[1]


def choose_password(person: Person, old: str) -> None:
    assert person.page.url.endswith("/account/password/"), person.text()
    person.page.fill("[name=old]", old)
    for name in ("new", "repeat"):
        person.page.fill(f"[name={name}]", PASSWORD)
    person.press("[data-action=change_password]")


def fits(person: Person) -> None:
    """Nothing is wider than the window, and axe finds nothing serious."""
    wide = person.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{person.page.url} is {wide} px too wide"
    found = [
        one for one in axe.Axe().run(person.page).response["violations"] if one["impact"] in {"critical", "serious"}
    ]
    assert not found, [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found]


@pytest.fixture
def server(tmp_path: Path) -> Any:
    port = free_port()
    environ = {
        **os.environ,
        "BACKOFFICE_DATABASE_URL": f"sqlite:///{tmp_path / 'one.db'}",
        "BACKOFFICE_SECRET_KEY": "9b2f64c81d7e0a5358c4d1e6f7a093b2c5d8e1f4",
        "BACKOFFICE_DATA_DIR": str(tmp_path / "files"),
        "BACKOFFICE_COMPANY_NAME": "青川建材贸易有限公司",
        "BACKOFFICE_LOCALE": "zh_Hans_CN",
    }
    command(environ, "migrate")
    with serving(["serve", "--port", str(port), "--workers", "2"], port, tmp_path / "log", environ) as base:
        yield base, environ


def test_an_approver_signs_in_with_two_factors(people: People, server: Any) -> None:
    base, environ = server
    given = one_time(environ, "boss", "admin")
    boss = people("boss", base=base, password=given)
    choose_password(boss, given)
    # Nothing else opens before the second factor is there.
    assert boss.page.url.endswith(SETUP), boss.text()
    boss.open("/admin/user/")
    assert boss.page.url.endswith(SETUP)
    boss.look("factor-setup")
    fits(boss)
    secret = str(boss.page.locator("[data-field=secret]").get_attribute("data-value"))
    used: set[str] = set()
    boss.page.fill("[name=code]", "000000")
    boss.page.fill("[name=password]", PASSWORD)
    boss.press("[data-action=enrol]")
    assert boss.page.locator("[data-outcome=invalid][data-field=code]").count() == 1
    boss.look("factor-wrong")
    boss.page.fill("[name=code]", code(secret, used))
    boss.page.fill("[name=password]", PASSWORD)
    boss.press("[data-action=enrol]")
    codes = boss.page.locator("[data-field=recovery_code]").evaluate_all("all => all.map(one => one.dataset.value)")
    assert len(set(codes)) == 10
    boss.look("factor-codes")
    fits(boss)
    boss.press("main a.primary")
    boss.open("/admin/user/")
    # Nothing stays in the browser beside the cookies, and no script reads those (ASVS 14.3.3, 3.3.4).
    assert boss.page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert boss.page.evaluate("document.cookie") == ""
    boss.open(SETUP)
    boss.look("factor-own")
    fits(boss)

    # Another browser, a telephone: the password, then the code.
    phone = people("nobody-yet", base=base, phone=True, password="no password at all")
    phone.page.fill("#username", "boss")
    phone.page.fill("#password", PASSWORD)
    phone.press("button.primary")
    assert phone.page.url.endswith("/login/code"), phone.text()
    phone.look("factor-code-phone")
    fits(phone)
    phone.page.fill("[name=code]", codes[0])
    phone.press("button.primary")
    assert phone.outcome() == "info", phone.text()
    phone.open(SETUP)
    phone.look("factor-own-phone")
    fits(phone)
    phone.open("/account/sessions/")
    phone.look("sessions-phone")
    fits(phone)
    assert phone.page.locator("tbody tr").count() == 2
    phone.press("[data-action=end_others]")
    assert phone.page.locator("tbody tr").count() == 1
    boss.open("/account/sessions/")
    assert "/login" in boss.page.url

    # Somebody else has lost his telephone.
    given = one_time(environ, "gm", "gm")
    gm = people("gm", base=base, password=given)
    choose_password(gm, given)
    secret = str(gm.page.locator("[data-field=secret]").get_attribute("data-value"))
    gm.page.fill("[name=code]", code(secret, used))
    gm.page.fill("[name=password]", PASSWORD)
    gm.press("[data-action=enrol]")
    phone.open("/admin/user/?search=gm")
    phone.press("tr[data-number=gm] a")
    phone.open(str(phone.page.locator(".head [data-action=reset_factor]").get_attribute("href")))
    phone.look("factor-reset-phone")
    fits(phone)
    phone.press("form.sheet [data-action=reset_factor]")
    assert phone.page.locator("[data-outcome=invalid][data-field=reason]").count() == 1
    phone.page.fill("[name=reason]", "本人到场，手机遗失")
    phone.press("form.sheet [data-action=reset_factor]")
    assert phone.outcome() == "done", phone.text()
    assert "手机遗失" in phone.text()
    phone.look("account-after-reset-phone")
    gm.open("/")
    assert "/login" in gm.page.url


def test_setting_up_on_a_telephone_without_script(people: People, server: Any) -> None:
    base, environ = server
    given = one_time(environ, "head", "dept_head")
    head = people("head", base=base, phone=True, script=False, password=given)
    choose_password(head, given)
    assert head.page.url.endswith(SETUP)
    head.look("factor-setup-phone")
    secret = str(head.page.locator("[data-field=secret]").get_attribute("data-value"))
    head.page.fill("[name=code]", code(secret, set()))
    head.page.fill("[name=password]", PASSWORD)
    head.press("[data-action=enrol]")
    head.look("factor-codes-phone")
    assert head.page.locator("[data-field=recovery_code]").count() == 10


def test_a_double_click_without_script_makes_one(people: People) -> None:
    """Two sendings of one form, the second before the first has answered, as a browser without our script sends them."""
    clerk = people("market_specialist", script=False)
    clerk.open("/admin/gift_item/new/")
    token = clerk.page.locator("form.sheet [name=once]").get_attribute("value")
    code = f"LP-DBL-{int(time.time())}"
    form = {"code": code, "name": "双击", "unit": "盒", "unit_value": "1.00", "active": "true", "once": token}
    answers = [clerk.send("/admin/gift_item/new/", form) for _ in range(2)]
    assert [answer.status for answer in answers] == [303, 303]
    clerk.open(f"/admin/gift_item/?search={code}")
    assert clerk.page.locator("tbody tr[data-id]").count() == 1
