"""What states, acts, reasons and relations are called on the pool's pages."""

from __future__ import annotations

from trading.web import _

STATUSES = {
    "candidate": (_("candidate for the pool"), "wait"),
    "active": (_("in the pool"), "good"),
    "suspended": (_("suspended"), "bad"),
    "left": (_("has left"), "neutral"),
}
"""word and tone of each state"""
ACTS = {
    "register": _("Registered as candidate"),
    "admit": _("Taken into the pool"),
    "suspend": _("Suspended"),
    "reinstate": _("Suspension ended"),
    "leave": _("Left the pool"),
    "readmit": _("Taken in again"),
    "change": _("Record changed"),
    "declare": _("Tie to an organisation declared"),
    "import": _("Taken over from a spreadsheet"),
}
DO = {
    "admit": _("Take into the pool"),
    "suspend": _("Suspend the expert"),
    "reinstate": _("End the suspension"),
    "leave": _("Let leave the pool"),
    "readmit": _("Take in again"),
}
"""what the buttons say"""
REASONS = {
    "": (_("can be drawn"), "good"),
    "inactive": (_("not active"), "neutral"),
    "training": (_("training lapsed"), "wait"),
    "no-certificate": (_("no certificate"), "wait"),
    "workload": (_("workload reached"), "wait"),
    "cool-down": (_("cooling down"), "wait"),
}
"""why somebody cannot be drawn today (drawable.why_not): word and tone"""
RELATIONS = {
    "employment": _("Employed there"),
    "director": _("Director"),
    "supervisor": _("Member of the supervisory board"),
    "shareholder": _("Shareholder"),
    "spouse": _("Spouse of its head"),
    "lineal": _("Lineal relative of its head"),
    "collateral": _("Collateral relative of its head, to the third degree"),
    "in-law": _("Close in-law of its head"),
    "other": _("Another tie that could bias"),
}
"""GPR 9"""
LABELS = {
    "name": _("Person"),
    "id_number": _("Number of the identity document"),
    "phone": _("Phone"),
    "employer": _("Unified social credit code of the employer"),
    "employer_name": _("Employer"),
    "region": _("Region (six digits)"),
    "specialities": _("Specialities"),
    "title": _("Professional title"),
    "years": _("Years in the field"),
    "login": _("Login name of the account"),
    "official_of": _("Regions and departments that the person supervises"),
    "reason": _("Reason"),
    "evidence": _("Document it rests on"),
}
