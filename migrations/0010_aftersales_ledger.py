"""The after-sales product quantity ledger with its papers."""

from peewee import BigIntegerField, CharField, ForeignKeyField, IntegerField, SmallIntegerField, TextField

TABLES = ("aftersales_paper", "aftersales_ledger")


def up(migrator, db):
    class Table(db.Model):
        class Meta:
            legacy_table_names = False

    class Department(Table):
        class Meta:
            table_name = "department"

    class User(Table):
        class Meta:
            table_name = "account"

    class Area(Table):
        class Meta:
            table_name = "area"

    class StoredFile(Table):
        class Meta:
            table_name = "stored_file"

    class CustomerArchive(Table):
        class Meta:
            table_name = "customer_archive"

    class Product(Table):
        class Meta:
            table_name = "product"

    class Contract(Table):
        class Meta:
            table_name = "contract"

    class ServiceLog(Table):
        class Meta:
            table_name = "service_log"

    class Complaint(Table):
        class Meta:
            table_name = "complaint"

    class ProductReturn(Table):
        class Meta:
            table_name = "product_return"

    class AftersalesLedger(Table):
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
        happened_on = CharField(10, index=True)
        customer = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
        customer_name = CharField(120, default="")
        area = ForeignKeyField(Area, on_delete="RESTRICT", backref="+")
        area_staff = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        movement = CharField(20)
        product = ForeignKeyField(Product, on_delete="RESTRICT", backref="+")
        specification = CharField(60)
        batch_no = CharField(30, default="")
        quantity = BigIntegerField(null=True)
        unit = CharField(20, default="")
        amount = BigIntegerField(null=True)
        ground = CharField(20)
        order = CharField(30, default="")
        contract = ForeignKeyField(Contract, null=True, on_delete="RESTRICT", backref="+")
        third_party = CharField(60, default="")
        claim = TextField(default="")
        service_entry = ForeignKeyField(ServiceLog, null=True, on_delete="RESTRICT", backref="+")
        complaint = ForeignKeyField(Complaint, null=True, on_delete="RESTRICT", backref="+")
        return_slip = ForeignKeyField(ProductReturn, null=True, on_delete="RESTRICT", backref="+")
        inspection_no = CharField(30, default="")
        inspection_result = CharField(20, default="")
        inspected_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        inspected_on = CharField(10, null=True)
        inspection_fee = BigIntegerField(null=True)
        fee_payer = CharField(20, default="")
        disposition = CharField(20, default="")
        refusal_told_on = CharField(10, null=True)
        executed_at = CharField(27, null=True)
        executed_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        defective_balance = BigIntegerField(null=True)
        replacement_balance = BigIntegerField(null=True)
        reverses = ForeignKeyField("self", null=True, on_delete="RESTRICT", backref="+")

        class Meta:
            table_name = "aftersales_ledger"
            indexes = ((("product", "specification", "area", "happened_on", "executed_at", "id"), False),)

    class LedgerPaper(Table):
        record = ForeignKeyField(AftersalesLedger, on_delete="RESTRICT", backref="+")
        paper_class = CharField(20)
        paper_no = CharField(40, default="")
        title = CharField(120)
        file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
        position = SmallIntegerField(default=0)

        class Meta:
            table_name = "aftersales_paper"

    db.create_tables([AftersalesLedger, LedgerPaper], safe=False)


def down(migrator, db):
    for table in TABLES:
        db.execute_sql(f'DROP TABLE "{table}"')
