"""Small works from the draft to the performance score, through the services."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from threading import Thread

import pytest
from pyramid.config import Configurator
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from bidding.lottery import awarding, listing, watching, works
from bidding.lottery.commands import NameManager, SetAside, SignedWorks
from bidding.roster import engaging, service
from bidding.roster.commands import Rate
from bidding.roster.models import RosterDocument, RosterEngagement
from tests.bidding.lottery import scene as scenes
from tests.bidding.lottery.scene import PAPER, Scene, cells, typed
from trading.clock import database_now
from trading.errors import Refused
from trading.rulebook.calendar import end_of
from trading.supervision import papers


def codes(caught: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [fault.code for fault in caught.value.faults]


def reasons(scene: Scene, found: works.SmallWorks) -> dict[str, str]:
    return {row.name: row.excluded for row in listing.frozen(found)}


def test_a_works_goes_from_the_draft_to_a_score_that_changes_the_grade(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 7)])
    scene.local_rule()
    found = scene.published()
    listing.decline(scene.session, scene.bidder(2), found, scene.party(2), "人手不足")
    scene.exclude(3, "示罚〔2026〕7号", scene.today(), scene.today() + timedelta(days=365))
    scene.go(found.declines_until)
    listing.freeze(scene.session, scene.registry, scene.office, found)
    rows = {row.number: row for row in listing.frozen(found)}
    assert [rows[n].excluded for n in rows] == ["", "declined", "excluded", "", "", ""]
    assert rows[3].detail == "示罚〔2026〕7号"
    assert found.next_step == "finalists" and listing.quota(found, "finalists") == 3
    scene.drawn(found, {"finalists": [6, 1, 4], "order": [4, 6, 1]})
    assert found.state == "announced"
    turn = scene.award(found)
    assert (turn.state, turn.party.name, turn.price) == ("awarded", "示例建设4公司", Decimal("1750000.00"))
    assert turn.checks and found.state == "awarded"
    signed = SignedWorks(price="1750000.00", signed_on=scene.today())
    awarding.file_contract(scene.session, scene.registry, scene.owner_actor, found, signed, b"%PDF contract")
    rate = Rate(completed_on=scene.today(), score="93.5", reason="按期优质完成")
    assert awarding.rate(scene.session, scene.registry, scene.owner_actor, found, rate) == "A"
    assert scene.firm(4).grade == "A" and found.state == "completed"
    assert [act.act for act in service.acts_of(scene.session, scene.firm(4))][0] == "regraded"


def test_a_firm_declines_until_the_freeze_and_not_after(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 6)])
    scene.local_rule()
    found = scene.published()
    scene.go(found.declines_until)
    with pytest.raises(Refused) as caught:
        listing.decline(scene.session, scene.bidder(2), found, scene.party(2), "太晚了的放弃")
    assert codes(caught) == ["works.too-late"] and caught.value.faults[0].remedy


def test_who_refuses_after_the_draw_forfeits_and_the_next_has_its_turn(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 6)])
    scene.local_rule()
    found = scene.listed()
    scene.drawn(found, {"finalists": [1, 2, 3], "order": [2, 3, 1]})
    with pytest.raises(Refused) as caught:
        awarding.refuse_award(
            scene.session, scene.registry, scene.bidder(3), found, scene.party(3), "不想做了"
        )
    assert codes(caught) == ["works.not-yours"]
    awarding.refuse_award(scene.session, scene.registry, scene.bidder(2), found, scene.party(2), "不想做了")
    assert awarding.current(scene.session, found).party.name == "示例建设3公司"
    refused = scene.session.scalars(select(RosterEngagement)).one()
    assert refused.refused_on == scene.today() and refused.party_id == scene.party(2).id
    for number in (3, 1):
        awarding.refuse_award(
            scene.session, scene.registry, scene.bidder(number), found, scene.party(number), "不想做了"
        )
    assert found.state == "failed"


def test_a_decision_after_the_freeze_turns_the_drawn_firm_down_by_its_number(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 6)])
    scene.local_rule()
    found = scene.listed()
    scene.drawn(found, {"finalists": [1, 2, 3], "order": [2, 3, 1]})
    scene.exclude(2, "示罚〔2026〕9号", scene.today(), scene.today() + timedelta(days=365))
    turn = scene.award(found)
    assert (turn.state, turn.reason) == ("rejected", "excluded 示罚〔2026〕9号")
    assert awarding.current(scene.session, found).rank == 2 and found.state == "announced"
    paper = scene.session.scalars(
        select(RosterDocument).where(
            RosterDocument.party_id == scene.party(3).id, RosterDocument.kind == "safety"
        )
    ).one()
    paper.valid_until = scene.today()
    turn = scene.award(found)
    assert (turn.state, turn.reason) == ("rejected", "documents safety"), "judged as for the ball list"
    for place in range(2):
        engaging.won(
            scene.session, works=f"W{place}", title="别处工程", party=scene.party(1), trade="road",
            band="0-500000", price=Decimal(1), manager_id=None, day=scene.today(),
        )  # fmt: skip
    turn = scene.award(found)
    assert (turn.state, turn.reason, found.state) == ("rejected", "running 2", "failed")


def test_the_owner_ends_the_turn_of_a_winner_that_keeps_silent_once_its_time_is_over(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 6)])
    scene.local_rule()
    found = scene.listed()
    scene.drawn(found, {"finalists": [1, 2, 3], "order": [2, 3, 1]})
    act = partial(awarding.forfeit, scene.session, scene.registry, scene.owner_actor, found, "多次催告未签约")
    scene.go(end_of(awarding.signs_until(found, awarding.current(scene.session, found))))
    with pytest.raises(Refused) as caught:
        act()
    assert codes(caught) == ["works.not-silent"], "an owner that does not award ends nobody's turn"
    turn = scene.award(found)
    until = awarding.signs_until(found, turn)
    assert until == scene.today() + timedelta(days=30)
    scene.go(end_of(until) - timedelta(minutes=1))
    with pytest.raises(Refused) as caught:
        act()
    assert codes(caught) == ["works.may-sign"]
    scene.go(end_of(until))
    act()
    assert (turn.state, awarding.current(scene.session, found).rank, found.state) == (
        "refused",
        2,
        "announced",
    )
    refused = scene.session.scalars(select(RosterEngagement)).one()
    assert refused.refused_on == scene.today(), "counted like a refusal of the firm's own"
    with pytest.raises(Refused) as caught:
        act()
    assert codes(caught) == ["works.may-sign"], "the next has its own time"


def test_a_contract_file_that_is_too_large_is_refused_and_not_cut(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 6)])
    scene.local_rule()
    found = scene.listed()
    scene.drawn(found, {"finalists": [1, 2, 3], "order": [2, 3, 1]})
    scene.award(found)
    signed, file = SignedWorks(price="1750000.00", signed_on=scene.today()), bytes(papers.LARGEST + 1)
    with pytest.raises(Refused) as caught:
        awarding.file_contract(scene.session, scene.registry, scene.owner_actor, found, signed, file)
    assert codes(caught) == ["contract.large"]


def test_two_awards_at_once_do_not_give_one_project_manager_twice(
    config: Configurator, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = config.registry
    with Session(engine, expire_on_commit=False) as first, Session(engine) as second:
        scene = scenes.make(first, registry, tmp_path, monkeypatch)
        scene.take_in([cells(number) for number in range(1, 5)])
        scene.local_rule()
        # One person, on file with two firms.
        chief = {place: scene.manager(place, 5) for place in (1, 2)}
        both = [scene.published(method="one-step", finalists=0, needs_manager=True) for _place in range(2)]
        for place, found in enumerate(both, start=1):
            command = NameManager(manager=str(chief[place].id))
            listing.name_manager(first, scene.bidder(place), found, scene.party(place), command)
        scene.go(max(found.declines_until for found in both))
        for place, found in enumerate(both, start=1):
            listing.freeze(first, registry, scene.office, found)
            scene.drawn(found, {"winner": [place, 3 - place]})
        scene.go(database_now(first) + timedelta(days=4))
        now = database_now(first)
        signed = [
            scene.signer.sign(awarding.award_notice(found, awarding.current(first, found), "经理5"), now)
            for found in both
        ]
        first.commit()
        assert awarding.award(first, registry, scene.owner_actor, both[0], signed[0]).state == "awarded"
        outcome: list[str] = []

        def other() -> None:
            try:
                found = works.by_code(second, both[1].code)
                outcome.append(awarding.award(second, registry, scene.owner_actor, found, signed[1]).state)
            except Refused as refused:
                outcome.append(refused.faults[0].code)

        thread = Thread(target=other)
        thread.start()
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while thread.is_alive() and not first.scalar(waiting):
            thread.join(0.02)
        first.commit()
        thread.join(20)
        assert outcome == ["manager.busy"]


def test_the_winner_rests_and_its_project_manager_is_taken_until_completion(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 5)])
    scene.local_rule()
    chiefs = {number: scene.manager(number, number) for number in range(1, 5)}
    found = scene.published(needs_manager=True, method="one-step", finalists=0)
    for number in range(1, 4):
        command = NameManager(manager=str(chiefs[number].id))
        listing.name_manager(scene.session, scene.bidder(number), found, scene.party(number), command)
    scene.go(found.declines_until)
    listing.freeze(scene.session, scene.registry, scene.office, found)
    scene.drawn(found, {"winner": [2, 3, 1, 4]})
    for number, wanted in ((4, "works.not-yours"), (2, "")):
        command = NameManager(manager=str(chiefs[number].id))
        actor, party = scene.bidder(number), scene.party(number)
        if wanted:
            with pytest.raises(Refused) as caught:
                awarding.name_manager(scene.session, actor, found, party, command)
            assert codes(caught) == [wanted]
        else:
            awarding.name_manager(scene.session, actor, found, party, command)
    scene.award(found)
    again = scene.listed(needs_manager=True, method="one-step", finalists=0)
    assert reasons(scene, again)["示例建设2公司"] == "cool-down"
    with pytest.raises(Refused) as caught:
        awarding.manager_of(scene.session, found, awarding.current(scene.session, found))
    assert codes(caught) == ["manager.busy"]


def test_drawn_k_sets_the_price_to_the_fen(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 4)])
    scene.local_rule()
    found = scene.listed(method="drawn-k", k_values="5% 2.5% 3%", ceiling="1750000.01")
    assert [ball.id for ball in listing.balls(scene.session, found, "k")] == ["K=0.025", "K=0.03", "K=0.05"]
    scene.drawn(found, {"k": ["K=0.025"], "winner": [3, 1, 2]})
    assert awarding.current(scene.session, found).price == Decimal("1706250.01")


def test_too_few_firms_fail_the_works_at_the_freeze(scene: Scene) -> None:
    scene.take_in([cells(1), cells(2)])
    scene.local_rule()
    assert scene.listed().state == "failed"


def test_without_a_local_rule_in_force_nothing_is_published(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 6)])
    with pytest.raises(Refused) as caught:
        scene.published()
    assert codes(caught) == ["works.local-rule"] and caught.value.faults[0].rule == "N1117 一(二)"


GATES = (
    ({"estimate": "4000000.00"}, {"rule.G0-1", "rule.G0-2", "rule.G0-1.number", "works.band"}),
    ({"estimate": "4999999.99"}, {"rule.G0-1", "rule.G0-2", "rule.G0-1.number", "works.band"}),
    ({"estimate": "5000000.00", "public_funds": "0"}, {"rule.ROSTER.line", "works.band"}),
    ({"sign_up": "true"}, {"rule.G0-5"}),
    ({"object": "agency"}, {"rule.G0-8"}),
    ({"requirements": "承包商应当在本市注册。"}, {"rule.G0-6"}),
    ({"procurement": "true"}, {"rule.P1"}),
)
"""what a form says, and by which rules it is refused"""


def test_the_gates_refuse_publication_whatever_is_signed(scene: Scene) -> None:
    scene.local_rule()
    for changes, expected in GATES:
        with pytest.raises(Refused) as caught:
            scene.published(**changes)
        assert set(codes(caught)) == expected


def test_a_line_of_the_city_is_set_aside_by_name_and_a_law_never(scene: Scene) -> None:
    scene.local_rule()
    found = scene.draft(estimate="5000000.00", public_funds="0")
    aside = SetAside(rule="ROSTER.line", reason="自筹资金项目，经会议研究")
    works.set_aside(scene.session, scene.registry, scene.owner_actor, found, aside)
    faults = works.gate_faults(scene.session, scene.registry, found, database_now(scene.session))
    assert [fault.code for fault in faults] == ["works.band"]
    mandatory = scene.draft(estimate="4500000.00")
    for rule in ("G0-1", "ROSTER.line"):
        with pytest.raises(Refused) as caught:
            works.set_aside(
                scene.session, scene.registry, scene.owner_actor, mandatory,
                SetAside(rule=rule, reason="领导要求摇号"),
            )  # fmt: skip
        assert codes(caught) == ["works.certain"]


def test_estimates_of_one_project_that_reach_the_limit_together_are_warned_of(scene: Scene) -> None:
    scene.local_rule()
    scene.published(project="老旧小区改造")
    found = scene.draft(project="老旧小区改造", estimate="2200000")
    route = works.route_of(scene.session, scene.registry, found, database_now(scene.session))
    assert [(each.rule, each.severity) for each in route.findings] == [("G0-2.merge", "warn")]


def test_a_step_is_taken_over_once_and_in_its_order(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 6)])
    scene.local_rule()
    found = scene.listed()
    with pytest.raises(Refused):
        scene.drawn(found, {"order": [1, 2, 3]})
    scene.drawn(found, {"finalists": [1, 2, 3]})
    with pytest.raises(Refused) as caught:
        scene.drawn(found, {"finalists": [3, 4, 5]})
    assert codes(caught) == ["works.step"]


def test_a_draw_that_runs_when_the_works_are_cancelled_keeps_its_result(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 6)])
    scene.local_rule()
    found = scene.listed(method="one-step", finalists=0)
    works.cancel(scene.session, scene.registry, scene.owner_actor, found, "资金未落实", PAPER)
    scene.drawn(found, {"winner": [4, 2, 1, 3, 5]})
    assert found.state == "cancelled" and awarding.awards_of(scene.session, found) == []
    assert awarding.order_of(found)[0] == scene.party(4).uscc
    with pytest.raises(Refused) as caught:
        scene.drawn(found, {"winner": [1, 2, 3, 4, 5]})
    assert codes(caught) == ["works.step"]


def test_the_draw_waits_for_its_hour_and_the_award_for_the_publicity(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 6)])
    scene.local_rule()
    later = works.earliest_end(scene.registry, database_now(scene.session)) + timedelta(hours=9)
    found = scene.listed(draw_at=typed(later))
    with pytest.raises(Refused) as caught:
        works.to_be_drawn(scene.session, found)
    assert codes(caught) == ["works.early"]
    scene.drawn(found, {"finalists": [1, 2, 3], "order": [2, 3, 1]})
    with pytest.raises(Refused) as caught:
        awarding.award(scene.session, scene.registry, scene.owner_actor, found, b"")
    assert codes(caught) == ["works.publicity"]


def test_an_award_notice_that_the_owner_did_not_sign_goes_nowhere(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 6)])
    scene.local_rule()
    found = scene.published()
    scene.go(found.declines_until)
    listing.freeze(scene.session, scene.registry, scene.office, found)
    scene.drawn(found, {"finalists": [1, 2, 3], "order": [2, 3, 1]})
    scene.go(database_now(scene.session) + timedelta(days=4))
    now = database_now(scene.session)
    with pytest.raises(Refused) as caught:
        awarding.award(
            scene.session, scene.registry, scene.owner_actor, found, scene.signer.sign(b"another price", now)
        )
    assert codes(caught)[0].startswith("signature.") and found.state == "announced"


def test_a_firm_that_comes_first_too_often_is_shown_with_its_chance(scene: Scene) -> None:
    scene.take_in([cells(number) for number in range(1, 4)])
    scene.local_rule()
    found = scene.listed(method="one-step", finalists=0)
    scene.drawn(found, {"winner": [1, 2, 3]})
    for place in range(4):  # the same result again and again: only the record counts here
        again = scene.draft(method="one-step", finalists=0)
        again.balls_raw, again.drawn, again.state = found.balls_raw, dict(found.drawn), "awarded"
        again.title = f"第{place}次"
    scene.session.flush()
    assert [(run.wins, run.draws, run.chance) for run in watching.improbable(scene.session)] == [
        (5, 5, Fraction(1, 243))
    ]
