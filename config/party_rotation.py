"""Rotation of what the demonstration's authorities hold, and of the secret shared with the bank.

An authority of a city changes its keys by its own rules; the demonstration's CA and time-stamping authority do
it by `tradehall keys rotate ca|tsa`, so that the hall's side (`tradehall keys trust …`) can be tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.x509.oid import ExtendedKeyUsageOID

from config.installation import outside
from config.log_rotation import NotYet
from plugins.bank.signing import next_secret
from plugins.demo_ca.authority import DemoCA
from plugins.timestamping.simulator import KEY_FILE
from trading.secrets import make_master


def rotate(state: Path, which: str) -> list[str]:
    """The demonstration's next CA, or its time-stamping authority's next key; what to do then. Raises NotYet."""
    if not (outside(state) / "ca" / "ra.token").exists():
        raise NotYet("only the demonstration holds an authority's keys; yours changes its own")
    return rotate_ca(state) if which == "ca" else rotate_tsa(state)


def rotate_ca(state: Path) -> list[str]:
    """A new root and issuing key. The supervisor names the further revocation lists at its next start."""
    ca = DemoCA.create(outside(state) / "ca").rotate()
    folder = ca.folder / "export"
    ca.export_trust(folder)
    (state / "parties.json").unlink(missing_ok=True)
    return [
        f"the new root lies in {ca.folder / 'root.pem'}, its issuing certificate in {ca.folder / 'issuing.pem'}",
        "the hall takes it up by: tradehall keys trust ca ROOT.pem --intermediates ISSUING.pem --crl ADDRESS …",
        f"custodians' boxes: copy {folder} over their trust/; then start the authority and everybody again",
    ]


def rotate_tsa(state: Path) -> list[str]:
    """A new key and certificate from the CA of now; the key before is deleted, its stamps stay good."""
    folder = outside(state) / "tsa"
    DemoCA.create(outside(state) / "ca").issue_key_file(
        folder / KEY_FILE,
        common_name="Tradehall demo time-stamping authority",
        organisation="Tradehall demo TSA",
        purposes=[ExtendedKeyUsageOID.TIME_STAMPING],
    )
    return ["the time-stamping authority has a new key and certificate; start it again"]


def bank_secret(settings: Mapping[str, Any]) -> Path:
    """The file of the secret that hall and bank share. Raises NotYet where there is none."""
    if not settings["bank.secret_file"]:
        raise NotYet("this hall shares no secret with a bank")
    return Path(settings["bank.secret_file"])


def next_bank_secret(settings: Mapping[str, Any]) -> Path:
    """Makes the secret that comes next, beside the one in use, which stays until `take_bank_secret`."""
    path = next_secret(bank_secret(settings))
    make_master(path)
    return path


def take_bank_secret(settings: Mapping[str, Any]) -> Path:
    """Puts the next secret in the place of the one in use: the bank has it by now. Raises NotYet."""
    path = bank_secret(settings)
    if not next_secret(path).exists():
        raise NotYet("there is no next secret: tradehall keys rotate bank")
    next_secret(path).replace(path)
    return path
