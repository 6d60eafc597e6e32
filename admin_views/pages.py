"""What the templates are given: ready texts, addresses and flags. Templates choose and loop, nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Notice:
    """A message on top of a page. `outcome`: done, refused, invalid, stale, info."""

    outcome: str
    text: str
    rule: str = ""
    clause: str = ""
    field: str = ""
    url: str = ""
    url_label: str = ""


@dataclass(frozen=True)
class MenuEntry:
    label: str
    url: str
    active: bool = False


@dataclass(frozen=True)
class MenuGroup:
    label: str
    entries: tuple[MenuEntry, ...]


@dataclass(frozen=True)
class Cell:
    """One shown value. `value` is the machine form, None when it is the text or masked; `absent`: not for this reader."""

    field: str
    text: str
    value: str | None = None
    masked: bool = False
    absent: bool = False
    align: str = ""
    tone: str = ""
    url: str = ""
    wide: bool = False
    label: str = ""
    level: int = 1
    due: str = ""  # A deadline: ISO 8601 with offset, and its state (open, soon, overdue, met, missed).
    due_state: str = ""


@dataclass(frozen=True)
class Button:
    """A verb or act. `method` get: a link to `url`; post: a small form to `url` with `fields`. `to`: target state or "".

    A `minor` one is never in sight in a list, only behind the button of its row.
    """

    name: str
    label: str
    url: str
    method: str = "get"
    to: str = ""
    tone: str = "plain"
    fields: tuple[tuple[str, str], ...] = ()
    confirm: str = ""
    minor: bool = False


@dataclass(frozen=True)
class PrintChoice:
    """A form over many records. `period` is the type of the input that chooses among them (month, date), "" for none."""

    name: str
    label: str
    url: str
    period: str = ""
    value: str = ""
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Chip:
    """A condition of a list that came with its address; `url` is the list without it."""

    label: str
    url: str


@dataclass(frozen=True)
class Column:
    name: str
    label: str
    align: str = ""
    sort_url: str = ""
    sorted: str = ""


@dataclass(frozen=True)
class RowView:
    id: int
    number: str
    state: str
    version: int
    position: int
    url: str
    cells: tuple[Cell, ...]
    buttons: tuple[Button, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class FilterBox:
    """One box of the filter bar. `kind`: select, text, date_range, number_range. `params` are the names of its inputs."""

    name: str
    label: str
    kind: str
    params: tuple[str, ...]
    values: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Pager:
    page: int
    first: int
    last: int
    count: int
    exact: bool
    size: int
    sizes: tuple[tuple[int, str], ...]
    previous_url: str = ""
    next_url: str = ""
    pages: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True)
class ListPage:
    title: str
    register: str
    columns: tuple[Column, ...]
    rows: tuple[RowView, ...]
    pager: Pager
    filters: tuple[FilterBox, ...]
    search: str
    can_search: bool
    list_url: str
    action_url: str
    hidden: tuple[tuple[str, str], ...] = ()
    tools: tuple[Button, ...] = ()
    bulk: tuple[Button, ...] = ()
    filtered: bool = False
    optional_columns: tuple[tuple[str, str, bool], ...] = ()
    prints: tuple[PrintChoice, ...] = ()
    chips: tuple[Chip, ...] = ()


@dataclass(frozen=True)
class ReportPage:
    """A report of a register. `tables` are those of backoffice.reports; `open_count` lines of the period are in no figure."""

    title: str
    register: str
    name: str
    url: str
    list_url: str
    period: str
    first: str
    last: str
    submitted_to: str
    filters: tuple[FilterBox, ...]
    tables: tuple[Any, ...]
    open_count: int
    open_url: str
    tools: tuple[Button, ...] = ()


@dataclass(frozen=True)
class SectionView:
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ChildView:
    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[str, ...] = ()  # One text for each column.


@dataclass(frozen=True)
class SignatureView:
    slot: str
    label: str
    who: str
    role: str
    when: str
    opinion: str
    on_behalf_of: str = ""
    cancelled: str = ""
    value: str = ""


@dataclass(frozen=True)
class StepView:
    act: str
    label: str
    who: str
    when: str
    opinion: str
    on_behalf_of: str = ""
    cancelled: str = ""
    tone: str = ""


@dataclass(frozen=True)
class FileView:
    id: int
    name: str
    size: str
    url: str
    who: str
    when: str


@dataclass(frozen=True)
class LinkView:
    title: str
    columns: tuple[Column, ...]
    rows: tuple[RowView, ...]
    more_url: str = ""


@dataclass(frozen=True)
class DetailsPage:
    title: str
    register: str
    id: int
    number: str
    state: str
    state_label: str
    tone: str
    version: int
    list_url: str
    sections: tuple[SectionView, ...]
    children: tuple[ChildView, ...] = ()
    signatures: tuple[SignatureView, ...] = ()
    steps: tuple[StepView, ...] = ()
    files: tuple[FileView, ...] = ()
    links: tuple[LinkView, ...] = ()
    acts: tuple[Button, ...] = ()
    tools: tuple[Button, ...] = ()
    marks: tuple[tuple[str, str], ...] = ()
    waiting_for: str = ""
    heading: str = ""
    changed_by: str = ""
    rest: tuple[SectionView, ...] = ()  # What is of less interest than lines and signatures.


@dataclass(frozen=True)
class FormGroup:
    title: str
    fields: tuple[Any, ...]


@dataclass(frozen=True)
class LinesView:
    """Lines of a child table in a form: `rows` are WTForms sub-forms, `blank` an empty one for the script, or None."""

    name: str
    title: str
    rows: tuple[Any, ...]
    headings: tuple[tuple[str, str], ...]
    blank: Any = None
    can_add: bool = False
    shown: tuple[tuple[tuple[str, str], ...], ...] = ()


@dataclass(frozen=True)
class Difference:
    """After a stale save: what somebody else changed, and what was typed here."""

    label: str
    before: str
    theirs: str
    mine: str


@dataclass(frozen=True)
class FormPage:
    title: str
    register: str
    url: str
    cancel_url: str
    groups: tuple[FormGroup, ...]
    lines: tuple[LinesView, ...] = ()
    version: int = 0
    submit: str = ""
    submit_tone: str = "primary"
    action: str = ""
    to: str = ""
    shown: tuple[SectionView, ...] = ()
    hint: str = ""
    differences: tuple[Difference, ...] = ()
    changed_by: str = ""
    id: int = 0
    number: str = ""
    state: str = ""
    children: tuple[ChildView, ...] = ()
    rest: tuple[FormGroup, ...] = ()  # Groups below the lines.
    problems: tuple[Any, ...] = ()  # Texts that belong to no field of the form.
    enctype: str = "multipart/form-data"
    once: str = ""  # Forms for something new: sent twice they make it once.


@dataclass(frozen=True)
class HistoryEntry:
    when: str
    who: str
    action: str
    action_label: str
    on_behalf_of: str
    address: str
    changes: tuple[tuple[str, str, str, str], ...]  # field, label, old, new
    remark: str = ""
    hash: str = ""


@dataclass(frozen=True)
class HistoryPage:
    title: str
    register: str
    id: int
    number: str
    details_url: str
    entries: tuple[HistoryEntry, ...]
    older_url: str = ""


@dataclass(frozen=True)
class Waiting:
    """One box of the home page: a title, the rows behind it, and the address of the whole list."""

    title: str
    name: str
    count: int
    rows: Sequence[RowView]
    columns: tuple[Column, ...]
    url: str = ""
    more: bool = False  # The count is where counting stopped.


@dataclass(frozen=True)
class HomePage:
    title: str
    greeting: str
    boxes: tuple[Waiting, ...]
    quick: tuple[Button, ...] = field(default=())
