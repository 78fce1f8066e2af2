"""The trust file names every root by itself, so that a verifier that reads one certificate misses none."""

from __future__ import annotations

import json
from pathlib import Path

from config.settings import settings
from config.trust import document
from plugins.demo_ca.authority import DemoCA
from tradehall_verify import Trust
from trading.ledger.checkpoint import LOG_KEY, WITNESS_KEY, verifier_key


def test_every_root_and_the_authority_of_time_stamps_reach_the_verifier(tmp_path: Path) -> None:
    one, other, stamps = (DemoCA.create(tmp_path / name) for name in ("one", "other", "stamps"))
    for folder, roots in (("trust", one.roots_pem() + other.roots_pem()), ("tsa", stamps.roots_pem())):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "roots.pem").write_bytes(roots)
    chosen = settings(
        tmp_path,
        "postgresql://nowhere",
        "redis://nowhere",
        **{
            "timestamping.folder": str(tmp_path / "tsa"),
            "hall.authority": "The authority",
            "ledger.origin": "log.example/1",
            "ledger.vkey": str(verifier_key("log.example/1", LOG_KEY, b"l" * 32)),
            "draws.trustees": json.dumps(
                [{"name": "t1", "org": "Audit", "cert_sha256": "b" * 64, "former": ["a" * 64]}]
            ),
            "panel.site": json.dumps({"name": "site", "org": "Centre", "cert_sha256": "c" * 64, "hpke": ""}),
            "ledger.witnesses": json.dumps(
                [["w/1", "http://w", str(verifier_key("w/1", WITNESS_KEY, b"w" * 32))]]
            ),
        },
    )
    trust = Trust.parse(json.dumps(document(chosen)).encode())
    assert trust.ca_roots == [one.root, other.root]
    assert trust.tsa_roots == [stamps.root]
    assert {row["controller"] for row in trust.raw["ca_roots"]} == {"The authority"}
    trustee = {"name": "t1", "controller": "Audit", "cert_sha256": ["a" * 64, "b" * 64]}
    assert trust.raw["trustees"] == [trustee]
    assert trust.raw["devices"] == [{"name": "site", "controller": "Centre", "cert_sha256": ["c" * 64]}]
