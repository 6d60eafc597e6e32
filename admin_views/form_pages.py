"""Forms of one register for one person: new, edit, and the form of an act."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import request, url_for
from wtforms import HiddenField, MultipleFileField

from admin_views.forms import BLANK_LINES, Blueprint, Part
from admin_views.pages import ChildView, Difference, FormGroup, FormPage, LinesView, SectionView
from admin_views.showing import belongs_to, cell, child_view, heading, historic, text_of
from admin_views.typed import KEPT, LINE, MOST_LINES, TEXT, kept_name, text_beside
from backoffice import areas, clock, copying, typable
from backoffice.access import Access
from backoffice.change import asks, own_info
from backoffice.declarations import ChildInfo, Declaration, Info
from backoffice.outcomes import Problem, Stale
from backoffice.picking import label_of, makes_own_only
from backoffice.reading import Seen, SeenLine
from backoffice.texts import label, read, say
from backoffice.typable import Typable
from backoffice.typing_in import is_table
from backoffice.values import BadValue, parse, shown, typed
from models.register import Act, Ask, Field, When


@dataclass
class FormBuilder:
    """Builds one form page; `repeat` shows what the request typed instead of what is stored."""

    access: Access
    declaration: Declaration
    seen: Seen | None = None
    lines: Mapping[str, Sequence[SeenLine]] = field(default_factory=dict)
    repeat: bool = False
    errors: Mapping[str, Sequence[Problem]] = field(default_factory=dict)
    stale: Stale | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    copies: bool = False

    def edit_page(self, may: Typable, title: str, url: str, cancel_url: str) -> FormPage:
        blueprint = Blueprint(self.access, self.declaration)
        needed = self.declaration.required
        sets = {
            name: info
            for name, columns in may.children.items()
            if (info := blueprint.small_set(self.declaration.children[name], columns)) is not None
        }
        groups = self._grouped((*may.fields, *sets))
        for _, names in groups:
            for name in names:
                if name in sets:
                    self._add_set(blueprint, self.declaration.children[name], sets[name])
                else:
                    self._add(blueprint, self.declaration.fields[name], name, required=name in needed)
        line_names = {
            name: self._add_lines(blueprint, self.declaration.children[name], columns)
            for name, columns in may.children.items()
            if name not in sets
        }
        self._add_attachments(blueprint)
        form = blueprint.form(_gathered(self.errors, sets))
        above, below = self._around_lines(form, groups, bool(line_names))
        return FormPage(
            title=title,
            register=self.declaration.name,
            url=url,
            cancel_url=cancel_url,
            groups=above,
            rest=below,
            problems=tuple(form.form_errors),
            lines=tuple(
                self._lines_view(form, self.declaration.children[n], names, may.children[n])
                for n, names in line_names.items()
            ),
            version=self.stale.version
            if self.stale is not None
            else (self.seen.version if self.seen is not None else 0),
            action="update" if self.seen is not None else "create",
            shown=self._read_only(may),
            differences=self._differences(),
            changed_by=self.stale.by if self.stale is not None else "",
            **self._head(),
        )

    def act_page(self, act: Act, url: str, cancel_url: str) -> FormPage:
        blueprint = Blueprint(self.access, self.declaration)
        names: list[str] = []
        asked: dict[str, dict[str, Info]] = {}
        for ask in asks(self.declaration, act, self.seen.facts if self.seen is not None else None):
            child, _, name = ask.field.rpartition(".")
            info = asked_info(self.declaration, ask)
            if child:
                asked.setdefault(child, {})[name] = info
                continue
            fresh = bool(ask.kind) or self._lacks(ask)
            self._add(blueprint, info, name, required=ask.required, fresh=fresh, suggest=ask.suggest)
            names.append(name)
        if act.reason:
            self._add_reason(blueprint, act)
            names.append("reason")
        rows = {child: self._add_asked(blueprint, child, infos) for child, infos in asked.items()}
        filled = typable.lines_of_act(self.access, self.declaration, act)
        typed_lines = {
            name: self._add_lines(blueprint, self.declaration.children[name], columns)
            for name, columns in filled.items()
        }
        form = blueprint.form(self.errors)
        return FormPage(
            title=label(act),
            register=self.declaration.name,
            url=url,
            cancel_url=cancel_url,
            groups=(FormGroup("", tuple(self._members(form, names))),) if names else (),
            lines=(
                *(self._asked_view(form, child, infos, rows[child]) for child, infos in asked.items()),
                *(
                    self._lines_view(form, self.declaration.children[name], prefixes, filled[name])
                    for name, prefixes in typed_lines.items()
                ),
            ),
            version=self.stale.version
            if self.stale is not None
            else (self.seen.version if self.seen is not None else 0),
            submit=label(act),
            submit_tone=act.tone if act.tone != "plain" else "primary",
            action=act.name,
            to=act.target,
            shown=self._summary(act, names),
            hint=read(act.hint) if act.hint is not None else "",
            children=self._other_children({*asked, *filled}) if _judges(act) else (),
            problems=tuple(form.form_errors),
            differences=self._differences(),
            changed_by=self.stale.by if self.stale is not None else "",
            **self._head(),
        )

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _head(self) -> dict[str, Any]:
        if self.seen is None:
            return {}
        return {"id": self.seen.id, "number": self.seen.number, "state": self.seen.state_shown}

    def _grouped(self, names: Sequence[str]) -> list[tuple[str, list[str]]]:
        left = dict.fromkeys(names)
        found = []
        for section in self.declaration.register.sections:
            here = [name for name in section.fields if name in left]
            for name in here:
                del left[name]
            if here:
                found.append((label(section), here))
        if left:
            found.append(("", list(left)))
        return found

    def _around_lines(
        self, form: Any, groups: Sequence[tuple[str, list[str]]], has_lines: bool
    ) -> tuple[tuple[FormGroup, ...], tuple[FormGroup, ...]]:
        """The declared sections, and below the lines what no section places, with the attachments."""
        declared = tuple(FormGroup(text, tuple(self._members(form, names))) for text, names in groups if text)
        other = [name for text, names in groups if not text for name in names]
        if "attachments" in form:
            other.append("attachments")
        if not other:
            return declared, ()
        rest = FormGroup(read(say("Other")) if declared else "", tuple(self._members(form, other)))
        return (declared, (rest,)) if has_lines else ((*declared, rest), ())

    def _members(self, form: Any, names: Sequence[str]) -> list[Any]:
        found = []
        for name in names:
            found.append(form[name])
            if name + KEPT in form:
                found.append(form[name + KEPT])
        return found

    def _add(
        self,
        blueprint: Blueprint,
        info: Info,
        key: str,
        *,
        required: bool = False,
        fresh: bool = False,
        suggest: str = "",
    ) -> None:
        value, text = self._value(info, key, fresh)
        if suggest and value == "" and not self.repeat:
            value, text = self._suggested(info, suggest)
        blueprint.add(info, key, value, text, required=required)
        needed = info.field.required_when
        off = self.declaration.absent
        if needed is not None and needed.rule not in off and info.field.needed_by not in off:
            arguments = blueprint.fields[key][1]
            arguments["description"] = f"{arguments['description']} {self._needed(needed)}".strip()
        if info.kind == "file":
            self._add_kept(blueprint, key)
        if self.seen is None and key in copying.references(self.declaration):
            source = url_for(f"{self.declaration.name}.ajax_copy", name=key)
            blueprint.fields[key][1]["render_kw"] = {"data-copies": source}

    def _needed(self, when: When) -> str:
        """When a field is needed, in words. > 用途为“客户拜访”时必填。"""
        info = self.declaration.fields[when.field]
        values = "、".join(shown(info, value) for value in when.values)
        given = {"field": label(info.field), "values": values}
        if when.negate:
            return read(say("Needed unless {field} is “{values}”.", **given))
        return read(say("Needed when {field} is “{values}”.", **given))

    def _value(self, info: Info, key: str, fresh: bool) -> tuple[Any, str]:
        if self.seen is not None and self._left_alone(info, key):
            return typed(info, self.seen.values.get(info.name)), self.seen.labels.get(info.name, "")
        if self.repeat and info.kind != "file" and (key in request.form or key + TEXT in request.form):
            return request.form.get(key, ""), text_beside(key) or self._label_of(info, key)
        if fresh:
            return self._default(info)
        if self.seen is not None:
            return typed(info, self.seen.values.get(info.name)), self.seen.labels.get(info.name, "")
        if info.name in self.values:
            return typed(info, self.values[info.name]), self.labels.get(info.name, "")
        return self._default(info)

    def _lacks(self, ask: Ask) -> bool:
        """Whether a default stands in the form of an act for a column that is still empty."""
        return bool(ask.default) and (self.seen is None or self.seen.values.get(ask.field) in {None, ""})

    def _left_alone(self, info: Info, key: str) -> bool:
        """After a stale save: whether a field that somebody else changed still holds what it held before; theirs is taken then."""
        if self.stale is None:
            return False
        change = next((one for one in self.stale.changes if one.path == info.path), None)
        return change is not None and request.form.get(key, "") == typed(info, _past(info, change.old))

    def _label_of(self, info: Info, key: str) -> str:
        given = request.form.get(key, "")
        if info.kind == "ref" and given.isdecimal() and len(given) < 10:
            return label_of(self.access, self.declaration, info, int(given))
        return ""

    def _default(self, info: Info) -> tuple[Any, str]:
        own = info.name == "owner" or (
            info.name == self.declaration.register.owner_is and makes_own_only(self.access, self.declaration)
        )
        if info.kind == "ref" and own:
            return str(self.access.id), self.access.name
        kept = areas.own(self.access, self.declaration) if info.path == areas.FIELD else None
        if kept is not None and len(kept) == 1:
            (area,) = kept
            return str(area), label_of(self.access, self.declaration, info, area)
        if info.field.suggest:
            return self._suggested(info, info.field.suggest)
        if info.field.default == "today":
            return typed(info, clock.today()), ""
        if info.field.default == "now":
            return typed(info, clock.now()), ""
        if info.field.default is not None:
            return typed(info, info.field.default), ""
        if info.kind == "flag" and info.column is not None and info.column.default is True:
            return "true", ""
        return "", ""

    def _suggested(self, info: Info, suggest: str) -> tuple[Any, str]:
        """What stands in a field nobody has filled yet: now, today, or what another field of the record holds."""
        if suggest == "now":
            # Whole minutes: nobody types seconds, and the moment lies in the past.
            return typed(info, clock.now().replace(second=0, microsecond=0)), ""
        if suggest == "today":
            return typed(info, clock.today()), ""
        if self.seen is None:
            return "", ""
        name = suggest.removeprefix("@")
        return typed(info, self.seen.values.get(name)), self.seen.labels.get(name, "")

    def _add_kept(self, blueprint: Blueprint, key: str, given: Any = None) -> None:
        """The upload that a refused form had brought already, kept beside the file input."""
        uploaded = str(given or self.inputs.get(key) or "")
        name = kept_name(self.access, uploaded)
        if name:
            blueprint.fields[key][1]["description"] = read(say("Already uploaded: {name}", name=name))
            blueprint.fields[key + KEPT] = (HiddenField, {"default": uploaded})

    def _add_attachments(self, blueprint: Blueprint) -> None:
        if not self.declaration.register.attachments:
            return
        given = self.inputs.get("attachments") or ()
        kept = [(one, kept_name(self.access, str(one))) for one in given]
        kept = [(one, name) for one, name in kept if name]
        hint = read(say("PNG, JPEG, PDF, XLSX, DOCX, TXT or CSV, at most 10 MB each."))
        if kept:
            hint = read(say("Already uploaded: {name}", name=", ".join(name for _, name in kept)))
            blueprint.fields["attachments" + KEPT] = (HiddenField, {"default": ",".join(str(one) for one, _ in kept)})
        arguments = {"label": read(say("Attachments")), "description": hint}
        blueprint.fields["attachments"] = (MultipleFileField, arguments)

    def _add_reason(self, blueprint: Blueprint, act: Act) -> None:
        text = act.reason_label
        made = Field(
            "reason", text.zh if text else "原因", text.en if text else "reason", required=act.reason == "required"
        )
        default = read(act.reason_default) if act.reason_default is not None else ""
        value = request.form.get("reason", "") if self.repeat else default
        blueprint.add(Info("reason", made, None, "longtext"), "reason", value, required=act.reason == "required")

    # ---- lines -----------------------------------------------------------------------------------------------------

    def _add_lines(self, blueprint: Blueprint, child: ChildInfo, names: Sequence[str]) -> list[str]:
        """Fields of all lines and some blank ones; gives the prefixes. What was typed comes back line by line."""
        prefixes = []
        stored = list(self.lines.get(child.name, ()))
        count = len(stored)
        if self.repeat:
            typed_rows = [
                int(found[1]) for key in request.form if (found := re.match(rf"{child.name}-(\d{{1,3}})-", key))
            ]
            count = max(typed_rows, default=-1) + 1
        total = min(max(count + (1 if count else BLANK_LINES), child.child.minimum), MOST_LINES)
        for n in range(total):
            prefix = f"{child.name}-{n}"
            line = stored[n] if n < len(stored) else None
            prefixes.append(prefix)
            for name in names:
                self._add_cell(blueprint, child.fields[name], f"{prefix}-{name}", line)
            line_id = request.form.get(f"{prefix}-id", "") if self.repeat else self._line_id(line)
            blueprint.fields[f"{prefix}-id"] = (HiddenField, {"default": line_id})
        for name in names:
            self._add_cell(blueprint, child.fields[name], f"{child.name}-NEW-{name}", None)
        return prefixes

    def _add_set(self, blueprint: Blueprint, child: ChildInfo, info: Info) -> None:
        """A table of one column as a set of ticks."""
        stored = {
            str(getattr(value, "id", value)): line.labels.get(info.name, "")
            for line in self.lines.get(child.name, ())
            if (value := line.values.get(info.name)) is not None
        }
        if self.repeat and child.name in request.form:
            stored = {key: stored.get(key, "") for key in request.form.getlist(child.name) if key.isdecimal()}
        blueprint.add_set(child, info, stored)

    def _line_id(self, line: SeenLine | None) -> str:
        return str(line.id) if line is not None and not self.copies else ""

    def _add_cell(self, blueprint: Blueprint, info: Info, key: str, line: SeenLine | None) -> None:
        if self.repeat:
            value, text = request.form.get(key, ""), text_beside(key) or self._label_of(info, key)
        elif line is not None:
            value, text = typed(info, line.values.get(info.name)), line.labels.get(info.name, "")
        else:
            value, text = "", ""
        blueprint.add(info, key, value, text)
        if info.kind == "file":
            self._add_line_file(blueprint, info, key, line)

    def _add_line_file(self, blueprint: Blueprint, info: Info, key: str, line: SeenLine | None) -> None:
        """Beside the file input of a line: what it has already, or what a refused form had brought."""
        if line is not None and line.labels.get(info.name):
            blueprint.fields[key][1]["description"] = read(say("Has: {name}", name=line.labels[info.name]))
        rows = self.inputs.get(info.child) if self.repeat else None
        place = LINE.fullmatch(key.removeprefix(f"{info.child}-"))
        if not is_table(rows) or place is None:
            return
        given = next((row.get(info.name) for row in rows or () if row.get("n") == int(place[1])), None)
        self._add_kept(blueprint, key, given or "-")

    def _lines_view(self, form: Any, child: ChildInfo, prefixes: Sequence[str], names: Sequence[str]) -> LinesView:
        headings = tuple((name, heading(child.fields[name])) for name in names)
        kept = [f"{name}{KEPT}" for name in names if child.fields[name].kind == "file"]
        rows = tuple(Part(form, prefix, [*names, *kept, "id"]) for prefix in prefixes)
        return LinesView(
            child.name, label(child.child), rows, headings, Part(form, f"{child.name}-NEW", names), can_add=True
        )

    def _add_asked(self, blueprint: Blueprint, child: str, infos: Mapping[str, Info]) -> list[str]:
        prefixes = []
        for n, line in enumerate(self.lines.get(child, ())):
            prefix = f"{child}-{n}"
            prefixes.append(prefix)
            for name, info in infos.items():
                key = f"{prefix}-{name}"
                blueprint.add(info, key, request.form.get(key, "") if self.repeat else "")
            blueprint.fields[f"{prefix}-id"] = (HiddenField, {"default": str(line.id)})
        return prefixes

    def _asked_view(self, form: Any, child: str, infos: Mapping[str, Info], prefixes: Sequence[str]) -> LinesView:
        declared = self.declaration.children[child]
        headings = tuple((name, heading(info)) for name, info in infos.items())
        rows = tuple(Part(form, prefix, [*infos, "id"]) for prefix in prefixes)
        facts = tuple(
            tuple(
                (heading(info), text_of(info, line.values, line.labels, info.name)) for info in declared.fields.values()
            )
            for line in self.lines.get(child, ())
        )
        return LinesView(child, label(declared.child), rows, headings, shown=facts)

    def _other_children(self, asked: Collection[str]) -> tuple[ChildView, ...]:
        found = []
        for name, rows in self.lines.items():
            child = self.declaration.children[name]
            if name in asked or child.child.system or not rows:
                continue
            found.append(child_view(self.declaration, child, self._seen_fields(child), rows))
        return tuple(found)

    def _seen_fields(self, child: ChildInfo) -> list[Info]:
        return [info for info in child.fields.values() if self.seen is None or info.path not in self.seen.absent]

    # ---- around the form -------------------------------------------------------------------------------------------

    def _read_only(self, may: Typable) -> tuple[SectionView, ...]:
        """What the person sees of the record but may not type, so that nothing seems to be missing."""
        names = [name for name in self.declaration.shown(self.declaration.register.columns) if name not in may.fields]
        return self._shown(names)

    def _summary(self, act: Act, asked: Sequence[str]) -> tuple[SectionView, ...]:
        names = self.declaration.shown(self.declaration.register.columns)
        return self._shown((*names, *belongs_to(self.declaration, act, asked, self.seen, names)))

    def _shown(self, names: Sequence[str]) -> tuple[SectionView, ...]:
        seen = self.seen
        if seen is None:
            return ()
        cells = [cell(self.access, self.declaration, self.declaration.fields[name], seen, links=True) for name in names]
        shown_cells = tuple(one for one in cells if not one.absent)
        return (SectionView(read(say("Record")), shown_cells),) if shown_cells else ()

    def _differences(self) -> tuple[Difference, ...]:
        if self.stale is None:
            return ()
        found = []
        for change in self.stale.changes:
            info = self.declaration.fields.get(change.path)
            if info is None:
                continue
            mine = text_beside(change.path) or request.form.get(change.path, "")
            found.append(
                Difference(
                    heading(info),
                    historic(self.access, self.declaration, info, change.old),
                    historic(self.access, self.declaration, info, change.new),
                    _as_shown(info, mine),
                )
            )
        return tuple(found)


def _gathered(errors: Mapping[str, Sequence[Problem]], sets: Collection[str]) -> dict[str, list[Problem]]:
    """The problems by name of the input: those of the lines of a set stand beside the set."""
    found: dict[str, list[Problem]] = {}
    for key, problems in errors.items():
        child = key.partition("-")[0]
        found.setdefault(child if child in sets else key, []).extend(problems)
    return found


def _past(info: Info, value: Any) -> Any:
    """A value of a history entry as the field holds it."""
    if info.kind == "instant" and value:
        return dt.datetime.fromisoformat(str(value))
    try:
        return parse(info, value if value is None or isinstance(value, bool | int) else str(value))
    except BadValue:
        return value


def _as_shown(info: Info, text: str) -> str:
    try:
        return shown(info, parse(info, text)) if info.kind in {"choice", "flag"} else text
    except BadValue:
        return text


def _judges(act: Act) -> bool:
    """Whether the act is somebody's yes or no to the record, who then should see its lines beside the opinion."""
    return bool(act.signs or not act.agrees or any(route.signs for route in act.routes))


def asked_info(declaration: Declaration, ask: Ask) -> Info:
    """The field behind what an act asks: a column, a column of a child, or a value of the act alone."""
    name = ask.field.rpartition(".")[2]
    if ask.kind:
        return own_info(ask, name)
    info = declaration.info(ask.field)
    return replace(info, field=replace(info.field, default=ask.default)) if ask.default else info
