"""The whole evaluation by lowest price (最低评标价法) as one pure, exact function.

Algorithm, formats and codes: docs/protocols/evaluation.md (`ebid-lowest/1`). Sources: M87 art. 31, 44,
50, 54, 56, 59, 60, 63; GPL art. 36; 财库〔2026〕2号.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bidding.evaluation.inputs import Bid, Rules, parse_bids, parse_draws, parse_rules
from bidding.evaluation.places import Order
from bidding.evaluation.result import Ranked, Result
from bidding.evaluation.steps import Case, Failed, Steps


def evaluate(rules: Rules, bids: Sequence[Bid], draws: Sequence[Sequence[str]] = ()) -> Result:
    """The result of the evaluation; the order of `bids` means nothing. Raises ValueError for one id twice."""
    run = Steps(rules, bids, draws)
    ranking: tuple[Ranked, ...] = ()
    try:
        run.responsive()
        run.abnormally_low()
        run.prices()
        run.best_of_brands(lambda case: _brand_order(case, rules))
        # Nobody is ranked while a brand waits for its draw.
        if not run.ties:
            ranking = run.ranked(run.placed(lambda case: _order(case, rules)))
    except Failed as failed:
        run.failure = failed.failure
    outcome = "failed" if run.failure else "tie" if run.ties else "ranked"
    return Result(outcome=outcome, ranking=ranking, **run.found())


def evaluate_json(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The protocol's output for the protocol's input, both decoded JSON. Raises Refused, ValueError."""
    rules = parse_rules(raw["rules"])
    return evaluate(rules, parse_bids(raw["bids"]), parse_draws(raw.get("draws", []))).as_json()


def _brand_order(case: Case, rules: Rules) -> Order:
    return (case.price, case.evaluation) if "evaluation-price" in rules.brand_ties else (case.price,)


def _order(case: Case, rules: Rules) -> Order:
    return (case.evaluation, case.price) if "bid-price" in rules.ties else (case.evaluation,)
