"""The documents that people sign in an evaluation, and what their votes add up to (评审文书).

Reviews, inputs and report: docs/protocols/bundle.md and evaluation.md. The judgement on explanations
of low prices is `{"v":1,"typ":"ebid.judgement","tender":s,"member":s,"votes":[{"bid":s,"accepted":bool,
"reason":s}]}`. Each names its tender, so that no vote can stand in for one of the same member elsewhere.
A conformity review also carries `findings`, one for each bid: what the member found besides the items.
Where bids are evaluated again by order, everything signed says in which `round` (2, 3 …), so that no
signature of the first evaluation can stand in for one of the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from translationstring import TranslationStringFactory

from bidding.evaluation.review import ItemVotes, Vote, count
from trading.errors import Fault, Refused
from trading.ledger import canonical

_ = TranslationStringFactory("tradehall")

QUALIFICATION, CONFORMITY, ABNORMAL = "qualification", "conformity", "abnormal"
STEPS = (QUALIFICATION, CONFORMITY, ABNORMAL)
MAX_REASON = 2000
_FINDING = {"bid", "suspected", "brand", "claims_refused"}


@dataclass(frozen=True)
class Sheet:
    """What a member votes on in one step of a tender: the bids (ids), the items, and the claims of each bid; `round` is 1
    but for an evaluation made anew."""

    tender: str
    step: str
    member: str
    bids: tuple[str, ...]
    items: tuple[str, ...]
    claims: Mapping[str, tuple[str, ...]]
    round: int = 1


def review_document(
    sheet: Sheet, votes: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]] = ()
) -> bytes:
    """The bytes that a member signs. `votes` have `bid`, `item`, `pass`, `reason` (in the step `abnormal`
    `bid`, `accepted`, `reason`), `findings` `bid`, `suspected`, `brand`, `claims_refused`. Raises Refused
    `review.*` with every fault."""
    document: dict[str, Any] = {"v": 1, "tender": sheet.tender, "member": sheet.member}
    if sheet.step == ABNORMAL:
        named = [{key: vote.get(key) for key in ("bid", "accepted", "reason")} for vote in votes]
        document |= {"typ": "ebid.judgement", "votes": named}
    else:
        named = [
            {"review": sheet.step, **{key: vote.get(key) for key in ("bid", "item", "pass", "reason")}}
            for vote in votes
        ]
        document |= {"typ": "ebid.review", "votes": named}
    if sheet.step == CONFORMITY:
        document["findings"] = [{key: finding.get(key) for key in sorted(_FINDING)} for finding in findings]
    if sheet.round > 1:
        document["round"] = sheet.round
    if faults := _faults(sheet, document):
        raise Refused(faults)
    return canonical.dumps(document)


def read_review(sheet: Sheet, raw: bytes) -> dict[str, Any]:
    """A signed review or judgement that is whole and is this member's. Raises Refused `review.*`."""
    try:
        document = canonical.loads(raw)
    except canonical.CanonicalError as error:
        raise Refused(Fault("review.malformed", _("This is not a review of this committee"))) from error
    if faults := _faults(sheet, document):
        raise Refused(faults)
    found: dict[str, Any] = document
    return found


def _faults(sheet: Sheet, document: Any) -> list[Fault]:
    keys = {"v", "typ", "tender", "member", "votes"} | ({"findings"} if sheet.step == CONFORMITY else set())
    keys |= {"round"} if sheet.round > 1 else set()
    typ = "ebid.judgement" if sheet.step == ABNORMAL else "ebid.review"
    if not isinstance(document, dict) or document.keys() != keys or not isinstance(document["votes"], list):
        return [Fault("review.malformed", _("This is not a review of this committee"))]
    said = (document["v"], document["typ"], document["tender"], document["member"], document.get("round", 1))
    if said != (1, typ, sheet.tender, sheet.member, sheet.round):
        return [Fault("review.malformed", _("This is not a review of this committee"))]
    faults = _vote_faults(sheet, document["votes"])
    return faults + (_finding_faults(sheet, document["findings"]) if sheet.step == CONFORMITY else [])


def _vote_faults(sheet: Sheet, votes: Sequence[Any]) -> list[Fault]:
    judging = sheet.step == ABNORMAL
    yes = "accepted" if judging else "pass"
    shape = {"bid", "reason", yes} | (set() if judging else {"review", "item"})
    wanted = {(bid, item) for bid in sheet.bids for item in (("",) if judging else sheet.items)}
    faults, seen = [], set()
    for vote in votes:
        if not isinstance(vote, dict) or vote.keys() != shape or vote.get("review", sheet.step) != sheet.step:
            return [Fault("review.malformed", _("This is not a review of this committee"))]
        place = (str(vote["bid"]), str(vote.get("item", "")))
        if place not in wanted or place in seen:
            return [Fault("review.stranger", _("A vote is on something that is not to be judged now"))]
        seen.add(place)
        if type(vote[yes]) is not bool:
            continue
        faults += _reason_faults(vote["reason"], needed=judging or not vote[yes], field=field_of(*place))
    missing = wanted - {(vote["bid"], vote.get("item", "")) for vote in votes if type(vote.get(yes)) is bool}
    message = _("Decide on every item")
    return [Fault("review.missing", message, field_of(*place)) for place in sorted(missing)] + faults


def field_of(bid: str, item: str) -> str:
    """The name of a vote in faults: the bidder's code, and the item."""
    return f"{bid}/{item}" if item else bid


def _reason_faults(reason: object, *, needed: bool, field: str) -> list[Fault]:
    if not isinstance(reason, str) or len(reason) > MAX_REASON:
        return [Fault("review.reason", _("A reason is a text of at most 2,000 characters"), field)]
    if needed and not reason.strip():
        return [Fault("review.reason", _("Write the reason"), field, "M87 61")]
    return []


def _finding_faults(sheet: Sheet, findings: object) -> list[Fault]:
    wrong = [Fault("review.finding", _("A finding cannot be read"))]
    if not isinstance(findings, list):
        return wrong
    seen = set()
    for finding in findings:
        if not isinstance(finding, dict) or finding.keys() != _FINDING or str(finding["bid"]) in seen:
            return wrong
        brand, refused = finding["brand"], finding["claims_refused"]
        good = (
            finding["bid"] in sheet.bids
            and type(finding["suspected"]) is bool
            and (brand is None or (isinstance(brand, str) and len(brand) <= 500))
            and isinstance(refused, list)
            and all(claim in sheet.claims.get(finding["bid"], ()) for claim in refused)
            and len(set(refused)) == len(refused)
        )
        if not good:
            return wrong
        seen.add(str(finding["bid"]))
    return []


# --- what the votes add up to ---------------------------------------------------------------------


def item_votes(documents: Iterable[Mapping[str, Any]], bid: str, items: Sequence[str]) -> list[ItemVotes]:
    """The votes on a bid's items, of several members' reviews of one step, by item and then member."""
    cast: dict[str, list[Vote]] = {item: [] for item in items}
    for document in sorted(documents, key=lambda found: str(found["member"])):
        for vote in document["votes"]:
            if vote["bid"] == bid:
                cast[vote["item"]].append(Vote(document["member"], vote["pass"], vote["reason"]))
    return [ItemVotes(item, tuple(votes)) for item, votes in cast.items() if votes]


def votes_json(entries: Sequence[ItemVotes]) -> list[dict[str, Any]]:
    """The votes as the evaluation's inputs write them (evaluation.md 1.3)."""
    return [
        {
            "item": entry.item,
            "votes": [{"member": v.member, "pass": v.passed, "reason": v.reason} for v in entry.votes],
        }
        for entry in entries
    ]


@dataclass(frozen=True)
class Findings:
    """What more than half of the members found about a bid besides the items."""

    suspected: bool = False
    brand: str | None = None
    claims_refused: tuple[str, ...] = ()


def findings(documents: Sequence[Mapping[str, Any]], bid: str) -> Findings:
    """The majority's findings about a bid; `documents` are all members' conformity reviews."""
    said = [found for document in documents for found in document["findings"] if found["bid"] == bid]
    most = len({document["member"] for document in documents})

    def majority(number: int) -> bool:
        return 2 * number > most

    brands = {found["brand"] for found in said if found["brand"] is not None}
    claims = sorted({claim for found in said for claim in found["claims_refused"]})
    return Findings(
        suspected=majority(sum(found["suspected"] for found in said)),
        brand=next((b for b in sorted(brands) if majority(sum(f["brand"] == b for f in said))), None),
        claims_refused=tuple(c for c in claims if majority(sum(c in f["claims_refused"] for f in said))),
    )


@dataclass(frozen=True)
class Judgement:
    """The committee's judgement of an explanation; `reason` are the majority's reasons."""

    accepted: bool
    reason: str


def judgement(documents: Sequence[Mapping[str, Any]], bid: str) -> Judgement:
    """What the majority decided about a bidder's explanation of a low price."""
    votes = [
        Vote(document["member"], vote["accepted"], vote["reason"])
        for document in documents
        for vote in document["votes"]
        if vote["bid"] == bid
    ]
    accepted = count(ItemVotes(ABNORMAL, tuple(votes))).passed
    reasons = dict.fromkeys(vote.reason.strip() for vote in votes if vote.passed == accepted)
    return Judgement(accepted, "; ".join(reasons))
