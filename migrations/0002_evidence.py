"""What proves a record: history with its chains, steps, series of numbers and stored files."""

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, TextField


def up(migrator, db):
    class Table(db.Model):
        class Meta:
            legacy_table_names = False

    class User(Table):
        class Meta:
            table_name = "account"

    class AuditEvent(Table):
        chain = CharField(80)
        sequence = IntegerField()
        at = CharField(27)
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
            indexes = ((("chain", "sequence"), True), (("register", "record_id", "id"), False))

    class AuditHead(Table):
        chain = CharField(80, unique=True)
        sequence = IntegerField(default=0)
        hash = CharField(64, default="")

        class Meta:
            table_name = "audit_head"

    class Step(Table):
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
        at = CharField(27)
        opinion = TextField(default="")
        agreed = BooleanField(default=True)
        version = IntegerField(default=0)
        cancelled_at = CharField(27, null=True)
        cancelled_why = CharField(60, default="")

        class Meta:
            table_name = "step"
            indexes = ((("register", "record_id", "id"), False), (("actor", "register"), False))

    class Series(Table):
        register = CharField(60)
        period = CharField(8)
        last = IntegerField(default=0)

        class Meta:
            table_name = "series"
            indexes = ((("register", "period"), True),)

    class StoredFile(Table):
        key = CharField(64, unique=True)
        register = CharField(60)
        record_id = IntegerField(null=True)
        field = CharField(60)
        name = CharField(200)
        mime = CharField(80)
        size = IntegerField()
        sha256 = CharField(64)
        uploaded_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        uploaded_at = CharField(27)

        class Meta:
            table_name = "stored_file"
            indexes = ((("register", "record_id"), False),)

    db.create_tables([AuditEvent, AuditHead, Step, Series, StoredFile], safe=False)


def down(migrator, db):
    for table in ("stored_file", "series", "step", "audit_head", "audit_event"):
        db.execute_sql(f'DROP TABLE "{table}"')
