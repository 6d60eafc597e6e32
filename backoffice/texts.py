"""Everything a person reads, in the reader's language.

`say("The file {name} is too large.", name=…)` gives a Message that is translated when it is shown. Declarations carry
`models.register.Text` with Chinese and English side by side. `read` shows either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations

from models.register import Text

LOCALES = ("zh_Hans_CN", "zh_Hant_TW", "en")
DIRECTORY = Path(__file__).parent / "translations"

_locale: ContextVar[str] = ContextVar("locale", default=LOCALES[0])


@dataclass(frozen=True)
class Message:
    """An English sentence with named places, translated by `str()`."""

    id: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return _fill(catalogue(current_locale()).gettext(self.id), self.values)


Readable = Text | Message | str


def say(message_id: str, /, **values: Any) -> Message:
    return Message(message_id, values)


def read(text: Readable) -> str:
    """The text in the current locale. A Text in Traditional Chinese is looked up by its Simplified form."""
    if isinstance(text, str):
        return text
    if isinstance(text, Message):
        return str(text)
    locale = current_locale()
    if locale == "en":
        return _fill(text.en, text.values)
    shown = text.zh if locale == "zh_Hans_CN" else catalogue(locale).gettext(text.zh)
    return _fill(shown, text.values)


def label(thing: Any) -> str:
    """The label of a declared thing (`zh` and `en` beside each other)."""
    return read(Text(thing.zh, thing.en))


def current_locale() -> str:
    return _locale.get()


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Texts read inside are in `locale`."""
    token = _locale.set(locale)
    try:
        yield
    finally:
        _locale.reset(token)


def speak(locale: str) -> None:
    """From now on in this context texts are read in `locale`; for the start of a request or a command."""
    _locale.set(locale)


@cache
def catalogue(locale: str) -> NullTranslations:
    """The messages of one locale; English is the language of the ids. The compiled file is read once per process.

    What a Chinese locale has no message for reads in the first of them, never in English.
    """
    found: NullTranslations = Translations.load(str(DIRECTORY), [locale], "messages")
    if locale not in ("en", LOCALES[0]):
        found.add_fallback(catalogue(LOCALES[0]))
    return found


def _fill(text: str, values: Mapping[str, Any]) -> str:
    if not values:
        return text
    shown = {name: read(value) if isinstance(value, Text | Message) else value for name, value in values.items()}
    return text.format_map(shown)
