"""What is done to a running hall: processes killed, disks filled, lines cut, stamps lost."""

from __future__ import annotations

import base64
import contextlib
import json
import random
import resource
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from config.supervisor import Child, Hall
from tests.faults.proxy import Line
from trading.clock import SKEW

HELD = 1.5
"""seconds that a full disk lasts at most; a silent authority and a wrong clock last longer"""
BUSY = 5.0
"""seconds within which something is under way on the line"""
BACK = 120.0
"""seconds within which a process is there again, also on a busy machine"""


@dataclass(frozen=True)
class Patient:
    """The hall, and the line through which its clients reach it."""

    hall: Hall
    line: Line

    def child(self, name: str) -> Child:
        return next(child for child in self.hall.family.children if child.name == name)


class Unhurt(Exception):
    """There was nothing to hurt, or the damage did not take hold: no fault was tried here."""


Hurt = Callable[[Patient, random.Random], str]
"""Does the damage, sees that it took hold, heals what heals; returns what exactly was done. Raises Unhurt."""


def kill(name: str) -> Hurt:
    """SIGKILL to a child of the supervisor: to all its processes, or to any one of them."""

    def hurt(patient: Patient, rng: random.Random) -> str:
        process = patient.child(name).process
        if process is None or process.poll() is not None:
            raise Unhurt("was down already")
        family = family_of(process.pid)
        chosen = family if rng.random() < 0.6 else [rng.choice(family)]
        return f"killed {strike(chosen)} of {len(family)}"

    return hurt


def kill_postgres(patient: Patient, rng: random.Random) -> str:
    """The postmaster, one backend, or everything at once."""
    family = postgres_family(patient)
    which = rng.choice(("postmaster", "all", "one"))
    chosen = {"postmaster": family[:1], "all": family, "one": [rng.choice(family[1:] or family)]}[which]
    return f"killed {which}, {strike(chosen)} of {len(family)}"


def kill_valkey(patient: Patient, rng: random.Random) -> str:
    return f"killed {strike(named('valkey-server', patient.hall.state))}"


def fill_disk(name: str) -> Hurt:
    """No write of these processes succeeds for a while: their limit on file sizes is set to nothing. The
    kernel then refuses every write to a file with an error, as it does on a full disk."""

    def family(patient: Patient) -> list[psutil.Process]:
        if name == "postgres":
            return postgres_family(patient)
        process = patient.child(name).process
        return family_of(process.pid) if process else []

    def hurt(patient: Patient, rng: random.Random) -> str:
        full = limit(family(patient), 0)
        time.sleep(HELD * (0.3 + 0.7 * rng.random()))
        with contextlib.suppress(Unhurt):  # it was killed meanwhile: the next one has a disk again
            limit(family(patient), resource.RLIM_INFINITY)  # also those that were started with a full disk
        return f"{full} processes could not write"

    return hurt


def cut_line(patient: Patient, rng: random.Random) -> str:
    """Up to four times, each time when something is under way on the line."""
    ends = 0
    for _ in range(rng.randint(1, 4)):
        end = time.monotonic() + BUSY
        while not (cut := patient.line.cut()) and time.monotonic() < end:
            time.sleep(0.005)
        ends += cut
        time.sleep(rng.random() * 0.1)
    if not ends:
        raise Unhurt("nothing was under way")
    return f"cut {ends} ends"


def skew_clock(name: str) -> Hurt:
    """The processes of one child come back with a clock of their own that is wrong by up to a minute, work so
    for a while, and come back with the right one."""

    def hurt(patient: Patient, rng: random.Random) -> str:
        child, wrong = patient.child(name), rng.choice((-1, 1)) * rng.randint(1000, 60_000)
        try:
            comes_back_with(child, patient, str(wrong))
            time.sleep(HELD * (1 + rng.random()))
        finally:
            comes_back_with(child, patient, "")
        return f"wrong by {wrong} ms for a while"

    return hurt


def comes_back_with(child: Child, patient: Patient, skew: str) -> None:
    """Kill a child and wait until it works again, its clock wrong by `skew`. Raises Unhurt when it does not."""
    child.environment = {**child.environment, SKEW: skew}
    old, end = child.process, time.monotonic() + BACK
    with contextlib.suppress(Unhurt):  # it has just ended by itself
        strike(family_of(old.pid) if old else [])
    while child.process is old or not works(child, patient.hall):
        if time.monotonic() > end:
            raise Unhurt(f"{child.name} did not come back within {BACK:.0f} s")
        time.sleep(0.05)
    with contextlib.suppress(psutil.Error):
        if child.process and psutil.Process(child.process.pid).environ().get(SKEW) == skew:
            return
    raise Unhurt("the clock is another one")


def works(child: Child, hall: Hall) -> bool:
    """Whether its pages answer, or its pool is there."""
    if child.name == "web":
        with contextlib.suppress(OSError), urllib.request.urlopen(hall.url + "/healthz", timeout=2):
            return True
        return False
    return child.process is not None and len(family_of(child.process.pid)) > 1


def freeze(name: str) -> Hurt:
    """A process that answers nobody for a while, with its connections open."""

    def hurt(patient: Patient, rng: random.Random) -> str:
        child = patient.child(name)
        child.signal(signal.SIGSTOP)
        held = HELD * (1 + 4 * rng.random())
        time.sleep(held / 2)
        stopped = child.process is not None and psutil.Process(child.process.pid).status()
        time.sleep(held / 2)
        child.signal(signal.SIGCONT)
        if stopped != psutil.STATUS_STOPPED:
            raise Unhurt("it could not be stopped")
        return f"silent for {held:.1f} s"

    return hurt


def waves_of(patient: Patient) -> list[dict[str, str]]:
    """What the device has signed so far. Raises Unhurt for nothing."""
    folder = patient.hall.state / "outside" / "panel-site" / "rounds"
    end, found = time.monotonic() + BUSY, list[dict[str, str]]()
    while not found and time.monotonic() < end:
        found = [json.loads(path.read_text())["wave"] for path in sorted(folder.glob("*.json"))]
        found = [wave for wave in found if wave]
        time.sleep(0.02)
    if not found:
        raise Unhurt("no wave was signed")
    return found


def hand_in(patient: Patient, wave: dict[str, str]) -> int:
    """Somebody hands a wave in; the status of the answer."""
    request = urllib.request.Request(
        patient.hall.url + "/api/site/waves", json.dumps(wave).encode(), {"Content-Type": "application/json"}
    )
    with contextlib.suppress(OSError):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
    raise Unhurt("nobody answered")


def hand_in_again(patient: Patient, rng: random.Random) -> str:
    """A replay: every wave of the device once more, several times at once."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda wave: hand_in(patient, wave), waves_of(patient) * 4))
    return f"handed {len(answers)} waves in again: {sorted(set(answers))}"


def forge_wave(patient: Patient, rng: random.Random) -> str:
    """A lie: the device's last wave with every answer turned round, under the signature of the true one."""
    wave = waves_of(patient)[-1]
    said = json.loads(base64.b64decode(wave["document"]))
    turned = {"A": "N", "D": "A", "N": "A"}
    said["outcomes"] = {handle: turned.get(letter, letter) for handle, letter in said["outcomes"].items()}
    document = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    status = hand_in(patient, {"document": base64.b64encode(document).decode(), "p7s": wave["p7s"]})
    if status < 400:
        raise RuntimeError("the hall took a wave that the device had not signed")
    return f"a forged wave was answered {status}"


def family_of(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    return []


def postgres_family(patient: Patient) -> list[psutil.Process]:
    """The postmaster and its backends. Raises Unhurt when it is down."""
    found = lines(patient.hall.state / "postgres" / "postmaster.pid")
    family = family_of(int(found[0])) if found else []
    if not family:
        raise Unhurt("was down already")
    return family


def strike(processes: list[psutil.Process]) -> int:
    """SIGKILL; returns how many it reached. Raises Unhurt for none."""
    reached = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
            reached += 1
    if not reached:
        raise Unhurt("was down already")
    return reached


def limit(processes: list[psutil.Process], most: int) -> int:
    """Limit the sizes of files; returns for how many processes. Raises Unhurt for none."""
    reached = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            soft = "unlimited" if most == resource.RLIM_INFINITY else most
            # As the process' owner: the kernel lets nobody else, not even root where it lacks the capability.
            done = subprocess.run(
                ["prlimit", "--pid", str(process.pid), f"--fsize={soft}:"],
                user=process.uids().real, group=process.gids().real, extra_groups=[],
                capture_output=True, check=False,
            )  # fmt: skip
            reached += done.returncode == 0
    if not reached:
        raise Unhurt("no process could be limited")
    return reached


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
    "site": kill("site"),
    "trustees": kill("trustees"),
    "voice": kill("voice"),
    "wave again": hand_in_again,
    "false wave": forge_wave,
    "line": cut_line,
    "clock of web": skew_clock("web"),
    "clock of worker": skew_clock("worker"),
    "stamps": freeze("tsa"),
}
