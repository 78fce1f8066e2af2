"""Speech and key tones as sound: the library eSpeak NG speaks Mandarin; keys are heard as DTMF (ITU-T Q.23).

16-bit mono PCM at `RATE`. The same words always give the same bytes."""

from __future__ import annotations

import ctypes
import io
import math
import threading
import wave
from array import array
from functools import lru_cache

import espeakng_loader

RATE = 22050
"""samples a second, as the library speaks"""
VOICE = b"cmn"
TONE_SECONDS, LOUDNESS = 0.15, 9000
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)
KEYPAD = ("123", "456", "789", "*0#")

_SYNCHRONOUS, _UTF8 = 2, 1
_Heard = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
_lock = threading.Lock()


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate != RATE or library.espeak_SetVoiceByName(VOICE):
        raise RuntimeError("eSpeak NG does not speak Mandarin here")
    return library


@lru_cache(maxsize=64)
def say(words: str) -> bytes:
    """The words, spoken."""
    spoken = bytearray()

    @_Heard  # type: ignore[untyped-decorator,unused-ignore]
    def heard(samples: ctypes._Pointer[ctypes.c_short], count: int, _events: object) -> int:
        if samples and count > 0:
            spoken.extend(ctypes.string_at(samples, count * 2))
        return 0

    text = words.encode()
    with _lock:  # the library speaks one text at a time
        _library().espeak_SetSynthCallback(heard)
        _library().espeak_Synth(text, len(text) + 1, 0, 1, 0, _UTF8, None, None)
        _library().espeak_Synchronize()
    return bytes(spoken)


@lru_cache(maxsize=16)
def tone(key: str) -> bytes:
    """The two tones of a key."""
    row = next(index for index, keys in enumerate(KEYPAD) if key in keys)
    both = ROWS[row], COLUMNS[KEYPAD[row].index(key)]
    steps = [2 * math.pi * frequency / RATE for frequency in both]
    count = int(RATE * TONE_SECONDS)
    return array(
        "h", (int(LOUDNESS * sum(math.sin(step * n) for step in steps)) for n in range(count))
    ).tobytes()


def wav(sound: bytes) -> bytes:
    """A WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(sound)
    return file.getvalue()
