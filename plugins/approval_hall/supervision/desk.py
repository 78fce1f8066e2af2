"""What waits for supervisors, and for departments, about lights and letters (待办)."""

from __future__ import annotations

from collections import Counter

from pyramid.request import Request
from sqlalchemy import func, select

from plugins.approval_hall.staff import posts
from plugins.approval_hall.supervision import board, letters
from plugins.approval_hall.supervision.models import HallAccountability, HallLetter
from trading.web import Card, _


def leader_cards(request: Request) -> list[Card]:
    """The board."""
    totals = board.board(request.db, request.now(), False).totals
    return [board_card(request, totals)]


def board_card(request: Request, totals: Counter[str]) -> Card:
    """How many lights are red and yellow."""
    note = _("${red} red, ${yellow} yellow", mapping={"red": totals["red"], "yellow": totals["yellow"]})
    tone = "late" if totals["red"] else "now" if totals["yellow"] else "neutral"
    return Card(_("Lights over all deadlines"), request.route_path("hall-lights"), note, tone)


def supervisor_cards(request: Request) -> list[Card]:
    """The board; cases of accountability to decide; applicants to talk to."""
    cards = [board_card(request, board.board(request.db, request.now(), True).totals)]
    undecided = request.db.scalar(select(func.count()).where(HallAccountability.outcome == ""))
    if undecided:
        note = _("${n} to decide", mapping={"n": undecided})
        cards.append(Card(_("Accountability"), request.route_path("hall-accountability"), note, "now"))
    return cards


def officer_cards(request: Request) -> list[Card]:
    """Letters to one's department."""
    mine = posts.departments_of(request.db, request.identity.user_id)
    return cards_for(request, [letter for letter in letters.unanswered(request.db) if letter.unit in mine])


def party_cards(request: Request) -> list[Card]:
    """Letters to one's organisation."""
    party = request.identity.party_id
    return cards_for(
        request,
        [
            each
            for each in letters.unanswered(request.db)
            if not each.unit and party and each.party_id == party
        ],
    )


def cards_for(request: Request, found: list[HallLetter]) -> list[Card]:
    now = request.now()
    return [
        Card(
            _("Answer a supervision letter"), request.route_path("hall-letter", number=letter.number),
            _("${number}, by ${day}", mapping={"number": letter.number, "day": letters.answer_day(letter).isoformat()}),
            "late" if now >= letters.answer_by(letter) else "now",
        )
        for letter in found
    ]  # fmt: skip
