"""The boundary of every request and every answer: who may be talking to us, what is too much, and the headers.

`init_security(app, settings)` is called before any blueprint or view is registered, so that its checks come first:
host, transport, characters, doubled parameters, size, origin and form token, in that order. No view can opt out of any.
Reports of the content policy are answered here, before any view: browsers send them without a token.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from flask import Flask, Response, current_app, g, request, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from werkzeug.exceptions import LengthRequired, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from backoffice.csp_reports import REPORT_ENDPOINT, REPORT_PATH, take_report
from backoffice.errors import AppText, BadRequest, Forbidden, error_page, log_event
from backoffice.texts import say

BODY_WITH_FILES = 20 * 1024 * 1024
BODY = 256 * 1024
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
# Parameters that mean one thing: sent twice, two readers of the same request could disagree about it.
SCALARS = frozenset(
    re.findall(
        r"\w+",
        "id page page_size sort desc search file name query limit offset date month area user next csrf_token action "
        "username password old new repeat number state department group active code once",
    )
)
_HOST = re.compile(r"(?P<name>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
_UNREADABLE = re.compile("[\0\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\\]")

_OFF = re.findall(
    r"[\w-]+",
    "accelerometer autoplay browsing-topics camera display-capture encrypted-media fullscreen geolocation gyroscope "
    "hid idle-detection magnetometer microphone midi payment picture-in-picture publickey-credentials-get serial usb "
    "screen-wake-lock xr-spatial-tracking",
)
HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _OFF),
    "X-Permitted-Cross-Domain-Policies": "none",
}
HSTS = "max-age=63072000; includeSubDomains"

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


class Boundary(Protocol):
    """What of the settings is needed here."""

    @property
    def secret_key(self) -> str: ...
    @property
    def trusted_hosts(self) -> tuple[str, ...]: ...
    @property
    def trusted_proxies(self) -> int: ...


class NoticeCookie(SecureCookieSessionInterface):
    """Flask's signed cookie, for messages and the form token only; `__Host-` and Secure wherever there is TLS."""

    def get_cookie_name(self, app: Flask) -> str:
        return cookie_name("notice")

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def get_cookie_domain(self, app: Flask) -> str | None:
        return None

    def get_cookie_path(self, app: Flask) -> str:
        return "/"

    def get_cookie_httponly(self, app: Flask) -> bool:
        return True

    def get_cookie_samesite(self, app: Flask) -> str:
        return "Lax"


def cookie_name(name: str) -> str:
    """The cookie's name in this request. > '__Host-sid' over TLS, 'sid' on loopback http"""
    return f"__Host-{name}" if request.is_secure else name


def init_security(app: Flask, settings: Boundary) -> None:
    app.secret_key = settings.secret_key
    app.session_interface = NoticeCookie()
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_WITH_FILES,
        MAX_FORM_MEMORY_SIZE=500_000,
        MAX_FORM_PARTS=1000,
        SESSION_REFRESH_EACH_REQUEST=False,
        # Our own check below asks for every view; the extension's would let views be exempted.
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        # The Origin check below does this better, and does not need a Referer.
        WTF_CSRF_SSL_STRICT=False,
    )
    # The tests of this product go through the same checks as everybody.
    app.config["WTF_CSRF_ENABLED"] = True
    hosts = settings.trusted_hosts or LOOPBACK_HOSTS
    app.extensions.setdefault("backoffice_files", set())
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # as Flask documents it
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=0, x_prefix=0
        )
    csrf = CSRFProtect(app)

    @app.before_request
    def check_request() -> Response | None:
        g.request_id = secrets.token_hex(8)
        refused = _check_transport(hosts)
        if refused is not None:
            return refused
        _check_method()
        _check_characters(request.args.items(multi=True), path=request.path)
        _check_doubled(request.args)
        _limit_body()
        if request.method not in SAFE_METHODS:
            _check_origin()
            if request.endpoint == REPORT_ENDPOINT:
                return take_report()
            _check_characters(request.form.items(multi=True))
            _check_characters((name, file.filename or "") for name, file in request.files.items(multi=True))
            _check_doubled(request.form)
            if request.endpoint is not None:
                csrf.protect()
        return None

    # The rule gives the address its methods; the check above has answered before the view could be called.
    app.add_url_rule(REPORT_PATH, REPORT_ENDPOINT, take_report, methods=["POST"])
    app.after_request(_add_headers)
    app.jinja_env.globals.update(csp_nonce=csp_nonce, static_url=static_url)


# --- what comes in ------------------------------------------------------------------------------------


def is_trusted(host: str, hosts: Iterable[str]) -> bool:
    """Whether a Host header names one of `hosts`, whatever the port; `.example.com` includes every name below it."""
    found = _HOST.fullmatch(host.lower())
    if found is None or (found["port"] is not None and not 0 < int(found["port"]) < 65536):
        return False
    name = found["name"].rstrip(".")
    return any(name == known.lstrip(".") or (known.startswith(".") and name.endswith(known)) for known in hosts)


def _check_transport(hosts: Iterable[str]) -> Response | None:
    """A page for a request that must not reach routing: our own links cannot be built for a host that is not ours."""
    host = request.environ.get("HTTP_HOST", "")
    # A health probe or an administrator on the machine itself may say localhost.
    from_here = _is_loopback(request.remote_addr) and is_trusted(host, LOOPBACK_HOSTS)
    if not (from_here or is_trusted(host, hosts)):
        log_event("host refused")
        return error_page(
            400,
            say("This server is not reached under this name. Ask the administrator for its address."),
        )
    if request.routing_exception is not None or request.endpoint == "healthz":
        return None
    if not request.is_secure and not _is_loopback(request.remote_addr) and not current_app.config.get("PLAIN_HTTP"):
        log_event("plain http refused")
        return error_page(403, say("This product is used over https only. Open the address with https:// in front."))
    return None


def _is_loopback(address: str | None) -> bool:
    if not address:
        return True  # A Unix socket: the caller is on this machine.
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


def _check_method() -> None:
    if request.method not in METHODS:
        wrong = request.routing_exception
        allowed = wrong.valid_methods if isinstance(wrong, MethodNotAllowed) else None
        raise MethodNotAllowed(valid_methods=sorted(allowed or SAFE_METHODS))


def _check_characters(pairs: Iterable[tuple[str, str]], path: str = "") -> None:
    """No text of ours holds NUL or half a character, and databases disagree about what to do with them."""
    if _UNREADABLE.search(path):
        raise BadRequest(say("The address holds a character that cannot be stored. Type it again."))
    for name, value in pairs:
        if _UNREADABLE.search(name) or _UNREADABLE.search(value):
            shown = _UNREADABLE.sub("?", name)[:60]
            raise BadRequest(
                say(
                    'The field "{field}" holds a character that cannot be stored. Type its text again.',
                    field=shown,
                )
            )


def _check_doubled(values: Any) -> None:
    for name in SCALARS & values.keys():
        if len(values.getlist(name)) > 1:
            raise BadRequest(
                say('The request says "{field}" more than once, so it is not clear what is meant.', field=name)
            )


def _limit_body() -> None:
    if "Transfer-Encoding" in request.headers:
        # A body without a length would be cut off at the limit instead of refused, and one with two is an attack.
        raise LengthRequired(AppText(say("The request does not say how long it is. Send it from a page of ours.")))
    request.max_content_length = BODY_WITH_FILES if takes_files(request.endpoint) else BODY
    if request.content_length is not None and request.content_length > request.max_content_length:
        # Said before anything is read, also for views that would not look at the body.
        most = _size(request.max_content_length)
        text = say("What was sent is too large: at most {most} are taken here.", most=most)
        raise RequestEntityTooLarge(AppText(text))


def allows_files(view: ViewT) -> ViewT:
    """Let a view take bodies up to 20 MB; others take 256 KB. Works for functions and for methods of admin views."""
    view.__dict__["allows_files"] = True
    return view


def allow_files(app: Flask, *endpoints: str) -> None:
    """The same by endpoint, for views that are made elsewhere."""
    app.extensions.setdefault("backoffice_files", set()).update(endpoints)


def takes_files(endpoint: str | None) -> bool:
    if endpoint is None:
        return False
    view = current_app.view_functions.get(endpoint)
    return endpoint in current_app.extensions["backoffice_files"] or bool(getattr(view, "allows_files", False))


def _check_origin() -> None:
    """Refuse what another site's page sends. Scripts without a browser send none of these headers, but the token."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.host}"
    stranger = site is not None and site not in ("same-origin", "none")
    if origin is not None:
        stranger = stranger or origin.lower() != own.lower()
    elif request.referrer:
        parts = urlsplit(request.referrer)
        stranger = stranger or f"{parts.scheme}://{parts.netloc}".lower() != own.lower()
    if stranger:
        log_event("cross-site request refused")
        raise Forbidden(say("This form was sent from another site. Open the page here and send it again."))


def is_own_path(target: str) -> bool:
    """Whether a redirect to `target` stays here: a plain path of ours, with nothing a browser could read as a host."""
    if _CONTROL.search(target):
        return False
    parts = urlsplit(target)
    # `///host` has an empty host for urlsplit, and is `//host` for a browser.
    if parts.scheme or parts.netloc or target.startswith("//"):
        return False
    # A proxy or browser may decode the path before it reads it.
    return all(
        path.startswith("/") and not path.startswith("//") and not _CONTROL.search(path.replace(" ", ""))
        for path in (parts.path, unquote(parts.path))
    )


# --- what goes out --------------------------------------------------------------------------------------


def csp_nonce() -> str:
    """The nonce of this answer; also Flask-Admin's `csp_nonce_generator`."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def content_security_policy() -> str:
    nonce = csp_nonce()
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        f"object-src 'none'; frame-ancestors 'none'; report-to csp; report-uri {REPORT_PATH}"
    )


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    # A file that is handed out carries a stricter policy of its own.
    response.headers.setdefault("Content-Security-Policy", content_security_policy())
    response.headers["Reporting-Endpoints"] = f'csp="{REPORT_PATH}"'
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = HSTS
    response.headers["X-Request-ID"] = g.get("request_id", "")
    response.headers["Cache-Control"] = _caching(response)
    return response


def _caching(response: Response) -> str:
    """Static files stay in the browser as long as their address carries their hash; nothing else stays anywhere."""
    endpoint = request.endpoint or ""
    if (endpoint == "static" or endpoint.endswith(".static")) and response.status_code in (200, 206, 304):
        filename = str((request.view_args or {}).get("filename", ""))
        if endpoint == "static" and request.args.get("v", "-") == _static_hash(filename):
            return "public, max-age=31536000, immutable"
        return "no-cache"
    return "no-store"


def static_url(filename: str) -> str:
    """The address of a static file with the hash of its content. > '/static/backoffice.css?v=3f2c9a51b07d'"""
    known = _static_hash(filename)
    return url_for("static", filename=filename, v=known) if known else url_for("static", filename=filename)


def _static_hash(filename: str) -> str:
    folder = current_app.static_folder
    if folder is None:
        return ""
    path = Path(folder) / filename
    try:
        stat = path.stat()
    except OSError:
        return ""
    return _hash_of(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=512)
def _hash_of(path: Path, _changed: int, _size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""


def _size(count: int) -> str:
    return f"{count // (1024 * 1024)} MB" if count >= 1024 * 1024 else f"{count // 1024} KB"


__all__ = [
    "allow_files",
    "allows_files",
    "cookie_name",
    "csp_nonce",
    "init_security",
    "is_own_path",
    "is_trusted",
    "static_url",
    "takes_files",
]
