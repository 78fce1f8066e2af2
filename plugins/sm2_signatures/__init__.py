"""SM2 signatures (国密签名): the second provider of ISigner and ISignatureVerifier.

A hall that enables this plugin beside `x509_signatures` judges both families; each signature goes to the
family of its certificate. SM3 is the digest of such a signature and of its certificates; everything the
hall itself commits to (manifests, trees, the ledger) stays SHA-256.

Settings:
    sm2_signatures.folder         what is trusted: `roots.pem`, `intermediates.pem`, `crl/`, all SM2
    sm2_signatures.crl_addresses  http(s) addresses of the lists, separated by white space
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from plugins.sm2_signatures.verifier import FamilyVerifier, Sm2CrlFolder, Sm2Verifier
from plugins.x509_signatures import certificates_in
from trading.interfaces import ISignatureVerifier

logger = logging.getLogger(__name__)


def includeme(config: Any) -> None:
    settings = config.registry.settings
    if not (Path(settings["sm2_signatures.folder"]) / "roots.pem").exists():
        logger.warning("no roots.pem in sm2_signatures.folder: this hall judges no SM2 signatures")
        return
    other = config.registry.queryUtility(ISignatureVerifier)
    sm2 = sm2_verifier_from(settings)
    config.provide(ISignatureVerifier, FamilyVerifier(other, sm2) if other else sm2)


def sm2_verifier_from(settings: Any) -> Sm2Verifier:
    """The verifier that the settings describe. Raises OSError or ValueError for unusable certificates."""
    folder = Path(settings["sm2_signatures.folder"])
    further = folder / "intermediates.pem"
    roots = certificates_in(folder / "roots.pem")
    intermediates = certificates_in(further) if further.exists() else []
    addresses = settings.get("sm2_signatures.crl_addresses", "").split()
    crls = Sm2CrlFolder(folder / "crl", addresses, [*roots, *intermediates])
    return Sm2Verifier(roots, intermediates, crls)
