"""The demo CA's SM2 branch (国密根): its own root, for the certificates of USB keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import gmssl_pyx
from asn1crypto import core, crl, pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from plugins.demo_ca.authority import (
    BACKDATED,
    CERTIFICATE_LIFE,
    CRL_LIFE,
    ROOT_LIFE,
    DemoCA,
    _subject,
    _write,
)
from plugins.sm2_signatures import primitives
from trading.clock import now as clock_now
from trading.clock import parse_rfc3339

ALGORITHM = {"algorithm": "sm3_sm2"}
Key = tuple[bytes, bytes]
"""Public point (64 bytes) and private scalar (32 bytes)."""


class Sm2DemoCA(DemoCA):
    """Like `DemoCA`, with SM2 keys; `issue` certifies a public point of 64 bytes."""

    def _load_keys(self) -> None:
        self._sm2 = {name: load_key(self.folder / f"{name}.key") for name in ("root", "issuing")}

    @classmethod
    def create(cls, folder: Path | str, now: Callable[[], datetime] = clock_now) -> Sm2DemoCA:
        """Opens the authority in `folder`, making it when there is none."""
        folder = Path(folder)
        if not (folder / "ra.token").exists():
            folder.mkdir(parents=True, exist_ok=True)
            make_authorities(folder, now())
            _write(folder / "ra.token", secrets.token_urlsafe(32).encode())
        return cls(folder, now)

    def issue(  # type: ignore[override]
        self,
        key: bytes,
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
        """See `DemoCA.issue`."""
        start = not_before or self.now() - BACKDATED
        end = not_after or min(start + CERTIFICATE_LIFE, self.issuing.not_valid_after_utc)
        leaf = certificate(
            subject=_subject(common_name, organisation, organisation_id, person_id),
            issuer=self.issuing.subject,
            public=key,
            signer=self._sm2["issuing"],
            period=(start, end),
            usages=usages,
            purposes=[purpose.dotted_string for purpose in purposes],
        )
        return leaf + self.issuing.public_bytes(Encoding.PEM)

    def _make_crl(self, name: str) -> bytes:
        instant = self.now().replace(microsecond=0)
        revoked = [
            {"user_certificate": int(serial, 16), "revocation_date": _time(parse_rfc3339(date))}
            for serial, date in (self._revoked().items() if name == "issuing" else ())
        ]
        number = {"extn_id": "crl_number", "extn_value": core.Integer(int(instant.timestamp() * 1000))}
        listed = crl.TbsCertList(
            {
                "version": "v2",
                "signature": ALGORITHM,
                "issuer": asn1_x509.Name.load(self._certificates[name].subject.public_bytes()),
                "this_update": _time(instant),
                "next_update": _time(instant + CRL_LIFE),
                "crl_extensions": [number, _authority_key(self._sm2[name][0])],
            }
            | ({"revoked_certificates": revoked} if revoked else {})
        )
        public, private = self._sm2[name]
        signature = primitives.sign(private, public, listed.dump())
        whole = {"tbs_cert_list": listed, "signature_algorithm": ALGORITHM, "signature": signature}
        der: bytes = crl.CertificateList(whole).dump()
        return der


def new_key() -> Key:
    """A fresh SM2 key."""
    public, private = gmssl_pyx.sm2_key_generate()
    return public, private


def load_key(path: Path) -> Key:
    data = bytes.fromhex(path.read_text())
    return data[:64], data[64:]


def save_key(path: Path, key: Key) -> None:
    _write(path, (key[0] + key[1]).hex().encode())


def make_authorities(folder: Path, now: datetime) -> None:
    period = (now - BACKDATED, now + ROOT_LIFE)
    root, issuing = new_key(), new_key()
    root_name = _subject("Tradehall demo SM2 root", "Tradehall demo CA", "", "")
    issuing_name = _subject("Tradehall demo SM2 issuing CA", "Tradehall demo CA", "", "")
    for name, subject, key, depth in (
        ("root", root_name, root, 1),
        ("issuing", issuing_name, issuing, 0),
    ):
        made = certificate(
            subject=subject,
            issuer=root_name,
            public=key[0],
            signer=root,
            period=period,
            usages=("key_cert_sign", "crl_sign"),
            depth=depth,
        )
        save_key(folder / f"{name}.key", key)
        _write(folder / f"{name}.pem", made)


def certificate(
    *,
    subject: x509.Name,
    issuer: x509.Name,
    public: bytes,
    signer: Key,
    period: tuple[datetime, datetime],
    usages: Sequence[str],
    purposes: Sequence[str] = (),
    depth: int | None = None,
) -> bytes:
    """An SM2 certificate (PEM); an authority's when `depth` is its path length."""
    constraints = {"ca": depth is not None} | ({"path_len_constraint": depth} if depth is not None else {})
    bits = {"content_commitment": "non_repudiation"}
    extensions = [
        {"extn_id": "key_identifier", "extn_value": core.OctetString(_key_id(public))},
        {"extn_id": "basic_constraints", "critical": True, "extn_value": constraints},
        {"extn_id": "key_usage", "critical": True, "extn_value": {bits.get(use, use) for use in usages}},
        _authority_key(signer[0]),
    ]
    if purposes:
        extensions.append({"extn_id": "extended_key_usage", "critical": True, "extn_value": list(purposes)})
    body = asn1_x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": x509.random_serial_number(),
            "signature": ALGORITHM,
            "issuer": asn1_x509.Name.load(issuer.public_bytes()),
            "validity": {"not_before": _time(period[0]), "not_after": _time(period[1])},
            "subject": asn1_x509.Name.load(subject.public_bytes()),
            "subject_public_key_info": primitives.public_key_info(public),
            "extensions": extensions,
        }
    )
    signature = primitives.sign(signer[1], signer[0], body.dump())
    whole = {"tbs_certificate": body, "signature_algorithm": ALGORITHM, "signature_value": signature}
    text: bytes = pem.armor("CERTIFICATE", asn1_x509.Certificate(whole).dump())
    return text


def _key_id(public: bytes) -> bytes:
    return hashlib.sha1(b"\x04" + public, usedforsecurity=False).digest()


def _authority_key(public: bytes) -> dict[str, object]:
    return {"extn_id": "authority_key_identifier", "extn_value": {"key_identifier": _key_id(public)}}


def _time(instant: datetime) -> asn1_x509.Time:
    whole = instant.replace(microsecond=0)
    name = "utc_time" if whole.year < 2050 else "general_time"
    return asn1_x509.Time({name: whole})
