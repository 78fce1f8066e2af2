"""Certificates for tests, of both families: a demo CA whose clock the test sets, and keys certified by it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plugins.demo_ca.authority import DemoCA
from plugins.demo_ca.sm2 import Sm2DemoCA, new_key
from plugins.sm2_signatures.signer import Sm2Signer
from plugins.sm2_signatures.verifier import Sm2Verifier
from plugins.x509_signatures.signer import FileSigner
from plugins.x509_signatures.verifier import X509Verifier

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
USCC = "91350200MA31ABCD10"


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self, instant: datetime = NOW) -> None:
        self.instant = instant

    def __call__(self) -> datetime:
        return self.instant

    def move(self, **step: float) -> None:
        self.instant += timedelta(**step)


class Pki:
    """A demo CA in `folder` with its clock, and short ways to signers and verifiers of it."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.folder = folder
        self.ca = DemoCA.create(folder / "ca", self.clock)

    def current(self, at: datetime) -> list[bytes]:
        """The authority's lists, as a source of revocation lists."""
        return [self.ca.crl("root"), self.ca.crl("issuing")]

    def verifier(self, crls: Any = None) -> X509Verifier:
        roots, helping = der(self.ca.root), der(self.ca.issuing)
        return X509Verifier([roots], [helping], crls or self)

    def signer(self, key: Any = None, **subject: Any) -> FileSigner:
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = {"common_name": "张三", "organisation": "示例公司", "organisation_id": USCC} | subject
        leaf, *chain = pems(self.ca.issue(key.public_key(), **subject))
        return FileSigner(private_pem(key), leaf, chain)


class Sm2Pki(Pki):
    """The same with the demo CA's SM2 branch."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.folder = folder
        self.ca: Sm2DemoCA = Sm2DemoCA.create(folder / "ca", self.clock)

    def verifier(self, crls: Any = None) -> Sm2Verifier:
        return Sm2Verifier([der(self.ca.root)], [der(self.ca.issuing)], crls or self)

    def signer(self, key: Any = None, *, gm: bool = False, **subject: Any) -> Sm2Signer:  # type: ignore[override]
        public, private = key or new_key()
        subject = {"common_name": "张三", "organisation": "示例公司", "organisation_id": USCC} | subject
        return Sm2Signer(private, self.ca.issue(public, **subject), gm=gm)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def pems(chain: bytes) -> list[bytes]:
    return [cert.public_bytes(Encoding.PEM) for cert in x509.load_pem_x509_certificates(chain)]


def private_pem(key: Any) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def csr(key: Any) -> bytes:
    """A PKCS#10 request with an empty subject."""
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
    return request.public_bytes(Encoding.PEM)


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[str]:
    """The address of the server, which answers until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
