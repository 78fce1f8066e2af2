"""X.509 signatures (电子签名): the first provider of ISigner and ISignatureVerifier.

Settings:
    signatures.folder           what is trusted: `roots.pem` (accepted root certificates), `intermediates.pem`
                                (further CA certificates, optional), `crl/` (revocation lists, DER);
                                without roots no verifier is provided
    signatures.crl_addresses    http(s) addresses the lists are renewed from, separated by white space
    signatures.signer           key file (private key, then certificates) of the hall's own signature
    signatures.signer_password  password of that file, when it has one

Addresses inside certificates are never used.
A certificate names its organisation by the unified social credit code (统一社会信用代码) in the
subject's organizationIdentifier as `NTRCN-<code>` (ETSI EN 319 412-1); serialNumber names the person.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from plugins.x509_signatures.revocation import CrlFolder
from plugins.x509_signatures.signer import FileSigner
from plugins.x509_signatures.verifier import X509Verifier
from trading.interfaces import ISignatureVerifier, ISigner

logger = logging.getLogger(__name__)


def includeme(config: Any) -> None:
    settings = config.registry.settings
    if (Path(settings["signatures.folder"]) / "roots.pem").exists():
        config.provide(ISignatureVerifier, verifier_from(settings))
    else:
        logger.warning("no roots.pem in signatures.folder: this hall cannot judge signatures")
    if settings.get("signatures.signer"):
        config.provide(ISigner, signer_from(settings))


def verifier_from(settings: Any) -> X509Verifier:
    """The verifier that the settings describe. Raises KeyError without `signatures.folder`, OSError or
    ValueError when its certificates cannot be used."""
    folder = Path(settings["signatures.folder"])
    roots, intermediates = _authorities(folder)
    return X509Verifier(roots, intermediates, crls_from(settings))


def crls_from(settings: Any) -> CrlFolder:
    """The folder of revocation lists; a periodic task calls its `refresh()`."""
    folder = Path(settings["signatures.folder"])
    roots, intermediates = _authorities(folder)
    addresses = settings.get("signatures.crl_addresses", "").split()
    return CrlFolder(folder / "crl", addresses, [*roots, *intermediates])


def signer_from(settings: Any) -> FileSigner:
    """The hall's own signer."""
    password = settings.get("signatures.signer_password", "").encode()
    return FileSigner.from_file(settings["signatures.signer"], password or None)


def _authorities(folder: Path) -> tuple[list[bytes], list[bytes]]:
    further = folder / "intermediates.pem"
    return certificates_in(folder / "roots.pem"), certificates_in(further) if further.exists() else []


def certificates_in(path: Path) -> list[bytes]:
    """The DER certificates of a PEM file."""
    certificates = x509.load_pem_x509_certificates(path.read_bytes())
    return [certificate.public_bytes(Encoding.DER) for certificate in certificates]
