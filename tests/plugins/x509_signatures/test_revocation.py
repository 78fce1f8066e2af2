from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from plugins.outbound import Unreachable
from plugins.x509_signatures.revocation import RENEWAL, CrlFolder
from tests.pki import NOW, Pki, der

ROOT, ISSUING = "http://ca.example/root.crl", "http://ca.example/issuing.crl"


class Web:
    """The demo CA's lists at two addresses; counts what is asked and can be cut off."""

    def __init__(self, pki: Pki) -> None:
        self.pki, self.asked, self.cut = pki, [], False

    def __call__(self, address: str) -> bytes:
        self.asked.append(address)
        if self.cut:
            raise Unreachable("cut off")
        return self.pki.ca.crl("root" if address == ROOT else "issuing")


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path)


@pytest.fixture
def web(pki: Pki) -> Web:
    return Web(pki)


@pytest.fixture
def folder(pki: Pki, web: Web) -> CrlFolder:
    issuers = [der(pki.ca.root), der(pki.ca.issuing)]
    return CrlFolder(pki.folder / "crl", [ROOT, ISSUING], issuers, web)


def test_missing_lists_are_fetched_once_and_kept(folder: CrlFolder, web: Web) -> None:
    first = folder.current(NOW)
    assert set(first) == {web.pki.ca.crl("root"), web.pki.ca.crl("issuing")}
    assert folder.current(NOW) == first
    assert web.asked == [ROOT, ISSUING]


def test_stale_lists_are_renewed_when_they_are_asked_for(
    folder: CrlFolder, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.x509_signatures.revocation.RETRY_SECONDS", 0)
    folder.current(NOW)
    web.pki.clock.move(days=8)
    renewed = folder.current(web.pki.clock())
    assert {x509.load_der_x509_crl(crl).last_update_utc for crl in renewed} == {web.pki.clock()}


def test_lists_in_use_are_renewed_beside_the_act_which_does_not_wait(
    folder: CrlFolder, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.x509_signatures.revocation.RENEW_SECONDS", 0)
    old, answer = folder.current(NOW), threading.Event()

    def slowly(address: str) -> bytes:
        answer.wait(10)
        return web(address)

    monkeypatch.setattr(folder, "_fetch", slowly)
    web.pki.clock.move(hours=2)
    web.pki.ca.revoke(42)
    assert folder.current(NOW) == old, "the authority has not answered yet, and nobody waits for it"
    answer.set()
    (renewal,) = (thread for thread in threading.enumerate() if thread.name == RENEWAL)
    renewal.join(10)
    assert folder.current(NOW) != old


def test_acts_that_find_a_list_stale_together_wait_for_one_answer(
    folder: CrlFolder, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2)

    def together(_: int) -> tuple[bytes, ...]:
        both.wait(10)
        return folder.current(NOW)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(together, range(2))
    assert len(first) == 2 and first == second
    assert len(web.asked) == 2


def test_a_dead_address_is_not_asked_at_every_signature(folder: CrlFolder, web: Web) -> None:
    web.cut = True
    assert folder.current(NOW) == folder.current(NOW) == ()
    assert len(web.asked) == 2


def test_what_cannot_be_renewed_keeps_its_old_list_and_is_reported(folder: CrlFolder, web: Web) -> None:
    held = folder.current(NOW)
    web.cut = True
    assert len(folder.refresh()) == 2
    assert folder.current(NOW) == held


def test_a_list_of_an_unknown_authority_is_not_kept(pki: Pki, web: Web, tmp_path: Path) -> None:
    stranger = Pki(tmp_path / "stranger")
    folder = CrlFolder(pki.folder / "crl", [ROOT], [der(stranger.ca.root)], web)
    (failure,) = folder.refresh()
    assert "not signed by an accepted authority" in failure
    assert folder.current(NOW) == ()


def test_an_older_list_beside_a_newer_one_does_not_count(folder: CrlFolder, web: Web) -> None:
    old = folder.current(NOW)
    web.pki.clock.move(hours=2)
    web.pki.ca.revoke(42)
    folder.refresh()
    for number, crl in enumerate(old):
        (folder.folder / f"by-hand-{number}.crl").write_bytes(crl)
    serials = {entry.serial_number for crl in folder.current(NOW) for entry in x509.load_der_x509_crl(crl)}
    assert serials == {42}


def test_lists_laid_down_by_hand_count_without_any_address(pki: Pki) -> None:
    pki.ca.export_trust(pki.folder / "trust")
    held = CrlFolder(pki.folder / "trust" / "crl").current(NOW + timedelta(days=1))
    assert len(held) == 2
