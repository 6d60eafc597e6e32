"""What guards an account and its forms besides the password: second factors, recovery codes, former passwords, form tokens."""

from __future__ import annotations

from peewee import CharField, ForeignKeyField, IntegerField

from models.accounts import User
from models.base import Row
from models.fields import InstantField


class SecondFactor(Row):
    """The authenticator of one account. Its secret follows from `salt` and the server's key, and is stored nowhere.

    `last_step` is the half minute of the last code that was taken: no code is taken twice.
    """

    user = ForeignKeyField(User, unique=True, on_delete="CASCADE", backref="+")
    salt = CharField(64)
    last_step = IntegerField(default=0)
    confirmed_at = InstantField()

    class Meta:
        table_name = "second_factor"


class RecoveryCode(Row):
    """One code for the day on which the authenticator is lost; it works once. Only its SHA-256 is kept."""

    user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
    hash = CharField(64)
    used_at = InstantField(null=True)

    class Meta:
        table_name = "recovery_code"
        indexes = ((("user", "hash"), True),)


class FormerPassword(Row):
    """The hash of a password that its owner has replaced."""

    user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
    hash = CharField(200)
    replaced_at = InstantField()

    class Meta:
        table_name = "former_password"


class FormToken(Row):
    """A form for something new that was sent and made it: sent once more, it leads to what it made."""

    user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
    token = CharField(43)
    register = CharField(60)
    digest = CharField(64)
    record_id = IntegerField(null=True)
    at = InstantField()

    class Meta:
        table_name = "form_token"
        indexes = ((("user", "token", "digest"), True), (("user", "at"), False))
