"""What may move in the ledger, on which ground, and what becomes of it (registers.md 3.1)."""

from __future__ import annotations

from models.register import Choice

MOVEMENT = (
    Choice("received", "收回", "received from the customer"),
    Choice("repair_out", "修复发出", "repaired, back to the customer"),
    Choice("handed_over", "退货入库", "handed to the warehouse as a return"),
    Choice("to_stock", "修复退库", "repaired, back to stock"),
    Choice("scrap", "报废", "scrapped"),
    Choice("stock_in", "备换品调入", "replacement goods drawn"),
    Choice("exchange_out", "包换发出", "exchange issued"),
    Choice("make_up", "补发", "make-up for short measure"),
    Choice("stock_back", "备换品退库", "replacement goods given back"),
    Choice("compensation", "赔偿", "compensation in money"),
)
GROUND = (
    Choice("quality", "质量问题", "quality problem"),
    Choice("short_measure", "计量短少", "short measure"),
    Choice("transport_damage", "运输破损", "damage in transport"),
    Choice("company_loss", "公司致丢失损坏", "loss or damage by the company"),
    Choice("other", "其他", "other"),
)
# Exchange and compensation are granted on these (LED-07); quality goes by return (decisions.md 13).
GRANTED_ON = ("short_measure", "transport_damage", "company_loss")
GRANTED = ("exchange_out", "compensation")
RESULT = (Choice("failed", "不合格", "failed"), Choice("passed", "合格", "passed"))
PAYER = (Choice("company", "公司", "company"), Choice("customer", "客户", "customer"))
DISPOSITION = (
    Choice("repair", "维护", "repair"),
    Choice("scrap", "报废", "scrap"),
    Choice("back_to_stock", "退库", "back to stock"),
    Choice("rework", "重处理", "rework"),
    Choice("pending", "待定", "pending"),
)
# What a movement is usually closed with.
USUAL_DISPOSITION = {
    "repair_out": "repair",
    "handed_over": "back_to_stock",
    "to_stock": "back_to_stock",
    "scrap": "scrap",
    "stock_back": "back_to_stock",
}
PAPERS = (
    Choice("voucher", "凭证", "voucher"),
    Choice("quality", "质量记录", "quality record"),
    Choice("claim", "索赔资料", "papers of a claim"),
    Choice("other", "其他", "other"),
)
