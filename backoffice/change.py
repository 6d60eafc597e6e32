"""The one write path: `change()` does an act on a record, whole or not at all.

Rights, typed values, rules, numbering, version, steps, stock and history happen in one transaction. Locks are taken in one order: the
record, other records by register and id, the series, the heads of the history chains. Forms, acts, imports, commands, jobs and the demo
all come through here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from peewee import IntegrityError

from backoffice import areas, balances, clock, copying, picking, stale, typable
from backoffice.access import Access, any_of
from backoffice.context import Context
from backoffice.declarations import Declaration, Info
from backoffice.integrity import explain
from backoffice.outcomes import Declined, Done, Errors, Forbidden, Invalid, Missing, Outcome
from backoffice.people import Hat, ended_by, still_lent
from backoffice.routes import Entitlement, holds
from backoffice.steps import Steps
from backoffice.texts import label, say
from backoffice.typable import Typable
from backoffice.typing_in import Draft, is_empty, is_table
from backoffice.values import BadValue, checked_text, parse
from backoffice.writing import Writer
from models.accounts import User
from models.base import db
from models.outcomes import Changes, Refused
from models.register import Act, Ask, Field

REASON_LENGTH = 2_000


def change(
    actor: Access,
    register: str | Declaration,
    record: int | None,
    act: str,
    inputs: Mapping[str, Any],
    version: int | None,
    now: dt.datetime,
) -> Outcome:
    """Do `act` (`create`, `update` or an act of the declaration) and answer what came of it.

    `inputs` are typed texts or values by field name; lines are a list of mappings under the child's name. `version` is the one the
    writer had read; None only where nothing was read before (creation, commands).
    """
    declaration = actor.catalogue[register] if isinstance(register, str) else register
    if act not in {"create", "update"} and act not in declaration.acts:
        return Missing()
    if not actor.could(declaration, act):
        return Forbidden()
    work = _Work(actor, declaration, act, inputs, now)
    try:
        with db.atomic() as transaction:
            outcome = work.create() if act == "create" else work.on(record, version)
            if not isinstance(outcome, Done):
                transaction.rollback()
    except IntegrityError as error:
        found = explain(declaration, error)
        if found is None:
            raise
        return Invalid(found)
    return outcome


class _Stop(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class _Work:
    """One act on its way."""

    def __init__(
        self, actor: Access, declaration: Declaration, act: str, inputs: Mapping[str, Any], now: dt.datetime
    ) -> None:
        self.actor = actor
        self.declaration = declaration
        self.act = act
        self.inputs = inputs
        self.now = now
        self.errors = Errors()

    # ---- create ----------------------------------------------------------------------------------------------------

    def create(self) -> Outcome:
        try:
            return self._create()
        except _Stop as stop:
            return stop.outcome

    def _create(self) -> Outcome:
        declaration, actor = self.declaration, self.actor
        record = declaration.model()
        draft = Draft(actor, declaration, record, self.errors)
        draft.before = dict.fromkeys(declaration.fields)
        if declaration.is_record:
            record.state = declaration.first_state
            record.owner = actor.id
            record.created_by = record.updated_by = actor.id
        for info in declaration.fields.values():
            if info.field.default is not None and info.typed:
                now = {"today": clock.today(), "now": self.now}
                setattr(record, info.name, now.get(info.field.default, info.field.default))
        names_owner = declaration.register.owner_is
        if names_owner and picking.makes_own_only(actor, declaration):
            setattr(record, names_owner, actor.id)
        areas.place(actor, declaration, record)
        self._type(draft, typable.for_new(actor, declaration))
        self._take_over(record)
        self._keep_to_area(draft)
        if names_owner:
            record.owner = getattr(record, f"{names_owner}_id") or actor.id
        if declaration.is_record:
            self._place(record)
        context = Context(actor, declaration, draft, Steps.none(), self.act, self.now)
        self._check(draft, context)
        writer = Writer(actor, declaration, draft, context, self.act, self.now)
        self._compute(draft, context, writer)
        return writer.insert()

    def _take_over(self, record: Any) -> None:
        """Fields left empty take what the record they are copied from holds."""
        declaration = self.declaration
        for reference in copying.references(declaration):
            named = getattr(record, f"{reference}_id", None)
            left = [info for info, _ in copying.taken_over(declaration, reference) if is_empty(record, info)]
            if named is None or not left:
                continue
            found = copying.copied(self.actor, declaration, reference, named)
            for info in left:
                if info.name in found and info.name not in self.errors.found:
                    setattr(record, f"{info.name}_id" if info.kind == "ref" else info.name, found[info.name])

    def _place(self, record: Any) -> None:
        """A record stores the departments of its owner and of its maker at creation (decisions.md 1)."""
        account = self.actor.account
        record.maker_department = account.department_id
        owner = account if record.owner_id == account.id else record.owner
        record.department = owner.department_id or account.department_id
        if record.department_id is None:
            raise _Stop(Declined(say("Your account has no department; ask an administrator to set one.")))

    # ---- on a record -----------------------------------------------------------------------------------------------

    def on(self, record_id: int | None, version: int | None) -> Outcome:
        try:
            return self._on(record_id, version)
        except _Stop as stop:
            return stop.outcome

    def _on(self, record_id: int | None, version: int | None) -> Outcome:
        declaration, actor = self.declaration, self.actor
        record = self._lock(record_id)
        if record is None:
            return Missing()
        if version is not None and version != record.version:
            return stale.since(actor, declaration, record, version)
        draft = Draft(actor, declaration, record, self.errors)
        draft.remember()
        self._line_up(record)
        steps = Steps.of(declaration, record)
        context = Context(actor, declaration, draft, steps, self.act, self.now)
        writer = Writer(actor, declaration, draft, context, self.act, self.now)
        if self.act == "update":
            return self._edit(draft, context, writer, steps)
        return self._take(declaration.acts[self.act], draft, context, writer, steps)

    def _edit(self, draft: Draft, context: Context, writer: Writer, steps: Steps) -> Outcome:
        declaration, actor, record = self.declaration, self.actor, draft.record
        refusal = may_update(actor, declaration, record)
        if refusal is not None:
            return refusal
        seen = typable.reader_for(actor, declaration).one(record.id)
        if seen is None:
            return Missing()
        writer.on_behalf_of = self._edits_for(record)
        self._type(draft, typable.for_record(actor, declaration, seen))
        self._keep_to_area(draft)
        self._check(draft, context)
        self._compute(draft, context, writer)
        return writer.update(steps)

    def _take(self, act: Act, draft: Draft, context: Context, writer: Writer, steps: Steps) -> Outcome:
        declaration, record = self.declaration, draft.record
        entitlement = entitlement_for(self.actor, declaration, record, act, steps)
        if isinstance(entitlement, Declined):
            return entitlement
        writer.entitlement = entitlement
        self._demand_lent(entitlement.hat)
        if entitlement.on_behalf_of is not None:
            context.acting |= {entitlement.on_behalf_of}
        self._ask(draft, act, context)
        self._check(draft, context, required=False)
        if act.effect:
            self._apply(draft, writer, declaration.function(act.effect)(record, context.inputs, context), "")
        if act.target:
            record.state = act.target
        self._compute(draft, context, writer)
        if act.moves and declaration.register.balances is not None:
            self._apply(draft, writer, balances.moved(declaration, record), declaration.register.balances.rule)
        return writer.act(act, steps)

    def _lock(self, record_id: int | None) -> Any:
        """The record under a lock, if the person may read it."""
        if record_id is None or not 0 < record_id < 2**31:
            return None
        return self.actor.locked(self.declaration, record_id)

    def _edits_for(self, record: Any) -> int | None:
        owner = edits_for(self.actor, self.declaration, record)
        if owner is not None and self.actor.acts_for(self.declaration, record) is None:
            hat = next((hat for hat in self.actor.hats if hat.on_behalf_of == owner), None)
            self._demand_lent(hat)
        return owner

    def _demand_lent(self, hat: Hat | None) -> None:
        """Stops where the delegation of this hat was ended while the person clicked. Whose deputy one is, is no delegation."""
        if hat is None or hat.on_behalf_of is None or not hat.role:
            return
        owner = hat.on_behalf_of
        if still_lent(owner, self.actor.id, hat.role, self.actor.today):
            return
        text = say(
            "The delegation by {name} was ended by {who} meanwhile. Ask one of them.",
            name=User.get_by_id(owner).name,
            who=ended_by(owner, self.actor.id),
        )
        raise _Stop(Declined(text))

    def _line_up(self, record: Any) -> None:
        """Wait for whoever does such an act on a record that names the same row. Inserts that point to the row go on."""
        act = self.declaration.acts.get(self.act)
        for name in act.alone if act is not None and db.for_update else ():
            column = self.declaration.columns[name]
            named = column.rel_model.select(column.rel_model.id).where(column.rel_model.id == record.__data__[name])
            named.for_update("FOR NO KEY UPDATE").first()

    # ---- shared ----------------------------------------------------------------------------------------------------

    def _type(self, draft: Draft, may: Typable) -> None:
        draft.type_fields(self.inputs, may.fields)
        for name, child in self.declaration.children.items():
            if name in may.children and name in self.inputs:
                draft.type_lines(child, self.inputs[name], may.children[name])
            draft.load(child)
        draft.type_attachments(self.inputs)

    def _keep_to_area(self, draft: Draft) -> None:
        """Who makes and edits records of his own area only chooses no other."""
        found = areas.outside(self.actor, self.declaration, draft.record, self.act)
        if found is not None and areas.FIELD not in self.errors.found:
            rule, text = found
            self.errors.add(areas.FIELD, text, rule.id, rule.clause)

    def _ask(self, draft: Draft, act: Act, context: Context) -> None:
        """The fields and values an act asks for, and its reason."""
        own: dict[str, Any] = {}
        asked: dict[str, dict[str, Info]] = {}
        for ask in asks(self.declaration, act, draft.record):
            child, _, name = ask.field.rpartition(".")
            if child:
                info = own_info(ask, name) if ask.kind else self.declaration.children[child].fields[name]
                asked.setdefault(child, {})[name] = info
            elif ask.kind:
                own[ask.field] = self._own_value(ask)
            elif ask.field in self.declaration.fields:
                draft.type_fields(self._given(ask), [ask.field])
                empty = getattr(
                    draft.record,
                    f"{ask.field}_id" if self.declaration.fields[ask.field].kind in {"ref", "file"} else ask.field,
                )
                needed = ask.required and (empty is None or not str(empty).strip())
                if needed and ask.field not in self.errors.found:
                    text = say("{field} is needed.", field=label(self.declaration.fields[ask.field].field))
                    rule = self.declaration.rules.get(ask.rule or self._rule_of(ask.field))
                    self.errors.add(ask.field, text, *((rule.id, rule.clause) if rule is not None else ()))
        for name, columns in typable.lines_of_act(self.actor, self.declaration, act).items():
            if name in self.inputs:
                draft.type_lines(self.declaration.children[name], self.inputs[name], columns)
            draft.check_lines(self.declaration.children[name])
        draft.type_attachments(self.inputs)
        reason = self._reason(act)
        context.inputs = {**own, "reason": reason}
        for child, names in asked.items():
            context.inputs[child] = self._asked_lines(draft, child, names)

    def _rule_of(self, name: str) -> str:
        """The rule in force that names a field as its evidence, for the message that it is missing."""
        return next(
            (rule.id for rule in self.declaration.rules.values() if self.act in rule.on and name in rule.fields), ""
        )

    def _given(self, ask: Ask) -> Mapping[str, Any]:
        """The inputs, with what stands for an asked value that was not sent at all."""
        if not ask.default or self.inputs.get(ask.field) is not None:
            return self.inputs
        today = self.now.astimezone(clock.company_zone()).date()
        return {**self.inputs, ask.field: today if ask.default == "today" else ask.default}

    def _own_value(self, ask: Ask) -> Any:
        raw = self._given(ask).get(ask.field)
        try:
            value = parse(own_info(ask, ask.field), raw) if raw is not None else None
        except BadValue as wrong:
            self.errors.add(ask.field, wrong.message, self._rule_of(ask.field))
            return None
        if ask.required and value in (None, ""):
            self.errors.add(ask.field, say("{field} is needed.", field=label(ask)), self._rule_of(ask.field))
        return value

    def _asked_lines(self, draft: Draft, child: str, names: Mapping[str, Info]) -> list[dict[str, Any]]:
        """The numbers typed for existing lines. They are handed to the effect; the stored columns are the effect's to write."""
        info = self.declaration.children[child]
        lines = draft.load(info)
        rows = self.inputs.get(child) or []
        if not is_table(rows):
            self.errors.add(child, say("The lines are not in a form that can be read."))
            return []
        by_id = {str(line.id): line for line in lines.kept}
        found = []
        for position, row in enumerate(rows):
            prefix = f"{child}-{row.get('n', position)}"
            line = (
                by_id.get(str(row.get("id")))
                if row.get("id")
                else (lines.kept[position] if position < len(lines.kept) else None)
            )
            if line is None:
                self.errors.add(f"{prefix}-id", say("This line does not exist any more; reload the page."))
                continue
            typed: dict[str, Any] = {"id": line.id, "prefix": prefix}
            for name, asked in names.items():
                try:
                    typed[name] = parse(asked, row[name]) if row.get(name) is not None else None
                except BadValue as wrong:
                    self.errors.add(f"{prefix}-{name}", wrong.message, self._rule_of(f"{child}.{name}"))
            found.append(typed)
        return found

    def _reason(self, act: Act) -> str:
        raw = self.inputs.get("reason")
        text = ""
        try:
            text = checked_text(str(raw).strip()) if raw is not None else ""
            if len(text) > REASON_LENGTH:
                raise BadValue(
                    say("At most {limit} characters; this has {length}.", limit=REASON_LENGTH, length=len(text))
                )
        except BadValue as wrong:
            self.errors.add("reason", wrong.message)
        if act.reason == "required" and not text and "reason" not in self.errors.found:
            name = act.reason_label if act.reason_label is not None else say("Reason")
            self.errors.add("reason", say("{field} is needed.", field=name))
        return text

    def _check(self, draft: Draft, context: Context, *, required: bool = True) -> None:
        """Required fields, then the guards of the rules in force. Stops on the first refusal that is about no field."""
        if required:
            draft.check_required()
        if self.errors.found:
            raise _Stop(Invalid(self.errors.found))
        for rule, guard in self.declaration.guards(self.act):
            answer = guard(draft.record, context.inputs or self.inputs, context)
            if isinstance(answer, Refused):
                if not answer.field:
                    raise _Stop(Declined(answer.reason, rule.id, rule.clause))
                self.errors.add(answer.field, answer.reason, rule.id, rule.clause)
            elif isinstance(answer, Changes):
                context.warnings.extend(answer.warnings)
        if self.errors.found:
            raise _Stop(Invalid(self.errors.found))

    def _compute(self, draft: Draft, context: Context, writer: Writer) -> None:
        for rule, computation in self.declaration.computations(self.act):
            self._apply(draft, writer, computation(draft.record, context.inputs or self.inputs, context), rule.id)

    def _apply(self, draft: Draft, writer: Writer, answer: Any, rule: str) -> None:
        if isinstance(answer, Refused):
            found = self.declaration.rules.get(rule)
            clause = found.clause if found is not None else ""
            if answer.field:
                self.errors.add(answer.field, answer.reason, rule, clause)
                raise _Stop(Invalid(self.errors.found))
            raise _Stop(Declined(answer.reason, rule, clause))
        if isinstance(answer, Changes):
            refusal = writer.take(answer, rule)
            if refusal is not None:
                raise _Stop(refusal)


def asks(declaration: Declaration, act: Act, record: Any) -> tuple[Ask, ...]:
    """What an act asks on this record (the columns of its conditions are among the facts of a row that was read)."""
    found = (ask for ask in act.ask if all(holds(record, when, declaration) for when in ask.when))
    return tuple(replace(ask, required=False) if ask.rule in declaration.absent else ask for ask in found)


def own_info(ask: Ask, name: str) -> Info:
    """A value that only the act has, as a field."""
    field = Field(
        name,
        ask.zh,
        ask.en,
        required=ask.required,
        minimum=ask.minimum,
        above=ask.above,
        choices=ask.choices,
        default=ask.default or None,
    )
    return Info(name, field, None, ask.kind)


def may_update(actor: Access, declaration: Declaration, record: Any) -> Declined | None:
    """Why the person may not edit this record as it stands, None if he may (decisions.md 3, 6, 33)."""
    state = getattr(record, "state", "")
    if _meets(declaration, record, any_of(_edit_reach(actor, declaration, state, actor.hats))):
        return None
    rule = next((rule for rule in declaration.rules.values() if "owner_edit" in rule.marks), None)
    if declaration.states and state not in {*declaration.update_states, *declaration.register.owner_updates}:
        text = say("In state {state} nothing can be edited any more.", state=label(declaration.states[state]))
        return Declined(text, *((rule.id, rule.clause) if rule else ("", "")))
    text = say("Only the person in charge and those above may edit this record.")
    return Declined(text, *((rule.id, rule.clause) if rule else ("", "")))


def edits_for(actor: Access, declaration: Declaration, record: Any) -> int | None:
    """For whom an edit is made: for nobody else where the person may make it himself; else for the absent owner or the lender."""
    lent = [hat for hat in actor.hats if hat.on_behalf_of is not None]
    owner = actor.acts_for(declaration, record)
    if not lent and owner is None:
        return None
    state = getattr(record, "state", "")
    own = [hat for hat in actor.hats if hat.on_behalf_of is None]
    if _meets(declaration, record, any_of(_edit_reach(actor, declaration, state, own, deputy=False))):
        return None
    if owner is not None:
        return owner
    for hat in lent:
        if _meets(declaration, record, any_of(_edit_reach(actor, declaration, state, [hat], deputy=False))):
            return hat.on_behalf_of
    return None


def _edit_reach(
    actor: Access, declaration: Declaration, state: str, hats: Sequence[Hat], *, deputy: bool = True
) -> Iterator[Any]:
    """Which records of a state these hats may edit; with `deputy` also those whose absent owner the person stands in for."""
    for hat in hats:
        for grant in declaration.register.access.get(hat.role, ()):
            if "update" in grant.verbs and (not declaration.states or state in declaration.update_states):
                if grant.scope == "own" and declaration.is_record:
                    yield _editors(actor, declaration, hat)
                    if deputy:
                        yield actor.acting(declaration, declaration.model)
                else:
                    yield actor.reach(declaration, hat, grant)
            if "create" in grant.verbs and state in declaration.register.owner_updates:
                yield actor.in_person(declaration, declaration.model, "owner", hat.user_id, hat.department_id)
                if deputy:
                    yield actor.acting(declaration, declaration.model)


def _meets(declaration: Declaration, record: Any, condition: Any) -> bool:
    if isinstance(condition, bool):
        return condition
    model = declaration.model
    return bool(model.select(model.id).where((model.id == record.id) & condition).exists())


def _editors(actor: Access, declaration: Declaration, hat: Hat) -> Any:
    """Whom `U o` lets edit: the owner; with the rule on owners switched off everybody named on the record."""
    declared = any("owner_edit" in rule.marks for rule in declaration.register.rules)
    if declared and "owner_edit" not in declaration.marks:
        names = [name for name in declaration.register.own if name in declaration.columns]
    else:
        names = ["owner"]
    return any_of(
        actor.in_person(declaration, declaration.model, name, hat.user_id, hat.department_id) for name in names
    )


def entitlement_for(
    actor: Access, declaration: Declaration, record: Any, act: Act, steps: Steps
) -> Entitlement | Declined:
    """The way in which the person may take the act now, or why not: state first, then person, then separation of duties."""
    rule = declaration.order_rule(act.name)
    keeps_order = declaration.keeps_order(act.name)
    found = actor.entitled(declaration, record, act.name, any_source=not keeps_order)
    if not found:
        state = getattr(record, "state", "")
        fits_state = not keeps_order or any(not route.sources or state in route.sources for route in act.routes)
        named = (rule.id, rule.clause) if rule is not None else ("", "")
        if not fits_state:
            shown = label(declaration.states[state]) if state in declaration.states else state
            return Declined(say("“{act}” is not possible in state “{state}”.", act=label(act), state=shown), *named)
        closing = declaration.rules.get(actor.closed_road(declaration, record, act.name))
        if closing is not None:
            text = say("“{act}” is not the step for this record: {how}", act=label(act), how=closing.how)
            return Declined(text, closing.id, closing.clause)
        if actor.entitled(declaration, record, act.name, any_source=True):
            return Declined(
                say("“{act}” is not your step here: another signature comes first.", act=label(act)), *named
            )
        return Declined(say("“{act}” is not yours to do on this record.", act=label(act)), *named)
    refusals = [steps.conflict(actor, declaration, record, entitlement) for entitlement in found]
    for entitlement, refusal in zip(found, refusals, strict=True):
        if refusal is None:
            return entitlement
    first = refusals[0]
    assert first is not None  # noqa: S101 - narrows the type
    return first
