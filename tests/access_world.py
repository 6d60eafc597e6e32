"""A small company in which every row is known by name, and an oracle that says who sees what of it.

The oracle is written from organisation.md 3.1 and 4 and decisions.md 1 to 7, over plain values; it asks nothing of the engine. Every
customer carries values found nowhere else (canaries) in its fields of level 2 and 3, and a `Witness` reads every answer for those its
account may not see.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from peewee import Database
from pypdf import PdfReader
from werkzeug.test import TestResponse

from backoffice import clock, sessions
from backoffice.database import open_database
from backoffice.demo.company import ACCOUNTS
from backoffice.security import cookie_name
from models import ALL_MODELS
from models.accounts import Area, Delegation, Department, User, UserRole
from models.base import db
from models.evidence import AuditEvent, AuditHead, StoredFile
from models.registers.customer_archive import CustomerArchive, CustomerAssignment, CustomerGrading
from tests import access_cases, access_ledger
from tests.company import NOW, Company, Signed, made_company

# What looking leaves in the history: views of secret values, exports, prints; and what a refusal leaves there.
_READING = re.compile(r":(view|export:[a-z]+|print:[a-z_]+)$|^refusal:|^account:password:failure$|^history:opened$")
STAMP = {"created_at": NOW, "updated_at": NOW}

# ---- who ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hat:
    """A role as worn: the person it belongs to and where he works."""

    role: str
    person: str
    department: str
    group: str = ""
    area: str = ""


@dataclass(frozen=True)
class Person:
    username: str
    hats: tuple[Hat, ...]

    @property
    def persons(self) -> frozenset[str]:
        """The accounts for which he acts: himself and whoever is absent and has lent him a role."""
        return frozenset({self.username, *(hat.person for hat in self.hats)})

    def worn(self, *roles: str) -> tuple[Hat, ...]:
        return tuple(hat for hat in self.hats if hat.role in roles)


_DEMO = {
    one.username: Person(one.username, (Hat(one.role, one.username, one.department, one.group, one.area),))
    for one in ACCOUNTS
}
# `mover` sold in sales and has moved to the business department; `seller` sells there; `two_hats` has two roles; `stand_in`
# acts for the salesperson who is absent today, `late_stand_in` did so until yesterday.
PEOPLE: Mapping[str, Person] = {
    **_DEMO,
    "mover": Person("mover", (Hat("salesperson", "mover", "business", "", "A"),)),
    "seller": Person("seller", (Hat("salesperson", "seller", "business", "", "C"),)),
    "two_hats": Person("two_hats", (Hat("custodian_5s", "two_hats", "sales"), Hat("sales_clerk", "two_hats", "sales"))),
    "stand_in": Person("stand_in", (Hat("hr", "stand_in", "hr"), Hat("salesperson", "salesperson", "sales", "", "A"))),
    "late_stand_in": Person("late_stand_in", (Hat("hr", "late_stand_in", "hr"),)),
}

# ---- what --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Customer:
    key: str
    owner: str
    area: str
    maker: str = ""
    department: str = "sales"
    maker_department: str = ""
    deputy: str = ""
    secret: bool = False
    state: str = "potential"

    @property
    def made_by(self) -> str:
        return self.maker or self.owner

    @property
    def departments(self) -> frozenset[str]:
        return frozenset({self.department, self.maker_department or self.department})


@dataclass(frozen=True)
class Gift:
    key: str
    owner: str
    state: str
    customer: str = ""
    signers: tuple[str, ...] = ()
    department: str = "sales"

    @property
    def roadshow(self) -> bool:
        return not self.customer


@dataclass(frozen=True)
class Line:
    """A key line without a customer, entered by the second custodian."""

    key: str
    holder: str
    purpose: str
    state: str

    @property
    def departments(self) -> frozenset[str]:
        return frozenset({_DEMO[self.holder].hats[0].department, "showroom"})


LINES = (
    Line("asked", "sales_consultant", "other", "requested"),
    Line("moved", "sales_consultant_2", "transfer", "issued"),
    Line("closed", "sales_consultant", "transfer", "closed"),
    Line("washed", "custodian_5s_2", "cleaning", "returned"),
    Line("cash", "finance", "bank_run", "requested"),
    Line("business", "business_clerk", "other", "requested"),
)
CUSTOMERS = (
    Customer("plain", "salesperson", "A"),
    Customer("secret", "salesperson", "B", secret=True),
    Customer("deputised", "salesperson_2", "B", deputy="salesperson"),
    Customer("first_group", "sales_consultant", "A"),
    Customer("second_group", "sales_consultant_2", "C", secret=True),
    Customer("key", "key_account", "B", state="signed"),
    Customer("filed", "salesperson_2", "A", maker="archivist", maker_department="market", state="archived"),
    Customer("void", "salesperson", "A", state="void"),
    Customer("left", "mover", "A"),
    Customer("business", "seller", "C", department="business"),
    Customer("stood_for", "salesperson", "C", deputy="salesperson_2", secret=True),
)
GIFTS = (
    Gift("draft", "salesperson", "draft", "plain"),
    Gift("submitted", "salesperson_2", "submitted", "deputised"),
    Gift("checked", "sales_consultant", "specialist_signed", "first_group", ("market_specialist",)),
    Gift("approved", "sales_consultant_2", "approved", "second_group", ("market_specialist", "sales_manager")),
    Gift("issued", "key_account", "issued", "key", ("market_specialist", "sales_manager")),
    Gift("closed", "salesperson", "closed", "secret", ("market_specialist", "sales_manager")),
    Gift("refused", "salesperson", "refused", "plain", ("market_specialist",)),
    Gift("show", "sales_consultant", "submitted"),
    Gift("show_signed", "sales_consultant", "manager_signed", "", ("sales_manager",)),
    Gift("market_draft", "market_specialist", "draft", "filed", department="market"),
    Gift(
        "market_checked",
        "market_specialist",
        "specialist_signed",
        "plain",
        ("market_specialist_2",),
        department="market",
    ),
    Gift(
        "market_approved",
        "market_specialist",
        "approved",
        "key",
        ("market_specialist_2", "sales_manager"),
        department="market",
    ),
    Gift("business_draft", "seller", "draft", "business", department="business"),
    Gift("business_checked", "seller", "specialist_signed", "business", ("market_specialist",), department="business"),
    Gift("left", "mover", "draft", "left"),
)

# ---- the fields of level 2 and 3, by decisions.md 7 ---------------------------------------------------------------------

CREDIT = ("credit_status", "credit_capacity")
BANK = ("bank_name", "bank_account")
LEVEL_3 = (
    "rep_character",
    "rep_interests",
    "rep_hobbies",
    "rep_family",
    "rep_education",
    "rep_age",
    "rep_ability",
    "rep_background",
    "assets",
    "liabilities",
    *CREDIT,
)
LEVEL_2 = ("legal_representative", "birthday", "annual_sales", *BANK, "contacts.mobile", "contacts.birthday")
SECRET = (*LEVEL_2, *LEVEL_3)

VIEWS: Mapping[str, frozenset[str] | None] = {
    "whole": None,
    "names": frozenset({"number", "name", "short_name"}),
    "service": frozenset({"number", "name", "short_name", "area", "registered_address", "address", "required_specs"}),
    "delivery": frozenset({"number", "name", "short_name", "area", "address", "phone", "delivery_note"}),
    "credit": frozenset({"number", "name", "short_name", *CREDIT, *BANK}),
    "stock": frozenset({"code", "name", "unit", "quantity_in_hand", "active"}),
}

# Role -> (scope, view) of every way in which it reads customers.
CUSTOMER_READERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    **dict.fromkeys(("admin", "gm", "deputy_gm", "business_clerk", "archivist", "auditor"), (("all", "whole"),)),
    **dict.fromkeys(
        ("dept_head", "sales_manager", "sales_assistant", "sales_clerk", "service_manager"), (("department", "whole"),)
    ),
    **dict.fromkeys(("salesperson", "sales_consultant", "key_account"), (("own", "whole"),)),
    "group_leader": (("group", "whole"),),
    "market_specialist": (("department", "whole"), ("all", "names")),
    "custodian_5s": (("all", "names"),),
    "quality_inspector": (("all", "names"),),
    "service_staff": (("area", "service"),),
    "finance": (("all", "credit"),),
    "logistics_specialist": (("all", "delivery"),),
}
GIFT_READERS: Mapping[str, str] = {
    **dict.fromkeys(("admin", "gm", "deputy_gm", "finance", "auditor"), "all"),
    **dict.fromkeys(("dept_head", "sales_manager", "market_specialist"), "department"),
    **dict.fromkeys(("salesperson", "sales_consultant", "key_account"), "own"),
    "group_leader": "group",
}
ITEM_READERS: Mapping[str, str] = {
    **dict.fromkeys(("admin", "gm", "deputy_gm", "sales_manager", "market_specialist", "finance", "auditor"), "whole"),
    **dict.fromkeys(("dept_head", "salesperson", "sales_consultant", "key_account"), "stock"),
}
KEY_READERS: Mapping[str, str] = {
    **dict.fromkeys(("admin", "gm", "deputy_gm", "custodian_5s", "finance", "auditor"), "all"),
    **dict.fromkeys(("dept_head", "sales_manager", "sales_assistant"), "department"),
    **dict.fromkeys(("sales_consultant", "key_account"), "own"),
    "group_leader": "group",
}
KEY_EDITORS = frozenset({"custodian_5s"})
KEY_MAKERS = frozenset({"custodian_5s", "sales_consultant"})
CAR_READERS: Mapping[str, str] = {
    **dict.fromkeys(("admin", "gm", "deputy_gm", "sales_manager", "group_leader", "custodian_5s", "auditor"), "whole"),
    **dict.fromkeys(("sales_consultant", "key_account"), "board"),
}
MASTER_READERS = frozenset({"admin", "business_clerk", "auditor"})
SALES = ("salesperson", "sales_consultant", "key_account")
CUSTOMER_MAKERS = frozenset({*SALES, "archivist"})
CUSTOMER_EDITORS = CUSTOMER_MAKERS | {"dept_head", "sales_manager"}
GIFT_MAKERS = frozenset({*SALES, "market_specialist"})
EXPORTERS: Mapping[str, frozenset[str]] = {
    "customer_archive": frozenset(
        {"gm", "deputy_gm", "dept_head", "sales_manager", "sales_clerk", "archivist", "auditor"}
    ),
    "gift_signoff": frozenset({"dept_head", "sales_manager", "market_specialist", "auditor"}),
    "gift_item": frozenset({"market_specialist", "auditor"}),
    "key_checkout": frozenset({"custodian_5s", "auditor"}),
    "car_key": frozenset({"auditor"}),
    "vehicle_stock": frozenset({"auditor"}),
    "department": frozenset(),
    "group": frozenset(),
    "area": frozenset(),
    **access_cases.EXPORTERS,
    access_ledger.REGISTER: access_ledger.EXPORTERS,
}
# Export is given per person; these have the letter in the matrix but not the grant (decisions.md 5).
UNGRANTED = frozenset({"dept_head_2", "two_hats"})
LIVING = frozenset({"potential", "target", "signed", "dormant"})


# ---- the oracle --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sight:
    """What one account sees of one row: the fields (None: all), and which of its secret fields in clear."""

    fields: frozenset[str] | None
    clear: frozenset[str] = frozenset()

    def of(self, name: str) -> str:
        """> clear, masked, absent"""
        if self.fields is not None and name not in self.fields and name.partition(".")[0] not in self.fields:
            return "absent"
        return "masked" if name in SECRET and name not in self.clear else "clear"


def _in_reach(hat: Hat, scope: str, row: Customer, group_of: Mapping[str, str]) -> bool:
    own = hat.person in {row.owner, row.made_by, row.deputy}
    return {
        "all": True,
        "department": hat.department in row.departments,
        "own": own,
        "group": own or (bool(hat.group) and group_of.get(row.owner) == hat.group),
        "area": own or hat.area == row.area,
    }[scope]


GROUP_OF = {name: person.hats[0].group for name, person in PEOPLE.items()}


def customer_sight(who: Person, row: Customer) -> Sight | None:
    """None: the row does not exist for him."""
    views = {
        (hat, view)
        for hat in who.hats
        for scope, view in CUSTOMER_READERS.get(hat.role, ())
        if _in_reach(hat, scope, row, GROUP_OF)
    }
    if not views:
        return None
    fields: frozenset[str] | None = frozenset()
    for _, view in views:
        named = VIEWS[view]
        fields = None if fields is None or named is None else fields | named
    roles = {hat.role for hat, _ in views}
    return Sight(fields, frozenset(name for name in SECRET if _is_clear(who, roles, row, name)))


# Absent by a delegation of any role: their deputies act for them (decisions.md 3).
ABSENT = frozenset({"salesperson"})


def _stands_in(who: Person, row: Customer) -> bool:
    return row.owner in ABSENT and row.deputy == who.username


def _in_charge(who: Person, row: Customer | Gift) -> bool:
    """Who has left the department of the record has it in charge no more (organisation.md 3.3)."""
    return any(hat.person == row.owner and hat.department == row.department for hat in who.hats)


def _is_clear(who: Person, roles: set[str], row: Customer, name: str) -> bool:
    if _in_charge(who, row) or _stands_in(who, row) or roles & {"sales_manager", "deputy_gm"}:
        return True
    if "finance" in roles and name in {*CREDIT, *BANK}:
        return True
    if name in LEVEL_3 or row.secret:
        return False
    if name == "contacts.mobile" and roles & {"service_manager", "service_staff"}:
        return True
    return bool(roles & {"gm", "dept_head", "archivist"})


def gift_is_seen(who: Person, row: Gift) -> bool:
    if not any(hat.role in GIFT_READERS for hat in who.hats):
        return False
    if who.username in {*row.signers, row.owner}:
        return True
    return any(_gift_reached(hat, row) for hat in who.hats)


def _gift_reached(hat: Hat, row: Gift) -> bool:
    scope = GIFT_READERS.get(hat.role, "")
    if scope == "all":
        return True
    if scope == "department":
        # Market keeps the register; a sales manager signs for market's applicants too, while their record waits for him.
        kept = hat.department == "market"
        waits = row.state in {"specialist_signed", "issued", "partly_signed", "returned", "undelivered"} or (
            row.state == "submitted" and row.roadshow
        )
        signs = hat.role == "sales_manager" and row.department in {"sales", "market"} and waits
        return kept or hat.department == row.department or signs
    if scope == "group" and hat.group and GROUP_OF[row.owner] == hat.group:
        return True
    return scope in {"own", "group"} and hat.person == row.owner


def line_is_seen(who: Person, row: Line) -> bool:
    if not any(hat.role in KEY_READERS for hat in who.hats):
        return False
    return row.holder == who.username or any(_line_reached(hat, row) for hat in who.hats)


def _line_reached(hat: Hat, row: Line) -> bool:
    """Showroom keeps the register; a manager signs for his own department, which he reads anyway."""
    scope = KEY_READERS.get(hat.role, "")
    if scope == "all":
        return True
    if scope == "department":
        return hat.department in row.departments
    if scope == "group" and hat.group and GROUP_OF[row.holder] == hat.group:
        return True
    return scope in {"own", "group"} and hat.person == row.holder


def reads(who: Person, register: str) -> bool:
    """Whether he has anything on the register at all (403 otherwise)."""
    readers: Mapping[str, Any] | frozenset[str] = {
        "customer_archive": CUSTOMER_READERS,
        "gift_signoff": GIFT_READERS,
        "gift_item": ITEM_READERS,
        "key_checkout": KEY_READERS,
        "car_key": CAR_READERS,
        "vehicle_stock": CAR_READERS,
        **access_cases.READERS,
        access_ledger.REGISTER: access_ledger.READERS,
    }.get(register, MASTER_READERS)
    return any(hat.role in readers for hat in who.hats)


def exports(who: Person, register: str) -> bool:
    return who.username not in UNGRANTED and any(
        hat.role in EXPORTERS[register] and hat.person == who.username for hat in who.hats
    )


def knows(who: Person, name: str) -> bool:
    """Whether he may search, sort and filter customers by the field: shown and in clear in his whole scope."""
    ways = [(hat.role, VIEWS[view]) for hat in who.hats for _, view in CUSTOMER_READERS.get(hat.role, ())]
    for role, fields in ways:
        if fields is not None and name not in fields:
            return False
        # Secret customers lift level 2 to 3, so only who is cleared for 3 knows a field in every row.
        if (
            name in SECRET
            and role not in {"sales_manager", "deputy_gm"}
            and not (role == "finance" and name in {*CREDIT, *BANK})
        ):
            return False
    return bool(ways)


def edits_customer(who: Person, row: Customer) -> bool:
    if row.state not in LIVING:
        return False
    return any(
        (hat.role in SALES and (_in_charge(who, row) or _stands_in(who, row)))
        or (hat.role in {"dept_head", "sales_manager"} and hat.department in row.departments)
        or hat.role == "archivist"
        for hat in who.hats
    )


def edits_gift(who: Person, row: Gift) -> bool:
    if row.state != "draft":
        return False
    return any(
        (hat.role in GIFT_MAKERS and _in_charge(who, row)) or hat.role == "market_specialist" for hat in who.hats
    )


# ---- canaries ----------------------------------------------------------------------------------------------------------

_CANARY = re.compile(r"ZQ\d{4}Z|9\d{4}7\.31|19[5-9]\d-(?:03-10|07-11)")
_MONEY = ("annual_sales", "assets", "liabilities")
# Choices and ages have too few values to be told apart in a page; their cells are compared by the matrix.
_PLAIN = {"credit_capacity": "high", "rep_age": "47"}


def canary(row: Customer, name: str) -> str:
    """The value of a secret field of this customer, found nowhere else; "" where it has none of its own."""
    at, position = CUSTOMERS.index(row), SECRET.index(name)
    if name in _PLAIN:
        return ""
    if name in _MONEY:
        return f"9{at:02d}{position:02d}7.31"
    if name.endswith("birthday"):
        return f"19{50 + at}-{'07-11' if name.startswith('contacts') else '03-10'}"
    return f"ZQ{at:02d}{position:02d}Z"


def canaries_in(text: str) -> frozenset[str]:
    return frozenset(_CANARY.findall(text.replace(",", "")))


def allowed_canaries(who: Person) -> frozenset[str]:
    found: set[str] = set()
    for row in CUSTOMERS:
        sight = customer_sight(who, row)
        if sight is not None:
            found.update(canary(row, name) for name in SECRET if sight.of(name) == "clear")
    return frozenset(found)


def text_of(response: TestResponse) -> str:
    """What a person or a script could read in an answer, headers included."""
    heads = "\n".join(f"{name}: {value}" for name, value in response.headers)
    if response.mimetype == "application/pdf":
        return heads + text_of_pdf(response.data)
    return heads + response.get_data(as_text=True)


def text_of_pdf(data: bytes) -> str:
    """What stands on the pages of a PDF; bytes that are none (a form left undrawn, an upload) as they are."""
    if data.startswith(b"%PDF") and b"startxref" in data:
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    return data.decode("utf-8", "replace")


class Witness(Signed):
    """A signed-in browser that refuses every answer in which a value stands that its account may not see."""

    def __init__(self, app: Any, who: Person) -> None:
        super().__init__(app)
        self.who = who
        self.allowed = allowed_canaries(who)
        self.seen: set[str] = set()
        self._token = ""

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.witnessed(path, super().get(path, **kwargs))

    def post(
        self, path: str, data: Mapping[str, Any], *, form: str = "/account/password/", **kwargs: Any
    ) -> TestResponse:
        self._token = self._token or self.token(form)
        body = {"csrf_token": self._token, **data}
        answer = self.client.post(path, data=body, base_url=self.base, buffered=True, **kwargs)
        return self.witnessed(path, answer)

    def ask(self, path: str) -> TestResponse:
        """An answer that may repeat what the account itself has typed into the address."""
        return super().get(path)

    def witnessed(self, path: str, answer: TestResponse) -> TestResponse:
        found = canaries_in(text_of(answer))
        leaked = found - self.allowed
        assert not leaked, f"{self.who.username} read {sorted(leaked)} on {path}"
        self.seen |= found
        return answer


# ---- the company -------------------------------------------------------------------------------------------------------


@dataclass
class World:
    """The populated company of one database: ids by key, browsers by account."""

    company: Company = field(repr=False)
    dialect: str
    url: str
    customers: dict[str, int] = field(default_factory=dict)
    gifts: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    ledger: dict[str, int] = field(default_factory=dict)
    cases: dict[str, dict[str, int]] = field(default_factory=dict)
    item: int = 0
    numbers: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    _browsers: dict[str, Witness] = field(default_factory=dict, repr=False)

    @property
    def database(self) -> Database:
        return self.company.database

    def browser(self, username: str) -> Witness:
        if username not in self._browsers:
            with db.atomic():
                token = sessions.open_session(self.company.users[username].id, now=clock.now(), today=clock.today())
            made = Witness(self.company.app, PEOPLE[username])
            with self.company.app.test_request_context(base_url=made.base):
                made.client.set_cookie(cookie_name("sid"), token, domain="localhost")
            self._browsers[username] = made
        return self._browsers[username]

    def seen_customers(self, who: Person) -> dict[str, Sight]:
        found = {row.key: customer_sight(who, row) for row in CUSTOMERS}
        return {key: sight for key, sight in found.items() if sight is not None}

    def seen_gifts(self, who: Person) -> list[Gift]:
        return [row for row in GIFTS if gift_is_seen(who, row)]

    def ids(self, who: Person, register: str) -> set[int]:
        """The ids of the rows of a register that exist for him."""
        if not reads(who, register):
            return set()
        if register == "customer_archive":
            return {self.customers[key] for key in self.seen_customers(who)}
        if register == "gift_signoff":
            return {self.gifts[row.key] for row in self.seen_gifts(who)}
        if register == "key_checkout":
            return {self.lines[row.key] for row in LINES if line_is_seen(who, row)}
        if register == access_ledger.REGISTER:
            return access_ledger.ids(self, who)
        if register in access_cases.CASES:
            return access_cases.ids(self, who, register)
        model = self.company.catalogue[register].model
        return {row.id for row in model.select(model.id)}

    def content(self) -> dict[str, Any]:
        """Every row of every table but what requests leave on purpose; history without what reading or a refusal leaves on purpose."""
        found: dict[str, Any] = {}
        for model in ALL_MODELS:
            name = model._meta.table_name
            # Sessions are touched by every request, guesses of a password are counted, heads follow their entries.
            if name in {"account_session", "sign_in_attempt"} or model is AuditHead:
                continue
            rows = list(model.select().order_by(model.id).tuples())
            if model is AuditEvent:
                action = [one.name for one in model._meta.sorted_fields].index("action")
                rows = [row for row in rows if not _READING.search(row[action])]
            found[name] = rows
        return found


def populate(company: Company, dialect: str, url: str) -> World:
    world = World(company, dialect, url)
    _hire(company)
    world.item = company.gift_item(stock=500)
    for row in CUSTOMERS:
        world.customers[row.key] = _customer(company, row)
    for gift in GIFTS:
        world.gifts[gift.key] = _gift(world, gift)
    for line in LINES:
        world.lines[line.key] = company.line_in(line.state, line.purpose, holder=line.holder)
    access_cases.populate(world)
    access_ledger.populate(world)
    _afterwards(world)
    for register, ids in (("customer_archive", world.customers), ("gift_signoff", world.gifts)):
        model = company.catalogue[register].model
        known = {found.id: found.number for found in model.select(model.id, model.number)}
        world.numbers.update({(register, key): known[one] for key, one in ids.items()})
    return world


def _hire(company: Company) -> None:
    place = {row.code: row for row in Department.select()}
    area = {row.code: row for row in Area.select()}
    for username in ("mover", "seller", "two_hats", "stand_in", "late_stand_in"):
        hat = PEOPLE[username].hats[0]
        # The mover begins in sales; he moves after his records are made.
        department = "sales" if username == "mover" else hat.department
        user = User.create(
            username=username,
            name=f"员工{username}",
            department=place[department],
            area=area.get(hat.area),
            password_hash=company.users["admin"].password_hash,
            must_change_password=False,
            **STAMP,
        )
        company.users[username] = user
        for own in PEOPLE[username].hats:
            if own.person == username:
                UserRole.create(user=user, role=own.role)


def _customer(company: Company, row: Customer) -> int:
    inputs: dict[str, Any] = {
        name: _PLAIN.get(name) or canary(row, name) for name in SECRET if not name.startswith("contacts.")
    }
    contact = {name: canary(row, f"contacts.{name}") for name in ("mobile", "birthday")}
    at = CUSTOMERS.index(row)
    owner = company.users[row.owner]
    if row.maker:
        inputs["owner"] = owner.id
    if row.deputy:
        inputs["deputy"] = company.users[row.deputy].id
    inputs |= {
        "name": f"客户{at:02d}有限公司",
        "short_name": f"简称{at:02d}",
        "customer_kind": "company",
        "relation": "current",
        "registered_address": f"注册地址{at:02d}",
        "address": f"联系地址{at:02d}",
        "area": Area.get(Area.code == row.area).id,
        "phone": f"0839-5551{at:03d}",
        "source_channel": "exhibition",
        "delivery_note": f"交货{at:02d}",
        "required_specs": f"规格{at:02d}",
        "confidentiality": "secret" if row.secret else "internal",
        "contacts": [{"name": f"联系人{at:02d}", "main": True, **contact}],
        "plan_steps": [{"date": "2026-04-01", "goal": f"计划{at:02d}"}],
        "documents": [{"document_class": "praise", "title": f"题名{at:02d}", "dated_on": "2026-03-01"}],
        "clippings": [{"source": f"来源{at:02d}", "date": "2026-03-01", "clipping_class": "web"}],
    }
    record = company.done(row.made_by, "customer_archive", None, "create", inputs).id
    # As if an administrator had been its owner once: he reads it anyway.
    admin, day = company.users["admin"].id, NOW.date()
    CustomerAssignment.create(record=record, date=day, old_owner=admin, new_owner=owner, decided_by=admin)
    CustomerGrading.create(record=record, date=day, kind="proposed", scheme="abc_value", grade="B", by=owner)
    return record


def _gift(world: World, row: Gift) -> int:
    company = world.company
    inputs: dict[str, Any] = {"purpose": "roadshow"} if row.roadshow else {"customer": world.customers[row.customer]}
    made = company.gift(row.owner, world.item, 3, **inputs)
    sheet = {
        "signoff_signer": "孙客户",
        "signoff_on": NOW.astimezone(clock.company_zone()).date().isoformat(),
    }
    specialist = next((name for name in row.signers if name.startswith("market")), "market_specialist")
    road: list[tuple[str, str, str, dict[str, Any]]] = [
        ("draft", "", "", {}),
        ("submitted", row.owner, "submitted", {}),
    ]
    if row.roadshow:
        road.append(("manager_signed", "sales_manager", "manager_signed", {"reason": "同意"}))
    elif row.state == "refused":
        road.append(("refused", specialist, "refused", {"reason": "理由不足"}))
    else:
        road += [
            ("specialist_signed", specialist, "specialist_signed", {"reason": "同意"}),
            ("approved", "sales_manager", "approved", {"reason": "同意"}),
            ("issued", specialist, "issued", {}),
            ("signed", row.owner, "signed", sheet),
            ("closed", specialist, "closed", {}),
        ]
    for state, username, act, values in road:
        if act == "signed":
            values["signoff_file"] = world.files[row.key] = company.upload(row.owner, "gift_signoff", "signoff_file")
        if act:
            company.done(username, "gift_signoff", made, act, values)
        if state == row.state:
            return made
    raise AssertionError(f"no road to {row.state}")


def _afterwards(world: World) -> None:
    """What happened later: states that no act of this step reaches, a move, absences, an attachment."""
    company = world.company
    company.done("archivist", "customer_archive", world.customers["void"], "void", {"reason": "重复建档"})
    for row in CUSTOMERS:
        if row.state in {"signed", "archived"}:
            CustomerArchive.update(state=row.state).where(CustomerArchive.id == world.customers[row.key]).execute()
    User.update(department=Department.get(Department.code == "business")).where(User.username == "mover").execute()
    today = NOW.astimezone(clock.company_zone()).date()
    for username, last in (("stand_in", today), ("late_stand_in", today - dt.timedelta(days=1))):
        Delegation.create(
            owner=company.users["salesperson"],
            delegate=company.users[username],
            role="salesperson",
            starts_on=today - dt.timedelta(days=3),
            ends_on=last,
            reason="年假",
            **STAMP,
        )
    file = company.upload("salesperson", "customer_archive", "attachments", "营业执照.pdf")
    StoredFile.update(record_id=world.customers["plain"]).where(StoredFile.id == file).execute()
    world.files["plain"] = file


# ---- fixtures ----------------------------------------------------------------------------------------------------------


@contextmanager
def made_world(dialect: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[World]:
    """The populated company on one kind of database, for as many tests as share it."""
    name = server = None
    if dialect == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), folder / "world.db")
        url = f"sqlite:///{folder / 'world.db'}"
    else:
        from tests import postgres

        template = request.getfixturevalue("postgres_template")
        name, server = postgres.unique_name("world"), template.server
        url = server.create(name, template.name)
    database = open_database(url)
    db.initialize(database)
    database.connect()
    try:
        with clock.set_to(NOW):
            world = populate(made_company(database, folder / "data"), dialect, url)
        yield world
    finally:
        db.initialize(database)
        getattr(database, "close_all", database.close)()
        db.obj = None
        if server is not None:
            server.drop(name)


@contextmanager
def bound(world: World) -> Iterator[World]:
    """The world as the bound database, with the clock at its day."""
    db.initialize(world.database)
    if world.database.is_closed():
        world.database.connect()
    with clock.set_to(NOW):
        yield world


__all__ = ["PEOPLE", "Witness", "World", "bound", "made_world"]
