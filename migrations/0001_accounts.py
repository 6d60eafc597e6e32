"""Departments, groups, areas and accounts with their roles, grants, absences and sessions."""

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField


def up(migrator, db):
    class Table(db.Model):
        class Meta:
            legacy_table_names = False

    class Department(Table):
        code = CharField(30, unique=True)
        name = CharField(60)
        decision = CharField(120, default="")
        signing = ForeignKeyField("self", null=True, on_delete="RESTRICT", backref="+")
        active = BooleanField(default=True)
        version = IntegerField(default=1)
        created_at = CharField(27)
        updated_at = CharField(27)

        class Meta:
            table_name = "department"

    class Group(Table):
        code = CharField(30, unique=True)
        name = CharField(60)
        department = ForeignKeyField(Department, on_delete="RESTRICT", backref="+")
        active = BooleanField(default=True)
        version = IntegerField(default=1)
        created_at = CharField(27)
        updated_at = CharField(27)

        class Meta:
            table_name = "staff_group"

    class Area(Table):
        code = CharField(30, unique=True)
        name = CharField(60)
        out_of_town = BooleanField(default=False)
        active = BooleanField(default=True)
        version = IntegerField(default=1)
        created_at = CharField(27)
        updated_at = CharField(27)

        class Meta:
            table_name = "area"

    class User(Table):
        username = CharField(40, unique=True)
        name = CharField(40)
        department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
        group = ForeignKeyField(Group, null=True, on_delete="RESTRICT", backref="+")
        area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", backref="+")
        active = BooleanField(default=True)
        password_hash = CharField(200, default="")
        must_change_password = BooleanField(default=True)
        password_changed_at = CharField(27, null=True)
        password_expires_at = CharField(27, null=True)
        rights_version = IntegerField(default=1)
        version = IntegerField(default=1)
        created_at = CharField(27)
        updated_at = CharField(27)

        class Meta:
            table_name = "account"

    class UserRole(Table):
        user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
        role = CharField(30)

        class Meta:
            table_name = "account_role"
            indexes = ((("user", "role"), True),)

    class ExportGrant(Table):
        user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
        register = CharField(60)
        reason = CharField(200)
        granted_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        granted_at = CharField(27)
        ends_on = CharField(10, null=True)

        class Meta:
            table_name = "export_grant"
            indexes = ((("user", "register"), True),)

    class Delegation(Table):
        owner = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        delegate = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        role = CharField(30)
        starts_on = CharField(10)
        ends_on = CharField(10)
        reason = CharField(200)
        ended = BooleanField(default=False)
        version = IntegerField(default=1)
        created_at = CharField(27)
        updated_at = CharField(27)

        class Meta:
            table_name = "delegation"

    class Session(Table):
        token_hash = CharField(64, unique=True)
        user = ForeignKeyField(User, on_delete="CASCADE", backref="+")
        created_at = CharField(27)
        seen_at = CharField(27)
        address = CharField(64, default="")
        agent = CharField(200, default="")
        ended_at = CharField(27, null=True)
        ended_why = CharField(40, default="")

        class Meta:
            table_name = "account_session"

    class SignInAttempt(Table):
        username = CharField(80, index=True)
        address = CharField(64, index=True)
        at = CharField(27, index=True)
        succeeded = BooleanField(default=False)

        class Meta:
            table_name = "sign_in_attempt"

    db.create_tables(
        [Department, Group, Area, User, UserRole, ExportGrant, Delegation, Session, SignInAttempt], safe=False
    )


def down(migrator, db):
    for table in (
        "sign_in_attempt",
        "account_session",
        "delegation",
        "export_grant",
        "account_role",
        "account",
        "area",
        "staff_group",
        "department",
    ):
        db.execute_sql(f'DROP TABLE "{table}"')
