"""Who watches what in this process (实时分发): one subscription to the queue server, one bounded queue for each
watcher.

A message of the queue server goes to every watcher of its channel without waiting for any of them: whoever
does not take its messages in time is dropped, and its browser comes back by itself with its last id.
"""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import redis
import structlog

log = structlog.get_logger()

LONGEST_QUEUE = 64
"""Messages that may wait for one watcher."""
PAUSE_S = 1
PREFIX = "live:"
RESUMED = json.dumps({"name": "resumed"})
"""Sent to everybody after the queue server was away: something may have been missed."""


class Watcher:
    """One open stream. `connection` is its socket where the server lends it."""

    def __init__(self, connection: Any = None) -> None:
        self.messages: queue.Queue[str | None] = queue.Queue(LONGEST_QUEUE + 1)
        self.dropped = False
        self._connection = connection

    def give(self, message: str) -> bool:
        """Queue a message; False when the watcher has fallen too far behind and is dropped."""
        if self.messages.qsize() < LONGEST_QUEUE:
            self.messages.put_nowait(message)
            return True
        self.drop()
        return False

    def drop(self) -> None:
        """End the stream, also where it is stuck in sending."""
        self.dropped = True
        self.messages.put_nowait(None)
        if self._connection is not None:
            cut(self._connection)


def cut(connection: Any) -> None:
    """Shut a connection down under whoever is sending on it; one that is closed already is no error.

    Through a second descriptor: the sender then sees an ordinary broken pipe."""
    try:
        with socket.fromfd(connection.fileno(), connection.family, connection.type) as other:
            other.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class Hub:
    """The watchers of this process; `heartbeat` in seconds. Listening begins with the first watcher, so in the
    process that serves."""

    def __init__(self, client: Any, heartbeat: float = 15) -> None:
        self.heartbeat = heartbeat
        self._client = client
        self._watchers: dict[str, set[Watcher]] = defaultdict(set)
        self._lock = threading.Lock()
        self._listening = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopped = self._lost = False

    def stop(self) -> None:
        """Listen no longer: the process ends."""
        self._stopped = True
        if self._thread is not None:
            self._thread.join()

    def watch(self, channel: str, connection: Any = None) -> Watcher:
        """A new watcher, which from now on misses nothing of its channel."""
        watcher = Watcher(connection)
        with self._lock:
            self._watchers[channel].add(watcher)
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="live", daemon=True)
                self._thread.start()
        self._listening.wait(5)
        return watcher

    def leave(self, channel: str, watcher: Watcher) -> None:
        """Forget a watcher; one that is gone already is no error."""
        with self._lock:
            self._watchers[channel].discard(watcher)
            if not self._watchers[channel]:
                del self._watchers[channel]

    def count(self) -> int:
        """Open streams of this process."""
        with self._lock:
            return sum(len(watchers) for watchers in self._watchers.values())

    def tell(self, channel: str | None, message: str) -> None:
        """Hand a message to every watcher of a channel (of all, when None)."""
        with self._lock:
            channels = list(self._watchers) if channel is None else [channel]
            present = [(name, w) for name in channels for w in self._watchers.get(name, ())]
        for name, watcher in present:
            if not watcher.give(message):
                log.warning("live watcher dropped", channel=name)
                self.leave(name, watcher)

    def _listen(self) -> None:
        while not self._stopped:
            try:
                with self._client.pubsub() as subscription:
                    subscription.psubscribe(f"{PREFIX}*")
                    while not self._stopped:
                        self._take(subscription.get_message(timeout=PAUSE_S))
            except (redis.RedisError, OSError) as error:
                self._lost = True
                self._listening.clear()
                log.warning("live channel lost", error=repr(error))
                time.sleep(PAUSE_S)

    def _take(self, message: Any) -> None:
        if message is None:
            return
        if message["type"] == "psubscribe":
            self._listening.set()
            if self._lost:
                self.tell(None, RESUMED)
            self._lost = False
        elif message["type"] == "pmessage":
            self.tell(message["channel"].decode().removeprefix(PREFIX), message["data"].decode())


class Stream:
    """The body of an event stream: what was missed, then what comes, with a heartbeat in between.

    An object and not a generator, because a server closes it also when it has not begun to read."""

    def __init__(
        self,
        hub: Hub,
        channel: str,
        watcher: Watcher,
        missed: Iterable[tuple[int, str]],
        gone: Callable[[], object] = lambda: None,
    ) -> None:
        self._hub, self._channel, self._watcher = hub, channel, watcher
        self._gone: Callable[[], object] | None = gone
        missed = list(missed)
        self._sent = {number for number, _ in missed}
        self._first = [b"retry: 2000\n\n", *(event_bytes(number, text) for number, text in missed)]

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._first:
            return self._first.pop(0)
        while True:
            try:
                message = self._watcher.messages.get(timeout=self._hub.heartbeat)
            except queue.Empty:
                return b": still here\n\n"
            if message is None:
                raise StopIteration
            number = json.loads(message).get("id")
            if number is None or number not in self._sent:
                return event_bytes(number, message)

    def close(self) -> None:
        """The reader is gone; told once."""
        self._hub.leave(self._channel, self._watcher)
        gone, self._gone = self._gone, None
        if gone is not None:
            gone()


def event_bytes(number: int | None, text: str) -> bytes:
    """One server-sent event without a name: pages take every event as "look again"."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}data: {text}\n\n".encode()
