"""The JSON interface of awards and contracts, by program (bearer key)."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from bidding.awards import candidates, contracts, countersigning, service
from bidding.awards.candidates import Standing
from bidding.awards.commands import DeclineAward, SignAward, SignContract, SignedContractFile
from bidding.awards.models import Award
from bidding.awards.standings import Place
from bidding.tenders.models import Tender
from bidding.tenders.publication import cms_bytes
from bidding.vault.encoding import b64
from trading.clock import rfc3339
from trading.deals import service as deals
from trading.deals.models import Contract
from trading.errors import refuse
from trading.parties.models import Party
from trading.permissions import Permission
from trading.web import _, read_json


@view_config(
    route_name="api-award", request_method="GET", renderer="json", permission=Permission.DECIDE_AWARD
)
def to_sign(request: Request) -> Any:
    """Ranking, candidates and, while a winner is to be confirmed, the bytes to sign (base64url)."""
    tender = request.context
    draft = service.prepare(request.db, tender) if tender.state == "evaluated" else None
    return facts(request, tender, draft)


@view_config(
    route_name="api-award", request_method="POST", renderer="json", permission=Permission.DECIDE_AWARD
)
def publish(request: Request) -> Any:
    """{"result_cms", "award_cms"} in base64url (`award_cms` alone after a winner gave up) → published and
    awarded; the purchaser thereby confirms."""
    command: SignAward = read_json(request, SignAward)
    result_cms = cms_bytes(command.result_cms, "result_cms") if command.result_cms else None
    service.publish(
        request.db, request.registry, request.actor, request.identity.user_id, request.identity.party_id,
        request.context, cms_bytes(command.award_cms, "award_cms"), result_cms,
    )  # fmt: skip
    return facts(request, request.context, None)


@view_config(
    route_name="api-award-confirm", request_method="POST", renderer="json", permission=Permission.DECIDE_AWARD
)
def confirm(request: Request) -> Any:
    """The purchaser confirms the first candidate, so that its agency may sign and publish."""
    code = request.context.code
    candidates.confirm(request.db, request.actor, request.identity.user_id, request.identity.party_id, code)
    return facts(request, request.context, None)


@view_config(
    route_name="api-award-decline", request_method="POST", renderer="json", permission=Permission.DECIDE_AWARD
)
def decline(request: Request) -> Any:
    """{"reason"}: the purchaser records that the winner will not sign."""
    command = read_json(request, DeclineAward)
    service.purchaser_only(request.context, request.identity.party_id)
    service.decline(request.db, request.registry, request.actor, request.context, command.reason)
    return facts(request, request.context, None)


@view_config(route_name="api-my-result", request_method="GET", renderer="json", permission=Permission.BID)
def my_result(request: Request) -> Any:
    """What a bidder is told: its award, or the reason and its rank."""
    return own_facts(request, request.context)


@view_config(
    route_name="api-my-result-decline", request_method="POST", renderer="json", permission=Permission.BID
)
def give_up(request: Request) -> Any:
    """{"reason"}: the winner gives its award up."""
    command = read_json(request, DeclineAward)
    must_be_winner(request, request.context)
    service.decline(request.db, request.registry, request.actor, request.context, command.reason)
    return own_facts(request, request.context)


@view_config(route_name="api-my-contract", request_method="GET", renderer="json", permission=Permission.BID)
def my_contract(request: Request) -> Any:
    """The contract on file and, for its supplier, the bytes to sign under it."""
    filed = countersigning.filed_for(request.db, request.context, request.identity.party_id)
    if filed is None:
        raise refuse("contract.none", _("There is no contract on file that you could sign."))
    signed = countersigning.of_tender(request.db, request.registry, request.context)
    raw = countersigning.document(request.db, request.context, filed)
    return contract_facts(request, filed) | {
        "document": {"data": b64(raw), "sha256": service.digest(raw)},
        "countersigned": signed.at if signed else None,
    }


@view_config(route_name="api-my-contract", request_method="POST", renderer="json", permission=Permission.BID)
def sign_my_contract(request: Request) -> Any:
    """{"contract_cms": base64url}: the supplier signs the contract on file."""
    command: SignContract = read_json(request, SignContract)
    countersigning.countersign(
        request.db, request.registry, request.actor, request.identity.user_id, request.identity.party_id,
        request.context, cms_bytes(command.contract_cms, "contract_cms"),
    )  # fmt: skip
    return my_contract(request)


@view_config(
    route_name="api-contract", request_method="GET", renderer="json", permission=Permission.DECIDE_AWARD
)
def contract(request: Request) -> Any:
    """The contract that the award calls for, with its dates."""
    return contract_facts(request, deals.of_tender(request.db, request.context.code))


@view_config(
    route_name="api-contract", request_method="POST", renderer="json", permission=Permission.DECIDE_AWARD
)
def sign_contract(request: Request) -> Any:
    """{"price", "signed_on": "2026-12-01", "name", "file": base64url}: file the signed contract."""
    command: SignedContractFile = read_json(request, SignedContractFile)
    made = contracts.sign(
        request.db, request.registry, request.actor, request.context, price=command.price,
        signed_on=command.signed_on, file_name=command.name, file=cms_bytes(command.file, "file"),
    )  # fmt: skip
    request.response.status = 201
    return contract_facts(request, made)


@view_config(
    route_name="api-contract-publish",
    request_method="POST",
    renderer="json",
    permission=Permission.DECIDE_AWARD,
)
def publish_contract(request: Request) -> Any:
    """Put the contract notice on the board."""
    notice = contracts.publish(request.db, request.registry, request.context)
    return contract_facts(request, deals.of_tender(request.db, request.context.code)) | {
        "notice": str(notice.id)
    }


# --- what is answered -----------------------------------------------------------------------------


def facts(request: Request, tender: Tender, draft: Award | None) -> dict[str, Any]:
    """Everything about the award that its buyers may know."""
    standing = candidates.load(request.db, tender)
    winner = standing.next
    return {
        "tender": tender.code,
        "state": tender.state,
        "confirm_by": rfc3339(candidates.confirm_by(standing)),
        "confirmed": winner is not None and winner.confirmed_at is not None,
        "places": [place_facts(place) for place in standing.places],
        "candidates": [
            {
                "rank": each.rank,
                "manifest": standing.place_of(each).bid.manifest,
                "price": f"{each.price:.2f}",
                "confirmed": each.confirmed_at is not None,
                "declined": each.declined_at is not None,
                "decline_reason": each.decline_reason,
            }
            for each in standing.candidates
        ],
        "awards": [award_facts(standing, award) for award in standing.issued],
        "documents": documents(draft) if draft else None,
    }


def documents(draft: Award) -> dict[str, Any]:
    """The bytes to sign, base64url, with their hashes."""
    signed = service.signed_bytes(draft)
    return {name: {"data": b64(data), "sha256": service.digest(data)} for name, data in signed.items()}


def place_facts(place: Place) -> dict[str, Any]:
    return {
        "bidder": place.bid.bidder,
        "name": place.bid.name,
        "manifest": place.bid.manifest,
        "rank": place.rank,
        "price": place.price,
        "evaluation_price": place.evaluation_price,
        "ground": place.ground,
        "article": place.article,
        "details": list(place.details),
        "total": place.score.total if place.score else None,
    }


def award_facts(standing: Standing, award: Award) -> dict[str, Any]:
    candidate = next(each for each in standing.candidates if each.id == award.candidate_id)
    place = standing.place_of(candidate)
    return {
        "number": award.number,
        "manifest": place.bid.manifest,
        "bidder": place.bid.bidder,
        "name": place.bid.name,
        "price": place.price,
        "rank": place.rank,
        "sha256": service.digest(award.raw),
        "issued": rfc3339(award.issued_at) if award.issued_at else None,
        "withdrawn": rfc3339(award.withdrawn_at) if award.withdrawn_at else None,
        "notice": str(award.result_notice_id),
        "notice_ends": rfc3339(award.publicity_ends_at) if award.publicity_ends_at else None,
    }


def own_facts(request: Request, tender: Tender) -> dict[str, Any]:
    """One bidder's result and nobody else's. Raises Refused `award.no-bid`."""
    bid = service.own_bid(request.db, tender, request.identity.party_id)
    if bid is None:
        raise refuse("award.no-bid", _("Your enterprise has no bid in this tender."))
    standing = candidates.load(request.db, tender) if candidates.report_of(request.db, tender) else None
    if standing is None or not standing.issued:
        return {"tender": tender.code, "manifest": bid.manifest_hash, "result": "pending"}
    place = standing.by_bid[bid.id]
    answer = {
        "tender": tender.code,
        "manifest": bid.manifest_hash,
        "rank": place.rank,
        "price": place.price,
        "scores": place.score.as_json() if place.score else None,
    }
    own = next((each for each in standing.candidates if each.bid_id == bid.id), None)
    if own is not None and own.declined_at is not None:
        return answer | {"result": "declined", "reason": own.decline_reason}
    award = standing.standing_award
    if award is not None and own is not None and award.candidate_id == own.id and award.cms is not None:
        return answer | {"result": "awarded", "award": {"data": b64(award.raw), "cms": b64(award.cms)}}
    told = service.loser_notice(request.db, bid)
    return answer | {
        "result": "not-awarded",
        "ground": told.ground if told else "",
        "article": place.article,
        "details": told.details.splitlines() if told else [],
    }


def must_be_winner(request: Request, tender: Tender) -> None:
    """Raises Refused `award.none` unless the asker holds the standing award."""
    bid = service.own_bid(request.db, tender, request.identity.party_id)
    standing = candidates.load(request.db, tender)
    award, winner = standing.standing_award, standing.next
    if award is None or winner is None or bid is None or winner.bid_id != bid.id:
        raise refuse("award.none", _("There is no award that could be given up."))


def contract_facts(request: Request, found: Contract | None) -> dict[str, Any]:
    """The contract and its dates; `due` and `publish_by` are the first instants that are too late."""
    if found is None:
        return {"state": "none"}
    supplier = request.db.get_one(Party, found.supplier_id)
    state = "published" if found.published_at else "signed" if found.signed_at else "due"
    return {
        "state": state,
        "tender": found.tender,
        "supplier": {"uscc": supplier.uscc, "name": supplier.name},
        "manifest": found.manifest,
        "price": f"{found.price:.2f}",
        "due": rfc3339(found.due_at),
        "signed": rfc3339(found.signed_at) if found.signed_at else None,
        "contract": found.file_sha256,
        "publish_by": rfc3339(found.publish_by) if found.publish_by else None,
        "published": rfc3339(found.published_at) if found.published_at else None,
    }
