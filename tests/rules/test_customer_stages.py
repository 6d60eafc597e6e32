"""Stages, grades, transfer, duplicates and papers of customers: each rule with its acceptance and what it refuses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from backoffice import clock
from backoffice.outcomes import Declined, Done, Forbidden, Missing
from models.evidence import AuditEvent, Step
from models.registers.customer_archive import CustomerAssignment, CustomerDocument, CustomerGrading
from tests.company import Company
from tests.customers import ASSESSED, PLAN, REGISTER, absent, customer, customer_in, pair, ready
from tests.rules.walks import history_values, offered, refused_by, value, wrong


def page_of(company: Company, record: int, who: str) -> Any:
    with clock.set_to(company.now):
        return company.browser(who).page(f"/admin/{REGISTER}/details/?id={record}")


# ---- CUS-31, CUS-32: stages ----------------------------------------------------------------------------------------------


@pytest.mark.rule("CUS-31")
@pytest.mark.parametrize("name", ASSESSED)
def test_a_target_is_assessed(company: Company, name: str) -> None:
    record = ready(company, **{name: ""})
    wrong(company.do("salesperson", REGISTER, record, "target"), name, "CUS-31")
    assert customer(record).state == "potential"


@pytest.mark.rule("CUS-32")
def test_a_target_has_a_dated_plan_step(company: Company) -> None:
    record = ready(company, plan_steps=[])
    wrong(company.do("salesperson", REGISTER, record, "target"), "plan_steps", "CUS-32")
    company.done("salesperson", REGISTER, record, "update", {"plan_steps": PLAN})
    company.done("salesperson", REGISTER, record, "target")
    assert customer(record).state == "target"


@pytest.mark.rule("CUS-31")
@pytest.mark.parametrize(
    ("state", "who", "act", "inputs"),
    [
        ("potential", "archivist", "signed", {"contract_no": "HT-1"}),
        ("potential", "sales_manager", "dormant", {"reason": "无往来"}),
        ("target", "salesperson", "target", {}),
        ("signed", "archivist", "signed", {"contract_no": "HT-1"}),
        ("dormant", "salesperson", "target", {}),
        ("archived", "salesperson", "target", {}),
        ("void", "salesperson", "target", {}),
    ],
)
def test_a_stage_not_listed_is_refused(
    company: Company, state: str, who: str, act: str, inputs: dict[str, Any]
) -> None:
    record = customer_in(company, state)
    version = customer(record).version
    refused_by(company.do(who, REGISTER, record, act, inputs), "CUS-31")
    assert (customer(record).state, customer(record).version) == (state, version)


def test_the_archivist_signs_with_a_contract_number(company: Company) -> None:
    record = customer_in(company, "target")
    wrong(company.do("archivist", REGISTER, record, "signed", {"contract_no": " "}), "contract_no")
    company.done("archivist", REGISTER, record, "signed", {"contract_no": "HT-2026-009"})
    assert (customer(record).state, customer(record).contract_no) == ("signed", "HT-2026-009")


@pytest.mark.parametrize("who", ["salesperson", "sales_manager", "dept_head"])
def test_nobody_but_the_archivist_signs(company: Company, who: str) -> None:
    record = customer_in(company, "target")
    assert company.do(who, REGISTER, record, "signed", {"contract_no": "HT-1"}) == Forbidden()


def test_a_dormant_customer_needs_a_reason_and_the_manager(company: Company) -> None:
    record = customer_in(company, "signed")
    wrong(company.do("sales_manager", REGISTER, record, "dormant", {"reason": " "}), "reason")
    assert company.do("salesperson", REGISTER, record, "dormant", {"reason": "无往来"}) == Forbidden()
    company.done("sales_manager_2", REGISTER, record, "dormant", {"reason": "无往来"})
    assert customer(record).state == "dormant"


def test_a_gift_signed_for_wakes_a_dormant_customer(company: Company) -> None:
    record = customer_in(company, "dormant")
    version = customer(record).version
    company.gift_in("partly_signed", customer=record)
    woken = customer(record)
    assert (woken.state, woken.last_contact_on, woken.version) == ("target", dt.date(2026, 3, 4), version + 1)
    with clock.set_to(company.now):
        page = company.browser("salesperson").page(f"/admin/{REGISTER}/history/?id={record}")
    assert ("休眠", "目标") in history_values(page, "state")
    entry = page.select_one("main [data-action]") or page
    assert "部分签收" in entry.get_text()


def test_a_contact_of_a_living_customer_is_dated_only(company: Company) -> None:
    record = customer_in(company, "signed")
    company.gift_in("partly_signed", customer=record)
    assert (customer(record).state, customer(record).last_contact_on) == ("signed", dt.date(2026, 3, 4))


# ---- CUS-08: archived, merged, void ----------------------------------------------------------------------------------------


@pytest.mark.rule("CUS-08")
@pytest.mark.parametrize("state", ["draft", "submitted", "approved", "issued", "partly_signed"])
def test_nothing_is_archived_while_a_gift_is_open(company: Company, state: str) -> None:
    record = customer_in(company, "signed")
    gift = company.gift_in(state, customer=record)
    outcome = company.do("dept_head", REGISTER, record, "archived")
    refused_by(outcome, "CUS-08")
    number = company.catalogue["gift_signoff"].model.get_by_id(gift).number
    assert isinstance(outcome, Declined)
    assert number in str(outcome.reason.values["what"].zh)  # type: ignore[union-attr]
    assert customer(record).state == "signed"


def test_an_ended_gift_does_not_hold_a_customer(company: Company) -> None:
    record = customer_in(company, "signed")
    gift = company.gift_in("submitted", customer=record)
    company.done("salesperson", "gift_signoff", gift, "withdrawn", {"reason": "改期"})
    company.done("dept_head", REGISTER, record, "archived")
    page = page_of(company, record, "salesperson")
    assert value(page, "phone")
    assert not {"update", "target", "archived"} & offered(page)


@pytest.mark.parametrize("state", ["archived", "void"])
def test_an_ended_customer_is_not_edited(company: Company, state: str) -> None:
    record = customer_in(company, state)
    for who in ("salesperson", "sales_manager", "archivist"):
        assert isinstance(company.do(who, REGISTER, record, "update", {"fax": "0839-5550000"}), Declined)


@pytest.mark.parametrize("who", ["salesperson", "sales_manager", "archivist", "gm"])
def test_nobody_but_the_head_archives(company: Company, who: str) -> None:
    assert company.do(who, REGISTER, customer_in(company, "signed"), "archived") == Forbidden()


def test_a_head_of_another_department_does_not_find_it(company: Company) -> None:
    record = customer_in(company, "signed")
    assert company.do("dept_head_market", REGISTER, record, "archived") == Missing()


@pytest.mark.rule("CUS-08")
def test_a_target_is_not_voided(company: Company) -> None:
    record = customer_in(company, "target")
    refused_by(company.do("archivist", REGISTER, record, "void", {"reason": "资料有误"}), "CUS-08")


# ---- duplicates ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CUS-40")
def test_a_possible_duplicate_stays_potential_until_decided(company: Company) -> None:
    company.customer("salesperson", phone="135 5550 0112")
    second = ready(company, "key_account", phone="13555500112")
    assert customer(second).duplicate_suspected
    refused_by(company.do("key_account", REGISTER, second, "target"), "CUS-40")
    company.done(
        "sales_manager", REGISTER, second, "decide_duplicate", {"duplicate_decision": "other", "reason": "兄弟公司"}
    )
    company.done("key_account", REGISTER, second, "target")
    decided = customer(second)
    assert (decided.state, decided.duplicate_suspected, decided.duplicate_decision) == ("target", False, "other")


@pytest.mark.rule("CUS-40")
def test_there_is_nothing_to_decide_without_a_double(company: Company) -> None:
    inputs = {"duplicate_decision": "same", "reason": "同一客户"}
    refused_by(company.do("sales_manager", REGISTER, company.customer(), "decide_duplicate", inputs), "CUS-40")


@pytest.mark.parametrize("who", ["sales_manager", "dept_head", "archivist"])
def test_a_duplicate_is_decided_with_a_reason(company: Company, who: str) -> None:
    _, second = pair(company)
    inputs = {"duplicate_decision": "same", "reason": ""}
    wrong(company.do(who, REGISTER, second, "decide_duplicate", inputs), "reason")
    wrong(company.do(who, REGISTER, second, "decide_duplicate", {"reason": "核对"}), "duplicate_decision")
    company.done(who, REGISTER, second, "decide_duplicate", {**inputs, "reason": "同一客户"})
    assert customer(second).duplicate_suspected


def test_its_owner_does_not_decide_on_a_duplicate(company: Company) -> None:
    _, second = pair(company)
    inputs = {"duplicate_decision": "other", "reason": "不是"}
    assert company.do("key_account", REGISTER, second, "decide_duplicate", inputs) == Forbidden()


@pytest.mark.rule("CUS-08")
def test_nothing_is_merged_before_the_decision(company: Company) -> None:
    first, second = pair(company)
    refused_by(company.do("archivist", REGISTER, second, "merge", {"merged_into": first}), "CUS-08")


@pytest.mark.rule("CUS-08")
def test_a_customer_is_not_merged_into_itself(company: Company) -> None:
    _, second = pair(company)
    company.done(
        "sales_manager", REGISTER, second, "decide_duplicate", {"duplicate_decision": "same", "reason": "同一"}
    )
    wrong(company.do("archivist", REGISTER, second, "merge", {"merged_into": second}), "merged_into", "CUS-08")


@pytest.mark.parametrize("state", ["archived", "void"])
def test_the_survivor_is_a_living_customer(company: Company, state: str) -> None:
    ended = customer_in(company, state)
    _, second = pair(company)
    company.done(
        "sales_manager", REGISTER, second, "decide_duplicate", {"duplicate_decision": "same", "reason": "同一"}
    )
    wrong(company.do("archivist", REGISTER, second, "merge", {"merged_into": ended}), "merged_into")


def test_the_number_of_the_merged_one_leads_to_the_survivor(company: Company) -> None:
    first, second = pair(company)
    gift = company.gift("key_account", customer=second)
    company.done(
        "sales_manager", REGISTER, second, "decide_duplicate", {"duplicate_decision": "same", "reason": "同一"}
    )
    company.done("archivist", REGISTER, second, "merge", {"merged_into": first})
    assert (customer(second).state, customer(second).number) == ("merged", "KH-2026-0002")
    page = page_of(company, second, "sales_manager")
    assert value(page, "merged_into") == str(first)
    link = page.select_one(f'dd[data-field="merged_into"] a[href$="/admin/{REGISTER}/details/?id={first}"]')
    assert link is not None
    assert "KH-2026-0001" in link.get_text()
    assert page.select_one(f'a[href$="/admin/gift_signoff/details/?id={gift}"]') is not None
    survivor = page_of(company, first, "sales_manager")
    assert survivor.select_one(f'a[href$="/admin/{REGISTER}/details/?id={second}"]') is not None
    # Its former owner reads the merged one, but not whose it is now.
    owner = page_of(company, second, "key_account")
    assert value(owner, "merged_into") == "***"
    assert "KH-2026-0001" not in owner.get_text()


def test_one_name_is_a_hint_to_the_deciders_only(company: Company) -> None:
    first = company.customer("salesperson", name="青川建材（集团）有限责任公司")
    second = company.customer("salesperson", name="青川建材(集团) 有限公司")
    assert not customer(second).duplicate_suspected
    path = f'a[href$="/admin/{REGISTER}/details/?id={first}"]'
    assert page_of(company, second, "salesperson").select_one(path) is None
    assert page_of(company, second, "sales_manager").select_one(path) is not None
    company.done(
        "sales_manager", REGISTER, second, "decide_duplicate", {"duplicate_decision": "same", "reason": "同名"}
    )
    assert customer(second).duplicate_suspected


# ---- CUS-14 to CUS-18: grades ----------------------------------------------------------------------------------------------

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


# ---- CUS-24: transfer ------------------------------------------------------------------------------------------------------


def transfer(company: Company, record: int, to: str, who: str = "sales_manager", **more: Any) -> Any:
    inputs = {"owner": company.users[to].id, "date": "2026-03-04", "reason": "片区调整", **more}
    return company.do(who, REGISTER, record, "transfer_owner", inputs)


@pytest.mark.rule("CUS-24")
@pytest.mark.parametrize("day", ["2026-03-05", "2026-03-03"])
def test_a_transfer_is_of_a_day_between_the_file_and_today(company: Company, day: str) -> None:
    record = company.customer()
    wrong(transfer(company, record, "salesperson_2", date=day), "date", "CUS-24")
    assert customer(record).owner_id == company.users["salesperson"].id


@pytest.mark.rule("CUS-24")
def test_a_transfer_is_to_another_owner(company: Company) -> None:
    wrong(transfer(company, company.customer(), "salesperson"), "owner", "CUS-24")


@pytest.mark.parametrize(
    ("more", "field"),
    [({"owner": ""}, "owner"), ({"date": ""}, "date"), ({"date": "x"}, "date"), ({"reason": " "}, "reason")],
)
def test_a_transfer_needs_owner_day_and_reason(company: Company, more: dict[str, Any], field: str) -> None:
    record = company.customer()
    wrong(transfer(company, record, "salesperson_2", **more), field)
    assert not CustomerAssignment.select().exists()


@pytest.mark.parametrize("to", ["sales_assistant", "market_specialist", "gm", "service_staff"])
def test_a_new_owner_is_a_salesperson_of_the_department(company: Company, to: str) -> None:
    wrong(transfer(company, company.customer(), to), "owner")


def test_a_disabled_salesperson_gets_no_customer(company: Company) -> None:
    company.users["salesperson_2"].active = False
    company.users["salesperson_2"].save()
    wrong(transfer(company, company.customer(), "salesperson_2"), "owner")


@pytest.mark.parametrize("who", ["sales_manager", "dept_head"])
def test_a_transfer_is_kept_and_lists_what_is_open(company: Company, who: str) -> None:
    record = company.customer(deputy=company.users["salesperson_2"].id)
    gift = company.gift_in("submitted", customer=record)
    outcome = transfer(company, record, "salesperson_2", who)
    assert isinstance(outcome, Done)
    number = company.catalogue["gift_signoff"].model.get_by_id(gift).number
    assert [number in str(text.values["what"].zh) for text in outcome.warnings] == [True]  # type: ignore[union-attr]
    moved = customer(record)
    assert (moved.owner_id, moved.deputy_id) == (company.users["salesperson_2"].id, None)
    row = CustomerAssignment.get()
    users = company.users
    assert (row.old_owner_id, row.new_owner_id, row.decided_by_id, row.reason) == (
        users["salesperson"].id,
        users["salesperson_2"].id,
        users[who].id,
        "片区调整",
    )


@pytest.mark.parametrize("who", ["salesperson", "archivist", "gm", "auditor"])
def test_nobody_else_transfers(company: Company, who: str) -> None:
    assert transfer(company, company.customer(), "salesperson_2", who) == Forbidden()


def test_a_customer_moves_to_another_department(company: Company) -> None:
    from models.accounts import Department

    record = company.customer()
    business = Department.get(Department.code == "business").id
    sales = Department.get(Department.code == "sales").id
    wrong(
        company.do("dept_head", REGISTER, record, "move_department", {"department": sales, "reason": "调整"}),
        "department",
    )
    company.done("dept_head", REGISTER, record, "move_department", {"department": business, "reason": "调整"})
    assert customer(record).department_id == business
    assert page_of(company, record, "dept_head_business") is not None


def test_the_deputy_general_manager_acts_where_a_department_has_no_manager(company: Company) -> None:
    from models.accounts import Department

    record = company.customer()
    assert isinstance(company.do("deputy_gm", REGISTER, record, "set_grade", {"grade": "A"}), Declined)
    business = Department.get(Department.code == "business").id
    company.done("dept_head", REGISTER, record, "move_department", {"department": business, "reason": "调整"})
    company.done("deputy_gm", REGISTER, record, "set_grade", {"grade": "A"})
    assert isinstance(transfer(company, record, "salesperson_2", "deputy_gm"), Done)
    assert customer(record).department.code == "sales"


# ---- CUS-33: deputies --------------------------------------------------------------------------------------------------------


def test_a_deputy_only_reads_while_the_owner_is_there(company: Company) -> None:
    record = ready(company, deputy=company.users["salesperson_2"].id)
    browser = company.browser("salesperson_2")
    assert value(page_of(company, record, "salesperson_2"), "legal_representative") == "***"
    for answer in (
        browser.get(f"/admin/{REGISTER}/edit/?id={record}"),
        browser.send(f"/admin/{REGISTER}/edit/?id={record}", {"version": "1", "fax": "0839-5550000"}),
        browser.send(f"/admin/{REGISTER}/transition/target/?id={record}", {"version": "1"}),
    ):
        assert answer.status_code == 409
        assert 'data-outcome="refused"' in answer.text
    assert customer(record).version == 1


@pytest.mark.rule("CUS-33")
def test_an_acting_deputy_is_the_owner(company: Company) -> None:
    record = ready(company, deputy=company.users["salesperson_2"].id)
    absent(company, "salesperson", "group_leader")
    page = page_of(company, record, "salesperson_2")
    assert {"update", "target", "propose_grade"} <= offered(page)
    assert value(page, "legal_representative") == "赵法人"
    edited = company.do("salesperson_2", REGISTER, record, "update", {"fax": "0839-5550000"})
    assert isinstance(edited, Done), edited
    company.done("salesperson_2", REGISTER, record, "target")
    owner = company.users["salesperson"].id
    assert Step.get().on_behalf_of_id == owner
    query = AuditEvent.select().where(AuditEvent.record_id == record).order_by(AuditEvent.id.desc())
    told = [event for event in query if event.action.rpartition(":")[2] in {"update", "target"}]
    assert [event.on_behalf_of_id for event in told] == [owner, owner]
    with clock.set_to(company.now):
        text = company.browser("salesperson_2").page(f"/admin/{REGISTER}/history/?id={record}").get_text()
    assert "代" in text
    assert company.users["salesperson"].name in text


@pytest.mark.rule("CUS-17")
def test_an_acting_deputy_is_never_the_second_side(company: Company) -> None:
    from models.accounts import UserRole

    record = company.customer(deputy=company.users["salesperson_2"].id)
    absent(company, "salesperson", "group_leader")
    UserRole.create(user=company.users["salesperson_2"], role="sales_manager")
    refused_by(company.do("salesperson_2", REGISTER, record, "set_grade", {"grade": "A"}), "CUS-17")


def test_a_deputy_stops_acting_the_day_after(company: Company) -> None:
    record = ready(company, deputy=company.users["salesperson_2"].id)
    absent(company, "salesperson", "group_leader", days=-1)
    assert isinstance(company.do("salesperson_2", REGISTER, record, "update", {"fax": "1"}), Declined)
    assert isinstance(company.do("salesperson_2", REGISTER, record, "target"), Declined)


def test_the_owners_own_edit_is_nobodys_delegation(company: Company) -> None:
    record = ready(company)
    absent(company, "salesperson", "group_leader")
    company.done("salesperson", REGISTER, record, "update", {"fax": "0839-5550000"})
    assert AuditEvent.select().order_by(AuditEvent.id.desc()).first().on_behalf_of_id is None


# ---- CUS-06, CUS-10, CUS-11: papers ------------------------------------------------------------------------------------------

PAPER = {"document_class": "market_analysis", "title": "川北市场分析", "dated_on": "2026-03-01"}


@pytest.mark.rule("CUS-11")
def test_a_paper_is_filed_by_whoever_entered_it(company: Company) -> None:
    record = company.customer()
    outcome = company.do("archivist", REGISTER, record, "update", {"documents": [PAPER]})
    assert isinstance(outcome, Done)
    filed = CustomerDocument.select().where(CustomerDocument.record == record).first()
    assert filed is not None
    assert (filed.filed_by_id, filed.title) == (company.users["archivist"].id, "川北市场分析")
    company.done(
        "salesperson", REGISTER, record, "update", {"documents": [{**PAPER, "id": filed.id, "title": "市场分析"}]}
    )
    assert CustomerDocument.get_by_id(filed.id).filed_by_id == company.users["archivist"].id


@pytest.mark.rule("CUS-11")
def test_a_paper_is_not_of_tomorrow(company: Company) -> None:
    paper = {**PAPER, "dated_on": "2026-03-05"}
    wrong(
        company.do("salesperson", REGISTER, company.customer(), "update", {"documents": [paper]}),
        "documents-0-dated_on",
        "CUS-11",
    )


@pytest.mark.parametrize("name", PAPER)
def test_a_paper_has_class_title_and_day(company: Company, name: str) -> None:
    record = company.customer()
    wrong(
        company.do("salesperson", REGISTER, record, "update", {"documents": [{**PAPER, name: ""}]}),
        f"documents-0-{name}",
    )


def test_there_are_twelve_classes_of_papers(company: Company) -> None:
    info = company.catalogue[REGISTER].children["documents"].fields["document_class"]
    assert len(info.choices) == 12
    record = company.customer()
    papers = [{**PAPER, "document_class": code} for code in info.choices]
    company.done("salesperson", REGISTER, record, "update", {"documents": papers})
    wrong(
        company.do("salesperson", REGISTER, record, "update", {"documents": [{**PAPER, "document_class": "x"}]}),
        "documents-0-document_class",
    )


@pytest.mark.rule("CUS-06")
def test_a_clipping_is_kept_with_its_class_and_not_of_tomorrow(company: Company) -> None:
    clipping = {"source": "川北日报", "date": "2026-03-05", "clipping_class": "newspaper"}
    record = company.customer()
    wrong(
        company.do("salesperson", REGISTER, record, "update", {"clippings": [clipping]}), "clippings-0-date", "CUS-06"
    )
    company.done("salesperson", REGISTER, record, "update", {"clippings": [{**clipping, "date": "2026-03-01"}]})
    page = page_of(company, record, "salesperson")
    assert "川北日报" in page.select_one('[data-child="clippings"]').get_text()


@pytest.mark.rule("CUS-10")
def test_what_the_archive_lacks_is_shown(company: Company) -> None:
    record = customer_in(company, "target")
    with clock.set_to(company.now):
        listed = company.browser("archivist").page(f"/admin/{REGISTER}/").select_one(f'tr[data-id="{record}"]')
    assert listed is not None
    assert "合同 缺" in listed.get_text()
    company.done("salesperson", REGISTER, record, "update", {"documents": [PAPER]})
    assert customer(record).missing_parts == "contract+statistics"
    company.done("archivist", REGISTER, record, "signed", {"contract_no": "HT-1"})
    assert customer(record).missing_parts == "statistics"
    company.done("archivist", REGISTER, record, "update", {"documents": [{**PAPER, "document_class": "period_report"}]})
    assert customer(record).missing_parts == "analysis"


def test_the_review_is_confirmed(company: Company) -> None:
    record = company.customer()
    company.done("salesperson", REGISTER, record, "confirm_review")
    assert customer(record).last_reviewed_on == dt.date(2026, 3, 4)
    assert isinstance(company.do("salesperson_2", REGISTER, record, "confirm_review"), Missing)
