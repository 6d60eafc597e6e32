"""The rules of the customer archive: what it needs, who edits it, what it refuses. Record rules of all registers are read back here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from backoffice import clock
from backoffice.declarations import Catalogue, Info
from backoffice.outcomes import Declined, Done, Missing, Outcome
from models import REGISTERS
from models.accounts import Area
from models.evidence import AuditEvent
from models.registers.customer_archive import CustomerArchive, CustomerContact
from tests.company import Company, Signed
from tests.rules.walks import exported, form_values, history_values, on_sqlite, one, outcomes, refused_by, value, wrong

REGISTER = "customer_archive"
PATH = f"/admin/{REGISTER}"
WHOLE = Catalogue(REGISTERS)


def typed(**changed: Any) -> dict[str, Any]:
    """A new customer as typed."""
    return {
        "name": "青川建材有限公司",
        "customer_kind": "company",
        "relation": "current",
        "registered_address": "川北路1号",
        "area": Area.get(Area.code == "A").id,
        "phone": "0839-5550107",
        "grade_scheme": "abc_value",
        "source_channel": "exhibition",
        "confidentiality": "internal",
        "contacts": [{"name": "钱联系", "mobile": "13900010001"}],
        **changed,
    }


def new(company: Company, who: str = "salesperson", **changed: Any) -> Outcome:
    return company.do(who, REGISTER, None, "create", typed(**changed))


def edited(company: Company, record: int, who: str, **changed: Any) -> Outcome:
    return company.do(who, REGISTER, record, "update", changed)


def customer(record: int) -> Any:
    return CustomerArchive.get_by_id(record)


# ---- record rules: through form, details, history and export ------------------------------------------------------------


def typed_for(info: Info, company: Company) -> str:
    """Something that fits a field, as it is typed."""
    texts = {
        "choice": info.field.choices[-1].code if info.field.choices else "",
        "day": "2015-06-07",
        "integer": "42",
        "money": "1234.50",
        "flag": "true",
        "ref": str(company.customer()) if info.kind == "ref" else "",
    }
    return texts.get(info.kind, f"{info.field.zh}甲")


def as_read(info: Info, text: str) -> str:
    """The same as an export writes it."""
    if info.kind == "choice":
        return str(info.choices[text].zh)
    if info.kind == "flag":
        return "是"
    return f"{customer(int(text)).number} {customer(int(text)).name}" if info.kind == "ref" else text


def sent_form(browser: Signed, register: str, company: Company, filled: Mapping[str, str]) -> int:
    """The form of a new record with the least it needs and what is filled in; gives the id of what was made."""
    form = form_values(browser.page(f"/admin/{register}/new/"))
    least: dict[str, dict[str, str]] = {
        "customer_archive": {
            **{name: str(text) for name, text in typed().items() if name != "contacts"},
            "contacts-0-name": "钱联系",
        },
        "gift_signoff": {"purpose": "visit", "visit_on": "2026-03-07", "lines-0-quantity": "1"},
    }
    if register == "gift_signoff":
        least[register]["lines-0-gift"] = str(company.gift_item())
    missing = [name for name in filled if name not in form]
    assert not missing, f"not in the form: {missing}"
    # A reference is typed as a text, which the server looks up; its hidden id is the script's to fill.
    texts = {f"{name}-text": customer(int(filled[name])).number for name in filled if f"{name}-text" in form}
    ids = dict.fromkeys((name.removesuffix("-text") for name in texts), "")
    answer = browser.send(f"/admin/{register}/new/", {**form, **least[register], **filled, **texts, **ids})
    assert answer.status_code == 303, answer.text
    return int(str(answer.location).rpartition("=")[2])


@pytest.mark.rule("CUS-02", "CUS-03", "CUS-04", "CUS-05", "CUS-46", "CUS-47", "GIFT-10")
def test_what_a_rule_records_is_read_back_everywhere(company: Company, rule: str) -> None:
    declaration = next(declared for declared in WHOLE.values() if rule in declared.rules)
    infos = {name: declaration.fields[name] for name in declaration.rules[rule].fields}
    filled = {name: typed_for(info, company) for name, info in infos.items()}
    with clock.set_to(company.now):
        browser = company.browser("salesperson")
        record = sent_form(browser, declaration.name, company, filled)
        details = browser.page(f"/admin/{declaration.name}/details/?id={record}")
        form = form_values(browser.page(f"/admin/{declaration.name}/edit/?id={record}"))
        told = browser.page(f"/admin/{declaration.name}/history/?id={record}")
        tag = one(details, "[data-number]")
        (*_, row) = [
            row
            for row in exported(company.browser("sales_manager"), declaration.name)
            if str(tag["data-number"]) in row.values()
        ]
    assert {name: value(details, name) for name in infos} == filled
    assert {name: form[name] for name in infos} == filled
    plain = {name: as_read(info, filled[name]) for name, info in infos.items()}
    assert {name: row[info.field.zh] for name, info in infos.items()} == plain
    news = {name: history_values(told, name)[0][1].replace(",", "").removesuffix("元").strip() for name in infos}
    for name, info in infos.items():
        expected = f"{plain[name]}" if info.kind != "ref" else customer(int(filled[name])).number
        assert expected in news[name], name


# ---- CUS-01: what a record needs ----------------------------------------------------------------------------------------


@pytest.mark.rule("CUS-01")
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        pytest.param({"name": " "}, "name", id="no name"),
        pytest.param({"phone": ""}, "phone", id="no telephone"),
        pytest.param({"contacts": []}, "contacts-0-name", id="no contact"),
        pytest.param(
            {"contacts": [{"name": "甲", "main": True}, {"name": "乙", "main": True}]}, "contacts-1-main", id="two"
        ),
        pytest.param({"contacts": [{"name": "甲"}, {"name": "乙"}]}, "contacts-0-main", id="no main contact"),
    ],
)
def test_the_least_of_a_customer(company: Company, changed: dict[str, Any], field: str) -> None:
    wrong(new(company, **changed), field, "CUS-01")
    assert CustomerArchive.select().count() == 0


@pytest.mark.rule("CUS-01")
def test_a_person_is_his_own_contact(company: Company) -> None:
    outcome = new(company, name="个人客户甲", customer_kind="person", contacts=[], registered_address="")
    assert isinstance(outcome, Done)
    own = [(row.name, row.mobile, row.main) for row in CustomerContact.select()]
    assert own == [("个人客户甲", "0839-5550107", True)]


@pytest.mark.rule("CUS-01")
def test_an_only_contact_is_the_main_one(company: Company) -> None:
    assert isinstance(new(company), Done)
    assert CustomerContact.get().main


@on_sqlite
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"registered_address": ""}, "registered_address"),
        ({"relation": ""}, "relation"),
        ({"source_channel": ""}, "source_channel"),
        ({"customer_kind": "nothing"}, "customer_kind"),
        ({"email": "nobody"}, "email"),
        ({"headcount": "-1"}, "headcount"),
        ({"area": "999"}, "area"),
    ],
)
def test_other_values_are_errors_of_their_fields(company: Company, changed: dict[str, Any], field: str) -> None:
    wrong(new(company, **changed), field)


# ---- CUS-07, CUS-08: who edits, nothing goes -----------------------------------------------------------------------------


@pytest.mark.rule("CUS-07")
def test_the_deputy_only_reads_while_the_owner_is_there(company: Company) -> None:
    record = company.customer(deputy=company.users["salesperson_2"].id)
    refused_by(edited(company, record, "salesperson_2", need_summary="瓷砖"), "CUS-07")
    browser = company.browser("salesperson_2")
    assert browser.page(f"{PATH}/details/?id={record}").select_one('main [data-action="update"]') is None
    page = browser.page(f"{PATH}/edit/?id={record}", 409)
    assert outcomes(page) == [("refused", "CUS-07")]
    assert browser.send(f"{PATH}/edit/?id={record}", {"version": "1", "need_summary": "瓷砖"}).status_code == 409
    assert (customer(record).need_summary, customer(record).version) == ("", 1)


def test_another_salesperson_does_not_even_see_it(company: Company) -> None:
    record = company.customer()
    assert isinstance(edited(company, record, "salesperson_2", need_summary="瓷砖"), Missing)
    assert company.browser("salesperson_2").get(f"{PATH}/edit/?id={record}").status_code == 404


@on_sqlite
@pytest.mark.parametrize("who", ["salesperson", "archivist", "sales_manager", "dept_head"])
def test_owner_archivist_and_heads_edit(company: Company, who: str) -> None:
    record = company.customer()
    assert isinstance(edited(company, record, who, need_summary="瓷砖"), Done)


def test_a_salesperson_makes_customers_of_his_own_the_archivist_for_anyone(company: Company) -> None:
    other = company.users["salesperson_2"].id
    wrong(new(company, owner=other), "owner")
    made = new(company, "archivist", owner=other)
    assert isinstance(made, Done)
    assert customer(made.id).owner_id == other
    assert customer(made.id).department.code == "sales"


@pytest.mark.rule("CUS-08")
def test_only_a_potential_customer_is_voided(company: Company) -> None:
    record = company.customer()
    CustomerArchive.update(state="target").where(CustomerArchive.id == record).execute()
    refused_by(company.do("archivist", REGISTER, record, "void", {"reason": "录错"}), "CUS-08")
    assert customer(record).state == "target"


def test_a_void_customer_needs_a_reason_and_stays_readable_under_its_number(company: Company) -> None:
    record = company.customer()
    number = customer(record).number
    wrong(company.do("archivist", REGISTER, record, "void"), "reason")
    company.done("archivist", REGISTER, record, "void", {"reason": "录错"})
    page = company.browser("salesperson").page(f"{PATH}/details/?id={record}")
    assert one(page, "[data-state]")["data-state"] == "void"
    assert str(number) in page.get_text()
    assert isinstance(edited(company, record, "archivist", need_summary="x"), Declined)
    assert customer(company.customer()).number > number


@on_sqlite
@pytest.mark.parametrize("who", ["archivist", "admin", "salesperson"])
def test_nothing_is_deleted(company: Company, who: str) -> None:
    record = company.customer()
    browser = company.browser(who)
    assert browser.send(f"{PATH}/delete/?id={record}", {"id": str(record)}).status_code == 404
    assert browser.send(f"{PATH}/ajax/update/", {"pk": str(record)}).status_code == 404
    assert browser.send(f"{PATH}/action/", {"action": "delete", "rowid": str(record)}).status_code == 400
    assert CustomerArchive.select().count() == 1


# ---- CUS-32, CUS-33: in charge (parts that hold already) ----------------------------------------------------------------


@pytest.mark.rule("CUS-32")
def test_a_customer_belongs_to_a_salesperson(company: Company) -> None:
    wrong(new(company, "archivist"), "owner", "CUS-32")


def test_an_owner_that_was_not_offered_is_refused(company: Company) -> None:
    wrong(new(company, "archivist", owner=company.users["finance"].id), "owner")


@pytest.mark.rule("CUS-33")
@pytest.mark.parametrize("deputy", ["salesperson", "finance"])
def test_the_deputy_is_another_salesperson_than_the_owner(company: Company, deputy: str) -> None:
    wrong(new(company, deputy=company.users[deputy].id), "deputy", "CUS-33")


# ---- CUS-34: changes keep the old value ---------------------------------------------------------------------------------


@pytest.mark.rule("CUS-34")
def test_a_change_keeps_the_old_and_the_new_value(company: Company) -> None:
    record = company.customer(address="旧街1号")
    changed = {"address": "新街2号", "registered_address": "川北路9号", "legal_representative": "钱法人"}
    company.done("salesperson", REGISTER, record, "update", changed)
    page = company.browser("salesperson").page(f"{PATH}/history/?id={record}")
    assert history_values(page, "address")[:1] == [("旧街1号", "新街2号")]
    assert history_values(page, "registered_address")[:1] == [("川北路1号", "川北路9号")]
    assert history_values(page, "legal_representative")[:1] == [("赵法人", "钱法人")]


# ---- CUS-40: true and complete ------------------------------------------------------------------------------------------


@pytest.mark.rule("CUS-40")
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        pytest.param({"founded_on": "2026-03-05"}, "founded_on", id="founded tomorrow"),
        pytest.param({"founded_on": "2010-01-02", "trading_since": "2010-01-01"}, "trading_since", id="trading before"),
        pytest.param({"birthday": "2026-03-05"}, "birthday", id="born tomorrow"),
        pytest.param(
            {"contacts": [{"name": "甲", "birthday": "2026-03-05"}]}, "contacts-0-birthday", id="contact born"
        ),
        pytest.param({"phone": "123"}, "phone", id="no telephone number"),
        pytest.param({"unified_credit_code": "91510800MA6255550X"}, "unified_credit_code", id="check character"),
    ],
)
def test_what_cannot_be_true_is_refused(company: Company, changed: dict[str, Any], field: str) -> None:
    wrong(new(company, **changed), field, "CUS-40")


@pytest.mark.rule("CUS-40")
def test_a_customer_does_not_introduce_itself(company: Company) -> None:
    record = company.customer()
    wrong(edited(company, record, "salesperson", referrer=str(record)), "referrer", "CUS-40")


def test_the_days_on_the_edge_are_true(company: Company) -> None:
    days = {"founded_on": "2026-03-04", "trading_since": "2026-03-04", "birthday": "2024-02-29"}
    assert isinstance(new(company, **days), Done)


CODE = "91350100M000100Y43"


@pytest.mark.rule("CUS-40")
def test_a_known_registration_code_is_refused(company: Company) -> None:
    company.done("salesperson", REGISTER, None, "create", typed(unified_credit_code=CODE))
    again = new(company, "salesperson_2", phone="0839-5550108", unified_credit_code=f" {CODE.lower()} ")
    wrong(again, "unified_credit_code", "CUS-40")
    assert "青川建材有限公司" not in str(again)


@pytest.mark.rule("CUS-40")
def test_a_known_telephone_is_hinted_at_without_telling_whose(company: Company) -> None:
    first = company.done("salesperson", REGISTER, None, "create", typed(phone="135 5550 0112"))
    with clock.set_to(company.now):
        browser = company.browser("salesperson_2")
        filled = {"name": "另一家", "phone": "13555500112"}
        record = sent_form(browser, REGISTER, company, filled)
        page = browser.page(f"{PATH}/details/?id={record}")
    assert (customer(record).state, customer(record).duplicate_suspected) == ("potential", True)
    assert ("info", "") in outcomes(page)
    assert "重复" in one(page, '[data-outcome="info"]').get_text()
    assert first.number not in page.get_text()
    assert "青川建材有限公司" not in page.get_text()
    assert AuditEvent.select().where(AuditEvent.action == f"{REGISTER}:duplicate_hint").count() == 1


@pytest.mark.rule("CUS-40")
def test_hints_are_twenty_an_hour(company: Company) -> None:
    company.done("salesperson", REGISTER, None, "create", typed())
    for n in range(20):
        AuditEvent.create(
            chain="test",
            sequence=n + 1,
            at=company.now - dt.timedelta(minutes=59),
            register=REGISTER,
            action=f"{REGISTER}:duplicate_hint",
            actor=company.users["salesperson_2"],
            hash="",
        )
    wrong(new(company, "salesperson_2"), "phone", "CUS-40")
    later = company.now + dt.timedelta(minutes=1)
    assert isinstance(company.do("salesperson_2", REGISTER, None, "create", typed(), now=later), Done)


@pytest.mark.rule("CUS-40")
def test_completeness_is_the_share_of_filled_fields_alike_for_all_readers(company: Company) -> None:
    record = company.customer()
    with clock.set_to(company.now):
        before = value(company.browser("salesperson").page(f"{PATH}/details/?id={record}"), "completeness")
        company.done("salesperson", REGISTER, record, "update", {"rep_character": "稳重", "annual_sales": "1000000"})
        pages = [
            company.browser(who).page(f"{PATH}/details/?id={record}") for who in ("salesperson", "sales_assistant")
        ]
    shown = {value(page, "completeness") for page in pages}
    assert len(shown) == 1
    assert float(shown.pop() or 0) > float(before or 0) > 0


# ---- CUS-45: the session ------------------------------------------------------------------------------------------------


@pytest.mark.rule("CUS-45")
def test_an_idle_session_ends(company: Company) -> None:
    with clock.set_to(company.now):
        browser = company.browser("salesperson")
        assert browser.get("/").status_code == 200
    with clock.set_to(company.now + dt.timedelta(minutes=14, seconds=59)):
        assert browser.get("/").status_code == 200
    with clock.set_to(company.now + dt.timedelta(minutes=30)):
        assert browser.get("/").location == "/login?why=idle"


def test_every_act_is_tied_to_a_person(company: Company) -> None:
    company.customer()
    event = AuditEvent.get(AuditEvent.action == f"{REGISTER}:create")
    assert (event.actor_id, event.actor_name) == (company.users["salesperson"].id, "张宏伟")
