"""How an enterprise's declared size and a qualification's validity are called on pages."""

from __future__ import annotations

from trading.web import _

SIZES = [
    ("", _("Not declared")),
    ("micro", _("Micro enterprise")),
    ("small", _("Small enterprise")),
    ("medium", _("Medium enterprise")),
    ("large", _("Large enterprise")),
]

VALIDITY = {
    "valid": (_("valid"), "good"),
    "soon": (_("ends soon"), "wait"),
    "expired": (_("expired"), "bad"),
    "future": (_("not valid yet"), "wait"),
}
"""Word and tone of each state of validity."""
