"""A disputed award, from the query to the second evaluation and the next candidate; and a tender given up."""

from __future__ import annotations

import json

import pytest

from config.demo.people import uscc
from tests.journeys.attacks import Forgery, Keys, run_verifier
from tests.journeys.conftest import Aftermath

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("tier", ["public", "regulator"])
def test_a_tender_evaluated_again_and_awarded_to_the_next_by_order_is_verified(
    aftermath: Aftermath, tier: str
) -> None:
    code, text = run_verifier(aftermath.bundle(tier, aftermath.ordered), aftermath.trust)
    assert code == 0, text
    assert text.splitlines()[-2] == "VERIFIED"
    for order in ("suspend", "resume", "re-evaluate", "void-award"):
        assert f"{order} by order O-" in text
    assert "award to rank 2 after 1 gave up" in text


def test_both_evaluations_and_all_three_awards_stay_on_record(aftermath: Aftermath, keys: Keys) -> None:
    held = Forgery(aftermath.bundle(of=aftermath.ordered), keys)
    first = held.json("evaluation/earlier-1/report.json")["result"]["ranking"]
    second = held.json("evaluation/report.json")["result"]["ranking"]
    assert [row["id"] for row in first] == [uscc(who) for who in ("b3", "b2", "b4", "b1")]
    assert [row["id"] for row in second] == [uscc(who) for who in ("b2", "b4", "b1")]
    awarded = [held.json(f"result/award-{number}.json")["bidder"] for number in (1, 2, 3)]
    assert awarded == [uscc(who) for who in ("b3", "b2", "b4")]
    assert [award["price"] for award in aftermath.disputed["last"]["awards"]][-1] == "2050000.56"


def test_while_suspended_no_contract_is_signed_and_the_docket_names_nobody(aftermath: Aftermath) -> None:
    assert aftermath.disputed["while_suspended"].startswith("tender.step")
    docket = json.dumps(aftermath.disputed["docket"], ensure_ascii=False)
    assert aftermath.disputed["complaint"] in docket and "投诉成立" in docket
    assert uscc("b2") not in docket and "华南信息技术" not in docket and "资质不符" not in docket


@pytest.mark.parametrize("tier", ["public", "regulator"])
def test_a_tender_given_up_while_bids_lie_in_it_is_verified_and_tells_nothing_of_them(
    aftermath: Aftermath, keys: Keys, tier: str
) -> None:
    path = aftermath.bundle(tier, of=aftermath.given_up)
    code, text = run_verifier(path, aftermath.trust)
    assert code == 0, text
    assert f"ended before its {'opening' if tier == 'public' else 'close'} by entry" in text
    assert text.splitlines()[-2] == "VERIFIED"
    held = Forgery(path, keys)
    assert not [name for name in held.files if name.startswith(("bids/", "withdrawals/"))]
    everything = b"".join(held.files.values())
    for login, key in (("bidder1", "b1"), ("bidder2", "b2")):
        digest = aftermath.given_up.sealed[login].manifest.hash.hex()
        assert digest.encode() not in everything and uscc(key).encode() not in everything


def test_while_suspended_a_bid_is_refused(aftermath: Aftermath) -> None:
    assert aftermath.given_up.verdict.startswith("bid.suspended")
