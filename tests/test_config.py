"""Settings: what is read, what is refused, and that a refusal tells what to do without telling a secret."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backoffice.config import SETTINGS, Settings, SettingsError

KEY = "f3c1a97b5d2e48609b7a1c5e8d3f2046a1b2c3d4"


def read(**values: str) -> Settings:
    environ = {"BACKOFFICE_SECRET_KEY": KEY} | {f"BACKOFFICE_{name}": text for name, text in values.items()}
    return Settings.read(environ)


def test_a_secret_key_is_enough_to_start() -> None:
    settings = read()
    assert settings.database_url == "sqlite:///var/backoffice.db"
    assert settings.data_dir == Path("var/data")
    assert settings.timezone == ZoneInfo("Asia/Shanghai")
    assert settings.locale == "zh_Hans_CN"
    assert settings.trusted_hosts == ()
    assert settings.trusted_proxies == 0


def test_every_field_has_its_variable() -> None:
    assert [setting.field for setting in SETTINGS] == list(Settings.__dataclass_fields__)


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("DATABASE_URL", "postgresql://u:p@db/backoffice", "database_url", "postgresql://u:p@db/backoffice"),
        ("DATA_DIR", "/srv/files", "data_dir", Path("/srv/files")),
        ("COMPANY_NAME", "东海机电有限公司", "company_name", "东海机电有限公司"),
        ("TIMEZONE", "Asia/Taipei", "timezone", ZoneInfo("Asia/Taipei")),
        ("LOCALE", "en", "locale", "en"),
        (
            "TRUSTED_HOSTS",
            "Office.example.com, .example.org",
            "trusted_hosts",
            ("office.example.com", ".example.org"),
        ),
        ("TRUSTED_HOSTS", "10.0.0.1 [::1]", "trusted_hosts", ("10.0.0.1", "[::1]")),
        ("TRUSTED_PROXIES", "2", "trusted_proxies", 2),
        ("LOCALE", "", "locale", "zh_Hans_CN"),
        ("SECOND_FACTOR", "all", "second_factor", "all"),
        ("SECOND_FACTOR", "off", "second_factor", "off"),
        ("PROFILE", "dengbao", "profile", "dengbao"),
        ("SIGN_IN_LIMITS", "3,10,100,30", "sign_in_limits", (3, 10, 100, 30)),
        ("SIGN_IN_LIMITS", "", "sign_in_limits", (5, 20, 300, 15)),
    ],
)
def test_a_given_value_is_taken(name: str, text: str, field: str, value: Any) -> None:
    assert getattr(read(**{name: text}), field) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DATABASE_URL", "mysql://a/b"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite://host/file.db"),
        ("DATABASE_URL", "postgresql://host"),
        ("COMPANY_NAME", "x" * 81),
        ("COMPANY_NAME", "two\nlines"),
        ("TIMEZONE", "Shanghai"),
        ("TIMEZONE", "../etc/passwd"),
        ("TIMEZONE", "Asia"),
        ("LOCALE", "zh"),
        ("TRUSTED_HOSTS", "*"),
        ("TRUSTED_HOSTS", "https://example.com"),
        ("TRUSTED_HOSTS", "example.com:8000"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "one"),
        ("TRUSTED_PROXIES", "٣"),
        ("SECOND_FACTOR", "none"),
        ("SECOND_FACTOR", "Approvers"),
        ("PROFILE", "mlps"),
        ("SIGN_IN_LIMITS", "5"),
        ("SIGN_IN_LIMITS", "5,20,300,0"),
        ("SIGN_IN_LIMITS", "5,20,-1,15"),
        ("SIGN_IN_LIMITS", "5,20,300,15,1"),
    ],
)
def test_a_wrong_value_names_variable_value_and_choices(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**{name: text})
    (accepted,) = (setting.accepted for setting in SETTINGS if setting.name == f"BACKOFFICE_{name}")
    assert str(caught.value) == f"BACKOFFICE_{name}: {text!r}; accepted: {accepted}"


@pytest.mark.parametrize(
    "key",
    [
        "short",
        "x" * 64,
        "ab" * 20,
        "0123456789" * 4,
        "abcdefgh" * 5,
        "secret" * 8,
        "changeme" * 5,
        "dev-" * 10,
        "dev-secret-key-changeme-1234567890",
        "please-change-this-secret-key-in-production",
        "password123456789012345678901234567890",
    ],
)
def test_a_published_or_simple_key_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(SettingsError, match="BACKOFFICE_SECRET_KEY") as caught:
        Settings.read({"BACKOFFICE_SECRET_KEY": key})
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        KEY,
        "9f86d081884c7d659a2feaa0c55ad015",
        "31415926535897932384626433832795",
        "GZ1oXbYTn8r4gK2uQ7wPzLm5JcVhS9eD",
    ],
)
def test_a_random_key_is_taken(key: str) -> None:
    assert Settings.read({"BACKOFFICE_SECRET_KEY": key}).secret_key == key


def test_a_missing_key_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="BACKOFFICE_SECRET_KEY: not set; accepted: 32 or more"):
        Settings.read({})


def test_commands_without_browsers_need_no_key_but_refuse_a_bad_one() -> None:
    assert Settings.read({}, needs_secret=False).secret_key == ""
    with pytest.raises(SettingsError):
        Settings.read({"BACKOFFICE_SECRET_KEY": "short"}, needs_secret=False)


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS])
def test_every_value_may_come_from_a_file(name: str, tmp_path: Path) -> None:
    values = {"BACKOFFICE_SECRET_KEY": KEY, "BACKOFFICE_TRUSTED_HOSTS": "a.example"}
    text = values.pop(name, None) or {s.name: s.default for s in SETTINGS}[name]
    (tmp_path / "value").write_text(f"{text}\n", encoding="utf-8")
    from_file = Settings.read({**values, f"{name}_FILE": str(tmp_path / "value")})
    assert from_file == Settings.read({**values, name: str(text)})


def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"BACKOFFICE_LOCALE_FILE: .*gone.*readable"):
        read(LOCALE_FILE=str(tmp_path / "gone"))


def test_value_and_file_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="together"):
        read(LOCALE="en", LOCALE_FILE=str(tmp_path / "value"))


def test_neither_errors_nor_logs_show_a_password() -> None:
    with pytest.raises(SettingsError) as caught:
        read(DATABASE_URL="mysql://app:hunter2@db/x")
    assert "hunter2" not in str(caught.value)
    shown = repr(read(DATABASE_URL="postgresql://app:hunter2@db/x"))
    assert "hunter2" not in shown
    assert KEY not in shown
