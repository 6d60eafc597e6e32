"""Reports of the content policy: taken without a token, bounded in size and number, logged without what they may carry."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from peewee import Database
from werkzeug.test import TestResponse

from backoffice import csp_reports
from backoffice.errors import log_to
from tests.accounts_app import make_app

OLD, NEW = "application/csp-report", "application/reports+json"
BODY = {
    "documentURL": "https://user:pw@localhost/admin/user/?search=张三",
    "blockedURL": "https://evil.example/x.js?token=secret",
    "effectiveDirective": "script-src-elem",
    "sample": "alert(1)",
}


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """Nothing here depends on the kind of database."""
    shutil.copyfile(sqlite_template, tmp_path / "backoffice.db")
    return f"sqlite:///{tmp_path / 'backoffice.db'}"


@pytest.fixture(autouse=True)
def fresh_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csp_reports, "_gate", csp_reports.Gate(csp_reports.MOST_A_MINUTE))
    log_to()


@pytest.fixture
def app(database: Database) -> Flask:
    return make_app(database)


def send(app: Flask, data: Any, kind: str = NEW, **headers: str) -> TestResponse:
    raw = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    return app.test_client().post(
        "/csp-report", data=raw, content_type=kind, headers=headers, base_url="https://localhost"
    )


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == "content policy"]


@pytest.mark.parametrize(
    ("kind", "report"),
    [
        (NEW, [{"type": "csp-violation", "body": BODY}]),
        (
            OLD,
            {
                "csp-report": {
                    "document-uri": BODY["documentURL"],
                    "blocked-uri": BODY["blockedURL"],
                    "violated-directive": "script-src-elem",
                }
            },
        ),
    ],
)
def test_a_report_is_one_line_without_what_it_carries(
    app: Flask, capsys: pytest.CaptureFixture[str], kind: str, report: Any
) -> None:
    log_to()
    assert send(app, report, kind).status_code == 204
    (line,) = logged(capsys)
    assert (line["directive"], line["blocked"], line["page"]) == (
        "script-src-elem",
        "https://evil.example",
        "/admin/user/",
    )
    assert "secret" not in json.dumps(line) + capsys.readouterr().out
    assert "张三" not in json.dumps(line, ensure_ascii=False)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b"7", b'"x"', b"[[[", b"[" * 9000, b'{"csp-report": 7}', b'[{"body": {"documentURL": 5}}]',
     b'[{"body": {"documentURL": "https://[x/", "blockedURL": "http://[::1"}}]', b"\xff\xfe"],
)  # fmt: skip
def test_no_report_is_a_defect(app: Flask, raw: bytes) -> None:
    assert send(app, raw).status_code == 204


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_what_another_site_could_send_is_no_report(app: Flask, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert send(app, [{"body": BODY}], kind).status_code == 415
    assert send(app, [{"body": BODY}], NEW, Origin="https://evil.example").status_code == 403
    assert send(app, [{"body": BODY}], NEW, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert logged(capsys) == []


def test_a_large_report_is_not_read(app: Flask) -> None:
    assert send(app, b" " * (16 * 1024 + 1)).status_code == 413


def test_a_flood_is_twenty_lines(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    log_to()
    for _ in range(30):
        assert send(app, [{"body": BODY}] * 10).status_code == 204
    assert len(logged(capsys)) == 20


def test_the_policy_names_the_address_and_get_is_none(app: Flask) -> None:
    answer = app.test_client().get("/login", base_url="https://localhost")
    assert "report-to csp" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Reporting-Endpoints"] == 'csp="/csp-report"'
    assert app.test_client().get("/csp-report", base_url="https://localhost").status_code == 405
