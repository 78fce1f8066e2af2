"""What roles, states, papers and entries of the approval hall are called."""

from __future__ import annotations

from trading.web import _

ROLES = {
    "hall-clerk": _("Window clerk"),
    "hall-officer": _("Department officer"),
    "hall-representative": _("Chief representative"),
    "hall-supervisor": _("Hall supervisor"),
    "hall-manager": _("Hall manager"),
}
STATES = {
    "draft": (_("Draft"), "neutral"),
    "prefiled": (_("Handed in"), "wait"),
    "supplementing": (_("To be completed"), "bad"),
    "accepted": (_("Application accepted"), "wait"),
    "reviewed": (_("Ready to be decided"), "wait"),
    "decided": (_("Decision made"), "good"),
    "closed": (_("Case closed"), "good"),
    "returned": (_("Not accepted"), "bad"),
    "withdrawn": (_("Taken back"), "neutral"),
    "revoked": (_("Revoked"), "bad"),
}
STEPS = {
    "running": (_("under way"), "wait"),
    "paused": (_("clock stands still"), "neutral"),
    "passed": (_("agreed"), "good"),
    "refused": (_("not agreed"), "bad"),
    "deemed": (_("time over: counts as agreed"), "bad"),
    "stopped": (_("stopped"), "neutral"),
    "waiting": (_("not begun"), "neutral"),
}
OUTCOMES = {"approved": (_("Granted"), "good"), "rejected": (_("Not granted"), "bad")}
ENDS = {**OUTCOMES, "revoked": (_("Revoked"), "bad")}
INSPECTED = {"kept": (_("kept"), "good"), "broken": (_("broken"), "bad")}
TASKS = {
    "tracker": _("Follows it through the green channel"),
    "agency": _("Accompanies the project"),
    "inspection": _("Inspection of a commitment"),
}
MATERIALS = {
    "missing": (_("missing"), "bad"),
    "delivered": (_("there"), "good"),
    "promised": (_("promised"), "wait"),
    "committed": (_("stands in the commitment"), "good"),
}
POSTS = {
    "A": _("Post A"),
    "B": _("Post B"),
    "head": _("Head of the department"),
    "representative": _("Chief representative"),
}
POWERS = {"decide": _("decides"), "pre-review": _("looks into it first"), "none": _("no power")}
STEP_KINDS = {
    "review": _("review"),
    "meeting": _("joint meeting"),
    "inspection": _("inspection"),
    "approval": _("approval"),
    "seal": _("seal after seal, no second review"),
}
DOCUMENTS = {
    "receipt": _("Receipt of the application"),
    "missing": _("Notice of everything missing"),
    "acceptance": _("Notice of acceptance"),
    "refusal": _("Notice of non-acceptance"),
    "promise": _("Promise of papers"),
    "pause": _("Notice of a stopped clock"),
    "commitment": _("Notice and commitment"),
    "green": _("Notice of the green channel"),
    "revocation": _("Revocation"),
    "decision": _("Decision on the application"),
}
ACTS = {
    "hall.item-published": _("An item of the approval hall was published"),
    "hall.catalogue-revised": _("The catalogue of the approval hall was revised"),
    "hall.item-withdrawn": _("An item of the approval hall was taken out"),
    "hall.post-changed": _("A post in the approval hall was given"),
    "hall.absence": _("Somebody of the approval hall is absent, or back"),
    "hall.power-granted": _("A letter of authority was signed"),
    "hall.filed": _("Application handed in"),
    "hall.delivered": _("A paper was handed in"),
    "hall.promised": _("Missing papers were promised"),
    "hall.committed": _("A commitment was signed"),
    "hall.followed": _("Somebody follows the case"),
    "hall.inspected": _("A commitment was inspected"),
    "hall.revoked": _("An acceptance or a decision was revoked"),
    "hall.told": _("The applicant was told once of everything missing"),
    "hall.second-notice-refused": _("A second notice was refused and counted"),
    "hall.accepted": _("Application accepted"),
    "hall.returned": _("Application not accepted"),
    "hall.withdrawn": _("Application taken back"),
    "hall.step-ended": _("A department gave its opinion"),
    "hall.step-deemed": _("A department's time was over: counts as agreed"),
    "hall.paused": _("A clock was stopped"),
    "hall.resumed": _("A clock goes on"),
    "hall.prereviewed": _("The representative looked into the case"),
    "hall.decided": _("Decided under seal"),
    "hall.result-filed": _("The result was stored"),
    "hall.closed": _("Case closed"),
    "hall.gap-reminded": _("A promised paper was called to mind"),
    "hall.gap-failed": _("A promised paper did not come"),
    "hall.address-refused": _("Refused: not from the hall's network"),
}
FIELDS = {
    "item": _("Approval item"),
    "channel": _("Filed by way of"),
    "materials": _("Papers"),
    "material": _("Paper"),
    "promised": _("Promised working days"),
    "statutory": _("Working days by law"),
    "due": _("Due on"),
    "gaps": _("Papers to follow"),
    "silent": _("By silence (LIC 32)"),
    "started": _("Steps begun"),
    "copies": _("Copies to"),
    "step": _("Step"),
    "post": _("Post"),
    "powers": _("Powers"),
    "timed": _("Working days counted"),
    "untimed": _("Working days not counted"),
    "opinion": _("Opinion of the department"),
    "act": _("Act"),
    "fee": _("Fee"),
    "inspection": _("Inspection"),
    "tracker": _("Tracker"),
    "agency": _("Accompanied by"),
    "decision": _("Decision on the application"),
}
ACTORS = {"hall": _("the hall, by its timetable")}
