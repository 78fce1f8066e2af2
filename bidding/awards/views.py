"""The award's pages: confirm, sign and publish on one screen; a bidder's own result; the contract."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy.orm import Session

from bidding.awards import candidates, contracts, countersigning, service
from bidding.awards.announcement import article_words, ground_words
from bidding.awards.api import must_be_winner, own_facts
from bidding.awards.candidates import Standing
from bidding.awards.commands import DeclineAward, SignAward, SignContract, SignedContract
from bidding.awards.models import Award
from bidding.tenders.models import Tender
from bidding.tenders.publication import cms_bytes
from bidding.tenders.service import the_calendar, the_rulebook
from bidding.vault.encoding import b64
from trading.accounts import certificates
from trading.deals import service as deals
from trading.deals.days import last_day_before
from trading.deals.models import Contract
from trading.errors import Refused
from trading.interfaces import IFileStore
from trading.notices.service import notices_of
from trading.parties.models import Party
from trading.permissions import Permission
from trading.rulebook.calendar import beijing_date
from trading.web import Form, _

FOLDER = "bidding.awards:templates/"
LIGHTS = {
    "green": ("good", _("In time")),
    "yellow": ("wait", _("Soon due")),
    "red": ("bad", _("Overdue")),
    "paused": ("neutral", _("Paused")),
    "done": ("good", _("Done in time")),
}


# --- the buyers' page -----------------------------------------------------------------------------


@view_config(route_name="award", renderer=FOLDER + "award.jinja2", permission=Permission.DECIDE_AWARD)
def award(request: Request) -> Any:
    """The ranking, and while a winner is to be confirmed: confirm, sign and publish in one click."""
    tender, form = request.context, Form(request, SignAward)
    if form.valid():
        given = form.command
        try:
            service.publish(
                request.db, request.registry, request.actor, request.identity.user_id, request.identity.party_id,
                tender, cms_bytes(given.award_cms, "award_cms"),
                cms_bytes(given.result_cms, "result_cms") if given.result_cms else None,
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("award", code=tender.code))
    return award_page(request, form)


@view_config(route_name="award-confirm", request_method="POST", permission=Permission.DECIDE_AWARD)
def confirm(request: Request) -> Any:
    """The purchaser confirms, so that its agency may sign and publish."""
    code = request.context.code
    candidates.confirm(request.db, request.actor, request.identity.user_id, request.identity.party_id, code)
    return HTTPSeeOther(request.route_path("award", code=code))


@view_config(
    route_name="award-decline", request_method="POST", renderer=FOLDER + "award.jinja2",
    permission=Permission.DECIDE_AWARD,
)  # fmt: skip
def decline(request: Request) -> Any:
    """The purchaser records that the winner will not sign."""
    tender, form = request.context, Form(request, DeclineAward)
    if form.valid():
        try:
            service.purchaser_only(tender, request.identity.party_id)
            service.decline(request.db, request.registry, request.actor, tender, form.command.reason)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("award", code=tender.code))
    return award_page(request, form)


def award_page(request: Request, form: Form) -> dict[str, Any]:
    """Everything the template shows."""
    tender: Tender = request.context
    standing = candidates.load(request.db, tender)
    draft = service.prepare(request.db, tender) if tender.state == "evaluated" else None
    winner = standing.next
    purchaser = request.identity.party_id == tender.tenderer_id
    return {
        "form": form,
        "tender": tender,
        "places": standing.places,
        "scored": any(place.score for place in standing.places),
        "candidate_of": {standing.place_of(each).bid.manifest: each for each in standing.candidates},
        "words": lambda place: reason_words(request, place.ground, place.article),
        "winner": standing.place_of(winner) if winner else None,
        "confirmed": winner is not None and winner.confirmed_at is not None,
        "by_law": winner is not None and winner.confirmed_at is not None and winner.confirmed_by is None,
        "confirm_by": candidates.confirm_by(standing),
        "last_day": last_day_before,
        "purchaser": purchaser,
        "may_sign": draft is not None
        and (purchaser or (winner is not None and winner.confirmed_at is not None)),
        "signed": signed_fields(draft) if draft else {},
        "certificates": usable(request),
        "standing_award": standing.standing_award,
        "awards": [(each, standing.by_bid[candidate_bid(standing, each)]) for each in standing.issued],
        "contract": deals.of_tender(request.db, tender.code),
        "notices": [each for each in notices_of(request.db, tender.code) if each.kind != "tender"],
        "now": request.now(),
    }


def candidate_bid(standing: Standing, award: Award) -> Any:
    return next(each.bid_id for each in standing.candidates if each.id == award.candidate_id)


def signed_fields(draft: Award) -> dict[str, tuple[str, str]]:
    """The documents to sign: name → (base64url, SHA-256)."""
    return {name: (b64(data), service.digest(data)) for name, data in service.signed_bytes(draft).items()}


def usable(request: Request) -> str:
    """The certificates that this account may sign with, for the signer block."""
    found = certificates.usable(request.db, request.identity.user_id, request.now())
    return ",".join(each.sha256 for each in found)


def reason_words(request: Request, ground: str, article: str) -> str:
    """Why a bid was not ranked, in the reader's language."""
    english = request.locale_name == "en"
    words = ground_words(ground, english)
    return (
        f"{words} ({article_words(article, True)})"
        if english
        else f"{words}（{article_words(article, False)}）"
    )


# --- the bidder's page ----------------------------------------------------------------------------


@view_config(route_name="my-result", renderer=FOLDER + "my_result.jinja2", permission=Permission.BID)
def my_result(request: Request) -> Any:
    """The award notice, or reason and rank. The winner can give up here."""
    tender, form = request.context, Form(request, DeclineAward)
    if form.valid():
        try:
            must_be_winner(request, tender)
            service.decline(request.db, request.registry, request.actor, tender, form.command.reason)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("my-result", code=tender.code))
    own = own_facts(request, tender)
    told = own["result"] == "not-awarded"
    return {
        "form": form,
        "tender": tender,
        "own": own,
        "last_day": last_day_before,
        "winner_total": winner_total(request.db, tender) if told and own["scores"] else "",
        "why": reason_words(request, own["ground"], own["article"]) if told and own["rank"] is None else "",
        "contract": deals.of_tender(request.db, tender.code) if own["result"] == "awarded" else None,
        **own_contract(request, tender),
        "notices": [each for each in notices_of(request.db, tender.code) if each.kind in ("result", "award")],
    }


def winner_total(session: Session, tender: Tender) -> str:
    """The total of whoever holds the award, as the result notice says it."""
    standing = candidates.load(session, tender)
    score = standing.place_of(standing.next).score if standing.next else None
    return score.total if score else "—"


def own_contract(request: Request, tender: Tender) -> dict[str, Any]:
    """What the supplier signs, and what it has signed."""
    filed = countersigning.filed_for(request.db, tender, request.identity.party_id)
    raw = countersigning.document(request.db, tender, filed) if filed is not None else b""
    return {
        "filed": filed,
        "mine": countersigning.of_tender(request.db, request.registry, tender) if filed is not None else None,
        "contract_data": b64(raw),
        "contract_sha256": service.digest(raw),
        "certificates": usable(request),
    }


@view_config(route_name="my-result-contract", request_method="POST", permission=Permission.BID)
def sign_my_contract(request: Request) -> Any:
    """The supplier's signature under the contract that the buyers filed."""
    form = Form(request, SignContract)
    if not form.valid():
        raise Refused(form.faults)
    countersigning.countersign(
        request.db, request.registry, request.actor, request.identity.user_id, request.identity.party_id,
        request.context, cms_bytes(form.command.contract_cms, "contract_cms"),
    )  # fmt: skip
    return HTTPSeeOther(request.route_path("my-result", code=request.context.code))


@view_config(route_name="my-contract-file", request_method="GET", permission=Permission.BID)
def my_contract_file(request: Request) -> Response:
    """The contract on file, for the supplier who is to sign it."""
    found = countersigning.filed_for(request.db, request.context, request.identity.party_id)
    if found is None:
        raise HTTPNotFound()
    return file_of(request, found)


@view_config(route_name="my-result-award", permission=Permission.BID)
def award_file(request: Request) -> Response:
    """The winner's award notice, byte for byte, and its signature."""
    must_be_winner(request, request.context)
    held = candidates.load(request.db, request.context).standing_award
    assert held is not None and held.cms is not None, "the winner holds a signed award"
    if request.matchdict["ending"] == "json":
        return Response(body=held.raw, content_type="application/json")
    return Response(body=held.cms, content_type="application/pkcs7-signature")


# --- the contract ---------------------------------------------------------------------------------


@view_config(route_name="contract", renderer=FOLDER + "contract.jinja2", permission=Permission.DECIDE_AWARD)
def contract(request: Request) -> Any:
    """The contract's dates, filing the signed one, and its publication."""
    tender = request.context
    form = Form(request, SignedContract, contract_initial(request))
    if form.valid():
        upload = request.POST.get("file")
        try:
            contracts.sign(
                request.db, request.registry, request.actor, tender, price=form.command.price,
                signed_on=form.command.signed_on, file_name=getattr(upload, "filename", "") or "",
                file=upload.file.read() if hasattr(upload, "file") else b"",
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("contract", code=tender.code))
    return contract_page(request, form)


def contract_initial(request: Request) -> dict[str, Any]:
    expected = deals.of_tender(request.db, request.context.code)
    price = f"{expected.price:.2f}" if expected else ""
    return {"price": price, "signed_on": beijing_date(request.now()).isoformat()}


def contract_page(request: Request, form: Form) -> dict[str, Any]:
    expected, now = deals.of_tender(request.db, request.context.code), request.now()
    return {
        "form": form,
        "tender": request.context,
        "contract": expected,
        "countersigned": countersigning.of_tender(request.db, request.registry, request.context),
        "last_day": last_day_before,
        "supplier": request.db.get(Party, expected.supplier_id) if expected else None,
        "signing": LIGHTS[deals.signing_light(expected, the_rulebook(), the_calendar(), now)]
        if expected
        else None,
        "publishing": publishing(expected, now),
    }


def publishing(expected: Contract | None, now: Any) -> tuple[str, Any] | None:
    found = deals.publishing_light(expected, the_rulebook(), the_calendar(), now) if expected else None
    return LIGHTS[found] if found else None


@view_config(route_name="contract-publish", request_method="POST", permission=Permission.DECIDE_AWARD)
def publish_contract(request: Request) -> Any:
    """Put the contract notice on the board."""
    contracts.publish(request.db, request.registry, request.context)
    return HTTPSeeOther(request.route_path("contract", code=request.context.code))


@view_config(route_name="contract-file", permission=Permission.DECIDE_AWARD)
def contract_file(request: Request) -> Response:
    """The contract as it was filed."""
    found = deals.of_tender(request.db, request.context.code)
    if found is None or found.file_sha256 is None:
        raise HTTPNotFound()
    return file_of(request, found)


def file_of(request: Request, found: Contract) -> Response:
    data = request.port(IFileStore).get(deals.file_key(found.file_sha256 or ""))
    response = Response(body=data, content_type="application/octet-stream")
    response.content_disposition = f'attachment; filename="{request.context.code}-contract"'
    return response
