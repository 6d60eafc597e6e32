"""Printed forms: a filled form in, a PDF out.

    render_form(FilledForm(company, "礼品申请表", "LP-2025-0019", "", "李娜（lina）", "2025年3月4日", (), blocks))

xhtml2pdf sets the body in a child process under limits; head, foot, name of the copy and watermark are laid over it.
Long lists are drawn on a canvas instead, to the same measures. User text is never read as markup.
"""

import io
import logging
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from pypdf import PdfReader, PdfWriter

from backoffice.exports.form_blocks import (
    Block,
    FieldBlock,
    FilledForm,
    PageBlock,
    Part,
    SignatureBlock,
    SignatureCell,
    SpaceBlock,
    TableBlock,
    TableColumn,
    TextBlock,
)
from backoffice.exports.form_drawing import Sheet, draw_form, draw_surroundings_only, sheet_of
from backoffice.exports.form_layout import PAD_Y, Grid, Piece, laid_out
from backoffice.exports.form_worker import SECONDS, TOO_LONG
from backoffice.exports.typeset import REGULAR, printable
from backoffice.exports.words import Words
from backoffice.paths import resource_dir

__all__ = [
    "Block",
    "FieldBlock",
    "FilledForm",
    "FormBusy",
    "FormFailed",
    "FormTooLong",
    "PageBlock",
    "Part",
    "SignatureBlock",
    "SignatureCell",
    "SpaceBlock",
    "TableBlock",
    "TableColumn",
    "TextBlock",
    "Words",
    "render_form",
]

log = logging.getLogger(__name__)

_ROWS_FOR_HTML = 100
_CELLS_FOR_HTML = 1_000
_LINES_FOR_HTML = 1_500
_MOST_LINES = 300_000
_AT_ONCE = BoundedSemaphore(2)
_PATIENCE = 30.0  # seconds for a place; a form takes one or two
_KILLED_BY_LIMIT = (-9, -24, 137, 152)  # SIGKILL, SIGXCPU, plain or as a shell tells them


class FormFailed(Exception):
    """The form could not be made; the log says why."""


class FormTooLong(FormFailed):
    """The form is too long or takes too much time or memory."""


class FormBusy(FormFailed):
    """Too many forms are being made just now."""


def render_form(form: FilledForm, *, words: Words | None = None) -> bytes:
    """The PDF: every copy in `parts`, each with all its pages. Takes about a second.

    Raises FormTooLong, FormBusy or FormFailed.
    """
    words = words or Words()
    sheet = sheet_of(form, words)
    pieces = laid_out(form.blocks, sheet.room, words)
    grids = [piece for piece in pieces if isinstance(piece, Grid)]
    rows = [row for grid in grids for row in grid.rows]
    cells = [cell for row in rows for cell in row]
    lines = sum(len(cell.lines) for cell in cells)
    if lines > _MOST_LINES:
        raise FormTooLong(f"{lines} lines are more than one form may have")
    highest = max((grid.height(row) for grid in grids for row in grid.rows), default=0)
    long = len(rows) > _ROWS_FOR_HTML or len(cells) > _CELLS_FOR_HTML or lines > _LINES_FOR_HTML
    # xhtml2pdf would shrink a row that is higher than the page until nobody can read it.
    if long or highest > sheet.body * 0.9:
        return draw_form(form, sheet, pieces, words)
    return _completed(_body(_html(sheet, pieces)), form, sheet, words)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(resource_dir("templates")), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["solid"] = _solid
    return environment


def _solid(text: str) -> Markup:
    """The escaped line with spaces that neither collapse nor break: the lines are broken already."""
    return Markup(str(escape(text)).replace(" ", "&nbsp;") or "&nbsp;")  # noqa: S704 (escaped on this line)


def _html(sheet: Sheet, pieces: list[Piece]) -> str:
    template = _environment().get_template("pdf/form.html")
    return template.render(
        sheet=sheet,
        pieces=pieces,
        font=REGULAR,
        pad=PAD_Y,
    )


def _body(html: str) -> bytes:
    """The form without its surroundings, made by a child process that sees nothing of our environment."""
    root = Path(__file__).resolve().parent.parent.parent
    surroundings = {
        "PATH": os.defpath,
        "PYTHONPATH": str(root),
        "PYTHONIOENCODING": "utf-8",
        "LC_ALL": "C.UTF-8",
    }
    if not _AT_ONCE.acquire(timeout=_PATIENCE):
        raise FormBusy("too many forms are being made, try again in a moment")
    try:
        child = subprocess.run(
            [sys.executable, "-m", "backoffice.exports.form_worker"],
            input=html.encode(),
            capture_output=True,
            env=surroundings,
            timeout=2 * SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as fault:
        raise FormTooLong(f"the form took longer than {2 * SECONDS} s") from fault
    finally:
        _AT_ONCE.release()
    if child.returncode == 0:
        return child.stdout
    log.error("form worker ended with %s: %s", child.returncode, child.stderr.decode(errors="replace")[-2000:])
    if child.returncode == TOO_LONG or child.returncode in _KILLED_BY_LIMIT:
        raise FormTooLong(f"the form needs more than {SECONDS} s or too much memory")
    raise FormFailed("the form could not be made")


def _completed(body: bytes, form: FilledForm, sheet: Sheet, words: Words) -> bytes:
    """The surroundings of every page of every copy, with the body laid under them."""
    reader = PdfReader(io.BytesIO(body))
    pages = len(reader.pages)
    writer = PdfWriter()
    with draw_surroundings_only(form, sheet, words, pages) as file:
        for number, over in enumerate(PdfReader(file).pages):
            writer.add_page(over).merge_page(reader.pages[number % pages], over=False)
        writer.add_metadata({"/Title": printable(form.title), "/Author": printable(form.company)})
        out = io.BytesIO()
        writer.write(out)
    return out.getvalue()
