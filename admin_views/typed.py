"""What a request typed: inputs for the write path, references by their text, uploads that stand for their id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, request

from backoffice import clock
from backoffice.access import Access
from backoffice.declarations import Declaration, Info
from backoffice.outcomes import Problem
from backoffice.picking import label_of, offered
from backoffice.uploads import UploadRefused, store
from models.base import db
from models.evidence import StoredFile

MOST_LINES = 200
KEPT = "-kept"
TEXT = "-text"
# Beside a reference: the id it had when the page was made, so that an id typed since is known from one left standing.
STOOD = "-stood"
LINE = re.compile(r"(\d{1,3})-(\w+)")


@dataclass
class Typed:
    """What a request typed: inputs for the write path, and problems of uploads."""

    inputs: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, list[Problem]] = field(default_factory=dict)


def typed_inputs(
    access: Access, declaration: Declaration, infos: Mapping[str, Info], children: Mapping[str, Iterable[str]]
) -> Typed:
    """The inputs of the request for these fields and lines; uploads are stored and stand for their id."""
    found = Typed()
    for name, info in infos.items():
        if info.kind == "file":
            _take_file(access, declaration, info, name, found.inputs, found)
        elif info.kind == "ref":
            if name in request.form or name + TEXT in request.form:
                found.inputs[name] = _reference(access, declaration, info, name)
        elif name in request.form:
            found.inputs[name] = request.form[name]
    for child, names in children.items():
        rows = _typed_lines(access, declaration, child, tuple(names), found)
        if rows or child in request.form or any(key.startswith(f"{child}-") for key in request.form):
            found.inputs[child] = rows
    if declaration.register.attachments:
        _take_attachments(access, declaration, found)
    return found


def _typed_lines(
    access: Access, declaration: Declaration, child: str, names: Sequence[str], found: Typed
) -> list[dict[str, Any]]:
    rows: dict[int, dict[str, Any]] = {}
    info = declaration.children[child]
    if len(names) == 1 and child in request.form:
        return [{names[0]: value} for value in request.form.getlist(child)[:MOST_LINES] if value.strip()]
    for key in dict.fromkeys([*request.form, *request.files]):
        if not key.startswith(f"{child}-"):
            continue
        place = LINE.fullmatch(key.removeprefix(f"{child}-").removesuffix(TEXT).removesuffix(STOOD).removesuffix(KEPT))
        if place is None or int(place[1]) >= MOST_LINES:
            continue
        n, name = int(place[1]), place[2]
        row = rows.setdefault(n, {"n": n})
        if name in {"id", "delete"}:
            row[name] = request.form[key]
        elif name in names and name not in row:
            whole = f"{child}-{n}-{name}"
            if info.fields[name].kind == "ref":
                row[name] = _reference(access, declaration, info.fields[name], whole)
            elif info.fields[name].kind == "file":
                _take_file(access, declaration, info.fields[name], whole, row, found)
            else:
                row[name] = request.form[key]
    return [rows[n] for n in sorted(rows)]


def _reference(access: Access, declaration: Declaration, info: Info, key: str) -> str:
    """The id of a reference. An id that did not stand there when the page was made is taken as it is. Beside one that did, a
    typed text that is not its label is looked up: one match is taken, and an emptied text empties the reference."""
    given, text = request.form.get(key, "").strip(), text_beside(key).strip()
    if typed_over(key):
        return given
    if not text:
        return "" if key + TEXT in request.form else given
    if given.isdecimal() and len(given) < 10 and label_of(access, declaration, info, int(given)) == text:
        return given
    matches = offered(access, declaration, info, text, limit=2)
    exact = [key for key, shown_label in matches if shown_label == text]
    if exact or len(matches) == 1:
        return str((exact or [matches[0][0]])[0])
    return text


def typed_over(key: str) -> bool:
    """Whether the request brings another id than the one that stood in the form."""
    given = request.form.get(key, "").strip()
    return bool(given) and given != request.form.get(key + STOOD, given)


def text_beside(key: str) -> str:
    """The text typed for a reference; empty where another id was typed, whose label it is not."""
    return "" if typed_over(key) else request.form.get(key + TEXT, "")


# ---- uploads -------------------------------------------------------------------------------------------------------


def _take_file(
    access: Access, declaration: Declaration, info: Info, key: str, inputs: dict[str, Any], found: Typed
) -> None:
    """The upload under `key`, or the one that a refused form had brought already. A field left empty keeps what it has."""
    upload = request.files.get(key)
    if upload is not None and upload.filename:
        inputs[info.name] = _stored(access, declaration, info.path, upload, found, key)
    elif request.form.get(key + KEPT):
        inputs[info.name] = request.form[key + KEPT]
    elif request.form.get(key, "").strip():
        inputs[info.name] = request.form[key]


def _take_attachments(access: Access, declaration: Declaration, found: Typed) -> None:
    kept = [
        part for part in request.form.get("attachments" + KEPT, "").split(",") if part.isdecimal() and len(part) < 10
    ]
    for upload in request.files.getlist("attachments"):
        if upload.filename:
            stored = _stored(access, declaration, "attachments", upload, found, "attachments")
            if stored:
                kept.append(stored)
    if kept:
        found.inputs["attachments"] = kept


def _stored(access: Access, declaration: Declaration, path: str, upload: Any, found: Typed, key: str) -> str:
    """The id of an upload; it stays the uploader's own until a record takes it, so that a corrected form keeps it."""
    try:
        kept = store(
            (upload.filename, upload.stream),
            register=declaration.name,
            field=path,
            actor=access,
            now=clock.now(),
            data_dir=current_app.config["DATA_DIR"],
        )
    except UploadRefused as refused:
        found.problems.setdefault(key, []).append(Problem(refused.message))
        return ""
    with db.atomic():
        return str(StoredFile.insert(**kept.columns()).execute())


def kept_name(access: Access, text: str) -> str:
    """The name of an upload of the person's own that no record has taken yet."""
    if not text.isdecimal() or len(text) > 9:
        return ""
    row = StoredFile.get_or_none(
        (StoredFile.id == int(text)) & (StoredFile.uploaded_by == access.id) & StoredFile.record_id.is_null()
    )
    return str(row.name) if row is not None else ""
