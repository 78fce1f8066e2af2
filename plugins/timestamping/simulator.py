"""A time-stamping authority for demonstrations: a process of its own that speaks RFC 3161 over HTTP.

Its key and certificate (extended key usage timeStamping, critical) come from the demo CA and lie in
`key.pem` of its folder. The instant is the installation's clock, so a shifted demonstration is
stamped with the shifted time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from http.server import ThreadingHTTPServer
from pathlib import Path

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from plugins import simulated
from plugins.cms.signing import PrivateKey, StraightSigner, sign_bytes
from plugins.timestamping.tokens import Response
from trading.clock import now as clock_now

KEY_FILE = "key.pem"
# Under the private enterprise number that RFC 5612 reserves for examples.
POLICY = "1.3.6.1.4.1.32473.3161"
DIGESTS = {"sha256": 32, "sha384": 48, "sha512": 64}
MAX_REQUEST = 4096


class Authority:
    """Answers requests with the key in `folder`. Raises OSError or ValueError when it cannot be used."""

    def __init__(
        self,
        folder: Path | str,
        now: Callable[[], datetime] = clock_now,
        rng: Callable[[int], bytes] = os.urandom,
    ) -> None:
        content = (Path(folder) / KEY_FILE).read_bytes()
        key = load_pem_private_key(content, None)
        if not isinstance(key, PrivateKey):
            raise ValueError("only RSA and ECDSA keys can sign")
        certificate, *chain = x509.load_pem_x509_certificates(content)
        self._signer = StraightSigner(key, certificate, chain)
        self._name = asn1_x509.Name.load(certificate.subject.public_bytes())
        self._now = now
        self._rng = rng

    def answer(self, query: bytes) -> bytes:
        """A TimeStampResp (DER); what cannot be stamped gets one with status rejection."""
        try:
            asked = tsp.TimeStampReq.load(query, strict=True)
            imprint = asked["message_imprint"]
            algorithm = imprint["hash_algorithm"]["algorithm"].native
            length = len(imprint["hashed_message"].native)
            wanted_policy = asked["req_policy"].native
        except (ValueError, TypeError):
            return _rejection("bad_data_format")
        if DIGESTS.get(algorithm) != length:
            return _rejection("bad_alg")
        if wanted_policy not in (None, POLICY):
            return _rejection("unaccepted_policy")
        granted = Response({"status": {"status": "granted"}, "time_stamp_token": self._token(asked)})
        der: bytes = granted.dump()
        return der

    def _token(self, asked: tsp.TimeStampReq) -> cms.ContentInfo:
        instant = self._now()
        info = {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": asked["message_imprint"],
            "serial_number": int.from_bytes(self._rng(8), "big"),
            "gen_time": core.GeneralizedTime(instant),
            "accuracy": {"millis": 500},
            "tsa": asn1_x509.GeneralName("directory_name", self._name),
        }
        if asked["nonce"].native is not None:
            info["nonce"] = asked["nonce"]
        token = cms.ContentInfo.load(
            sign_bytes(self._signer, tsp.TSTInfo(info).dump(), instant, enclosed="tst_info")
        )
        if not asked["cert_req"].native:
            token["content"]["certificates"] = []
        return token


def _rejection(failure: str) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {failure}})
    der: bytes = Response({"status": status}).dump()
    return der


def serve(host: str, port: int, folder: Path | str) -> None:
    """Serves the authority whose key lies in `folder` until the process is ended."""
    make_server(host, port, Authority(folder)).serve_forever()


def make_server(host: str, port: int, authority: Authority) -> ThreadingHTTPServer:
    """A server that listens already; `server_port` tells which port when `port` is 0."""
    return simulated.make_server(host, port, _Handler, tsa=authority)


class _Handler(simulated.Frame):
    tsa: Authority
    most = MAX_REQUEST

    def do_GET(self) -> None:
        if not self.healthy():
            self.answer(404, "text/plain", b"")

    def do_POST(self) -> None:
        try:
            query = self.body()
        except simulated.TooLong:
            self.answer(413, "text/plain", b"")
            return
        self.answer(200, "application/timestamp-reply", self.tsa.answer(query))


if __name__ == "__main__":
    simulated.run("A time-stamping authority for demonstrations.", serve)
