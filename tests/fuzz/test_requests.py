"""Schema-aware random requests over every address and field: no error of the server, no traceback, no text of a database, on both.

A few hundred in the suite, always the same ones; `make fuzz` sends 100,000 others (`BACKOFFICE_FUZZ=100000`).
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from werkzeug.test import TestResponse

from backoffice import printing
from models.base import db
from tests.fuzz.aims import SCRIPT, USERS, Schema, Sent, requests
from tests.promises import Promise
from tests.whole_company import Whole, bound_whole, opened_whole

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
SHORT = 800
# How many requests in all, half of them on each database.
COUNT = int(os.environ.get("BACKOFFICE_FUZZ", SHORT))

_LEAKED = re.compile(
    r"Traceback|peewee|psycopg|apsw|IntegrityError|OperationalError|DataError|UNIQUE constraint|violates \w+|"
    r"syntax error|no such (?:column|table)|site-packages|\.py&#34;, line"
)


@pytest.fixture(scope="module", params=BOTH)
def companies(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with opened_whole(request.param, request, tmp_path_factory.mktemp("fuzz")) as whole:
        yield whole


@pytest.fixture
def whole(request: pytest.FixtureRequest, companies: Whole) -> Iterator[Whole]:
    request.node.user_properties.append(("dialect", companies.dialect))
    with bound_whole(companies):
        yield companies


class Client:
    """Sends what was made up as somebody signed in, from the same state each time."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        self.cookies = {}
        self.tokens = {}
        for username in USERS:
            browser = whole.browser(username)
            self.tokens[username] = browser.token("/account/password/")
            self.cookies[username] = dict(browser.client._cookies or {})

    def send(self, one: Sent) -> TestResponse:
        """The answer; whatever it wrote is taken back."""
        browser = self.whole.browser(one.username)
        browser.client._cookies = dict(self.cookies[one.username])
        token = urlencode({"csrf_token": self.tokens[one.username]})
        body = f"{token}&{one.body}" if one.method == "POST" else None
        path, _, query = one.path.partition("?")
        # As a server hands them over: the client's own parser takes a path of two slashes for a host.
        given = {"PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "QUERY_STRING": query, "REQUEST_URI": one.path}
        with db.atomic() as transaction:
            try:
                return browser.client.open(
                    "/",
                    base_url=browser.base,
                    environ_overrides=given,
                    method=one.method,
                    data=body,
                    content_type="application/x-www-form-urlencoded" if body else None,
                    buffered=True,
                )
            finally:
                transaction.rollback()


def test_no_request_is_an_error_of_the_server(whole: Whole, monkeypatch: pytest.MonkeyPatch, promise: Promise) -> None:
    monkeypatch.setattr(printing, "render_form", lambda form, words: b"%PDF-1.4")
    client, told = Client(whole), Counter[str]()

    @settings(
        max_examples=COUNT // 2,
        deadline=None,
        derandomize=COUNT == SHORT,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(Schema(whole)))
    def one_of_many(one: Sent) -> None:
        answer = client.send(one)
        told[f"{one.method} {answer.status_code}"] += 1
        assert answer.status_code < 500, f"{answer.status} {one}"
        if (answer.mimetype or "").startswith("text/html"):
            assert SCRIPT not in answer.text, one
            leaked = _LEAKED.search(answer.text)
            assert leaked is None, f"{leaked and leaked[0]!r} in the answer to {one}"

    one_of_many()
    # Most of it must come far: pages shown, records written, values refused beside their field.
    assert told["GET 200"] > COUNT // 40, told
    assert told["POST 303"], told
    assert told["POST 422"] > COUNT // 100, told
    promise(
        f"P18 no input is an error of the server, {whole.dialect}",
        f"{told.total()} requests, 0 errors of the server; {dict(told.most_common(8))}",
    )
