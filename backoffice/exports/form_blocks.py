"""A filled form as plain data: what a printed form says, not how it looks."""

from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "center", "right"]
Paper = Literal["A4", "A4 landscape", "A5 landscape"]


@dataclass(frozen=True)
class Part:
    """One copy of a multi-part form: 第一联 with its recipient 存根（白）."""

    name: str
    recipient: str = ""


@dataclass(frozen=True)
class FieldBlock:
    """Labels with their values in a grid, `columns` pairs to a line; a long value takes a line of its own. `kept` asks for one page."""

    title: str
    pairs: tuple[tuple[str, str], ...]
    columns: int = 2
    kept: bool = False


@dataclass(frozen=True)
class TableColumn:
    """A column of lines; `width` is its share of the page, 0 lets the content decide."""

    label: str
    align: Align = "left"
    width: float = 0


@dataclass(frozen=True)
class TableBlock:
    """Lines in a grid. `totals` has a cell for each column: the empty ones after the first join it, as in 合计.

    `notes` are further lines below: a label and a value over the whole width, such as the amount in capitals.
    No rows print 无记录.
    """

    title: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TextBlock:
    """A paragraph over the whole width, such as the notes on how the copies are used."""

    text: str


@dataclass(frozen=True)
class SignatureCell:
    """One signature; an empty `name` leaves room for ink. `on_behalf` names who was to sign, if another signed."""

    label: str
    name: str = ""
    when: str = ""
    opinion: str = ""
    on_behalf: str = ""


@dataclass(frozen=True)
class SignatureBlock:
    """Signatures side by side, or one below the other with the opinion in full where an opinion is long."""

    cells: tuple[SignatureCell, ...]


@dataclass(frozen=True)
class SpaceBlock:
    """Nothing, so many millimetres high; blocks without one between them share a border."""

    height: float = 4


@dataclass(frozen=True)
class PageBlock:
    """What follows begins on a new page."""


Block = FieldBlock | TableBlock | TextBlock | SignatureBlock | SpaceBlock | PageBlock


@dataclass(frozen=True)
class FilledForm:
    """A form ready to print. `state_mark` is the watermark (草稿, 作废), empty for none; no `parts` mean one copy."""

    company: str
    title: str
    number: str
    state_mark: str
    printed_by: str
    printed_at: str
    parts: tuple[Part, ...]
    blocks: tuple[Block, ...]
    paper: Paper = "A4"
