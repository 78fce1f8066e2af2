"""The signed electronic guarantee (电子保函) as one file: what the guarantor promises, and its signature. Pure.

    {"v":1,"typ":"ebid.signed-guarantee","guarantee":b64,"p7s":b64}

`guarantee` is the canonical document that is signed (CMS, detached), in full:
    {"v":1,"typ":"ebid.guarantee","number","issuer":{"id","name"},"applicant":id,"beneficiary":id,"tender","lot",
     "amount":s,"from":date,"until":date,"terms":s}
Ids are unified social credit codes, the amount is yuan with two places, days are Beijing's, both included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from bidding.vault import documents as d
from bidding.vault.encoding import EncodingError, b64
from trading.ledger.canonical import dumps

LARGEST = 256 * 1024
"""bytes of a file"""
UNCONDITIONAL = "unconditional, payable on first written demand"


@dataclass(frozen=True)
class SignedGuarantee:
    """A file, read; `raw` is what `cms` signs."""

    raw: bytes
    cms: bytes
    number: str
    issuer: str
    issuer_name: str
    applicant: str
    beneficiary: str
    tender: str
    lot: str
    amount: Decimal
    begins: date
    until: date


def read(data: bytes) -> SignedGuarantee:
    """Raises EncodingError for anything else than such a file."""
    outer = d.read(data, "ebid.signed-guarantee", {"guarantee": d.b64_bytes(), "p7s": d.b64_bytes()})
    said = d.read(outer["guarantee"], "ebid.guarantee", _FIELDS)
    return SignedGuarantee(
        outer["guarantee"], outer["p7s"], said["number"], said["issuer"]["id"], said["issuer"]["name"],
        said["applicant"], said["beneficiary"], said["tender"], said["lot"], said["amount"], said["from"],
        said["until"],
    )  # fmt: skip


def document(
    *, number: str, issuer: str, issuer_name: str, applicant: str, beneficiary: str, tender: str, lot: str,
    amount: Decimal, begins: date, until: date,
) -> bytes:  # fmt: skip
    """The bytes that a guarantor signs."""
    return dumps(
        {
            "v": 1, "typ": "ebid.guarantee", "number": number, "issuer": {"id": issuer, "name": issuer_name},
            "applicant": applicant, "beneficiary": beneficiary, "tender": tender, "lot": lot,
            "amount": f"{amount:.2f}", "from": begins.isoformat(), "until": until.isoformat(),
            "terms": UNCONDITIONAL,
        }
    )  # fmt: skip


def pack(raw: bytes, cms: bytes) -> bytes:
    """The file of a signed document."""
    return dumps({"v": 1, "typ": "ebid.signed-guarantee", "guarantee": b64(raw), "p7s": b64(cms)})


def _line(value: Any) -> str:
    found = d.text(value)
    if not 0 < len(found) <= 200:
        raise EncodingError("1 to 200 characters expected")
    return found


def _amount(value: Any) -> Decimal:
    if not re.fullmatch(r"(0|[1-9][0-9]{0,14})\.[0-9]{2}", d.text(value), re.ASCII):
        raise EncodingError("an amount with two places expected")
    return Decimal(value)


def _day(value: Any) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", d.text(value), re.ASCII):
        raise EncodingError("a day expected")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise EncodingError(str(error)) from error


_FIELDS = {
    "number": _line,
    "issuer": d.exact({"id": _line, "name": _line}),
    "applicant": _line,
    "beneficiary": _line,
    "tender": _line,
    "lot": _line,
    "amount": _amount,
    "from": _day,
    "until": _day,
    "terms": d.text,
}
