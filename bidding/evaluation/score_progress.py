"""Where the scoring of one evaluation stands (评分进度): who has locked a sheet, what the sheets add up to.

Nothing of a sheet is given out, not even to the calculation, before every member has locked theirs. Pure:
what is stored comes in decoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from bidding.evaluation import scoring
from bidding.evaluation.inputs import parse_bids
from bidding.evaluation.score_corrections import ScoreCorrection, corrected, parse_corrections
from bidding.evaluation.score_facts import stated_by
from bidding.evaluation.score_papers import Form, Owed, Place, Stated
from bidding.evaluation.score_result import ScoreResult
from bidding.evaluation.scoring_inputs import ScoredBid, ScoringRules, parse_scored_bids
from trading.errors import Refused

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Scoring:
    """One evaluation's scoring. `decided` are the bids without scores (evaluation.md 1), `signed` the entries of the
    signed sheets by member; `reasons` and the corrections `filed` are decoded too, in the order of filing."""

    tender: str
    round: int
    rules: ScoringRules
    members: tuple[str, ...]
    """by seat"""
    decided: Sequence[Entry]
    draws: Sequence[Sequence[str]]
    signed: Mapping[str, Sequence[Entry]]
    reasons: Sequence[Entry]
    filed: Sequence[Entry]
    numbered: int = 0
    """the number of the last correction, be it of a member who was replaced"""
    facts: Entry | None = None
    """the statement of facts that stands, decoded"""
    whole: bool = True
    """whether every seat of the committee is taken"""

    @cached_property
    def bids(self) -> tuple[str, ...]:
        """The bids to be scored, once the reviews are over; none when too few are left."""
        return tuple(self.evaluation_prices)

    @cached_property
    def evaluation_prices(self) -> Mapping[str, Fraction]:
        """The evaluation prices of these bids, exact, by id."""
        return scoring.to_score(self.rules, parse_bids(list(self.decided)))

    @cached_property
    def locked(self) -> frozenset[str]:
        """The members whose sheets are locked and say something of every bid."""
        return frozenset(member for member in self.signed if not self.unscored(member))

    def unscored(self, member: str) -> list[str]:
        """The bids that a member has not scored: all, or those that came to scoring when the votes of a replaced
        member fell away."""
        scored = {entry["bid"] for entry in self.signed.get(member, ())}
        return [bid for bid in self.bids if bid not in scored]

    @property
    def complete(self) -> bool:
        """Whether every seat is taken and every member has locked a sheet: only then are any of them shown."""
        return self.whole and bool(self.members) and self.locked >= set(self.members)

    def form(self, member: str) -> Form:
        """What a member scores."""
        bids = tuple(self.unscored(member)) or self.bids
        stated = {place: said for place, said in self.stated.items() if place[0] in bids}
        return replace(self.whole_form(member), bids=bids, stated=stated)

    def whole_form(self, member: str) -> Form:
        """The same with every bid that is scored: what the head states facts of."""
        return Form(self.tender, member, self.bids, self.rules.judged, self.round, self.stated)

    @cached_property
    def stated(self) -> dict[Place, Stated]:
        """What stands prefilled on every sheet: the facts of the bids that are scored."""
        found = stated_by(self.facts)
        return {(bid, item): stated for (bid, item), stated in found.items() if bid in self.bids}

    @property
    def facts_stated(self) -> list[dict[str, Any]]:
        """The same as a list, with the member who stated it."""
        return [
            {"bid": bid, "item": item, "member": self.facts["member"] if self.facts else "", **vars(stated)}
            for (bid, item), stated in self.stated.items()
        ]

    @property
    def facts_owed(self) -> bool:
        """Whether objective items wait for the head to state their facts: until then no sheet is locked."""
        form = self.whole_form("")
        return len(self.stated) < len(form.bids) * len(form.objective)

    @property
    def may_state(self) -> bool:
        """Whether facts may (still) be stated: not again once somebody has locked what they prefilled, but for bids that
        came to scoring since, and when the head who stated them was replaced."""
        return bool(self.whole_form("").objective) and (self.facts_owed or not self.signed)

    def keeps(self, facts: Sequence[Entry]) -> bool:
        """Whether a statement leaves alone what locked sheets were prefilled with."""
        said = {(entry["bid"], entry["item"]): Stated(entry["fact"], entry["points"]) for entry in facts}
        return not self.signed or all(said.get(place) == stated for place, stated in self.stated.items())

    @cached_property
    def sheets(self) -> dict[str, list[Entry]]:
        """Every member's scores as locked, by seat; empty before all are locked."""
        return {member: list(self.signed[member]) for member in self.members if self.complete}

    @cached_property
    def corrections(self) -> list[Entry]:
        """The corrections that stand, in their order. One that was filed before a member was replaced lapses when its
        ground was in that member's void score."""
        if not self.complete or not self.filed:
            return []
        bids, stand = parse_scored_bids(self._scored_bids()), []
        for entry in self.filed:
            with suppress(Refused):
                bids = corrected(self.rules, bids, parse_corrections([_changed(entry)]))
                stand.append(entry)
        return stand

    def remarks(self, bid: str, item: str) -> list[tuple[str, str]]:
        """What members wrote beside their scores of this item, by seat."""
        return [
            (member, entry["reason"])
            for member, entries in self.sheets.items()
            for entry in entries
            if (entry["bid"], entry["item"]) == (bid, item) and entry["reason"]
        ]

    def as_inputs(self) -> dict[str, Any]:
        """What scoring adds to the inputs (evaluation.md 5.1): members, scores of the sheets, corrections."""
        return {
            "members": list(self.members),
            "bids": self._scored_bids(),
            "corrections": [_changed(entry) for entry in self.corrections],
        }

    def _scored_bids(self) -> list[dict[str, Any]]:
        given: dict[str, dict[str, dict[str, str]]] = {bid["id"]: {} for bid in self.decided}
        for member, entries in self.sheets.items():
            for entry in entries:
                given[entry["bid"]].setdefault(entry["item"], {})[member] = entry["score"]
        return [{**bid, "scores": given[bid["id"]]} for bid in self.decided]

    def counted(self, further: Sequence[Entry] = ()) -> tuple[ScoredBid, ...]:
        """The bids with their scores after the corrections and `further` ones. Raises Refused for one without a
        ground (M87 64)."""
        raw = self.as_inputs()
        changes: Sequence[ScoreCorrection] = parse_corrections([*raw["corrections"], *further])
        return corrected(self.rules, parse_scored_bids(raw["bids"]), changes)

    @cached_property
    def result(self) -> ScoreResult:
        """The result from what is decided and locked. Raises Refused while scores are missing."""
        return scoring.evaluate(self.rules, self.members, self.counted(), self.draws)

    def score(self, member: str, bid: str, item: str) -> str | None:
        """A member's score as it stands after the corrections; None when there is no such score."""
        for entry in reversed(self.corrections):
            if (entry["member"], entry["bid"], entry["item"]) == (member, bid, item):
                return str(entry["after"])
        found = (e["score"] for e in self.sheets.get(member, ()) if (e["bid"], e["item"]) == (bid, item))
        return next(found, None)

    def owed(self, member: str | None = None) -> list[Owed]:
        """The scores that still ask for a reason, of one member or of all."""
        if not (self.complete and self.bids):
            return []
        said = {(e["member"], e["bid"], e["item"], e["score"]) for e in self.reasons}
        flags = [flag for flag in self.result.outliers if member in (None, flag.member)]
        found = [
            (flag.member, Owed(flag.bid, flag.item, score, flag.rules))
            for flag in flags
            if (score := self.score(flag.member, flag.bid, flag.item)) is not None
        ]
        return [owed for who, owed in found if (who, owed.bid, owed.item, owed.score) not in said]

    @property
    def disagreements(self) -> list[tuple[str, str]]:
        """Bids and objective items on which members differ; they must be corrected (M87 64(3))."""
        return list(self.result.disagreements) if self.complete and self.bids else []

    def grounds(self, member: str, bid: str, item: str) -> list[str]:
        """The grounds on which this member may correct this score now (M87 64)."""
        flags = self.result.outliers if self.complete else ()
        outlier = any((f.member, f.bid, f.item) == (member, bid, item) for f in flags)
        return ["objective"] * ((bid, item) in self.disagreements) + ["outlier"] * outlier


def _changed(entry: Entry) -> dict[str, Any]:
    """A correction as the inputs write it."""
    return {key: entry[key] for key in ("bid", "item", "member", "ground", "before", "after")}
