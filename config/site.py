"""`tradehall site serve`: the device at the evaluation site (评标现场设备). It alone, beside the regulator, reads the names of a
drawn committee.

A process of its own with its own folder (config/device.py), and in it `rounds/`: what it keeps of every round of calls, written
before it acts, so that a device that starts again calls nobody twice and changes no outcome. It opens the sealed names with
its key, calls everybody of a wave at the same time, settles the wave, tells people by text message, answers who has
come, and hands the openings over. `config.json` may set `calls` (at most for one person) and `pause` (seconds
between two)."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pyramid.i18n import make_localizer

from config import locale
from config.device import Device, b64, unb64
from config.settings import PANEL_SITE
from expert_pool.calls import rounds
from expert_pool.calls.rounds import Insistence, Round
from expert_pool.calls.script import TellsTooMuch, question
from plugins.outbound import Unreachable
from plugins.sms.client import HttpGateway
from plugins.voice import voice_from
from trading import clock
from trading.draws import names
from trading.draws.announcement import Params, parse_params
from trading.draws.candidates import handle
from trading.draws.refusal import DrawError
from trading.errors import Refused
from trading.ledger import canonical
from trading.ledger.folder import write_durably
from trading.voicing import Call

PAUSE, BUSY = 1.0, 0.2
"""seconds between two looks at what is wanted: without and with calls under way"""
EARLY = timedelta(hours=12)
"""so long before the session the device begins to tell the hall who has a seat, whatever it is asked before"""
AT_ONCE = 8
"""calls that are asked for at the same time"""


class Declined(Exception):
    """The device does not do what the hall asks."""


class Site(Device):
    """The device of one evaluation site. `voice` and `sms` are providers of IVoice and ISmsSender, `words` translates what
    people hear and read."""

    def __init__(
        self,
        folder: Path,
        hall: str,
        voice: Any,
        sms: Any,
        words: Callable[[Any], str],
        crl_addresses: str = "",
    ) -> None:
        super().__init__(folder, hall, crl_addresses)
        self.voice, self.sms, self.words = voice, sms, words
        self.now = clock.now
        self.insist = Insistence(
            int(self.known.get("calls", Insistence.calls)),
            timedelta(seconds=self.known["pause"]) if "pause" in self.known else Insistence.pause,
        )
        (folder / "rounds").mkdir(mode=0o700, exist_ok=True)
        kept = (rounds.from_bytes(path.read_bytes()) for path in (folder / "rounds").glob("*.json"))
        self.rounds = {each.name: each for each in kept}
        self.opened: dict[str, names.Names] = {}

    # --- memory ---

    def keep(self, round_: Round) -> None:
        """Durably, before anything is done."""
        self.rounds[round_.name] = round_
        write_durably(self.folder / "rounds" / f"{round_.name}.json", rounds.to_bytes(round_))

    def of_draw(self, draw: str) -> list[Round]:
        """The rounds of a draw, the first one first."""
        return sorted(
            (each for each in self.rounds.values() if each.draw == draw), key=lambda one: one.number
        )

    # --- names ---

    def read(self, draw: str, given: Mapping[str, Any]) -> tuple[Params, names.Names]:
        """The names of a draw; they are the announced ones. Raises Declined."""
        try:
            params = parse_params(given["params"])
            if params.hash.hex() != draw:
                raise Declined("the announcement is another draw's")
            if draw not in self.opened:
                self.opened[draw] = names.open_names(params, names.SITE, self.seed, unb64(given["sealed"]))
        except (DrawError, names.NamesError) as error:
            raise Declined(str(error)) from error
        if self.opened[draw].sha256 != given["openings_sha256"]:
            raise Declined("these are not the openings that were announced")
        return params, self.opened[draw]

    # --- calling ---

    def round_of(self, row: Mapping[str, Any]) -> Round:
        """The round that the hall asks for, from memory or begun. Raises Declined."""
        found = self.rounds.get(f"{row['draw']}-{row['number']}")
        if found is None:
            found = self.begin(row)
            self.keep(found)
        elif found.call != row["call"]:
            raise Declined("this round was asked for with other people")
        return found

    def begin(self, row: Mapping[str, Any]) -> Round:
        params, known = self.read(row["draw"], row)
        handles = [h for _stratum, h in row["call"]]
        if any(h in handles for each in self.of_draw(row["draw"]) for _stratum, h in each.call):
            raise Declined("somebody is to be called a second time in one draw")
        for h in handles:
            nonce, record = known.rows.get(h, ("", {}))
            if handle(params.family, params.scope, bytes.fromhex(nonce), record).hex() != h:
                raise Declined("a handle does not stand for the person behind it")
        said = row["script"]
        found = Round(
            row["draw"], row["number"], row["until"], said["at"], said["place"], said["specialities"], row["call"],
            {h: known.phones[h] for h in handles if h in known.phones}, {h: known.rows[h][0] for h in handles},
            self.recused(row, known, handles),
        )  # fmt: skip
        for stratum, _handle in found.call:
            found.session_of(stratum)
        return found

    def recused(
        self, row: Mapping[str, Any], known: names.Names, handles: Sequence[str]
    ) -> dict[str, list[str]]:
        """handle → why somebody is not called: asked in an earlier draw for this committee, or a colleague has a
        seat from it."""
        called: dict[str, str] = {}
        seated: dict[str, str] = {}
        for ann in row["asked_before"]:
            _params, earlier = self.read(ann, row["earlier"][ann])
            for each in self.of_draw(ann):
                called |= {str(earlier.rows[h][1]["id"]): ann for _stratum, h in each.call}
                seated |= {str(earlier.rows[h][1]["org"]): ann for h in each.accepted()}
        found = {}
        for h in handles:
            _nonce, record = known.rows[h]
            if ann := called.get(record["id"]):
                found[h] = ["called", ann]
            elif ann := seated.get(record["org"]):
                found[h] = ["employer", ann]
        return found

    def call(self, row: Mapping[str, Any]) -> None:
        """Go on with a round: place calls that are due, take the records of those that have ended, settle when nothing
        can change any more. Raises Declined, Unreachable."""
        found = self.round_of(row)
        if found.wave is None:
            if found.to_place(self.now(), self.insist, token):
                self.keep(found)
            ask = partial(self.ask_gateway, found)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                answers = list(pool.map(ask, found.under_way().items()))
            if any(answers):
                self.keep(found)
            if not found.settled(self.now(), self.insist):
                return
            self.settle(found)
        self.post("/api/site/waves", found.wave or {})
        self.log("wave", found.draw, number=found.number)

    def ask_gateway(self, found: Round, under_way: tuple[str, str]) -> bool:
        """Place one call (again: the key makes it happen once) and see how far it is; whether its record has come. What the
        gateway does not answer now is asked again."""
        one, key = under_way
        stratum = next(stratum for stratum, h in found.call if h == one)
        try:
            if self.now() < found.window_ends:
                self.voice.place(key, found.numbers[one], self.words(question(found.session_of(stratum))))
            else:
                self.voice.hang_up(key)
            state: Call | None = self.voice.state(key)
        except Refused as error:
            if error.faults[0].code == "voice.declined":
                found.give_up(one)
            return error.faults[0].code == "voice.declined"
        if state is not None and state.record:
            found.take(one, state.record)
            return True
        return False

    def settle(self, found: Round) -> None:
        """The wave, signed, and the messages that go with it; kept before anybody hears of it."""
        found.write_texts(self.words, token, self.now())
        found.wave = self.signed(found.document())
        self.keep(found)

    def tell(self) -> None:
        """Send the text messages that have not gone out."""
        for found in self.rounds.values():
            for text in found.texts:
                if text.sent or found.wave is None:
                    continue
                try:
                    self.sms.send(text.key, found.numbers[text.handle], text.words)
                except Refused as error:
                    if error.faults[0].code == "sms.unavailable":
                        return
                    self.log("text declined", found.draw, reasons=[str(error)])
                text.sent = True
                self.keep(found)

    # --- who has come, and after the result ---

    def may_tell(self, draw: str) -> None:
        """Raises Declined before the session is near, and for a draw that nobody was called for: the regulator reads
        that one with its own key."""
        begins = [each.begins for each in self.of_draw(draw)]
        if not begins or self.now() < max(begins) - EARLY:
            raise Declined("names are told to nobody before the session is near")

    def answer(self, row: Mapping[str, Any]) -> None:
        """Whether the person who says to be here has a seat: the opening of the seat, or null. Raises Declined,
        Unreachable."""
        self.may_tell(row["draw"])
        _params, known = self.read(row["draw"], row)
        accepted = [h for each in self.of_draw(row["draw"]) for h in each.accepted()]
        mine = [h for h in accepted if known.rows[h][1]["id"] == row["expert"]]
        opening = None
        if mine:
            nonce, record = known.rows[mine[0]]
            opening = {"h": mine[0], "nonce": nonce, "record": dict(record)}
        said = {"draw": row["draw"], "arrival": row["id"], "opening": opening}
        self.hand_in("/api/site/arrivals", canonical.dumps({"v": 1, "typ": "ebid.arrival"} | said))
        self.log("arrival", row["draw"], arrival=row["id"], seated=opening is not None)

    def hand_over(self, row: Mapping[str, Any]) -> None:
        """openings.json, for the hall to open the seated members. Raises Declined before the session has begun (no
        result is published earlier; a replacement is called to a session that goes on), Unreachable."""
        begins = [each.begins for each in self.of_draw(row["draw"])]
        if not begins or self.now() < min(begins):
            raise Declined("the openings are handed over to nobody before the session")
        _params, known = self.read(row["draw"], row)
        said = {"draw": row["draw"], "openings": b64(known.openings)}
        self.hand_in("/api/site/openings", canonical.dumps({"v": 1, "typ": "ebid.openings"} | said))
        self.log("openings", row["draw"])

    # --- work ---

    def work(self) -> bool:
        """One look; whether calls are under way. Raises Unreachable."""
        asked = self.ask("/api/site/wanted")
        for act, rows in (
            (self.call, asked["calls"]),
            (self.answer, asked["arrivals"]),
            (self.hand_over, asked["open"]),
        ):
            for row in rows:
                self.attempt(act, row)
        self.tell()
        return bool(asked["calls"])

    def attempt(self, act: Callable[[Mapping[str, Any]], None], row: Mapping[str, Any]) -> None:
        """Do one thing; what is declined or refused is logged with its reasons."""
        try:
            act(row)
        except (Declined, TellsTooMuch) as error:
            self.log(f"{act.__name__} declined", str(row["draw"]), reasons=[str(error)])
        except (Unreachable, Refused, ValueError, KeyError, TypeError) as error:
            self.log(f"{act.__name__} failed", str(row["draw"]), reasons=[repr(error)])


def token() -> str:
    """A key by which a gateway knows a call or a message; nobody can guess it, so no record's hash tells a number."""
    return secrets.token_hex(16)


def from_environment(folder: Path, hall: str) -> Site:
    """The device whose gateways and lists the environment names."""
    settings = {
        f"{kind}.{what}": os.environ[f"TRADEHALL_{kind}_{what}".upper()]
        for kind in ("voice", "sms")
        for what in ("url", "secret_file")
    }
    sms = HttpGateway(settings["sms.url"], Path(settings["sms.secret_file"]).read_text().strip())
    locale.compile_catalogues()
    words = make_localizer("zh_CN", [str(locale.FOLDER)]).translate
    addresses = os.environ.get("TRADEHALL_SIGNATURES_CRL_ADDRESSES", "")
    return Site(folder, hall, voice_from(settings), sms, words, addresses)


def main(arguments: Sequence[str]) -> int:
    """`tradehall site serve --hall URL [--folder FOLDER]`."""
    parser = argparse.ArgumentParser(prog="tradehall site", description="The device at an evaluation site.")
    parser.add_argument("act", choices=("serve",))
    parser.add_argument("--hall", required=True, help="address of the hall")
    parser.add_argument("--folder", type=Path, help="the device's own folder")
    chosen = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    state = Path(os.environ.get("TRADEHALL_STATE", ".state"))
    from_environment(chosen.folder or state / "outside" / PANEL_SITE, chosen.hall).serve(stop, PAUSE, BUSY)
    return 0
