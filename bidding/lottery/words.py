"""What states and entries of small works are called."""

from __future__ import annotations

from typing import Any

from trading.web import _

STATES = {
    "draft": (_("draft"), "neutral"),
    "published": (_("announced, firms may decline"), "wait"),
    "listed": (_("ball list frozen, to be drawn"), "wait"),
    "drawn": (_("drawn"), "wait"),
    "announced": (_("result announced"), "wait"),
    "awarded": (_("awarded"), "good"),
    "contracted": (_("contract signed"), "good"),
    "completed": (_("completed and rated"), "good"),
    "cancelled": (_("cancelled"), "bad"),
    "failed": (_("failed"), "bad"),
}
"""word and tone of each state"""
PRICE_STATES = {
    "published": (_("announced, firms may decline"), "wait"),
    "listed": (_("list frozen, sealed prices"), "wait"),
    "drawn": (_("offers ranked"), "wait"),
}
"""the same where sealed prices decide"""
TURNS = {
    "announced": (_("announced"), "wait"),
    "awarded": (_("awarded"), "good"),
    "contracted": (_("contract signed"), "good"),
    "refused": (_("gave the award up"), "bad"),
    "rejected": (_("turned down by a decision"), "bad"),
}
STEPS = {
    "finalists": _("Draw of the finalists"),
    "order": _("Draw of their order"),
    "winner": _("Draw of the order"),
    "k": _("Draw of K"),
}
OBJECTS = {
    "works": _("Construction works"),
    "goods": _("Equipment and materials"),
    "services": _("Survey, design, supervision"),
}
WAYS = {
    "tender": (_("formal tender"), "wait"),
    "roster": (_("roster of contractors"), "good"),
    "free": (_("the owner's own choice"), "neutral"),
}
MARKS = {
    "address": _("the same network or business address"),
    "device": _("the same browser"),
    "payer": _("the same account"),
    "minute": _("the same minute"),
}
LEFT_OUT = {
    "": _("in the mean"),
    "highest": _("highest, not in the mean"),
    "lowest": _("lowest, not in the mean"),
}


def state_of(works: Any) -> tuple[Any, str]:
    """Word and tone of a works' state."""
    return PRICE_STATES.get(works.state, STATES[works.state]) if works.by_price else STATES[works.state]


ENTRIES = {
    "works.local-rule": _("A local rule that allows lotteries was filed"),
    "works.drafted": _("Small works were entered"),
    "works.published": _("Small works were announced"),
    "works.declined": _("A firm declined before the freeze"),
    "works.manager": _("A firm named its project manager"),
    "works.listed": _("The ball list was frozen"),
    "works.prices-called": _("Firms of the list were called for sealed prices"),
    "works.prices-postponed": _("A later deadline was set for sealed prices"),
    "works.prices-opened": _("The sealed prices were opened"),
    "works.ranked": _("The offers were ranked by the reasonable low price"),
    "works.drawn": _("A step of the lottery has its result"),
    "works.announced": _("A contractor was announced"),
    "works.rejected": _("A drawn firm was turned down by a decision"),
    "works.awarded": _("The small works were awarded"),
    "works.refused": _("The drawn firm gave the award up"),
    "works.contracted": _("The contract of small works was filed"),
    "works.rated": _("Small works were completed and rated"),
    "works.failed": _("Small works failed"),
    "works.cancelled": _("Small works were cancelled"),
}
"""ledger entries of this room, for trails"""
