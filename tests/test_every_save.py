"""What is not shown to be typed is not written: hidden, masked and read-only fields outlive every save and every act, of every register.

Each form is sent twice from the same state: as our page sends it, and with every other field and child table of the register added.
Both must leave the same rows. The forms and the additions come from the declarations, so a new register is covered without new code.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from backoffice import printing
from backoffice.access import access_of
from backoffice.declarations import Info
from backoffice.people import hats
from models import ALL_MODELS, REGISTERS
from models.accounts import User, UserRole
from models.base import db
from models.evidence import StoredFile
from models.register import Act
from tests.door_world import MISSING, Doors, accounts, address, prepared
from tests.test_bad_input import fields_of
from tests.whole_company import bound_whole, opened_whole

USERNAMES = [username for username, _ in accounts()]


@pytest.fixture(scope="module")
def companies(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """On SQLite, which gives the same ids again after what was written is taken back."""
    with opened_whole("sqlite", request, tmp_path_factory.mktemp("saves")) as whole:
        yield prepared(whole)


@pytest.fixture
def doors(request: pytest.FixtureRequest, companies: Doors) -> Iterator[Doors]:
    request.node.user_properties.append(("dialect", companies.whole.dialect))
    with bound_whole(companies.whole):
        yield companies


each_register = pytest.mark.parametrize("register", [one.name for one in REGISTERS])


# ---- the state of a company ----------------------------------------------------------------------------------------------

# What a request leaves on purpose; history names the values that were saved and is compared through the rows themselves.
_UNCOUNTED = re.compile(r"account_session|sign_in_attempt|audit_\w+|form_token")


def state() -> dict[str, list[Any]]:
    return {
        model._meta.table_name: list(model.select().order_by(model._meta.primary_key).tuples())
        for model in ALL_MODELS
        if not _UNCOUNTED.fullmatch(model._meta.table_name)
    }


@contextmanager
def undone() -> Iterator[None]:
    """Everything written inside is taken back."""
    with db.atomic() as transaction:
        try:
            yield
        finally:
            transaction.rollback()


def columns(model: Any, record: int) -> dict[str, Any]:
    row: dict[str, Any] = model.select().where(model.id == record).dicts().get()
    return row


# ---- what is added -------------------------------------------------------------------------------------------------------


def another(info: Info, present: Any, doors: Doors) -> str:
    """A valid value of the field that is not the present one."""
    kind = info.kind
    if kind == "choice":
        return next((code for code in info.choices if code != present), "")
    if kind == "flag":
        return "false" if present else "true"
    if kind == "day":
        return "2024-02-29"
    if kind == "instant":
        return "2024-02-29 12:34:56"
    if kind in {"integer", "money", "quantity", "percent"}:
        return "7"
    if kind == "ref":
        model = User if info.target == "account" else doors.registers[info.target].model
        row = model.select(model.id).where(model.id != (present or 0)).order_by(model.id.desc()).first()
        return str(row.id) if row is not None else "1"
    if kind == "file":
        row = StoredFile.select(StoredFile.id).order_by(StoredFile.id.desc()).first()
        return str(row.id) if row is not None else "1"
    return "fremd-ZQ77"


_NAME = re.compile(r' name="([\w-]+)"')
_PLACE = re.compile(r"-(?:\d+|NEW)-")


def added(doors: Doors, register: str, page: str, row: Mapping[str, Any]) -> dict[str, str]:
    """Every field of the register, its columns and its child tables that the form of the page does not have."""
    form = {key.removesuffix("-text").removesuffix("-stood").removesuffix("-kept") for key in _NAME.findall(page)}
    declaration = doors.registers[register]
    found = {info.name: another(info, row.get(info.name), doors) for info in declaration.fields.values()}
    found |= {"id": str(MISSING), "record": "1", "created_at": "2024-01-01 00:00", "updated_by": "1", "owner_id": "1"}
    found |= {f"{info.name}_id": another(info, row.get(info.name), doors) for info in declaration.fields.values()}
    for child in declaration.children.values():
        places = sorted({key.split("-")[1] for key in form if key.startswith(f"{child.name}-")}) or ["0"]
        for place in places:
            for info in child.fields.values():
                found[f"{child.name}-{place}-{info.name}"] = another(info, None, doors)
            found[f"{child.name}-{place}-record"] = str(MISSING)
            found[f"{child.name}-{place}-position"] = "99"
    known = {_PLACE.sub("-N-", key) for key in form} | {"version"}
    return {key: text for key, text in found.items() if text and _PLACE.sub("-N-", key) not in known}


def sent(doors: Doors, username: str, path: str, data: Mapping[str, str]) -> tuple[int, dict[str, list[Any]]]:
    """The answer to a form, and the state it leaves; everything is taken back."""
    with undone():
        answer = doors.witness(username).post(path, data, repeats="fremd-ZQ77")
        return answer.status_code, state()


# ---- edits ---------------------------------------------------------------------------------------------------------------


def editors(doors: Doors, register: str) -> Iterator[tuple[str, int]]:
    """For each role an account with a record that it may edit, each role in another state as far as there are."""
    declaration = doors.registers[register]
    rows, tried = doors.oracle.rows(register), Counter[str]()
    for username, role in accounts():
        if not doors.may(username, register, "U"):
            continue
        for record in doors.picked(username, register, 8):
            if tried[role] or (declaration.states and rows[record]["state"] not in declaration.update_states):
                continue
            if doors.whole.browser(username).get(address(register, "edit/", id=record)).status_code == 200:
                tried[role] += 1
                yield username, record


@each_register
def test_an_edit_writes_only_what_its_form_shows(doors: Doors, register: str) -> None:
    saved = 0
    declaration = doors.registers[register]
    user_ids = doors.whole.users
    for username, record in editors(doors, register):
        path = address(register, "edit/", id=record)
        page = doors.witness(username).get(path).text
        form = fields_of(page)
        changed = {**form, **changes(form)}
        more = added(doors, register, page, columns(declaration.model, record))
        plain, after = sent(doors, username, path, changed)
        laden, after_more = sent(doors, username, path, {**more, **changed})
        assert plain == laden, (username, record)
        assert after == after_more, (username, record, differences(after, after_more))
        for name, info in declaration.fields.items():
            writers = info.field.writers
            worn = {hat.role for hat in doors.oracle.hats(user_ids[username])}
            if not info.typed or (writers and not worn & set(writers)):
                assert name not in form, (username, name, "is not his to type")
            elif doors.oracle.of(user_ids[username], register, record, name) != "clear":
                assert name not in form, (username, name)
        saved += plain == 303
    roles = [grants for grants in declaration.register.access.values() if any("update" in one.verbs for one in grants)]
    assert saved or not roles, "nobody could save anything"


def changes(form: Mapping[str, str]) -> dict[str, str]:
    """A change that any form takes."""
    return {name: "保存测试" for name in ("remarks",) if name in form}


def differences(one: Mapping[str, list[Any]], other: Mapping[str, list[Any]]) -> list[Any]:
    return [
        (name, left, right)
        for name in one
        for left, right in zip(one[name], other[name], strict=False)
        if left != right
    ][:4]


# ---- new records ---------------------------------------------------------------------------------------------------------


@each_register
def test_a_new_record_is_not_told_what_the_system_gives(doors: Doors, register: str) -> None:
    """The same form with number, state, owner, department, times and the rest added: the same record, or the same refusal."""
    declaration = doors.registers[register]
    for username, _ in accounts():
        browser = doors.witness(username)
        path = address(register, "new/")
        answer = browser.get(path)
        if answer.status_code != 200:
            assert not doors.may(username, register, "C") or not doors.reads(username, register)
            continue
        form = fields_of(answer.text)
        model = declaration.model
        like = model.select().where(model.created_by == doors.whole.users[username]) if declaration.is_record else None
        row = (like or model.select()).order_by(model.id.desc()).dicts().first() or {}
        data = {
            **form,
            **{name: typed(declaration.fields[name], row.get(name)) for name in form if name in declaration.fields},
        }
        more = added(doors, register, answer.text, {})
        plain, after = sent(doors, username, path, data)
        laden, after_more = sent(doors, username, path, {**more, **data})
        assert plain == laden, username
        assert after == after_more, (username, differences(after, after_more))
        return
    assert not any("create" in one.verbs for grants in declaration.register.access.values() for one in grants)


def typed(info: Info, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")[:19]
    return str(value)


# ---- acts ----------------------------------------------------------------------------------------------------------------


@each_register
def test_an_act_writes_only_what_it_asks(doors: Doors, register: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every act by somebody who may take it, at its own form: added fields change nothing of what it leaves."""
    monkeypatch.setattr(printing, "render_form", lambda form, words: b"%PDF-")
    declaration = doors.registers[register]
    done = 0
    for act in declaration.acts:
        for username, record in actors(doors, register, act):
            path = address(register, f"transition/{act}/", id=record)
            answer = doors.witness(username).get(path)
            if answer.status_code != 200:
                continue
            form = fields_of(answer.text)
            data = {**form, **filled(doors, register, declaration.acts[act], form)}
            more = added(doors, register, answer.text, columns(declaration.model, record))
            more.pop("reason", None)  # An opinion may come with any act, whatever column has that name.
            plain, after = sent(doors, username, path, data)
            laden, after_more = sent(doors, username, path, {**more, **data})
            assert plain == laden, (act, username, record)
            assert after == after_more, (act, username, record, differences(after, after_more))
            done += plain == 303
            break
    assert done or not declaration.acts, "no act could be taken"


def filled(doors: Doors, register: str, act: Act, form: Mapping[str, str]) -> dict[str, str]:
    """Something for each input that the act asks and its form has left empty."""
    declaration = doors.registers[register]
    kinds = {"integer": "1", "text": "情况属实", "day": doors.oracle.today.isoformat()}
    found = {"reason": "同意，情况属实"}
    for ask in act.ask:
        if ask.kind:
            found[ask.field] = ask.choices[0].code if ask.choices else kinds.get(ask.kind, "1")
        elif declaration.has(ask.field):
            info = declaration.info(ask.field)
            found[info.name] = "1" if info.numeric else another(info, None, doors)
    return {
        key: found[_LAST.sub("", key)] for key, text in form.items() if not text.strip() and _LAST.sub("", key) in found
    }


_LAST = re.compile(r"^.*-(?=\w+$)")


def actors(doors: Doors, register: str, act: str) -> Iterator[tuple[str, int]]:
    """Who may take the act on which record, by the records of the demo company; at most two of an account."""
    declaration = doors.registers[register]
    for username in USERNAMES:
        user = User.get_by_id(doors.whole.users[username])
        roles = [row.role for row in UserRole.select().where(UserRole.user == user.id)]
        actor = access_of(user, hats(user, roles, doors.oracle.today), doors.whole.catalogue, doors.oracle.today)
        if not actor.could(declaration, act):
            continue
        ids = sorted(doors.ids(username, register), reverse=True)[:60]
        able = [
            row.id
            for row in declaration.model.select().where(declaration.model.id.in_(ids))
            if actor.entitled(declaration, row, act)
        ]
        for record in able[:2]:
            yield username, record
