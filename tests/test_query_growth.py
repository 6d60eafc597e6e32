"""Details and forms cost the same number of queries however many lines a record has."""

from __future__ import annotations

import pytest
from playhouse.test_utils import count_queries

from tests.company import Company


def cost(company: Company, username: str, path: str) -> int:
    browser = company.browser(username)
    assert browser.get(path).status_code == 200  # The first answer of a worker may fill caches.
    with count_queries() as counted:
        assert browser.get(path).status_code == 200
    return int(counted.count)


@pytest.mark.parametrize("page", ["details", "edit", "history"])
def test_a_gift_costs_the_same_with_one_line_and_with_four(company: Company, page: str) -> None:
    items = [company.gift_item(f"LP-{n}") for n in range(4)]
    one = company.gift(gift=items[0])
    four = company.gift(lines=[{"gift": item, "quantity": 1} for item in items])
    path = f"/admin/gift_signoff/{page}/?id="
    assert cost(company, "salesperson", f"{path}{one}") == cost(company, "salesperson", f"{path}{four}")


@pytest.mark.parametrize("page", ["details", "edit"])
def test_a_customer_costs_the_same_with_one_contact_and_with_six(company: Company, page: str) -> None:
    one = company.customer()
    contacts = [{"name": f"联系人{n}", "mobile": f"1380000000{n}", "main": n == 0} for n in range(6)]
    six = company.customer(contacts=contacts)
    path = f"/admin/customer_archive/{page}/?id="
    assert cost(company, "salesperson", f"{path}{one}") == cost(company, "salesperson", f"{path}{six}")
