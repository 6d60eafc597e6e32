"""What holds for every page: it fits a phone, serves everybody, works without the script, and complains about nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from backoffice.demo.company import ACCOUNTS
from tests.browser.conftest import Person
from tests.browser.test_walks import GIFTS, details, new_gift
from tests.company import PDF

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is missing; pip install axe-playwright-python"
)

People = Callable[..., Person]
CUSTOMERS = "/admin/customer_archive/"
PAGES = {
    "salesperson": (
        "/",
        GIFTS,
        f"{GIFTS}new/",
        CUSTOMERS,
        f"{CUSTOMERS}new/",
        "/account/password/",
        "/account/sessions/",
    ),
    "market_specialist": ("/", f"{GIFTS}?view=waiting", "/admin/gift_item/", "/admin/gift_item/new/"),
    "admin": (
        "/",
        "/admin/user/",
        "/admin/user/new/",
        "/admin/delegation/",
        "/admin/export_grant/",
        "/admin/department/",
    ),
}
# What is touched: anything that leads on, without what is hidden, switched off or meant for readers of the screen only.
# The link of a card reaches over the whole card, a tick box as far as the larger of itself and its label.
SMALL_TARGETS = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
  .filter(one => one.checkVisibility({checkVisibilityCSS: true}) && !one.closest('.vh, .skip, [inert]'))
  .filter(one => !(one.matches('tr a') && getComputedStyle(one, '::after').position === 'absolute'))
  .map(one => [one, one.getBoundingClientRect()])
  .filter(([one, box]) => box.width && box.height && Math.min(box.width, box.height) < 43.5)
  .filter(([one]) => !(one.matches('[type=checkbox]') && one.closest('label')?.getBoundingClientRect().height >= 44))
  .map(([one, box]) => `${one.tagName} ${(one.textContent || one.name).trim().slice(0, 20)} ${box.width | 0}x${box.height | 0}`)"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def records(person: Person) -> Iterator[str]:
    """Addresses of a record in its pages: details, history, the form of an act and of an edit, as far as offered."""
    for path in (GIFTS, CUSTOMERS):
        person.open(path)
        row = person.page.locator("tr[data-id] td a").first
        if not row.count():
            continue
        first = str(row.get_attribute("href"))
        yield first
        person.open(first)
        found = person.page.locator(".head a[data-action]:not([data-action=print])")
        yield from found.evaluate_all("all => all.map(one => one.getAttribute('href'))")


@pytest.mark.parametrize("username", PAGES)
def test_pages_fit_a_phone(people: People, username: str) -> None:
    person = people(username, phone=True)
    faults: list[str] = []
    for path in (*PAGES[username], *records(person)):
        page = person.open(path).page
        wider = page.evaluate(WIDER)
        small = page.evaluate(SMALL_TARGETS)
        if wider > 0 or small:
            faults.append(f"{path}: wider by {wider}, too small: {small}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_pages_serve_everybody(people: People, phone: bool) -> None:
    """No fault that axe calls critical or serious."""
    faults: list[str] = []
    for username in ("market_specialist", "admin"):
        person = people(username, phone=phone)
        for path in (*PAGES[username][:3], *records(person)):
            found = axe.Axe().run(person.open(path).page).response["violations"]
            faults.extend(f"{path}: {_told(one)}" for one in found if one["impact"] in {"critical", "serious"})
    assert not faults, "\n".join(faults)


def _told(violation: dict[str, Any]) -> str:
    return f"{violation['id']} {[node['html'][:120] for node in violation['nodes'][:3]]}"


def test_the_page_of_signing_in_serves_everybody(site: Any, chromium: Any) -> None:
    page = chromium.new_context(locale="zh-CN").new_page()
    page.goto(f"{site.base}/login")
    found = [one for one in axe.Axe().run(page).response["violations"] if one["impact"] in {"critical", "serious"}]
    assert not found, [_told(one) for one in found]
    page.fill("#username", "salesperson")
    page.fill("#password", "nonsense")
    with page.expect_navigation():
        page.click("button.primary")
    assert page.locator("[role=alert]").count() == 1
    assert page.input_value("#username") == "salesperson"
    page.context.close()


def test_everything_works_without_the_script(people: People) -> None:
    """Create with a line, an act with a form, and acts on several rows."""
    seller, specialist = people("salesperson", script=False), people("market_specialist", script=False)
    numbers = []
    customer = seller.open(CUSTOMERS).page.locator("tr[data-id]").first.get_attribute("data-number")
    for _ in range(2):
        page = seller.open(f"{GIFTS}new/").page
        page.select_option("[name=purpose]", "birthday")
        page.fill("[name=customer-text]", str(customer))
        page.select_option("[name=lines-0-gift]", index=1)
        page.fill("[name=lines-0-quantity]", "1")
        seller.press("form.sheet button.primary")
        assert seller.outcome() == "done", seller.text()
        seller.act("submitted")
        assert seller.state() == "submitted"
        numbers.append(str(page.locator(".head").get_attribute("data-number")))
    page = specialist.open(GIFTS).page
    for number in numbers:
        page.check(f"tr[data-number='{number}'] [name=rowid]")
    page.fill("#comment", "同意，一并发放")
    specialist.press("#bulk [data-action=specialist_signed]")
    for number in numbers:
        assert page.locator(f"tr[data-number='{number}']").get_attribute("data-state") == "specialist_signed"


def test_several_are_approved_at_once_with_one_opinion(people: People) -> None:
    """The question names each record with its amount; the list keeps its view."""
    seller, specialist = people("salesperson"), people("market_specialist")
    gift = str(
        specialist.open("/admin/gift_item/?search=LP-BW").page.locator("tr[data-id]").first.get_attribute("data-id")
    )
    made = []
    for _ in range(2):
        made.append(new_gift(seller, gift, "1", purpose="holiday"))
        seller.act("submitted")
    page = specialist.open(f"{GIFTS}?view=waiting").page
    for record in made:
        page.check(f"tr[data-id='{record}'] [name=rowid]")
    page.fill("#comment", "库存充足，同意")
    page.click("#bulk [data-action=specialist_signed]")
    assert page.locator("#ask li").count() == 2
    assert "45.00" in page.inner_text("#ask")
    with page.expect_navigation():
        page.click("#ask .primary")
    assert "view=waiting" in page.url
    assert page.locator("[data-outcome=done]").count() == 2
    assert "库存充足，同意" in specialist.open(details(made[0])).text(".signatures")


def test_who_comes_second_sees_the_differences(people: People) -> None:
    owner, archivist = people("salesperson"), people("archivist")
    own = owner.page.locator("body").get_attribute("data-user-id")
    owner.open(f"{CUSTOMERS}?flt_state_equals=potential&flt_owner_equals={own}")
    record = owner.page.locator("tr[data-id]").first.get_attribute("data-id")
    for person in (owner, archivist):
        person.open(f"{CUSTOMERS}edit/?id={record}")
    archivist.page.fill("[name=short_name]", "档案员改")
    archivist.press("form.sheet button.primary")
    assert archivist.outcome() == "done"
    owner.page.fill("[name=short_name]", "业务员改")
    owner.press("form.sheet button.primary")
    assert owner.page.locator("[data-outcome=stale]").count() == 1
    shown = owner.text("#differences")
    assert "档案员改" in shown
    assert "业务员改" in shown
    assert owner.page.input_value("[name=short_name]") == "业务员改"
    owner.press("form.sheet button.primary")
    assert owner.outcome() == "done"


def test_an_archivist_keeps_a_customer(people: People) -> None:
    """Refused with the rule beside the field and the attachment kept; then saved, found by a name, changed and voided."""
    archivist = people("archivist")
    page = archivist.open(f"{CUSTOMERS}new/").page
    page.set_input_files("[name=attachments]", {"name": "名片.pdf", "mimeType": "application/pdf", "buffer": PDF})
    archivist.press("form.sheet button.primary")
    assert page.locator("[data-outcome=invalid][data-field=name][data-rule=CUS-01]").count() == 1
    assert "名片.pdf" in archivist.text("form.sheet")
    page.fill("[name=name]", "川北试用客户")
    page.fill("[name=phone]", "0839-5500001")
    for name, value in (("customer_kind", "person"), ("relation", "potential"), ("source_channel", "exhibition")):
        page.select_option(f"[name={name}]", value)
    page.select_option("[name=area]", index=1)
    page.select_option("[name=owner]", index=1)
    archivist.press("form.sheet button.primary")
    assert archivist.outcome() == "done", archivist.text()
    assert page.locator(".files a").inner_text() == "名片.pdf"
    owner = page.locator("dd[data-field=owner]").inner_text()
    archivist.press("[data-action=update]")
    page.fill("[name=short_name]", "试用")
    archivist.press("form.sheet button.primary")
    record = archivist.record()
    archivist.act("void", reason="重复建档")
    assert archivist.state() == "void"
    archivist.open(f"{CUSTOMERS}?flt_owner_equals={owner}&flt_state_equals=void&page_size=100")
    assert page.locator(f"tr[data-id='{record}']").count() == 1
    changes = archivist.open(f"{CUSTOMERS}history/?id={record}").text()
    assert "试用" in changes
    assert "重复建档" in changes


def test_a_view_of_the_first_page_is_a_condition_of_the_list(people: People) -> None:
    specialist = people("market_specialist")
    counted = specialist.open("/").page.locator(".tiles strong").first.inner_text()
    specialist.press(".tiles a")
    assert specialist.page.locator("[data-count]").get_attribute("data-count") == counted.rstrip("+")
    assert specialist.page.locator(".chips a").count() == 1
    specialist.press(".chips a")
    assert "view=" not in specialist.page.url
    specialist.open(f"{GIFTS}?view=nonsense", 400)


# ---- every page ----------------------------------------------------------------------------------------------------


def crawled(person: Person, most: int, alike: int) -> list[str]:
    """Follow the links of the pages, at most `alike` of one kind and `most` in all; gives what is wrong."""
    waiting, seen, kinds, faults = ["/"], {"/"}, Counter[str](), []
    while waiting and most:
        path = waiting.pop(0)
        most -= 1
        if re.search(r"/(export|print|file)/", path):
            answer = person.page.request.get(person.base + path)
            if answer.status != 200:
                faults.append(f"{path}: {answer.status}")
            continue
        answer = person.page.goto(person.base + path)
        if answer.status != 200:
            faults.append(f"{path}: {answer.status}")
        if person.page.evaluate(WIDER) > 0:
            faults.append(f"{path}: wider than the window")
        if person.page.locator("main h1").count() != 1:
            faults.append(f"{path}: {person.page.locator('main h1').count()} headings")
        for link in person.page.locator("a[href]").evaluate_all("all => all.map(one => one.href)"):
            where = urlsplit(link)
            if not link.startswith(person.base + "/"):
                continue
            address = where.path + (f"?{where.query}" if where.query else "")
            kind = where.path + "?" + "&".join(sorted(name for name, _ in parse_qsl(where.query)))
            if address not in seen and kinds[kind] < alike:
                seen.add(address)
                kinds[kind] += 1
                waiting.append(address)
    return faults


@pytest.mark.parametrize("username", ["sales_manager", "admin"])
def test_pages_complain_about_nothing(people: People, username: str) -> None:
    assert not crawled(people(username), most=18, alike=1)


@pytest.mark.crawl
@pytest.mark.parametrize("username", [account.username for account in ACCOUNTS])
def test_every_page_complains_about_nothing(people: People, username: str) -> None:
    assert not crawled(people(username), most=400, alike=4)


@pytest.mark.crawl
@pytest.mark.parametrize("username", ["salesperson", "market_specialist", "sales_manager", "archivist", "admin"])
def test_every_page_fits_a_phone(people: People, username: str) -> None:
    assert not crawled(people(username, phone=True), most=150, alike=2)
