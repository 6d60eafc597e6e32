"""What went wrong, as one plain page: the AppError family, the handlers, and logs of one JSON line each.

A page tells what to do next and never repeats a database's or a library's words. A defect is logged with an incident id
that the page shows. Logs hold no bodies, query strings, cookies or passwords.
"""

from __future__ import annotations

import datetime as dt
import html
import json
import logging
import secrets
import sys
import traceback
from http import HTTPStatus
from typing import IO, Any

import jinja2
from apsw import InterruptError
from flask import Flask, Response, g, has_request_context, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from peewee import InterfaceError, OperationalError, PeeweeException
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.routing import BuildError
from werkzeug.wrappers import Response as AnyResponse

from backoffice.database import is_busy, is_full, is_too_long
from backoffice.texts import Readable, current_locale, read, say
from models.base import db

log = logging.getLogger("backoffice")

RETRY_SECONDS = 5
# Messages of these are about code; those of others may quote a person's data, so only their kind is logged.
_ABOUT_CODE = (
    AttributeError,
    TypeError,
    NameError,
    ImportError,
    AssertionError,
    NotImplementedError,
    BuildError,
    jinja2.TemplateError,
)


class AppError(Exception):
    """A request that ends here, with a text for the person who made it."""

    status = 500
    text: Readable = say("A fault in the product stopped the work; nothing was changed.")

    def __init__(self, text: Readable | None = None, *, retry_after: int | None = None) -> None:
        super().__init__(type(self).__name__)
        self.text = text if text is not None else type(self).text
        self.retry_after = retry_after


class BadRequest(AppError):
    """400: no page of ours makes such a request."""

    status = 400
    text = say("The request holds something that no page of ours sends. Go back and use the page's own links.")


class Forbidden(AppError):
    """403: the role never has this verb here."""

    status = 403
    text = say("Your role does not include this. Ask the administrator if you need it.")


class NotFound(AppError):
    """404: there is no such row for this reader."""

    status = 404
    text = say("There is no such page or record, or it is not among those you may see.")


class Conflict(AppError):
    """409: a rule, the state or another person stands in the way."""

    status = 409
    text = say("Somebody else was faster. Open the page again and look at its present state.")


class TooManyRequests(AppError):
    """429: as often as is allowed for now."""

    status = 429
    text = say("There were too many attempts. Wait a few minutes and try again.")


class Unavailable(AppError):
    """503: it may work a moment later."""

    status = 503
    text = say("The system is busy. Nothing was saved; wait a few seconds and try again.")


_TITLES: dict[int, Readable] = {
    400: say("This request cannot be understood"),
    403: say("Not allowed"),
    404: say("Not found"),
    405: say("Not possible here"),
    408: say("Not received completely"),
    409: say("Not done"),
    413: say("Too large"),
    429: say("Too many attempts"),
    500: say("A fault in the product"),
    503: say("Busy at the moment"),
    507: say("No room left"),
}
_TEXTS: dict[int, Readable] = {
    400: BadRequest.text,
    403: Forbidden.text,
    404: NotFound.text,
    405: say("This address does not take this kind of request. Go back and use the page's own buttons."),
    408: say("The request did not arrive completely. Try again."),
    409: Conflict.text,
    413: say("What was sent is too large: at most 10 MB for one file and 20 MB together. Send less at a time."),
    414: say("The address is too long. Use fewer filters."),
    415: say("This kind of content is not taken here."),
    429: say("There were too many attempts. Wait a few minutes and try again."),
    500: say("A fault in the product stopped the work; nothing was changed. Tell the administrator the number below."),
    503: Unavailable.text,
    507: say("The server's disk is full. Nothing was saved; reading goes on. Tell the administrator, then try again."),
}
_TOO_LONG = say("This took too long and was given up; nothing was changed. Narrow it down with more filters.")
_STALE_FORM = say(
    "The form was opened before you last signed in or out, or in another window. "
    "Go back, reload the page and send it again; nothing was changed."
)


def init_errors(app: Flask) -> None:
    """Every error leaves through here, in every kind of request."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(AppError, _ours)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(InterfaceError, _database)
    app.register_error_handler(InterruptError, _database)
    app.register_error_handler(Exception, _defect)


def error_page(
    status: int, text: Readable | None = None, *, title: Readable | None = None, incident: str = ""
) -> Response:
    """The page for one error. Falls back to a page of its own when templates or what they need are out of order."""
    shown_title = read(title or _TITLES.get(status) or _reason(status))
    shown_text = read(text or _TEXTS.get(status) or "")
    try:
        body = render_template(
            "error.html",
            status=status,
            title=shown_title,
            text=shown_text,
            incident=incident,
            back_url=_back_url(),
        )
    except Exception as exc:
        # The layout asks for the signed-in person and the menu; a fault there must not hide the first one.
        # What the boundary refuses is refused before the database is connected: then there is no fault.
        if db.obj is None or not db.is_closed():
            _log_defect("error page", exc, incident)
        body = _plain_page(status, shown_title, shown_text, incident)
    return make_response(body, status)


def _http(error: HTTPException) -> AnyResponse:
    if error.code is None or error.code < 400 or error.response is not None:
        return error.get_response()
    if isinstance(error, ClientDisconnected):
        # The body stopped half way, or took longer than the server waits.
        return error_page(408)
    if isinstance(error, CSRFError):
        log.warning("form token refused", extra={"fields": _where()})
        return error_page(400, _STALE_FORM)
    if error.code >= 500:
        incident = new_incident()
        _log_defect("http error", error, incident)
        return error_page(error.code, incident=incident)
    text = error.description if isinstance(error.description, AppText) else None
    response = error_page(error.code, text.readable if text else None)
    for name, value in error.get_headers():
        # Allow of 405, Retry-After of 429 and 503, Content-Range of 416.
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


class AppText(str):
    """A description for werkzeug's exceptions that is meant for people: `abort(400, AppText(say("…")))`."""

    readable: Readable

    def __new__(cls, text: Readable) -> AppText:
        made = super().__new__(cls, read(text))
        made.readable = text
        return made


def _ours(error: AppError) -> Response:
    if error.status == 403:
        log.warning("refused", extra={"fields": _where()})
    incident = ""
    if error.status >= 500 and error.status != 503:
        incident = new_incident()
        _log_defect("refused with a fault", error, incident)
    response = error_page(error.status, error.text, incident=incident)
    if error.status == 503:
        response.headers["Retry-After"] = str(error.retry_after or RETRY_SECONDS)
    elif error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _database(error: OperationalError | InterfaceError | InterruptError) -> Response:
    """A database that is locked, full, restarting or gone is 503; a statement it cannot understand is our defect."""
    if "no such" in str(error) or "syntax error" in str(error) or "has no column" in str(error):
        return _defect(error)
    incident = new_incident()
    level = logging.WARNING if isinstance(error, OperationalError) and is_busy(error) else logging.ERROR
    log.log(
        level,
        "database unavailable",
        extra={"fields": {**_where(), "incident": incident, "error": _first_line(error)}},
    )
    status = 507 if is_full(error) else 503
    response = error_page(status, _TOO_LONG if is_too_long(error) else None, incident=incident)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _defect(error: Exception) -> Response:
    incident = new_incident()
    if is_full(error):
        log.error("disk full", extra={"fields": {**_where(), "incident": incident, "error": type(error).__name__}})
        return error_page(507, incident=incident)
    _log_defect("defect", error, incident)
    return error_page(500, incident=incident)


def new_incident() -> str:
    """An id that a person can read out. > '7f3a-91bc-04de'"""
    raw = secrets.token_hex(6)
    return f"{raw[:4]}-{raw[4:8]}-{raw[8:]}"


def _log_defect(what: str, error: BaseException, incident: str) -> None:
    frames = traceback.extract_tb(error.__traceback__)
    log.error(
        what,
        extra={
            "fields": {
                **_where(),
                "incident": incident,
                "error": _kind(error),
                "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-25:]],
            }
        },
    )


def _kind(error: BaseException) -> str:
    names = [type(error).__name__]
    if isinstance(error, _ABOUT_CODE):
        names.append(str(error)[:500])
    constraint = getattr(getattr(getattr(error, "orig", None), "diag", None), "constraint_name", None)
    if constraint:
        names.append(str(constraint))
    if error.__cause__ is not None and not isinstance(error, PeeweeException):
        names.append(f"caused by {_kind(error.__cause__)}")
    return ": ".join(names)


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"


def _where() -> dict[str, Any]:
    """The request as a log may know it: no query string, no body, no cookie."""
    if not has_request_context():
        return {}
    account = g.get("account")
    return {
        "request": g.get("request_id", ""),
        "method": request.method,
        "path": request.path[:300],
        "endpoint": request.endpoint or "",
        "address": request.remote_addr or "",
        "user": getattr(account, "id", None),
    }


def _back_url() -> str:
    """The page the person came from, if it was one of ours, otherwise the home page."""
    from_here = request.referrer or ""
    base = request.host_url
    if from_here.startswith(base) and from_here != request.url:
        return "/" + from_here[len(base) :].lstrip("/\\")
    return "/"


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return str(status)


def _plain_page(status: int, title: str, text: str, incident: str) -> str:
    number = f"<p><code>{html.escape(incident)}</code></p>" if incident else ""
    return (
        f'<!doctype html><html lang="{current_locale().replace("_", "-")}"><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><h1>{status} {html.escape(title)}</h1><p>{html.escape(text)}</p>{number}"
        '<p><a href="/">⌂</a></p></html>'
    )


# --- logs -------------------------------------------------------------------------------------------


class JSONLine(logging.Formatter):
    """One event, one line of ASCII: a line break, escape or U+2028 in a name cannot start a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = _kind(error)
            line["frames"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(error.__traceback__)[-25:]
            ]
        return json.dumps(line, ensure_ascii=True, default=str)


def log_to(stream: IO[str] | None = None, level: int = logging.INFO) -> logging.Handler:
    """Send all logs of this process to `stream` (by default standard output) as JSON lines, and nowhere else."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JSONLine())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    # gunicorn's workers have a handler of their own, for lines of plain text.
    served = logging.getLogger("gunicorn.error")
    served.handlers.clear()
    served.propagate = True
    # peewee logs every statement with its values at DEBUG.
    logging.getLogger("peewee").setLevel(logging.WARNING)
    return handler


def log_event(event: str, /, **fields: object) -> None:
    """One line about something that happened in this request."""
    log.info(event, extra={"fields": {**_where(), **fields}})


__all__ = [
    "AppError",
    "AppText",
    "BadRequest",
    "Conflict",
    "Forbidden",
    "JSONLine",
    "NotFound",
    "Unavailable",
    "error_page",
    "init_errors",
    "log_event",
    "log_to",
    "new_incident",
]
