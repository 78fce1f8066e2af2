"""The life of a case (办件流程) as a table, and what a case turns into (七件). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from translationstring import TranslationStringFactory

from plugins.approval_hall.catalogue.item import kinds
from trading.errors import Refused, refuse
from trading.lifecycle import Lifecycle, StepRefused, step

_ = TranslationStringFactory("tradehall")


@dataclass
class CaseFacts:
    """What the guards look at."""

    state: str
    reason: str = ""
    result: bool = True


def has_reason(case: CaseFacts) -> bool:
    """A case is sent back only with the reason in writing."""
    return bool(case.reason.strip())


def has_result(case: CaseFacts) -> bool:
    """The result is not in the file yet: scan the licence or the reply and store it; only then the case is closed."""
    return case.result


LIFECYCLE: Lifecycle[CaseFacts] = Lifecycle(
    [
        step("file", ("draft", "supplementing"), "prefiled"),
        step("tell", "prefiled", "supplementing"),
        step("accept", "prefiled", "accepted"),
        step("return", ("prefiled", "supplementing"), "returned", has_reason),
        step("withdraw", ("draft", "prefiled", "supplementing", "accepted", "reviewed"), "withdrawn"),
        step("review", "accepted", "reviewed"),
        step("decide", "reviewed", "decided"),
        step("close", "decided", "closed", has_result),
        step("revoke", ("accepted", "reviewed", "decided", "closed"), "revoked"),
    ],
    initial="draft",
)
OPEN = ("prefiled", "supplementing", "accepted", "reviewed", "decided")
OVER = ("closed", "returned", "withdrawn", "revoked")


def take(name: str, facts: CaseFacts) -> str:
    """The state after a step. Raises Refused with every reason, under code `hall.<step>`."""
    try:
        LIFECYCLE.apply(name, facts)
    except StepRefused as refused:
        raise Refused([refuse(f"hall.{name}", reason).faults[0] for reason in refused.reasons]) from refused
    return facts.state


def become(kind: str, other: str) -> str:
    """The kind of a case that turns into another. Raises Refused `hall.kind` where the table has no such way."""
    if other != kind and other not in kinds()[kind].becomes:
        named = {"one": kinds()[kind].name.zh, "other": kinds()[other].name.zh}
        raise refuse("hall.kind", _("“${one}” does not become “${other}”", mapping=named))
    return other
