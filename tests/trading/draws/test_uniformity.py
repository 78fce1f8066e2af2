"""A small sample of `python -m tests.draws.uniformity`, whose full size is a million draws."""

from __future__ import annotations

import pytest

from tests.draws.uniformity import bent, fair, findings

DRAWS = 12_000


@pytest.mark.parametrize("alg", ["sha256", "sm3"])
def test_every_order_is_equally_likely(alg: str) -> None:
    assert all(finding.within for finding in findings(fair(alg), DRAWS))


def test_a_draw_made_again_until_the_favourite_is_first_is_caught() -> None:
    assert not all(finding.within for finding in findings(bent("sha256", 5), DRAWS))
