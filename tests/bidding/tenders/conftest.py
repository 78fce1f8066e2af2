"""One configured hall for the tests of services, whose acts are rolled back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from config import embedded
from config.app import make_config
from config.installation import WITNESS, log_vkey, prepare
from config.settings import settings as hall_settings
from tests.tenders import Buyers, make_buyers


@pytest.fixture(scope="package")
def registry(servers: embedded.Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The registry of a hall whose outside parties have keys; its own database is never used."""
    state = tmp_path_factory.mktemp("hall")
    parties = prepare(state)
    made = make_config(
        hall_settings(state, servers.database_url, servers.redis_url)
        | {
            "ledger.vkey": log_vkey(state),
            "ledger.witnesses": json.dumps([[WITNESS, "http://127.0.0.1:9", parties.witness_vkey]]),
            "vault.custodians": json.dumps(parties.custodians),
        }
    )
    yield made.registry
    made.registry["sessions"].kw["bind"].dispose()


@pytest.fixture
def buyers(session: Session, registry: Any) -> Buyers:
    """An agency's agent who can sign, and the purchaser."""
    return make_buyers(session, registry)
