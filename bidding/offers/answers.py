"""What programs are answered about talks and final offers."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class RemainingSupplier(TypedDict):
    bid: str
    name: str
    manifest: str | None
    questions: int


class Change(TypedDict):
    number: int
    subject: Literal["technical", "service", "contract"]
    text: str
    decision: Literal["", "confirmed", "refused"]


class Offers(TypedDict):
    """`keys_ready`: the custodians' keys are here; `late`: too little is left of the time to call for offers."""

    tender: str
    state: str
    deadline: str
    suspended: str | None
    keys_ready: bool
    late: bool
    called: str | None
    taken: str | None


class TalksAnswer(TypedDict):
    """Prices are in none of it."""

    tender: str
    phase: str
    remaining: list[RemainingSupplier]
    changes: list[Change]
    offers: Offers | None


class ProposedChange(TypedDict):
    number: int


class DecidedChange(TypedDict):
    number: int
    decision: Literal["confirmed", "refused"]


class BytesToSign(TypedDict):
    """`data` in base64url without padding."""

    data: str
    sha256: str


class CallDocuments(TypedDict):
    call: BytesToSign
    notice: BytesToSign
    policy: BytesToSign


class CallToSign(TypedDict):
    documents: CallDocuments
