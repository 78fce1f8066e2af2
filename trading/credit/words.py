"""What kinds of lists and the room's acts are called."""

from __future__ import annotations

from trading.web import _

KINDS = {
    "red": (_("Red list: kept faith"), "good"),
    "black": (_("Black list: broke faith"), "bad"),
    "bribery": (_("Records of bribery"), "bad"),
}
"""word and tone of each kind"""
ACTS = {
    "credit.publisher": _("The publisher of a credit list was registered"),
    "credit.imported": _("A version of a credit list was filed"),
    "credit.checked": _("Credit lists and bribery records were asked"),
}
