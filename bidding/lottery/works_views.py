"""Pages of small works: the list, the way that an amount goes, the owner's form, and a works with all that happened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from bidding.evaluation.exact import decimal
from bidding.lottery import awarding, calling, ceremony, listing, routing, rules, sealed_prices, words, works
from bidding.lottery.commands import (
    AwardWorks,
    CallPrices,
    Cancel,
    Decline,
    DraftWorks,
    FileLocalRule,
    LaterPrices,
    NameManager,
    PublishWorks,
    RouteQuestion,
    SetAside,
    SignedWorks,
)
from bidding.lottery.models import SmallWorks
from bidding.roster import law, reading
from bidding.roster.commands import Rate
from bidding.roster.views import attached, base
from bidding.roster.words import REASONS
from bidding.tenders.invited import OPENED
from bidding.tenders.publication import cms_bytes, signed_bytes
from bidding.vault.encoding import b64
from trading.accounts import certificates
from trading.credit import checking
from trading.errors import Refused
from trading.interfaces import ITradeKind
from trading.parties.models import Party
from trading.permissions import Permission, Role
from trading.rulebook.calendar import beijing_date
from trading.web import PUBLIC, Form, beijing, whole_number

FOLDER = "bidding:lottery/templates/"
FORMS: dict[str, Any] = {
    "publish": PublishWorks, "award": AwardWorks, "aside": SetAside, "contract": SignedWorks, "rate": Rate,
    "call": CallPrices, "postpone": LaterPrices, "cancel": Cancel, "forfeit": Decline, "decline": Decline, "manager": NameManager, "refuse": Decline,
}  # fmt: skip


def works_of(request: Request) -> SmallWorks:
    """The works of the address; a draft is there for its buyers only."""
    try:
        found = works.by_code(request.db, request.matchdict["code"])
    except Refused:
        raise HTTPNotFound() from None
    party = request.identity.party_id if request.identity else None
    if found.state == "draft" and (party is None or party not in (found.tenderer_id, found.agency_id)):
        raise HTTPNotFound()
    return found


def kind_of(request: Request) -> Any:
    return request.registry.getUtility(ITradeKind, name=works.KIND)


def shared(request: Request) -> dict[str, Any]:
    """What every page of the room needs."""
    kind, locale = kind_of(request), request.locale_name

    def label(group: str, key: str) -> str:
        return str(kind.label(group, key, locale))

    return base(request) | {"lottery": words, "reasons": REASONS, "label": label, "kind": kind.data}


# --- public ----------------------------------------------------------------------------------------


@view_config(route_name="works", request_method="GET", renderer=FOLDER + "list.jinja2", permission=PUBLIC)
def published(request: Request) -> Any:
    """Every published works, and one's own drafts."""
    identity = request.identity
    own = works.of_buyer(request.db, identity.party_id) if identity and identity.party_id else []
    drafts = [each for each in own if each.state == "draft"]
    local = rules.in_force(request.db, beijing_date(request.now()))
    return shared(request) | {"found": works.listed(request.db), "drafts": drafts, "local": local}


@view_config(
    route_name="works-routing", request_method="GET", renderer=FOLDER + "routing.jinja2", permission=PUBLIC
)
def routing_page(request: Request) -> Any:
    """Which way an amount goes, and why: the four amounts around the two lines, and any other."""
    book, day = law.the_rulebook(request.registry), beijing_date(request.now())
    examples = [routing.Plan(amount, method="two-step") for amount in routing.EXAMPLES]
    asked, form = None, Form(request, RouteQuestion, {})
    if "estimate" in request.params:
        form.values = {name: request.params.get(name, "") for name in RouteQuestion.model_fields}
        form.values = {name: value for name, value in form.values.items() if value}
        asked = question_of(form)
    return shared(request) | {
        "form": form,
        "local": rules.in_force(request.db, day),
        "rows": [(plan, routing.route(plan, book, day)) for plan in examples],
        "asked": (asked, routing.route(asked, book, day)) if asked else None,
        "book": book,
    }


def question_of(form: Form) -> routing.Plan | None:
    """The plan of a question by address; its faults are shown, and the answer is no 422: nothing was done."""
    form.posted = True
    if not form.valid():
        form.request.response.status = 200
        return None
    return routing.Plan(**form.command.model_dump(), method="two-step")


@view_config(
    route_name="works-one", request_method="GET", renderer=FOLDER + "works.jinja2", permission=PUBLIC
)
def one(request: Request) -> Any:
    """A works: its notice, ball list, draws, turns and contract."""
    return page(request, works_of(request), {})


def page(request: Request, found: SmallWorks, forms: dict[str, Form]) -> dict[str, Any]:
    identity, now = request.identity, request.now()
    buys = identity is not None and request.has_permission(Permission.RUN_LOTTERY, found)
    turns = awarding.awards_of(request.db, found)
    data = shared(request) | {
        "works": found,
        "buys": buys,
        "route": works.route_of(request.db, request.registry, found, now),
        "book": law.the_rulebook(request.registry),
        "sections": document(request, found),
        "turns": turns,
        "local": works.local_rule(request.db, found),
        "now": now,
        "today": beijing_date(now),
        "checks": checking.checks_of(request.db, found.code) if turns else [],
        "forms": {name: forms.get(name) or Form(request, model, {}) for name, model in FORMS.items()},
        "balls": len(listing.frozen(found)) if found.balls_sha256 else 0,
        "faults": [],
        "signing_data": "",
        "prices": prices_part(request, found),
    }
    if identity is not None:
        data |= bidder_part(request, found) | (buyer_part(request, found) if buys else {})
    return {
        "mine": None,
        "answer": None,
        "managers": [],
        "thin": None,
        "old_lists": [],
        "signs_until": None,
        "calls": False,
        "signed": {},
        "certificates": "",
        **data,
    }


def prices_part(request: Request, found: SmallWorks) -> dict[str, Any] | None:
    """Of works by low price: the tender for the prices, what was opened, and F1 with every step."""
    child = sealed_prices.tender_of(request.db, found) if found.by_price else None
    if child is None:
        return None
    rows = sealed_prices.opened(request.db, child) if child.state == "handed_over" else []
    names = {row.id: row.name for row in listing.frozen(found)} if found.balls_sha256 else {}
    return {
        "tender": child, "offers": [offer for _bid, offer in rows], "names": names, "k": sealed_prices.k_of(found),
        "ranking": sealed_prices.ranking_of(request.db, found), "public": child.state in OPENED, "fen": decimal,
    }  # fmt: skip


def buyer_part(request: Request, found: SmallWorks) -> dict[str, Any]:
    """What the owner and its agency see: what keeps the notice back, and the bytes to be signed."""
    now, usable = request.now(), certificates.usable(request.db, request.identity.user_id, request.now())
    data: dict[str, Any] = {"certificates": ",".join(each.sha256 for each in usable)}
    if found.state == "draft":
        faults = works.gate_faults(request.db, request.registry, found, now)
        data["faults"] = [replace(fault, field="") for fault in faults]  # its fields are on another page
        data["signing_data"] = b64(works.notice_of(request.db, request.registry, found, now))
        data["earliest"] = works.earliest_end(request.registry, now)
    if found.state in ("draft", "published"):
        data["thin"] = listing.thin(request.db, found, request.registry)
    if found.state == "listed" and found.by_price:
        data |= call_part(request, found)
    if found.state in ("announced", "awarded"):
        turn = awarding.current(request.db, found)
        if found.state == "awarded" or awarding.silent(request.db, found, turn):
            data["signs_until"] = awarding.signs_until(found, turn)
    if found.state == "announced":
        turn = awarding.current(request.db, found)
        data["old_lists"] = awarding.old_lists(request.db, request.registry, now)
        try:
            manager = awarding.manager_of(request.db, found, turn)
        except Refused as refused:
            data["faults"] = list(refused.faults)
        else:
            data["signing_data"] = b64(awarding.award_notice(found, turn, manager.name if manager else ""))
    return data


def call_part(request: Request, found: SmallWorks) -> dict[str, Any]:
    """What the owner signs to call for sealed prices, or why it cannot yet."""
    try:
        made = calling.prepare(request.db, request.registry, found)
    except Refused as refused:
        called = refused.faults[0].code == "prices.called"
        return (
            {}
            if called
            else {"faults": [replace(fault, field="") for fault in refused.faults], "calls": True}
        )
    signed = {name: b64(raw) for name, raw in signed_bytes(made).items()}
    return {"calls": True, "signed": signed, "signing_data": signed["notice"]}


def bidder_part(request: Request, found: SmallWorks) -> dict[str, Any]:
    """What a firm of the category sees: its answer, its project managers, whether it is its turn."""
    party = request.identity.party_id
    row = listing.category_firm(request.db, found, party) if party else None
    if row is None or Role.BIDDER not in request.identity.roles:
        return {}
    busy = reading.busy_managers(request.db)
    return {
        "mine": row,
        "answer": listing.answer_of(request.db, found, party),
        "managers": [
            (str(each.id), each.name)
            for each in reading.managers_of(request.db, [party])[party]
            if each.identity.hex() not in busy
        ],
    }


def document(request: Request, found: SmallWorks) -> list[dict[str, Any]]:
    """The notice in words, in the reader's language."""
    helper, form = base(request), found.form
    assert found.declines_until is not None and found.draw_at is not None, "works have their times"
    yes = {True: "yes", False: "no"}
    values = {
        "owner": found.tenderer.name, "title": found.title, "place": form["place"] or "—",
        "estimate": f"{found.estimate:,.2f}", "ceiling": f"{found.ceiling:,.2f}", "days": str(form["days"]),
        "scope": form["scope"], "trade": helper["trade"](found.trade), "band": helper["band"](found.band),
        "grades": "、".join(form["grades"]), "declines_until": beijing(found.declines_until, "%Y-%m-%d %H:%M"),
        "draw_at": beijing(found.draw_at, "%Y-%m-%d %H:%M"), "finalists": str(found.finalists),
        "k_values": "、".join(found.k_values), "method": found.method, "weighted": yes[bool(found.weights)],
        "weight_values": "、".join(f"{grade} {weight}" for grade, weight in sorted(found.weights.items())),
        "needs_manager": yes[form["needs_manager"]],
    }  # fmt: skip
    sections: list[dict[str, Any]] = kind_of(request).document(values, request.locale_name)
    return sections


ON_A_PAGE = 100
"""balls: what a phone shows at once"""


@view_config(
    route_name="works-balls", request_method="GET", renderer=FOLDER + "balls.jinja2", permission=PUBLIC
)
def balls(request: Request) -> Any:
    """The ball list: before the freeze as it would be now, to everybody."""
    found = works_of(request)
    rows = listing.shown(request.db, request.registry, found)
    wanted = request.params.get("q", "").strip()[:60]
    exact = (wanted, wanted.upper())
    shown = [
        row
        for row in rows
        if wanted in row.name or row.id in exact or row.firm in exact or str(row.number) == wanted
    ]
    pages = max(1, -(-len(shown) // ON_A_PAGE))
    place = min(whole_number(request.params.get("page", ""), otherwise=1) or 1, pages)
    order = {org: place for place, org in enumerate(awarding.order_of(found), start=1)}
    counted: dict[str, int] = {}
    for row in rows:
        counted[row.excluded] = counted.get(row.excluded, 0) + 1
    return shared(request) | {
        "works": found, "rows": shown[(place - 1) * ON_A_PAGE : place * ON_A_PAGE], "found": len(shown),
        "page": place, "pages": pages, "total": len(rows), "counted": counted,
        "wanted": wanted, "order": order, "finalists": set(found.drawn.get("finalists", ())),
        "book": law.the_rulebook(request.registry), "today": beijing_date(request.now()),
    }  # fmt: skip


@view_config(route_name="works-file", request_method="GET", permission=PUBLIC)
def file(request: Request) -> Response:
    """The exact bytes of notice and ball list, and the notice's signature."""
    found, name = works_of(request), request.matchdict["name"]
    data = {"notice.json": found.notice, "notice.p7s": found.notice_p7s, "balls.json": found.balls_raw}[name]
    if data is None:
        raise HTTPNotFound()
    kind = "application/pkcs7-signature" if name.endswith("p7s") else "application/json"
    return Response(body=data, content_type=kind)


# --- the owner -------------------------------------------------------------------------------------


@view_config(route_name="works-new", renderer=FOLDER + "form.jinja2", permission=Permission.DRAFT_TENDER)
def new(request: Request) -> Any:
    """Enter a works. Without a local rule in force the form says so, and has no method of lottery."""
    form = Form(request, DraftWorks, kind_of(request).data["defaults"] | {"grades": ["A", "B", "C"]})
    made: list[SmallWorks] = []

    def act() -> None:
        own, agent = (
            request.db.get(Party, request.identity.party_id),
            Role.TENDERER not in request.identity.roles,
        )
        made.append(works.draft(request.db, request.registry, request.actor, own, agent, form.command))

    if request.identity.party_id is None:
        raise HTTPForbidden()
    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("works-one", code=made[0].code))
    return form_page(request, form, None)


@view_config(
    route_name="works-change",
    renderer=FOLDER + "form.jinja2",
    permission=Permission.RUN_LOTTERY,
)
def change(request: Request) -> Any:
    """Fill a draft in anew."""
    found: SmallWorks = request.context
    form = Form(request, DraftWorks, initial_of(found))
    if form.carried_out(lambda: works.change(request.db, request.registry, found, form.command)):
        return HTTPSeeOther(request.route_path("works-one", code=found.code))
    return form_page(request, form, found)


def initial_of(found: SmallWorks) -> dict[str, Any]:
    """A draft in the fields of its form."""
    assert found.declines_until is not None and found.draw_at is not None, "works have their times"
    times = {
        "declines_until": beijing(found.declines_until, "%Y-%m-%dT%H:%M"),
        "draw_at": beijing(found.draw_at, "%Y-%m-%dT%H:%M"),
    }
    plain = {name: "" if value is None else value for name, value in found.form.items()}
    return {**plain, **times, "k_values": " ".join(found.k_values)}


def form_page(request: Request, form: Form, found: SmallWorks | None) -> dict[str, Any]:
    now, data, locale = request.now(), shared(request), request.locale_name
    local = rules.in_force(request.db, beijing_date(now))
    methods = routing.METHODS if local is not None else (routing.LOW_PRICE,)
    return data | {
        "form": form,
        "works": found,
        "local": local,
        "earliest": works.earliest_end(request.registry, now),
        "agent": Role.TENDERER not in request.identity.roles,
        "method_words": [(method, data["label"]("method", method)) for method in methods],
        "trades": [(trade.key, trade.name(locale)) for trade in data["terms"].trades],
        "beacons": [
            (each["key"], data["label"]("evaluation", each["key"])) for each in data["kind"]["evaluation"]
        ],
    }


@view_config(
    route_name="works-act",
    request_method="POST",
    renderer=FOLDER + "works.jinja2",
    permission=Permission.RUN_LOTTERY,
)
def act(request: Request) -> Any:
    """What the owner and its agency do with a works."""
    name, found = request.matchdict["act"], request.context
    if name == "aside" and not request.has_permission(Permission.OVERRIDE_RULE):
        raise HTTPForbidden()
    form = Form(request, FORMS[name])
    if form.carried_out(lambda: OWNER[name](request, found, form.command)):
        return HTTPSeeOther(request.route_path("works-one", code=found.code))
    return page(request, found, {name: form})


def _publish(request: Request, found: SmallWorks, command: PublishWorks) -> None:
    p7s = cms_bytes(command.notice_cms, "notice_cms")
    works.publish(request.db, request.registry, request.actor, found, p7s)


def _award(request: Request, found: SmallWorks, command: AwardWorks) -> None:
    p7s = cms_bytes(command.award_cms, "award_cms")
    awarding.award(request.db, request.registry, request.actor, found, p7s)


def _forfeit(request: Request, found: SmallWorks, command: Decline) -> None:
    awarding.forfeit(request.db, request.registry, request.actor, found, command.reason)


def _aside(request: Request, found: SmallWorks, command: SetAside) -> None:
    works.set_aside(request.db, request.registry, request.actor, found, command)


def _contract(request: Request, found: SmallWorks, command: SignedWorks) -> None:
    data = attached(request, "file").data
    awarding.file_contract(request.db, request.registry, request.actor, found, command, data)


def _rate(request: Request, found: SmallWorks, command: Rate) -> None:
    awarding.rate(request.db, request.registry, request.actor, found, command)


def _cancel(request: Request, found: SmallWorks, command: Cancel) -> None:
    works.cancel(request.db, request.registry, request.actor, found, command.reason, attached(request))


OWNER = {
    "publish": _publish, "award": _award, "aside": _aside, "contract": _contract, "rate": _rate,
    "cancel": _cancel, "forfeit": _forfeit,
}  # fmt: skip


@view_config(
    route_name="works-prices",
    request_method="POST",
    renderer=FOLDER + "works.jinja2",
    permission=Permission.RUN_LOTTERY,
)
def prices(request: Request) -> Any:
    """Call the firms of the frozen list for sealed prices, or set a later deadline before."""
    name, found = request.matchdict["act"], request.context
    form = Form(request, FORMS[name])

    def carry_out() -> None:
        asked, means = form.command, (request.db, request.registry, request.actor)
        if name == "postpone":
            calling.postpone(*means, found, asked.prices_until)
            return
        signed = {
            "notice": cms_bytes(asked.prices_notice_cms, "prices_notice_cms"),
            "policy": cms_bytes(asked.policy_cms, "policy_cms"),
        }
        calling.call(*means, request.identity.user_id, found, signed)

    if form.carried_out(carry_out):
        return HTTPSeeOther(request.route_path("works-one", code=found.code))
    return page(request, found, {name: form})


@view_config(route_name="works-draw", request_method="POST", permission=Permission.RUN_LOTTERY)
def draw(request: Request) -> Any:
    """Announce the draw of the next step, from the published hour on; it is live from then on."""
    small = works.by_code(request.db, request.context.code, lock=True)
    step = works.to_be_drawn(request.db, small)
    ceremony.start(request.db, request.registry, request.actor, small, step)
    return HTTPSeeOther(request.route_path("lottery-live", code=small.code))


# --- firms -----------------------------------------------------------------------------------------


@view_config(
    route_name="works-answer",
    request_method="POST",
    renderer=FOLDER + "works.jinja2",
    permission=Permission.BID,
)
def answer(request: Request) -> Any:
    """A firm declines, names its project manager, or gives its award up."""
    name, found = request.matchdict["act"], request.context
    form, party = Form(request, FORMS[name]), request.db.get(Party, request.identity.party_id)

    def carry_out() -> None:
        if name == "decline":
            listing.decline(request.db, request.actor, found, party, form.command.reason)
        elif name == "manager":
            room = awarding if found.state == "announced" else listing
            room.name_manager(request.db, request.actor, found, party, form.command)
        else:
            reason = form.command.reason
            awarding.refuse_award(request.db, request.registry, request.actor, found, party, reason)

    if form.carried_out(carry_out):
        return HTTPSeeOther(request.route_path("works-one", code=found.code))
    return page(request, found, {name: form})


# --- local rules -----------------------------------------------------------------------------------


@view_config(
    route_name="works-rules", request_method="GET", renderer=FOLDER + "local_rules.jinja2", permission=PUBLIC
)
def local_rules(request: Request) -> Any:
    """The local rules on file."""
    return rules_page(request, Form(request, FileLocalRule, {}))


@view_config(
    route_name="works-rules",
    request_method="POST",
    renderer=FOLDER + "local_rules.jinja2",
    permission=Permission.DECIDE_ROSTER,
)
def file_rule(request: Request) -> Any:
    """File a local rule with its document."""
    form = Form(request, FileLocalRule)
    if form.carried_out(
        lambda: rules.file_rule(request.db, request.keys, request.actor, form.command, attached(request))
    ):
        return HTTPSeeOther(request.route_path("works-rules"))
    return rules_page(request, form)


def rules_page(request: Request, form: Form) -> dict[str, Any]:
    day = beijing_date(request.now())
    current = rules.in_force(request.db, day)
    return shared(request) | {"form": form, "filed": rules.filed(request.db), "current": current}
