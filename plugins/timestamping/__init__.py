"""Time stamps (时间戳) from an RFC 3161 authority: provider of ITimeStamper.

`tokens` judges, `client` asks, `simulator` is an authority for demonstrations.

Settings:
    timestamping.url     address of the authority; without it nothing is provided
    timestamping.folder  what is trusted: `roots.pem`, `intermediates.pem` (optional, may hold the
                         authority's own certificate), `crl/` (optional); default `signatures.folder`
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from plugins.timestamping.client import HttpTimeStamper
from plugins.timestamping.tokens import TokenJudge
from trading.interfaces import ITimeStamper


def includeme(config: Any) -> None:
    settings = config.registry.settings
    if settings.get("timestamping.url"):
        config.provide(ITimeStamper, HttpTimeStamper(settings["timestamping.url"], judge_from(settings)))


def judge_from(settings: Any) -> TokenJudge:
    """The judge of tokens that the settings describe. Raises OSError or ValueError when its
    certificates cannot be used."""
    folder = Path(settings.get("timestamping.folder") or settings["signatures.folder"])

    def held() -> Sequence[bytes]:
        return [path.read_bytes() for path in sorted((folder / "crl").glob("*.crl"))]

    return TokenJudge(_certificates(folder / "roots.pem"), _certificates(folder / "intermediates.pem"), held)


def _certificates(path: Path) -> list[bytes]:
    if not path.exists():
        return []
    certificates = x509.load_pem_x509_certificates(path.read_bytes())
    return [certificate.public_bytes(Encoding.DER) for certificate in certificates]
