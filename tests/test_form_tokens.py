"""A form for something new makes it once: sent twice, at once, from two servers, changed in between, refused at first."""

from __future__ import annotations

import datetime as dt
import io
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from peewee import Database

from backoffice import clock, form_tokens
from backoffice.database import connected
from backoffice.form_tokens import Again, Sending
from backoffice.outcomes import Declined, Done, Outcome
from models.accounts import Delegation, User
from models.base import db
from models.evidence import AuditEvent, Series, StoredFile
from models.factors import FormToken
from models.registers.gift_item import GiftItem
from models.registers.gift_signoff import GiftSignoff
from tests.company import NOW, PDF, Company, Signed
from tests.servers import Person, at_once, serving

NEW = "/admin/gift_item/new/"
TYPED = {"code": "LP-1", "name": "茶叶", "unit": "盒", "unit_value": "88.50", "active": "true"}


def token_in(text: str) -> str:
    found = BeautifulSoup(text, "html.parser").select_one("form.sheet [name=once]")
    assert found is not None, text[:500]
    return str(found["value"])


def items() -> int:
    return int(GiftItem.select().count())


@pytest.fixture
def clerk(company: Company) -> Any:
    with clock.set_to(NOW):
        yield company.browser("market_specialist")


def customer_form(company: Company, **more: str) -> dict[str, str]:
    return {
        "purpose": "visit",
        "visit_on": "2026-03-07",
        "customer": str(company.customer()),
        "lines-0-gift": str(company.gift_item()),
        "lines-0-quantity": "1",
        **more,
    }


# --- one browser ---------------------------------------------------------------------------------------------------


def test_every_new_form_has_a_token_of_its_own_and_edits_have_none(clerk: Signed, company: Company) -> None:
    tokens = {token_in(clerk.get(NEW).text) for _ in range(3)}
    assert len(tokens) == 3
    item = company.gift_item()
    assert 'name="once"' not in clerk.get(f"/admin/gift_item/edit/?id={item}").text


def test_sent_twice_it_makes_one_and_leads_there_twice(clerk: Signed) -> None:
    form = {**TYPED, "once": token_in(clerk.get(NEW).text)}
    first, second = clerk.send(NEW, form), clerk.send(NEW, form)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert items() == 1
    shown = clerk.page(second.headers["Location"])
    assert [one["data-outcome"] for one in shown.select(".notice[data-outcome]")] == ["done"]
    assert AuditEvent.select().where(AuditEvent.action == "gift_item:create").count() == 1


def test_numbered_records_take_one_number(company: Company) -> None:
    with clock.set_to(NOW):
        person = company.browser("salesperson")
        path = "/admin/gift_signoff/new/"
        form = {**customer_form(company), "once": token_in(person.get(path).text)}
        answers = [person.send(path, form) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}, answers[0].text[:3000]
    assert GiftSignoff.select().count() == 1
    assert Series.get(Series.register == "gift_signoff").last == 1


def test_without_a_token_scripts_make_as_many_as_they_send(company: Company) -> None:
    with clock.set_to(NOW):
        person = company.browser("salesperson")
        form = customer_form(company)
        for _ in range(2):
            assert person.send("/admin/gift_signoff/new/", form).status_code == 303
    assert GiftSignoff.select().count() == 2
    assert FormToken.select().count() == 0


def test_a_refused_form_may_be_sent_again_with_its_token(clerk: Signed) -> None:
    token = token_in(clerk.get(NEW).text)
    refused = clerk.send(NEW, {**TYPED, "name": "", "once": token})
    assert refused.status_code == 422
    assert token_in(refused.text) == token
    assert FormToken.select().count() == 0
    assert clerk.send(NEW, {**TYPED, "once": token}).status_code == 303
    assert items() == 1


def test_other_content_under_the_same_token_is_another_form(clerk: Signed) -> None:
    token = token_in(clerk.get(NEW).text)
    made = clerk.send(NEW, {**TYPED, "once": token})
    other = clerk.send(NEW, {**TYPED, "code": "LP-2", "name": "茶杯", "once": token})
    assert other.status_code == 303
    assert other.headers["Location"] != made.headers["Location"]
    assert items() == 2


@pytest.mark.parametrize("token", ["", "short", "x" * 44, "a b" * 10, "令" * 22])
def test_a_text_that_is_no_token_claims_nothing(clerk: Signed, token: str) -> None:
    assert clerk.send(NEW, {**TYPED, "once": token}).status_code == 303
    assert FormToken.select().count() == 0


def test_a_token_is_its_owner_s_alone(clerk: Signed, company: Company) -> None:
    token = token_in(clerk.get(NEW).text)
    clerk.send(NEW, {**TYPED, "once": token})
    other = company.browser("market_specialist_2")
    answer = other.send(NEW, {**TYPED, "code": "LP-2", "once": token})
    assert answer.status_code == 303
    assert items() == 2


def test_a_token_of_another_form_keeps_nothing_from_being_made(clerk: Signed, company: Company) -> None:
    token = token_in(clerk.get(NEW).text)
    clerk.send(NEW, {**TYPED, "once": token})
    answer = clerk.send(
        "/admin/gift_signoff/new/", {**customer_form(company, roadshow="", purpose="visit"), "once": token}
    )
    assert answer.status_code in (303, 422)
    assert "/gift_item/" not in answer.headers.get("Location", "")


def test_files_of_the_second_sending_are_not_stored_again(company: Company) -> None:
    with clock.set_to(NOW):
        person = company.browser("salesperson")
        path = "/admin/customer_archive/new/"
        token = token_in(person.get(path).text)
        form = {
            "name": "青川第一建材有限公司", "customer_kind": "company", "relation": "current",
            "registered_address": "川北路1号", "phone": "0839-5550001", "grade_scheme": "abc_value",
            "source_channel": "exhibition", "confidentiality": "internal", "legal_representative": "赵法人",
            "area": str(company.users["salesperson"].area_id),
            "contacts-0-name": "钱联系", "contacts-0-mobile": "13900000001", "contacts-0-main": "true", "once": token,
        }  # fmt: skip
        answers = []
        for _ in range(2):
            typed = {**form, "attachments": (io.BytesIO(PDF), "营业执照.pdf")}
            answers.append(person.send(path, typed, content_type="multipart/form-data"))
    assert [answer.status_code for answer in answers] == [303, 303], answers[0].text[:4000]
    assert StoredFile.select().count() == 1


def test_claims_are_forgotten_after_a_day(clerk: Signed) -> None:
    clerk.send(NEW, {**TYPED, "once": token_in(clerk.get(NEW).text)})
    user = User.get(User.username == "market_specialist")
    FormToken.update(at=NOW - dt.timedelta(hours=25)).execute()
    clerk.send(NEW, {**TYPED, "code": "LP-2", "once": token_in(clerk.get(NEW).text)})
    assert [row.user_id for row in FormToken.select()] == [user.id]


def test_accounts_and_delegations_too(company: Company) -> None:
    with clock.set_to(NOW):
        admin = company.browser("admin")
        path = "/admin/user/new/"
        form = {
            "username": "neu", "name": "新人", "roles": "salesperson", "active": "true",
            "department": str(company.users["salesperson"].department_id), "once": token_in(admin.get(path).text),
        }  # fmt: skip
        answers = [admin.send(path, form) for _ in range(2)]
        assert [one.status_code for one in answers] == [303, 303]
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        assert User.select().where(User.username == "neu").count() == 1
        path = "/admin/delegation/new/"
        form = {
            "owner": str(company.users["sales_manager"].id), "delegate": str(company.users["sales_manager_2"].id),
            "role": "sales_manager", "starts_on": "2026-03-05", "ends_on": "2026-03-06", "reason": "出差",
            "once": token_in(admin.get(path).text),
        }  # fmt: skip
        answers = [admin.send(path, form) for _ in range(2)]
        assert [one.status_code for one in answers] == [303, 303], answers[0].text[:2000]
        assert Delegation.select().count() == 1


# --- at once ---------------------------------------------------------------------------------------------------------


def test_of_twelve_at_once_one_makes_it_and_all_are_led_there(company: Company) -> None:
    user = company.users["market_specialist"]
    sent = Sending(user.id, "gift_item", "t" * 22, "d" * 64)

    def work() -> Outcome:
        with connected(company.database):
            inputs = {**TYPED, "active": True}
            return form_tokens.once(
                sent, lambda: company.do("market_specialist", "gift_item", None, "create", inputs), now=NOW
            )  # type: ignore[return-value]

    results = at_once(*[work] * 12)
    assert sorted(type(one).__name__ for one in results) == ["Again"] * 11 + ["Done"], results
    assert len({one.id for one in results}) == 1
    assert items() == 1


def test_when_the_first_fails_the_second_makes_it(company: Company) -> None:
    user = company.users["market_specialist"]
    sent = Sending(user.id, "gift_item", "t" * 22, "d" * 64)
    first = form_tokens.once(sent, lambda: Declined("no"), now=NOW)
    assert isinstance(first, Declined)
    with pytest.raises(RuntimeError):
        form_tokens.once(sent, lambda: _fail(), now=NOW)
    assert FormToken.select().count() == 0
    work = partial(company.do, "market_specialist", "gift_item", None, "create", {**TYPED, "active": True})
    assert isinstance(form_tokens.once(sent, work, now=NOW), Done)
    assert form_tokens.once(sent, work, now=NOW) == Again(GiftItem.get().id)


def _fail() -> Outcome:
    GiftItem.select().count()
    raise RuntimeError("in the middle")


def test_nothing_of_a_refused_form_stays(company: Company) -> None:
    """The claim is taken back with whatever else the work wrote."""
    user = company.users["market_specialist"]
    sent = Sending(user.id, "gift_item", "t" * 22, "d" * 64)

    def half() -> Outcome:
        User.update(name="halb").where(User.id == user.id).execute()
        return Declined("no")

    form_tokens.once(sent, half, now=NOW)
    assert not db.in_transaction()
    assert User.get_by_id(user.id).name != "halb"


def test_two_servers_make_one(company: Company, database_url: str, tmp_path: Path, database: Database) -> None:
    with serving(database_url, tmp_path / "data", count=2) as servers:
        one = Person(servers[0].port)
        one.sign_in("market_specialist")
        # The same browser at the other process: cookies do not know ports.
        other = Person(servers[1].port, dict(one.cookies), one.token)
        for n in range(6):
            form = {**TYPED, "code": f"LP-{n}", "once": token_in(one.get(NEW).text)}
            answers = at_once(*(partial(person.send, NEW, form) for person in (one, other, one, other)))
            assert [answer.status for answer in answers] == [303] * 4, answers
            assert len({answer.location for answer in answers}) == 1
            assert items() == n + 1
