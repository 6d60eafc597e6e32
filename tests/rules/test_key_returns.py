"""The rules of keys that come back, late, damaged or not at all."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from backoffice.outcomes import Declined, Done, Forbidden, Missing
from models.params import Param
from tests.company import CHECKED, Company
from tests.rules.key_lines import MINUTE, REGISTER, SECOND, back, issue, key_of, line, page_of
from tests.rules.walks import refused_by, value, wrong

# ---- KEY-03: loss ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("KEY-03")
def test_a_lost_key_is_blocked_at_once_and_fined_after_the_confirmation(company: Company) -> None:
    record = company.line_in("lost", "viewing")
    assert (key_of(record), line(record).fine_lost) == ("lost", None)
    company.done("sales_manager", REGISTER, record, "confirm_loss", {"reason": "属实"})
    page = page_of(company, record)
    assert (value(page, "fine_lost"), value(page, "compensation")) == ("50.00", "800.00")
    assert value(page, "loss_confirmed") is None
    assert page.select_one('.signatures li[data-field="loss_confirmed"][data-value]') is not None


def test_a_lost_key_is_neither_asked_for_nor_issued_again(company: Company) -> None:
    key = company.key()
    waiting = company.line("viewing", key=key)
    company.line_in("lost", "viewing", key=key)
    refused_by(issue(company, waiting), "KEY-15")
    inputs = company.line_inputs("viewing", key=key)
    wrong(company.do("custodian_5s", REGISTER, None, "create", inputs), "key", "KEY-15")


def test_a_loss_is_confirmed_once_by_the_holders_manager(company: Company) -> None:
    record = company.line_in("lost", "viewing")
    for who in ("custodian_5s", "group_leader", "sales_consultant", "finance"):
        assert isinstance(company.do(who, REGISTER, record, "confirm_loss"), Forbidden)
    assert isinstance(company.do("dept_head_business", REGISTER, record, "confirm_loss"), Missing)
    company.done("dept_head", REGISTER, record, "confirm_loss", {"compensation": "650"})
    assert line(record).compensation == Decimal("650.00")
    assert isinstance(company.do("sales_manager", REGISTER, record, "confirm_loss"), Declined)


@pytest.mark.parametrize("typed", [{"lost_at": ""}, {"compensation": ""}, {"compensation": "-1"}, {"reason": ""}])
def test_a_loss_needs_its_time_its_compensation_and_the_fact(company: Company, typed: dict[str, str]) -> None:
    record = company.line_in("issued", "viewing")
    whole = {"lost_at": company.now, "compensation": "0", "reason": "丢失"}
    wrong(company.do("custodian_5s", REGISTER, record, "lost", {**whole, **typed}), next(iter(typed)))
    assert (line(record).state, key_of(record)) == ("issued", "out")


@pytest.mark.rule("KEY-03")
@pytest.mark.parametrize("shift", [-MINUTE, MINUTE])
def test_a_loss_lies_between_the_issue_and_now(company: Company, shift: dt.timedelta) -> None:
    record = company.line_in("issued", "viewing")
    typed = {"lost_at": company.now + shift, "compensation": "0", "reason": "丢失"}
    wrong(company.do("custodian_5s", REGISTER, record, "lost", typed), "lost_at", "KEY-03")


# ---- KEY-04: late ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("KEY-04")
@pytest.mark.parametrize(
    ("held", "late", "fine"),
    [
        pytest.param(295, False, "0.00", id="4:55"),
        pytest.param(299, False, "0.00", id="4:59"),
        pytest.param(300, False, "0.00", id="five minutes exactly"),
        pytest.param(301, True, "10.00", id="5:01"),
        pytest.param(3600, True, "10.00", id="an hour is fined like a minute"),
        pytest.param(0, False, "0.00", id="at the end itself"),
    ],
)
def test_late_means_more_than_three_hundred_seconds(company: Company, held: int, late: bool, fine: str) -> None:
    record = company.line_in("issued")
    ended = company.now + 40 * MINUTE
    company.done("custodian_5s", REGISTER, record, "drive_ended", {"drive_ended_at": ended}, now=ended)
    assert isinstance(back(company, record, ended + held * SECOND), Done)
    page = page_of(company, record)
    assert value(page, "held_after_end") == str(held)
    assert value(page, "late") == ("true" if late else "false")
    assert value(page, "fine_late") == fine


def test_below_the_second_nothing_counts(company: Company) -> None:
    record = company.line_in("drive_ended")
    at = company.now + 35 * MINUTE + dt.timedelta(microseconds=999_999)
    assert isinstance(back(company, record, at), Done)
    assert (line(record).held_after_end, line(record).late) == (300, False)
    assert line(record).returned_at == company.now + 35 * MINUTE


@pytest.mark.rule("KEY-04")
def test_the_fine_is_that_of_the_day_of_the_return(company: Company) -> None:
    day = company.now.date()
    for name, figure, first in (
        ("fine.key_late", "15", day),
        ("fine.key_late", "99", day + dt.timedelta(days=1)),
        ("key.return_grace_minutes", "10", day),
    ):
        Param.create(name=name, value=figure, unit="", valid_from=first, set_at=company.now)
    record = company.line_in("drive_ended")
    typed = {"returned_at": company.now + 40 * MINUTE + SECOND, "backdate_reason": "当时停电"}
    assert isinstance(back(company, record, company.now + dt.timedelta(days=1), typed), Done)
    assert (line(record).held_after_end, line(record).fine_late) == (601, Decimal("15.00"))


@pytest.mark.rule("KEY-04")
def test_midnight_does_not_matter(company: Company) -> None:
    """23:58 to 00:04 of the next day in the company's time zone is six minutes."""
    record = company.line_in("issued")
    ended = dt.datetime(2026, 3, 4, 15, 58, tzinfo=dt.UTC)
    company.done("sales_consultant", REGISTER, record, "drive_ended", {"drive_ended_at": "2026-03-04 23:58"}, now=ended)
    assert isinstance(back(company, record, dt.datetime(2026, 3, 4, 16, 4, tzinfo=dt.UTC)), Done)
    found = line(record)
    assert (found.held_after_end, found.late, found.fine_late) == (360, True, Decimal("10.00"))


@pytest.mark.rule("KEY-04")
def test_without_an_end_the_line_is_incomplete_and_not_zero(company: Company) -> None:
    record = company.line_in("issued")
    assert isinstance(back(company, record, company.now + 60 * MINUTE), Done)
    page = page_of(company, record)
    assert [value(page, name) for name in ("held_after_end", "late", "fine_late")] == ["", "", ""]
    assert value(page, "incomplete") == "true"
    assert "不完整" in page.select_one(".title").get_text()


def test_the_end_may_be_told_at_closing(company: Company) -> None:
    record = company.line_in("issued")
    back(company, record, company.now + 60 * MINUTE)
    typed = {"drive_ended_at": company.now + 50 * MINUTE, **company.papers("confirmation_file", "survey_file")}
    company.done("custodian_5s", REGISTER, record, "closed", typed, now=company.now + 90 * MINUTE)
    found = line(record)
    assert (found.held_after_end, found.late, found.incomplete) == (600, True, False)


def test_only_a_test_drive_has_an_end(company: Company) -> None:
    record = company.line_in("issued", "viewing")
    typed = {"drive_ended_at": company.now + MINUTE}
    assert isinstance(company.do("custodian_5s", REGISTER, record, "drive_ended", typed), Declined)
    assert isinstance(back(company, record, company.now + 90 * MINUTE, typed), Done)
    assert (line(record).drive_ended_at, line(record).incomplete, line(record).late) == (None, False, None)


# ---- KEY-11, KEY-14: the car check ----------------------------------------------------------------------------------------


@pytest.mark.rule("KEY-11")
@pytest.mark.parametrize(
    ("typed", "payer"),
    [
        ({"check_windows": "bad"}, "group_leader"),
        ({"check_doors": "bad"}, "group_leader"),
        ({"check_windows": "bad", "check_doors": "bad", "responsible": "sales_consultant"}, "sales_consultant"),
    ],
    ids=["windows, nobody found", "doors, nobody found", "both, somebody found"],
)
def test_an_open_window_costs_one_fine(company: Company, typed: dict[str, Any], payer: str) -> None:
    record = company.line_in("issued", "viewing")
    if "responsible" in typed:
        typed = {**typed, "responsible": company.users[typed["responsible"]].id}
    assert isinstance(back(company, record, company.now, typed), Done)
    found = line(record)
    assert found.fine_window == Decimal("20.00")
    assert found.window_payer is not None
    assert found.window_payer.username == payer


def test_windows_cost_nothing_after_other_uses_and_when_shut(company: Company) -> None:
    cleaned, viewed = company.line_in("issued", "cleaning"), company.line_in("issued", "viewing")
    back(company, cleaned, company.now, {"check_windows": "bad"})
    back(company, viewed, company.now)
    assert [line(record).fine_window for record in (cleaned, viewed)] == [None, None]


@pytest.mark.rule("KEY-14")
@pytest.mark.parametrize("part", ["check_body", "check_interior"])
def test_damage_is_described(company: Company, part: str) -> None:
    record = company.line_in("issued", "viewing")
    wrong(back(company, record, company.now, {part: "bad"}), "damage", "KEY-14")
    assert (line(record).state, key_of(record)) == ("issued", "out")


@pytest.mark.rule("KEY-14")
@pytest.mark.parametrize(
    ("purpose", "named", "bearer", "share"),
    [("viewing", False, "group", 100), ("viewing", True, "person", 100), ("transfer", False, "group", 50)],
)
def test_damage_falls_to_the_group_when_nobody_is_named(
    company: Company, purpose: str, named: bool, bearer: str, share: int
) -> None:
    record = company.line_in("issued", purpose)
    typed: dict[str, Any] = {"check_body": "bad", "damage": "右前门刮擦"}
    if named:
        typed["responsible"] = company.users["sales_consultant"].id
    back(company, record, company.now, typed)
    found = line(record)
    assert (found.damage_borne_by, found.damage_share) == (bearer, Decimal(share))
    assert found.group.code == "1"


@pytest.mark.parametrize("missing", sorted(CHECKED))
def test_the_car_is_checked(company: Company, missing: str) -> None:
    record = company.line_in("issued", "viewing")
    wrong(back(company, record, company.now, {missing: ""}), missing)


# ---- TDR-02: the end of the drive --------------------------------------------------------------------------------------


@pytest.mark.rule("TDR-02")
@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (-1, 10, "drive_started_at"),
        (10, 9, "drive_ended_at"),
        (None, -1, "drive_ended_at"),
        (0, 31, "drive_ended_at"),
        (31, None, "drive_started_at"),
    ],
    ids=[
        "before the issue",
        "end before start",
        "end before the issue",
        "end after the return",
        "start after the return",
    ],
)
def test_the_drive_lies_between_issue_and_return(
    company: Company, start: int | None, end: int | None, field: str
) -> None:
    record = company.line_in("issued")
    given = {"drive_started_at": start, "drive_ended_at": end}
    typed = {name: company.now + minutes * MINUTE for name, minutes in given.items() if minutes is not None}
    wrong(back(company, record, company.now + 30 * MINUTE, typed), field, "TDR-02")


@pytest.mark.rule("TDR-02")
def test_a_drive_does_not_end_in_the_future(company: Company) -> None:
    record = company.line_in("issued")
    typed = {"drive_ended_at": company.now + 2 * MINUTE}
    outcome = company.do("sales_consultant", REGISTER, record, "drive_ended", typed, now=company.now + MINUTE)
    wrong(outcome, "drive_ended_at", "TDR-02")
    wrong(company.do("sales_consultant", REGISTER, record, "drive_ended", {}), "drive_ended_at")
