"""The list of a register, as asked for, for one person. A fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

from admin_views.buttons import bulk_buttons, row_buttons
from admin_views.pages import Button, Chip, Column, FilterBox, ListPage, Pager, PrintChoice, RowView
from admin_views.showing import alignment, cell, elapsed_cell, heading
from backoffice import clock
from backoffice.access import Access
from backoffice.declarations import Declaration, Info
from backoffice.listing import SIZES, Asked, available, filterable, names_of, page_rows, sortable, where
from backoffice.picking import SMALL, offered
from backoffice.reading import Reader, Seen
from backoffice.steps import Steps
from backoffice.texts import label, read, say
from backoffice.values import NO, YES
from models.params import param

_RANGES = {"day": "date_range", "instant": "date_range", "integer": "number_range", "money": "number_range"}
_PERIODS: dict[str, Callable[[dt.date], str]] = {
    "month": lambda day: f"{day:%Y-%m}",
    "date": lambda day: f"{day:%Y-%m-%d}",
}
_RANGES |= {"quantity": "number_range", "percent": "number_range"}


class ListBuilder:
    """Builds one page. `rows` holds what was read, for the entry on viewed secrets."""

    def __init__(self, access: Access, declaration: Declaration, found: Asked) -> None:
        self.access = access
        self.declaration = declaration
        self.asked = found
        self.elapsed = tuple(
            one
            for one in (found.named.elapsed if found.named is not None else ())
            if access.shown(declaration, one.field) is True
        )
        self.reader = Reader(access, declaration, (*found.columns, "state", *(one.field for one in self.elapsed)))
        self._limits = {one.name: int(60 * param(one.limit, clock.today())) for one in self.elapsed if one.limit}
        self.rows: list[Seen] = []
        self._offered_acts: set[str] = set()
        self._names: dict[tuple[str, str], str] = {}

    def page(self) -> ListPage:
        found, name = self.asked, self.declaration.name
        condition = where(self.reader, found)
        self.rows = page_rows(self.reader, found, condition)
        count, exact = self.reader.count(condition) if self.rows or found.page else (0, True)
        rows = self._rows()
        return ListPage(
            title=label(self.declaration.register),
            register=name,
            columns=self._columns(),
            rows=rows,
            pager=self._pager(count, exact),
            filters=self._filters(),
            search=found.search,
            can_search=any(self.access.knows(self.declaration, info) for info in self._searched()),
            list_url=url_for(f"{name}.index_view"),
            action_url=url_for(f"{name}.action_view"),
            hidden=self._kept(),
            tools=self._tools(),
            bulk=bulk_buttons(self.access, self.declaration, self._offered_acts),
            filtered=bool(found.filters or found.view),
            optional_columns=self._optional(),
            prints=tuple(self._prints()),
            chips=(Chip(read(found.view_text), self._url(view=None, page=None)),) if found.view else (),
        )

    def _searched(self) -> Iterable[Info]:
        return (self.declaration.fields[name] for name in self.declaration.shown(self.declaration.register.search))

    def _rows(self) -> tuple[RowView, ...]:
        steps = Steps.of_many(self.declaration, [row.id for row in self.rows])
        first = self.asked.page * self.asked.size + 1
        back = request.full_path.rstrip("?")
        return tuple(self._row(row, steps[row.id], first + n, back) for n, row in enumerate(self.rows))

    def _row(self, row: Seen, steps: Steps, position: int, back: str) -> RowView:
        buttons, acts = row_buttons(self.access, self.declaration, row, steps, back)
        self._offered_acts.update(act.name for act in acts)
        cells = tuple(
            cell(self.access, self.declaration, self.declaration.fields[name], row) for name in self.asked.columns
        )
        cells += tuple(elapsed_cell(one, row.values.get(one.field), self._limits.get(one.name)) for one in self.elapsed)
        url = url_for(f"{self.declaration.name}.details_view", id=row.id)
        return RowView(
            row.id, row.number, row.state_shown, row.version, position, url, cells, buttons, title=row.number
        )

    def _columns(self) -> tuple[Column, ...]:
        allowed = sortable(self.access, self.declaration)
        found = []
        for name in self.asked.columns:
            info = self.declaration.fields[name]
            url, sorted_by = "", ""
            if name in allowed:
                is_current = self.asked.sort == name and not self.asked.keeps_own_order
                sorted_by = ("desc" if self.asked.descending else "asc") if is_current else ""
                url = self._url(sort=name, desc="1" if sorted_by == "asc" else "0", page=None)
            found.append(Column(name, heading(info), alignment(info), url, sorted_by))
        found.extend(Column(one.name, label(one), "right") for one in self.elapsed)
        return tuple(found)

    def _url(self, **changes: Any) -> str:
        """The address of this list with some parameters changed; None takes one away."""
        pairs = [(key, value) for key, value in request.args.items(multi=True) if key not in changes and value]
        pairs.extend((key, str(value)) for key, value in changes.items() if value is not None)
        query = urlencode(pairs)
        base = url_for(f"{self.declaration.name}.index_view")
        return f"{base}?{query}" if query else base

    def _pager(self, count: int, exact: bool) -> Pager:
        found = self.asked
        shown = len(self.rows)
        first = found.page * found.size + 1 if shown else 0
        last = found.page * found.size + shown
        has_next = shown == found.size and (not exact or last < count)
        pages: list[tuple[str, str, bool]] = []
        total = -(-count // found.size) if exact else 0
        around = [n for n in range(found.page - 2, found.page + 3) if 0 <= n < max(total, found.page + 1)]
        pages.extend((str(n + 1), self._url(page=n or None), n == found.page) for n in around)
        if total and around and around[-1] < total - 1:
            pages.extend([("…", "", False), (str(total), self._url(page=total - 1), False)])
        return Pager(
            found.page,
            first,
            last,
            count,
            exact,
            found.size,
            tuple((size, self._url(page_size=size, page=None)) for size in SIZES),
            self._url(page=found.page - 1 or None) if found.page else "",
            self._url(page=found.page + 1) if has_next else "",
            tuple(pages),
        )

    def _filters(self) -> tuple[FilterBox, ...]:
        self._names = names_of(self.access, self.declaration, self.asked)
        return tuple(self._box(info) for info in filterable(self.access, self.declaration))

    def _box(self, info: Info) -> FilterBox:
        name, text = info.name, label(info.field)
        if info.kind in _RANGES:
            operations = ("at_least", "at_most")
            params = tuple(f"flt_{name}_{operation}" for operation in operations)
            return FilterBox(
                name, text, _RANGES[info.kind], params, tuple(self.asked.value_of(name, o) for o in operations)
            )
        operation = "contains" if info.kind in {"text", "number"} else "equals"
        options = self._options(info)
        kind = "select" if options else "text"
        value = self.asked.value_of(name, operation)
        if not options:
            value = self._names.get((name, value), value)
        return FilterBox(name, text, kind, (f"flt_{name}_{operation}",), (value,), options)

    def _options(self, info: Info) -> tuple[tuple[str, str], ...]:
        if info.name == "state":
            return tuple((state.code, label(state)) for state in self.declaration.states.values())
        if info.kind == "choice":
            return tuple((choice.code, label(choice)) for choice in info.field.choices)
        if info.kind == "flag":
            return (("true", read(YES)), ("false", read(NO)))
        other = self.access.catalogue.get(info.target)
        if info.kind == "ref" and other is not None and other.register.public:
            return tuple((str(key), text) for key, text in offered(self.access, self.declaration, info, limit=SMALL))
        return ()

    def _kept(self) -> tuple[tuple[str, str], ...]:
        """Parameters the filter form carries along."""
        return tuple(
            (key, value)
            for key, value in request.args.items(multi=True)
            if key in {"sort", "desc", "page_size", "columns", "view"}
        )

    def _optional(self) -> tuple[tuple[str, str, bool], ...]:
        shown = set(self.asked.columns)
        return tuple(
            (name, heading(self.declaration.fields[name]), name in shown)
            for name in available(self.access, self.declaration)
        )

    def _tools(self) -> tuple[Button, ...]:
        access, declaration, name = self.access, self.declaration, self.declaration.name
        found = []
        if access.may(declaration, "create"):
            found.append(Button("create", read(say("New record")), url_for(f"{name}.create_view"), tone="primary"))
        found.extend(
            Button("view", label(named), url_for(f"{name}.index_view", view=named.name))
            for named in declaration.register.lists
            if named is not self.asked.named
        )
        if access.may(declaration, "export"):
            query = request.query_string.decode("ascii", "replace")
            tail = f"?{query}" if query else ""
            found.extend(
                Button(
                    "export",
                    read(say("Export {kind}", kind=kind.upper())),
                    url_for(f"{name}.export", export_type=kind) + tail,
                )
                for kind in ("csv", "pdf")
            )
        return tuple(found)

    def _prints(self) -> Sequence[PrintChoice]:
        """Forms over many records: of the period that is chosen, within the filters of this list."""
        found = []
        for form in self.declaration.prints:
            source = self.access.catalogue[form.register] if form.register else self.declaration
            if not form.many or not self.access.may(source, "export"):
                continue
            url = url_for(f"{self.declaration.name}.print_form", form=form.name)
            own = source is self.declaration
            kept = tuple((key, value) for key, value in request.args.items(multi=True) if own and _narrows(key, value))
            period = next((name for name, _ in form.by if name in _PERIODS), "")
            value = _PERIODS[period](clock.today()) if period else ""
            found.append(PrintChoice(form.name, label(form), url, period, value, kept))
        return found


def _narrows(key: str, value: str) -> bool:
    return bool(value) and (key in {"search", "view"} or key.startswith("flt"))


__all__ = ["ListBuilder"]
