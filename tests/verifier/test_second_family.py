"""A tender in which a bidder signs with SM2 and the hall publishes SM3 digests beside SHA-256."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

import tradehall_verify as verifier
from bidding.tenders.digests import sm3
from plugins.demo_ca.sm2 import Sm2DemoCA, new_key
from plugins.sm2_signatures.signer import Sm2Signer
from tests.verifier.pki import Parties
from tests.verifier.story import IDS, Story, hexhash
from trading.ledger.canonical import dumps

FILE = b"what the tenderer asks for"


class Sm2Person:
    """Stands in the story where a person with an X.509 key of the first family stands."""

    def __init__(self, ca: Sm2DemoCA, enterprise: str, at: datetime) -> None:
        public, private = new_key()
        chain = ca.issue(public, common_name="bidder2", organisation_id=enterprise, not_before=at)
        self._signer = Sm2Signer(private, chain)
        self.certificate = x509.load_pem_x509_certificates(chain)[0]
        self.cert_sha256 = self.certificate.fingerprint(hashes.SHA256()).hex()

    def sign(self, data: bytes, at: datetime) -> bytes:
        return self._signer.sign(data, at)


class SecondFamily(Story):
    """Bidder 2 signs with SM2; notice and list of documents carry SM3; `wrong` changes a digest before signing."""

    def __init__(self, parties: Parties, ca: Sm2DemoCA, wrong: str = "") -> None:
        super().__init__(parties)
        self.ca, self.wrong = ca, wrong

    def signed(
        self, path: str, document: dict[str, Any] | bytes, who: str, *, secret: bool = False
    ) -> tuple[str, str]:
        if path == "tender/notice":
            assert isinstance(document, dict)
            papers = {n: sm3(self.files[f"tender/{n}.json"]) for n in ("policy", "documents", "evaluation")}
            if self.wrong in papers:
                papers[self.wrong] = sm3(b"another")
            document = document | {"sm3": papers}
        return super().signed(path, document, who, secret=secret)

    def list_of_documents(self) -> bytes:
        digest = sm3(b"another" if self.wrong == "file" else FILE)
        self.files["tender/files/asked.pdf"] = FILE
        row = {"name": "asked.pdf", "size": len(FILE), "sha256": hexhash(FILE), "sm3": digest}
        return dumps({"v": 1, "typ": "ebid.documents", "files": [row]})

    def finish(self) -> None:
        super().finish()
        for name in ("root", "issuing"):
            crl = self.ca.crl(name)
            self.files[f"evidence/crls/{hexhash(crl)}.crl"] = crl
        der = self.ca.issuing.public_bytes(Encoding.DER)
        self.files[f"evidence/certs/{hexhash(der)}.der"] = der

    def trust(self, operator: str = "Operator", outside: str = "Supervision Office") -> bytes:
        document = json.loads(super().trust(operator, outside))
        document["ca_roots"].append({"pem": self.ca.roots_pem().decode(), "controller": operator})
        return dumps(document)


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Builds the story and lets the verifier judge it; `trusted` says whether it knows the SM2 root."""

    def run(wrong: str = "", trusted: bool = True) -> tuple[int, str]:
        parties = Parties()
        start = Story(parties).now
        ca = Sm2DemoCA.create(tmp_path / "ca", lambda: start)
        parties.people["bidder2"] = Sm2Person(ca, IDS[1], start)  # type: ignore[assignment]
        story = SecondFamily(parties, ca, wrong)
        story.build()
        (tmp_path / "bundle.tar").write_bytes(story.pack())
        (tmp_path / "trust.json").write_bytes(story.trust() if trusted else Story.trust(story))
        lines: list[str] = []
        arguments = [str(tmp_path / "bundle.tar"), "--trust", str(tmp_path / "trust.json")]
        return verifier.main(arguments, lines.append), "\n".join(lines)

    return run


def test_a_bundle_with_an_sm2_bid_and_sm3_digests_is_verified(play: Callable[..., tuple[int, str]]) -> None:
    code, text = play()
    assert code == 0, text
    assert "tender/notice.json: 4 SM3 digests hold beside SHA-256" in text


@pytest.mark.parametrize(
    ("wrong", "path"), [("evaluation", "tender/evaluation.json"), ("file", "tender/files/asked.pdf")]
)
def test_a_wrong_sm3_digest_fails_although_sha256_holds(
    play: Callable[..., tuple[int, str]], wrong: str, path: str
) -> None:
    code, text = play(wrong)
    assert code == 1 and f"{path} has another SM3 digest than the one that was published" in text


def test_an_sm2_bid_fails_where_the_trust_file_does_not_name_its_root(
    play: Callable[..., tuple[int, str]],
) -> None:
    code, text = play(trusted=False)
    assert code == 1 and "no trusted root" in text
