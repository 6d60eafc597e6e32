"""Real servers for tests: `backoffice serve` in processes of its own on a free loopback port, and people who talk to it.

    with serving(database_url, tmp_path / "data") as server:
        person = Person(server.url)
        person.sign_in("salesperson")
        answer = person.send("/admin/…", {…})

Each server leads a process group of its own, and only that group is ended.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from urllib.parse import urlencode

from tests.accounts_app import PASSWORD
from tests.company import SECRET

COMMAND = [sys.executable, "-c", "from backoffice.cli import main; raise SystemExit(main())"]
START_SECONDS = 40


def environment(database_url: str, data_dir: Path) -> dict[str, str]:
    """What a command needs to work on this database, and nothing of the surroundings that could change it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKOFFICE_")}
    return {
        **kept,
        "BACKOFFICE_DATABASE_URL": database_url,
        "BACKOFFICE_SECRET_KEY": SECRET,
        "BACKOFFICE_DATA_DIR": str(data_dir),
        "BACKOFFICE_COMPANY_NAME": "测试公司",
        "BACKOFFICE_SECOND_FACTOR": "off",
    }


def command(database_url: str, data_dir: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One `backoffice …` that runs to its end."""
    return subprocess.run(
        [*COMMAND, *words],
        env=environment(database_url, data_dir),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running server. `kill` ends it as a power cut would, `stop` as an administrator would."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        self.process.wait(15)


def start(database_url: str, data_dir: Path, port: int | None = None, workers: int = 1) -> Server:
    """A server that answers. It writes to a log in its data directory."""
    data_dir.mkdir(parents=True, exist_ok=True)
    chosen = port or free_port()
    log = data_dir / f"server-{chosen}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(chosen), "--workers", str(workers)],
            env=environment(database_url, data_dir),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    server = Server(chosen, process, log)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if Person(chosen).request("GET", "/healthz").status == 200:
                return server
        except OSError:
            time.sleep(0.05)
    server.stop()
    raise RuntimeError(f"the server did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}")


@contextmanager
def serving(database_url: str, data_dir: Path, *, count: int = 1, workers: int = 1) -> Iterator[list[Server]]:
    """`count` servers on one database; ended with the block, whatever happens in it."""
    servers: list[Server] = []
    try:
        for _ in range(count):
            servers.append(start(database_url, data_dir, workers=workers))
        yield servers
    finally:
        for server in servers:
            server.stop()


@dataclass
class Answer:
    status: int
    text: str
    location: str = ""

    @property
    def rules(self) -> set[str]:
        return set(re.findall(r'data-rule="([^"]+)"', self.text))

    @property
    def outcomes(self) -> set[str]:
        return set(re.findall(r'data-outcome="([^"]+)"', self.text))


@dataclass
class Person:
    """One browser over real HTTP: keeps cookies, follows no redirect."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def request(self, method: str, path: str, data: Mapping[str, Any] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            body = None
            if data is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                headers["Origin"] = f"http://127.0.0.1:{self.port}"
                body = urlencode({"csrf_token": self.token, **data})
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            for name, value in response.getheaders():
                if name.lower() == "set-cookie":
                    self.cookies.update({key: part.value for key, part in SimpleCookie(value).items()})
            return Answer(response.status, text, response.getheader("Location") or "")
        except http.client.HTTPException as broken:
            raise ConnectionError(str(broken)) from broken
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def send(self, path: str, data: Mapping[str, Any]) -> Answer:
        return self.request("POST", path, data)

    def sign_in(self, username: str) -> None:
        self._learn("/login")
        answer = self.send("/login", {"username": username, "password": PASSWORD})
        assert answer.status == 303, f"{answer.status}: {answer.text[:500]}"
        self._learn("/account/password/")

    def _learn(self, path: str) -> None:
        page = self.get(path)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert found, f"{path} answered {page.status} without a form"
        self.token = found[1]


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """The results of all works, started at the same instant in threads; an exception is its result."""
    gate = Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        gate.wait(30)
        try:
            results[place] = works[place]()
        except Exception as fault:
            results[place] = fault

    threads = [Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


__all__ = ["Answer", "Person", "Server", "at_once", "command", "environment", "free_port", "serving", "start"]
