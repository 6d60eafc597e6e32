"""A demo company on a server of its own, and people who use it in Chromium.

    def test_x(people): anna = people("salesperson"); anna.open("/admin/gift_signoff/"); anna.act("submitted")

The server is the command `backoffice demo` on a free port, one for each worker of the run. Every page is watched: an error or a
violation of the content security policy fails the test. With BACKOFFICE_TEST_SHOTS=<folder> `look` leaves pictures there.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is missing; install it: pip install playwright"
)

PASSWORD = "demo-pass-2026"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SHOTS = os.environ.get("BACKOFFICE_TEST_SHOTS", "")
# Chromium reports an answer that is no success as an error of the page; that is what such tests ask for.
_STATUS = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is here, and leave the long crawl out unless it is asked for by name."""
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
    if "crawl" not in str(config.getoption("markexpr", "")):
        long = [item for item in items if item.get_closest_marker("crawl")]
        if long:
            config.hook.pytest_deselected(items=long)
            items[:] = [item for item in items if item not in long]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(base: str, process: subprocess.Popen[Any], log: Path, seconds: float = 180) -> None:
    """Until the server answers. Fails with its log when it ends or takes too long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{base}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the server did not come up:\n{log.read_text(encoding='utf-8')[-3000:]}")


@dataclass(frozen=True)
class Site:
    """A running server and where its data lies."""

    base: str
    data: Path


_BACKOFFICE = [sys.executable, "-c", "import sys; from backoffice.cli import main; sys.exit(main())"]


def command(environ: dict[str, str], *words: str) -> str:
    """What a command of the product prints."""
    done = subprocess.run([*_BACKOFFICE, *words], env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def serving(words: list[str], port: int, log: Path, environ: dict[str, str] | None = None) -> Iterator[str]:
    """A server of the product until the block ends."""
    with (
        log.open("wb") as out,
        subprocess.Popen([*_BACKOFFICE, *words], stdout=out, stderr=subprocess.STDOUT, env=environ) as process,
    ):
        try:
            base = f"http://127.0.0.1:{port}"
            wait_for(base, process, log)
            yield base
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    port = free_port()
    words = ["demo", "--port", str(port), "--data", str(folder / "data"), "--password", PASSWORD, "--customers", "60"]
    with serving(words, port, folder / "log") as base:
        yield Site(base, folder / "data")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser of the machine, or the one playwright brought."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with playwright.sync_playwright() as started:
        try:
            browser = started.chromium.launch(executable_path=path, args=flags)
        except playwright.Error:
            pytest.skip("chromium is missing; install it: apt-get install chromium, or playwright install chromium")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def cookies() -> dict[tuple[str, str], Any]:
    """Who has signed in already, on which server."""
    return {}


@dataclass
class Person:
    """Somebody with a browser. `page` is playwright's; `troubles` collects what the pages complained about."""

    username: str
    base: str
    page: Any
    script: bool = True
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str, status: int = 200) -> Person:
        answer = self.page.goto(self.base + path)
        assert answer is not None, path
        assert answer.status == status, f"{self.username} {path}: {answer.status}\n{self.text()[:600]}"
        return self

    def text(self, selector: str = "main") -> str:
        return str(self.page.inner_text(selector))

    def press(self, selector: str) -> Person:
        """Click, answer a question with yes, and wait for the next page."""
        target = self.page.locator(selector).first
        if self.script and target.get_attribute("data-confirm"):
            target.click()
            target = self.page.locator("#ask .primary")
        with self.page.expect_navigation():
            target.click()
        return self

    def act(self, name: str, **typed: str) -> Person:
        """Do an act from the details page, filling the form it asks for, if it asks."""
        self.press(f".head [data-action={name}]")
        if self.page.locator("form.sheet").count():
            for key, value in typed.items():
                self.page.fill(f"[name='{key.replace('__', '-')}']", value)
            self.press(f"form.sheet [data-action={name}]")
        return self

    def outcome(self) -> str:
        """The kind of the last message of the page."""
        return str(self.page.locator("[data-outcome]").last.get_attribute("data-outcome"))

    def value(self, name: str) -> str:
        """The machine value of a field of the details page."""
        return str(self.page.locator(f"dd[data-field={name}]").get_attribute("data-value"))

    def state(self) -> str:
        return str(self.page.locator("[data-state]").first.get_attribute("data-state"))

    def record(self) -> str:
        return str(self.page.locator("[data-id]").first.get_attribute("data-id"))

    def offers(self) -> set[str]:
        """The acts on the head of a details page."""
        found = self.page.locator(".head [data-action]").evaluate_all("all => all.map(one => one.dataset.action)")
        return set(found)

    def send(self, path: str, form: dict[str, Any]) -> Any:
        """A POST of the same browser without its page, for what a test needs and does not look at."""
        if not self.page.locator("[name=csrf_token]").count():
            self.open("/account/password/")
        token = self.page.locator("[name=csrf_token]").first.get_attribute("value")
        headers = {"Referer": self.base + "/", "Origin": self.base}
        return self.page.request.post(
            self.base + path, form={"csrf_token": token, **form}, headers=headers, max_redirects=0
        )

    def look(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.fixture
def people(site: Site, chromium: Any, cookies: dict[tuple[str, str], Any]) -> Iterator[Callable[..., Person]]:
    """`people(username, phone=False, script=True, base=None, password=PASSWORD)` gives somebody signed in."""
    opened: list[Person] = []

    def someone(
        username: str, *, phone: bool = False, script: bool = True, base: str = "", password: str = PASSWORD
    ) -> Person:
        at = base or site.base
        view = {"viewport": PHONE, "is_mobile": True, "has_touch": True} if phone else {"viewport": DESK}
        context = chromium.new_context(
            locale="zh-CN", java_script_enabled=script, storage_state=cookies.get((at, username)), **view
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        person = Person(username, at, page, script)
        page.on("pageerror", lambda error: person.troubles.append(f"{page.url}: {error}"))
        page.on("console", lambda message: _heard(person, message))
        opened.append(person)
        page.goto(at + "/")
        if "/login" in page.url:
            page.fill("#username", username)
            page.fill("#password", password)
            person.press("button.primary")
            cookies[at, username] = context.storage_state()
        return person

    yield someone
    for person in opened:
        person.page.context.close()
    troubles = [trouble for person in opened for trouble in person.troubles]
    assert not troubles, "\n".join(troubles)


def _heard(person: Person, message: Any) -> None:
    if message.type in {"error", "warning"} and not _STATUS.match(message.text):
        person.troubles.append(f"{person.username} {person.page.url}: {message.text}")
