"""An invited tender whose suppliers were not drawn, watched or recorded as the law has it is named by the verifier."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

import tradehall_verify as verifier

CODES = [f"9144030000000000{n:02}" for n in range(6)]
NAMES = dict(zip(CODES, "甲乙丙丁戊己", strict=True))
BUYER = {"id": "11440300000000000X", "name": "市教育局"}
ANN = "aa" * 32


class Side:
    """As much of a bundle as the check looks at."""

    lottery = False
    tender = "T"

    def __init__(self) -> None:
        handles = {f"h{n}": code for n, code in enumerate(CODES)}
        listed = {"tender": "T", "source": "pool", "paper": "", "number": 3,
                  "candidates": [{"id": code, "name": NAMES[code]} for code in CODES]}  # fmt: skip
        record = {"tender": "T", "purchaser": BUYER, "list": "hash of invited/list.json", "candidates": 6, "number": 3,
                  "draw": {"announce": ANN}, "drawn": [{"id": code, "name": NAMES[code]} for code in CODES[:3]]}  # fmt: skip
        self.docs: dict[str, Any] = {
            "tender/evaluation.json": {"procurement": "invited"},
            "tender/files/tender-document.json": {"purchaser": BUYER["name"]},
            "invited/list.json": listed, "invited/record.json": record,
            f"draws/{ANN}/openings.json": {
                "rows": [{"h": h, "record": {"id": code, "name": NAMES[code]}} for h, code in handles.items()]
            },
        }  # fmt: skip
        self.acts: list[tuple[str, int, dict[str, Any]]] = [
            ("invited.watched", 2, {"list": record["list"]}), ("invited.watched", 3, {"list": record["list"]}),
            ("invited.recorded", 9, {"list": record["list"]}), ("tender.published", 10, {}),
        ]  # fmt: skip
        self.draws = [
            SimpleNamespace(
                found={"result": {"panel": {"lot": ["h0", "h1", "h2"]}}}, said={"draw": ANN}, folder=f"draws/{ANN}",
                params={"strata": [{"id": "lot", "quota": 3}]}, rows=[{"h": h} for h in handles],
                announced=SimpleNamespace(index=4),
            )
        ]  # fmt: skip
        self.signers = {
            "invited/record.1.p7s": ("Li", BUYER["id"]),
            "invited/record.2.p7s": ("Wang", BUYER["id"]),
        }
        self.bids = {"m0": CODES[0], "m1": CODES[1], "m2": CODES[2]}
        self.listed = {path: {"tier": "public"} for path in self.docs}
        self.said: list[str] = []
        self.unchecked: list[str] = []

    @property
    def bundle(self) -> Any:
        return self

    def __contains__(self, path: str) -> bool:
        return path in self.docs

    def under(self, folder: str) -> list[str]:
        return [path for path in self.signers if path.startswith(folder)]

    @property
    def valid_bids(self) -> list[str]:
        return list(self.bids)

    def bid(self, manifest: str) -> Any:
        return {"bidder": {"id": self.bids[manifest]}}

    def who(self, manifest: str) -> str:
        return self.bids[manifest]

    def known(self, kind: str) -> list[tuple[Any, dict[str, Any]]]:
        return [(SimpleNamespace(index=at), said) for name, at, said in self.acts if name == kind]

    def of_type(self, kind: str) -> list[Any]:
        return [act for act, _ in self.known(kind)]

    def doc(self, path: str) -> Any:
        return self.docs[path]

    def file_hash(self, path: str) -> str:
        return f"hash of {path}"

    def fail(self, words: str) -> None:
        self.said.append(words)

    @property
    def record(self) -> Any:
        return self.docs["invited/record.json"]

    @property
    def candidates(self) -> Any:
        return self.docs["invited/list.json"]


def found(side: Side, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(verifier, "names_organisation", lambda certificate, code: certificate[1] == code)
    monkeypatch.setattr(verifier, "subject_of", lambda certificate: certificate[0])
    audit: Any = verifier._InvitationAudit(side, side.draws)  # type: ignore[arg-type]
    audit.signer_of = side.signers.__getitem__
    try:
        audit.check()
    except verifier.Invalid as error:
        side.fail(str(error))
    return side.said


def test_a_draw_as_the_law_has_it_is_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    side = Side()
    assert found(side, monkeypatch) == [] and side.unchecked == []


def test_before_the_result_the_public_is_told_what_it_cannot_check(monkeypatch: pytest.MonkeyPatch) -> None:
    side = Side()
    del side.docs["invited/record.json"]
    assert found(side, monkeypatch) == [] and side.unchecked == [
        "who was drawn and invited: not public before the result"
    ]


def drop_candidates(side: Side) -> None:
    del side.candidates["candidates"][4:]
    side.record["candidates"] = 4


def swap_drawn(side: Side) -> None:
    side.record["drawn"][2] = {"id": CODES[5], "name": NAMES[CODES[5]]}


def swap_candidate(side: Side) -> None:
    side.candidates["candidates"][5] = {"id": "914403000000000099", "name": "庚"}


def keep_out(side: Side) -> None:
    side.draws[0].rows[5] = {"h": "h5", "x": "other"}


def late_witness(side: Side) -> None:
    side.acts[1] = ("invited.watched", 5, side.acts[1][2])


def other_list(side: Side) -> None:
    side.acts[0] = ("invited.watched", 2, {"list": "another"})


def one_signs_twice(side: Side) -> None:
    side.signers["invited/record.2.p7s"] = ("Li", BUYER["id"])


def agency_signs(side: Side) -> None:
    side.signers["invited/record.2.p7s"] = ("Zhao", "914403000000000077")


def other_purchaser(side: Side) -> None:
    side.record["purchaser"] = {"id": BUYER["id"], "name": "某代理公司"}


def stranger(side: Side) -> None:
    side.bids["m3"] = CODES[4]


def second_draw(side: Side) -> None:
    side.draws.append(side.draws[0])


def two_drawn(side: Side) -> None:
    side.candidates["number"] = side.record["number"] = 2


def unrecorded(side: Side) -> None:
    del side.acts[2]


def published_first(side: Side) -> None:
    side.acts[3] = ("tender.published", 8, {})


def no_paper(side: Side) -> None:
    side.candidates["source"] = "recommendation"


def record_left_out(side: Side) -> None:
    del side.docs["invited/record.json"]
    side.acts.append(("result.published", 90, {}))


def list_kept_back(side: Side) -> None:
    side.listed["invited/list.json"]["tier"] = "regulator"
    side.acts.append(("result.published", 90, {}))


@pytest.mark.parametrize(
    ("bend", "words"),
    [
        (drop_candidates, "the law wants twice as many"),
        (swap_drawn, "other suppliers than were drawn"),
        (swap_candidate, "others were drawn from than stand in the list"),
        (keep_out, "was kept out of the draw"),
        (late_witness, "1 of the purchaser's staff were present"),
        (other_list, "1 of the purchaser's staff were present"),
        (one_signs_twice, "signed by 1 of the purchaser's staff"),
        (agency_signs, "not signed by the purchaser's staff"),
        (other_purchaser, "the purchaser is 市教育局"),
        (stranger, f"{CODES[4]} bid in an invited tender and was not among those drawn"),
        (second_draw, "were drawn 2 times"),
        (two_drawn, "at least 3"),
        (unrecorded, "there are 0 records"),
        (published_first, "published before the record"),
        (no_paper, "recommendation has no paper"),
        (record_left_out, "the record of the draw of its suppliers is missing"),
        (list_kept_back, "invited/list.json: kept from the public after the result"),
    ],
)
def test_each_bent_invitation_is_named(
    bend: Callable[[Side], None], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    side = Side()
    bend(side)
    said = found(side, monkeypatch)
    assert len(said) == 1 and words in said[0]


def test_only_the_papers_of_an_invitation_may_be_kept_until_the_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    side = Side()
    side.listed["invited/list.json"]["tier"] = side.listed["invited/record.json"]["tier"] = "regulator"
    assert found(side, monkeypatch) == []
    for path in ("list.json", "record.json", "record.1.p7s"):
        assert verifier.REGULATOR_PATHS.fullmatch(f"invited/{path}")
    assert not verifier.REGULATOR_PATHS.fullmatch("invited/more/list.json")


def test_other_tenders_need_no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    side = Side()
    side.docs["tender/evaluation.json"], side.draws = {}, []
    assert found(side, monkeypatch) == []
