"""What a stranger must be told to trust (信任锚): published in the notice and by the regulator, and
never taken from a bundle. docs/protocols/bundle.md has the schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from trading.ledger.rotation import known


def document(settings: dict[str, Any]) -> dict[str, Any]:
    """The trust document of this installation. In a demonstration every key is the operator's."""
    operator = settings["hall.name"]
    demo = settings["hall.demo"] == "true"
    custodians = json.loads(settings["vault.custodians"] or "[]")
    witnesses = json.loads(settings["ledger.witnesses"] or "[]")
    authority = operator if demo else settings["hall.authority"]
    return {
        "v": 1,
        "typ": "ebid.trust",
        "operator": operator,
        "log": {
            "origin": settings["ledger.origin"],
            "vkey": settings["ledger.vkey"],
            "controller": operator,
            "rotations": [
                {"vkey": rotation.vkey, "index": rotation.index}
                for rotation in known(Path(settings["ledger.folder"]))
            ],
        },
        "witnesses": [
            {"vkey": vkey, "controller": operator if demo else name} for name, _, vkey in witnesses
        ],
        "quorum": 1,
        "custodians": [
            {
                "id": custodian["id"],
                "controller": operator if demo else custodian["org"],
                "cert_sha256": [custodian["cert_sha256"]],
            }
            for custodian in custodians
        ],
        "ca_roots": [
            row
            for folder in (settings["signatures.folder"], settings["sm2_signatures.folder"])
            if Path(folder, "roots.pem").exists()
            for row in roots(folder, authority)
        ],
        "tsa_roots": roots(settings["timestamping.folder"] or settings["signatures.folder"], authority),
    }


def roots(folder: str, controller: str) -> list[dict[str, str]]:
    """One row for each root certificate of a trust folder."""
    certificates = x509.load_pem_x509_certificates(Path(folder, "roots.pem").read_bytes())
    return [
        {"pem": certificate.public_bytes(Encoding.PEM).decode(), "controller": controller}
        for certificate in certificates
    ]
