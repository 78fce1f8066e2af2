"""What every provider of IRecorder promises."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest
from zope.interface.verify import verifyObject

from plugins.recorder import FolderRecorder
from plugins.recorder.simulator import tone
from trading.errors import Refused
from trading.interfaces import IRecorder


@pytest.fixture(params=["folder"])
def recorder(request: pytest.FixtureRequest, tmp_path: Path) -> FolderRecorder:
    return FolderRecorder(tmp_path / "recordings")


def test_it_offers_the_port(recorder: FolderRecorder) -> None:
    assert verifyObject(IRecorder, recorder)


def test_what_is_kept_is_read_back(recorder: FolderRecorder) -> None:
    store = recorder.keep("a1", b"sound")
    assert recorder.read(store) == b"sound"
    assert recorder.keep("a1", b"sound") == store


def test_a_recording_is_never_overwritten(recorder: FolderRecorder) -> None:
    store = recorder.keep("a1", b"sound")
    with pytest.raises(Refused):
        recorder.keep("a1", b"another")
    assert recorder.read(store) == b"sound"


def test_what_is_discarded_is_gone_and_may_be_discarded_again(recorder: FolderRecorder) -> None:
    store = recorder.keep("a1", b"sound")
    recorder.discard(store)
    recorder.discard(store)
    with pytest.raises(KeyError):
        recorder.read(store)


def test_no_name_leads_out_of_the_place(recorder: FolderRecorder) -> None:
    with pytest.raises(KeyError):
        recorder.keep("../a", b"sound")


def test_the_simulators_sound_is_a_valid_wav_file() -> None:
    with wave.open(io.BytesIO(tone())) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (1, 8000, 8000)
