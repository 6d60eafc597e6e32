"""What may be chosen in the customer archive, as the catalogue spells it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, combinations
from types import MappingProxyType

from models.register import Choice

KIND = (
    Choice("company", "企业", "company"),
    Choice("person", "个人", "person"),
    Choice("dealer", "经销商", "dealer"),
    Choice("group", "集团", "group account"),
)
RELATION = (
    Choice("current", "往来客户", "current"),
    Choice("target", "目标客户", "target"),
    Choice("potential", "潜在客户", "potential"),
    Choice("same_trade", "同行", "same trade"),
)
ORGANISATION_FORM = (
    Choice("limited", "有限责任公司", "limited company"),
    Choice("joint_stock", "股份公司", "joint-stock company"),
    Choice("partnership", "合伙", "partnership"),
    Choice("sole", "个体工商户", "sole trader"),
    Choice("state", "国有", "state-owned"),
    Choice("other", "其他", "other"),
)
THREE_LEVEL = (Choice("high", "高", "high"), Choice("medium", "中", "medium"), Choice("low", "低", "low"))
GRADE_SCHEME = (
    Choice("abc_value", "ABC价值分级", "ABC by value"),
    Choice("three_way", "三级分级", "three-way"),
    Choice("strategic", "战略分级", "strategic"),
    Choice("need_urgency", "需求紧迫分级", "need urgency"),
)
GRADE = (
    Choice("A", "A类", "A"),
    Choice("B", "B类", "B"),
    Choice("C", "C类", "C"),
    Choice("key", "重点客户", "key"),
    Choice("general", "一般客户", "general"),
    Choice("potential", "潜在客户", "potential"),
    Choice("strategic", "战略客户", "strategic"),
    Choice("important", "重要客户", "important"),
    Choice("ordinary", "普通客户", "ordinary"),
)
# The grades of each scheme (CUS-14 to CUS-17).
GRADES_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "abc_value": ("A", "B", "C"),
        "three_way": ("key", "general", "potential"),
        "strategic": ("strategic", "important", "ordinary"),
        "need_urgency": ("A", "B", "C"),
    }
)
SOURCE_CHANNEL = (
    Choice("research", "市场调研", "market research"),
    Choice("exhibition", "展会", "exhibition"),
    Choice("internet", "网络", "internet"),
    Choice("referral", "转介绍", "referral"),
    Choice("walk_in", "到店", "walk-in"),
    Choice("call_in", "来电", "call-in"),
    Choice("roadshow", "巡展", "roadshow"),
    Choice("other", "其他", "other"),
)
CONFIDENTIALITY = (
    Choice("public", "一级 公开", "level 1 public"),
    Choice("internal", "二级 内部", "level 2 internal"),
    Choice("secret", "三级 机密", "level 3 secret"),
)
DECISION = (Choice("same", "同一客户", "the same customer"), Choice("other", "不同客户", "another customer"))

DOCUMENT_CLASS = (
    Choice("meeting_minutes", "会议记录", "meeting minutes"),
    Choice("letter_fax", "来信传真", "letters and faxes"),
    Choice("booking_order", "预订货记录", "bookings and orders"),
    Choice("contract", "销售合同", "contract"),
    Choice("visit_form", "访问表", "visit form"),
    Choice("daily_report", "日销售报表", "daily sales report"),
    Choice("period_report", "月季年报及计划", "period reports and plans"),
    Choice("market_analysis", "市场分析", "market analysis"),
    Choice("praise", "表扬", "praise"),
    Choice("complaint", "投诉及处理", "complaint and handling"),
    Choice("campaign", "活动方案", "campaign papers"),
    Choice("clipping", "剪报", "clipping"),
)
CLIPPING_CLASS = (
    Choice("newspaper", "报纸", "newspaper"),
    Choice("magazine", "杂志", "magazine"),
    Choice("web", "网络", "web"),
    Choice("other", "其他", "other"),
)
GRADING = (
    Choice("proposed", "建议", "proposed"),
    Choice("set", "定级", "set"),
    Choice("confirmed", "复核确认", "confirmed again"),
)

# The parts of a complete archive besides the card itself, and the classes of documents that are each part (CUS-10).
PARTS: Mapping[str, tuple[str, str, frozenset[str]]] = MappingProxyType(
    {
        "contract": ("合同 缺", "no contract", frozenset({"contract"})),
        "statistics": ("销售统计 缺", "no sales statistics", frozenset({"daily_report", "period_report"})),
        "analysis": ("市场分析 缺", "no market analysis", frozenset({"market_analysis"})),
    }
)


def _missing(parts: tuple[str, ...]) -> Choice:
    return Choice(
        "+".join(parts), "、".join(PARTS[part][0] for part in parts), ", ".join(PARTS[part][1] for part in parts)
    )


# Every way of lacking some of them.
MISSING = tuple(
    _missing(parts) for parts in chain.from_iterable(combinations(PARTS, count) for count in range(1, len(PARTS) + 1))
)
