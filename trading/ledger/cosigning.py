"""Asking a witness for its cosignature (C2SP tlog-witness), beside the sequencer and never in its way."""

from __future__ import annotations

import contextlib
import http.client
import logging
import threading
from collections.abc import Sequence

import psycopg

from trading.ledger.checkpoint import (
    NoteError,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    verify_cosignature,
)
from trading.ledger.folder import TileFolder
from trading.ledger.standing import REPLAY, TIMEOUT, post, request_body

log = logging.getLogger(__name__)

LONGEST_PAUSE = 30
"""Seconds between two attempts at a witness that does not answer."""


class Cosigner(threading.Thread):
    """Follows the published checkpoints and has one witness cosign the newest, at most every `pause_ms`.

    `contradiction` is set, in words, when the witness has seen more or other than this log published;
    when too many of them say so, nothing may be signed any more.
    """

    def __init__(
        self,
        name: str,
        url: str,
        keys: Sequence[VerifierKey],
        files: TileFolder,
        database_url: str,
        pause_ms: int,
    ) -> None:
        super().__init__(name=f"witness {name}", daemon=True)
        self.witness = name
        self.contradiction: str | None = None
        self.wake = threading.Event()
        self._url = url
        self._keys = keys
        self._files = files
        self._database_url = database_url
        self._pause = pause_ms / 1000
        self._stopping = threading.Event()
        self._old = 0
        self._done = -1

    def stop(self) -> None:
        """Ends the thread soon; an open request is not awaited."""
        self._stopping.set()
        self.wake.set()

    def run(self) -> None:
        failures = 0
        while not self._stopping.is_set() and not self.contradiction:
            try:
                self._follow()
                failures = 0
            except (OSError, http.client.HTTPException, NoteError, ValueError, psycopg.Error) as error:
                log.warning("witness %s: %s", self.witness, error)
                failures += 1
            if failures:
                self._stopping.wait(min(LONGEST_PAUSE, self._pause * 2**failures))
            else:
                self._stopping.wait(self._pause)
                self.wake.wait(1)
                self.wake.clear()

    def _follow(self) -> None:
        """Brings the witness to the newest published checkpoint, if it is not there yet."""
        note = self._files.note()
        if note is None or parse_checkpoint(note).size == self._done:
            return
        parsed = parse_note(note)
        origin = parse_checkpoint(note).origin
        own = f"{parsed.text}\n" + "".join(s.line for s in parsed.signatures if s.name == origin)
        status, body = post(self._url, request_body(self._files, own, self._old))
        if status == 200:
            self._keep(own, body)
        elif status == 409:
            self._catch_up(int(body), parse_checkpoint(note).size)
        elif status == 422:
            self.contradiction = (
                f"witness {self.witness} finds that this log's tree is not a continuation of what it "
                "cosigned before: signing on would be a fork. Nothing is signed."
            )
        else:
            raise ValueError(f"answered {status}: {body.strip()[:200]}")

    def _catch_up(self, known: int, published: int) -> None:
        """The witness is elsewhere than thought: go on from there, unless it is ahead of the log itself."""
        newest = self._files.checkpoint()
        if known > max(published, newest.size if newest else 0):
            self.contradiction = (
                f"witness {self.witness} has cosigned {known} entries, this log has published only "
                f"{published}: this is an older backup. {REPLAY}"
            )
            return
        if known == self._old:
            raise ValueError("answered 409 with the size that was sent")
        self._old = known
        self.wake.set()

    def _keep(self, note: str, answer: str) -> None:
        """Keeps the witness's own lines of its answer, one by each of its keys, in the database and in the
        published checkpoint."""
        size = parse_checkpoint(note).size
        found = [
            (key.name, line) for line in answer.splitlines(keepends=True) if (key := self._by(note, line))
        ]
        if not found:
            raise ValueError("its answer holds no valid cosignature by its key")
        for name, line in found:
            with psycopg.connect(self._database_url, connect_timeout=TIMEOUT) as connection:
                connection.execute(
                    "INSERT INTO ledger_cosig (size, witness, line) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                    [size, name, line],
                )
            self._files.add_cosignature(size, line)
        self._old = self._done = size

    def _by(self, note: str, line: str) -> VerifierKey | None:
        """The witness's key that made this line."""
        for key in self._keys:
            with contextlib.suppress(NoteError):
                verify_cosignature(note + line, key)
                return key
        return None
