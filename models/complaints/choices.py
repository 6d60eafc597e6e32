"""What may be chosen in a complaint, as the catalogue spells it."""

from __future__ import annotations

from models.register import Choice

CATEGORY = (
    Choice("variety", "品种规格数量不符", "variety, specification or quantity differ"),
    Choice("quality", "质量问题", "quality problem"),
    Choice("transport", "运输受损", "damage in transport"),
    Choice("weight", "重量超差", "weight beyond tolerance"),
    Choice("packing", "包装不良", "poor packing"),
    Choice("other", "合同其他", "other agreed matter"),
)
# The paper that the decision ordered (return slip, discount certificate).
SETTLEMENT = (
    Choice("none", "未开单", "no paper yet"),
    Choice("open", "办理中", "under way"),
    Choice("done", "已办结", "done"),
)
