"""Departments, groups, areas, accounts, their roles, grants, absences, sessions and sign-in attempts."""

from __future__ import annotations

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField

from models.base import BaseModel, Row
from models.fields import DayField, InstantField


class Department(BaseModel):
    """One department. `signing` names the department whose manager signs for this one (decisions.md 2)."""

    code = CharField(30, unique=True)
    name = CharField(60)
    decision = CharField(120, default="")
    signing = ForeignKeyField("self", null=True, on_delete="RESTRICT", backref="signs_for")
    active = BooleanField(default=True)

    class Meta:
        table_name = "department"

    def __str__(self) -> str:
        return str(self.name)


class Group(BaseModel):
    """A sales group inside a department."""

    code = CharField(30, unique=True)
    name = CharField(60)
    department = ForeignKeyField(Department, on_delete="RESTRICT", backref="groups")
    active = BooleanField(default=True)

    class Meta:
        table_name = "staff_group"

    def __str__(self) -> str:
        return str(self.name)


class Area(BaseModel):
    """A sales and service territory (片区)."""

    code = CharField(30, unique=True)
    name = CharField(60)
    out_of_town = BooleanField(default=False)
    active = BooleanField(default=True)

    class Meta:
        table_name = "area"

    def __str__(self) -> str:
        return str(self.name)


class User(BaseModel):
    """One account of one person. A disabled account stays the named person on old records."""

    username = CharField(40, unique=True)
    name = CharField(40)
    department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="staff")
    group = ForeignKeyField(Group, null=True, on_delete="RESTRICT", backref="staff")
    area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", backref="staff")
    active = BooleanField(default=True)
    password_hash = CharField(200, default="")
    must_change_password = BooleanField(default=True)
    password_changed_at = InstantField(null=True)
    password_expires_at = InstantField(null=True)
    rights_version = IntegerField(default=1)

    class Meta:
        table_name = "account"

    def __str__(self) -> str:
        return str(self.name)


class UserRole(Row):
    """A role of an account; the code is one of `models.matrix.ROLES`."""

    user = ForeignKeyField(User, on_delete="CASCADE", backref="roles")
    role = CharField(30)

    class Meta:
        table_name = "account_role"
        indexes = ((("user", "role"), True),)


class ExportGrant(Row):
    """Permission to export and to print lists of one register, given to one person (decisions.md 5)."""

    user = ForeignKeyField(User, on_delete="CASCADE", backref="export_grants")
    register = CharField(60)
    reason = CharField(200)
    granted_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    granted_at = InstantField()
    ends_on = DayField(null=True)

    class Meta:
        table_name = "export_grant"
        indexes = ((("user", "register"), True),)


class Delegation(BaseModel):
    """A period in which `owner` is absent and `delegate` may act in `role` for him (代)."""

    owner = ForeignKeyField(User, on_delete="RESTRICT", backref="delegations")
    delegate = ForeignKeyField(User, on_delete="RESTRICT", backref="delegated")
    role = CharField(30)
    starts_on = DayField()
    ends_on = DayField()
    reason = CharField(200)
    ended = BooleanField(default=False)

    class Meta:
        table_name = "delegation"


class Session(Row):
    """One signed-in browser; only the SHA-256 of its cookie is kept.

    `rights_version` is the account's when the cookie was given; `previous_hash` the cookie before, good for a moment.
    """

    token_hash = CharField(64, unique=True)
    user = ForeignKeyField(User, on_delete="CASCADE", backref="sessions")
    created_at = InstantField()
    seen_at = InstantField()
    address = CharField(64, default="")
    agent = CharField(200, default="")
    ended_at = InstantField(null=True)
    ended_why = CharField(40, default="")
    rights_version = IntegerField(null=True)
    previous_hash = CharField(64, null=True, index=True)
    rotated_at = InstantField(null=True)

    class Meta:
        table_name = "account_session"


class SignInAttempt(Row):
    """One judged guess of a password, counted before the hash is computed."""

    username = CharField(80, index=True)
    address = CharField(64, index=True)
    at = InstantField(index=True)
    succeeded = BooleanField(default=False)

    class Meta:
        table_name = "sign_in_attempt"
