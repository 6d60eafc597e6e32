"""A wrong declaration stops the start with the register, the wrong word and the nearest valid one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from peewee import CharField, ForeignKeyField

from backoffice.app import DeclarationFault, create_app, make_catalogue
from models import REGISTERS
from models.base import Row
from models.records import RecordModel
from models.register import (
    Act,
    Ahead,
    Always,
    Ask,
    Block,
    By,
    Derived,
    Field,
    Grant,
    Lift,
    Link,
    Numbering,
    Register,
    Route,
    Series,
    Slot,
    State,
    Unmask,
    When,
)
from tests.company import SECRET
from tests.sample import written

Change = Callable[[Register], dict[str, Any]]


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    module = written(tmp_path_factory.mktemp("checks"))
    yield module.REGISTER
    del sys.modules[module.__name__]


def field(name: str, **values: Any) -> Change:
    """One declared field with other words."""
    return lambda r: {"fields": tuple(replace(f, **values) if f.name == name else f for f in r.fields)}


def act(name: str, **values: Any) -> Change:
    return lambda r: {"acts": tuple(replace(a, **values) if a.name == name else a for a in r.acts)}


def route(**values: Any) -> Change:
    """The road of the act `agreed` with other words."""
    return act("agreed", routes=(replace(Route(("checked",), (By(role="sales_manager"),)), **values),))


def rule(name: str, **values: Any) -> Change:
    return lambda r: {"rules": tuple(replace(row, **values) if row.id == name else row for row in r.rules)}


def child(**values: Any) -> Change:
    return lambda r: {"children": (replace(r.children[0], **values),)}


def printed(**values: Any) -> Change:
    return lambda r: {"prints": (replace(r.prints[1], **values),)}


def block(**values: Any) -> Change:
    return printed(blocks=(replace(Block("lines", fields=("number", "total")), **values),))


def grant(**values: Any) -> Change:
    made = replace(Grant(frozenset({"read"}), "all"), **values)
    return lambda r: {"access": {**r.access, "finance": (made,)}}


def more(part: str, *things: Any) -> Change:
    return lambda r: {part: (*getattr(r, part), *things)}


def to(**values: Any) -> Change:
    return lambda _: values


@pytest.mark.parametrize(
    ("change", "where", "wrong", "nearest"),
    [
        pytest.param(more("fields", Field("titel", "题", "t")), "fields", "titel", "title", id="column"),
        pytest.param(child(owner="recrod"), "child lines", "recrod", "record", id="owner of a child"),
        pytest.param(
            lambda r: child(fields=(*r.children[0].fields, Field("peices", "件", "p")))(r),
            "child lines", "peices", "pieces", id="column of a child",
        ),
        pytest.param(to(columns=("nmuber",)), "columns", "nmuber", "number", id="list column"),
        pytest.param(to(search=("tilte",)), "search", "tilte", "title", id="search"),
        pytest.param(to(sort=("totl",)), "sort", "totl", "total", id="sort"),
        pytest.param(to(filters=("kidn",)), "filters", "kidn", "kind", id="filter"),
        pytest.param(to(order=("numbr", True)), "order", "numbr", "number", id="order"),
        pytest.param(to(label=("titl",)), "label", "titl", "title", id="label"),
        pytest.param(to(own=("ownr",)), "own", "ownr", "owner", id="own"),
        pytest.param(
            lambda r: {"sections": (replace(r.sections[0], fields=("depositt",)),)},
            "sections", "depositt", "deposit", id="section",
        ),
        pytest.param(to(update_states=("opne",)), "update_states", "opne", "open", id="state to edit in"),
        pytest.param(to(owner_updates=("cheked",)), "owner_updates", "cheked", "checked", id="state of the owner"),
        pytest.param(to(copy_from=("bakc",)), "copy_from", "bakc", "back", id="state to copy from"),
        pytest.param(to(kept_by=("markt",)), "kept_by", "markt", "market", id="department"),
        pytest.param(to(active_field="urgnet"), "active_field", "urgnet", "urgent", id="active field"),
        pytest.param(to(numbering=Numbering("GJ", per="yaer")), "numbering", "yaer", "year", id="period"),
        pytest.param(to(series=(Series("badeg", Numbering("GP")),)), "series badeg", "badeg", "badge", id="series"),
        pytest.param(to(series=(Series("badge", Numbering("GP", per="dya")),)), "series badge: per", "dya", "day", id="its period"),
        pytest.param(to(ahead=(Ahead("kidn", "hand", "agreed"),)), "ahead", "kidn", "kind", id="what stands first"),
        pytest.param(to(ahead=(Ahead("kind", "hnad", "agreed"),)), "ahead: value", "hnad", "hand", id="its value"),
        pytest.param(to(ahead=(Ahead("kind", "hand", "agred"),)), "ahead: act", "agred", "agreed", id="for whom"),
        pytest.param(
            field("kind", derived=(Derived("pwoer", (When("state", ("open",)),)),)), "derived", "pwoer", "power", id="derived"
        ),
        pytest.param(
            field("kind", derived=(Derived("power", before_today="starts"),)), "before_today", "starts", "starts_at", id="moment"
        ),
        pytest.param(field("phone", copy="custmer.phone"), "field phone: copy", "custmer", "customer", id="copied through"),
        pytest.param(field("phone", copy="customer.phon"), "field phone: copy", "phon", "phone", id="copied field"),
        pytest.param(field("gift", roles=("salesprson",)), "field gift: roles", "salesprson", "salesperson", id="role offered"),
        pytest.param(field("notes", suggest="nwo"), "field notes: suggest", "nwo", "now", id="suggestion"),
        pytest.param(field("notes", needed_by="GIFT-99"), "field notes: needed_by", "GIFT-99", "GIFT-09", id="needed by a rule"),
        pytest.param(act("agreed", children=("liens",)), "act agreed: children", "liens", "lines", id="lines of an act"),
        pytest.param(to(links=(Link("gift_signoff", "custmer", "礼", "g"),)), "link", "custmer", "customer", id="link"),
        pytest.param(
            to(links=(Link("gift_signoff", "customer", "礼", "g", rule="GIFT-99"),)),
            "link gift_signoff: rule", "GIFT-99", "GIFT-09", id="rule of a link",
        ),
        pytest.param(printed(rule="GIFT-99"), "print tool_list: rule", "GIFT-99", "GIFT-09", id="rule of copies"),
        pytest.param(grant(rows="opne"), "access of finance", "opne", "none", id="rows of a grant"),
        pytest.param(
            to(rows={"early": (When("sate", ("open",)),)}), "rows early", "sate", "state", id="condition of rows"
        ),
        pytest.param(
            to(rows={"early": (When("state", ("open",), rule="GIFT-99"),)}),
            "rows early: rule", "GIFT-99", "GIFT-09", id="rule of rows",
        ),
        pytest.param(to(always=(Always(("craete",)),)), "always: on", "craete", "create", id="act of a standing check"),
        pytest.param(
            to(always=(Always(("create",), guard="has_vlaue"),)), "always", "has_vlaue", "", id="standing guard"
        ),
        pytest.param(to(lift=(Lift("kidn", "power", 2, 3),)), "lift", "kidn", "kind", id="lift"),
        pytest.param(field("notes", writers=("salesprson",)), "field notes: writers", "salesprson", "salesperson", id="writer"),
        pytest.param(field("notes", states=("agred",)), "field notes: states", "agred", "agreed", id="state of a field"),
        pytest.param(field("notes", rule="GIFT-99"), "field notes: rule", "GIFT-99", "GIFT-09", id="rule of a field"),
        pytest.param(field("phone", level=4), "field phone", "4", "1, 2, 3", id="level"),
        pytest.param(field("phone", format="emial"), "field phone: format", "emial", "email", id="format"),
        pytest.param(field("title", en=""), "field title", "label", "English", id="no label"),
        pytest.param(
            field("needed_on", required_when=When("kidn", ("power",))), "required_when", "kidn", "kind", id="condition"
        ),
        pytest.param(
            field("needed_on", required_when=When("kind", ("pwoer",))), "required_when", "pwoer", "power", id="its value"
        ),
        pytest.param(
            field("customer", pick=(When("stat", ("open",)),)), "field customer: pick", "stat", "state", id="pick"
        ),
        pytest.param(
            lambda r: {"access": {**r.access, "salesprson": ()}}, "access", "salesprson", "salesperson", id="role"
        ),
        pytest.param(grant(verbs=frozenset({"raed"})), "access of finance", "raed", "read", id="verb"),
        pytest.param(grant(scope="departement"), "access of finance", "departement", "department", id="scope"),
        pytest.param(grant(view="mony"), "access of finance", "mony", "money", id="view"),
        pytest.param(grant(through="custmer"), "access of finance", "custmer", "customer", id="through"),
        pytest.param(to(views={"money": ("depsoit",)}), "view money", "depsoit", "deposit", id="field of a view"),
        pytest.param(to(unmask=(Unmask(2, role="sales_manger"),)), "unmask", "sales_manger", "sales_manager", id="unmask"),
        pytest.param(to(unmask=(Unmask(2, person="ownr"),)), "unmask", "ownr", "owner", id="person of unmask"),
        pytest.param(
            more("states", State("gone", "失", "gone", "god")), "tone of state gone", "god", "good", id="tone of a state"
        ),
        pytest.param(act("agreed", tone="prmary"), "tone of act agreed", "prmary", "primary", id="tone of an act"),
        pytest.param(act("agreed", target="agred"), "act agreed: target", "agred", "agreed", id="target"),
        pytest.param(act("agreed", signs="manager_sgn"), "act agreed: signs", "manager_sgn", "manager_sign", id="slot"),
        pytest.param(act("back", effect="take_bakc"), "act back: effect", "take_bakc", "take_back", id="effect"),
        pytest.param(act("back", ask=(Ask("lines.bakc"),)), "act back: ask", "lines.bakc", "lines.back", id="asked field"),
        pytest.param(
            act("back", ask=(Ask("boxes", kind="intger", zh="箱", en="b"),)), "act back: ask", "intger", "integer", id="kind"
        ),
        pytest.param(act("agreed", reason="requierd"), "act agreed: reason", "requierd", "required", id="reason"),
        pytest.param(
            more("acts", Act("update", "改", "u", (Route((), (By(role="hr"),)),))), "act update", "update", "another",
            id="name of the engine",
        ),
        pytest.param(route(sources=("chekced",)), "act agreed: sources", "chekced", "checked", id="source"),
        pytest.param(route(when=(When("kidn", ("hand",)),)), "act agreed: when", "kidn", "kind", id="condition of a road"),
        pytest.param(route(who=(By(role="sales_manger"),)), "act agreed: who", "sales_manger", "sales_manager", id="who"),
        pytest.param(route(who=(By(person="ownr"),)), "act agreed: person", "ownr", "owner", id="person"),
        pytest.param(route(who=(By(),)), "act agreed", "a role or a person", "", id="nobody"),
        pytest.param(route(who=(By(role="auditor"),)), "act agreed", "auditor", "never approves", id="never approves"),
        pytest.param(
            route(who=(By(role="hr", of="own_departmnt"),)), "act agreed", "own_departmnt", "own_department", id="of"
        ),
        pytest.param(
            route(who=(By(role="hr", of="own_department", department="markt"),)),
            "act agreed: department", "markt", "market", id="department of a road",
        ),
        pytest.param(
            more("slots", Slot("x", "签", "x", ("tilte",))), "slot x", "tilte", "title", id="field of a slot"
        ),
        pytest.param(rule("GIFT-09", id="GIFT-9"), "rules", "GIFT-9", "GIFT-09", id="rule"),
        pytest.param(rule("GIFT-09", id="GIFT-13"), "rule GIFT-13", "twice", "", id="rule twice"),
        pytest.param(rule("GIFT-09", on=("craete",)), "rule GIFT-09: on", "craete", "create", id="act of a rule"),
        pytest.param(rule("GIFT-09", on=()), "rule GIFT-09", "no act", "", id="function without act"),
        pytest.param(rule("GIFT-09", guard="fwe"), "rule GIFT-09", "fwe", "few", id="guard"),
        pytest.param(rule("GIFT-09", compute="sum_upp"), "rule GIFT-09", "sum_upp", "sum_up", id="computation"),
        pytest.param(rule("GIFT-09", order=("agred",)), "rule GIFT-09: order", "agred", "agreed", id="order of a rule"),
        pytest.param(
            rule("GIFT-09", pairs=(("owner", "manager_sgn"),)), "rule GIFT-09: pairs", "manager_sgn", "manager_sign", id="pair"
        ),
        pytest.param(
            rule("GIFT-09", params=("fine.gift_undelivered_multiples",)),
            "rule GIFT-09: params", "fine.gift_undelivered_multiples", "fine.gift_undelivered_multiple", id="setting",
        ),
        pytest.param(rule("GIFT-09", required=("tilte",)), "rule GIFT-09: required", "tilte", "title", id="required"),
        pytest.param(rule("GIFT-09", fields=("lines.peices",)), "rule GIFT-09: fields", "lines.peices", "lines.pieces", id="evidence"),
        pytest.param(rule("GIFT-09", clause=""), "rule GIFT-09", "clause", "", id="no clause"),
        pytest.param(printed(register="gift_itme"), "print tool_list", "gift_itme", "gift_item", id="borrowed register"),
        pytest.param(printed(states=("opne",)), "print tool_list: states", "opne", "open", id="state of a print"),
        pytest.param(printed(by=(("mont", "needed_on"),)), "print tool_list: by", "mont", "month", id="period of a print"),
        pytest.param(printed(by=(("month", "needed"),)), "print tool_list: by", "needed", "needed_on", id="its column"),
        pytest.param(block(kind="feilds"), "print tool_list: block", "feilds", "fields", id="block"),
        pytest.param(block(fields=("ttoal",), total=()), "print tool_list: fields", "ttoal", "total", id="field of a block"),
        pytest.param(block(total=("totl",)), "print tool_list: total", "totl", "total", id="total"),
        pytest.param(block(child="line"), "print tool_list: child", "line", "lines", id="child of a block"),
        pytest.param(block(slots=("manager_sig",)), "print tool_list: slots", "manager_sig", "manager_sign", id="slot of a block"),
    ],
)  # fmt: skip
def test_a_broken_declaration_is_named_with_the_nearest_word(
    register: Register, change: Change, where: str, wrong: str, nearest: str
) -> None:
    broken = replace(register, **change(register))
    with pytest.raises(DeclarationFault) as caught:
        make_catalogue((*REGISTERS, broken))
    lines = str(caught.value).splitlines()
    told = [line for line in lines if where in line and wrong in line and nearest in line]
    assert told, lines
    assert all(line.startswith("register tool_loan: ") for line in lines)


def test_the_whole_declaration_holds(register: Register) -> None:
    assert set(make_catalogue((*REGISTERS, register))) == {one.name for one in (*REGISTERS, register)}


def test_every_fault_is_told_at_once(register: Register) -> None:
    broken = replace(register, columns=("nmuber",), search=("tilte",), own=("ownr",))
    with pytest.raises(DeclarationFault) as caught:
        make_catalogue((*REGISTERS, broken))
    assert len(str(caught.value).splitlines()) == 3


def test_a_reference_to_a_table_that_is_no_register_is_named(register: Register) -> None:
    class Elsewhere(Row):
        name = CharField()

    class Pointing(RecordModel):
        place = ForeignKeyField(Elsewhere, on_delete="RESTRICT", backref="+")

    Pointing.__module__ = register.model.__module__
    broken = Register(
        name="pointing", zh="指", en="pointing", group=register.group, model=Pointing,
        fields=(Field("place", "地", "place"),), access={}, sections=(), columns=("place",), label=("number",),
    )  # fmt: skip
    with pytest.raises(DeclarationFault, match="register pointing: field place refers to a table that is no register"):
        make_catalogue((*REGISTERS, broken))


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_application_does_not_start_on_a_fault(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backoffice.config import Settings

    settings = Settings.read({"BACKOFFICE_SECRET_KEY": SECRET, "BACKOFFICE_DATA_DIR": str(tmp_path)})
    found = (*REGISTERS, replace(register, columns=("nmuber",)))
    monkeypatch.setattr(make_catalogue, "__defaults__", (found, frozenset()))
    with pytest.raises(DeclarationFault, match=r"register tool_loan: columns names 'nmuber'.*did you mean 'number'"):
        create_app(settings, bind=False)
    monkeypatch.setattr(make_catalogue, "__defaults__", ((*REGISTERS, register), frozenset()))
    assert "tool_loan" in create_app(settings, bind=False).extensions["backoffice_catalogue"]


def test_the_command_says_so_in_one_line(
    register: Register, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from backoffice import cli

    broken = replace(register, search=("tilte",))
    monkeypatch.setattr(cli, "make_catalogue", lambda: make_catalogue((*REGISTERS, broken)))
    assert cli.main(["rules"]) == 1
    told = capsys.readouterr().err
    assert told == "backoffice: register tool_loan: search names 'tilte', which does not exist; did you mean 'title'?\n"
