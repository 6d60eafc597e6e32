"""Refusals are in the history with person, place and rule; a loop of them is counted, not stored."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from backoffice import clock, proof
from backoffice.refusals import BURST, EVERY, Allowance
from models.evidence import AuditEvent
from tests.company import Company

NOW = dt.datetime(2026, 3, 4, 2, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def fresh(company: Company) -> None:
    """The application is shared with other tests; its allowance is not."""
    company.app.extensions["backoffice_refusals"].__init__()


def told() -> list[tuple[str, str, dict[str, Any]]]:
    query = AuditEvent.select().where(AuditEvent.register == "refusal").order_by(AuditEvent.id)
    return [(event.action, event.actor_name, json.loads(event.detail)) for event in query]


def test_a_forbidden_page_leaves_an_entry(company: Company) -> None:
    with clock.set_to(NOW):
        company.browser("salesperson").page("/admin/gift_item/new/", 403)
    assert told() == [
        (
            "refusal:403",
            company.users["salesperson"].name,
            {"status": 403, "method": "GET", "path": "/admin/gift_item/new/"},
        )
    ]
    assert list(proof.faults()) == []


def test_a_refused_act_leaves_an_entry_with_its_rule(company: Company) -> None:
    item = company.gift_item(stock=1)
    gift = company.gift_in("approved", gift=item, quantity=3)
    with clock.set_to(NOW):
        mine = company.browser("market_specialist")
        path = f"/admin/gift_signoff/transition/issued/?id={gift}"
        assert mine.send(path, {}).status_code == 409
    (entry,) = told()
    assert entry[0] == "refusal:409"
    assert entry[2] | {"path": ""} == {
        "status": 409,
        "method": "POST",
        "path": "",
        "id": str(gift),
        "act": "issued",
        "rules": ["GIFT-13"],
    }


def test_rows_refused_among_several_leave_one_entry(company: Company) -> None:
    gifts = [company.gift_in("draft"), company.gift_in("submitted")]
    with clock.set_to(NOW):
        answer = company.browser("salesperson").send(
            "/admin/gift_signoff/action/", {"action": "submitted", "rowid": [str(gift) for gift in gifts]}
        )
    assert answer.status_code == 303
    (entry,) = told()
    assert (entry[0], entry[2]["act"]) == ("refusal:303", "submitted")


def test_what_is_missing_or_mistyped_is_no_refusal(company: Company) -> None:
    with clock.set_to(NOW):
        mine = company.browser("salesperson")
        mine.page("/admin/gift_signoff/details/?id=999", 404)
        assert mine.send("/admin/gift_signoff/new/", {}).status_code == 422
        assert mine.get("/admin/gift_signoff/?sort=nonsense").status_code == 400
    assert told() == []


def test_a_loop_of_refusals_is_counted_and_not_stored(company: Company) -> None:
    with clock.set_to(NOW):
        mine = company.browser("salesperson")
        for _ in range(BURST + 25):
            assert mine.get("/admin/gift_item/new/").status_code == 403
        assert len(told()) == BURST
        assert company.browser("salesperson_2").get("/admin/gift_item/new/").status_code == 403
    assert len(told()) == BURST + 1  # Somebody else's is not drowned.
    with clock.set_to(NOW + EVERY):
        mine = company.browser("salesperson")
        assert mine.get("/admin/gift_item/new/").status_code == 403
        assert mine.get("/admin/gift_item/new/").status_code == 403
    assert len(told()) == BURST + 2
    assert told()[-1][2]["left_out"] == 25


def test_an_allowance_grows_back_and_never_beyond_its_size() -> None:
    allowance = Allowance()
    assert [allowance.take(1, NOW) for _ in range(BURST)] == [0] * BURST
    assert allowance.take(1, NOW) is None
    assert allowance.take(2, NOW) == 0
    assert allowance.take(1, NOW + EVERY / 2) is None
    assert allowance.take(1, NOW + EVERY) == 2
    later = NOW + EVERY * 10_000
    assert [allowance.take(1, later) for _ in range(BURST + 1)] == [0] * BURST + [None]
