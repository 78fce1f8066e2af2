"""The unified social credit code (统一社会信用代码, GB 32100-2015).

Eighteen characters: registering department (1), kind of organisation (1), administrative region (6,
GB/T 2260), organisation code (9, GB 11714, its last character a check of its own), check character (1).
Letters I, O, S, V and Z do not occur.
"""

from __future__ import annotations

import unicodedata

from translationstring import TranslationStringFactory

from trading.errors import refuse

_ = TranslationStringFactory("tradehall")

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
MODULUS = 31
WEIGHTS = tuple(pow(3, i, MODULUS) for i in range(LENGTH - 1))

ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def check_character(body: str) -> str:
    """The check character of the first seventeen. Raises ValueError when they are no such body."""
    if len(body) != LENGTH - 1 or any(char not in ALPHABET for char in body):
        raise ValueError("seventeen characters of the code's alphabet are needed")
    total = sum(ALPHABET.index(char) * weight for char, weight in zip(body, WEIGHTS, strict=True))
    return ALPHABET[-total % MODULUS]


def organisation_check(body: str) -> str:
    """The check character of an organisation code's first eight (GB 11714). Raises ValueError."""
    if len(body) != len(ORGANISATION_WEIGHTS) or any(char not in ORGANISATION_ALPHABET for char in body):
        raise ValueError("eight characters of the organisation code are needed")
    values = (ORGANISATION_ALPHABET.index(char) for char in body)
    total = sum(value * weight for value, weight in zip(values, ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def compose(department: str, category: str, region: str, organisation: str) -> str:
    """A whole code from its parts, both check characters computed. Raises ValueError for parts of the
    wrong length or alphabet."""
    body = f"{department}{category}{region}{organisation}{organisation_check(organisation)}"
    return body + check_character(body)


def is_valid(code: str) -> bool:
    """Whether `code`, exactly as written, is a unified social credit code."""
    return (
        len(code) == LENGTH
        and all(char in ALPHABET for char in code)
        and code[2:8].isascii()
        and code[2:8].isdigit()
        and check_character(code[:-1]) == code[-1]
    )


def parse(text: str) -> str:
    """The code in its one written form, from what a person typed (full width, lower case, spaces).

    Raises `Refused` with code `uscc.length`, `uscc.character`, `uscc.region` or `uscc.check`.
    """
    code = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    if len(code) != LENGTH:
        raise refuse("uscc.length", _("A unified social credit code has 18 characters."), field="uscc")
    if wrong := next((char for char in code if char not in ALPHABET), None):
        raise refuse(
            "uscc.character",
            _("“${char}” does not occur in a unified social credit code.", mapping={"char": wrong}),
            field="uscc",
        )
    if not code[2:8].isdigit():
        raise refuse("uscc.region", _("Characters 3 to 8 are the digits of the region."), field="uscc")
    if not is_valid(code):
        raise refuse(
            "uscc.check", _("The check character is wrong: compare the code with the licence."), field="uscc"
        )
    return code
