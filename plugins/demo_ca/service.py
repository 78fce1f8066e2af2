"""The demo CA as a process of its own, spoken to over HTTP.

    POST /enrol    {"csr": PEM, "common_name", "organisation", "organisation_id", "person_id"} → PEM chain
    POST /revoke   {"certificate": PEM, "at": RFC 3339} → 204
    GET  /crl/root.crl, /crl/issuing.crl, /roots.pem, /healthz
    GET  /crl/sm2-root.crl, /crl/sm2-issuing.crl: the SM2 branch's, where there is one

The two POSTs need `Authorization: Bearer <token>`, the secret in the folder's `ra.token`, which the hall
holds as registration authority. A wrong one is answered 401, a request that cannot be granted 422, a
certificate of another authority 409; the body is `{"error": reason}`.
"""

from __future__ import annotations

import hmac
import json
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from plugins import simulated
from plugins.demo_ca.authority import Declined, DemoCA
from plugins.demo_ca.sm2 import Sm2DemoCA
from trading.clock import parse_rfc3339


def serve(host: str, port: int, folder: Path | str, sm2: Path | None = None) -> None:
    """Serves the authority in `folder`, and the lists of the SM2 branch in `sm2`, until the process is ended;
    both are made when there are none."""
    branch = Sm2DemoCA.create(sm2) if sm2 else None
    make_server(host, port, DemoCA.create(folder), branch).serve_forever()


def make_server(host: str, port: int, authority: DemoCA, sm2: Sm2DemoCA | None = None) -> ThreadingHTTPServer:
    """A server that listens already; `server_port` tells which port when `port` is 0."""
    return simulated.make_server(host, port, _Handler, ca=authority, sm2=sm2)


class _Handler(simulated.Frame):
    ca: DemoCA
    sm2: Sm2DemoCA | None

    def do_GET(self) -> None:
        name = self.path.removeprefix("/crl/").removesuffix(".crl")
        if self.path == f"/crl/{name}.crl" and name in self.ca.lists():
            self.answer(200, "application/pkix-crl", self.ca.crl(name))
        elif self.sm2 and self.path in ("/crl/sm2-root.crl", "/crl/sm2-issuing.crl"):
            name = self.path.removeprefix("/crl/sm2-").removesuffix(".crl")
            self.answer(200, "application/pkix-crl", self.sm2.crl(name))
        elif self.path == "/roots.pem":
            self.answer(200, "application/x-pem-file", self.ca.roots_pem())
        elif not self.healthy():
            self._fail(404, "no such page")

    def do_POST(self) -> None:
        acts = {"/enrol": self._enrol, "/revoke": self._revoke}
        act = acts.get(self.path)
        shown = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if act is None:
            self._fail(404, "no such page")
        elif not hmac.compare_digest(shown.encode(), self.ca.token.encode()):
            self._fail(401, "only the registration authority may ask")
        else:
            try:
                act(self._read())
            except Declined as error:
                self._fail(422, str(error))
            except (ValueError, KeyError, TypeError) as error:
                self._fail(422, f"malformed request: {error}")

    def _enrol(self, asked: dict[str, Any]) -> None:
        request = x509.load_pem_x509_csr(asked["csr"].encode())
        chain = self.ca.issue(
            request,
            common_name=str(asked["common_name"]),
            organisation=str(asked.get("organisation", "")),
            organisation_id=str(asked.get("organisation_id", "")),
            person_id=str(asked.get("person_id", "")),
        )
        self.answer(200, "application/pem-certificate-chain", chain)

    def _revoke(self, asked: dict[str, Any]) -> None:
        certificate = x509.load_pem_x509_certificate(asked["certificate"].encode())
        for authority in (self.ca, *self.ca.former()):
            try:
                certificate.verify_directly_issued_by(authority.issuing)
            except (ValueError, TypeError, InvalidSignature):
                continue
            authority.revoke(certificate.serial_number, parse_rfc3339(asked["at"]))
            self.answer(204, "text/plain", b"")
            return
        self._fail(409, "this authority did not issue that certificate")

    def _read(self) -> dict[str, Any]:
        try:
            asked = json.loads(self.body())
        except simulated.TooLong as error:
            raise Declined(str(error)) from None
        if not isinstance(asked, dict):
            raise Declined("the request is not a JSON object")
        return asked

    def _fail(self, status: int, reason: str) -> None:
        self.answer(status, "application/json", json.dumps({"error": reason}).encode())


if __name__ == "__main__":
    simulated.run("A certificate authority for demonstrations.", serve)
