"""A small certificate authority for demonstrations and tests: a root and an issuing CA in a folder.

It is honest about what it is: keys lie unencrypted in its own folder, its names say "demo". It issues
real certificates and real revocation lists by the installation's clock, so everything that checks them
works as with a production authority.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from trading.clock import now as clock_now
from trading.clock import parse_rfc3339, rfc3339

TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING

BACKDATED = timedelta(days=1)
CERTIFICATE_LIFE = timedelta(days=3 * 365)
ROOT_LIFE = timedelta(days=20 * 365)
CRL_LIFE = timedelta(days=7)
CRL_RENEWED_AFTER = timedelta(hours=1)

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class Declined(Exception):
    """The authority will not issue; the message says why."""


class DemoCA:
    """The authority in `folder`; `DemoCA.create(folder)` makes one or opens the one that is there.

    `now` gives the instant by which certificates and lists are dated.
    """

    def __init__(self, folder: Path | str, now: Callable[[], datetime] = clock_now) -> None:
        self.folder = Path(folder)
        self.now = now
        self._lock = threading.Lock()
        self._lists: dict[str, bytes] = {}
        self._load_keys()
        self._certificates = {
            name: x509.load_pem_x509_certificate((self.folder / f"{name}.pem").read_bytes())
            for name in ("root", "issuing")
        }

    def _load_keys(self) -> None:
        self._keys = {name: _load_key(self.folder / f"{name}.key") for name in ("root", "issuing")}

    @classmethod
    def create(cls, folder: Path | str, now: Callable[[], datetime] = clock_now) -> DemoCA:
        """Opens the authority in `folder`, making keys, certificates and the token of its registration
        authority when there are none."""
        folder = Path(folder)
        if not (folder / "ra.token").exists():
            folder.mkdir(parents=True, exist_ok=True)
            _make_authorities(folder, now())
            _write(folder / "ra.token", secrets.token_urlsafe(32).encode())
        return cls(folder, now)

    @property
    def token(self) -> str:
        """The secret that the hall, as registration authority, shows with every request."""
        return (self.folder / "ra.token").read_text()

    @property
    def root(self) -> x509.Certificate:
        return self._certificates["root"]

    @property
    def issuing(self) -> x509.Certificate:
        return self._certificates["issuing"]

    def roots_pem(self) -> bytes:
        """The root certificate that a hall trusts."""
        return self.root.public_bytes(Encoding.PEM)

    def issue(
        self,
        key: x509.CertificateSigningRequest | PublicKey,
        *,
        common_name: str,
        organisation: str = "",
        organisation_id: str = "",
        person_id: str = "",
        purposes: Sequence[x509.ObjectIdentifier] = (),
        usages: Sequence[str] = ("digital_signature", "content_commitment"),
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> bytes:
        """A certificate for `key`, as PEM followed by the issuing CA's.

        `organisation_id` is the unified social credit code, written as organizationIdentifier
        `NTRCN-<code>`; `person_id` becomes serialNumber. `purposes` (extended key usage) are critical.
        Valid from a day ago for three years unless told. Raises `Declined` for a request whose own
        signature is bad, for a weak key and for a subject that does not fit into a certificate.
        """
        public_key = _public_key(key)
        start = not_before or self.now() - BACKDATED
        end = not_after or min(start + CERTIFICATE_LIFE, self.issuing.not_valid_after_utc)
        try:
            subject = _subject(common_name, organisation, organisation_id, person_id)
        except ValueError as error:
            raise Declined(str(error)) from error
        builder = _builder(subject, self.issuing.subject, public_key, start, end)
        builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
        builder = builder.add_extension(_key_usage(usages), critical=True)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=True)
        builder = builder.add_extension(_authority_id(self._keys["issuing"].public_key()), critical=False)
        certificate = builder.sign(self._keys["issuing"], hashes.SHA256())
        return certificate.public_bytes(Encoding.PEM) + self.issuing.public_bytes(Encoding.PEM)

    def issue_key_file(self, path: Path | str, *, password: bytes | None = None, **subject: object) -> bytes:
        """Makes a P-256 key, has it certified (`subject` as for `issue`) and writes the key file: PKCS#8
        (encrypted when there is a password), then the certificates. Returns the certificates' PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        chain = self.issue(key.public_key(), **subject)  # type: ignore[arg-type]
        protection: KeySerializationEncryption = (
            BestAvailableEncryption(password) if password else NoEncryption()
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        _write(Path(path), private + chain)
        return chain

    def revoke(self, serial: int, at: datetime | None = None) -> None:
        """Puts a serial number on the issuing CA's list from `at` (default now) on; the list is renewed
        at once. A second revocation keeps the first date."""
        with self._lock:
            revoked = self._revoked()
            revoked.setdefault(f"{serial:x}", rfc3339(at or self.now()))
            _write(self.folder / "revoked.json", json.dumps(revoked).encode())
            self._lists.pop("issuing", None)

    def crl(self, name: str) -> bytes:
        """The revocation list (DER) of `root` or `issuing`, made anew when it is older than an hour or
        dated in the future by the clock; also of former authorities (`lists`). Raises KeyError for another
        name."""
        if "-" in name:
            place, _, own = name.partition("-")
            return {ca.folder.name: ca for ca in self.former()}[place].crl(own)
        with self._lock:
            current = self._lists.get(name)
            if current is None or not self._fresh(current):
                current = self._lists[name] = self._make_crl(name)
            return current

    def export_trust(self, folder: Path | str) -> None:
        """Writes what a hall needs to judge signatures: `roots.pem`, `intermediates.pem`, `crl/`; the
        authorities before this one too (`rotate`)."""
        folder = Path(folder)
        (folder / "crl").mkdir(parents=True, exist_ok=True)
        all_of_them = [self, *self.former()]
        _write(folder / "roots.pem", b"".join(ca.roots_pem() for ca in all_of_them), mode=0o644)
        further = b"".join(ca.issuing.public_bytes(Encoding.PEM) for ca in all_of_them)
        _write(folder / "intermediates.pem", further, mode=0o644)
        for name in self.lists():
            _write(folder / "crl" / f"{name}.crl", self.crl(name), mode=0o644)

    def rotate(self) -> DemoCA:
        """The next authority, with a root and an issuing key of its own, in this one's place. This one
        certifies nothing any more, but goes on telling what it has revoked."""
        number = len(self.former()) + 1
        place = self.folder / "former" / f"{number:04d}"
        place.mkdir(parents=True)
        for path in [*self.folder.glob("*.key"), *self.folder.glob("*.pem"), self.folder / "revoked.json"]:
            if path.exists():
                path.rename(place / path.name)
        _make_authorities(self.folder, self.now(), number + 1)
        return DemoCA(self.folder, self.now)

    def former(self) -> list[DemoCA]:
        """The authorities that stood in this place before, the oldest first."""
        return [DemoCA(path, self.now) for path in sorted((self.folder / "former").glob("[0-9]*"))]

    def lists(self) -> list[str]:
        """The names of all revocation lists: `root`, `issuing`, and those of former authorities, such as
        `0001-root`."""
        before = [f"{ca.folder.name}-{name}" for ca in self.former() for name in ("root", "issuing")]
        return ["root", "issuing", *before]

    def _fresh(self, crl: bytes) -> bool:
        issued = x509.load_der_x509_crl(crl).last_update_utc
        return issued <= self.now() < issued + CRL_RENEWED_AFTER

    def _make_crl(self, name: str) -> bytes:
        instant = self.now().replace(microsecond=0)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificates[name].subject)
            .last_update(instant)
            .next_update(instant + CRL_LIFE)
            .add_extension(x509.CRLNumber(int(instant.timestamp() * 1000)), critical=False)
            .add_extension(_authority_id(self._keys[name].public_key()), critical=False)
        )
        for serial, date in self._revoked().items() if name == "issuing" else ():
            entry = x509.RevokedCertificateBuilder(int(serial, 16), parse_rfc3339(date))
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._keys[name], hashes.SHA256()).public_bytes(Encoding.DER)

    def _revoked(self) -> dict[str, str]:
        path = self.folder / "revoked.json"
        if not path.exists():
            return {}
        revoked: dict[str, str] = json.loads(path.read_bytes())
        return revoked


def _make_authorities(folder: Path, now: datetime, number: int = 1) -> None:
    start, end = now - BACKDATED, now + ROOT_LIFE
    root_key, issuing_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    which = "" if number == 1 else f" {number}"
    root_name = _subject(f"Tradehall demo root{which}", "Tradehall demo CA", "", "")
    issuing_name = _subject(f"Tradehall demo issuing CA{which}", "Tradehall demo CA", "", "")
    for name, subject, key, depth in (
        ("root", root_name, root_key, 1),
        ("issuing", issuing_name, issuing_key, 0),
    ):
        certificate = (
            _builder(subject, root_name, key.public_key(), start, end)
            .add_extension(x509.BasicConstraints(True, depth), critical=True)
            .add_extension(_key_usage(["key_cert_sign", "crl_sign"]), critical=True)
            .add_extension(_authority_id(root_key.public_key()), critical=False)
            .sign(root_key, hashes.SHA256())
        )
        _write(folder / f"{name}.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        _write(folder / f"{name}.pem", certificate.public_bytes(Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start.astimezone(UTC).replace(microsecond=0))
        .not_valid_after(end.astimezone(UTC).replace(microsecond=0))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _authority_id(key: PublicKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def _subject(common_name: str, organisation: str, organisation_id: str, person_id: str) -> x509.Name:
    identifier = f"NTRCN-{organisation_id}" if organisation_id else ""
    parts = (
        (NameOID.COUNTRY_NAME, "CN"),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.ORGANIZATION_IDENTIFIER, identifier),
        (NameOID.SERIAL_NUMBER, person_id),
        (NameOID.COMMON_NAME, common_name),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def _key_usage(usages: Sequence[str]) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in usages for name in names})


def _public_key(key: x509.CertificateSigningRequest | PublicKey) -> PublicKey:
    if isinstance(key, x509.CertificateSigningRequest):
        if not key.is_signature_valid:
            raise Declined("the request is not signed by its own key")
        public = key.public_key()
    else:
        public = key
    strong = (isinstance(public, rsa.RSAPublicKey) and public.key_size >= 2048) or (
        isinstance(public, ec.EllipticCurvePublicKey)
        and public.curve.name in ("secp256r1", "secp384r1", "secp521r1")
    )
    if not strong:
        raise Declined(
            "only RSA keys of 2048 bits or more and ECDSA keys on P-256, P-384 or P-521 are certified"
        )
    return public  # type: ignore[return-value]


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path.name} is not an ECDSA key")
    return key


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Whole or not at all, readable by its owner only unless `mode` says otherwise."""
    temporary = path.with_name(path.name + ".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(temporary, path)
