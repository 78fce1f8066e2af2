"""The words of talks and final offers."""

from __future__ import annotations

from translationstring import TranslationStringFactory

_ = TranslationStringFactory("tradehall")

SUBJECTS = {
    "technical": _("Technical requirement"),
    "service": _("Service requirement"),
    "contract": _("Contract term"),
}
DECISIONS = {
    "": (_("waits for the purchaser"), "wait"),
    "confirmed": (_("confirmed"), "good"),
    "refused": (_("refused"), "bad"),
}
