from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from plugins.x509_signatures.evidence import organisation_id

USCC = "91350200MA31ABCD10"


def subject(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


@pytest.mark.parametrize(
    ("oid", "value"),
    [
        (NameOID.ORGANIZATION_IDENTIFIER, f"NTRCN-{USCC}"),
        (NameOID.ORGANIZATION_IDENTIFIER, USCC),
        (NameOID.SERIAL_NUMBER, USCC),
    ],
)
def test_the_credit_code_is_found_where_authorities_put_it(oid: x509.ObjectIdentifier, value: str) -> None:
    assert organisation_id(subject((oid, value))) == USCC


def test_the_organisations_identifier_goes_before_a_serial_number() -> None:
    name = subject((NameOID.SERIAL_NUMBER, "9" * 18), (NameOID.ORGANIZATION_IDENTIFIER, f"NTRCN-{USCC}"))
    assert organisation_id(name) == USCC


@pytest.mark.parametrize("value", ["NTRDE-123", "91350200MA31ABCD1", "employee 7", "91350200ma31abcd10"])
def test_another_identifier_is_not_taken_for_a_credit_code(value: str) -> None:
    assert organisation_id(subject((NameOID.SERIAL_NUMBER, value))) == ""
