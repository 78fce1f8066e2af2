"""What stages and votes of an opinion are called on pages."""

from __future__ import annotations

from trading.web import _

STATES = {
    "asked": (_("waits to be convened"), "wait"),
    "convened": (_("the chair drafts"), "wait"),
    "drafted": (_("being voted on"), "wait"),
    "concluded": (_("opinion given"), "good"),
}
"""word and tone"""
VOTES = {"for": _("for the text"), "against": _("against the text"), "abstain": _("abstains")}
STEPS = (
    ("asked", _("Ask the committee")),
    ("convened", _("Convene")),
    ("drafted", _("Draft and vote")),
    ("concluded", _("Sign the opinion")),
)
