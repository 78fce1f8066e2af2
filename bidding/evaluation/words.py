"""Reading an amount in words (大写金额) of a bid, docs/protocols/evaluation.md 1.4.

Words beat figures (M87 59(2)), so a reading must be certain; but a bid is not lost over a 零 left out or
added, since every digit carries its unit. A form may be stricter (`trading.money.parse_capitals`).
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = (("仟", 1000), ("佰", 100), ("拾", 10), ("", 1))
_VARIANTS = str.maketrans({"圆": "元", "正": "整", "〇": "零"})


def _section(name: str) -> str:
    """A pattern for up to four digits with falling units; its groups are named `name` + weight."""
    parts = (f"(?:零?(?P<{name}{weight}>[{_DIGITS}]){unit})?" for unit, weight in _UNITS)
    return "".join(parts)


_SECTIONS = (("h", 10**8, "亿"), ("w", 10**4, "万"), ("o", 1, ""))
_WHOLE = re.compile("".join(f"(?:{_section(name)}{mark})?" for name, _, mark in _SECTIONS))
_AMOUNT = re.compile(rf"(?:(?P<whole>.+)元)?(?:零?(?P<jiao>[{_DIGITS}])角)?(?:零?(?P<fen>[{_DIGITS}])分)?整?")


def read_words(text: str) -> Fraction:
    """The amount in yuan that `text` says. Raises ValueError when it cannot be read."""
    plain = "".join(unicodedata.normalize("NFKC", text).split()).removeprefix("人民币").translate(_VARIANTS)
    match = _AMOUNT.fullmatch(plain)
    if match is None or not any(match.groups()):
        raise ValueError("not an amount in words")
    jiao, fen = (_DIGITS.index(match[name] or "零") for name in ("jiao", "fen"))
    return _whole(match["whole"] or "零") + Fraction(10 * jiao + fen, 100)


def _whole(text: str) -> Fraction:
    match = _WHOLE.fullmatch(text)
    if match is None or re.search("(?:^|亿)[亿万]", text):
        raise ValueError("not a whole number in words")
    found = match.groupdict()
    return Fraction(
        sum(
            _DIGITS.index(found[f"{name}{weight}"] or "零") * weight * section
            for name, section, _ in _SECTIONS
            for _unit, weight in _UNITS
        )
    )
