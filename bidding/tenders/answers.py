"""What programs are answered about tenders."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict


class MadeTender(TypedDict):
    tender: str
    url: str


class Organisation(TypedDict):
    uscc: str
    name: str


class RulebookUsed(TypedDict):
    version: str
    sha256: str


class TenderFile(TypedDict):
    name: str
    size: int
    sha256: str
    url: str


class TenderNotice(TypedDict):
    id: str
    kind: str
    sha256: str
    published: str


class TenderAnswer(TypedDict):
    """The public facts of a tender. `moved_deadline` is set of final offers only: until when they are taken, where a
    suspension has moved the deadline of their signed policy; `suspended` since when the procedure stands still."""

    tender: str
    lot: str
    project: str
    transaction: str
    title: str
    title_en: str
    kind: str
    method: str
    procurement: Literal["open", "invited", "consultation", "negotiation", "inquiry"]
    state: str
    tenderer: Organisation
    agency: Organisation
    budget: str
    ceiling: str
    bid_security: str
    deadline: str
    moved_deadline: str | None
    suspended: str | None
    open_at: str
    bidder_window_s: int
    policy: str | None
    rulebook: RulebookUsed
    items: list[dict[str, Any]]
    criteria: list[dict[str, Any]]
    documents: list[TenderFile]
    notices: list[TenderNotice]
    notice: NotRequired[str]


class FoundByRule(TypedDict):
    """`place` and `lawful` are of words that the lint found."""

    id: str
    rule: str
    severity: Literal["refuse", "warn"]
    field: str
    given: str
    article: str
    words: str
    next_lawful: str | None
    overridden: bool
    blocks: bool
    place: dict[str, Any] | None
    lawful: str


class CustodianKeyState(TypedDict):
    index: int
    id: str
    org: str
    ready: bool


class BytesToSign(TypedDict):
    """`data` in base64url without padding."""

    data: str
    sha256: str


class TenderToSign(TypedDict):
    """`documents` by name, once all is ready."""

    tender: str
    state: str
    findings: list[FoundByRule]
    custodians: list[CustodianKeyState]
    ready: bool
    documents: dict[str, BytesToSign] | None


class Overridden(TypedDict):
    finding: str


class Interrupted(TypedDict):
    tender: str
    state: str
    suspended: str | None


class TenderedAgain(TypedDict):
    tender: str
    predecessor: str
