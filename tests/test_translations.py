"""Every text in the reader's language: catalogues complete and compiled, no English on a Chinese page, English where asked."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup, Comment, Doctype

from backoffice import texts
from backoffice.app import create_app
from backoffice.security import cookie_name
from backoffice.texts import label, read, say, speaking
from models.matrix import DEPARTMENTS
from models.register import Text
from tests.accounts_app import CHEAP, Browser
from tests.company import Company, Signed

ROOT = Path(__file__).parent.parent
FOLDERS = ("backoffice", "admin_views", "templates")
FILES = sorted(texts.DIRECTORY.glob("*/LC_MESSAGES/messages.po"))
PLACES = re.compile(r"%\((\w+)\)s|\{(\w*)\}")


@cache
def message_ids() -> frozenset[str]:
    """Every text that code and templates give to a reader, found as `make messages` finds it."""
    rows = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]["mappings"]
    mapping = [(row["pattern"], row["method"]) for row in rows]
    found: set[str] = set()
    for folder in FOLDERS:
        for _, _, text, _, _ in extract_from_dir(ROOT / folder, mapping, keywords={"say": None, "_": None}):
            assert isinstance(text, str)
            found.add(text)
    return frozenset(found)


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def places(text: str) -> list[tuple[str, str]]:
    return sorted(PLACES.findall(text))


def test_texts_are_written_out_where_they_are_said() -> None:
    """A text made of pieces, or inside an f-string, would never reach the translators."""
    missed = []
    for folder in ("backoffice", "admin_views"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say"):
                    continue
                text = node.args[0]
                if not (isinstance(text, ast.Constant) and text.value in message_ids()):
                    missed.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert missed == []


def test_simplified_chinese_is_there() -> None:
    assert "zh_Hans_CN" in {path.parent.parent.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.parent.name)
class TestCatalogue:
    def test_it_holds_the_texts_of_the_product_and_no_others(self, path: Path) -> None:
        told = catalogue(path)
        ids = {message.id for message in told if message.id}
        assert sorted(message_ids() - ids) == [], "run: make messages"
        assert sorted(ids - message_ids()) == [], "run: make messages"
        assert not told.obsolete

    def test_every_text_is_translated(self, path: Path) -> None:
        assert [message.id for message in catalogue(path) if message.id and not message.string] == []
        assert [message.id for message in catalogue(path) if message.id and message.fuzzy] == []

    def test_the_places_for_values_are_the_same(self, path: Path) -> None:
        for message in catalogue(path):
            assert places(str(message.string)) == places(str(message.id)), message.id

    def test_the_compiled_file_says_the_same(self, path: Path) -> None:
        with path.with_suffix(".mo").open("rb") as file:
            compiled = {message.id: message.string for message in read_mo(file) if message.id}
        assert compiled == {message.id: message.string for message in catalogue(path) if message.id}, (
            "run: make messages"
        )

    def test_chinese_reads_as_chinese(self, path: Path) -> None:
        """Full-width punctuation beside Chinese characters, no space before it."""
        wrong = re.compile(r"[\u4e00-\u9fff][,;:?!](?!\d)|[A-Za-z0-9%)}\]] ?,(?=[\u4e00-\u9fff])|\s[，。；：？！]")
        assert [message.string for message in catalogue(path) if message.id and wrong.search(str(message.string))] == []


# ---- what readers see --------------------------------------------------------------------------------------------------

# Names of formats, units and things that Chinese offices write in Latin letters.
ALLOWED = {
    *("CSV", "PDF", "XLSX", "PNG", "JPEG", "DOCX", "TXT", "MB", "GB", "KB", "ISO", "https", "Ctrl", "Enter"),
    *("n", "e", "S", "A", "B", "C", "D", "ABC", "QQ", "pdf"),
}
WORD = re.compile(r"[A-Za-z]+")
# Numbers of records, rule ids, codes of articles, addresses of clients, e-mail, hashes, and user names in brackets.
CODES = re.compile(
    r"\b[A-Z]{2,4}(-[A-Z]{2,4})?-[A-Z0-9-]*\d[A-Z0-9-]*|\b[A-Z]{2}-[A-Z]{2}\b|\S+@\S+|\b[0-9a-f]{12}\b|\b\d+[SAB]\b|\b5S\b"
)
# What people typed, and the browser's own words.
TYPED = ("[data-field=agent]", "td.w", "code", "script", "style", "[data-user-text]", ".who b")


def english(page: BeautifulSoup, names: set[str]) -> list[str]:
    """The texts on the page with words in Latin letters that are neither names nor codes."""
    for typed in page.select(", ".join(TYPED)):
        typed.decompose()
    shown = [
        str(text)
        for text in page.find_all(string=True)
        if not isinstance(text, Comment | Doctype) and text.strip() and text.parent is not None
    ]
    for name in ("aria-label", "placeholder", "title", "data-confirm", "data-none", "alt"):
        shown += [str(tag[name]) for tag in page.select(f"[{name}]")]
    found = []
    for text in shown:
        words = set(
            WORD.findall(
                CODES.sub("", re.sub("|".join(sorted(map(re.escape, names), key=len, reverse=True)), "", text))
            )
        )
        if words - ALLOWED:
            found.append(text.strip())
    return found


def everything(company: Company) -> Mapping[str, int]:
    """Records in every state, and what lies around them; the address of each kind with an id to open."""
    customer = company.customer()
    states = [state.code for state in company.catalogue["gift_signoff"].register.states]
    made = {}
    for state in states:
        if state in {"draft", "submitted", "specialist_signed", "approved", "issued", "partly_signed", "closed"}:
            made[f"gift_{state}"] = company.gift_in(state)
    item = company.catalogue["gift_item"].model.get().id
    company.done("market_specialist", "gift_item", item, "stock_count", {"counted": "1", "reason": "盘点"})
    return {"customer": customer, "item": item, **made}


def addresses(company: Company, made: Mapping[str, int]) -> Iterator[str]:
    """Pages for everybody; who may not see one gets the page of a refusal, which is a page as well."""
    yield from ("/", "/account/password/", "/account/sessions/", "/nowhere", "/admin/nowhere/")
    for name in (*company.catalogue, "user", "delegation", "export_grant"):
        yield f"/admin/{name}/"
        yield f"/admin/{name}/new/"
        yield f"/admin/{name}/?search=zzzz9"
        yield f"/admin/{name}/?flt1_nowhere_equals=1"
    records = {"customer_archive": [made["customer"]], "gift_item": [made["item"]]}
    records["gift_signoff"] = [id for name, id in made.items() if name.startswith("gift_")]
    for register, ids in records.items():
        for id in ids:
            yield f"/admin/{register}/details/?id={id}"
            yield f"/admin/{register}/edit/?id={id}"
            yield f"/admin/{register}/history/?id={id}"
        for act in company.catalogue[register].register.acts:
            yield f"/admin/{register}/transition/{act.name}/?id={ids[0]}"
            yield f"/admin/{register}/transition/{act.name}/?id={ids[-1]}"
    user = company.users["salesperson_2"].id
    for verb in ("details", "edit", "history"):
        yield f"/admin/user/{verb}/?id={user}"


# The words of a page do not depend on the database.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CRAWLERS = ("salesperson", "market_specialist", "sales_manager", "gm", "auditor", "admin")


@ON_SQLITE
def test_no_english_is_left_on_a_page(company: Company) -> None:
    made = everything(company)
    names = {*company.users, *DEPARTMENTS, "LP-CY"}
    left: dict[str, str] = {}
    pages = 0
    for username in CRAWLERS:
        browser = company.browser(username)
        for address in addresses(company, made):
            answer = browser.get(address, follow_redirects=True)
            assert answer.status_code < 500, f"{username} {address}: {answer.text[:2000]}"
            if answer.mimetype != "text/html":
                continue
            pages += 1
            for text in english(BeautifulSoup(answer.text, "html.parser"), names):
                left.setdefault(text, f"{username} {address}")
    assert pages > 200
    assert "\n".join(f"{text!r}: {where}" for text, where in left.items()) == ""


@ON_SQLITE
def test_no_english_is_left_where_a_form_is_refused(company: Company) -> None:
    """Wrong entries in every form for a new record, a page opened too late, and acts that may not be."""
    made = everything(company)
    names = {*company.users, *DEPARTMENTS, "LP-CY"}
    left: dict[str, str] = {}

    def look(what: str, browser: Signed, path: str, data: Mapping[str, str]) -> None:
        answer = browser.send(path, data, follow_redirects=True)
        assert 400 <= answer.status_code < 500 or answer.status_code == 200, f"{what}: {answer.status}"
        for text in english(BeautifulSoup(answer.text, "html.parser"), names):
            left.setdefault(text, what)

    for username, register in (
        ("salesperson", "customer_archive"),
        ("salesperson", "gift_signoff"),
        ("market_specialist", "gift_item"),
        ("admin", "user"),
        ("admin", "area"),
        ("sales_manager", "delegation"),
        ("admin", "export_grant"),
    ):
        browser = company.browser(username)
        look(f"{register} empty", browser, f"/admin/{register}/new/", {})
        if register in company.catalogue:
            wrong = {info.name: "§" * 3 for info in company.catalogue[register].fields.values()}
            look(f"{register} nonsense", browser, f"/admin/{register}/new/", wrong)
    for username in ("salesperson", "sales_manager", "market_specialist"):
        browser = company.browser(username)
        for act in company.catalogue["gift_signoff"].register.acts:
            data = {"action": act.name, "rowid": str(made["gift_draft"]), "comment": ""}
            look(f"{username} {act.name}", browser, "/admin/gift_signoff/action/", data)
            data["rowid"] = str(made["gift_closed"])
            look(f"{username} {act.name} of a closed one", browser, "/admin/gift_signoff/action/", data)
            stale = {"version": "0", "reason": "同意"}
            address = f"/admin/gift_signoff/transition/{act.name}/?id={made['gift_approved']}"
            look(f"{username} {act.name} too late", browser, address, stale)
    browser = company.browser("salesperson")
    look("password", browser, "/account/password/", {"old": "x", "new": "y", "repeat": "z"})
    refused = browser.client.post("/account/password/", data={}, base_url=browser.base)
    assert refused.status_code == 400
    left.update({text: "without token" for text in english(BeautifulSoup(refused.text, "html.parser"), names)})
    assert "\n".join(f"{text!r}: {where}" for text, where in left.items()) == ""


@ON_SQLITE
def test_in_the_english_locale_everything_is_english(company: Company) -> None:
    """Beside the names in the data no Chinese is left."""
    made = everything(company)
    settings = replace(company.settings(), locale="en", company_name="Qingchuan")
    app = create_app(settings, catalogue=company.catalogue, hasher=CHEAP, bind=False)
    browser = company.browser("salesperson")
    token = browser.cookie(cookie_name_of(company))
    assert token is not None
    browser.app = app
    browser.client = app.test_client()
    browser.client.set_cookie(cookie_name_of(company), token, domain="localhost")
    chinese = re.compile(r"[\u4e00-\u9fff]")
    page = browser.page("/admin/gift_signoff/")
    assert page.html is not None
    assert page.html["lang"] == "en"
    labels = page.select("th, nav p, nav a, button, label, summary > span:not(:last-child), h1")
    assert [tag.get_text() for tag in labels if chinese.search(tag.get_text())] == []
    gift = company.catalogue["gift_signoff"]
    assert any(gift.register.en in tag.get_text() for tag in page.select("h1, nav a"))
    details = browser.page(f"/admin/gift_signoff/details/?id={made['gift_approved']}")
    assert [tag.get_text() for tag in details.select("dt, h2, th, button") if chinese.search(tag.get_text())] == []
    form = browser.page("/admin/gift_signoff/new/")
    assert [tag.get_text() for tag in form.select("legend, th, button") if chinese.search(tag.get_text())] == []
    assert "There is no such page" in browser.get("/nowhere").text


def cookie_name_of(company: Company) -> str:
    with company.app.test_request_context(base_url="http://localhost"):
        return cookie_name("sid")


@pytest.mark.parametrize("locale", texts.LOCALES)
def test_declarations_speak_the_locale(locale: str) -> None:
    text = Text("礼品", "gift")
    with speaking(locale):
        assert read(text) == ("gift" if locale == "en" else "礼品")
        assert label(text) == read(text)


def test_traditional_chinese_falls_back_to_simplified() -> None:
    with speaking("zh_Hant_TW"):
        assert str(say("Save")) in {"保存", "儲存"}
        assert str(say("At most {most} lines.", most=3)).startswith("最多 3")


@ON_SQLITE
def test_the_product_serves_every_locale(company: Company) -> None:
    for locale, word in (("zh_Hans_CN", "登录"), ("zh_Hant_TW", "登"), ("en", "Sign in")):
        app = create_app(
            replace(company.settings(), locale=locale), catalogue=company.catalogue, hasher=CHEAP, bind=False
        )
        answer = Browser(app).get("/login")
        assert answer.status_code == 200
        assert word in answer.text
        assert f'lang="{locale.replace("_", "-")}"' in answer.text
