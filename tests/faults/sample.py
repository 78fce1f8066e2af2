"""A seeded sample of the fault harness, and whether its invariants see what they are for (docs/faults.md).

CI plays it by itself, after the other tests: a hall that is killed six times wants the machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from bidding.vault.close import parse_close
from config.supervisor import Hall
from tests.faults.invariants import Onlooker, losses_of_ledger, losses_of_tender, unkept, witness_losses
from tests.faults.runs import hurt_hall, play_one, point_named, publish
from tests.faults.story import Played
from tests.faults.striking import Blow

SAMPLE = (
    ("upload.half", "web", 0.0),
    ("admission.placed", "postgres", 0.01),
    ("close.closed", "worker", 0.0),
    ("release.asked", "custodian", 0.1),
    ("opening.started", "valkey", 0.02),
    ("draw.frozen", "trustees", 0.0),
    ("calls.asked", "site", 0.3),
    ("calls.answered", "wave again", 0.0),
    ("scores.locked", "web", 0.0),
    ("tie.frozen", "trustees", 0.0),
    ("award.issued", "sequencer", 0.0),
)


@dataclass(frozen=True)
class After:
    """A tender that has been played under the sample's faults, and what was found."""

    hall: Hall
    onlooker: Onlooker
    story: Played
    blows: list[Blow]
    losses: list[str]

    def found(self, connection: psycopg.Connection[Any]) -> str:
        """What the invariants say of the hall as this connection sees it."""
        late = [words for _, words in unkept(connection)]
        ledger = losses_of_ledger(self.hall, self.onlooker, connection)
        return "\n".join(late + ledger + losses_of_tender(self.story, connection))


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[After]:
    with hurt_hall() as (hall, patient, onlooker):
        (code,) = publish(hall, patient, 1)
        blows = [Blow(point_named(name), hurt, delay, 7) for name, hurt, delay in SAMPLE]
        folder = tmp_path_factory.mktemp("papers") / "1"
        story, losses = play_one(hall, patient, onlooker, code, folder, blows)
        yield After(hall, onlooker, story, blows, losses)


@pytest.fixture
def connection(after: After) -> Iterator[psycopg.Connection[Any]]:
    """A transaction in which anything may be changed, and which nobody sees."""
    with psycopg.connect(after.hall.environment["DATABASE_URL"]) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")  # no triggers, no foreign keys
        yield connection
        connection.rollback()


def test_a_tender_that_is_hurt_in_every_phase_loses_nothing_and_repeats_nothing(after: After) -> None:
    assert after.losses == []
    assert [str(blow) for blow in after.blows if not blow.done] == []


def test_its_committee_came_from_two_draws_and_its_winner_from_a_third(
    after: After, connection: psycopg.Connection[Any]
) -> None:
    """A shortfall, a draw that points back, and a tie: exported and found in order under the faults."""
    query = "SELECT purpose, number, result_hash, convert_from(params, 'UTF8')::jsonb ->> 'prev' FROM draw WHERE NOT voided ORDER BY announced_at"
    (first, second, tie) = connection.execute(query).fetchall()
    assert [row[0] for row in (first, second, tie)] == ["panel", "panel", "tie"]
    assert (first[3], second[3], tie[3]) == (None, first[2], None)
    tied = (
        "SELECT 1 FROM ledger_entry WHERE position(convert_to('\"type\":\"tie.drawn\"', 'UTF8') IN body) > 0"
    )
    assert len(connection.execute(tied).fetchall()) == 1


BODY = "convert_from(body, 'UTF8')"
ENTRY = 'FROM ledger_entry WHERE position(\'"type":"{}"\' IN ' + BODY + ") > 0"
PLANTED = {
    "an admitted bid is gone": ("DELETE FROM bid WHERE id = (SELECT min(id::text)::uuid FROM bid)", "acts, not"),
    "an award is there twice": (
        "INSERT INTO award SELECT (jsonb_populate_record(award, jsonb_build_object('id', gen_random_uuid(), 'number', 2))).* FROM award",
        "2 awards, not 1",
    ),
    "a custodian's share came early": (
        "UPDATE custodian_release SET received_at = received_at - interval '2 hours'",
        "early releases",
    ),
    "a bid was opened early": ("UPDATE bid_outcome SET decided_at = decided_at - interval '2 hours'", "early outcomes"),
    "an opened bid's entry is from before the close": (
        "UPDATE ledger_entry SET at = at - interval '2 hours' WHERE id IN (SELECT id " + ENTRY.format("bid.opened") + ")",
        "before the close",
    ),
    "a tender was closed twice": (
        "INSERT INTO ledger_entry SELECT (jsonb_populate_record(ledger_entry, jsonb_build_object('id', 1000000))).* "
        + ENTRY.format("tender.closed"),
        "2 entries tender.closed",
    ),
    "an entry is gone": ("DELETE " + ENTRY.format("bid.opened"), "entries bid.opened"),
    "a place in the log is empty": ("DELETE FROM ledger_seq WHERE seq = 5", "have a gap"),
    "an entry was rewritten": (
        "UPDATE ledger_entry SET body = body || '\\x20' WHERE id = (SELECT entry FROM ledger_seq WHERE seq = 5)",
        "a leaf is not its entry's hash",
    ),
    "a promise is overdue": ("UPDATE promise SET kept_at = NULL WHERE topic = 'bundle.publish'", "bundle.publish is not kept"),
}  # fmt: skip


@pytest.mark.parametrize("what", PLANTED)
def test_the_invariants_see_a_planted_loss(
    what: str, after: After, connection: psycopg.Connection[Any]
) -> None:
    statement, words = PLANTED[what]
    assert words not in after.found(connection)
    assert connection.execute(statement).rowcount > 0
    assert words in after.found(connection)


def test_the_invariants_see_a_receipted_bid_that_is_not_in_the_closing_list(
    after: After, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_first(raw: bytes) -> Any:
        found = parse_close(raw)
        return replace(found, entries=found.entries[1:])

    monkeypatch.setattr("tests.faults.invariants.parse_close", without_first)
    assert "which is not in the closing list" in after.found(connection)


def test_the_invariants_see_a_checkpoint_of_another_tree(
    after: After, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(after.onlooker.seen, 5, b"another root")
    assert "the checkpoint of size 5 is not of this tree" in after.found(connection)


def test_the_invariants_see_evidence_that_a_witness_kept(
    after: After, connection: psycopg.Connection[Any]
) -> None:
    evidence = after.hall.state / "outside" / "witness" / "evidence"
    evidence.mkdir(exist_ok=True)
    (evidence / "fork.json").write_text("{}")
    assert witness_losses(after.hall, connection) == ["the witness kept evidence: fork.json"]
