"""What counts and shares are called. Pure."""

from __future__ import annotations

from translationstring import TranslationStringFactory

_ = TranslationStringFactory("tradehall")

COUNTS = {
    "filed": _("Handed in (cases)"),
    "online": _("of these online"),
    "accepted": _("Accepted cases"),
    "answered": _("of these answered"),
    "returned": _("Returned"),
    "closed": _("Closed cases"),
    "instant": _("of these on the spot"),
    "early": _("of these early"),
    "late": _("of these late"),
    "promised_days": _("Promised working days"),
    "statutory_days": _("Working days by law"),
    "rated": _("Rated"),
    "satisfied": _("of these satisfied"),
    "fees": _("with a fee"),
    "yuan": _("Fees in yuan"),
}
SHARES = {
    "closing": (_("Closing rate"), _("closed of accepted")),
    "answered": (_("Answer rate"), _("answered of accepted")),
    "early": (_("Early rate"), _("early of closed")),
    "in-time": (_("In-time rate"), _("in time of closed")),
    "instant": (_("On-the-spot rate"), _("on the spot of closed")),
    "online": (_("Online rate"), _("online of filed")),
    "promise-cut": (_("Promised time cut"), _("saved of the time by law")),
    "rated": (_("Rated"), _("rated of closed")),
    "satisfied": (_("Satisfaction rate"), _("satisfied of rated")),
}
HELD = {"items": _("Approval items"), "links": _("Links of the flow"), "papers": _("Papers wanted")}
