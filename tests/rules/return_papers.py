"""What the tests of returns share: names, a reader of slips, and prints."""

from __future__ import annotations

import io
from typing import Any

from pypdf import PdfReader

from backoffice import clock
from models.registers.product_return import ProductReturn
from tests.company import Company

SLIP, PAPER, CASE = "product_return", "sales_discount_certificate", "complaint"


def slip(record: int) -> Any:
    return ProductReturn.get_by_id(record)


def printed(company: Company, register: str, record: int, who: str) -> list[str]:
    """The text of each page of the register's form."""
    with clock.set_to(company.now):
        answer = company.browser(who).get(f"/admin/{register}/print/{register}/?id={record}")
    assert answer.status_code == 200, answer.status
    return [page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages]
