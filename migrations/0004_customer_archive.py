"""The customer archive with contacts and plan steps."""

from peewee import BigIntegerField, BooleanField, CharField, ForeignKeyField, IntegerField, SmallIntegerField, TextField


def up(migrator, db):
    class Table(db.Model):
        class Meta:
            legacy_table_names = False

    class Area(Table):
        class Meta:
            table_name = "area"

    class User(Table):
        class Meta:
            table_name = "account"

    class Department(Table):
        class Meta:
            table_name = "department"

    class CustomerArchive(Table):
        name = CharField(120, index=True, default="")
        short_name = CharField(40, default="")
        customer_kind = CharField(20)
        relation = CharField(20, default="")
        registered_address = CharField(200, default="")
        address = CharField(200, default="")
        area = ForeignKeyField(Area, on_delete="RESTRICT", backref="+")
        phone = CharField(30, default="")
        phone_key = CharField(30, index=True, default="")
        duplicate_suspected = BooleanField(default=False)
        email = CharField(80, default="")
        fax = CharField(30, default="")
        legal_representative = CharField(40, default="")
        rep_character = TextField(default="")
        rep_interests = TextField(default="")
        rep_hobbies = TextField(default="")
        rep_family = TextField(default="")
        rep_education = TextField(default="")
        rep_age = IntegerField(null=True)
        rep_ability = TextField(default="")
        rep_background = TextField(default="")
        unified_credit_code = CharField(18, null=True, unique=True)
        industry = CharField(60, default="")
        business_scope = TextField(default="")
        organisation_form = CharField(20, default="")
        founded_on = CharField(10, null=True)
        trading_since = CharField(10, null=True)
        headcount = IntegerField(null=True)
        annual_sales = BigIntegerField(null=True)
        assets = BigIntegerField(null=True)
        liabilities = BigIntegerField(null=True)
        credit_status = CharField(60, default="")
        bank_name = CharField(80, default="")
        bank_account = CharField(40, default="")
        market_potential = CharField(20, default="")
        development_direction = TextField(default="")
        credit_capacity = CharField(20, default="")
        competitiveness = CharField(20, default="")
        premises = TextField(default="")
        trade_standing = TextField(default="")
        dealings = TextField(default="")
        payment_behaviour = TextField(default="")
        trading_system = TextField(default="")
        business_condition = TextField(default="")
        use_place = TextField(default="")
        delivery_note = TextField(default="")
        attitude = TextField(default="")
        trade_important = BooleanField(default=False)
        need_summary = TextField(default="")
        required_specs = TextField(default="")
        grade_scheme = CharField(20, default="abc_value")
        grade = CharField(20, default="")
        grade_set_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        grade_set_on = CharField(10, null=True)
        source_channel = CharField(20, default="")
        referrer = ForeignKeyField("self", null=True, on_delete="RESTRICT", backref="+")
        deputy = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        confidentiality = CharField(20, default="internal")
        birthday = CharField(10, null=True)
        anniversary = CharField(10, null=True)
        noncompete_flag = CharField(10, null=True)
        contract_no = CharField(40, default="")
        last_contact_on = CharField(10, null=True)
        last_reviewed_on = CharField(10, null=True)
        completeness = BigIntegerField(default=0)
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
            table_name = "customer_archive"

    class CustomerContact(Table):
        record = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
        name = CharField(40)
        job_title = CharField(40, default="")
        mobile = CharField(30, default="")
        email = CharField(80, default="")
        birthday = CharField(10, null=True)
        decision_role = CharField(40, default="")
        main = BooleanField(default=False)
        position = SmallIntegerField(default=0)

        class Meta:
            table_name = "customer_contact"

    class CustomerPlanStep(Table):
        record = ForeignKeyField(CustomerArchive, on_delete="RESTRICT", backref="+")
        date = CharField(10)
        goal = CharField(200)
        done = BooleanField(default=False)
        position = SmallIntegerField(default=0)

        class Meta:
            table_name = "customer_plan_step"

    db.create_tables([CustomerArchive, CustomerContact, CustomerPlanStep], safe=False)


def down(migrator, db):
    for table in ("customer_plan_step", "customer_contact", "customer_archive"):
        db.execute_sql(f'DROP TABLE "{table}"')
