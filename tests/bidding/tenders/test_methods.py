"""Consultation, negotiation, inquiry and invited tender: drafted, checked by their own rules, published."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

import tradehall_verify as verifier
from bidding.evaluation.inputs import check_rules
from bidding.evaluation.scoring_inputs import check_scoring_rules
from bidding.tenders import amendment_rules, checking, drafts, papers, publication
from bidding.tenders.criteria import SCORING
from bidding.tenders.service import least_bidders, method_of
from tests.tenders import Buyers, draft_values, make_draft, published_tender
from trading.clock import database_now
from trading.errors import Refused
from trading.rulebook.calendar import beijing_date

TEMPLATES = {
    "property-consultation": "consultation",
    "laboratory-negotiation": "negotiation",
    "office-supplies-inquiry": "inquiry",
}


def found(session: Session, registry: Any, buyers: Buyers, **changes: Any) -> dict[str, str]:
    tender = make_draft(session, registry, buyers, **changes)
    return {f.rule: f.severity for f in drafts.findings(session, registry, tender, database_now(session))}


@pytest.mark.parametrize("ready", TEMPLATES)
def test_a_template_is_published_as_offered_on_the_first_lawful_day_of_its_method(
    session: Session, registry: Any, buyers: Buyers, ready: str
) -> None:
    method = TEMPLATES[ready]
    tender = published_tender(session, registry, buyers, template=ready, tenderer=buyers.purchaser.uscc)
    dates = drafts.earliest(database_now(session), method)
    assert (tender.state, method_of(tender), tender.rules["procurement"]) == ("published", method, method)
    assert beijing_date(tender.deadline) == dates.deadline
    assert drafts.findings(session, registry, tender, database_now(session)) == []
    assert tender.rules["minimum"] == least_bidders(tender, database_now(session)) == 3
    check = check_scoring_rules if tender.method == SCORING else check_rules
    assert check(tender.rules) == []
    text = json.dumps(papers.sections(drafts.draft_of(tender), publication.setting_of(
        registry, tender, database_now(session), "00"), "zh_CN"), ensure_ascii=False)  # fmt: skip
    assert "不足 3 家" in text and "投标" not in text and "招标" not in text


def test_what_needs_no_price_is_examined_before_the_final_offers(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    def items(template: str) -> dict[str, list[str]]:
        kind, now = drafts.kind_of(registry), database_now(session)
        rules = drafts.published_rules(kind, draft_values(session, registry, template=template), now)
        return dict(rules["items"])

    assert items("laboratory-negotiation")["conformity"] == ["只有一个报价且报价清单完整"]
    assert "响应文件按谈判文件要求签名" in items("laboratory-negotiation")["qualification"]
    assert len(items("office-supplies-inquiry")["conformity"]) == 6


@pytest.mark.parametrize(
    ("ready", "changes", "rule", "severity"),
    [
        ("office-supplies-inquiry", {"committee": 4, "experts": 3}, "P21.group", "refuse"),
        ("office-supplies-inquiry", {"committee": 3, "experts": 1}, "P8.experts", "refuse"),
        ("office-supplies-inquiry", {"bid_security": "9600.01"}, "P6", "refuse"),
        ("laboratory-negotiation", {"committee": 1, "experts": 1}, "P21.group", "refuse"),
        ("school-computers", {"committee": 3, "experts": 2}, "P8", "refuse"),
        ("school-computers", {"method": "invited"}, "P3.suppliers", "refuse"),
    ],
)
def test_each_method_is_checked_by_its_own_rules(
    session: Session, registry: Any, buyers: Buyers, ready: str, changes: dict[str, Any], rule: str, severity: str
) -> None:  # fmt: skip
    assert found(session, registry, buyers, template=ready, **changes)[rule] == severity


def test_from_the_threshold_on_another_method_needs_an_approval_and_a_group_of_five(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    dear = {"template": "laboratory-negotiation", "budget": "2000000.00", "ceiling": "2000000.00"}
    assert set(found(session, registry, buyers, **dear)) == {"P2.goods", "P21.group_large"}
    lawful = dear | {"approval": "财采批〔2026〕7号", "committee": 5, "experts": 4}
    assert found(session, registry, buyers, **lawful) == {}


def test_a_response_due_a_day_early_is_found_with_the_earliest_lawful_date(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    for template, method in TEMPLATES.items():
        dates = drafts.earliest(database_now(session), method)
        tender = make_draft(session, registry, buyers, template=template)
        early = tender.deadline - timedelta(
            days=dates.deadline.toordinal() - dates.deadline_day.toordinal() + 1
        )
        tender.form = tender.form | {"deadline": early.isoformat()}
        first = [
            f for f in drafts.findings(session, registry, tender, database_now(session))
            if f.rule == f"P21.{method}.response"
        ]  # fmt: skip
        assert [f.next_lawful for f in first] == [dates.deadline]


@pytest.mark.parametrize(
    ("ready", "changes"),
    [
        ("property-consultation", {"evaluation": "lowest-price"}),
        ("laboratory-negotiation", {"evaluation": SCORING}),
        ("office-supplies-inquiry", {"evaluation": SCORING}),
    ],
)
def test_offers_are_compared_as_the_method_has_it(
    session: Session, registry: Any, buyers: Buyers, ready: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(Refused) as refused:
        make_draft(session, registry, buyers, template=ready, **changes)
    (fault,) = refused.value.faults
    assert fault.code == "tender.evaluation" and fault.rule and fault.remedy
    form = draft_values(session, registry, template=ready).model_dump(mode="json") | changes
    assert fault in checking.criteria_check(registry, form, database_now(session)).faults


def test_first_responses_have_no_price_to_seal_apart(session: Session, registry: Any, buyers: Buyers) -> None:
    with pytest.raises(Refused) as refused:
        make_draft(session, registry, buyers, template="laboratory-negotiation", envelopes=2)
    assert refused.value.faults[0].code == "tender.one-envelope"


@pytest.mark.parametrize(
    ("weight", "rest", "outside"),
    [("10", "30", False), ("30", "10", False), ("9.99", "30.01", True), ("30.01", "9.99", True)],
)
def test_the_price_of_a_consultation_lies_in_its_span_or_is_warned_of(
    session: Session, registry: Any, buyers: Buyers, weight: str, rest: str, outside: bool
) -> None:
    form = draft_values(session, registry, template="property-consultation").model_dump(mode="json")
    form["criterion_weight"] = [weight, rest, "20", "25", "15"]
    form["criterion_max"] = ["", rest, "20", "25", "15"]
    rules = found(session, registry, buyers, **form)
    assert rules == ({"P21.consultation.price_weight.services": "warn"} if outside else {})
    sums = checking.criteria_check(registry, form, database_now(session)).sums
    assert (sums.least, sums.most, sums.price_enough) == ("10", "30", not outside)


PUBLIC = {"two_offers": "public-service", "two_offers_reason": "属政府购买公共服务目录 A0801"}
LEFT_TWO = {"two_offers": "failed-tender", "two_offers_reason": "公开招标只有两家投标", "failed_tender": "ZC-2026-0001",
            "approval": "财采批〔2026〕9号", "approval_date": "2026-01-05"}  # fmt: skip


@pytest.mark.parametrize(
    ("ready", "given", "rule", "words"),
    [
        (
            "property-consultation",
            PUBLIC,
            "K124",
            "财库〔2015〕124号）。理由：属政府购买公共服务目录 A0801。",
        ),
        (
            "laboratory-negotiation",
            LEFT_TWO,
            "M74 27",
            "ZC-2026-0001；批准文号：财采批〔2026〕9号（2026-01-05）。",
        ),
    ],
)
def test_where_two_suppliers_are_enough_documents_rules_and_verifier_say_why(
    session: Session, registry: Any, buyers: Buyers, ready: str, given: dict[str, str], rule: str, words: str
) -> None:
    tender = published_tender(session, registry, buyers, template=ready, **given)
    rules, said = tender.rules, tender.rules["two_offers"]
    assert (rules["minimum"], said["rule"], said["reason"]) == (2, rule, given["two_offers_reason"])
    assert (check_scoring_rules if tender.method == SCORING else check_rules)(rules) == []
    text = json.dumps(papers.sections(drafts.draft_of(tender), publication.setting_of(
        registry, tender, database_now(session), "00"), "zh_CN"), ensure_ascii=False)  # fmt: skip
    assert "不足 2 家" in text and words in text
    verifier.check_procurement(rules)
    silent = {name: value for name, value in rules.items() if name != "two_offers"}
    for bent in (
        silent, rules | {"two_offers": said | {"reason": ""}}, rules | {"procurement": "inquiry"},
        rules | {"two_offers": said | {"ground": "research"}}, rules | {"minimum": 1},
        *([rules | {"category": "goods"}] if rule == "K124" else [rules | {"two_offers": said | {"approval": ""}}]),
    ):  # fmt: skip
        with pytest.raises(verifier.Invalid):
            verifier.check_procurement(bent)


@pytest.mark.parametrize(
    ("ready", "given", "field", "rule"),
    [
        ("office-supplies-inquiry", PUBLIC, "two_offers", "GPL 40"),
        ("laboratory-negotiation", PUBLIC, "two_offers", "GPL 38"),
        ("school-computers", LEFT_TWO, "two_offers", "M87 41"),
        (
            "office-air-conditioning",
            PUBLIC | {"method": "consultation", "evaluation": SCORING},
            "two_offers",
            "K214 21",
        ),
        ("property-consultation", PUBLIC | {"two_offers_reason": ""}, "two_offers_reason", "K124"),
        ("laboratory-negotiation", LEFT_TWO | {"failed_tender": ""}, "failed_tender", "M74 27"),
        ("laboratory-negotiation", LEFT_TWO | {"approval": ""}, "approval", "M74 27"),
        ("laboratory-negotiation", LEFT_TWO | {"approval_date": ""}, "approval_date", "M74 27"),
        ("laboratory-negotiation", LEFT_TWO | {"approval_date": "2099-01-01"}, "approval_date", "M74 27"),
    ],
)
def test_two_suppliers_without_ground_reason_or_approval_are_refused_with_the_article(
    session: Session, registry: Any, buyers: Buyers, ready: str, given: dict[str, str], field: str, rule: str
) -> None:
    with pytest.raises(Refused) as refused:
        make_draft(session, registry, buyers, template=ready, **given)
    (fault,) = refused.value.faults
    assert (fault.code, fault.field, fault.rule) == ("tender.two-offers", field, rule)


def test_a_negotiation_with_two_names_an_open_tender_that_has_failed(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    first = make_draft(session, registry, buyers)
    given = {"template": "laboratory-negotiation"} | LEFT_TWO | {"failed_tender": first.code}
    with pytest.raises(Refused, match="open one that has failed"):
        make_draft(session, registry, buyers, **given)
    first.state = "failed"
    session.flush()
    assert make_draft(session, registry, buyers, **given).form["failed_tender"] == first.code


def test_words_that_keep_suppliers_out_are_found_in_these_documents_too(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    form = draft_values(session, registry, template="office-supplies-inquiry").model_dump(mode="json")
    form["qualification"] = "供应商注册资本不低于 1000 万元"
    assert checking.words_check(registry, form, database_now(session))[0].severity == "refuse"
    assert "P14" in " ".join(found(session, registry, buyers, **form))


def test_a_method_stays_what_was_published() -> None:
    assert {"method", "two_offers", "two_offers_reason", "failed_tender", "approval_date"} <= set(
        amendment_rules.FIXED
    )
