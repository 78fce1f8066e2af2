"""The limits of queries and complaints (质疑、投诉期限): which rule counts, from which day, until which day. Pure.

Two tracks: government procurement (GPL 51–58, GPR 52–58) and the bidding law (TBR 22, 44, 54, 60–61). Days
are counted by the calendar's data: a holiday that the calendar does not know moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

from trading.rulebook.book import Rule, Rulebook
from trading.rulebook.calendar import Calendar, at_beijing, beijing_date, end_of, subtract_days
from trading.rulebook.clocks import Clock, Light, Pause, due, light

Track = Literal["procurement", "bidding_law"]
Stage = Literal["documents", "process", "result"]
TRACKS: tuple[Track, ...] = ("procurement", "bidding_law")
STAGES: tuple[Stage, ...] = ("documents", "process", "result")

RULES: dict[Track, dict[str, str]] = {
    "procurement": {
        "inquiry": "P18.inquiry", "query": "P18.query", "answer": "P18.answer", "complaint": "P18.complaint",
        "decide": "P18.decide", "suspend": "P18.suspend",
        "reconsider": "P18.reconsider",
    },
    "bidding_law": {
        "query.documents": "T5", "query.result": "T13.publicity", "answer": "T5.answer", "complaint": "T18.complaint",
        "accept": "T18.accept", "decide": "T18.decide",
        "reconsider": "P18.reconsider",
    },
}  # fmt: skip
"""The rulebook's number of each step."""
KNOWN = {"documents": "GPR 53(1)", "process": "GPR 53(2)", "result": "GPR 53(3)"}
"""The article that says from which day a query's time runs."""


@dataclass(frozen=True)
class Limit:
    """A period's end: `last_day` to show (None while the clock stands still), `red` the first instant too
    late, with the rule and whether a year without a final calendar was counted."""

    rule: Rule
    last_day: date | None
    red: datetime | None
    provisional: bool
    light: Light = "green"

    @property
    def certain(self) -> bool:
        """Whether the limit refuses by itself: a rule of certainty V over a published calendar."""
        return self.rule.certainty == "V" and not self.provisional


@dataclass(frozen=True)
class Limits:
    """The rulebook and the calendar that limits are taken from."""

    book: Rulebook
    calendar: Calendar

    def rule(self, track: Track, step: str, on: date) -> Rule:
        """The rule of a step. Raises KeyError for a step that the track does not have."""
        return self.book.rule(RULES[track][step], on)

    def limit(
        self,
        track: Track,
        step: str,
        started: datetime,
        pauses: Sequence[Pause] = (),
        now: datetime | None = None,
        stopped: datetime | None = None,
    ) -> Limit:
        """The limit of a step whose time runs from `started`; its light when `now` is given."""
        clock = Clock.of(self.rule(track, step, beijing_date(started)), started, pauses)
        rule = self.rule(track, step, beijing_date(started))
        shown = light(clock, self.calendar, now, stopped) if now is not None else "green"
        found = due(clock, self.calendar)
        if found is None:
            return Limit(rule, None, None, False, shown)
        last = found.last_day or beijing_date(found.red)
        unsure = self.calendar.provisional(beijing_date(started), last)
        return Limit(rule, last, found.red, unsure, shown)

    def query(self, track: Track, stage: Stage, known: date, deadline: datetime | None = None) -> Limit:
        """Until when a query (objection) may be filed: procurement 7 working days after `known`; by the
        bidding law 10 days before the deadline, or within the result's publicity, whose last day is
        `known`. Raises KeyError where the law knows no written way (an objection to the opening is made
        on the spot, TBR 44)."""
        if track == "procurement":
            return self.limit(track, "query", at_beijing(known, time()))
        rule = self.rule(track, f"query.{stage}", known)
        last = known
        if stage == "documents":
            if deadline is None:
                raise KeyError("query.documents")
            last = subtract_days("day", rule.integer, beijing_date(deadline), self.calendar)
        return Limit(rule, last, end_of(last), False)

    def complaint(self, track: Track, filed: datetime, answered: datetime | None, until: date) -> Limit:
        """Until when a complaint may follow a query that was filed at `filed`, is answered at `answered`
        (None: not yet) and was to be answered by `until`: procurement counts from the end of the time for
        the answer (GPL 55); the bidding law from the filing, without the time for the answer (TBR 60)."""
        if track == "procurement":
            return self.limit(track, "complaint", at_beijing(until, time()))
        return self.limit(track, "complaint", answered or at_beijing(until, time()))


def worked(limits: Limits, track: Track, known: date, received: date) -> dict[str, Limit]:
    """The whole calendar of one matter: query until, answer by, complaint until, decision by (when the
    complaint comes on its last day)."""
    query = limits.query(track, "result", known)
    answer = limits.limit(track, "answer", at_beijing(received, time(12)))
    assert answer.last_day is not None and answer.red is not None, "nothing was paused"
    complaint = limits.complaint(track, at_beijing(received, time(12)), None, answer.last_day)
    assert complaint.last_day is not None, "nothing was paused"
    decide = limits.limit(track, "decide", at_beijing(complaint.last_day, time(12)))
    return {"query": query, "answer": answer, "complaint": complaint, "decide": decide}
