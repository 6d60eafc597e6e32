"""The rules of a customer's stages, their ends, and duplicates: each with its acceptance and what it refuses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from backoffice import clock
from backoffice.outcomes import Declined, Forbidden, Missing
from tests.company import Company
from tests.customers import ASSESSED, PLAN, REGISTER, customer, customer_in, page_of, pair, ready
from tests.rules.walks import history_values, offered, refused_by, value, wrong

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
    assert number in str(outcome.reason.values["what"].zh)
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
