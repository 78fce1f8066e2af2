"""What a stranger must be told to trust (信任锚): published in the notice and by the regulator, and
never taken from a bundle. docs/protocols/bundle.md has the schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def document(settings: dict[str, Any]) -> dict[str, Any]:
    """The trust document of this installation. In a demonstration every key is the operator's."""
    operator = settings["hall.name"]
    demo = settings["hall.demo"] == "true"
    roots = Path(settings["signatures.folder"], "roots.pem").read_text()
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
        "ca_roots": [{"pem": roots, "controller": authority}],
        "tsa_roots": [{"pem": roots, "controller": authority}],
    }
