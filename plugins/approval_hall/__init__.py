"""The approval hall (审批大厅): items in one catalogue, one window, departments that work at the same time, decisions under seal.

A plugin: it brings its own roles, permissions, pages and entries, and knows of the hall below it only the floor, ports and
events. Settings:
    approval_hall.addresses  networks that cases are handled from, separated by spaces; empty: from anywhere
    approval_hall.address    the address that QR codes of documents lead to, such as https://hall.example; without it none is made
    approval_hall.items      further folders of item files, separated by spaces
"""

from __future__ import annotations

from pyramid.config import Configurator

PARTS = (
    "catalogue",
    "staff",
    "intake",
    "handling",
    "papers",
    "supervision",
    "projects",
    "ratings",
    "statistics",
)
STAFF = {"hall-clerk", "hall-officer", "hall-representative", "hall-supervisor", "hall-manager"}


def includeme(config: Configurator) -> None:
    """Roles, permissions, words; then every part."""
    # Imported here: the pure modules of this plugin stay free of the web.
    from plugins.approval_hall import limits, place, reading, words
    from trading.web import PUBLIC, _

    for name, called in words.ROLES.items():
        config.add_role(name, called, {"hall-officer"} if name == "hall-representative" else ())
    readers = STAFF | {"regulator"}
    config.permit("hall-apply", {"bidder"}, when=reading.is_applicant)
    config.permit("hall-intake", {"hall-clerk"}, when=reading.may_be_seen)
    config.permit("hall-handle", {"hall-officer", "hall-representative"}, when=reading.may_be_seen)
    config.permit("hall-deliver", {"bidder", "hall-clerk"}, when=reading.may_deliver)
    config.permit(
        "hall-finish", {"hall-clerk", "hall-officer", "hall-representative"}, when=reading.may_be_seen
    )
    config.permit("hall-read", readers | {"bidder"}, when=reading.may_be_read)
    config.permit("hall-look", readers | {"bidder"})
    config.permit("hall-staff", readers)
    config.permit("hall-own-cases", {"bidder"})
    config.permit("hall-manage", {"hall-manager"})
    config.add_act_words(words.ACTS, words.FIELDS, words.ACTORS)
    config.add_instruments(
        {key: (row["zh"], row["en"]) for key, row in limits.table()["instruments"].items()}
    )
    config.add_nav(_("Approval hall"), "hall")
    config.add_view(place.refused_view, context=place.Elsewhere, permission=PUBLIC, require_csrf=False)
    config.add_static_view("hall-static", "plugins.approval_hall:static", cache_max_age=3600)
    for part in PARTS:
        config.include(f"plugins.approval_hall.{part}")
