"""Drawing forms on a canvas: what surrounds every form, and whole forms too long for xhtml2pdf."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import atan2, degrees, hypot
from typing import IO

from backoffice.exports.form_blocks import FilledForm, Paper, Part
from backoffice.exports.form_layout import PAD_Y, Gap, Grid, Piece, Row
from backoffice.exports.pages import MM, PagedCanvas
from backoffice.exports.typeset import BOLD, REGULAR, printable, width_of, wrapped
from backoffice.exports.words import Words

_INK, _QUIET, _RULE, _SHADE, _RED = "#111111", "#5b6470", "#222222", "#eef1f4", "#c8102e"
_COMPANY_SIZE, _TITLE_SIZE, _NUMBER_SIZE, _FOOT_SIZE = 11, 18, 11, 8
_TITLE_STEP = 25
# Brackets as they stand in vertical writing.
_UPRIGHT = str.maketrans("（）()", "︵︶︵︶")

_PAPERS: dict[Paper, tuple[float, float, float]] = {
    "A4": (210 * MM, 297 * MM, 15 * MM),
    "A4 landscape": (297 * MM, 210 * MM, 15 * MM),
    "A5 landscape": (210 * MM, 148 * MM, 12 * MM),
}


@dataclass(frozen=True)
class Sheet:
    """Measures of the page in points; `top` is where the head ends, counted from above as HTML does."""

    width: float
    height: float
    left: float
    top: float
    room: float
    body: float
    company: tuple[str, ...]
    title: tuple[str, ...]
    number_apart: bool


def sheet_of(form: FilledForm, words: Words) -> Sheet:
    """The measures for this form: the head grows with a long title."""
    width, height, margin = _PAPERS[form.paper]
    room = width - 2 * margin
    company = tuple(wrapped(printable(form.company), room * 1000 / _COMPANY_SIZE))
    title = tuple(wrapped(printable(form.title), room * 1000 / _TITLE_SIZE, BOLD))
    number = width_of(_number(form, words), BOLD) * _NUMBER_SIZE / 1000
    name = width_of(company[0]) * _COMPANY_SIZE / 1000
    apart = bool(form.number) and name / 2 + number + 10 > room / 2
    lines = len(company) - 1 + (1 if apart else 0)
    top = 10 * MM + 15 + lines * 15 + len(title) * _TITLE_STEP + 9
    return Sheet(width, height, margin, top, room, height - top - 15 * MM, company, title, apart)


def _number(form: FilledForm, words: Words) -> str:
    return printable(words.number.format(form.number)) if form.number else ""


def draw_surroundings(
    canvas: PagedCanvas,
    form: FilledForm,
    sheet: Sheet,
    words: Words,
    page: int,
    pages: int,
    part: Part | None,
) -> None:
    """Head, foot, name of the copy and watermark of one page."""
    right, middle = sheet.left + sheet.room, sheet.width / 2
    y = sheet.height - 10 * MM - 11
    canvas.setFillColor(_RED)
    canvas.setFont(BOLD, _NUMBER_SIZE)
    canvas.drawRightString(right, y, _number(form, words))
    if sheet.number_apart:
        y -= 15
    canvas.setFillColor(_INK)
    canvas.setFont(REGULAR, _COMPANY_SIZE)
    for line in sheet.company:
        canvas.drawCentredString(middle, y, line)
        y -= 15
    y += 15
    canvas.setFont(BOLD, _TITLE_SIZE)
    for line in sheet.title:
        y -= _TITLE_STEP
        canvas.drawCentredString(middle, y, line)
    _draw_foot(canvas, form, sheet, words, page, pages, part)
    if part is not None:
        _draw_part(canvas, sheet, part)
    if form.state_mark:
        _draw_watermark(canvas, sheet, printable(form.state_mark).replace("\n", " "))


def _part_name(part: Part) -> str:
    return printable(f"{part.name} {part.recipient}").strip()


def _draw_foot(
    canvas: PagedCanvas,
    form: FilledForm,
    sheet: Sheet,
    words: Words,
    page: int,
    pages: int,
    part: Part | None,
) -> None:
    y = 8.5 * MM
    canvas.setFillColor(_QUIET)
    canvas.setFont(REGULAR, _FOOT_SIZE)
    printed = printable(f"{words.printed_by.format(form.printed_by)}    {words.printed_at.format(form.printed_at)}")
    canvas.drawString(sheet.left, y, printed)
    if part is not None:
        name = _part_name(part)
        taken = canvas.stringWidth(printed, REGULAR, _FOOT_SIZE) + canvas.stringWidth(name, REGULAR, _FOOT_SIZE) / 2
        canvas.drawCentredString(max(sheet.width / 2 + 10 * MM, sheet.left + taken + 4 * MM), y, name)
    place = f"{words.page.format(page)}  {words.pages.format(pages)}"
    canvas.drawRightString(sheet.left + sheet.room, y, printable(place))


def _draw_part(canvas: PagedCanvas, sheet: Sheet, part: Part) -> None:
    """The name of the copy from top to bottom in the right margin, beside the form's upper half."""
    text = _part_name(part).translate(_UPRIGHT)
    size = min(9.0, (sheet.height - sheet.top - 20 * MM) / max(1, len(text)) / 1.25)
    x, y = sheet.left + sheet.room + sheet.left / 2, sheet.top + 6
    canvas.setFillColor(_INK)
    canvas.setFont(REGULAR, size)
    for character in text:
        y += size * (0.7 if character == " " else 1.25)
        canvas.drawCentredString(x, sheet.height - y, character)


def _draw_watermark(canvas: PagedCanvas, sheet: Sheet, mark: str) -> None:
    """Across the page over everything, so thin that all stays readable and no shaded cell hides it."""
    size = min(130.0, hypot(sheet.width, sheet.height) * 0.62 * 1000 / max(1, width_of(mark, BOLD)))
    canvas.saveState()
    canvas.setFillColor("#333333", alpha=0.13)
    canvas.translate(sheet.width / 2, sheet.height / 2)
    canvas.rotate(min(40.0, degrees(atan2(sheet.height, sheet.width))))
    canvas.setFont(BOLD, size)
    canvas.drawCentredString(0, -size * 0.36, mark)
    canvas.restoreState()


@dataclass(frozen=True)
class _Placed:
    """A row at its distance from the top of the body."""

    top: float
    grid: Grid
    row: Row


def draw_surroundings_only(form: FilledForm, sheet: Sheet, words: Words, pages: int) -> IO[bytes]:
    """Head, foot and marks of every page of every copy, to be laid over the bodies."""
    canvas = PagedCanvas((sheet.width, sheet.height), title=printable(form.title), author=printable(form.company))
    for part in form.parts or (None,):
        for page in range(1, pages + 1):
            draw_surroundings(canvas, form, sheet, words, page, pages, part)
            canvas.showPage()
    return canvas.finished()


def draw_form(form: FilledForm, sheet: Sheet, pieces: Sequence[Piece], words: Words) -> bytes:
    """The whole form as a document."""
    pages = _paginated(pieces, sheet.body)
    canvas = PagedCanvas((sheet.width, sheet.height), title=printable(form.title), author=printable(form.company))
    for part in form.parts or (None,):
        for number, placed in enumerate(pages, 1):
            _draw_rows(canvas, sheet, placed)
            draw_surroundings(canvas, form, sheet, words, number, len(pages), part)
            canvas.showPage()
    with canvas.finished() as file:
        return file.read()


def _paginated(pieces: Sequence[Piece], body: float) -> list[list[_Placed]]:
    pages: list[list[_Placed]] = [[]]
    y = 0.0

    def place(grid: Grid, row: Row) -> None:
        nonlocal y
        pages[-1].append(_Placed(y, grid, row))
        y += grid.height(row)

    def turn(grid: Grid, repeated: int) -> None:
        nonlocal y
        pages.append([])
        y = 0.0
        for row in grid.rows[:repeated]:
            place(grid, row)

    for piece in pieces:
        if isinstance(piece, Gap):
            pages += [[]] * piece.turns
            y = 0.0 if piece.turns else y + (piece.height if y else 0)
            continue
        heights = [piece.height(row) for row in piece.rows]
        together = sum(heights) if piece.kept else sum(heights[: piece.repeated + 1])
        if pages[-1] and y + together > body and together <= body:
            turn(piece, 0)
        head = sum(heights[: piece.repeated])
        for number, row in enumerate(piece.rows):
            rest = row
            repeated = piece.repeated if number >= piece.repeated and head < body / 2 else 0
            while y + piece.height(rest) > body:
                fits = int((body - y - 2 * PAD_Y) // piece.type.leading)
                if piece.height(rest) + (head if repeated else 0) > body and fits >= 3:
                    place(piece, tuple(replace(cell, lines=cell.lines[:fits]) for cell in rest))
                    rest = tuple(replace(cell, lines=cell.lines[fits:]) for cell in rest)
                turn(piece, repeated)
            place(piece, rest)
    return pages


def _draw_rows(canvas: PagedCanvas, sheet: Sheet, placed: Sequence[_Placed]) -> None:
    start = sheet.height - sheet.top
    canvas.setLineWidth(0.6)
    canvas.setStrokeColor(_RULE)
    canvas.setFillColor(_SHADE)
    for item in placed:
        height = item.grid.height(item.row)
        for cell, left, width in item.grid.placed(item.row):
            if item.grid.ruled:
                canvas.rect(sheet.left + left, start - item.top - height, width, height, stroke=1, fill=cell.shade)
    canvas.setFillColor(_INK)
    text = canvas.beginText()
    for item in placed:
        height, face = item.grid.height(item.row), item.grid.type
        for cell, left, width in item.grid.placed(item.row):
            y = start - item.top - (height - len(cell.lines) * face.leading) / 2 - face.leading * 0.76
            for line in cell.lines:
                name = BOLD if line.bold else REGULAR
                spare = width - 2 * face.pad - width_of(line.text, name) * face.size / 1000
                shift = {"left": 0.0, "center": spare / 2, "right": spare}[line.align]
                text.setFont(name, face.size)
                text.setTextOrigin(sheet.left + left + face.pad + shift, y)
                text.textLine(line.text)
                y -= face.leading
    canvas.drawText(text)
