"""The whole evaluation by comprehensive scoring (综合评分法) as one pure, exact function.

Algorithm, formats and codes: docs/protocols/evaluation.md section 5 (`ebid-score/1`). Sources: M87 art. 31,
55, 57, 61, 64 and those of the steps that it shares with the lowest-price method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bidding.evaluation import outliers, samebrand
from bidding.evaluation.criteria import OBJECTIVE, SUBJECTIVE
from bidding.evaluation.exact import exact, fixed, plain
from bidding.evaluation.inputs import Bid, Rules, parse_draws
from bidding.evaluation.outliers import Outlier
from bidding.evaluation.places import Order, Places, places
from bidding.evaluation.result import Ranked
from bidding.evaluation.score_corrections import corrected, parse_corrections
from bidding.evaluation.score_result import BidScore, ScoreResult, Without
from bidding.evaluation.scoring87 import price_points
from bidding.evaluation.scoring_inputs import (
    ScoredBid,
    ScoringRules,
    check_scores,
    parse_members,
    parse_scored_bids,
    parse_scoring_rules,
)
from bidding.evaluation.steps import Case, Failed, Steps, brand
from trading.errors import Refused


@dataclass(frozen=True)
class _Scored:
    """A bid that came as far as scoring."""

    case: Case
    bid: ScoredBid


def evaluate(
    rules: ScoringRules,
    members: Sequence[str],
    bids: Sequence[ScoredBid],
    draws: Sequence[Sequence[str]] = (),
) -> ScoreResult:
    """The result of the evaluation; the order of `bids` means nothing.

    Raises Refused when a score is missing, out of range or a stranger's; ValueError for one id twice.
    """
    return _Run(rules, members, bids, draws).result()


def to_score(rules: Rules, bids: Sequence[Bid]) -> dict[str, Fraction]:
    """The bids that members score with their evaluation prices, by id: those left after steps 1–8; none when they
    are too few (GPL 36)."""
    steps = Steps(rules, bids, ())
    try:
        _until_scoring(steps)
    except Failed:
        return {}
    return {case.bid.id: case.evaluation for case in steps.cases}


def evaluate_json(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The protocol's output for the protocol's input, both decoded JSON. Raises Refused, ValueError."""
    rules, members = parse_scoring_rules(raw["rules"]), parse_members(raw["members"])
    bids, draws = parse_scored_bids(raw["bids"]), parse_draws(raw.get("draws", []))
    counted = corrected(rules, bids, parse_corrections(raw.get("corrections", [])))
    return evaluate(rules, members, counted, draws).as_json()


class _Run:
    """Steps 1–8 as by lowest price, then scores, brands and ranking."""

    def __init__(
        self,
        rules: ScoringRules,
        members: Sequence[str],
        bids: Sequence[ScoredBid],
        draws: Sequence[Sequence[str]],
    ) -> None:
        self.rules, self.members, self.draws = rules, tuple(members), draws
        self.steps = Steps(rules, bids, draws)
        self.bids = {bid.id: bid for bid in bids}
        self.scored: list[_Scored] = []
        self.scores: dict[str, BidScore] = {}
        self.disagreements: list[tuple[str, str]] = []
        self.outliers: list[Outlier] = []
        self.sensitivity: tuple[Without, ...] = ()

    def result(self) -> ScoreResult:
        ranking: tuple[Ranked, ...] = ()
        try:
            self.valid()
            self.score()
            self.sensitivity = self.without_each()
            self.steps.best_of_brands(lambda case: self.brand_order(self.scores, case))
            # Nobody is ranked while a brand waits for its draw.
            if not self.steps.ties:
                ranking = self.steps.ranked(self.steps.placed(lambda case: _order(self.scores, case)))
        except Failed as failed:
            self.steps.failure = failed.failure
        return ScoreResult(
            outcome=self.outcome(),
            ranking=ranking,
            scores=self.scores,
            disagreements=tuple(self.disagreements),
            outliers=tuple(self.outliers),
            sensitivity=self.sensitivity,
            **self.steps.found(),
        )

    def outcome(self) -> str:
        if self.steps.failure:
            return "failed"
        if self.disagreements:
            return "to-correct"
        return "tie" if self.steps.ties else "ranked"

    def valid(self) -> None:
        """Steps 1–8 and the count of valid bidders; then every score that is needed must be there."""
        _until_scoring(self.steps)
        self.scored = [_Scored(case, self.bids[case.bid.id]) for case in self.steps.cases]
        faults = [
            fault for entry in self.scored for fault in check_scores(self.rules, self.members, entry.bid)
        ]
        if faults:
            raise Refused(faults)

    def score(self) -> None:
        """Step 9, with what stands out in the scores."""
        self.scores = self.computed(self.members)
        for entry in self.scored:
            self.say_price(entry.case)
            self.say_items(entry)
            total = self.scores[entry.bid.id].total
            entry.case.say("total-points", points=fixed(total), exact=exact(total))

    def computed(self, members: Sequence[str]) -> dict[str, BidScore]:
        """The scores that these members' marks give."""
        prices = {entry.bid.id: entry.case.evaluation for entry in self.scored}
        of_price = price_points(prices, self.rules.price.weight)
        return {
            entry.bid.id: BidScore(
                prices[entry.bid.id],
                of_price[entry.bid.id],
                {
                    criterion.id: criterion.points(
                        _mean([entry.bid.scores[criterion.id][m] for m in members])
                    )
                    for criterion in self.rules.judged
                },
            )
            for entry in self.scored
        }

    def say_price(self, case: Case) -> None:
        points = self.scores[case.bid.id].price_points
        case.say(
            "price-points",
            benchmark=exact(min(score.evaluation_price for score in self.scores.values())),
            price=exact(case.evaluation),
            weight=exact(self.rules.price.weight * 100),
            points=fixed(points),
            exact=exact(points),
        )

    def say_items(self, entry: _Scored) -> None:
        case, bid = entry.case, entry.bid
        for criterion in self.rules.judged:
            given = {member: bid.scores[criterion.id][member] for member in self.members}
            points = self.scores[bid.id].items[criterion.id]
            case.say(
                "item-points",
                criterion=criterion.name,
                scores=", ".join(plain(score) for score in given.values()),
                mean=exact(_mean(list(given.values()))),
                max=plain(criterion.max),
                weight=exact(criterion.weight * 100),
                points=fixed(points),
                exact=exact(points),
            )
            if criterion.kind == OBJECTIVE and len(set(given.values())) > 1:
                self.disagreements.append((bid.id, criterion.id))
                case.say("objective-disagreement", criterion=criterion.name)
            if criterion.kind == SUBJECTIVE:
                for member, hit in outliers.hits(given, self.rules.outliers).items():
                    self.outliers.append(Outlier(bid.id, criterion.id, member, hit))
                    for rule in hit:
                        case.say("outlier", criterion=criterion.name, score=plain(given[member]), rule=rule)

    def without_each(self) -> tuple[Without, ...]:
        """The places with one member left out at a time; nothing for a single member."""
        if len(self.members) < 2:
            return ()
        first = self.standing(self.scores).first
        found = []
        for member in self.members:
            others = [name for name in self.members if name != member]
            standing = self.standing(self.computed(others))
            found.append(Without(member, standing, standing.first != first))
        return tuple(found)

    def standing(self, scores: Mapping[str, BidScore]) -> Places:
        """The places that these scores give; all of a brand that waits for its draw are placed."""
        cases = {entry.bid.id: entry.case for entry in self.scored}
        candidates = [
            samebrand.Candidate(bid, brand(case), self.brand_order(scores, case))
            for bid, case in cases.items()
        ]
        beaten = samebrand.select(candidates, self.draws).beaten
        return places(
            {bid: _order(scores, case) for bid, case in cases.items() if bid not in beaten}, self.draws
        )

    def brand_order(self, scores: Mapping[str, BidScore], case: Case) -> Order:
        order = _order(scores, case)
        return order if "bid-price" in self.rules.brand_ties else order[:1]


def _until_scoring(steps: Steps) -> None:
    """Steps 1–8, and the count of valid bidders, in which a brand is one (M87 31). Raises Failed."""
    steps.responsive()
    steps.abnormally_low()
    steps.prices()
    offers = [(case.bid.id, brand(case)) for case in steps.cases]
    steps.need(samebrand.competitors(offers), "fewer-than-three-valid")


def _order(scores: Mapping[str, BidScore], case: Case) -> Order:
    """M87 57: by score, then by bid price."""
    return -scores[case.bid.id].total, case.price


def _mean(scores: Sequence[Fraction]) -> Fraction:
    return sum(scores, Fraction(0)) / len(scores)
