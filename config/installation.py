"""The demonstration's installation (演示安装): keys of the hall, and of the outside parties beside it.

A city's own installation gets these from its operators and partners, through the environment; here they
are made once, each outside party in a folder of its own that only its own process reads.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID

from config.demo.cast import CUSTODIANS, FIGURES, GUARANTOR, ORGANISATIONS, SITE, TRUSTEES
from config.settings import DEFAULTS, PANEL_SITE
from plugins.bank import simulator as bank_simulator
from plugins.demo_ca.authority import DemoCA
from plugins.demo_ca.sm2 import Sm2DemoCA
from plugins.simulated import make_token
from plugins.sms import simulator as sms_simulator
from plugins.voice import simulator as voice_simulator
from trading import hpke
from trading.ledger.checkpoint import LOG_KEY, verifier_key
from trading.ledger.rotation import known
from trading.ledger.witness import new_key
from trading.parties.codes import compose
from trading.secrets import load_master, load_ring, make_master

WITNESS = "witness.neighbour.example/w1"
SEAL = "seal.pem"
"""the hall's own certificate key: it seals papers such as the evaluation report"""
REGULATOR = "regulator-reader"
"""the folder with the key by which the regulator reads names"""


def outside(state: Path) -> Path:
    """Where the outside parties keep their own folders."""
    return state / "outside"


def log_keys(state: Path) -> list[bytes]:
    """The 32-byte seeds of the log's signing keys, the newest last; the sequencer's process alone reads
    them. The first may have gone after a rotation. Raises NoKey."""
    later = load_ring(state / "log")
    first = state / "log.key"
    return [load_master(first), *later] if first.exists() or not later else later


def log_key(state: Path) -> bytes:
    """The newest of `log_keys`. Raises NoKey."""
    return log_keys(state)[-1]


def log_vkey(state: Path, origin: str = DEFAULTS["ledger.origin"]) -> str:
    """The log's first public key as others name it (C2SP vkey); the ledger itself tells of later ones."""
    rotations = known(state / "ledger")
    return rotations[0].previous if rotations else str(verifier_key(origin, LOG_KEY, log_keys(state)[0]))


def log_vkeys(state: Path) -> list[str]:
    """Every public key of the log, the first one first."""
    return [log_vkey(state), *(rotation.vkey for rotation in known(state / "ledger"))]


def make_keys(state: Path) -> None:
    """The hall's own two keys, where they are missing."""
    state.mkdir(parents=True, exist_ok=True)
    make_master(state / "master.key")
    if not load_ring(state / "log"):
        make_master(state / "log.key")


def witnesses(settings: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(name, address, vkey) of the witnesses that are asked."""
    return [tuple(row) for row in json.loads(settings["ledger.witnesses"] or "[]")]


@dataclass(frozen=True)
class Parties:
    """What the hall must know of the outside parties; their addresses are known when they run."""

    state: Path
    witness_vkey: str
    custodians: list[dict[str, Any]]
    guarantor: dict[str, str]
    lists: list[str]

    def environment(self, ports: Mapping[str, int | str]) -> dict[str, str]:
        """The settings that name them."""
        names = ("ca", "tsa", "witness", "bank", "sms", "voice")
        ca, tsa, witness, bank, sms, voice = (f"http://127.0.0.1:{ports[name]}" for name in names)
        return {
            "TRADEHALL_LEDGER_VKEY": log_vkey(self.state),
            "TRADEHALL_LEDGER_WITNESSES": json.dumps([[WITNESS, witness, self.witness_vkey]]),
            "TRADEHALL_VAULT_CUSTODIANS": json.dumps(self.custodians, ensure_ascii=False),
            "TRADEHALL_DEMO_CA_URL": ca,
            "TRADEHALL_DEMO_CA_TOKEN_FILE": str(outside(self.state) / "ca" / "ra.token"),
            "TRADEHALL_SIGNATURES_SIGNER": str(self.state / SEAL),
            "TRADEHALL_SIGNATURES_CRL_ADDRESSES": " ".join(f"{ca}/crl/{name}.crl" for name in self.lists),
            "TRADEHALL_TIMESTAMPING_URL": tsa,
            "TRADEHALL_BANK_URL": bank,
            "TRADEHALL_BANK_SECRET_FILE": str(outside(self.state) / "bank" / bank_simulator.SECRET),
            "TRADEHALL_GUARANTEES_ISSUERS": json.dumps([self.guarantor], ensure_ascii=False),
            "TRADEHALL_SMS_URL": sms,
            "TRADEHALL_SMS_SECRET_FILE": str(outside(self.state) / "sms" / sms_simulator.SECRET),
            "TRADEHALL_VOICE_URL": voice,
            "TRADEHALL_VOICE_SECRET_FILE": str(outside(self.state) / "voice" / voice_simulator.SECRET),
            "TRADEHALL_BANK_FORFEIT_ACCOUNT": "6210000000000001",
            "TRADEHALL_SM2_SIGNATURES_CRL_ADDRESSES": f"{ca}/crl/sm2-root.crl {ca}/crl/sm2-issuing.crl",
            "TRADEHALL_SIGNER_USB_KEY": f"http://127.0.0.1:{ports['ukey']}",
            "TRADEHALL_PLUGINS": DEFAULTS["hall.plugins"] + " sm2_signatures demo_ca",
        }


def prepare(state: Path) -> Parties:
    """Make what is not there yet: the hall's keys, the demo CA, each party's key and certificate, the trust
    folder."""
    make_keys(state)
    ca = DemoCA.create(outside(state) / "ca")
    make_once(state / "trust" / "roots.pem", lambda path: ca.export_trust(path.parent))
    Sm2DemoCA.create(outside(state) / "ca-sm2").export_trust(state / "trust" / "sm2")
    make_once(
        outside(state) / "tsa" / "key.pem",
        lambda path: ca.issue_key_file(
            path,
            common_name="Tradehall demo time-stamping authority",
            organisation="Tradehall demo TSA",
            purposes=[ExtendedKeyUsageOID.TIME_STAMPING],
        ),
    )
    make_master(outside(state) / "bank" / bank_simulator.SECRET)
    make_token(outside(state) / "sms" / sms_simulator.SECRET)
    make_token(outside(state) / "voice" / voice_simulator.SECRET)
    make_once(
        state / SEAL,
        lambda path: ca.issue_key_file(
            path,
            common_name=DEFAULTS["hall.name"],
            organisation=DEFAULTS["hall.name"],
            organisation_id=DEFAULTS["hall.uscc"],
        ),
    )
    guarantor = bank(ca, outside(state) / "bank")
    custodians = [
        custodian(ca, outside(state) / name, name, index) for index, name in enumerate(CUSTODIANS, start=1)
    ]
    return Parties(state, new_key(outside(state) / "witness", WITNESS), custodians, guarantor, ca.lists())


def key_holder() -> dict[str, str]:
    """Whose certificate lies on the simulated USB key: the first bidder's."""
    bidder = next(figure for figure in FIGURES if figure.login == "bidder1")
    kind, region, body, name, *_ = ORGANISATIONS["b1"]
    identifier = compose(kind[0], kind[1], region, body)
    return {"common_name": bidder.name, "organisation": name, "organisation_id": identifier}


def make_once(path: Path, make: Callable[[Path], object]) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)


def bank(ca: DemoCA, folder: Path) -> dict[str, str]:
    """The bank's certificate, with which it signs guarantees. Returns how the hall lists it as a guarantor."""
    name, body = GUARANTOR
    identifier = compose(*body)
    make_once(
        folder / bank_simulator.SIGNER,
        lambda path: ca.issue_key_file(path, common_name=name, organisation=name, organisation_id=identifier),
    )
    return {"id": identifier, "name": name}


def custodian(ca: DemoCA, folder: Path, name: str, index: int) -> dict[str, Any]:
    """One custodian's own folder: master key, certificate key, who it is. Returns what the hall knows."""
    organisation, body = CUSTODIANS[name]
    identifier = compose(*body)
    key_file = folder / "key.pem"
    make_once(
        key_file,
        lambda path: ca.issue_key_file(
            path, common_name=organisation, organisation=organisation, organisation_id=identifier
        ),
    )
    make_master(folder / "master.key")
    make_once(folder / "trust" / "roots.pem", lambda path: ca.export_trust(path.parent))
    certificate = x509.load_pem_x509_certificates(key_file.read_bytes())[0]
    known = {
        "index": index,
        "id": name,
        "org": organisation,
        "cert_sha256": certificate.fingerprint(SHA256()).hex(),
    }
    (folder / "config.json").write_text(json.dumps(known, ensure_ascii=False))
    return known


def device(ca: DemoCA, folder: Path, organisation: str, body: tuple[str, str, str, str]) -> str:
    """A device's own folder: certificate key, encryption key, pinned roots. Returns its certificate's SHA-256 in
    hex."""
    make_once(
        folder / "key.pem",
        lambda path: ca.issue_key_file(
            path, common_name=organisation, organisation=organisation, organisation_id=compose(*body)
        ),
    )
    make_once(folder / "hpke.key", make_master)
    make_once(folder / "trust" / "roots.pem", lambda path: ca.export_trust(path.parent))
    certificate = x509.load_pem_x509_certificates((folder / "key.pem").read_bytes())[0]
    return certificate.fingerprint(SHA256()).hex()


def name_readers(state: Path) -> dict[str, str]:
    """The two who read the names of a drawn committee, each with a folder of its own: the evaluation site's device and
    the regulator. Returns the settings that name their keys."""
    folder, reader = outside(state) / PANEL_SITE, outside(state) / REGULATOR
    organisation, body = SITE
    sha256 = device(DemoCA.create(outside(state) / "ca"), folder, organisation, body)
    own = {"name": PANEL_SITE, "cert_sha256": sha256, "calls": 2, "pause": 1}
    (folder / "config.json").write_text(json.dumps(own, ensure_ascii=False))
    make_once(reader / "hpke.key", make_master)
    keys = [
        b64encode(hpke.public_key(hpke.X_WING, load_master(each / "hpke.key"))).decode()
        for each in (folder, reader)
    ]
    known = {"name": PANEL_SITE, "org": organisation, "cert_sha256": sha256, "hpke": keys[0]}
    return {
        "TRADEHALL_PANEL_SITE": json.dumps(known, ensure_ascii=False),
        "TRADEHALL_PANEL_REGULATOR_KEY": keys[1],
        "TRADEHALL_PANEL_POOL": "own",
    }


def trustees(state: Path, witness_vkey: str) -> list[dict[str, Any]]:
    """The draw services' own folders: certificate key, encryption key, and whom each of them pins. Returns what
    the hall knows of them."""
    ca, known = DemoCA.create(outside(state) / "ca"), []
    for name, (organisation, body) in TRUSTEES.items():
        sha256 = device(ca, outside(state) / name, organisation, body)
        known.append({"name": name, "org": organisation, "cert_sha256": sha256, "standby": len(known) >= 3})
    peers = {row["name"]: row["cert_sha256"] for row in known}
    pinned = {"peers": peers, "log": log_vkeys(state), "witnesses": [witness_vkey], "quorum": 1}
    for row in known:
        own = {"name": row["name"], "cert_sha256": row["cert_sha256"]} | pinned
        (outside(state) / row["name"] / "config.json").write_text(json.dumps(own, ensure_ascii=False))
    return known
