"""The rights of a person in words, for the page of administrators and auditors and for `backoffice access`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backoffice.access import Access
from backoffice.account_changes import KEEPERS, READERS
from backoffice.declarations import Declaration, Info
from backoffice.grants import reach_of
from backoffice.rights import Deed, Hidden, Rights, Road, Way, Worn, rights_of, wardrobe
from backoffice.texts import Readable, label, read, say
from models.accounts import Area, Group
from models.matrix import ROLES

VERB_WORDS: Mapping[str, Readable] = {
    "read": say("sees"),
    "create": say("creates"),
    "update": say("changes"),
    "void": say("voids"),
    "approve": say("approves"),
    "export": say("exports"),
}


@dataclass(frozen=True)
class Line:
    """One statement: what it is about, in words, and a plain value for scripts."""

    name: str
    label: str
    text: str
    value: str = ""


@dataclass(frozen=True)
class WayLine:
    """One role's way of seeing the register, in words."""

    role: str
    role_label: str
    verbs: str
    scope: str
    fields: str
    rows: int
    lent: bool


@dataclass
class Teller:
    """Words for the rights of one person. The names of groups and areas are asked for once."""

    access: Access
    _places: dict[str, dict[int, str]] = field(default_factory=dict)

    # ---- the person ------------------------------------------------------------------------------------------------

    def person(self, worn: Iterable[Worn]) -> Iterator[Line]:
        """What he is: his hats, and what he may do to accounts and grants."""
        for one in worn:
            yield Line("role", read(say("role")), self._hat(one), one.hat.role)
        roles = self.access.roles
        if roles & KEEPERS:
            yield Line("accounts", read(say("accounts")), read(say("makes and changes accounts and delegations")))
        elif roles & READERS:
            yield Line("accounts", read(say("accounts")), read(say("reads accounts, grants and delegations")))
        reach = {"all": say("gives exports to everybody else"), "department": say("gives exports in his department")}
        given = reach_of(hat.role for hat in self.access.hats if hat.on_behalf_of is None)
        if given:
            yield Line("grants", read(say("export grants")), read(reach[given]), given)

    def _hat(self, one: Worn) -> str:
        hat = one.hat
        department = self.access.staff.departments().get(hat.department_id or 0)
        places = [str(department) if department is not None else ""]
        places += [self._place(Group, hat.group_id), self._place(Area, hat.area_id)]
        text = self._role(one)
        where = "、".join(place for place in places if place)
        return f"{text}（{where}）" if where else text

    def _role(self, one: Worn) -> str:
        text = role_label(one.hat.role)
        if one.hat.on_behalf_of is None:
            return text
        until = one.until.isoformat() if one.until is not None else ""
        return read(say("{role} for {name} until {day}", role=text, name=one.lender, day=until))

    def _place(self, model: Any, row_id: int | None) -> str:
        if row_id is None:
            return ""
        name = model._meta.table_name
        if name not in self._places:
            self._places[name] = {row.id: str(row) for row in model.select()}
        return self._places[name].get(row_id, "")

    # ---- a register ------------------------------------------------------------------------------------------------

    def ways(self, rights: Rights) -> list[WayLine]:
        return [self._way(rights.declaration, way) for way in rights.ways]

    def lines(self, rights: Rights) -> Iterator[Line]:
        """Everything but the ways."""
        declaration = rights.declaration
        verbs = "、".join(read(VERB_WORDS[verb]) for verb in rights.verbs)
        yield Line("verbs", read(say("verbs")), verbs, ",".join(rights.verbs))
        yield Line("rows", read(say("rows")), str(rights.rows), str(rights.rows))
        if rights.beyond:
            text = read(say("{count}, as maker, signer or because they wait for him", count=rights.beyond))
            yield Line("beyond", read(say("of these beyond his roles' scope")), text, str(rights.beyond))
        yield from self._hidden(declaration, "absent", say("fields absent"), rights.absent, rights.rows)
        yield from self._hidden(declaration, "masked", say("fields masked"), rights.masked, rights.rows)
        if rights.untyped:
            yield Line("untyped", read(say("fields only others type")), names(declaration, rights.untyped))
        if rights.update_states:
            states = [label(declaration.states[code]) for code in rights.update_states if code in declaration.states]
            yield Line(
                "update_states", read(say("changes in states")), "、".join(states), ",".join(rights.update_states)
            )
        for deed in rights.deeds:
            yield Line(f"act:{deed.act.name}", read(say("act")), self._deed(declaration, deed), str(deed.rows))
        yield Line("export", read(say("export")), self._leave(rights), "yes" if rights.leave.allowed else "no")
        if rights.prints:
            forms = "、".join(label(form) for form in rights.prints)
            yield Line("prints", read(say("prints")), forms, ",".join(form.name for form in rights.prints))

    def _way(self, declaration: Declaration, way: Way) -> WayLine:
        return WayLine(
            role=way.worn.hat.role,
            role_label=self._role(way.worn),
            verbs="、".join(read(word) for verb, word in VERB_WORDS.items() if verb in way.grant.verbs),
            scope=self._scope(declaration, way),
            fields=_view(declaration, way.grant.view) if way.grant.view else read(say("all fields")),
            rows=way.rows,
            lent=way.worn.hat.on_behalf_of is not None,
        )

    def _scope(self, declaration: Declaration, way: Way) -> str:
        grant, target = way.grant, declaration
        register, _, back = grant.through.partition(".")
        if back and register in self.access.catalogue:
            target = self.access.catalogue[register]
            field = label(target.fields[back].field)
            text = say(
                "those named as {field} in {register}: {scope}",
                field=field,
                register=label(target.register),
                scope=self._rows(target, way),
            )
            return read(text)
        info = declaration.fields.get(grant.through) if grant.through else None
        if info is not None and info.target in self.access.catalogue:
            target = self.access.catalogue[info.target]
            text = say("those whose {field} is among: {scope}", field=label(info.field), scope=self._rows(target, way))
            return read(text)
        return self._rows(declaration, way)

    def _rows(self, declaration: Declaration, way: Way) -> str:
        hat, scope = way.worn.hat, way.grant.scope
        if scope == "all" or ("scope" not in declaration.marks and declaration.is_record):
            return read(say("all"))
        code = self.access.staff.department_code(hat.department_id)
        if scope == "department" and code in declaration.register.kept_by:
            return read(say("all (his department keeps the register)"))
        if scope == "department" and hat.department_id is not None:
            department = self.access.staff.departments()[hat.department_id]
            return read(say("those of the department {name} or made in it", name=str(department)))
        own = self._own(declaration, way.worn)
        group, area = self._place(Group, hat.group_id), self._place(Area, hat.area_id)
        if scope == "group" and group:
            return read(say("{own}, and those of the people of {name}", own=own, name=group))
        if scope == "area" and area:
            return read(say("{own}, and those of the area {name}", own=own, name=area))
        return own

    def _own(self, declaration: Declaration, worn: Worn) -> str:
        fields = [declaration.fields[name] for name in declaration.register.own if name in declaration.fields]
        text = say("own ({fields})", fields=names(declaration, fields))
        return read(text) if worn.hat.on_behalf_of is None else f"{read(text)} · {worn.lender}"

    def _hidden(
        self, declaration: Declaration, name: str, title: Readable, found: Iterable[Hidden], total: int
    ) -> Iterator[Line]:
        for hidden in found:
            text = names(declaration, hidden.fields)
            if hidden.rows < total:
                text = read(say("{fields} (in {count} of {total} rows)", fields=text, count=hidden.rows, total=total))
            if hidden.rows or not total:
                paths = ",".join(info.path for info in hidden.fields)
                yield Line(name, read(title), text, paths)

    def _deed(self, declaration: Declaration, deed: Deed) -> str:
        roads = "; ".join(dict.fromkeys(self._road(declaration, road) for road in deed.roads))
        if not roads:
            return label(deed.act)
        return read(say("{act}: {roads} · now {count}", act=label(deed.act), roads=roads, count=deed.rows))

    def _road(self, declaration: Declaration, road: Road) -> str:
        states = "/".join(label(declaration.states[code]) for code in road.sources if code in declaration.states)
        if road.worn is not None:
            who = self._role(road.worn)
        else:
            known = declaration.fields.get(road.by.person)
            who = read(say("as {field}", field=label(known.field) if known is not None else road.by.person))
        where = {
            "owner_department": say("for the departments he signs for"),
            "department": say("in his own department"),
        }.get(road.by.of)
        parts = [who, read(where) if where is not None and road.worn is not None else "", states]
        return " ".join(part for part in parts if part)

    def _leave(self, rights: Rights) -> str:
        leave = rights.leave
        if not leave.letter:
            return read(say("no: no role of his has it"))
        if not leave.needs_grant:
            return read(say("yes, by role"))
        if leave.grant is None:
            return read(say("no: allowed by role, but not granted to the person"))
        if not leave.allowed:
            return read(say("no: the grant ended on {day}", day=leave.grant.ends_on.isoformat()))
        if leave.grant.ends_on is None:
            return read(say("yes, granted: {reason}", reason=leave.grant.reason))
        day = leave.grant.ends_on.isoformat()
        return read(say("yes, granted until {day}: {reason}", day=day, reason=leave.grant.reason))


def told(access: Access, username: str, registers: Sequence[str]) -> Iterator[str]:
    """Lines for the command: the person, then each register, indented below it the roles (`by`) and everything else."""
    teller = Teller(access)
    yield f"{username}\t{access.name}"
    for line in teller.person(wardrobe(access)):
        yield f"\t{line.name}\t{line.value}\t{line.text}"
    seen = set()
    for rights in rights_of(access, registers):
        seen.add(rights.declaration.name)
        yield f"{rights.declaration.name}\t{label(rights.declaration.register)}"
        for way in teller.ways(rights):
            yield f"\tby\t{way.role}\t{way.role_label}\t{way.verbs}\t{way.scope}\t{way.fields}\t{way.rows}"
        for line in teller.lines(rights):
            yield f"\t{line.name}\t{line.value}\t{line.text}"
    nothing = [name for name in registers if name not in seen]
    if nothing:
        yield f"nothing\t{', '.join(nothing)}"


def role_label(role: str) -> str:
    return read(ROLES[role]) if role in ROLES else role


def names(declaration: Declaration, fields: Iterable[Info]) -> str:
    """Labels of fields, those of child tables behind the table's, with their level where it is above 1."""
    found = []
    for info in fields:
        text = label(info.field)
        if info.child:
            text = f"{label(declaration.children[info.child].child)}·{text}"
        found.append(f"{text} [{info.field.level}]" if info.field.level > 1 else text)
    return "、".join(found)


def _view(declaration: Declaration, view: str) -> str:
    """The fields and whole child tables of a view."""
    paths = declaration.register.views.get(view, ())
    tables = [label(declaration.children[path].child) for path in paths if path in declaration.children]
    fields = names(declaration, (declaration.info(path) for path in paths if declaration.has(path)))
    return "、".join(part for part in (fields, *tables) if part)


__all__ = ["Line", "Teller", "WayLine", "names", "role_label", "told"]
