"""Forms derived from a declaration: WTForms fields that keep what was typed. Parsing and checking is the write path's business.

Names are those of the contract: the field's name, `<child>-<n>-<field>` for lines; a reference to a large set is a text input with a
lookup beside a hidden id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from markupsafe import Markup, escape
from wtforms import (
    Field,
    FileField,
    Form,
    HiddenField,
    MultipleFileField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget, html_params

from admin_views.typed import STOOD, TEXT
from backoffice.access import Access
from backoffice.declarations import ACCOUNT, ChildInfo, Declaration, Info
from backoffice.outcomes import Problem
from backoffice.picking import MOST, SMALL, label_of, offered
from backoffice.texts import label, read, say
from backoffice.values import NO, YES, typed

BLANK_LINES = 3
_INPUT_TYPES = {
    "day": "date",
    "integer": "text",
    "money": "text",
    "quantity": "text",
    "percent": "text",
    "instant": "text",
}
_MODES = {"integer": "numeric", "money": "decimal", "quantity": "decimal", "percent": "decimal"}


class RuledText(str):
    """The text of a problem that knows the rule it comes from."""

    rule: str
    clause: str
    field: str
    about: str  # The label of the field, where the text does not stand beside it.

    def __new__(cls, problem: Problem, field: str = "", about: str = "") -> RuledText:
        made = super().__new__(cls, read(problem.text))
        made.rule = problem.rule
        made.clause = problem.clause
        made.field = field
        made.about = about
        return made


class _Ready(str):
    """Attributes that html_params has escaped."""

    def __html__(self) -> str:
        return self


class LookupWidget:
    """A hidden id and a text input that asks the lookup; without a script the text itself is looked up on the server.

    A second hidden input says which id stood there, so that an id alone may be typed over it as well.
    """

    input_type = "text"

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        hidden = html_params(type="hidden", name=field.name, value=field.data or "")
        stood = html_params(type="hidden", name=field.name + STOOD, value=field.data or "")
        kwargs.setdefault("id", field.id)
        visible = html_params(
            type="text",
            name=field.name + TEXT,
            value=field.shown,
            autocomplete="off",
            data_lookup=field.source,
            data_lookup_for=field.name,
            **kwargs,
        )
        return Markup('<span class="lookup"><input {}><input {}><input {}></span>').format(
            _Ready(hidden), _Ready(stood), _Ready(visible)
        )


class TicksWidget(ListWidget):
    """Ticks of a set, after an empty value of the same name: so that a set without any tick is sent too."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        nothing = html_params(type="hidden", name=field.name, value="", id=False)
        return Markup("<input {}>{}").format(_Ready(nothing), super().__call__(field, **kwargs))


class LookupField(Field):
    """A reference to a register too large for a select."""

    widget = LookupWidget()

    def __init__(self, *args: Any, source: str = "", shown: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source = source
        self.shown = shown

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = valuelist[0] if valuelist else ""

    def _value(self) -> str:
        return str(self.data or "")


@dataclass
class Blueprint:
    """What a form is made of: fields by name in order, and how they are filled."""

    access: Access
    declaration: Declaration
    fields: dict[str, tuple[Any, dict[str, Any]]] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    _offered: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def add(self, info: Info, key: str, value: Any, text: str = "", *, required: bool = False) -> None:
        """A field under the name `key` with a typed text (or the id of a reference and its label)."""
        self.fields[key] = self._made(info, value, text, required)

    def _made(self, info: Info, value: Any, text: str, required: bool) -> tuple[Any, dict[str, Any]]:
        shown_label = label(info.field)
        if info.field.unit is not None:
            shown_label = f"{shown_label}（{read(info.field.unit)}）"
        help_text = read(info.field.help) if info.field.help is not None else ""
        common: dict[str, Any] = {"label": shown_label, "description": help_text, "default": value}
        star = required or info.field.required
        if info.kind == "choice":
            empty = [] if star and value else [("", read(say("please choose")))]
            options = [*empty, *((choice.code, label(choice)) for choice in info.field.choices)]
            return self._kept(SelectField, star, choices=_choices(options), validate_choice=False, **common)
        if info.kind == "flag":
            options = [("true", read(YES)), ("false", read(NO))]
            common["default"] = "true" if value in {True, "true"} else "false"
            return self._kept(SelectField, star, choices=_choices(options), validate_choice=False, **common)
        if info.kind == "ref":
            return self._reference(info, value, text, star, common)
        if info.kind == "file":
            return self._kept(FileField, star, **{**common, "default": None})
        if info.kind == "longtext":
            return self._kept(TextAreaField, star, render_kw={"rows": 3}, **common)
        attributes: dict[str, Any] = {"type": _INPUT_TYPES.get(info.kind, "text")}
        if info.kind in _MODES:
            attributes["inputmode"] = _MODES[info.kind]
        if info.length:
            attributes["maxlength"] = info.length
        if info.kind == "instant":
            attributes["placeholder"] = "2025-03-05 14:30:00"
        return self._kept(StringField, star, render_kw=attributes, **common)

    def _reference(
        self, info: Info, value: Any, text: str, star: bool, common: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        other = self.access.catalogue.get(info.target)
        small = other is not None and other.register.public
        named = info.name in {"owner", self.declaration.register.owner_is} or info.field.roles
        if small or (info.target == ACCOUNT and named):
            options = self._options(info)
            if len(options) <= SMALL:
                known = {str(key) for key, _ in options}
                chosen = [(str(value), text)] if value and str(value) not in known and text else []
                empty = [] if star and value else [("", read(say("please choose")))]
                choices = [*empty, *chosen, *((str(key), shown) for key, shown in options)]
                return self._kept(SelectField, star, choices=_choices(choices), validate_choice=False, **common)
        source = url_for(f"{self.declaration.name}.ajax_lookup", name=info.path)
        return self._kept(LookupField, star, source=source, shown=text, **common)

    def small_set(self, child: ChildInfo, names: Sequence[str]) -> Info | None:
        """The one typed column of a child table, where all that may be chosen there fits into a set of ticks."""
        if len(names) != 1 or child.fields[names[0]].kind != "ref":
            return None
        info = child.fields[names[0]]
        other = self.access.catalogue.get(info.target)
        bounded = bool(info.field.roles) if info.target == ACCOUNT else other is not None and other.register.public
        return info if bounded and len(self._options(info)) <= SMALL else None

    def add_set(self, child: ChildInfo, info: Info, chosen: Mapping[str, str]) -> None:
        """A child table of one column as ticks under the name of the table; `chosen` are the ids with their labels."""
        options = {str(key): text for key, text in self._options(info)}
        arguments = {
            "label": label(child.child),
            "choices": _choices(
                [*options.items(), *((key, text) for key, text in chosen.items() if key not in options)]
            ),
            "default": list(chosen),
            "validate_choice": False,
            "widget": TicksWidget(prefix_label=False),
            "option_widget": CheckboxInput(),
        }
        self.fields[child.name] = self._kept(SelectMultipleField, child.child.minimum > 0, **arguments)

    def _options(self, info: Info) -> list[tuple[int, str]]:
        """What a small reference offers, asked once for a form however many lines have it."""
        if info.path not in self._offered:
            self._offered[info.path] = offered(self.access, self.declaration, info, limit=SMALL + 1)
        return self._offered[info.path]

    @staticmethod
    def _kept(kind: Any, star: bool, **arguments: Any) -> tuple[Any, dict[str, Any]]:
        return kind, {**arguments, "_starred": star}

    def form(self, errors: Mapping[str, Sequence[Problem]] | None = None) -> Form:
        """The bound form, with problems beside their fields; problems of no field go to `form_errors`."""
        members: dict[str, Any] = {}
        stars: set[str] = set()
        for key, (kind, arguments) in self.fields.items():
            given = dict(arguments)
            if given.pop("_starred", False):
                stars.add(key)
            members[key] = kind(**given)
        made = type("DerivedForm", (Form,), members)()
        for key in stars:
            made[key].flags.starred = True
        for key, problems in (errors or {}).items():
            if key in members and members[key].field_class is not HiddenField:
                made[key].errors = [RuledText(problem, key) for problem in problems]
            else:
                made.form_errors.extend(RuledText(problem, key, self._about(key)) for problem in problems)
        return made

    def _about(self, key: str) -> str:
        """The label of what a problem without an input of its own is about; empty for what no declaration names."""
        child, _, rest = key.partition("-")
        if child in self.declaration.children:
            declared = self.declaration.children[child]
            position, _, name = rest.partition("-")
            parts = [label(declared.child), str(int(position) + 1) if position.isdecimal() else ""]
            parts.append(label(declared.fields[name].field) if name in declared.fields else "")
            return " ".join(part for part in parts if part)
        return label(self.declaration.fields[key].field) if key in self.declaration.fields else ""


def _choices(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice(value=value, label=text) for value, text in pairs]


class Part:
    """A view of some fields of a bound form under short names, as one line of a child table."""

    def __init__(self, form: Form, prefix: str, names: Iterable[str]) -> None:
        self._fields = {name: form[f"{prefix}-{name}"] for name in names if f"{prefix}-{name}" in form}

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __iter__(self) -> Any:
        return iter(self._fields.values())

    def __contains__(self, name: str) -> bool:
        return name in self._fields


__all__ = ["MOST", "Blueprint", "HiddenField", "MultipleFileField", "Part", "RuledText", "escape", "label_of", "typed"]
