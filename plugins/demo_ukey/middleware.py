"""What a USB key's driver offers to pages: a small HTTP service on this machine only.

    GET  /certificates  → [{"sha256", "common_name", "not_after", "chain": [base64 DER, …]}]
    POST /sign          {"pin", "data": base64, "at": RFC 3339} → {"cms": base64}

A wrong PIN is answered 403 {"error": "pin", "left": n}, a locked key 423 {"error": "locked"}. Only pages of
one origin are answered, and every request must name it: a page of any other site learns nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from http.server import ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from plugins import simulated
from plugins.demo_ukey.token import Locked, PinWrong, UsbKey
from trading.clock import now, parse_rfc3339, rfc3339


def serve(port: int, key: UsbKey, origin: str) -> None:
    """Answers pages of `origin` until the process is ended."""
    make_server(port, key, origin).serve_forever()


def make_server(port: int, key: UsbKey, origin: str) -> ThreadingHTTPServer:
    """Listens on 127.0.0.1 and nowhere else."""
    return simulated.make_server("127.0.0.1", port, _Handler, key=key, origin=origin)


class _Handler(simulated.Frame):
    key: UsbKey
    origin: str
    most = 256 * 1024

    def do_OPTIONS(self) -> None:
        if self._welcome():
            self._answer(204, None)

    def do_GET(self) -> None:
        if self.healthy() or not self._welcome():
            return
        if self.path != "/certificates":
            self._answer(404, {"error": "no such page"})
            return
        chain = x509.load_pem_x509_certificates(self.key.chain)
        self._answer(200, [describe(chain)])

    def do_POST(self) -> None:
        if not self._welcome():
            return
        try:
            asked = json.loads(self.body())
            data = base64.b64decode(asked["data"], validate=True)
            at = parse_rfc3339(asked["at"]) if "at" in asked else now()
            made = self.key.sign(str(asked["pin"]), data, at)
        except PinWrong as wrong:
            self._answer(403, {"error": "pin", "left": wrong.left})
        except Locked:
            self._answer(423, {"error": "locked"})
        except (ValueError, KeyError, TypeError):
            self._answer(422, {"error": "malformed request"})
        else:
            self._answer(200, {"cms": base64.b64encode(made).decode()})

    def _welcome(self) -> bool:
        if self.headers.get("Origin") == self.origin:
            return True
        self.answer(403, "application/json", b'{"error": "origin"}')
        return False

    def _answer(self, status: int, body: object) -> None:
        allowed = {
            "Access-Control-Allow-Origin": self.origin,
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Private-Network": "true",
            "Vary": "Origin",
        }
        data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        self.answer(status, "application/json", data, **allowed)


def describe(chain: list[x509.Certificate]) -> dict[str, object]:
    """What a page shows of a certificate before anything is signed with it."""
    leaf, ders = chain[0], [each.public_bytes(Encoding.DER) for each in chain]
    return {
        "sha256": hashlib.sha256(ders[0]).hexdigest(),
        "common_name": str(leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value),
        "not_after": rfc3339(leaf.not_valid_after_utc),
        "chain": [base64.b64encode(der).decode() for der in ders],
    }


def run(folder: Path, port: int, origin: str, pin: str, **subject: str) -> None:
    """The process of `tradehall simulate ukey`: the SM2 branch of the demo CA personalises the key."""
    from plugins.demo_ca.sm2 import Sm2DemoCA

    ca = Sm2DemoCA.create(folder / "ca-sm2")
    serve(port, UsbKey.create(folder / "ukey", ca, pin, **subject), origin)
