"""Passwords: argon2id hashes, the rule that a new one must meet, and one-time passwords.

    hasher = Hasher()
    stored = hasher.hash("correct horse battery")
    hasher.verify(stored, typed)      # the same work when `stored` is empty, as for a name that does not exist

Nothing here touches the database. A hash takes 64 MiB and some 100 ms, so compute it outside transactions.
"""

from __future__ import annotations

import gzip
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

from backoffice.texts import Message, say

LEAST, MOST = 12, 128
MOST_BYTES = 1024
ONE_TIME_LENGTH = 16
# Without 0 and o, 1, i and l, which are mistaken for each other on paper.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
_COMMON = Path(__file__).parent / "data" / "common_passwords.txt.gz"
_PADDING = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_REPEATED = re.compile(r"(.+?)\1+", re.DOTALL)


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


def password_problem(password: str, context: Iterable[str] = ()) -> Message | None:
    """What is wrong with a new password and what to do about it; None when it may be used.

    12 to 128 characters of any kind, compared exactly as typed; not a common or leaked one, nor a common one with
    digits and signs around it or repeated; without the words of `context` (company, user name, own name).
    """
    if len(password) < LEAST:
        return say(
            "The new password has {count} characters; use at least {least}. A few words in a row are easy to remember.",
            count=len(password),
            least=LEAST,
        )
    if len(password) > MOST or _bytes(password) > MOST_BYTES:
        return say("The new password is too long; use at most {most} characters.", most=MOST)
    if is_common(password):
        return say(
            "The new password is on the list of common and leaked passwords, or is one with digits around it. "
            "Use one that nobody else has, for example four words that do not belong together."
        )
    folded = _folded(password)
    for word in _words(context):
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


def _words(context: Iterable[str]) -> list[str]:
    """The words worth refusing: of at least four letters, or of at least two when they are Chinese characters."""
    found = []
    for text in context:
        folded = _folded(text)
        for word in {folded, *re.split(r"[\W_]+", folded)}:
            least = 2 if any("CJK" in unicodedata.name(sign, "") for sign in word) else 4
            if len(word) >= least:
                found.append(word)
    return sorted(set(found), key=len, reverse=True)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


__all__ = ["Hasher", "is_common", "one_time_password", "password_problem"]
