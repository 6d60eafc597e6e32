"""What commands share: their settings, the bound database, and the one line with which they refuse."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from peewee import Database
from playhouse.schema_diff import diff_models

from backoffice import clock, history, migrate, proof, texts
from backoffice.config import Settings
from backoffice.database import connected, open_database
from models import ALL_MODELS
from models.base import db
from models.evidence import AuditEvent


class Refusal(Exception):
    """One line for standard error; the command ends with 1."""


def settings_of(environ: Mapping[str, str], *, needs_secret: bool = False) -> Settings:
    settings = Settings.read(environ, needs_secret=needs_secret)
    clock.use_company_zone(settings.timezone)
    texts.speak(settings.locale)
    return settings


def file_to_write(path: Path) -> Path:
    """The path itself, when a file can be put there or is there to be replaced."""
    if not path.name or (path.exists() and not path.is_file()):
        raise Refusal(f"'{path}' is no file that can be written")
    return path


def is_special(path: Path) -> bool:
    """Whether something is there that is written to rather than replaced: a terminal, a pipe, /dev/null."""
    return path.exists() and not path.is_file() and not path.is_dir()


def opened(url: str, variable: str = "BACKOFFICE_DATABASE_URL") -> Database:
    """The database behind a setting, not yet connected."""
    try:
        return open_database(url)
    except ValueError as wrong:
        raise Refusal(f"{variable}: {wrong}") from wrong


def bound(settings: Settings) -> Any:
    """The settings' database, bound to the models; the schema must be this version's."""
    database = opened(settings.database_url)
    db.initialize(database)
    with connected(db):
        behind = migrate.pending(database)
        newer = migrate.unknown(database)
    if newer:
        raise Refusal(f"the database is newer than this version (it has {newer[-1]}); install the newer version")
    if behind:
        raise Refusal(
            f"the schema is behind by {len(behind)} migration{'s'[: len(behind) > 1]}; run: backoffice migrate"
        )
    return database


def faults(database: Any) -> list[str]:
    """What makes a server refuse to start: a schema that is not the models', a history whose last entry is not its own."""
    found = [
        f"schema: {line.strip()}" for line in str(diff_models(database, ALL_MODELS) or "").splitlines() if line.strip()
    ]
    if not found:  # Otherwise nothing can be read.
        found.extend(broken(fault) for fault in proof.head_faults())
    return found


def note_settings(settings: Settings) -> None:
    """An entry in the history when the settings are others than at the last start. Secrets by a mark of theirs only."""
    mark = hashlib.sha256(f"settings:{settings.secret_key}".encode()).hexdigest()[:8]
    present = {**settings.told(), "BACKOFFICE_SECRET_KEY": f"#{mark}"}
    last = AuditEvent.select().where(AuditEvent.register == "setting").order_by(AuditEvent.id.desc()).first()
    before = json.loads(last.detail)["settings"] if last is not None else {}
    if before != present:
        changed = sorted(name for name in before.keys() | present.keys() if before.get(name) != present.get(name))
        with db.atomic():
            history.record(
                "setting:changed" if before else "setting:first",
                now=clock.now(),
                register="setting",
                detail={"settings": present, "changed": changed},
                address="command line",
            )


def broken(fault: proof.Fault) -> str:
    return f"history of {fault}"


def close(database: Any) -> None:
    """All connections, also those that a pool has kept."""
    getattr(database, "close_all", database.close)()


__all__ = [
    "Refusal",
    "bound",
    "broken",
    "close",
    "faults",
    "file_to_write",
    "is_special",
    "note_settings",
    "opened",
    "settings_of",
]
