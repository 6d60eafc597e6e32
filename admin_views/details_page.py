"""The details page of a record: values, lines, signatures, steps, files, links and what may be done now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import url_for

from admin_views.buttons import act_button, editable, possible
from admin_views.pages import (
    Button,
    Cell,
    ChildView,
    Column,
    DetailsPage,
    FileView,
    LinkView,
    RowView,
    SectionView,
    SignatureView,
    StepView,
)
from admin_views.showing import cell, child_view, column, heading
from backoffice import history
from backoffice.access import Access
from backoffice.declarations import Declaration
from backoffice.listing import filterable
from backoffice.picking import may_choose
from backoffice.reading import Reader, Seen, SeenLine, lines
from backoffice.routes import leads_over
from backoffice.steps import Steps
from backoffice.texts import label, read, say
from backoffice.values import moment
from models.accounts import User
from models.evidence import Step, StoredFile
from models.matrix import ROLES
from models.register import Link, Text

LINKED_ROWS = 10
VIEWS_SHOWN = 10


class DetailsBuilder:
    """Builds the page of one row that was read with all fields."""

    def __init__(self, access: Access, declaration: Declaration, seen: Seen) -> None:
        self.access = access
        self.declaration = declaration
        self.seen = seen
        self.steps = Steps.of(declaration, seen.facts) if declaration.acts else Steps.none()
        self.children: dict[str, list[SeenLine]] = {}
        self._principals: dict[int, str] = {}

    def page(self) -> DetailsPage:
        declaration, seen, name = self.declaration, self.seen, self.declaration.name
        state = declaration.states.get(seen.state_shown)
        back = url_for(f"{name}.details_view", id=seen.id)
        acts = possible(self.access, declaration, seen, self.steps)
        return DetailsPage(
            title=label(declaration.register),
            register=name,
            id=seen.id,
            number=seen.number,
            state=seen.state_shown,
            state_label=label(state) if state is not None else "",
            tone=state.tone if state is not None else "",
            version=seen.version,
            list_url=url_for(f"{name}.index_view"),
            sections=self._sections(),
            children=(*self._children(), *self._views()),
            signatures=self._signatures() if seen.whole else (),
            steps=tuple(self._step(row) for row in self.steps.rows) if seen.whole else (),
            files=self._files() if seen.whole else (),
            links=self._links(),
            acts=tuple(act_button(declaration, act, seen, back) for act in acts),
            tools=self._tools(),
            marks=self._marks(),
            heading=self._heading(),
            rest=self._rest(),
        )

    def _heading(self) -> str:
        """The label of the record without its number."""
        parts = [str(self.seen.values.get(name) or "") for name in self.declaration.register.label if name != "number"]
        return " ".join(part for part in parts if part)

    def _sections(self) -> tuple[SectionView, ...]:
        found = []
        for section in self.declaration.register.sections:
            names = [name for name in section.fields if name in self.declaration.fields]
            found.append(self._section(label(section), names))
        return tuple(section for section in found if section.cells)

    def _rest(self) -> tuple[SectionView, ...]:
        """What no section places: who made the record, when, and remarks."""
        placed: set[str] = {"number", "state"} if self.declaration.states else set()
        placed.update(name for section in self.declaration.register.sections for name in section.fields)
        view = self._section(read(say("Record")), [name for name in self.declaration.fields if name not in placed])
        return (view,) if view.cells else ()

    def _section(self, title: str, names: list[str]) -> SectionView:
        cells = [
            cell(self.access, self.declaration, self.declaration.fields[name], self.seen, links=True) for name in names
        ]
        return SectionView(title, tuple(one for one in cells if not one.absent))

    def _children(self) -> tuple[ChildView, ...]:
        found = []
        for name, child in self.declaration.children.items():
            if all(info.path in self.seen.absent for info in child.fields.values()):
                continue
            rows = lines(self.access, self.declaration, child, {self.seen.id: self.seen})[self.seen.id]
            self.children[name] = rows
            if child.child.in_acts and not rows:
                continue
            shown = [info for info in child.fields.values() if info.path not in self.seen.absent]
            found.append(child_view(self.declaration, child, shown, rows))
        return tuple(found)

    def _views(self) -> tuple[ChildView, ...]:
        """Who saw secret fields of this record, from the history: the latest views, in lists as well as here (CUS-20)."""
        declaration = self.declaration
        secret = {info.path: info for info in declaration.every_field() if info.field.level > 1}
        if not secret or not declaration.is_record or declaration.lets_go("log_views") or not self.seen.whole:
            return ()
        rows = tuple(
            (
                Cell("at", moment(event.at), event.at.isoformat()),
                Cell("actor", event.actor_name),
                Cell("fields", "、".join(heading(secret[path]) for path in paths if path in secret), wide=True),
            )
            for event, paths in history.views_of(declaration.name, self.seen.id, VIEWS_SHOWN)
        )
        columns = (
            Column("at", read(say("When"))),
            Column("actor", read(say("Who"))),
            Column("fields", read(say("Fields"))),
        )
        return (ChildView("views", read(Text("查阅记录", "views of secret fields")), columns, rows),)

    def _signatures(self) -> tuple[SignatureView, ...]:
        found = []
        for slot in self.declaration.slots.values():
            row = self.steps.valid(slot.name)
            if row is None:
                if self._may_be_signed(slot.name):
                    found.append(SignatureView(slot.name, label(slot), "", "", "", ""))
                continue
            found.append(
                SignatureView(
                    slot.name,
                    label(slot),
                    row.actor_name,
                    read(ROLES[row.role]) if row.role in ROLES else "",
                    moment(row.at),
                    row.opinion,
                    self._principal(row),
                    value=str(row.actor_id),
                )
            )
        return tuple(found)

    def _may_be_signed(self, slot: str) -> bool:
        """Whether a road of this record, by its own values, leads over the slot; an ended record gets no more signatures."""
        state = self.declaration.states.get(self.seen.state)
        if state is not None and state.ends:
            return False
        return leads_over(self.declaration, self.seen.facts, slot) and self._on_the_way(slot)

    def _on_the_way(self, slot: str) -> bool:
        """A signature that moves nothing on is waited for only in the states in which it is given: no loss, nothing to confirm."""
        return any(
            slot in (route.signs, act.signs) and (act.target or self.seen.state in route.sources)
            for act in self.declaration.acts.values()
            for route in act.routes
        )

    def _step(self, row: Step) -> StepView:
        act = self.declaration.acts.get(row.act)
        cancelled = read(say("cancelled {when}", when=moment(row.cancelled_at))) if row.cancelled_at is not None else ""
        text = label(act) if act is not None else row.act
        tone = act.tone if act is not None else ""
        return StepView(
            row.act, text, row.actor_name, moment(row.at), row.opinion, self._principal(row), cancelled, tone
        )

    def _principal(self, row: Step) -> str:
        """The name of whoever was stood in for; all of them are read at once."""
        if row.on_behalf_of_id is None:
            return ""
        if not self._principals:
            wanted = {one.on_behalf_of_id for one in self.steps.rows if one.on_behalf_of_id is not None}
            self._principals = {
                user.id: user.name for user in User.select(User.id, User.name).where(User.id.in_(wanted))
            }
        return self._principals.get(row.on_behalf_of_id, "")

    def _files(self) -> tuple[FileView, ...]:
        if not self.declaration.register.attachments:
            return ()
        query = StoredFile.select(StoredFile, User.name.alias("who")).join(User, on=StoredFile.uploaded_by)
        query = query.where(
            (StoredFile.register == self.declaration.name)
            & (StoredFile.record_id == self.seen.id)
            & (StoredFile.field == "attachments")
        )
        return tuple(
            FileView(
                row.id,
                row.name,
                f"{row.size / 1024:,.0f} KB",
                url_for(f"{self.declaration.name}.file", id=self.seen.id, file=row.id),
                row.who,
                moment(row.uploaded_at),
            )
            for row in query.order_by(StoredFile.id).objects()
        )

    def _links(self) -> tuple[LinkView, ...]:
        """Records of other registers that point here, as far as the reader may see them (CUS-39)."""
        found = []
        for link in self.declaration.links:
            other = self.access.catalogue.get(link.register)
            if other is None or not self.access.may(other, "read") or not self._may_see(link):
                continue
            names = [name for name in other.shown(other.register.columns) if name != link.field]
            reader = Reader(self.access, other, (*names, "state"))
            condition = self._linked(link, other, reader)
            rows = reader.rows(condition, reader.order(other.register.order[0], descending=True), limit=LINKED_ROWS)
            if not rows and (link.if_any or other is self.declaration):
                continue  # Its own kind is worth a word only where there is some.
            shown = [name for name in names if other.fields[name].field.level == 1]
            views = tuple(
                RowView(
                    row.id,
                    row.number,
                    row.state_shown,
                    row.version,
                    n + 1,
                    url_for(f"{other.name}.details_view", id=row.id),
                    tuple(cell(self.access, other, other.fields[name], row) for name in shown),
                    title=row.number,
                )
                for n, row in enumerate(rows)
            )
            columns = tuple(column(other.fields[name]) for name in shown)
            more = url_for(f"{other.name}.index_view") + f"?flt_{link.field}_equals={self.seen.id}"
            whole = len(views) < LINKED_ROWS or link.field not in {info.name for info in filterable(self.access, other)}
            found.append(LinkView(label(link), columns, views, "" if whole else more))
        return tuple(found)

    def _may_see(self, link: Link) -> bool:
        return not link.act or any(act.name == link.act for act in self.access.open_acts(self.declaration))

    def _linked(self, link: Link, other: Declaration, reader: Reader) -> Any:
        """The rows that point here, or that are like this one in a column."""
        if link.alike:
            return reader.alike(link.field, self.declaration, link.alike, self.seen.id)
        return reader.guarded(other.fields[link.field], other.columns[link.field] == self.seen.id)

    def _tools(self) -> tuple[Button, ...]:
        declaration, seen, name = self.declaration, self.seen, self.declaration.name
        found = []
        if editable(self.access, declaration, seen):
            found.append(Button("update", read(say("Edit")), url_for(f"{name}.edit_view", id=seen.id)))
        if seen.state in declaration.register.copy_from and self.access.may(declaration, "create"):
            text = declaration.register.copy_label
            shown = read(text) if text is not None else read(say("Copy"))
            found.append(Button("copy", shown, url_for(f"{name}.create_view", copy=seen.id)))
        found.extend(self._new_from_here())
        if self.access.may_print(declaration):
            for form in declaration.prints:
                if not form.many and (not form.states or seen.state in form.states):
                    url = url_for(f"{name}.print_form", form=form.name, id=seen.id)
                    found.append(Button("print", label(form), url))
        found.append(Button("history", read(say("History")), url_for(f"{name}.history", id=seen.id)))
        return tuple(found)

    def _new_from_here(self) -> Iterator[Button]:
        """Records of other registers that may be made from this one."""
        for link in self.declaration.links:
            other = self.access.catalogue.get(link.register)
            if other is None or link.create is None or not self.access.may(other, "create"):
                continue
            if may_choose(self.access, other, other.fields[link.field], self.seen.id, offer=True):
                named: dict[str, Any] = {link.field: self.seen.id}
                url = url_for(f"{other.name}.create_view", **named)
                yield Button(f"create_{other.name}", read(link.create), url)

    def _marks(self) -> tuple[tuple[str, str], ...]:
        """Warning flags of the record that are set, shown beside its state."""
        return tuple(
            (label(info.field), info.field.tone)
            for name, info in self.declaration.fields.items()
            if info.kind == "flag" and info.field.system and self.seen.values.get(name) is True
        )
