"""An amended tender, from the question that caused it to VERIFIED."""

from __future__ import annotations

import pytest

from tests.journeys.amended import LEFT_BEHIND
from tests.journeys.attacks import Forgery, Keys, run_verifier
from tests.journeys.conftest import Aftermath

pytestmark = pytest.mark.slow


@pytest.fixture
def amended(aftermath: Aftermath, keys: Keys) -> Forgery:
    return Forgery(aftermath.bundle(of=aftermath.amended), keys)


@pytest.mark.parametrize("tier", ["public", "regulator"])
def test_the_bundle_with_two_versions_is_verified(aftermath: Aftermath, tier: str) -> None:
    code, text = run_verifier(aftermath.bundle(tier, aftermath.amended), aftermath.trust)
    assert code == 0, text
    assert text.splitlines()[-2] == "VERIFIED"
    assert "version 2 of the documents came" in text and "changes: deadline, delivery_days" in text


def test_bids_sealed_again_are_opened_and_the_one_left_behind_never_is(
    aftermath: Aftermath, amended: Forgery
) -> None:
    statuses = [row["status"] for row in amended.json("opening/close.json")["entries"]]
    assert sorted(statuses) == ["policy-superseded"] * 4 + ["valid"] * 3
    opened = {row["manifest"] for row in amended.json("opening/outcomes.json")["bids"]}
    left = aftermath.amended.sealed[LEFT_BEHIND].manifest.hash.hex()
    assert len(opened) == 3 and left not in opened
    assert {row["outcome"] for row in amended.json("opening/outcomes.json")["bids"]} == {"OK"}


def test_both_versions_and_the_clarification_are_in_the_bundle(amended: Forgery) -> None:
    first, second = amended.json("tender/v1/policy.json"), amended.json("tender/policy.json")
    assert "version" not in first and second["version"] == 2
    assert second["deadline"] > first["deadline"]
    assert amended.json("tender/clarifications/1.json")["answer"] == "可以，见修改公告。"
    keys = {path for path in amended.files if path.startswith("opening/keys/") and path.endswith(".json")}
    assert len(keys) == 6, "a statement of each custodian for each deadline"


def test_nothing_in_the_bundle_names_who_asked(aftermath: Aftermath, amended: Forgery) -> None:
    kinds = [row["kind"] for row in amended.json("log/openings.json")]
    assert kinds.count("register") == 1
    clarification = amended.files["tender/clarifications/1.json"].decode()
    assert aftermath.amended.person("bidder3").name not in clarification
