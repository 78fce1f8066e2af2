"""Small works by reasonable low price among the roster: sealed prices of five firms in the real vault, F1, award, bundle."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from webtest import TestApp

import tradehall_verify
from bidding.lottery import awarding, sealed_prices, works
from bidding.lottery.commands import DraftWorks
from bidding.lottery.models import SmallWorks
from bidding.lottery.pricing import Offer
from bidding.roster import importing
from bidding.vault.encoding import b64, unb64
from expert_pool.experts import sheet
from tests import tenders
from tests.bidding.evaluation.scored import Member
from tests.bidding.lottery import scene as scenes
from tests.bidding.lottery.scene import HEADING, PAPER, cells, typed
from tests.bidding.offers.hall import Play, bundle_of, deliver_keys, offer_sheet
from tests.bidding.vault.scene import Scene, Stamper
from tests.helpers import form_with, log_in, make_user
from trading import clock
from trading.accounts.service import create_api_key
from trading.acts import process
from trading.clock import database_now
from trading.errors import Refused
from trading.interfaces import ITimeStamper

PRICES = {
    "甲公司": "1700000",
    "乙公司": "1650000",
    "丙公司": "1600000",
    "丁公司": "1550000",
    "戊公司": "1500000",
}


class Hall:
    """Owner, six firms of the roster, one of them kept out; `play` seals, closes and opens."""

    def __init__(self, config: Configurator, folder: Path, patch: pytest.MonkeyPatch) -> None:
        config.commit()
        patch.setitem(config.registry["handlers"], works.BUNDLE, lambda *_: None)
        stamper = Stamper(folder, config.registry.settings)
        config.registry.registerUtility(stamper, ITimeStamper)
        vault = Scene(config, folder, clock.now(), stamper)
        self.registry, self.app = config.registry, TestApp(config.make_wsgi_app())
        with vault.db() as session:
            self.roster = scenes.make(session, self.registry, folder, patch)
            owner = make_user(session, "tenderer", party=self.roster.owner, keys=self.registry["keys"])
            signer = tenders.signer_of(session, self.registry, owner)
            host = Member(
                self.app, owner, create_api_key(session, process("test"), owner.id, "test"), "", "", signer
            )
            session.flush()
            session.expunge_all()
        self.play = Play(vault, self.app, "", host, host)
        for name in (*PRICES, "己公司"):
            self.play.supplier(name)
        self.code = self.in_db(self.publish)
        self.play.code, self.child = self.code, f"{self.code}-P1"
        host.base = self.play.at(self.child)
        self.config, self.buyer = config, log_in(self.app, config, owner)
        self.public = TestApp(self.app.app)
        self.page = f"/small-works/{self.code}"

    def in_db(self, act: Any) -> Any:
        with self.play.scene.db() as session:
            self.roster.session = session
            found = act(session)
            session.flush()
            return found

    def publish(self, session: Any) -> str:
        """The firms come in by spreadsheet; the works are announced, signed by the owner; no local rule is needed."""
        rows = [
            cells(place, org=supplier.uscc, name=supplier.who.name)
            for place, supplier in enumerate(self.play.suppliers, start=1)
        ]
        plan = importing.examine(session, self.registry, sheet.write(HEADING, rows), binding=True)
        importing.carry_out(session, self.registry["keys"], self.roster.office, plan, "e" * 64, "首批入库")
        now = database_now(session)
        end = works.earliest_end(self.registry, now)
        asked = scenes.form(self.registry, now) | {
            "method": "low-price", "finalists": "0", "k_values": "3%", "draw_at": typed(end + timedelta(hours=9)),
        }  # fmt: skip
        owner = self.play.host.user
        actor = tenders.actor_for(self.registry, owner, "示例镇人民政府")
        party = session.merge(self.roster.owner)
        found = works.draft(session, self.registry, actor, party, False, DraftWorks.model_validate(asked))
        notice = works.notice_of(session, self.registry, found, now)
        works.publish(session, self.registry, actor, found, self.play.host.signer.sign(notice, now))
        self.until = found.declines_until
        return found.code

    def later(self, instant: Any) -> None:
        scenes.run_until(instant)
        tenders.demo_ca(self.registry).export_trust(Path(self.registry.settings["signatures.folder"]))
        self.play.work()
        self.buyer = log_in(self.app, self.config, self.play.host.user)  # days have passed

    def sign(self, *fields: str) -> Any:
        """Sign what the works' page offers, as its script does."""
        form = form_with(self.buyer.get(self.page), fields[0])
        for field in fields:
            raw = unb64(form.fields[field][0].attrs["data-sign-base64"])
            form[field] = b64(self.play.host.signer.sign(raw, clock.now()))
        return form.submit()


@pytest.fixture
def hall(config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hall:
    monkeypatch.setenv(clock.CLOCK_FILE, str(tmp_path / "clock"))
    return Hall(config, tmp_path, monkeypatch)


def test_sealed_prices_of_five_firms_end_in_an_award_that_the_verifier_recomputes(
    hall: Hall, tmp_path: Path
) -> None:
    play = hall.play
    *bidding, barred = play.suppliers
    hall.in_db(lambda db: hall.roster.exclude_org(barred.uscc))
    hall.later(hall.until)
    assert "密钥保管方" in hall.buyer.get(hall.page).text, "the custodians' keys are not here yet"
    hall.in_db(lambda db: deliver_keys(db, hall.registry, play_tender(db, hall.child)))
    assert hall.sign("prices_notice_cms", "policy_cms").status_int == 303
    firm = log_in(hall.app, hall.config, bidding[0].program.user)
    assert (
        f"/tenders/{hall.child}/bid" in firm.get(hall.page).text
        and "人民路路面维修" in firm.get("/desk").text
    )
    sheet_page = firm.get(f"/tenders/{hall.child}/bid").text
    assert 'data-quantity="1"' in sheet_page and 'id="documents"' not in sheet_page
    assert firm.get(f"/tenders/{hall.child}").location.endswith(hall.page)
    assert hall.buyer.get(f"/tenders/{hall.child}/amend").location.endswith(hall.page)
    for supplier in bidding:
        play.submit(supplier, hall.child, {"price-sheet": offer_sheet(PRICES[supplier.who.name])})
    headers = {"Authorization": f"Bearer {barred.program.key}"}
    told = hall.app.get(f"{play.at(hall.child)}/policy", headers=headers, status=422)
    assert told.json["code"] == "tender.invited-only"
    hall.public.get(f"/tenders/{hall.child}/opening", status=(302, 303, 401))
    assert "1700000" not in hall.buyer.get(hall.page).text
    play.open(hall.child)
    assert "甲公司" in hall.public.get(f"/tenders/{hall.child}/opening").text, "opened in public"
    page = hall.public.get(hall.page).text
    # mean of 1.65, 1.6, 1.55 million, less 3 %: 1,552,000
    for figure in ("1,600,000.00", "1,552,000.00", "丁公司", "1,550,000.00", "2,000.00"):
        assert figure in page
    hall.later(clock.now() + timedelta(days=4))
    hall.sign("award_cms")
    assert hall.in_db(lambda db: works.by_code(db, hall.code).state) == "awarded"
    for public in (True, False):
        path, trusted = bundle_of(play, tmp_path, public=public)
        said: list[str] = []
        assert tradehall_verify.main([str(path), "--trust", str(trusted)], said.append) == 0, "\n".join(said)
        assert any("F1 over 5 prices: mean 1600000.00, K 0.03, benchmark 1552000.00" in line for line in said)


def play_tender(session: Any, code: str) -> Any:
    from bidding.tenders.service import find

    return find(session, code)


def test_k_of_several_values_is_drawn_only_when_the_prices_are_open(
    session: Any, config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scenes.make(session, config.registry, tmp_path, monkeypatch)
    scene.take_in([cells(number) for number in range(1, 5)])
    later = works.earliest_end(scene.registry, database_now(session)) + timedelta(hours=2)
    with pytest.raises(Refused) as caught:
        scene.draft(method="low-price", finalists=0)
    assert {fault.code for fault in caught.value.faults} == {"works.k", "works.draw-at"}
    found = scene.listed(method="low-price", finalists=0, k_values="2% 5%", draw_at=typed(later))
    assert found.state == "listed" and found.next_step == "k" and found.rule_id is None
    child = sealed_prices.tender_of(session, found)
    assert child is not None and child.limited and child.deadline == found.draw_at
    scene.go(later)
    with pytest.raises(Refused) as caught:
        works.to_be_drawn(session, found)
    assert caught.value.faults[0].code == "works.sealed"
    offers = [Offer(scene.party(n).uscc, Decimal(1_500_000 + n * 50_000)) for n in range(1, 5)]
    monkeypatch.setattr(sealed_prices, "opened", lambda *_: [(None, offer) for offer in offers])
    child.state = "handed_over"
    assert works.to_be_drawn(session, found) == "k"
    scene.drawn(found, {"k": ["K=0.05"]})
    turn = awarding.current(session, found)
    ranking = sealed_prices.ranking_of(session, found)
    assert ranking is not None and ranking.benchmark == Fraction(1_625_000) * Fraction(95, 100)
    assert (turn.party_id, turn.price) == (scene.party(1).id, Decimal("1550000"))


def test_cancelled_works_take_their_sealed_prices_along(
    session: Any, config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scenes.make(session, config.registry, tmp_path, monkeypatch)
    scene.take_in([cells(number) for number in range(1, 5)])
    later = works.earliest_end(scene.registry, database_now(session)) + timedelta(hours=2)
    found: SmallWorks = scene.listed(method="low-price", finalists=0, k_values="0.02", draw_at=typed(later))
    works.cancel(session, scene.registry, scene.owner_actor, found, "资金未落实", PAPER)
    child = sealed_prices.tender_of(session, found)
    assert child is not None and (found.state, child.state) == ("cancelled", "cancelled")
