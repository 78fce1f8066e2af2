"""A custodian's box against a real hall: it trusts nothing that it has not verified itself."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from bidding.opening.models import Opening
from bidding.tenders.models import Tender
from bidding.vault import closing, releasing
from bidding.vault.custodian import question
from bidding.vault.encoding import b64, unb64
from bidding.vault.models import Bid, BidderRelease, CustodianKey, Release
from bidding.vault.release import build_bidder_release, parse_release
from config import installation
from config.custodian import Box, attend
from plugins.outbound import Unreachable
from tests.bidding.vault.scene import CODE, Scene, scene
from tests.bidding.vault.test_closing import promised_close
from trading import clock
from trading.acts import process
from trading.errors import Refused
from trading.ledger.canonical import dumps, loads
from trading.ledger.service import entries_of
from trading.outbox import Promise

__all__ = ["scene"]
NAME, OTHER = "custodian-audit", "custodian-notary"


class WiredBox(Box):
    """A box that reaches the hall without a network; `altered` changes what the hall answers."""

    def __init__(self, scene: Scene, name: str = NAME) -> None:
        super().__init__(installation.outside(scene.state) / name, "http://hall", scene.state / "trust")
        self.app = TestApp(scene.config.make_wsgi_app())
        self.altered: Any = lambda path, answer: answer

    def get(self, path: str) -> Any:
        answer = self.app.get(path, expect_errors=True)
        if answer.status_int != 200:
            raise Unreachable(answer.text, answer.status_int)
        return self.altered(path, answer.json)

    def post(self, path: str, **documents: bytes) -> Any:
        answer = self.app.post_json(path, {k: b64(v) for k, v in documents.items()}, expect_errors=True)
        if answer.status_int >= 300:
            raise Unreachable(answer.text, answer.status_int)
        return self.altered(path, answer.json)

    def lines(self) -> list[dict[str, Any]]:
        path = self.folder / "log.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def open_the_tender(scene: Scene, window: int = 600) -> None:
    """What the opening room does when the close is ready."""
    with scene.db() as session:
        tender = session.scalars(select(Tender).where(Tender.code == CODE)).one()
        tender.state = "opening"
        now = clock.now()
        session.add(
            Opening(tender_id=tender.id, started_at=now, window_ends_at=now + timedelta(seconds=window))
        )


@pytest.fixture
def closed(scene: Scene) -> Scene:
    """A tender with two bids, closed and in its opening."""
    promised_close(scene)
    scene.bidders = [scene.enterprise("A"), scene.enterprise("B")]
    scene.bids = [scene.seal(who) for who in scene.bidders]
    for who, bid in zip(scene.bidders, scene.bids, strict=True):
        scene.submit(who, bid)
    scene.close()
    open_the_tender(scene)
    return scene


def after_the_window(scene: Scene) -> None:
    scene.run_until(clock.now() + timedelta(seconds=700))


def releases(scene: Scene) -> list[bytes]:
    with scene.db() as session:
        return list(session.scalars(select(Release.raw)))


def back_to_draft(scene: Scene) -> None:
    """The tender as it was before any custodian had spoken."""
    with scene.db() as session:
        session.scalars(select(Tender).where(Tender.code == CODE)).one().state = "draft"
        session.query(CustodianKey).delete()
    shutil.rmtree(installation.outside(scene.state) / NAME / "statements")


def test_a_draft_gets_its_key_statement_once(scene: Scene) -> None:
    back_to_draft(scene)
    box = WiredBox(scene)
    box.work()
    box.work()
    with scene.db() as session:
        key = session.scalars(select(CustodianKey)).one()
        assert key.custodian == NAME
        assert [e.entry.type for e in entries_of(session, CODE)] == ["custodian.key"]
    assert len(box.statements()) == 1


def test_a_statement_for_an_earlier_release_than_before_is_declined(scene: Scene) -> None:
    back_to_draft(scene)
    box = WiredBox(scene)
    box.work()
    with scene.db() as session:
        session.query(CustodianKey).delete()
        session.scalars(select(Tender)).one().deadline -= timedelta(minutes=5)
    box.work()
    assert "forbids a release" in box.lines()[-1]["reasons"][0]
    with scene.db() as session:
        assert session.scalars(select(CustodianKey)).all() == []


def test_the_hall_takes_no_statement_signed_by_another_certificate(scene: Scene) -> None:
    back_to_draft(scene)
    box = WiredBox(scene)
    ((asked, *_), _releases) = box.wanted()
    box.signer = scene.custodian_signer("custodian-centre")
    assert not box.attempt("key", CODE, lambda: box.give_key(asked))
    assert "custodian.certificate" in box.lines()[-1]["reasons"][0]


def test_custodians_release_by_themselves_after_the_window_and_every_share_holds(closed: Scene) -> None:
    box = WiredBox(closed)
    box.work()
    assert releases(closed) == []
    after_the_window(closed)
    box.work()
    (release,) = releases(closed)
    assert set(parse_release(release).shares) == {bid.manifest.hash for bid in closed.bids}
    with closed.db() as session:
        assert [e.entry.type for e in entries_of(session, CODE)][-1] == "vault.released"
        assert session.scalars(select(Promise).where(Promise.topic == releasing.TRY)).one()
    box.work()
    assert len(releases(closed)) == 1


def test_only_bids_that_their_bidders_did_not_open_are_asked_of_custodians(closed: Scene) -> None:
    who, bid = closed.bidders[0], closed.bids[0]
    raw = build_bidder_release(bid.manifest, "opening", bid.keys["opening"])
    with closed.db() as session:
        row = releasing.accept_bidder_release(
            session, closed.means, who.bidder, process("bidder"), CODE, raw, who.signer.sign(raw, clock.now())
        )
        assert row.matches
    after_the_window(closed)
    WiredBox(closed).work()
    (release,) = releases(closed)
    assert set(parse_release(release).shares) == {closed.bids[1].manifest.hash}


def test_a_wrong_key_of_a_bidder_is_kept_as_evidence_and_may_be_corrected(closed: Scene) -> None:
    who, bid = closed.bidders[0], closed.bids[0]
    for key, fits in ((b"\0" * 32, False), (bid.keys["opening"], True)):
        raw = build_bidder_release(bid.manifest, "opening", key)
        cms = who.signer.sign(raw, clock.now())
        with closed.db() as session:
            row = releasing.accept_bidder_release(
                session, closed.means, who.bidder, process("bidder"), CODE, raw, cms
            )
            assert row.matches is fits
    with closed.db() as session:
        assert len(session.scalars(select(BidderRelease)).all()) == 2


def test_a_bidder_decrypts_only_its_own_bid_and_only_inside_the_window(closed: Scene) -> None:
    (a, b), bid = closed.bidders, closed.bids[0]
    raw = build_bidder_release(bid.manifest, "opening", bid.keys["opening"])

    def release(who: Any) -> str:
        with closed.db() as session, pytest.raises(Refused) as refused:
            cms = who.signer.sign(raw, clock.now())
            releasing.accept_bidder_release(
                session, closed.means, who.bidder, process("bidder"), CODE, raw, cms
            )
        return refused.value.faults[0].code

    assert release(b) == "release.not-yours"
    after_the_window(closed)
    assert release(a) == "release.window"


def close_answer(change: Any) -> Any:
    return lambda path, answer: change(answer) if "/close?" in path else answer


def other_list(answer: dict[str, Any]) -> dict[str, Any]:
    document = loads(unb64(answer["close"]))
    document["entries"] = document["entries"][:1]
    return answer | {"close": b64(dumps(document))}


def unwitnessed(answer: dict[str, Any]) -> dict[str, Any]:
    lines = answer["checkpoint"].splitlines(keepends=True)
    return answer | {"checkpoint": "".join(line for line in lines if installation.WITNESS not in line)}


def other_proof(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {"proof": answer["proof"] | {"index": answer["proof"]["index"] + 1}}


def other_policy(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {"policy": b64(dumps(loads(unb64(answer["policy"])) | {"client_sha256": ["0" * 64]}))}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda answer: answer | {"tst": None}, "time stamp"),
        (other_list, "time stamp does not hold"),
        (unwitnessed, "witnesses"),
        (other_proof, "not in the checkpoint"),
        (other_policy, "policy must not be used"),
        (lambda answer: answer | {"bids": answer["bids"][:1]}, "does not open"),
    ],
)
def test_a_custodian_declines_a_close_that_does_not_hold(closed: Scene, change: Any, reason: str) -> None:
    after_the_window(closed)
    box = WiredBox(closed)
    box.altered = close_answer(change)
    box.work()
    assert releases(closed) == []
    assert reason in " ".join(box.lines()[-1]["reasons"])


def test_a_custodian_never_releases_inside_the_bidders_window_whatever_the_hall_says(closed: Scene) -> None:
    with closed.db() as session:
        session.scalars(select(Opening)).one().window_ends_at = clock.now() - timedelta(seconds=1)
    box = WiredBox(closed)
    box.work()
    assert box.lines()[-1]["reasons"] == ["the bidders' own window is still open"]
    assert releases(closed) == []


def test_a_custodian_without_its_own_statement_in_the_policy_declines(closed: Scene) -> None:
    after_the_window(closed)
    box = WiredBox(closed)
    box.statements = list
    box.work()
    assert "own key statement" in box.lines()[-1]["reasons"][0]


def test_a_wrong_share_is_refused_and_named(closed: Scene) -> None:
    after_the_window(closed)
    box = WiredBox(closed)
    (asked,) = box.wanted()[1]
    policy, close, manifests = box.ready(asked)
    from bidding.vault.custodian import release_for

    document = loads(release_for(policy, close, "opening", box.masters[-1], manifests, clock.now()))
    document["shares"][0]["share"] = b64(b"\1" * 32)
    raw = dumps(document)
    with closed.db() as session, pytest.raises(Refused) as refused:
        releasing.accept_release(session, closed.registry, raw, box.signer.sign(raw, clock.now()))
    assert refused.value.faults[0].code == "release.wrong"
    assert "not the committed one" in refused.value.faults[0].rule


def test_an_attended_box_waits_for_a_person(closed: Scene) -> None:
    after_the_window(closed)
    config = installation.outside(closed.state) / NAME / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"attended": True}))
    box = WiredBox(closed)
    box.work()
    assert releases(closed) == []
    said: list[str] = []
    attend(box, ask=lambda prompt: "no", say=said.append)
    assert releases(closed) == []
    assert "verified" in " ".join(said)
    attend(box, ask=lambda prompt: "yes", say=said.append)
    assert len(releases(closed)) == 1


def test_the_close_is_given_to_nobody_before_it_is_ready(scene: Scene) -> None:
    scene.submit(who := scene.enterprise("A"), scene.seal(who))
    with scene.db() as session, pytest.raises(Refused) as refused:
        closing.close_bundle(session, CODE)
    assert refused.value.faults[0].code == "close.not-yet"
    with pytest.raises(Unreachable):
        WiredBox(scene).get(f"/api/tenders/{CODE}/close")


def test_what_is_wanted_says_nothing_about_bids_before_the_close(scene: Scene) -> None:
    box = WiredBox(scene)
    before = box.wanted()
    scene.submit(who := scene.enterprise("A"), scene.seal(who))
    with scene.db() as session:
        assert session.scalars(select(Bid)).one()
    assert box.wanted() == before


def test_what_is_wanted_is_told_to_the_custodian_alone(scene: Scene) -> None:
    box, other = WiredBox(scene), WiredBox(scene, OTHER)
    raw = question(NAME, clock.now())
    stale = question(NAME, clock.now() - timedelta(minutes=6))
    for asked, cms in (
        (raw, other.signer.sign(raw, clock.now())),
        (stale, box.signer.sign(stale, clock.now())),
        (b"[]", box.signer.sign(b"[]", clock.now())),
        (raw, box.signer.sign(stale, clock.now())),
    ):
        with pytest.raises(Unreachable):
            box.post(f"/api/custodian/{NAME}/wanted", question=asked, p7s=cms)
