"""The supplier's own signature under the contract that the buyers filed (供应商签署合同, Order 20 art. 36, 40).

The buyers file a file and say that both have signed it; the supplier signs its hash with its own certificate, so that
neither can say later that it was another. No row of its own: the entry has the hashes, the file store the bytes.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from bidding.tenders.models import Tender
from bidding.tenders.service import locked
from trading.accounts import certificates
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.deals import service as deals
from trading.deals.models import Contract
from trading.errors import refuse
from trading.evidence import accept
from trading.interfaces import IFileStore
from trading.ledger import canonical
from trading.ledger.service import entries_of
from trading.parties.models import Party
from trading.web import _

COUNTERSIGNED = "contract.countersigned"


@dataclass(frozen=True)
class Countersignature:
    """What the supplier signed, its signature, and when it came (RFC 3339)."""

    raw: bytes
    cms: bytes
    at: str


def document(session: Session, tender: Tender, contract: Contract) -> bytes:
    """The bytes that the supplier signs: which contract, of which tender, at which price. The same as long as
    the contract is the same."""
    supplier = session.get_one(Party, contract.supplier_id)
    assert contract.signed_at is not None, "asked of a contract on file"
    return canonical.dumps(
        {"v": 1, "typ": "ebid.contract-signature", "tender": tender.code, "lot": tender.lot.code,
         "manifest": contract.manifest, "supplier": {"id": supplier.uscc, "name": supplier.name},
         "price": f"{contract.price:.2f}", "contract": contract.file_sha256, "signed": rfc3339(contract.signed_at)}
    )  # fmt: skip


def filed_for(session: Session, tender: Tender, party: uuid.UUID | None) -> Contract | None:
    """The contract on file whose supplier this enterprise is; None for anybody else."""
    contract = deals.of_tender(session, tender.code)
    mine = contract is not None and contract.supplier_id == party and contract.file_sha256 is not None
    return contract if mine else None


def countersign(
    session: Session, registry: Any, actor: Actor, user: uuid.UUID, party: uuid.UUID | None, tender: Tender, cms: bytes
) -> None:  # fmt: skip
    """The supplier signs the contract on file; entry `contract.countersigned`. Raises Refused `contract.none`
    (not its contract, or none on file), `contract.countersigned`, `signature.*`, `certificate.*`."""
    locked(session, tender.code)
    contract = filed_for(session, tender, party)
    if contract is None:
        raise refuse("contract.none", _("There is no contract on file that you could sign."))
    if of_tender(session, registry, tender) is not None:
        raise refuse("contract.countersigned", _("You have signed this contract already."))
    now, raw = database_now(session), document(session, tender, contract)
    found = accept(session, registry, tender.code, raw, cms, now)
    certificates.own(session, user, found.certificate_sha256, now)
    store = registry.getUtility(IFileStore)
    payload = {"manifest": contract.manifest, "contract": contract.file_sha256}
    for name, data in (("file", raw), ("p7s", cms)):
        payload[name] = hashlib.sha256(data).hexdigest()
        store.put(deals.file_key(payload[name]), data)
    record(session, actor, COUNTERSIGNED, tender.code, payload, now)


def of_tender(session: Session, registry: Any, tender: Tender) -> Countersignature | None:
    """The supplier's signature under a tender's contract, None while there is none."""
    store = registry.getUtility(IFileStore)
    for entry in entries_of(session, tender.code):
        payload = (
            entry.payloads[0].document if entry.entry.type == COUNTERSIGNED and entry.payloads[0] else None
        )
        if payload is not None:
            raw, cms = (store.get(deals.file_key(payload[name])) for name in ("file", "p7s"))
            return Countersignature(raw, cms, entry.entry.at)
    return None
