"""Gift stock with its movements, and gift applications with their lines."""

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    ForeignKeyField,
    IntegerField,
    SmallIntegerField,
    TextField,
)


def up(migrator, db):
    class Table(db.Model):
        class Meta:
            legacy_table_names = False

    class CustomerArchive(Table):
        class Meta:
            table_name = "customer_archive"

    class StoredFile(Table):
        class Meta:
            table_name = "stored_file"

    class Department(Table):
        class Meta:
            table_name = "department"

    class User(Table):
        class Meta:
            table_name = "account"

    class GiftItem(Table):
        code = CharField(20, unique=True)
        name = CharField(60)
        unit = CharField(10)
        unit_value = BigIntegerField()
        quantity_in_hand = IntegerField(default=0)
        low_mark = IntegerField(null=True)
        active = BooleanField(default=True)
        version = IntegerField(default=1)
        created_at = CharField(27)
        updated_at = CharField(27)

        class Meta:
            table_name = "gift_item"
            constraints = (Check("quantity_in_hand >= 0", name="ck_gift_item_quantity"),)

    class GiftMovement(Table):
        record = ForeignKeyField(GiftItem, on_delete="RESTRICT", backref="+")
        at = CharField(27)
        kind = CharField(20)
        quantity = IntegerField()
        source = CharField(24, default="")
        actor_name = CharField(90)
        reason = TextField(default="")
        position = SmallIntegerField(default=0)

        class Meta:
            table_name = "gift_movement"

    class GiftSignoff(Table):
        applicant = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        purpose = CharField(20)
        customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
        visit = CharField(40, default="")
        visit_on = CharField(10, null=True)
        roadshow = CharField(40, default="")
        planned_delivery_on = CharField(10, null=True)
        applied_on = CharField(10, null=True, index=True)
        after_the_fact = BooleanField(default=False)
        total_value = BigIntegerField(default=0)
        issued_at = CharField(27, null=True)
        signoff_signer = CharField(40, default="")
        signoff_on = CharField(10, null=True)
        signoff_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
        fine_amount = BigIntegerField(default=0)
        number = CharField(24, unique=True)
        state = CharField(40, index=True)
        department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
        maker_department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
        owner = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        created_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        updated_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        remarks = TextField(default="")
        version = IntegerField(default=1)
        created_at = CharField(27)
        updated_at = CharField(27)

        class Meta:
            table_name = "gift_signoff"

    class GiftLine(Table):
        record = ForeignKeyField(GiftSignoff, on_delete="RESTRICT", backref="+")
        gift = ForeignKeyField(GiftItem, on_delete="RESTRICT", backref="+")
        quantity = IntegerField(default=0)
        unit_value = BigIntegerField(default=0)
        amount = BigIntegerField(default=0)
        signed_qty = IntegerField(default=0)
        returned_qty = IntegerField(default=0)
        undelivered_qty = IntegerField(default=0)
        position = SmallIntegerField(default=0)

        class Meta:
            table_name = "gift_line"

    db.create_tables([GiftItem, GiftMovement, GiftSignoff, GiftLine], safe=False)


def down(migrator, db):
    for table in ("gift_line", "gift_signoff", "gift_movement", "gift_item"):
        db.execute_sql(f'DROP TABLE "{table}"')
