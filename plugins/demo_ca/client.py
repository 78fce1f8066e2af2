"""The hall's side of the demo CA: registration authority, and where its revocation lists are."""

from __future__ import annotations

import json
from datetime import datetime

from translationstring import TranslationStringFactory  # type: ignore[import-untyped]
from zope.interface import implementer

from plugins.outbound import Unreachable, fetch
from trading.clock import rfc3339
from trading.errors import refuse
from trading.interfaces import ICertificateAuthority

_ = TranslationStringFactory("tradehall")


@implementer(ICertificateAuthority)
class DemoCAClient:
    """Speaks to a demo CA at `address` (http, no trailing slash needed) with the shared `token`."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def enrol(self, csr_pem: bytes, uscc: str, organisation: str, person: str, at: datetime) -> bytes:
        """See `ICertificateAuthority.enrol`. The certificate's common name is the person's, or the
        organisation's when no person is named; it is dated by the authority's clock, not by `at`."""
        try:
            csr = csr_pem.decode("ascii")
        except ValueError:
            raise _refused("the request is not PEM") from None
        asked = {
            "csr": csr,
            "common_name": person or organisation,
            "organisation": organisation,
            "organisation_id": uscc,
        }
        return self._post("/enrol", asked)

    def revoke(self, certificate_pem: bytes, at: datetime) -> None:
        """See `ICertificateAuthority.revoke`."""
        self._post("/revoke", {"certificate": certificate_pem.decode("ascii"), "at": rfc3339(at)})

    def crl_addresses(self) -> list[str]:
        """Where this authority's revocation lists are, for the hall's settings."""
        return [f"{self.address}/crl/root.crl", f"{self.address}/crl/issuing.crl"]

    def fetch_crls(self) -> list[bytes]:
        """Both lists (DER). Raises `Refused` `certificate.unavailable`."""
        return [self._get(address) for address in self.crl_addresses()]

    def roots(self) -> bytes:
        """The root certificate (PEM), to be compared with what was handed over on paper."""
        return self._get(f"{self.address}/roots.pem")

    def _get(self, address: str) -> bytes:
        try:
            return fetch(address)
        except Unreachable as error:
            raise _unavailable() from error

    def _post(self, path: str, asked: dict[str, str]) -> bytes:
        try:
            return fetch(self.address + path, json.dumps(asked).encode(), self._headers)
        except Unreachable as error:
            if error.status == 409:
                raise refuse(
                    "certificate.foreign", _("This authority did not issue that certificate.")
                ) from error
            if error.status == 422:
                raise _refused(str(error)) from error
            raise _unavailable() from error


def _refused(reason: str) -> Exception:
    return refuse(
        "certificate.refused",
        _("The certificate authority declined the request."),
        rule=reason,
        remedy=_("Make a new key and request in this browser and enrol again."),
    )


def _unavailable() -> Exception:
    return refuse(
        "certificate.unavailable",
        _("The certificate authority does not answer."),
        remedy=_("Try again in a few minutes."),
    )
