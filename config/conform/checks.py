"""How the kinds of vector files judge one case."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import Any

from trading.ledger.checkpoint import NoteError

Case = tuple[str, bool, str]
"""A case's name, whether it holds, and what is wrong with it."""


def check(name: str, test: Callable[..., object], *given: Any) -> Case:
    """One case: holds when the test returns no False and raises nothing."""
    try:
        held = test(*given) is not False
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OSError) as error:
        return name, False, f"{type(error).__name__}: {error}"
    return name, held, "" if held else "does not hold"


def refused(name: str, test: Callable[..., object], *given: Any) -> Case:
    """One case that must fail: holds when the test returns False or refuses what it was given."""
    try:
        held = test(*given) is False
    except (NoteError, binascii.Error):
        held = True
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return name, False, f"{type(error).__name__}: {error}"
    return name, held, "" if held else "was accepted"
