"""Telephone numbers, registration codes and names brought to one form, so that two ways of writing one thing are equal."""

from __future__ import annotations

import re
import unicodedata

_SEVERAL = re.compile(r"[/;,、|]")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#)\s*\d*\s*$", re.IGNORECASE)
_LAND_LINE = re.compile(r"(0(?:10|2\d|[3-9]\d{2}))[-\s]?(\d{7,8})(?:-\d{1,6})?")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－ー"), "-")

_CODE_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_WEIGHTS = tuple(3**place % 31 for place in range(17))


def phone_key(typed: str) -> str:
    """The digits that two ways of writing one telephone share; "" when there are fewer than five digits.

    Full-width signs, spaces, dashes, brackets, the country code and an extension make no difference; of several numbers the
    first counts. A number without area code stays as it is.

    > phone_key("+86 135 5550 0112") == "13555500112"    > phone_key("（0839）5550107 转 8") == "08395550107"
    """
    text = unicodedata.normalize("NFKC", typed).translate(_DASHES).strip()
    text = _EXTENSION.sub("", _SEVERAL.split(text)[0]).strip()
    foreign = text.startswith("+") and not re.match(r"\+\s*86", text)
    plain = _without_country(re.sub(r"[^\d-]", "", text.replace("(", "-").replace(")", "-").replace(" ", "-")))
    digits = plain.replace("-", "")
    if len(digits) < 5:
        return ""
    if foreign:
        return f"+{digits}"
    line = _LAND_LINE.fullmatch(re.sub(r"-+", "-", plain).strip("-"))
    return line[1] + line[2] if line else digits


def _without_country(plain: str) -> str:
    """The number without 86, +86 or 0086 in front, with the area code's 0 that is left out behind it."""
    start = re.match(r"-*(?:00-*)?8-*6-*", plain)
    if start is None:
        return _without_trunk(plain)
    rest = plain[start.end() :]
    digits = rest.replace("-", "")
    international = plain.lstrip("-").startswith("00")
    if _MOBILE.fullmatch(digits):
        return digits
    if digits.startswith("0") and len(digits) >= 10:
        return _without_trunk(rest)
    if len(digits) in (10, 11) or (international and len(digits) > 8):
        return f"0{rest}"
    return plain


def _without_trunk(plain: str) -> str:
    """A mobile number without the 0 that is dialled before it from another town."""
    digits = plain.replace("-", "")
    return digits[1:] if digits.startswith("0") and _MOBILE.fullmatch(digits[1:]) else plain


def credit_code(typed: str) -> str:
    """A unified social credit code as it is stored: half-width capitals without spaces and dashes."""
    text = unicodedata.normalize("NFKC", typed).translate(_DASHES).upper()
    return re.sub(r"[\s-]", "", text)


def is_credit_code(code: str) -> bool:
    """Whether a stored code has 18 permitted characters and the right check character. Source: GB 32100-2015, 4.2 and 5."""
    if len(code) != 18 or any(sign not in _CODE_DIGITS for sign in code) or not code[2:8].isdigit():
        return False
    total = sum(_CODE_DIGITS.index(sign) * weight for sign, weight in zip(code[:17], _CODE_WEIGHTS, strict=True))
    return _CODE_DIGITS[-total % 31] == code[17]


_BRACKETS_AND_SPACE = re.compile(r"[\s()\[\]{}<>《》〈〉【】「」『』〔〕·・•,，.。、_'\"“”‘’-]+")


def name_key(typed: str) -> str:
    """What two ways of writing one company's name share: half-width, without spaces, brackets and points, one form of 有限公司.

    > name_key("青川建材（集团）有限责任公司") == name_key("青川建材(集团) 有限公司")
    """
    text = unicodedata.normalize("NFKC", typed).translate(_DASHES).casefold()
    return _BRACKETS_AND_SPACE.sub("", text).replace("有限责任公司", "有限公司")
