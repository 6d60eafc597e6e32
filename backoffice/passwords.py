"""Passwords: argon2id hashes, the rule that a new one must meet, and one-time passwords.

    hasher = Hasher()
    stored = hasher.hash("correct horse battery")
    hasher.verify(stored, typed)      # the same work when `stored` is empty, as for a name that does not exist

A hash takes 64 MiB and some 100 ms, so compute it outside transactions.
"""

from __future__ import annotations

import datetime as dt
import gzip
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

from backoffice.texts import Message, say
from models.accounts import User
from models.factors import FormerPassword

MOST = 128
MOST_BYTES = 1024
ONE_TIME_LENGTH = 16
# Without 0 and o, 1, i and l, which are mistaken for each other on paper.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
PRODUCT = "backoffice"
_COMMON = Path(__file__).parent / "data" / "common_passwords.txt.gz"
_PADDING = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_REPEATED = re.compile(r"(.+?)\1+", re.DOTALL)


# What says nothing about which company it is.
_LEGAL = re.compile("有限责任公司|股份有限公司|有限公司|分公司|总公司|集团|公司")
_MOST_READINGS = 64


@dataclass(frozen=True)
class Rule:
    """What a new password must have: its length, how many of the four classes of characters, and none of the last
    `not_again`; after `days` it must be replaced (0: never)."""

    least: int = 12
    classes: int = 1
    days: int = 0
    not_again: int = 1


STANDARD = Rule()
# 等级保护 (GB/T 22239-2019): complexity and regular change.
DENGBAO = Rule(least=8, classes=3, days=90, not_again=5)
RULES = {"standard": STANDARD, "dengbao": DENGBAO}


class Hasher:
    """Makes and checks argon2id hashes, `most_at_once` at the same time, which bounds the memory of a login flood."""

    def __init__(
        self, *, memory_kib: int = 64 * 1024, time_cost: int = 3, parallelism: int = 1, most_at_once: int = 4
    ) -> None:
        self._argon2 = PasswordHasher(
            time_cost=time_cost,
            memory_cost=memory_kib,
            parallelism=parallelism,
            hash_len=32,
            salt_len=16,
            type=Type.ID,
        )
        self._slots = threading.BoundedSemaphore(most_at_once)

    def hash(self, password: str) -> str:
        """The hash of `password`, its parameters included. Raises ValueError for more than 1,024 bytes."""
        raw = password.encode()
        if len(raw) > MOST_BYTES:
            raise ValueError("the password is too long to be hashed")
        with self._slots:
            return self._argon2.hash(raw)

    def verify(self, stored: str, password: str) -> bool:
        """Whether `password` is the one that was hashed. An empty or broken `stored` takes as long and is False."""
        try:
            raw = password.encode()
        except UnicodeEncodeError:
            raw = b""
        fits = 0 < len(raw) <= MOST_BYTES
        try:
            self._argon2.check_needs_rehash(stored)
            against, known = stored, True
        except InvalidHashError:
            against, known = self._nobody, False
        with self._slots:
            try:
                matches = bool(self._argon2.verify(against, raw if fits else b"-"))
            except Argon2Error:
                matches = False
        return matches and known and fits

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's; true for a text that is no hash at all."""
        try:
            return self._argon2.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    @cached_property
    def _nobody(self) -> str:
        """A hash that no password meets, for names that do not exist."""
        return self._argon2.hash(secrets.token_bytes(32))

    def warm_up(self) -> None:
        """Make what the first check would otherwise make, so that it does not take longer than the next one."""
        self._nobody  # noqa: B018 - reading it makes it


def password_problem(password: str, context: Iterable[str] = (), rule: Rule = STANDARD) -> Message | None:
    """What is wrong with a new password and what to do about it; None when it may be used.

    12 to 128 characters of any kind (or what `rule` says), compared exactly as typed; not a common or leaked one, nor a
    common one with digits and signs around it or repeated; without the name of the product and the words of `context` (company,
    user name, own name), nor their pinyin.
    """
    if len(password) < rule.least:
        return say(
            "The new password has {count} characters; use at least {least}. A few words in a row are easy to remember.",
            count=len(password),
            least=rule.least,
        )
    if _classes(password) < rule.classes:
        return say(
            "Use at least {count} of these four: capital letters, small letters, digits, other characters.",
            count=rule.classes,
        )
    if len(password) > MOST or _bytes(password) > MOST_BYTES:
        return say("The new password is too long; use at most {most} characters.", most=MOST)
    if is_common(password):
        return say(
            "The new password is on the list of common and leaked passwords, or is one with digits around it. "
            "Use one that nobody else has, for example four words that do not belong together."
        )
    folded = _folded(password)
    for word in _words((PRODUCT, *context)):
        if word in folded:
            return say('The new password contains "{word}", which others can guess. Leave it out.', word=word)
    return None


def is_common(password: str) -> bool:
    """Whether the password, or what it mainly consists of, is on the offline list. Reads the list: about 10 ms."""
    folded = _folded(password)
    wanted = {folded}
    bare = _PADDING.sub("", folded)
    if 2 * len(bare) > len(folded):
        wanted.add(bare)
    for text in (folded, bare):
        repeated = _REPEATED.fullmatch(text)
        if repeated:
            wanted.add(repeated[1])
            if len(repeated[1]) < 4:  # "abcabcabcabc", "000000000000"
                return True
    text = gzip.decompress(_COMMON.read_bytes()).decode()
    return any(f"\n{word}\n" in text for word in wanted if word and "\n" not in word)


def one_time_password() -> str:
    """A random password of 16 characters, some 79 bits, that can be read out and typed. > 'k7mq4tzr9hw2xnpc'"""
    while True:
        password = "".join(secrets.choice(_READABLE) for _ in range(ONE_TIME_LENGTH))
        if not is_common(password):
            return password


def _classes(password: str) -> int:
    """How many of the four classes a password has: capitals, small letters, digits, everything else."""
    kinds = {
        "A" if sign.isupper() else "a" if sign.islower() else "1" if sign.isdecimal() else "+" for sign in password
    }
    return len(kinds)


def _words(context: Iterable[str]) -> list[str]:
    """The words worth refusing: of at least four letters, or of at least two when they are Chinese characters.

    Of Chinese words every two characters in a row, and the pinyin of both: 青川建材有限公司 forbids 青川 and qingchuan.
    """
    found = set()
    for text in context:
        folded = _folded(text)
        for word in {folded, *re.split(r"[\W_]+", folded)}:
            if any(map(_is_han, word)):
                found.update(_chinese(word))
            elif len(word) >= 4:
                found.add(word)
    return sorted(found, key=len, reverse=True)


def _chinese(word: str) -> set[str]:
    found = {word} if len(word) >= 2 else set()
    for run in re.split(r"[^\u3400-\u9fff\U00020000-\U0003ffff]+", _LEGAL.sub(" ", word)):
        pairs = {run[at : at + 2] for at in range(len(run) - 1)}
        found |= {part for part in pairs | {run} if len(part) >= 2}
        found |= {sound for part in pairs | {run} for sound in _pinyin(part) if len(sound) >= 4}
    return found


def _pinyin(text: str) -> set[str]:
    """How a text may be written in pinyin, with every reading of its characters. > {"shanxiong", "danxiong", …}"""
    # Its tables take a moment to load, which only somebody who changes a password needs.
    from pypinyin import Style, pinyin

    readings = pinyin(text, style=Style.NORMAL, heteronym=True, errors="ignore")
    # What ü is written as on a keyboard that has none.
    readings = [[sound.replace("v", as_) for sound in one for as_ in ("v", "u", "yu")] for one in readings]
    return {"".join(sounds) for sounds in islice(product(*(sorted(set(one)) for one in readings)), _MOST_READINGS)}


def _is_han(sign: str) -> bool:
    return "CJK" in unicodedata.name(sign, "")


# --- former passwords ---------------------------------------------------------------------------------------------


def remember(user: User, now: dt.datetime) -> None:
    """Keep the hash that is about to be replaced, if its owner chose it; the oldest of more than five go."""
    if not user.password_hash or user.must_change_password:
        return
    FormerPassword.create(user=user.id, hash=user.password_hash, replaced_at=now)
    kept = FormerPassword.select(FormerPassword.id).where(FormerPassword.user == user.id)
    kept = kept.order_by(FormerPassword.id.desc()).limit(DENGBAO.not_again)
    ids = [row.id for row in kept]
    FormerPassword.delete().where((FormerPassword.user == user.id) & FormerPassword.id.not_in(ids)).execute()


def former(user: User, most: int) -> list[str]:
    """The hashes of the last passwords of the account, the present one first."""
    rows = FormerPassword.select(FormerPassword.hash).where(FormerPassword.user == user.id)
    rows = rows.order_by(FormerPassword.id.desc()).limit(max(0, most - 1))
    return [user.password_hash, *(row.hash for row in rows)][:most]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


__all__ = [
    "DENGBAO",
    "RULES",
    "STANDARD",
    "Hasher",
    "Rule",
    "former",
    "is_common",
    "one_time_password",
    "password_problem",
    "remember",
]
