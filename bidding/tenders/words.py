"""How the ways to seal and open bids are called on pages: who can open what, when, and what can go wrong."""

from __future__ import annotations

from trading.web import _

MODES = (
    (
        "either",
        _("The bidder, and the custodians where a bidder does not (recommended)"),
        _(
            "After the deadline each bidder opens its own bid. When the time to decrypt is over, the custodians open "
            "what is left. Nobody loses a bid with its key file. Risk: enough custodians together could open bids early."
        ),
    ),
    (
        "bidder",
        _("Only the bidder"),
        _(
            "Nobody but the bidder can ever open its bid. Risk: a bidder that does not decrypt in time, or has lost its "
            "key file, is out (counts as revoked); a bidder may stay away after it has seen who else bids."
        ),
    ),
    (
        "dual",
        _("The bidder and the custodians, both needed"),
        _(
            "After the deadline the custodians release their shares, and the bidder gives its key. Not even all "
            "custodians together can open a bid early. Risk: either side alone can leave a bid sealed."
        ),
    ),
    (
        "custodian",
        _("Only the custodians"),
        _(
            "After the deadline the custodians open all bids; bidders need not do anything. Risk: enough custodians "
            "together could open bids early, and too few of them on the day leave all bids sealed."
        ),
    ),
)
"""(value, title, explanation) of the vault's modes, for whoever drafts a tender"""

ENVELOPES = (
    (1, _("One envelope"), _("Price and documents are opened together at the opening.")),
    (
        2,
        _("Two envelopes"),
        _(
            "Qualification and technical documents are opened at the opening; the price only when the committee has "
            "finished its review and the host has signed for it, and only of bids that passed. The price envelopes of "
            "the others stay sealed for ever, and that can be proved."
        ),
    ),
)

PROCUREMENTS = (
    ("open", _("Open tender"), _("Whoever meets the conditions may bid. The rule above the threshold.")),
    (
        "invited",
        _("Invited tender"),
        _(
            "At least three suppliers, drawn at random from twice as many candidates, are invited and nobody else."
        ),
    ),
    (
        "consultation",
        _("Competitive consultation"),
        _("Responses first, without prices; then talks, sealed final offers, and comprehensive scoring."),
    ),
    (
        "negotiation",
        _("Competitive negotiation"),
        _(
            "Responses first, without prices; then talks, sealed final offers, and the lowest final offer wins."
        ),
    ),
    (
        "inquiry",
        _("Price inquiry"),
        _("For standard goods with a steady price: each supplier names one price that cannot be changed."),
    ),
)
"""(value, title, explanation) of the methods of procurement, for whoever drafts a tender"""

END = {
    True: ("本项目废标，将依法重新组织采购。", "The tender has failed and will be tendered again"),
    False: ("本次采购活动终止，将依法重新开展采购活动。", "The procurement is ended and will begin anew"),
}
"""By whether it is a tender how a notice says that it ended without an award, in Chinese and English"""

TWO_OFFERS = (
    ("", _("nothing: three are needed")),
    ("public-service", _("Consultation: a service that the government buys for the public (Caiku 2015-124)")),
    (
        "research",
        _(
            "Consultation: research without enough competition, or results that need support (Caiku 2014-214 art. 21)"
        ),
    ),
    (
        "failed-tender",
        _("Negotiation: an open tender left two, and the finance department approved (MOF Order 74 art. 27)"),
    ),
)
"""(value, title) of the grounds on which two suppliers are enough"""

PROCUREMENT = {value: title for value, title, _explanation in PROCUREMENTS}
"""What a method of procurement is called."""

EVALUATIONS = (
    (
        "lowest-price",
        _("Lowest price"),
        _(
            "Bids that meet every requirement are ranked by price. Standardised goods and services must be bought so."
        ),
    ),
    (
        "comprehensive-scoring",
        _("Comprehensive scoring"),
        _(
            "Each member of the committee scores every bid by the criteria below; the highest total ranks first."
        ),
    ),
)
"""(value, title, explanation) of the methods of evaluation, for whoever drafts a tender"""

METHODS = {value: title for value, title, _explanation in EVALUATIONS}
"""What a tender's method is called."""

CRITERION_KINDS = (("subjective", _("subjective")), ("objective", _("objective")), ("price", _("price")))
"""(value, title) of the kinds of criteria"""

SEALED = {
    "either": _(
        "A bid is encrypted on the bidder’s own device. Until the deadline nobody can open it; afterwards the bidder "
        "can, or any ${t} of these custodians together:"
    ),
    "bidder": _(
        "A bid is encrypted on the bidder’s own device. Only the bidder can open it, after the deadline."
    ),
    "dual": _(
        "A bid is encrypted on the bidder’s own device. Until the deadline nobody can open it; afterwards the bidder "
        "and any ${t} of these custodians together:"
    ),
    "custodian": _(
        "A bid is encrypted on the bidder’s own device. Until the deadline nobody can open it; afterwards any ${t} of "
        "these custodians together:"
    ),
}
