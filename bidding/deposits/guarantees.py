"""Guarantees in place of money (保函): by the number, which their issuer is asked about, or as the guarantor's
signed file, which the hall judges by itself. Sealed until the deadline like every security."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bidding.deposits import checking, guarantee_file
from bidding.deposits.checking import GUARANTEE
from bidding.deposits.guarantee_file import SignedGuarantee
from bidding.deposits.models import DepositItem
from bidding.deposits.service import before_deadline, open_account, regime, take, valid_until
from bidding.tenders.models import Tender
from bidding.vault.encoding import EncodingError, b64, sha256
from trading.banking import Guarantee
from trading.clock import rfc3339
from trading.errors import Fault, Refused, refuse
from trading.interfaces import IGuaranteeIssuer, ISignatureVerifier
from trading.parties.models import Party
from trading.rulebook.calendar import beijing_date
from trading.secrets import HallKeys
from trading.web import _

ISSUERS = "guarantees.issuers"
"""Setting: the guarantors whose signed files are taken, [{"id": code, "name": s}, …] in JSON."""


def issuers(settings: Any) -> dict[str, str]:
    """The listed guarantors' names by their unified social credit codes."""
    return {row["id"]: row["name"] for row in json.loads(settings.get(ISSUERS) or "[]")}


# --- by number --------------------------------------------------------------------------------------


def hand_in_number(session: Session, registry: Any, tender: Tender, party: Party, number: str) -> DepositItem:
    """A guarantee, verified with its issuer by its number.

    Raises Refused `guarantee.*` with every fault, `deposit.*`, `bank.unavailable`."""
    now = before_deadline(session, tender)
    issuer = registry.queryUtility(IGuaranteeIssuer)
    if issuer is None:
        raise refuse(
            "deposit.no-bank", _("This hall has no bank for bid securities: see the tender document.")
        )
    found: Guarantee | None = issuer.guarantee(number)
    if found is None or found.revoked:
        raise refuse(
            "guarantee.unknown", _("The issuer knows no guarantee in force of this number."), field="number",
            rule=rules_of(registry, tender)[checking.REVOKED], remedy=_("Check the number on the guarantee."),
        )  # fmt: skip
    ours = found.applicant == party.uscc and found.tender == tender.code
    faults = covering(registry, tender, ours, found.amount, found.until)
    if faults:
        raise Refused(faults)
    facts = {"amount": f"{found.amount:.2f}", "number": found.number, "issuer": found.issuer}
    return file(session, registry, tender, party, facts | {"until": found.until.isoformat()}, now)


# --- as a signed file -------------------------------------------------------------------------------


def hand_in_file(session: Session, registry: Any, tender: Tender, party: Party, data: bytes) -> DepositItem:
    """A guarantor's signed file: signature by a listed guarantor, for this bidder, purchaser and tender, over
    enough money, in force until the bid's validity ends.

    Raises Refused `guarantee.*` with every fault, `signature.*`, `deposit.*`."""
    now = before_deadline(session, tender)
    try:
        if not 0 < len(data) <= guarantee_file.LARGEST:
            raise EncodingError("not of a possible size")
        found = guarantee_file.read(data)
    except EncodingError as error:
        raise refuse(
            "guarantee.unreadable", _("This is not a signed electronic guarantee"), field="file",
            rule=str(error), remedy=_("Choose the file that your guarantor gave you, unchanged."),
        ) from error  # fmt: skip
    # Verified without keeping: until the deadline not even the guarantor's certificate may tell anything.
    signed = registry.getUtility(ISignatureVerifier).verify(found.raw, found.cms, now)
    if faults := judge(registry, tender, party, found, signed.organisation_id, now):
        raise Refused(faults)
    facts = {
        "amount": f"{found.amount:.2f}", "number": found.number, "issuer": found.issuer_name,
        "until": found.until.isoformat(), "issuer_id": found.issuer, "file": sha256(found.raw).hex(),
    }  # fmt: skip
    proof = [b64(der) for der in (signed.certificate, *signed.chain)]
    lists = [b64(der) for der in signed.crls]
    kept = {"signed": b64(data), "certificates": proof, "lists": lists}
    return file(session, registry, tender, party, facts, now, kept)


def judge(
    registry: Any, tender: Tender, party: Party, found: SignedGuarantee, signer: str, now: datetime
) -> list[Fault]:
    """Everything that keeps a signed guarantee from securing this bid."""
    rules, faults = rules_of(registry, tender), []
    if signer != found.issuer or signer not in issuers(registry.settings):
        faults.append(
            Fault(
                "guarantee.issuer",
                _("It is not signed by a guarantor that this hall lists"),
                "file", "GPR 33", _("Ask the hall which banks and guarantors it takes."),
            )
        )  # fmt: skip
    if found.beneficiary != tender.tenderer.uscc:
        faults.append(
            Fault(
                "guarantee.beneficiary",
                _("It does not promise payment to the purchaser of this tender"),
                "file",
                "GPR 33",
            )
        )
    if found.begins > beijing_date(now):
        message = _("It is in force from ${day} only", mapping={"day": found.begins.isoformat()})
        faults.append(Fault("guarantee.begins", message, "file", rules[checking.EXPIRES]))
    ours = (found.applicant, found.tender, found.lot) == (party.uscc, tender.code, tender.lot.code)
    return faults + covering(registry, tender, ours, found.amount, found.until, "file")


# --- both -------------------------------------------------------------------------------------------


def rules_of(registry: Any, tender: Tender) -> Any:
    return checking.RULES[regime(registry, tender)]


def covering(
    registry: Any, tender: Tender, ours: bool, amount: Any, until: Any, field: str = "number"
) -> list[Fault]:
    """What every guarantee must do: be this bidder's here, cover the sum, last as long as the bid."""
    rules, faults = rules_of(registry, tender), []
    if not ours:
        message = _("This guarantee was issued for another bidder or another tender.")
        faults.append(Fault("guarantee.foreign", message, field, rules[checking.FOREIGN]))
    if amount < tender.security:
        message = _("The guarantee covers less than the bid security.")
        faults.append(Fault("guarantee.amount", message, field, rules[checking.INSUFFICIENT]))
    if until < valid_until(tender):
        message = _(
            "The guarantee ends on ${until}, before the bid does: it must last until ${valid}.",
            mapping={"until": until.isoformat(), "valid": valid_until(tender).isoformat()},
        )
        faults.append(Fault("guarantee.expires", message, field, rules[checking.EXPIRES]))
    return faults


def file(
    session: Session, registry: Any, tender: Tender, party: Party, facts: dict[str, Any], now: datetime,
    kept: dict[str, Any] | None = None,
) -> DepositItem:  # fmt: skip
    """The item with its blinded leaf; a guarantee counts once. Raises Refused `guarantee.used`, `deposit.*`."""
    keys: HallKeys = registry["keys"]
    account = open_account(session, registry, tender, party)
    source = keys.keyed("guarantee", facts["number"])
    said = {"kind": GUARANTEE, "at": rfc3339(now)} | facts
    item = take(session, keys, account, source, said, kept)
    if item is None:
        raise refuse("guarantee.used", _("This guarantee was handed in already."), field="number")
    return item
