"""Registers out of the house: the rows a person sees on screen, masked alike, as CSV or PDF, with an entry in the history.

Sources: ACL-01 (exporter, time, filter and row count in the file), CUS-20, CUS-21, CUS-22; registers.md 0 "CSV".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from backoffice import clock, history
from backoffice.access import Access
from backoffice.declarations import Declaration, Info
from backoffice.exports import MEDIA_TYPES
from backoffice.exports.to_csv import Cell, to_csv
from backoffice.exports.to_pdf import Column, Heading, to_pdf
from backoffice.exports.words import Words
from backoffice.listing import Asked, demanded, names_of, ordering, told
from backoffice.reading import MASK, Reader, Seen, SeenLine, child_paths, lines
from backoffice.texts import label, read, say
from backoffice.values import NO, YES, moment, shown
from models.base import db
from models.evidence import AuditEvent
from models.params import param

PER_HOUR = 200
PER_HOUR_SETTING = "security.exports_per_hour"
BATCH = 500


@dataclass(frozen=True)
class Exported:
    """A file on its way: its name, its type and its bytes."""

    name: str
    media_type: str
    body: Iterator[bytes]


class TooMany(Exception):
    """The person has exported as often as is allowed in an hour."""


def words() -> Words:
    """The words that stand around printed rows, in the current language."""
    return Words(
        printed_by=read(say("Printed by: {}")),
        printed_at=read(say("Printed at: {}")),
        filtered=read(say("Filter: {}")),
        page=read(say("Page {}")),
        pages=read(say("of {}")),
        rows=read(say("{} records")),
        columns=read(say("Columns {}/{}")),
        none=read(say("No records")),
        signed=read(say("Signed: ")),
        day=read(say("Date: ")),
        on_behalf=read(say("for {}")),
    )


def export(
    access: Access, declaration: Declaration, found: Asked, kind: str, company: str, now: dt.datetime, child: str = ""
) -> Exported:
    """The list as asked for, or with `child` the lines of its records. The history entry is written before the first byte.

    Raises TooMany, BadFilter, and LookupError for a kind or child that does not exist. The caller has asked `access.may(…, "export")`.
    """
    if kind not in _KINDS:
        raise LookupError(kind)
    if child and (child not in declaration.children or kind != "csv"):
        raise LookupError(child)
    names = _names(access, declaration, found, kind)
    reader = Reader(access, declaration, [*names, *(child_paths(declaration, child) if child else ())])
    condition = demanded(reader, found)
    count, _ = reader.count(condition, limit=10_000_000)
    filter_text = told(declaration, found, names_of(access, declaration, found))
    _log(
        access,
        declaration,
        f"export:{kind}",
        {"filter": filter_text, "rows": count, "columns": names, "child": child},
        now,
    )
    title = label(declaration.register)
    work = _Work(access, declaration, reader, condition, found, names, title, filter_text, company, now, child)
    local = now.astimezone(clock.company_zone())
    name = f"{title}{'_' + label(declaration.children[child].child) if child else ''}_{local:%Y%m%d_%H%M%S}.{kind}"
    return Exported(name, MEDIA_TYPES[kind], _KINDS[kind](work))


def _names(access: Access, declaration: Declaration, found: Asked, kind: str) -> list[str]:
    """Exported columns: those chosen; else the list's on paper, and all that the person may read in a CSV, masked alike."""
    if found.chose_columns or kind == "pdf":
        return list(found.columns)
    return [
        name
        for name, info in declaration.fields.items()
        if info.kind != "file" and access.shown(declaration, name) is not False
    ]


def log_print(
    access: Access,
    declaration: Declaration,
    form: str,
    detail: Mapping[str, Any],
    now: dt.datetime,
    record_id: int | None = None,
    number: str = "",
) -> None:
    """The entry of a printed form or list."""
    _log(access, declaration, f"print:{form}", detail, now, record_id, number)


def _log(
    access: Access,
    declaration: Declaration,
    action: str,
    detail: Mapping[str, Any],
    now: dt.datetime,
    record_id: int | None = None,
    number: str = "",
) -> None:
    if declaration.lets_go("log_views"):
        return
    with db.atomic():
        since = now - dt.timedelta(hours=1)
        recent = AuditEvent.select(AuditEvent.id).where(
            (AuditEvent.actor == access.id) & (AuditEvent.at > since) & AuditEvent.action.contains(":export:")
        )
        if ":export:" in f":{action}" and recent.count() >= _per_hour(now):
            raise TooMany
        history.record(
            f"{declaration.name}:{action}",
            now=now,
            actor=access,
            register=declaration.name,
            record_id=record_id,
            number=number,
            detail=detail,
            address=access.address,
        )


def log_report(
    access: Access, declaration: Declaration, kind: str, detail: Mapping[str, Any], now: dt.datetime
) -> None:
    """The entry of a report that leaves the house, counted among the exports of the hour. Raises TooMany."""
    _log(access, declaration, f"export:{kind}", detail, now)


def exporter_line(access: Access, filter_text: str, count: int, now: dt.datetime) -> str:
    """The last line of an exported file: by whom, when, by what filter, how many rows (ACL-01)."""
    return read(
        say(
            "Exported by {name} ({account}) at {time}; filter: {filter}; {count} records",
            name=access.name,
            account=access.account.username,
            time=moment(now),
            filter=filter_text,
            count=count,
        )
    )


def _per_hour(now: dt.datetime) -> int:
    try:
        return int(param(PER_HOUR_SETTING, now.astimezone(clock.company_zone()).date()))
    except LookupError:
        return PER_HOUR


@dataclass(frozen=True)
class _Work:
    access: Access
    declaration: Declaration
    reader: Reader
    condition: Any
    found: Asked
    names: Sequence[str]
    title: str
    filter_text: str
    company: str
    now: dt.datetime
    child: str

    def rows(self) -> Iterator[Seen]:
        return self.reader.stream(self.condition, ordering(self.reader, self.found))

    def trailer(self, count: int) -> list[str]:
        if "export_trailer" not in self.declaration.marks:
            return []
        return [exporter_line(self.access, self.filter_text, count, self.now)]


def _csv(work: _Work) -> Iterator[bytes]:
    truth = (read(NO), read(YES))
    number = read(say("No."))
    if work.child:
        heads, rows = _line_rows(work)
        return to_csv([number, *heads], rows, trailer=work.trailer, truth=truth)
    infos = [work.declaration.fields[name] for name in work.names]
    rows_of_cells = ([n, *(_cell(work, info, seen) for info in infos)] for n, seen in enumerate(work.rows(), 1))
    return to_csv([number, *(label(info.field) for info in infos)], rows_of_cells, trailer=work.trailer, truth=truth)


def _line_rows(work: _Work) -> tuple[list[str], Iterable[list[Cell]]]:
    child = work.declaration.children[work.child]
    infos = list(child.fields.values())
    heads = [label(work.declaration.fields["number"].field) if "number" in work.declaration.fields else "id"]
    heads.extend(label(info.field) for info in infos)

    def rows() -> Iterator[list[Cell]]:
        position = 0
        for batch in _batches(work.rows(), BATCH):
            found = lines(work.access, work.declaration, child, {seen.id: seen for seen in batch})
            for seen in batch:
                for line in found[seen.id]:
                    position += 1
                    yield [position, seen.number or seen.id, *(_line_cell(info, line) for info in infos)]

    return heads, rows()


def _batches(rows: Iterable[Seen], size: int) -> Iterator[list[Seen]]:
    """All rows are read before the first batch is given, as the connection serves one query at a time on PostgreSQL."""
    every = list(rows)
    for start in range(0, len(every), size):
        yield every[start : start + size]


def _cell(work: _Work, info: Info, seen: Seen) -> Cell:
    if info.name in seen.absent:
        return ""
    if info.name in seen.masked:
        return MASK
    return _plain(info, seen.values.get(info.name), seen.labels.get(info.name), work.declaration)


def _line_cell(info: Info, line: SeenLine) -> Cell:
    return (
        MASK if info.name in line.masked else _plain(info, line.values.get(info.name), line.labels.get(info.name), None)
    )


def _plain(info: Info, value: Any, text: str | None, declaration: Declaration | None) -> Cell:
    """Plain decimals, ISO dates, local times; labels for codes and references."""
    if value is None:
        return None
    if text is not None:
        return text
    if declaration is not None and info.name == "state" and value in declaration.states:
        return label(declaration.states[value])
    if info.kind == "instant":
        local: dt.datetime = value.astimezone(clock.company_zone())
        return local.replace(tzinfo=None, microsecond=0)
    if info.kind in {"money", "integer", "day", "flag"}:
        plain: Cell = value
        return plain
    if info.kind in {"quantity", "percent"}:
        number: Cell = value.normalize()
        return number
    return shown(info, value)


def _pdf(work: _Work) -> Iterator[bytes]:
    infos = [work.declaration.fields[name] for name in work.names]
    columns = [Column(read(say("No.")), "right", 0.5)]
    columns.extend(Column(label(info.field), "right" if info.numeric else "left", 1.0) for info in infos)
    heading = Heading(
        work.company,
        work.title,
        f"{work.access.name}（{work.access.account.username}）",
        moment(work.now),
        work.filter_text,
    )
    rows = ([str(n), *(_text(work, info, seen) for info in infos)] for n, seen in enumerate(work.rows(), 1))
    return to_pdf(heading, columns, rows, words=words())


def _text(work: _Work, info: Info, seen: Seen) -> str:
    if info.name in seen.absent:
        return ""
    if info.name in seen.masked:
        return MASK
    if info.name == "state" and seen.values.get("state") in work.declaration.states:
        return label(work.declaration.states[seen.values["state"]])
    return seen.labels.get(info.name) or shown(info, seen.values.get(info.name))


_KINDS: Mapping[str, Callable[[_Work], Iterator[bytes]]] = MappingProxyType({"csv": _csv, "pdf": _pdf})
