"""The life of a tender: the table, its guards, its times."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from bidding.tenders.lifecycle import TENDER
from trading.lifecycle import StepRefused, reason

DEADLINE = datetime(2026, 3, 23, 1, 30, tzinfo=UTC)
TICK = timedelta(milliseconds=1)


@dataclass
class Facts:
    """A tender on which nothing stands in the way, at the deadline's instant."""

    state: str = "draft"
    now: datetime = DEADLINE
    deadline: datetime | None = DEADLINE
    opening_at: datetime | None = DEADLINE
    blocking_findings: int = 0
    document_signed: bool = True
    policy_signed: bool = True
    custodians_ready: bool = True
    minimum_bidders: int = 3
    minimum_qualified: int = 3
    bids_at_close: int = 3
    close_recorded: bool = True
    bids_without_outcome: int = 0
    bids_opened: int = 3
    opening_record_signed: bool = True
    decryption_until: datetime | None = DEADLINE + timedelta(minutes=30)
    panel_complete: bool = True
    qualified: int | None = 3
    candidates: int = 3
    report_signed: bool = True
    confirm_until: datetime | None = None
    winner_confirmed: bool = True
    result_until: datetime | None = None
    award_notice_signed: bool = True
    winner_declined: bool = False
    contract_until: datetime | None = None
    contract_signed: bool = True
    suspended: bool = False
    cancellation_reason: str = ""
    unlawful_act: str = ""
    order: str = ""
    gathers_offers: bool = False
    offers_made: int | None = None


MAIN = ["publish", "close", "start_opening", "finish_opening", "start_evaluation", "finish_evaluation",
        "publish_result", "award", "contract"]  # fmt: skip
ENDS = {"contracted", "failed", "cancelled", "handed_over"}


def walk(facts: Facts, *names: str) -> Facts:
    for name in names:
        TENDER.apply(name, facts)
    return facts


def test_a_tender_goes_from_draft_to_contract() -> None:
    assert walk(Facts(), *MAIN).state == "contracted"


def test_every_state_is_reachable_and_only_the_ends_have_no_way_out() -> None:
    assert TENDER.reachable() == set(TENDER.states)
    assert set(TENDER.ends) == ENDS
    assert all(TENDER.steps_from(end) == () for end in ENDS)


def test_the_close_is_at_the_deadline_and_no_instant_earlier() -> None:
    early = Facts("published", now=DEADLINE - TICK)
    assert TENDER.refusals("close", early) == ("The bid deadline has not come yet.",)
    assert TENDER.refusals("amend", early) == ()
    at = Facts("published")
    assert TENDER.refusals("close", at) == ()
    assert TENDER.refusals("amend", at) == ("The bid deadline has passed.",)


def test_fewer_than_three_bidders_stop_the_opening() -> None:
    two = Facts("closed", bids_at_close=2)
    assert [row.name for row in TENDER.open_steps("closed", two)] == ["fail_for_few_bidders"]
    assert [row.name for row in TENDER.open_steps("closed", Facts("closed"))] == ["start_opening"]


def test_nothing_opens_before_the_closing_list_is_recorded() -> None:
    facts = Facts("closed", close_recorded=False)
    assert TENDER.open_steps("closed", facts) == ()
    assert TENDER.open_steps("closed", replace(facts, bids_at_close=0)) == ()


def test_a_bid_without_outcome_keeps_the_opening_going() -> None:
    with pytest.raises(StepRefused) as refused:
        TENDER.apply("finish_opening", Facts("opening", bids_without_outcome=1))
    assert "Some bids" in refused.value.reasons[0]


def test_fewer_than_three_opened_bids_fail_the_tender() -> None:
    assert [r.name for r in TENDER.open_steps("opened", Facts("opened", bids_opened=2))] == [
        "fail_for_few_opened"
    ]


def test_fewer_than_three_qualified_or_no_acceptable_bid_fail_the_tender() -> None:
    few = Facts("evaluating", qualified=2)
    none = Facts("evaluating", candidates=0)
    undecided = Facts("evaluating", qualified=None, report_signed=False, candidates=0)
    # Another committee can be formed whatever it has found so far (TBR 48).
    assert [row.name for row in TENDER.open_steps("evaluating", few)] == [
        "fail_in_evaluation",
        "reform_committee",
    ]
    assert [row.name for row in TENDER.open_steps("evaluating", none)] == [
        "fail_in_evaluation",
        "reform_committee",
    ]
    assert [row.name for row in TENDER.open_steps("evaluating", undecided)] == ["reform_committee"]


def test_a_winner_who_declines_is_followed_by_the_next_or_the_tender_fails() -> None:
    declined = Facts("awarded", winner_declined=True)
    assert [row.name for row in TENDER.open_steps("awarded", declined)] == ["next_candidate"]
    last = replace(declined, candidates=1)
    assert [row.name for row in TENDER.open_steps("awarded", last)] == ["fail_without_candidate"]
    assert walk(declined, "next_candidate").state == "evaluated"


def test_a_suspended_tender_takes_no_step_forward() -> None:
    for state, name in (("closed", "start_opening"), ("opened", "start_evaluation"), ("evaluated", "publish_result"),
                        ("result_published", "award"), ("awarded", "contract")):  # fmt: skip
        assert len(TENDER.refusals(name, Facts(state, suspended=True))) == 1


def test_a_tender_is_cancelled_only_with_a_recorded_reason_and_never_after_the_result() -> None:
    assert TENDER.refusals("cancel", Facts("published")) != ()
    assert walk(Facts("published", cancellation_reason="decision 7"), "cancel").state == "cancelled"
    assert TENDER.refusals("cancel", Facts("awarded", cancellation_reason="decision 7")) != ()


def test_an_unlawful_act_fails_a_tender_under_way() -> None:
    assert walk(Facts("awarded", unlawful_act="decision 9"), "fail_for_unlawful_act").state == "failed"
    assert TENDER.refusals("fail_for_unlawful_act", Facts("contracted", unlawful_act="decision 9")) != ()


def test_each_missing_thing_is_named_before_publishing() -> None:
    bare = Facts(blocking_findings=1, document_signed=False, policy_signed=False, custodians_ready=False)
    assert len(TENDER.refusals("publish", bare)) == 4


def test_states_have_their_due_acts() -> None:
    assert TENDER.due("published", Facts()) == [(DEADLINE, "close")]
    assert TENDER.due("closed", Facts()) == [(DEADLINE, "start_opening")]
    assert TENDER.due("opening", Facts()) == [(DEADLINE + timedelta(minutes=30), "end_decryption")]
    assert TENDER.due("evaluated", Facts()) == []
    assert TENDER.due("awarded", Facts(contract_until=DEADLINE)) == [(DEADLINE, "contract_overdue")]


FACTS = st.builds(
    Facts,
    bids_at_close=st.integers(0, 5), bids_opened=st.integers(0, 5), qualified=st.none() | st.integers(0, 5),
    candidates=st.integers(0, 3), close_recorded=st.booleans(), winner_declined=st.booleans(),
    suspended=st.booleans(), cancellation_reason=st.sampled_from(["", "x"]), unlawful_act=st.sampled_from(["", "x"]),
    now=st.sampled_from([DEADLINE - TICK, DEADLINE]), report_signed=st.booleans(),
)  # fmt: skip


@given(FACTS, st.lists(st.sampled_from([row.name for row in TENDER.steps]), max_size=15))
def test_no_path_opens_or_evaluates_below_the_minimum_or_leaves_an_end(
    facts: Facts, names: list[str]
) -> None:
    for name in names:
        before = facts.state
        try:
            TENDER.apply(name, facts)
        except StepRefused:
            assert facts.state == before
            continue
        assert before not in ENDS
        if facts.state == "opening":
            assert facts.bids_at_close >= 3 and facts.now >= DEADLINE
        if facts.state == "evaluated" and before == "evaluating":
            assert facts.qualified is not None and facts.qualified >= 3
        if facts.state == "contracted":
            assert not facts.suspended and not facts.winner_declined


def test_every_reason_has_its_chinese() -> None:
    from config.locale import FOLDER

    with (FOLDER / "zh_CN" / "parts" / "tender_lifecycle.po").open("rb") as file:
        catalogue = read_po(file)
    reasons = {reason(guard) for row in TENDER.steps for guard in row.guards}
    assert [
        text for text in sorted(reasons) if not (catalogue.get(text) and catalogue.get(text).string)
    ] == []
