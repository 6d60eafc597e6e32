"""Reports out of the house: the tables a person sees on screen, as CSV or PDF, with an entry in the history before the first byte."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from backoffice import clock
from backoffice.access import Access
from backoffice.declarations import Declaration
from backoffice.exporting import Exported, exporter_line, log_report, words
from backoffice.exports import MEDIA_TYPES
from backoffice.exports.form_blocks import Block
from backoffice.exports.forms import (
    FieldBlock,
    FilledForm,
    SignatureBlock,
    SignatureCell,
    SpaceBlock,
    TableBlock,
    TableColumn,
    render_form,
)
from backoffice.exports.to_csv import to_csv
from backoffice.reports import Asked, Cell, Table, by_group, tables, told, whole_table, worked_out
from backoffice.texts import label, read, say
from backoffice.values import moment
from models.balances import Report

KINDS = ("csv", "pdf")


def exported(
    access: Access,
    declaration: Declaration,
    report: Report,
    asked: Asked,
    kind: str,
    table: str,
    company: str,
    now: dt.datetime,
) -> Exported:
    """The report as a file; a CSV holds one table, the wide one or (`table`) that of the groups.

    Raises LookupError for a kind or table that does not exist, TooMany, and what printing a form raises.
    """
    if kind not in KINDS or table not in {"", "by_group"} or (table and kind != "csv"):
        raise LookupError(kind)
    found = worked_out(access, declaration, report, asked)
    text = told(access, declaration, report, asked)
    detail = {"report": report.name, "filter": text, "rows": len(found.rows), "child": table}
    log_report(access, declaration, kind, detail, now)
    local = now.astimezone(clock.company_zone())
    name = f"{label(report)}{'_' + table if table else ''}_{local:%Y%m%d_%H%M%S}.{kind}"
    if kind == "pdf":
        body = _pdf(access, report, asked, tables(declaration, report, found), company, now)
    else:
        made = by_group(declaration, report, found) if table else whole_table(declaration, report, found)
        body = _csv(access, declaration, asked, made, text, now)
    return Exported(name, MEDIA_TYPES[kind], body)


def _csv(
    access: Access, declaration: Declaration, asked: Asked, table: Table, text: str, now: dt.datetime
) -> Iterator[bytes]:
    number = read(say("No."))
    rows = [[n, *(cell.plain for cell in row)] for n, row in enumerate(table.rows, 1)]
    sums = [["", *(cell.plain for cell in row)] for row in table.totals]

    def trailer(count: int) -> list[str]:
        named = [read(say("Submitted to: {}")).format(asked.submitted_to)] if asked.submitted_to else []
        if "export_trailer" in declaration.marks:
            named.append(exporter_line(access, text, len(table.rows), now))
        return named

    return to_csv([number, *(title for _, title, _ in table.columns)], [*rows, *sums], trailer=trailer)


def _pdf(
    access: Access, report: Report, asked: Asked, made: list[Table], company: str, now: dt.datetime
) -> Iterator[bytes]:
    printer = f"{access.name}（{access.account.username}）"
    heads = (
        (
            read(say("Period")),
            read(say("{first} to {last}", first=asked.first.isoformat(), last=asked.last.isoformat())),
        ),
        (read(say("Submitted by")), access.name),
        (read(say("Submitted to")), asked.submitted_to),
    )
    blocks: list[Block] = [FieldBlock("", heads, 3)]
    for table in made:
        blocks.extend((SpaceBlock(4), _table(table)))
    signed = (SignatureCell(read(say("Submitted by")), access.name), SignatureCell(read(say("Received by"))))
    blocks.extend((SpaceBlock(4), SignatureBlock(signed)))
    filled = FilledForm(
        company=company,
        title=label(report),
        number="",
        state_mark="",
        printed_by=printer,
        printed_at=moment(now),
        parts=(),
        blocks=tuple(blocks),
        paper="A4 landscape",
    )
    yield render_form(filled, words=words())


def _table(table: Table) -> TableBlock:
    columns = (
        TableColumn(read(say("No.")), "center"),
        *(TableColumn(title, "right" if numeric else "left") for _, title, numeric in table.columns),
    )
    rows = [(str(n), *(cell.text for cell in row)) for n, row in enumerate(table.rows, 1)]
    sums = [("", *(cell.text for cell in row)) for row in table.totals]
    if len(sums) == 1:
        return TableBlock(table.title, columns, tuple(rows), _total(table.totals[0]))
    return TableBlock(table.title, columns, tuple((*rows, *sums)))


def _total(row: tuple[Cell, ...]) -> tuple[str, ...]:
    """The total line: the word stands first, in the column of the numbers of the rows."""
    texts = [cell.text for cell in row]
    return (texts[0], "", *texts[1:])


__all__ = ["KINDS", "exported"]
