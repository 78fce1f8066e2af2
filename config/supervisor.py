"""`tradehall run`: one supervisor for the whole hall on this machine (一键运行).

Starts the embedded servers, brings the schema up, starts every process of the hall and the
demonstration's outside parties, seeds an empty database, and waits. SIGINT or SIGTERM ends all of them,
the servers last. A child that dies is started again; what it said is in state/log/<name>.log.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from config import assets, embedded
from config.demo import welcome
from config.demo.cast import CUSTODIANS, TRUSTEES

MIGRATIONS = Path(__file__).parent / "migrations" / "versions"
OUTSIDE = ("ca", "tsa", "witness", "bank", "sms", "voice", "ukey")
"""the outside parties that the settings name by their addresses"""
PORTS = range(20_000, 32_000)
"""below those that systems give to outgoing connections"""
_turns = itertools.count(os.getpid() * 40)
GRACE = 10.0
"""seconds that a child has to end by itself"""


@dataclass
class Child:
    """One process of the hall and how it is started."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0

    def start(self) -> None:
        """Start it in a session of its own: a Ctrl-C reaches the supervisor only."""
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def signal(self, number: int) -> None:
        """Send a signal to the child and whatever it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


@dataclass
class Family:
    """All children, started in order and ended together."""

    environment: dict[str, str]
    logs: Path
    children: list[Child] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    def add(self, name: str, *command: str, **environment: str) -> None:
        """Start `tradehall <command>` as a child named `name`."""
        argv = [sys.executable, "-m", "config.cli", *command]
        child = Child(name, argv, self.environment | environment, self.logs / f"{name}.log")
        self.children.append(child)
        child.start()

    def watch(self, servers: embedded.Servers) -> None:
        """Start again whatever ends before its time, the servers first; not faster than once a second."""
        while not self.ending.wait(0.5):
            servers.revive()
            for child in self.children:
                ended = child.process is not None and child.process.poll() is not None
                if ended and time.monotonic() - child.started > 1:
                    child.start()

    def end(self) -> None:
        """SIGTERM to all, then SIGKILL to those that do not listen."""
        self.ending.set()
        for child in self.children:
            child.signal(signal.SIGTERM)
        limit = time.monotonic() + GRACE
        for child in self.children:
            if child.process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.1, limit - time.monotonic()))
            child.signal(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()


def free_port(wanted: int = 0) -> int:
    """`wanted` when nobody listens there, else one of a row that each process begins elsewhere: two halls that
    start at the same time do not take each other's, and no outgoing connection of the system does."""
    own = (PORTS[next(_turns) % len(PORTS)] for _ in PORTS)
    for port in itertools.chain([wanted] if wanted else [], own):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("tradehall: this machine has no free port")


def wait_until_up(url: str, seconds: float = 60) -> None:
    """Wait until `url` answers. Raises SystemExit when it does not in time."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise SystemExit(f"tradehall: {url} did not answer within {seconds:.0f} s; see the logs")


@dataclass(frozen=True)
class Hall:
    """A running hall: where it is reached, and the environment its commands need."""

    url: str
    environment: dict[str, str]
    state: Path
    family: Family


@contextmanager
def running(state: Path, port: int = 8000) -> Iterator[Hall]:
    """The whole hall with its state under `state`, ended when the block ends.

    The pages come first: people wait for them, not for the parties beside the hall."""
    state.mkdir(parents=True, exist_ok=True)
    logs = state / "log"
    logs.mkdir(exist_ok=True)
    with ExitStack() as stack:
        assets.build()
        ports = {name: free_port() for name in (*OUTSIDE, "live")}
        web = free_port(port)
        own = {"TRADEHALL_APPROVAL_HALL_ADDRESS": f"http://127.0.0.1:{web}"}
        family = Family(own | os.environ | surroundings(state, ports), logs)
        stack.callback(family.end)  # also when the servers do not come up
        known = state / "servers.json"
        early = known.read_text() if known.exists() else ""
        if early:  # the pages take longest to come up: they start while the servers do
            family.environment |= json.loads(early)
            family.add("web", "serve", "web", "--port", str(web))
        servers = stack.enter_context(embedded.servers(state))
        stack.callback(family.end)  # before the servers stop
        addresses = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        if json.dumps(addresses) != early:
            family.end()
            known.write_text(json.dumps(addresses))
            family = Family(family.environment | addresses, logs)
            stack.callback(family.end)
            family.add("web", "serve", "web", "--port", str(web))
        migrate(servers.database_url, family.environment)
        url = f"http://127.0.0.1:{web}"
        wait_until_up(url + "/healthz")
        start_others(family, url, ports)
        watch = threading.Thread(target=family.watch, args=(servers,), daemon=True)
        watch.start()
        stack.callback(watch.join)  # lest a server that is being stopped is started again
        stack.callback(family.ending.set)
        yield Hall(url, family.environment, state, family)


def surroundings(state: Path, ports: dict[str, int]) -> dict[str, str]:
    """What the processes must know besides their servers: keys and addresses of the parties."""
    return {
        "TRADEHALL_STATE": str(state),
        "TRADEHALL_DEMO": "true",
        "TRADEHALL_CLOCK_FILE": str(state / "clock"),
        "TRADEHALL_LIVE_PORT": str(ports["live"]),
        "TRADEHALL_PANEL_POOL": "own",  # the demonstration plays a pool's own keeper (M87 48)
        "PYTHONUNBUFFERED": "1",
        **parties(state, ports),
    }


def parties(state: Path, ports: dict[str, int]) -> dict[str, str]:
    """The settings that name the outside parties; made once, since making keys takes a while, and read
    again at every later start with the ports of that start."""
    known = state / "parties.json"
    wanted = ("TRADEHALL_DRAWS_TRUSTEES", "TRADEHALL_PANEL_SITE", *(f"<{name}>" for name in OUTSIDE))
    if not known.exists() or not all(name in known.read_text() for name in wanted):
        from config import installation

        others = installation.prepare(state)
        made = others.environment({name: f"<{name}>" for name in ports})
        services = installation.trustees(state, others.witness_vkey)
        made["TRADEHALL_DRAWS_TRUSTEES"] = json.dumps(services, ensure_ascii=False)
        made |= installation.name_readers(state)
        known.write_text(json.dumps(made, ensure_ascii=False, indent=1))
    text = known.read_text()
    for name, port in ports.items():
        text = text.replace(f"<{name}>", str(port))
    found: dict[str, str] = json.loads(text)
    return found


def migrate(database_url: str, environment: dict[str, str]) -> None:
    """Bring the schema up, in a process of its own; at once when it is the newest already."""
    newest = max(path.name.split("_")[0] for path in MIGRATIONS.glob("[0-9]*.py"))
    with psycopg.connect(database_url) as connection, contextlib.suppress(psycopg.errors.UndefinedTable):
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if row is not None and row[0] == newest:
            return
    subprocess.run([sys.executable, "-m", "config.cli", "migrate"], env=environment, check=True)


def start_others(family: Family, hall: str, ports: dict[str, int]) -> None:
    """Every other process of the hall, and the demonstration's outside parties."""
    family.add("ca", "simulate", "ca", "--port", str(ports["ca"]))
    family.add("tsa", "simulate", "tsa", "--port", str(ports["tsa"]))
    family.add("ukey", "simulate", "ukey", "--port", str(ports["ukey"]), "--origin", hall)
    family.add("bank", "simulate", "bank", "--port", str(ports["bank"]))
    family.add("sms", "simulate", "sms", "--port", str(ports["sms"]))
    family.add("voice", "simulate", "voice", "--port", str(ports["voice"]))
    family.add("sequencer", "sequencer")
    family.add("worker", "worker")
    family.add("witness", "witness", "--port", str(ports["witness"]))
    for name in CUSTODIANS:
        family.add(name, "custodian", "serve", "--name", name, "--hall", hall)
    names = [word for name in TRUSTEES for word in ("--name", name)]
    family.add("trustees", "trustee", "serve", *names, "--hall", hall)
    family.add("site", "site", "serve", "--hall", hall)
    family.add("live", "serve", "live", "--port", str(ports["live"]))


def wait_for_parties(hall: Hall) -> None:
    """Until those whom seeding asks do listen: the authority gives people their certificates, and what is
    signed gets its time stamp."""
    wait_until_up(hall.environment["TRADEHALL_DEMO_CA_URL"] + "/healthz")
    wait_until_up(hall.environment["TRADEHALL_TIMESTAMPING_URL"] + "/healthz")


def plant(hall: Hall) -> None:
    """People and an open tender for an empty demonstration, once."""
    if not (hall.state / "demo" / "people.json").exists():
        wait_for_parties(hall)
        command = [sys.executable, "-m", "config.cli", "seed", "--hall", hall.url]
        subprocess.run(command, env=hall.environment, check=True)


def main(arguments: Sequence[str]) -> int:
    """`tradehall run [--port N] [--state FOLDER]`."""
    parser = argparse.ArgumentParser(prog="tradehall run", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--state", type=Path, default=Path(os.environ.get("TRADEHALL_STATE", ".state")))
    chosen = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with running(chosen.state.resolve(), chosen.port) as hall:
        plant(hall)
        print(welcome.text(hall), flush=True)
        stop.wait()
        print("tradehall: ending …", flush=True)
    return 0
