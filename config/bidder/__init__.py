"""A bidder's side without a browser (投标客户端): what `tradehall bid` and other programs are made of.

Sealing needs nothing but the policy and the bidder's own files, and works without a network. The formats
are those of the bid page: the same `.sealed`, key file, signature and receipt.
"""

from config.bidder.content import pack_documents, price_sheet, read_items
from config.bidder.hall import BidError, Hall, HallRefused, fetch_policy, next_place, own_bids, policy_name
from config.bidder.sealing import SealedBid, Signer, must_answer, reseal, seal, seal_parts
from config.bidder.sending import (
    Progress,
    Submitted,
    decrypt,
    judge_receipt,
    moved_deadline,
    open_stage,
    receipt_name,
    restore,
    stamp_time,
    submit,
    wait_receipt,
    wait_witnessed,
    withdraw,
)

__all__ = [
    "BidError", "Hall", "HallRefused", "Progress", "SealedBid", "Signer", "Submitted", "decrypt", "fetch_policy",
    "judge_receipt", "moved_deadline", "must_answer", "next_place", "open_stage", "own_bids", "pack_documents", "policy_name",
    "price_sheet", "read_items", "receipt_name", "reseal", "restore", "seal", "seal_parts", "stamp_time", "submit",
    "wait_receipt", "wait_witnessed", "withdraw",
]  # fmt: skip
