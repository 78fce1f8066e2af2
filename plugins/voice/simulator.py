"""A gateway for telephone calls, for demonstrations: a process of its own that calls simulated telephones, really
speaks to them, and keeps the sound and the record of every call in its folder.

For the caller, with its secret: POST /calls · GET /calls/KEY · POST /calls/KEY/hang-up (plugins/voice/client.py)
For people: GET / every call, with its sound · GET /audio/SHA256.wav · GET /log JSON: all requests that ever came,
all records · POST /modes (form) failures and behaviour:
`down` answers 503, `slow` waits that many seconds before each answer, `latency` seconds until a telephone rings,
`ring` and `rings` seconds of one ring and how many, `think` seconds before a person presses a key,
`behaviour` what those do who are called, in the order in which their numbers are first called; the last word holds
for all others, and a number keeps to its word; `numbers` words for certain numbers (`13800138000=decline …`).
Words: accept · decline · no-answer · busy · silent (picks up, presses nothing) · keys that are pressed, as `91`.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from datetime import datetime
from html import escape
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from plugins import simulated
from plugins.simulated import Declined
from plugins.voice import speech
from trading import clock
from trading.clock import BEIJING, rfc3339
from trading.texting import MOBILE
from trading.voicing import LONGEST, build_record, parse_record

SECRET = simulated.Gateway.secret_file
MODES = {
    "down": "", "slow": "", "latency": "0", "ring": "0.2", "rings": "3", "think": "0.2", "behaviour": "accept",
    "numbers": "",
}  # fmt: skip
KEYS = {"accept": "1", "decline": "2", "silent": ""}
OUTCOMES = {"1": "accept", "2": "decline"}
PLAYED = 3
"""times that a script is spoken to somebody who presses a wrong key"""
AGAIN, THANKS, GOODBYE = "按键无效，请重新收听。", "已记录您的选择，谢谢，再见。", "未收到有效按键，再见。"
SHOWN = 100
"""calls that the page shows, newest first"""
SCHEMA = """
CREATE TABLE IF NOT EXISTS call (seq INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, number TEXT NOT NULL,
  script TEXT NOT NULL, state TEXT NOT NULL, started TEXT NOT NULL, record BLOB);
CREATE TABLE IF NOT EXISTS request (seq INTEGER PRIMARY KEY, path TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS telephone (number TEXT PRIMARY KEY, does TEXT NOT NULL);
"""


class Gateway(simulated.Gateway):
    """The calls in `folder`; those that were under way when the process ended have failed."""

    file, schema, failures = "calls.sqlite", SCHEMA, MODES

    def __init__(self, folder: Path | str, now: Callable[[], datetime] = clock.now) -> None:
        super().__init__(folder, now)
        (self.folder / "audio").mkdir(exist_ok=True)
        self._hung_up: set[str] = set()
        rows = self._rows("SELECT key, number, started FROM call WHERE record IS NULL")
        for key, number, started in rows:
            self._end(key, number, started, Spoken(), "failed")

    # --- for the caller ---

    def done(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        first, _, rest = path[1:].partition("/")
        key, _, act = unquote(rest).partition("/")
        if first != "calls":
            raise Declined(404, "no such page")
        if method == "GET":
            return self.state(key)
        self._write("INSERT INTO request (path, body) VALUES (?, ?)", path, body)
        if act == "hang-up":
            self._hung_up.add(key)
            return {}
        asked = json.loads(body)
        self.place(str(asked["key"]), str(asked["number"]), str(asked["script"]))
        return {}

    def place(self, key: str, number: str, script: str) -> None:
        """Call a number once. Raises Declined."""
        if not MOBILE.fullmatch(number) or not 0 < len(script) <= LONGEST or not 0 < len(key) <= 100:
            raise Declined(422, "not a mobile number, or not a script of that length")
        started = rfc3339(self.now())
        with self._lock, self._books:
            known = self._books.execute("SELECT number, script FROM call WHERE key = ?", (key,)).fetchone()
            if known is not None and known != (number, script):
                raise Declined(409, "this key was used for another call")
            if known is not None:
                return
            does = self._does(number)
            row = (key, number, script, "ringing", started)
            self._books.execute(
                "INSERT INTO call (key, number, script, state, started) VALUES (?, ?, ?, ?, ?)", row
            )
        threading.Thread(target=self._call, args=(key, number, script, started, does), daemon=True).start()

    def state(self, key: str) -> dict[str, Any]:
        """Raises Declined."""
        rows = self._rows("SELECT state, record FROM call WHERE key = ?", key)
        if not rows:
            raise Declined(404, "no such call")
        state, record = rows[0]
        return {"state": state, "record": None if record is None else record.decode()}

    # --- the telephones ---

    def _does(self, number: str) -> str:
        """What the person with this number does; a number keeps to it. The lock is held."""
        words = dict(word.split("=") for word in self.modes["numbers"].split())
        if number in words:
            return words[number]
        known = self._books.execute("SELECT does FROM telephone WHERE number = ?", (number,)).fetchone()
        if known is not None:
            return str(known[0])
        row = self._books.execute("SELECT count(*) FROM telephone").fetchone()
        behaviour = self.modes["behaviour"].split()
        does = behaviour[min(row[0], len(behaviour) - 1)]
        self._books.execute("INSERT INTO telephone VALUES (?, ?)", (number, does))
        return does

    def _call(self, key: str, number: str, script: str, started: str, does: str) -> None:
        modes = self.modes
        time.sleep(float(modes["latency"]))
        if does == "busy":
            self._end(key, number, started, Spoken(), "failed")
            return
        spoken = Spoken()
        for _ in range(int(modes["rings"])):
            time.sleep(float(modes["ring"]))
            spoken.rings += 1
            if does != "no-answer" or key in self._hung_up:
                break
        if does == "no-answer" or key in self._hung_up:
            self._end(key, number, started, spoken, "no-answer")
            return
        spoken.answered = rfc3339(self.now())
        self._write("UPDATE call SET state = 'answered' WHERE key = ?", key)
        outcome = spoken.converse(
            script, KEYS.get(does, does), float(modes["think"]), lambda: key in self._hung_up
        )
        self._end(key, number, started, spoken, outcome)

    def _end(self, key: str, number: str, started: str, spoken: Spoken, outcome: str) -> None:
        audio = ""
        if spoken.prompts:
            sound = speech.wav(bytes(spoken.sound))
            audio = hashlib.sha256(sound).hexdigest()
            (self.folder / "audio" / f"{audio}.wav").write_bytes(sound)
        record = build_record(
            key=key, number=number, started=started, answered=spoken.answered, ended=rfc3339(self.now()),
            rings=spoken.rings, keys=spoken.keys, outcome=outcome, prompts=spoken.prompts, audio=audio,
        )  # fmt: skip
        self._write("UPDATE call SET state = 'ended', record = ? WHERE key = ?", record, key)

    # --- for people ---

    def records(self) -> list[bytes]:
        """The records of all calls that have ended, the oldest first."""
        return [row[0] for row in self._rows("SELECT record FROM call WHERE record IS NOT NULL ORDER BY seq")]

    def shown(self, path: str) -> tuple[str, bytes] | None:
        if path == "/":
            return "text/html; charset=utf-8", page(self).encode()
        if path == "/log":
            requests = [
                [at, body.decode()] for at, body in self._rows("SELECT path, body FROM request ORDER BY seq")
            ]
            log = {"requests": requests, "records": [json.loads(record) for record in self.records()]}
            return "application/json", json.dumps(log, ensure_ascii=False).encode()
        name = path.removeprefix("/audio/").removesuffix(".wav")
        if name.isalnum() and (self.folder / "audio" / f"{name}.wav").exists():
            return "audio/wav", (self.folder / "audio" / f"{name}.wav").read_bytes()
        return None

    def calls(self) -> list[tuple[str, str, str, str, bytes | None]]:
        """(started, number, script, state, record) of the newest calls."""
        query = "SELECT started, number, script, state, record FROM call ORDER BY seq DESC LIMIT ?"
        return self._rows(query, SHOWN)

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._books.execute(query, values).fetchall()

    def _write(self, query: str, *values: object) -> None:
        with self._lock, self._books:
            self._books.execute(query, values)


class Spoken:
    """What is heard in one call, and what is pressed."""

    def __init__(self) -> None:
        self.rings, self.keys = 0, ""
        self.answered: str | None = None
        self.prompts: list[str] = []
        self.sound = bytearray()

    def converse(self, script: str, keys: str, think: float, hung_up: Callable[[], bool]) -> str:
        """Speak the script until key 1 or 2, at most `PLAYED` times. Returns the outcome."""
        for turn in range(PLAYED):
            self._say(script if turn == 0 else AGAIN + script)
            time.sleep(think)
            if hung_up() or turn >= len(keys):
                break
            self.keys += keys[turn]
            self.sound += speech.tone(keys[turn])
            if keys[turn] in OUTCOMES:
                self._say(THANKS)
                return OUTCOMES[keys[turn]]
        self._say(GOODBYE)
        return "no-answer"

    def _say(self, words: str) -> None:
        sound = speech.say(words)
        self.prompts.append(hashlib.sha256(sound).hexdigest())
        self.sound += sound


def serve(host: str, port: int, folder: Path | str) -> None:
    """Serves the gateway whose calls lie in `folder` until the process is ended."""
    make_server(host, port, Gateway(folder)).serve_forever()


def make_server(host: str, port: int, gateway: Gateway) -> ThreadingHTTPServer:
    """A server that listens already; `server_port` tells which port when `port` is 0."""
    return simulated.make_server(host, port, simulated.GatewayFrame, gateway=gateway)


WORDS = {
    "accept": "接受 / accepted", "decline": "拒绝 / declined", "no-answer": "未应答 / no answer",
    "failed": "未接通 / failed",
}  # fmt: skip


def page(gateway: Gateway) -> str:
    """Every call, newest first, with what was said in it; failures and behaviour to set."""
    rows = ""
    for started, number, script, state, raw in gateway.calls():
        record = parse_record(raw) if raw else None
        result = WORDS[record.outcome] if record else state
        audio = record.audio if record else ""
        heard = f'<audio controls preload="none" src="/audio/{audio}.wav"></audio>' if audio else ""
        at = clock.parse_rfc3339(started).astimezone(BEIJING)
        rows += (
            f"<tr><td>{at:%Y-%m-%d %H:%M:%S}<td>{escape(number)}<td>{escape(script)}"
            f"<td>{escape(record.keys) if record else ''}<td>{result}<td>{heard}"
        )
    fields = "".join(
        f'<p><label>{name} <input name="{name}" value="{escape(value)}" size="40"></label>'
        for name, value in gateway.modes.items()
    )
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>语音通知（模拟）</title><h1>电话（模拟） / Telephone calls (simulated)</h1>"
        "<table border=1 cellpadding=6><tr><th>时间 / Time<th>号码 / Number<th>语音 / Script<th>按键 / Keys"
        f"<th>结果 / Outcome<th>录音 / Sound{rows}</table><h2>故障与应答 / Failures and behaviour</h2>"
        f'<form method="post" action="/modes">{fields}<button>设置 / Set</button></form>'
    )


if __name__ == "__main__":
    simulated.run("A gateway for telephone calls, for demonstrations.", serve)
