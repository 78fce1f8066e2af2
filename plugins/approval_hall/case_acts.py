"""What may be done with a case from its page (办件操作): each act's permission and the service that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from plugins.approval_hall import cases, place
from plugins.approval_hall.handling import deciding, revoking, service, tasks
from plugins.approval_hall.intake import commitment, gaps
from plugins.approval_hall.intake import service as intake
from plugins.approval_hall.models import HallCase
from plugins.approval_hall.uploads import signature, uploaded


@dataclass(frozen=True)
class Act:
    """`note` is what the page says afterwards."""

    permission: str
    carry_out: Callable[[Request, HallCase], Any]


def base(request: Request) -> tuple[Any, Any, Any]:
    return request.db, request.registry, request.actor


def handed(request: Request, case: HallCase, act: str) -> bool:
    """Whether a clerk hands this in at the window, and not the applicant. Raises place.Elsewhere for a clerk who is not there."""
    clerk: bool = bool(request.has_permission("hall-intake"))
    if clerk:
        place.check(request.registry, request.actor, act, case.number)
    return clerk


def save(request: Request, case: HallCase) -> None:
    """The form's words and every file that was chosen."""
    handed(request, case, "save")
    if case.state in ("draft", "supplementing"):
        intake.change(request.db, case, request.POST, request.POST.get("title", ""))
    for key in cases.materials(request.db, case):
        name, data = uploaded(request, f"material-{key}")
        if data:
            intake.deliver(*base(request), case, key, name, data)


def submit(request: Request, case: HallCase) -> None:
    handed(request, case, "submit")
    save(request, case)
    intake.submit(*base(request), case)


def promise(request: Request, case: HallCase) -> None:
    """The applicant signs; what was signed on paper a clerk scans."""
    if handed(request, case, "promise"):
        gaps.promise_gaps(*base(request), case, b"", uploaded(request, "scan"))
    else:
        gaps.promise_gaps(*base(request), case, signature(request.POST.get("promise_cms", "")))


def commit(request: Request, case: HallCase) -> None:
    """The applicant signs the commitment; what was signed on paper a clerk scans."""
    if handed(request, case, "commit"):
        commitment.commit(*base(request), case, b"", uploaded(request, "commitment"))
    else:
        commitment.commit(*base(request), case, signature(request.POST.get("commitment_cms", "")))


def inspect(request: Request, case: HallCase) -> None:
    said = request.POST
    tasks.inspect(
        *base(request), case, said.get("outcome", ""), said.get("opinion", ""), *uploaded(request, "record")
    )


def promise_and_accept(request: Request, case: HallCase) -> None:
    """At the window: the signed sheet is scanned and the application taken up, in one act of the clerk."""
    handed(request, case, "promise")
    gaps.promise_gaps(*base(request), case, b"", uploaded(request, "scan"))
    intake.accept(*base(request), case, request.POST.get("special", ""))


def tell(request: Request, case: HallCase) -> None:
    begin = "wrong-"
    words = {key.removeprefix(begin): text for key, text in request.POST.items() if key.startswith(begin)}
    intake.tell(*base(request), case, words)


def pause(request: Request, case: HallCase) -> None:
    said = request.POST
    service.pause(
        *base(request),
        case,
        said.get("step", ""),
        said.get("ground", ""),
        said.get("words", ""),
        *uploaded(request, "paper"),
    )


def end_step(request: Request, case: HallCase) -> None:
    said = request.POST
    service.end_step(
        *base(request), case, said.get("step", ""), said.get("outcome", ""), said.get("opinion", "")
    )


def decide(request: Request, case: HallCase) -> None:
    said = request.POST
    deciding.decide(*base(request), case, said.get("outcome", ""), said.get("words", ""))


def finish(request: Request, case: HallCase) -> None:
    """The result is stored, if one is sent along, and the case closed."""
    name, data = uploaded(request, "file")
    if data:
        deciding.file_result(*base(request), case, name, data)
    deciding.close(*base(request), case)


ACTS: dict[str, Act] = {
    "save": Act("hall-deliver", save),
    "submit": Act("hall-deliver", submit),
    "promise": Act("hall-deliver", promise),
    "commit": Act("hall-deliver", commit),
    "inspect": Act("hall-handle", inspect),
    "revoke": Act(
        "hall-handle",
        lambda request, case: revoking.revoke(*base(request), case, request.POST.get("words", "")),
    ),
    "withdraw": Act("hall-apply", lambda request, case: intake.withdraw(*base(request), case)),
    "accept": Act(
        "hall-intake",
        lambda request, case: intake.accept(*base(request), case, request.POST.get("special", "")),
    ),
    "promise-accept": Act("hall-intake", promise_and_accept),
    "tell": Act("hall-intake", tell),
    "return": Act(
        "hall-intake",
        lambda request, case: intake.send_back(*base(request), case, request.POST.get("reason", "")),
    ),
    "step": Act("hall-handle", end_step),
    "pause": Act("hall-handle", pause),
    "resume": Act(
        "hall-handle",
        lambda request, case: service.resume(*base(request), case, request.POST.get("step", "")),
    ),
    "prereview": Act(
        "hall-handle",
        lambda request, case: deciding.prereview(*base(request), case, request.POST.get("opinion", "")),
    ),
    "decide": Act("hall-handle", decide),
    "close": Act("hall-finish", finish),
}
