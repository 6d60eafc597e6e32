"""The rules of grades: the schemes, who proposes and who decides."""

from __future__ import annotations

import datetime as dt

import pytest

from backoffice import clock
from backoffice.outcomes import Forbidden
from models.registers.customer_archive import CustomerGrading
from tests.company import Company
from tests.customers import REGISTER, customer
from tests.rules.walks import refused_by, wrong

SCHEMES = {
    "abc_value": ("CUS-14", "A B C"),
    "three_way": ("CUS-15", "key general potential"),
    "strategic": ("CUS-16", "strategic important ordinary"),
    "need_urgency": ("CUS-17", "A B C"),
}
EVERY = ["A", "B", "C", "key", "general", "potential", "strategic", "important", "ordinary"]


def _foreign(company: Company, scheme: str) -> None:
    rule, fitting = SCHEMES[scheme]
    record = company.customer(grade_scheme=scheme)
    for grade in EVERY:
        if grade not in fitting.split():
            wrong(company.do("sales_manager", REGISTER, record, "set_grade", {"grade": grade}), "grade", rule)
            wrong(company.do("salesperson", REGISTER, record, "propose_grade", {"grade": grade}), "grade", rule)
    assert customer(record).grade == ""


@pytest.mark.rule("CUS-14")
def test_grades_by_value_are_a_b_and_c(company: Company) -> None:
    _foreign(company, "abc_value")


@pytest.mark.rule("CUS-15")
def test_three_way_grades_are_its_own(company: Company) -> None:
    _foreign(company, "three_way")


@pytest.mark.rule("CUS-16")
def test_strategic_grades_are_its_own(company: Company) -> None:
    _foreign(company, "strategic")


@pytest.mark.rule("CUS-17")
def test_grades_by_urgency_are_a_b_and_c(company: Company) -> None:
    _foreign(company, "need_urgency")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_grade_of_the_scheme_can_be_set(company: Company, scheme: str) -> None:
    record = company.customer(grade_scheme=scheme)
    for grade in SCHEMES[scheme][1].split():
        company.done("sales_manager", REGISTER, record, "set_grade", {"grade": grade})
        assert customer(record).grade == grade


@pytest.mark.parametrize("who", ["salesperson", "archivist", "dept_head", "admin"])
def test_nobody_but_the_manager_sets_a_grade(company: Company, who: str) -> None:
    assert company.do(who, REGISTER, company.customer(), "set_grade", {"grade": "A"}) == Forbidden()


def test_a_proposal_waits_for_the_manager(company: Company) -> None:
    record = company.customer()
    company.done("salesperson", REGISTER, record, "propose_grade", {"grade": "B", "reason": "季度采购"})
    assert (customer(record).grade, customer(record).grade_proposed) == ("", "B")
    with clock.set_to(company.now):
        box = company.browser("sales_manager").page("/")
    assert box.select_one(f'a[href$="/admin/{REGISTER}/details/?id={record}"]') is not None
    company.done("sales_manager", REGISTER, record, "set_grade", {"grade": "A"})
    graded = customer(record)
    assert (graded.grade, graded.grade_proposed) == ("A", "")
    assert (graded.grade_set_by_id, graded.grade_set_on) == (company.users["sales_manager"].id, dt.date(2026, 3, 4))
    rows = [(row.kind, row.old_grade, row.grade) for row in CustomerGrading.select().order_by(CustomerGrading.id)]
    assert rows == [("proposed", "", "B"), ("set", "", "A")]


@pytest.mark.rule("CUS-17")
def test_who_proposed_does_not_decide(company: Company) -> None:
    """A deputy who becomes a manager meanwhile."""
    from models.accounts import UserRole

    record = company.customer()
    company.done("salesperson", REGISTER, record, "propose_grade", {"grade": "B"})
    UserRole.create(user=company.users["salesperson"], role="sales_manager")
    refused_by(company.do("salesperson", REGISTER, record, "set_grade", {"grade": "A"}), "CUS-17")
    assert customer(record).grade == ""


def test_the_same_grade_again_starts_the_clock_anew(company: Company) -> None:
    record = company.customer()
    company.done("sales_manager", REGISTER, record, "set_grade", {"grade": "A"})
    later = company.now + dt.timedelta(days=181)
    company.done("sales_manager", REGISTER, record, "set_grade", {"grade": "A"}, now=later)
    assert customer(record).grade_set_on == dt.date(2026, 9, 1)
    assert [row.kind for row in CustomerGrading.select().order_by(CustomerGrading.id)] == ["set", "confirmed"]


@pytest.mark.rule("CUS-17")
def test_its_owner_does_not_take_a_grade_away_by_the_scheme(company: Company) -> None:
    record = company.customer()
    company.done("sales_manager", REGISTER, record, "set_grade", {"grade": "A"})
    change = {"grade_scheme": "strategic"}
    wrong(company.do("salesperson", REGISTER, record, "update", change), "grade_scheme", "CUS-17")
    company.done("sales_manager", REGISTER, record, "set_grade", {**change, "grade": "important"})
    last = CustomerGrading.select().order_by(CustomerGrading.id.desc()).first()
    assert (last.scheme, last.old_grade, last.grade) == ("strategic", "A", "important")
