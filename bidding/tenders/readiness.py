"""What stands in the way of publishing (发布条件): findings of the rulebook, and whose key statements are there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bidding.tenders import drafts, investment
from bidding.tenders.models import Tender
from bidding.vault.custodian_key import parse_statement
from bidding.vault.envelopes import key_stages_of, mode_of
from bidding.vault.models import CustodianKey
from trading.clock import database_now
from trading.rulebook.plan import Finding


@dataclass(frozen=True)
class Custodian:
    """A custodian of this installation and the keys for a tender that are here, in the order of the stages."""

    index: int
    id: str
    org: str
    cert_sha256: str
    keys: tuple[CustodianKey, ...]
    wanted: int

    @property
    def key(self) -> CustodianKey | None:
        """The key of the first stage, once the keys of all stages are here."""
        return self.keys[0] if self.keys and len(self.keys) == self.wanted else None


@dataclass(frozen=True)
class Readiness:
    """What stands between a draft and its publication."""

    findings: list[Finding]
    custodians: list[Custodian]
    mode: str = "either"
    said: Mapping[str, Any] = field(default_factory=dict)
    """what the notice says besides: the investment project"""

    @property
    def blocking(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.blocks]

    @property
    def keys_ready(self) -> bool:
        complete = all(custodian.key is not None for custodian in self.custodians)
        return self.mode == "bidder" or (bool(self.custodians) and complete)

    @property
    def statements(self) -> list[CustodianKey]:
        """Every key statement that goes into the policy."""
        return [key for custodian in self.custodians for key in custodian.keys]

    @property
    def ready(self) -> bool:
        return self.keys_ready and not self.blocking


def publishable(session: Session, registry: Any, tender: Tender, now: datetime | None = None) -> Readiness:
    """What the gates find and which custodians' keys are here, for a publication at `now`."""
    found = drafts.findings(session, registry, tender, now or database_now(session))
    said = investment.published(session, registry, tender.investment_code)
    return Readiness(found, custodians(session, registry, tender), mode_of(tender.form), said)


def custodians(session: Session, registry: Any, tender: Tender) -> list[Custodian]:
    """The installation's custodians by index, each with its key statements for this tender; none where
    bidders alone hold the keys.

    A statement that was not made for this custodian, with a certificate of its that counts, does not."""
    stages = key_stages_of(tender.form)
    if not stages:
        return []
    here = {(key.stage, key.index): key for key in drafts.custodian_keys(session, tender)}
    rows = json.loads(registry.settings["vault.custodians"] or "[]")
    found = []
    for row in sorted(rows, key=lambda row: row["index"]):
        keys = [here[stage, row["index"]] for stage in stages if (stage, row["index"]) in here]
        known = [(row["id"], certificate) for certificate in (row["cert_sha256"], *row.get("former", []))]
        good = tuple(key for key in keys if said_by(key) in known)
        found.append(Custodian(row["index"], row["id"], row["org"], row["cert_sha256"], good, len(stages)))
    return found


def said_by(key: CustodianKey) -> tuple[str, str]:
    """Who says to have made a key statement, and with which certificate."""
    said = parse_statement(key.raw)
    return said.custodian, said.cert_sha256
