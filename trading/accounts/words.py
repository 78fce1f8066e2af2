"""How roles and acts of the trail are called on pages."""

from __future__ import annotations

from typing import Any

from trading.errors import refuse
from trading.permissions import Role, as_role
from trading.web import _

ROLES = {
    Role.TENDERER: _("Tenderer"),
    Role.AGENT: _("Tendering agent"),
    Role.BIDDER: _("Bidder"),
    Role.EXPERT: _("Expert"),
    Role.POOL_OFFICER: _("Expert pool office"),
    Role.ROSTER_OFFICER: _("Roster office"),
    Role.CUSTODIAN: _("Key custodian"),
    Role.REGULATOR: _("Regulator"),
    Role.OPERATOR: _("Hall operator"),
    Role.SYSTEM_ADMIN: _("System administrator"),
    Role.SECURITY_ADMIN: _("Security administrator"),
    Role.AUDIT_ADMIN: _("Audit administrator"),
}


def role_words(registry: Any) -> dict[str, Any]:
    """What each role is called, the hall's own first, then those of plugins."""
    return {**ROLES, **registry["roles"]}


def known_role(registry: Any, name: str) -> str:
    """The role of this name. Raises Refused `role.unknown` for one that neither the hall nor a plugin has."""
    if name not in role_words(registry):
        raise refuse("role.unknown", _("Choose one of the list"), field="role")
    return as_role(name)


ACTS = {
    "account.created": _("Account created"),
    "account.signed-in": _("Signed in"),
    "account.sign-in-refused": _("Sign-in refused"),
    "account.stepped-up": _("Identity confirmed again"),
    "account.signed-out": _("Session ended"),
    "account.second-factor-set": _("Second factor set"),
    "account.password-changed": _("Password changed"),
    "account.key-created": _("API key created"),
    "account.key-revoked": _("API key revoked"),
    "account.address-refused": _("Refused: address not listed"),
    "account.addresses-listed": _("Addresses of a role listed"),
    "account.recovery-asked": _("Second factor reported lost"),
    "account.recovery-approved": _("Re-enrolment approved"),
    "account.recovery-refused": _("Re-enrolment refused"),
    "account.second-factor-taken": _("Lost second factor taken away; all sessions and keys ended"),
    "account.disabled": _("Account disabled"),
    "account.enabled": _("Account enabled"),
    "account.role-granted": _("Role given"),
    "account.role-taken": _("Role taken away"),
    "party.registered": _("Organisation registered"),
    "party.changed": _("Organisation's data changed"),
    "party.qualification-filed": _("Qualification filed"),
    "party.qualification-withdrawn": _("Qualification withdrawn"),
    "certificate.enrolled": _("Certificate issued"),
    "certificate.registered": _("Certificate of another authority added"),
    "certificate.revoked": _("Certificate revoked"),
    "party.base-account": _("Account for bid securities named"),
    "archive.imported": _("A tender's package was taken into the archive"),
    "log.began": _("A new ledger begins after one that was lost"),
    "key.next": _("The ledger's next key announced"),
    "key.rotated": _("A key of the hall was replaced by the next one"),
    "key.resealed": _("The database is sealed with the next key"),
    "key.trusted": _("The next key of an outside party counts"),
    "key.distrusted": _("A former key of an outside party counts no more"),
}

BROWSERS = {"Edg/": "Edge", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def device_name(user_agent: str) -> str:
    """Browser and system for people; what a program calls itself stays as it is."""
    found = [
        next((name for mark, name in names.items() if mark in user_agent), "")
        for names in (BROWSERS, SYSTEMS)
    ]
    return " · ".join(filter(None, found)) or user_agent[:40]
