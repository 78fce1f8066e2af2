"""Suppliers of an invited tender are drawn by the ceremony, watched by two of the purchaser's staff (M87 14)."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session

from bidding.invitations import drawing, service
from bidding.invitations.commands import ListCandidates
from bidding.invitations.models import Invitation
from bidding.tenders import drafts, invited
from bidding.tenders.models import Tender
from plugins.x509_signatures.signer import FileSigner
from tests.draws.hall import DrawHall, make_hall
from tests.helpers import make_party, make_user
from tests.tenders import Buyers, actor_for, make_buyers, make_draft, publish_draft, signer_of
from trading.accounts.models import User
from trading.clock import database_now
from trading.draws import service as draws
from trading.errors import Refused
from trading.events import AwardIssued
from trading.ledger import canonical
from trading.ledger.service import entries_of
from trading.parties.models import Party


@dataclasses.dataclass
class Scene:
    """A draft of an invited tender, three of the purchaser's staff, and enterprises that could be drawn."""

    session: Session
    registry: Any
    buyers: Buyers
    tender: Tender
    staff: list[User]
    signers: list[FileSigner]
    firms: list[Party]

    def file(self, count: int = 6, number: int = 3, paper: bytes = b"", **more: Any) -> Invitation:
        given = {"source": "pool", "basis": "市级供应商库", "number": number,
                 "candidates": [firm.uscc for firm in self.firms[:count]]} | more  # fmt: skip
        return service.list_candidates(
            self.session, self.registry, self.buyers.actor, self.tender.code, ListCandidates.model_validate(given),
            ("推荐函.pdf", paper),
        )  # fmt: skip

    def watch(self, *places: int) -> None:
        for place in places:
            service.watch(self.session, self.actor(place), self.tender.code)

    def actor(self, place: int) -> Any:
        return actor_for(self.registry, self.staff[place], self.buyers.purchaser.name)

    def draw(self) -> Any:
        return drawing.start(self.session, self.registry, self.buyers.actor, self.tender.code)

    def sign(self, place: int, by: int | None = None) -> Invitation:
        raw = service.papers_of(self.registry["keys"], self.row)["record"]
        cms = self.signers[place if by is None else by].sign(raw, database_now(self.session))
        return service.sign(self.session, self.registry, self.actor(place), self.tender.code, cms)

    @property
    def row(self) -> Invitation:
        return self.session.get_one(Invitation, self.tender.id)

    def blocking(self) -> list[str]:
        found = drafts.findings(self.session, self.registry, self.tender, database_now(self.session))
        return [finding.rule for finding in found if finding.blocks]

    def ids(self) -> list[Any]:
        """What the scene's rows are, for another session."""
        rows = [self.tender, self.buyers.agent, self.buyers.purchaser, *self.staff, *self.firms]
        return [(type(row), row.id) for row in rows]

    def move(self, session: Session, ids: list[Any]) -> None:
        """Go on in another session."""
        self.session = session
        self.tender, self.buyers.agent, self.buyers.purchaser, *rest = [
            session.get_one(*each) for each in ids
        ]
        self.staff, self.firms = rest[: len(self.staff)], rest[len(self.staff) :]

    def types(self) -> list[str]:
        return [entry.entry.type for entry in entries_of(self.session, self.tender.code)]


def make_scene(session: Session, registry: Any) -> Scene:
    buyers = make_buyers(session, registry)
    tender = make_draft(session, registry, buyers, method="invited")
    staff = [make_user(session, "tenderer", party=buyers.purchaser, keys=registry["keys"]) for _ in range(3)]
    signers = [signer_of(session, registry, user) for user in staff]
    return Scene(session, registry, buyers, tender, staff, signers, [make_party(session) for _ in range(8)])


@pytest.fixture
def scene(session: Session, config: Configurator) -> Scene:
    return make_scene(session, config.registry)


def code_of(act: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.faults[0].code, refused.value.faults[0].rule


@pytest.mark.parametrize(
    ("change", "code", "article"),
    [
        ({"count": 5}, "invited.too-few-candidates", "M87 14"),
        ({"count": 8, "number": 5}, "invited.too-few-candidates", "M87 14"),
        ({"count": 6, "number": 2}, "invited.too-few", "M87 14"),
        ({"source": "recommendation"}, "invited.paper", "M87 14"),
        ({"candidates": ["91440300MA5DXXXXXX"] * 6}, "invited.unknown", ""),
    ],
)
def test_a_list_that_is_too_short_or_without_its_paper_is_refused(
    scene: Scene, change: dict[str, Any], code: str, article: str
) -> None:
    assert code_of(lambda: scene.file(**change)) == (code, article)


def test_twice_as_many_candidates_are_enough_and_whoever_buys_is_none(scene: Scene) -> None:
    assert scene.file(count=6, number=3).list_sha256
    assert scene.file(count=8, number=4, source="recommendation", paper=b"%PDF").list_sha256
    own = [scene.buyers.purchaser.uscc, *(firm.uscc for firm in scene.firms[:6])]
    assert code_of(lambda: scene.file(candidates=own))[0] == "invited.buyer"
    twice = [scene.firms[0].uscc] * 2 + [firm.uscc for firm in scene.firms[1:6]]
    assert code_of(lambda: scene.file(candidates=twice))[0] == "invited.twice"


def test_the_draw_waits_for_two_of_the_purchasers_staff(scene: Scene) -> None:
    assert code_of(scene.draw) == ("invited.no-list", "")
    assert code_of(lambda: scene.watch(0)) == ("invited.no-list", "")
    scene.file()
    scene.watch(0, 0)
    assert code_of(scene.draw) == ("invited.witnesses", "M87 14")
    scene.watch(1)
    scene.file(number=4, count=8)  # another list: whoever is present says so anew
    assert code_of(scene.draw) == ("invited.witnesses", "M87 14")


def test_a_draft_with_candidates_is_given_up_with_an_entry(scene: Scene) -> None:
    scene.file()
    drafts.discard(scene.session, scene.buyers.actor, scene.tender)
    assert scene.types()[-2:] == ["invited.listed", "tender.cancelled"] and scene.tender.state == "cancelled"


def test_suppliers_are_drawn_for_an_invited_draft_only(scene: Scene) -> None:
    open_tender = make_draft(scene.session, scene.registry, scene.buyers)
    scene.tender, kept = open_tender, scene.tender
    assert code_of(scene.file)[0] == "invited.not-invited"
    scene.tender = kept
    kept.state = "published"
    assert code_of(scene.file)[0] == "invited.late"


def test_nothing_stored_in_the_clear_names_a_candidate_or_counts_them(scene: Scene) -> None:
    sizes = set()
    for count in (6, 8):
        row = scene.file(count=count)
        sizes.add(len(row.sealed))
        assert not any(firm.uscc.encode() in row.sealed for firm in scene.firms)
    assert len(sizes) == 1
    (listed, *_more) = [
        e for e in entries_of(scene.session, scene.tender.code) if e.entry.type == "invited.listed"
    ]
    assert listed.payloads[0] is not None
    assert listed.payloads[0].document is not None and listed.payloads[0].document.keys() == {"list"}


@pytest.fixture
def hall(config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DrawHall:
    return make_hall(config, tmp_path, monkeypatch)


def test_the_drawn_are_invited_when_two_have_signed_and_nobody_else_may_bid(hall: DrawHall) -> None:
    hall.start()
    with hall.db() as session:
        scene = make_scene(session, hall.registry)
        assert scene.blocking() == ["P3.suppliers"]
        scene.file()
        scene.watch(0, 1)
        ann = scene.draw().ann
        assert code_of(scene.draw)[0] == "invited.running"
        assert (
            code_of(lambda: drafts.discard(session, scene.buyers.actor, scene.tender))[0] == "invited.drawn"
        )
        ids = scene.ids()
    hall.to_the_freeze()
    hall.work()
    with hall.db() as session:
        scene.move(session, ids)
        record = canonical.loads(service.papers_of(hall.registry["keys"], scene.row)["record"])
        draw = draws.draw_named(session, ann)
        names = draws.openings_of(hall.registry["keys"], draw)
        order = [names[handle][1]["id"] for handle in draw.result["panel"]["lot"]]  # type: ignore[index]
        assert [one["id"] for one in record["drawn"]] == order and len(order) == 3
        assert (record["candidates"], record["draw"]["announce"], len(record["witnesses"])) == (6, ann, 2)
        assert code_of(scene.draw)[0] == code_of(scene.file)[0] == "invited.drawn"
        assert (
            code_of(lambda: drafts.discard(session, scene.buyers.actor, scene.tender))[0] == "invited.drawn"
        )

        assert code_of(lambda: scene.sign(2))[0] == "invited.not-present"
        assert code_of(lambda: scene.sign(0, by=1))[0] == "certificate.not-yours"
        assert scene.sign(0).recorded_at is None and scene.blocking() == ["P3.suppliers"]
        assert scene.sign(1).recorded_at is not None and scene.blocking() == []
        called = set(invited.invitees(session, hall.registry["keys"], scene.tender))
        assert called == {firm.id for firm in scene.firms if firm.uscc in order}
        for firm in scene.firms:
            assert invited.may_bid(session, hall.registry["keys"], scene.tender, firm.id) is (
                firm.uscc in order
            )
        assert scene.types().count("invited.watched") == 2 and scene.types()[-1] == "invited.recorded"

        publish_draft(session, hall.registry, scene.buyers, scene.tender)
        assert scene.tender.limited and draws.draw_named(session, ann).opened_at is None
        drawing.open_names(
            AwardIssued(session, hall.registry, scene.tender.code, database_now(session), order[0])
        )
        assert draws.draw_named(session, ann).opened_at is not None
