"""The customer archive through the browser: who finds a customer through which door, papers with files, views of secrets, prints."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from pypdf import PdfReader

from backoffice import clock
from backoffice.outcomes import Declined, Done, Invalid
from models.accounts import Area
from models.evidence import AuditEvent, StoredFile
from models.registers.customer_archive import CustomerArchive, CustomerDocument
from tests.company import PDF, Company, Signed
from tests.customers import REGISTER, customer, pair
from tests.rules.walks import form_values, value, wrong

NAME, NUMBER, PHONE = "青川第1建材有限公司", "KH-2026-0001", "0839-5550001"
CSV = f"/admin/{REGISTER}/export/csv/"


def transferred(company: Company, record: int, to: str = "salesperson_2") -> None:
    inputs = {"owner": company.users[to].id, "date": "2026-03-04", "reason": "片区调整"}
    company.done("sales_manager", REGISTER, record, "transfer_owner", inputs)


def signed(company: Company, who: str) -> Signed:
    return company.browser(who)


# ---- through every door ------------------------------------------------------------------------------------------------


def found_through(company: Company, who: str, record: int) -> dict[str, bool]:
    """Whether a person finds the customer, by door."""
    browser = signed(company, who)
    query = "?id=%d" % record  # noqa: UP031 - an address
    listed = browser.page(f"/admin/{REGISTER}/")
    searched = browser.page(f"/admin/{REGISTER}/?search={PHONE}")
    filtered = browser.page(f"/admin/{REGISTER}/?flt1_owner_not_equal=0&flt2_phone_contains=5550001")
    gift_picker = browser.get(f"/admin/gift_signoff/ajax/lookup/?name=customer&query={NUMBER}").text
    own_picker = browser.get(f"/admin/{REGISTER}/ajax/lookup/?name=referrer&query={NUMBER}").text
    gift = {"purpose": "holiday", "customer": str(record), "lines-0-gift": "1", "lines-0-quantity": "1"}
    refused = browser.send("/admin/gift_signoff/new/", gift)
    return {
        "list": NAME in listed.get_text(),
        "count": 'data-count="0"' not in str(listed),
        "search": NAME in " ".join(table.get_text() for table in searched.select("main table")),
        "filter": NAME in filtered.get_text(),
        "details": browser.get(f"/admin/{REGISTER}/details/{query}").status_code == 200,
        "history": browser.get(f"/admin/{REGISTER}/history/{query}").status_code == 200,
        "edit": browser.get(f"/admin/{REGISTER}/edit/{query}").status_code == 200,
        "act": browser.get(f"/admin/{REGISTER}/transition/propose_grade/{query}").status_code == 200,
        "post": browser.send(f"/admin/{REGISTER}/transition/confirm_review/{query}", {"version": "0"}).status_code
        == 409,
        "gift picker": NAME in gift_picker,
        "own picker": NAME in own_picker,
        "message": NAME in refused.text,
    }


def test_a_transferred_customer_has_changed_hands_at_every_door(company: Company) -> None:
    record = company.customer("salesperson")
    company.gift_item()
    nothing = dict.fromkeys(found_through(company, "salesperson_2", record), False)
    assert found_through(company, "salesperson_2", record) == nothing
    before = found_through(company, "salesperson", record)
    assert [door for door, found in before.items() if not found] == ["message"]
    transferred(company, record)
    assert found_through(company, "salesperson", record) == nothing
    after = found_through(company, "salesperson_2", record)
    assert after == before


def test_the_former_owner_finds_it_again_when_it_comes_back(company: Company) -> None:
    record = company.customer("salesperson")
    transferred(company, record)
    transferred(company, record, "salesperson")
    assert signed(company, "salesperson").get(f"/admin/{REGISTER}/details/?id={record}").status_code == 200
    assert signed(company, "salesperson_2").get(f"/admin/{REGISTER}/details/?id={record}").status_code == 404


def test_an_earlier_step_gives_the_former_owner_no_sight(company: Company) -> None:
    record = company.customer("salesperson")
    company.done("salesperson", REGISTER, record, "confirm_review")
    transferred(company, record)
    assert signed(company, "salesperson").get(f"/admin/{REGISTER}/details/?id={record}").status_code == 404


def test_who_transferred_it_sees_it_on(company: Company) -> None:
    record = company.customer("salesperson")
    transferred(company, record)
    assert value(signed(company, "sales_manager").page(f"/admin/{REGISTER}/details/?id={record}"), "owner")


def test_the_export_of_a_manager_follows_the_transfer(company: Company) -> None:
    record = company.customer("salesperson")
    transferred(company, record)
    text = signed(company, "sales_manager").get(CSV).get_data(as_text=True).lstrip("\ufeff")
    (row,) = [row for row in csv.DictReader(io.StringIO(text)) if row["客户编号"] == NUMBER]
    assert row["归属业务员"] == company.users["salesperson_2"].name


# ---- refused lines of the catalogue ------------------------------------------------------------------------------------


def test_a_second_customer_with_one_registration_code_is_refused(company: Company) -> None:
    company.customer("salesperson", unified_credit_code="91350100M000100Y43")
    record = company.customer("salesperson_2")
    typed = {"unified_credit_code": "91350100m000100ｙ43"}
    wrong(company.do("salesperson_2", REGISTER, record, "update", typed), "unified_credit_code", "CUS-40")
    assert customer(record).unified_credit_code is None


def test_one_telephone_in_two_writings_is_a_hint_without_name_and_number(company: Company) -> None:
    first, second = pair(company)
    assert (customer(first).duplicate_suspected, customer(second).duplicate_suspected) == (False, True)
    answer = signed(company, "salesperson_2").send(f"/admin/{REGISTER}/new/", _typed_customer(company))
    assert answer.status_code == 303
    page = signed(company, "salesperson_2")
    del page
    made = CustomerArchive.select().order_by(CustomerArchive.id.desc()).first()
    assert made.duplicate_suspected


def test_the_hint_names_nobody(company: Company) -> None:
    company.customer("salesperson", phone="135 5550 0112")
    browser = signed(company, "salesperson_2")
    answer = browser.send(f"/admin/{REGISTER}/new/", _typed_customer(company))
    page = browser.get(answer.headers["Location"]).text
    assert "可能与已有客户重复" in page
    assert NUMBER not in page
    assert NAME not in page


def _typed_customer(company: Company) -> dict[str, str]:
    return {
        "name": "川中第2商贸",
        "customer_kind": "dealer",
        "relation": "current",
        "area": str(Area.get(Area.code == "A").id),
        "phone": "１３５５５５００１１２",
        "grade_scheme": "abc_value",
        "source_channel": "exhibition",
        "confidentiality": "internal",
        "owner": str(company.users["salesperson_2"].id),
        "contacts-0-name": "孙联系",
        "contacts-0-main": "true",
    }


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"founded_on": "2020-05-01", "trading_since": "2020-04-30"}, "trading_since"),
        ({"birthday": "2026-03-05"}, "birthday"),
        ({"founded_on": "2026-03-05"}, "founded_on"),
        ({"phone": "1234"}, "phone"),
        ({"headcount": "-1"}, "headcount"),
        ({"email": "office"}, "email"),
        ({"unified_credit_code": "91350100M000100Y44"}, "unified_credit_code"),
        ({"grade_scheme": "x"}, "grade_scheme"),
    ],
)
def test_what_cannot_be_true_is_refused(company: Company, typed: Mapping[str, Any], field: str) -> None:
    record = company.customer()
    outcome = company.do("salesperson", REGISTER, record, "update", typed)
    assert isinstance(outcome, Invalid)
    assert field in outcome.errors
    assert customer(record).version == 1


def test_owner_and_deputy_are_two_and_nobody_introduces_himself(company: Company) -> None:
    record = company.customer()
    owner = company.users["salesperson"].id
    wrong(company.do("salesperson", REGISTER, record, "update", {"deputy": owner}), "deputy", "CUS-33")
    wrong(company.do("salesperson", REGISTER, record, "update", {"referrer": record}), "referrer", "CUS-40")


def test_an_id_typed_over_that_of_the_form_is_taken_and_one_not_offered_refused(company: Company) -> None:
    """As a script fills a form: the id alone, with the text beside it as the page brought it."""
    first, second = company.customer(name="青川甲建材有限公司"), company.customer(name="青川乙建材有限公司")
    hidden = company.customer("salesperson_2", name="青川丙建材有限公司")
    record = company.customer(name="青川丁建材有限公司")
    browser = signed(company, "salesperson")
    path = f"/admin/{REGISTER}/edit/?id={record}"

    def typed(**values: str) -> dict[str, str]:
        return {**form_values(browser.page(path)), **values}

    def referrer() -> int | None:
        found: int | None = CustomerArchive.get_by_id(record).referrer_id
        return found

    assert browser.send(path, typed(referrer=str(first))).status_code == 303
    assert referrer() == first
    for unseen in (str(hidden), "987654"):
        refused = browser.send(path, typed(referrer=unseen))
        assert refused.status_code == 422
        assert "青川丙" not in refused.text
    assert referrer() == first
    assert browser.send(path, typed(referrer=str(second))).status_code == 303
    assert referrer() == second
    # Without a script: another text is looked up, an emptied one empties the reference.
    assert browser.send(path, typed(**{"referrer-text": "青川甲"})).status_code == 303
    assert referrer() == first
    assert browser.send(path, typed(**{"referrer-text": ""})).status_code == 303
    assert referrer() is None


@pytest.mark.parametrize(
    "column", ["grade", "owner", "state", "merged_into", "contract_no", "last_reviewed_on", "number"]
)
def test_what_only_acts_write_is_not_typed(company: Company, column: str) -> None:
    record = company.customer()
    company.done("salesperson", REGISTER, record, "update", {column: "1", "fax": "0839-5550009"})
    changed = customer(record)
    assert changed.fax == "0839-5550009"
    assert (changed.grade, changed.state, changed.contract_no, changed.merged_into_id) == ("", "potential", "", None)
    assert (changed.owner_id, changed.number) == (company.users["salesperson"].id, NUMBER)


def test_there_is_no_address_that_deletes(company: Company) -> None:
    record = company.customer()
    browser = signed(company, "archivist")
    assert browser.send(f"/admin/{REGISTER}/delete/", {"id": str(record)}).status_code == 404
    assert browser.send(f"/admin/{REGISTER}/action/", {"action": "delete", "rowid": str(record)}).status_code == 400
    assert CustomerArchive.select().count() == 1


# ---- papers with files in the lines of the form ------------------------------------------------------------------------


def with_papers(company: Company, browser: Signed, record: int, **more: Any) -> dict[str, Any]:
    page = browser.page(f"/admin/{REGISTER}/edit/?id={record}")
    return {
        **form_values(page),
        "documents-0-document_class": "contract",
        "documents-0-title": "供货合同",
        "documents-0-dated_on": "2026-03-01",
        **more,
    }


def upload(name: str = "供货合同.pdf", body: bytes = PDF) -> tuple[io.BytesIO, str]:
    return io.BytesIO(body), name


def test_a_file_of_a_line_is_uploaded_kept_after_a_refusal_and_served(company: Company) -> None:
    record = company.customer()
    browser = signed(company, "salesperson")
    typed = with_papers(company, browser, record, **{"documents-0-title": ""})
    path = f"/admin/{REGISTER}/edit/?id={record}"
    refused = browser.send(path, {**typed, "documents-0-file": upload()}, content_type="multipart/form-data")
    assert refused.status_code == 422
    assert "供货合同.pdf" in refused.text
    stored = StoredFile.get()
    assert (stored.field, stored.record_id) == ("documents.file", None)
    assert f'name="documents-0-file-kept" type="hidden" value="{stored.id}"' in refused.text
    typed |= {"documents-0-title": "供货合同", "documents-0-file-kept": str(stored.id)}
    assert browser.send(path, typed).status_code == 303
    line = CustomerDocument.get()
    assert (line.file_id, line.filed_by_id) == (stored.id, company.users["salesperson"].id)
    address = f"/admin/{REGISTER}/file/?id={record}&file={stored.id}"
    page = browser.page(f"/admin/{REGISTER}/details/?id={record}")
    link = page.select_one('[data-child="documents"] a')
    assert link is not None
    assert str(link["href"]).endswith(address)
    assert browser.get(address).data == PDF
    assert StoredFile.get().record_id == record
    # Others reach the file through the rights of its row alone; names only is not enough.
    assert signed(company, "salesperson_2").get(address).status_code == 404
    assert signed(company, "custodian_5s").get(address).status_code == 404
    assert signed(company, "finance").get(address).status_code == 404
    assert signed(company, "archivist").get(address).status_code == 200


def test_a_line_keeps_its_file_when_it_is_saved_again(company: Company) -> None:
    record = company.customer()
    browser = signed(company, "salesperson")
    path = f"/admin/{REGISTER}/edit/?id={record}"
    sent = {**with_papers(company, browser, record), "documents-0-file": upload()}
    assert browser.send(path, sent, content_type="multipart/form-data").status_code == 303
    page = browser.page(path)
    assert "供货合同.pdf" in page.get_text()
    again = {**form_values(page), "documents-0-title": "供货合同（补充）"}
    assert browser.send(path, again).status_code == 303
    line = CustomerDocument.get()
    assert (line.title, line.file_id) == ("供货合同（补充）", StoredFile.get().id)


def test_a_file_of_somebody_else_is_not_taken(company: Company) -> None:
    record = company.customer()
    foreign = company.upload("archivist", REGISTER, "documents.file")
    other = company.upload("salesperson", REGISTER, "clippings.file")
    paper = {"document_class": "contract", "title": "合同", "dated_on": "2026-03-01"}
    for stored in (foreign, other, 999):
        outcome = company.do("salesperson", REGISTER, record, "update", {"documents": [{**paper, "file": stored}]})
        wrong(outcome, "documents-0-file")
    assert not CustomerDocument.select().exists()


def test_a_file_that_is_none_is_refused_at_its_line(company: Company) -> None:
    record = company.customer()
    browser = signed(company, "salesperson")
    sent = {**with_papers(company, browser, record), "documents-0-file": upload("脚本.html", b"<script></script>")}
    refused = browser.send(f"/admin/{REGISTER}/edit/?id={record}", sent, content_type="multipart/form-data")
    assert refused.status_code == 422
    assert 'data-field="documents-0-file"' in refused.text
    assert not StoredFile.select().exists()


# ---- secrets and who saw them ------------------------------------------------------------------------------------------


def test_every_view_of_a_secret_stands_on_the_page(company: Company) -> None:
    record = company.customer()
    with clock.set_to(company.now):
        signed(company, "salesperson").page(f"/admin/{REGISTER}/details/?id={record}")
        signed(company, "sales_manager").page(f"/admin/{REGISTER}/?columns=number&columns=legal_representative")
        page = signed(company, "auditor").page(f"/admin/{REGISTER}/details/?id={record}")
    assert value(page, "legal_representative") == "***"
    rows = [row.get_text(" ") for row in page.select('[data-child="views"] tbody tr')]
    assert [
        company.users[who].name in row for who, row in zip(("sales_manager", "salesperson"), rows, strict=True)
    ] == [True] * 2
    assert all("法定代表人" in row for row in rows)


def test_a_form_that_comes_back_is_a_view_too(company: Company) -> None:
    """Refused for a typed value, or stale: the page shows the secrets of the record, and what another has made of them."""
    record = company.customer()
    path = f"/admin/{REGISTER}/edit/?id={record}"
    views = AuditEvent.select().where(AuditEvent.action == f"{REGISTER}:view").order_by(AuditEvent.id)
    with clock.set_to(company.now):
        owner, manager = signed(company, "salesperson"), signed(company, "sales_manager")
        typed, late = form_values(owner.page(path)), form_values(manager.page(path))
        act = f"/admin/{REGISTER}/transition/set_grade/?id={record}"
        grade = {"version": late["version"], "grade": "A", "grade_scheme": "abc_value"}
        before = views.count()
        assert owner.send(path, {**typed, "name": ""}).status_code == 422
        assert views.count() == before + 1
        assert owner.send(path, {**typed, "rep_hobbies": "围棋"}).status_code == 303
        assert views.count() == before + 1
        assert "围棋" in manager.send(path, {**late, "remarks": "x"}).text
        assert views.count() == before + 2
        assert "围棋" in manager.send(act, grade).text
        told = [json.loads(event.detail) for event in views][before + 1 :]
    assert [event["rows"] for event in told] == [[record], [record]]
    assert "legal_representative" in told[0]["fields"]
    assert "rep_hobbies" in told[0]["fields"]
    assert told[1]["fields"] == ["rep_hobbies"]


def test_a_view_without_secrets_leaves_nothing(company: Company) -> None:
    record = company.customer()
    with clock.set_to(company.now):
        signed(company, "auditor").page(f"/admin/{REGISTER}/details/?id={record}")
        page = signed(company, "auditor").page(f"/admin/{REGISTER}/details/?id={record}")
    assert not page.select('[data-child="views"] tbody tr')


# ---- prints ------------------------------------------------------------------------------------------------------------


def printed(company: Company, who: str, path: str, status: int = 200) -> str:
    answer = signed(company, who).get(f"/admin/{REGISTER}/print/{path}")
    assert answer.status_code == status, answer.text
    if status != 200:
        return ""
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages).replace("\n", "")


def test_the_card_masks_as_the_screen_does(company: Company) -> None:
    record = company.customer()
    assert "赵法人" in printed(company, "sales_manager", f"customer_card/?id={record}")
    text = printed(company, "auditor", f"customer_card/?id={record}")
    assert "赵法人" not in text
    assert "***" in text
    for signer in ("填表人", "审核", "归档"):
        assert signer in text
    printed(company, "salesperson", f"customer_card/?id={record}", 403)


def test_the_contents_of_the_archive_are_listed(company: Company) -> None:
    record = company.customer()
    paper = {"document_class": "contract", "title": "供货合同", "dated_on": "2026-03-01"}
    company.done("archivist", REGISTER, record, "update", {"documents": [paper]})
    transferred(company, record)
    text = printed(company, "archivist", f"archive_contents/?id={record}")
    for part in ("档案目录", "销售合同", "供货合同", "2026-03-01", company.users["archivist"].name, "片区调整"):
        assert part in text


def test_the_handover_list_is_of_one_person_with_three_signatures(company: Company) -> None:
    company.customer("salesperson")
    company.customer("salesperson_2")
    text = printed(company, "sales_manager", f"handover_list/?user={company.users['salesperson'].id}")
    assert NUMBER in text
    assert "KH-2026-0002" not in text
    for part in ("移交清单", company.users["salesperson"].name, "移交人", "接收人", "监交人"):
        assert part in text
    printed(company, "salesperson", "handover_list/", 403)


def test_the_list_of_customers_is_printed(company: Company) -> None:
    company.customer()
    assert NAME in printed(company, "archivist", "customer_list/")


# ---- both ways ---------------------------------------------------------------------------------------------------------


def test_customer_and_gift_lead_to_each_other_within_the_readers_rights(company: Company) -> None:
    record = company.customer()
    gift = company.gift(customer=record)
    browser = signed(company, "salesperson")
    assert browser.page(f"/admin/{REGISTER}/details/?id={record}").select_one(
        f'a[href$="gift_signoff/details/?id={gift}"]'
    )
    assert browser.page(f"/admin/gift_signoff/details/?id={gift}").select_one(
        f'a[href$="{REGISTER}/details/?id={record}"]'
    )
    # The service manager's role has no gifts at all; the archivist neither.
    assert (
        not signed(company, "archivist")
        .page(f"/admin/{REGISTER}/details/?id={record}")
        .select('a[href*="gift_signoff/details"]')
    )
    # After a transfer the applicant keeps his gift, but not the customer behind it.
    transferred(company, record)
    page = browser.page(f"/admin/gift_signoff/details/?id={gift}")
    assert value(page, "customer") == "***"
    assert NAME not in page.get_text()


def test_a_put_on_what_has_changed_meanwhile_is_refused(company: Company) -> None:
    """What an act expects of another record is asked again under its lock."""
    from dataclasses import replace

    from backoffice.change import change
    from backoffice.declarations import Catalogue
    from models import REGISTERS
    from models.outcomes import Changes, Put
    from models.registers import customer_archive as module

    first, second = company.customer(), company.customer()
    put = Put(REGISTER, second, {"state": "target"}, expected={"state": ("dormant",)})

    def confirm(record: Any, inputs: Any, ctx: Any) -> Changes:
        return Changes(put=(put,))

    registers = [
        replace(
            one, acts=tuple(replace(act, effect="tried") if act.name == "confirm_review" else act for act in one.acts)
        )
        if one.name == REGISTER
        else one
        for one in REGISTERS
    ]
    module.tried = confirm  # type: ignore[attr-defined]
    try:
        company.catalogue = Catalogue(registers)
        outcome = change(company.access("salesperson"), REGISTER, first, "confirm_review", {}, None, company.now)
    finally:
        del module.tried  # type: ignore[attr-defined]
    assert isinstance(outcome, Declined)
    assert not isinstance(outcome, Done)
    assert (customer(first).version, customer(second).version, customer(second).state) == (1, 1, "potential")


def test_the_printed_list_is_narrowed_by_area_or_owner_and_refuses_what_it_cannot(company: Company) -> None:
    """contract.md 4: a form over many records takes `area=` and `user=`; an unheeded one would print everybody."""
    south = Area.get(Area.code == "B").id
    company.customer("salesperson", name="川北一号建材")
    company.customer("salesperson_2", name="川南二号建材", area=south)
    with clock.set_to(company.now):
        browser = company.browser("sales_manager")

        def printed(query: str) -> str:
            answer = browser.get(f"/admin/customer_archive/print/customer_list/?{query}")
            assert answer.status_code == 200, answer.text
            return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)

        for query in (f"area={south}", f"user={company.users['salesperson_2'].id}"):
            assert "川南二号建材" in printed(query)
            assert "川北一号建材" not in printed(query)
        both = printed("")
        assert "川南二号建材" in both
        assert "川北一号建材" in both
        assert browser.get("/admin/customer_archive/print/customer_list/?month=2026-03").status_code == 400
        assert browser.get("/admin/customer_archive/print/customer_list/?area=x").status_code == 400
