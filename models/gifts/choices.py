"""What may be chosen in a gift application, as the catalogue spells it."""

from __future__ import annotations

from models.register import Choice

PURPOSE = (
    Choice("visit", "客户拜访", "customer visit"),
    Choice("holiday", "节日", "holiday"),
    Choice("birthday", "生日", "birthday"),
    Choice("roadshow", "巡展", "roadshow"),
    Choice("event", "客户活动", "customer event"),
    Choice("other", "其他", "other"),
)
