"""Odd texts through every text field of every register: they come back as they were, everywhere, or are refused beside their field.

Each round gives every text field of a form another text. In the suite four rounds of each form, which bring all texts through the
larger registers; with `BACKOFFICE_FUZZ` set as many rounds as there are texts, so that every field has had every one.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping

import pytest
from bs4 import BeautifulSoup

from backoffice.declarations import Info
from backoffice.exports.to_csv import original
from models import REGISTERS
from models.evidence import Step
from tests.access_world import text_of_pdf
from tests.door_world import Doors, accounts, address, prepared
from tests.fuzz.odd import LINES, REFUSED, WHOLE
from tests.test_bad_input import fields_of
from tests.test_every_save import actors, editors, filled, undone
from tests.whole_company import bound_whole, opened_whole

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
ALL = "BACKOFFICE_FUZZ" in os.environ
ROUNDS = len(WHOLE) if ALL else 4
each_register = pytest.mark.parametrize("register", [one.name for one in REGISTERS])
_LINE = re.compile(r"(\w+)-(\d+)-(\w+)")
_TEXTS = frozenset({"text", "longtext"})


@pytest.fixture(scope="module", params=BOTH)
def companies(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with opened_whole(request.param, request, tmp_path_factory.mktemp("odd")) as whole:
        yield prepared(whole)


@pytest.fixture
def doors(request: pytest.FixtureRequest, companies: Doors) -> Iterator[Doors]:
    request.node.user_properties.append(("dialect", companies.whole.dialect))
    with bound_whole(companies.whole):
        yield companies


on_sqlite = pytest.mark.parametrize("companies", ["sqlite"], indirect=True, scope="module")


# ---- forms ---------------------------------------------------------------------------------------------------------------


def text_fields(doors: Doors, register: str, form: Mapping[str, str]) -> dict[str, Info]:
    """The inputs of a form that take text, by their name."""
    declaration = doors.registers[register]
    found = {}
    for key in form:
        line = _LINE.fullmatch(key)
        if line is not None and line[1] in declaration.children:
            info = declaration.children[line[1]].fields.get(line[3])
            if info is not None and info.kind in _TEXTS and form.get(f"{line[1]}-{line[2]}-id"):
                found[key] = info
        elif key in declaration.fields and declaration.fields[key].kind in _TEXTS:
            found[key] = declaration.fields[key]
    return found


def fitting(info: Info, text: str) -> str:
    """As much of the text as the field is long."""
    return text[: info.length or 5000]


def kept(info: Info, text: str) -> str:
    """What must stand in the database: spaces around a short text are no part of it."""
    return text.strip(" \u00a0\u3000") if info.kind == "text" else text


def saved(doors: Doors, username: str, path: str, form: Mapping[str, str], typed: dict[str, str]) -> dict[str, str]:
    """Save the form with as many of the texts as are taken; those. What is refused is named beside its field."""
    taken = dict(typed)
    for _ in range(6):
        answer = doors.whole.post(doors.whole.browser(username), path, {**form, **taken})
        if answer.status_code == 303:
            return taken
        assert answer.status_code in {409, 422}, (path, answer.status)
        back = fields_of(answer.text)
        page = BeautifulSoup(answer.text, "html.parser")
        wrong = {str(one["data-field"]) for one in page.select("[data-outcome][data-field]")}
        wrong |= {str(one["name"]) for one in page.select('[aria-invalid="true"][name]')}
        if answer.status_code == 422:
            for name, text in taken.items():
                assert same(back.get(name, text), text), (path, name, text, back.get(name))
        fewer = {name: text for name, text in taken.items() if name not in wrong}
        assert len(fewer) < len(taken) or answer.status_code == 409, (path, wrong)
        # A rule that speaks of the record as a whole does not say which text it is about.
        taken = fewer if len(fewer) < len(taken) else dict(list(taken.items())[: len(taken) // 2])
    return {}


def same(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").strip("\n") == other.replace("\r\n", "\n").strip("\n")


def first_editor(doors: Doors, register: str) -> tuple[str, int] | None:
    return next(editors(doors, register), None)


@each_register
def test_texts_come_back_as_they_were(doors: Doors, register: str) -> None:
    """From the database, on the form, on the page of the record and in the history."""
    found = first_editor(doors, register)
    if found is None:
        assert not has_editors(doors, register), "nobody could edit it"
        return
    username, record = found
    path, witness = address(register, "edit/", id=record), doors.whole.browser(username)
    form = fields_of(witness.get(path).text)
    fields = text_fields(doors, register, form)
    if not fields:
        assert not types_texts(doors, register), "a form without a text field"
        return
    texts, through = list(WHOLE.values()), 0
    rounds = ROUNDS if doors.whole.dialect == "sqlite" else 1
    for turn in range(rounds):
        typed = {
            name: fitting(info, texts[(at + turn * (len(texts) // ROUNDS)) % len(texts)])
            for at, (name, info) in enumerate(fields.items())
        }
        with undone():
            taken = saved(doors, username, path, form, typed)
            through += len(taken)
            stand = stored(doors, register, record, fields)
            for name, text in taken.items():
                assert stand[name] == kept(fields[name], text), (register, name, text)
            again = fields_of(witness.get(path).text)
            page = BeautifulSoup(witness.get(address(register, "details/", id=record)).text, "html.parser")
            past = BeautifulSoup(witness.get(address(register, "history/", id=record)).text, "html.parser").text
            for name, text in taken.items():
                want = kept(fields[name], text)
                if name in again:
                    assert same(again[name], want), (register, name, text)
                shown = page.select_one(f'dd[data-field="{name}"]')
                if shown is not None and not shown.has_attr("data-masked"):
                    assert shown.text.strip() == want.strip(), (register, name, text)
                if want != form.get(name):
                    assert want in past, (register, name, text)
            exported(doors, register, record, {name: text for name, text in taken.items() if "-" not in name}, fields)
    assert through * 2 >= len(fields) * rounds, "hardly any text was taken"


def has_editors(doors: Doors, register: str) -> bool:
    grants = doors.registers[register].register.access.values()
    return any("update" in one.verbs for cell in grants for one in cell)


def types_texts(doors: Doors, register: str) -> bool:
    """Whether any form of any of its editors takes a text."""
    return any(
        text_fields(
            doors, register, fields_of(doors.whole.browser(username).get(address(register, "edit/", id=record)).text)
        )
        for username, record in editors(doors, register)
    )


def stored(doors: Doors, register: str, record: int, fields: Mapping[str, Info]) -> dict[str, str]:
    declaration = doors.registers[register]
    row = declaration.model.get_by_id(record)
    found = {name: getattr(row, name) for name in fields if "-" not in name}
    for child in declaration.children.values():
        query = child.model.select().where(child.owner == record).order_by(child.model.position, child.model.id)
        for place, line in enumerate(query):
            for name in child.fields:
                found[f"{child.name}-{place}-{name}"] = getattr(line, name)
    return found


def exported(doors: Doors, register: str, record: int, taken: Mapping[str, str], fields: Mapping[str, Info]) -> None:
    """In a CSV file each text can be had back, and none begins a formula."""
    for username, _ in accounts():
        user = doors.whole.users[username]
        if not taken or not doors.oracle.exports(user, register) or record not in doors.ids(username, register):
            continue
        clear = [name for name in taken if doors.oracle.of(user, register, record, name) == "clear"]
        browser = doors.whole.browser(username)
        answer = browser.get(address(register, "export/csv/"))
        assert answer.status_code == 200
        rows = [row for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")) if row]
        cells = {original(cell) for row in rows for cell in row}
        for name in clear:
            text = kept(fields[name], taken[name])
            if fields[name].kind == "text":
                assert text in cells, (register, name, text)
        assert not [cell for row in rows for cell in row if re.match(r"\s*[=＝@]", cell)]
        return


@each_register
@on_sqlite
def test_what_no_text_holds_is_refused_beside_its_field(doors: Doors, register: str) -> None:
    """In every text field, with nothing written; what no database could keep is refused with the whole request."""
    found = first_editor(doors, register)
    if found is None:
        assert not has_editors(doors, register)
        return
    username, record = found
    path, browser = address(register, "edit/", id=record), doors.whole.browser(username)
    form = fields_of(browser.get(path).text)
    fields = text_fields(doors, register, form)
    if not fields:
        assert not types_texts(doors, register), "a form without a text field"
        return
    before = doors.registers[register].model.get_by_id(record).version
    unreadable = {text for text in REFUSED.values() if re.search("[\0\ud800-\udfff]", text)}
    readable = [text for text in REFUSED.values() if text not in unreadable]
    for turn in range(len(readable) if ALL else 3):
        typed = {
            name: fitting(
                info, (readable + list(LINES.values()) * (info.kind == "text"))[(at + 3 * turn) % len(readable)]
            )
            for at, (name, info) in enumerate(fields.items())
        }
        answer = doors.whole.post(browser, path, {**form, **typed})
        assert answer.status_code == 422, register
        page = BeautifulSoup(answer.text, "html.parser")
        wrong = {str(one["data-field"]) for one in page.select("[data-outcome][data-field]")}
        assert set(fields) <= wrong, (register, set(fields) - wrong)
    for text in LINES.values():
        short = {name: f"甲{text}" for name, info in fields.items() if info.kind == "text"}
        if short:
            answer = doors.whole.post(browser, path, {**form, **short})
            page = BeautifulSoup(answer.text, "html.parser")
            wrong = {str(one["data-field"]) for one in page.select("[data-outcome][data-field]")}
            assert answer.status_code == 422
            assert set(short) <= wrong, (register, text)
    name = next(iter(fields))
    assert doors.whole.post(browser, path, {**form, name: "a\0b"}).status_code == 400
    assert doors.registers[register].model.get_by_id(record).version == before


@each_register
@on_sqlite
def test_reasons_come_back_as_they_were(doors: Doors, register: str) -> None:
    """The opinion of an act stands in its step, letter by letter."""
    declaration, texts = doors.registers[register], list(WHOLE.values())
    done = 0
    for act in [one for one in declaration.acts.values() if one.reason]:
        for username, record in list(actors(doors, register, act.name))[:2]:
            path, browser = address(register, f"transition/{act.name}/", id=record), doors.whole.browser(username)
            page = browser.get(path)
            if page.status_code != 200:
                continue
            form = fields_of(page.text)
            for text in texts[done % 7 :: 1 if ALL else 9]:
                data = {**form, **filled(doors, register, act, form), "reason": text}
                with undone():
                    answer = doors.whole.post(browser, path, data)
                    assert answer.status_code in {303, 409, 422}, (act.name, text)
                    if answer.status_code == 303:
                        done += 1
                        where = (Step.register == register) & (Step.record_id == record) & (Step.act == act.name)
                        step = Step.select().where(where).order_by(Step.id.desc()).first()
                        assert step is None or step.opinion in {text, text.strip()}, (act.name, text)
            break
    assert done or not any(one.reason for one in declaration.acts.values())


@each_register
@on_sqlite
def test_printed_forms_take_every_text(doors: Doors, register: str) -> None:
    """The real drawing of each form of one record with odd texts in all its fields: a file, in which markup is only text."""
    declaration = doors.registers[register]
    forms = [form for form in declaration.register.prints if not form.many]
    found = first_editor(doors, register)
    if not forms or found is None:
        return
    record = found[1]
    fields = {name: info for name, info in declaration.fields.items() if info.kind in _TEXTS and info.typed}
    marked = ["<b>粗</b>", "<para>x</para>", "&lt;b&gt;", '<font color="[[].append(1)]">x', "]]>", "{{7*7}}", "=1+1"]
    texts = [*marked, *(WHOLE.values())]
    readers = [name for name, _ in accounts() if record in doors.ids(name, register)]
    with undone():
        row = declaration.model.get_by_id(record)
        typed = {name: fitting(info, texts[at % len(texts)]) for at, (name, info) in enumerate(fields.items())}
        declaration.model.update(typed).where(declaration.model.id == row.id).execute()
        for form in forms:
            for username in readers:
                answer = doors.whole.browser(username).get(address(register, f"print/{form.name}/", id=record))
                if answer.status_code == 403:
                    continue
                assert answer.status_code in {200, 409}, (form.name, username, answer.status)
                if answer.status_code == 200:
                    drawn = re.sub(r"\s", "", text_of_pdf(answer.data))
                    shown = [text for text in marked if text in typed.values() and text.replace(" ", "") in drawn]
                    assert shown or not set(typed.values()) & set(marked), (form.name, drawn[:300])
                break
