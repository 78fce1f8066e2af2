"""What the pages call findings, reasons and states."""

from __future__ import annotations

from bidding.awards.announcement import article_words
from bidding.deposits import checking, fate
from trading.web import _

FINDINGS = {
    checking.MISSING: _("No bid security came in"),
    checking.INSUFFICIENT: _("Too little came in that counts"),
    checking.LATE: _("Credited at or after the deadline"),
    checking.FOREIGN: _("Not paid from the bidder's own base account"),
    checking.SHARED: _("The same account paid for another bidder too"),
    checking.REVOKED: _("The guarantee is not in force"),
    checking.EXPIRES: _("The guarantee ends before the bid's validity"),
}
REASONS = {
    fate.WITHDRAWN: _("bid withdrawn before the deadline"),
    fate.NO_BID: _("paid, but no bid handed in"),
    fate.DEEMED: _("not opened through no fault of the bidder: counts as withdrawn"),
    fate.LOSER: _("not awarded"),
    fate.WINNER: _("contract signed"),
    fate.ENDED: _("the tender failed or was cancelled"),
    fate.LATE: _("came too late to count"),
    fate.DECIDED: _("decided to return it"),
}
GROUNDS = {
    fate.REVOKED: _("The bidder revoked its bid after the deadline, or it was not opened through its fault"),
    fate.NO_CONTRACT: _("The winner refuses the contract without good reason"),
    fate.CONDITIONS: _("The winner asks for further conditions when signing"),
    fate.NO_PERFORMANCE: _("The winner does not give the performance security"),
}
STATES = {
    "waiting": ("neutral", _("held")),
    "decide": ("bad", _("to be decided")),
    "due": ("wait", _("to be returned")),
    "ordered": ("wait", _("on its way")),
    "paid": ("good", _("returned")),
    "released": ("good", _("guarantee released")),
    "kept": ("neutral", _("kept")),
    "claimed": ("neutral", _("claimed from the guarantor")),
    "declined": ("bad", _("the bank declined")),
}
LIGHTS = {
    "green": ("good", _("In time")),
    "yellow": ("wait", _("Soon due")),
    "red": ("bad", _("Overdue")),
    "paused": ("neutral", _("Paused")),
    "done": ("good", _("Done in time")),
}


def article(code: str, locale: str) -> str:
    """`M87 63(1)` as people read it."""
    return ", ".join(article_words(each, locale == "en") for each in code.split(", "))
