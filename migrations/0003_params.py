"""The dated settings, with the figures a company starts with (registers.md, appendix A)."""

from peewee import CharField, ForeignKeyField, TextField

# name, value, unit, rules, remark
DEFAULTS = (
    ("customer.dormant_days", "60", "calendar days", "CUS-37", "proposed"),
    ("customer.grade_review_days", "180", "calendar days", "CUS-18", "proposed"),
    ("customer.noncompete_years", "2", "calendar years", "CUS-26", ""),
    ("customer.retention_months", "36", "months", "CUS-13", "proposed"),
    ("customer.review_interval_days", "90", "calendar days", "CUS-12", "proposed"),
    ("fine.gift_undelivered_multiple", "10", "times the value of the undelivered pieces", "GIFT-06", ""),
    ("fine.gift_unregistered", "50", "yuan per time", "GIFT-04", ""),
    ("fine.shared_computer", "100", "yuan per time", "ACL-04", ""),
    ("gift.signoff_days", "7", "calendar days after issue", "GIFT-14", "proposed"),
    ("security.idle_minutes", "15", "minutes", "CUS-45", "proposed"),
)
VALID_FROM = "2020-01-01"
SET_AT = "2020-01-01T00:00:00.000000Z"


def up(migrator, db):
    class Table(db.Model):
        class Meta:
            legacy_table_names = False

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
        set_by = ForeignKeyField(User, null=True, on_delete="RESTRICT", backref="+")
        set_at = CharField(27)

        class Meta:
            table_name = "param"
            indexes = ((("name", "valid_from"), True),)

    db.create_tables([Param], safe=False)
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
    for table in ("param",):
        db.execute_sql(f'DROP TABLE "{table}"')
