"""The one write path: who may, what is typed, versions, signatures, and nothing half written."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from bs4 import BeautifulSoup
from peewee import Database

from backoffice.outcomes import Declined, Forbidden, Invalid, Missing, Stale
from backoffice.texts import read
from models.evidence import AuditEvent, AuditHead, Series, Step, StoredFile
from models.registers.gift_item import GiftItem, GiftMovement
from models.registers.gift_signoff import GiftSignoff
from tests.company import Company
from tests.sample import Sample, details, differences, inputs

LOAN = "tool_loan"


def everything(sample: Sample) -> dict[str, Any]:
    """All that an act could have written."""
    tables = (sample.model, sample.line, Series, Step, AuditEvent, AuditHead, GiftItem, GiftMovement, StoredFile)
    return {model.__name__: list(model.select().order_by(model.id).dicts()) for model in tables}


def standing(record: int) -> set[str]:
    """The slots in which a signature stands."""
    query = Step.select().where((Step.register == LOAN) & (Step.record_id == record) & Step.cancelled_at.is_null())
    return {step.slot for step in query if step.slot}


def checked_twice(sample: Sample) -> int:
    """A loan with two signatures, the second one minute after the first."""
    record = sample.create()
    sample.company.done("archivist", LOAN, record, "checked")
    later = sample.company.now + dt.timedelta(minutes=1)
    sample.company.done("market_specialist", LOAN, record, "seconded", now=later)
    return record


# ---- what is done ------------------------------------------------------------------------------------------------------


def test_a_creation_fills_what_the_system_knows(sample: Sample) -> None:
    made = sample.company.done("salesperson", LOAN, None, "create", inputs(urgent="是", deposit="¥1,200"))
    row = sample.model.get_by_id(made.id)
    me = sample.company.users["salesperson"]
    assert (made.number, made.state, made.version) == ("GJ-2026-0001", "open", 1)
    assert (row.owner_id, row.created_by_id, row.department_id, row.maker_department_id) == (
        me.id,
        me.id,
        me.department_id,
        me.department_id,
    )
    assert (row.created_at, row.updated_at) == (sample.company.now, sample.company.now)
    assert (str(row.deposit), row.urgent, str(row.total)) == ("1200.00", True, "65.00")
    lines = list(sample.line.select().order_by(sample.line.position))
    assert [(line.tool, line.pieces, str(line.amount)) for line in lines] == [("锤子", 2, "25.00"), ("锯", 1, "40.00")]


def test_an_update_changes_what_was_typed_and_counts_the_version(sample: Sample) -> None:
    record = sample.create()
    later = sample.company.now + dt.timedelta(hours=1)
    outcome = sample.company.done("sales_manager", LOAN, record, "update", {"title": "拆台"}, 1, now=later)
    row = sample.model.get_by_id(record)
    assert (outcome.version, row.version, row.title, row.kind) == (2, 2, "拆台", "hand")
    assert (row.updated_by.username, row.updated_at) == ("sales_manager", later)
    assert sample.line.select().count() == 2, "lines that were not typed stay"


def test_an_act_moves_the_state_and_leaves_its_step(sample: Sample) -> None:
    record = sample.create()
    outcome = sample.company.done("archivist", LOAN, record, "checked", {}, 1)
    step = Step.get(Step.record_id == record)
    assert (outcome.state, outcome.version) == ("checked", 2)
    assert (step.act, step.slot, step.source, step.target, step.actor.username, step.role, step.version) == (
        "checked",
        "check_sign",
        "open",
        "checked",
        "archivist",
        "archivist",
        2,
    )


def test_an_act_takes_what_it_asks_for(sample: Sample) -> None:
    record = sample.create()
    sample.company.done("archivist", LOAN, record, "checked")
    sample.company.done("sales_manager", LOAN, record, "agreed", {"reason": "同意"})
    sample.company.done("salesperson", LOAN, record, "back", {"boxes": "２", "lines": [{"back": "1"}, {"back": ""}]})
    assert sample.model.get_by_id(record).handed_over == 2
    assert [line.back for line in sample.line.select().order_by(sample.line.id)] == [1, 0]
    assert Step.get(Step.act == "agreed").opinion == "同意"


@pytest.mark.parametrize(
    ("typed", "field", "rule"),
    [
        ({"title": ""}, "title", ""),
        ({"title": "x" * 61}, "title", ""),
        ({"kind": "other"}, "kind", ""),
        ({"kind": "power"}, "needed_on", ""),
        ({"deposit": "0"}, "deposit", ""),
        ({"deposit": "1.005"}, "deposit", ""),
        ({"customer": "99999"}, "customer", ""),
        ({"proof": "99999"}, "proof", ""),
        ({"attachments": ["99999"]}, "attachments", ""),
        ({"attachments": ["x"]}, "attachments", ""),
        ({"lines": "abc"}, "lines", ""),
        ({"lines": [{"tool": "锤子", "pieces": "0"}]}, "lines-0-pieces", ""),
        ({"lines": [{"tool": "", "pieces": "1"}]}, "lines-0-tool", ""),
        ({"lines": [{"tool": "锤子", "pieces": "10"}]}, "lines-0-pieces", "GIFT-09"),
        ({"lines": [{"id": "777", "tool": "锤子", "pieces": "1"}]}, "lines-0-id", ""),
        ({"lines": [{"tool": "锤子"}] * 51}, "lines", ""),
    ],
)
def test_a_wrong_value_is_told_at_its_field_and_writes_nothing(
    sample: Sample, typed: dict[str, Any], field: str, rule: str
) -> None:
    before = everything(sample)
    outcome = sample.company.do("salesperson", LOAN, None, "create", inputs(**typed))
    assert isinstance(outcome, Invalid), outcome
    assert list(outcome.errors) == [field]
    assert (outcome.errors[field][0].rule, bool(read(outcome.errors[field][0].text))) == (rule, True)
    assert everything(sample) == before


def test_every_wrong_value_is_told_at_once(sample: Sample) -> None:
    outcome = sample.company.do("salesperson", LOAN, None, "create", inputs(title="", deposit="x", weight="-1"))
    assert isinstance(outcome, Invalid)
    assert set(outcome.errors) >= {"deposit", "weight"}


def test_an_act_asks_for_its_reason_and_its_values(sample: Sample) -> None:
    record = sample.create()
    sample.company.done("archivist", LOAN, record, "checked")
    outcome = sample.company.do("sales_manager", LOAN, record, "agreed", {"reason": "  "})
    assert isinstance(outcome, Invalid)
    assert list(outcome.errors) == ["reason"]
    sample.company.done("sales_manager", LOAN, record, "agreed", {"reason": "同意"})
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "boxes"),
        ({"boxes": "0"}, "boxes"),
        ({"boxes": "1", "lines": [{"back": "3"}]}, "lines-0-back"),
    ]
    for typed, field in wrong:
        outcome = sample.company.do("salesperson", LOAN, record, "back", typed)
        assert isinstance(outcome, Invalid), outcome
        assert list(outcome.errors) == [field]
    assert sample.model.get_by_id(record).state == "agreed"


def test_a_value_taken_by_another_record_is_told_at_its_field(sample: Sample) -> None:
    sample.create(badge="B-1")
    before = everything(sample)
    outcome = sample.company.do("salesperson_2", LOAN, None, "create", inputs(badge="B-1"))
    assert isinstance(outcome, Invalid), outcome
    assert list(outcome.errors) == ["badge"]
    assert everything(sample) == before
    assert sample.company.done("salesperson_2", LOAN, None, "create", inputs(badge="B-2")).number == "GJ-2026-0002"


# ---- who may -----------------------------------------------------------------------------------------------------------


def test_the_order_of_answers_is_role_row_version_state(sample: Sample) -> None:
    record = sample.create()
    sample.company.done("salesperson", LOAN, record, "update", {"title": "拆台"})
    do = sample.company.do
    # The role has nothing here, or never this verb: 403, whatever the row.
    for username, act in [("hr", "update"), ("finance", "update"), ("archivist", "create"), ("salesperson", "agreed")]:
        for row in (record, 4711):
            assert do(username, LOAN, None if act == "create" else row, act, {}, 1) == Forbidden(), (username, act)
    # Out of scope and not there read alike, before the version is looked at.
    unseen: list[tuple[str, int | None]] = [
        ("salesperson_2", record),
        ("salesperson", 4711),
        ("salesperson", 2**40),
        ("salesperson", None),
    ]
    for username, missing in unseen:
        for act in ("update", "back"):
            assert do(username, LOAN, missing, act, {}, 1) == Missing(), (username, missing, act)
    assert do("salesperson", LOAN, record, "nonsense") == Missing()
    # An old version is told before the state is judged.
    assert isinstance(do("sales_manager", LOAN, record, "agreed", {"reason": "同意"}, 1), Stale)
    assert isinstance(do("sales_manager", LOAN, record, "agreed", {"reason": "同意"}, 2), Declined)
    # The state is judged before what is typed.
    assert isinstance(do("sales_manager", LOAN, record, "agreed", {}, 2), Declined)


def test_nothing_is_edited_after_its_last_state(sample: Sample) -> None:
    record = sample.create()
    sample.company.done("archivist", LOAN, record, "checked")
    sample.company.done("sales_manager", LOAN, record, "agreed", {"reason": "同意"})
    assert isinstance(sample.company.do("salesperson", LOAN, record, "update", {"title": "x"}), Declined)
    assert sample.model.get_by_id(record).title == "展台搭建"


@pytest.mark.parametrize(
    ("username", "typed"),
    [
        ("archivist", {"phone": "13700000000"}),
        ("archivist", {"notes": "x"}),
        ("salesperson", {"state": "agreed", "number": "GJ-2026-9999", "owner": "1", "total": "1", "handed_over": "7"}),
        ("salesperson", {"id": "99", "version": "7", "created_by": "1", "department": "1", "department_id": "1"}),
        ("salesperson", {"nonsense": "x", "record": "3", "__class__": "x", "save": "x", "_meta": "x"}),
        ("salesperson", {"lines": [{"amount": "1", "back": "1", "record": "9", "position": "5", "pieces": "2"}, {"tool": "锯"}]}),
    ],
)  # fmt: skip
def test_inputs_that_may_not_be_typed_are_as_if_absent(sample: Sample, username: str, typed: dict[str, Any]) -> None:
    record = sample.create()
    before = everything(sample)
    assert sample.company.done(username, LOAN, record, "update", typed, 1).version == 1
    assert everything(sample) == before


def test_a_person_may_type_what_his_role_is_named_for(sample: Sample) -> None:
    record = sample.create()
    sample.company.done("sales_manager", LOAN, record, "update", {"notes": "x", "phone": "13700000000"})
    row = sample.model.get_by_id(record)
    assert (row.notes, row.phone) == ("x", "13700000000")


# ---- lines -------------------------------------------------------------------------------------------------------------


def tools(sample: Sample) -> list[tuple[str, int]]:
    return [(line.tool, line.pieces) for line in sample.line.select().order_by(sample.line.position, sample.line.id)]


def test_a_line_removed_and_one_added_in_one_save(sample: Sample) -> None:
    """As the page sends it after its first line was taken away: the row of the other line, and a row without an id."""
    record = sample.create()
    first, second = [line.id for line in sample.line.select().order_by(sample.line.id)]
    mine = sample.company.browser("salesperson")
    typed = {"version": "1", "lines-1-id": second, "lines-1-tool": "锯", "lines-1-pieces": "1", "lines-1-price": "40"}
    added = {"lines-2-tool": "梯子", "lines-2-pieces": "3"}
    assert mine.send(f"/admin/tool_loan/edit/?id={record}", {**typed, **added}).status_code == 303
    assert tools(sample) == [("锯", 1), ("梯子", 3)]
    assert sample.line.get_by_id(second).tool == "锯"
    assert differences(sample) == []
    assert first != second


def test_the_last_line_replaced_in_one_save(sample: Sample) -> None:
    record = sample.create()
    first, second = [line.id for line in sample.line.select().order_by(sample.line.id)]
    rows = [{"id": first}, {"id": second, "delete": "1"}, {"tool": "梯子", "pieces": "3"}]
    sample.company.done("salesperson", LOAN, record, "update", {"lines": [{**rows[0], "tool": "锤子"}, *rows[1:]]})
    assert tools(sample) == [("锤子", 2), ("梯子", 3)]
    assert differences(sample) == []


def test_lines_without_ids_go_by_their_place(sample: Sample) -> None:
    record = sample.create()
    before = [line.id for line in sample.line.select().order_by(sample.line.id)]
    sample.company.done(
        "salesperson", LOAN, record, "update", {"lines": [{"pieces": "5"}, {"pieces": "6"}, {"tool": "钻"}]}
    )
    assert tools(sample) == [("锤子", 5), ("锯", 6), ("钻", 1)]
    assert [line.id for line in sample.line.select().order_by(sample.line.id)][:2] == before
    sample.company.done("salesperson", LOAN, record, "update", {"lines": [{"delete": "1"}, {"pieces": "7"}]})
    assert tools(sample) == [("锯", 7)]


@pytest.mark.parametrize("given", ["twice", "another record", "unknown", "no number"])
def test_a_row_that_means_no_line_of_this_record_is_refused(sample: Sample, given: str) -> None:
    record, other = sample.create(), sample.create()
    mine = sample.line.get(sample.line.record == record).id
    theirs = sample.line.get(sample.line.record == other).id
    meant = {"twice": [mine, mine], "another record": [theirs], "unknown": [9999], "no number": ["x"]}[given]
    before = everything(sample)
    typed = {"lines": [{"id": one, "tool": "钻", "pieces": "1"} for one in meant]}
    outcome = sample.company.do("salesperson", LOAN, record, "update", typed)
    assert isinstance(outcome, Invalid), outcome
    assert list(outcome.errors) == [f"lines-{len(meant) - 1}-id"]
    assert everything(sample) == before


# ---- versions ----------------------------------------------------------------------------------------------------------


def test_the_second_of_two_editors_is_told_who_when_and_what(sample: Sample) -> None:
    record = sample.create()
    later = sample.company.now + dt.timedelta(minutes=5)
    theirs = {"title": "拆台", "phone": "13700000000"}
    sample.company.done("sales_manager", LOAN, record, "update", theirs, 1, now=later)
    before = everything(sample)
    told = {}
    for username in ("salesperson", "archivist"):
        stale = sample.company.do(username, LOAN, record, "update", {"title": "我的"}, 1)
        assert isinstance(stale, Stale), stale
        assert (stale.version, stale.by, stale.at) == (
            2,
            sample.company.users["sales_manager"].name,
            "2026-03-04 10:05:00",
        )
        told[username] = {change.path: (change.old, change.new) for change in stale.changes}
    assert told["salesperson"] == {"title": ("展台搭建", "拆台"), "phone": ("13900001111", "13700000000")}
    assert told["archivist"] == {"title": ("展台搭建", "拆台")}, "a masked field is not told"
    assert everything(sample) == before


def test_what_happened_over_several_versions_is_told_as_one(sample: Sample) -> None:
    record = sample.create()
    for title in ("二", "三"):
        sample.company.done("sales_manager", LOAN, record, "update", {"title": title})
    sample.company.done("archivist", LOAN, record, "checked")
    stale = sample.company.do("salesperson", LOAN, record, "update", {"title": "我的"}, 1)
    assert isinstance(stale, Stale)
    assert {change.path: (change.old, change.new) for change in stale.changes} == {
        "title": ("展台搭建", "三"),
        "state": ("open", "checked"),
    }
    assert stale.by == sample.company.users["archivist"].name


def test_the_stale_page_keeps_the_typed_text_and_brings_the_new_version(sample: Sample) -> None:
    record = sample.create()
    mine = sample.company.browser("salesperson")
    form = mine.page(f"/admin/tool_loan/edit/?id={record}")
    assert form.select_one("input[name=version]")["value"] == "1"
    sample.company.done("sales_manager", LOAN, record, "update", {"title": "拆台"}, 1)
    typed = {"title": "我的标题", "notes": "长长的说明", "lines-0-tool": "电钻", "lines-0-pieces": "3", "version": "1"}
    answer = mine.send(f"/admin/tool_loan/edit/?id={record}", typed)
    page = BeautifulSoup(answer.text, "html.parser")
    assert answer.status_code == 409
    notice = page.select_one("[data-outcome=stale]")
    assert notice is not None
    assert sample.company.users["sales_manager"].name in notice.text
    assert page.select_one("input[name=version]")["value"] == "2"
    assert page.select_one("input[name=title]")["value"] == "我的标题"
    assert page.select_one("textarea[name=notes]").text.strip() == "长长的说明"
    assert page.select_one("input[name=lines-0-tool]")["value"] == "电钻"
    assert "拆台" in page.text, "theirs stands beside mine"
    assert sample.model.get_by_id(record).title == "拆台"
    again = mine.send(f"/admin/tool_loan/edit/?id={record}", {"title": "我的标题", "version": "2"})
    assert again.status_code == 303
    assert sample.model.get_by_id(record).title == "我的标题"


def test_a_field_left_alone_takes_theirs_after_a_stale_save(sample: Sample) -> None:
    """Saving the stale page again must not undo what somebody else did to a field that was not touched here."""
    record = sample.create()
    before = sample.model.get_by_id(record).title
    sample.company.done("sales_manager", LOAN, record, "update", {"title": "拆台"}, 1)
    mine = sample.company.browser("salesperson")
    answer = mine.send(f"/admin/tool_loan/edit/?id={record}", {"title": before, "notes": "我的说明", "version": "1"})
    page = BeautifulSoup(answer.text, "html.parser")
    assert answer.status_code == 409
    assert page.select_one("input[name=title]")["value"] == "拆台"
    assert page.select_one("textarea[name=notes]").text.strip() == "我的说明"


def test_a_save_without_a_change_writes_nothing(sample: Sample) -> None:
    record = sample.create(deposit="1200", starts_at="2026-03-05 08:30", weight="12.5")
    before = everything(sample)
    later = sample.company.now + dt.timedelta(days=1)
    same = inputs(deposit="1,200.00", starts_at="2026-03-05T08:30:00", weight="12.500")
    outcome = sample.company.done("salesperson", LOAN, record, "update", same, 1, now=later)
    assert outcome.version == 1
    assert everything(sample) == before


# ---- signatures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ({"notes": "x"}, {"check_sign", "second_sign"}),
        ({"title": "展台搭建"}, {"check_sign", "second_sign"}),
        ({"title": "拆台"}, set()),
        ({"deposit": "5"}, set()),
        ({"lines": [{"pieces": "3"}, {"pieces": "1"}]}, set()),
        ({"lines": [{"tool": "锤子", "pieces": "2"}]}, set()),
    ],
    ids=["unsigned", "unchanged", "signed", "figure", "line changed", "line removed"],
)
def test_a_change_of_a_signed_field_cancels_that_signature_and_later_ones(
    sample: Sample, typed: dict[str, Any], left: set[str]
) -> None:
    record = checked_twice(sample)
    sample.company.done("salesperson", LOAN, record, "update", typed)
    assert standing(record) == left
    told = details(LOAN, record)[-1].get("cancelled", [])
    assert set(told) == {"check_sign", "second_sign"} - left


def test_a_return_cancels_every_signature_and_keeps_the_steps(sample: Sample) -> None:
    record = checked_twice(sample)
    sample.company.done("sales_manager", LOAN, record, "return_for_correction", {"reason": "数量不对"})
    assert standing(record) == set()
    cancelled = [step for step in Step.select().where(Step.record_id == record) if step.cancelled_at is not None]
    assert {step.cancelled_why for step in cancelled} == {"return_for_correction"}
    assert len(cancelled) == 2
    assert sample.model.get_by_id(record).state == "open"
    sample.company.done("archivist", LOAN, record, "checked")
    assert standing(record) == {"check_sign"}


def test_a_gift_returned_for_correction_is_signed_anew(company: Company) -> None:
    record = company.gift_in("specialist_signed")
    company.done("sales_manager", "gift_signoff", record, "return_for_correction", {"reason": "数量"})
    company.done("salesperson", "gift_signoff", record, "update", {"lines": [{"quantity": "2"}]})
    company.done("salesperson", "gift_signoff", record, "submitted")
    outcome = company.do("sales_manager", "gift_signoff", record, "approved", {"reason": "同意"})
    assert isinstance(outcome, Declined)
    assert outcome.rule == "GIFT-02"


# ---- nothing half written ----------------------------------------------------------------------------------------------


def test_a_computation_that_breaks_leaves_nothing(sample: Sample) -> None:
    before = everything(sample)
    with pytest.raises(RuntimeError, match="broke"):
        sample.company.do("salesperson", LOAN, None, "create", inputs(title="fail"))
    assert everything(sample) == before
    record = sample.create()
    before = everything(sample)
    with pytest.raises(RuntimeError, match="broke"):
        sample.company.do("salesperson", LOAN, record, "update", {"title": "fail", "lines": []})
    assert everything(sample) == before
    assert sample.company.done("salesperson", LOAN, None, "create", inputs()).number == "GJ-2026-0002"


def test_a_refusal_after_the_number_was_drawn_gives_it_back(sample: Sample) -> None:
    company = sample.company
    item = company.gift_item(stock=1)
    kept = company.upload("salesperson", LOAN, "proof")
    added = company.upload("salesperson", LOAN, "attachments")
    before = everything(sample)
    late = inputs(title="reserve", gift=item, proof=kept, attachments=[added])
    GiftItem.update(quantity_in_hand=0).execute()
    outcome = company.do("salesperson", LOAN, None, "create", late)
    assert isinstance(outcome, Declined), outcome
    GiftItem.update(quantity_in_hand=1).execute()
    assert everything(sample) == before, "no number, line, stock, file or entry"
    done = company.done("salesperson", LOAN, None, "create", late)
    assert done.number == "GJ-2026-0001"
    assert {row.record_id for row in StoredFile.select()} == {done.id}
    assert GiftItem.get_by_id(item).quantity_in_hand == 0


def test_a_late_refusal_of_an_update_leaves_the_lines(sample: Sample) -> None:
    item = sample.company.gift_item(stock=0)
    record = sample.create(gift=item)
    before = everything(sample)
    late = {"title": "reserve", "lines": [{"tool": "新", "pieces": "1"}]}
    assert isinstance(sample.company.do("salesperson", LOAN, record, "update", late), Declined)
    assert everything(sample) == before


def test_a_file_belongs_to_one_record(sample: Sample) -> None:
    file = sample.company.upload("salesperson", LOAN, "proof")
    record = sample.create(proof=file)
    assert sample.model.get_by_id(record).proof_id == file
    assert StoredFile.get_by_id(file).record_id == record
    for username, field in [("salesperson", "proof"), ("salesperson", "attachments"), ("salesperson_2", "proof")]:
        typed = inputs(**{field: [file] if field == "attachments" else file})
        outcome = sample.company.do(username, LOAN, None, "create", typed)
        assert isinstance(outcome, Invalid)
        assert list(outcome.errors) == [field]


def test_more_than_is_in_stock_is_not_issued(company: Company) -> None:
    item = company.gift_item(stock=2)
    record = company.gift_in("approved", gift=item, quantity=3)
    entries, steps = AuditEvent.select().count(), Step.select().count()
    outcome = company.do("market_specialist", "gift_signoff", record, "issued")
    assert isinstance(outcome, Declined)
    assert (outcome.rule, bool(outcome.clause)) == ("GIFT-13", True)
    assert (AuditEvent.select().count(), Step.select().count()) == (entries, steps)
    assert GiftItem.get_by_id(item).quantity_in_hand == 2
    row = GiftSignoff.get_by_id(record)
    assert (row.state, row.issued_at) == ("approved", None)
    assert GiftMovement.select().where(GiftMovement.kind == "issued").count() == 0


def test_a_constraint_of_the_database_stands_behind_the_stock(company: Company, database: Database) -> None:
    from peewee import IntegrityError

    item = company.gift_item(stock=1)
    with pytest.raises(IntegrityError), database.atomic():
        GiftItem.update(quantity_in_hand=-1).where(GiftItem.id == item).execute()
