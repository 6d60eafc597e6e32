"""Two more ways the product is shown: a car key from request to return, and a customer from one owner to the next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from backoffice import clock
from tests.browser.conftest import Person
from tests.browser.test_pages import CUSTOMERS, WIDER
from tests.browser.test_walks import details, printed
from tests.company import PDF

People = Callable[..., Person]
KEYS = "/admin/key_checkout/"
CHECKS = ("check_windows", "check_doors", "check_body", "check_interior")
PAPERS = ("agreement_file", "licence_file")
LATE = "补录：当时系统停用"


def row(person: Person, register: str, search: str) -> str:
    """The id of the first row that is found by these words."""
    found = person.open(f"/admin/{register}/?search={search}").page.locator("tr[data-id]").first
    return str(found.get_attribute("data-id"))


def pick(person: Person, name: str, words: str) -> None:
    """Choose from a field that looks up what is typed."""
    box = person.page.locator(f"[name='{name}-text']")
    box.click()
    box.press_sequentially(words, delay=15)
    person.page.locator(f"#{name}-list [data-id]").first.click()


def save(person: Person) -> Person:
    return person.press("form.sheet button.primary")


def request_key(person: Person, key: str, purpose: str, **typed: str) -> None:
    """Fill and send the form of a new line; customer and guide are looked up by what is given."""
    person.open(KEYS).press("[data-action=create]")
    person.page.select_option("[name=key]", key)
    person.page.select_option("[name=purpose]", purpose)
    for name in ("customer", "accompanied_by"):
        if name in typed:
            pick(person, name, typed.pop(name))
    for name, value in typed.items():
        field = person.page.locator(f"[name={name}]")
        field.select_option(value) if field.evaluate("one => one.tagName") == "SELECT" else field.fill(value)
    save(person)


def give_papers(person: Person, *names: str) -> None:
    for name in names:
        paper = {"name": f"{name}.pdf", "mimeType": "application/pdf", "buffer": PDF}
        person.page.set_input_files(f"[name={name}]", paper)


def local(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}"


def faults(person: Person) -> set[tuple[str | None, str | None]]:
    """Field and rule of everything the page complains about."""
    found = person.page.locator("[data-outcome=invalid], [data-outcome=refused]")
    return {(one.get_attribute("data-field"), one.get_attribute("data-rule")) for one in found.all()}


def fits(person: Person, *paths: str) -> None:
    """No page is wider than a phone."""
    wide = {path: person.open(path).page.evaluate(WIDER) for path in paths}
    assert not any(wide.values()), wide


def issue(person: Person, record: str, at: dt.datetime) -> Person:
    """Hand a test-car key out with its papers, at an earlier time with the reason."""
    person.open(details(record, "key_checkout")).press(".head [data-action=issued]")
    give_papers(person, *PAPERS)
    person.page.fill("[name=issued_at]", local(at))
    person.page.fill("[name=backdate_reason]", LATE)
    return person.press("form.sheet [data-action=issued]")


def take_back(person: Person, record: str, ended: dt.datetime, held: int) -> Person:
    """Take a key back so many seconds after the end of the drive; everything about the car is in order."""
    person.open(details(record, "key_checkout")).press(".head [data-action=returned]")
    for name in CHECKS:
        person.page.select_option(f"[name={name}]", "ok")
    person.page.fill("[name=drive_ended_at]", local(ended))
    person.page.fill("[name=returned_at]", local(ended + dt.timedelta(seconds=held)))
    person.page.fill("[name=backdate_reason]", LATE)
    return person.press("form.sheet [data-action=returned]")


def test_a_test_car_goes_out_and_comes_back(people: People) -> None:
    custodian, other = people("custodian_5s"), people("custodian_5s_2")
    first, second = people("sales_consultant"), people("sales_consultant_2")
    key, spare = (row(custodian, "car_key", name) for name in ("SJ03-1", "SJ07-1"))
    out = clock.now().astimezone(clock.company_zone()).replace(microsecond=0) - dt.timedelta(hours=1)
    ended = out + dt.timedelta(minutes=38)

    # No guide, no request; no papers, no key; an earlier time needs its reason.
    request_key(first, key, "test_drive", customer="KH-")
    assert faults(first) == {("accompanied_by", "KEY-10")}
    pick(first, "accompanied_by", "彭")
    record = save(first).record()
    custodian.open(details(record, "key_checkout")).press(".head [data-action=issued]")
    custodian.press("form.sheet [data-action=issued]")
    assert faults(custodian) == {("agreement_file", "KEY-08")}
    custodian.look("key-without-papers")
    custodian.page.fill("[name=issued_at]", local(out))
    give_papers(custodian, *PAPERS)
    custodian.press("form.sheet [data-action=issued]")
    assert faults(custodian) == {("backdate_reason", "KEY-17")}
    custodian.page.fill("[name=backdate_reason]", LATE)
    custodian.press("form.sheet [data-action=issued]")
    assert custodian.state() == "issued"
    assert "待签字" not in custodian.text()

    # The key may be asked for while it is out, and is not issued again; nobody sees the other's line.
    request_key(second, key, "test_drive", customer="KH-", accompanied_by="蒋")
    waiting = second.record()
    assert faults(issue(other, waiting, ended)) == {(None, "KEY-15")}
    second.open(details(record, "key_checkout"), 404)
    second.open(f"{KEYS}?page_size=100")
    assert "谢婷婷" in second.text("tbody")
    assert "唐俊杰" not in second.text("tbody")

    late = custodian.open(f"{KEYS}?view=out").page.locator("[data-due-state=overdue]")
    assert late.count() >= 1
    custodian.look("keys-out")

    # 4:55 after the end is in time, 5:01 is late.
    take_back(custodian, record, ended, 295)
    assert [custodian.value(name) for name in ("held_after_end", "late", "fine_late")] == ["295", "false", "0.00"]
    request_key(second, spare, "test_drive", customer="KH-", accompanied_by="蒋")
    record = second.record()
    assert issue(other, record, out).state() == "issued"
    take_back(custodian, record, ended, 301)
    assert [custodian.value(name) for name in ("held_after_end", "late", "fine_late")] == ["301", "true", "10.00"]
    custodian.look("key-late")

    sheet = printed(custodian, f"{KEYS}print/key_day_sheet/?date={out:%Y-%m-%d}")
    for words in ("钥匙领用登记表", "SJ07-1", "谢婷婷", "接收人签字", "主管"):
        assert words in sheet, words
    phone = people("custodian_5s", phone=True)
    line = details(record, "key_checkout")
    fits(phone, KEYS, f"{KEYS}?view=out", f"{KEYS}new/", line, line.replace("details", "history"), "/admin/car_key/")


def test_no_loan_no_car_and_a_lost_key(people: People) -> None:
    consultant, custodian = people("sales_consultant"), people("custodian_5s")
    finance, manager = people("finance"), people("sales_manager")
    key = row(custodian, "car_key", "SP11-1")
    request_key(consultant, key, "delivery", customer="KH-", order="DD-0991", payment_mode="finance")
    record = consultant.record()
    custodian.open(details(record, "key_checkout")).act("issued")
    assert faults(custodian) == {(None, "KEY-06")}
    finance.open(details(record, "key_checkout")).act("approved")
    assert faults(finance) == {("loan_disbursed_on", "KEY-06")}
    finance.page.fill("[name=loan_disbursed_on]", clock.today().isoformat())
    assert finance.press("form.sheet [data-action=approved]").state() == "approved"
    custodian.open(details(record, "key_checkout")).act("issued")
    assert custodian.state() == "issued"

    now = local(clock.now().astimezone(clock.company_zone()))
    custodian.act("lost", lost_at=now, compensation="680", reason="客户带离展厅后未归还")
    assert custodian.state() == "lost"
    assert not custodian.page.locator("dd[data-field=fine_lost]").get_attribute("data-value")
    assert custodian.open(details(key, "car_key")).state() == "lost"
    manager.open(details(record, "key_checkout")).act("confirm_loss")
    assert (manager.value("fine_lost"), manager.value("compensation")) == ("50.00", "680.00")
    manager.look("key-lost")


def new_customer(person: Person, name: str, phone: str, **typed: Any) -> str:
    person.open(CUSTOMERS).press("[data-action=create]")
    page = person.page
    for field, value in {"name": name, "phone": phone, "registered_address": "川北区人民路9号", **typed}.items():
        page.fill(f"[name={field}]", value)
    for field, value in {"customer_kind": "company", "relation": "target", "source_channel": "walk_in"}.items():
        page.select_option(f"[name={field}]", value)
    page.select_option("[name=area]", index=1)
    page.fill("[name=contacts-0-name]", "联系甲")
    return save(person).record()


def test_a_customer_changes_hands_and_two_become_one(people: People) -> None:
    owner, next_owner, manager, archivist = (
        people(name) for name in ("salesperson", "salesperson_2", "sales_manager", "archivist")
    )
    name = "走查食品有限公司"
    record = new_customer(owner, name, "135 5577 8811", legal_representative="甄秘密")
    page = details(record, "customer_archive")
    number = str(owner.page.locator(".head").get_attribute("data-number"))

    # No door of the colleague leads to the customer: search, address, history, lookup.
    for words in (name, number, "13555778811", "甄秘密"):
        assert next_owner.open(f"{CUSTOMERS}?search={words}").page.locator("tr[data-id]").count() == 0, words
    for path in (page, page.replace("details", "history"), page.replace("details", "edit")):
        assert name not in next_owner.open(path, 404).page.content()
    lookup = f"{next_owner.base}/admin/gift_signoff/ajax/lookup/?name=customer&query={number}"
    assert next_owner.page.request.get(lookup).json() == []

    # The manager sees the representative in clear, which is in the history; the auditor does not.
    secret = "dd[data-field=legal_representative]"
    assert manager.open(page).page.inner_text(secret) == "甄秘密"
    assert owner.open(page).text("[data-child=views]").count("贺志强") == 1
    assert people("auditor").open(page).page.inner_text(secret) == "***"
    seen = owner.open(page.replace("details", "history")).page.locator(".log > li", has_text="贺志强")
    assert "法定代表人" in seen.locator("q").first.inner_text()

    to = next_owner.page.locator("body").get_attribute("data-user-id")
    manager.open(page).press(".head [data-action=transfer_owner]")
    manager.page.select_option("[name=owner]", to)
    manager.page.fill("[name=reason]", "片区调整")
    assert manager.press("form.sheet [data-action=transfer_owner]").outcome() == "done"
    owner.open(page, 404)
    assert "update" in next_owner.open(page).offers()

    archivist.open(page).press(".head [data-action=update]")
    archivist.page.select_option("[name=documents-0-document_class]", "contract")
    archivist.page.fill("[name=documents-0-title]", "年度供货合同")
    archivist.page.fill("[name=documents-0-dated_on]", clock.today().isoformat())
    give_papers(archivist, "documents-0-file")
    assert save(archivist).outcome() == "done"
    assert "年度供货合同" in printed(archivist, f"{CUSTOMERS}print/archive_contents/?id={record}")
    assert "甄秘密" in printed(archivist, f"{CUSTOMERS}print/customer_card/?id={record}")

    # The second with the same telephone: who types it learns of the suspicion, and nothing of the other.
    finder = people("key_account")
    twin = new_customer(finder, "走查食品公司", "+86 13555778811")
    assert "可能与已有客户重复" in finder.text()
    assert number not in finder.page.content()
    page = details(twin, "customer_archive")
    manager.open(page).look("customer-suspected")
    assert number in manager.text()
    manager.press(".head [data-action=decide_duplicate]")
    manager.page.select_option("[name=duplicate_decision]", "same")
    manager.page.fill("[name=reason]", "同一公司，两处登记")
    assert manager.press("form.sheet [data-action=decide_duplicate]").outcome() == "done"
    archivist.open(page).press(".head [data-action=merge]")
    archivist.page.fill("[name=merged_into-text]", number)
    assert archivist.press("form.sheet [data-action=merge]").state() == "merged"
    archivist.press("dd[data-field=merged_into] a")
    assert archivist.record() == record
    archivist.look("customer-survivor")

    phone = people("archivist", phone=True)
    page = details(record, "customer_archive")
    fits(
        phone, CUSTOMERS, f"{CUSTOMERS}new/", page, page.replace("details", "edit"), page.replace("details", "history")
    )
