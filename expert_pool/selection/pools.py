"""Whose experts sit (专家库归属): which pool a tender's committee comes from, by law and by what this hall has set.

Order 87 art. 48 and Tendering Law art. 37: for government procurement and mandatory tenders the experts come from the
pool of a province or a ministry, whose sealed list is imported here. A pool's own keeper sets `panel.pool` to `own`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from zope.interface import implementer

from expert_pool.experts import service as experts
from expert_pool.experts.person import PoolExpert
from expert_pool.selection.purchase import Purchase
from trading.errors import refuse
from trading.interfaces import IExpertPool
from trading.secrets import HallKeys
from trading.web import _

OWN, IMPORTED, BY_LAW = "own", "imported", "law"
LAWS = ("procurement", "bidding_law")
RULE = "M87 48"


@implementer(IExpertPool)
class OwnPool:
    """The pool of this hall."""

    drawn_here = True

    def people(self, session: Session, keys: HallKeys, at: datetime) -> list[PoolExpert]:
        return experts.people(session, keys, at)


@implementer(IExpertPool)
class ImportedList:
    """A list that another pool drew: nobody here can be drawn for the tender."""

    drawn_here = False

    def people(self, session: Session, keys: HallKeys, at: datetime) -> list[PoolExpert]:
        raise refuse(
            "pool.elsewhere", _("The experts of this tender come from the province's pool"), rule=RULE,
            remedy=_("Have the list drawn there and import it here."),
        )  # fmt: skip


def key_of(registry: Any, purchase: Purchase) -> str:
    """`own` or `imported`."""
    chosen: str = registry.settings.get("panel.pool", BY_LAW)
    if chosen in (OWN, IMPORTED):
        return chosen
    return IMPORTED if purchase.regime in LAWS else OWN


def pool_of(registry: Any, purchase: Purchase) -> Any:
    """The pool (IExpertPool) that a tender's committee comes from."""
    return registry.getUtility(IExpertPool, name=key_of(registry, purchase))
