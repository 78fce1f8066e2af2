"""The hall's processes, each for itself: what the supervisor starts here, a service manager elsewhere."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from config import installation
from config.settings import (
    DEFAULTS,
    environment_name,
    from_environment,
    is_demonstration,
    refuse_shifted_clock,
)


def stopping() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def serve(arguments: Sequence[str]) -> int:
    """`tradehall serve web|live`: gunicorn with gevent, so slow clients starve nobody.

    Raises SystemExit for pages without HTTPS outside a demonstration: passwords and sessions would travel
    in clear. An approval hall that does not know its address makes no documents, and says so."""
    parser = argparse.ArgumentParser(prog="tradehall serve")
    parser.add_argument("role", choices=("web", "live"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args(arguments)
    if chosen.role == "web" and not is_demonstration() and os.environ.get("TRADEHALL_HTTPS") != "true":
        raise SystemExit("set TRADEHALL_HTTPS=true and put a proxy with TLS in front (docs/deploy.md)")
    plugins = os.environ.get("TRADEHALL_PLUGINS", DEFAULTS["hall.plugins"]).split()
    known = os.environ.get(environment_name("approval_hall.address"))
    if chosen.role == "web" and not is_demonstration() and "approval_hall" in plugins and not known:
        print(
            "TRADEHALL_APPROVAL_HALL_ADDRESS is not set: until it is, the approval hall decides nothing and makes no"
            " documents, for their QR codes would lead nowhere (docs/deploy.md)",
            file=sys.stderr,
        )
    os.execv(
        sys.executable,
        [
            sys.executable,
            "-m",
            "gunicorn",
            "--worker-class=gevent",
            f"--workers={chosen.workers}",
            f"--bind={chosen.host}:{chosen.port}",
            "--worker-connections=4000",
            "--graceful-timeout=5",
            "--timeout=120",
            "--log-level=warning",
            "config.wsgi:application",
        ],
    )


def worker(arguments: Sequence[str]) -> int:
    """`tradehall worker`: keeps promises."""
    parser = argparse.ArgumentParser(prog="tradehall worker")
    parser.add_argument("--concurrency", type=int, default=2)
    chosen = parser.parse_args(arguments)
    from config.worker import celery, registry

    registry()
    celery.worker_main(
        ["worker", "--loglevel=WARNING", f"--concurrency={chosen.concurrency}", "--without-gossip"]
    )
    return 0


def sequencer(arguments: Sequence[str]) -> int:
    """`tradehall sequencer`: the one process that gives entries their place and signs checkpoints."""
    argparse.ArgumentParser(prog="tradehall sequencer").parse_args(arguments)
    from trading.ledger import sequencer as ledger_sequencer
    from trading.ledger.standing import LedgerHalted

    chosen = from_environment()
    per_hour = int(chosen["ledger.dummies_per_hour"])
    signing = installation.log_keys(Path(chosen["hall.state"]))
    try:
        ledger_sequencer.run(
            chosen["database.url"],
            Path(chosen["ledger.folder"]),
            signing[-1],
            chosen["ledger.origin"],
            installation.witnesses(chosen),
            stopping(),
            tick_ms=int(chosen["ledger.tick_ms"]),
            dummy_ms=3_600_000 // per_hour if per_hour else 0,
            older=signing[:-1],
        )
    except LedgerHalted as error:
        raise SystemExit(f"tradehall sequencer: {error}") from error
    return 0


def witness(arguments: Sequence[str]) -> int:
    """`tradehall witness`: cosigns the checkpoints of logs it follows; any neighbouring centre can."""
    parser = argparse.ArgumentParser(prog="tradehall witness")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--name", default=installation.WITNESS)
    parser.add_argument(
        "--log",
        action="append",
        help="vkey of a log to follow (may be given again, also for a log's next key)",
    )
    chosen = parser.parse_args(arguments)
    refuse_shifted_clock(is_demonstration())
    from trading.ledger import witness as ledger_witness

    state = Path(os.environ.get("TRADEHALL_STATE", ".state"))
    folder = chosen.folder or installation.outside(state) / "witness"
    logs = chosen.log or installation.log_vkeys(state)
    ledger_witness.serve(chosen.host, chosen.port, folder, chosen.name, logs, stop=stopping(), ready=print)
    return 0


def custodian(arguments: Sequence[str]) -> int:
    """`tradehall custodian serve|attend …`: one organisation's share of every tender's keys."""
    from config import custodian as box

    refuse_shifted_clock(is_demonstration())
    return box.main(arguments)


def trustee(arguments: Sequence[str]) -> int:
    """`tradehall trustee serve …`: one organisation's contribution to every draw."""
    from config import trustee as service

    refuse_shifted_clock(is_demonstration())
    return service.main(arguments)


def site(arguments: Sequence[str]) -> int:
    """`tradehall site serve …`: the device of an evaluation site."""
    from config import site as device

    refuse_shifted_clock(is_demonstration())
    return device.main(arguments)


def simulate(arguments: Sequence[str]) -> int:
    """`tradehall simulate ca|tsa|bank|sms|voice|ukey`: the demonstration's outside parties, each with keys of its own."""
    if arguments[:1] == ["recorder"]:
        from plugins.recorder import simulator as recorder

        return recorder.main(arguments[1:])
    parser = argparse.ArgumentParser(prog="tradehall simulate")
    parser.add_argument("what", choices=("ca", "tsa", "bank", "sms", "voice", "ukey"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--origin", default="http://127.0.0.1:8000", help="ukey: the hall whose pages may ask"
    )
    parser.add_argument("--pin", default="123456", help="ukey: the PIN of a new key")
    chosen = parser.parse_args(arguments)
    folder = installation.outside(Path(os.environ["TRADEHALL_STATE"]))
    if chosen.what == "ca":
        from plugins.demo_ca import service as demo_ca

        demo_ca.serve(chosen.host, chosen.port, folder / "ca", folder / "ca-sm2")
    elif chosen.what == "ukey":
        from plugins.demo_ukey import middleware

        middleware.run(folder, chosen.port, chosen.origin, chosen.pin, **installation.key_holder())
    elif chosen.what == "bank":
        from plugins.bank import simulator as bank

        bank.serve(chosen.host, chosen.port, folder / "bank")
    elif chosen.what == "sms":
        from plugins.sms import simulator as sms

        sms.serve(chosen.host, chosen.port, folder / "sms")
    elif chosen.what == "voice":
        from plugins.voice import simulator as voice

        voice.serve(chosen.host, chosen.port, folder / "voice")
    else:
        from plugins.timestamping import simulator

        simulator.serve(chosen.host, chosen.port, folder / "tsa")
    return 0


def migrate(arguments: Sequence[str]) -> int:
    """`tradehall migrate`: bring DATABASE_URL to the newest schema."""
    argparse.ArgumentParser(prog="tradehall migrate").parse_args(arguments)
    from config.migrate import upgrade

    upgrade(os.environ["DATABASE_URL"])
    return 0


def keys(arguments: Sequence[str]) -> int:
    """`tradehall keys …`: see config.keys."""
    from config import keys as commands

    return commands.main(arguments)


def shell(arguments: Sequence[str]) -> int:
    """`tradehall shell`: Python with `session` and `registry` of the hall that the environment names."""
    argparse.ArgumentParser(prog="tradehall shell").parse_args(arguments)
    import code

    from config.app import make_config

    config = make_config(from_environment())
    registry = config.registry
    code.interact(local={"registry": registry, "session": registry["sessions"]()})
    return 0
