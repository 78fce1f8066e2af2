"""Revocation lists (CRL), kept in a folder and renewed from the addresses of the settings only."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from plugins.outbound import Unreachable, fetch

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
RENEW_SECONDS = 600.0
"""After so long a list in use is asked for again, though it still counts: a revocation is known within
this time, and nobody's act waits for an authority's answer."""
RENEWAL = "revocation lists"


class CrlFolder:
    """The revocation lists of all accepted authorities, one file per address.

    Files that an operator puts there by hand (`*.crl`, DER) count too. Lists in use are renewed every
    `RENEW_SECONDS` beside the act that uses them. Only for one that is stale or missing at the asked
    instant does the act wait, at most every `RETRY_SECONDS`; acts that come meanwhile wait for the same
    answer. A fetched list must be signed by one of `issuers` (DER certificates).
    `fetcher` returns the body of an address or raises `Unreachable`.
    """

    def __init__(
        self,
        folder: Path | str,
        addresses: Sequence[str] = (),
        issuers: Sequence[bytes] = (),
        fetcher: Callable[[str], bytes] = fetch,
    ) -> None:
        self.folder = Path(folder)
        self.addresses = tuple(addresses)
        self._issuers = [x509.load_der_x509_certificate(der) for der in issuers]
        self._fetch = fetcher
        self._next_try = 0.0
        self._next_renewal = 0.0
        self._renewing = threading.Lock()

    def current(self, at: datetime) -> tuple[bytes, ...]:
        """The newest list held of every issuer (DER), renewed before when an address's list is stale or
        missing at `at`."""
        held = self._read()
        if self._needs_renewal(held, at):
            with self._renewing:
                held = self._read()
                if time.monotonic() >= self._next_try and self._needs_renewal(held, at):
                    self.refresh()
                    held = self._read()
        elif self.addresses and time.monotonic() >= self._next_renewal:
            self._next_renewal = time.monotonic() + RENEW_SECONDS
            threading.Thread(target=self._renew, name=RENEWAL, daemon=True).start()
        return _newest(held.values())

    def _renew(self) -> None:
        """Beside an act that does not wait for it."""
        with self._renewing:
            self.refresh()

    def refresh(self) -> list[str]:
        """Fetches every address; a list that cannot be had keeps its old one. Returns what failed,
        one sentence per address."""
        failures = []
        for address in self.addresses:
            try:
                body = self._fetch(address)
                self._check_issuer(x509.load_der_x509_crl(body))
            except (Unreachable, ValueError, UnsupportedAlgorithm) as error:
                logger.warning("no revocation list from %s: %s", address, error)
                failures.append(f"{address}: {error}")
                continue
            self._write(_file_name(address), body)
        answered = (
            time.monotonic()
        )  # the time a silent address took is no pause: those who waited would ask again
        self._next_try, self._next_renewal = answered + RETRY_SECONDS, answered + RENEW_SECONDS
        return failures

    def _needs_renewal(self, held: dict[str, bytes], at: datetime) -> bool:
        wanted = [held.get(_file_name(address)) for address in self.addresses]
        return any(crl is None or _stale(crl, at) for crl in wanted)

    def _check_issuer(self, crl: x509.CertificateRevocationList) -> None:
        issuers = (cert for cert in self._issuers if cert.subject == crl.issuer)
        if not any(self.signed_by(crl, issuer) for issuer in issuers):
            raise ValueError("the list is not signed by an accepted authority")

    @staticmethod
    def signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
        """Whether the list carries the issuer's good signature; another family judges otherwise."""
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]

    def _read(self) -> dict[str, bytes]:
        if not self.folder.is_dir():
            return {}
        return {path.name: path.read_bytes() for path in sorted(self.folder.glob("*.crl"))}

    def _write(self, name: str, body: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        os.replace(temporary, self.folder / name)


class FixedCrls:
    """Revocation lists given once, for offline tools."""

    def __init__(self, crls: Sequence[bytes]) -> None:
        self._crls = tuple(crls)

    def current(self, at: datetime) -> tuple[bytes, ...]:
        """The given lists, whatever the instant."""
        return self._crls


def _file_name(address: str) -> str:
    return sha256(address.encode()).hexdigest()[:32] + ".crl"


def _newest(crls: Iterable[bytes]) -> tuple[bytes, ...]:
    # An older list beside a newer one would say "not revoked" of what was revoked in between.
    newest: dict[bytes, tuple[datetime, bytes]] = {}
    for der in crls:
        crl = x509.load_der_x509_crl(der)
        issuer, dated = crl.issuer.public_bytes(), (crl.last_update_utc, der)
        newest[issuer] = max(newest.get(issuer, dated), dated)
    return tuple(der for _, der in newest.values())


def _stale(crl: bytes, at: datetime) -> bool:
    until = x509.load_der_x509_crl(crl).next_update_utc
    return until is not None and until < at
