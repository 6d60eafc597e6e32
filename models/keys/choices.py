"""What may be chosen in a line of key checkout, as the catalogue spells it."""

from __future__ import annotations

from models.register import Choice

BAD = "bad"

PURPOSE = (
    Choice("test_drive", "试驾", "test drive"),
    Choice("viewing", "看车", "viewing"),
    Choice("delivery", "交车", "delivery"),
    Choice("cleaning", "清洁", "cleaning"),
    Choice("transfer", "调车", "transfer"),
    Choice("bank_run", "存取现金用车", "bank run"),
    Choice("other", "其他用车", "other use"),
)
PAYMENT = (
    Choice("full", "全款", "paid in full"),
    Choice("finance", "金融信贷", "financed"),
    Choice("deposit", "定金", "deposit only"),
)
BORNE_BY = (Choice("person", "责任人", "person responsible"), Choice("group", "小组", "group"))
OK_BAD = (Choice("ok", "正常", "normal"), Choice(BAD, "异常", "abnormal"))
