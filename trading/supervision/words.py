"""What the acts of a trail are called, which stage each begins, and who may read what is behind it.

Pure. The tiers are those of docs/protocols/bundle.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trading.web import _

ACTS = {
    "tender.drafted": _("Tender drafted"),
    "custodian.key": _("A custodian delivered its key"),
    "tender.published": _("Tender published"),
    "tender.amended": _("Tender amended"),
    "tender.clarified": _("A question was answered"),
    "rule.overridden": _("A rule was set aside"),
    "tender.closed": _("Bid deadline: closed"),
    "tender.manifest": _("List of all entries recorded"),
    "opening.started": _("Opening started"),
    "opening.signed-in": _("Signed in to the opening"),
    "vault.released": _("A custodian released its share"),
    "vault.bidder-released": _("A bidder released its key"),
    "bid.opened": _("A bid was opened"),
    "bid.decided": _("The host decided on a bid that was not opened"),
    "opening.platform-claimed": _("A bidder says that the platform failed"),
    "bid.restored": _("A bidder handed a damaged piece in again"),
    "opening.second-started": _("The opening of the price envelopes began"),
    "bid.price-opened": _("A price envelope was opened"),
    "opening.second-read-out": _("The prices were read out"),
    "offers.change-proposed": _("The talks propose a change of what is asked"),
    "offers.change-decided": _("The purchaser decided on a change"),
    "offers.talks-ended": _("The talks ended"),
    "offers.postponed": _("The deadline for final offers was moved before the call"),
    "offers.called": _("The suppliers that remain were called for final offers"),
    "offers.objection": _("Objection at the opening"),
    "offers.answered": _("Objection answered"),
    "offers.taken": _("The opened final offers became the prices of the evaluation"),
    "offers.handed-over": _("The final offers were handed over to the evaluation"),
    "recording.filed": _("A recording was filed"),
    "recording.deleted": _("A recording was deleted after its retention"),
    "opening.objection": _("Objection at the opening"),
    "opening.answered": _("Objection answered"),
    "opening.recorded": _("Opening record signed and published"),
    "tender.failed": _("Tender failed"),
    "panel.imported": _("Committee's list imported"),
    "panel.demanded": _("A committee was asked for"),
    "panel.approved": _("The draw of the committee was approved"),
    "panel.representatives": _("The purchaser named its representatives"),
    "panel.member-signed-in": _("A member of the committee signed in"),
    "panel.head-chosen": _("The experts chose the head of the committee"),
    "panel.seated": _("The drawn committee is complete"),
    "names.refused": _("An attempt to learn experts' names was refused"),
    "panel.member-recused": _("A member of the committee stepped aside"),
    "panel.member-replaced": _("A member of the committee was replaced: what it concluded is void"),
    "review.signed": _("A member signed the review"),
    "abnormal.voted": _("A member judged the explanations of low prices"),
    "scores.stated": _("The head of the committee stated the facts of objective items"),
    "scores.locked": _("A member signed and locked the scores"),
    "scores.explained": _("A member gave the reason of a score far from the others"),
    "scores.corrected": _("A member corrected a locked score"),
    "clarification.asked": _("Question to a bidder"),
    "clarification.answered": _("Answer of a bidder"),
    "price.confirmed": _("A bidder answered about its corrected price"),
    "abnormal.explained": _("Explanation of a low price judged"),
    "tie.drawn": _("Lot drawn between equal bids"),
    "invited.listed": _("Candidates for an invitation listed"),
    "invited.watched": _("Present at the draw of suppliers"),
    "invited.recorded": _("Record of the draw signed, suppliers invited"),
    "draw.announced": _("Draw announced: list, rules, parties and times are fixed"),
    "draw.committed": _("A party of the draw committed to its secret contribution"),
    "draw.acked": _("A trustee of the draw holds its shares of the contributions"),
    "draw.frozen": _("Draw frozen: nothing can change its outcome any more"),
    "draw.void": _("Draw void: somebody did not do its part in time"),
    "draw.typed": _("Somebody typed the public value of the draw"),
    "draw.beacon": _("The public value of the draw was entered by two people"),
    "draw.revealed": _("A contribution to the draw was published"),
    "draw.called": _("The draw's order says who is asked"),
    "draw.wave": _("Answers of those whom the draw asked"),
    "draw.result": _("Result of the draw"),
    "draw.opened": _("Names behind the draw's list opened"),
    "report.signed": _("A member signed the evaluation report"),
    "evaluation.reported": _("Evaluation report delivered"),
    "award.confirmed": _("Winner confirmed"),
    "result.published": _("Result published"),
    "award.issued": _("Award issued"),
    "loser.notified": _("An unsuccessful bidder was told reason and rank"),
    "award.declined": _("The winner gave the award up"),
    "contract.signed": _("Contract signed"),
    "contract.countersigned": _("Contract signed by the supplier"),
    "deposit.listed": _("Bid securities laid open"),
    "deposit.refunded": _("A bid security was returned"),
    "deposit.released": _("A guarantee was released"),
    "deposit.decided": _("Decision on a bid security"),
    "deposit.forfeited": _("A bid security was kept"),
    "deposit.claimed": _("A guarantee was claimed from its guarantor"),
    "tender.suspended": _("Tender suspended"),
    "tender.resumed": _("Tender resumed"),
    "tender.cancelled": _("Tender cancelled"),
    "tender.retendered": _("Tendered again"),
    "inquiry.filed": _("An inquiry was filed"),
    "inquiry.answered": _("An inquiry was answered"),
    "case.withdrawn": _("A case was withdrawn by whoever had filed it"),
    "query.filed": _("A query was filed"),
    "query.answered": _("A query was answered"),
    "complaint.filed": _("A complaint was filed"),
    "complaint.routed": _("A complaint was sent on to the authority that had it first"),
    "complaint.accepted": _("A complaint was taken up"),
    "complaint.refused": _("A complaint was not taken up"),
    "complaint.paused": _("The clock of a complaint stands still"),
    "complaint.resumed": _("The clock of a complaint runs again"),
    "complaint.decided": _("A complaint was decided"),
    "order.issued": _("The authority issued an order"),
    "order.answered": _("The buyers reported on an order"),
    "award.voided": _("An award was voided by order"),
    "evaluation.reopened": _("The bids are evaluated again by order"),
    "expert.registered": _("A candidate for the pool of experts was registered"),
    "expert.admitted": _("An expert was taken into the pool"),
    "expert.suspended": _("An expert was suspended"),
    "expert.reinstated": _("An expert's suspension ended"),
    "expert.left": _("An expert left the pool"),
    "expert.readmitted": _("An expert was taken into the pool again"),
    "expert.changed": _("An expert's record was changed"),
    "expert.declared": _("An expert declared a tie to an organisation"),
    "expert.paid-to": _("An expert's bank and tax data were changed"),
    "expert.trained": _("An expert took an exam"),
    "training.course": _("A course for experts was set up"),
    "pool.imported": _("Experts were imported from a spreadsheet"),
    "pool.limits": _("The parameters of the pool were changed"),
    "advisory.appointed": _("The advisory committee's members were changed"),
    "advisory.asked": _("The advisory committee was asked for its opinion"),
    "advisory.convened": _("Members of the advisory committee were convened"),
    "advisory.chair-replaced": _("Another member took the chair of an advisory opinion"),
    "advisory.drafted": _("An opinion was put to the vote of the advisory committee"),
    "advisory.voted": _("A member of the advisory committee voted"),
    "advisory.concluded": _("The advisory committee gave its opinion"),
    "expert.rated": _("An expert of the committee was rated"),
    "conduct.decided": _("A decision about an expert"),
    "confidential.viewed": _("Somebody looked at something confidential"),
    "payload.redacted": _("Personal data deleted by law"),
}
GROUNDED = {
    ("evaluation.reopened", "vacancy"): _("The evaluation was stopped: nobody could be had for an empty seat. Another committee begins anew"),
    ("evaluation.reopened", "recount"): _("The evaluation was stopped: others pass the review than those whose prices are known. Another committee begins anew"),
}  # fmt: skip
"""What an act is called by the ground that its payload gives."""


def called(acts: Mapping[str, Any], kind: str, payload: Mapping[str, Any] | None) -> Any:
    """What an act is called: by its ground where that says more, else by `acts`; the type itself when it is unknown."""
    ground = (payload or {}).get("ground")
    by_ground = GROUNDED.get((kind, ground)) if isinstance(ground, str) else None
    return by_ground or acts.get(kind, kind)


STATES = {
    "published": _("Bids may be handed in"),
    "closed": _("Closed"),
    "opening": _("Opening under way"),
    "opened": _("Opened"),
    "handed_over": _("Handed over to the evaluation"),
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
    "offers.handed-over": "handed_over",
    "panel.member-signed-in": "evaluating",
    "review.signed": "evaluating",
    "evaluation.reported": "evaluated",
    "award.declined": "evaluated",
    "award.voided": "evaluated",
    "evaluation.reopened": "evaluating",
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
    "bank": _("the hall, with the bank"), "evaluation": _("the hall, by the evaluation rules"), "exporter": _("the hall, exporting"),
    "participant": _("a supplier, whose name only the authority sees"),
}  # fmt: skip
"""Processes that act by themselves; people are pseudonyms."""
TRACKS = {"procurement": _("Government procurement"), "bidding_law": _("Bidding law")}
STAGES = {"documents": _("Tender documents"), "process": _("Procedure"), "result": _("Result")}
KINDS = {
    ("inquiry", "procurement"): _("Inquiry"), ("query", "procurement"): _("Query"), ("query", "bidding_law"): _("Objection"),
    ("complaint", "procurement"): _("Complaint"), ("complaint", "bidding_law"): _("Complaint"),
}  # fmt: skip
CASE_STATES = {
    "open": _("Waiting for the answer"), "answered": _("Answered"), "received": _("Received"),
    "accepted": _("Taken up"), "refused": _("Not taken up"), "decided": _("Decided"), "routed": _("Sent on"),
    "withdrawn": _("Withdrawn"),
}  # fmt: skip
DECISIONS = {
    "upheld": _("Upheld"), "partly": _("Upheld in part"), "rejected": _("Rejected"), "refused": _("Not taken up"),
}  # fmt: skip
GROUNDS = {
    "inspection": _("Inspection"), "test": _("Test"), "appraisal": _("Appraisal"),
    "expert-review": _("Expert review"),
}  # fmt: skip
ORDERS = {
    "suspend": _("Suspend the procedure"), "resume": _("Resume the procedure"), "correct": _("Correct and report"),
    "re-evaluate": _("Evaluate again, same committee"), "new-committee": _("Evaluate again, new committee"),
    "void-award": _("Void the award"),
}  # fmt: skip
CONSEQUENCES = {
    "suspend": _(
        "No bid is admitted, and there is no closing, opening, report or award until you resume it. For a complaint at most 30 days (GPL 57)."
    ),
    "resume": _(
        "The procedure goes on at once. A deadline that the suspension has used up must be amended first."
    ),
    "correct": _("The buyers must report by the day that you name; after it the order is red."),
    "re-evaluate": _(
        "An award that stands is void. The same committee votes again on all bids; the earlier report stays on record."
    ),
    "new-committee": _(
        "An award that stands is void. The committee is sent home; another one is called and evaluates all bids anew."
    ),
    "void-award": _(
        "The award is void and its contract no longer due. The next in rank may be confirmed; with nobody left the tender fails."
    ),
}
"""What happens at the moment of the signature."""
ORDERS_ZH = {"suspend": "暂停采购活动", "resume": "恢复采购活动", "correct": "责令改正并报告", "re-evaluate": "由原评标委员会重新评审",
             "new-committee": "重新组建评标委员会评审", "void-award": "中标无效"}  # fmt: skip
ORDERS_EN = {"suspend": "suspend the procedure", "resume": "resume the procedure", "correct": "correct and report",
             "re-evaluate": "evaluate again with the same committee",
             "new-committee": "evaluate again with a new committee", "void-award": "the award is void"}  # fmt: skip
"""The words of notices, which are published in both languages whoever reads them."""
LIGHTS = {"green": (_("in time"), "good"), "yellow": (_("soon due"), "wait"), "red": (_("overdue"), "bad"),
          "paused": (_("clock stands still"), "neutral"), "done": (_("done"), "neutral")}  # fmt: skip
VALUES = {
    "procurement": _("government procurement"), "opening": _("opening of bids"), "OK": _("opened in full"),
    "bidder": _("Bidder"), "custodians": _("Custodian"),
    "vacancy": _("nobody for an empty seat"), "recount": _("others pass the review than those whose prices are known"),
}  # fmt: skip
"""What payloads say in words of the protocol."""

SUPERVISION = frozenset(
    {"tender.suspended", "tender.resumed", "tender.cancelled", "tender.retendered", "query.filed", "query.answered",
     "inquiry.filed", "inquiry.answered", "case.withdrawn",
     "complaint.filed", "complaint.routed", "complaint.accepted", "complaint.refused", "complaint.paused",
     "complaint.resumed", "complaint.decided", "order.issued", "order.answered"}
)  # fmt: skip
"""Queries, complaints and orders: public at every stage, since they name nobody."""
BEFORE_CLOSE = SUPERVISION | frozenset(
    {
        "tender.drafted",
        "custodian.key",
        "tender.published",
        "tender.amended",
        "tender.clarified",
        "rule.overridden",
        "invited.listed",
        "invited.watched",
        "invited.recorded",
    }
)
"""What the public may see of an open tender: nothing that a bidder does."""
EVALUATION = frozenset({"price.confirmed", "abnormal.explained", "tie.drawn"})
"""Public, but only once the evaluation is over."""
OPEN_TO_ALL = BEFORE_CLOSE | EVALUATION | {
    "tender.closed", "tender.manifest", "opening.started", "vault.released", "vault.bidder-released", "bid.opened",
    "bid.decided", "opening.platform-claimed", "bid.restored", "opening.second-started", "bid.price-opened",
    "opening.second-read-out", "recording.filed", "recording.deleted",
    "opening.objection", "opening.answered", "opening.recorded", "tender.failed", "panel.imported",
    "panel.seated", "evaluation.reported", "award.confirmed", "result.published", "award.issued", "award.declined", "award.voided",
    "evaluation.reopened", "contract.signed", "contract.countersigned",
    "payload.redacted",
}  # fmt: skip
"""Types whose first payload is public; what is not named here is for the regulator."""
NOTEWORTHY = frozenset({"order.issued", "tender.suspended", "tender.cancelled", "award.voided",
                        "evaluation.reopened", "complaint.decided", "rule.overridden", "confidential.viewed", "payload.redacted", "award.declined", "tender.failed",
                        "opening.objection", "names.refused"})  # fmt: skip
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
    "judgement": _("Judgement"), "finding": _("Finding"), "version": _("Version"), "clarification": _("Clarification"), "order": _("Order"), "document": _("Paper"),
    "case": _("Case"), "query": _("Query"), "track": _("Track"), "matters": _("Matters"), "letter": _("Letter"),
    "known": _("Known on"), "until": _("Until"), "answer_by": _("Answer by"), "decision": _("Decision"),
    "words": _("Published words"), "department": _("Authority"), "authority": _("Authority"), "kept_by": _("Kept by"),
    "decide_by": _("Decide by"), "ground": _("Ground"), "number": _("Number"), "place": _("Order no."),
    "file": _("Order document"), "round": _("Evaluation no."), "committee": _("Committee"),
    "predecessor": _("Earlier tender"), "failures": _("Failures before"), "advised": _("Advised by law"),
    "deposits": _("Securities"),
    "digest": _("Item"),
    "amount": _("Amount"),
    "findings": _("Findings"),
    "principal": _("Principal"),
    "interest": _("Interest"),
    "days": _("Days of interest"),
    "charge": _("Late charge"),
    "late_days": _("Days late"),
    "last_day": _("Last day in time"),
    "keep": _("Kept"),
    "reference": _("Bank's reference"),
    "paid": _("Paid"),
}  # fmt: skip
