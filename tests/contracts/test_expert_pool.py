"""What every provider of IExpertPool promises, and which of them a tender's committee comes from."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session
from zope.interface.verify import verifyObject

from expert_pool.experts.person import PoolExpert
from expert_pool.selection import pools
from expert_pool.selection.purchase import Purchase
from tests.expert_pool.pool import make_expert
from tests.helpers import KEYS
from trading.clock import database_now
from trading.errors import Refused
from trading.interfaces import IExpertPool

PROVIDERS = (pools.OwnPool(), pools.ImportedList())


@pytest.mark.parametrize("pool", PROVIDERS)
def test_a_pool_gives_everybody_in_it_or_says_that_it_is_not_drawn_here(session: Session, pool: Any) -> None:
    assert verifyObject(IExpertPool, pool)
    make_expert(session)
    make_expert(session, trained=False)
    if pool.drawn_here:
        found = pool.people(session, KEYS, database_now(session))
        assert len(found) == 2 and all(isinstance(one, PoolExpert) for one in found)
        return
    with pytest.raises(Refused) as refused:
        pool.people(session, KEYS, database_now(session))
    assert (refused.value.faults[0].code, refused.value.faults[0].rule) == ("pool.elsewhere", "M87 48")


@pytest.mark.parametrize(
    ("setting", "regime", "key"),
    [
        ("law", "procurement", "imported"),
        ("law", "bidding_law", "imported"),
        ("law", "sub-limit", "own"),
        ("own", "procurement", "own"),
        ("imported", "sub-limit", "imported"),
    ],
)
def test_the_law_names_the_provinces_pool_unless_the_keeper_of_one_says_otherwise(
    setting: str, regime: str, key: str
) -> None:
    hall = SimpleNamespace(settings={"panel.pool": setting})
    bought = Purchase("T", "published", "B", "A", "440300", frozenset({"T"}), Decimal(1), regime)
    assert pools.key_of(hall, bought) == key
