"""Drives pyHanko's coroutines without an event loop.

pyHanko is asynchronous because it may fetch revocation data. Ours never fetches, so its coroutines
never wait: one `send` runs them to their end. No event loop is needed, which would collide with
another one when two greenlets share a thread.
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

# Every refusal carries its reason; pyHanko would also log a stack trace for each hostile input.
logging.getLogger("pyhanko.sign.validation").setLevel(logging.CRITICAL)

Result = TypeVar("Result")


def finish(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """The coroutine's result. Raises RuntimeError when it waits for something: that would be I/O, and
    there is none to do here."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: Result = done.value
        return result
    coroutine.close()
    raise RuntimeError("a signature computation waited for I/O although nothing may be fetched")
