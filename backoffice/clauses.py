"""Where a rule stands in the sources, as its readers cite it. The catalogue cites in English.

> 003 policy 2, sec. 5 item 1    003 制度2，第5节第1项
"""

from __future__ import annotations

import re

from backoffice.texts import current_locale

_ROMAN = {"I": "一", "III": "三", "IV-a": "四甲", "IV-b": "四乙", "VI": "六", "VII": "七", "VIII": "八", "IX": "九"}
# What stands before a number, and how Chinese puts the number inside or behind.
_COUNTED = {
    "policy": "制度{}",
    "ch.": "第{}章",
    "art.": "第{}条",
    "sec.": "第{}节",
    "items": "第{}项",
    "item": "第{}项",
    "part": "第{}部分",
    "rule": "第{}条",
}
_WORDS = {
    'form "quality information feedback"': "《质量信息反馈单》",
    "agent duty": "坐席职责",
    "branches": "分支机构",
    "callback": "回访",
    "changing room": "更衣室",
    "channels": "渠道",
    "contacts": "联系人",
    "contracts": "合同",
    "credit": "信用",
    "daily": "日常",
    "director duty": "主任职责",
    "dress": "着装",
    "duties": "职责",
    "duty": "职责",
    "editors": "采编",
    "evaluation": "考评",
    "exchange": "包换",
    "floor rules": "现场规定",
    "flow chart": "流程图",
    "fourth-fifth": "四至五",
    "first": "一",
    "second": "二",
    "third": "三",
    "fourth": "四",
    "grades": "分级",
    "grading": "分级",
    "handover": "交接班",
    "hygiene": "卫生",
    "inspector duty": "质检职责",
    "junior grade": "初级",
    "KPI": "关键指标",
    "knowledge flow": "知识流程",
    "last": "末",
    "leader duty": "班长职责",
    "leave": "请假",
    "marketing plan": "营销计划",
    "meeting": "会议",
    "minor": "轻微",
    "moderate": "一般",
    "notes": "说明",
    "office": "办公室",
    "operations plan": "经营计划",
    "opinions": "意见",
    "others": "其他",
    "overview": "概述",
    "performance": "绩效",
    "plan": "计划",
    "plants": "绿植",
    "preamble": "前言",
    "pricing caution": "定价注意事项",
    "pricing": "定价",
    "procedure": "程序",
    "process": "流程",
    "quality": "质量",
    "reception": "接待",
    "register form": "登记表",
    "remark": "备注",
    "reporting": "汇报",
    "return": "包退",
    "reward": "奖励",
    "rules": "规定",
    "sales plan": "销售计划",
    "security": "安全",
    "senior grade": "高级",
    "severe": "严重",
    "shift leader duties": "值班长职责",
    "site standards": "现场标准",
    "standard": "标准",
    "swap": "换班",
    "training": "培训",
    "action": "行动",
}
_NUMBERS = r"[IVX]+(?:-[ab])?|\d[\d.]*(?:-[A-E0-9]+)?(?:, \d+(?![\d.])(?:-[A-E0-9]+)?)*"
_COUNT = re.compile(rf"({'|'.join(map(re.escape, _COUNTED))}) ({_NUMBERS})")
_WORD = re.compile("|".join(re.escape(word) for word in sorted(_WORDS, key=len, reverse=True)))


def cited(clause: str) -> str:
    """The clause in the current locale's words; several are separated by semicolons."""
    if current_locale() == "en":
        return clause
    text = _COUNT.sub(lambda found: _COUNTED[found[1]].format(_number(found[2])), clause)
    text = _WORD.sub(lambda found: _WORDS[found[0]], text)
    # One space is left, behind the number of the document; lists of numbers and of clauses get Chinese signs.
    text = re.sub(r"(?<=\d), (?=\d+\b(?!\.))", "、", text).replace(", ", "，").replace("; ", "；")
    text = re.sub(r"\((\w+)\)", r"（\1）", text)
    return re.sub(r"(?<!\b\d{3}) ", "", text)


def _number(text: str) -> str:
    return _ROMAN.get(text, text.replace(", ", "、"))


__all__ = ["cited"]
