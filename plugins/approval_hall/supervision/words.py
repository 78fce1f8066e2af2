"""What the supervision's entries and lights are called. Pure."""

from __future__ import annotations

from translationstring import TranslationStringFactory

_ = TranslationStringFactory("tradehall")

ACTS = {
    "light.changed": _("A light changed"),
    "letter.issued": _("A supervision letter was sent"),
    "letter.answered": _("A supervision letter was answered"),
    "accountability.opened": _("A case of accountability was opened"),
    "accountability.decided": _("A case of accountability was decided"),
}
FIELDS = {
    "key": _("Watched deadline"), "light": _("Light"), "due": _("Due"), "started": _("Since"), "subject": _("About"),
    "step": _("What is due"), "reds": _("Red lights"), "answer_by": _("Answer by"),
}  # fmt: skip
LIGHTS = {
    "red": (_("Red: overdue"), "bad"),
    "yellow": (_("Yellow: soon due"), "wait"),
    "green": (_("Green: in time"), "good"),
    "paused": (_("Clock stands still"), "neutral"),
}
