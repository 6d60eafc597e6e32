"""The declaration of a register: frozen, data only. `backoffice.declarations` checks it and makes it work.

A register file holds its peewee model, one `Register`, and the named functions its rule rows and acts mention (guards,
effects, computations). Functions are mentioned by name, so the same description can later come from a file or a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.balances import Balances, Report


@dataclass(frozen=True)
class Text:
    """A text in Simplified Chinese and English; Traditional Chinese comes from the translation files. `values` fill `{name}`."""

    zh: str
    en: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def fill(self, **values: Any) -> Text:
        return Text(self.zh, self.en, {**self.values, **values})


@dataclass(frozen=True)
class Choice:
    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class State:
    """A state with its tone: `neutral`, `waiting`, `good`, `bad`, `muted`. `mark` is the watermark of prints in it."""

    code: str
    zh: str
    en: str
    tone: str = "neutral"
    mark: Text | None = None
    ends: bool = False


@dataclass(frozen=True)
class When:
    """A condition on a column: its value is one of `values` (or none of them). Without the row `rule` it always holds."""

    field: str
    values: tuple[Any, ...]
    negate: bool = False
    rule: str = ""


@dataclass(frozen=True)
class Derived:
    """A value that a choice shows instead of the stored one while the record meets `when` and, with `before_today`, the moment
    in that column lies before today. It is worked out when read, so that no midnight is missed. Falls with the row `rule`."""

    value: str
    when: tuple[When, ...] = ()
    before_today: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Field:
    """How people see one column of the model. The storage type, length and references are the model's own.

    `required` is "R" of the catalogue, `system` is "A" (never typed). `rule`: the field exists because of that rule row and
    is absent without it. `level` is the confidentiality level 1 to 3. `writers` narrows who may type it by role, `states`
    the states in which it may be typed after creation (empty: wherever the record may be updated). `pick`
    narrows what a reference offers to rows that meet the conditions; one with a rule only narrows the offer, and the guard of
    that rule refuses the others with its reason. `format`: `email`, or `duration` for whole seconds shown as 4:55.
    `tone` is that of a mark, a yes-or-no field that the system sets. `default`: `today` and `now` are those of the creation.
    `suggest` (`now`, `today`) only stands in the form of a new record. `copy` (`customer.phone`, several with `|` between):
    left empty in a new record, it is filled from there, as far as its maker may read it. `derived`: what a choice shows
    instead, the first that holds; it orders by the place of its choices. `needed_by`: `required_when` belongs to that rule row
    and falls with it. `roles` narrows a reference to an account to people who hold one of them.
    """

    name: str
    zh: str
    en: str
    required: bool = False
    required_when: When | None = None
    system: bool = False
    choices: tuple[Choice, ...] = ()
    level: int = 1
    minimum: Decimal | int | None = None
    above: Decimal | int | None = None
    maximum: Decimal | int | None = None
    format: str = ""
    rule: str = ""
    writers: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    create_only: bool = False
    default: Any = None
    pick: tuple[When, ...] = ()
    unit: Text | None = None
    help: Text | None = None
    wide: bool = False
    tone: str = "bad"
    copy: str = ""
    derived: tuple[Derived, ...] = ()
    roles: tuple[str, ...] = ()
    needed_by: str = ""
    suggest: str = ""


@dataclass(frozen=True)
class Child:
    """A child table, shown as lines of the form. `owner` is the foreign key to the record. `system`: written by acts only.

    `in_acts`: its lines come with acts alone, typed there or written by them, and it is shown once there are any.
    """

    name: str
    zh: str
    en: str
    model: Any
    fields: tuple[Field, ...]
    owner: str = "record"
    minimum: int = 0
    maximum: int = 50
    system: bool = False
    rule: str = ""
    in_acts: bool = False


@dataclass(frozen=True)
class Section:
    zh: str
    en: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class By:
    """Who may act: a role somewhere, or a person of the record.

    `of`: `company` signs for all departments; `owner_department` signs for the department of the owner (or the one that
    signs for it); `department` acts in the record's own department alone; `own_department` is narrowed to
    `department`; `area` acts on records whose `area` is the person's own. `person` names a column of the record (`owner`);
    with `role` that person must hold it.
    `owner_role`: only when the owner holds that role. `stand_in`: the role that acts where the owner's department has
    nobody else in `role` or one of the roles `besides`.
    """

    role: str = ""
    person: str = ""
    of: str = "company"
    department: str = ""
    owner_role: str = ""
    stand_in: str = ""
    besides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """One road of an act: from these states, by these people, when the conditions hold. `signs` overrides the act's slot.

    A `quiet` road is open without putting the record among those that wait for somebody.
    """

    sources: tuple[str, ...]
    who: tuple[By, ...]
    when: tuple[When, ...] = ()
    signs: str = ""
    quiet: bool = False


@dataclass(frozen=True)
class Ask:
    """A field asked by an act: a column, or `child.column` for each line. `required` in the form of this act.

    With `kind` (`integer`, `quantity`, `money`, `text`, `day`, `choice`) it is no column but a value of the act alone, with its own label,
    bounds and choices. `default` (`today` is a day) stands in the form and for an input that was not sent at all.
    `when`: it is asked, and needed, only on records that meet these conditions. `rule`: needed because of that rule row alone.
    `suggest` only stands in the form, of a column that is still empty: `now`, `today`, or `@` and another column of the record.
    """

    field: str
    required: bool = True
    kind: str = ""
    zh: str = ""
    en: str = ""
    minimum: int | None = None
    above: int | None = None
    choices: tuple[Choice, ...] = ()
    default: str = ""
    when: tuple[When, ...] = ()
    suggest: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Slot:
    """A place for a signature. A later change of one of `fields` cancels it."""

    name: str
    zh: str
    en: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Act:
    """A transition (`target` set) or an act that changes no state. Its name is its address and its `data-action`.

    `reason`: "", "optional" or "required". `signs` names the slot it fills, `cancels` cancels all signatures. `effect` names
    a function of the register's file. `tone`: primary, good, bad, plain. `alone` names references of the record: acts that
    name the same row there come one after the other, so that a guard may count what is around it. `children` names
    child tables whose lines are typed in the form of the act. `moves`: the record moves the balances of its register; the
    effect sets their `order`.
    """

    name: str
    zh: str
    en: str
    routes: tuple[Route, ...]
    target: str = ""
    ask: tuple[Ask, ...] = ()
    reason: str = ""
    reason_label: Text | None = None
    reason_default: Text | None = None
    signs: str = ""
    cancels: bool = False
    agrees: bool = True
    effect: str = ""
    tone: str = "plain"
    hint: Text | None = None
    alone: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    moves: bool = False


@dataclass(frozen=True)
class Rule:
    """A rule of the catalogue as this register meets it. Without its row nothing of it is enforced.

    `on`: acts (`create`, `update`, names) before which `guard` is asked and after which `compute` runs. `order`: acts whose
    source state this rule demands. `pairs`: slots or persons that must be different people. `required`: fields without
    which a save is refused. `fields`: what records it. `waits`: the register it waits for.
    """

    id: str
    kind: str
    automation: str
    clause: str
    how: Text
    on: tuple[str, ...] = ()
    guard: str = ""
    compute: str = ""
    order: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    required: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    waits: str = ""


@dataclass(frozen=True)
class Always:
    """What a record must be whatever the catalogue says: an end that is not before its start, a total, a name copied from another row.

    `guard` is asked before the acts `on`, `compute` runs after them, both before those of the rule rows.
    """

    on: tuple[str, ...]
    guard: str = ""
    compute: str = ""


@dataclass(frozen=True)
class Unmask:
    """Who reads fields of a level in clear: a role in its scope, or the person in a column. `fields` narrows to some."""

    level: int
    role: str = ""
    person: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lift:
    """A record whose `field` has `value` lifts its fields of level `source` to level `target`."""

    field: str
    value: str
    source: int
    target: int


@dataclass(frozen=True)
class Numbering:
    """`LP` + year gives `LP-2025-0001`; `per` is `year`, `month` or `day`; one series per period without gaps."""

    prefix: str
    per: str = "year"
    width: int = 4


@dataclass(frozen=True)
class Series:
    """A further series without gaps besides the number: column `field` takes its next number when the record is made, a column
    of whole numbers the bare one. Falls with the row `rule`."""

    field: str
    numbering: Numbering
    rule: str = ""


@dataclass(frozen=True)
class Ahead:
    """Records whose choice `field` shows the derived `value` stand first in the list, for whoever's roles open `act`."""

    field: str
    value: str
    act: str


@dataclass(frozen=True)
class Block:
    """One block of a printed form: `fields`, `lines` (a child table or the records), `each` (the fields of each of many records),
    `signatures`, `text`, `space`.

    `headings` says what stands over a column instead of the field's label. `every` are slots that have their place although
    the record's road does not lead over them.
    """

    kind: str
    zh: str = ""
    en: str = ""
    fields: tuple[str, ...] = ()
    child: str = ""
    total: tuple[str, ...] = ()
    capitals: str = ""
    slots: tuple[str, ...] = ()
    blank: tuple[Text, ...] = ()
    text: Text | None = None
    headings: Mapping[str, Text] = field(default_factory=dict)
    every: tuple[str, ...] = ()


@dataclass(frozen=True)
class Print:
    """A printed form of one record, or (`many`) of all records that `by` selects (`month`, `date`, `area`, `user`, or the
    list's own query). `register` borrows the rows of another register. `parts` are the copies with their recipients, because of
    the row `rule` if it is named; without that row there is one copy. `cover`: a first page says what was bound.
    """

    name: str
    zh: str
    en: str
    blocks: tuple[Block, ...]
    many: bool = False
    by: tuple[tuple[str, str], ...] = ()
    register: str = ""
    paper: str = "A4"
    parts: tuple[Text, ...] = ()
    states: tuple[str, ...] = ()
    rule: str = ""
    cover: bool = False


@dataclass(frozen=True)
class Grant:
    """What a role may do with a register: letters C R U D A E, a scope, and the view that limits its fields.

    `through` names a reference whose own scope decides (`R o` of the service log through `customer`), or another register's
    reference to this one: then it is the records that those in scope there point to (`complaint.customer`). `rows` names an entry of
    `Register.rows`: the grant covers only records that meet its conditions.
    """

    verbs: frozenset[str]
    scope: str
    view: str = ""
    through: str = ""
    rows: str = ""


@dataclass(frozen=True)
class Link:
    """Records of another register that point here through `field`, shown on the details page.

    With `alike` they do not point here, but have the same value as this record in that column of the model. `act`: shown only to
    those whose roles open that act. `create`: the text of a button that makes such a record from here, offered where its
    reference would offer this record. `rule`: they are shown because of that row. `if_any`: shown only where there are some.
    """

    register: str
    field: str
    zh: str
    en: str
    alike: str = ""
    act: str = ""
    create: Text | None = None
    rule: str = ""
    if_any: bool = False


@dataclass(frozen=True)
class Elapsed:
    """A column of a named list: the time that has passed since `field`. With `limit`, a setting in minutes, it is a deadline."""

    name: str
    zh: str
    en: str
    field: str
    limit: str = ""


@dataclass(frozen=True)
class NamedList:
    """A list with a name of its own, `?view=<name>`: the records that meet `where`, the smallest values of `order` first
    (empty ones last), with `columns` of the register and the `elapsed` times behind them."""

    name: str
    zh: str
    en: str
    where: tuple[When, ...]
    order: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    elapsed: tuple[Elapsed, ...] = ()


@dataclass(frozen=True)
class Register:
    """Everything derived pages, checks and prints need to know. See the class docstrings above for the parts.

    `public`: everybody may read its labels and pick from it (departments, areas). `menu` orders the registers.
    `holds`: references through which a record in one of these states (none named: in any that does not end) keeps what it points
    to from being closed. `deputy`: the column of whoever acts for the owner while he is absent. `former`: the child and its column
    that name people who gave the record away; having made it or acted on it gives them no sight of it any more.
    `series`: further numbers without gaps. `ahead`: what stands first in the list as long as no other order was chosen.
    `owner_is`: the reference to an account that makes its person the owner; who makes records only of his own names
    himself there. `always`: guards and computations that hang on no rule. `rows`: conditions that grants of the matrix name.
    """

    name: str
    zh: str
    en: str
    group: Text
    model: Any
    fields: tuple[Field, ...]
    access: Mapping[str, tuple[Grant, ...]]
    sections: tuple[Section, ...]
    columns: tuple[str, ...]
    label: tuple[str, ...]
    children: tuple[Child, ...] = ()
    search: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    order: tuple[str, bool] = ("number", True)
    states: tuple[State, ...] = ()
    acts: tuple[Act, ...] = ()
    slots: tuple[Slot, ...] = ()
    always: tuple[Always, ...] = ()
    rules: tuple[Rule, ...] = ()
    prints: tuple[Print, ...] = ()
    links: tuple[Link, ...] = ()
    views: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: Mapping[str, tuple[When, ...]] = field(default_factory=dict)
    unmask: tuple[Unmask, ...] = ()
    lift: tuple[Lift, ...] = ()
    numbering: Numbering | None = None
    kept_by: tuple[str, ...] = ()
    own: tuple[str, ...] = ("owner", "created_by")
    owner_typed: bool = False
    update_states: tuple[str, ...] = ()
    owner_updates: tuple[str, ...] = ()
    copy_from: tuple[str, ...] = ()
    copy_label: Text | None = None
    print_needs_grant: bool = False
    export_needs_grant: bool = True
    retention: str = ""
    remarks: bool = True
    attachments: bool = True
    waiting_first: bool = False
    active_field: str = ""
    holds: tuple[tuple[str, tuple[str, ...]], ...] = ()
    deputy: str = ""
    former: tuple[str, str] = ("", "")
    public: bool = False
    lists: tuple[NamedList, ...] = ()
    owner_is: str = ""
    series: tuple[Series, ...] = ()
    ahead: tuple[Ahead, ...] = ()
    balances: Balances | None = None
    reports: tuple[Report, ...] = ()
    menu: int = 500
