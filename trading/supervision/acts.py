"""What is done to a case, by whom: one table for the pages and the JSON interface (质疑、投诉办理)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request

from trading.errors import Refused, refuse
from trading.interfaces import ITenders
from trading.parties.models import Party
from trading.permissions import Permission
from trading.supervision import cases, commands, deciding, filing, orders, papers
from trading.supervision.filing import Filer
from trading.supervision.models import Case, Order
from trading.web import _


class InTender:
    """A case or an order with the buyers of its tender, so that permission rows can judge it."""

    def __init__(self, request: Request, tender: str) -> None:
        self.tender = request.port(ITenders).find(request.db, tender)
        self.tenderer_id, self.agency_id = self.tender.tenderer_id, self.tender.agency_id


class InCase(InTender):
    """The case of the address."""

    def __init__(self, request: Request) -> None:
        try:
            self.case: Case = cases.find(request.db, request.matchdict["number"])
        except Refused:
            raise HTTPNotFound() from None
        super().__init__(request, self.case.tender)


class InOrder(InTender):
    """The order of the address."""

    def __init__(self, request: Request) -> None:
        try:
            self.order: Order = orders.find(request.db, request.matchdict["number"])
        except Refused:
            raise HTTPNotFound() from None
        super().__init__(request, self.order.tender)


def in_tender(request: Request) -> Any:
    """The tender of the address."""
    return request.port(ITenders).context(request)


def paper(request: Request, command: Any, tender: str, *, public: bool) -> filing.Paper:
    """The attached file, from a form's upload or from JSON. Raises Refused `paper.*`."""
    upload = request.POST.get("upload") if request.content_type != "application/json" else None
    if hasattr(upload, "file"):
        name, data = upload.filename or "", upload.file.read(papers.LARGEST + 1)
    else:
        name, data = command.paper_name, decoded(command.paper)
    digest = papers.keep(request.db, request.keys, tender, name, data, public=public)
    return filing.Paper(digest, name if digest else "")


def decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise refuse("paper.encoding", _("The file is not in base64url."), field="paper") from None


def filer(request: Request) -> Filer:
    """The enterprise that the reader acts for. Raises Refused `case.no-enterprise`."""
    party = request.db.get(Party, request.identity.party_id) if request.identity.party_id else None
    if party is None:
        raise refuse("case.no-enterprise", _("Your account belongs to no enterprise."))
    return Filer(request.identity.user_id, request.identity.name, party.id, party.name)


def department(request: Request) -> str:
    return cases.department_of(request.db, request.identity.party_id)


def file_query(request: Request, command: commands.FileQuery) -> Case:
    """The reader's enterprise files a query or an inquiry about the tender in the context."""
    tender = request.context
    attached = paper(request, command, tender.code, public=False)
    file = filing.file_query if command.kind == "query" else filing.file_inquiry
    return file(
        request.db, request.keys, request.actor, filer(request), tender, command.stage, command.lines,
        command.request, attached,
    )  # fmt: skip


def _answer(request: Request, case: Case, command: commands.Answer) -> Any:
    document = paper(request, command, case.tender, public=True).sha256
    return deciding.answer(request.db, request.actor, case.number, command.decision, command.words, document)


def _withdraw(request: Request, case: Case, command: Any) -> Any:
    return filing.withdraw(request.db, request.keys, request.actor, filer(request), case.number)


def _complain(request: Request, case: Case, command: commands.Complain) -> Any:
    attached = paper(request, command, case.tender, public=False)
    return filing.file_complaint(
        request.db, request.keys, request.actor, filer(request), case.number, command.department, command.matters,
        command.request, attached,
    )  # fmt: skip


def _accept(request: Request, case: Case, command: Any) -> Any:
    return deciding.accept(request.db, request.actor, case.number, department(request))


def _turn_away(request: Request, case: Case, command: commands.TurnAway) -> Any:
    return deciding.turn_away(request.db, request.actor, case.number, department(request), command.words)


def _pause(request: Request, case: Case, command: commands.PauseClock) -> Any:
    document = paper(request, command, case.tender, public=False).sha256
    return deciding.pause(
        request.db, request.actor, case.number, department(request), command.ground, command.reason, document
    )


def _unpause(request: Request, case: Case, command: Any) -> Any:
    return deciding.unpause(request.db, request.actor, case.number, department(request))


def _decide(request: Request, case: Case, command: commands.Decide) -> Any:
    document = paper(request, command, case.tender, public=True).sha256
    return deciding.decide(
        request.db, request.actor, case.number, department(request), command.decision, command.words, document
    )


@dataclass(frozen=True)
class CaseAct:
    """One act on a case: who may, what it needs, what it does."""

    permission: Permission
    command: type[BaseModel]
    do: Callable[[Request, Case, Any], Any]


CASE_ACTS = {
    "answer": CaseAct(Permission.ANSWER_QUERY, commands.Answer, _answer),
    "complaint": CaseAct(Permission.FILE_QUERY, commands.Complain, _complain),
    "withdraw": CaseAct(Permission.FILE_QUERY, commands.Accept, _withdraw),
    "accept": CaseAct(Permission.DECIDE_COMPLAINT, commands.Accept, _accept),
    "refuse": CaseAct(Permission.DECIDE_COMPLAINT, commands.TurnAway, _turn_away),
    "pause": CaseAct(Permission.DECIDE_COMPLAINT, commands.PauseClock, _pause),
    "unpause": CaseAct(Permission.DECIDE_COMPLAINT, commands.Accept, _unpause),
    "decide": CaseAct(Permission.DECIDE_COMPLAINT, commands.Decide, _decide),
}


def prepare_order(request: Request, command: commands.IssueOrder) -> Order:
    """The bytes of an order about the tender in the context."""
    document = paper(request, command, request.context.code, public=True).sha256
    return orders.prepare(
        request.db, request.identity.user_id, department(request), request.context, command, document
    )


def issue_order(request: Request, cms: bytes) -> Order:
    """The signature of the reader under the order in the context."""
    return orders.issue(
        request.db, request.registry, request.actor, request.identity.user_id, request.context.order.number, cms,
        request.context.tender,
    )  # fmt: skip


def answer_order(request: Request, command: commands.AnswerOrder) -> Order:
    """The buyers' report on the order in the context."""
    order = request.context.order
    document = paper(request, command, order.tender, public=True).sha256
    return orders.answer(request.db, request.actor, order.number, command.words, document)
