"""What states, acts, reasons and documents of the roster are called."""

from __future__ import annotations

from decimal import Decimal

from trading.web import _

STATUSES = {
    "applied": (_("applied"), "wait"),
    "announced": (_("announced, objections are taken"), "wait"),
    "listed": (_("in the roster"), "good"),
    "rejected": (_("turned down"), "bad"),
    "left": (_("left the roster"), "neutral"),
}
"""word and tone of each state"""
ACTS = {
    "apply": _("Applied"),
    "announce": _("Papers examined, announced to the public"),
    "reject": _("Application turned down"),
    "admit": _("Taken into the roster"),
    "withdraw": _("Left by its own wish"),
    "remove": _("Taken out of the roster"),
    "removed": _("Taken out: grade C year after year"),
    "document": _("Document filed"),
    "manager": _("Project manager filed"),
    "objected": _("Objection received"),
    "objection-answered": _("Objection answered"),
    "excluded": _("Kept out by a decision"),
    "exclusion-lifted": _("Exclusion ended early"),
    "regraded": _("Grade changed after performance"),
    "import": _("Taken over from a spreadsheet"),
}
DO = {
    "announce": _("Papers are right: announce the firm"),
    "reject": _("Turn the application down"),
    "admit": _("Take the firm into the roster"),
    "remove": _("Take the firm out"),
}
"""what an office's act is called before it is done"""
REASONS = {
    "": (_("can be drawn"), "good"),
    "not-listed": (_("not in the roster"), "neutral"),
    "documents": (_("a document has lapsed"), "bad"),
    "excluded": (_("kept out by a decision"), "bad"),
    "blacklisted": (_("on the black list"), "bad"),
    "bribery": (_("record of bribery"), "bad"),
    "interest": (_("is the owner or its agency"), "bad"),
    "grade-exit": (_("grade C year after year"), "bad"),
    "grade": (_("grade is not admitted"), "neutral"),
    "refused-often": (_("refused awards too often"), "bad"),
    "cool-down": (_("rests after an award"), "wait"),
    "running": (_("has enough running contracts"), "wait"),
    "manager": (_("no free project manager"), "wait"),
    "declined": (_("declined before the freeze"), "neutral"),
}
"""word and tone of each reason why a firm is not drawn"""
DOCUMENTS = {
    "licence": _("Business licence"),
    "qualification": _("Qualification certificate"),
    "safety": _("Safety production permit"),
}
FACTS = {
    "kind": _("kind"), "decision": _("decision"), "number": _("number"), "name": _("name"),
    "certificate": _("certificate"), "from": _("from"), "since": _("from"), "until": _("until"),
    "was": _("before"), "grade": _("grade"), "year": _("year"),
}  # fmt: skip
"""what the particulars of an act are called; others are not shown"""
ENTRIES = {
    "roster.applied": _("A firm applied for the roster"),
    "roster.announced": _("A firm was announced for the roster"),
    "roster.rejected": _("An application for the roster was turned down"),
    "roster.listed": _("A firm was taken into the roster"),
    "roster.left": _("A firm left the roster"),
    "roster.removed": _("A firm was taken out of the roster"),
    "roster.document": _("A firm filed a document"),
    "roster.manager": _("A firm filed a project manager"),
    "roster.objected": _("An objection to a firm was filed"),
    "roster.objection-answered": _("An objection to a firm was answered"),
    "roster.excluded": _("A decision keeps a firm out"),
    "roster.exclusion-lifted": _("An exclusion was ended early"),
    "roster.regraded": _("A firm's grade was changed"),
    "roster.imported": _("Firms were imported from a spreadsheet"),
    "roster.published": _("The roster of a quarter was published"),
}
"""ledger entries of this room, for trails"""


def band_words(key: str) -> str:
    """An amount band in ten thousand yuan: 50–200."""
    low, _sign, high = key.partition("-")
    if not (low.isdigit() and high.isdigit()):
        return key
    return "–".join(f"{(Decimal(end) / 10_000).normalize():f}" for end in (low, high))
