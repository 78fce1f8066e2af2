"""Whether the caller told the truth (通知核查): waves in the ledger held against the telephone operator's own records. Pure.

A device that marks somebody "no answer" who accepted, or who was never called, names a call record by its hash. The regulator,
who can read names and numbers, asks the operator for its records: the hash is of none of them, or of one that
says otherwise, or leaves one out. Whoever was passed over without a call must be somebody whom the names show to be
recused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import chain, combinations, islice

from expert_pool.calls import settling
from trading.draws.calling import REMOVED
from trading.voicing import CallRecord, parse_record

SKEW = timedelta(seconds=5)
"""by how much the clocks of operator and ledger may differ"""

TRIES = 100_000
"""so many sets of calls to one number are tried at most, the small ones first"""


@dataclass(frozen=True)
class Wave:
    """A wave as the ledger has it: `called` and `settled` are the instants of its call and of itself, `until` the one until
    which answers counted (aware)."""

    draw: str
    number: int
    called: datetime
    settled: datetime
    until: datetime
    outcomes: Mapping[str, str]
    evidence: Mapping[str, str]


@dataclass(frozen=True)
class Finding:
    """Something that does not fit: `code` is `unproven` (no records of that time have this hash), `contradicted` (the records say another
    outcome: `heard`), `left-out` (a call that ended in the window is not among the records named; it may have been for another committee), `not-called` (marked as
    not answering, and the device itself says that no call was made) or `not-recused` (passed over without reason)."""

    wave: int
    handle: str
    code: str
    said: str
    heard: str = ""


def check(
    wave: Wave,
    phones: Mapping[str, str],
    nonces: Mapping[str, str],
    log: Sequence[bytes],
    draws: Sequence[str],
    recused: Container[str] = (),
) -> list[Finding]:
    """What does not fit in one wave. `phones` and `nonces` (hex) by handle, from the names; `log` are all call records
    of the operator; `draws` the earlier draws of the same committee; `recused` the handles of those whom the names show
    to have been called in one of these, or to be colleagues of somebody who accepted."""
    parsed = sorted(((parse_record(raw), raw) for raw in log), key=lambda pair: pair[0].started)
    found: list[Finding] = []
    for handle, said in wave.outcomes.items():
        if said == REMOVED:
            continue
        mine = [(record, raw) for record, raw in parsed if record.number == phones.get(handle)]
        found += _check_one(wave, handle, said, mine, nonces.get(handle, ""), draws)
        if said == settling.RECUSED and handle not in recused:
            found.append(Finding(wave.number, handle, "not-recused", said))
    return found


def _check_one(
    wave: Wave,
    handle: str,
    said: str,
    mine: Sequence[tuple[CallRecord, bytes]],
    nonce: str,
    draws: Sequence[str],
) -> Iterable[Finding]:
    run = _run(wave, mine, wave.evidence.get(handle, ""))
    if run:
        heard = settling.outcome([raw for _record, raw in run], wave.until)
        if heard != said:
            yield Finding(wave.number, handle, "contradicted", said, heard)
    else:
        why = _uncalled(wave, handle, nonce, draws)
        fitting = settling.RECUSED if why in ("called", "employer") else settling.SILENT
        if why is None or said != fitting:
            yield Finding(wave.number, handle, "unproven", said)
        elif said == settling.SILENT:
            yield Finding(wave.number, handle, "not-called", said)
    for record, _raw in (pair for pair in mine if pair not in run):
        if _in_time(wave, record) and record.ended <= wave.until:
            yield Finding(wave.number, handle, "left-out", said, record.outcome)


def _run(
    wave: Wave, mine: Sequence[tuple[CallRecord, bytes]], evidence: str
) -> Sequence[tuple[CallRecord, bytes]]:
    """The calls of that time whose hash the wave names, in their order, or none. Others may lie between them: somebody can
    be called for two committees at once."""
    near = [pair for pair in mine if _in_time(wave, pair[0])]
    every = chain.from_iterable(combinations(near, size) for size in range(1, len(near) + 1))
    for chosen in islice(every, TRIES):
        if settling.evidence([raw for _record, raw in chosen]) == evidence:
            return chosen
    return ()


def _in_time(wave: Wave, record: CallRecord) -> bool:
    return wave.called - SKEW <= record.started <= wave.settled + SKEW


def _uncalled(wave: Wave, handle: str, nonce: str, draws: Sequence[str]) -> str | None:
    for why in settling.WHY_UNCALLED:
        for earlier in (None, *draws):
            record = settling.uncalled_record(wave.draw, handle, nonce, why, earlier)
            if settling.evidence([record]) == wave.evidence.get(handle):
                return why
    return None


@dataclass(frozen=True)
class SkipRate:
    """How often the calls of one operator came to "no answer". `conspicuous`: of at least 20 called, more than twice
    as often as with all others together."""

    operator: str
    called: int
    skipped: int
    conspicuous: bool

    @property
    def share(self) -> Fraction:
        return Fraction(self.skipped, self.called)


ENOUGH, TIMES = 20, 2


def skip_rates(outcomes: Iterable[tuple[str, str]]) -> list[SkipRate]:
    """The rates by operator, of (operator, outcome) pairs of everybody who was called; the highest first."""
    called: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for operator, outcome in outcomes:
        if outcome != settling.RECUSED:
            called[operator] += 1
            skipped[operator] += outcome == settling.SILENT
    rates = []
    for operator, number in called.items():
        others, missed = called.total() - number, skipped.total() - skipped[operator]
        above = others > 0 and skipped[operator] * others > TIMES * missed * number
        rates.append(SkipRate(operator, number, skipped[operator], number >= ENOUGH and above))
    return sorted(rates, key=lambda rate: (-rate.share, rate.operator))
