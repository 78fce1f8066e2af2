"""Money: exact yuan with two places, in figures and in Chinese capitals (大写金额).

Amounts are Decimal; nothing here ever makes a float. Capitals are written by cn2an and read by a strict
reader of our own, since a bid's words beat its figures (Order 87 art. 59) and a guess would be a price.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

import cn2an
from translationstring import TranslationStringFactory

from trading.errors import Refused, refuse

_ = TranslationStringFactory("tradehall")

FEN = Decimal("0.01")
LARGEST = Decimal("1000000000000")
"""Ten to the twelfth yuan: beyond it an amount is taken for a slip of the hand."""

PLAIN = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?")
DIGITS = {char: value for value, char in enumerate("零壹贰叁肆伍陆柒捌玖")}
# What people also write for the same capital digit or unit.
VARIANTS = str.maketrans(
    {"圆": "元", "正": "整", "貳": "贰", "參": "叁", "陸": "陆", "萬": "万", "億": "亿", "〇": "零"}
)
OPTIONAL_ZERO = re.compile(r"(?<=元)零(?=.角)|(?<=万)零(?=.仟)|(?<=亿)零(?=.仟)")
SMALL = (("仟", 1000), ("佰", 100), ("拾", 10))


def parse_money(text: str) -> Decimal:
    """An amount of yuan from what a person typed: "1,234.50", "１２３４．５", "¥ 1234.5 元".

    Raises `Refused` with code `money.empty`, `money.form` (no amount, misplaced separators, a sign),
    `money.places` (more than two decimals) or `money.large` (beyond 10^12).
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = re.sub(r"^(?:¥|￥|CNY|RMB|人民币)\s*|\s*元$", "", plain).replace("，", ",").strip()
    if not plain:
        raise refuse("money.empty", _("Enter an amount."))
    match = PLAIN.fullmatch(plain)
    if match is None or not plain.isascii():
        raise refuse("money.form", _("Enter an amount such as 1234.50 or 1,234.50."))
    if len(match[1] or "") > 2:
        raise refuse("money.places", _("An amount has at most two decimals."))
    amount = Decimal(plain.replace(",", "")).quantize(FEN)
    if amount > LARGEST:
        raise refuse("money.large", _("The amount is too large."))
    return amount


def round_money(amount: Decimal) -> Decimal:
    """To two places, half up (四舍五入)."""
    return amount.quantize(FEN, ROUND_HALF_UP)


def percent_of(part: Decimal, whole: Decimal) -> Decimal:
    """`part` as percent of `whole`, two places, half up. Raises ValueError when `whole` is not positive."""
    if whole <= 0:
        raise ValueError("no percentage of nothing")
    return (part * 100 / whole).quantize(FEN, ROUND_HALF_UP)


def format_money(amount: Decimal, locale: str) -> str:
    """As people read it: "1,234.50元" in Chinese, "CNY 1,234.50" in English; rounded half up."""
    figures = f"{round_money(amount):,}"
    return f"{figures}元" if locale.startswith("zh") else f"CNY {figures}"


def capitals(amount: Decimal) -> str:
    """The amount in Chinese capitals: 1234.50 → 壹仟贰佰叁拾肆元伍角整; rounded half up to the fen.

    Raises ValueError for a negative amount or one beyond 10^12.
    """
    amount = round_money(amount)
    if not 0 <= amount <= LARGEST:
        raise ValueError("no capitals for this amount")
    words = str(cn2an.an2cn(str(amount), "rmb"))
    # Banks close an amount without fen with 整; cn2an does so only for whole yuan.
    return words if words.endswith(("整", "分")) else words + "整"


def parse_capitals(text: str) -> Decimal:
    """The amount that capitals say. Accepts 圆 for 元, 正 for 整, a leading 人民币, and a missing 整.

    Raises `Refused` with code `money.capitals` unless the words are exactly how one amount is written:
    the reading is checked by writing it again.
    """
    words = unicodedata.normalize("NFC", "".join(text.split())).removeprefix("人民币").lstrip(":：")
    words = words.translate(VARIANTS)
    try:
        amount = _read_capitals(words)
    except (KeyError, ValueError):
        raise _unreadable() from None
    if amount > LARGEST or _bare(capitals(amount)) != _bare(words):
        raise _unreadable()
    return amount


def _unreadable() -> Refused:
    return refuse("money.capitals", _("The amount in Chinese capitals cannot be read."))


def _bare(words: str) -> str:
    """Without the closing 整 and the zeros that the banks' rules leave to the writer: before 角, and
    between 万 or 亿 and a section that has its thousands."""
    return OPTIONAL_ZERO.sub("", words.removesuffix("整"))


def _read_capitals(words: str) -> Decimal:
    yuan, mark, rest = words.removesuffix("整").rpartition("元")
    whole = _read_whole(yuan) if mark else 0
    rest = rest.lstrip("零") if mark else rest
    jiao, fen = 0, 0
    if "角" in rest:
        digit, _mark, rest = rest.partition("角")
        jiao = DIGITS[digit]
    if rest:
        if len(rest) != 2 or rest[1] != "分":
            raise ValueError(rest)
        fen = DIGITS[rest[0]]
    return (Decimal(whole * 100 + jiao * 10 + fen) / 100).quantize(FEN)


def _read_whole(words: str) -> int:
    """Whole yuan: sections of four digits closed by 万, 亿, 万亿."""
    if not words:
        raise ValueError("no yuan")
    if "亿" in words:
        high, _mark, low = words.rpartition("亿")
        return _read_whole(high) * 10**8 + (_read_whole(low) if low else 0)
    if "万" in words:
        high, _mark, low = words.rpartition("万")
        return _read_section(high) * 10**4 + (_read_section(low) if low else 0)
    return _read_section(words)


def _read_section(words: str) -> int:
    """Up to four digits with 仟, 佰, 拾; zeros may stand wherever capitals use them."""
    total, rest = 0, words
    for unit, weight in SMALL:
        head, mark, tail = rest.partition(unit)
        if mark:
            total += DIGITS[head.lstrip("零") or "零"] * weight
            rest = tail
    rest = rest.lstrip("零")
    return total + (DIGITS[rest] if rest else 0)
