"""Cars, their keys, and the key checkout register, with the settings of its rules (registers.md 5, appendix A)."""

from peewee import BigIntegerField, BooleanField, CharField, ForeignKeyField, IntegerField, TextField

# name, value, unit, rules, remark
DEFAULTS = (
    ("fine.depot_visit", "50", "yuan per time", "KEY-16", ""),
    ("fine.early_release", "50", "yuan per time", "KEY-06", ""),
    ("fine.key_late", "10", "yuan per checkout, flat", "KEY-04", ""),
    ("fine.key_lost", "50", "yuan per key, plus compensation", "KEY-03", ""),
    ("fine.key_not_registered", "20", "yuan per omission", "KEY-01", ""),
    ("fine.private_vehicle_use", "100", "yuan per time", "KEY-13", ""),
    ("fine.test_drive_papers", "20", "yuan", "KEY-09", ""),
    ("fine.window_open", "20", "yuan per time", "KEY-11, VEH-07", ""),
    ("key.new_car_limit", "1", "new-arrival keys held at once", "KEY-05", ""),
    ("key.papers_dismissal_count", "2", "times, included, in a calendar year", "KEY-09", "proposed period"),
    ("key.return_grace_minutes", "5", "minutes after the end of the drive", "KEY-04", ""),
    ("key.scarcity_mode", "1", "1 on, 0 off", "KEY-05", "proposed"),
    ("key.transfer_damage_percent", "50", "per cent", "KEY-14", ""),
)
VALID_FROM = "2020-01-01"
SET_AT = "2020-01-01T00:00:00.000000Z"


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

    class Group(Table):
        class Meta:
            table_name = "staff_group"

    class User(Table):
        class Meta:
            table_name = "account"

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

    class VehicleStock(Table):
        number = CharField(24, unique=True)
        plate_or_frame = CharField(17, default="", index=True)
        plate_no = CharField(12, null=True, unique=True)
        frame_no = CharField(17, unique=True)
        model = CharField(60)
        car_class = CharField(20)
        location = CharField(20, default="main")
        new_arrival = BooleanField(default=False)
        acceptance = CharField(20, default="")
        order_no = CharField(40, default="")
        ordered = BooleanField(default=False)
        version = IntegerField(default=1)
        created_at = CharField(27)
        updated_at = CharField(27)

        class Meta:
            table_name = "vehicle_stock"

    class CarKey(Table):
        key_no = CharField(20, unique=True)
        car = ForeignKeyField(VehicleStock, on_delete="RESTRICT", backref="+")
        car_class = CharField(20)
        copy_no = IntegerField()
        new_arrival = BooleanField(default=False)
        state = CharField(20, default="in", index=True)
        board_place = CharField(20, default="")
        replacement_cost = BigIntegerField(null=True)
        version = IntegerField(default=1)
        created_at = CharField(27)
        updated_at = CharField(27)

        class Meta:
            table_name = "car_key"
            indexes = ((("car", "copy_no"), True),)

    class KeyCheckout(Table):
        key = ForeignKeyField(CarKey, on_delete="RESTRICT", backref="+")
        car = ForeignKeyField(VehicleStock, null=True, on_delete="RESTRICT", backref="+")
        car_class = CharField(20, default="")
        holder = ForeignKeyField(User, on_delete="RESTRICT", backref="+")
        group = ForeignKeyField(Group, null=True, on_delete="RESTRICT", backref="+")
        purpose = CharField(20)
        customer = ForeignKeyField(CustomerArchive, null=True, on_delete="RESTRICT", backref="+")
        test_drive = CharField(40, default="")
        order = CharField(40, default="")
        payment_mode = CharField(20, default="")
        loan_disbursed_on = CharField(10, null=True)
        accompanied_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        companion = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        outlet_transfer = BooleanField(default=False)
        dealer_person = CharField(40, default="")
        agreement_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
        licence_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
        confirmation_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
        survey_file = ForeignKeyField(StoredFile, null=True, on_delete="RESTRICT", backref="+")
        issued_at = CharField(27, null=True, index=True)
        issued_entered_at = CharField(27, null=True)
        issued_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        odometer_out = IntegerField(null=True)
        odometer_in = IntegerField(null=True)
        drive_started_at = CharField(27, null=True)
        drive_ended_at = CharField(27, null=True)
        returned_at = CharField(27, null=True)
        returned_entered_at = CharField(27, null=True)
        received_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        backdate_reason = TextField(default="")
        incomplete = BooleanField(default=False)
        held_after_end = IntegerField(null=True)
        late = BooleanField(null=True)
        fine_late = BigIntegerField(null=True)
        check_windows = CharField(20, default="")
        check_doors = CharField(20, default="")
        check_body = CharField(20, default="")
        check_interior = CharField(20, default="")
        damage = TextField(default="")
        responsible = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        window_payer = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        fine_window = BigIntegerField(null=True)
        damage_borne_by = CharField(20, default="")
        damage_share = BigIntegerField(null=True)
        lost_at = CharField(27, null=True)
        compensation = BigIntegerField(null=True)
        fine_lost = BigIntegerField(null=True)
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
            table_name = "key_checkout"

    db.create_tables([VehicleStock, CarKey, KeyCheckout], safe=False)
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
    for table in ("key_checkout", "car_key", "vehicle_stock"):
        db.execute_sql(f'DROP TABLE "{table}"')
    names = ", ".join(f"'{name}'" for name, *_ in DEFAULTS)
    db.execute_sql(f'DELETE FROM "param" WHERE name IN ({names})')  # noqa: S608 - names of this file
