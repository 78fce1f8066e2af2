"""The demonstration's people (演示人物): accounts, one-time codes, certificates, keys for programs.

Everything that a person would keep for themselves (password, authenticator secret, certificate key) lies
in the demonstration's own folder, so that a visitor can be any of them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyotp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from bidding.deposits.models import BaseAccount
from config.demo.cast import FIGURES, ORGANISATIONS, PASSWORD, Figure
from trading import clock
from trading.accounts import certificates, service
from trading.accounts.models import User
from trading.acts import process
from trading.db import committing
from trading.interfaces import ICertificateAuthority
from trading.parties.codes import compose


def uscc(key: str) -> str:
    """The unified social credit code of a demonstration organisation."""
    digits, region, body, *_ = ORGANISATIONS[key]
    return compose(digits[0], digits[1], region, body)


def base_account(key: str) -> str:
    """The number of a demonstration enterprise's base account."""
    return f"6222{int(ORGANISATIONS[key][2]):012d}"


def folder_of(state: Path) -> Path:
    """Where the people keep what is theirs."""
    return state / "demo"


def ensure(registry: Any, state: Path, figures: Sequence[Figure] = FIGURES) -> None:
    """Make everybody who is not there yet; the authority must be running."""
    folder = folder_of(state)
    folder.mkdir(exist_ok=True)
    with committing(registry["sessions"]) as session:
        if session.scalars(select(User).where(User.login == figures[0].login)).first():
            return
        demo = process("demo")
        parties = {
            key: service.create_party(
                session, demo, uscc=uscc(key), name=name, kind=kind, size=size,
                address="示例市建设路1号", legal_representative="（演示）", phone=f"138{ORGANISATIONS[key][2]}",
            )
            for key, (_, _, _, name, kind, size) in ORGANISATIONS.items()
        }  # fmt: skip
        for key in (key for key in parties if key.startswith("b")):
            account = base_account(key)
            session.add(
                BaseAccount(party_id=parties[key].id, bank="示例银行", number=account, filed_at=clock.now())
            )
        known = {
            figure.login: join(session, registry, folder, figure, parties.get(figure.organisation))
            for figure in figures
        }
    remember(state, known)


def join(session: Any, registry: Any, folder: Path, figure: Figure, party: Any = None) -> dict[str, str]:
    """An account, a certificate and a key for programs; returns what the person keeps."""
    demo, secret = process("demo"), pyotp.random_base32()
    user = service.create_user(
        session, registry["keys"], demo, login=figure.login, name=figure.name, password=PASSWORD,
        roles=[figure.role], party=party, totp_secret=secret,
    )  # fmt: skip
    session.flush()
    certify(session, registry, user, folder / f"{figure.login}.key.pem")
    key = service.create_api_key(session, demo, user.id, "demonstration")
    return {"name": figure.name, "totp": secret, "api_key": key}


def remember(state: Path, known: dict[str, dict[str, str]]) -> None:
    """Put these persons' things beside what the demonstration's people keep already."""
    path = folder_of(state) / "people.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(before | known, ensure_ascii=False, indent=1))


def certify(session: Any, registry: Any, user: User, path: Path) -> None:
    """A key, a certificate of the demo CA, and the key file that a browser would have saved."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user.name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, SHA256())
    pem = request.public_bytes(Encoding.PEM).decode()
    kept = certificates.enrol(session, registry.getUtility(ICertificateAuthority), process("demo"), user, pem)
    protected = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode())
    )
    path.write_bytes(protected + kept.chain_pem.encode())
    path.chmod(0o600)


def load(state: Path) -> dict[str, dict[str, str]]:
    """What each person keeps, by login."""
    known: dict[str, dict[str, str]] = json.loads((folder_of(state) / "people.json").read_text())
    return known


def code(state: Path, login: str) -> tuple[str, int]:
    """The one-time code that this person's phone shows now, and for how many seconds more."""
    totp = pyotp.TOTP(load(state)[login]["totp"])
    return totp.now(), 30 - int(time.time()) % 30
