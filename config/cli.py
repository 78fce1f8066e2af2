"""The command line `tradehall`: one table of commands, each loaded only when it is asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from trading.secrets import NoKey

COMMANDS = {
    "run": ("config.supervisor:main", "the whole hall on this machine, with demo data"),
    "demo": ("config.demo.command:main", "play one whole tender without a browser, to VERIFIED"),
    "bid": ("config.bid:main", "seal, submit, replace, withdraw or decrypt a bid from the command line"),
    "conform": ("config.conform:main", "run vector files against this implementation"),
    "audit": ("config.audit:main", "export a tender's bundle for the offline verifier"),
    "package": ("config.package:main", "export a whole tender, or import one of another installation"),
    "serve": ("config.processes:serve", "the web or the live process"),
    "worker": ("config.processes:worker", "the Celery worker"),
    "sequencer": ("config.processes:sequencer", "the ledger's sequencer"),
    "custodian": ("config.processes:custodian", "a custodian service, for the box of one organisation"),
    "trustee": ("config.processes:trustee", "a draw service, for the box of one organisation"),
    "site": ("config.processes:site", "the device of an evaluation site, which calls drawn experts"),
    "names": ("config.names:main", "the regulator reads a committee's sealed names, and checks its calls"),
    "witness": ("config.processes:witness", "a ledger witness, for a neighbouring centre"),
    "simulate": ("config.processes:simulate", "a simulator: ca | tsa | bank | sms | voice | recorder | ukey"),
    "code": ("config.demo.seed:show_code", "the one-time code of a demonstration person"),
    "seed": ("config.demo.seed:main", "people and an open tender for an empty demonstration"),
    "clock": ("config.demo.clock:main", "move a demonstration's clock"),
    "keys": ("config.processes:keys", "make, rotate, retire the hall's keys; trust others' next ones"),
    "backup": ("config.backup:main", "database, files, ledger and keys into a folder"),
    "restore": ("config.backup:restore_main", "a backup into an empty database and state folder"),
    "check": ("config.wholeness:main", "whether database, keys, ledger and files fit together"),
    "ledger": ("config.ledger:main", "replay what a restored database lacks, or begin a new log"),
    "migrate": ("config.processes:migrate", "bring the database to the newest schema"),
    "shell": ("config.processes:shell", "a Python shell with the hall's database"),
}


def usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {words}" for name, (_, words) in COMMANDS.items()]
    return "usage: tradehall COMMAND …\n\n" + "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code is ours."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        print(usage())
        return 0 if given else 2
    if given[0] not in COMMANDS:
        print(f"tradehall: there is no command {given[0]!r}\n\n{usage()}", file=sys.stderr)
        return 2
    module, function = COMMANDS[given[0]][0].split(":")
    try:
        code = getattr(importlib.import_module(module), function)(given[1:])
    except NoKey as error:
        raise SystemExit(f"tradehall {given[0]}: {error}") from error
    return int(code or 0)


if __name__ == "__main__":
    raise SystemExit(main())
