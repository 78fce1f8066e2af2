"""Awards of a scored tender: what winner, losers and everybody are told, and when the members get names."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session
from webtest import TestApp

from bidding.evaluation.models import EvaluationReport
from tests.awards import Evaluated, evaluated_tender, publish_award
from tests.bidding.awards.test_pages import merged
from tests.bidding.evaluation.goods import case, goods_inputs, goods_report
from tests.helpers import committed, hall_user, log_in
from trading.deals import service as deals
from trading.ledger import canonical
from trading.ledger.service import entries_of
from trading.notices.service import notices_of

RANKED = ["B3", "B1", "B7", "B2"]


def scored_tender(session: Session, registry: Any) -> Evaluated:
    """goods-87 evaluated: four ranked in order, then the one whose low price was not justified, then one that
    could not be opened."""
    made = evaluated_tender(session, registry)
    names = dict(zip([*RANKED, "B4"], (party.uscc for party in made.bidders), strict=False))
    inputs = goods_inputs(names=names)
    inputs["bids"] = [row for row in inputs["bids"] if row["id"] != "B5"]
    raw = canonical.dumps(goods_report(inputs, v=1, typ="ebid.report", tender=made.tender.code))
    report = session.scalars(
        select(EvaluationReport).where(EvaluationReport.tender_id == made.tender.id)
    ).one()
    report.raw, report.inputs = raw, canonical.dumps(inputs)
    report.sha256 = hashlib.sha256(raw).hexdigest()
    session.flush()
    return made


def test_the_winner_gets_the_contract_at_its_bid_price_and_the_notice_says_its_total_alone(
    session: Session, config: Configurator
) -> None:
    made = scored_tender(session, config.registry)
    award = publish_award(session, config.registry, made)
    assert json.loads(award.raw)["price"] == case()["expected"]["contract_price"] == "2333333.33"
    contract = deals.of_tender(session, made.tender.code)
    assert contract is not None and contract.price == Decimal("2333333.33")
    notice = notices_of(session, made.tender.code)[-1]
    winner = json.loads(notice.body)["winner"]
    assert (winner["bidder"], winner["price"], winner["total"]) == (
        made.bidders[0].uscc,
        "2333333.33",
        "95.20",
    )
    chinese, english = ("\n".join(notice.shown["text"][each]) for each in ("zh", "en"))
    assert "2,333,333.33" in chinese and "评审总得分：95.20 分" in chinese and "total score 95.20" in english
    said = notice.body.decode() + json.dumps(notice.shown)
    assert not [total for total in ("82.27", "80.83", "80.40") if total in said], (
        "nobody reads what others scored"
    )


def test_each_loser_is_told_in_the_ledger_its_rank_its_total_and_its_points(
    session: Session, config: Configurator
) -> None:
    made = scored_tender(session, config.registry)
    publish_award(session, config.registry, made)
    trail = [e for e in entries_of(session, made.tender.code) if e.entry.type == "loser.notified"]
    told = {e.payloads[0].document["manifest"]: e.payloads[0].document for e in trail if e.payloads[0]}
    for number, bid in enumerate(RANKED[1:], 1):
        row, expected = told[made.manifests[number]], case()["expected"]["bids"][bid]
        assert (row["rank"], row["total"]) == (number + 1, expected["total"])
        assert row["scores"] == {"price": expected["price_points"], **expected["items"]}
    assert not any({"scores", "total"} & told[manifest].keys() for manifest in made.manifests[4:])


@pytest.fixture
def made(config: Configurator) -> Evaluated:
    config.commit()
    found: Evaluated = committed(config, lambda db: scored_tender(db, config.registry))
    return found


def test_a_bidder_reads_its_own_points_and_nobody_elses(
    app: TestApp, config: Configurator, made: Evaluated
) -> None:
    path = f"/tenders/{made.tender.code}/my-result"
    keys = [log_in(app, config, hall_user(config, "bidder", party=party)) for party in made.bidders[:5]]
    assert keys[1].get(f"/api{path}").json == {
        "tender": made.tender.code, "manifest": made.manifests[1], "result": "pending",
    }  # fmt: skip
    committed(config, lambda db: publish_award(db, config.registry, merged(db, made)))
    for number, bid in enumerate(RANKED):
        own, expected = keys[number].get(f"/api{path}").json, case()["expected"]["bids"][bid]
        assert own["rank"] == number + 1 and own["scores"]["total"]["points"] == expected["total"]
        points = {row["item"]: row["points"] for row in own["scores"]["items"]}
        assert points == {"price": expected["price_points"], **expected["items"]}
    page = keys[1].get(path, headers={"Accept-Language": "en"}).text
    assert "95.20 points, you 82.27" in page and "20.9 of 25" in page
    theirs = [case()["expected"]["bids"][bid]["total"] for bid in RANKED[2:]]
    assert not [total for total in theirs if total in page]
    assert keys[4].get(f"/api{path}").json["scores"] is None
    buyer = log_in(app, config, made.officer).get(f"/tenders/{made.tender.code}/award").text
    assert all(case()["expected"]["bids"][bid]["total"] in buyer for bid in RANKED)
