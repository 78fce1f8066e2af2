"""The supplier's own signature under the contract: of the right enterprise, under the contract that was filed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tradehall_verify as verifier
from bidding.vault.encoding import sha256
from tests.verifier.pki import Parties
from tests.verifier.story import IDS, LOT, TENDER, Story

Verify = Callable[[Story], tuple[int, str]]


@pytest.fixture(scope="module")
def parties() -> Parties:
    made = Parties()
    made.people["stranger"] = made.ca.issue("stranger", enterprise=IDS[1])
    return made


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    def run(story: Story) -> tuple[int, str]:
        (tmp_path / "bundle.tar").write_bytes(story.pack())
        (tmp_path / "trust.json").write_bytes(story.trust())
        lines: list[str] = []
        code = verifier.main(
            [str(tmp_path / "bundle.tar"), "--trust", str(tmp_path / "trust.json")], lines.append
        )
        return code, "\n".join(lines)

    return run


class Countersigned(Story):
    """The supplier signs the contract on file; `bent` is what it signs otherwise, `by` who signs."""

    bent: dict[str, Any] = {}
    by = "bidder1"

    def act(self, kind: str, payload: dict[str, Any], *, secret: bool = False) -> int:
        index = super().act(kind, payload, secret=secret)
        if kind == "contract.signed":
            document = {
                "v": 1, "typ": "ebid.contract-signature", "tender": TENDER, "lot": LOT, "manifest": payload["manifest"],
                "supplier": {"id": IDS[0], "name": "bidder1"}, "price": payload["price"],
                "contract": payload["contract"], "signed": "2026-12-05T00:00:00.000Z",
            } | self.bent  # fmt: skip
            raw, p7s = self.signed("result/contract", document, self.by)
            said = {"manifest": payload["manifest"], "contract": payload["contract"], "file": raw, "p7s": p7s}
            super().act("contract.countersigned", said)
        return index


def story(parties: Parties, by: str = "bidder1", **bent: Any) -> Story:
    made = Countersigned(parties)
    made.by, made.bent = by, bent
    return made.build()


def test_a_contract_that_its_supplier_signed_is_verified_and_said_so(
    parties: Parties, verify: Verify
) -> None:
    code, text = verify(story(parties))
    assert code == 0, text
    assert "the contract on file is signed by its supplier too" in text


@pytest.mark.parametrize(
    ("by", "bent", "said"),
    [
        ("bidder1", {"contract": sha256(b"another").hex()}, "signed another contract than the one on file"),
        ("bidder1", {"price": "1.00"}, "signed another contract than the one on file"),
        (
            "bidder1",
            {"supplier": {"id": IDS[1], "name": "bidder2"}},
            "it names another supplier than the awarded bidder",
        ),
        ("stranger", {}, "signed by somebody else than the supplier"),
    ],
)
def test_another_contract_or_another_signer_is_named(
    parties: Parties, verify: Verify, by: str, bent: dict[str, Any], said: str
) -> None:
    code, text = verify(story(parties, by, **bent))
    assert code == 1
    assert said in text


def test_a_signature_that_is_left_out_is_missed(parties: Parties, verify: Verify) -> None:
    made = story(parties)
    for ending in ("json", "p7s"):
        del made.files[f"result/contract.{ending}"]
    code, text = verify(made)
    assert code == 1
    assert "(contract.countersigned) recorded is missing" in text
