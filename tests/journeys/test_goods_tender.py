"""A goods tender from draft to VERIFIED, and nothing left behind."""

from __future__ import annotations

import pytest

from config.demo.cast import FIGURES, ORGANISATIONS
from config.demo.people import uscc
from tests.journeys.attacks import Forgery, run_verifier
from tests.journeys.conftest import Aftermath

pytestmark = pytest.mark.slow

RANKING = [
    ("b3", "2099998.44", "1511998.88"),
    ("b2", "1985600.64", "1985600.64"),
    ("b4", "2050000.56", "2050000.56"),
    ("b1", "2160000.00", "2160000.00"),
]
"""enterprise, bid price, evaluated price. b3: 10 % off as a micro-enterprise and 20 % off for domestic products;
b4: as corrected by its unit prices and confirmed; b1: its second bid; b5 is abnormally low and has not explained it"""


def test_a_goods_tender_goes_from_draft_to_verified(aftermath: Aftermath, forgery: Forgery) -> None:
    award = aftermath.award["awards"][-1]
    assert (award["price"], award["rank"]) == ("2099998.44", 1)
    assert aftermath.told["bidder2"]["rank"] == 2
    assert (aftermath.told["bidder5"]["result"], aftermath.told["bidder5"]["ground"]) == (
        "not-awarded",
        "abnormally-low",
    )

    ranking = forgery.json("evaluation/report.json")["result"]["ranking"]
    ranked = [(row["id"], row["bid_price"], row["evaluation_price"]) for row in ranking]
    assert ranked == [(uscc(who), price, evaluated) for who, price, evaluated in RANKING]
    result = forgery.json("result/result.json")
    assert result["winner"]["bidder"] == uscc("b3")
    assert result["winner"]["manifest"] == aftermath.manifest("bidder3")
    assert [row["price"] for row in result["ranking"]] == [price for _, price, _ in RANKING]
    assert forgery.json("result/award-1.json")["price"] == "2099998.44"


@pytest.mark.parametrize(
    ("tier", "opened"),
    [("public", "5 of 5 bids opened (public parts)"), ("regulator", "5 of 5 bids opened from released keys")],
)
def test_both_bundles_are_verified_with_their_independence(
    aftermath: Aftermath, tier: str, opened: str
) -> None:
    code, text = run_verifier(aftermath.bundle(tier), aftermath.trust)
    assert code == 0, text
    assert opened in text
    assert "FAIL" not in text
    verdict, independence = text.splitlines()[-2:]
    assert verdict == "VERIFIED"
    assert independence.startswith("independence: none (demo): ")


def test_every_bidders_receipt_was_verified_by_its_own_program(aftermath: Aftermath) -> None:
    receipts = [line for line in aftermath.said if " ref " in line]
    assert len(receipts) == 6
    assert all("FAIL" not in line for line in receipts)
    assert sum("SUBMITTED" in line for line in receipts) == 5


def test_no_process_writes_into_its_log_who_bid(aftermath: Aftermath) -> None:
    """Neither before the opening nor after it: enterprises, their codes, their people."""
    figures = [figure for figure in FIGURES if figure.login in aftermath.goods.sealed]
    names = {figure.name for figure in figures} | {
        ORGANISATIONS[figure.organisation][3] for figure in figures
    }
    secrets = names | {uscc(figure.organisation) for figure in figures}
    assert len(secrets) == 15
    logs = {path: path.read_text(errors="replace") for path in aftermath.hall.state.rglob("*.log")}
    assert {"web.log", "worker.log", "sequencer.log", "custodian-notary.log"} <= {path.name for path in logs}
    assert [(path.name, secret) for path, text in logs.items() for secret in secrets if secret in text] == []


def test_the_hall_ends_by_sigterm_and_leaves_no_process_and_no_temporary_file(aftermath: Aftermath) -> None:
    for name in ("postgres", "valkey", "gunicorn", "sequencer", "worker", "custodian-notary", "witness"):
        assert any(name in command for command in aftermath.ran), name
    assert aftermath.exit_code == 0
    assert aftermath.left == []
