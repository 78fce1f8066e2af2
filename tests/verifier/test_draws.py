"""The verifier computes every draw of a tender again, from what the ceremony wrote into the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tradehall_verify as verifier
from tests.draws.agreement import judged, sample
from tests.draws.ceremonies import Ceremony, ceremony
from tests.verifier import story as story_module
from tests.verifier.pki import Parties
from tests.verifier.story import IDS, MEMBERS, TENDER, Story, hexhash, price_sheet
from trading.draws.candidates import Candidate
from trading.draws.draw import Replay, replay
from trading.ledger.canonical import dumps

Verify = Callable[..., tuple[int, str]]
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "draw_ebid.json").read_text())
TRUSTEES = ("c1", "c2", "c3")
POOL = [
    Candidate(
        {"id": f"E{n}", "name": f"expert {n}", "org": f"unit{n}", "cats": ["A0801"]},
        (f"unit{n}",),
        ("A0801",),
    )
    for n in range(9)
]


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties()


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    def run(story: Story, *more: str, **pack: Any) -> tuple[int, str]:
        (tmp_path / "bundle.tar").write_bytes(story.pack(**pack))
        (tmp_path / "trust.json").write_bytes(story.trust())
        lines: list[str] = []
        arguments = [str(tmp_path / "bundle.tar"), "--trust", str(tmp_path / "trust.json"), *more]
        return verifier.main(arguments, lines.append), "\n".join(lines)

    return run


class Drawn(Story):
    """The committee is drawn before it is imported; `bend` names what the hall does wrong."""

    bend = ""
    purpose, pool, tag, seats, answers, waves = "experts", POOL, "A0801", len(MEMBERS), "AAD", 3

    def draws_only(self) -> None:
        """What V13 needs and no more: the other checks fail for want of bids."""
        self.publish()
        self.draws()
        members = [{"member": m} for m in MEMBERS]
        self.files["evaluation/panel.json"] = dumps({"members": members})
        self.act("panel.imported", {})
        self.act("result.published", {})
        self.finish()

    def evaluation(self) -> None:
        self.draws()
        super().evaluation()

    def draws(self) -> None:
        first = self.hold(1, None)
        self.panel = first.result["panel"]["s"]
        if self.bend == "again":
            self.hold(1, None)
        if self.bend == "second":
            self.panel = self.hold(2, first.result_hash.hex()).result["panel"]["s"]
        if self.bend == "unlinked":
            self.hold(2, None)

    def act(self, kind: str, payload: dict[str, Any], *, secret: bool = False) -> int:
        if kind == "panel.imported":
            payload = {"panel": self.name_handles()}
        index = super().act(kind, payload, secret=secret)
        if kind == "result.published" and self.bend != "early":
            self.open_names()
        return index

    def name_handles(self) -> str:
        panel = json.loads(self.files["evaluation/panel.json"])
        for member, handle in zip(panel["members"], self.panel, strict=True):
            member["handle"] = handle
        if self.bend == "swapped":
            panel["members"][0]["handle"] = next(
                h for h in self.ceremony.listed.openings if h not in self.panel
            )
        self.files["evaluation/panel.json"] = dumps(panel)
        return hexhash(self.files["evaluation/panel.json"])

    def hold(self, number: int, prev: str | None) -> Replay:
        """One ceremony, entry by entry."""
        start = int(self.now.timestamp())
        self.ceremony = drawn = ceremony(
            56 + number, alg="sm3" if number == 2 else "sha256", scope=f"{TENDER}/{self.purpose}/{number}", cap=1, k=2,
            trustees=TRUSTEES, must=["c1", "c2", "tenderer"], volunteers=["c3"], candidates=self.pool, prev=prev, beacon=None,
            strata=[{"id": "s", "quota": self.seats, "tags": [self.tag]}], answers=self.answers, waves=self.waves,
            times=(start + 3600, start + 3600, start + 7200),
        )  # fmt: skip
        found = replay(drawn.transcript)
        self.ann = found.announce.hex()
        self.announce(drawn)
        self.commit_and_ack(drawn.transcript)
        self.entry(
            "frozen", freeze=found.freeze.hex(), parties=sorted(drawn.transcript["commits"]), dropped=[]
        )
        if self.bend != "unwitnessed":
            self.checkpoint()
        self.reveal(drawn.transcript)
        self.call(drawn.transcript)
        self.entry("result", result=found.result, hash=found.result_hash.hex())
        if self.bend == "early":
            self.open_names()
        return found

    def entry(self, kind: str, **payload: Any) -> None:
        self.act(f"draw.{kind}", {"draw": self.ann, **payload})

    def announce(self, drawn: Ceremony) -> None:
        t, folder = drawn.transcript, f"draws/{self.ann}"
        rows = [
            {"h": h, "nonce": nonce, "record": dict(record), "groups": [record["org"]]}
            for h, (nonce, record) in sorted(drawn.listed.openings.items())
        ]
        if self.bend == "employer":
            rows[0]["groups"] = ["another employer"]
        sealed = {"v": 1, "typ": "ebid.draw-openings", "announce": self.ann, "rows": rows}
        sealed["group_nonce"] = drawn.listed.group_nonce.hex()
        listed = t["rows"][1:] if self.bend == "list" else t["rows"]
        files = {"params": dumps(t["params"]), "rows": dumps(listed), "openings": dumps(sealed)}
        self.files |= {f"{folder}/{name}.json": raw for name, raw in files.items()}
        self.regulator.add(f"{folder}/openings.json")
        certificates = {p: self.parties.people[p].cert_sha256 for p in {*TRUSTEES, "tenderer"}}
        self.entry(
            "announced", **{name: hexhash(raw) for name, raw in files.items()}, certificates=certificates
        )

    def commit_and_ack(self, t: dict[str, Any]) -> None:
        hashes = []
        for party in t["commits"]:
            signer = "m1" if self.bend == "signer" and party == "c1" else party
            hashes.append(
                self.paper("commits", "commit", party=party, signer=signer, commits=t["commits"][party])
            )
        for trustee in TRUSTEES:
            if self.bend != "unacked" or trustee != "c2":
                self.paper("acks", "ack", trustee=trustee, signer=trustee, commits=sorted(hashes))

    def paper(self, folder: str, name: str, *, signer: str, commits: list[str], **who: str) -> str:
        certificate = self.parties.people[signer].cert_sha256
        document = {"v": 1, "typ": f"ebid.draw-{name}", "announce": self.ann, "cert_sha256": certificate}
        raw = dumps({**document, **who, "commits": commits})
        digest, p7s = self.signed(f"draws/{self.ann}/{folder}/{hexhash(raw)}", raw, signer)
        self.entry("committed" if name == "commit" else "acked", **who, **{name: digest, "p7s": p7s})
        return digest

    def reveal(self, t: dict[str, Any]) -> None:
        for party, slips in t["slips"].items():
            if self.bend in ("withheld", "hasty") and party == "c3":
                if self.bend == "withheld":
                    self.tick(9000)
                self.entry("revealed", party=party, slips=slips, by=["c1", "c2"])
            else:
                self.entry("revealed", party=party, slips=slips, by=[party])

    def call(self, t: dict[str, Any]) -> None:
        for number, call in enumerate(t["result"]["calls"]):
            self.entry("called", number=number, call=call)
            if number < len(t["waves"]):
                outcomes = dict(t["waves"][number])
                if self.bend == "no answer" and number == 0:
                    outcomes[next(h for h, o in outcomes.items() if o == "A")] = "N"
                self.entry("wave", number=number, outcomes=outcomes, evidence={})

    def open_names(self) -> None:
        t = self.ceremony.transcript
        seats = [h for members in t["result"]["panel"].values() for h in members]
        if self.bend == "gossip":
            seats = [h for h in t["openings"] if h not in seats][:1]
        self.entry("opened", openings={h: t["openings"][h] for h in seats})


class Tied(Drawn):
    """Two bids are equal, and a ceremony puts them in order; `bend` names what the hall does with that order."""

    purpose, tag, seats, answers, waves = "tie", "lot", 2, "A", 1
    pool = [
        Candidate({"id": bid, "name": bid, "org": bid, "cats": ["lot"]}, (bid,), ("lot",)) for bid in IDS[:2]
    ]

    def draws(self) -> None:
        found = self.hold(1, None)
        names = self.ceremony.listed.openings
        order = [str(names[handle][1]["id"]) for handle in found.order]
        said = {
            "bids": order[::-1] if self.bend == "reversed" else order,
            "how": "",
            "officer": "ebid-draw/1",
        }
        self.act("tie.drawn", said | {"draw": "00" * 32 if self.bend == "no such draw" else self.ann})
        self.orders = [order[::-1] if self.bend in ("reversed", "other inputs") else order]

    def name_handles(self) -> str:
        return hexhash(self.files["evaluation/panel.json"])

    def open_names(self) -> None:
        if self.bend != "unopened":
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
def test_a_tender_with_a_drawn_committee_verifies_in_both_tiers(
    parties: Parties, verify: Verify, public: bool
) -> None:
    story = Drawn(parties)
    story.build()
    code, text = verify(story, public=public)
    assert (code, v13(text)) == (0, ["ok   1 draws computed again"]), text


@pytest.mark.parametrize("bend", ["", "second", "withheld"])
def test_a_second_committee_and_a_withheld_reveal_are_in_order(
    parties: Parties, verify: Verify, bend: str
) -> None:
    _, text = verify(drawn(parties, bend))
    assert v13(text) == [f"ok   {2 if bend == 'second' else 1} draws computed again"], text


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        ("again", "draw 1 for experts does not follow number 1"),
        ("unlinked", "prev is not the result of the draw before"),
        ("list", "the list is not the announced one"),
        ("signer", "c1 did not sign with the announced certificate"),
        ("unacked", "c2 has not acknowledged the slips of"),
        ("unwitnessed", "no checkpoint with the freeze was cosigned"),
        ("hasty", "the slips of c3 were recovered before t_reveal"),
        ("no answer", "wave 1 does not settle who was called"),
        ("swapped", "was not drawn but is of the committee"),
        ("early", "opens names before the result notice"),
        ("gossip", "opens somebody who had no seat"),
        ("employer", "its groups are not those of its employer"),
    ],
)
def test_a_bent_ceremony_is_named(parties: Parties, verify: Verify, bend: str, said: str) -> None:
    _, text = verify(drawn(parties, bend))
    assert any(line.startswith("FAIL") and said in line for line in v13(text)), text


def test_an_expert_finds_its_place_and_a_stranger_does_not(
    parties: Parties, verify: Verify, tmp_path: Path
) -> None:
    story = drawn(parties)
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
