"""Rows as CSV that Excel and WPS open correctly and that runs no formula.

    Response(to_csv(["编号", "金额"], rows, trailer=lambda count: [f"共 {count} 条"]), mimetype=MEDIA_TYPES["csv"])

UTF-8 with a byte-order mark, CRLF, ISO dates, plain decimals. Whatever a text cell holds, the text it was can be had
back with `original`.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from unicodedata import category

Cell = str | int | Decimal | date | datetime | bool | None

_CHUNK = 64 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What a spreadsheet runs: the ASCII signs, and the wide and small forms that some versions read as the same.
_STARTS_FORMULA = frozenset("=+-@＝＋－＠﹦﹢﹣﹫")
_STARTS_CELL = frozenset("\t\r\n")


def to_csv(
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    trailer: Sequence[str] | Callable[[int], Sequence[str]] | None = None,
    truth: tuple[str, str] = ("否", "是"),
) -> Iterator[bytes]:
    """The bytes of the file in chunks of about 64 kB; the header comes before the first row is asked for.

    `trailer` lines, or the lines it gives for the number of rows, end the file in one cell each, marked `# `. `truth`
    holds the words for False and True.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([neutral(label) for label in columns])
    yield _BYTE_ORDER_MARK + _taken(buffer)
    count = 0
    for row in rows:
        writer.writerow([_written(cell, truth) for cell in row])
        count += 1
        if buffer.tell() >= _CHUNK:
            yield _taken(buffer)
    lines = trailer(count) if callable(trailer) else trailer or ()
    writer.writerows([line if line.startswith("# ") else f"# {line}"] for line in lines)
    if buffer.tell():
        yield _taken(buffer)


def neutral(text: str) -> str:
    """The text with `'` before it if a spreadsheet might run it or `original` might misread it, else unchanged.

    > =1+1 gives '=1+1, '=1+1 gives ''=1+1, 'tis stays.
    """
    return f"'{text}" if _is_risky(text) else text


def original(text: str) -> str:
    """The text that `neutral` was given: `original(neutral(text)) == text` for every text."""
    return text[1:] if text.startswith("'") and _is_risky(text) else text


def _is_risky(text: str) -> bool:
    if not text or text[0].isalnum():
        return False
    for sign in text.lstrip("'"):
        if sign in _STARTS_FORMULA or sign in _STARTS_CELL:
            return True
        # Spaces, byte-order marks, zero-width and other invisible characters hide what comes after them.
        if category(sign) not in ("Zs", "Zl", "Zp", "Cf", "Cc"):
            return False
    return False


def _written(cell: Cell, truth: tuple[str, str]) -> str:
    if isinstance(cell, str):
        return neutral(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return neutral(truth[cell])
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _taken(buffer: io.StringIO) -> bytes:
    """What the buffer holds, leaving it empty. Half a surrogate pair, unknown to UTF-8, becomes a question mark."""
    data = buffer.getvalue().encode("utf-8", "replace")
    buffer.seek(0)
    buffer.truncate()
    return data
