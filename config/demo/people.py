"""The demonstration's people (演示人物): accounts, one-time codes, certificates, keys for programs.

Everything that a person would keep for themselves (password, authenticator secret, certificate key) lies
in the demonstration's own folder, so that a visitor can be any of them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
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

from trading.accounts import certificates, service
from trading.accounts.models import User
from trading.acts import process
from trading.db import committing
from trading.interfaces import ICertificateAuthority
from trading.parties.codes import compose
from trading.permissions import Role

PASSWORD = "Tradehall-demo-2026"
"""of every demonstration account, and of every key file; worth nothing anywhere else"""


@dataclass(frozen=True)
class Figure:
    """One person of the demonstration and what they do. `organisation` is an index into ORGANISATIONS."""

    login: str
    name: str
    role: Role
    organisation: str
    does: str
    does_en: str


ORGANISATIONS = {
    "school-board": ("11", "440300", "00000001", "示例市教育局", "public-body", ""),
    "agency": ("91", "440300", "00000002", "示例市诚信招标代理有限公司", "enterprise", "small"),
    "finance": ("11", "440300", "00000003", "示例市财政局政府采购监管处", "public-body", ""),
    "centre": ("12", "440300", "00000004", "示例市公共资源交易中心", "public-body", ""),
    "audit": ("11", "440300", "00000005", "示例市审计局", "public-body", ""),
    "b1": ("91", "440300", "10000001", "启明教育装备有限公司", "enterprise", "medium"),
    "b2": ("91", "440300", "10000002", "华南信息技术股份有限公司", "enterprise", "large"),
    "b3": ("91", "440300", "10000003", "青禾数码科技有限公司", "enterprise", "micro"),
    "b4": ("91", "440300", "10000004", "远航电子设备有限公司", "enterprise", "small"),
    "b5": ("91", "440300", "10000005", "博雅办公系统有限公司", "enterprise", "medium"),
}
"""name: department and category digits, region, body, name, kind, size"""

FIGURES = (
    Figure(
        "agent", "王敏", Role.AGENT, "agency", "招标代理：发布公告、主持开标", "publishes, hosts the opening"
    ),
    Figure("buyer", "陈立", Role.TENDERER, "school-board", "采购人：确认结果、签合同", "confirms, contracts"),
    Figure("bidder1", "李娜", Role.BIDDER, "b1", "投标人", "bids"),
    Figure("bidder2", "张强", Role.BIDDER, "b2", "投标人", "bids"),
    Figure("bidder3", "刘洋", Role.BIDDER, "b3", "投标人（微型企业）", "bids (micro-enterprise)"),
    Figure("bidder4", "赵磊", Role.BIDDER, "b4", "投标人", "bids"),
    Figure("bidder5", "孙悦", Role.BIDDER, "b5", "投标人", "bids"),
    Figure("expert1", "周文", Role.EXPERT, "", "评审专家（组长）", "expert, head"),
    Figure("expert2", "吴静", Role.EXPERT, "", "评审专家", "expert"),
    Figure("expert3", "郑凯", Role.EXPERT, "", "评审专家", "expert"),
    Figure("expert4", "冯雪", Role.EXPERT, "", "评审专家", "expert"),
    Figure(
        "delegate", "何平", Role.TENDERER, "school-board", "采购人代表（评审）", "purchaser's representative"
    ),
    Figure("regulator", "林涛", Role.REGULATOR, "finance", "监督人员", "watches the whole trail"),
    Figure("custodian", "高洁", Role.CUSTODIAN, "audit", "托管方值守人员", "custodian's attendant"),
    Figure("sysadmin", "秦刚", Role.SYSTEM_ADMIN, "", "系统管理员", "system administrator"),
    Figure("secadmin", "许岩", Role.SECURITY_ADMIN, "", "安全管理员", "security administrator"),
    Figure("auditadmin", "沈墨", Role.AUDIT_ADMIN, "", "审计管理员", "audit administrator"),
)


def uscc(key: str) -> str:
    """The unified social credit code of a demonstration organisation."""
    digits, region, body, *_ = ORGANISATIONS[key]
    return compose(digits[0], digits[1], region, body)


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
                address="示例市建设路1号", legal_representative="（演示）", phone="0755-00000000",
            )
            for key, (_, _, _, name, kind, size) in ORGANISATIONS.items()
        }  # fmt: skip
        known = {}
        for figure in figures:
            secret = pyotp.random_base32()
            user = service.create_user(
                session, registry["keys"], demo, login=figure.login, name=figure.name, password=PASSWORD,
                roles=[figure.role], party=parties.get(figure.organisation), totp_secret=secret,
            )  # fmt: skip
            session.flush()
            certify(session, registry, user, folder / f"{figure.login}.key.pem")
            key = service.create_api_key(session, demo, user.id, "demonstration")
            known[figure.login] = {"name": figure.name, "totp": secret, "api_key": key}
    (folder / "people.json").write_text(json.dumps(known, ensure_ascii=False, indent=1))


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
