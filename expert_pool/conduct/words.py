"""What lines of statements, raters, indicators and decisions are called."""

from __future__ import annotations

from trading.web import _

FEES = {
    "half-day": _("Half a day"),
    "full-day": _("Full day"),
    "overtime": _("Overtime, hours begun"),
    "travel": _("Travel from another city"),
}
RATERS = {
    "purchaser": _("Purchaser"),
    "agency": _("Agency"),
    "head": _("Head of the committee"),
    "regulator": _("Supervising authority"),
}
INDICATORS = {
    "favours": _("Scored one bidder above the others’ mean in every tender"),
    "refuses": _("Declined the call"),
    "silent": _("Did not answer the call"),
    "no-show": _("Accepted the call and did not come"),
    "late": _("Signed in late"),
    "far": _("Scores far from the others’"),
    "flat": _("Gave all bids of a tender the same"),
    "alike": _("Scores nearly all the same as another expert’s"),
}
OF = {
    "favours": _("tenders"),
    "refuses": _("calls"),
    "silent": _("calls"),
    "no-show": _("seats accepted"),
    "late": _("sessions"),
    "far": _("scores"),
    "flat": _("sessions"),
    "alike": _("scores"),
}
"""of what an indicator counts"""
VALUES = {
    "own": _("this expert gave ${n} %"),
    "others": _("the others ${n} %"),
    "minutes": _("${n} minutes late"),
    "scores": _("${n} scores"),
    "share": _("${n} % each"),
    "same": _("${n} the same"),
    "of": _("of ${n}"),
}
KINDS = {
    "warning": (_("Formal warning"), "wait"),
    "suspension": (_("Suspension"), "bad"),
    "removal": (_("Removal from the pool"), "bad"),
}
"""word and tone of each decision"""
