"""What a list is asked for: Flask-Admin's query string read, bounded and turned into conditions.

`page`, `page_size`, `sort` (a field or the place of a column), `desc`, `search`, `columns`, and filters `flt1_<field>_<operation>=<value>`
with codes as values. A field the reader may not filter or sort by answers like one that does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from backoffice.access import Access, Condition, all_of, opposite
from backoffice.declarations import Declaration, Info
from backoffice.picking import label_columns, labelled, matching, target_model
from backoffice.reading import Reader, Seen
from backoffice.routes import holds_in_sql
from backoffice.texts import Readable, label, read, say
from backoffice.values import BadValue, parse, shown
from models.register import NamedList, Text

SIZES = (20, 50, 100)
SIZE = 20
MOST = 500
DEEPEST = 100_000
LONGEST_SEARCH = 100
OPERATIONS = {
    "equals": say("is"),
    "not_equal": say("is not"),
    "contains": say("contains"),
    "not_contains": say("does not contain"),
    "at_least": say("from"),
    "at_most": say("to"),
    "greater_than": say("above"),
    "smaller_than": say("below"),
    "between": say("between"),
    "in_list": say("one of"),
    "not_in_list": say("none of"),
    "empty": say("empty"),
}
_FILTER = re.compile(rf"flt\d{{0,3}}_(\w+?)_({'|'.join(sorted(OPERATIONS, key=len, reverse=True))})")
_TEXTUAL = frozenset({"text", "longtext", "number"})


class BadQuery(ValueError):
    """The query string asks for what no page of ours asks (400)."""


class BadFilter(ValueError):
    """A typed value of a filter is no value; `message` says what is accepted."""

    def __init__(self, message: Readable) -> None:
        super().__init__(message if isinstance(message, str) else repr(message))
        self.message = message


@dataclass(frozen=True)
class Filter:
    """One condition of the filter bar, as typed."""

    name: str
    operation: str
    value: str


@dataclass
class Asked:
    """A list as asked for. `problems`: typed filter values that are no values, by input name."""

    page: int = 0
    size: int = SIZE
    sort: str = ""
    descending: bool = False
    search: str = ""
    columns: tuple[str, ...] = ()
    chose_columns: bool = False
    filters: tuple[Filter, ...] = ()
    view: str = ""
    view_text: Readable = ""
    narrowed: Condition = True  # What the view adds, whoever named it.
    named: NamedList | None = None
    chose_order: bool = False
    problems: dict[str, Readable] = field(default_factory=dict)

    @property
    def keeps_own_order(self) -> bool:
        """Whether the rows stand in the order of the named list."""
        return self.named is not None and bool(self.named.order) and not self.chose_order

    def value_of(self, name: str, operation: str) -> str:
        return next((one.value for one in self.filters if (one.name, one.operation) == (name, operation)), "")


def asked(access: Access, declaration: Declaration, args: Iterable[tuple[str, str]]) -> Asked:
    """Read a query string. Raises BadQuery for parameters out of bounds and for unknown or unreadable fields."""
    pairs = list(args)
    single = dict(pairs)
    found = Asked()
    found.size = _whole(single.get("page_size", ""), SIZE, 1, MOST)
    found.page = _whole(single.get("page", ""), 0, 0, DEEPEST)
    if found.page * found.size > DEEPEST:
        raise BadQuery("page")
    found.search = single.get("search", "").strip()
    if len(found.search) > LONGEST_SEARCH:
        raise BadQuery("search")
    chosen = [value for name, value in pairs if name == "columns" and value]
    found.columns = _columns(access, declaration, chosen)
    found.chose_columns = bool(chosen)
    found.sort, found.descending = _sorting(access, declaration, single, found.columns)
    found.chose_order = bool(single.get("sort") or single.get("desc"))
    filters = []
    for name, value in pairs:
        if name.startswith("flt") and value.strip():
            filters.append(_filter(access, declaration, name, value.strip()))
    found.filters = tuple(filters)
    return found


def _whole(text: str, default: int, least: int, most: int) -> int:
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise BadQuery(text)
    return int(text)


def available(access: Access, declaration: Declaration) -> tuple[str, ...]:
    """Columns a list may show to this person: fields he sees at all, secret ones only when chosen."""
    return tuple(
        name
        for name, info in declaration.fields.items()
        if info.kind not in {"longtext", "file"} and access.shown(declaration, name) is not False
    )


def default_columns(access: Access, declaration: Declaration) -> tuple[str, ...]:
    return tuple(
        name
        for name in declaration.shown(declaration.register.columns)
        if declaration.fields[name].field.level == 1 and access.shown(declaration, name) is not False
    )


def _columns(access: Access, declaration: Declaration, chosen: list[str]) -> tuple[str, ...]:
    if not chosen:
        return default_columns(access, declaration)
    offered = available(access, declaration)
    if any(name not in offered for name in chosen):
        raise BadQuery("columns")
    return tuple(dict.fromkeys(chosen))


def sortable(access: Access, declaration: Declaration) -> frozenset[str]:
    return frozenset(
        name
        for name in declaration.shown((*declaration.register.sort, declaration.register.order[0]))
        if access.knows(declaration, declaration.fields[name])
    )


def _sorting(
    access: Access, declaration: Declaration, single: dict[str, str], columns: tuple[str, ...]
) -> tuple[str, bool]:
    name, descending = declaration.register.order
    given = single.get("sort", "")
    if given:
        if given.isdecimal() and len(given) < 4:
            given = columns[int(given)] if int(given) < len(columns) else ""
        if given not in sortable(access, declaration):
            raise BadQuery("sort")
        name, descending = given, False
    if single.get("desc", ""):
        if single["desc"] not in {"0", "1"}:
            raise BadQuery("desc")
        descending = single["desc"] == "1"
    return name, descending


def take_list(access: Access, declaration: Declaration, found: Asked, named: NamedList) -> None:
    """The list narrowed to one that the declaration names, with its columns unless others were chosen."""
    found.named, found.view, found.view_text = named, named.name, Text(named.zh, named.en)
    found.narrowed = all_of(holds_in_sql(declaration.model, when) for when in named.where)
    if named.columns and not found.chose_columns:
        offered = available(access, declaration)
        found.columns = tuple(name for name in declaration.shown(named.columns) if name in offered)


def ordering(reader: Reader, found: Asked) -> list[Any]:
    """The order that was asked for, else that of the named list, else the register's own."""
    if found.named is not None and found.keeps_own_order:
        return reader.smallest_first(found.named.order)
    return reader.order(found.sort, descending=found.descending)


def page_rows(reader: Reader, found: Asked, condition: Condition) -> list[Seen]:
    """The rows of the page. What stands first is asked for by itself, so that neither part is ordered by more than its index."""
    order, offset = ordering(reader, found), found.page * found.size
    front = _front(reader, found)
    if front is False:
        return reader.rows(condition, order, limit=found.size, offset=offset)
    first, rest = all_of([condition, front]), all_of([condition, opposite(front)])
    count, _ = reader.count(first, limit=DEEPEST)
    rows = reader.rows(first, order, limit=found.size, offset=offset) if offset < count else []
    left = found.size - len(rows)
    return rows + (reader.rows(rest, order, limit=left, offset=max(0, offset - count)) if left else [])


def _front(reader: Reader, found: Asked) -> Condition:
    """What stands first in the register's own order for whoever takes the next step there."""
    ahead = () if found.chose_order or found.keeps_own_order else reader.declaration.register.ahead
    opened = {act.name for act in reader.access.open_acts(reader.declaration)} if ahead else set()
    return reader.leading(one for one in ahead if one.act in opened)


def filterable(access: Access, declaration: Declaration) -> tuple[Info, ...]:
    return tuple(
        declaration.fields[name]
        for name in declaration.shown(declaration.register.filters)
        if access.knows(declaration, declaration.fields[name])
    )


def _filter(access: Access, declaration: Declaration, name: str, value: str) -> Filter:
    found = _FILTER.fullmatch(name)
    if found is None or len(value) > 500:
        raise BadQuery(name)
    info = declaration.fields.get(found[1])
    if info is None or not access.knows(declaration, info) or info.kind in {"longtext", "file"}:
        raise BadQuery(name)
    if found[2] in {"contains", "not_contains"} and info.kind not in _TEXTUAL:
        raise BadQuery(name)
    return Filter(found[1], found[2], value)


def where(reader: Reader, found: Asked) -> Condition:
    """The condition of the search and all filters. Values that cannot be read go to `found.problems` and match nothing."""
    declaration = reader.declaration
    parts: list[Condition] = [found.narrowed]
    if found.search:
        parts.append(reader.searched(found.search))
    for one in found.filters:
        info = declaration.fields[one.name]
        try:
            by_name = info.kind == "ref" and one.operation in {"equals", "not_equal"} and not one.value.isdecimal()
            compared = _named(reader, info, one) if by_name else _compared(info, one, reader.term(info))
            parts.append(reader.guarded(info, compared))
        except BadValue as wrong:
            found.problems[f"{one.name}_{one.operation}"] = wrong.message
    if found.problems:
        return False
    return all_of(parts)


def demanded(reader: Reader, found: Asked) -> Condition:
    """As `where`, for doors that write down what they hand out. Raises BadFilter for a value that cannot be read."""
    condition = where(reader, found)
    for problem in found.problems.values():
        raise BadFilter(problem)
    return condition


def _compared(info: Info, one: Filter, column: Any) -> Condition:
    operation = one.operation
    if operation == "empty":
        empty = column.is_null() | (column == "") if info.kind in _TEXTUAL else column.is_null()
        return empty if one.value in {"1", "true"} else opposite(empty)
    if operation in {"contains", "not_contains"}:
        condition = Reader._contains(column, one.value)
        return condition if operation == "contains" else opposite(condition)
    if operation in {"in_list", "not_in_list"}:
        values = [parse(info, part) for part in one.value.split(",") if part.strip()][:100]
        return column.in_(values) if operation == "in_list" else column.not_in(values)
    if operation == "between":
        first, separator, last = one.value.partition(" to ")
        if not separator:
            raise BadValue(say("Type two values with “ to ” between them."))
        return all_of([_bound(info, column, "at_least", first), _bound(info, column, "at_most", last)])
    if operation in {"at_least", "at_most", "greater_than", "smaller_than"}:
        return _bound(info, column, operation, one.value)
    if info.kind == "instant":
        day = _day(one.value)
        within = all_of([_bound(info, column, "at_least", day), _bound(info, column, "at_most", day)])
        return within if operation == "equals" else opposite(within)
    value = parse(info, one.value)
    return column == value if operation == "equals" else ((column != value) | column.is_null())


def _named(reader: Reader, info: Info, one: Filter) -> Condition:
    """A reference looked for by what people call it; the rows it finds are those the reader may read."""
    found = matching(reader.access, info, one.value)
    return info.column.in_(found) if one.operation == "equals" else (info.column.not_in(found) | info.column.is_null())


def names_of(access: Access, declaration: Declaration, found: Asked) -> dict[tuple[str, str], str]:
    """The labels of the records that filters name by id, as far as the reader may see them."""
    named = {}
    for one in found.filters:
        info = declaration.fields[one.name]
        if info.kind == "ref" and one.value.isdecimal() and len(one.value) < 10:
            row = matching(access, info, "").where(target_model(access, info).id == int(one.value))
            parts = row.select(*label_columns(access, info)).tuples().first()
            if parts is not None:
                named[one.name, one.value] = labelled(parts, info)
    return named


def _day(text: str) -> str:
    return text[:10]


def _bound(info: Info, column: Any, operation: str, text: str) -> Condition:
    """A bound; a day given for an instant means the whole day."""
    text = text.strip()
    if info.kind == "instant" and re.fullmatch(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", text):
        text += " 00:00:00" if operation in {"at_least", "smaller_than"} else " 23:59:59"
    value = parse(info, text)
    if value is None:
        return True
    if operation == "at_least":
        return column >= value
    if operation == "at_most":
        return column <= value
    return column > value if operation == "greater_than" else column < value


def told(declaration: Declaration, found: Asked, names: dict[tuple[str, str], str] | None = None) -> str:
    """The filter in words, for exports and their history. > 状态 是 已领取; 关键词 青川"""
    keyword = read(say("keyword"))
    parts = [read(found.view_text)] if found.view else []
    if found.search:
        parts.append(f"{keyword} {found.search}")
    for one in found.filters:
        info = declaration.fields[one.name]
        value = (names or {}).get((one.name, one.value)) or _shown(declaration, info, one)
        parts.append(f"{label(info.field)} {read(OPERATIONS[one.operation])} {value}")
    return "; ".join(parts) or read(say("all records"))


def _shown(declaration: Declaration, info: Info, one: Filter) -> str:
    if one.name == "state" and one.value in declaration.states:
        return label(declaration.states[one.value])
    if info.kind in {"choice", "flag"} and one.operation in {"equals", "not_equal"}:
        try:
            return shown(info, parse(info, one.value))
        except BadValue:
            return one.value
    return one.value
