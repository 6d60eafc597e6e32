"""The customer archive complete: documents, clippings, transfers, gradings, decisions on duplicates and merging."""

from peewee import CharField, ForeignKeyField, SmallIntegerField, TextField

COLUMNS = ("name_key", "duplicate_decision", "merged_into_id", "grade_proposed", "missing_parts")
TABLES = ("customer_grading", "customer_assignment", "customer_clipping", "customer_document")


def up(migrator, db):
    class Table(db.Model):
        class Meta:
            legacy_table_names = False

    class User(Table):
        class Meta:
            table_name = "account"

    class StoredFile(Table):
        class Meta:
            table_name = "stored_file"

    class CustomerArchive(Table):
        class Meta:
            table_name = "customer_archive"

    class CustomerDocument(Table):
        record = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
        document_class = CharField(20)
        title = CharField(120)
        dated_on = CharField(10)
        file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
        filed_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        position = SmallIntegerField(default=0)

        class Meta:
            table_name = "customer_document"

    class CustomerClipping(Table):
        record = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
        source = CharField(80)
        date = CharField(10)
        clipping_class = CharField(20)
        title = CharField(120, default="")
        file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
        position = SmallIntegerField(default=0)

        class Meta:
            table_name = "customer_clipping"

    class CustomerAssignment(Table):
        record = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
        date = CharField(10)
        old_owner = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        new_owner = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        decided_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        reason = TextField(default="")
        position = SmallIntegerField(default=0)

        class Meta:
            table_name = "customer_assignment"

    class CustomerGrading(Table):
        record = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
        date = CharField(10)
        kind = CharField(20)
        scheme = CharField(20)
        old_grade = CharField(20, default="")
        grade = CharField(20)
        by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        reason = TextField(default="")
        position = SmallIntegerField(default=0)

        class Meta:
            table_name = "customer_grading"

    migrator.migrate(
        migrator.add_column("customer_archive", "name_key", CharField(120, default="", index=True)),
        migrator.add_column("customer_archive", "duplicate_decision", CharField(20, default="")),
        migrator.add_column(
            "customer_archive",
            "merged_into_id",
            ForeignKeyField(CustomerArchive, CustomerArchive.id, null=True, on_delete="RESTRICT", backref="+"),
        ),
        migrator.add_column("customer_archive", "grade_proposed", CharField(20, default="")),
        migrator.add_column("customer_archive", "missing_parts", CharField(40, default="")),
    )
    db.create_tables([CustomerDocument, CustomerClipping, CustomerAssignment, CustomerGrading], safe=False)


def down(migrator, db):
    for table in TABLES:
        db.execute_sql(f'DROP TABLE "{table}"')
    migrator.migrate(*(migrator.drop_column("customer_archive", name) for name in COLUMNS))
