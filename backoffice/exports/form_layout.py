"""From what a form says to grids of cells with finished lines, the same for both ways of drawing it.

All lines are broken here, so neither xhtml2pdf nor the canvas decides where a text goes on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import assert_never

from backoffice.exports.form_blocks import (
    Align,
    Block,
    FieldBlock,
    PageBlock,
    SignatureBlock,
    SignatureCell,
    SpaceBlock,
    TableBlock,
    TextBlock,
)
from backoffice.exports.pages import MM
from backoffice.exports.typeset import BOLD, REGULAR, comfortable, fit, needs, printable, width_of, wrapped
from backoffice.exports.words import Words

PAD_Y = 3.5

_SIZES = (9.5, 9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0)
_SAMPLE = 200
_LABEL = 76.0  # points; six characters of a label
_LONG_OPINION = 36  # characters
_ACROSS = 4  # signatures side by side
_INK = 3  # blank lines where somebody signs by hand


@dataclass(frozen=True)
class Type:
    """The size of the letters in points and what follows from it; small letters stand in tighter cells."""

    size: float = _SIZES[0]

    @property
    def leading(self) -> float:
        return self.size * 1.42

    @property
    def pad(self) -> float:
        """Left and right of a text."""
        return 4.5 if self.size > 8 else 2.5

    def limit(self, width: float) -> float:
        """The thousandths of the size that a cell of that width has for its text."""
        return (width - 2 * self.pad) * 1000 / self.size


NORMAL = Type()


@dataclass(frozen=True)
class Line:
    """One line of a cell, short enough for it."""

    text: str
    align: Align = "left"
    bold: bool = False


@dataclass(frozen=True)
class Cell:
    """Lines in a box over `span` columns; `shade` marks labels. Lines stand in the middle of its height."""

    lines: tuple[Line, ...]
    span: int = 1
    shade: bool = False

    @property
    def runs(self) -> list[list[Line]]:
        """Neighbouring lines of one look together."""
        return [list(run) for _, run in groupby(self.lines, key=lambda line: (line.align, line.bold))]


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """Rows over columns of these widths in points; the first `repeated` rows stand on every page it reaches.

    `kept` asks for it to stay on one page; without `ruled` no border is drawn.
    """

    widths: tuple[float, ...]
    rows: tuple[Row, ...]
    repeated: int = 0
    kept: bool = False
    ruled: bool = True
    type: Type = NORMAL

    def height(self, row: Row) -> float:
        """What the cell with most lines needs."""
        return max(len(cell.lines) for cell in row) * self.type.leading + 2 * PAD_Y

    def placed(self, row: Row) -> Iterator[tuple[Cell, float, float]]:
        """The cells of a row with their distance from the left and their width."""
        column, left = 0, 0.0
        for cell in row:
            width = sum(self.widths[column : column + cell.span])
            yield cell, left, width
            column, left = column + cell.span, left + width


@dataclass(frozen=True)
class Gap:
    """Empty height in points, or (`turns`) the rest of the page."""

    height: float
    turns: bool = False


Piece = Grid | Gap


def laid_out(blocks: Sequence[Block], room: float, words: Words) -> list[Piece]:
    """The blocks as grids, `room` points wide."""
    pieces: list[Piece] = []
    for block in blocks:
        pieces += _pieces(block, room, words)
    return pieces


def _pieces(block: Block, room: float, words: Words) -> list[Piece]:
    match block:
        case FieldBlock():
            return [_fields(block, room)] if block.pairs else []
        case TableBlock():
            return _table(block, room, words)
        case TextBlock():
            return [Grid((room,), ((_cell(block.text, room),),), ruled=False)]
        case SignatureBlock():
            return _signatures(block.cells, room, words)
        case SpaceBlock():
            return [Gap(block.height * MM)]
        case PageBlock():
            return [Gap(0, turns=True)]
        case _:
            assert_never(block)


def _lines(
    text: str, width: float, align: Align = "left", *, bold: bool = False, face: Type = NORMAL
) -> tuple[Line, ...]:
    lines = wrapped(printable(text), face.limit(width), BOLD if bold else REGULAR)
    return tuple(Line(line, align, bold) for line in lines)


def _cell(text: str, width: float, align: Align = "left", span: int = 1, face: Type = NORMAL) -> Cell:
    return Cell(_lines(text, width, align, face=face), span)


def _label(text: str, width: float, span: int = 1, face: Type = NORMAL) -> Cell:
    return Cell(_lines(text, width, "center", bold=True, face=face), span, shade=True)


def _fields(block: FieldBlock, room: float) -> Grid:
    columns = max(1, block.columns)
    label = min(_LABEL, room / columns * 0.45)
    value = room / columns - label
    rows: list[Row] = []
    if block.title:
        rows.append((_label(block.title, room, 2 * columns),))
    line: list[tuple[str, str]] = []

    def close() -> None:
        """The pairs collected so far become a row; the last value takes what is left of the width."""
        if not line:
            return
        cells: list[Cell] = []
        for i, (name, text) in enumerate(line):
            spare = columns - len(line) if i == len(line) - 1 else 0
            cells.append(_label(name, label))
            cells.append(_cell(text, value + spare * (label + value), span=1 + 2 * spare))
        rows.append(tuple(cells))
        line.clear()

    for name, text in block.pairs:
        # What would need three lines in its place gets the whole width.
        if len(_lines(text, value)) > 2:
            close()
        line.append((name, text))
        if len(line) == columns or len(_lines(text, value)) > 2:
            close()
    close()
    return Grid((label, value) * columns, tuple(rows), repeated=1 if block.title else 0, kept=block.kept)


def _table(block: TableBlock, room: float, words: Words) -> list[Piece]:
    face, widths = _fitted(block, room)
    count = len(widths)
    rows: list[Row] = []
    if block.title:
        rows.append((_label(block.title, room, count, face),))
    rows.append(tuple(_label(c.label, w, face=face) for c, w in zip(block.columns, widths, strict=True)))
    repeated = len(rows)
    aligns = [column.align for column in block.columns]
    for row in block.rows:
        rows.append(tuple(_cell(t, w, a, face=face) for t, w, a in zip(row, widths, aligns, strict=True)))
    if not block.rows:
        rows.append((_cell(words.none, room, "center", count, face),))
    if block.totals:
        rows.append(_totals(block.totals, widths, aligns, face))
    pieces: list[Piece] = [Grid(tuple(widths), tuple(rows), repeated, type=face)]
    if block.notes:
        # Wide enough for 人民币（大写） in one line.
        names = [width_of(printable(name), BOLD) * NORMAL.size / 1000 + 2 * NORMAL.pad + 1 for name, _ in block.notes]
        label = min(room / 3, max(_LABEL, *names))
        notes = tuple((_label(name, label), _cell(text, room - label)) for name, text in block.notes)
        pieces.append(Grid((label, room - label), notes))
    return pieces


def _totals(totals: Sequence[str], widths: Sequence[float], aligns: Sequence[Align], face: Type) -> Row:
    span = 1
    while span < len(totals) and not totals[span]:
        span += 1
    first = Cell(_lines(totals[0], sum(widths[:span]), "center", bold=True, face=face), span, shade=True)
    rest = zip(totals[span:], widths[span:], aligns[span:], strict=True)
    return (first, *(Cell(_lines(text, width, align, bold=True, face=face)) for text, width, align in rest))


def _fitted(block: TableBlock, room: float) -> tuple[Type, list[float]]:
    """The largest type in which the columns are half-way comfortable, and their widths."""
    sample, count = block.rows[:_SAMPLE], len(block.columns)
    asked = [
        needs(printable(column.label), (printable(row[i]) for row in sample)) for i, column in enumerate(block.columns)
    ]
    for i, total in enumerate(block.totals):
        if i:
            width = width_of(printable(total), BOLD)
            asked[i] = (max(asked[i][0], width), max(asked[i][1], width))
    wanted = [[low for low, _ in asked], [comfortable(*pair) for pair in asked], [wish for _, wish in asked]]
    for size in _SIZES:
        face = Type(size)
        goals = [[width * size / 1000 + 2 * face.pad + 1 for width in goal] for goal in wanted]
        if sum(goals[0]) + sum(goals[1]) <= 2 * room:
            break
    declared = sum(column.width for column in block.columns)
    if declared:
        # A declared share is the first goal; columns without one keep what their content needs.
        taken = sum(low for low, column in zip(goals[0], block.columns, strict=True) if not column.width)
        goals[0] = [
            max(low, column.width / declared * (room - taken) if column.width else 0)
            for low, column in zip(goals[0], block.columns, strict=True)
        ]
    return face, fit(goals, [1.0] * count, room)


def _signatures(cells: Sequence[SignatureCell], room: float, words: Words) -> list[Piece]:
    if not cells:
        return []
    if any(len(cell.opinion) > _LONG_OPINION or "\n" in cell.opinion for cell in cells):
        return [_signed_rows(cells, room, words)]
    lines = -(-len(cells) // _ACROSS)
    across = -(-len(cells) // lines)
    grids: list[Piece] = []
    for start in range(0, len(cells), across):
        group = cells[start : start + across]
        width = room / len(group)
        grids.append(Grid((width,) * len(group), (_signed_row(group, width, words),), kept=True))
    return grids


def _signed_row(group: Sequence[SignatureCell], width: float, words: Words) -> Row:
    """Signatures side by side: the label, the opinion, the name, the day, with names and days on one height."""
    opinions = [_lines(cell.opinion, width, "center") if cell.opinion else () for cell in group]
    most = max(map(len, opinions))
    row = []
    for cell, opinion in zip(group, opinions, strict=True):
        blank = (Line(""),) * (most - len(opinion))
        name = _name(cell, width, words)
        ink = (Line(""),) * (_INK - len(name))
        day = cell.when or words.blank_day
        row.append(
            Cell(
                (
                    *_lines(cell.label, width, "center", bold=True),
                    *opinion,
                    *blank,
                    *ink,
                    *name,
                    *_lines(f"{words.day}{day}", width, "center"),
                )
            )
        )
    return tuple(row)


def _name(cell: SignatureCell, width: float, words: Words) -> tuple[Line, ...]:
    if not cell.name:
        return (*(Line(""),) * (_INK - 1), Line("_" * int(width / NORMAL.size * 1.1), "center"))
    lines = _lines(cell.name, width, "center")
    if cell.on_behalf:
        lines += _lines(f"（{words.on_behalf.format(cell.on_behalf)}）", width, "center")
    return lines


def _signed_rows(cells: Sequence[SignatureCell], room: float, words: Words) -> Grid:
    """One signature below the other: the label at the left, the opinion in full, name and day at its end."""
    label, width = _LABEL, room - _LABEL
    rows: list[Row] = []
    for cell in cells:
        name = cell.name or "_" * 16
        if cell.name and cell.on_behalf:
            name += f"（{words.on_behalf.format(cell.on_behalf)}）"
        end = f"{words.signed}{name}        {words.day}{cell.when or words.blank_day}"
        lines = (*_lines(cell.opinion, width), Line(""), *_lines(end, width, "right"))
        rows.append((_label(cell.label, label), Cell(lines)))
    return Grid((label, width), tuple(rows))
