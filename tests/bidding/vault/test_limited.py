"""A tender for some only: whoever is not invited is refused at every door, and nothing tells who is."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from webtest import TestApp

from bidding.tenders import invited
from bidding.tenders.models import Tender
from bidding.vault import admission, uploads
from bidding.vault.encoding import b64
from tests.bidding.vault.scene import CODE, Enterprise, Scene
from tests.bidding.vault.test_pages import browser, hand_in, with_key
from trading.errors import Refused
from trading.parties.models import Party

PAGES = ("", "/bid", "/documents/tender-document.pdf", "/questions", "/opening")
API = ("", "/policy", "/policy.p7s", "/opening")


def limit(scene: Scene, *invitees: Enterprise) -> None:
    with scene.db() as session:
        wanted = [who.bidder.uscc for who in invitees]
        parties = session.scalars(select(Party.id).where(Party.uscc.in_(wanted))).all()
        tender = session.scalars(select(Tender).where(Tender.code == CODE)).one()
        invited.invite(session, scene.registry["keys"], tender, parties)


def refused_code(answer: object) -> str:
    return str(answer.json["code"])  # type: ignore[attr-defined]


def test_a_stranger_is_refused_at_every_page_and_the_invited_one_bids(scene: Scene) -> None:
    app = TestApp(scene.config.make_wsgi_app())
    guest, stranger = scene.enterprise("Green Chairs Ltd"), scene.enterprise("Blue Desks Ltd")
    limit(scene, guest)
    theirs, own = with_key(scene, stranger), with_key(scene, guest)
    for path in PAGES:
        page = browser(scene, app, stranger).get(f"/tenders/{CODE}{path}", status=422)
        assert "受邀请" in page, path
    for path in API:
        answer = app.get(f"/api/tenders/{CODE}{path}", headers=theirs, status=422)
        assert refused_code(answer) == "tender.invited-only", path
        app.get(f"/api/tenders/{CODE}{path}", status=401)
    assert "/login?next=" in app.get(f"/tenders/{CODE}", status=303).location
    bid = scene.seal(stranger)
    begin = {"tender": CODE, "manifest": b64(bid.raw), "cms": b64(bid.cms)}
    assert refused_code(app.post_json("/api/bids/uploads", begin, headers=theirs, status=422)) == (
        "tender.invited-only"
    )
    assert browser(scene, app, guest).get(f"/tenders/{CODE}/bid", status=200)
    assert hand_in(app, own, scene.seal(guest))["ref"]


def test_what_was_begun_before_the_limit_is_not_admitted_after_it(scene: Scene) -> None:
    stranger, guest = scene.enterprise("Blue Desks Ltd"), scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(stranger)
    upload = scene.upload(stranger, bid)
    limit(scene, guest)
    for act in (
        lambda db: admission.submit(db, scene.means, stranger.bidder, upload),
        lambda db: uploads.start_upload(
            db, scene.means, stranger.bidder,
            db.scalars(select(Tender).where(Tender.code == CODE)).one(), bid.raw, bid.cms,
        ),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused, scene.db() as session:
            act(session)
        assert refused.value.faults[0].code == "tender.invited-only"


def test_neither_the_database_nor_its_size_tells_who_is_invited_or_how_many(scene: Scene) -> None:
    several = [scene.enterprise(f"Enterprise {number}") for number in range(5)]

    def stored() -> bytes:
        with scene.db() as session:
            assert session.scalar(text("SELECT count(*) FROM tender_invitee")) == 1
            return bytes(session.scalar(text("SELECT sealed FROM tender_invitee")))

    def id_of(who: Enterprise) -> Party:
        with scene.db() as session:
            found = session.scalars(select(Party).where(Party.uscc == who.bidder.uscc)).one()
            session.expunge(found)
            return found

    limit(scene, several[0])
    one = stored()
    limit(scene, *several[1:4])
    four = stored()
    assert len(one) == len(four)
    party = id_of(several[0])
    assert party.id.bytes not in four and party.id.hex.encode() not in four
    with scene.db() as session:
        tender = session.scalars(select(Tender).where(Tender.code == CODE)).one()
        may = [invited.may_bid(session, scene.registry["keys"], tender, id_of(who).id) for who in several]
    assert may == [True, True, True, True, False]
