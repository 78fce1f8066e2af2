"""Evaluation by the committee (评标): its list, sign-in, reviews, questions, result and report."""

from pyramid.config import Configurator

ROUTES = {
    "panel": "/tenders/{code}/panel",
    "panel-replacements": "/tenders/{code}/panel/replacements",
    "panel-stop": "/tenders/{code}/panel/stop",
    "evaluation": "/tenders/{code}/evaluation",
    "evaluation-sign-in": "/tenders/{code}/evaluation/sign-in",
    "evaluation-bid": "/tenders/{code}/evaluation/bids/{manifest}",
    "evaluation-documents": "/tenders/{code}/evaluation/bids/{manifest}/documents",
    "evaluation-review": "/tenders/{code}/evaluation/reviews/{step}",
    "evaluation-review-sign": "/tenders/{code}/evaluation/reviews/{step}/sign",
    "evaluation-score-facts": "/tenders/{code}/evaluation/score-facts",
    "evaluation-score-facts-sign": "/tenders/{code}/evaluation/score-facts/sign",
    "evaluation-scores": "/tenders/{code}/evaluation/scores",
    "evaluation-scores-sign": "/tenders/{code}/evaluation/scores/sign",
    "evaluation-scores-settle": "/tenders/{code}/evaluation/scores/settle",
    "evaluation-scores-settle-sign": "/tenders/{code}/evaluation/scores/settle/{kind:reason|correction}",
    "evaluation-questions": "/tenders/{code}/evaluation/questions",
    "evaluation-draw": "/tenders/{code}/evaluation/draw",
    "evaluation-tie": "/tenders/{code}/evaluation/tie",
    "evaluation-report": "/tenders/{code}/evaluation/report",
    "evaluation-report-pdf": "/tenders/{code}/evaluation/report.pdf",
    "evaluation-deliver": "/tenders/{code}/evaluation/report/deliver",
    "clarifications": "/tenders/{code}/clarifications",
    "clarification": "/tenders/{code}/clarifications/{ref}",
    "api-panel": "/api/tenders/{code}/panel",
    "api-panel-replacements": "/api/tenders/{code}/panel/replacements",
    "api-panel-stop": "/api/tenders/{code}/panel/stop",
    "api-panel-sign-in": "/api/tenders/{code}/panel/sign-in",
    "api-evaluation": "/api/tenders/{code}/evaluation",
    "api-evaluation-documents": "/api/tenders/{code}/evaluation/bids/{manifest}/documents",
    "api-review-draft": "/api/tenders/{code}/evaluation/reviews/{step}/draft",
    "api-review": "/api/tenders/{code}/evaluation/reviews/{step}",
    "api-scores": "/api/tenders/{code}/evaluation/scores",
    "api-scores-save": "/api/tenders/{code}/evaluation/scores/save",
    "api-scores-draft": "/api/tenders/{code}/evaluation/scores/draft",
    "api-score-facts": "/api/tenders/{code}/evaluation/score-facts",
    "api-score-facts-draft": "/api/tenders/{code}/evaluation/score-facts/draft",
    "api-score-reasons": "/api/tenders/{code}/evaluation/score-reasons",
    "api-score-reasons-draft": "/api/tenders/{code}/evaluation/score-reasons/draft",
    "api-score-corrections": "/api/tenders/{code}/evaluation/score-corrections",
    "api-score-corrections-draft": "/api/tenders/{code}/evaluation/score-corrections/draft",
    "api-questions": "/api/tenders/{code}/evaluation/questions",
    "api-draw": "/api/tenders/{code}/evaluation/draw",
    "api-tie": "/api/tenders/{code}/evaluation/tie",
    "api-report": "/api/tenders/{code}/evaluation/report",
    "api-report-deliver": "/api/tenders/{code}/evaluation/report/deliver",
    "api-clarifications": "/api/tenders/{code}/clarifications",
    "api-clarification": "/api/tenders/{code}/clarifications/{ref}",
}


def includeme(config: Configurator) -> None:
    """The room's routes, desk cards, and the promise to look after questions that nobody answered."""
    # Imported here: the pure modules of this room stay free of the web.
    from bidding.evaluation import access, desk, purchase, questions, seats, service, tiebreak
    from bidding.tenders import tender_factory
    from trading.draws.secrecy import keep_secret
    from trading.events import AwardIssued, DrawEnded, PanelSeated, TenderEnded
    from trading.interfaces import IPurchases

    for name, pattern in ROUTES.items():
        config.add_route(name, pattern, factory=tender_factory)
    config.on_promise(questions.DUE, service.question_due)
    keep_secret(config, tiebreak.PURPOSE, access.knows_of_draw)
    config.provide(IPurchases, purchase.Purchases())
    config.add_subscriber(seats.committee_seated, PanelSeated)
    config.add_subscriber(tiebreak.take_order, DrawEnded)
    for ended in (AwardIssued, TenderEnded):
        config.add_subscriber(tiebreak.open_names, ended)
    for role in ("expert", "tenderer"):
        config.on_desk(role, desk.member_cards)
    for role in ("agent", "tenderer"):
        config.on_desk(role, desk.buyer_cards)
    config.on_desk("bidder", desk.bidder_cards)
    for module in (
        "api",
        "score_api",
        "score_views",
        "score_fact_views",
        "views",
        "party_views",
        "report_views",
    ):
        config.scan(f"bidding.evaluation.{module}")
