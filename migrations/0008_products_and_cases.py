"""Products, warehouses with their spare parts, staff of areas; contracts, complaints, return slips and discount certificates."""

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

TABLES = (
    "sales_discount_certificate",
    "product_return",
    "complaint",
    "contract",
    "spare_part_movement",
    "spare_part",
    "warehouse",
    "area_staff",
    "product",
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

    class Area(Table):
        class Meta:
            table_name = "area"

    class User(Table):
        class Meta:
            table_name = "account"

    class Master(Table):
        version = IntegerField(default=1)
        created_at = CharField(27)
        updated_at = CharField(27)

    class Record(Master):
        number = CharField(24, unique=True)
        state = CharField(40, index=True)
        department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
        maker_department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
        owner = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        created_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        updated_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        remarks = TextField(default="")

    class Product(Master):
        code = CharField(30, unique=True)
        name = CharField(60, index=True)
        specification = CharField(60, default="")
        unit = CharField(20)
        warranty_months = IntegerField(null=True)
        spare_part = BooleanField(default=False)
        price = BigIntegerField(null=True)
        active = BooleanField(default=True)

        class Meta:
            table_name = "product"

    class AreaStaff(Table):
        record = ForeignKeyField(Area, on_delete="RESTRICT", backref="+")
        person = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        position = SmallIntegerField(default=0)

        class Meta:
            table_name = "area_staff"

    class Warehouse(Master):
        code = CharField(30, unique=True)
        name = CharField(60)
        keeper = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        active = BooleanField(default=True)

        class Meta:
            table_name = "warehouse"

    class SparePart(Master):
        product = ForeignKeyField(Product, on_delete="RESTRICT", backref="+")
        warehouse = ForeignKeyField(Warehouse, on_delete="RESTRICT", backref="+")
        name = CharField(190, default="")
        unit = CharField(20, default="")
        stock = BigIntegerField(default=0)

        class Meta:
            table_name = "spare_part"
            constraints = (Check("stock >= 0", name="ck_spare_part_stock"),)
            indexes = ((("product", "warehouse"), True),)

    class SparePartMovement(Table):
        record = ForeignKeyField(SparePart, on_delete="RESTRICT", backref="+")
        at = CharField(27)
        kind = CharField(20)
        quantity = BigIntegerField()
        balance = BigIntegerField()
        source = CharField(24, default="")
        by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        reason = TextField(default="")
        position = SmallIntegerField(default=0)

        class Meta:
            table_name = "spare_part_movement"

    class Contract(Record):
        customer = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
        customer_name = CharField(120, default="")
        subject = TextField(default="")
        signed_on = CharField(10, null=True)
        valid_from = CharField(10, null=True)
        valid_to = CharField(10, null=True, index=True)
        signer = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")

        class Meta:
            table_name = "contract"

    class Complaint(Record):
        customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
        customer_name = CharField(120, default="")
        complainant = CharField(40)
        received_at = CharField(27, index=True)
        received_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        order_no = CharField(30)
        product = ForeignKeyField(Product, on_delete="RESTRICT", backref="+")
        specification = CharField(60, default="")
        batch_no = CharField(30, default="")
        delivered_qty = BigIntegerField(null=True)
        defective_qty = BigIntegerField(null=True)
        category = CharField(20)
        demand = TextField(default="")
        handler = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        method = CharField(20, default="")
        approved_qty = BigIntegerField(null=True)
        amount = BigIntegerField(null=True)
        decision = TextField(default="")
        decided_on = CharField(10, null=True)
        notified_on = CharField(10, null=True)
        accepted_on = CharField(10, null=True)
        settlement = CharField(20, default="none")

        class Meta:
            table_name = "complaint"

    class ProductReturn(Record):
        complaint = ForeignKeyField(Complaint, on_delete="RESTRICT", backref="+")
        complaint_no = CharField(24, default="")
        customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
        customer_name = CharField(120, default="")
        order_no = CharField(30, default="")
        product = ForeignKeyField(Product, null=True, on_delete="RESTRICT", backref="+")
        specification = CharField(60, default="")
        batch_no = CharField(30, default="")
        return_reason = TextField(default="")
        handling = CharField(20, default="")
        basis = TextField(default="")
        approved_qty = BigIntegerField(null=True)
        received_qty = BigIntegerField(null=True)
        received_on = CharField(10, null=True)
        difference = BigIntegerField(null=True)
        posting_no = CharField(30, default="")

        class Meta:
            table_name = "product_return"

    class SalesDiscountCertificate(Record):
        complaint = ForeignKeyField(Complaint, on_delete="RESTRICT", backref="+")
        complaint_no = CharField(24, default="")
        customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
        customer_name = CharField(120, default="")
        order_no = CharField(30, default="")
        kind = CharField(20)
        amount = BigIntegerField()
        customer_seal_on = CharField(10, null=True)
        sealed_paper = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
        posted_on = CharField(10, null=True)

        class Meta:
            table_name = "sales_discount_certificate"

    db.create_tables(
        [
            Product,
            AreaStaff,
            Warehouse,
            SparePart,
            SparePartMovement,
            Contract,
            Complaint,
            ProductReturn,
            SalesDiscountCertificate,
        ],
        safe=False,
    )


def down(migrator, db):
    for table in TABLES:
        db.execute_sql(f'DROP TABLE "{table}"')
