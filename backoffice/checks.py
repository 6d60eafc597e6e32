"""Reads every declaration at start-up and names each fault with the register, the wrong word and the nearest valid one."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator

from backoffice.copying import sources
from backoffice.declarations import ACCOUNT, Catalogue, Declaration, Info
from models.matrix import DEPARTMENTS, NEVER_APPROVES, ROLES
from models.register import Act, Block, By, Link, Route, Text, When

TONES = frozenset({"neutral", "waiting", "good", "bad", "muted"})
ACT_TONES = frozenset({"primary", "good", "bad", "plain"})
PERIODS = frozenset({"year", "month", "day"})
KINDS_OF_BLOCK = frozenset({"fields", "lines", "each", "signatures", "text", "space"})
WRITES = frozenset({"create", "update"})
VERBS = frozenset({"create", "read", "update", "void", "approve", "export"})
SCOPES = frozenset({"own", "group", "area", "department", "all"})
PLACES = frozenset({"company", "owner_department", "department", "own_department", "area"})
ASKED = frozenset({"integer", "quantity", "money", "text", "day", "choice"})
FORMATS = frozenset({"email", "duration"})
VIEWS = frozenset({"waiting", "mine"})  # Names of lists that every register has: admin_views.home
PERIODS_OF_PRINTS = frozenset({"month", "date", "area", "user"})
# What a rule row may switch in the engine besides its own functions, and where it is asked.
MARKS = frozenset(
    {
        "log_views",  # exporting, admin_views.answering
        "mask",  # access
        "export_grant",  # access
        "scope",  # access
        "own_lines",  # access
        "own_area",  # access, areas
        "export_trailer",  # exporting
        "history",  # writing
        "keeps_old_values",  # writing
        "maker_never_approves",  # steps
        "owner_edit",  # change
        "acting_deputy",  # declarations, access
        "one_session_shown",  # admin_views.account_details
        "idle_sign_out",  # auth
    }
)


def faults(catalogue: Catalogue, rule_ids: Collection[str], params: Collection[str]) -> list[str]:
    """All faults, as sentences; empty when every declaration holds."""
    found: list[str] = []
    for declaration in catalogue.values():
        found.extend(
            f"register {declaration.name}: {fault}" for fault in _Check(catalogue, declaration, rule_ids, params).run()
        )
    return found


def _nearest(word: str, valid: Collection[str]) -> str:
    near = difflib.get_close_matches(word, sorted(valid), n=1, cutoff=0.4)
    return f"; did you mean {near[0]!r}?" if near else f"; valid: {', '.join(sorted(valid)) or 'none'}"


class _Check:
    def __init__(
        self, catalogue: Catalogue, declaration: Declaration, rule_ids: Collection[str], params: Collection[str]
    ) -> None:
        self.catalogue = catalogue
        self.declaration = declaration
        self.register = declaration.register
        self.rule_ids = rule_ids
        self.params = params
        self.states = frozenset(declaration.states)
        self.fields = frozenset(declaration.fields)
        self.children = frozenset(declaration.children)
        self.rows = frozenset(rule.id for rule in self.register.rules)

    def run(self) -> Iterator[str]:
        yield from self._fields()
        yield from self._layout()
        yield from self._access()
        yield from self._states()
        yield from self._rules()
        yield from self._prints()
        yield from self._balances()
        yield from self._reports()

    def _words(self, what: str, words: Iterable[str], valid: Collection[str]) -> Iterator[str]:
        for word in words:
            if word not in valid:
                yield f"{what} names {word!r}, which does not exist{_nearest(word, valid)}"

    def _paths(self, what: str, paths: Iterable[str]) -> Iterator[str]:
        valid = {*self.fields, *self.children}
        valid.update(info.path for child in self.declaration.children.values() for info in child.fields.values())
        yield from self._words(what, paths, valid)

    def _fields(self) -> Iterator[str]:
        model = self.register.model
        yield from self._words("fields", (field.name for field in self.register.fields), frozenset(model._meta.fields))
        for child in self.register.children:
            columns = frozenset(child.model._meta.fields)
            yield from self._words(
                f"child {child.name}", [child.owner, *(field.name for field in child.fields)], columns
            )
        every = [*self.declaration.fields.values()]
        every.extend(info for child in self.declaration.children.values() for info in child.fields.values())
        for info in every:
            field = info.field
            if info.kind == "ref" and not info.target:
                yield f"field {info.path} refers to a table that is no register; declare it or refer to another"
            yield from self._words(f"field {info.path}: writers", field.writers, frozenset(ROLES))
            yield from self._words(f"field {info.path}: states", field.states, self.states)
            if field.rule:
                yield from self._words(f"field {info.path}: rule", [field.rule], self.rows)
            yield from self._words(f"field {info.path}: tone", [field.tone], TONES)
            if field.format:
                yield from self._words(f"field {info.path}: format", [field.format], FORMATS)
            yield from self._picks(info)
            yield from self._words(f"field {info.path}: roles", field.roles, frozenset(ROLES))
            yield from self._taken(info)
            yield from self._derived(info)
            if field.level not in {1, 2, 3}:
                yield f"field {info.path} has level {field.level}; valid: 1, 2, 3"
            if field.needed_by:
                yield from self._words(f"field {info.path}: needed_by", [field.needed_by], self.rows)
            yield from self._suggested(f"field {info.path}", field.suggest)
            if field.required_when is not None:
                yield from self._when(f"field {info.path}: required_when", field.required_when)
            if not (field.zh and field.en):
                yield f"field {info.path} needs a label in Chinese and in English"

    def _taken(self, info: Info) -> Iterator[str]:
        """Where a new record's value is copied from: references of the record, and a field there."""
        for reference, name in sources(info):
            yield from self._words(f"field {info.path}: copy", [reference], self._references())
            target = self.declaration.fields[reference].target if reference in self.fields else ""
            if target in self.catalogue:
                yield from self._words(f"field {info.path}: copy", [name], frozenset(self.catalogue[target].fields))

    def _derived(self, info: Info) -> Iterator[str]:
        moments = frozenset(name for name, other in self.declaration.fields.items() if other.kind == "instant")
        for case in info.field.derived:
            what = f"field {info.path}: derived"
            yield from self._words(what, [case.value], frozenset(info.choices))
            for when in case.when:
                yield from self._when(what, when)
            if case.before_today:
                yield from self._words(f"{what}: before_today", [case.before_today], moments)
            if case.rule:
                yield from self._words(f"{what}: rule", [case.rule], self.rows)

    def _suggested(self, what: str, suggest: str) -> Iterator[str]:
        if suggest and suggest.removeprefix("@") not in ({"now", "today"} if suggest[0] != "@" else self.fields):
            yield f"{what}: suggest is {suggest!r}; valid: now, today, or @ and a field"

    def _when(self, what: str, when: When) -> Iterator[str]:
        yield from self._words(what, [when.field], self.fields)
        info = self.declaration.fields.get(when.field)
        if info is not None and info.kind == "choice":
            yield from self._words(what, when.values, frozenset(info.choices))

    def _picks(self, info: Info) -> Iterator[str]:
        if info.field.pick and info.kind == "ref":
            columns = frozenset(info.column.rel_model._meta.fields)
            yield from self._words(f"field {info.path}: pick", (when.field for when in info.field.pick), columns)

    def _layout(self) -> Iterator[str]:
        register = self.register
        sortable = [*self.fields]
        yield from self._words("columns", register.columns, self.fields)
        yield from self._words("search", register.search, self.fields)
        yield from self._words("sort", register.sort, sortable)
        yield from self._words("filters", register.filters, self.fields)
        yield from self._words("order", [register.order[0]], {*self.fields, "id"})
        yield from self._words("label", register.label, self.fields)
        yield from self._words("own", register.own, frozenset(register.model._meta.fields))
        yield from self._paths("sections", (name for section in register.sections for name in section.fields))
        yield from self._words("update_states", register.update_states, self.states)
        yield from self._words("owner_updates", register.owner_updates, self.states)
        yield from self._words("copy_from", register.copy_from, self.states)
        yield from self._words("kept_by", register.kept_by, frozenset(DEPARTMENTS))
        if register.owner_is:
            yield from self._words("owner_is", [register.owner_is], self._references(ACCOUNT))
        yield from self._lists()
        if register.active_field:
            yield from self._words("active_field", [register.active_field], self.fields)
        for link in register.links:
            yield from self._link(link)
        yield from self._ties()
        if register.numbering is not None:
            yield from self._words("numbering per", [register.numbering.per], PERIODS)
        for series in register.series:
            what = f"series {series.field}"
            yield from self._words(what, [series.field], self.fields)
            yield from self._words(f"{what}: per", [series.numbering.per], PERIODS)
            if series.rule:
                yield from self._words(f"{what}: rule", [series.rule], self.rows)
        for one in register.ahead:
            yield from self._words("ahead", [one.field], self.fields)
            yield from self._words("ahead: act", [one.act], frozenset(self.declaration.acts))
            if one.field in self.fields:
                yield from self._words(
                    "ahead: value", [one.value], frozenset(self.declaration.fields[one.field].choices)
                )

    def _link(self, link: Link) -> Iterator[str]:
        other, what = self.catalogue.get(link.register), f"link {link.register}"
        if other is not None:
            valid = other.columns if link.alike else other.fields
            yield from self._words(what, [link.field], frozenset(valid))
        if link.alike:
            yield from self._words(f"{what}: alike", [link.alike], frozenset(self.declaration.columns))
        if link.act:
            yield from self._words(f"{what}: act", [link.act], frozenset(self.declaration.acts))
        yield from self._words(f"{what}: rule", [link.rule] if link.rule else [], self.rows)

    def _ties(self) -> Iterator[str]:
        """What binds the record to others and to people: what it holds, who acts for its owner, who gave it away."""
        register = self.register
        for name, states in register.holds:
            yield from self._words("holds", [name], self.fields)
            yield from self._words(f"holds {name}", states, self.states)
        if register.deputy:
            yield from self._words("deputy", [register.deputy], self.fields)
        child, column = register.former
        if child:
            yield from self._words("former", [child], self.children)
            if child in self.declaration.children:
                yield from self._words(f"former {child}", [column], frozenset(self.declaration.children[child].fields))

    def _lists(self) -> Iterator[str]:
        moments = frozenset(name for name, info in self.declaration.fields.items() if info.kind == "instant")
        seen = set(VIEWS)
        for named in self.register.lists:
            what = f"list {named.name}"
            if named.name in seen:
                yield f"{what}: the name is taken; choose another"
            seen.add(named.name)
            for when in named.where:
                yield from self._when(f"{what}: where", when)
            yield from self._words(f"{what}: order", named.order, self.fields)
            yield from self._words(f"{what}: columns", named.columns, self.fields)
            yield from self._words(f"{what}: elapsed", (one.field for one in named.elapsed), moments)
            yield from self._words(f"{what}: limit", (one.limit for one in named.elapsed if one.limit), self.params)

    def _references(self, target: str = "") -> frozenset[str]:
        return frozenset(
            name
            for name, info in self.declaration.fields.items()
            if info.kind == "ref" and (not target or info.target == target)
        )

    def _access(self) -> Iterator[str]:
        register = self.register
        yield from self._words("access", register.access, frozenset(ROLES))
        for role, grants in register.access.items():
            for grant in grants:
                yield from self._words(f"access of {role}", sorted(grant.verbs), VERBS)
                yield from self._words(f"access of {role}", [grant.scope], SCOPES)
                if grant.view:
                    yield from self._words(f"access of {role}", [grant.view], frozenset(register.views))
                if grant.through:
                    yield from self._road(f"access of {role}", grant.through)
                if grant.rows:
                    yield from self._words(f"access of {role}", [grant.rows], frozenset(register.rows))
                if role in NEVER_APPROVES and "approve" in grant.verbs:
                    yield f"access of {role}: this role never approves (ACL-03)"
        for name, view in register.views.items():
            yield from self._paths(f"view {name}", view)
        for name, conditions in register.rows.items():
            for when in conditions:
                yield from self._when(f"rows {name}", when)
                yield from self._words(f"rows {name}: rule", [when.rule] if when.rule else [], self.rows)
        yield from self._secrets()

    def _road(self, what: str, through: str) -> Iterator[str]:
        """A reference of this register, or one of another register that points here."""
        register, _, back = through.partition(".")
        if not back:
            yield from self._words(what, [through], self.fields)
        elif register not in self.catalogue:
            yield from self._words(what, [register], self.catalogue.keys())
        else:
            pointing = [
                name for name, info in self.catalogue[register].fields.items() if info.target == self.register.name
            ]
            yield from self._words(what, [back], pointing)

    def _secrets(self) -> Iterator[str]:
        register = self.register
        for unmask in register.unmask:
            if unmask.role:
                yield from self._words("unmask", [unmask.role], frozenset(ROLES))
            if unmask.person:
                yield from self._words("unmask", [unmask.person], self.fields)
            yield from self._paths("unmask", unmask.fields)
        for lift in register.lift:
            yield from self._words("lift", [lift.field], self.fields)

    def _states(self) -> Iterator[str]:
        for state in self.register.states:
            yield from self._words(f"tone of state {state.code}", [state.tone], TONES)
        slots = frozenset(self.declaration.slots)
        for slot in self.register.slots:
            yield from self._paths(f"slot {slot.name}", slot.fields)
        for act in self.register.acts:
            yield from self._act(f"act {act.name}", act, slots)
            for route in act.routes:
                yield from self._route(f"act {act.name}", route)

    def _act(self, what: str, act: Act, slots: Collection[str]) -> Iterator[str]:
        yield from self._words(f"tone of {what}", [act.tone], ACT_TONES)
        if act.name in WRITES:
            yield f"{what} carries a name of the engine's own; choose another"
        if act.target:
            yield from self._words(f"{what}: target", [act.target], self.states)
        yield from self._words(
            f"{what}: signs", [name for name in (act.signs, *(r.signs for r in act.routes)) if name], slots
        )
        yield from self._paths(f"{what}: ask", (ask.field for ask in act.ask if not ask.kind))
        for when in (when for ask in act.ask for when in ask.when):
            yield from self._when(f"{what}: asked when", when)
        yield from self._words(f"{what}: ask: rule", (ask.rule for ask in act.ask if ask.rule), self.rows)
        for ask in act.ask:
            yield from self._suggested(f"{what}: {ask.field}", ask.suggest)
        yield from self._words(f"{what}: alone", act.alone, self._references())
        yield from self._words(f"{what}: children", act.children, self.children)
        yield from self._words(f"{what}: ask", (ask.kind for ask in act.ask if ask.kind), ASKED)
        if act.reason not in {"", "optional", "required"}:
            yield f"{what}: reason is {act.reason!r}; valid: '', 'optional', 'required'"
        if act.effect:
            yield from self._function(f"{what}: effect", act.effect)

    def _route(self, what: str, route: Route) -> Iterator[str]:
        yield from self._words(f"{what}: sources", route.sources, self.states)
        for when in route.when:
            yield from self._when(f"{what}: when", when)
        for by in route.who:
            yield from self._who(what, by)

    def _who(self, what: str, by: By) -> Iterator[str]:
        yield from self._words(
            f"{what}: who",
            [role for role in (by.role, by.owner_role, by.stand_in, *by.besides) if role],
            frozenset(ROLES),
        )
        if by.role in NEVER_APPROVES or by.stand_in in NEVER_APPROVES:
            yield f"{what}: {by.role} never approves (ACL-03)"
        if by.person:
            yield from self._words(f"{what}: person", [by.person], self.fields)
        elif not by.role:
            yield f"{what}: a road needs a role or a person"
        if by.of not in PLACES:
            yield f"{what}: of is {by.of!r}; valid: {', '.join(sorted(PLACES))}"
        if by.of == "area" and "area" not in self.declaration.columns:
            yield f"{what}: of is 'area', but the register has no area"
        if by.department:
            yield from self._words(f"{what}: department", [by.department], frozenset(DEPARTMENTS))

    def _function(self, what: str, name: str) -> Iterator[str]:
        module = self.declaration.module
        valid = (
            frozenset(word for word in vars(module) if callable(getattr(module, word)))
            if module is not None
            else frozenset()
        )
        if name not in valid:
            yield from self._words(what, [name], valid)

    def _rules(self) -> Iterator[str]:
        acts = {*self.declaration.acts, *WRITES}
        sides = {*self.declaration.slots, *self.declaration.acts, *self.fields}
        seen: set[str] = set()
        yield from self._always(acts)
        for rule in self.register.rules:
            what = f"rule {rule.id}"
            if rule.id in seen:
                yield f"{what} stands twice"
            seen.add(rule.id)
            yield from self._words("rules", [rule.id], self.rule_ids)
            yield from self._words(f"{what}: on", rule.on, acts)
            yield from self._words(f"{what}: order", rule.order, frozenset(self.declaration.acts))
            yield from self._words(f"{what}: pairs", (side for pair in rule.pairs for side in pair), sides)
            yield from self._words(f"{what}: params", rule.params, self.params)
            yield from self._words(f"{what}: marks", rule.marks, MARKS)
            yield from self._paths(f"{what}: required", rule.required)
            yield from self._paths(f"{what}: fields", rule.fields)
            for name in (rule.guard, rule.compute):
                if name:
                    yield from self._function(what, name)
            if (rule.guard or rule.compute) and not rule.on:
                yield f"{what} has a function but no act in `on`"
            if not rule.clause:
                yield f"{what} names no source clause"
            if not isinstance(rule.how, Text) or not rule.how.en:
                yield f"{what} does not say how it is met"

    def _always(self, acts: Collection[str]) -> Iterator[str]:
        for always in self.register.always:
            yield from self._words("always: on", always.on, acts)
            for name in (always.guard, always.compute):
                if name:
                    yield from self._function("always", name)

    def _prints(self) -> Iterator[str]:
        for form in self.register.prints:
            what = f"print {form.name}"
            source = self.catalogue.get(form.register) if form.register else self.declaration
            if source is None:
                yield f"{what}: register {form.register!r} does not exist{_nearest(form.register, set(self.catalogue))}"
                continue
            yield from self._words(f"{what}: states", form.states, frozenset(source.states))
            yield from self._words(f"{what}: rule", [form.rule] if form.rule else [], self.rows)
            yield from self._words(f"{what}: by", (period for period, _ in form.by), PERIODS_OF_PRINTS)
            yield from self._words(f"{what}: by", (name for _, name in form.by), frozenset(source.fields))
            for block in form.blocks:
                yield from self._block(what, block, source)

    def _balances(self) -> Iterator[str]:
        declared = self.register.balances
        moving = [act.name for act in self.register.acts if act.moves]
        if declared is None:
            if moving:
                yield f"act {moving[0]} moves balances, but the register keeps none"
            return
        info = self.declaration.fields.get(declared.kind)
        kinds = frozenset(info.choices) if info is not None else frozenset()
        yield from self._words("balances", declared.keys, self._references() | self.fields)
        yield from self._words("balances: kind", [declared.kind], self.fields)
        yield from self._of_kind("balances: quantity", [declared.quantity], "quantity")
        yield from self._of_kind("balances: day", [declared.day], "day")
        yield from self._of_kind("balances: order", [declared.order], "instant")
        if declared.counter:
            yield from self._words("balances: counter", [declared.counter], self._references(self.register.name))
        if declared.rule:
            yield from self._words("balances: rule", [declared.rule], self.rows)
        for balance in declared.kept:
            yield from self._of_kind("balances", [balance.name], "quantity")
            yield from self._words(f"balance {balance.name}", (*balance.plus, *balance.minus), kinds)
        for act in self.register.acts:
            if act.moves and not act.alone:
                yield f"act {act.name} moves balances and needs `alone`, so that two follow one another"

    def _of_kind(self, what: str, names: Iterable[str], kind: str) -> Iterator[str]:
        valid = frozenset(name for name, info in self.declaration.fields.items() if info.kind == kind)
        yield from self._words(what, names, valid)

    def _reports(self) -> Iterator[str]:
        for report in self.register.reports:
            what = f"report {report.name}"
            if self.register.balances is None:
                yield f"{what} needs balances, which the register does not keep"
                return
            kind = self.declaration.fields.get(self.register.balances.kind)
            kinds = frozenset(kind.choices) if kind is not None else frozenset()
            yield from self._words(what, (report.unit, report.group), self.fields)
            yield from self._words(f"{what}: filters", report.filters, self._references())
            yield from self._words(f"{what}: linked", report.linked, self._references())
            yield from self._words(f"{what}: open_states", report.open_states, self.states)
            yield from self._words(f"{what}: amount_kinds", report.amount_kinds, kinds)
            if report.amount:
                yield from self._of_kind(f"{what}: amount", [report.amount], "money")
            rules = [rule for rule in (report.rule, report.linked_rule) if rule]
            yield from self._words(f"{what}: rule", rules, self.rows)

    def _block(self, what: str, block: Block, source: Declaration) -> Iterator[str]:
        yield from self._words(f"{what}: block", [block.kind], KINDS_OF_BLOCK)
        yield from self._words(f"{what}: slots", block.slots, {*source.slots, *source.fields})
        yield from self._words(f"{what}: every", block.every, frozenset(block.slots))
        fields = frozenset(source.fields)
        if block.child:
            yield from self._words(f"{what}: child", [block.child], frozenset(source.children))
            if block.child not in source.children:
                return
            fields = frozenset(source.children[block.child].fields)
        yield from self._words(f"{what}: fields", block.fields, fields)
        yield from self._words(f"{what}: headings", block.headings, frozenset(block.fields))
        yield from self._words(f"{what}: total", block.total, frozenset(block.fields))
        if block.capitals:
            yield from self._words(f"{what}: capitals", [block.capitals], frozenset(block.total))


__all__ = ["faults"]
