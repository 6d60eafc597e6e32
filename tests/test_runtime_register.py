"""A register added at run time from a module of its own: every page of it works, without a line elsewhere."""

from __future__ import annotations

import dataclasses
import importlib
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from models import REGISTERS
from models import balances as balanced
from models import register as declared
from models.evidence import AuditEvent
from models.register import Register
from tests.company import PDF, Signed
from tests.sample import Sample

PHONE = "13900001111"
FORM = {
    "title": "展台搭建",
    "kind": "power",
    "phone": PHONE,
    "needed_on": "2026年3月9日",
    "starts_at": "2026-03-09T08:30",
    "weight": "12.5",
    "share": "40%",
    "deposit": "¥1,200",
    "urgent": "true",
    "notes": "小心轻放",
    "lines-0-tool": "电钻",
    "lines-0-pieces": "2",
    "lines-0-price": "88.50",
    "lines-1-tool": "梯子",
    "lines-1-pieces": "1",
}


def soup(text: str) -> BeautifulSoup:
    return BeautifulSoup(text, "html.parser")


def ids(page: BeautifulSoup) -> list[str]:
    return [str(row["data-id"]) for row in page.select("tr[data-id]")]


def values(page: BeautifulSoup) -> dict[str, str | None]:
    return {str(cell["data-field"]): cell.get("data-value") for cell in page.select("dd[data-field]")}  # type: ignore[misc]


def buttons(page: BeautifulSoup) -> set[str]:
    return {str(button["data-action"]) for button in page.select("[data-action]")}


def new(sample: Sample, browser: Signed, **more: Any) -> int:
    answer = browser.send("/admin/tool_loan/new/", {**FORM, **more})
    assert answer.status_code == 303, answer.text[:3000]
    return int(sample.model.select().order_by(sample.model.id.desc()).first().id)


def test_the_menu_shows_it_to_whom_it_concerns(sample: Sample) -> None:
    for username, is_there in (("salesperson", True), ("finance", True), ("hr", False)):
        page = sample.company.browser(username).page("/")
        assert bool(page.select('a[href="/admin/tool_loan/"]')) is is_there, username
    sample.company.browser("hr").page("/admin/tool_loan/", 403)


def test_a_record_is_entered_corrected_and_read(sample: Sample) -> None:
    mine = sample.company.browser("salesperson")
    form = mine.page("/admin/tool_loan/new/")
    names = {str(tag["name"]) for tag in form.select("form.sheet [name]")}
    assert {"title", "kind", "customer", "proof", "attachments", "remarks", "lines-0-tool", "csrf_token"} <= names
    assert not {"state", "number", "owner", "total", "lines-0-amount"} & names

    wrong = mine.send("/admin/tool_loan/new/", {**FORM, "title": "", "deposit": "1.005", "lines-0-pieces": "12"})
    assert wrong.status_code == 422
    page = soup(wrong.text)
    marked = {str(tag["data-field"]) for tag in page.select("[data-outcome=invalid][data-field]")}
    assert marked == {"title", "deposit"}, "typed values are judged before the rules"
    assert page.select_one("[name=deposit]")["value"] == "1.005"
    assert page.select_one("[name=lines-0-pieces]")["value"] == "12"
    assert page.select_one("textarea[name=notes]").text.strip() == "小心轻放"

    ruled = mine.send("/admin/tool_loan/new/", {**FORM, "lines-0-pieces": "12"})
    assert ruled.status_code == 422
    assert soup(ruled.text).select_one("[data-outcome=invalid][data-field=lines-0-pieces]") is not None
    assert sample.model.select().count() == 0

    record = new(sample, mine)
    details = mine.page(f"/admin/tool_loan/details/?id={record}")
    head = details.select_one("header[data-id]")
    assert head is not None
    year = sample.model.get_by_id(record).number[3:7]
    assert (head["data-number"], head["data-state"]) == (f"GJ-{year}-0001", "open")
    told = values(details)
    assert {
        name: told[name] for name in ("title", "kind", "phone", "needed_on", "deposit", "weight", "total", "urgent")
    } == {
        "title": "展台搭建",
        "kind": "power",
        "phone": PHONE,
        "needed_on": "2026-03-09",
        "deposit": "1200.00",
        "weight": "12.5",
        "total": "177.00",
        "urgent": "true",
    }
    assert told["starts_at"] == "2026-03-09T08:30:00+08:00"
    assert "电钻" in details.select_one("[data-child=lines]").text

    edit = mine.page(f"/admin/tool_loan/edit/?id={record}")
    version = edit.select_one("input[name=version]")["value"]
    lines = [str(tag["value"]) for tag in edit.select("input[name$='-id'][name^='lines-']") if tag.get("value")]
    typed = {
        **FORM,
        "deposit": "900",
        "version": version,
        "lines-0-id": lines[0],
        "lines-1-id": lines[1],
        "lines-1-delete": "1",
    }
    assert mine.send(f"/admin/tool_loan/edit/?id={record}", typed).status_code == 303
    assert (str(sample.model.get_by_id(record).deposit), sample.line.select().count()) == ("900.00", 1)
    stale = mine.send(f"/admin/tool_loan/edit/?id={record}", typed)
    assert stale.status_code == 409
    assert soup(stale.text).select_one("[data-outcome=stale]") is not None
    assert mine.send(f"/admin/tool_loan/edit/?id={record}", FORM).status_code == 400, "a save names its version"


def test_the_list_searches_filters_and_sorts(sample: Sample) -> None:
    mine = sample.company.browser("salesperson")
    small = sample.create(title="修门", kind="hand", lines=[{"tool": "锤子", "pieces": "1", "price": "3"}])
    large = sample.create(title="展台", kind="power", needed_on="2026-03-09")
    sample.create("salesperson_2", title="别人的")

    def listed(query: str) -> list[int]:
        return [int(found) for found in ids(mine.page(f"/admin/tool_loan/{query}"))]

    assert sorted(listed("")) == [small, large]
    assert listed("?search=修门") == [small]
    assert listed("?search=GJ-2026-0002") == [large]
    assert listed("?search=别人") == []
    assert listed("?flt1_kind_equals=power") == [large]
    assert listed("?flt1_total_at_most=3&flt2_state_equals=open") == [small]
    assert listed("?flt1_needed_on_at_least=2026-03-01") == [large]
    assert listed("?sort=total") == [small, large]
    assert listed("?sort=total&desc=1") == [large, small]
    page = mine.page("/admin/tool_loan/")
    assert page.select_one("[data-count]")["data-count"] == "2"
    assert [str(tag["data-field"]) for tag in page.select("thead th[data-field]")] == list(sample.register.columns)
    mine.page("/admin/tool_loan/?flt1_total_at_most=abc", 422)
    mine.page("/admin/tool_loan/?flt1_nothing_equals=1", 400)
    mine.page("/admin/tool_loan/?sort=nothing", 400)


def test_a_secret_field_is_masked_and_not_to_be_guessed(sample: Sample) -> None:
    record = sample.create()
    archivist, manager = sample.company.browser("archivist"), sample.company.browser("sales_manager")
    for path in (
        f"/admin/tool_loan/details/?id={record}",
        "/admin/tool_loan/?columns=title&columns=phone",
        f"/admin/tool_loan/edit/?id={record}",
        f"/admin/tool_loan/history/?id={record}",
    ):
        assert PHONE not in archivist.page(path).prettify(), path
    cell = archivist.page(f"/admin/tool_loan/details/?id={record}").select_one("dd[data-field=phone]")
    assert cell is not None
    assert (cell.has_attr("data-masked"), cell.has_attr("data-value")) == (True, False)
    assert PHONE in manager.page(f"/admin/tool_loan/details/?id={record}").prettify()
    assert ids(archivist.page(f"/admin/tool_loan/?search={PHONE}")) == []
    assert ids(manager.page(f"/admin/tool_loan/?search={PHONE}")) == [str(record)]
    archivist.page("/admin/tool_loan/?sort=phone", 400)
    archivist.page(f"/admin/tool_loan/?flt1_phone_equals={PHONE}", 400)
    before = AuditEvent.select().where(AuditEvent.action == "tool_loan:view").count()
    manager.page("/admin/tool_loan/?columns=title&columns=phone")
    archivist.page("/admin/tool_loan/?columns=title&columns=phone")
    assert AuditEvent.select().where(AuditEvent.action == "tool_loan:view").count() == before + 1, (
        "a view in clear is told"
    )


def test_a_view_shows_its_own_fields_only(sample: Sample) -> None:
    record = sample.create(deposit="5")
    page = sample.company.browser("finance").page(f"/admin/tool_loan/details/?id={record}")
    assert {"deposit", "total"} <= set(values(page))
    assert not {"title", "phone", "customer"} & set(values(page))
    assert PHONE not in page.prettify()
    assert "锤子" not in page.prettify()


def test_acts_are_offered_asked_and_taken(sample: Sample) -> None:
    record = sample.create()
    mine, archivist, manager = (sample.company.browser(name) for name in ("salesperson", "archivist", "sales_manager"))
    path = f"/admin/tool_loan/details/?id={record}"
    assert "checked" in buttons(archivist.page(path))
    assert not {"checked", "agreed", "back"} & buttons(mine.page(path))

    taken = archivist.send(
        "/admin/tool_loan/action/", {"action": "checked", "rowid": record, "version": "1", "url": path}
    )
    assert (taken.status_code, taken.location) == (303, path)
    page = archivist.page(path)
    assert page.select_one("[data-outcome=done]") is not None
    assert page.select_one("header[data-state=checked]") is not None

    form = manager.page(f"/admin/tool_loan/transition/agreed/?id={record}")
    assert form.select_one("[name=reason]") is not None
    empty = manager.send(f"/admin/tool_loan/transition/agreed/?id={record}", {"version": "2"})
    assert empty.status_code == 422
    assert soup(empty.text).select_one("[data-outcome=invalid][data-field=reason]") is not None
    assert mine.send(f"/admin/tool_loan/transition/agreed/?id={record}", {"reason": "x"}).status_code == 403
    agreed = manager.send(f"/admin/tool_loan/transition/agreed/?id={record}", {"reason": "同意", "version": "2"})
    assert agreed.status_code == 303
    again = manager.send(f"/admin/tool_loan/transition/agreed/?id={record}", {"reason": "同意"})
    assert again.status_code == 409
    assert soup(again.text).select_one("[data-outcome=refused]") is not None

    asked = mine.page(f"/admin/tool_loan/transition/back/?id={record}")
    names = {str(tag["name"]) for tag in asked.select("form.sheet [name]")}
    assert {"boxes", "lines-0-back", "lines-1-back"} <= names
    assert "title" not in names
    much = mine.send(
        f"/admin/tool_loan/transition/back/?id={record}", {"boxes": "1", "lines-0-back": "9", "version": "3"}
    )
    assert much.status_code == 422
    assert soup(much.text).select_one("[data-outcome=invalid][data-field=lines-0-back]") is not None
    back = mine.send(
        f"/admin/tool_loan/transition/back/?id={record}", {"boxes": "1", "lines-0-back": "2", "version": "3"}
    )
    assert back.status_code == 303
    row = sample.model.get_by_id(record)
    assert (row.state, row.handed_over, row.version) == ("back", 1, 4)
    assert [line.back for line in sample.line.select().order_by(sample.line.position)] == [2, 0]
    signed = mine.page(path).select("li[data-field$=_sign][data-value]")
    assert {str(tag["data-field"]) for tag in signed} == {"check_sign", "manager_sign"}
    mine.page(f"/admin/tool_loan/edit/?id={record}", 409)


def test_several_rows_get_one_outcome_each(sample: Sample) -> None:
    first, second, third = (sample.create() for _ in range(3))
    sample.company.done("archivist", "tool_loan", second, "checked")
    archivist = sample.company.browser("archivist")
    rows = {"action": "checked", "rowid": [first, second, third, 4711], "version": ["1", "2", "1", "1"]}
    assert archivist.send("/admin/tool_loan/action/", rows).status_code == 303
    page = archivist.page("/admin/tool_loan/")
    outcomes = [str(tag["data-outcome"]) for tag in page.select(".notice[data-outcome]")]
    assert sorted(outcomes) == ["done", "done", "refused", "refused"]
    assert {row.state for row in sample.model.select()} == {"checked"}


def test_the_history_tells_who_changed_what(sample: Sample) -> None:
    record = sample.create()
    sample.company.done("sales_manager", "tool_loan", record, "update", {"title": "拆台"})
    sample.company.done("archivist", "tool_loan", record, "checked")
    page = sample.company.browser("salesperson").page(f"/admin/tool_loan/history/?id={record}")
    entries = page.select("[data-entry]")
    assert [str(tag["data-entry"]).removeprefix("tool_loan:") for tag in entries] == ["checked", "update", "create"]
    row = entries[1].select_one("tr[data-field=title]")
    assert row is not None
    assert (row.select_one("del").text, row.select_one("ins").text) == ("展台搭建", "拆台")
    assert sample.company.users["sales_manager"].name in entries[1].text


def test_files_go_with_their_row(sample: Sample) -> None:
    mine = sample.company.browser("salesperson")
    files = {"proof": (io.BytesIO(PDF), "凭证.pdf"), "attachments": (io.BytesIO(PDF), "附件.pdf")}
    record = new(sample, mine, **files)
    details = mine.page(f"/admin/tool_loan/details/?id={record}")
    links = {str(tag["href"]) for tag in details.select("a[href*='/file/']")}
    assert len(links) == 2
    for link in links:
        answer = mine.get(link)
        assert (answer.status_code, answer.data) == (200, PDF)
        assert sample.company.browser("archivist").get(link).status_code == 200
        assert sample.company.browser("salesperson_2").get(link).status_code == 404
    bad = mine.send("/admin/tool_loan/new/", {**FORM, "proof": (io.BytesIO(b"MZ\x90\x00" * 40), "a.exe")})
    assert bad.status_code == 422
    assert soup(bad.text).select_one("[data-outcome=invalid][data-field=proof]") is not None


def test_a_reference_is_looked_up_among_what_may_be_chosen(sample: Sample) -> None:
    customer = sample.company.customer("salesperson", name="青川好客建材有限公司")
    theirs = sample.company.customer("salesperson_2", name="青川别家建材有限公司")
    mine = sample.company.browser("salesperson")
    found = json.loads(mine.get("/admin/tool_loan/ajax/lookup/?name=customer&query=青川").text)
    assert [row[0] for row in found] == [customer]
    mine.page("/admin/tool_loan/ajax/lookup/?name=title&query=x", 400)
    mine.page("/admin/tool_loan/ajax/lookup/?name=nothing&query=x", 400)
    record = new(sample, mine, customer=str(customer))
    assert values(mine.page(f"/admin/tool_loan/details/?id={record}"))["customer"] == str(customer)
    assert mine.send("/admin/tool_loan/new/", {**FORM, "customer": str(theirs)}).status_code == 422


def test_the_list_leaves_as_csv_and_pdf(sample: Sample) -> None:
    sample.create(title="=1+1")
    manager, archivist = sample.company.browser("sales_manager"), sample.company.browser("archivist")
    text = manager.get("/admin/tool_loan/export/csv/").data.decode("utf-8-sig")
    assert "GJ-2026-0001" in text
    assert PHONE in text
    assert "\n=1+1" not in text
    assert ",=1+1" not in text
    masked = archivist.get("/admin/tool_loan/export/csv/").data.decode("utf-8-sig")
    assert PHONE not in masked
    assert "***" in masked
    lines = manager.get("/admin/tool_loan/export/csv/?child=lines").data.decode("utf-8-sig")
    assert "锤子" in lines
    paper = manager.get("/admin/tool_loan/export/pdf/")
    assert (paper.mimetype, paper.data[:5]) == ("application/pdf", b"%PDF-")
    assert "GJ-2026-0001" in PdfReader(io.BytesIO(paper.data)).pages[0].extract_text()
    sample.company.browser("salesperson").page("/admin/tool_loan/export/csv/", 403)
    manager.page("/admin/tool_loan/export/docx/", 404)
    assert AuditEvent.select().where(AuditEvent.action == "tool_loan:export:csv").count() == 3


def test_its_forms_are_printed(sample: Sample) -> None:
    record = sample.create()
    sample.company.done("archivist", "tool_loan", record, "checked")
    mine, manager = sample.company.browser("salesperson"), sample.company.browser("sales_manager")
    slip = mine.get(f"/admin/tool_loan/print/tool_slip/?id={record}")
    assert (slip.status_code, slip.mimetype) == (200, "application/pdf")
    text = PdfReader(io.BytesIO(slip.data)).pages[0].extract_text()
    assert "GJ-2026-0001" in text
    assert "锤子" in text
    assert sample.company.users["archivist"].name in text
    assert manager.get("/admin/tool_loan/print/tool_list/").data[:5] == b"%PDF-"
    mine.page("/admin/tool_loan/print/tool_list/", 403)
    mine.page(f"/admin/tool_loan/print/nothing/?id={record}", 404)
    sample.company.browser("salesperson_2").page(f"/admin/tool_loan/print/tool_slip/?id={record}", 404)


def test_home_shows_what_waits(sample: Sample) -> None:
    record = sample.create()
    archivist = sample.company.browser("archivist").page("/")
    mine = sample.company.browser("salesperson").page("/")
    assert f"/admin/tool_loan/details/?id={record}" in archivist.prettify()
    assert f"/admin/tool_loan/details/?id={record}" in mine.prettify()
    assert ids(sample.company.browser("archivist").page("/admin/tool_loan/?view=waiting")) == [str(record)]
    sample.company.done("archivist", "tool_loan", record, "checked")
    assert f"/admin/tool_loan/details/?id={record}" not in sample.company.browser("archivist").page("/").prettify()
    assert f"/admin/tool_loan/details/?id={record}" in sample.company.browser("sales_manager").page("/").prettify()


def test_a_row_of_somebody_else_is_not_there_on_any_page(sample: Sample) -> None:
    record = sample.create()
    other = sample.company.browser("salesperson_2")
    for page in ("details/", "edit/", "history/", "print/tool_slip/", "transition/back/"):
        for row in (record, 4711):
            other.page(f"/admin/tool_loan/{page}?id={row}", 404)
    for row in (record, 4711):
        assert other.send(f"/admin/tool_loan/edit/?id={row}", {**FORM, "version": "1"}).status_code == 404
        assert other.send(f"/admin/tool_loan/transition/back/?id={row}", {"boxes": "1"}).status_code == 404
    assert ids(other.page("/admin/tool_loan/")) == []


# ---- the description is data -------------------------------------------------------------------------------------------


def to_plain(thing: Any) -> Any:
    """A declaration as JSON: functions stand in it by name already, a model by its place. Anything else is no data."""
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        parts = {part.name: to_plain(getattr(thing, part.name)) for part in dataclasses.fields(thing)}
        return {"is": type(thing).__name__, **parts}
    if isinstance(thing, type):
        return {"is": "model", "at": f"{thing.__module__}:{thing.__name__}"}
    if isinstance(thing, Mapping):
        return {"is": "map", "pairs": [[to_plain(key), to_plain(value)] for key, value in thing.items()]}
    if isinstance(thing, frozenset):
        return {"is": "set", "of": sorted(thing)}
    if isinstance(thing, tuple | list):
        return [to_plain(one) for one in thing]
    if isinstance(thing, Decimal):
        return {"is": "decimal", "text": str(thing)}
    if thing is None or isinstance(thing, str | int | bool):
        return thing
    raise TypeError(f"{thing!r} is no data")


def from_plain(plain: Any) -> Any:
    if isinstance(plain, list):
        return tuple(from_plain(one) for one in plain)
    if not isinstance(plain, dict):
        return plain
    kind = plain["is"]
    if kind == "model":
        module, _, name = plain["at"].partition(":")
        return getattr(importlib.import_module(module), name)
    if kind == "map":
        return {from_plain(key): from_plain(value) for key, value in plain["pairs"]}
    if kind == "set":
        return frozenset(plain["of"])
    if kind == "decimal":
        return Decimal(plain["text"])
    made = getattr(declared, kind, None) or getattr(balanced, kind)
    return made(**{name: from_plain(value) for name, value in plain.items() if name != "is"})


@pytest.mark.parametrize("register", REGISTERS, ids=lambda register: register.name)
def test_a_declaration_can_come_from_a_file(register: Register) -> None:
    text = json.dumps(to_plain(register), ensure_ascii=False)
    assert from_plain(json.loads(text)) == register


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_register_from_a_file_works_like_the_declared_one(sample: Sample) -> None:
    from backoffice.app import make_catalogue

    read = from_plain(json.loads(json.dumps(to_plain(sample.register))))
    assert read == sample.register
    sample.company.catalogue = make_catalogue((*REGISTERS, read))
    record = sample.create()
    sample.company.done("archivist", "tool_loan", record, "checked")
    assert sample.company.browser("salesperson").page(f"/admin/tool_loan/details/?id={record}") is not None
