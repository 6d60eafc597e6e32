"""Units and ways of handling a case, as the catalogue spells them; several registers share them."""

from __future__ import annotations

from models.register import Choice

UNITS = (
    Choice("tonne", "吨", "tonne"),
    Choice("bag", "袋", "bag"),
    Choice("piece", "件", "piece"),
    Choice("box", "箱", "box"),
    Choice("set", "台", "set"),
)
RETURN, REWORK = Choice("return", "退货", "return"), Choice("rework", "重处理", "rework")
DISCOUNT, COMPENSATION = Choice("discount", "折扣", "discount"), Choice("compensation", "赔款", "compensation")
METHOD = (
    RETURN,
    REWORK,
    Choice("exchange", "包换", "exchange"),
    DISCOUNT,
    COMPENSATION,
    Choice("answer", "答复说明", "explained answer"),
    Choice("other", "其他", "other"),
)
# Ways that send goods back, and ways that cost money.
GOODS_BACK = ("return", "rework")
MONEY_OUT = ("discount", "compensation")
