"""IBank and IGuaranteeIssuer: the bank over HTTP, as the hall meets it, and banks that misbehave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from zope.interface.verify import verifyObject

from plugins.bank.client import HttpBank
from plugins.bank.simulator import Bank, make_server
from plugins.outbound import exchange
from tests.pki import NOW, USCC, Clock, running
from trading.banking import Payee
from trading.errors import Refused
from trading.interfaces import IBank, IGuaranteeIssuer

PAYER, PAYEE = ("启明教育装备有限公司", "6222001100000001"), Payee("启明教育装备有限公司", "6222001100000001")
AMOUNT = Decimal("24000.00")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counter(tmp_path: Path, clock: Clock) -> Bank:
    return Bank(tmp_path / "bank", clock)


@pytest.fixture
def bank(counter: Bank, clock: Clock) -> Iterator[HttpBank]:
    with running(make_server("127.0.0.1", 0, counter)) as address:
        yield HttpBank(address, counter.secret, clock, timeout=2)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.faults[0].code


def paid_in(counter: Bank, bank: HttpBank, ref: str = "r1", amount: str = "24000.00") -> str:
    account = bank.open_account(ref)
    counter.pay_in(account, amount, *PAYER)
    return account


def test_the_provider_has_the_methods_of_the_ports(bank: HttpBank) -> None:
    assert verifyObject(IBank, bank)
    assert verifyObject(IGuaranteeIssuer, bank)


def test_a_reference_has_one_account_and_another_reference_another(bank: HttpBank) -> None:
    first = bank.open_account("r1")
    assert bank.open_account("r1") == first
    assert bank.open_account("r2") != first


def test_a_credit_says_who_paid_how_much_and_when(counter: Bank, bank: HttpBank) -> None:
    account = paid_in(counter, bank)
    (credit,), _cursor = bank.credits("")
    assert (credit.account, credit.amount, credit.payer, credit.payer_account, credit.at) == (
        account, AMOUNT, *PAYER, NOW,
    )  # fmt: skip


def test_the_cursor_goes_on_where_the_last_list_ended(counter: Bank, bank: HttpBank) -> None:
    paid_in(counter, bank)
    _first, cursor = bank.credits("")
    assert bank.credits(cursor)[0] == []
    paid_in(counter, bank, "r2", "1.00")
    assert [credit.amount for credit in bank.credits(cursor)[0]] == [Decimal("1.00")]


def test_a_notification_that_comes_twice_names_the_same_credit(counter: Bank, bank: HttpBank) -> None:
    counter.set_modes({"duplicate": "1"})
    paid_in(counter, bank)
    credits, _cursor = bank.credits("")
    assert len(credits) == 2 and credits[0] == credits[1]


def test_a_credit_told_late_bears_the_time_at_which_it_was_booked(
    counter: Bank, bank: HttpBank, clock: Clock
) -> None:
    counter.set_modes({"late": "60"})
    paid_in(counter, bank)
    credits, cursor = bank.credits("")
    assert credits == []
    clock.move(seconds=61)
    assert [credit.at for credit in bank.credits(cursor)[0]] == [NOW]


def test_a_payment_with_the_same_key_happens_once(counter: Bank, bank: HttpBank, clock: Clock) -> None:
    account = paid_in(counter, bank)
    first = bank.pay("k1", account, PAYEE, AMOUNT, "refund")
    clock.move(minutes=1)
    assert bank.pay("k1", account, PAYEE, AMOUNT, "refund") == first
    assert bank.payment("k1") == first


def test_a_key_cannot_pay_something_else(counter: Bank, bank: HttpBank) -> None:
    account = paid_in(counter, bank)
    bank.pay("k1", account, PAYEE, AMOUNT, "refund")
    assert code(lambda: bank.pay("k1", account, PAYEE, AMOUNT + 1, "refund")) == "bank.key-reused"
    assert code(lambda: bank.pay("k2", "0", PAYEE, AMOUNT, "refund")) == "bank.declined"


def test_a_key_that_paid_nothing_is_unknown(bank: HttpBank) -> None:
    assert bank.payment("k9") is None


def test_a_bank_that_is_down_or_slow_is_unavailable(counter: Bank, bank: HttpBank, clock: Clock) -> None:
    counter.set_modes({"down": "1"})
    assert code(lambda: bank.open_account("r1")) == "bank.unavailable"
    assert code(lambda: bank.guarantee("G1")) == "guarantee.unavailable"
    counter.set_modes({"slow": "0.5"})
    hasty = HttpBank(bank.url, counter.secret, clock, timeout=0.1)
    assert code(lambda: hasty.credits("")) == "bank.unavailable"


def test_a_bank_with_another_secret_is_not_believed_and_believes_nobody(bank: HttpBank, clock: Clock) -> None:
    stranger = HttpBank(bank.url, b"another secret", clock)
    assert code(lambda: stranger.open_account("r1")) == "bank.unavailable"
    assert exchange(bank.url + "/credits?cursor=")[0] == 401


def test_a_request_recorded_earlier_is_refused(counter: Bank, bank: HttpBank, clock: Clock) -> None:
    old = HttpBank(bank.url, counter.secret, Clock(NOW - timedelta(minutes=6)))
    assert code(lambda: old.open_account("r1")) == "bank.unavailable"


def test_the_books_survive_the_process(counter: Bank, bank: HttpBank, clock: Clock) -> None:
    account = paid_in(counter, bank)
    first = bank.pay("k1", account, PAYEE, AMOUNT, "refund")
    again = Bank(counter.folder, clock)
    assert again.secret == counter.secret
    assert again.payment("k1")["reference"] == first.reference
    assert len(again.credits("")["credits"]) == 1


def test_a_guarantee_is_known_by_its_number(counter: Bank, bank: HttpBank) -> None:
    number = counter.issue(USCC, "T-1", "24000", "2027-03-31")
    found = bank.guarantee(number)
    assert found is not None
    assert (found.applicant, found.tender, found.amount, found.until) == (
        USCC, "T-1", AMOUNT, date(2027, 3, 31),
    )  # fmt: skip
    assert bank.guarantee("G0") is None


def test_the_wrong_payer_is_told_as_he_is(counter: Bank, bank: HttpBank) -> None:
    counter.set_modes({"wrong_payer": "1"})
    paid_in(counter, bank)
    assert bank.credits("")[0][0].payer != PAYER[0]
