"""What a stranger must be told to trust (信任锚): published in the notice and by the regulator, and
never taken from a bundle. docs/protocols/bundle.md has the schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from config import register
from config.register import Known
from trading.ledger.rotation import known


def document(settings: dict[str, Any]) -> dict[str, Any]:
    """The trust document of this installation. In a demonstration every key is the operator's."""
    operator = settings["hall.name"]
    demo = settings["hall.demo"] == "true"
    custodians = json.loads(settings["vault.custodians"] or "[]")
    witnesses = register.all_witnesses(settings)
    authority = operator if demo else settings["hall.authority"]

    def former(kind: str) -> list[Known]:
        return register.of_kind(Path(settings["signatures.folder"]), kind)

    return {
        "v": 1,
        "typ": "ebid.trust",
        "operator": operator,
        "log": {
            "origin": settings["ledger.origin"],
            "vkey": settings["ledger.vkey"],
            "controller": operator,
            **log_keys(Path(settings["ledger.folder"])),
        },
        "witnesses": [
            {name: value for name, value in row.items() if name != "name"}
            | {"controller": operator if demo else row["name"]}
            for row in witnesses
        ],
        "quorum": 1,
        "custodians": [
            {
                "id": custodian["id"],
                "controller": operator if demo else custodian["org"],
                **register.certificates(settings, custodian),
            }
            for custodian in custodians
        ],
        **draw_signers(settings, operator if demo else ""),
        "ca_roots": [
            row
            for folder in (settings["signatures.folder"], settings["sm2_signatures.folder"])
            if Path(folder, "roots.pem").exists()
            for row in roots(
                folder, authority, former("ca") if folder == settings["signatures.folder"] else []
            )
        ],
        "tsa_roots": roots(
            settings["timestamping.folder"] or settings["signatures.folder"],
            authority,
            former("tsa") if settings["timestamping.folder"] else former("ca"),
        ),
    }


def draw_signers(settings: Mapping[str, Any], controller: str) -> dict[str, Any]:
    """Who signs in draws here, each with the certificates that it has and had: the trustees, and the device that calls
    experts. `controller` holds all their keys, "" when each does itself."""
    services = json.loads(settings["draws.trustees"] or "[]")
    site = json.loads(settings["panel.site"] or "null")
    found = {"trustees": services, "devices": [site] if site else []}
    return {
        kind: [
            {
                "name": row["name"],
                "controller": controller or row["org"],
                "cert_sha256": [*row.get("former", []), row["cert_sha256"]],
            }
            for row in rows
        ]
        for kind, rows in found.items()
        if rows
    }


def log_keys(folder: Path) -> dict[str, Any]:
    """The log's later keys, each with its announcement, and for how many entries the retired ones answer."""
    rotations = known(folder)
    ends = [{} if done.retired is None else {"until": done.retired} for done in rotations]
    rows = [
        {"vkey": done.vkey, "index": done.index} | end
        for done, end in zip(rotations, [*ends[1:], {}], strict=False)
    ]
    return {"rotations": rows} | (ends[0] if ends else {})


def roots(folder: str, controller: str, known: list[Known]) -> list[dict[str, str]]:
    """One row for each root certificate of a trust folder, and for each that lay there once."""
    certificates = x509.load_pem_x509_certificates(Path(folder, "roots.pem").read_bytes())
    times = {row.key: row.period for row in known}
    held = [
        {"pem": certificate.public_bytes(Encoding.PEM).decode(), "controller": controller}
        | times.get(certificate.fingerprint(SHA256()).hex(), {})
        for certificate in certificates
    ]
    return [*held, *({"pem": row.pem, "controller": controller} | row.period for row in known if row.ended)]
