"""Clocks that disagree: proven offsets stop admission, unproven ones do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from trading import clock
from trading.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint
from trading.ledger.models import LedgerCheckpoint, LedgerCosig
from trading.ledger.standing import say_halted
from trading.timekeeping import beyond, skews

SEED = bytes(range(32))
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def cosigned(session: Session, size: int, signed_at: datetime, **witnesses: timedelta) -> None:
    """A checkpoint of that size, and what each witness's clock said when it cosigned right afterwards."""
    note = sign_checkpoint(Checkpoint("ledger.example/1", size, bytes(32)), SEED)
    session.add(LedgerCheckpoint(size=size, root=bytes(32), note=note, at=signed_at))
    session.flush()
    for name, wrong in witnesses.items():
        line = cosign(note, name, SEED, int((signed_at + wrong).timestamp()))
        session.add(LedgerCosig(size=size, witness=name, line=line))
    session.flush()


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def test_an_offset_is_the_distance_from_what_the_other_clock_may_have_said() -> None:
    assert beyond(NOON, NOON, NOON) == timedelta()
    assert beyond(NOON + seconds(2), NOON, NOON + seconds(1)) == seconds(1)
    assert beyond(NOON - seconds(2), NOON, NOON + seconds(1)) == seconds(-2)


def test_clocks_that_agree_are_not_complained_of(session: Session) -> None:
    assert skews(session) == []
    cosigned(session, 7, clock.database_now(session), a=seconds(0))
    assert skews(session) == []


@pytest.mark.parametrize(("skew", "words"), [("1500", "ahead of"), ("-1500", "behind")])
def test_a_process_whose_own_clock_is_wrong_is_found(
    session: Session, monkeypatch: pytest.MonkeyPatch, skew: str, words: str
) -> None:
    monkeypatch.setenv(clock.SKEW, skew)
    (found,) = skews(session)
    assert words in str(found) and "the database's" in str(found)
    assert skews(session, seconds(2)) == []


def test_a_witness_that_cosigned_before_the_checkpoint_was_made_shows_a_clock_ahead(session: Session) -> None:
    cosigned(session, 7, clock.database_now(session), a=seconds(-5))
    (found,) = skews(session)
    assert str(found).startswith("the hall's clock is 4") and str(found).endswith("ms ahead of witness a's")


def test_a_witness_that_cosigned_later_than_now_shows_a_clock_behind(session: Session) -> None:
    cosigned(session, 7, clock.database_now(session), a=seconds(60))
    (found,) = skews(session)
    assert "behind witness a's" in str(found)


def test_a_cosignature_that_came_late_proves_nothing(session: Session) -> None:
    cosigned(session, 7, clock.database_now(session) - seconds(600), a=seconds(300))
    assert skews(session) == []


def test_one_witness_of_three_with_a_wrong_clock_stops_nothing(session: Session) -> None:
    cosigned(session, 7, clock.database_now(session), a=seconds(10**9), b=seconds(0), c=seconds(0))
    assert skews(session) == []
    cosigned(session, 8, clock.database_now(session), a=seconds(10**9), b=seconds(90), c=seconds(0))
    assert len(skews(session)) == 2


def test_only_a_witness_s_newest_word_counts(session: Session) -> None:
    cosigned(session, 7, clock.database_now(session), a=seconds(-60))
    cosigned(session, 8, clock.database_now(session), a=seconds(0))
    assert skews(session) == []


def test_readiness_says_that_clocks_disagree(app: TestApp, monkeypatch: pytest.MonkeyPatch) -> None:
    assert app.get("/readyz").json == {"status": "ok"}
    monkeypatch.setenv(clock.SKEW, "-2000")
    answer = app.get("/readyz", status=503).json
    assert answer["status"] == "skewed"
    assert answer["clock"].endswith("ms behind the database's")


def test_readiness_says_why_the_ledger_signs_nothing(app: TestApp, config: Configurator) -> None:
    say_halted(
        Path(config.registry.settings["ledger.folder"]), "The backup is too old: tradehall ledger replay"
    )
    answer = app.get("/readyz", status=503).json
    assert answer == {"status": "halted", "ledger": "The backup is too old: tradehall ledger replay"}
    assert app.get("/healthz").json == {"status": "ok"}
