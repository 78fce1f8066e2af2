"""X.509 signatures (电子签名): the first provider of ISigner and ISignatureVerifier.

Settings:
    tradehall.signatures.roots          PEM file (or several) of accepted root certificates; required
    tradehall.signatures.intermediates  PEM files of further CA certificates
    tradehall.signatures.crl_folder     folder of revocation lists; required
    tradehall.signatures.crl_addresses  http(s) addresses the lists are renewed from
    tradehall.signatures.signer         key file (private key, then certificates) of the hall's own signature
    tradehall.signatures.signer_password  password of that file, when it has one

Several files or addresses are separated by white space. Addresses inside certificates are never used.
A certificate names its organisation by the unified social credit code (统一社会信用代码) in the
subject's organizationIdentifier as `NTRCN-<code>` (ETSI EN 319 412-1); serialNumber names the person.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from plugins.x509_signatures.revocation import CrlFolder
from plugins.x509_signatures.signer import FileSigner
from plugins.x509_signatures.verifier import X509Verifier
from trading.interfaces import ISignatureVerifier, ISigner


def includeme(config: Any) -> None:
    settings = config.registry.settings
    config.provide(ISignatureVerifier, verifier_from(settings))
    if settings.get("tradehall.signatures.signer"):
        config.provide(ISigner, signer_from(settings))


def verifier_from(settings: Any) -> X509Verifier:
    """The verifier that the settings describe. Raises KeyError when a required one is missing, OSError
    or ValueError when a certificate file cannot be used."""
    return X509Verifier(
        certificates_of(settings["tradehall.signatures.roots"]),
        certificates_of(settings.get("tradehall.signatures.intermediates", "")),
        crls_from(settings),
    )


def crls_from(settings: Any) -> CrlFolder:
    """The folder of revocation lists; a periodic task calls its `refresh()`."""
    return CrlFolder(
        settings["tradehall.signatures.crl_folder"],
        settings.get("tradehall.signatures.crl_addresses", "").split(),
    )


def signer_from(settings: Any) -> FileSigner:
    """The hall's own signer."""
    password = settings.get("tradehall.signatures.signer_password", "").encode()
    return FileSigner.from_file(settings["tradehall.signatures.signer"], password or None)


def certificates_of(files: str) -> list[bytes]:
    """The DER certificates in PEM files whose names are separated by white space."""
    return [
        certificate.public_bytes(Encoding.DER)
        for name in files.split()
        for certificate in x509.load_pem_x509_certificates(Path(name).read_bytes())
    ]
