"""The ways the product is shown: a gift for a visit, a gift for a roadshow, department heads, a new account."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from backoffice import clock
from tests.browser.conftest import PASSWORD, Person, command, free_port, serving
from tests.company import PDF

People = Callable[..., Person]
GIFTS = "/admin/gift_signoff/"
SHEET = "礼品签收单—青川.pdf"


def details(record: str, register: str = "gift_signoff") -> str:
    return f"/admin/{register}/details/?id={record}"


def stock(person: Person, item: str) -> int:
    return int(person.open(details(item, "gift_item")).value("quantity_in_hand"))


def new_gift(person: Person, gift: str, quantity: str, **typed: str) -> str:
    """A draft typed into the form; the id of the record."""
    person.open(GIFTS).press("[data-action=create]")
    page = person.page
    page.select_option("[name=purpose]", typed.pop("purpose", "visit"))
    for name, value in typed.items():
        page.fill(f"[name={name}]", value)
    if "roadshow" not in typed:
        page.locator("[name=customer-text]").press_sequentially("KH-", delay=20)
        page.click(".lookup [role=option][data-id]")
    page.select_option("[name=lines-0-gift]", gift)
    page.fill("[name=lines-0-quantity]", quantity)
    person.look("new-gift")
    person.press("form.sheet button.primary")
    assert person.outcome() == "done", person.text()
    return person.record()


def printed(person: Person, path: str) -> str:
    answer = person.page.request.get(person.base + path)
    assert answer.status == 200, (path, answer.status)
    assert answer.headers["content-type"] == "application/pdf"
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body())).pages)


def gift_id(person: Person, code: str) -> str:
    return str(
        person.open(f"/admin/gift_item/?search={code}").page.locator("tr[data-id]").first.get_attribute("data-id")
    )


def test_three_gift_boxes_for_a_visit(people: People) -> None:
    applicant, specialist, manager = (people(name) for name in ("salesperson", "market_specialist", "sales_manager"))
    tea = gift_id(specialist, "LP-CY")
    today = clock.today().isoformat()
    record = new_gift(applicant, tea, "3", visit="拜访青川建材", visit_on=today)
    assert applicant.value("total_value") == "265.50"
    applicant.act("submitted")
    assert applicant.state() == "submitted"
    assert "specialist_signed" not in applicant.offers()

    # The manager cannot sign before the specialist, by button or by address.
    assert "approved" not in manager.open(details(record)).offers()
    manager.open(f"{GIFTS}transition/approved/?id={record}", 409)
    assert manager.page.locator("[data-outcome=refused][data-rule=GIFT-02]").count() == 1

    specialist.open(details(record)).act("specialist_signed", reason="同意，库存充足")
    assert specialist.state() == "specialist_signed"
    manager.open(details(record))
    assert {"approved", "return_for_correction"} <= manager.offers()
    manager.act("return_for_correction", reason="请写明拜访事由")
    assert manager.outcome() == "done"
    applicant.open(details(record))
    assert applicant.state() == "draft"
    assert applicant.page.locator("[data-field=specialist_sign]").get_attribute("data-value") is None
    assert applicant.page.locator(".steps .cancelled").count() == 1
    applicant.look("returned")
    applicant.press("[data-action=update]")
    applicant.page.fill("[name=remarks]", "新品推介")
    applicant.press("form.sheet button.primary").act("submitted")

    specialist.open(details(record)).act("specialist_signed")
    manager.open(details(record)).act("approved", reason="同意")
    assert manager.state() == "approved"
    before = stock(specialist, tea)
    specialist.open(details(record)).act("issued")
    assert specialist.state() == "issued"
    assert stock(specialist, tea) == before - 3

    sign_for_one(applicant, record, today)
    specialist.open(details(record)).act("closed")
    assert specialist.outcome() == "refused"
    assert specialist.state() == "partly_signed"
    manager.open(details(record)).act("undelivered", reason="客户搬迁，未送达", lines__0__undelivered_qty="2")
    assert manager.value("fine_amount") == "1770.00"
    specialist.open(details(record)).act("closed")
    assert specialist.state() == "closed"
    specialist.look("closed")

    application = printed(specialist, f"{GIFTS}print/gift_application/?id={record}")
    for words in ("礼品申请表", "客户拜访", "拜访青川建材", "人民币（大写）", "贰佰陆拾伍元伍角", "265.50", "同意"):
        assert words in application, words
    assert "礼品签收单" in printed(applicant, f"{GIFTS}print/gift_receipt/?id={record}")
    number = str(specialist.page.locator(".head").get_attribute("data-number"))
    assert number in printed(specialist, f"{GIFTS}print/gift_month/?month={today[:7]}")
    assert "茶叶礼盒" in printed(specialist, f"{GIFTS}print/gift_stock/")


def sign_for_one(applicant: Person, record: str, today: str) -> None:
    """The customer signs for one of three; the sheet stays with the form when something else is wrong."""
    applicant.open(details(record)).press(".head [data-action=partly_signed]")
    page = applicant.page
    page.set_input_files("[name=signoff_file]", {"name": SHEET, "mimeType": "application/pdf", "buffer": PDF})
    page.fill("[name=signoff_on]", today)
    page.fill("[name=lines-0-signed_qty]", "1")
    applicant.press("form.sheet button[data-action]")
    assert page.locator("[data-outcome=invalid][data-field=signoff_signer]").count() == 1
    assert SHEET in applicant.text()
    applicant.look("sheet-kept")
    page.fill("[name=signoff_signer]", "孙客户")
    applicant.press("form.sheet button[data-action]")
    assert applicant.state() == "partly_signed"
    link = page.locator("dd[data-field=signoff_file] a")
    assert link.inner_text() == SHEET
    assert page.request.get(applicant.base + str(link.get_attribute("href"))).body() == PDF


def test_nobody_signs_his_own(people: People) -> None:
    specialist, other = people("market_specialist"), people("market_specialist_2")
    record = new_gift(specialist, gift_id(specialist, "LP-BW"), "1", purpose="holiday")
    specialist.act("submitted")
    assert "specialist_signed" not in specialist.offers()
    specialist.open(f"{GIFTS}transition/specialist_signed/?id={record}", 409)
    assert specialist.page.locator("[data-outcome=refused][data-rule=GIFT-11]").count() == 1
    other.open(details(record)).act("specialist_signed")
    assert other.state() == "specialist_signed"


def test_the_last_piece_is_issued_once(people: People) -> None:
    applicant, manager = people("salesperson"), people("sales_manager")
    first, second = people("market_specialist"), people("market_specialist_2")
    made = first.send(
        "/admin/gift_item/new/",
        {"code": "LP-ZH", "name": "最后一件", "unit": "件", "unit_value": "9.90", "active": "true"},
    )
    item = made.headers["location"].rpartition("=")[2]
    first.open(details(item, "gift_item")).act("stock_in", quantity="1")
    records = [new_gift(applicant, item, "1", purpose="other") for _ in range(2)]
    for record in records:
        applicant.open(details(record)).act("submitted")
        first.open(details(record)).act("specialist_signed")
        manager.open(details(record)).act("approved")

    hands = [(first, records[0]), (second, records[1])]
    for person, record in hands:
        person.open(details(record))
    forms = [_issue_form(person) for person, _ in hands]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(_post, forms))
    states = sorted(person.open(details(record)).state() for person, record in hands)
    assert states == ["approved", "issued"]
    assert stock(first, item) == 0


def _issue_form(person: Person, act: str = "issued") -> tuple[str, dict[str, str], dict[str, str]]:
    """What the button on the open page would send, and as whom; playwright itself serves one thread."""
    form = person.page.locator(f".head form:has([data-action={act}])")
    fields = form.locator("input").evaluate_all("all => Object.fromEntries(all.map(one => [one.name, one.value]))")
    jar = "; ".join(f"{one['name']}={one['value']}" for one in person.page.context.cookies())
    headers = {"Cookie": jar, "Referer": person.page.url, "Origin": person.base, "User-Agent": "test"}
    return person.base + str(form.get_attribute("action")), fields, headers


def _post(given: tuple[str, dict[str, str], dict[str, str]]) -> int:
    import urllib.error
    import urllib.parse
    import urllib.request

    url, fields, headers = given

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: Any, **kwargs: Any) -> None:
            return None

    request = urllib.request.Request(url, urllib.parse.urlencode(fields).encode(), headers)
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as moved:
        with moved:
            return moved.code


def test_a_gift_for_a_roadshow(people: People) -> None:
    applicant, manager, gm = (people(name) for name in ("market_specialist", "sales_manager", "gm"))
    other = people("market_specialist_2")
    record = new_gift(
        applicant, gift_id(applicant, "LP-FB"), "60", purpose="roadshow", roadshow="XZ-2026-0009 春季巡展"
    )
    assert applicant.value("total_value") == "252.00"
    applicant.act("submitted")
    assert "specialist_signed" not in other.open(details(record)).offers()
    gm.open(f"{GIFTS}transition/approved/?id={record}", 409)
    manager.open(details(record)).act("manager_signed")
    assert manager.state() == "manager_signed"
    gm.open("/")
    assert gm.page.locator(f"tr[data-id='{record}']").count() == 1
    gm.open(details(record)).act("approved")
    assert gm.state() == "approved"
    gm.look("roadshow")
    other.open(details(record)).act("issued")
    assert other.state() == "issued"


def test_department_heads_see_their_own(people: People) -> None:
    for username, place, exports in (("dept_head", "销售部", True), ("dept_head_2", "售后服务部", False)):
        head = people(username)
        for register in ("customer_archive", "gift_signoff"):
            path = f"/admin/{register}/"
            head.open(f"{path}?columns=number&columns=department&page_size=100")
            cells = head.page.locator("tbody tr td:nth-child(3)")
            assert set(cells.all_inner_texts()) <= {place}, (username, register)
            for kind in ("csv", "pdf"):
                answer = head.page.request.get(f"{head.base}{path}export/{kind}/")
                assert answer.status == (200 if exports else 403), (username, register, kind)
                shown_button = head.page.locator(f"a[href*='{path}export/{kind}/']").count()
                assert bool(shown_button) is exports
                if kind == "csv" and exports:
                    assert answer.body().startswith(b"\xef\xbb\xbf")
        head.look(f"list-{username}")
    stranger = people("dept_head_2")
    seller = people("salesperson").open("/admin/customer_archive/")
    row = seller.page.locator("tr[data-id]").first
    record, name = row.get_attribute("data-id"), row.locator("td").nth(2).inner_text()
    stranger.open(f"/admin/customer_archive/details/?id={record}", 404)
    stranger.open(f"/admin/customer_archive/?search={name}")
    assert name not in stranger.text(".scroll, .empty")


def test_masked_fields_stay_masked(people: People) -> None:
    auditor, owner = people("auditor"), people("salesperson")
    own = owner.page.locator("body").get_attribute("data-user-id")
    owner.open(f"/admin/customer_archive/?flt_owner_equals={own}")
    rows = owner.page.locator("tr[data-id]").evaluate_all("all => all.map(one => one.dataset.id)")
    for record in rows:
        secret = owner.open(details(record, "customer_archive")).page.locator("dd[data-field=legal_representative]")
        name = secret.inner_text()
        if secret.get_attribute("data-value"):
            break
    assert name not in {"***", "—"}
    auditor.open(f"/admin/customer_archive/details/?id={record}")
    hidden = auditor.page.locator("dd[data-field=legal_representative]")
    assert hidden.inner_text() == "***"
    assert hidden.get_attribute("data-value") is None
    assert hidden.get_attribute("data-masked") is not None
    assert name not in auditor.page.content()
    auditor.look("masked")


def test_an_account_is_made_and_used(people: People) -> None:
    admin = people("admin")
    admin.open("/admin/user/new/")
    page = admin.page
    page.fill("[name=username]", "zhoumin")
    page.fill("[name=name]", "周敏")
    page.select_option("[name=department]", label="市场部")
    page.check("[name=roles][value=market_specialist]")
    admin.look("new-account")
    admin.press("form.sheet button.primary")
    admin.press(".head [data-action].primary")
    password = str(page.locator("[data-field=one_time_password]").get_attribute("data-value"))
    fresh = people("zhoumin", password=password)
    assert fresh.page.locator("body").get_attribute("data-user") == "zhoumin"
    record = new_gift(fresh, gift_id(fresh, "LP-BW"), "1", purpose="birthday")
    fresh.act("submitted")
    assert not {"specialist_signed", "approved"} & fresh.offers()
    answer = fresh.send(f"{GIFTS}transition/specialist_signed/?id={record}", {"reason": "同意", "version": "2"})
    assert answer.status == 409
    answer = admin.send(f"{GIFTS}transition/specialist_signed/?id={record}", {"reason": "同意", "version": "2"})
    assert answer.status == 403
    assert PASSWORD not in page.content()


def test_a_one_time_password_must_be_changed(people: People, tmp_path: Path) -> None:
    """The production server: whoever was given a password chooses his own before anything else."""
    port = free_port()
    environ = {
        **os.environ,
        "BACKOFFICE_DATABASE_URL": f"sqlite:///{tmp_path / 'one.db'}",
        "BACKOFFICE_SECRET_KEY": "9b2f64c81d7e0a5358c4d1e6f7a093b2c5d8e1f4",
        "BACKOFFICE_DATA_DIR": str(tmp_path / "files"),
        "BACKOFFICE_COMPANY_NAME": "测试公司",
        "BACKOFFICE_LOCALE": "zh_Hans_CN",
        "BACKOFFICE_SECOND_FACTOR": "off",
    }
    command(environ, "migrate")
    told = command(environ, "create-user", "boss", "--role", "admin")
    found = re.search(r"\b[A-Za-z0-9]{4,}(?:-[A-Za-z0-9]+)+\b|\b\S{12,}\b", told.replace("boss", ""))
    assert found is not None, told
    with serving(["serve", "--port", str(port), "--workers", "1"], port, tmp_path / "log", environ) as base:
        boss = people("boss", base=base, password=found[0])
        assert boss.page.url.endswith("/account/password/"), boss.text()
        boss.open("/admin/user/")
        assert boss.page.url.endswith("/account/password/")
        boss.page.fill("[name=old]", found[0])
        for name in ("new", "repeat"):
            boss.page.fill(f"[name={name}]", "山高水长-2026-新密码")
        boss.press("[data-action=change_password]")
        assert boss.outcome() == "done", boss.text()
        boss.open("/admin/user/")
        assert boss.page.locator("tr[data-number=boss]").count() == 1
