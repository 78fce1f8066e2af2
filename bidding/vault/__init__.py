"""The signed-bid vault (投标保险柜): uploads, receipts, close, custodians."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes, promises and desk cards."""
    # Imported here: a custodian's own process uses this package's protocol without a web server.
    from bidding.tenders import tender_factory
    from bidding.vault import closing, contexts, desk, receipts
    from trading.events import TenderResumed

    config.add_route("bid", "/tenders/{code}/bid", factory=tender_factory)
    config.add_route("bid-damaged", "/tenders/{code}/bid/damaged", factory=tender_factory)
    config.add_route("receipt-check", "/receipts/check")
    config.add_route("custodian", "/custodian")
    for name in ("policy", "policy.p7s", "custodian-keys", "close"):
        config.add_route(f"api-{name}", f"/api/tenders/{{code}}/{name}", factory=tender_factory)
    own = "/api/tenders/{code}/bids/{ref}"
    config.add_route("api-own-bid", own, factory=tender_factory)
    config.add_route("api-own-part", own + "/{part}", factory=tender_factory)
    config.add_route("api-damaged", "/api/tenders/{code}/damaged", factory=tender_factory)
    config.add_route(
        "api-restore", "/api/tenders/{code}/damaged/{part}/{number:[0-9]{1,9}}", factory=tender_factory
    )
    config.add_route("api-own-bids", "/api/tenders/{code}/bids", factory=tender_factory)
    for name in ("uploads", "withdrawals", "releases"):
        config.add_route(f"api-bid-{name}", f"/api/bids/{name}", factory=contexts.tender_in_body)
    upload = "/api/bids/uploads/{id}"
    config.add_route("api-upload-submit", f"{upload}/submit", factory=contexts.tender_of_upload)
    config.add_route(
        "api-upload-piece", upload + "/{part}/{number:[0-9]{1,9}}", factory=contexts.tender_of_upload
    )
    config.add_route("api-upload", upload, factory=contexts.tender_of_upload)
    config.add_route("api-receipt", "/api/bids/receipts/{ref}", factory=contexts.tender_of_receipt)
    config.add_route("api-custodian-keys-in", "/api/custodian/keys")
    config.add_route("api-custodian-releases", "/api/custodian/releases")
    config.add_route("api-custodian-wanted", "/api/custodian/{id}/wanted")
    for module in ("api", "custodian_api", "views", "damaged_views"):
        config.scan(f"bidding.vault.{module}")
    config.on_desk("bidder", desk.bidder_cards)
    config.on_desk("custodian", desk.custodian_cards)
    config.include("bidding.vault.cleanup")
    config.on_promise(closing.CLOSE, closing.close_tender)
    config.on_promise(closing.DOCUMENT, closing.write_close_document)
    config.on_promise(closing.READY, closing.make_close_ready)
    config.on_promise("receipt.stamp", receipts.stamp_leaf)
    config.add_subscriber(closing.resume, TenderResumed)
