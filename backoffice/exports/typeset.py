"""The embedded font and what is known of it: which characters it has, how wide a text is, where a line may break.

Widths are in thousandths of the font size throughout, so that one measurement serves every size.
"""

import re
import threading
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import category

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR = "NotoSansSC"
BOLD = "NotoSansSC-Bold"
MISSING = "〓"

_FILES = {REGULAR: "NotoSansSC-Regular.ttf", BOLD: "NotoSansSC-Bold.ttf"}
_FOLDER = Path(__file__).resolve().parent.parent / "fonts"
_loading = threading.Lock()

# A piece that stays together: a Latin word or one other character, with the signs that may not be parted from it.
_PIECE = re.compile(
    r"[（【《〈「『“‘〔［｛]*"
    r"(?:[!-~\u00a1-\u024f\u0370-\u052f]+|[^\n])"
    r"[，。、；：！？）】》〉」』”’〕］｝…—％‰·]*"
)


class _Widths(dict[str, int]):
    """Character to width, asked of the font the first time."""

    def __init__(self, widths: dict[int, float], default: float) -> None:
        super().__init__()
        self._of, self._default = widths, default

    def __missing__(self, character: str) -> int:
        width = self[character] = round(self._of.get(ord(character), self._default))
        return width


def register_fonts() -> None:
    """Makes both faces known to reportlab, as one family; the second call costs nothing."""
    with _loading:
        if BOLD in pdfmetrics.getRegisteredFontNames():
            return
        for name, file in _FILES.items():
            pdfmetrics.registerFont(TTFont(name, _FOLDER / file))
        pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def font(name: str = REGULAR) -> Any:
    """reportlab's font object."""
    register_fonts()
    return pdfmetrics.getFont(name)


@cache
def _covered() -> frozenset[str]:
    """Every character that both faces can draw and that is to be seen."""
    codes = font(REGULAR).face.charToGlyph.keys() & font(BOLD).face.charToGlyph.keys()
    return frozenset(c for c in map(chr, codes) if c == " " or category(c) not in ("Cc", "Cf", "Zs", "Zl", "Zp"))


@cache
def _widths(name: str) -> _Widths:
    face = font(name).face
    return _Widths(face.charWidths, face.defaultWidth)


def printable(text: str) -> str:
    """The text as it can be drawn: lines end in \\n, every other kind of space is one, what is invisible is left out,
    and a character the font lacks is 〓.
    """
    if _covered().issuperset(text):
        return text
    return "".join(map(_drawn, text.replace("\r\n", "\n")))


def _drawn(character: str) -> str:
    if character in _covered() or character == "\n":
        return character
    if character == "\u3000":
        return "  "
    kind = category(character)
    if character in "\r\x0b\x0c\x85\u2028\u2029":
        return "\n"
    if kind == "Zs" or character == "\t":
        return " "
    # Variation selectors choose a shape of the character before them; alone they are nothing.
    if kind in ("Cc", "Cf") or "\ufe00" <= character <= "\ufe0f":
        return ""
    return MISSING


def width_of(text: str, face: str = REGULAR) -> int:
    """How wide one line is."""
    return sum(map(_widths(face).__getitem__, text))


def wrapped(text: str, limit: float, face: str = REGULAR) -> list[str]:
    """The text in lines no wider than `limit`, at least one; a word is broken only if no line could hold it.

    No line starts with a closing sign or ends with an opening one. A character wider than `limit` stands alone.
    """
    width = _widths(face).__getitem__
    if "\n" not in text and sum(map(width, text)) <= limit:
        return [text]
    lines = []
    for paragraph in text.split("\n"):
        lines += _broken(paragraph, limit, face)
    return lines


def _broken(paragraph: str, limit: float, face: str) -> list[str]:
    width = _widths(face).__getitem__
    lines, line, used = [], "", 0
    for piece in _PIECE.findall(paragraph):
        size = sum(map(width, piece))
        if used + size > limit and line and size <= limit:
            lines.append(line.rstrip(" "))
            line, used = "", 0
            if piece == " ":
                continue
        if used + size <= limit:
            line, used = line + piece, used + size
            continue
        for character in piece:
            size = width(character)
            if used + size > limit and line:
                lines.append(line.rstrip(" "))
                line, used = "", 0
            line, used = line + character, used + size
    return [*lines, line.rstrip(" ")]


def longest_piece(text: str, face: str = REGULAR) -> int:
    """The width below which a word of the text would be broken."""
    return max((width_of(piece, face) for piece in _PIECE.findall(text)), default=0)


def fit(goals: Sequence[Sequence[float]], weights: Sequence[float], room: float) -> list[float]:
    """Widths that add up to `room`: each reaches the first goal, then all go by weight towards the next one, and
    what is left in the end is shared in proportion. If the first goal is too much already, all shrink alike.
    """
    widths = list(goals[0])
    rest = room - sum(widths)
    if rest <= 0:
        return [width * room / sum(widths) for width in widths]
    for goal in goals[1:]:
        missing = [max(0.0, want - width) for want, width in zip(goal, widths, strict=True)]
        given = _shared(missing, weights, rest)
        widths = [width + more for width, more in zip(widths, given, strict=True)]
        rest -= sum(given)
    grown = [width * weight for width, weight in zip(widths, weights, strict=True)]
    return [width + rest * part / sum(grown) for width, part in zip(widths, grown, strict=True)]


def _shared(missing: Sequence[float], weights: Sequence[float], rest: float) -> list[float]:
    """How much of `rest` each gets towards what it misses, never more than that."""
    if sum(missing) <= rest:
        return list(missing)
    given = [0.0] * len(missing)
    # Whoever is satisfied early leaves the remainder to the others; after as many rounds as columns all is given.
    for _ in missing:
        wants = [(gap - had) * weight for gap, had, weight in zip(missing, given, weights, strict=True)]
        left = rest - sum(given)
        if left < 0.01 or sum(wants) < 0.01:
            break
        given = [min(gap, had + left * want / sum(wants)) for gap, had, want in zip(missing, given, wants, strict=True)]
    return given


def needs(label: str, texts: Iterable[str], *, broad: int = 40_000) -> tuple[float, float]:
    """The least and the wished width of a column with that label over those texts.

    The least keeps words and numbers whole up to fourteen characters and lets a label take two lines.
    """
    head = width_of(label, BOLD)
    least: float = max(longest_piece(label, BOLD), head / 2 + 300 if head > 2_000 else head)
    wished: float = head
    for text in texts:
        widest = max(map(width_of, text.split("\n"))) if "\n" in text else width_of(text)
        wished = max(wished, widest)
        least = max(least, min(longest_piece(text), 14_000), min(widest, 3_000))
    return least, min(wished, broad)


def comfortable(least: float, wished: float) -> float:
    """A width that shows a time or a name in one line and a long text in about three."""
    return max(least, min(wished, 10_800), wished / 3)
