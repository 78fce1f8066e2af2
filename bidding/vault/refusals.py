"""Why a bid is not admitted, in plain words, and the hall's signature under it (vault protocol, 2.5)."""

from __future__ import annotations

from collections.abc import Sequence

from trading.errors import Fault, Refused
from trading.web import _

WORDS = {
    "bid.malformed": (
        _("The sealed bid is not built as this hall expects it"),
        _("Seal it again with the present sealer."),
    ),
    "bid.wrong-policy": (
        _("The bid is sealed for other documents than the current ones"),
        _("Open the bid page again and seal it once more; the key file helps."),
    ),
    "bid.parts": (_("The bid has no content"), _("Add the price sheet and the documents.")),
    "bid.part-size": (_("A part of the bid has a size that is not allowed"), _("Make the files smaller.")),
    "bid.shares": (_("Two key shares of the bid are alike"), _("Seal the bid again.")),
    "bid.received-size": (
        _("Not the whole bid has arrived"),
        _("Send it again; only what is missing is sent."),
    ),
    "bid.received-tree": (_("What arrived is not what was sealed"), _("Seal the bid again and send it.")),
    "bid.received-head": (_("What arrived is not what was sealed"), _("Seal the bid again and send it.")),
    "bid.incomplete": (_("Not the whole bid has arrived"), _("Send it again; only what is missing is sent.")),
    "bid.other-bidder": (
        _("The bid names another enterprise than the one you are logged in for"),
        _("Seal the bid for your own enterprise."),
    ),
    "bid.other-certificate": (
        _("The bid is signed with another certificate than the one it names"),
        _("Sign with the certificate that was chosen when sealing."),
    ),
    "bid.signature-family": (
        _("This tender does not admit signatures of this kind"),
        _("Sign with a certificate of a kind that the tender's seal policy names."),
    ),
    "bid.not-open": (_("This tender does not take bids"), _("See the tender's page for its state.")),
    "bid.suspended": (
        _("The procedure is suspended: no bid is admitted until it is resumed"),
        _("The resumption is published on the tender's page, with the deadline that then holds."),
    ),
    "bid.late": (
        _("The bid deadline has passed: the whole bid must have arrived before it"),
        _("Nothing can be handed in any more (Order 20 art. 27)."),
    ),
    "clock.skewed": (
        _("The clocks of this hall do not agree: nothing is admitted until they do"),
        _("What has arrived is kept. Try again in a few minutes; the operators have been told."),
    ),
    "bid.replayed": (
        _("This sealed bid, or a part of it, has been handed in before"),
        _("Seal the bid again: a sealed bid counts once."),
    ),
    "bid.out-of-order": (
        _("A later bid of your enterprise has been admitted already"),
        _("Open the bid page again and replace the standing bid."),
    ),
    "bid.replaces": (
        _("The bid replaces one that your enterprise has not handed in"),
        _("Open the bid page again and replace the standing bid."),
    ),
    "withdraw.none": (
        _("There is no such standing bid of your enterprise"),
        _("See your bids on the bid page."),
    ),
    "withdraw.malformed": (_("The withdrawal cannot be read"), _("Withdraw on the bid page.")),
}

CONFLICTS = frozenset(
    {"bid.wrong-policy", "bid.incomplete", "bid.not-open", "bid.suspended", "bid.late", "bid.replayed", "bid.out-of-order",
     "bid.replaces", "withdraw.none"}
)  # fmt: skip
"""Refused for the state of things (409), not for what was sent (422)."""


def fault(code: str, field: str = "", rule: str = "") -> Fault:
    """A fault with the words of its code."""
    message, remedy = WORDS[code]
    return Fault(code, message, field, rule, remedy)


def refusal(code: str, field: str = "", rule: str = "") -> Refused:
    """A refusal with one fault, to be raised."""
    return Refused(fault(code, field, rule))


def in_words(faults: Sequence[Fault]) -> list[Fault]:
    """Faults of the pure checks, which speak to programmers, in words for people; what they said stands
    in `rule`."""
    return [fault(each.code, each.field, each.message) for each in faults]


def status_of(refused: Refused) -> int:
    """The HTTP status of a refusal; 503 asks programs to try again."""
    if refused.faults[0].code == "clock.skewed":
        return 503
    return 409 if refused.faults[0].code in CONFLICTS else 422
