"""Who serves in this hall's draws (见证机构): organisations of opposed interests, each with a service of its own, and
those that stand by. The setting `draws.trustees` names them with their certificates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from trading.clock import database_now
from trading.draws import ceremony
from trading.draws.cards import parse_card, parse_question
from trading.draws.models import TrusteeCard
from trading.draws.refusal import DrawError
from trading.errors import refuse
from trading.interfaces import ISignatureVerifier
from trading.web import _

THRESHOLD = 2
"""k: so many trustees publish what a party withholds"""
FEWEST = 2 * THRESHOLD - 1
PRESENT = timedelta(minutes=3)
"""how old the card of a service may be that counts as present, and how old its question"""


@dataclass(frozen=True)
class Trustee:
    """A service of this installation: its name in draws, its organisation, its certificate (SHA-256, hex). `former`
    are the certificates that it had before: old draws are verified by them."""

    name: str
    org: str
    cert_sha256: str
    standby: bool = False
    former: Sequence[str] = ()


def trustees(settings: Any) -> dict[str, Trustee]:
    """The services of this installation by name, those that stand by last."""
    rows = json.loads(settings.get("draws.trustees") or "[]")
    return {row["name"]: Trustee(**row) for row in rows}


def ready(settings: Any) -> bool:
    """Whether draws can be held here at all."""
    return sum(not one.standby for one in trustees(settings).values()) >= FEWEST


def trustee_named(settings: Any, name: str) -> Trustee:
    """Raises Refused `draw.unknown-trustee`."""
    found = trustees(settings).get(name)
    if found is None:
        raise refuse("draw.unknown-trustee", _("This hall knows no such trustee"))
    return found


def take_card(session: Session, registry: Any, raw: bytes, cms: bytes) -> str:
    """Keep a service's newest card; returns its name. Raises Refused `draw.*`, `signature.*`, DrawError."""
    card, now = parse_card(raw), database_now(session)
    who = trustee_named(registry.settings, card.name)
    if abs(now.timestamp() - card.at) > PRESENT.total_seconds():
        raise refuse("draw.old-card", _("The card is not of this moment"))
    signer = registry.getUtility(ISignatureVerifier).verify(raw, cms, now)
    if signer.certificate_sha256 != who.cert_sha256:
        raise refuse("draw.certificate", _("This is not signed with the trustee's certificate"))
    row = insert(TrusteeCard).values(name=who.name, card=raw, p7s=cms, at=now)
    changed = {name: row.excluded[name] for name in ("card", "p7s", "at")}
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_=changed))
    return who.name


def check_question(session: Session, registry: Any, name: str, raw: bytes, cms: bytes) -> None:
    """Raises Refused `draw.unknown-trustee`, `draw.question` for anything but this service's own question of
    this moment, `signature.*`."""
    who, now = trustee_named(registry.settings, name), database_now(session)
    wrong = refuse(
        "draw.question",
        _("Only the trustee itself may ask this"),
        remedy=_("Sign the question with the certificate that this trustee registered."),
    )
    try:
        asker, at = parse_question(raw)
    except DrawError as error:
        raise wrong from error
    if asker != name or abs(now.timestamp() - at) > PRESENT.total_seconds():
        raise wrong
    signer = registry.getUtility(ISignatureVerifier).verify(raw, cms, now)
    if signer.certificate_sha256 != who.cert_sha256:
        raise wrong


def present(session: Session) -> dict[str, TrusteeCard]:
    """The newest cards of the services that are there."""
    since = database_now(session) - PRESENT
    return {row.name: row for row in session.scalars(select(TrusteeCard).where(TrusteeCard.at >= since))}


def serving(session: Session, settings: Any) -> dict[str, TrusteeCard]:
    """Who serves in a draw that is announced now, with their cards. Raises Refused `draw.no-trustees`."""
    known, there = trustees(settings), present(session)
    named = [one.name for one in known.values() if not one.standby]
    spare = [one.name for one in known.values() if one.standby]
    chosen = ceremony.choose_trustees(named, spare, there.keys())
    missing = [known[name].org for name in chosen if name not in there]
    if missing or len(chosen) < FEWEST:
        raise refuse(
            "draw.no-trustees",
            _(
                "Too few trustees are there to hold a draw: ${missing}",
                mapping={"missing": "、".join(missing)},
            ),
            remedy=_("Wait for the trustees' services, or ask their organisations."),
        )
    return {name: there[name] for name in sorted(chosen)}
