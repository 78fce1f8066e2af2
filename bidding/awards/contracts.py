"""The contract that ends a tender (采购合同): filed and published by the buyers, the tender's last step."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from bidding.awards import announcement
from bidding.awards.service import BUNDLE, heading, put_up
from bidding.tenders.models import Tender
from bidding.tenders.service import advance, locked, the_calendar, the_rulebook
from trading.acts import Actor
from trading.clock import database_now, rfc3339
from trading.deals import service as deals
from trading.deals.models import Contract
from trading.errors import refuse
from trading.ledger import canonical
from trading.notices.models import Notice
from trading.outbox import promise
from trading.parties.models import Party
from trading.web import _


def sign(
    session: Session,
    registry: Any,
    actor: Actor,
    tender: Tender,
    *,
    price: Decimal,
    signed_on: date,
    file_name: str,
    file: bytes,
) -> Contract:
    """File the signed contract; the tender is contracted. Entry `contract.signed`. Raises Refused
    `contract.*`."""
    locked(session, tender.code)
    now = database_now(session)
    contract = deals.record_signed(
        session, registry, actor, the_rulebook(), the_calendar(), tender.code, price=price, signed_on=signed_on,
        file_name=file_name, file=file, at=now,
    )  # fmt: skip
    advance(session, registry, tender, "contract", now, contract_signed=True)
    return contract


def publish(session: Session, registry: Any, tender: Tender) -> Notice:
    """The contract notice on the board, in both languages (GPR 50). Raises Refused `contract.*`."""
    locked(session, tender.code)
    contract = deals.of_tender(session, tender.code)
    if contract is None or contract.signed_at is None or contract.file_sha256 is None:
        raise refuse("contract.unsigned", _("The contract is not signed yet."))
    now = database_now(session)
    deals.publish(session, contract, now)
    supplier = session.get_one(Party, contract.supplier_id)
    body = canonical.dumps(
        {
            "v": 1,
            "typ": "ebid.contract-notice",
            "tender": tender.code,
            "lot": tender.lot.code,
            "manifest": contract.manifest,
            "supplier": {"id": supplier.uscc, "name": supplier.name},
            "price": f"{contract.price:.2f}",
            "contract": contract.file_sha256,
            "signed": rfc3339(contract.signed_at),
            "published": rfc3339(now),
        }
    )
    text = announcement.contract_text(
        heading(tender), supplier.name, contract.price, contract.signed_at, contract.file_sha256
    )
    promise(session, BUNDLE, {"tender": tender.code})
    return put_up(session, registry, tender, "contract", body, None, text, now)
