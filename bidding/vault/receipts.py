"""Receipts (回执): made when they are asked for, kept once nothing more can be added to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bidding.tenders.models import Tender
from bidding.vault.encoding import sha256
from bidding.vault.manifest import parse_manifest
from bidding.vault.models import Bid
from bidding.vault.policy import Policy
from bidding.vault.receipt import STAMP_TOLERANCE, build_receipt, witnesses_seen
from bidding.vault.service import Admitted, Means, admitted, owner_key, policy_of
from trading.clock import database_now
from trading.errors import refuse
from trading.interfaces import ITimeStamper
from trading.ledger import merkle
from trading.ledger.checkpoint import Checkpoint, parse_checkpoint
from trading.ledger.models import LedgerCheckpoint, LedgerCosig, LedgerEntry
from trading.ledger.service import checkpoint_note, leaf_index, tree_reader
from trading.web import _

PATIENCE = timedelta(minutes=10)
"""How long a receipt waits for its witness and stamp before it is kept as it is."""


class Inclusion:
    """An entry's place in the first checkpoint that holds it: `index`, `note`, `checkpoint`, `proof`."""

    def __init__(self, session: Session, index: int, note: str) -> None:
        self.index = index
        self.note = note
        self.checkpoint: Checkpoint = parse_checkpoint(note)
        size = self.checkpoint.size
        self.proof = tuple(merkle.inclusion_proof(tree_reader(session, size), index, size))


def first_inclusion(session: Session, entry_id: int, *, witnessed: bool) -> Inclusion | None:
    """The earliest checkpoint (with `witnessed`: the earliest cosigned one) that holds an entry, or None.

    The earliest, because a witness's time in it bounds the entry's time from above.
    """
    index = leaf_index(session, entry_id)
    if index is None:
        return None
    sizes = LedgerCosig.size if witnessed else LedgerCheckpoint.size
    size = session.execute(select(func.min(sizes)).where(sizes > index)).scalar_one()
    note = None if size is None else checkpoint_note(session, size)
    return None if note is None else Inclusion(session, index, note)


def find_receipt(session: Session, means: Means, uscc: str, ref: str) -> tuple[Admitted, bytes | None]:
    """An enterprise's own act by its reference, with its receipt (None: still to come).

    Raises Refused `receipt.unknown` for everybody else's too."""
    row = session.scalars(select(Bid).where(Bid.ref == ref)).first()
    if row is not None:
        tender = session.get_one(Tender, row.tender_id)
        if row.owner_key == owner_key(means.keys, tender.code, uscc):
            return admitted(means.keys, row), receipt_of(session, means, tender, row)
    raise refuse("receipt.unknown", _("There is no receipt of yours with this reference"))


def receipt_of(session: Session, means: Means, tender: Tender, row: Bid) -> bytes | None:
    """The receipt of an admitted act; None until a log-signed checkpoint holds its entry.

    Until witness and stamp have come (or had their time) it is made anew at each asking; it then says
    the same about the same leaf, with more signatures under it."""
    purpose = f"receipt/{row.id}"
    if row.sealed_receipt is not None:
        return means.keys.unseal(row.sealed_receipt, purpose)
    policy = policy_of(session, tender)
    place = first_inclusion(session, row.entry_id, witnessed=True)
    witnessed = place is not None and bool(witnesses_seen(place.note, policy))
    if not witnessed:
        place = first_inclusion(session, row.entry_id, witnessed=False)
    if place is None:
        return None
    act = admitted(means.keys, row)
    token = None if row.sealed_token is None else means.keys.unseal(row.sealed_token, f"token/{row.id}")
    raw = _build(means, policy, act, place, token)
    late = database_now(session) - act.at > PATIENCE
    nothing_to_come = (witnessed or not policy.fields.get("witnesses")) and token is not None
    if nothing_to_come or late:
        row.sealed_receipt = means.keys.seal(raw, purpose, means.rng)
    return raw


def _build(means: Means, policy: Policy, act: Admitted, place: Inclusion, token: bytes | None) -> bytes:
    return build_receipt(
        kind=act.kind,
        tender=policy.tender,
        lot=policy.lot,
        ref=act.ref,
        seq=act.seq,
        manifest=act.digest,
        cms=sha256(act.cms),
        parts=parse_manifest(act.document).parts if act.kind == "bid" else (),
        at=act.at,
        salt=act.salt,
        leaf_index=place.index,
        proof=place.proof,
        checkpoint=place.note,
        tsa=token,
        sign=means.keys.receipt_for(policy.receipt_key).sign,
    )


def stamp_leaf(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keeps the promise to have an act's leaf stamped. A stamp from more than a minute after the act
    would speak against the receipt rather than for it, so it is left out then.

    Raises Refused `timestamp.unavailable` to be tried again."""
    stamper = registry.queryUtility(ITimeStamper)
    row = session.get_one(Bid, UUID(payload["bid"]))
    if stamper is None or row.sealed_token is not None:
        return
    entry = session.get_one(LedgerEntry, row.entry_id)
    if database_now(session) - entry.at > STAMP_TOLERANCE:
        return
    token = stamper.stamp(sha256(entry.body))
    if abs(stamper.verify(token, sha256(entry.body)) - entry.at) <= STAMP_TOLERANCE:
        means = Means.of(registry)
        row.sealed_token = means.keys.seal(token, f"token/{row.id}", means.rng)
