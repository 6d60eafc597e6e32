"""How the after-sales registers are shown: a call before the holiday, a trip out of town, twenty bags, the last pieces, a head."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from PIL import Image
from pypdf import PdfReader

from backoffice import clock
from tests.browser.conftest import Person
from tests.browser.test_pages import CUSTOMERS, WIDER
from tests.browser.test_step2_walks import faults, fits, local, pick, row, save
from tests.browser.test_walks import _issue_form, _post, details, printed

People = Callable[..., Person]
SERVICES, TRIPS, LEDGER = "service_log", "out_of_town_application", "aftersales_ledger"
CASES, SLIPS = "complaint", "product_return"


def photo() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (320, 240), "white").save(made, "JPEG")
    return made.getvalue()


def fill(person: Person, **typed: str | bytes) -> None:
    """Type into the open form: text, a choice, or the content of a photo."""
    for name, value in typed.items():
        field = person.page.locator(f"[name='{name}']")
        if isinstance(value, bytes):
            field.set_input_files({"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": value})
        elif field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def take(person: Person, register: str, record: str, act: str, **typed: str | bytes) -> Person:
    """Do an act of a record from its page."""
    person.open(details(record, register)).press(f".head [data-action={act}]")
    if person.page.locator("form.sheet").count():
        fill(person, **typed)
        person.press(f"form.sheet [data-action={act}]")
    return person


def made(person: Person, register: str, **typed: str) -> str:
    """A new record, sent as its form sends it."""
    answer = person.send(f"/admin/{register}/new/", typed)
    told = re.findall(r'data-outcome="\w+"[^>]*', answer.text())
    assert answer.status == 303, (register, answer.status, told)
    return str(answer.headers["location"]).rpartition("=")[2]


def shut(register: str, record: str, act: str, *wrong: Person) -> None:
    """These people are not offered the act, and are refused when they send it all the same."""
    for person in wrong:
        person.open(details(record, register))
        assert act not in person.offers(), (person.username, act)
        state = person.state()
        answer = person.send(f"/admin/{register}/transition/{act}/?id={record}", {"reason": "强行提交"})
        assert answer.status in {403, 409}, (person.username, act, answer.status)
        assert answer.status == 403 or f'data-state="{state}"' in answer.text(), (person.username, act)


def waiting(person: Person, register: str, query: str) -> str:
    """The first record of a list."""
    first = person.open(f"/admin/{register}/?{query}").page.locator("tr[data-id]").first
    return str(first.get_attribute("data-id"))


def id_of(person: Person) -> str:
    return str(person.page.locator("body").get_attribute("data-user-id"))


# ---- a call in the evening ---------------------------------------------------------------------------------------------


def test_a_call_before_the_holiday_is_served_and_archived(people: People) -> None:
    reception, manager, clerk, cashier = (
        people(name) for name in ("service_staff", "service_manager", "business_clerk", "finance")
    )
    technician = people("service_staff_2", phone=True)
    evening = _eve_of_the_holiday()
    record = _called_in(reception, evening)
    assert [reception.value(name) for name in ("late_entry", "charge_amount")] == ["true", "180.00"]
    assert reception.value("received_at") == evening.isoformat()
    assert reception.value("voucher_no").startswith("PZ-")
    reception.look("service-registered")

    shut(SERVICES, record, "dispatched", reception, cashier, clerk)
    manager.open(details(record, SERVICES)).press(".head [data-action=dispatched]")
    # Whoever is in charge of the area is proposed; the manager sends another one.
    assert manager.page.input_value("[name=dispatched_to]") == id_of(reception)
    fill(manager, dispatched_to=id_of(technician))
    assert manager.press("form.sheet [data-action=dispatched]").state() == "dispatched"

    shut(SERVICES, record, "on_site", reception, manager, clerk)
    take(technician, SERVICES, record, "on_site")
    _finish(technician, record)
    shut(SERVICES, record, "countersigned", manager, technician)
    shut(SERVICES, record, "customer_signed", manager, clerk)
    take(technician, SERVICES, record, "customer_signed", customer_signed_by="孙客户")
    assert faults(technician) == {("signed_paper", "SVC-06")}
    fill(technician, signed_paper=photo())
    assert technician.press("form.sheet [data-action=customer_signed]").state() == "customer_signed"
    assert technician.page.locator("dd[data-field=signed_paper] a").inner_text() == "signed_paper.jpg"

    shut(SERVICES, record, "countersigned", technician, clerk, cashier)
    assert take(manager, SERVICES, record, "countersigned", reason="内容属实").state() == "countersigned"
    shut(SERVICES, record, "archived", clerk, manager)
    shut(SERVICES, record, "settled", manager, clerk, technician)
    take(cashier, SERVICES, record, "settled")
    assert faults(cashier) == {("invoice_no", "SVC-08")}
    fill(cashier, invoice_no="01234567")
    assert cashier.press("form.sheet [data-action=settled]").state() == "settled"

    shut(SERVICES, record, "archived", cashier, technician, reception)
    take(clerk, SERVICES, record, "archived", second_part_back_on="", satisfaction="satisfied")
    assert faults(clerk) == {("second_part_back_on", "SVC-15")}
    fill(clerk, second_part_back_on=clock.today().isoformat())
    assert clerk.press("form.sheet [data-action=archived]").state() == "archived"
    clerk.look("service-archived")
    _in_three_parts(clerk, record)


def _eve_of_the_holiday() -> dt.datetime:
    """The last 30 September, at 21:40 in the evening."""
    today = clock.today()
    eve = dt.date(today.year, 9, 30)
    eve = eve if eve < today else dt.date(today.year - 1, 9, 30)
    return dt.datetime.combine(eve, dt.time(21, 40), tzinfo=clock.company_zone())


def _called_in(reception: Person, evening: dt.datetime) -> str:
    """Reception types the call; address and telephone come with the customer, what is missing is told beside its field."""
    reception.open(f"/admin/{SERVICES}/").press("[data-action=create]")
    page = reception.page
    pick(reception, "customer", "KH-")
    page.wait_for_function("() => document.querySelector('[name=service_address]').value")
    fill(
        reception,
        received_at=local(evening),
        channel="telephone",
        origin="customer_request",
        service_kind="C",
        service_content_class="repair",
        fault_description="夜班加药泵不出料，要求尽快到场",
        service_phone="0816-5550163",
        product_model="JL-200 计量泵",
        specification="200L/h",
        purchased_on=(evening.date() - dt.timedelta(days=120)).isoformat(),
        charge_amount="180",
    )
    save(reception)
    assert faults(reception) == {("purchased_at", "SVC-01"), ("charge_amount", "SVC-05")}
    reception.look("service-refused")
    fill(reception, purchased_at="川北经销点", service_kind="A")
    assert save(reception).state() == "registered"
    return reception.record()


def _finish(technician: Person, record: str) -> None:
    """On the phone: the agreed charge stands there, what was done is described."""
    take(technician, SERVICES, record, "finished", work_done="修好")
    assert faults(technician) == {("work_done", "SVC-10")}
    assert technician.page.input_value("[name=charge_amount]") == "180.00"
    assert technician.page.evaluate(WIDER) == 0
    technician.look("phone-finish")
    fill(technician, work_done="更换密封件并标定流量，试车正常")
    assert technician.press("form.sheet [data-action=finished]").state() == "finished"
    assert technician.value("charge_mode") == "on_the_spot"
    line = details(record, SERVICES)
    fits(technician, f"/admin/{SERVICES}/", f"/admin/{SERVICES}/new/", line, line.replace("details", "history"))


def _in_three_parts(clerk: Person, record: str) -> None:
    for name in ("service_voucher", "service_card"):
        answer = clerk.page.request.get(f"{clerk.base}/admin/{SERVICES}/print/{name}/?id={record}")
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(answer.body())).pages]
        for part in ("第一联", "第二联", "第三联"):
            assert sum(part in page for page in pages) == 1, (name, part)


def test_the_example_of_the_catalogue_stands_in_the_book(people: People) -> None:
    """FW-2025-0163: called in at 21:40 on 30 September, first on the next morning, countersigned after the holiday."""
    clerk = people("business_clerk")
    record = row(clerk, SERVICES, "FW-2025-0163")
    clerk.open(details(record, SERVICES))
    moments = {
        "received_at": "2025-09-30 21:40",
        "dispatched_at": "2025-10-01 09:10",
        "finished_at": "2025-10-01 16:20",
    }
    for name, moment in moments.items():
        assert clerk.page.inner_text(f"dd[data-field={name}]").startswith(moment), name
    assert "2025-10-09" in clerk.text(".signatures")
    book = printed(clerk, f"/admin/{SERVICES}/print/service_book/?date=2025-09-30")
    assert "FW-2025-0163" in book


# ---- out of town -------------------------------------------------------------------------------------------------------


def test_nobody_leaves_town_before_it_is_approved(people: People) -> None:
    """The demo company's submitted application: its traveller may not approve it, nor in the manager's stead."""
    manager, traveller, admin = (people(name) for name in ("service_manager", "service_staff_2", "admin"))
    trip = waiting(manager, TRIPS, "flt_state_equals=submitted")
    manager.open(details(trip, TRIPS))
    entry = manager.value("service_entry")
    take(manager, SERVICES, entry, "dispatched", dispatched_to=id_of(traveller))
    assert faults(manager) == {(None, "SVC-13")}
    manager.look("no-application")

    shut(TRIPS, trip, "approved", traveller)
    today = clock.today().isoformat()
    stand_in = {"owner": id_of(manager), "delegate": id_of(traveller), "role": "service_manager"}
    days = {"starts_on": today, "ends_on": today, "reason": "经理外出"}
    answer = admin.send("/admin/delegation/new/", {**stand_in, **days})
    assert answer.status == 303
    try:
        shut(TRIPS, trip, "approved", traveller)
        traveller.open(f"/admin/{TRIPS}/transition/approved/?id={trip}", 409)
        assert {rule for _, rule in faults(traveller)} & {"SVC-13", "ACL-03"}
    finally:
        ended = admin.open(str(answer.headers["location"])).press("form.sheet button.btn")
        assert ended.outcome() == "done"

    assert take(manager, TRIPS, trip, "approved", reason="同意").state() == "approved"
    other = people("service_staff")
    take(manager, SERVICES, entry, "dispatched", dispatched_to=id_of(other))
    assert faults(manager) == {("dispatched_to", "SVC-13")}
    fill(manager, dispatched_to=id_of(traveller))
    assert manager.press("form.sheet [data-action=dispatched]").state() == "dispatched"
    assert "异地服务申请单" in printed(manager, f"/admin/{TRIPS}/print/{TRIPS}/?id={trip}")


# ---- twenty bags -------------------------------------------------------------------------------------------------------


def _case(people: People) -> dict[str, str]:
    """A complaint about twenty bags, decided as a return and accepted; what its papers and lines name."""
    staff, deputy, manager, clerk = (
        people(name) for name in ("service_staff", "deputy_gm", "service_manager", "business_clerk")
    )
    customer = waiting(staff, "customer_archive", "page_size=20")
    product = row(clerk, "product", "ZM-2-25")
    area = row(clerk, "area", "川北")
    typed = {"complainant": "采购部", "received_at": local(_now()), "order_no": "DD-2026-7701", "category": "quality"}
    bags = {"product": product, "delivered_qty": "100", "defective_qty": "20", "demand": "强度不达标，要求退货"}
    case = made(staff, CASES, customer=customer, batch_no="B0912", **typed, **bags)
    shut(CASES, case, "judged", staff, manager)
    deputy.open(details(case, CASES)).press(".head [data-action=judged]")
    pick(deputy, "handler", "service_manager")
    fill(deputy, method="return", approved_qty="20", reason="经检验，责任在我方")
    assert deputy.press("form.sheet [data-action=judged]").state() == "judged"
    assert take(manager, CASES, case, "notified").state() == "notified"
    return {"complaint": case, "customer": customer, "product": product, "area": area, "specification": "25kg"}


def _now() -> dt.datetime:
    return clock.now().astimezone(clock.company_zone()).replace(second=0, microsecond=0)


def test_twenty_bags_come_back(people: People) -> None:
    clerk, inspector, head, deputy = (
        people(name) for name in ("business_clerk", "quality_inspector", "dept_head_business", "deputy_gm")
    )
    sales, keeper, finance = (people(name) for name in ("sales_clerk", "warehouse_keeper", "finance"))
    about = _case(people)
    line = {**about, "ground": "quality", "quantity": "20", "happened_on": clock.today().isoformat()}
    back = made(clerk, LEDGER, movement="received", **line)
    assert take(head, LEDGER, back, "approved").state() == "approved"
    assert take(clerk, LEDGER, back, "executed").state() == "executed"
    slip = _issued(sales, about["complaint"])

    # No return without an inspection that failed: not before it, and not once the goods have passed.
    passed, failed = (made(clerk, LEDGER, movement="handed_over", return_slip=slip, **line) for _ in range(2))
    shut(LEDGER, passed, "approved", head, deputy, clerk)
    head.open(f"/admin/{LEDGER}/transition/approved/?id={passed}", 409)
    assert faults(head) == {(None, "LED-05")}
    shut(LEDGER, passed, "inspected", clerk, head)
    fee = {"inspection_no": "JY-2026-0912", "inspection_fee": "320"}
    take(inspector, LEDGER, passed, "inspected", inspection_result="passed", **fee)
    assert [inspector.value(name) for name in ("fee_payer", "inspection_fee")] == ["customer", "320.00"]
    inspector.look("passed-fee-to-the-customer")
    shut(LEDGER, passed, "approved", head, deputy)
    assert take(head, LEDGER, passed, "refused", reason="检验合格，不予退货").state() == "refused"

    take(inspector, LEDGER, failed, "inspected", inspection_result="failed", **fee)
    assert inspector.value("fee_payer") == "company"
    assert take(head, LEDGER, failed, "approved").state() == "approved"

    shut(SLIPS, slip, "approved", sales, finance)
    assert take(deputy, SLIPS, slip, "approved", reason="同意").state() == "approved"
    shut(SLIPS, slip, "received", deputy, finance)
    take(keeper, SLIPS, slip, "received", received_qty="21")
    assert faults(keeper) == {("received_qty", "RET-06")}
    fill(keeper, received_qty="20")
    assert keeper.press("form.sheet [data-action=received]").state() == "received"
    shut(SLIPS, slip, "reconciled", keeper, deputy)
    assert take(finance, SLIPS, slip, "reconciled").state() == "reconciled"
    assert take(finance, SLIPS, slip, "posted", posting_no="ZZ-2026-0912").state() == "posted"
    finance.look("slip-posted")
    _five_people(finance, slip, failed)
    assert take(clerk, LEDGER, failed, "executed").value("defective_balance") is not None
    pages = _parts(finance, slip)
    assert [sum(part in page for page in pages) for part in ("第一联", "第二联", "第三联", "第四联")] == [1, 1, 1, 1]


def _issued(sales: Person, complaint: str) -> str:
    """The clerk of sales makes the slip; product, batch and quantity are those of the complaint."""
    sales.open(f"/admin/{SLIPS}/").press("[data-action=create]")
    pick(sales, "complaint", _number(sales, CASES, complaint))
    sales.page.wait_for_function("() => document.querySelector('[name=product]').value")
    fill(sales, return_reason="强度不达标", handling="return", basis="质量承诺第三条")
    save(sales)
    assert [sales.value(name) for name in ("approved_qty", "batch_no")] == ["20", "B0912"]
    return sales.record()


def _number(person: Person, register: str, record: str) -> str:
    number = person.page.request.get(person.base + details(record, register)).text()
    found = re.search(r'data-number="([^"]+)"', number)
    assert found is not None
    return found[1]


def _five_people(person: Person, slip: str, line: str) -> None:
    """Who issued, inspected, approved, received and posted are five names on slip and line."""
    signed = person.open(details(slip, SLIPS)).page.locator(".signatures strong, .signatures b").all_inner_texts()
    names = {person.page.inner_text("dd[data-field=created_by]"), *signed}
    names.add(person.open(details(line, LEDGER)).page.inner_text("dd[data-field=inspected_by]"))
    assert len(names) == 5, names


def _parts(person: Person, slip: str) -> list[str]:
    answer = person.page.request.get(f"{person.base}/admin/{SLIPS}/print/{SLIPS}/?id={slip}")
    return [page.extract_text() for page in PdfReader(io.BytesIO(answer.body())).pages]


def test_ninety_eight_of_a_hundred_are_disputed_and_settled(people: People) -> None:
    """The demo company's slip over a hundred bags of which 98 came."""
    finance, deputy, keeper, sales = (
        people(name) for name in ("finance", "deputy_gm", "warehouse_keeper", "sales_clerk")
    )
    slip = waiting(finance, SLIPS, "flt_state_equals=received&flt_difference_greater_than=0")
    finance.open(details(slip, SLIPS))
    assert [finance.value(name) for name in ("approved_qty", "received_qty", "difference")] == ["100", "98", "2"]
    take(finance, SLIPS, slip, "reconciled")
    assert faults(finance) == {(None, "RET-05")}
    assert "差异 2" in finance.text()
    shut(SLIPS, slip, "posted", finance)
    assert take(finance, SLIPS, slip, "disputed", reason="少两袋").state() == "disputed"
    shut(SLIPS, slip, "posted", finance)
    shut(SLIPS, slip, "approved", finance, sales, keeper)
    take(deputy, SLIPS, slip, "approved", approved_qty="98")
    assert {field for field, _ in faults(deputy)} == {"reason"}
    fill(deputy, reason="运输途中破损两袋，按 98 袋核定")
    assert deputy.press("form.sheet [data-action=approved]").state() == "approved"
    take(keeper, SLIPS, slip, "received", received_qty="98")
    take(finance, SLIPS, slip, "reconciled")
    assert take(finance, SLIPS, slip, "posted", posting_no="ZZ-2026-0098").state() == "posted"
    finance.look("settled-98")


# ---- the last pieces ---------------------------------------------------------------------------------------------------


def test_the_last_pieces_leave_once(people: People) -> None:
    """Two clerks execute at the same moment what is there only once."""
    first, second, head = people("business_clerk"), people("business_clerk_2"), people("dept_head_business")
    entry = waiting(first, SERVICES, "flt_state_equals=archived&flt_service_kind_equals=C")
    customer = first.open(details(entry, SERVICES)).value("customer")
    about = {"customer": customer, "area": row(first, "area", "川北"), "product": row(first, "product", "WJ-3-20")}
    line = {**about, "specification": "尾货", "service_entry": entry, "happened_on": clock.today().isoformat()}
    there = made(first, LEDGER, movement="stock_in", ground="other", quantity="2", **line)
    take(head, LEDGER, there, "approved")
    assert take(first, LEDGER, there, "executed").value("replacement_balance") == "2"
    lines = [
        made(first, LEDGER, movement="exchange_out", ground="transport_damage", quantity="2", **line) for _ in range(2)
    ]
    for record in lines:
        assert take(head, LEDGER, record, "approved").state() == "approved"
    hands = list(zip((first, second), lines, strict=True))
    for person, record in hands:
        person.open(details(record, LEDGER))
    forms = [_issue_form(person, "executed") for person, _ in hands]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(_post, forms))
    ends = {record: person.open(details(record, LEDGER)).state() for person, record in hands}
    assert sorted(ends.values()) == ["approved", "executed"]
    done = next(record for record, state in ends.items() if state == "executed")
    left = next(record for record, state in ends.items() if state == "approved")
    assert first.open(details(done, LEDGER)).value("replacement_balance") == "0"
    second.open(details(left, LEDGER)).act("executed")
    assert faults(second) == {(None, "LED-10")}
    second.look("nothing-left")


# ---- a head of customer service ----------------------------------------------------------------------------------------


def test_a_head_of_customer_service_sees_services_and_no_customers_of_sales(people: People) -> None:
    head, seller = people("dept_head_2"), people("salesperson")
    entry = waiting(head, SERVICES, "flt_state_equals=archived&flt_service_kind_equals=C")
    assert int(str(head.page.locator("[data-count]").get_attribute("data-count"))) > 20
    head.open(details(entry, SERVICES))
    name = head.value("customer_name")
    assert name
    assert head.page.locator("dd[data-field=customer] a").count() == 0
    head.look("head-sees-a-service")
    for customer, words in _sold_to(seller):
        for path in ("details", "history", "edit", "print/customer_card"):
            answer = head.page.request.get(f"{head.base}{CUSTOMERS}{path}/?id={customer}")
            assert answer.status in {403, 404}, path
            assert words[1] not in answer.text(), path
        head.open(details(customer, "customer_archive"), 404)
        for word in words:
            assert head.open(f"{CUSTOMERS}?search={word}").page.locator("tr[data-id]").count() == 0, word
        for register in (SERVICES, LEDGER, CASES, "gift_signoff"):
            path = f"{head.base}/admin/{register}/ajax/lookup/?name=customer&query={words[0]}"
            answer = head.page.request.get(path)
            assert answer.status in {400, 403} or answer.json() == [], register
    for kind in ("csv", "pdf"):
        assert head.page.request.get(f"{head.base}{CUSTOMERS}export/{kind}/").status == 403


def _sold_to(seller: Person) -> Iterator[tuple[str, tuple[str, str]]]:
    """The first customers of sales with their numbers and names."""
    seller.open(CUSTOMERS)
    rows = seller.page.locator("tr[data-id]").evaluate_all(
        "all => all.slice(0, 2).map(one => [one.dataset.id, one.dataset.number])"
    )
    for record, number in rows:
        yield record, (number, str(seller.open(details(record, "customer_archive")).value("name")))
