"""How many wrong passwords are judged: counted in the database before the hash is computed, the same for unknown names.

    slot = take_slot(username, address, now=now)       # commits before anything else happens
    if isinstance(slot, Wait): ...                     # nothing was judged, nothing was counted
    ...                                                # judge the password
    give_back(slot)                                    # only when it was right

A slot counts as a wrong guess until it is given back, so parallel guesses cannot pass together. Only new sign-ins are
throttled: sessions that are open go on, and nobody can be shut out of one by others.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass

from models.accounts import SignInAttempt
from models.base import db

# One number for all sign-ins: counting takes a few milliseconds, and all three limits must hold at once.
_LOCK = 0x5169_6E49
_FORGET = dt.timedelta(days=1)


@dataclass(frozen=True)
class Limits:
    """Wrong guesses in `window` per account name, per client address, and overall."""

    account: int = 5
    address: int = 20
    overall: int = 300
    window: dt.timedelta = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class Wait:
    """Too many wrong guesses: the next one is judged from `until` on."""

    until: dt.datetime


def take_slot(username: str, address: str, *, now: dt.datetime, limits: Limits = Limits()) -> int | Wait:
    """A slot for one guess, or how long to wait. One transaction of its own, serialised over all sign-ins."""
    name, place = account_key(username), address_key(address)
    with db.atomic():
        if db.for_update:
            db.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        until = _until(name, place, now, limits)
        if until is not None:
            return Wait(until)
        SignInAttempt.delete().where(SignInAttempt.at < now - _FORGET).execute()
        return int(SignInAttempt.insert(username=name, address=place, at=now, succeeded=False).execute())


def give_back(slot: int) -> None:
    """The guess was right: its slot no longer counts."""
    SignInAttempt.update(succeeded=True).where(SignInAttempt.id == slot).execute()


def wrong_guesses(username: str, *, now: dt.datetime, limits: Limits = Limits()) -> int:
    """How many wrong guesses count against the account at this moment; for the administrator's page."""
    return int(
        SignInAttempt.select()
        .where(
            (SignInAttempt.username == account_key(username))
            & (SignInAttempt.at > now - limits.window)
            & (SignInAttempt.succeeded == False)  # noqa: E712 - SQL, not Python
        )
        .count()
    )


def account_key(username: str) -> str:
    return username.strip().casefold()[:80]


def address_key(address: str) -> str:
    """The address as it is counted: one IPv6 client may have 2**64 addresses, so its network stands for it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _until(name: str, place: str, now: dt.datetime, limits: Limits) -> dt.datetime | None:
    """When the last of the limits that are reached lets the next guess through; None when none is reached."""
    counted = (SignInAttempt.at > now - limits.window) & (SignInAttempt.succeeded == False)  # noqa: E712 - SQL
    found = []
    for most, whose in (
        (limits.account, SignInAttempt.username == name),
        (limits.address, SignInAttempt.address == place),
        (limits.overall, None),
    ):
        query = SignInAttempt.select(SignInAttempt.at).where(counted if whose is None else counted & whose)
        # The guess that must leave the window before there is room again.
        oldest = query.order_by(SignInAttempt.at.desc()).offset(most - 1).limit(1).scalar()
        if oldest is not None:
            found.append(oldest + limits.window)
    return max(found, default=None)


__all__ = ["Limits", "Wait", "account_key", "address_key", "give_back", "take_slot", "wrong_guesses"]
