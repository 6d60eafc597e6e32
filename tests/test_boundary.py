"""What the boundary refuses before any page runs, the headers of every answer, and the pages of errors."""

import io
import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peewee
import pytest
from flask import Flask, abort, request
from peewee import Database
from werkzeug.test import TestResponse

from backoffice import errors
from backoffice.security import allows_files, csp_nonce, is_trusted, static_url
from models.accounts import SignInAttempt
from tests.accounts_app import NOW, Boundary, Browser, at, make_app, make_user, page, signed_in


@pytest.fixture(autouse=True)
def clock_held() -> Iterator[None]:
    with at(NOW):
        yield


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """Nothing here depends on the kind of database."""
    shutil.copyfile(sqlite_template, tmp_path / "backoffice.db")
    return f"sqlite:///{tmp_path / 'backoffice.db'}"


@pytest.fixture
def app(database: Database) -> Flask:
    return make_app(database)


def raw_post(app: Flask, path: str, data: Any = None, **headers: str) -> TestResponse:
    return app.test_client().post(path, data=data, headers=headers, base_url="http://localhost")


# --- form token and origin ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/login", "/echo", "/logout", "/account/password/", "/account/sessions/"])
@pytest.mark.parametrize("token", [None, "", "x", "forged"])
def test_no_view_takes_a_form_without_its_token(app: Flask, path: str, token: str | None) -> None:
    make_user()
    browser = signed_in(app, "alice")
    data = {} if token is None else {"csrf_token": token}
    answer = browser.client.post(path, data=data, base_url=browser.base)
    assert answer.status_code == 400
    assert "reload the page" in answer.text or "刷新" in answer.text
    assert browser.get("/").status_code == 200


def test_a_token_of_another_browser_is_refused(app: Flask) -> None:
    token = Browser(app).token()
    mine = Browser(app)
    mine.token()
    answer = mine.client.post("/echo", data={"csrf_token": token}, base_url=mine.base)
    assert answer.status_code == 400


def test_a_token_from_before_signing_in_is_refused_after_it(app: Flask) -> None:
    make_user()
    browser = Browser(app)
    token = browser.token()
    browser.sign_in("alice")
    browser.token()
    assert browser.client.post("/echo", data={"csrf_token": token}, base_url=browser.base).status_code == 400


def test_a_view_cannot_opt_out(app: Flask) -> None:
    app.extensions["csrf"].exempt(app.view_functions["echo"])
    assert raw_post(app, "/echo").status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://localhost"}, 403),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Referer": "http://localhost/echo"}, 200),
        ({"Referer": "http://evil.example/http://localhost/"}, 403),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_only_our_own_pages_send_forms(app: Flask, headers: dict[str, str], status: int) -> None:
    assert Browser(app).post("/echo", {"a": "1"}, headers=headers).status_code == status


def test_a_refused_form_reaches_no_view(app: Flask) -> None:
    Browser(app).post("/login", {"username": "alice", "password": "x"}, headers={"Origin": "http://evil.example"})
    assert SignInAttempt.select().count() == 0


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"])
@pytest.mark.parametrize("path", ["/echo", "/login", "/nowhere"])
def test_other_methods_are_405(app: Flask, method: str, path: str) -> None:
    answer = app.test_client().open(path, method=method, base_url="http://localhost")
    assert answer.status_code == 405
    assert answer.headers["Allow"]


# --- host, transport, proxies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "hosts", "trusted"),
    [
        ("office.example", ("office.example",), True),
        ("OFFICE.example:8443", ("office.example",), True),
        ("office.example.", ("office.example",), True),
        ("a.office.example", ("office.example",), False),
        ("a.office.example", (".office.example",), True),
        ("office.example", (".office.example",), True),
        ("evilоffice.example", ("office.example",), False),
        ("xoffice.example", (".office.example",), False),
        ("office.example.evil.example", ("office.example",), False),
        ("office.example:99999", ("office.example",), False),
        ("office.example:x", ("office.example",), False),
        ("office.example@evil.example", ("office.example",), False),
        ("office.example/", ("office.example",), False),
        ("", ("office.example",), False),
        ("[::1]:8000", ("[::1]",), True),
        ("[::1", ("[::1]",), False),
    ],
)
def test_trusted_hosts(host: str, hosts: tuple[str, ...], trusted: bool) -> None:
    assert is_trusted(host, hosts) is trusted


@pytest.mark.parametrize("path", ["/login", "/", "/nowhere", "/static/backoffice.css"])
def test_a_foreign_host_is_400_everywhere(database: Database, path: str) -> None:
    app = make_app(database, Boundary(trusted_hosts=("office.example",)))
    client = app.test_client()
    assert client.get(path, base_url="https://evil.example").status_code == 400
    answer = client.get("/login", base_url="https://office.example")
    assert answer.status_code == 200


def test_without_a_setting_only_loopback_names_are_ours(app: Flask) -> None:
    for host, status in (("localhost:8000", 200), ("127.0.0.1:8000", 200), ("[::1]:8000", 200), ("evil.example", 400)):
        answer = app.test_client().get("/login", headers={"Host": host})
        assert answer.status_code == status, host


def test_plain_http_is_refused_from_elsewhere(app: Flask) -> None:
    away = {"REMOTE_ADDR": "192.0.2.7"}
    assert Browser(app, environ=away).get("/login").status_code == 403
    assert Browser(app, https=True, environ=away).get("/login").status_code == 200
    app.config["PLAIN_HTTP"] = True
    assert Browser(app, environ=away).get("/login").status_code == 200


def forwarded(app: Flask, **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().get("/echo", base_url="http://localhost", headers=sent)


def test_forwarded_headers_count_only_behind_our_own_proxy(database: Database) -> None:
    app = make_app(database)
    seen: list[str | None] = []
    app.before_request_funcs[None].append(lambda: seen.append(request.remote_addr))
    answer = forwarded(app, X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="https", X_Forwarded_Host="evil.example")
    assert answer.json is not None
    assert answer.json["host"] == "localhost"
    assert "Strict-Transport-Security" not in answer.headers
    assert seen == ["127.0.0.1"]


def test_behind_one_proxy_the_last_hop_is_the_client(database: Database) -> None:
    app = make_app(database, Boundary(trusted_proxies=1))
    seen: list[str | None] = []
    app.before_request_funcs[None].append(lambda: seen.append(request.remote_addr))
    answer = forwarded(app, X_Forwarded_For="6.6.6.6, 203.0.113.9", X_Forwarded_Proto="https")
    assert answer.status_code == 200
    assert seen == ["203.0.113.9"]
    assert "Strict-Transport-Security" in answer.headers
    refused = forwarded(app, X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="https", X_Forwarded_Host="evil.example")
    assert refused.status_code == 400


# --- what is sent -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/echo?a=%00", "/echo?%00=a", "/login?next=/%00", "/nowhere%00"])
def test_nul_in_an_address_is_400(app: Flask, path: str) -> None:
    assert Browser(app).get(path).status_code == 400


def test_nul_in_a_form_names_the_field(app: Flask) -> None:
    answer = Browser(app).post("/echo", {"remarks": "a\0b"})
    assert answer.status_code == 400
    assert "remarks" in answer.text


@pytest.mark.parametrize("query", ["id=1&id=2", "page=1&page=1", "search=a&search=b"])
def test_a_doubled_parameter_is_400(app: Flask, query: str) -> None:
    assert Browser(app).get(f"/echo?{query}").status_code == 400


def test_a_doubled_form_field_is_400_but_rows_may_repeat(app: Flask) -> None:
    assert Browser(app).post("/echo", {"action": ["a", "b"]}).status_code == 400
    assert Browser(app).post("/echo", {"rowid": ["1", "2"], "version": ["1", "2"]}).status_code == 200


@pytest.mark.parametrize("query", ["a=%ff%fe", "a=%ED%A0%80", "a=%E4%B8", "=&=&&", "a=1;b=2", "%"])
def test_broken_encodings_are_no_defect(app: Flask, query: str) -> None:
    assert Browser(app).get(f"/echo?{query}").status_code in (200, 400)


def test_bodies_without_files_end_at_256_kb(app: Flask) -> None:
    browser = Browser(app)
    assert browser.post("/echo", {"a": "x" * 250_000}).status_code == 200
    answer = browser.post("/echo", {"a": "x" * 263_000})
    assert answer.status_code == 413
    assert "256 KB" in answer.text


def test_views_that_take_files_take_20_mb(database: Database) -> None:
    app = make_app(database)

    @app.post("/upload", endpoint="upload")
    @allows_files
    def upload() -> dict[str, int]:
        return {"size": len(request.files["file"].read())}

    make_user()
    browser = signed_in(app, "alice")

    def send(size: int) -> TestResponse:
        parts = [
            b'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + browser.token().encode(),
            b'\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + b"x" * size,
            b"\r\n--b--\r\n",
        ]
        kind = "multipart/form-data; boundary=b"
        return browser.client.post("/upload", data=b"".join(parts), content_type=kind, base_url=browser.base)

    assert send(9_000_000).json == {"size": 9_000_000}
    refused = send(21_000_000)
    assert refused.status_code == 413
    assert "20 MB" in refused.text


@pytest.mark.parametrize("length", ["", "12"])
def test_a_body_of_unknown_length_is_refused(app: Flask, length: str) -> None:
    """Werkzeug would cut it off at the limit and go on with half a form."""
    answer = app.test_client().post(
        "/echo",
        base_url="http://localhost",
        input_stream=io.BytesIO(b"a=" + b"x" * 400_000),
        content_type="application/x-www-form-urlencoded",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": length},
    )
    assert answer.status_code == 411


def test_a_form_of_too_many_parts_is_413(database: Database) -> None:
    app = make_app(database)
    allows_files(app.view_functions["echo"])
    browser = Browser(app)
    few, many = ({f"f{number}": "x" for number in range(count)} for count in (900, 1100))
    assert browser.post("/echo", few, content_type="multipart/form-data").status_code == 200
    assert browser.post("/echo", many, content_type="multipart/form-data").status_code == 413


# --- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/login", 200),
        ("GET", "/", 302),
        ("GET", "/nowhere", 404),
        ("GET", "/echo?id=1&id=2", 400),
        ("POST", "/login", 400),
        ("TRACE", "/login", 405),
        ("GET", "/static/backoffice.css", 200),
        ("GET", "/static/nowhere.css", 404),
        ("GET", "/defect", 500),
        ("GET", "/busy", 503),
        ("HEAD", "/login", 200),
        ("OPTIONS", "/login", 200),
    ],
)
def test_every_answer_carries_the_headers(database: Database, method: str, path: str, status: int) -> None:
    app = make_app(database)
    if status >= 500:
        open_errors(app)
    answer = app.test_client().open(path, method=method, base_url="https://localhost", buffered=True)
    assert answer.status_code == status
    headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self' 'nonce-")
    for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    if not path.endswith("backoffice.css"):
        assert headers["Cache-Control"] == "no-store"


def test_no_hsts_over_plain_http(app: Flask) -> None:
    assert "Strict-Transport-Security" not in Browser(app).get("/login").headers


def test_the_nonce_is_new_for_every_answer_and_one_within_it(database: Database) -> None:
    app = make_app(database)
    app.add_url_rule("/nonce", "echo2", lambda: f"{csp_nonce()} {csp_nonce()}")
    make_user()
    browser = signed_in(app, "alice")
    answers = [browser.get("/nonce") for _ in range(2)]
    seen = [answer.text.split() for answer in answers]
    assert [one[0] == one[1] for one in seen] == [True, True]
    assert seen[0][0] != seen[1][0]
    assert f"'nonce-{seen[0][0]}'" in answers[0].headers["Content-Security-Policy"]


def test_static_files_stay_only_while_their_hash_is_right(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "a.css").write_text("p { color: red }")
    app = make_app(database, static=folder)
    browser = Browser(app)
    with app.test_request_context(base_url="http://localhost"):
        url = static_url("a.css")
        assert static_url("missing.css") == "/static/missing.css"
    assert browser.get(url).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert browser.get("/static/a.css").headers["Cache-Control"] == "no-cache"
    assert browser.get("/static/a.css?v=").headers["Cache-Control"] == "no-cache"
    (folder / "a.css").write_text("p { color: blue }")
    assert browser.get(url).headers["Cache-Control"] == "no-cache"
    with app.test_request_context(base_url="http://localhost"):
        assert static_url("a.css") != url


@pytest.mark.parametrize(
    "path", ["/static/../auth.py", "/static/%2e%2e/auth.py", "/.git/config", "/static/", "/auth.py"]
)
def test_nothing_but_static_files_is_handed_out(app: Flask, path: str) -> None:
    assert Browser(app).get(path).status_code == 404


# --- errors -------------------------------------------------------------------------------------------------------------


def open_errors(app: Flask) -> None:
    """Views that fail, open to everybody."""

    def defect() -> str:
        raise RuntimeError("the customer's number is 13800138000")

    def busy() -> str:
        raise peewee.OperationalError("database is locked")

    def misspelt() -> str:
        raise peewee.OperationalError("no such column: t1.secret_column")

    def unique() -> str:
        raise peewee.IntegrityError("UNIQUE constraint failed: customer.mobile_13800138000")

    app.view_functions["echo"] = lambda: "echo"
    for name, view in (("defect", defect), ("busy", busy), ("misspelt", misspelt), ("unique", unique)):
        app.add_url_rule(f"/{name}", f"open_{name}", view)
    for kind in (errors.BadRequest, errors.Forbidden, errors.NotFound, errors.Conflict, errors.Unavailable):
        app.add_url_rule(f"/app/{kind.status}", f"open_{kind.status}", _raiser(kind))
    app.add_url_rule("/abort/<int:code>", "open_abort", lambda code: abort(code))
    gate = app.before_request_funcs[None]
    gate[:] = [function for function in gate if function.__name__ != "gate"]


def _raiser(kind: type[errors.AppError]) -> Any:
    def view() -> str:
        raise kind

    return view


@pytest.mark.parametrize("path", ["/defect", "/misspelt", "/unique"])
def test_a_defect_is_told_by_a_number_and_logged_without_data(
    app: Flask, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    open_errors(app)
    old = logging.getLogger().handlers[:]
    errors.log_to()
    try:
        answer = Browser(app).get(f"{path}?search=13800138000")
    finally:
        logging.getLogger().handlers[:] = old
    assert answer.status_code == 500
    shown = page(answer).select_one(".incident code")
    assert shown is not None
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [line for line in lines if line["level"] == "error"]
    assert line["incident"] == shown.get_text()
    assert line["path"] == path
    assert any("test_boundary.py" in frame for frame in line["frames"])
    for text in (answer.text, json.dumps(lines)):
        assert "13800138000" not in text
        assert "secret_column" not in text
        assert "Traceback" not in text


def test_a_busy_database_is_503_and_says_when(app: Flask) -> None:
    open_errors(app)
    answer = Browser(app).get("/busy")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "locked" not in answer.text


@pytest.mark.parametrize("status", [400, 403, 404, 409, 503])
def test_our_own_errors_have_their_status_and_a_next_step(app: Flask, status: int) -> None:
    open_errors(app)
    answer = Browser(app).get(f"/app/{status}")
    assert answer.status_code == status
    assert len(page(answer).select("main p")) >= 2
    assert page(answer).select_one("main a[href]") is not None
    assert ("Retry-After" in answer.headers) == (status == 503)


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 414, 415, 418, 422, 429, 500, 503]
)
def test_library_errors_keep_their_status(app: Flask, status: int) -> None:
    open_errors(app)
    answer = Browser(app).get(f"/abort/{status}")
    assert answer.status_code == status
    assert "The server encountered" not in answer.text


def test_the_error_page_survives_a_broken_layout(app: Flask) -> None:
    open_errors(app)

    @app.context_processor
    def broken() -> dict[str, Any]:
        raise RuntimeError("the menu cannot be made")

    for path, status in (("/defect", 500), ("/nowhere", 404), ("/login", 500)):
        answer = Browser(app).get(path)
        assert answer.status_code == status
        assert f"<h1>{status} " in answer.text
        assert "nosniff" in answer.headers["X-Content-Type-Options"]


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://localhost/echo?a=1", "/echo?a=1"),
        ("http://localhost//evil.example", "/evil.example"),
        ("http://evil.example/", "/"),
        ("http://localhost.evil.example/", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_leads_to_a_page_of_ours(app: Flask, referer: str, back: str) -> None:
    answer = Browser(app).get("/nowhere", headers={"Referer": referer})
    links = [str(link["href"]) for link in page(answer).select("main a[href]")]
    assert links[0] == back
    assert all(link.startswith("/") and not link.startswith("//") for link in links)
