"""The only place that wires: settings, database, boundary, sign-in, pages."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, g, request
from flask_babel import Babel
from markupsafe import Markup
from peewee import PeeweeException

import admin_views
from backoffice import clock, own_account, second_pages, texts
from backoffice.auth import init_auth
from backoffice.checks import faults
from backoffice.config import Settings
from backoffice.database import open_database
from backoffice.declarations import Catalogue
from backoffice.errors import init_errors
from backoffice.migrate import pending
from backoffice.passwords import RULES, Hasher
from backoffice.paths import resource_dir
from backoffice.refusals import init_refusals
from backoffice.security import init_security
from backoffice.throttle import Limits
from models import REGISTERS
from models.base import db
from models.catalogue import catalogue as rules
from models.param_defaults import PARAM_DEFAULTS
from models.register import Register

# How long a page may wait for one answer of the database.
STATEMENT_SECONDS = 10


class DeclarationFault(Exception):
    """A declaration is wrong; the message lists every fault."""


def make_catalogue(registers: Sequence[Register] = REGISTERS, without: frozenset[str] = frozenset()) -> Catalogue:
    """The declarations, checked. Raises DeclarationFault. `without` switches rule rows off."""
    whole = Catalogue(registers)
    found = faults(whole, rules(), {default.name for default in PARAM_DEFAULTS})
    if found:
        raise DeclarationFault("\n".join(found))
    return Catalogue(registers, without) if without else whole


def create_app(
    settings: Settings,
    *,
    catalogue: Catalogue | None = None,
    hasher: Hasher | None = None,
    demo: bool = False,
    bind: bool = True,
) -> Flask:
    """The application. `bind` opens the settings' database; without it the caller has bound `models.base.db` already."""
    app = Flask("backoffice", template_folder=str(resource_dir("templates")))
    app.config.update(
        COMPANY=settings.company_name,
        DATA_DIR=settings.data_dir,
        LOCALE=settings.locale,
        BABEL_DEFAULT_LOCALE=settings.locale,
        BABEL_TRANSLATION_DIRECTORIES=str(texts.DIRECTORY),
        ONE_TIME_RULE=not demo,
        SECOND_FACTOR="off" if demo else settings.second_factor,
        PASSWORD_RULE=RULES[settings.profile],
        DEMO=demo,
        TEMPLATES_AUTO_RELOAD=False,
    )
    # Never from the surroundings: FLASK_DEBUG would show tracebacks to whoever asks.
    app.debug = False
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # its class says only what every provider has
    clock.use_company_zone(settings.timezone)
    app.extensions["backoffice_catalogue"] = catalogue if catalogue is not None else make_catalogue()
    if bind:
        db.initialize(open_database(settings.database_url, STATEMENT_SECONDS))
    Babel(app, locale_selector=lambda: settings.locale)
    # After Babel, whose own `_` knows one locale's file and no way back from it.
    app.jinja_env.globals.update(_=_translated, company=settings.company_name, demo=demo)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.before_request
    def begin() -> None:
        texts.speak(settings.locale)

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        if g.pop("connected", False) and not db.is_closed():
            db.close()

    init_errors(app)
    init_security(app, settings)
    init_refusals(app)
    app.before_request(_connect)
    account, address, overall, minutes = settings.sign_in_limits
    limits = Limits(account, address, overall, dt.timedelta(minutes=minutes))
    init_auth(app, hasher=hasher, limits=limits)
    app.register_blueprint(own_account.bp)
    app.register_blueprint(second_pages.bp)
    app.add_url_rule("/healthz", "healthz", healthz)
    admin_views.register_views(app)
    return app


def _connect() -> None:
    """After the boundary has let the request in. False where a test has a connection already: it stays the test's."""
    if request.endpoint != "static":
        g.connected = db.connect(reuse_if_open=True)


def healthz() -> Response:
    """200 while database and schema are fine, else 503."""
    try:
        db.execute_sql("SELECT 1")
        behind = pending(db)
    except PeeweeException:
        behind = ["database"]
    status = {"status": "ok"} if not behind else {"status": "unavailable"}
    return Response(json.dumps(status), 200 if not behind else 503, mimetype="application/json")


def _translated(message: str, **values: Any) -> str:
    """gettext for templates: places are named `%(name)s`; values are escaped when the message is shown."""
    text = texts.catalogue(texts.current_locale()).gettext(message)
    return Markup(text) % values if values else text  # noqa: S704 - messages are our own, values are escaped
