"""The second factor: codes of an authenticator (TOTP, RFC 6238) and recovery codes. Each works once.

    required_of(account)                       # whether the person must have one, by the setting and his roles
    key = secret_of(server_key, salt)          # shown once, at enrolment; the table holds the salt alone
    enrol(user_id, salt, step, now=now)        # the recovery codes, to be shown once
    redeem(user_id, server_key, typed, now=now)

Whoever reads the database has no codes: the authenticator's secret is an HMAC of the salt under the server's key, and
recovery codes are kept as SHA-256 of 79 random bits. With another server key authenticators must be enrolled anew.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from typing import Any, Literal

import pyotp
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel

from backoffice.passwords import one_time_password
from models.factors import RecoveryCode, SecondFactor
from models.matrix import NEVER_APPROVES

KEEPERS = frozenset({"admin"})
RECOVERY_CODES = 10
# One half minute early or late, for clocks that differ.
DRIFT = 1
_STEP_SECONDS = 30
_SALT = re.compile(r"[0-9a-f]{32}")


def needing(catalogue: Any, who: str) -> frozenset[str] | None:
    """The roles that must have a second factor under the setting `who`: `all` (None), `approvers` or `off` (none)."""
    if who == "all":
        return None
    if who == "off":
        return frozenset()
    registers = [declaration.register for declaration in catalogue.values()] if catalogue is not None else []
    approve = {
        role
        for register in registers
        for role, grants in register.access.items()
        if any("approve" in grant.verbs for grant in grants)
    }
    return frozenset((approve - NEVER_APPROVES) | KEEPERS)


def demanded(roles: Iterable[str], needing_roles: frozenset[str] | None) -> bool:
    return needing_roles is None or not needing_roles.isdisjoint(roles)


# --- secrets ----------------------------------------------------------------------------------------------------


def fresh_salt() -> str:
    return secrets.token_hex(16)


def is_salt(text: object) -> bool:
    return isinstance(text, str) and _SALT.fullmatch(text) is not None


def secret_of(server_key: str, user_id: int, salt: str) -> str:
    """The authenticator's secret, 160 bits in base 32."""
    raw = hmac.digest(server_key.encode(), f"second factor:{user_id}:{salt}".encode(), "sha256")
    return base64.b32encode(raw[:20]).decode()


def otpauth(secret: str, username: str, company: str) -> str:
    """What an authenticator reads from the picture."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=company))


def step_of(secret: str, typed: str, now: dt.datetime) -> int | None:
    """The half minute whose code was typed, of those that count now; None for no code of theirs."""
    code = _digits(typed)
    present = int(now.timestamp()) // _STEP_SECONDS
    totp = pyotp.TOTP(secret)
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):
        # All are compared, whichever fits, and each in constant time.
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    return found


def _digits(typed: str) -> str:
    return re.sub(r"[\s-]", "", typed[:20]) if typed[:20].isascii() else ""


def picture(text: str) -> tuple[int, str]:
    """A QR code: its size in modules with a margin of four, and the dark ones as the path of an SVG."""
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    count = code.getModuleCount()
    dark = ((x + 4, y + 4) for y in range(count) for x in range(count) if code.isDark(y, x))
    return count + 8, "".join(f"M{x} {y}h1v1h-1z" for x, y in dark)


# --- enrolling and taking away ------------------------------------------------------------------------------------


def enrol(user_id: int, salt: str, step: int, *, now: dt.datetime) -> list[str]:
    """The account has this authenticator from now on; its recovery codes. Belongs in a transaction."""
    remove(user_id)
    SecondFactor.create(user=user_id, salt=salt, last_step=step, confirmed_at=now)
    return new_codes(user_id)


def remove(user_id: int) -> bool:
    """Take the authenticator and its recovery codes away; whether there was one. Belongs in a transaction."""
    RecoveryCode.delete().where(RecoveryCode.user == user_id).execute()
    return bool(SecondFactor.delete().where(SecondFactor.user == user_id).execute())


def new_codes(user_id: int) -> list[str]:
    """New recovery codes; those before no longer work. Belongs in a transaction. > ['k7mq-4tzr-9hw2-xnpc', …]"""
    RecoveryCode.delete().where(RecoveryCode.user == user_id).execute()
    codes = [one_time_password() for _ in range(RECOVERY_CODES)]
    RecoveryCode.insert_many([{"user": user_id, "hash": _hashed(user_id, code)} for code in codes]).execute()
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def codes_left(user_id: int) -> int:
    return int(RecoveryCode.select().where((RecoveryCode.user == user_id) & RecoveryCode.used_at.is_null()).count())


def has_factor(user_id: int) -> bool:
    return bool(SecondFactor.select(SecondFactor.id).where(SecondFactor.user == user_id).exists())


# --- signing in ---------------------------------------------------------------------------------------------------


def redeem(user_id: int, server_key: str, typed: str, *, now: dt.datetime) -> Literal["totp", "recovery"] | None:
    """Take a typed code; None when it is wrong or was taken before. One statement decides, so that of two at once one wins."""
    factor = SecondFactor.get_or_none(SecondFactor.user == user_id)
    if factor is None:
        return None
    step = step_of(secret_of(server_key, user_id, factor.salt), typed, now)
    if step is not None:
        query = SecondFactor.update(last_step=step).where(
            (SecondFactor.id == factor.id) & (SecondFactor.salt == factor.salt) & (SecondFactor.last_step < step)
        )
        return "totp" if query.execute() else None
    query = RecoveryCode.update(used_at=now).where(
        (RecoveryCode.user == user_id) & (RecoveryCode.hash == _hashed(user_id, typed)) & RecoveryCode.used_at.is_null()
    )
    return "recovery" if query.execute() else None


def _hashed(user_id: int, code: str) -> str:
    bare = re.sub(r"[\s-]", "", code[:80]).lower()
    return hashlib.sha256(f"{user_id}:{bare}".encode("utf-8", "replace")).hexdigest()


__all__ = [
    "codes_left",
    "demanded",
    "enrol",
    "fresh_salt",
    "has_factor",
    "is_salt",
    "needing",
    "new_codes",
    "otpauth",
    "picture",
    "redeem",
    "remove",
    "secret_of",
    "step_of",
]
