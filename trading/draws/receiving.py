"""What parties and trustees hand in to a draw (收件): commitments, sealed deals, acks, slips, shares of withheld ones.

Each is taken once, under the draw's lock, when the ceremony asks for it; the signature is the authentication, and
slips authenticate themselves by opening what was committed to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trading.clock import database_now
from trading.draws import cards, ceremony, floor, papers, slips
from trading.draws.models import Draw, DrawAck, DrawDeal, DrawParty, DrawShare, DrawSlip
from trading.draws.refusal import DrawError
from trading.draws.service import advance, draw_named, facts_of, log, seen_by_witness
from trading.errors import Refused, refuse
from trading.evidence import accept
from trading.web import _

MOST_FROM_THE_FLOOR = 500
"""parties from the floor in one draw"""
SEALED_HEAD, SEALED_SLIP = 4096, 128
"""bytes that a sealed deal may have, and what each of a party's slips may add"""


@contextmanager
def readable() -> Iterator[None]:
    """A DrawError inside becomes the refusal `draw.paper`."""
    try:
        yield
    except DrawError as error:
        raise refuse(
            "draw.paper", _("The document is not one of this draw: ${why}", mapping={"why": str(error)})
        ) from error


def not_asked() -> Refused:
    return refuse("draw.not-asked", _("The ceremony does not ask for this now"))


def expect(facts: ceremony.Facts, name: str, what: str, at: datetime) -> None:
    """Raises Refused `draw.not-asked` unless this is wanted of this service now."""
    if what not in ceremony.wanted(facts, name, int(at.timestamp())):
        raise not_asked()


def judge(
    session: Session, registry: Any, draw: Draw, name: str, raw: bytes, cms: bytes, at: datetime
) -> None:
    """Raises Refused `draw.certificate`, `signature.*` unless signed with the announced certificate."""
    found = accept(session, registry, draw.tender, raw, cms, at)
    if found.certificate_sha256 != draw.certificates.get(name):
        raise refuse("draw.certificate", _("This is not signed with the trustee's certificate"))


def judge_floor(facts: ceremony.Facts, commit: papers.Commit, raw: bytes, signature: bytes) -> None:
    """A party from the floor signs with the key that its name follows from; there is room for so many. Raises
    Refused `draw.certificate`, `draw.floor-full`."""
    if not floor.signed_by(commit.key, raw, signature):
        raise refuse("draw.certificate", _("This is not signed with the key that the name follows from"))
    if sum(map(floor.is_floor, facts.commits)) >= MOST_FROM_THE_FLOOR:
        raise refuse(
            "draw.floor-full",
            _("So many have contributed from the floor that nobody else can be taken in"),
            remedy=_("One honest contribution is enough: those that are in protect the draw."),
        )


def take_commit(session: Session, registry: Any, ann: str, raw: bytes, cms: bytes) -> None:
    """A party's commitment. Entry `draw.committed`. Raises Refused."""
    draw, at = draw_named(session, ann, lock=True), database_now(session)
    facts = facts_of(session, draw)
    with readable():
        commit = papers.parse_commit(facts.params, raw)
    expect(facts, commit.party, "commit", at)
    if at.timestamp() > facts.params.t_commit:
        raise not_asked()
    if commit.key:
        judge_floor(facts, commit, raw, cms)
    else:
        judge(session, registry, draw, commit.party, raw, cms, at)
        if commit.cert_sha256 != draw.certificates[commit.party]:
            raise refuse("draw.certificate", _("This is not signed with the trustee's certificate"))
    session.add(DrawParty(draw_id=draw.id, party=commit.party, commit=raw, p7s=cms))
    session.flush()
    said = {"party": commit.party, "commit": commit.hash, "p7s": sha256(cms)}
    log(session, registry, draw, "committed", said, at)
    advance(session, registry, draw)


def take_deals(session: Session, registry: Any, ann: str, raw: bytes, cms: bytes) -> None:
    """A party's slips for all trustees, each encrypted to it. No entry: the acks tell. Raises Refused."""
    draw, at = draw_named(session, ann, lock=True), database_now(session)
    facts = facts_of(session, draw)
    with readable():
        party, sealed = cards.parse_deals(ann, raw)
    expect(facts, party, "deal", at)
    if key := facts.commits[party].key:
        if not floor.signed_by(key, raw, cms):
            raise refuse("draw.certificate", _("This is not signed with the key that the name follows from"))
    else:
        judge(session, registry, draw, party, raw, cms, at)
    if sealed.keys() != set(facts.params.trustees):
        raise refuse("draw.deals", _("A party deals to every trustee, and to nobody else"))
    most = SEALED_HEAD + SEALED_SLIP * facts.params.slips_each
    if any(len(box) > most for box in sealed.values()):
        raise refuse("draw.deals", _("What is sealed for a trustee is longer than slips can be"))
    for trustee, box in sealed.items():
        if (party, trustee) not in facts.dealt:
            session.add(DrawDeal(draw_id=draw.id, party=party, trustee=trustee, sealed=box))
    session.flush()


def take_ack(session: Session, registry: Any, ann: str, raw: bytes, cms: bytes) -> None:
    """A trustee holds its slips. Entry `draw.acked`. Raises Refused."""
    draw, at = draw_named(session, ann, lock=True), database_now(session)
    facts = facts_of(session, draw)
    with readable():
        ack = papers.parse_ack(facts.params, raw)
    expect(facts, ack.trustee, "ack", at)
    before = facts.acks.get(ack.trustee)
    if before is not None and set(before.commits) == set(ack.commits):
        raise not_asked()  # a deal that it cannot take stays where it is: the same word twice says nothing
    judge(session, registry, draw, ack.trustee, raw, cms, at)
    if ack.cert_sha256 != draw.certificates[ack.trustee]:
        raise refuse("draw.certificate", _("This is not signed with the trustee's certificate"))
    row = DrawAck(draw_id=draw.id, sha256=sha256(raw), trustee=ack.trustee, ack=raw, p7s=cms, at=at)
    session.add(row)
    session.flush()
    said = {"trustee": ack.trustee, "ack": row.sha256, "p7s": sha256(cms)}
    log(session, registry, draw, "acked", said, at)
    advance(session, registry, draw)


def take_slips(session: Session, registry: Any, ann: str, party: str, shown: Sequence[bytes]) -> None:
    """A party shows its slips. Entry `draw.revealed`. Raises Refused."""
    draw, at = draw_named(session, ann, lock=True), database_now(session)
    facts = facts_of(session, draw)
    expect(facts, party, "reveal", at)
    if slips.commit(facts.params, party, shown) != list(facts.commits[party].commits):
        raise refuse("draw.slips", _("These slips are not those that were committed to"))
    reveal(session, registry, draw, party, shown, [party], at)
    advance(session, registry, draw)


def take_share(session: Session, registry: Any, ann: str, raw: bytes, cms: bytes) -> None:
    """A trustee publishes what it holds of a party that withheld its slips; with enough of them the slips are
    whole. Entry `draw.revealed` then. Raises Refused."""
    draw, at = draw_named(session, ann, lock=True), database_now(session)
    facts = facts_of(session, draw)
    with readable():
        trustee, party, held = cards.parse_share(ann, raw)
    expect(facts, trustee, "recover", at)
    judge(session, registry, draw, trustee, raw, cms, at)
    if party in facts.revealed or party not in draw.parties:
        raise not_asked()
    shown = {str(number): slip.hex() for number, slip in held.items()}
    session.merge(DrawShare(draw_id=draw.id, trustee=trustee, party=party, slips=shown))
    session.flush()
    shares = shares_of(session, draw, party)
    if len(shares) < facts.params.k:
        return
    try:
        whole = slips.recover(facts.params, party, facts.commits[party].commits, shares.values())
    except DrawError:
        return  # false ones among them: others are awaited
    reveal(session, registry, draw, party, whole, sorted(shares), at)
    advance(session, registry, draw)


def shares_of(session: Session, draw: Draw, party: str) -> dict[str, Mapping[int, bytes]]:
    """trustee → what it published of a party's slips."""
    rows = select(DrawShare).where(DrawShare.draw_id == draw.id, DrawShare.party == party)
    return {
        row.trustee: {int(number): bytes.fromhex(slip) for number, slip in row.slips.items()}
        for row in session.scalars(rows)
    }


def reveal(
    session: Session,
    registry: Any,
    draw: Draw,
    party: str,
    shown: Sequence[bytes],
    by: Sequence[str],
    at: datetime,
) -> None:
    """Keep slips that open their commitments. Raises Refused `draw.slip-reused`, but not of a party from the floor:
    a phone that uses a slip twice harms only its own contribution, and must not be able to stop the draw."""
    named = [slip.hex() for slip in shown]
    if not floor.is_floor(party) and (len(set(named)) < len(named) or used_before(session, named)):
        raise refuse("draw.slip-reused", _("A slip serves once, in one draw"))
    seen_by_witness(session, draw)
    session.add_all(
        DrawSlip(slip=slip, draw_id=draw.id, party=party, number=number) for number, slip in enumerate(named)
    )
    session.flush()
    log(session, registry, draw, "revealed", {"party": party, "slips": named, "by": list(by)}, at)


def used_before(session: Session, named: Sequence[str]) -> bool:
    """Whether an organisation has shown one of these slips (hex), in any draw."""
    parties = session.scalars(select(DrawSlip.party).where(DrawSlip.slip.in_(named)))
    return not all(map(floor.is_floor, parties))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
