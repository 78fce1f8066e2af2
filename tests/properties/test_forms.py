"""Whatever is typed into whichever form, by whomever: told what is wrong, never a crash (表单的不良输入)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from pydantic import BaseModel
from webtest import TestApp

from tests.bidding.vault.scene import CODE, Scene
from tests.bidding.vault.scene import scene as scene
from tests.doors.finding import PACKAGES
from tests.doors.staging import stage
from tests.properties.test_api import keys_of
from tests.trading.test_every_view import posting_routes

HUGE = "9" * 6000
WRONG = [
    "%00",
    "%ED%A0%80",
    "%FF%FE",
    HUGE,
    "-1e999999",
    "NaN",
    quote("٣" * 40),
    quote("\u202e<script>'\"--"),
    "2026-02-30",
]
"""As it goes over the wire: NUL, a lone surrogate, no UTF-8, too much, numbers that are none."""


def commands(base: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """Every command of ours that is loaded."""
    for model in base.__subclasses__():
        if model.__module__.partition(".")[0] in PACKAGES:
            yield model
        yield from commands(model)


def test_every_form_takes_anything_without_a_crash(scene: Scene) -> None:
    _, enterprises, people = stage(scene)
    scene.submit(enterprises[0], scene.seal(enterprises[0]))
    callers = keys_of(scene, people)
    browser = TestApp(scene.config.make_wsgi_app())
    names = sorted({name for model in commands() for name in model.model_fields})
    assert len(names) > 100
    bodies = ["&".join(f"{name}={value}" for name in names) for value in WRONG if value != HUGE]
    bodies += [f"{name}={HUGE}" for name in ("title", "deadline", "number")]
    crashed = []
    who = sorted(set(callers) - {"the-tenderer"})
    for number, address in enumerate(posting_routes(scene.config)):
        if address == "/logout":
            continue
        scene.registry["queue"].flushall()
        path = address.replace("/tenders/1", f"/tenders/{CODE}")
        for turn, caller in enumerate((who[number % len(who)], "the-agent" if number % 2 else "bidder-0")):
            for body in bodies[(number + turn) % 3 :: 3]:
                answer = browser.post(
                    path,
                    body,
                    headers=callers[caller],
                    status="*",
                    content_type="application/x-www-form-urlencoded",
                )
                if answer.status_int >= 500:
                    crashed.append(f"{path} as {caller}: {body[:80]}")
    assert not crashed, "\n".join(crashed)
