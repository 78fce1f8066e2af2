"""Watching for a named point and striking there."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass

import psutil
import psycopg

from tests.faults.hurts import HURTS, Patient, Unhurt
from tests.faults.points import Point

LOOK = 0.002
"""seconds between two looks at a point's condition"""


@dataclass
class Blow:
    """One planned fault: where, what, how long after the point (seconds), and what came of it: `done` is empty
    as long as nothing was hurt, and `missed` then says why."""

    point: Point
    hurt: str
    delay: float
    seed: int
    done: str = ""
    missed: str = "the point was not reached"

    def __str__(self) -> str:
        return f"{self.point} {self.hurt} +{self.delay * 1000:.0f} ms: {self.done or f'({self.missed})'}"


class Striker(threading.Thread):
    """Waits for one blow's point, strikes, and heals what it did."""

    def __init__(self, blow: Blow, patient: Patient, code: str, database_url: str) -> None:
        super().__init__(daemon=True)
        self.blow = blow
        self._patient, self._code, self._url = patient, code, database_url
        self._reached = threading.Event()
        self._over = threading.Event()

    def reach(self, point: str) -> None:
        """A client has come to a moment of its own."""
        if point == str(self.blow.point):
            self._reached.set()

    def end(self) -> None:
        """The phase is over: strike no more, but finish what was begun."""
        self._over.set()
        self.join()

    def run(self) -> None:
        if not self._wait():
            return
        time.sleep(self.blow.delay)
        try:
            self.blow.done = HURTS[self.blow.hurt](self._patient, random.Random(self.blow.seed))
        except (Unhurt, psutil.Error) as reason:
            self.blow.missed = str(reason)

    def _wait(self) -> bool:
        if not self.blow.point.query:
            while not self._over.is_set():
                if self._reached.wait(0.05):
                    return True
            return False
        while not self._over.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                    while not self._over.is_set():
                        if connection.execute(self.blow.point.query, {"code": self._code}).fetchone():
                            return True
                        time.sleep(LOOK)
            except psycopg.OperationalError:
                time.sleep(0.05)
        return False
