"""Typed text to values, and values to text: one way for forms, imports, commands, pages and exports.

`parse` raises BadValue with a message that names the remedy. Money is yuan with two places, quantities and percentages have three,
instants are typed in the company's time zone and kept in UTC.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

from backoffice import clock
from backoffice.declarations import Info
from backoffice.texts import Readable, label, read, say
from models.register import Text

LONG_TEXT = 5_000
_PLACES = {"money": 2, "quantity": 3, "percent": 3}
_LIMIT = {"money": Decimal(10) ** 13, "quantity": Decimal(10) ** 12, "percent": Decimal(10) ** 6}
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?|[+-]?[0-9]+(\.[0-9]+)?|[+-]?\.[0-9]+")
# Control and format characters that no text field takes; line ends and tabs are allowed in long texts.
_FORBIDDEN = frozenset({"Cc", "Cs", "Co", "Cn"})
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")
_SPACES = " \u00a0\u3000"
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{1,2}:\d{2}(?::\d{2})?)")
_TRUE = frozenset({"1", "true", "on", "yes", "y", "是"})
FALSE = frozenset({"", "0", "false", "off", "no", "n", "否"})

YES, NO = Text("是", "yes"), Text("否", "no")


class BadValue(ValueError):
    """The typed text is no value of the field; `message` says what is accepted."""

    def __init__(self, message: Readable) -> None:
        super().__init__(message if isinstance(message, str) else repr(message))
        self.message = message


def parse(info: Info, raw: Any) -> Any:
    """The value of a typed text, None for an empty one. Values that are typed already are only checked.

    References come back as an id (int), choices as their code. Raises BadValue.
    """
    if isinstance(raw, str):
        if info.kind == "text":
            # A text is kept as it was typed, whatever its form of Unicode. Spaces around it are no part of it, control characters are
            # refused below wherever they stand.
            raw = raw.strip(_SPACES)
        elif info.kind != "longtext":
            raw = unicodedata.normalize("NFC", raw).strip()
        if raw.strip() == "":
            return False if info.kind == "flag" else ("" if info.kind in {"text", "longtext"} else None)
    if raw is None:
        return None
    value = _PARSERS[info.kind](info, raw)
    _bounds(info, value)
    return value


def _text(info: Info, raw: Any) -> str:
    text = checked_text(str(raw), lines=info.kind == "longtext")
    limit = info.length or LONG_TEXT
    if len(text) > limit:
        raise BadValue(say("At most {limit} characters; this has {length}.", limit=limit, length=len(text)))
    if info.field.format == "email" and text and not _EMAIL.fullmatch(text):
        raise BadValue(say("This is no e-mail address; it looks like name@example.com."))
    return text


def checked_text(text: str, *, lines: bool = True) -> str:
    """The text itself; refuses control characters, halves of surrogate pairs and marks that turn the reading direction."""
    if lines:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    for character in text:
        if character in _BIDI or (
            unicodedata.category(character) in _FORBIDDEN and not (lines and character in "\n\t")
        ):
            raise BadValue(say("The character U+{code} cannot be kept; delete it.", code=f"{ord(character):04X}"))
    return text


def _integer(info: Info, raw: Any) -> int:
    if isinstance(raw, bool):
        raise BadValue(say("A whole number is needed, such as 3."))
    if isinstance(raw, int):
        number = raw
    else:
        text = unicodedata.normalize("NFKC", str(raw)).replace(",", "")
        if not re.fullmatch(r"[+-]?[0-9]{1,12}(\.0+)?", text):
            raise BadValue(say("A whole number is needed, such as 3."))
        number = int(Decimal(text))
    if abs(number) > 2_000_000_000:
        raise BadValue(say("The number is too large."))
    return number


def _decimal(info: Info, raw: Any) -> Decimal:
    if isinstance(raw, float):
        raise TypeError("a float is no exact decimal")
    if isinstance(raw, int | Decimal) and not isinstance(raw, bool):
        number = Decimal(raw)
    else:
        text = (
            unicodedata.normalize("NFKC", str(raw))
            .strip()
            .removeprefix("¥")
            .removesuffix("元")
            .removesuffix("%")
            .strip()
        )
        if len(text) > 40 or not _NUMBER.fullmatch(text):
            raise BadValue(say("A number is needed, such as 88.50."))
        try:
            number = Decimal(text.replace(",", ""))
        except InvalidOperation as exc:
            raise BadValue(say("A number is needed, such as 88.50.")) from exc
    places = _PLACES[info.kind]
    if not number.is_finite() or abs(number) >= _LIMIT[info.kind]:
        raise BadValue(say("The number is too large."))
    if number != round(number, places):
        raise BadValue(say("At most {places} decimal places.", places=places))
    return round(number, places)


def _day(info: Info, raw: Any) -> dt.date:
    if isinstance(raw, dt.datetime):
        return raw.date()
    if isinstance(raw, dt.date):
        return raw
    text = unicodedata.normalize("NFKC", str(raw)).replace("/", "-").replace(".", "-")
    found = re.fullmatch(r"(\d{4})(-?)(\d{1,2})\2(\d{1,2})", re.sub(r"[年月]", "-", text).removesuffix("日"))
    try:
        if found is None:
            raise ValueError(text)
        day = dt.date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError as exc:
        raise BadValue(say("A date is needed, such as 2025-03-05.")) from exc
    if not 1900 <= day.year <= 2200:
        raise BadValue(say("The year must lie between 1900 and 2200."))
    return day


def _instant(info: Info, raw: Any) -> dt.datetime:
    if isinstance(raw, dt.datetime):
        if raw.tzinfo is None:
            raw = raw.replace(tzinfo=clock.company_zone())
        aware: dt.datetime = raw.astimezone(dt.UTC)
        return aware
    found = _INSTANT.fullmatch(unicodedata.normalize("NFKC", str(raw)).replace("/", "-"))
    try:
        if found is None:
            raise ValueError(raw)
        local = dt.datetime.fromisoformat(f"{found[1]}T{found[2].rjust(8 if found[2].count(':') == 2 else 5, '0')}")
    except ValueError as exc:
        raise BadValue(say("A time is needed, such as 2025-03-05 14:30.")) from exc
    if not 1900 <= local.year <= 2200:
        raise BadValue(say("The year must lie between 1900 and 2200."))
    return local.replace(tzinfo=clock.company_zone()).astimezone(dt.UTC)


def _flag(info: Info, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    text = str(raw).strip().lower()
    if text in _TRUE:
        return True
    if text in FALSE:
        return False
    raise BadValue(say("Only yes or no is accepted."))


def _choice(info: Info, raw: Any) -> str:
    code = str(raw)
    if code in info.choices:
        return code
    for choice in info.field.choices:
        if code in {choice.zh, choice.en}:
            return choice.code
    options = "、".join(label(choice) for choice in info.field.choices)
    raise BadValue(say("Not one of the choices: {options}.", options=options))


def _reference(info: Info, raw: Any) -> int:
    if hasattr(raw, "id"):
        return int(raw.id)
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    text = str(raw)
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise BadValue(say("Choose one of the offered entries."))
    return int(text)


_PARSERS = {
    "text": _text,
    "longtext": _text,
    "number": _text,
    "integer": _integer,
    "money": _decimal,
    "quantity": _decimal,
    "percent": _decimal,
    "day": _day,
    "instant": _instant,
    "flag": _flag,
    "choice": _choice,
    "ref": _reference,
    "file": _reference,
}


def _bounds(info: Info, value: Any) -> None:
    if not info.numeric:
        return
    declared = info.field
    if declared.above is not None and not value > declared.above:
        raise BadValue(say("Must be above {bound}.", bound=declared.above))
    if declared.minimum is not None and value < declared.minimum:
        raise BadValue(say("Must be at least {bound}.", bound=declared.minimum))
    if declared.maximum is not None and value > declared.maximum:
        raise BadValue(say("Must be at most {bound}.", bound=declared.maximum))


# ---- showing -------------------------------------------------------------------------------------------------------


def shown(info: Info, value: Any, *, group: bool = True) -> str:
    """The text of a value as people read it; references and files bring their own label. Empty for None.

    > 1,770.00   2025-03-05   2025-03-05 14:30:00   是
    """
    if value is None:
        return ""
    if info.kind == "choice":
        choice = info.choices.get(value)
        return label(choice) if choice is not None else str(value)
    if info.kind == "flag":
        return read(YES if value else NO)
    if info.kind == "money":
        return f"{value:,.2f}" if group else f"{value:.2f}"
    if info.kind == "quantity":
        return _trimmed(value, group)
    if info.kind == "percent":
        return f"{value:.1f}%"
    if info.kind == "integer" and info.field.format == "duration":
        return duration(value)
    if info.kind == "integer":
        return f"{value:,}" if group else str(value)
    if info.kind == "instant":
        return moment(value)
    return str(value)


def _trimmed(value: Decimal, group: bool) -> str:
    text = f"{value:,.3f}" if group else f"{value:.3f}"
    return text.rstrip("0").rstrip(".")


def duration(seconds: int) -> str:
    """> 4:55   1:02:03   2 天 0:00:30"""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock_text = f"{hours}:{minutes:02d}:{rest:02d}" if hours or days else f"{minutes}:{rest:02d}"
    return read(Text(f"{days} 天 {clock_text}", f"{days} d {clock_text}")) if days else clock_text


def moment(instant: dt.datetime) -> str:
    """> 2025-03-05 14:30:00, in the company's time zone."""
    return instant.astimezone(clock.company_zone()).strftime("%Y-%m-%d %H:%M:%S")


def machine(info: Info, value: Any) -> str:
    """The value for scripts: plain decimal, ISO 8601 with offset, choice code, id of a reference; empty for None."""
    if value is None:
        return ""
    if info.kind == "flag":
        return "true" if value else "false"
    if info.kind == "instant":
        return str(value.astimezone(clock.company_zone()).isoformat())
    if info.kind == "day":
        return str(value.isoformat())
    if info.kind in {"money", "quantity", "percent"}:
        return format(value, "f") if info.kind == "money" else _trimmed(value, group=False)
    return str(getattr(value, "id", value))


def typed(info: Info, value: Any) -> str:
    """The value as it is typed into a form field."""
    if info.kind == "instant" and value is not None:
        return f"{value.astimezone(clock.company_zone()):%Y-%m-%d %H:%M:%S}"
    return machine(info, value)


__all__ = ["FALSE", "BadValue", "checked_text", "duration", "machine", "moment", "parse", "shown", "typed"]
