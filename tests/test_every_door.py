"""Every register of the catalogue, every account of the demo company, every door: what is reached is what the oracle allows.

Generated: a new register is asked at all its doors as soon as it is declared, and fails here if it has no column in the matrix or no
record in the demo company; a new address fails in tests/test_access_matrix.py. The rows are counted for all accounts on both
databases; single records are asked for by one account of each role. A witness reads every answer for numbers of records and values
that do not exist for its reader. Saves are in tests/test_every_save.py.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from backoffice import cli, printing
from models.base import db
from models.evidence import StoredFile
from models.matrix import MATRIX
from tests.door_world import MISSING, Doors, accounts, address, prepared, representatives
from tests.matrix_oracle import cells
from tests.whole_company import bound_whole, opened_whole

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
EVERYBODY = [username for username, _ in accounts()]


@pytest.fixture(scope="module", params=BOTH)
def companies(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with opened_whole(request.param, request, tmp_path_factory.mktemp("doors")) as whole:
        yield prepared(whole)


@pytest.fixture
def doors(request: pytest.FixtureRequest, companies: Doors) -> Iterator[Doors]:
    request.node.user_properties.append(("dialect", companies.whole.dialect))
    with bound_whole(companies.whole):
        yield companies


on_sqlite = pytest.mark.parametrize("companies", ["sqlite"], indirect=True, scope="module")
everybody = pytest.mark.parametrize("username", EVERYBODY)
each_role = pytest.mark.parametrize("username", representatives(accounts()))

_ID = re.compile(r'<tr data-id="(\d+)"')
_COUNT = re.compile(r'data-count="(\d+)" data-count-exact="(true|false)"')
_FACT = re.compile(r'<dd data-field="(\w+)"( data-masked)?')


# ---- the matrix itself -------------------------------------------------------------------------------------------------

# organisation.md 3.1, letters and scopes as written there; "" is nothing.
NAMED: tuple[str, ...] = (
    "customer_archive",
    "customer_info_card",
    "document_loan",
    "service_log",
    "aftersales_ledger",
    "product_return",
)
NAMED += ("gift_signoff", "key_checkout")
ORGANISATION = """
admin|R a|R a|R a|R a|R a|R a|R a|R a
gm|R A E a|R a|R a|R a|R A a|R a|R A a|R a
deputy_gm|R A E a|R a|R a|R a|R A a|R A E a|R A a|R a
dept_head|R U A E d|R d|R d|R E d|R A E d|R d|R E d|R A d
sales_manager|R U A E d|R A d|A|R d||R d|R A E d|R A d
group_leader|R g|R U A g|A||||R g|R g
salesperson|C R U o||C o|R o|||C R o|
sales_consultant|C R U o|C R o|C o||||C R o|R o
key_account|C R U o|C R o|C o||||C R o|R o
market_specialist|R d|R d|||||C R U A E d|
sales_assistant|R d|R U d|A|||||R d
sales_clerk|R E d|||||R C d||
custodian_5s|R|||||||C R U A E a
service_manager|R d|||C R U A D E d|R d|R d||
service_staff|R ar|||C R U o, ar|C R U ar|R||
business_clerk|R a|||C R U E d|C R U E a|R a||
complaint_handler|R|||R|R|R||
quality_inspector|R|||R E a|R A a|R A a||
archivist|R U E a|||R a|R a|R a||
finance|R a|||R U a|R a|R A E a|R a|R A a
warehouse_keeper|||||R|R A a||
logistics_specialist|R||||R|||
auditor|R E a|R E a|R E a|R E a|R E a|R E a|R E a|R E a
"""
# Letters that decisions.md gives or takes: 6 (archivist creates, voids, approves), 2 (a consultant makes key lines).
DECIDED = {
    ("archivist", "customer_archive"): "CRUDAE",
    ("sales_consultant", "key_checkout"): "CR",
}


def test_the_matrix_says_what_organisation_says() -> None:
    """Letter by letter, and scope by scope where the document names one."""
    seen = set()
    for line in ORGANISATION.strip().splitlines():
        role, *given = line.split("|")
        for register, text in zip(NAMED, given, strict=True):
            seen.add((role, register))
            found = cells(MATRIX[register][role]) if role in MATRIX[register] else []
            letters = "".join(one for one in "CRUDAE" if any(one in cell.letters for cell in found))
            wanted = DECIDED.get((role, register)) or "".join(one for one in "CRUDAE" if one in text)
            assert letters == wanted, (role, register)
            scopes = re.findall(r"\b(?:ar|[ogda])\b", text)
            assert not scopes or set(scopes) <= {cell.scope for cell in found}, (role, register)
    assert {(role, name) for name in NAMED for role in MATRIX[name]} <= seen


@on_sqlite
def test_every_register_has_a_column_and_records(doors: Doors) -> None:
    """Without them nothing below would be asked."""
    assert [name for name in doors.registers if name not in MATRIX] == []
    assert [name for name in doors.registers if not doors.oracle.rows(name)] == []


# ---- lists -------------------------------------------------------------------------------------------------------------


@everybody
def test_list_and_count(doors: Doors, username: str) -> None:
    """The rows of each list are those of the oracle, and so is their number; of the seconds of a post the first page."""
    witness = doors.witness(username)
    whole_list = username in representatives(accounts()) and doors.whole.dialect == "sqlite"
    size = 500 if whole_list else 20
    for register in doors.registers:
        expected = doors.ids(username, register)
        if not doors.reads(username, register):
            assert witness.get(address(register)).status_code == 403
            continue
        answer = witness.get(address(register, page_size=size))
        assert answer.status_code == 200
        found = {int(one) for one in _ID.findall(answer.text)}
        assert found <= expected, register
        assert len(found) == min(size, len(expected)), register
        shown = _COUNT.search(answer.text)
        assert shown is not None
        assert shown.groups() == (str(len(expected)), "true"), register


@each_role
@on_sqlite
def test_search(doors: Doors, username: str) -> None:
    """A number finds its row in sight and nothing out of sight; nor does any text of a field that one may not know."""
    witness, user = doors.witness(username), doors.whole.users[username]
    for register, declaration in doors.registers.items():
        if not doors.reads(username, register) or not declaration.register.search:
            continue
        rows = doors.oracle.rows(register)
        for name in declaration.shown(declaration.register.search):
            info = declaration.fields[name]
            if info.kind not in {"text", "number"}:
                continue
            known = doors.oracle.knows(user, register, name)
            wanted = [*doors.picked(username, register, 1), *doors.hidden(username, register)[:1]]
            for record in wanted:
                term = str(rows[record][name] or "")[:100].strip()
                if len(term) < 2 or re.search(r"[%_^=]", term):
                    continue
                found = {
                    int(one)
                    for one in _ID.findall(
                        witness.get(address(register, search=term, page_size=500), repeats=term).text
                    )
                }
                assert found <= doors.ids(username, register), (register, name)
                if known and record in doors.ids(username, register):
                    assert record in found, (register, name, term)


@each_role
@on_sqlite
def test_sort_and_filter(doors: Doors, username: str) -> None:
    """Only by fields that one knows in every row; the rows stay those in sight. Of the public fields each account asks a third."""
    witness, user = doors.witness(username), doors.whole.users[username]
    turn = sum(map(ord, username))
    for register, declaration in doors.registers.items():
        if not doors.reads(username, register):
            continue
        expected = doors.ids(username, register)
        for at, (name, info) in enumerate(declaration.fields.items()):
            secret = info.field.level > 1
            known = doors.oracle.knows(user, register, name)
            if not secret and (at + turn) % 3:
                continue
            if secret or name in declaration.register.sort:
                answer = witness.get(address(register, sort=name, page_size=5))
                allowed = known and name in declaration.register.sort
                assert answer.status_code == (200 if allowed else 400), (register, "sort", name)
                assert {int(one) for one in _ID.findall(answer.text)} <= expected, (register, name)
            if secret or name in declaration.register.filters:
                answer = witness.get(address(register, page_size=5, **{f"flt1_{name}_empty": "1"}))
                assert answer.status_code != 200 or known, (register, "filter", name)
                assert known or answer.status_code == 400, (register, "filter", name)
                assert {int(one) for one in _ID.findall(answer.text)} <= expected, (register, name)


@each_role
@on_sqlite
def test_lookup(doors: Doors, username: str) -> None:
    """A picker offers rows in sight alone; what it says of a hidden one is nothing."""
    witness = doors.witness(username)
    for register, declaration in doors.registers.items():
        for info in declaration.every_field():
            if info.kind != "ref" or info.target not in doors.registers:
                continue
            answer = witness.get(address(register, "ajax/lookup/", name=info.path, query="", limit=10**6))
            assert answer.status_code in {200, 400, 403}, (register, info.path)
            if answer.status_code != 200:
                continue
            assert doors.reads(username, register)
            offered = [key for key, _ in json.loads(answer.text)]
            assert len(offered) <= 20
            if doors.registers[info.target].register.public:
                continue
            assert set(offered) <= doors.ids(username, info.target), (register, info.path)
            label = doors.registers[info.target].register.label[0]
            for record in doors.hidden(username, info.target)[:1]:
                term = str(doors.oracle.rows(info.target)[record].get(label) or "")[:50]
                path = address(register, "ajax/lookup/", name=info.path, query=term)
                found = [key for key, _ in json.loads(witness.get(path, repeats=term).text)]
                assert record not in found, (register, info.path)


# ---- single records ----------------------------------------------------------------------------------------------------


def asked_at(doors: Doors, username: str, register: str) -> list[tuple[int, bool]]:
    """Records to ask for, with whether they exist for the account."""
    found = [(record, True) for record in doors.picked(username, register)]
    return [*found, *((record, False) for record in [*doors.hidden(username, register)[-1:], MISSING])]


@each_role
@on_sqlite
def test_details_and_history(doors: Doors, username: str) -> None:
    """403, 404 or the page, with each field clear, masked or absent as the oracle says."""
    witness, user = doors.witness(username), doors.whole.users[username]
    for register, declaration in doors.registers.items():
        reader = doors.reads(username, register)
        for record, seen in asked_at(doors, username, register):
            status = 403 if not reader else 200 if seen else 404
            page = witness.get(address(register, "details/", id=record))
            assert page.status_code == status, (register, record)
            assert witness.get(address(register, "history/", id=record)).status_code == status, (register, record)
            if status == 200:
                shown = {name: "masked" if mask else "clear" for name, mask in _FACT.findall(page.text)}
                for name, how in shown.items():
                    if name in declaration.fields:
                        assert how == doors.oracle.of(user, register, record, name) or (
                            how == "masked" and declaration.fields[name].kind == "ref"
                        ), (register, record, name)


def same_as_missing(answer: TestResponse, missing: TestResponse) -> bool:
    return (answer.status_code, len(answer.text)) == (missing.status_code, len(missing.text))


@each_role
@on_sqlite
def test_a_hidden_row_answers_like_a_missing_one(doors: Doors, username: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every door to a row: the same status and a page of the same length."""
    monkeypatch.setattr(printing, "render_form", lambda form, words: b"%PDF-")
    witness = doors.witness(username)
    for register, declaration in doors.registers.items():
        hidden = doors.hidden(username, register)[-1:]
        acts = list(declaration.acts)[sum(map(ord, username)) % 3 :: 3]
        paths = ["details/", "history/", "edit/", "file/?file=1", *(f"transition/{act}/" for act in acts)]
        paths += [f"print/{form.name}/" for form in declaration.register.prints if not form.many]
        for path in paths if hidden or not doors.reads(username, register) else []:
            door, _, more = path.partition("?")
            query = dict(pair.split("=") for pair in more.split("&") if pair)
            missing = witness.get(address(register, door, id=MISSING, **query))
            assert missing.status_code in {403, 404}, (register, path)
            if not doors.reads(username, register):
                assert missing.status_code == 403, (register, path)
            for record in hidden:
                answer = witness.get(address(register, door, id=record, **query))
                assert same_as_missing(answer, missing), (register, path, answer.status)


@each_role
@on_sqlite
def test_bulk_acts_on_hidden_rows(doors: Doors, username: str) -> None:
    """Each act posted for a hidden and a missing row: the same words, and nothing changes."""
    witness = doors.witness(username)
    for register, declaration in doors.registers.items():
        hidden = doors.hidden(username, register)[:1]
        for act in list(declaration.acts)[sum(map(ord, username)) % 2 :: 2] if hidden else []:
            told = []
            before = doors.oracle.catalogue[register].model.get_by_id(hidden[0]).version
            for record in (*hidden, MISSING):
                answer = witness.post(address(register, "action/"), {"action": act, "rowid": str(record)})
                assert answer.status_code in {303, 403}, (register, act)
                if answer.status_code == 303:
                    notices = re.findall(r'data-outcome="(\w+)".*?</div>', witness.get("/account/password/").text, re.S)
                    told.append(notices)
            assert doors.oracle.catalogue[register].model.get_by_id(hidden[0]).version == before
            assert len({str(one) for one in told}) <= 1, (register, act, told)


@each_role
@on_sqlite
def test_files(doors: Doors, username: str) -> None:
    """A stored file goes with its row and field."""
    witness, user = doors.witness(username), doors.whole.users[username]
    files = StoredFile.select().where(StoredFile.record_id.is_null(False)).order_by(StoredFile.id)
    some: dict[tuple[str, str, bool], StoredFile] = {}
    for row in files:
        if row.register in doors.registers:
            seen = row.record_id in doors.ids(username, row.register)
            some.setdefault((row.register, row.field, seen), row)
    for (register, name, seen), row in some.items():
        answer = witness.get(address(register, "file/", id=row.record_id, file=row.id))
        if not doors.reads(username, register):
            assert answer.status_code == 403, (register, name)
            continue
        if seen and doors.registers[register].has(name):
            seen = doors.oracle.of(user, register, row.record_id, name) == "clear"
        elif seen:
            seen = doors.oracle.sights(user, register)[row.record_id].fields is None
        assert answer.status_code == (200 if seen else 404), (register, name, row.record_id)


# ---- out of the house --------------------------------------------------------------------------------------------------


@each_role
@on_sqlite
def test_exports(doors: Doors, username: str) -> None:
    """A CSV file has the rows in sight for whoever may export; everybody else is refused, in every format."""
    witness, user = doors.witness(username), doors.whole.users[username]
    for register in doors.registers:
        allowed = doors.oracle.exports(user, register)
        answer = witness.get(address(register, "export/csv/"))
        assert answer.status_code == (200 if allowed else 403), register
        if allowed:
            rows = [row for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")) if row]
            assert len(rows) == len(doors.ids(username, register)) + 2, register
        else:
            assert witness.get(address(register, "export/pdf/")).status_code == 403, register


@each_role
@on_sqlite
def test_prints(doors: Doors, username: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms hold what their reader sees; their drawing is left out here."""
    monkeypatch.setattr(printing, "render_form", lambda form, words: repr(form).encode())
    witness, user = doors.witness(username), doors.whole.users[username]
    periods = {"month": "2025-10", "date": "2025-10-15", "area": "1", "user": str(doors.whole.users["salesperson"])}
    for register, declaration in doors.registers.items():
        for form in declaration.register.prints:
            source = form.register or register
            named = {name: periods[name] for name, _ in form.by if name in periods}
            if form.many:
                answer = witness.get(address(register, f"print/{form.name}/", **named))
                allowed = doors.reads(username, register) and doors.oracle.exports(user, source)
                assert (answer.status_code == 403) is not allowed, (register, form.name, answer.status)
                continue
            needs_grant = doors.registers[source].register.print_needs_grant
            allowed = doors.oracle.exports(user, source) if needs_grant else doors.reads(username, source)
            for record in doors.picked(username, source, 1):
                answer = witness.get(address(register, f"print/{form.name}/", id=record))
                assert answer.status_code in ({200, 409} if allowed else {403}), (register, form.name)


@each_role
@on_sqlite
def test_home_and_menu(doors: Doors, username: str) -> None:
    """Figures and rows of the first page are of records in sight; the menu names registers he reads."""
    page = doors.witness(username).get("/").text
    menu = set(re.findall(r'href="/admin/(\w+)/"', page))
    assert menu & set(doors.registers) == {name for name in doors.registers if doors.reads(username, name)}
    for box in re.findall(r'<section[^>]* id="(\w+)-[\w-]+".*?</section>', page, re.S):
        assert doors.reads(username, box)
    for register, record in re.findall(r'href="/admin/(\w+)/details/\?id=(\d+)"', page):
        assert int(record) in doors.ids(username, register), (register, record)


@pytest.mark.parametrize("username", ["auditor", "dept_head_2", "finance"])
@on_sqlite
def test_command_line(
    doors: Doors, username: str, tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`backoffice export` writes what the page writes, and refuses where the page refuses."""
    monkeypatch.setenv("BACKOFFICE_DATABASE_URL", doors.whole.url)
    monkeypatch.setenv("BACKOFFICE_DATA_DIR", str(doors.whole.data_dir))
    witness, user = doors.witness(username), doors.whole.users[username]
    try:
        for register in doors.registers:
            file = tmp_path / f"{register}.csv"  # type: ignore[operator]
            done = cli.main(["export", register, "--format", "csv", "--as", username, "-o", str(file)])
            db.initialize(doors.whole.database)
            assert done == (0 if doors.oracle.exports(user, register) else 1), register
            assert file.exists() is (done == 0)
            if done == 0:
                text = file.read_text("utf-8-sig")
                assert not set(re.findall(r"\b[A-Z]{1,6}-\d{4,8}-\d{3,6}\b", text)) & witness.numbers
                assert not [one for one in witness.texts if one in text]
    finally:
        db.initialize(doors.whole.database)
