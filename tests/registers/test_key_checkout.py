"""Key checkout as its readers see it: the list of keys out now, the daily sheet, forms that ask what the purpose needs, links."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from backoffice import clock
from backoffice.declarations import Catalogue
from backoffice.replay import differences
from models import REGISTERS
from models.registers.car_key import CarKey
from models.registers.key_checkout import KeyCheckout
from tests.company import CHECKED, Company, Signed
from tests.registers.test_declarations import need, rows
from tests.rules.walks import exported, form_values, value

REGISTER = "key_checkout"
DECLARATION = Catalogue(REGISTERS)[REGISTER]
MINUTE = dt.timedelta(minutes=1)

# Name, label, need, as in tests/registers/test_declarations.py. Those of registers.md 5 and of decisions.md 15.
FIELDS = """
number 登记号 A
key 钥匙 R
car 车辆 A
car_class 车类 A
holder 领用人 R
purpose 用途 R
customer 客户 C
test_drive 试驾单 O
order 订单 C
accompanied_by 陪同指导人员 C
companion 陪同人员 C
issued_at 领出时间 S
issued_by 发放人 A
odometer_out 出车里程 S
odometer_in 回车里程 S
drive_started_at 试驾开始 S
drive_ended_at 试驾结束 S
returned_at 归还时间 S
received_by 接收人 A
held_after_end 试驾结束后持有时长 A
late 超时 A
check_windows 车窗 S
check_doors 车门 S
check_body 外观 S
check_interior 内饰 S
damage 损伤说明 S
responsible 责任人 S
lost_at 丢失时间 S
compensation 赔偿金额 S
payment_mode 付款方式 S
loan_disbursed_on 放款日期 S
agreement_file 试驾协议 S
licence_file 驾照复印件 S
confirmation_file 试驾确认书 S
survey_file 试驾调查报告 S
fine_late 超时罚款 A
fine_lost 丢失罚款 A
"""
KEY_FIELDS = """
key_no 钥匙编号 R
car 车辆 R
car_class 车类 R
copy_no 第几把 R
new_arrival 新到车 A
state 钥匙状态 A
board_place 挂位 O
replacement_cost 补配费用 O
"""
CHOICES = {
    "car_class": "stock display test",
    "purpose": "test_drive viewing delivery cleaning transfer bank_run other",
    "payment_mode": "full finance deposit",
    "check_windows": "ok bad",
    "check_doors": "ok bad",
    "check_body": "ok bad",
    "check_interior": "ok bad",
}
STATES = "requested approved issued drive_ended returned closed lost void"
TRANSITIONS = [
    "approved requested approved sales_manager,dept_head",
    "approved requested approved finance",
    "issued requested,approved issued custodian_5s",
    "drive_ended issued drive_ended owner,custodian_5s",
    "returned issued,drive_ended returned custodian_5s",
    "closed returned closed custodian_5s",
    "lost issued,drive_ended lost custodian_5s",
    "confirm_loss lost  sales_manager,dept_head",
    "void requested,approved void custodian_5s",
]
WAITING = {"KEY-01": "test_drive", "KEY-09": "penalty_reward", "KEY-13": "penalty_reward", "ACL-05": "policy book"}


@pytest.mark.parametrize(
    ("register", "path", "label", "letter"),
    [*rows(FIELDS, REGISTER), *rows(KEY_FIELDS, "car_key")],
)
def test_a_field_of_the_catalogue_is_declared(register: str, path: str, label: str, letter: str) -> None:
    declaration = Catalogue(REGISTERS)[register]
    assert (declaration.info(path).field.zh, need(declaration, path)) == (label, letter)


@pytest.mark.parametrize("name", CHOICES)
def test_choices_are_those_of_the_catalogue(name: str) -> None:
    assert " ".join(DECLARATION.fields[name].choices) == CHOICES[name]


def test_states_and_transitions_are_those_of_the_catalogue() -> None:
    assert " ".join(DECLARATION.states) == STATES
    assert " ".join(Catalogue(REGISTERS)["car_key"].states) == "in out lost retired"
    declared = [
        f"{act.name} {','.join(route.sources)} {act.target} {','.join(by.role or by.person for by in route.who)}"
        for act in DECLARATION.acts.values()
        for route in act.routes
    ]
    assert declared == TRANSITIONS


def test_every_rule_of_keys_has_its_row_and_says_what_it_waits_for() -> None:
    assert {f"KEY-{n:02}" for n in range(1, 18)} <= set(DECLARATION.rules)
    assert {rule.id: rule.waits for rule in DECLARATION.rules.values() if rule.waits} == WAITING


# ---- keys out now ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def out(company: Company) -> Iterator[Company]:
    """Out: a viewing for 60 minutes, a drive that ended 7 minutes ago, one that ended 4 minutes ago; and one that is back."""
    company.line_in("returned", "viewing")
    company.line_in("issued", "viewing", key=company.key(key_no="看车"))
    for name, ended in (("刚完", 56), ("超时", 53)):
        record = company.line_in("issued", key=company.key(key_no=name))
        at = company.now + ended * MINUTE
        company.done("custodian_5s", REGISTER, record, "drive_ended", {"drive_ended_at": at}, now=at)
    company.now += 60 * MINUTE
    with clock.set_to(company.now):
        yield company


def test_keys_out_now_stand_the_longest_first(out: Company) -> None:
    page = out.browser("custodian_5s").page(f"/admin/{REGISTER}/?view=out")
    found = [[cell.get_text(strip=True) for cell in row.select("td")] for row in page.select("main tr[data-id]")]
    assert [[row[2], row[7], row[8]] for row in found] == [
        ["超时", "7:00", "1:00:00"],
        ["刚完", "4:00", "1:00:00"],
        ["看车", "", "1:00:00"],
    ]


def test_what_is_late_is_red_and_says_since_when(out: Company) -> None:
    page = out.browser("custodian_5s").page(f"/admin/{REGISTER}/?view=out")
    due = [(tag["data-due"], tag["data-due-state"], bool(tag.select(".bad"))) for tag in page.select("td[data-due]")]
    assert due == [
        ("2026-03-04T10:58:00+08:00", "overdue", True),
        ("2026-03-04T11:01:00+08:00", "soon", False),
    ]


def test_the_list_has_its_button_and_its_own_rows(out: Company) -> None:
    browser = out.browser("custodian_5s")
    page = browser.page(f"/admin/{REGISTER}/")
    assert page.select_one(f'a[data-action="view"][href="/admin/{REGISTER}/?view=out"]') is not None
    assert len(page.select("main tr[data-id]")) == 4
    assert browser.get(f"/admin/{REGISTER}/?view=nowhere").status_code == 400
    assert [row["钥匙"] for row in exported(browser, REGISTER, "?view=out")[:3]] == ["超时", "刚完", "看车"]
    other = browser.page(f"/admin/{REGISTER}/?view=out&sort=number&columns=number")
    assert [row["data-number"] for row in other.select("main tr[data-id]")] == [f"YS-2026-000{n}" for n in (2, 3, 4)]


def test_a_consultant_sees_his_own_keys_out(out: Company) -> None:
    page = out.browser("sales_consultant_2").page(f"/admin/{REGISTER}/?view=out")
    assert page.select("main tr[data-id]") == []
    assert len(out.browser("sales_consultant").page(f"/admin/{REGISTER}/?view=out").select("main tr[data-id]")) == 3


# ---- the daily sheet ------------------------------------------------------------------------------------------------------


def sheet_text(browser: Signed, day: str) -> str:
    answer = browser.get(f"/admin/{REGISTER}/print/key_day_sheet/?date={day}")
    assert answer.status_code == 200
    reader = PdfReader(io.BytesIO(answer.data))
    assert reader.pages[0].mediabox.width > reader.pages[0].mediabox.height
    return "".join(page.extract_text() for page in reader.pages)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_daily_sheet_holds_the_lines_of_its_day(company: Company) -> None:
    company.line_in("closed", key=company.key(company.car("川A·SJ07"), key_no="SJ07-1"))
    with clock.set_to(company.now):
        browser = company.browser("custodian_5s")
        text = sheet_text(browser, "2026-03-04")
        for word in (
            "钥匙领用登记表",
            "车牌/车架号",
            "川A·SJ07",
            "钥匙号",
            "SJ07-1",
            "领用人签字",
            "唐俊杰",
            "2026-03-04 10:34:00",
        ):
            assert word in text.replace("\n", ""), word
        for word in ("陪同", "试驾止", "接收人签字", "备注", "主管", "5S"):
            assert word in text, word
        assert "无记录" in sheet_text(browser, "2026-03-03")
        assert browser.get(f"/admin/{REGISTER}/print/key_day_sheet/?date=2026-3-x").status_code == 400
        for who, status in (("auditor", 200), ("sales_manager", 403), ("sales_consultant", 403), ("salesperson", 403)):
            answer = company.browser(who).get(f"/admin/{REGISTER}/print/key_day_sheet/?date=2026-03-04")
            assert answer.status_code == status, who


# ---- forms ----------------------------------------------------------------------------------------------------------------


def asked(browser: Signed, act: str, record: int) -> set[str]:
    page = browser.page(f"/admin/{REGISTER}/transition/{act}/?id={record}")
    return {str(tag["name"]) for tag in page.select("form.sheet [name]")} - {"csrf_token", "version", "attachments"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_form_asks_what_the_purpose_needs(company: Company) -> None:
    drive, viewing, delivery = (company.line(purpose) for purpose in ("test_drive", "viewing", "delivery"))
    other = company.line("other")
    with clock.set_to(company.now):
        custodian = company.browser("custodian_5s")
        papers = {"agreement_file", "licence_file"}
        assert papers <= asked(custodian, "issued", drive)
        assert not papers & asked(custodian, "issued", viewing)
        assert {"issued_at", "backdate_reason", "odometer_out"} <= asked(custodian, "issued", viewing)
        money = {"payment_mode", "loan_disbursed_on"}
        assert money <= asked(company.browser("finance"), "approved", delivery)
        assert not money & asked(company.browser("sales_manager"), "approved", other)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_custodian_walks_through_the_pages(company: Company) -> None:
    """Issue with papers, refused without, a second issue refused, taken back; each as a browser sends it."""
    key = company.key()
    record, second = company.line(key=key), company.line("viewing", "sales_consultant_2", key=key)
    with clock.set_to(company.now):
        browser = company.browser("custodian_5s")
        path = f"/admin/{REGISTER}/transition/issued/?id={record}"
        refused = browser.send(path, form_values(browser.page(path)))
        assert refused.status_code == 422
        assert 'data-rule="KEY-08"' in refused.text
        filled = form_values(browser.page(path))
        files = {name: (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "手续.pdf") for name in ("agreement_file", "licence_file")}
        assert browser.send(path, {**filled, **files}).status_code == 303
        answer = browser.send(f"/admin/{REGISTER}/transition/issued/?id={second}", {"version": "1"})
        assert answer.status_code == 409
        assert 'data-rule="KEY-15"' in answer.text
        path = f"/admin/{REGISTER}/transition/returned/?id={record}"
        typed = {**form_values(browser.page(path)), **CHECKED, "drive_ended_at": "2026-03-04 10:00"}
        assert browser.send(path, typed).status_code == 303
        page = browser.page(f"/admin/{REGISTER}/details/?id={record}")
        assert (value(page, "held_after_end"), value(page, "returned_at")) == ("0", "2026-03-04T10:00:00+08:00")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_consultant_asks_on_the_form(company: Company) -> None:
    customer, key = company.customer("sales_consultant"), company.key()
    with clock.set_to(company.now):
        browser = company.browser("sales_consultant")
        page = browser.page(f"/admin/{REGISTER}/new/")
        options = [str(tag["value"]) for tag in page.select("select[name=holder] option") if tag["value"]]
        assert options == [str(company.users["sales_consultant"].id)]
        typed = {**form_values(page), "key": str(key), "purpose": "viewing", "customer": str(customer)}
        answer = browser.send(f"/admin/{REGISTER}/new/", typed)
    assert answer.status_code == 303
    assert KeyCheckout.get().holder.username == "sales_consultant"


# ---- around ---------------------------------------------------------------------------------------------------------------


def test_finance_reads_the_money_of_a_line(company: Company) -> None:
    record = company.line_in("closed", "delivery")
    with clock.set_to(company.now):
        page = company.browser("finance").page(f"/admin/{REGISTER}/details/?id={record}")
    assert value(page, "payment_mode") == "full"
    assert [value(page, name) for name in ("check_body", "issued_by", "accompanied_by")] == [None, None, None]


def test_a_customer_shows_its_key_lines_as_far_as_one_may_read_them(company: Company) -> None:
    customer = company.customer("sales_consultant")
    company.line("viewing", customer=customer)
    company.line("viewing", "sales_consultant_2", customer=customer)
    with clock.set_to(company.now):
        for who, count in (("sales_manager", 2), ("sales_consultant", 1), ("archivist", 0)):
            page = company.browser(who).page(f"/admin/customer_archive/details/?id={customer}")
            found = [row for row in page.select("main tr[data-number]") if str(row["data-number"]).startswith("YS-")]
            assert len(found) == count, who


def test_consultants_see_the_board_alone(company: Company) -> None:
    key = CarKey.get_by_id(company.new_key(order_no="DD-1"))
    with clock.set_to(company.now):
        browser = company.browser("sales_consultant")
        page = browser.page(f"/admin/vehicle_stock/details/?id={key.car_id}")
        assert value(page, "ordered") == "true"
        assert [value(page, name) for name in ("order_no", "frame_no", "acceptance")] == [None, None, None]
        for register in ("vehicle_stock", "car_key"):
            assert browser.get(f"/admin/{register}/export/csv/").status_code == 403
            assert browser.get(f"/admin/{register}/edit/?id=1").status_code == 403
        assert value(browser.page(f"/admin/car_key/details/?id={key.id}"), "replacement_cost") is None


def test_masters_keep_numbers_apart(company: Company) -> None:
    car = company.car("川A·12345")
    key = CarKey.get_by_id(company.key(car))
    typed = {"key_no": key.key_no, "car": car, "car_class": "test", "copy_no": "2"}
    assert "key_no" in company.do("custodian_5s", "car_key", None, "create", typed).errors
    typed |= {"key_no": "另一把", "copy_no": "1"}
    assert "copy_no" in company.do("custodian_5s", "car_key", None, "create", typed).errors
    typed |= {"copy_no": "2", "car_class": "stock"}
    assert "car_class" in company.do("custodian_5s", "car_key", None, "create", typed).errors


def test_a_key_is_lost_from_the_store_retired_and_put_back(company: Company) -> None:
    key = company.key()
    company.done("custodian_5s", "car_key", key, "lost", {"reason": "清点缺一把"})
    outcome: Any = company.do("custodian_5s", "car_key", key, "in", {"reason": "找到"})
    assert type(outcome).__name__ == "Forbidden"
    company.done("sales_manager", "car_key", key, "in", {"reason": "已找到"})
    assert CarKey.get_by_id(key).state == "in"


def test_stored_values_are_what_the_history_says(company: Company) -> None:
    for state in ("closed", "lost", "void"):
        company.line_in(state)
    cars = {name: company.catalogue[name] for name in (REGISTER, "car_key", "vehicle_stock")}
    assert list(differences(cars)) == []  # type: ignore[arg-type]
