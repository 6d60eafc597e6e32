"""Field classes and typed values: equal, equally ordered and equally summed in both databases; typed text and its messages."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import AutoField, CharField, IntegerField, Model, fn

from backoffice import clock, texts
from backoffice.database import connected, open_database
from backoffice.declarations import Info
from backoffice.texts import read
from backoffice.values import BadValue, machine, parse, shown, typed
from models.fields import DayField, InstantField, MoneyField, NumberField, PercentField, QuantityField
from models.register import Choice, Field
from tests.conftest import DIALECTS

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = dt.timedelta(days=1)
EXAMPLES = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module", params=DIALECTS)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One database for the module: examples roll back what they wrote."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("fields") / "fields.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"backoffice_fields_{os.getpid()}_{secrets.token_hex(4)}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture(scope="module")
def table(database_url: str) -> Iterator[Any]:
    db = open_database(database_url)

    class Sample(Model):
        id = AutoField()
        money = MoneyField(null=True)
        quantity = QuantityField(null=True)
        percent = PercentField(null=True)
        instant = InstantField(null=True)
        day = DayField(null=True)
        number = NumberField(null=True)

        class Meta:
            database = db
            table_name = "test_sample"

    with connected(db):
        db.create_tables([Sample])
        yield Sample
    getattr(db, "close_all", db.close)()


@pytest.fixture(autouse=True)
def _told(request: pytest.FixtureRequest) -> None:
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and "database_url" in callspec.params:
        request.node.user_properties.append(("dialect", callspec.params["database_url"]))


# ---- stored, compared, ordered, summed ---------------------------------------------------------------------------------

decimals_2 = st.decimals(Decimal("-9999999999999.99"), Decimal("9999999999999.99"), places=2)
decimals_3 = st.decimals(Decimal("-999999999999.999"), Decimal("999999999999.999"), places=3)
ZONES = st.sampled_from([dt.UTC, SHANGHAI, ZoneInfo("America/Lima")])


def instants(first: int, last: int) -> st.SearchStrategy[dt.datetime]:
    """Moments between two days, counted from the third of January of year 1, in several zones."""
    start = dt.datetime(1, 1, 3, tzinfo=dt.UTC)
    return st.builds(
        lambda days, part, zone: (start + days * DAY + part * dt.datetime.resolution).astimezone(zone),
        st.integers(first, last),
        st.integers(0, 86_399_999_999),
        ZONES,
    )


numbers = st.builds(
    "KH-{}-{:04d}".format,
    st.sampled_from([2024, 2025, 2026]),
    st.one_of(st.integers(1, 10_100), st.integers(9_990, 100_010), st.integers(1, 9_999_999)),
)


def by_year_and_sequence(number: str) -> tuple[str, int, int]:
    prefix, year, sequence = number.split("-")
    return prefix, int(year), int(sequence)


def check(model: Any, name: str, values: Sequence[Any], key: Any = None) -> None:
    """Every promise of a column, for these values and NULL."""
    column = getattr(model, name)
    with model._meta.database.atomic() as transaction:
        model.delete().execute()
        for value in [*values, None]:
            model.create(**{name: value})
        rows = list(model.select().order_by(model.id))
        assert [getattr(row, name) for row in rows] == [*values, None]
        filled = model.select(column).where(column.is_null(False))
        assert [row[0] for row in filled.order_by(column).tuples()] == sorted(values, key=key)
        assert [row[0] for row in filled.order_by(column.desc()).tuples()] == sorted(values, key=key, reverse=True)
        for value in values[:4]:
            place = key or (lambda one: one)
            assert model.select().where(column == value).count() == list(values).count(value)
            assert model.select().where(column.in_([value])).count() == list(values).count(value)
            below = [one for one in values if place(one) < place(value)]
            assert model.select().where(column < value).count() == len(below)
        assert model.select().where(column.is_null()).count() == 1
        if values:
            assert model.select(fn.MIN(column)).scalar() == min(values, key=key)
            assert model.select(fn.MAX(column)).scalar() == max(values, key=key)
        transaction.rollback()


@EXAMPLES
@given(values=st.lists(decimals_2, max_size=8))
def test_money_is_exact_and_ordered(table: Any, values: list[Decimal]) -> None:
    check(table, "money", values)


@EXAMPLES
@given(values=st.lists(decimals_3, max_size=8))
def test_quantities_are_exact_and_ordered(table: Any, values: list[Decimal]) -> None:
    check(table, "quantity", values)


@EXAMPLES
@given(values=st.lists(decimals_3, max_size=8))
def test_percentages_are_exact_and_ordered(table: Any, values: list[Decimal]) -> None:
    check(table, "percent", values)


@EXAMPLES
@given(values=st.lists(instants(0, 3_652_050), max_size=8))
def test_instants_are_exact_and_ordered(table: Any, values: list[dt.datetime]) -> None:
    check(table, "instant", values)


@EXAMPLES
@given(values=st.lists(st.dates(), max_size=8))
def test_days_are_exact_and_ordered(table: Any, values: list[dt.date]) -> None:
    check(table, "day", values)


@EXAMPLES
@given(values=st.lists(numbers, max_size=8))
def test_numbers_order_by_year_and_sequence(table: Any, values: list[str]) -> None:
    check(table, "number", values, by_year_and_sequence)


def test_the_ten_thousandth_number_stands_after_the_one_before_it(table: Any) -> None:
    check(table, "number", ["KH-2026-0001", "KH-2025-10000", "KH-2025-9999", "KH-2025-100000"], by_year_and_sequence)
    assert NumberField.shown(NumberField.stored("KH-2025-10000")) == "KH-2025-10000"


def total(column: Any) -> Any:
    """The sum of a column in its own unit: peewee leaves sums as the database counts them."""
    return column.model.select(fn.SUM(column).converter(column.python_value)).scalar()


@EXAMPLES
@given(values=st.lists(st.tuples(decimals_2, decimals_3), min_size=1, max_size=12))
def test_sums_are_exact(table: Any, values: list[tuple[Decimal, Decimal]]) -> None:
    with table._meta.database.atomic() as transaction:
        table.delete().execute()
        for money, quantity in values:
            table.create(money=money, quantity=quantity)
        assert total(table.money) == sum(money for money, _ in values)
        assert total(table.quantity) == sum(quantity for _, quantity in values)
        assert total(table.percent) is None
        transaction.rollback()


def test_ten_and_twenty_fen_are_thirty(table: Any) -> None:
    with table._meta.database.atomic() as transaction:
        table.delete().execute()
        table.create(money=Decimal("0.10"))
        table.create(money=Decimal("0.20"))
        assert str(total(table.money)) == "0.30"
        table.update(money=table.money + Decimal("0.05")).execute()
        assert table.select().where(table.money == Decimal("0.15")).count() == 1
        transaction.rollback()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (MoneyField(), Decimal("0.001")),
        (MoneyField(), Decimal("1.0000000000000000000000000000001")),
        (MoneyField(), Decimal("1e16")),
        (MoneyField(), Decimal("1e80")),
        (MoneyField(), Decimal("NaN")),
        (MoneyField(), Decimal("Infinity")),
        (QuantityField(), Decimal("0.0001")),
        (PercentField(), Decimal("-1e15")),
        (PercentField(), "three"),
    ],
)  # fmt: skip
def test_a_figure_that_does_not_fit_is_an_error(column: Any, value: Any) -> None:
    with pytest.raises(ValueError, match=r"decimal|too large"):
        column.db_value(value)


@pytest.mark.parametrize("value", [0.1, 0.5, 3.0, float("nan")])
@pytest.mark.parametrize("column", [MoneyField(), QuantityField(), PercentField()])
def test_a_float_is_never_stored(column: Any, value: float) -> None:
    with pytest.raises(TypeError, match="float"):
        column.db_value(value)


def test_an_instant_without_a_zone_is_refused(table: Any) -> None:
    with pytest.raises(ValueError, match="zone"):
        table.insert(instant=dt.datetime(2025, 3, 5, 12)).execute()  # noqa: DTZ001 - that is the point


def test_a_moment_is_no_day(table: Any) -> None:
    with pytest.raises(TypeError, match="calendar day"):
        table.insert(day=dt.datetime(2025, 3, 5, 12, tzinfo=dt.UTC)).execute()


def test_what_is_read_is_a_decimal_a_date_an_aware_instant(table: Any) -> None:
    with table._meta.database.atomic() as transaction:
        made = table.create(money=5, day=dt.date(2025, 3, 5), instant=dt.datetime(2025, 3, 5, 0, 30, tzinfo=SHANGHAI))
        row = table.get_by_id(made.id)
        transaction.rollback()
    assert (str(row.money), row.day, row.instant) == (
        "5.00",
        dt.date(2025, 3, 5),
        dt.datetime(2025, 3, 4, 16, 30, tzinfo=dt.UTC),
    )
    assert row.instant.utcoffset() == dt.timedelta(0)


# ---- typed text --------------------------------------------------------------------------------------------------------

_CHOICES = (Choice("visit", "客户拜访", "customer visit"), Choice("other", "其他", "other"))


def info(kind: str, **declared: Any) -> Info:
    choices = _CHOICES if kind == "choice" else ()
    column = CharField(max_length=8) if kind == "text" else IntegerField()
    return Info("x", Field("x", "甲", "thing", choices=choices, **declared), column, kind)


@pytest.fixture(autouse=True)
def _company_zone() -> Iterator[None]:
    before, locale = clock.company_zone(), texts.current_locale()
    clock.use_company_zone(SHANGHAI)
    texts.speak("en")
    yield
    clock.use_company_zone(before)
    texts.speak(locale)


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("money", "88.5", Decimal("88.50")),
        ("money", " ¥1,770.00 ", Decimal("1770.00")),
        ("money", "￥１，７７０．５", Decimal("1770.50")),
        ("money", "１２３元", Decimal("123.00")),
        ("money", "-3.10", Decimal("-3.10")),
        ("money", ".5", Decimal("0.50")),
        ("money", "1.500", Decimal("1.50")),
        ("money", Decimal("7"), Decimal("7.00")),
        ("money", 7, Decimal("7.00")),
        ("money", "", None),
        ("money", "　", None),
        ("money", None, None),
        ("quantity", "１２．１２５", Decimal("12.125")),
        ("percent", "95%", Decimal("95.000")),
        ("percent", "９５．５％", Decimal("95.500")),
        ("integer", "1,200", 1200),
        ("integer", "３", 3),
        ("integer", "3.0", 3),
        ("integer", "-2", -2),
        ("integer", "", None),
        ("day", "2025-03-05", dt.date(2025, 3, 5)),
        ("day", "2025/3/5", dt.date(2025, 3, 5)),
        ("day", "2025.3.5", dt.date(2025, 3, 5)),
        ("day", "2025年3月5日", dt.date(2025, 3, 5)),
        ("day", "２０２５－０３－０５", dt.date(2025, 3, 5)),
        ("day", "20250305", dt.date(2025, 3, 5)),
        ("day", dt.date(2025, 3, 5), dt.date(2025, 3, 5)),
        ("instant", "2025-03-05 14:30", utc(2025, 3, 5, 6, 30)),
        ("instant", "2025-03-05T14:30", utc(2025, 3, 5, 6, 30)),
        ("instant", "2025-03-05T14:30:15", utc(2025, 3, 5, 6, 30, 15)),
        ("instant", "2025/03/05 7:30:15", utc(2025, 3, 4, 23, 30, 15)),
        ("instant", "２０２５－０３－０５ １４：３０", utc(2025, 3, 5, 6, 30)),
        ("instant", utc(2025, 3, 5, 6), utc(2025, 3, 5, 6)),
        ("flag", "是", True),
        ("flag", "on", True),
        ("flag", "", False),
        ("flag", "否", False),
        ("flag", "false", False),
        ("choice", "visit", "visit"),
        ("choice", "客户拜访", "visit"),
        ("choice", "customer visit", "visit"),
        ("choice", "", None),
        ("ref", "17", 17),
        ("ref", "", None),
        ("text", "  abc ", "abc"),
        ("text", "", ""),
        ("text", "e\u0301", "e\u0301"),
        ("text", "\u3000ab\u00a0", "ab"),
        ("text", "\u2003ab", "\u2003ab"),
        ("longtext", " a\r\nb ", " a\nb "),
    ],
)
def test_typed_text_has_its_value(kind: str, raw: Any, value: Any) -> None:
    found = parse(info(kind), raw)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "raw", "message"),
    [
        ("money", "12.345", "At most 2 decimal places"),
        ("money", "1,77,0", "A number is needed"),
        ("money", "1e5", "A number is needed"),
        ("money", "abc", "A number is needed"),
        ("money", "--1", "A number is needed"),
        ("money", "NaN", "A number is needed"),
        ("money", "1" * 41, "A number is needed"),
        ("money", "10000000000000", "too large"),
        ("money", Decimal("NaN"), "too large"),
        ("quantity", "0.0001", "At most 3 decimal places"),
        ("percent", "1000000", "too large"),
        ("integer", "1.5", "A whole number is needed"),
        ("integer", "2000000001", "too large"),
        ("integer", True, "A whole number is needed"),
        ("day", "2025-02-30", "A date is needed"),
        ("day", "2025-3", "A date is needed"),
        ("day", "1899-12-31", "between 1900 and 2200"),
        ("day", "tomorrow", "A date is needed"),
        ("instant", "2025-03-05", "2025-03-05 14:30"),
        ("instant", "2025-03-05 25:00", "2025-03-05 14:30"),
        ("instant", "2025-13-05 10:00", "2025-03-05 14:30"),
        ("flag", "perhaps", "Only yes or no"),
        ("choice", "VISIT", "customer visit、other"),
        ("ref", "17a", "Choose one of the offered"),
        ("ref", "-1", "Choose one of the offered"),
        ("ref", "12345678901", "Choose one of the offered"),
        ("text", "123456789", "At most 8 characters; this has 9"),
        ("text", "a\x00b", "U+0000 cannot be kept"),
        ("text", "a\nb", "U+000A cannot be kept"),
        ("text", "\tab", "U+0009 cannot be kept"),
        ("text", "ab\r\n", "U+000D cannot be kept"),
        ("text", "a\u202eb", "U+202E cannot be kept"),
        ("longtext", "a\x07", "U+0007 cannot be kept"),
        ("longtext", "x" * 5001, "At most 5000 characters"),
    ],
)
def test_a_bad_value_says_what_is_accepted(kind: str, raw: Any, message: str) -> None:
    with pytest.raises(BadValue) as caught:
        parse(info(kind), raw)
    assert message in read(caught.value.message)


def test_a_typed_float_is_a_fault_of_the_caller() -> None:
    with pytest.raises(TypeError, match="float"):
        parse(info("money"), 0.1)


@pytest.mark.parametrize(
    ("bounds", "good", "bad", "message"),
    [
        ({"above": 0}, "0.01", "0", "Must be above 0"),
        ({"minimum": 1}, "1", "0.99", "Must be at least 1"),
        ({"maximum": Decimal("9.5")}, "9.50", "9.51", "Must be at most 9.5"),
    ],
)
def test_bounds_hold_on_the_edge(bounds: dict[str, Any], good: str, bad: str, message: str) -> None:
    parse(info("money", **bounds), good)
    with pytest.raises(BadValue) as caught:
        parse(info("money", **bounds), bad)
    assert message in read(caught.value.message)


def test_an_address_of_mail_looks_like_one() -> None:
    mail = Info("x", Field("x", "甲", "thing", format="email"), CharField(max_length=80), "text")
    assert parse(mail, "ａ@example.com".replace("ａ", "a")) == "a@example.com"
    for bad in ("a@b", "a b@example.com", "@example.com", "a@example.c"):
        with pytest.raises(BadValue):
            parse(mail, bad)


@pytest.mark.parametrize(
    ("kind", "value", "as_read", "for_scripts", "as_typed"),
    [
        ("money", Decimal("1770.00"), "1,770.00", "1770.00", "1770.00"),
        ("money", Decimal("-0.50"), "-0.50", "-0.50", "-0.50"),
        ("quantity", Decimal("1200.500"), "1,200.5", "1200.5", "1200.5"),
        ("quantity", Decimal("20.000"), "20", "20", "20"),
        ("percent", Decimal("95.000"), "95.0%", "95", "95"),
        ("integer", 12000, "12,000", "12000", "12000"),
        ("day", dt.date(2025, 3, 5), "2025-03-05", "2025-03-05", "2025-03-05"),
        ("instant", utc(2025, 3, 5, 18, 30, 1), "2025-03-06 02:30:01", "2025-03-06T02:30:01+08:00", "2025-03-06 02:30:01"),
        ("flag", True, "yes", "true", "true"),
        ("flag", False, "no", "false", "false"),
        ("choice", "visit", "customer visit", "visit", "visit"),
        ("text", "甲", "甲", "甲", "甲"),
        ("ref", 17, "17", "17", "17"),
        ("money", None, "", "", ""),
        ("flag", None, "", "", ""),
    ],
)  # fmt: skip
def test_a_value_reads_alike_everywhere(kind: str, value: Any, as_read: str, for_scripts: str, as_typed: str) -> None:
    kept = info(kind)
    assert (shown(kept, value), machine(kept, value), typed(kept, value)) == (as_read, for_scripts, as_typed)


@EXAMPLES
@given(value=decimals_2, whole=decimals_3, day=st.dates(dt.date(1900, 1, 1), dt.date(2200, 12, 31)))
def test_what_a_form_shows_is_taken_back_unchanged(value: Decimal, whole: Decimal, day: dt.date) -> None:
    assert parse(info("money"), typed(info("money"), value)) == value
    assert parse(info("quantity"), typed(info("quantity"), whole)) == whole
    assert parse(info("day"), typed(info("day"), day)) == day


@EXAMPLES
@given(instant=instants(700_000, 800_000))
def test_an_instant_is_typed_to_the_second(instant: dt.datetime) -> None:
    assert parse(info("instant"), typed(info("instant"), instant)) == instant.replace(microsecond=0)


def test_no_decimal_column_of_the_product_is_a_float(sqlite_template: Path) -> None:
    from models import ALL_MODELS

    kinds = {type(column).__name__ for model in ALL_MODELS for column in model._meta.sorted_fields}
    assert not kinds & {"DecimalField", "FloatField", "DoubleField", "DateTimeField", "TimestampField"}
    assert sqlite_template.exists()
