"""Securities from the sub-account to the refund: hidden, checked, returned once, kept only by decision."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.awards.service import decline
from bidding.deposits import deadlines, decisions, guarantees, returns, service, standing
from bidding.deposits.models import DepositAccount, DepositItem, DepositPayment
from bidding.deposits.sealed import account_of
from bidding.tenders.service import the_calendar
from bidding.vault.models import Outcome
from tests.awards import Evaluated, evaluated_tender, publish_award
from tests.bidding.deposits.scene import (
    Counter,
    go_round,
    keep_payments,
    past,
    pay_in,
    register,
    standing_of,
    with_bank,
)
from tests.helpers import make_party, make_user
from tests.tenders import published_tender
from trading.banking import Payee
from trading.clock import database_now
from trading.errors import Refused
from trading.events import TenderEnded
from trading.ledger.service import entries_of
from trading.outbox import Promise
from trading.rulebook.calendar import add_days, at_beijing, beijing_date


@pytest.fixture
def counter(config: Configurator, tmp_path: Path) -> Counter:
    return with_bank(config.registry, tmp_path)


@pytest.fixture
def made(session: Session, config: Configurator, counter: Counter) -> Evaluated:
    config.commit()
    found = evaluated_tender(session, config.registry)
    past(session, found)
    return found


def code(act: Any) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.faults[0].code


def payloads(session: Session, tender: str, kind: str) -> list[Any]:
    found = [entry for entry in entries_of(session, tender) if entry.entry.type == kind]
    return [entry.payloads[0].document for entry in found if entry.payloads[0]]


def days_ago(session: Session, days: int) -> datetime:
    return database_now(session) - timedelta(days=days)


def paid(session: Session, config: Configurator, counter: Counter, made: Evaluated, number: int, days: int, **how: str) -> None:  # fmt: skip
    """Bidder `number` has paid `days` before the deadline that lies 30 days back."""
    at = made.tender.deadline - timedelta(days=days)
    pay_in(session, config.registry, counter, made.tender, made.bidders[number], at=at, **how)


def row(session: Session, config: Configurator, made: Evaluated, number: int) -> standing.Row:
    return standing_of(session, config.registry, made.tender, made.bidders[number]).rows[0]


# --- before the deadline --------------------------------------------------------------------------


def test_a_bidders_account_is_its_own_and_the_same_at_every_asking(
    session: Session, config: Configurator, counter: Counter
) -> None:
    tender = published_tender(session, config.registry)
    one, other = make_party(session), make_party(session)
    first = service.open_account(session, config.registry, tender, one)
    assert service.open_account(session, config.registry, tender, one).id == first.id
    assert service.open_account(session, config.registry, tender, other).id != first.id


def test_before_the_deadline_no_row_no_entry_and_not_the_bank_names_the_bidder(
    session: Session, config: Configurator, counter: Counter
) -> None:
    tender = published_tender(session, config.registry)
    party = make_party(session)
    before = len(entries_of(session, tender.code))
    pay_in(session, config.registry, counter, tender, party)
    go_round(session, config.registry)
    rows = [*session.scalars(select(DepositAccount)), *session.scalars(select(DepositItem))]
    assert len(rows) == 2
    told = b"".join(
        bytes(value) for each in rows for value in vars(each).values() if isinstance(value, bytes)
    )
    assert party.uscc.encode() not in told and party.name.encode() not in told
    assert len(entries_of(session, tender.code)) == before
    refs = "".join(row[0] for row in counter.books._books.execute("SELECT ref FROM account"))
    assert party.uscc not in refs and tender.code not in refs
    assert payloads(session, tender.code, "deposit.listed") == []


def test_a_credit_that_the_bank_names_twice_counts_once(
    session: Session, config: Configurator, counter: Counter
) -> None:
    tender = published_tender(session, config.registry)
    counter.books.set_modes({"duplicate": "1"})
    pay_in(session, config.registry, counter, tender, make_party(session))
    assert len(service.collect(session, config.registry)) == 1
    assert service.collect(session, config.registry) == []


def test_a_bank_that_is_down_loses_nothing_and_is_asked_again(
    session: Session, config: Configurator, counter: Counter
) -> None:
    tender = published_tender(session, config.registry)
    pay_in(session, config.registry, counter, tender, make_party(session))
    counter.down = True
    go_round(session, config.registry)
    again = session.scalars(
        select(Promise).where(Promise.topic == service.COLLECT, Promise.kept_at.is_(None))
    ).all()
    assert again[-1].payload == {"failures": 1}
    counter.down = False
    go_round(session, config.registry)
    assert session.query(DepositItem).count() == 1


def test_nothing_can_be_opened_at_the_deadline(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    act = lambda: service.open_account(session, config.registry, made.tender, made.bidders[0])  # noqa: E731
    assert code(act) == "deposit.closed"


def test_a_guarantee_must_be_the_bidders_own_cover_the_sum_and_last_as_long_as_the_bid(
    session: Session, config: Configurator, counter: Counter
) -> None:
    tender, party = published_tender(session, config.registry), make_party(session)
    last = service.valid_until(tender)

    def hand_in(number: str) -> Any:
        return guarantees.hand_in_number(session, config.registry, tender, party, number)

    issue = counter.books.issue
    assert code(lambda: hand_in("G0")) == "guarantee.unknown"
    foreign = issue(make_party(session).uscc, tender.code, "24000", last.isoformat())
    assert code(lambda: hand_in(foreign)) == "guarantee.foreign"
    small = issue(party.uscc, tender.code, "23999.99", last.isoformat())
    assert code(lambda: hand_in(small)) == "guarantee.amount"
    short = issue(party.uscc, tender.code, "24000", (last - timedelta(days=1)).isoformat())
    with pytest.raises(Refused) as refused:
        hand_in(short)
    assert (refused.value.faults[0].code, refused.value.faults[0].rule) == ("guarantee.expires", "GPR 33")
    good = issue(party.uscc, tender.code, "24000", last.isoformat())
    hand_in(good)
    assert standing_of(session, config.registry, tender, party).verdict == ()
    assert code(lambda: hand_in(good)) == "guarantee.used"


# --- the list -------------------------------------------------------------------------------------


def test_after_the_deadline_one_entry_lays_open_who_paid_and_what_is_wrong(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 0, 3)
    paid(session, config, counter, made, 1, 3, payer="过路投资有限公司")
    paid(session, config, counter, made, 2, -1)
    go_round(session, config.registry)
    go_round(session, config.registry)
    (told,) = payloads(session, made.tender.code, "deposit.listed")
    found = {entry["bidder"]: entry["findings"] for entry in told["deposits"]}
    assert found == {
        made.bidders[0].uscc: [], made.bidders[1].uscc: ["foreign-payer"], made.bidders[2].uscc: ["late"],
    }  # fmt: skip


def test_the_committee_learns_facts_and_nobody_is_rejected(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 0, 3)
    paid(session, config, counter, made, 1, 3, amount="99999.99")
    go_round(session, config.registry)
    facts = standing.facts(session, config.registry, made.tender, database_now(session))
    assert facts is not None
    assert facts[made.bidders[0].uscc].codes == ()
    assert facts[made.bidders[1].uscc].codes == (("insufficient", "M87 63(1)"),)
    assert made.bidders[2].uscc not in facts
    assert session.scalars(select(Outcome).where(Outcome.outcome == "OK")).all()


def test_one_account_that_paid_for_two_is_evidence_and_no_verdict(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    base = register(session, config.registry, made.bidders[0])
    paid(session, config, counter, made, 0, 3)
    paid(session, config, counter, made, 1, 3, payer_account=base)
    go_round(session, config.registry)
    facts = standing.facts(session, config.registry, made.tender, database_now(session)) or {}
    assert facts[made.bidders[0].uscc].codes == (("shared-payer", "M87 37(6)"),)
    assert facts[made.bidders[0].uscc].sharers == (made.bidders[1].name,)


# --- refunds --------------------------------------------------------------------------------------


def test_a_loser_gets_100000_yuan_and_43_75_of_interest_for_45_days(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 1, 15)
    go_round(session, config.registry)
    assert row(session, config, made, 1).state == "waiting"
    publish_award(session, config.registry, made)
    before = row(session, config, made, 1)
    assert (before.state, before.light) == ("due", "green")
    assert before.amounts is not None and before.amounts.total == Decimal("100043.75")
    assert returns.order(session, config.registry, made.tender) == 1
    assert keep_payments(session, config.registry) == 1
    assert row(session, config, made, 1).state == "paid"
    assert [amount for _key, amount in counter.paid()] == ["100043.75"]
    (told,) = payloads(session, made.tender.code, "deposit.refunded")
    assert (told["interest"], told["days"], told["charge"], told["total"]) == (
        "43.75",
        45,
        "0.00",
        "100043.75",
    )


def test_one_deadline_stands_for_all_that_are_due_since_the_same_day(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    day = beijing_date(made.tender.deadline) + timedelta(days=1)
    for bidder, hour in ((1, 9), (2, 17)):  # too late, so both go back at once
        when = at_beijing(day, time(hour))
        pay_in(session, config.registry, counter, made.tender, made.bidders[bidder], at=when)
    go_round(session, config.registry)
    (owed,) = deadlines.of(session, config.registry, made.tender, database_now(session))
    assert owed.started == at_beijing(day, time())
    assert owed.key == f"tender/{made.tender.code}/P6.withdrawn/{day}"


def five_days_after(started: date) -> date:
    return add_days("working_day", 5, started, the_calendar())


def test_a_refund_ten_days_late_costs_145_yuan(
    session: Session, config: Configurator, counter: Counter, made: Evaluated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged on the first day from now on that is ten days after a working day."""
    today = database_now(session)
    while not the_calendar().is_working(beijing_date(today) - timedelta(days=10)):
        today += timedelta(days=1)
    monkeypatch.setattr(returns, "database_now", lambda session: today)
    last = beijing_date(today) - timedelta(days=10)
    credited = at_beijing(last - timedelta(days=45), time(9))
    pay_in(session, config.registry, counter, made.tender, made.bidders[1], at=credited)
    award = publish_award(session, config.registry, made)
    issued = next(
        last - timedelta(days=n) for n in range(5, 30) if five_days_after(last - timedelta(days=n)) == last
    )
    award.issued_at = at_beijing(issued, time(9))
    go_round(session, config.registry)
    assert keep_payments(session, config.registry) == 1
    (told,) = payloads(session, made.tender.code, "deposit.refunded")
    assert (told["late_days"], told["charge"], told["days"], told["interest"]) == (10, "145.00", 45, "43.75")
    assert told["total"] == "100188.75"


def test_the_winner_waits_for_the_contract(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 0, 3)
    go_round(session, config.registry)
    publish_award(session, config.registry, made)
    assert row(session, config, made, 0).state == "waiting"
    assert returns.order(session, config.registry, made.tender) == 0


def test_refunds_go_out_by_themselves_one_working_day_before_they_would_be_late(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 1, 3)
    award = publish_award(session, config.registry, made)
    go_round(session, config.registry)
    assert row(session, config, made, 1).state == "due"
    award.issued_at = days_ago(session, 14)
    go_round(session, config.registry)
    assert row(session, config, made, 1).state == "ordered"


def test_a_second_order_pays_nothing(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 1, 3)
    publish_award(session, config.registry, made)
    go_round(session, config.registry)
    assert returns.order(session, config.registry, made.tender) == 1
    assert returns.order(session, config.registry, made.tender) == 0
    keep_payments(session, config.registry)
    assert returns.order(session, config.registry, made.tender) == 0
    assert len(counter.paid()) == 1


def test_a_worker_that_died_after_the_bank_had_paid_pays_nothing_twice(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 1, 3)
    publish_award(session, config.registry, made)
    go_round(session, config.registry)
    returns.order(session, config.registry, made.tender)
    payment = session.scalars(select(DepositPayment)).one()
    promise = {"payment": str(payment.id)}
    with pytest.raises(ZeroDivisionError), session.begin_nested():
        returns.pay(session, config.registry, promise)
        raise ZeroDivisionError
    session.refresh(payment)
    assert payment.paid_at is None and len(counter.paid()) == 1
    returns.pay(session, config.registry, promise)
    returns.pay(session, config.registry, promise)
    assert payment.paid_at is not None and len(counter.paid()) == 1 and counter.asked == 2
    assert len(payloads(session, made.tender.code, "deposit.refunded")) == 1


def test_a_payment_that_the_bank_declines_waits_for_somebody_to_look(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 1, 3)
    publish_award(session, config.registry, made)
    go_round(session, config.registry)
    returns.order(session, config.registry, made.tender)
    counter.books._books.execute("DELETE FROM account")
    keep_payments(session, config.registry)
    assert row(session, config, made, 1).state == "declined"
    assert payloads(session, made.tender.code, "deposit.refunded") == []


def test_a_suspended_tender_returns_nothing_by_itself(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 1, 3)
    award = publish_award(session, config.registry, made)
    award.issued_at = days_ago(session, 14)
    made.tender.suspended_at = database_now(session)
    go_round(session, config.registry)
    assert row(session, config, made, 1).state == "due"
    assert code(lambda: returns.order(session, config.registry, made.tender)) == "tender.suspended"


def test_the_failure_of_the_tender_returns_everything(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 0, 3)
    go_round(session, config.registry)
    config.registry.notify(
        TenderEnded(session, config.registry, made.tender.code, database_now(session), "failed")
    )
    assert row(session, config, made, 0).back is not None
    assert returns.order(session, config.registry, made.tender) == 1


# --- decisions ------------------------------------------------------------------------------------


def revoked(session: Session, made: Evaluated, fault: str) -> None:
    """The last bidder's bid was not opened, through `fault`."""
    outcome = session.scalars(select(Outcome).where(Outcome.outcome == "REVOKED")).one()
    outcome.outcome, outcome.fault = ("REVOKED" if fault == "bidder" else "WITHDRAWN"), fault
    session.flush()


def write(session: Session, config: Configurator, made: Evaluated, number: int, ground: str, keep: bool = True) -> Any:  # fmt: skip
    return decisions.draft(
        session, config.registry, made.tender, uscc=made.bidders[number].uscc, keep=keep, ground=ground,
        reason="投标截止后撤销投标", file_name="decision.pdf", file=b"the minutes",
    )  # fmt: skip


def sign(session: Session, config: Configurator, made: Evaluated, number: int) -> Any:
    each = standing_of(session, config.registry, made.tender, made.bidders[number])
    assert each.draft is not None
    cms = made.officer_signer.sign(each.draft.raw, database_now(session))
    return decisions.sign(
        session, config.registry, made.officer_actor(config.registry), made.officer, made.tender,
        uscc=made.bidders[number].uscc, cms=cms,
    )  # fmt: skip


def test_a_bidders_fault_waits_for_a_decision_and_the_platforms_fault_does_not(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 5, 3)
    go_round(session, config.registry)
    revoked(session, made, "bidder")
    publish_award(session, config.registry, made)
    assert row(session, config, made, 5).state == "decide"
    assert returns.order(session, config.registry, made.tender) == 0
    revoked_again = session.scalars(select(Outcome).where(Outcome.outcome == "REVOKED")).one()
    revoked_again.outcome, revoked_again.fault = "WITHDRAWN", "platform"
    assert row(session, config, made, 5).back.reason == "deemed-withdrawn"  # type: ignore[union-attr]


def test_outside_the_listed_cases_nothing_is_kept(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 1, 3)
    go_round(session, config.registry)
    publish_award(session, config.registry, made)
    for ground in ("revoked", "contract-refused"):
        with pytest.raises(Refused) as refused:
            write(session, config, made, 1, ground)
        assert refused.value.faults[0].code == "deposit.no-ground"
        assert refused.value.faults[0].rule == "TBR 35, 74; M87 23"


def test_a_signed_decision_keeps_the_security_for_the_treasury_and_is_on_record(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 5, 3)
    go_round(session, config.registry)
    revoked(session, made, "bidder")
    write(session, config, made, 5, "revoked")
    assert counter.paid() == []
    sign(session, config, made, 5)
    keep_payments(session, config.registry)
    assert row(session, config, made, 5).state == "kept"
    (decided,) = payloads(session, made.tender.code, "deposit.decided")
    (kept,) = payloads(session, made.tender.code, "deposit.forfeited")
    assert (decided["keep"], decided["article"]) == (True, "M87 23")
    assert kept["decision"] == decided["decision"] and kept["total"] == "100000.00"
    assert code(lambda: write(session, config, made, 5, "revoked")) == "deposit.no-ground"


def test_a_decision_to_return_starts_the_refund(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 5, 3)
    go_round(session, config.registry)
    revoked(session, made, "bidder")
    write(session, config, made, 5, "revoked", keep=False)
    sign(session, config, made, 5)
    assert row(session, config, made, 5).state == "due"
    assert returns.order(session, config.registry, made.tender) == 1


def test_only_the_purchaser_decides(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 5, 3)
    go_round(session, config.registry)
    revoked(session, made, "bidder")
    write(session, config, made, 5, "revoked")
    other = make_user(session, "tenderer", party=made.buyers.agency, keys=config.registry["keys"])

    def agency_signs() -> None:
        decisions.sign(
            session, config.registry, made.buyers.actor, other, made.tender, uscc=made.bidders[5].uscc, cms=b"",
        )  # fmt: skip

    assert code(agency_signs) == "deposit.tenderer-only"


def test_a_winner_who_gives_up_may_lose_its_security(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 0, 3)
    go_round(session, config.registry)
    publish_award(session, config.registry, made)
    decline(session, config.registry, made.officer_actor(config.registry), made.tender, "无正当理由拒签")
    assert row(session, config, made, 0).state == "decide"
    write(session, config, made, 0, "contract-refused")
    sign(session, config, made, 0)
    assert row(session, config, made, 0).state == "ordered"


def test_what_is_kept_and_what_goes_back_are_both_paid_at_most_once_per_item(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    """The database itself holds it: an item has one payment."""
    paid(session, config, counter, made, 1, 3)
    go_round(session, config.registry)
    each = standing_of(session, config.registry, made.tender, made.bidders[1])
    now = database_now(session)

    def order() -> None:
        returns.order_payment(
            session, config.registry, each, each.rows[0].held, now, purpose="refund", payee=Payee("a", "b"),
            total="1.00",
        )  # fmt: skip

    order()
    with pytest.raises(Exception, match="uq_deposit_payment_item_id"):
        order()


def test_the_account_is_found_again_by_its_owner_only(
    session: Session, config: Configurator, counter: Counter, made: Evaluated
) -> None:
    paid(session, config, counter, made, 0, 3)
    keys = config.registry["keys"]
    assert account_of(session, keys, made.tender, made.bidders[0].uscc) is not None
    assert account_of(session, keys, made.tender, made.bidders[1].uscc) is None
