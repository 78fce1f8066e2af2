"""What is done to a running hall: processes killed, disks filled, lines cut, stamps lost."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from config.supervisor import Child, Hall
from tests.faults.proxy import Line
from trading.clock import SKEW

HELD = 1.5
"""seconds that a full disk or a silent authority lasts"""


@dataclass(frozen=True)
class Patient:
    """The hall, and the line through which its clients reach it."""

    hall: Hall
    line: Line

    def child(self, name: str) -> Child:
        return next(child for child in self.hall.family.children if child.name == name)


Hurt = Callable[[Patient, random.Random], str]
"""Does the damage (and heals what heals); returns what exactly was done."""


def kill(name: str) -> Hurt:
    """SIGKILL to a child of the supervisor: to all its processes, or to any one of them."""

    def hurt(patient: Patient, rng: random.Random) -> str:
        process = patient.child(name).process
        if process is None or process.poll() is not None:
            return "was down already"
        family = family_of(process.pid)
        chosen = family if rng.random() < 0.6 else [rng.choice(family)]
        strike(chosen)
        return f"killed {len(chosen)} of {len(family)}"

    return hurt


def kill_postgres(patient: Patient, rng: random.Random) -> str:
    """The postmaster, one backend, or everything at once."""
    found = lines(patient.hall.state / "postgres" / "postmaster.pid")
    if not found or not psutil.pid_exists(int(found[0])):
        return "was down already"
    family = family_of(int(found[0]))
    which = rng.choice(("postmaster", "all", "one"))
    chosen = {"postmaster": family[:1], "all": family, "one": [rng.choice(family[1:] or family)]}[which]
    strike(chosen)
    return f"killed {which}"


def kill_valkey(patient: Patient, rng: random.Random) -> str:
    found = named("valkey-server", patient.hall.state)
    strike(found)
    return "killed" if found else "was down already"


def fill_disk(name: str) -> Hurt:
    """No write of these processes succeeds for a while: their limit on file sizes is set to nothing. The
    kernel then refuses every write to a file with an error, as it does on a full disk."""

    def hurt(patient: Patient, rng: random.Random) -> str:
        if name == "postgres":
            found = lines(patient.hall.state / "postgres" / "postmaster.pid")
            family = family_of(int(found[0])) if found else []
        else:
            process = patient.child(name).process
            family = family_of(process.pid) if process else []
        limit(family, 0)
        time.sleep(HELD * rng.random())
        limit(family, resource.RLIM_INFINITY)
        return f"{len(family)} processes could not write"

    return hurt


def cut_line(patient: Patient, rng: random.Random) -> str:
    for _ in range(rng.randint(1, 4)):
        cut = patient.line.cut()
        time.sleep(rng.random() * 0.1)
    return f"cut, {cut} ends the last time"


def skew_clock(name: str) -> Hurt:
    """The processes of one child come back with a clock of their own that is wrong by up to a minute, work so
    for a while, and come back with the right one."""

    def hurt(patient: Patient, rng: random.Random) -> str:
        child, wrong = patient.child(name), rng.choice((-1, 1)) * rng.randint(1000, 60_000)
        for skew in (str(wrong), ""):
            child.environment = {**child.environment, SKEW: skew}
            restart(child)
            if name == "web":
                wait_for(patient.hall.url + "/healthz")
            time.sleep(HELD * (2 + 2 * rng.random()) if skew else 0)
        return f"wrong by {wrong} ms for a while"

    return hurt


def restart(child: Child, seconds: float = 30) -> None:
    """Kill a child and wait until the supervisor has started it again."""
    old, limit = child.process, time.monotonic() + seconds
    strike(family_of(old.pid) if old else [])
    while child.process is old and time.monotonic() < limit:
        time.sleep(0.05)


def wait_for(url: str, seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.1)


def freeze(name: str) -> Hurt:
    """A process that answers nobody for a while, with its connections open."""

    def hurt(patient: Patient, rng: random.Random) -> str:
        patient.child(name).signal(signal.SIGSTOP)
        time.sleep(HELD * (1 + 4 * rng.random()))
        patient.child(name).signal(signal.SIGCONT)
        return "silent, then back"

    return hurt


def family_of(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    return []


def strike(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            os.kill(process.pid, signal.SIGKILL)


def limit(processes: list[psutil.Process], most: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.rlimit(psutil.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def named(command: str, state: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            said = process.cmdline()
            if said and command in said[0] and str(state) in " ".join([*said, process.cwd()]):
                found.append(process)
    return found


def lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except FileNotFoundError:
        return []


HURTS: dict[str, Hurt] = {
    "web": kill("web"),
    "live": kill("live"),
    "worker": kill("worker"),
    "sequencer": kill("sequencer"),
    "custodian": kill("custodian-audit"),
    "witness": kill("witness"),
    "valkey": kill_valkey,
    "postgres": kill_postgres,
    "disk of web": fill_disk("web"),
    "disk of worker": fill_disk("worker"),
    "disk of sequencer": fill_disk("sequencer"),
    "disk of postgres": fill_disk("postgres"),
    "line": cut_line,
    "clock of web": skew_clock("web"),
    "clock of worker": skew_clock("worker"),
    "stamps": freeze("tsa"),
}
