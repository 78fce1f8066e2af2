"""Notice and commitment (告知承诺制): the applicant is told the conditions and signs that they are met; it stands for papers, and is inspected
after the decision."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall import cases
from plugins.approval_hall.catalogue.item import Item
from plugins.approval_hall.intake.gaps import promisor, refuse_breakers
from plugins.approval_hall.models import HallCase, HallTask
from plugins.approval_hall.papers import documents, keeping
from trading.acts import Actor
from trading.clock import database_now
from trading.errors import Fault, Refused, refuse
from trading.evidence import accept as accept_signature
from trading.interfaces import IAccounts, IEnterprises
from trading.web import _

BEFORE = ("draft", "prefiled", "supplementing")


def replaced(session: Session, case: HallCase, item: Item) -> list[str]:
    """The papers that the commitment would stand for: those that it may and that are not there."""
    if item.commitment is None or case.state not in BEFORE:
        return []
    rows = cases.materials(session, case)
    return [each.key for each in item.materials if each.committed and rows[each.key].state in ("missing", "promised")]  # fmt: skip


def commitment_bytes(session: Session, registry: Any, case: HallCase) -> bytes:
    """What the applicant signs: the words of the item and its conditions, canonical JSON. Raises Refused `hall.no-commitment`."""
    item = cases.item_of(session, case)
    keys = replaced(session, case, item)
    if item.commitment is None or not keys:
        raise refuse(
            "hall.no-commitment", _("Nothing of this application can be replaced by a commitment"), rule="BIZ 40"
        )  # fmt: skip
    party = registry.getUtility(IEnterprises).get(session, case.party_id)
    return bytes(
        rfc8785.dumps(
            {
                "v": 1, "typ": "hall.commitment", "case": case.number, "applicant": party.uscc, "item": case.item,
                "materials": keys, "conditions": [each.zh for each in item.conditions], "words": item.commitment.words.zh,
            }
        )
    )  # fmt: skip


def commit(
    session: Session, registry: Any, actor: Actor, case: HallCase, cms: bytes = b"", scan: tuple[str, bytes] = ("", b""),
) -> list[str]:  # fmt: skip
    """The commitment, signed with a certificate (`cms` over `commitment_bytes`) or on paper at the window (its `scan`); entry
    `hall.committed`. Returns the papers that it stands for. Raises Refused `hall.no-commitment`, `hall.unsigned`,
    `hall.gap-record`, `hall.commitment-record`, `signature.*`, `certificate.*`."""
    raw, at = commitment_bytes(session, registry, case), database_now(session)
    refuse_breakers(session, case)
    refuse_broken(session, case)
    if cms:
        found = accept_signature(session, registry, case.number, raw, cms, at)
        registry.getUtility(IAccounts).own_certificate(session, actor.user_id, found.certificate_sha256, at)
        proof = {"p7s": hashlib.sha256(cms).hexdigest()}
    elif scan[1] and case.channel == "window":
        proof = {"scan": keeping.keep(session, registry["keys"], case, scan[0], scan[1], "commitment")}
    else:
        raise refuse(
            "hall.unsigned", _("The commitment is not signed"), field="commitment", rule="BIZ 40",
            remedy=_("Sign it with your certificate, or at the window on paper; the clerk scans the signed sheet."),
        )  # fmt: skip
    item, rows = cases.item_of(session, case), cases.materials(session, case)
    assert item.commitment is not None, "there are bytes to sign"
    keys = replaced(session, case, item)
    for key in keys:
        rows[key].state = "committed"
    session.flush()
    listed = [f"{number}. {each.zh}" for number, each in enumerate(item.conditions, 1)]
    instead = "、".join(item.material(key).name.zh for key in keys)
    last = f"承诺后免予提交：{instead}。作出决定后 {item.commitment.days} 个工作日内由{item.department(item.commitment.department)}核查；承诺不实的，撤销决定并计入信用记录。"
    words = ["申请人已被告知并符合下列条件：", *listed, item.commitment.words.zh, last]
    documents.issue(
        session, case, "commitment", at, promisor(session, registry, case, item), words, cms or None
    )
    payload = {"materials": keys, "document": hashlib.sha256(raw).hexdigest(), **proof}
    cases.note(session, actor, "hall.committed", case, payload, at)
    return keys


def committed(session: Session, case: HallCase) -> bool:
    """Whether a case stands on a signed commitment."""
    return any(row.state == "committed" for row in cases.materials(session, case).values())


def refuse_broken(session: Session, case: HallCase) -> None:
    """Raises Refused `hall.commitment-record` for an enterprise whose commitment was found broken: it brings the papers."""
    query = select(HallCase.number).join(HallTask, HallTask.case_id == HallCase.id)
    query = query.where(HallCase.party_id == case.party_id, HallTask.outcome == "broken")
    if number := session.scalars(query.limit(1)).first():
        raise Refused(
            Fault(
                "hall.commitment-record", _("In case ${number} a commitment was found broken", mapping={"number": number}),
                rule="BIZ 40", remedy=_("Hand the papers in; nothing is granted on commitment."),
            )
        )  # fmt: skip
