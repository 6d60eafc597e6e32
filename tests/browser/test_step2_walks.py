"""Two more ways the product is shown: a car key from request to return, and a customer from one owner to the next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from backoffice import clock
from tests.browser.conftest import Person
from tests.browser.test_pages import CUSTOMERS, WIDER
from tests.browser.test_walks import details, printed
from tests.company import PDF

People = Callable[..., Person]
KEYS = "/admin/key_checkout/"
FINE = ("check_windows", "check_doors", "check_body", "check_interior")
PAPERS = ("agreement_file", "licence_file")
LATE = "补录：当时系统停用"


def row(person: Person, register: str, search: str) -> str:
    """The id of the first row that is found by these words."""
    found = person.open(f"/admin/{register}/?search={search}").page.locator("tr[data-id]").first
    return str(found.get_attribute("data-id"))


def pick(person: Person, name: str, words: str) -> None:
    """Choose from a field that looks up what is typed."""
    box = person.page.locator(f"[name='{name}-text']")
    box.click()
    box.press_sequentially(words, delay=15)
    person.page.locator(f"#{name}-list [data-id]").first.click()


def save(person: Person) -> Person:
    return person.press("form.sheet button.primary")


def request_key(person: Person, key: str, purpose: str, **typed: str) -> None:
    """Fill and send the form of a new line; customer and guide are looked up by what is given."""
    person.open(KEYS).press("[data-action=create]")
    person.page.select_option("[name=key]", key)
    person.page.select_option("[name=purpose]", purpose)
    for name in ("customer", "accompanied_by"):
        if name in typed:
            pick(person, name, typed.pop(name))
    for name, value in typed.items():
        field = person.page.locator(f"[name={name}]")
        field.select_option(value) if field.evaluate("one => one.tagName") == "SELECT" else field.fill(value)
    save(person)


def give_papers(person: Person, *names: str) -> None:
    for name in names:
        paper = {"name": f"{name}.pdf", "mimeType": "application/pdf", "buffer": PDF}
        person.page.set_input_files(f"[name={name}]", paper)


def local(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}"


def faults(person: Person) -> set[tuple[str | None, str | None]]:
    """Field and rule of everything the page complains about."""
    found = person.page.locator("[data-outcome=invalid], [data-outcome=refused]")
    return {(one.get_attribute("data-field"), one.get_attribute("data-rule")) for one in found.all()}
