"""What becomes of sealed prices (报价处理): opened and on record they go to their works, with F1 and K; too few, and the works
fail."""

from __future__ import annotations

import hashlib

from bidding.lottery import awarding, sealed_prices
from bidding.lottery.sealed_prices import HALL
from bidding.lottery.works import by_code, show
from bidding.opening.standing import find_opening
from bidding.tenders.service import advance, find
from trading.acts import record
from trading.events import OpeningRecorded, TenderEnded


def opened(event: OpeningRecorded) -> None:
    """The owner has signed the record of an opening; prices of small works are taken. Entry `works.prices-opened`."""
    session, registry, now = event.session, event.registry, event.at
    child = find(session, event.tender)
    if not child.prices_of or child.state != "opened":
        return
    works, opening = by_code(session, child.prices_of, lock=True), find_opening(session, child)
    assert opening is not None, "its record was signed"
    rows = sealed_prices.opened(session, child)
    advance(session, registry, child, "hand_over", now, bids_opened=len(rows))
    record(session, HALL, "offers.handed-over", child.code, {"to": works.code}, now)
    payload = {
        "prices": child.code, "recorded": opening.record_sha256,
        "opened": hashlib.sha256(opening.outcomes or b"").hexdigest(),
        "offers": [
            {"org": offer.id, "manifest": bid.manifest_hash, "price": f"{offer.price:.2f}"} for bid, offer in rows
        ],
    }  # fmt: skip
    record(session, HALL, "works.prices-opened", works.code, payload, now)
    if works.state == "listed" and not works.next_step:
        awarding.begin(session, registry, works, now)
    session.flush()


def ended(event: TenderEnded) -> None:
    """Prices that failed fail the works; entry `works.failed`."""
    child = find(event.session, event.tender)
    if not child.prices_of or event.how != "failed":
        return
    works = by_code(event.session, child.prices_of, lock=True)
    if works.state == "listed":
        works.state = "failed"
        record(event.session, HALL, "works.failed", works.code, {"reason": "prices-failed"}, event.at)
        show(event.session, works)
