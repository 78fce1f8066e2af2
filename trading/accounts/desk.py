"""What one's account itself wants done."""

from __future__ import annotations

from datetime import timedelta

from pyramid.request import Request

from trading.accounts import certificates
from trading.web import Card, _, beijing

SOON = timedelta(days=30)


def certificate_cards(request: Request) -> list[Card]:
    """No signing certificate, or one that ends soon."""
    now = request.now()
    usable = certificates.usable(request.db, request.identity.user_id, now)
    address = request.route_path("account-certificates")
    if not usable:
        return [
            Card(_("Get a signing certificate"), address, _("Without one nothing can be signed here"), "now")
        ]
    last = max(each.not_after for each in usable)
    if last - now < SOON:
        note = _("Yours ends on ${day}", mapping={"day": beijing(last, "%Y-%m-%d")})
        return [Card(_("Renew your signing certificate"), address, note, "late")]
    return []
