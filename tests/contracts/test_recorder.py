"""What every provider of IRecorder promises."""

from __future__ import annotations

import hashlib
import io
import wave
from pathlib import Path

import pytest
from zope.interface.verify import verifyObject

from plugins.recorder import FolderRecorder
from plugins.recorder.simulator import tone
from trading.interfaces import IRecorder


@pytest.fixture(params=["folder"])
def recorder(request: pytest.FixtureRequest, tmp_path: Path) -> FolderRecorder:
    return FolderRecorder(tmp_path / "recordings")


def test_it_offers_the_port(recorder: FolderRecorder) -> None:
    assert verifyObject(IRecorder, recorder)


def read(recorder: FolderRecorder, store: str) -> bytes:
    with recorder.open(store) as file:
        return file.read()


def test_what_came_in_pieces_is_kept_with_its_hash_and_read_back(recorder: FolderRecorder) -> None:
    assert recorder.write("a1", 0, b"so") == 2
    assert recorder.write("a1", 2, b"und") == 5
    store, size, digest = recorder.keep("a1")
    assert (size, digest) == (5, hashlib.sha256(b"sound").hexdigest())
    assert read(recorder, store) == b"sound"
    assert recorder.keep("a1") == (store, size, digest)


def test_a_piece_that_came_already_is_not_taken_twice(recorder: FolderRecorder) -> None:
    recorder.write("a1", 0, b"so")
    assert recorder.write("a1", 0, b"so") == 2
    assert recorder.write("a1", 7, b"und") == 2, "the answer says where to go on"
    assert recorder.keep("a1")[1] == 2


def test_a_recording_is_never_overwritten(recorder: FolderRecorder) -> None:
    recorder.write("a1", 0, b"sound")
    store = recorder.keep("a1")[0]
    assert recorder.write("a1", 0, b"another") == 5
    assert read(recorder, store) == b"sound"


def test_what_is_discarded_is_gone_and_may_be_discarded_again(recorder: FolderRecorder) -> None:
    recorder.write("a1", 0, b"sound")
    store = recorder.keep("a1")[0]
    recorder.discard(store)
    recorder.discard(store)
    for look in (recorder.open, recorder.keep):
        with pytest.raises(KeyError):
            look(store)


def test_no_name_leads_out_of_the_place(recorder: FolderRecorder) -> None:
    with pytest.raises(KeyError):
        recorder.write("../a", 0, b"sound")


def test_the_simulators_sound_is_a_valid_wav_file() -> None:
    with wave.open(io.BytesIO(tone())) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (1, 8000, 8000)
