"""Random requests that know the product: its addresses, registers, fields, states, ids and the kinds of values.

`requests(Schema(whole))` is a Hypothesis strategy. Most of a request is as our pages send it, so that it comes far; some of it is not.
"""

from __future__ import annotations

import datetime as dt
import string
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from backoffice import clock, listing, values
from backoffice.access import access_of
from backoffice.declarations import Declaration, Info
from backoffice.people import hats
from models.accounts import Area, Delegation, Department, ExportGrant, Group, User
from models.evidence import StoredFile
from models.matrix import ROLES
from tests.door_world import accounts, representatives
from tests.fuzz.odd import ODD
from tests.whole_company import Whole

# One account of each role, so that somebody may do whatever a register allows.
USERS: tuple[str, ...] = tuple(representatives(accounts()))
# Marks of a script that must never stand in a page as markup.
SCRIPT = "<script>zq9()</script>"


@dataclass(frozen=True)
class Sent:
    """One request, as bytes that a client could send."""

    username: str
    method: str
    path: str
    body: str = ""


@dataclass(repr=False)
class Schema:
    """What there is to aim at, read once from the company."""

    whole: Whole
    ids: dict[str, list[int]] = field(default_factory=dict)
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    other_ids: dict[str, list[int]] = field(default_factory=dict)
    users: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    seen: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, declaration in self.whole.catalogue.items():
            model = declaration.model
            self.ids[name] = [row.id for row in model.select(model.id).order_by(model.id)]
            step = max(1, len(self.ids[name]) // 12)
            chosen = model.select().where(model.id.in_(self.ids[name][::step])).order_by(model.id)
            self.rows[name] = [typed(declaration, row) for row in chosen]
            self._find_users(name)
        for name, model in (("user", User), ("export_grant", ExportGrant), ("delegation", Delegation)):
            self.other_ids[name] = [row.id for row in model.select(model.id).order_by(model.id)] or [1]
        self.other_ids["file"] = [row.id for row in StoredFile.select(StoredFile.id).order_by(StoredFile.id)] or [1]
        for name, place in (("department", Department), ("group", Group), ("area", Area)):
            self.other_ids[name] = [row.id for row in place.select(place.id).order_by(place.id)] or [1]

    def _find_users(self, name: str) -> None:
        """Who may do what and sees which records, so that most requests come past the first doors."""
        declaration = self.whole.catalogue[name]
        for user in User.select().where(User.username.in_(USERS)).order_by(User.id):
            roles = [row.role for row in user.roles]
            access = access_of(user, hats(user, roles, clock.today()), self.whole.catalogue, clock.today())
            model = declaration.model
            sight = model.select(model.id).where(access.scope(declaration))
            self.seen[name, user.username] = frozenset(str(row.id) for row in sight)
            for verb in ("read", "create", "update", "export"):
                if access.may(declaration, verb):
                    self.users.setdefault((name, verb), []).append(user.username)
            for act in access.open_acts(declaration):
                self.users.setdefault((name, act.name), []).append(user.username)

    def somebody(self, name: str, verb: str, record: str = "") -> st.SearchStrategy[str]:
        """Mostly one who may; of those one who sees the record, if there is any."""
        known = self.users.get((name, verb)) or list(USERS)
        seers = [username for username in known if record in self.seen[name, username]]
        able = st.sampled_from(seers or known)
        return st.one_of(able, able, able, able, st.sampled_from(USERS))


def typed(declaration: Declaration, row: Any) -> dict[str, str]:
    """A record as its form would send it, with id and version."""
    found = {"id": str(row.id), "version": str(row.version)}
    for info in declaration.fields.values():
        if info.typed:
            value = getattr(row, f"{info.name}_id") if info.kind in {"ref", "file"} else getattr(row, info.name)
            found[info.name] = values.typed(info, value)
    for child in declaration.children.values():
        if child.child.system:
            continue
        lines = child.model.select().where(child.owner == row.id).order_by(child.model.position, child.model.id)
        for place, line in enumerate(lines.limit(3)):
            found[f"{child.name}-{place}-id"] = str(line.id)
            for info in child.fields.values():
                value = getattr(line, f"{info.name}_id") if info.kind in {"ref", "file"} else getattr(line, info.name)
                found[f"{child.name}-{place}-{info.name}"] = values.typed(info, value)
    return found


# ---- values --------------------------------------------------------------------------------------------------------------

odd = st.one_of(st.sampled_from([*ODD, SCRIPT]), st.text(max_size=40))
numbers = st.one_of(
    st.integers(-3, 300).map(str),
    st.integers().map(str),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.sampled_from(["0", "-0", "1e9", "9" * 30, "0.001", "0.0001", "1,000", "１２", "٣", "0x1F", "1_000"]),
)
days = st.one_of(
    st.dates(dt.date(1890, 1, 1), dt.date(2210, 1, 1)).map(str),
    st.sampled_from(["2025-02-29", "2024-2-9", "20250305", "2025年3月5日", "0000-00-00", "9999-12-31", "2025-13-01"]),
)
instants = st.one_of(
    st.tuples(days, st.times()).map(lambda both: f"{both[0]} {both[1].isoformat()[:8]}"),
    days.map(lambda day: f"{day} 24:00"),
    st.dates(dt.date(2025, 1, 1), dt.date(2025, 12, 1)).map("{}T09:30".format),
)


def ids_of(known: list[int]) -> st.SearchStrategy[str]:
    good = st.sampled_from(known or [1]).map(str)
    return st.one_of(
        good,
        good,
        good,
        st.sampled_from(["0", "-1", "", "1.0", "9" * 25, "0001", "２", "1;2", "x", "2147483648", " 1"]),
        odd,
    )


def value_of(schema: Schema, info: Info) -> st.SearchStrategy[str]:
    """A value of the field, more or less."""
    kind = info.kind
    if kind == "choice":
        good: st.SearchStrategy[str] = st.sampled_from([*info.choices] or [""])
    elif kind == "flag":
        good = st.sampled_from(["true", "false", "1", "", "on", "maybe"])
    elif kind == "day":
        good = days
    elif kind == "instant":
        good = instants
    elif info.numeric:
        good = numbers
    elif kind == "ref":
        known = schema.ids[info.target] if info.target in schema.ids else schema.other_ids["user"]
        good = ids_of(known)
    elif kind == "file":
        good = ids_of(schema.other_ids["file"])
    else:
        good = st.text(string.ascii_letters + "公司张伟0123456789 ", max_size=30)
    return st.one_of(good, good, odd)


# ---- queries -------------------------------------------------------------------------------------------------------------


def query(schema: Schema, declaration: Declaration, door: str, record: str) -> st.SearchStrategy[list[tuple[str, str]]]:
    """Parameters of an address of a register: those it reads, and some that it does not."""
    fields = list(declaration.fields.values())
    paths = st.sampled_from([info.path for info in declaration.every_field()] + ["id", "version", "owner__name", ""])
    operations = st.sampled_from([*listing.OPERATIONS, "like"])
    filters = st.sampled_from(fields).flatmap(
        lambda info: st.tuples(
            st.builds(
                "flt{}_{}_{}".format, st.sampled_from(["1", "2", "0", "999", ""]), st.just(info.name), operations
            ),
            st.one_of(
                value_of(schema, info),
                st.tuples(value_of(schema, info), value_of(schema, info)).map(" to ".join),
                st.lists(value_of(schema, info), max_size=3).map(",".join),
            ),
        )
    )
    pairs = st.one_of(
        filters,
        st.tuples(st.just("page"), numbers),
        st.tuples(st.just("page_size"), st.sampled_from(["1", "20", "500", "501", "0", "-1", "x", "9" * 20])),
        st.tuples(st.just("sort"), st.one_of(paths, numbers, odd)),
        st.tuples(st.just("desc"), st.sampled_from(["0", "1", "2", "x"])),
        st.tuples(st.just("search"), st.one_of(odd, st.sampled_from(["%", "_", "^a", "=a", "a" * 101, "KH-2025"]))),
        st.tuples(st.just("columns"), paths),
        st.tuples(
            st.just("view"), st.one_of(st.sampled_from([one.name for one in declaration.register.lists] + ["all"]))
        ),
        st.tuples(st.sampled_from(["month", "date"]), days.map(lambda day: day[:7])),
        st.tuples(st.sampled_from(["area", "user", "before", "copy", "file"]), ids_of(schema.other_ids["user"])),
        st.tuples(st.just("child"), st.sampled_from([*declaration.children, "x"])),
        st.tuples(st.text(max_size=10), odd),
    )
    rest = st.one_of(st.just([]), st.lists(pairs, max_size=1), st.lists(pairs, max_size=4))
    found = rest
    if door in {"details/", "history/", "edit/", "file/"} or door.startswith(("transition/", "print/")):
        ids = ids_of(schema.ids[declaration.name])
        found = st.tuples(st.tuples(st.just("id"), st.one_of(st.just(record), ids)), rest).map(
            lambda both: [both[0], *both[1]]
        )
    if door == "ajax/lookup/":
        found = st.tuples(st.tuples(st.just("name"), paths), st.tuples(st.just("query"), odd), rest).map(
            lambda all_: [all_[0], all_[1], *all_[2]]
        )
    return found


def doors(declaration: Declaration) -> list[str]:
    found = ["", "details/", "history/", "edit/", "new/", "ajax/lookup/", "file/", "export/csv/", "export/csv/"]
    found += ["export/pdf/"] if len(declaration.fields) % 3 == 0 else ["export/xls/"]
    found += [f"transition/{act}/" for act in [*declaration.acts, "no_such"]][:8]
    return found + [f"print/{form.name}/" for form in declaration.register.prints]


# ---- bodies --------------------------------------------------------------------------------------------------------------


@st.composite
def body(draw: st.DrawFn, schema: Schema, declaration: Declaration, row: dict[str, str]) -> list[tuple[str, str]]:
    """The record's own form with some values replaced, left out, doubled or added."""
    data = {key: text for key, text in row.items() if key != "id"}
    infos = list(declaration.every_field())
    for _ in range(draw(st.integers(0, 4))):
        info = draw(st.sampled_from(infos))
        key = f"{info.child}-{draw(st.sampled_from('0129'))}-{info.name}" if info.child else info.name
        data[key] = draw(value_of(schema, info))
    for key in draw(st.lists(st.sampled_from(sorted(data)), max_size=2)):
        data.pop(key, None)
    pairs = list(data.items())
    extra = st.tuples(st.one_of(st.sampled_from(sorted(data) or ["x"]), st.text(max_size=12)), odd)
    return pairs + draw(st.lists(extra, max_size=2))


@st.composite
def act_body(draw: st.DrawFn, schema: Schema, declaration: Declaration, act: str, row: dict[str, str]) -> Any:
    pairs = [("version", draw(st.one_of(st.just(row["version"]), numbers))), ("reason", draw(odd))]
    for ask in declaration.acts[act].ask if act in declaration.acts else ():
        if not ask.kind and declaration.has(ask.field):
            info = declaration.info(ask.field)
            pairs.append((f"{info.child}-0-{info.name}" if info.child else info.name, draw(value_of(schema, info))))
        else:
            pairs.append((ask.field, draw(st.one_of(numbers, odd, days))))
    return pairs


def address(path: str, pairs: list[tuple[str, str]]) -> str:
    found = urlencode(pairs, encoding="utf-8", errors="surrogatepass")
    place = quote(path, safe="/", errors="surrogatepass")
    return f"{place}?{found}" if found else place


@st.composite
def of_registers(draw: st.DrawFn, schema: Schema) -> Sent:
    name = draw(st.sampled_from(list(schema.ids)))
    declaration = schema.whole.catalogue[name]
    row = draw(st.sampled_from(schema.rows[name] or [{"id": "1", "version": "1"}]))
    if draw(st.booleans()):
        known = st.sampled_from(doors(declaration))
        door = draw(st.one_of(known, known, known, odd.map(lambda text: text[:30].replace("..", ""))))
        verb = {"new/": "create", "edit/": "update", "export/csv/": "export"}.get(door, "read")
        verb = door.split("/")[1] if door.startswith("transition/") else verb
        path = address(f"/admin/{name}/{door}", draw(query(schema, declaration, door, row["id"])))
        return Sent(draw(schema.somebody(name, verb, row["id"])), "GET", path)
    door = draw(st.sampled_from(["new/", "new/", "edit/", "edit/", "edit/", "transition", "transition", "action/"]))
    act = draw(st.sampled_from([*declaration.acts, *declaration.acts, "no_such"]))
    if door == "action/":
        pairs = [("action", act), ("comment", draw(odd)), ("url", draw(odd))]
        pairs += [("rowid", one) for one in draw(st.lists(ids_of(schema.ids[name]), min_size=1, max_size=4))]
        pairs += [("version", one) for one in draw(st.lists(numbers, max_size=2))]
        return Sent(draw(schema.somebody(name, act)), "POST", f"/admin/{name}/action/", form(pairs))
    if door == "transition":
        pairs = draw(act_body(schema, declaration, act, row))
        path = f"/admin/{name}/transition/{act}/?id={row['id']}"
        return Sent(draw(schema.somebody(name, act, row["id"])), "POST", path, form(pairs))
    path = f"/admin/{name}/{door}" + (f"?id={row['id']}" if door == "edit/" else "")
    editing = door == "edit/"
    username = draw(schema.somebody(name, "update" if editing else "create", row["id"] if editing else ""))
    return Sent(username, "POST", path, form(draw(body(schema, declaration, row))))


@st.composite
def of_accounts(draw: st.DrawFn, schema: Schema) -> Sent:
    """The pages that are no registers."""
    username = draw(st.sampled_from(["admin", "admin", "auditor", "service_manager", "salesperson"]))
    kind = draw(st.sampled_from(["user", "export_grant", "delegation"]))
    ids = ids_of(schema.other_ids[kind])
    people = ids_of(schema.other_ids["user"])
    if draw(st.booleans()):
        door = draw(st.sampled_from(["", "details/", "edit/", "new/", "history/", "access/", "action/", "reset/"]))
        names = st.sampled_from(["id", "page", "sort", "desc", "search", "user", "register", "flt1_roles_equals"])
        pairs = draw(st.lists(st.tuples(names, st.one_of(ids, odd, numbers)), max_size=4))
        place = draw(
            st.sampled_from([f"/admin/{kind}/{door}", "/", "/account/sessions/", "/account/password/", "/login"])
        )
        return Sent(username, "GET", address(place, pairs))
    fields: dict[str, st.SearchStrategy[str]] = {
        "username": st.one_of(odd, st.from_regex(r"[a-z][a-z0-9_.]{2,12}", fullmatch=True)),
        "name": odd,
        "department": ids_of(schema.other_ids["department"]),
        "group": ids_of(schema.other_ids["group"]),
        "area": ids_of(schema.other_ids["area"]),
        "roles": st.one_of(st.sampled_from(list(ROLES)), odd),
        "active": st.sampled_from(["true", "false", "maybe"]),
        "user": people,
        "owner": people,
        "delegate": people,
        "role": st.one_of(st.sampled_from(list(ROLES)), odd),
        "register": st.one_of(st.sampled_from(list(schema.ids)), odd),
        "reason": odd,
        "starts_on": days,
        "ends_on": days,
        "version": numbers,
        "rowid": ids,
        "action": st.sampled_from(["enable", "disable", "end_sessions", "end", "end_others", "revoke", "x"]),
        "session": ids,
        "old": odd,
        "new": odd,
        "repeat": odd,
    }
    chosen = draw(st.lists(st.sampled_from(list(fields)), min_size=1, max_size=12, unique=True))
    pairs = [(name, draw(fields[name])) for name in chosen]
    door = draw(st.sampled_from(["new/", "edit/", "action/", "reset/", "end_session/", "end/", "revoke/"]))
    path = f"/admin/{kind}/{door}"
    place = draw(st.sampled_from([path, path, path, "/account/password/", "/account/sessions/"]))
    return Sent(username, "POST", address(place, [("id", draw(ids))]), form(pairs))


@st.composite
def of_anywhere(draw: st.DrawFn, schema: Schema) -> Sent:
    """Addresses made of pieces of ours."""
    pieces = st.one_of(st.sampled_from(["admin", "account", "static", "user", "edit", "..", "%2e", *schema.ids]), odd)
    path = "/" + "/".join(draw(st.lists(pieces, max_size=4)))
    method = draw(st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"]))
    return Sent(
        draw(st.sampled_from(USERS)), method, quote(path, safe="/%", errors="surrogatepass"), form([("a", "b")])
    )


def form(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs, encoding="utf-8", errors="surrogatepass")


def requests(schema: Schema) -> st.SearchStrategy[Sent]:
    return st.one_of(
        of_registers(schema), of_registers(schema), of_registers(schema), of_accounts(schema), of_anywhere(schema)
    )
