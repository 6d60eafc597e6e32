"""Settings, read from the environment once at start.

`SETTINGS` is the one table of all of them; README.md shows the same rows, and a test compares the two. Each variable
may instead be given as NAME_FILE, naming a file that holds the value. A wrong value raises SettingsError, which names
the variable, the value and what is accepted.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

LOCALES = ("zh_Hans_CN", "zh_Hant_TW", "en")
SECOND_FACTORS = ("approvers", "all", "off")
PROFILES = ("standard", "dengbao")

# The words that published examples of secret keys are made of.
_PUBLISHED = re.compile(
    "development|production|backoffice|insecure|password|changeme|example|default|random|secret|change|please|"
    "string|django|flask|super|here|only|test|demo|this|your|dev|key|not|for|use"
)
_HOST = re.compile(r"\.?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_IP6 = re.compile(r"\[[0-9A-Fa-f:.]+\]")


class SettingsError(Exception):
    """A setting that is missing or wrong; the text is one line for whoever starts the product."""

    def __init__(self, name: str, shown: str, accepted: str) -> None:
        super().__init__(f"{name}: {shown}; accepted: {accepted}")
        self.name = name


@dataclass(frozen=True)
class Setting:
    """One variable: `parse` takes its text and raises ValueError for a wrong one; no default means required."""

    name: str
    meaning: str
    default: str | None
    accepted: str
    parse: Callable[[str], Any]
    is_secret: bool = False

    @property
    def field(self) -> str:
        return self.name.removeprefix("BACKOFFICE_").lower()

    def show(self, text: str) -> str:
        """The value as an error message may repeat it: never a secret, nor the password inside an address.

        > 'postgresql://app:***@db/backoffice'
        """
        if self.is_secret:
            return f"a value of {len(text)} characters"
        return repr(without_password(text)) if "://" in text else repr(text[:200])


def without_password(url: str) -> str:
    """The address with its password blotted out, for messages and logs."""
    try:
        parts = urlsplit(url)
        if parts.password is None:
            return url
        user, _, host = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:***@{host}"))
    except ValueError:
        return "an address that cannot be read"


def _database_url(text: str) -> str:
    parts = urlsplit(text)
    is_file = parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1 and ":memory:" not in text
    is_server = parts.scheme in ("postgresql", "postgres") and len(parts.path) > 1
    if not (is_file or is_server):
        raise ValueError(text)
    return text


def _owner_url(text: str) -> str:
    if text and not _database_url(text).startswith("postgres"):
        raise ValueError(text)
    return text


def _secret_key(text: str) -> str:
    repeated = any(text == (text[:period] * len(text))[: len(text)] for period in range(1, len(text) // 2 + 1))
    # Beside published words and counting (1234…, 9876…, 0000…), enough must be left that nobody could guess.
    left = _PUBLISHED.sub("", re.sub(r"[\W_]", "", text.lower()))
    steps = (ord(after) - ord(before) for before, after in pairwise(left))
    if len(text) < 32 or repeated or sum(step not in (-9, -1, 0, 1, 9) for step in steps) < 12:
        raise ValueError("short, published or simple")
    return text


def _line(text: str) -> str:
    if not 1 <= len(text.strip()) <= 80 or not text.isprintable():
        raise ValueError(text)
    return text.strip()


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return parse


def _timezone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (OSError, LookupError) as exc:  # A directory of zones, or a name that is not there.
        raise ValueError(text) from exc


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.lower() for host in re.split(r"[,\s]+", text) if host)
    for host in hosts:
        if not (_HOST.fullmatch(host) or _IP6.fullmatch(host)):
            raise ValueError(host)
    return hosts


def _hops(text: str) -> int:
    if not re.fullmatch(r"[0-9]", text, re.ASCII):
        raise ValueError(text)
    return int(text)


def _limits(text: str) -> tuple[int, int, int, int]:
    found = re.fullmatch(r"([0-9]{1,5}),\s*([0-9]{1,5}),\s*([0-9]{1,5}),\s*([0-9]{1,4})", text, re.ASCII)
    if found is None or "0" in (each.lstrip("0") or "0" for each in found.groups()):
        raise ValueError(text)
    account, address, overall, minutes = (int(each) for each in found.groups())
    return account, address, overall, minutes


def _directory(text: str) -> Path:
    path = Path(text).expanduser()
    if not text.strip() or "\0" in text or path.is_file():
        raise ValueError(text)
    return path


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "BACKOFFICE_DATABASE_URL",
        "Where the records are",
        "sqlite:///var/backoffice.db",
        "sqlite:///relative/file.db, sqlite:////absolute/file.db or postgresql://user:password@host/database",
        _database_url,
    ),
    Setting(
        "BACKOFFICE_DATABASE_OWNER_URL",
        "PostgreSQL only: the role that owns the tables, used by `migrate` and `restore`; the other then only works in them",
        "",
        "empty, or postgresql://owner:password@host/database for the same database",
        _owner_url,
    ),
    Setting(
        "BACKOFFICE_SECRET_KEY",
        "Signs what is handed to browsers; the same for all processes, known to nobody",
        None,
        "32 or more random characters, for example from: openssl rand -hex 32",
        _secret_key,
        is_secret=True,
    ),
    Setting(
        "BACKOFFICE_DATA_DIR",
        "Attachments and generated files",
        "var/data",
        "a directory, made when it is not there",
        _directory,
    ),
    Setting(
        "BACKOFFICE_COMPANY_NAME",
        "The name on pages and printed forms",
        "Backoffice",
        "1 to 80 printable characters",
        _line,
    ),
    Setting(
        "BACKOFFICE_TIMEZONE",
        "The company's time zone: its days, and how times are shown",
        "Asia/Shanghai",
        "a name of the IANA time zone database, for example Asia/Shanghai",
        _timezone,
    ),
    Setting(
        "BACKOFFICE_LOCALE",
        "The language of those who have not chosen one",
        "zh_Hans_CN",
        ", ".join(LOCALES),
        _one_of(*LOCALES),
    ),
    Setting(
        "BACKOFFICE_TRUSTED_HOSTS",
        "The host names under which people reach the product; required unless it listens on loopback only",
        "",
        "host names separated by commas, without scheme or port; .example.com includes every name below it",
        _hosts,
    ),
    Setting(
        "BACKOFFICE_TRUSTED_PROXIES",
        "How many proxies of our own stand in front and add X-Forwarded-* headers",
        "0",
        "a whole number from 0 to 9",
        _hops,
    ),
    Setting(
        "BACKOFFICE_SECOND_FACTOR",
        "Who must sign in with a code of an authenticator besides the password; always off in the demo",
        "approvers",
        "approvers (administrators and every role that approves), all, off",
        _one_of(*SECOND_FACTORS),
    ),
    Setting(
        "BACKOFFICE_PROFILE",
        "The rule for passwords: 12 characters and no rotation, or that of 等级保护: 8 characters of 3 of 4 classes, "
        "90 days, the last 5 not again",
        "standard",
        ", ".join(PROFILES),
        _one_of(*PROFILES),
    ),
    Setting(
        "BACKOFFICE_SIGN_IN_LIMITS",
        "Wrong passwords for one account, from one address and in all, and the minutes in which they count; then waits",
        "5, 20, 300, 15",
        "four whole numbers above 0, separated by commas",
        _limits,
    ),
)


@dataclass(frozen=True)
class Settings:
    """The settings of one process; field names are those of the variables without BACKOFFICE_."""

    database_url: str
    database_owner_url: str
    secret_key: str
    data_dir: Path
    company_name: str
    timezone: ZoneInfo
    locale: str
    trusted_hosts: tuple[str, ...]
    trusted_proxies: int
    second_factor: str
    profile: str
    sign_in_limits: tuple[int, int, int, int]

    @classmethod
    def read(cls, environ: Mapping[str, str], *, needs_secret: bool = True) -> Self:
        """The settings in `environ`; raises SettingsError for the first that is wrong.

        Without `needs_secret` a missing secret key reads as "": for commands that hand nothing to browsers.
        A key that is given must be a good one all the same.
        """
        values: dict[str, Any] = {}
        for setting in SETTINGS:
            text = _text(setting, environ)
            if text is None:
                if needs_secret:
                    raise SettingsError(setting.name, "not set", setting.accepted)
                values[setting.field] = ""
                continue
            try:
                values[setting.field] = setting.parse(text)
            except ValueError as exc:
                raise SettingsError(setting.name, setting.show(text), setting.accepted) from exc
        return cls(**values)

    def __repr__(self) -> str:
        shown = {f.name: getattr(self, f.name) for f in fields(self)}
        shown |= {"secret_key": "***"}
        shown |= {name: without_password(shown[name]) for name in ("database_url", "database_owner_url")}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def told(self) -> dict[str, str]:
        """Every setting as text, without secrets and passwords: for backups and for the history."""
        found = {}
        for setting in SETTINGS:
            value = getattr(self, setting.field)
            if not setting.is_secret:
                text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
                found[setting.name] = without_password(text) if "://" in text else text
        return found


def _text(setting: Setting, environ: Mapping[str, str]) -> str | None:
    """The variable's text, from itself, its _FILE, or its default; None when it is required and absent.

    An empty variable counts as absent, as it does for most shells' ${NAME:-default}.
    """
    direct, named = environ.get(setting.name), environ.get(f"{setting.name}_FILE")
    if direct and named:
        raise SettingsError(setting.name, f"set together with {setting.name}_FILE", "one of the two")
    if not named:
        return direct or setting.default
    try:
        return Path(named).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{setting.name}_FILE", repr(named), "a readable text file") from exc
