# ruff: noqa: RUF002  the examples show the dash and the minus sign that a reader sees
"""Numbers as a person reads them.

Belongs here: rounding, signs, shares, intervals.
Does not belong here: sentences (``verdict``).
"""

import math
from collections.abc import Callable

from rul_platform.core.bootstrap import Interval

UNDEFINED = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def plain(value: float | None) -> str:
    """About three digits that matter, with a real minus sign.

    >>> plain(1234567.0), plain(123.44), plain(12.345), plain(0.012345), plain(-2.0), plain(None)
    ('1,234,567', '123.4', '12.35', '0.012', '−2.00', '–')
    """
    if value is None or math.isnan(value):
        return UNDEFINED
    size = abs(value)
    if math.isinf(size):
        text = "∞"
    elif size >= 1e7:
        mantissa, exponent = f"{size:.1e}".split("e")
        power = str(int(exponent)).translate(_SUPERSCRIPT)
        text = f"{mantissa}\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}10{power}"
    elif size >= 1000:
        text = f"{size:,.0f}"
    elif size >= 100:
        text = f"{size:.1f}"
    else:
        text = f"{size:.2f}" if size >= 0.1 or size == 0 else f"{size:.2g}"
    return MINUS + text if value < 0 else text


def signed(value: float | None) -> str:
    """As :func:`plain`, with the plus sign written.

    >>> signed(3.0), signed(-3.0)
    ('+3.00', '−3.00')
    """
    return f"+{plain(value)}" if value is not None and value > 0 else plain(value)


def percent(share: float | None) -> str:
    r"""A share of 1 as whole per cent, with a space where no line breaks.

    >>> percent(0.614), percent(0.004), percent(None)
    ('61\xa0%', '0.4\xa0%', '–')
    """
    if share is None:
        return UNDEFINED
    digits = 1 if 0 < share < 0.01 else 0
    return f"{100 * share:,.{digits}f}\N{NO-BREAK SPACE}%"


def fraction(value: float | None) -> str:
    """A number near 1, such as R², with three decimals.

    >>> fraction(0.96712), fraction(-0.01), fraction(None)
    ('0.967', '−0.010', '–')
    """
    return UNDEFINED if value is None else f"{value:.3f}".replace("-", MINUS)


def between(interval: Interval, write: Callable[[float], str] = plain) -> str:
    """Both ends of an interval.

    >>> between(Interval(1.0, 2.5)), between(Interval(-1.0, 2.5), signed)
    ('1.00 to 2.50', '−1.00 to +2.50')
    """
    if not interval.is_known:
        return "not known from one unit"
    return f"{write(interval.low)} to {write(interval.high)}"


def counted(count: int, noun: str) -> str:
    """A count with its noun in the right number.

    >>> counted(1, "unit"), counted(1200, "unit")
    ('1 unit', '1,200 units')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
