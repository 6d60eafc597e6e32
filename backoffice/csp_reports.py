"""What browsers report about the content security policy: one bounded line of the log each, and never many of them.

Anybody can send such reports, so nothing of them is trusted, stored or repeated to anybody: of each only the directive,
the blocked origin and the path of the page are logged, cut short, at most `MOST_A_MINUTE` lines in a minute of a process.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from backoffice import clock
from backoffice.errors import log_event

REPORT_ENDPOINT, REPORT_PATH = "csp_report", "/csp-report"
MOST_BYTES = 16 * 1024
MOST_A_MINUTE = 20
MOST_AT_ONCE = 5
# A page of another site cannot send these without asking first, and we never answer such a question.
_KINDS = frozenset({"application/csp-report", "application/reports+json"})


class Gate:
    """Lets so many through in a minute of this process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: deque[dt.datetime] = deque()
        self._lock = threading.Lock()

    def lets(self, now: dt.datetime) -> bool:
        with self._lock:
            while self._times and now - self._times[0] >= dt.timedelta(minutes=1):
                self._times.popleft()
            if len(self._times) >= self._most:
                return False
            self._times.append(now)
            return True


_gate = Gate(MOST_A_MINUTE)


def take_report() -> Response:
    """204, whatever the report says; 413 and 415 for what no browser sends."""
    if request.mimetype not in _KINDS:
        raise UnsupportedMediaType
    if (request.content_length or 0) > MOST_BYTES:
        raise RequestEntityTooLarge
    for report in _reports(request.get_data(cache=False))[:MOST_AT_ONCE]:
        if not _gate.lets(clock.now()):
            break
        log_event("content policy", **_told(report))
    return Response(status=204)


def _reports(raw: bytes) -> list[dict[str, Any]]:
    """The bodies of both forms: one report under `csp-report`, or a list of them with `body`."""
    try:
        sent = json.loads(raw)
    except (ValueError, RecursionError):
        return []
    listed = sent if isinstance(sent, list) else [sent]
    bodies = [one.get("csp-report") or one.get("body") for one in listed if isinstance(one, dict)]
    return [body for body in bodies if isinstance(body, dict)]


def _told(body: dict[str, Any]) -> dict[str, str]:
    directive = body.get("effectiveDirective") or body.get("effective-directive") or body.get("violated-directive")
    return {
        "directive": _short(directive),
        "blocked": _place(body.get("blockedURL") or body.get("blocked-uri"), with_path=False),
        "page": _place(body.get("documentURL") or body.get("document-uri"), with_path=True),
    }


def _place(url: object, *, with_path: bool) -> str:
    """An address without what it may carry of people: of ours the path, of others the host, never a query."""
    try:
        parts = urlsplit(_short(url, 500))
        host = parts.netloc.rpartition("@")[2]
        shown = f"{parts.scheme}://{host}" if host and not with_path else parts.path
    except ValueError:
        return ""
    return _short(shown)


def _short(value: object, most: int = 120) -> str:
    return value[:most] if isinstance(value, str) else ""


__all__ = ["REPORT_ENDPOINT", "REPORT_PATH", "take_report"]
