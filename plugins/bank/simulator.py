"""A bank for demonstrations: a process of its own with its own books (SQLite) in its folder.

For the hall, signed as in plugins.bank.signing:
    POST /accounts {"ref"} · GET /credits?cursor= · POST /payments · GET /payments/KEY · GET /guarantees/NUMBER
For payers and applicants, as at a counter, unsigned:
    GET /  the counter as a page · POST /pay-in · POST /issue · POST /modes
    GET /signed/NUMBER.guarantee.json  the guarantee as the bank has signed it, when it was issued with `beneficiary`
Failures that can be set (POST /modes, form or page): `down` answers 503 without a signature, `slow` waits that
many seconds, `duplicate` lists every credit twice, `wrong_payer` books the next pay-ins under another
holder, `late` lists a credit only that many seconds after it was booked.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from html import escape
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from bidding.deposits import guarantee_file
from plugins import simulated
from plugins.bank.signing import MAC, TIME, answer_mac, next_secret, request_mac, same, timely
from plugins.simulated import Declined
from plugins.x509_signatures.evidence import organisation_id
from plugins.x509_signatures.signer import FileSigner
from trading import clock
from trading.clock import parse_rfc3339, rfc3339
from trading.periods import beijing_date
from trading.secrets import make_master

SECRET, SIGNER = "hall.secret", "key.pem"
MODES = {"down": "", "slow": "", "duplicate": "", "wrong_payer": "", "late": ""}
STRANGER = ("过路投资有限公司", "6222009900009999")
SCHEMA = """
CREATE TABLE IF NOT EXISTS account (ref TEXT PRIMARY KEY, number TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS credit (seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, account TEXT NOT NULL,
  amount TEXT NOT NULL, payer TEXT NOT NULL, payer_account TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS payment (key TEXT PRIMARY KEY, particulars TEXT NOT NULL, reference TEXT NOT NULL,
  amount TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS guarantee (number TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS signed_guarantee (number TEXT PRIMARY KEY, file BLOB NOT NULL);
"""


class Bank(simulated.Books):
    """The books in `folder`; the secret shared with the hall is made when there is none."""

    file, schema, failures = "books.sqlite", SCHEMA, MODES

    def __init__(self, folder: Path | str, now: Callable[[], datetime] = clock.now) -> None:
        super().__init__(folder, now)
        self.secret = make_master(self.folder / SECRET)

    # -- the hall -----------------------------------------------------------------------------------

    def open_account(self, ref: str) -> dict[str, Any]:
        with self._lock, self._books:
            found = self._books.execute("SELECT number FROM account WHERE ref = ?", (ref,)).fetchone()
            if found is None:
                found = (f"6217{secrets.randbelow(10**15):015d}",)
                self._books.execute("INSERT INTO account VALUES (?, ?)", (ref, found[0]))
        return {"account": found[0]}

    def credits(self, cursor: str) -> dict[str, Any]:
        """Since `cursor`, as far as they are known by now: the `late` ones come later, in their order."""
        known = rfc3339(self.now() - timedelta(seconds=float(self.modes["late"] or 0)))
        start = int(cursor or 0)
        with self._lock:
            rows = self._books.execute("SELECT * FROM credit WHERE seq > ? ORDER BY seq", (start,)).fetchall()
        told, last = [], start
        for seq, name, account, amount, payer, payer_account, at in rows:
            if at > known:
                break
            last = seq
            row = {
                "id": name, "account": account, "amount": amount, "payer": payer, "payer_account": payer_account,
                "at": at,
            }  # fmt: skip
            told += [row, row] if self.modes["duplicate"] else [row]
        return {"credits": told, "cursor": str(last)}

    def pay(self, order: dict[str, Any]) -> dict[str, Any]:
        amount = money(order["amount"])
        names = ("account", "payee", "payee_account", "amount", "purpose")
        particulars = json.dumps([str(order[name]) for name in names], ensure_ascii=False)
        with self._lock, self._books:
            found = self._books.execute(
                "SELECT particulars FROM payment WHERE key = ?", (order["key"],)
            ).fetchone()
            if found is not None and found[0] != particulars:
                raise Declined(409, "this key was used for another payment")
            if found is None:
                number = self._books.execute(
                    "SELECT ref FROM account WHERE number = ?", (order["account"],)
                ).fetchone()
                if number is None:
                    raise Declined(422, "there is no such sub-account")
                row = (
                    order["key"],
                    particulars,
                    f"P{secrets.token_hex(8)}",
                    str(amount),
                    rfc3339(self.now()),
                )
                self._books.execute("INSERT INTO payment VALUES (?, ?, ?, ?, ?)", row)
        return self.payment(order["key"])

    def payment(self, key: str) -> dict[str, Any]:
        with self._lock:
            row = self._books.execute(
                "SELECT key, reference, amount, at FROM payment WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            raise Declined(404, "no such payment")
        return dict(zip(("key", "reference", "amount", "at"), row, strict=True))

    def guarantee(self, number: str) -> dict[str, Any]:
        with self._lock:
            row = self._books.execute("SELECT body FROM guarantee WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise Declined(404, "no such guarantee")
        found: dict[str, Any] = json.loads(row[0])
        return found

    # -- the counter --------------------------------------------------------------------------------

    def pay_in(self, account: str, amount: str, payer: str, payer_account: str, at: str = "") -> str:
        """A payer pays in now (or at an earlier `at`, RFC 3339). Returns the credit's id."""
        if self.modes["wrong_payer"]:
            payer, payer_account = STRANGER
        name = f"C{secrets.token_hex(8)}"
        instant = rfc3339(parse_rfc3339(at)) if at else rfc3339(self.now())
        with self._lock, self._books:
            if not self._books.execute("SELECT 1 FROM account WHERE number = ?", (account,)).fetchone():
                raise Declined(422, "there is no such sub-account")
            self._books.execute(
                "INSERT INTO credit (id, account, amount, payer, payer_account, at) VALUES (?, ?, ?, ?, ?, ?)",
                (name, account, str(money(amount)), payer, payer_account, instant),
            )
        return name

    def issue(
        self, applicant: str, tender: str, amount: str, until: str, issuer: str = "示例银行",
        beneficiary: str = "", lot: str = "001",
    ) -> str:  # fmt: skip
        """A guarantee for a bidder; returns its number. With a beneficiary, signed too."""
        number = f"G{secrets.token_hex(6).upper()}"
        body = {
            "number": number, "issuer": issuer, "applicant": applicant, "tender": tender,
            "amount": str(money(amount)), "until": date.fromisoformat(until).isoformat(), "revoked": False,
        }  # fmt: skip
        with self._lock, self._books:
            self._books.execute("INSERT INTO guarantee VALUES (?, ?)", (number, json.dumps(body)))
            if beneficiary:
                file = self._sign(body, beneficiary, lot)
                self._books.execute("INSERT INTO signed_guarantee VALUES (?, ?)", (number, file))
        return number

    def _sign(self, body: dict[str, Any], beneficiary: str, lot: str) -> bytes:
        signer = FileSigner.from_file(self.folder / SIGNER)
        raw = guarantee_file.document(
            number=body["number"], issuer=organisation_id(signer.certificate.subject), issuer_name=body["issuer"],
            applicant=body["applicant"], beneficiary=beneficiary, tender=body["tender"], lot=lot,
            amount=Decimal(body["amount"]), begins=beijing_date(self.now()),
            until=date.fromisoformat(body["until"]),
        )  # fmt: skip
        return guarantee_file.pack(raw, signer.sign(raw, self.now()))

    def signed(self, number: str) -> bytes | None:
        """The signed file of a guarantee, None where there is none."""
        with self._lock:
            row = self._books.execute(
                "SELECT file FROM signed_guarantee WHERE number = ?", (number,)
            ).fetchone()
        return row[0] if row else None

    def secrets(self) -> list[bytes]:
        """The secret shared with the hall, and the next one while they change it."""
        files = (self.folder / SECRET, next_secret(self.folder / SECRET))
        return [path.read_bytes() for path in files if path.exists()]


def money(text: Any) -> Decimal:
    """Raises Declined for what is no amount above zero with two places."""
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        raise Declined(422, "not an amount") from None
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(Decimal("0.01")):
        raise Declined(422, "not an amount")
    return amount.quantize(Decimal("0.01"))


def serve(host: str, port: int, folder: Path | str) -> None:
    """Serves the bank whose books lie in `folder` until the process is ended."""
    make_server(host, port, Bank(folder)).serve_forever()


def make_server(host: str, port: int, bank: Bank) -> ThreadingHTTPServer:
    """A server that listens already; `server_port` tells which port when `port` is 0."""
    return simulated.make_server(host, port, _Handler, bank=bank)


COUNTER = ("pay-in", "issue", "modes")


class _Handler(simulated.Frame):
    bank: Bank

    def do_GET(self) -> None:
        if self.healthy():
            return
        if self.path == "/":
            self.answer(200, "text/html; charset=utf-8", page(self.bank).encode())
        elif self.path.startswith("/signed/"):
            number = unquote(self.path).removeprefix("/signed/").removesuffix(".guarantee.json")
            file = self.bank.signed(number)
            self.answer(200 if file else 404, "application/json", file or b"{}")
        else:
            self._signed("GET", b"")

    def do_POST(self) -> None:
        try:
            body = self.body()
        except simulated.TooLong as error:
            self.answer(413, "text/plain", str(error).encode())
            return
        if self.path[1:] in COUNTER:
            self._counter(self.path[1:], body)
        else:
            self._signed("POST", body)

    def _counter(self, act: str, body: bytes) -> None:
        given = simulated.form(body)
        try:
            if act == "pay-in":
                told = self.bank.pay_in(**given)
            elif act == "issue":
                told = self.bank.issue(**given)
            else:
                self.bank.set_modes(given)
                told = "ok"
        except (Declined, TypeError, ValueError) as error:
            self.answer(422, "text/plain; charset=utf-8", str(error).encode())
            return
        self.answer(200, "text/plain; charset=utf-8", told.encode())

    def _signed(self, method: str, body: bytes) -> None:
        bank = self.bank
        if bank.modes["slow"]:
            time.sleep(float(bank.modes["slow"]))
        if bank.modes["down"]:
            self.answer(503, "text/plain", b"the bank is closed")
            return
        at, mac = self.headers.get(TIME, ""), self.headers.get(MAC, "")
        wanted = {key: request_mac(key, method, self.path, at, body) for key in bank.secrets()}
        secret = next((key for key in wanted if same(mac, wanted[key])), None)
        if secret is None or not timely(at, bank.now()):
            self.answer(401, "text/plain", b"not signed by the hall")
            return
        status, told = simulated.outcome(lambda: self._asked(method, body))
        answer = json.dumps(told, ensure_ascii=False).encode()
        signature = {MAC.replace("-", "_"): answer_mac(secret, mac, status, answer)}
        self.answer(status, "application/json", answer, **signature)

    def _asked(self, method: str, body: bytes) -> dict[str, Any]:
        address = urlsplit(self.path)
        first, _, rest = address.path[1:].partition("/")
        bank = self.bank
        if (method, first, rest) == ("POST", "accounts", ""):
            return bank.open_account(str(json.loads(body)["ref"]))
        if (method, first, rest) == ("GET", "credits", ""):
            return bank.credits(parse_qs(address.query).get("cursor", [""])[0])
        if (method, first, rest) == ("POST", "payments", ""):
            return bank.pay(json.loads(body))
        if (method, first) == ("GET", "payments"):
            return bank.payment(unquote(rest))
        if (method, first) == ("GET", "guarantees"):
            return bank.guarantee(unquote(rest))
        raise Declined(404, "no such page")


def page(bank: Bank) -> str:
    """The counter: pay in, have a guarantee issued, set failures."""

    def form(act: str, title: str, fields: dict[str, str]) -> str:
        rows = "".join(
            f'<p><label>{escape(words)}<br><input name="{name}" size="40"></label></p>'
            for name, words in fields.items()
        )
        return f'<h2>{title}</h2><form method="post" action="/{act}">{rows}<button>{title}</button></form>'

    set_now = ", ".join(f"{name}={value}" for name, value in bank.modes.items() if value) or "—"
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><title>示例银行柜台（模拟）</title>'
        "<h1>示例银行柜台（模拟） / Example bank, counter (simulated)</h1>"
        + form("pay-in", "付款 / Pay in", {
            "account": "保证金子账号 / Sub-account", "amount": "金额（元） / Amount (yuan)",
            "payer": "付款人户名 / Payer's name", "payer_account": "付款账号 / Payer's account",
        })
        + form("issue", "开立保函 / Issue a guarantee", {
            "applicant": "申请人统一社会信用代码 / Applicant's code", "tender": "项目编号 / Tender",
            "amount": "金额（元） / Amount (yuan)", "until": "有效期至 / Valid until (2026-12-31)",
            "beneficiary": "受益人统一社会信用代码 / Beneficiary's code", "lot": "包号 / Lot",
        })
        + f"<p>{escape(set_now)}</p>"
        + form("modes", "故障 / Failures", {name: name for name in MODES})
    )  # fmt: skip


if __name__ == "__main__":
    simulated.run("A bank for demonstrations.", serve)
