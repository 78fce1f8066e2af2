"""How sizes, states of validity and faults of a code are called on pages."""

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

CODE_WORDS = {
    "uscc.length": _("A unified social credit code has 18 characters."),
    "uscc.character": _(
        "A unified social credit code has only digits and capital letters other than I, O, S, V and Z."
    ),
    "uscc.region": _("Characters 3 to 8 of the code are the digits of the region."),
    "uscc.check": _("The check character is wrong: compare the code with the licence."),
}
"""What a person is told about a code that `codes.parse` refuses."""
