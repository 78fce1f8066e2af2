"""How states, faults and acts of an opening are called on pages."""

from __future__ import annotations

from datetime import datetime

from trading.clock import BEIJING, parse_rfc3339, rfc3339
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
WITHOUT_BIDDER = {
    "either": _("the key custodians open the bid together"),
    "bidder": _("nobody else can: the bid counts as revoked"),
    "dual": _("the bid counts as revoked; the custodians’ shares alone do not suffice"),
    "custodian": _("bidders need not do anything: the key custodians open all bids"),
}
"""What happens to a bid that its bidder does not decrypt, by the vault's mode."""
FAULTS_LONG = {
    "bidder": _("The bidder’s"),
    "platform": _("This hall’s (the platform’s)"),
    "other": _("Neither’s: others’, such as key custodians who did not answer"),
}
DEPOSIT = {
    "bidder": _("Counts as revoked. The purchaser may keep the bid security, by a decision of its own."),
    "platform": _(
        "Counts as withdrawn. The bid security goes back in full; the bidder may claim its loss from the hall."
    ),
    "other": _(
        "Counts as withdrawn. The bid security goes back in full; the bidder may claim its loss from whoever is responsible."
    ),
}
"""What a decision on a bid that was not opened means for its bid security (Order 20 art. 31, TBR art. 35)."""
PARTS = {"price-sheet": _("price sheet"), "documents": _("documents")}
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


def clock(text: str | None) -> str:
    """An RFC 3339 instant as the hall's clock shows it, in Beijing time; "" for none."""
    return parse_rfc3339(text).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S") if text else ""
