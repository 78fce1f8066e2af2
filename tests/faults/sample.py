"""A seeded sample of the fault harness, which `make faults` plays first (docs/faults.md).

Not collected with the other tests: where the machine is busy with them, a hall that is killed six times does not
come back within the patience of its people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.hurts import Patient
from tests.faults.invariants import Onlooker
from tests.faults.runs import Report, hurt_hall, play_one, point_named, publish
from tests.faults.striking import Blow

pytestmark = pytest.mark.slow

SAMPLE = (
    ("upload.half", "web", 0.0),
    ("admission.placed", "postgres", 0.01),
    ("close.closed", "worker", 0.0),
    ("release.asked", "custodian", 0.1),
    ("opening.started", "valkey", 0.02),
    ("award.issued", "sequencer", 0.0),
)


@pytest.fixture(scope="package")
def hall() -> Iterator[tuple[Patient, Onlooker]]:
    with hurt_hall() as (_, patient, onlooker):
        yield patient, onlooker


def test_a_tender_that_is_hurt_in_every_phase_loses_nothing_and_repeats_nothing(
    hall: tuple[Patient, Onlooker], tmp_path: Path
) -> None:
    patient, onlooker = hall
    (code,) = publish(patient.hall, patient, 1)
    blows = [Blow(point_named(name), hurt, delay, 7) for name, hurt, delay in SAMPLE]
    losses = play_one(patient.hall, patient, onlooker, code, tmp_path / "papers", blows, Report())
    assert losses == []
    missed = [str(blow.point) for blow in blows if not blow.done]
    assert missed == []
