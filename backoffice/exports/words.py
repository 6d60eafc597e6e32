"""The words that exports print themselves; the caller passes them translated, the defaults are Chinese."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Each `{}` is filled with a value; the others stand as they are."""

    printed_by: str = "打印人：{}"
    printed_at: str = "打印时间：{}"
    filtered: str = "筛选条件：{}"
    page: str = "第 {} 页"
    pages: str = "共 {} 页"
    rows: str = "共 {} 条"
    columns: str = "栏目 {}/{}"  # which part of the columns, where they do not fit side by side
    none: str = "无记录"
    number: str = "No. {}"
    signed: str = "签字："
    day: str = "日期："
    blank_day: str = "      年    月    日"
    on_behalf: str = "代 {}"
