"""Second factors with recovery codes, former passwords, form tokens, and sessions that change their id with the rights."""

from peewee import CharField, ForeignKeyField, IntegerField


def up(migrator, db):
    class Table(db.Model):
        class Meta:
            legacy_table_names = False

    class User(Table):
        class Meta:
            table_name = "account"

    class SecondFactor(Table):
        user = ForeignKeyField(User, unique=True, on_delete="CASCADE", backref="+")
        salt = CharField(64)
        last_step = IntegerField(default=0)
        confirmed_at = CharField(27)

        class Meta:
            table_name = "second_factor"

    class RecoveryCode(Table):
        user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
        hash = CharField(64)
        used_at = CharField(27, null=True)

        class Meta:
            table_name = "recovery_code"
            indexes = ((("user", "hash"), True),)

    class FormerPassword(Table):
        user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
        hash = CharField(200)
        replaced_at = CharField(27)

        class Meta:
            table_name = "former_password"

    class FormToken(Table):
        user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
        token = CharField(43)
        register = CharField(60)
        digest = CharField(64)
        record_id = IntegerField(null=True)
        at = CharField(27)

        class Meta:
            table_name = "form_token"
            indexes = ((("user", "token", "digest"), True), (("user", "at"), False))

    db.create_tables([SecondFactor, RecoveryCode, FormerPassword, FormToken], safe=False)
    migrator.migrate(
        migrator.add_column("account_session", "rights_version", IntegerField(null=True)),
        migrator.add_column("account_session", "previous_hash", CharField(64, null=True, index=True)),
        migrator.add_column("account_session", "rotated_at", CharField(27, null=True)),
    )


def down(migrator, db):
    for table in ("form_token", "former_password", "recovery_code", "second_factor"):
        db.execute_sql(f'DROP TABLE "{table}"')
    migrator.migrate(
        migrator.drop_index("account_session", "account_session_previous_hash"),
        *(migrator.drop_column("account_session", name) for name in ("rights_version", "previous_hash", "rotated_at")),
    )
