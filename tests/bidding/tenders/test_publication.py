"""Publishing a tender: real signatures, the custodians' keys, and what the rulebook says."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from sqlalchemy.orm import Session

from tests.tenders import published_tender


def test_a_signed_tender_is_published(session: Session, config: Configurator) -> None:
    registry: Any = config.registry
    tender = published_tender(session, registry)
    assert tender.state == "published" and tender.policy_hash
