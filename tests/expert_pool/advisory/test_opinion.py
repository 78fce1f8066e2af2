"""When a text is the committee's opinion, and what its document says."""

from __future__ import annotations

import json

import pytest

from expert_pool.advisory import opinion
from expert_pool.advisory.opinion import Ballot


def cast(*votes: str) -> list[Ballot]:
    return [Ballot(f"m{place}", place == 0, vote) for place, vote in enumerate(votes)]


@pytest.mark.parametrize(
    ("votes", "carried"),
    [
        (("for", "for", ""), False),
        (("for", "for", "for"), True),
        (("for", "against", "abstain"), False),
        (("for", "for", "against"), True),
        (("for", "abstain", "abstain"), True),
        (("for", "for", "for", "", ""), False),
        (("for", "for", "for", "against", ""), True),
    ],
)
def test_a_text_is_carried_by_a_quorum_and_more_for_than_against(
    votes: tuple[str, ...], carried: bool
) -> None:
    assert opinion.carried(cast(*votes), 67) == carried


def test_the_document_holds_votes_and_dissents_and_no_names() -> None:
    made = [Ballot("aa", True, "for"), Ballot("bb", False, "against", "依据不足"), Ballot("cc", False)]
    found = json.loads(opinion.document("ADV00001", "T1", "问题", "意见", 67, made))
    assert found["members"][1] == {"member": "bb", "chair": False, "vote": "against", "dissent": "依据不足"}
    assert (found["text"], found["quorum"], len(found["question"])) == ("意见", 67, 64)
