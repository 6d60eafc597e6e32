"""The printed forms of services: voucher, card, book, volume and application."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from backoffice import clock
from tests.company import Company, Signed
from tests.rules.walks import on_sqlite
from tests.services import APPLICATION, REGISTER, at, service


def printed(browser: Signed, form: str, query: str) -> list[str]:
    answer = browser.get(f"/admin/{REGISTER}/print/{form}/?{query}")
    assert answer.status_code == 200, answer.status
    return [page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages]


@pytest.mark.rule("SVC-15")
@pytest.mark.parametrize("form", ["service_voucher", "service_card"])
def test_voucher_and_card_have_three_labelled_parts(company: Company, form: str) -> None:
    record = company.service_in("archived", "A")
    with clock.set_to(at(120)):
        pages = printed(company.browser("service_staff"), form, f"id={record}")
    parts = len(pages) // 3
    assert len(pages) == 3 * parts > 0
    for n, words in enumerate(("第一联：客户", "第二联：公司", "第三联：服务人员")):
        assert all(words in page.replace("\n", "") for page in pages[n * parts : (n + 1) * parts])
    text = pages[0].replace("\n", "")
    for word in ("PZ-2026-0001", "ZM-2", "调整配比并复测"):
        assert word in text, word


@on_sqlite
def test_the_voucher_is_made_of_the_entry(company: Company) -> None:
    record = company.service_in("settled", "A")
    with clock.set_to(at(120)):
        text = "".join(printed(company.browser("business_clerk"), "service_voucher", f"id={record}")).replace("\n", "")
    row = service(record)
    for word in (
        "请求",
        "商品",
        "工作",
        "时间",
        "费用",
        "满意度",
        "客户签章",
        row.customer_name,
        "13555500100",
        "180.00",
        "2026-03-04 11:00:00",
    ):
        assert word in text, word


@on_sqlite
def test_a_void_voucher_carries_its_mark(company: Company) -> None:
    record = company.service_in("void")
    with clock.set_to(at(120)):
        assert "作废" in printed(company.browser("service_manager"), "service_voucher", f"id={record}")[0]


@on_sqlite
def test_book_and_volume_hold_what_their_period_says(company: Company) -> None:
    company.service_in("archived", "A")
    company.service_in("finished")
    record = company.service(who="business_clerk")
    technician = company.users["service_staff"].id
    with clock.set_to(at(120)):
        browser = company.browser("business_clerk")
        book = "".join(printed(browser, "service_book", "date=2026-03-04")).replace("\n", "")
        for number in ("FW-2026-0001", "FW-2026-0002", service(record).number):
            assert number in book
        assert "无记录" in "".join(printed(browser, "service_book", "month=2026-02"))
        pages = printed(browser, "service_volume", f"month=2026-03&user={technician}")
        cover, rest = pages[0].replace("\n", ""), "".join(pages[1:]).replace("\n", "")
        for word in (
            "服务记录合订本",
            "2026年3月",
            company.users["service_staff"].name,
            "装订人",
            f"共 {len(pages)} 页",
        ):
            assert word in cover, word
        assert rest.index("FW-2026-0001") < rest.index("FW-2026-0002")
        assert service(record).number not in rest
        other = company.users["service_staff_2"].id
        assert "无记录" in "".join(printed(browser, "service_volume", f"month=2026-03&user={other}"))


@on_sqlite
def test_the_application_prints(company: Company) -> None:
    application = company.away(company.service())
    with clock.set_to(at(1)):
        answer = company.browser("service_staff").get(f"/admin/{APPLICATION}/print/{APPLICATION}/?id={application}")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages).replace("\n", "")
    for word in ("异地服务申请单", "重庆", company.users["service_staff"].name, "800.00", "部门经理核准"):
        assert word in text, word
