"""`tradehall keys`: the keys of a hall (密钥), from their making to their end.

    keys                    makes a new hall's own, where they are missing; prints the log's public key
    keys rotate NAME        the next one of one's own: sealing, log, receipt, bank (in the hall) · witness, custodian
                            (on their machines) · ca, tsa (the demonstration's)
    keys reseal             after `rotate sealing`: takes every sealed value to the new key
    keys retire NAME        deletes the one before, when nothing rests on it: log, receipt, bank · witness, custodian
    keys trust KIND KEY     another party's next key counts too: witness, custodian, ca, tsa
    keys distrust KIND KEY  its former one counts no more

docs/deploy.md section 9 has each procedure from the first command to the last."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bidding.vault.encoding import b64
from config import (
    custodian_rotation,
    installation,
    key_acts,
    log_rotation,
    party_rotation,
    receipt_rotation,
    rotation,
    trusting,
)
from config.log_rotation import NotYet
from config.register import KINDS, Known
from config.settings import DEFAULTS, from_environment
from plugins.outbound import Unreachable, fetch
from trading.db import make_engine
from trading.ledger import witness
from trading.secrets import HallKeys, next_in_ring

OWN = ("sealing", "log", "receipt", "bank", "witness", "custodian", "ca", "tsa")
RETIRED = ("log", "receipt", "bank", "witness", "custodian")
FIXED = {
    "lookup": "the look-up key stays: owners of bids, payments and cases are found by its hashes, in every "
    "tender of this database; with another one nobody would find his own (docs/decisions/0008)",
    "pseudonym": "the pseudonym secret stays: an actor in a tender's entries goes by one name, also in orders and "
    "contracts years later; with another one his acts could not be put together (docs/decisions/0008)",
    "session": "there is no such key: a login is a random token whose hash is stored, and so is the token against "
    "forged forms; end every login with: UPDATE login_session SET revoked_at = now() WHERE revoked_at IS NULL",
}
"""Keys that no command changes, and why."""


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="tradehall keys", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = made.add_subparsers(dest="act")
    for act, names in (("rotate", (*OWN, *FIXED)), ("retire", RETIRED)):
        one = commands.add_parser(act)
        one.add_argument("which", choices=names)
        one.add_argument("--folder", type=Path, help="witness: its folder")
        one.add_argument("--name", help="witness: its name; custodian: its id")
        one.add_argument("--certificate", type=Path, help="custodian: a key file with its next certificate")
        one.add_argument("--hall", help="retire custodian: address of the hall")
    commands.add_parser("reseal")
    for act in ("trust", "distrust"):
        one = commands.add_parser(act)
        one.add_argument("kind", choices=KINDS)
        one.add_argument(
            "key", help="vkey; certificate file or its SHA-256; root certificate file (to trust it)"
        )
        one.add_argument("--name", help="custodian: its id")
        one.add_argument("--address", help="witness: where it is asked")
        one.add_argument("--succeeds", help="witness: its key before")
        one.add_argument("--intermediates", help="ca: a file with its further certificates")
        one.add_argument("--crl", action="append", default=[], help="ca: address of a revocation list")
    return made


def main(arguments: Sequence[str]) -> int:
    """Runs one of the commands above; the exit code."""
    chosen = parser().parse_args(arguments)
    try:
        return {
            "rotate": rotate, "retire": retire, "reseal": reseal, "trust": trust, "distrust": distrust, None: make
        }[chosen.act](chosen)  # fmt: skip
    except (NotYet, Unreachable, OSError, ValueError) as error:
        raise SystemExit(f"tradehall keys: {error}") from error


def state_folder() -> Path:
    return Path(os.environ["TRADEHALL_STATE"])


def make(_: argparse.Namespace) -> int:
    """No other command makes the first keys: a machine given the wrong folder must not start with others."""
    state = state_folder()
    installation.make_keys(state)
    origin = os.environ.get("TRADEHALL_LEDGER_ORIGIN", DEFAULTS["ledger.origin"])
    say(installation.log_vkey(state, origin))
    return 0


# --- one's own keys -------------------------------------------------------------------------------


def rotate(chosen: argparse.Namespace) -> int:
    """`keys rotate NAME`. Raises SystemExit for a key that does not change, NotYet."""
    which = chosen.which
    if which in FIXED:
        raise SystemExit(f"tradehall keys: {FIXED[which]}")
    if which in ("sealing", "receipt"):
        made = next_in_ring(state_folder() / which)
        record_rotation(which)
        then = ", then run: tradehall keys reseal" if which == "sealing" else ""
        say(f"made {which}/{made.name}; start every process of the hall again{then}")
    elif which == "log":
        rotate_log()
    elif which == "bank":
        say(
            f"made {party_rotation.next_bank_secret(from_environment())}; give it to the bank, then: keys retire bank"
        )
    elif which == "witness":
        folder, name = witness_of(chosen)
        say(f"made {witness.rotate_key(folder, name)}; start the witness again: it signs with every key")
        say("the hall takes it up by: tradehall keys trust witness VKEY --address URL --succeeds OLD-VKEY")
    elif which == "custodian":
        rotate_custodian(chosen)
    else:
        for line in party_rotation.rotate(state_folder(), which):
            say(line)
    return 0


def record_rotation(which: str) -> None:
    """The ledger's entry about a key of the hall that nobody outside sees; that of the receipts names it."""
    said = {"key": which}
    if which == "receipt":
        said["public"] = b64(HallKeys.load(state_folder()).receipt.public_key().public_bytes_raw())
    engine = make_engine(os.environ["DATABASE_URL"])
    with Session(engine) as session, session.begin():
        key_acts.record(session, "key.rotated", said)
    engine.dispose()


def rotate_log() -> None:
    state, engine = state_folder(), make_engine(os.environ["DATABASE_URL"])
    origin = os.environ.get("TRADEHALL_LEDGER_ORIGIN", DEFAULTS["ledger.origin"])
    try:
        done = log_rotation.rotate(engine, state, origin, state / "ledger")
    finally:
        engine.dispose()
    say(f"entry {done.index} announces {done.vkey}; start the sequencer again: it signs with both keys")
    say("tell the witnesses and whoever publishes trust.json; new policies name the new key")


def rotate_custodian(chosen: argparse.Namespace) -> None:
    folder = box_of(chosen)
    if chosen.certificate is None:
        made = custodian_rotation.rotate_master(folder)
        say(
            f"made masters/{made.name}; start the box again: new tenders are sealed to it, the hall learns nothing"
        )
        return
    known = custodian_rotation.rotate_certificate(folder, chosen.certificate)
    say(
        f"the certificate is {known}; the hall takes it up by: tradehall keys trust custodian {known} --name ID"
    )
    say("then start the box again; it signs for older tenders with the certificate that they name")


def retire(chosen: argparse.Namespace) -> int:
    """`keys retire NAME`. Raises NotYet while something rests on the key."""
    if chosen.which == "witness":
        if not witness.retire_key(witness_of(chosen)[0]):
            raise NotYet("there is no older key beside the one that signs")
        say(
            "deleted the oldest key; start the witness again, and have the halls end it: keys distrust witness VKEY"
        )
    elif chosen.which == "custodian":
        retire_custodian(chosen)
    elif chosen.which == "bank":
        path = party_rotation.take_bank_secret(from_environment())
        record_rotation("bank")
        say(f"{path} is the new one; start every process of the hall again")
    else:
        engine = make_engine(os.environ["DATABASE_URL"])
        try:
            retire_own(engine, chosen.which)
        finally:
            engine.dispose()
    return 0


def retire_own(engine: Engine, which: str) -> None:
    state = state_folder()
    if which == "log":
        gone = log_rotation.retire(engine, state, state / "ledger")
        say(f"{gone} signs nothing more once the sequencer was started again; publish trust.json again")
        return
    names = receipt_rotation.retire(engine, state)
    say(f"{len(names)} old receipt keys deleted: {', '.join(names) or '-'}")


def retire_custodian(chosen: argparse.Namespace) -> None:
    if not chosen.hall:
        raise NotYet("--hall is needed: the box asks it which tenders are done")

    def state_of(code: str) -> str:
        return str(json.loads(fetch(f"{chosen.hall.rstrip('/')}/api/tenders/{code}"))["state"])

    gone, held = custodian_rotation.retire(box_of(chosen), state_of)
    say(f"{len(gone)} old keys deleted: {', '.join(path.name for path in gone) or '-'}")
    if held:
        say(f"under way, their keys stay: {', '.join(held)}")


def reseal(_: argparse.Namespace) -> int:
    engine = make_engine(os.environ["DATABASE_URL"])
    try:
        return rotation.reseal(engine, state_folder())
    finally:
        engine.dispose()


def witness_of(chosen: argparse.Namespace) -> tuple[Path, str]:
    """Folder and name of the witness; without options the demonstration's."""
    folder = chosen.folder or installation.outside(state_folder()) / "witness"
    if not folder.exists():
        raise NotYet(f"there is no witness in {folder}")
    return folder, chosen.name or installation.WITNESS


def box_of(chosen: argparse.Namespace) -> Path:
    if not chosen.name:
        raise NotYet("--name is needed: the custodian's id")
    folder = installation.outside(state_folder()) / chosen.name
    if not (folder / "config.json").exists():
        raise NotYet(f"there is no custodian's box in {folder}")
    return folder


# --- others' keys ---------------------------------------------------------------------------------


def trust(chosen: argparse.Namespace) -> int:
    row = change_of_trust(trusting.trust, chosen)
    say(
        f"{row.kind} {row.key} counts from {row.start}; start every process of the hall again, publish trust.json"
    )
    return 0


def distrust(chosen: argparse.Namespace) -> int:
    row = change_of_trust(trusting.distrust, chosen)
    say(
        f"{row.kind} {row.key} counted until {row.end}; start every process of the hall again, publish trust.json"
    )
    return 0


def change_of_trust(change: Callable[..., Known], chosen: argparse.Namespace) -> Known:
    settings = from_environment()
    engine = make_engine(settings["database.url"])
    try:
        return change(engine, settings, chosen)
    finally:
        engine.dispose()
