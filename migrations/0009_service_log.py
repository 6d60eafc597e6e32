"""The service log with its lines, out-of-town applications, and the settings of their rules (registers.md 2, appendix A)."""

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    DeferredForeignKey,
    ForeignKeyField,
    IntegerField,
    SmallIntegerField,
    TextField,
)

# name, value, unit, rules, remark
DEFAULTS = (
    ("fine.service_form", "10-50", "yuan per time, both ends included", "SVC-17", ""),
    ("fine.service_record_kept", "10", "yuan per time", "SVC-20", ""),
    ("fine.service_report", "20", "yuan per time", "SVC-22", ""),
    ("fine.weekly_summary", "20", "yuan per time", "SVC-21", ""),
    ("service.area_grumble_limit", "3", "per area and month, included", "SVC-29", ""),
    ("service.max_register_delay_minutes", "10", "minutes", "SVC-02", "proposed"),
    ("service.onsite_charge_limit", "200.00", "yuan, included", "SVC-08, SVC-09", "proposed"),
    ("service.retention_months", "18", "calendar months", "SVC-16", ""),
    ("service.satisfaction_target", "95", "per cent, strictly above", "SVC-28", ""),
    (
        "service.signature_order",
        "customer_then_manager",
        "customer_then_manager or manager_then_customer",
        "SVC-06, SVC-11",
        "proposed",
    ),
)
TABLES = (
    "out_of_town_person",
    "out_of_town_application",
    "service_finding",
    "service_visit",
    "service_material",
    "service_part",
    "service_log",
)
VALID_FROM = "2020-01-01"
SET_AT = "2020-01-01T00:00:00.000000Z"


def up(migrator, db):
    class Table(db.Model):
        class Meta:
            legacy_table_names = False

    class Area(Table):
        class Meta:
            table_name = "area"

    class Complaint(Table):
        class Meta:
            table_name = "complaint"

    class Contract(Table):
        class Meta:
            table_name = "contract"

    class CustomerArchive(Table):
        class Meta:
            table_name = "customer_archive"

    class Department(Table):
        class Meta:
            table_name = "department"

    class Product(Table):
        class Meta:
            table_name = "product"

    class StoredFile(Table):
        class Meta:
            table_name = "stored_file"

    class User(Table):
        class Meta:
            table_name = "account"

    class Warehouse(Table):
        class Meta:
            table_name = "warehouse"

    class Param(Table):
        name = CharField(60)
        value = CharField(200)
        unit = CharField(60)
        valid_from = CharField(10)
        rules = CharField(120, default="")
        remark = TextField(default="")
        set_at = CharField(27)

        class Meta:
            table_name = "param"

    class ServiceLog(Table):
        version = IntegerField(default=1)
        created_at = CharField(27)
        updated_at = CharField(27)
        number = CharField(24, unique=True)
        state = CharField(40, index=True)
        department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
        maker_department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
        owner = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        created_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        updated_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        remarks = TextField(default="")
        voucher_no = CharField(24, unique=True, null=True)
        day_sequence = IntegerField(null=True)
        received_at = CharField(27, null=True, index=True)
        registered_at = CharField(27, null=True, index=True)
        register_delay_minutes = IntegerField(null=True)
        late_registered = BooleanField(default=False)
        late_entry = BooleanField(default=False)
        channel = CharField(20, default="")
        origin = CharField(20, default="")
        complaint = ForeignKeyField(Complaint, null=True, on_delete="RESTRICT", backref="+")
        service_kind = CharField(1, default="")
        service_content_class = CharField(20, default="")
        transport_mode = CharField(20, default="")
        service_basis = CharField(120, default="")
        contract = ForeignKeyField(Contract, null=True, on_delete="RESTRICT", backref="+")
        customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
        customer_name = CharField(120, default="")
        customer_department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
        service_address = CharField(200, default="")
        service_phone = CharField(30, default="")
        contact_person = CharField(40, default="")
        product_model = CharField(60, default="")
        specification = CharField(60, default="")
        serial_or_batch = CharField(40, default="")
        purchased_on = CharField(10, null=True)
        purchased_at = CharField(100, default="")
        purchase_unknown = BooleanField(default=False)
        purchase_unknown_reason = CharField(120, default="")
        in_warranty = BooleanField(null=True)
        fault_description = TextField(default="")
        told_limit_at = CharField(27, null=True)
        area = ForeignKeyField(Area, null=True, on_delete="RESTRICT", backref="+")
        area_staff = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        out_of_town = BooleanField(default=False)
        priority = CharField(20, default="normal")
        signature_order = CharField(30, default="customer_then_manager")
        dispatched_to = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        dispatched_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        dispatched_at = CharField(27, null=True)
        visit_count = IntegerField(default=0)
        arrived_at = CharField(27, null=True)
        started_at = CharField(27, null=True)
        finished_at = CharField(27, null=True, index=True)
        work_done = TextField(default="")
        cause = TextField(default="")
        measure = TextField(default="")
        warehouse = ForeignKeyField(Warehouse, null=True, on_delete="RESTRICT", backref="+")
        charge_amount = BigIntegerField(null=True)
        charge_mode = CharField(20, default="")
        cash_handed_on = CharField(10, null=True)
        cashier = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        invoice_no = CharField(30, default="")
        travel_cost = BigIntegerField(null=True)
        allowance = BigIntegerField(null=True)
        service_cost = BigIntegerField(null=True)
        customer_signed_by = CharField(40, default="")
        customer_signed_at = CharField(27, null=True)
        signed_paper = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
        second_part_back_on = CharField(10, null=True)
        satisfaction = CharField(20, default="")
        result_told_on = CharField(10, null=True)
        shelf_no = CharField(40, default="")
        volume_month = CharField(7, index=True, default="")
        retention_until = CharField(10, null=True)
        out_of_town_application = DeferredForeignKey(
            "OutOfTownApplication", null=True, on_delete="RESTRICT", backref="+"
        )

        class Meta:
            table_name = "service_log"

    class ServicePart(Table):
        position = SmallIntegerField(default=0)
        record = ForeignKeyField(ServiceLog, on_delete="RESTRICT", backref="+")
        product = ForeignKeyField(Product, on_delete="RESTRICT", backref="+")
        quantity = BigIntegerField(default=0)
        price = BigIntegerField(null=True)
        amount = BigIntegerField(null=True)
        taken = BigIntegerField(default=0)

        class Meta:
            table_name = "service_part"

    class ServiceMaterial(Table):
        position = SmallIntegerField(default=0)
        record = ForeignKeyField(ServiceLog, on_delete="RESTRICT", backref="+")
        name = CharField(60)
        quantity = IntegerField(default=1)

        class Meta:
            table_name = "service_material"

    class ServiceVisit(Table):
        position = SmallIntegerField(default=0)
        record = ForeignKeyField(ServiceLog, on_delete="RESTRICT", backref="+")
        visit_no = IntegerField()
        technician = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        dispatched_at = CharField(27, null=True)
        arrived_at = CharField(27, null=True)
        started_at = CharField(27, null=True)
        finished_at = CharField(27, null=True)
        work_done = TextField(default="")
        reason = TextField(default="")

        class Meta:
            table_name = "service_visit"

    class ServiceFinding(Table):
        position = SmallIntegerField(default=0)
        record = ForeignKeyField(ServiceLog, on_delete="RESTRICT", backref="+")
        found_on = CharField(10)
        kind = CharField(20)
        fine = BigIntegerField()
        reason = TextField(default="")
        by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")

        class Meta:
            table_name = "service_finding"

    class OutOfTownApplication(Table):
        version = IntegerField(default=1)
        created_at = CharField(27)
        updated_at = CharField(27)
        number = CharField(24, unique=True)
        state = CharField(40, index=True)
        department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
        maker_department = ForeignKeyField(Department, null=True, on_delete="RESTRICT", backref="+")
        owner = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        created_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        updated_by = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        remarks = TextField(default="")
        service_entry = ForeignKeyField(ServiceLog, on_delete="RESTRICT", backref="+")
        customer_name = CharField(120, default="")
        place = CharField(100, default="")
        planned_from = CharField(27, null=True)
        planned_to = CharField(27, null=True)
        travel_budget = BigIntegerField(null=True)
        allowance_budget = BigIntegerField(null=True)
        reason = TextField(default="")

        class Meta:
            table_name = "out_of_town_application"

    class OutOfTownPerson(Table):
        position = SmallIntegerField(default=0)
        record = ForeignKeyField(OutOfTownApplication, on_delete="RESTRICT", backref="+")
        person = ForeignKeyField(User, on_delete="RESTRICT", backref="+")

        class Meta:
            table_name = "out_of_town_person"

    db.create_tables(
        [ServiceLog, ServicePart, ServiceMaterial, ServiceVisit, ServiceFinding, OutOfTownApplication, OutOfTownPerson],
        safe=False,
    )
    Param.insert_many(
        [
            {
                "name": name,
                "value": value,
                "unit": unit,
                "rules": rules,
                "remark": remark,
                "valid_from": VALID_FROM,
                "set_at": SET_AT,
            }
            for name, value, unit, rules, remark in DEFAULTS
        ]
    ).execute()


def down(migrator, db):
    for table in TABLES:
        db.execute_sql(f'DROP TABLE "{table}"')
    names = ", ".join(f"'{name}'" for name, *_ in DEFAULTS)
    db.execute_sql(f'DELETE FROM "param" WHERE name IN ({names})')  # noqa: S608 - names of this file
