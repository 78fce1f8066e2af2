"""Drafts: codes, the gates on both sides of their lines, overriding by a named officer, editing."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy.orm import Session

from bidding.tenders import drafts
from bidding.tenders.commands import DraftTender, OverrideRule
from tests.helpers import make_party, make_user
from tests.tenders import Buyers, actor_for, deliver_keys, draft_values, make_draft
from trading.clock import database_now
from trading.errors import Refused
from trading.ledger.service import entries_of
from trading.parties.codes import is_valid
from trading.projects.codes import parse, parse_transaction
from trading.rulebook.calendar import at_beijing

BUDGET = Decimal(2_400_000)


def refused_rules(session: Session, registry: Any, buyers: Buyers, **changes: Any) -> set[str]:
    tender = make_draft(session, registry, buyers, **changes)
    return {f.rule for f in drafts.findings(session, registry, tender, database_now(session)) if f.blocks}


def day(session: Session, name: str, shift: int = 0) -> date:
    """A lawful day as the rulebook gives it for today, moved by `shift` days."""
    found: date = getattr(drafts.earliest(database_now(session)), name)
    return found + timedelta(days=shift)


def nine(on: date) -> datetime:
    return at_beijing(on, time(9, 30))


def test_the_template_as_offered_breaks_no_rule(session: Session, registry: Any, buyers: Buyers) -> None:
    assert refused_rules(session, registry, buyers) == set()


def test_a_deadline_on_the_first_lawful_day_passes_and_the_day_before_is_refused(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    lawful = nine(day(session, "deadline_day"))
    assert refused_rules(session, registry, buyers, deadline=lawful) == set()
    early = make_draft(session, registry, buyers, deadline=lawful - timedelta(days=1))
    (found,) = [f for f in drafts.findings(session, registry, early, database_now(session)) if f.blocks]
    assert (found.rule, found.next_lawful) == ("P4.bid_time", day(session, "deadline"))
    assert "35" in found.article_zh


def test_notice_and_documents_last_their_working_days(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    short = {
        "notice_until": day(session, "notice_until", -1),
        "documents_until": day(session, "documents_until", -1),
    }
    assert refused_rules(session, registry, buyers, **short) == {"P4.notice", "P4.documents"}
    exact = {"notice_until": day(session, "notice_until"), "documents_until": day(session, "documents_until")}
    assert refused_rules(session, registry, buyers, **exact) == set()


@pytest.mark.parametrize(
    ("lawful", "unlawful", "rule", "refuses"),
    [
        ({"bid_security": "48000.00"}, {"bid_security": "48000.01"}, "P6", True),
        ({"ceiling": "2400000.00"}, {"ceiling": "2400000.01"}, "P7.ceiling", True),
        ({"committee": 5, "experts": 4}, {"committee": 6, "experts": 4}, "P8", True),
        ({"committee": 7, "experts": 5}, {"committee": 7, "experts": 4}, "P8.experts", True),
        # Rules of lower certainty warn and do not stop the publication.
        (
            {"performance_security": "0.10"},
            {"performance_security": "0.1001"},
            "P17.performance_security",
            False,
        ),
        ({"micro_deduction": "0.20"}, {"micro_deduction": "0.21"}, "POLICY.micro", False),
        ({"domestic_deduction": "0.20"}, {"domestic_deduction": "0.19"}, "POLICY.domestic", False),
        ({"explanation_minutes": 30}, {"explanation_minutes": 29}, "LOW.minutes", False),
    ],
)
def test_each_gate_opens_on_its_line_and_shuts_beyond_it(
    session: Session, registry: Any, buyers: Buyers, lawful: dict[str, Any], unlawful: dict[str, Any], rule: str,
    refuses: bool,
) -> None:  # fmt: skip
    now = database_now(session)
    within, beyond = (make_draft(session, registry, buyers, **changes) for changes in (lawful, unlawful))
    assert drafts.findings(session, registry, within, now) == []
    (found,) = drafts.findings(session, registry, beyond, now)
    assert (found.rule, found.blocks) == (rule, refuses)


def test_a_draft_has_its_codes_and_its_entry(session: Session, registry: Any, buyers: Buyers) -> None:
    first, second = (make_draft(session, registry, buyers) for _ in range(2))
    project, lot = first.lot.project, first.lot
    assert [parse(code).level for code in (project.code, first.code, lot.code)] == [
        "project",
        "tender",
        "lot",
    ]
    assert lot.code.startswith(first.code) and first.code.startswith(project.code)
    assert parse(second.code).number == parse(first.code).number + 1
    numbers = [parse_transaction(tender.lot.project.deal_code).number for tender in (first, second)]
    assert numbers[1] == numbers[0] + 1 and is_valid(parse_transaction(project.deal_code).platform)
    (entry,) = entries_of(session, first.code)
    assert entry.entry.type == "tender.drafted"
    assert entry.payloads[0] and entry.payloads[0].document == {"title": first.title, "kind": "procurement"}


def test_the_purchaser_is_found_by_code_or_name_and_an_unknown_one_is_refused(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    by_name = make_draft(session, registry, buyers, tenderer=buyers.purchaser.name)
    own = make_draft(session, registry, buyers, tenderer="")
    assert (by_name.tenderer_id, own.tenderer_id) == (buyers.purchaser.id, buyers.agency.id)
    with pytest.raises(Refused) as refused:
        make_draft(session, registry, buyers, tenderer="nobody knows them")
    assert refused.value.faults[0].field == "tenderer"


def test_an_account_without_an_organisation_cannot_buy(session: Session, registry: Any) -> None:
    user = make_user(session, "agent")
    with pytest.raises(Refused) as refused:
        drafts.create_draft(
            session, registry, actor_for(registry, user), user, draft_values(session, registry)
        )
    assert refused.value.faults[0].code == "tender.no-organisation"


def test_an_officer_sets_one_finding_aside_and_a_worse_value_is_refused_again(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    early = nine(day(session, "deadline_day", -1))
    tender = make_draft(session, registry, buyers, deadline=early)
    officer = make_user(session, "tenderer", party=buyers.purchaser)
    actor = actor_for(registry, officer)
    (finding,) = [f for f in drafts.findings(session, registry, tender, database_now(session)) if f.blocks]
    command = OverrideRule(finding=finding.id, reason="Urgent: flood damage, decision 12 of the bureau")
    drafts.override_rule(session, registry, actor, officer.id, tender, command)
    assert not [f for f in drafts.findings(session, registry, tender, database_now(session)) if f.blocks]
    entry = entries_of(session, tender.code)[-1]
    assert entry.entry.type == "rule.overridden" and entry.payloads[0] is not None
    payload = entry.payloads[0].document
    assert payload and (payload["rule"], payload["reason"]) == ("P4.bid_time", command.reason)
    worse = DraftTender.model_validate(tender.form | {"deadline": early - timedelta(days=1)})
    drafts.edit_draft(session, registry, tender, worse)
    assert [
        f.rule for f in drafts.findings(session, registry, tender, database_now(session)) if f.blocks
    ] == ["P4.bid_time"]


def test_what_is_no_open_finding_cannot_be_overridden(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = make_draft(session, registry, buyers)
    officer = make_user(session, "tenderer", party=buyers.purchaser)
    command = OverrideRule(finding="P4.bid_time:deadline=2026-01-01", reason="there is no such finding")
    with pytest.raises(Refused) as refused:
        drafts.override_rule(session, registry, actor_for(registry, officer), officer.id, tender, command)
    assert refused.value.faults[0].code == "rule.no-finding"


def test_a_later_deadline_asks_the_custodians_again_and_an_earlier_one_does_not(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = make_draft(session, registry, buyers)
    deliver_keys(session, registry, tender)
    sooner = tender.deadline - timedelta(minutes=10)
    drafts.edit_draft(
        session, registry, tender, DraftTender.model_validate(tender.form | {"deadline": sooner})
    )
    assert len(drafts.custodian_keys(session, tender)) == 3
    later = tender.deadline + timedelta(days=1)
    drafts.edit_draft(
        session, registry, tender, DraftTender.model_validate(tender.form | {"deadline": later})
    )
    assert drafts.custodian_keys(session, tender) == []


def test_editing_changes_tender_lot_and_project_alike(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender, other = make_draft(session, registry, buyers), make_party(session)
    changed = tender.form | {
        "title": "Desks",
        "budget": "1000.00",
        "ceiling": "900.00",
        "tenderer": other.uscc,
    }
    drafts.edit_draft(session, registry, tender, DraftTender.model_validate(changed))
    session.expire_all()
    assert (tender.title, tender.lot.name, tender.lot.project.name) == ("Desks",) * 3
    assert (tender.lot.budget, tender.lot.ceiling) == (Decimal("1000.00"), Decimal("900.00"))
    assert tender.tenderer_id == tender.lot.project.owner_id == other.id


def test_a_discarded_draft_is_at_its_end(session: Session, registry: Any, buyers: Buyers) -> None:
    tender = make_draft(session, registry, buyers)
    drafts.discard(session, buyers.actor, tender)
    with pytest.raises(Refused):
        drafts.edit_draft(session, registry, tender, drafts.draft_of(tender))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"item_quantity": ["360", "0", "12"]}, "item_quantity"),
        ({"item_quantity": ["360", "24"]}, "item_quantity"),
        ({"item_unit": ["台", "", "校"]}, "item_quantity"),
        ({"core_item": 4}, "core_item"),
        ({"budget": "0"}, "budget"),
        ({"budget": "1.005"}, "budget"),
        ({"deadline": "tomorrow"}, "deadline"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused_at_its_field(
    session: Session, registry: Any, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as error:
        draft_values(session, registry, **changes)
    assert {row["loc"][0] for row in error.value.errors()} == {field}


def test_empty_rows_are_no_items_and_amounts_may_have_separators(session: Session, registry: Any) -> None:
    draft = draft_values(session, registry, item_name=["Desk", ""], item_unit=["set", " "], item_quantity=["2", ""],
                         budget="2,400,000.00")  # fmt: skip
    assert [item["name"] for item in draft.items] == ["Desk"] and draft.budget == BUDGET


def test_a_time_without_a_zone_is_beijings(session: Session, registry: Any) -> None:
    draft = draft_values(session, registry, deadline="2026-12-15T09:30")
    assert draft.deadline.isoformat() == "2026-12-15T09:30:00+08:00"
