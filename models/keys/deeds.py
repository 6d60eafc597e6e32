"""What the acts on a key demand and write: issue, return, the check of the car, loss."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from models.customers.contact import contacted
from models.keys.choices import BAD
from models.keys.times import given
from models.outcomes import Allowed, Changes, Context, Put, Refused
from models.register import Text

LEADER = "group_leader"

# What an act makes of the key, and what it must be before.
_MOVES = {"issued": ("out", "in"), "returned": ("in", "out"), "lost": ("lost", "out")}

# ---- guards ------------------------------------------------------------------------------------------------------------


def key_in_store(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    """A key that is out may be asked for, a lost or retired one not; what is issued is in store, and was so at that time."""
    if ctx.act in {"returned", "lost"}:
        return Allowed()
    if ctx.act != "issued":
        gone = record.key.state in {"lost", "retired"}
        return Refused(_not_in_store(record.key), "key") if gone else Allowed()
    if record.key.state != "in":
        return Refused(_out_with(record, ctx) or _not_in_store(record.key))
    if record.issued_at is None:
        return Allowed()
    at = given(record.issued_at, ctx)
    before = ctx.found("key_checkout", key=record.key_id, state=("returned", "closed"))
    if any(line.returned_at is not None and line.returned_at > at for line in before):
        text = Text("该钥匙当时尚未归还。", "The key had not come back by then.")
        return Refused(text, "issued_at")
    return Allowed()


def _out_with(record: Any, ctx: Context) -> Text | None:
    """Who has the key, and on which line: of two custodians at once the second is told what the first has done."""
    lines = ctx.found("key_checkout", key=record.key_id, state=("issued", "drive_ended"))
    if record.key.state != "out" or not lines:
        return None
    text = Text(
        "钥匙 {key} 已领出，归还前不得再次领出：{holder}，{number}。",
        "Key {key} is out with {holder}, {number}; it is not issued again before its return.",
    )
    return text.fill(key=str(record.key), holder=lines[0].holder.name, number=lines[0].number)


def _not_in_store(key: Any) -> Text:
    text = {
        "out": Text(
            "钥匙 {key} 已领出，归还前不得再次领出。", "Key {key} is out; it is not issued again before its return."
        ),
        "lost": Text("钥匙 {key} 已报失，不能领用。", "Key {key} is lost and cannot be used."),
        "retired": Text("钥匙 {key} 已停用，不能领用。", "Key {key} is retired and cannot be used."),
    }.get(key.state, Text("钥匙 {key} 已被他人领出。", "Key {key} has just been issued to somebody else."))
    return text.fill(key=str(key))


def loss_told(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if ctx.act == "confirm_loss":
        return Allowed()
    if record.lost_at > ctx.now:
        return Refused(Text("丢失时间不能晚于现在。", "The loss cannot lie in the future."), "lost_at")
    if record.issued_at is not None and record.lost_at < record.issued_at:
        return Refused(Text("丢失时间不能早于领出时间。", "The loss cannot be earlier than the issue."), "lost_at")
    return Allowed()


def damage_described(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Allowed | Refused:
    if _is_damaged(record) and not record.damage.strip():
        return Refused(Text("外观或内饰异常时须写明损伤。", "Describe the damage to body or interior."), "damage")
    return Allowed()


def _is_damaged(record: Any) -> bool:
    return BAD in {record.check_body, record.check_interior}


# ---- effects -----------------------------------------------------------------------------------------------------------


def hand_out(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The key goes to its holder; a car that is delivered takes its tools along (REQ: not later)."""
    tools = Text("交车时随车工具须一并发放，之后不补。", "The tools go with the car now; later there are none.")
    return Changes(
        {
            "issued_at": given(record.issued_at, ctx),
            "issued_entered_at": ctx.now,
            "issued_by": ctx.actor.id,
            "backdate_reason": _reasons(record, inputs),
        },
        warnings=(tools,) if record.purpose == "delivery" else (),
    )


def take_back(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    return Changes(
        {
            "returned_at": given(record.returned_at, ctx),
            "returned_entered_at": ctx.now,
            "received_by": ctx.actor.id,
            "backdate_reason": _reasons(record, inputs),
        }
    )


def _reasons(record: Any, inputs: Mapping[str, Any]) -> str:
    """The reason of the issue, and behind it that of the return."""
    typed = str(inputs.get("backdate_reason") or "").strip()
    return "\n".join(part for part in (record.backdate_reason, typed) if part)


# ---- computations ------------------------------------------------------------------------------------------------------


def move_key(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The key itself, under its own lock: of two custodians who click at once one finds it gone."""
    if ctx.act not in _MOVES:
        return Changes()
    state, expected = _MOVES[ctx.act]
    reason = (
        _not_in_store(record.key)
        if ctx.act == "issued"
        else Text("该钥匙不在领出状态。", "The key is not out any more.")
    )
    moved = Put("car_key", record.key_id, {"state": state}, {"state": (expected,)}, reason)
    # A car shown or driven is a contact with the customer (decisions.md 6).
    met = contacted(record.customer, ctx.today) if ctx.act == "issued" and record.customer_id is not None else ()
    return Changes(put=(moved, *met))


def windows_left_open(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """One fine for windows or doors left open after a drive or a viewing; the leader's where nobody is named."""
    is_open = BAD in {record.check_windows, record.check_doors}
    if not is_open or record.purpose not in {"test_drive", "viewing"}:
        return Changes()
    leaders = ctx.people(LEADER, record.group_id)
    payer = record.responsible_id or (leaders[0] if leaders else None)
    fine = ctx.param("fine.window_open", ctx.local(record.returned_at).date())
    return Changes({"fine_window": fine, "window_payer": payer})


def damage_borne(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """Damage is borne by whoever is named, else by the group; of a transfer by half. What it amounts to is not decided here."""
    if not _is_damaged(record):
        return Changes()
    share = ctx.param("key.transfer_damage_percent") if record.purpose == "transfer" else Decimal(100)
    return Changes({"damage_borne_by": "person" if record.responsible_id else "group", "damage_share": share})


def fine_for_loss(record: Any, inputs: Mapping[str, Any], ctx: Context) -> Changes:
    """The fine for a lost key, once the manager has confirmed the loss; the compensation stands beside it."""
    if ctx.act != "confirm_loss":
        return Changes()
    return Changes({"fine_lost": ctx.param("fine.key_lost", ctx.local(record.lost_at).date())})
