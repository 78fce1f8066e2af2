"""The verifier computes every draw of a tender again, from what the ceremony wrote into the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tradehall_verify as verifier
from tests.draws.agreement import judged, sample
from tests.verifier import story as story_module
from tests.verifier.drawn import Drawn, Whole
from tests.verifier.pki import Parties
from tests.verifier.story import IDS, MEMBERS, Story, price_sheet
from trading.draws.candidates import Candidate
from trading.ledger.canonical import dumps

Verify = Callable[..., tuple[int, str]]
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "draw_ebid.json").read_text())


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties()


@pytest.fixture(scope="module")
def hasty() -> Parties:
    """For what V13 alone says, which looks at no signature."""
    return Parties(hasty=True)


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    def run(story: Story, *more: str, **pack: Any) -> tuple[int, str]:
        (tmp_path / "bundle.tar").write_bytes(story.pack(**pack))
        (tmp_path / "trust.json").write_bytes(story.trust())
        lines: list[str] = []
        arguments = [str(tmp_path / "bundle.tar"), "--trust", str(tmp_path / "trust.json"), *more]
        return verifier.main(arguments, lines.append), "\n".join(lines)

    return run


class Tied(Drawn):
    """Two bids are equal, and a ceremony puts them in order; `bend` names what the hall does with that order."""

    purpose, tag, quota, answers, waves, members = "tie", "lot", 2, "A", 1, MEMBERS
    pool = [
        Candidate({"id": bid, "name": bid, "org": bid, "cats": ["lot"]}, (bid,), ("lot",)) for bid in IDS[:2]
    ]

    def seat(self) -> None:
        self.draws()
        self.act("panel.imported", {"panel": Story.panel(self)})

    def draws(self) -> None:
        self.anns = []
        found = self.hold(1, None)
        if self.bend == "void":
            return
        names = self.ceremony.listed.openings
        order = [str(names[handle][1]["id"]) for handle in found.order]
        said = {
            "bids": order[::-1] if self.bend == "reversed" else order,
            "how": "",
            "officer": "ebid-draw/1",
        }
        self.act("tie.drawn", said | {"draw": "00" * 32 if self.bend == "no such draw" else self.ann})
        self.orders = [order[::-1] if self.bend in ("reversed", "other inputs") else order]

    def open_names(self) -> None:
        if self.bend not in ("unopened", "void"):
            self.entry("opened", openings=self.ceremony.transcript["openings"])


@pytest.fixture
def tied(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Tied]:
    equal = [price_sheet("950000.00", "玖拾伍万元整", brand=brand) for brand in "AB"]
    monkeypatch.setattr(story_module, "SHEETS", (*equal, story_module.SHEETS[2]))

    def build(bend: str) -> Tied:
        story = Tied(parties)
        story.bend = bend
        story.build()
        return story

    return build


@pytest.mark.parametrize("public", [False, True])
def test_an_order_among_equal_bids_that_was_drawn_verifies_in_both_tiers(
    tied: Callable[[str], Tied], verify: Verify, public: bool
) -> None:
    code, text = verify(tied(""), public=public)
    assert (code, v13(text)) == (0, ["ok   1 draws computed again"]), text
    assert "VERIFIED" in text and "how the draws among equal bids were made" not in text


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        ("reversed", "the order among equal bids is not that of the draw"),
        ("no such draw", "the draw that it names has no result before it"),
        ("other inputs", "the evaluation used an order among equal bids that no entry tie.drawn gives"),
    ],
)
@pytest.mark.parametrize("public", [False, True])
def test_another_order_than_the_drawn_one_is_named(
    tied: Callable[[str], Tied], verify: Verify, bend: str, said: str, public: bool
) -> None:
    code, text = verify(tied(bend), public=public)
    assert code != 0 and any(line.startswith("FAIL") and said in line for line in v13(text)), text


def test_without_the_openings_the_public_is_told_what_it_cannot_check(
    tied: Callable[[str], Tied], verify: Verify
) -> None:
    _, text = verify(tied("unopened"), public=True)
    assert "whose the tickets in the draw among equal bids were" in text


def drawn(parties: Parties, bend: str = "") -> Drawn:
    story = Drawn(parties)
    story.bend = bend
    story.draws_only()
    return story


def v13(text: str) -> list[str]:
    return [line.removeprefix("V13 ") for line in text.split("\n") if line.startswith("V13 ")]


@pytest.mark.parametrize("public", [False, True])
def test_a_scored_tender_with_a_drawn_committee_verifies_in_both_tiers(
    parties: Parties, verify: Verify, public: bool
) -> None:
    story = Whole(parties)
    story.build()
    code, text = verify(story, public=public)
    said = "ok   1 draws computed again; 4 of 5 members of the committee were drawn"
    assert (code, v13(text)) == (0, [said]), text


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        ("impostor", "V13 FAIL swapped expert: expert"),
        ("other caller", "V6  FAIL draws/"),
    ],
)
def test_signatures_of_others_than_the_drawn_and_the_device_are_named(
    parties: Parties, verify: Verify, bend: str, said: str
) -> None:
    story = Whole(parties)
    story.bend = bend
    story.build()
    code, text = verify(story, public=True)
    line, *_summary = [line for line in text.split("\n") if "FAIL" in line]
    assert code == 1 and line.startswith(said), text
    assert ("CN=somebody else signs as m1" in line) is (bend == "impostor")


class Unnamed(Whole):
    """The public's bundle keeps the committee back; `results` says whether that is still lawful."""

    published = False

    def build(self) -> Story:
        """As far as the report, or as the result notice."""
        for step in (self.publish, self.bids, self.closing, self.opening, self.evaluation):
            step()
        if self.published:
            self.results()
        names = [path for path in self.files if path.endswith(".p7s") and "/report." in path]
        self.regulator |= {"evaluation/panel.json", *names}
        self.finish()
        return self


@pytest.mark.parametrize("published", [False, True])
def test_the_committee_is_kept_back_until_the_result_notice_and_no_longer(
    parties: Parties, verify: Verify, published: bool
) -> None:
    story = Unnamed(parties)
    story.published = published
    story.build()
    code, text = verify(story, public=True)
    assert (code == 0) is not published, text
    late = "the committee is kept from the public after the result notice"
    assert (late if published else "V9  --   nothing to check: the committee is not named yet") in text
    assert verify(story)[0] == 0, "the regulator reads and checks all of it"


@pytest.mark.parametrize("bend", ["", "second", "withheld"])
def test_a_second_committee_and_a_withheld_reveal_are_in_order(
    hasty: Parties, verify: Verify, bend: str
) -> None:
    _, text = verify(drawn(hasty, bend))
    assert v13(text)[0].startswith(f"ok   {2 if bend == 'second' else 1} draws computed again"), text


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        ("unlinked", "prev is not the result of the draw before"),
        ("signer", "c1 did not sign with the announced certificate"),
        ("unacked", "c2 has not acknowledged the slips of"),
        ("unwitnessed", "no checkpoint with the freeze was cosigned"),
        ("hasty", "the slips of c3 were recovered before t_reveal"),
        ("gossip", "opens somebody who had no seat"),
    ],
)
def test_a_bent_ceremony_is_named(hasty: Parties, verify: Verify, bend: str, said: str) -> None:
    _, text = verify(drawn(hasty, bend))
    assert any(line.startswith("FAIL") and said in line for line in v13(text)), text


def test_an_expert_finds_its_place_and_a_stranger_does_not(
    hasty: Parties, verify: Verify, tmp_path: Path
) -> None:
    story = drawn(hasty)
    handle, (nonce, record) = next(iter(story.ceremony.listed.openings.items()))
    mine = tmp_path / "mine.json"
    mine.write_bytes(dumps({"announce": story.ann, "h": handle, "nonce": nonce, "record": dict(record)}))
    _, text = verify(story, "--own", str(mine))
    assert "was in the list, number" in text
    mine.write_bytes(dumps({"announce": story.ann, "h": handle, "nonce": nonce, "record": {"id": "E99"}}))
    _, text = verify(story, "--own", str(mine))
    assert any("does not lead to a row" in line for line in v13(text)), text


def test_a_committee_that_was_not_drawn_here_is_said_to_be_unverifiable(
    parties: Parties, verify: Verify
) -> None:
    story = Drawn(parties)
    story.publish()
    story.files["evaluation/panel.json"] = dumps({"members": []})
    story.finish()
    _, text = verify(story)
    assert v13(text) == ["--   nothing to check: the draw of the committee was not ours: unverifiable"]
    assert "not checked: the draw of the committee: it was not ours" in text


def test_a_void_draw_of_something_else_does_not_make_the_committee_drawn(
    hasty: Parties, verify: Verify
) -> None:
    story = Tied(hasty)
    story.bend = "void"
    story.draws_only()
    _, text = verify(story)
    assert v13(text) == ["ok   1 draws computed again, 1 of them voided"], text
    assert "not checked: the draw of the committee: it was not ours" in text


def test_a_committee_that_is_said_to_be_drawn_and_was_not_is_named(hasty: Parties, verify: Verify) -> None:
    story = Drawn(hasty)
    story.publish()
    story.act("panel.seated", {"panel": Story.panel(story), "draws": [], "demand": "00" * 32})
    story.finish()
    _, text = verify(story)
    said = "a committee was seated as drawn, and no draw of it came to a result"
    assert any(line.startswith("FAIL") and said in line for line in v13(text)), text


@pytest.mark.parametrize("entry", VECTORS["positive"], ids=lambda entry: entry["name"])
def test_the_verifier_computes_every_vector(entry: Any) -> None:
    found = verifier.replay_draw(entry["transcript"])
    wanted = entry["intermediate"]
    assert (found["announce"], found["freeze"], found["order"]) == tuple(
        wanted[k] for k in ("announce", "freeze", "order")
    )


@pytest.mark.parametrize("entry", VECTORS["negative"], ids=lambda entry: entry["name"])
def test_the_verifier_refuses_every_bent_vector(entry: Any) -> None:
    with pytest.raises(verifier.Invalid):
        verifier.replay_draw(entry["transcript"])


def test_the_verifier_judges_random_and_bent_transcripts_as_the_hall_does() -> None:
    for number in range(60_000, 60_300):
        raw, theirs = sample(number), {"code": ""}
        try:
            found = verifier.replay_draw(verifier.parse_canonical(raw))
            theirs = {"seed": found["seed"], "result": found["hash"]}
        except verifier.Invalid:
            pass
        ours = judged(raw)
        assert theirs == ({"code": ""} if "code" in ours else ours), number
