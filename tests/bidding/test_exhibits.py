"""What the public gets before and after a result: the hall and the verifier go by the same entries."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

import tradehall_verify as verifier
from bidding import exhibits
from tests.bidding.evaluation.room import make_tender
from trading.acts import process, record

SEATED, TOLD, AGAIN = "panel.seated", "result.published", "evaluation.reopened"
TRAILS = {
    (SEATED,): True,
    (SEATED, TOLD): False,
    (SEATED, TOLD, "award.issued", "award.declined"): False,
    (SEATED, TOLD, "award.voided", AGAIN): False,
    (SEATED, TOLD, AGAIN, SEATED): True,
    (SEATED, TOLD, AGAIN, "panel.imported", TOLD, "award.declined", "tender.failed"): False,
    (SEATED, "panel.member-replaced", SEATED): True,
}
"""trail → whether the committee that counts is still unnamed"""


def may_be_kept(kinds: tuple[str, ...]) -> bool:
    """Whether the verifier takes a public bundle without the committee."""
    audit: Any = verifier.Audit.__new__(verifier.Audit)
    acts = [verifier.Act(n, kind, "", {}, {}) for n, kind in enumerate(kinds)]
    audit.__dict__ |= {"acts": acts, "listed": {"evaluation/panel.json": {}}, "bundle": {}}
    try:
        return bool(audit.unnamed)
    except verifier.Invalid:
        return False


@pytest.mark.parametrize("state", ["evaluated", "awarded"])
def test_the_committee_is_unnamed_until_a_result_after_it_was_seated(session: Session, state: str) -> None:
    for trail, kept in TRAILS.items():
        tender = make_tender(session, state)
        for kind in trail:
            record(session, process("test"), kind, tender.code, {})
        assert exhibits.unnamed(session, tender) is kept is may_be_kept(trail), trail


def test_prices_of_talks_that_were_published_stay_public(session: Session) -> None:
    tender = make_tender(session, "evaluated", form={"method": "consultation"})
    assert exhibits.withheld(session, tender)
    record(session, process("test"), TOLD, tender.code, {})
    record(session, process("test"), "award.declined", tender.code, {})
    assert not exhibits.withheld(session, tender)
    assert not exhibits.withheld(session, make_tender(session, form={"method": "open"}))
