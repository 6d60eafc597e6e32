"""Texts that break programs: after the Big List of Naughty Strings, in the house's own words.

`WHOLE` are texts that somebody may mean and that must come back as they were; `REFUSED` hold characters that no text of ours holds.
"""

from __future__ import annotations

import pytest

WHOLE = {
    "full-width": "ＡＢＣ１２３（株）￥１，０００．００",
    "half-width kana": "ｶﾞｷﾞｸﾞ",
    "emoji": "😀👍🏽",
    "emoji joined": "👩‍👩‍👧‍👦🏳️‍🌈",
    "flags": "🇨🇳🇺🇸",
    "four-byte han": "𠮷野家𡃁𪚥",
    "radicals": "⾦⾙⼈",
    "compatibility han": "豈更車",
    "combining": "e\u0301a\u0308o\u0302\u0323",
    "composed": "éäộ",
    "zalgo": "Ḫ̸̛a̷͎l̴̠l̶̜o̵",
    "arabic": "مرحبا بالعالم",
    "hebrew": "שלום",
    "devanagari": "नमस्ते",
    "thai": "สวัสดี",
    "variation": "葛󠄀城",
    "ideographic space": "甲\u3000乙",
    "no-break space": "甲\u00a0乙",
    "zero width": "甲\u200b乙\u200c丙\u200d丁",
    "line separator": "甲\u2028乙\u2029丙",
    "soft hyphen": "甲\u00ad乙",
    "formula": "=1+1",
    "formula plus": "+1+1",
    "formula minus": "-1+1",
    "formula at": "@SUM(A1)",
    "formula link": '=HYPERLINK("http://127.0.0.1/","x")',
    "formula shell": "=cmd|' /C calc'!A0",
    "formula wide": "＝1+1",
    "formula quoted": "'=1+1",
    "formula quoted twice": "''=1+1",
    "formula hidden": "\u200b=1+1",
    "leading zeros": "000123",
    "exponent": "1E5",
    "long digits": "6222021234567890123",
    "date-like": "1-2",
    "markup": "<b>粗</b><i>斜</i>",
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)',
    "entity": "&lt;b&gt; &amp; &#65; &nbsp;",
    "half markup": "<a href=",
    "comment": "<!-- -->",
    "cdata": "]]>",
    "para": "<para>x</para><br/>",
    "font": '<font color="[[].append(1)]">x</font>',
    "template": "{{7*7}}{%raw%}${7*7}#{7}",
    "format": "%s%n%(x)s{0.__class__}{name}",
    "quotes": "'\"`´‘’“”",
    "backslashes": "\\\\server\\share \\0 \\n \\u0041",
    "sql": "'; DROP TABLE account; --",
    "like": "100%_^",
    "path": "../../etc/passwd",
    "null word": "NULL",
    "none word": "None",
    "true word": "true",
    "nan word": "NaN",
    "percent": "%00%0d%0a%E4",
    "one quote": "'",
    "one sign": "=",
}
# Pairs of a text and the first character in it that is refused.
REFUSED = {
    "nul": "a\x00b",
    "bell": "a\x07b",
    "escape": "\x1b[31mred",
    "delete": "a\x7fb",
    "c1": "a\x85b",
    "override": "a\u202egnp.exe",
    "isolate": "a\u2066b\u2069",
    "mark": "a\u200eb",
    "byte order": "\ufeff=1+1",
    "surrogate high": "a\ud800b",
    "surrogate low": "\udc00",
    "private": "a\ue000b",
    "no character": "a\uffffb",
    "unassigned": "a\U000e0fffb",
}
# These are lines in a long text and refused in a short one.
LINES = {"tab": "a\tb", "new line": "a\nb", "tab first": "\t=1+1", "new line first": "\n=1+1", "carriage": "a\r\nb"}

ODD = (*WHOLE.values(), *REFUSED.values(), *LINES.values(), "", " ", "x" * 5001, "長" * 300)

whole = pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE.keys())
refused = pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
