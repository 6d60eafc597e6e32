"""A register as PDF: A4 landscape, the header on every page, drawn row by row so that length costs no memory.

    to_pdf(Heading(company, title, exporter="李娜（lina）", printed_at="2025-03-04 09:05"), columns, rows)

Nothing is cut off: a long cell is broken into lines and, if need be, over pages; columns that do not fit side by side
at six points follow on further pages, with the first column repeated.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Literal

from backoffice.exports.pages import MM, PagedCanvas, chunks
from backoffice.exports.typeset import BOLD, REGULAR, comfortable, fit, needs, printable, width_of, wrapped
from backoffice.exports.words import Words

Align = Literal["left", "center", "right"]

_WIDTH, _HEIGHT = 297 * MM, 210 * MM
_MARGIN = 10 * MM
_ROOM = _WIDTH - 2 * _MARGIN
_SAMPLE = 200
_SIZES = (9.0, 8.5, 8.0, 7.5, 7.0)
_SMALL_SIZES = (7.0, 6.5, 6.0)
_LEADING = 1.32
_PAD = 3.0
_FOOT_SIZE = 7.5
_FOOT_LINES = 3
_INK, _QUIET, _RULE, _FRAME, _SHADE = "#1a1f26", "#5b6470", "#b4bcc6", "#4a5462", "#e9edf2"


@dataclass(frozen=True)
class Column:
    """One column; `weight` says how much of the spare room it gets, beside what its content asks for."""

    label: str
    align: Align = "left"
    weight: float = 1.0


@dataclass(frozen=True)
class Heading:
    """What stands around the table. `exporter` is the name with the account, `filter_text` is empty for no filter."""

    company: str
    title: str
    exporter: str
    printed_at: str
    filter_text: str = ""


def to_pdf(
    heading: Heading, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, words: Words | None = None
) -> Iterator[bytes]:
    """The bytes of the document in pieces. All rows are read and drawn before this returns, so a fault in them is
    raised here and not in the middle of an answer.
    """
    return chunks(_Register(heading, columns, words or Words()).drawn(iter(rows)).finished())


@dataclass(frozen=True)
class _Group:
    """Columns that stand side by side on one page: their numbers and their widths in points."""

    numbers: tuple[int, ...]
    widths: tuple[float, ...]


def _planned(columns: Sequence[Column], sample: Sequence[Sequence[str]]) -> tuple[float, list[_Group]]:
    """The font size, and the columns in as few groups as fit."""
    asked = [needs(printable(column.label), (printable(row[i]) for row in sample)) for i, column in enumerate(columns)]
    weights = [column.weight for column in columns]
    least = [low for low, _ in asked]
    comfort = [comfortable(low, wish) for low, wish in asked]

    def room(size: float, count: int) -> float:
        return (_ROOM - count * 2 * _PAD) * 1000 / size

    def group(numbers: Sequence[int], size: float) -> _Group:
        goals = [[goal[i] for i in numbers] for goal in (least, comfort, [wish for _, wish in asked])]
        pick = fit(goals, [weights[i] for i in numbers], room(size, len(numbers)))
        return _Group(tuple(numbers), tuple(width * size / 1000 + 2 * _PAD for width in pick))

    everything = range(len(columns))
    for wanted, sizes in ((comfort, _SIZES), (least, _SMALL_SIZES)):
        for size in sizes:
            if sum(wanted) <= room(size, len(columns)):
                return size, [group(everything, size)]
    size = _SIZES[-1]
    groups: list[list[int]] = [[0]]
    for i in everything[1:]:
        together = [*groups[-1], i]
        if sum(least[n] for n in together) > room(size, len(together)) and len(groups[-1]) > 1:
            groups.append([0, i])
        else:
            groups[-1].append(i)
    return size, [group(numbers, size) for numbers in groups]


class _Register:
    """The drawing of one register; `drawn` is called once."""

    def __init__(self, heading: Heading, columns: Sequence[Column], words: Words) -> None:
        self.company, self.title = printable(heading.company), printable(heading.title)
        self.columns, self.words = columns, words
        self.canvas = PagedCanvas((_WIDTH, _HEIGHT), title=self.title, author=self.company)
        self.page = self.count = 0
        # The rows of the page being filled: the lines of each cell, and the height.
        self.waiting: list[tuple[list[list[str]], float]] = []
        by = words.printed_by.format(heading.exporter)
        self.printed = printable(f"{by}    {words.printed_at.format(heading.printed_at)}")
        filtered = printable(words.filtered.format(heading.filter_text)) if heading.filter_text else ""
        self.filter_lines = wrapped(filtered, _ROOM * 1000 / _FOOT_SIZE) if filtered else []
        self.foot_lines = self.filter_lines[:_FOOT_LINES]
        if len(self.filter_lines) > _FOOT_LINES:
            self.foot_lines[-1] = self.foot_lines[-1][:-2] + "……"

    def drawn(self, rows: Iterator[Sequence[str]]) -> PagedCanvas:
        sample = list(islice(rows, _SAMPLE))
        self.size, self.groups = _planned(self.columns, sample)
        self.leading = self.size * _LEADING
        self._measure_page()
        limits = [0.0] * len(self.columns)
        for group in self.groups:
            for number, width in zip(group.numbers, group.widths, strict=True):
                limits[number] = min(limits[number] or width, width)
        inner = [(width - 2 * _PAD) * 1000 / self.size + 1 for width in limits]
        for row in chain(sample, rows):
            self.count += 1
            self._place([wrapped(printable(cell), limit) for cell, limit in zip(row, inner, strict=True)])
        if self.waiting or not self.count:
            self._flush()
        self._print_whole_filter()
        self._draw_totals()
        return self.canvas

    def _measure_page(self) -> None:
        self.labels = [
            [
                wrapped(printable(self.columns[n].label), (width - 2 * _PAD) * 1000 / self.size + 1, BOLD)
                for n, width in zip(group.numbers, group.widths, strict=True)
            ]
            for group in self.groups
        ]
        deepest = max(len(lines) for labels in self.labels for lines in labels)
        self.title_lines = wrapped(self.title, _ROOM * 1000 / 16, BOLD)[:2]
        self.head_height = deepest * self.leading + 2 * _PAD
        self.top = _HEIGHT - _MARGIN - 16 - 21 * len(self.title_lines) - 4
        self.foot_top = _MARGIN + (len(self.foot_lines) + 1) * _FOOT_SIZE * 1.4 + 2
        self.body = self.top - self.head_height - self.foot_top
        self.left = self.body
        self.full_page = int((self.body - 2 * _PAD) // self.leading)

    def _place(self, cells: list[list[str]]) -> None:
        """Puts a row on the page being filled, or on the next one; one higher than a page goes on in pieces."""
        deep = max(map(len, cells))
        while True:
            fits = int((self.left - 2 * _PAD + 0.01) // self.leading)
            if deep <= fits:
                break
            if self.waiting and (deep <= self.full_page or fits < 3):
                self._flush()
                continue
            self._keep([lines[:fits] for lines in cells], fits)
            cells = [lines[fits:] for lines in cells]
            deep -= fits
            self._flush()
        self._keep(cells, deep)

    def _keep(self, cells: list[list[str]], deep: int) -> None:
        height = deep * self.leading + 2 * _PAD
        self.waiting.append((cells, height))
        self.left -= height

    def _flush(self) -> None:
        for number, group in enumerate(self.groups):
            self._draw_page(number, group)
        self.waiting.clear()
        self.left = self.body

    def _draw_page(self, number: int, group: _Group) -> None:
        edges = [_MARGIN]
        for width in group.widths:
            edges.append(edges[-1] + width)
        self._draw_frame(number)
        canvas = self.canvas
        rules = [self.top - self.head_height]
        canvas.setFillColor(_SHADE)
        canvas.rect(edges[0], rules[0], edges[-1] - edges[0], self.head_height, stroke=0, fill=1)
        canvas.setFillColor(_INK)
        text = canvas.beginText()
        text.setFont(BOLD, self.size)
        for i, lines in enumerate(self.labels[number]):
            spare = (self.head_height - len(lines) * self.leading) / 2
            self._set_lines(text, lines, edges[i], group.widths[i], self.top - spare, "center", BOLD)
        text.setFont(REGULAR, self.size)
        for cells, height in self.waiting:
            for i, column in enumerate(group.numbers):
                align = self.columns[column].align
                self._set_lines(text, cells[column], edges[i], group.widths[i], rules[-1] - _PAD, align, REGULAR)
            rules.append(rules[-1] - height)
        if not self.count:
            rules.append(rules[-1] - 40)
            text.setTextOrigin((_WIDTH - width_of(self.words.none) * 0.01) / 2, rules[-1] + 16)
            text.setFont(REGULAR, 10)
            text.textLine(printable(self.words.none))
        canvas.drawText(text)
        self._draw_rules(edges, rules)
        canvas.showPage()

    def _set_lines(
        self, text: Any, lines: list[str], x: float, width: float, y: float, align: Align, face: str
    ) -> None:
        y -= self.size * 1.04
        for line in lines:
            if line:
                start = x + _PAD
                if align != "left":
                    spare = width - 2 * _PAD - width_of(line, face) * self.size / 1000
                    start += spare if align == "right" else spare / 2
                text.setTextOrigin(start, y)
                text.textLine(line)
            y -= self.leading

    def _draw_rules(self, edges: list[float], rules: list[float]) -> None:
        canvas, bottom = self.canvas, rules[-1]
        canvas.setLineWidth(0.4)
        canvas.setStrokeColor(_RULE)
        canvas.lines([(edges[0], y, edges[-1], y) for y in rules[:-1]])
        if self.count:
            canvas.lines([(x, self.top, x, bottom) for x in edges[1:-1]])
        canvas.setLineWidth(0.8)
        canvas.setStrokeColor(_FRAME)
        canvas.rect(edges[0], bottom, edges[-1] - edges[0], self.top - bottom)
        canvas.line(edges[0], rules[0], edges[-1], rules[0])

    def _draw_frame(self, number: int) -> None:
        """What is on every page outside the table; the totals, unknown as yet, are drawn in at the end."""
        self.page += 1
        canvas, words = self.canvas, self.words
        canvas.setFillColor(_QUIET)
        canvas.setFont(REGULAR, 10)
        y = _HEIGHT - _MARGIN - 9
        canvas.drawCentredString(_WIDTH / 2, y, self.company)
        if len(self.groups) > 1:
            canvas.setFont(REGULAR, 8)
            canvas.drawRightString(
                _WIDTH - _MARGIN, self.top + 4, printable(words.columns.format(number + 1, len(self.groups)))
            )
        canvas.setFillColor(_INK)
        canvas.setFont(BOLD, 16)
        for line in self.title_lines:
            y -= 21
            canvas.drawCentredString(_WIDTH / 2, y, line)
        canvas.setFillColor(_QUIET)
        canvas.setFont(REGULAR, _FOOT_SIZE)
        y = self.foot_top
        for line in self.foot_lines:
            y -= _FOOT_SIZE * 1.4
            canvas.drawString(_MARGIN, y, line)
        canvas.drawString(_MARGIN, _MARGIN, self.printed)
        canvas.drawRightString(self._page_anchor(), _MARGIN, printable(words.page.format(self.page)))
        canvas.doForm("totals")

    def _page_anchor(self) -> float:
        """Where the number of the page ends and the number of pages begins."""
        return _WIDTH - _MARGIN - width_of(printable(self.words.pages.format("000"))) * _FOOT_SIZE / 1000

    def _print_whole_filter(self) -> None:
        """A filter too long for the foot stands in full on pages of its own."""
        if len(self.filter_lines) == len(self.foot_lines):
            return
        step = _FOOT_SIZE * 1.4
        per_page = int((self.top - self.foot_top) // step) - 1
        for start in range(0, len(self.filter_lines), per_page):
            self._draw_frame(0)
            self.canvas.setFillColor(_INK)
            for i, line in enumerate(self.filter_lines[start : start + per_page]):
                self.canvas.drawString(_MARGIN, self.top - (i + 1) * step, line)
            self.canvas.showPage()

    def _draw_totals(self) -> None:
        canvas, words = self.canvas, self.words
        canvas.beginForm("totals")
        canvas.setFillColor(_QUIET)
        canvas.setFont(REGULAR, _FOOT_SIZE)
        canvas.drawCentredString(_WIDTH / 2, _MARGIN, printable(words.rows.format(self.count)))
        canvas.drawString(self._page_anchor() + 4, _MARGIN, printable(words.pages.format(self.page)))
        canvas.endForm()
