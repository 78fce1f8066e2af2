"""The documents of an opened bid: decrypted for members, every look on record."""

from __future__ import annotations

import io
import tarfile
import uuid
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bidding.evaluation import bidfiles
from bidding.vault.models import SealPolicy
from bidding.vault.pieces import PIECE
from bidding.vault.policy import Part
from bidding.vault.service import piece_key
from tests.bidding.evaluation.room import Room, make_room
from tests.bidding.vault.support import make_world, seal
from trading.clock import database_now
from trading.errors import Refused
from trading.interfaces import IFileStore


class Shelf(dict[str, bytes]):
    """A file store in memory."""

    def get(self, key: str) -> bytes:  # type: ignore[override]
        return self[key]

    def size(self, key: str) -> int:
        return len(self[key])


def tar_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.fixture
def room(session: Session) -> Room:
    """The first bid has two documents, stored as the vault stores them."""
    room = make_room(session)
    room.seat_all()
    world = make_world(parts=[Part("documents", "opening", 1 << 30, False)])
    bid = seal(world, {"documents": tar_of({"licence.pdf": b"%PDF licence", "offers/list.txt": b"desks"})})
    session.add(
        SealPolicy(
            tender_id=room.tender.id,
            version=1,
            sha256=world.policy.hash.hex(),
            raw=world.policy.raw,
            cms=world.cms,
            signed_at=database_now(session),
        )  # fmt: skip
    )
    opened = room.found.bids[room.bidders[0].uscc]
    opened.row.upload_id, opened.row.manifest = uuid.uuid4(), bid.manifest_raw
    opened.outcome.stage_key = bid.keys["opening"]
    session.flush()
    sealed = bid.ciphertexts["documents"]
    pieces = range(0, len(sealed), PIECE)
    shelf = Shelf({piece_key(opened.row.upload_id, "documents", n): sealed[at : at + PIECE]
                   for n, at in enumerate(pieces)})  # fmt: skip
    of_stamps = room.registry.getUtility
    room.registry.getUtility = lambda port: shelf if port is IFileStore else of_stamps(port)  # type: ignore[method-assign]
    return room


def look(room: Room, number: int = 0, name: str = "") -> Any:
    bid = room.found.bids[room.bidders[number].uscc]
    actor = room.actor(room.people[0])
    return bidfiles.decrypted(room.session, room.registry, actor, room.tender, bid, name)


def test_a_member_reads_the_files_of_a_bid(room: Room) -> None:
    assert bidfiles.listed(look(room)) == [("licence.pdf", 12), ("offers/list.txt", 5)]
    assert bidfiles.one_file(look(room), "offers/list.txt") == b"desks"
    with pytest.raises(Refused):
        bidfiles.one_file(look(room), "other.txt")


def test_every_look_is_an_entry_that_names_bid_file_and_viewer(room: Room) -> None:
    look(room, name="licence.pdf")
    [seen] = room.entries("confidential.viewed")
    manifest = room.found.bids[room.bidders[0].uscc].manifest
    assert seen["object"] == f"bid {manifest} documents/licence.pdf"
    assert seen["viewer"] == room.actor(room.people[0]).within(room.tender.code)


def test_stored_documents_that_were_touched_are_not_shown(room: Room) -> None:
    shelf = room.registry.getUtility(IFileStore)
    key = next(iter(shelf))
    shelf[key] = shelf[key][:-1] + bytes([shelf[key][-1] ^ 1])
    with pytest.raises(Refused) as refused:
        look(room)
    assert refused.value.faults[0].code == "documents.unreadable"
    assert room.entries("confidential.viewed") == []


def test_a_bid_without_a_documents_part_says_so(room: Room) -> None:
    opened = room.found.bids[room.bidders[1].uscc]
    opened.row.manifest = seal(make_world()).manifest_raw
    room.session.flush()
    with pytest.raises(Refused) as refused:
        look(room, 1)
    assert refused.value.faults[0].code == "documents.none"


def test_what_a_bidder_hands_in_instead_of_a_tar_lists_as_nothing() -> None:
    assert bidfiles.listed(io.BytesIO(b"no tar at all" * 100)) == []
