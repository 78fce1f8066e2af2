"""Every way to bend scores after they were signed, and the name that the verifier gives it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tradehall_verify as verifier
from tests.verifier.drawn import Replaced, Scored
from tests.verifier.pki import Parties
from tests.verifier.story import IDS, TENDER

FOR_WANT_OF_BIDS = "no bid of it was opened"


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties(hasty=True)


@pytest.fixture
def problems(parties: Parties, tmp_path: Path) -> Callable[..., list[str]]:
    """What V10 finds in a bundle whose hall did one thing wrong."""

    def run(bend: str = "", told: type[Scored] = Scored, **pack: Any) -> list[str]:
        story = told(parties)
        story.bend = bend
        story.scores_only()
        (tmp_path / "bundle.tar").write_bytes(story.pack(**pack))
        trust = verifier.Trust.parse(story.trust())
        audit = verifier.Audit(verifier.Bundle(str(tmp_path / "bundle.tar")), trust)
        with audit.about("V10"):
            if told is Replaced:
                audit._check_replacements()
            audit.v10()
        return [problem for problem in audit.problems if FOR_WANT_OF_BIDS not in problem]

    return run


@pytest.mark.parametrize("public", [False, True])
def test_honest_scores_have_no_problem(problems: Callable[..., list[str]], public: bool) -> None:
    assert problems(public=public) == []


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        ("facts of another", "facts were stated by m2, who does not lead the committee"),
        ("facts late", "member m3 locked a sheet before the facts were stated"),
        ("dropped", "dropped sheet: member m4 locked no scores"),
        ("twice", "member m1 locked 2 sheets"),
        ("stranger", "sheet of a stranger: c1 locked scores and is not of the panel"),
        ("late", "came before the last sheet was locked"),
        ("swapped", "swapped expert: m5 is of the panel, but no scores of this member were used"),
        ("swapped", "swapped expert: the scores of c1 were used, who is not of the panel"),
        ("unsigned correction", "correction 1 (of member m2) was signed by nobody"),
        ("missing correction", "correction missing: number 1 of member m2"),
        ("missing correction", f"the members still differ on the objective item O of bid {IDS[0]}"),
        ("groundless", "correction 0 of the scores has no ground in M87 64"),
        ("weight", "a weight was changed: T weighs 50.00 of 100, published was 40.00"),
        ("silent", "member m5 owes 3 reasons for outliers and gave 2"),
        ("sensitivity", 'the report\'s sensitivity has {"changes_first":true'),
        ("ranking", "the report's ranking is another one"),
        ("unprinted correction", "the report leaves out a correction of scores"),
        ("invented correction", "the report prints a correction 2 that was not made"),
        ("points", f"bidder {IDS[1]}: the report says 40.00 points for T, recomputed 32.00"),
    ],
)
def test_bent_scores_are_exposed_to_everybody(
    problems: Callable[..., list[str]], bend: str, said: str
) -> None:
    found = problems(bend, public=True)
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        (
            "no reason",
            f"departs from the stated facts without a reason: member m2, bid {IDS[0]}, item O: "
            "sheet says 2, stated was 3",
        ),
        ("fact missing", f"no fact was stated for bid {sorted(IDS)[0]}, item O"),
        ("bent", f"score bent: member m1, bid {IDS[0]}, item T: sheet says 18, inputs say 20"),
        ("other reason", "the reasons for outliers: the report prints other reasons than the members signed"),
        ("other correction", "correction 1 bent: after 2.5 in the inputs, signed was 3"),
        ("other ground", "correction 1: the report prints another reason than was signed"),
        ("other fact", "the report prints other facts of objective items than the head signed"),
        ("silent", f"outlier without a reason: member m5, bid {IDS[0]}, item T: 9"),
    ],
)
def test_bent_scores_are_named_for_the_regulator(
    problems: Callable[..., list[str]], bend: str, said: str
) -> None:
    found = problems(bend)
    assert any(said in problem for problem in found), found


@pytest.mark.parametrize("public", [False, True])
def test_of_a_replaced_member_nothing_counts_and_that_is_no_problem(
    problems: Callable[..., list[str]], public: bool
) -> None:
    assert problems(told=Replaced, public=public) == []


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        ("void sheet", "void conclusion counted: scores of member c1, who was replaced (entry "),
        ("void member", "void conclusion counted: scores of member c1, who was replaced (entry "),
        ("void correction", "void conclusion counted: a correction of member c1, who was replaced (entry "),
        ("dropped correction", "correction missing: number 1 of member m2"),
        ("no document", "the document behind the replacement of a member is missing"),
        ("no order", "only the panel document says that member c1 was replaced"),
    ],
)
def test_a_void_conclusion_that_is_counted_anyway_is_named(
    problems: Callable[..., list[str]], bend: str, said: str
) -> None:
    found = problems(bend, told=Replaced)
    assert any(said in problem for problem in found), found


def test_what_a_report_prints_beside_its_result_is_recomputed(parties: Parties, tmp_path: Path) -> None:
    story = Scored(parties)
    story.scores_only()
    (tmp_path / "bundle.tar").write_bytes(story.pack())
    audit: Any = verifier.Audit(verifier.Bundle(str(tmp_path / "bundle.tar")), None)
    inputs, report = audit.doc("evaluation/inputs.json"), audit.doc("evaluation/report.json")
    audit.evaluation, first = verifier.evaluate_scoring(inputs), IDS[0]

    def said(**bent: Any) -> str:
        audit.problems = []
        verifier._ReportAudit(audit, inputs, report | bent).check()
        return " ".join(audit.problems)

    lines = report["derivations"][first]
    total = next(line for line in lines if line["code"] == "opening-total")
    other = [{**line, "values": {"price": "1.00"}} if line is total else line for line in lines]
    heads = [row | {"head": True} for row in report["committee"]]
    minority = {"bid": first, "review": "conformity", "item": "C1", "member": "m1", "reason": "no"}
    assert said() == ""
    assert f"derivation of bidder {first} has" in said(derivations=report["derivations"] | {first: other})
    assert f"derivation of bidder {first} lacks" in said(derivations={})
    assert "it is not the committee" in said(committee=heads)
    assert "not what the minority wrote" in said(dissent=[minority])
    assert "before the last conclusion" in said(drawn_up="2020-01-01T00:00:00.000Z")
    assert "after its first signature" in said(drawn_up="2030-01-01T00:00:00.000Z")
    assert "names somebody whose bid was not opened" in said(bidders={"x": {}})
    del report["dissent"]
    assert said() == "the report does not print its dissent"


def test_points_that_a_letter_or_the_notice_bends_are_named(parties: Parties, tmp_path: Path) -> None:
    story = Scored(parties)
    story.scores_only()
    (tmp_path / "bundle.tar").write_bytes(story.pack())
    audit = verifier.Audit(verifier.Bundle(str(tmp_path / "bundle.tar")), None)
    audit.v10()
    audit.problems = []
    right = story.result["scores"][IDS[0]]["total"]["points"]
    audit._check_told({"winner": {"bidder": IDS[0], "total": right}})
    assert audit.problems == []
    audit._check_told({"winner": {"bidder": IDS[0], "total": right, "scores": {"T": "1.00"}}})
    audit._check_told({"winner": {"bidder": IDS[0], "total": "1.00"}})
    assert audit.problems == [
        f"result/result.json says 1.00 points for T of bidder {IDS[0]}, recomputed 32.00",
        f"result/result.json says 1.00 points for bidder {IDS[0]}, recomputed {right}",
    ]


class Restated(Scored):
    """The head states another fact when the sheets are locked."""

    def explain(self) -> None:
        facts = [{"bid": bid, "item": "O", "fact": "two certificates", "points": "3"} for bid in sorted(IDS)]
        head = {"v": 1, "typ": "ebid.score-facts", "tender": TENDER, "member": "m1", "number": 2}
        self.file("score-facts", "stated", "facts", head | {"salt": "D" * 22, "facts": facts})
        super().explain()


def test_a_fact_stated_otherwise_after_a_sheet_is_exposed(problems: Callable[..., list[str]]) -> None:
    found = problems(told=Restated)
    assert any("item O was changed after a sheet was locked" in problem for problem in found), found


def test_an_altered_criterion_and_an_altered_total_are_named(parties: Parties, tmp_path: Path) -> None:
    node = {"id": "T", "kind": "subjective", "weight": "40", "max": "20", "guidance": "good 20, else 0"}
    used = {"criteria": [{"id": "G", "weight": "40", "items": [node | {"max": "30", "guidance": "any"}]}]}
    published = {"criteria": [{"id": "G", "weight": "40", "items": [node]}]}
    assert verifier.changed_criteria(published, published) == []
    assert verifier.changed_criteria(used, published) == [
        "the max of T is 30, published was 20",
        "the guidance of T is any, published was good 20, else 0",
    ]
    story = Scored(parties)
    story.scores_only()
    (tmp_path / "bundle.tar").write_bytes(story.pack())
    audit = verifier.Audit(verifier.Bundle(str(tmp_path / "bundle.tar")), None)
    said = json.loads(json.dumps(story.result))
    said["ranking"][1]["total"]["points"] = "88.00"
    audit._compare_result(story.result, said)
    row = story.result["ranking"][1]
    assert audit.problems == [
        f"bidder {row['id']}: the report's ranking says 88.00 points in total, recomputed {row['total']['points']}"
    ]
