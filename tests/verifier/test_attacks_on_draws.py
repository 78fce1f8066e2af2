"""Every attack on a drawn committee that draw.md names, and what the verifier says about it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tradehall_verify as verifier
from tests.verifier.drawn import Drawn, call_record
from tests.verifier.pki import Parties
from tests.verifier.story import Story
from trading.ledger.canonical import dumps

Judge = Callable[..., verifier.Audit]


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties(hasty=True)


@pytest.fixture
def judged(parties: Parties, tmp_path: Path) -> Judge:
    """The audit after V9 and V13 over a bundle whose hall did one thing wrong; its problems are V13's."""

    def run(
        bend: str = "", own: Callable[[Drawn], dict[str, Any]] | None = None, **pack: Any
    ) -> verifier.Audit:
        story = Drawn(parties)
        story.bend = bend
        story.draws_only()
        (tmp_path / "bundle.tar").write_bytes(story.pack(**pack))
        trust = verifier.Trust.parse(story.trust())
        audit = verifier.Audit(verifier.Bundle(str(tmp_path / "bundle.tar")), trust)
        audit.own = [("own.json", own(story))] if own else []
        audit.certificates |= {p.cert_sha256: p.certificate for p in parties.people.values()}
        with audit.about("V13"):
            audit.v13()
        return audit

    return run


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        ("again", "draw 1 for panel does not follow number 1"),  # a second draw under the same number
        ("redrawn", "was drawn though the one before it had filled every seat"),
        ("list", "the list is not the announced one"),  # a changed list
        ("other slip", "the slips of c1 do not open its commitments"),
        ("hidden", "the slips of c3 do not open its commitments"),  # a withheld reveal that nobody recovered
        ("old slip", "was used before"),  # a re-used slip
        ("no answer", "wave 1 does not settle who was called"),  # a fake "no answer", and the draw went on
        ("no record", "without evidence of a call"),
        ("one record", "has the same call record as another answer"),
        ("unsigned wave", "says who answered how, and no device at a site signed it"),
        ("bent answer", "is said to be declining and signed is accepting"),
        ("other records", "binds other call records than the device signed"),
        ("longer", "was answered within another window than"),
        ("undemanded", "was drawn without a demand that was approved"),
        ("few", "3 experts among 3 members were demanded"),
        ("even", "4 experts among 4 members were demanded"),
        ("alone", "approves what the same person had asked for"),
        ("strata", "it was not drawn for the strata that were demanded"),
        ("cap", "it has another limit for one employer than was demanded"),
        ("other draw", "was not seated from the draws that were made for it"),
        ("overfilled", "seats were empty"),
        ("left beforehand", "panel/2 was drawn though the one before it had filled every seat"),
        ("left without a word", "was removed, and no entry panel.member-recused before it says why"),
        ("left on two grounds", "was removed on another ground than the log names"),
        ("left on a whim", "was removed on an unknown ground (whim)"),
        ("passed over at once", "was passed over as recused, and no draw came before"),
        ("swapped", "swapped expert: "),  # a panel that differs from the draw
        ("undrawn", "swapped expert: m5 sits as an expert and was not drawn"),
        ("early", "opens names before the result notice"),
        ("everybody", "opens somebody who had no seat"),  # who declined, too
    ],
)
def test_a_bent_draw_is_exposed_to_everybody(judged: Judge, bend: str, said: str) -> None:
    found = judged(bend, public=True).problems
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        (
            "broad",
            "over-broad avoidance list: 15 candidates for 4 seats of s, 4 for each are wanted, and 1 more",
        ),
        (
            "unfounded",
            "candidate E20 was excluded (employer-avoided, GPR 9(6): works for an organisation to be avoided)",
        ),
        (
            "fit",
            "candidate E21 was excluded (training, training has lapsed) though nothing in its record says so",
        ),
        ("friend", "candidate E3 could be drawn though it had to be excluded (buyer)"),
        ("overlooked", "could be drawn though it had to be excluded (employer-avoided)"),
        ("employer", "its groups are not those of its employer"),
        (
            "passed over",
            "was passed over as recused, and was neither called before nor a colleague of a member",
        ),
        ("left unsigned", "was removed (interest) without the member's signed word"),
        ("left by another hand", "was removed on a statement that somebody else signed"),
    ],
)
def test_a_bent_list_is_exposed_to_the_regulator(judged: Judge, bend: str, said: str) -> None:
    found = judged(bend).problems
    assert any(said in problem for problem in found), found


def test_an_honest_draw_has_no_problem_and_says_who_was_excluded(judged: Judge) -> None:
    audit = judged()
    assert audit.problems == []
    assert "T-2026-001/panel/1: excluded were 1 (employer-avoided), 1 (training)" in audit.notes


def test_an_order_allows_another_committee_and_everybody_is_told(judged: Judge) -> None:
    audit = judged("second")
    assert audit.problems == []
    assert any("panel/2 takes the place of a committee by order" in note for note in audit.notes)


def test_a_second_draw_fills_the_seats_that_the_first_left_empty(judged: Judge) -> None:
    audit = judged("short")
    assert audit.problems == [] and len(audit.of_type("draw.announced")) == 2


def test_a_member_may_leave_the_first_draw_after_a_second_was_announced(judged: Judge) -> None:
    audit = judged("left later")
    assert audit.problems == [] and len(audit.of_type("draw.announced")) == 3
    assert any(
        "left the committee (GPR 9: tied to a bidder within three years)" in note for note in audit.notes
    )


@pytest.mark.parametrize("public", [False, True])
def test_who_was_called_before_and_who_is_a_members_colleague_may_be_passed_over(
    judged: Judge, public: bool
) -> None:
    audit = judged("recused", public=public)
    assert audit.problems == []
    assert any("who was passed over as recused" in text for text in audit.unchecked) is public


def test_the_public_sees_that_members_work_for_nobody_to_be_avoided(judged: Judge) -> None:
    found = judged("overlooked", public=True).problems
    assert any("sits and works for unit" in problem for problem in found), found


def test_names_that_are_not_handed_over_are_said_to_be_unchecked(judged: Judge) -> None:
    audit = judged("sealed")
    assert audit.problems == []
    assert any("was excluded with reason" in text for text in audit.unchecked)
    assert audit._still_sealed(audit.of_type("draw.announced")[0])


@pytest.mark.parametrize("public", [False, True])
def test_the_regulator_learns_the_name_of_whom_nobody_called(judged: Judge, public: bool) -> None:
    audit = judged("never called", public=public)
    told = [
        n for n in audit.notes if re.search(r"\(E\d+\) was marked as .* and never called \(no-number\)", n)
    ]
    assert audit.problems == [] and len(told) == (0 if public else 1)


def test_an_answer_of_somebody_whom_nobody_called_is_exposed_to_the_regulator(judged: Judge) -> None:
    found = judged("invented answer").problems
    assert any("is said to have answered, and nobody called" in problem for problem in found), found


def uncalled(story: Drawn) -> dict[str, Any]:
    """What the expert holds whom nobody called."""
    t = story.ceremony.transcript
    handle = next(h for wave in t["waves"] for h, outcome in wave.items() if outcome == "D")
    nonce, found = story.ceremony.listed.openings[handle]
    return {"announce": story.ann, "h": handle, "nonce": nonce, "record": dict(found)}


def test_an_expert_learns_that_nobody_called_it(judged: Judge) -> None:
    audit = judged("never called", uncalled, public=True)
    assert any("without a call (no-number) at 2026-" in note for note in audit.notes), audit.notes


def skipped(record: Callable[[str], bytes]) -> Callable[[Drawn], dict[str, Any]]:
    """What an expert who was passed over holds: the opening of its row, and its own call record."""

    def own(story: Drawn) -> dict[str, Any]:
        t = story.ceremony.transcript
        handle = next(h for wave in t["waves"] for h, outcome in wave.items() if outcome == "D")
        nonce, found = story.ceremony.listed.openings[handle]
        opening = {"announce": story.ann, "h": handle, "nonce": nonce, "record": dict(found)}
        return opening | {"calls": [record(handle).decode()]}

    return own


def test_an_expert_learns_how_it_is_said_to_have_answered(judged: Judge) -> None:
    audit = judged("", skipped(lambda handle: call_record(handle, "D")))
    assert audit.problems == []
    assert any("was marked as declining at 2026-" in note for note in audit.notes)


def test_call_records_that_the_log_does_not_bind_expose_a_false_answer(judged: Judge) -> None:
    found = judged("", skipped(lambda handle: call_record(handle, "A"))).problems
    assert any("the call records are not those that entry" in problem for problem in found), found


def test_a_head_who_is_not_an_expert_is_named(parties: Parties, tmp_path: Path) -> None:
    story = Story(parties)
    member = {"member": "m1", "role": "purchaser", "head": True, "cert_sha256": "00" * 32}
    story.files["evaluation/panel.json"] = dumps({"members": [member]})
    story.publish()
    story.finish()
    (tmp_path / "bundle.tar").write_bytes(story.pack())
    audit = verifier.Audit(verifier.Bundle(str(tmp_path / "bundle.tar")), None)
    audit._check_head()
    assert audit.problems == ["m1 leads the committee and is not one of its experts"]


def test_who_signs_in_draws_is_whom_the_trust_file_lists(parties: Parties, tmp_path: Path) -> None:
    """Trustees and device of the hall's own choice fail where the file has theirs, and count as the operator's where it
    has none."""
    story = Drawn(parties)
    story.draws_only()
    (tmp_path / "bundle.tar").write_bytes(story.pack())

    def audited(**rows: Any) -> verifier.Audit:
        trust = verifier.Trust.parse(dumps(json.loads(story.trust()) | rows))
        audit = verifier.Audit(verifier.Bundle(str(tmp_path / "bundle.tar")), trust)
        with audit.about("V13"):
            audit.v13()
        return audit

    honest = audited()
    assert honest.problems == [] and not any("trust file" in line for line in honest.unchecked)
    line = verifier.independence(honest.trust, honest.served)
    assert "4 of 4 draw trustees and 0 of 1 calling devices are not controlled by the operator" in line
    others = audited(
        trustees=[{"name": "c1", "controller": "A", "cert_sha256": ["ab" * 32]}],
        devices=[{"name": "site", "controller": "A", "cert_sha256": ["ab" * 32]}],
    )
    assert [problem.split(" signs as ")[0] for problem in others.problems] == [
        "draw T-2026-001/panel/1: the draw trustee c1",
        f"draw T-2026-001/panel/1: the calling device {parties.people['site'].cert_sha256[:16]}",
    ]
    assert all("whose certificate the trust file does not name" in problem for problem in others.problems)
    unlisted = audited(trustees=[], devices=[])
    told = [line for line in unlisted.unchecked if "the trust file lists no such" in line]
    assert (
        unlisted.problems == []
        and len(told) == 5
        and told[0].startswith("who the draw trustee c1 is: it signs as ")
    )
    assert "0 of 4 draw trustees and 0 of 1 calling" in verifier.independence(unlisted.trust, unlisted.served)
