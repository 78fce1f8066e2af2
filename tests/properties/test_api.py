"""The API, asked by everybody with whatever its description allows and more (接口的性质测试).

Every operation of the generated description, with requests that schemathesis makes from it: no fault of
ours, no status that is not described, no media type that is not. `TRADEHALL_API_EXAMPLES` makes it longer.
"""

from __future__ import annotations

import json
import os
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from config.openapi import described, text
from tests.bidding.vault.scene import CODE, Scene
from tests.bidding.vault.scene import scene as scene
from tests.doors.staging import stage
from trading.accounts.service import create_api_key
from trading.acts import process

EXAMPLES = int(os.environ.get("TRADEHALL_API_EXAMPLES", "2"))
"""Requests of each kind (as described, and not) for each operation."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]


def keys_of(scene: Scene, people: dict[str, Any]) -> dict[str, dict[str, str]]:
    """For everybody the headers of a program of theirs."""
    found: dict[str, dict[str, str]] = {"nobody": {}}
    with scene.db() as session:
        for name, user in people.items():
            key = create_api_key(session, process("test"), user, "test")
            found[name] = {"Authorization": f"Bearer {key}"}
    return found


def ask_all(
    scene: Scene, callers: dict[str, dict[str, str]], real: dict[str, Any]
) -> tuple[dict[str, set[int]], list[str]]:
    """Ask every operation; returns the statuses seen and what was wrong. `real` are parts of addresses that
    stand for something."""
    schema = schemathesis.openapi.from_dict(json.loads(text(described(scene.config))))  # with its plugins
    schema.app = scene.config.make_wsgi_app()
    seen: dict[str, set[int]] = {}
    wrong = []
    for result in schema.get_all_operations():
        operation = result.ok()
        scene.registry["queue"].flushall()
        in_json = "application/json" in operation.get_request_payload_content_types()
        for mode in list(GenerationMode)[: 2 if in_json else 1]:
            try:
                seen.setdefault(operation.label, set()).update(ask(operation, mode, callers, real))
            except FailureGroup as error:
                wrong.append(f"{operation.label}: {error}")
    return seen, wrong


def ask(
    operation: Any, mode: GenerationMode, callers: dict[str, dict[str, str]], real: dict[str, Any]
) -> set[int]:
    """Some requests to one operation by anybody; returns the statuses seen."""
    seen = set()

    @hypothesis.settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(mode), who=st.sampled_from(sorted(callers)), there=st.integers(0, 3))
    def asked(case: Any, who: str, there: int) -> None:
        if there and case.path_parameters:
            case.path_parameters |= {name: real[name] for name in case.path_parameters if name in real}
        response = case.call(headers=dict(case.headers or {}) | callers[who])
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    asked()
    return seen


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_the_api_does_what_its_description_says_whoever_asks_for_whatever(scene: Scene, closed: bool) -> None:
    _, enterprises, people = stage(scene)
    bid = scene.seal(enterprises[0])
    upload = scene.upload(enterprises[0], bid)
    ref = scene.submit(enterprises[1], scene.seal(enterprises[1]))
    scene.keep_promises()
    if closed:
        scene.close()
    real = {
        "code": CODE, "id": str(upload), "ref": ref, "part": "price-sheet", "number": 0,
        "manifest": bid.manifest.raw.hex()[:64], "step": "qualification",
    }  # fmt: skip
    seen, wrong = ask_all(scene, keys_of(scene, people), real)
    assert not wrong, "\n\n".join(wrong)
    assert len(seen) > 80
    assert sum(bool(statuses & {200, 201, 202, 204}) for statuses in seen.values()) > 10
