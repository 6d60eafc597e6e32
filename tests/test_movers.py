"""Who changes department keeps sight of what he made and loses everything else at once (organisation.md 3.3, decisions.md 1)."""

from __future__ import annotations

import pytest

from backoffice import clock
from backoffice.outcomes import Declined, Done, Missing
from models.accounts import Department, User
from models.registers.customer_archive import CustomerArchive
from tests.company import Company

REGISTER = "customer_archive"


@pytest.fixture
def moved(company: Company) -> tuple[int, int]:
    """A customer that the mover made and one that was made for him; then he is in another department, in the same role."""
    mover = company.users["salesperson"]
    made, given = company.customer(), company.customer("salesperson_2")
    CustomerArchive.update(owner=mover).where(CustomerArchive.id == given).execute()
    assert isinstance(company.do("salesperson", REGISTER, given, "confirm_review"), Done)
    User.update(department=Department.get(Department.code == "market")).where(User.id == mover.id).execute()
    company.users["salesperson"] = User.get_by_id(mover.id)
    return made, given


def test_he_reads_what_he_made_and_nothing_else(company: Company, moved: tuple[int, int]) -> None:
    made, given = moved
    other = company.customer("salesperson_2")
    with clock.set_to(company.now):
        browser = company.browser("salesperson")
        listed = browser.page(f"/admin/{REGISTER}/")
        assert made in {int(str(tag["data-id"])) for tag in listed.select("tr[data-id]")}
        assert browser.get(f"/admin/{REGISTER}/details/?id={made}").status_code == 200
        assert browser.get(f"/admin/{REGISTER}/edit/?id={made}").status_code == 409
        assert browser.get(f"/admin/{REGISTER}/details/?id={other}").status_code == 404
        assert f"/admin/{REGISTER}/edit/?id={made}" not in browser.get("/").text
    # The step he took on the other one still lets him read it (decisions.md 2), and no more.
    for record in (made, given):
        for act, inputs in (("update", {"remarks": "x"}), ("confirm_review", {}), ("propose_grade", {"grade": "A"})):
            assert isinstance(company.do("salesperson", REGISTER, record, act, inputs), Declined)


def test_what_he_owned_without_a_part_in_it_is_gone(company: Company) -> None:
    mover = company.users["salesperson"]
    given = company.customer("salesperson_2")
    CustomerArchive.update(owner=mover).where(CustomerArchive.id == given).execute()
    with clock.set_to(company.now):
        browser = company.browser("salesperson")
        assert browser.get(f"/admin/{REGISTER}/edit/?id={given}").status_code == 200
        User.update(department=Department.get(Department.code == "market")).where(User.id == mover.id).execute()
        for door in ("details", "edit", "history"):
            assert browser.get(f"/admin/{REGISTER}/{door}/?id={given}").status_code == 404
    company.users["salesperson"] = User.get_by_id(mover.id)
    assert isinstance(company.do("salesperson", REGISTER, given, "update", {"remarks": "x"}), Missing)


def test_what_he_makes_in_his_new_place_is_his_own(company: Company, moved: tuple[int, int]) -> None:
    new = company.customer()
    assert isinstance(company.do("salesperson", REGISTER, new, "update", {"remarks": "x"}), Done)
    assert CustomerArchive.get_by_id(new).department.code == "market"
