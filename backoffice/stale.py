"""What happened to a record since the version somebody had read: told from its history, masked for the reader."""

from __future__ import annotations

import json
from typing import Any

from backoffice.access import Access
from backoffice.declarations import Declaration
from backoffice.outcomes import ChangedField, Stale
from backoffice.reading import Reader
from backoffice.values import moment
from models.evidence import AuditEvent


def since(actor: Access, declaration: Declaration, record: Any, version: int) -> Stale:
    """The refusal of a write on `version` of a record that is at a later one. Two queries."""
    query = AuditEvent.select().where(
        (AuditEvent.register == declaration.name)
        & (AuditEvent.record_id == record.id)
        & (AuditEvent.action != f"{declaration.name}:view")
    )
    merged: dict[str, list[Any]] = {}
    last: AuditEvent | None = None
    for event in query.order_by(AuditEvent.id.desc()).limit(50):
        detail = json.loads(event.detail)
        if "version" not in detail:
            continue  # Somebody printed it; that changed nothing.
        if int(detail["version"]) <= version:
            break
        last = last or event
        for path, (old, new) in detail.get("changes", {}).items():
            merged[path] = [old, merged[path][1] if path in merged else new]
    seen = Reader(actor, declaration, list(declaration.fields)).one(record.id)
    visible = seen.values.keys() if seen is not None else set()
    changes = [
        ChangedField(path, old, new)
        for path, (old, new) in merged.items()
        if path in visible and path not in {"updated_by", "updated_at"}
    ]
    return Stale(
        record.version,
        getattr(record, "state", ""),
        last.actor_name if last is not None else "",
        moment(last.at) if last is not None else "",
        changes,
    )
