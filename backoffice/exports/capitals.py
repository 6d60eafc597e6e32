"""Amounts in capital characters, as vouchers carry them beside the figures."""

from decimal import Decimal

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_CENT = Decimal("0.01")


def amount_in_capitals(amount: Decimal) -> str:
    """The amount in yuan in capital characters, without the label 人民币（大写） in front of it.

    > 1409.50 gives 壹仟肆佰零玖元伍角整, 107000.53 gives 壹拾万柒仟元零伍角叁分.

    Where the source leaves a choice: 整 also stands after 角, so that nothing can be added; no 零 stands for an empty
    place of ten thousands, one stands for an empty place of yuan before 角. Raises ValueError for a fraction of a fen
    and for what is not a finite number: rounding is the caller's rule.
    Source: 支付结算办法, 附一 正确填写票据和结算凭证的基本规定, 二 and 三.
    """
    if not amount.is_finite() or amount % _CENT:
        raise ValueError(f"an amount in whole fen is needed, not {amount}")
    fen = int(abs(amount).scaleb(2))
    yuan, jiao, fen = fen // 100, fen // 10 % 10, fen % 10
    words = f"{_whole(yuan)}元" if yuan else ""
    if jiao:
        words += ("零" if yuan and yuan % 10 == 0 else "") + f"{_DIGITS[jiao]}角"
    if fen:
        words += ("零" if yuan and not jiao else "") + f"{_DIGITS[fen]}分"
    else:
        words = f"{words or '零元'}整"
    return f"负{words}" if amount < 0 else words


def _whole(number: int) -> str:
    """A positive whole number in capital characters; above 亿 the same reading repeats before it: 壹万亿."""
    for value, unit in ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾")):
        head, rest = divmod(number, value)
        if head:
            gap = "零" if 0 < rest < value // 10 else ""
            return f"{_whole(head)}{unit}{gap}{_whole(rest) if rest else ''}"
    return _DIGITS[number]
