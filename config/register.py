"""The register of others' keys (外部密钥登记): which witnesses, custodians and authorities this hall trusts, and
from when until when. `tradehall keys trust …` adds a key, `tradehall keys distrust …` ends one; each is an entry
of the ledger.

The environment names whom a hall begins with. The register, `trust/register.json`, holds what came later and
what has ended: settings are made of both, and the trust file for strangers keeps every key there ever was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trading.ledger.folder import write_durably

FILE = "register.json"
KINDS = ("witness", "custodian", "ca", "tsa")


@dataclass(frozen=True)
class Known:
    """A key of somebody else's: a witness's vkey, or the SHA-256 (hex) of a certificate. `start` and `end` are
    RFC 3339, "" where there is none. `name` is the witness's or the custodian's, `address` a witness's, or where
    an authority's revocation lists are, `succeeds` the witness's key before, `pem` an authority's root."""

    kind: str
    key: str
    start: str = ""
    end: str = ""
    name: str = ""
    address: str = ""
    succeeds: str = ""
    pem: str = ""

    @property
    def period(self) -> dict[str, str]:
        """As rows of the trust file say it."""
        return {name: at for name, at in (("from", self.start), ("until", self.end)) if at}

    @property
    def ended(self) -> bool:
        return bool(self.end)


def load(trust: Path) -> list[Known]:
    """The rows of a hall's trust folder, in their order; none where nothing was rotated."""
    try:
        return [Known(**row) for row in json.loads((trust / FILE).read_bytes())]
    except FileNotFoundError:
        return []


def save(trust: Path, rows: list[Known]) -> None:
    trust.mkdir(parents=True, exist_ok=True)
    write_durably(
        trust / FILE, json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1).encode()
    )


def put(trust: Path, row: Known) -> None:
    """Add a row, or change the one of the same kind, name and key."""
    same = (row.kind, row.name, row.key)
    save(trust, [other for other in load(trust) if (other.kind, other.name, other.key) != same] + [row])


def of_kind(trust: Path, kind: str) -> list[Known]:
    return [row for row in load(trust) if row.kind == kind]


# --- settings -------------------------------------------------------------------------------------


def merged(settings: Mapping[str, Any]) -> dict[str, str]:
    """The settings that the register changes: witnesses that are asked, certificates of custodians that count."""
    rows = load(Path(settings["signatures.folder"]))
    if not rows:
        return {}
    return {
        "ledger.witnesses": json.dumps(_witnesses(settings, rows)) if settings["ledger.witnesses"] else "",
        "vault.custodians": json.dumps(_custodians(settings, rows), ensure_ascii=False)
        if settings["vault.custodians"]
        else "",
        "signatures.crl_addresses": " ".join(_lists(settings, rows)),
    }


def _witnesses(settings: Mapping[str, Any], rows: list[Known]) -> list[list[str]]:
    found = [list(row) for row in json.loads(settings["ledger.witnesses"])]
    address = {name: url for name, url, _ in found}
    later = [row for row in rows if row.kind == "witness" and row.address]
    found += [[row.name, address.get(row.name, row.address), row.key] for row in later]
    ended = {row.key for row in rows if row.kind == "witness" and row.ended}
    once = {row[2]: row for row in found if row[2] not in ended}
    return list(once.values())


def _custodians(settings: Mapping[str, Any], rows: list[Known]) -> list[dict[str, Any]]:
    found = []
    for custodian in json.loads(settings["vault.custodians"]):
        mine = [row for row in rows if (row.kind, row.name) == ("custodian", custodian["id"])]
        ended = {row.key for row in mine if row.ended}
        keys = list(dict.fromkeys([custodian["cert_sha256"], *(row.key for row in mine)]))
        *former, newest = [key for key in keys if key not in ended] or keys[-1:]
        found.append(custodian | {"cert_sha256": newest, "former": former})
    return found


def _lists(settings: Mapping[str, Any], rows: list[Known]) -> list[str]:
    """Addresses of revocation lists: those of the environment, and those of roots that came later."""
    later = [address for row in rows if row.kind == "ca" and not row.ended for address in row.address.split()]
    return list(dict.fromkeys([*settings["signatures.crl_addresses"].split(), *later]))


# --- the trust file -------------------------------------------------------------------------------


def all_witnesses(settings: Mapping[str, Any]) -> list[dict[str, str]]:
    """Every witness's key there ever was: name, vkey, and what the trust file says of its time."""
    rows = {row.key: row for row in of_kind(Path(settings["signatures.folder"]), "witness")}
    asked = [(name, vkey) for name, _, vkey in json.loads(settings["ledger.witnesses"] or "[]")]
    found = {vkey: {"name": name, "vkey": vkey} for name, vkey in asked}
    for key, row in rows.items():
        said = {"succeeds": row.succeeds} if row.succeeds else {}
        found[key] = {"name": row.name, "vkey": key, **row.period, **said}
    before = {row["vkey"]: row for row in found.values() if "succeeds" not in row}
    return [*before.values(), *(row for row in found.values() if row["vkey"] not in before)]


def certificates(settings: Mapping[str, Any], custodian: Mapping[str, Any]) -> dict[str, Any]:
    """Every certificate that a custodian ever had, with their times where they have some."""
    rows = of_kind(Path(settings["signatures.folder"]), "custodian")
    mine = [row for row in rows if row.name == custodian["id"]]
    now = [*custodian.get("former", []), custodian["cert_sha256"]]
    found: dict[str, Any] = {
        "cert_sha256": list(dict.fromkeys([*(row.key for row in mine if row.ended), *now]))
    }
    if periods := {row.key: row.period for row in mine if row.period}:
        found["periods"] = periods
    return found
