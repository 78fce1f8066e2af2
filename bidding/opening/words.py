"""How states, faults and acts of an opening are called on pages."""

from __future__ import annotations

from datetime import datetime

from trading.clock import rfc3339
from trading.web import _

OUTCOMES = {
    "OK": _("Decrypted"),
    "BIDDER_FAULT": _("Invalid: sealed wrongly by the bidder"),
    "STORAGE_FAULT": _("Lost: the stored file is damaged"),
    "REVOKED": _("Not decrypted: counts as revoked"),
    "WITHDRAWN": _("Not decrypted: counts as withdrawn"),
    "WRONG_KEY": _("The key does not fit"),
    "WAIT_BIDDER": _("Waiting for the bidder's key"),
    "WAIT_CUSTODIANS": _("Waiting for the custodians"),
}
FAULTS = {
    "bidder": _("the bidder"),
    "platform": _("this hall"),
    "other": _("not the bidder"),
}
OPENED_BY = {
    "bidder": _("with the bidder's own key"),
    "custodians": _("by the custodians"),
}
REASONS = {
    "storage-fault": _("The stored bytes are not those that were receipted."),
    "no-bidder-key": _("The bidder gave no key in its window."),
    "wrong-bidder-key": _("The bidder's key is not the one that its bid was sealed with."),
    "too-few-custodians": _("Too few custodians answered in time."),
    "unusable-shares": _("The custodians' shares could not be used."),
}
FINDINGS = {
    "bad-wrap": _("the bidder sealed a false share for this custodian, as its seed shows"),
    "bad-claim": _("this custodian says its share is bad and has not proved it"),
    "wrong-share": _("this custodian's share is not the one that the bidder committed to"),
    "wrong-seed": _("this custodian's seed is not that of its key"),
}
ROLES = {
    "host": _("Host"),
    "bidder": _("Bidder"),
    "regulator": _("Regulator"),
    "custodian": _("Key custodian"),
}
"""What somebody attends as; others attend as visitors."""
ARRIVED = {
    "host": _("The host has signed in"),
    "regulator": _("The regulator has signed in"),
    "custodian": _("A key custodian has signed in"),
}
"""For people without an organisation."""
VISITOR = _("Visitor")

STEPS = (_("Sign-in"), _("List of bidders"), _("Decryption"), _("Reading out"), _("Opening record"))

STAGES = {
    "before": _("Bids are sealed"),
    "closing": _("Closing"),
    "decrypting": _("Decryption"),
    "custodians": _("Custodians open the rest"),
    "read": _("Read out"),
    "recorded": _("Opened"),
    "failed": _("Failed"),
}
TONES = {"before": "neutral", "closing": "wait", "decrypting": "wait", "custodians": "wait", "read": "wait", "recorded": "good", "failed": "bad"}  # fmt: skip


def instant(value: datetime) -> str:
    """RFC 3339, as the scripts read instants."""
    return rfc3339(value)
