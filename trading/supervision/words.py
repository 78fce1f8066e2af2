"""What the acts of a trail are called, which stage each begins, and who may read what is behind it.

Pure. The tiers are those of docs/protocols/bundle.md."""

from __future__ import annotations

from trading.web import _

ACTS = {
    "tender.drafted": _("Tender drafted"),
    "custodian.key": _("A custodian delivered its key"),
    "tender.published": _("Tender published"),
    "tender.amended": _("Tender amended"),
    "rule.overridden": _("A rule was set aside"),
    "tender.closed": _("Bid deadline: closed"),
    "tender.manifest": _("List of all entries recorded"),
    "opening.started": _("Opening started"),
    "opening.signed-in": _("Signed in to the opening"),
    "vault.released": _("A custodian released its share"),
    "vault.bidder-released": _("A bidder released its key"),
    "bid.opened": _("A bid was opened"),
    "opening.objection": _("Objection at the opening"),
    "opening.answered": _("Objection answered"),
    "opening.recorded": _("Opening record signed and published"),
    "tender.failed": _("Tender failed"),
    "panel.imported": _("Committee's list imported"),
    "panel.member-signed-in": _("A member of the committee signed in"),
    "panel.member-recused": _("A member of the committee stepped aside"),
    "review.signed": _("A member signed the review"),
    "abnormal.voted": _("A member judged the explanations of low prices"),
    "clarification.asked": _("Question to a bidder"),
    "clarification.answered": _("Answer of a bidder"),
    "price.confirmed": _("A bidder answered about its corrected price"),
    "abnormal.explained": _("Explanation of a low price judged"),
    "tie.drawn": _("Lot drawn between equal bids"),
    "report.signed": _("A member signed the evaluation report"),
    "evaluation.reported": _("Evaluation report delivered"),
    "award.confirmed": _("Winner confirmed"),
    "result.published": _("Result published"),
    "award.issued": _("Award issued"),
    "loser.notified": _("An unsuccessful bidder was told reason and rank"),
    "award.declined": _("The winner gave the award up"),
    "contract.signed": _("Contract signed"),
    "confidential.viewed": _("Somebody looked at something confidential"),
    "payload.redacted": _("Personal data deleted by law"),
}

STATES = {
    "published": _("Bids may be handed in"),
    "closed": _("Closed"),
    "opening": _("Opening under way"),
    "opened": _("Opened"),
    "evaluating": _("Evaluation under way"),
    "evaluated": _("Evaluated"),
    "awarded": _("Awarded"),
    "contracted": _("Contracted"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}
STATE_AFTER = {
    "tender.published": "published",
    "tender.closed": "closed",
    "opening.started": "opening",
    "opening.recorded": "opened",
    "panel.member-signed-in": "evaluating",
    "review.signed": "evaluating",
    "evaluation.reported": "evaluated",
    "award.declined": "evaluated",
    "result.published": "awarded",
    "award.issued": "awarded",
    "contract.signed": "contracted",
    "tender.failed": "failed",
    "tender.cancelled": "cancelled",
}
"""The state that a tender is in after an act, as far as the ledger tells it."""
ENDED = frozenset({"contracted", "failed", "cancelled"})

ACTORS = {
    "scheduler": _("the hall, by its timetable"), "opening": _("the hall, at the opening"), "custodian": _("a custodian service"),
    "evaluation": _("the hall, by the evaluation rules"), "exporter": _("the hall, exporting"),
}  # fmt: skip
"""Processes that act by themselves; people are pseudonyms."""
VALUES = {
    "procurement": _("government procurement"), "opening": _("opening of bids"), "OK": _("opened in full"),
    "bidder": _("Bidder"), "custodians": _("Custodian"),
}  # fmt: skip
"""What payloads say in words of the protocol."""

BEFORE_CLOSE = frozenset(
    {"tender.drafted", "custodian.key", "tender.published", "tender.amended", "rule.overridden"}
)
"""What the public may see of an open tender: nothing that a bidder does."""
EVALUATION = frozenset({"price.confirmed", "abnormal.explained", "tie.drawn"})
"""Public, but only once the evaluation is over."""
OPEN_TO_ALL = BEFORE_CLOSE | EVALUATION | {
    "tender.closed", "tender.manifest", "opening.started", "vault.released", "vault.bidder-released", "bid.opened",
    "opening.objection", "opening.answered", "opening.recorded", "tender.failed", "panel.imported",
    "evaluation.reported", "award.confirmed", "result.published", "award.issued", "award.declined", "contract.signed",
    "payload.redacted",
}  # fmt: skip
"""Types whose first payload is public; what is not named here is for the regulator."""
NOTEWORTHY = frozenset({"rule.overridden", "confidential.viewed", "payload.redacted", "award.declined", "tender.failed",
                        "opening.objection"})  # fmt: skip
"""What a supervisor wants to see at once."""

FIELDS = {
    "title": _("Title"), "kind": _("Kind"), "notice": _("Notice"), "documents": _("Documents"), "policy": _("Seal policy"),
    "evaluation": _("Evaluation rules"), "rule": _("Rule"), "article": _("Article"), "reason": _("Reason"),
    "deadline": _("Deadline"), "at": _("At"), "close": _("Closing list"), "tree_size": _("Entries in the log"),
    "root": _("Root of the log"), "custodian": _("Custodian"), "index": _("Number"), "stage": _("Stage"),
    "manifest": _("Bid file"), "outcome": _("Outcome"), "how": _("Opened by"), "parts": _("Parts"), "bidder": _("Bidder"),
    "text": _("Text"), "ref": _("Reference"), "record": _("Record"), "outcomes": _("Outcomes"), "panel": _("Committee"),
    "member": _("Member"), "review": _("Review"), "confirmed": _("Confirmed"), "total": _("Total"),
    "accepted": _("Accepted"), "inputs": _("Inputs"), "report": _("Report"), "signatures": _("Signatures"),
    "result": _("Result"), "award": _("Award"), "rank": _("Rank"), "price": _("Price"), "basis": _("Basis"),
    "contract": _("Contract"), "object": _("Object"), "viewer": _("Viewer"), "p7s": _("Signature"),
    "policy_p7s": _("Signature of the policy"), "cks": _("Key statement"), "release": _("Release"),
    "commitment": _("Commitment"), "plain": _("Plain entries"), "blinded": _("Blinded entries"), "source": _("Source"),
    "list": _("List"), "seat": _("Seat"), "dissent": _("Dissent"), "bids": _("Bids"), "officer": _("Officer"),
    "judgement": _("Judgement"), "finding": _("Finding"),
}  # fmt: skip
