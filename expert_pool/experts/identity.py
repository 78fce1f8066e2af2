"""Numbers of identity documents (证件号码, GB 11643): one written form each, so that one person has one.

Pure. Records have a keyed commitment only. The number itself stands sealed in the tax data, if it is somebody's tax number
(payment.py), and in a spreadsheet until it is imported (waiting.py).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_FORMER = re.compile(r"[0-9]{15}")
_OTHER = re.compile(r"(?=.*[A-Z])[A-Z0-9]{6,20}")


def check_character(body: str) -> str:
    """The eighteenth character of a resident identity number, of its first seventeen digits."""
    return _CHECKS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11]


def normal(text: str) -> str:
    """The one form of a number: capitals, no spaces, the former 15 digits written as 18. A resident number
    is checked; passports and permits have letters. Raises ValueError for what cannot be a number."""
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if _FORMER.fullmatch(number):
        body = f"{number[:6]}19{number[6:]}"
        number = body + check_character(body)
    if _RESIDENT.fullmatch(number):
        born = number[6:14]
        date(int(born[:4]), int(born[4:6]), int(born[6:]))
        if check_character(number[:17]) != number[17]:
            raise ValueError("the check character is wrong")
        return number
    if not _OTHER.fullmatch(number):
        raise ValueError("not the number of an identity document")
    return number
