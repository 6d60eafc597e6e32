"""What proves a record: history entries with their hash chain, steps and signatures, document series, stored files."""

from __future__ import annotations

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, TextField

from models.accounts import User
from models.base import Row
from models.fields import InstantField


class AuditEvent(Row):
    """One history entry, append-only. `detail` is JSON; `hash` covers every other column and `previous`.

    One chain per register and month (`chain` = `gift_signoff:2025-03`), so that writers of different registers do not wait
    for each other.
    """

    chain = CharField(80)
    sequence = IntegerField()
    at = InstantField()
    register = CharField(60)
    record_id = IntegerField(null=True)
    number = CharField(40, default="")
    action = CharField(60)
    actor = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    actor_name = CharField(90, default="")
    on_behalf_of = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    address = CharField(64, default="")
    detail = TextField(default="{}")
    previous = CharField(64, default="")
    hash = CharField(64)

    class Meta:
        table_name = "audit_event"
        indexes = (
            (("chain", "sequence"), True),
            (("register", "record_id", "id"), False),
        )


class AuditHead(Row):
    """The last entry of each chain; its row is the lock that orders writers of one chain."""

    chain = CharField(80, unique=True)
    sequence = IntegerField(default=0)
    hash = CharField(64, default="")

    class Meta:
        table_name = "audit_head"


class Step(Row):
    """One act on a record by one person. With `slot` it is a signature; a cancelled one no longer counts."""

    register = CharField(60)
    record_id = IntegerField()
    act = CharField(60)
    slot = CharField(60, default="")
    source = CharField(40, default="")
    target = CharField(40, default="")
    actor = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    actor_name = CharField(90)
    role = CharField(30, default="")
    on_behalf_of = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
    at = InstantField()
    opinion = TextField(default="")
    agreed = BooleanField(default=True)
    version = IntegerField(default=0)
    cancelled_at = InstantField(null=True)
    cancelled_why = CharField(60, default="")

    class Meta:
        table_name = "step"
        indexes = (
            (("register", "record_id", "id"), False),
            (("actor", "register"), False),
        )


class Series(Row):
    """The last number given of one register and period; its row is the lock that keeps numbers without gaps."""

    register = CharField(60)
    period = CharField(8)
    last = IntegerField(default=0)

    class Meta:
        table_name = "series"
        indexes = ((("register", "period"), True),)


class SentForm(Row):
    """A form for a new record that was sent and saved: sent again with the same words, it leads to the same record."""

    key = CharField(64, unique=True)
    user = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    register = CharField(60)
    record_id = IntegerField()
    at = InstantField(index=True)

    class Meta:
        table_name = "sent_form"


class StoredFile(Row):
    """An uploaded file: bytes lie under a random key outside the web root, the name is only data."""

    key = CharField(64, unique=True)
    register = CharField(60)
    record_id = IntegerField(null=True)
    field = CharField(60)
    name = CharField(200)
    mime = CharField(80)
    size = IntegerField()
    sha256 = CharField(64)
    uploaded_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
    uploaded_at = InstantField()

    class Meta:
        table_name = "stored_file"
        indexes = ((("register", "record_id"), False),)
