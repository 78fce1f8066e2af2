"""Until the deadline every page and every answer is the same, whether there is no bid or there are some."""

from __future__ import annotations

import re
from itertools import product

import pytest
from pyramid.interfaces import IRoutesMapper
from webtest import TestApp

from bidding.tenders import drafts
from bidding.tenders.commands import DraftTender
from bidding.tenders.models import Tender
from tests.bidding.vault.scene import CODE, Enterprise, Scene, Sealed
from tests.bidding.vault.test_admission import withdraw
from tests.bidding.vault.test_pages import hand_in, with_key
from tests.helpers import committed, hall_party, hall_user
from trading import clock
from trading.accounts import service as accounts
from trading.acts import process

OTHERS = ("bidder", "agent", "expert", "custodian", "regulator", "audit-admin", "system-admin", "operator")
GROWING = (
    "checkpoint",
    "/tile",
    "/proof",
    "/assets",
    "/static",
    "/trail.json",
    "/locale",
    "/healthz",
    "/readyz",
)
"""The log itself grows with every leaf of every tender, dummies too; the rest says nothing of bids."""
PASSING = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?|\d{2}:\d{2}:\d{2}(\.\d+)?")
TOKEN = re.compile(r'(csrf[_-]token"[^>]*(?:value|content)=)"[^"]*"')
FILLED = {"code": CODE, "topic": "tender", "name": "policy", "id": "0", "step": "qualification"}


def published(scene: Scene) -> None:
    """The tender with the whole form that its public pages show."""
    with scene.db() as session:
        tender = session.query(Tender).one()
        template = drafts.kind_of(scene.registry).templates("zh_CN")[0]["key"]
        values = drafts.initial_values(scene.registry, template, clock.now())
        tender.form = DraftTender.model_validate(values).model_dump(mode="json")
        tender.published_at = clock.now()


def addresses(scene: Scene) -> list[str]:
    """The address of every route, about this tender where it is about one."""
    routes = scene.registry.getUtility(IRoutesMapper).get_routes()
    found = {
        re.sub(r"\{(\w+)[^}]*\}", lambda part: FILLED.get(part[1], "1"), route.pattern) for route in routes
    }
    return sorted("/" + path.lstrip("/") for path in found if not any(word in path for word in GROWING))


def readers(scene: Scene) -> dict[str, dict[str, str]]:
    """A program of somebody of every role, of the buyer, and of nobody."""
    people = {role: hall_user(scene.config, role, party=hall_party(scene.config)).id for role in OTHERS}
    with scene.db() as session:
        people["buyer"] = session.query(Tender).one().agent_id

    def key(user: object) -> dict[str, str]:
        made = committed(scene.config, lambda db: accounts.create_api_key(db, process("test"), user, "key"))
        return {"Authorization": f"Bearer {made}"}

    return {"nobody": {}} | {name: key(user) for name, user in people.items()}


def seen(
    app: TestApp, paths: list[str], headers: dict[str, dict[str, str]]
) -> dict[tuple[str, str], tuple[int, str]]:
    """What each reader gets at each address, without what changes by itself."""
    found = {}
    for path, (who, sent) in product(paths, headers.items()):
        answer = app.get(path, headers=sent, expect_errors=True)
        text = answer.body.decode("utf-8", "replace") if "event-stream" not in answer.content_type else ""
        found[path, who] = answer.status_int, TOKEN.sub(r"\1", PASSING.sub("", text))
    return found


@pytest.fixture
def bids(scene: Scene) -> list[tuple[Enterprise, Sealed]]:
    published(scene)
    return [(who, scene.seal(who)) for who in (scene.enterprise(name) for name in "AB")]


def test_no_page_and_no_answer_tells_that_there_are_bids(
    scene: Scene, bids: list[tuple[Enterprise, Sealed]]
) -> None:
    app = TestApp(scene.config.make_wsgi_app())
    keys = [with_key(scene, who) for who, _bid in bids]
    paths, headers = addresses(scene), readers(scene)
    paths = [path for path in paths if not path.startswith("/live/") or "/since/" in path]
    before = seen(app, paths, headers)
    for key, (_who, bid) in zip(keys, bids, strict=True):
        hand_in(app, key, bid)
    withdraw(scene, *bids[0])
    scene.keep_promises()
    scene.sequence()
    after = seen(app, paths, headers)
    assert [where for where in before if before[where] != after[where]] == []
    assert [where for where, (status, _text) in after.items() if status >= 500] == []
    assert sum(status == 200 for status, _text in after.values()) > 100
