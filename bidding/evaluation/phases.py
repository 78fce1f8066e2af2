"""The phases of an evaluation (评标阶段)."""

from __future__ import annotations

from enum import StrEnum

from bidding.evaluation.papers import ABNORMAL, CONFORMITY, QUALIFICATION


class Phase(StrEnum):
    """The phases of an evaluation, in order."""

    SIGN_IN = "sign-in"
    REPLACEMENT = "replacement"
    QUALIFICATION = "qualification"
    RECOUNT = "recount"
    SECOND_ENVELOPE = "second-envelope"
    CONSULTATION = "consultation"
    FINAL_OFFERS = "final-offers"
    CONFORMITY = "conformity"
    CORRECTIONS = "corrections"
    EXPLANATIONS = "explanations"
    JUDGEMENT = "judgement"
    SCORING = "scoring"
    SCORE_REASONS = "score-reasons"
    DRAW = "draw"
    REPORT = "report"
    DELIVERED = "delivered"


STEP_OF_PHASE = {Phase.QUALIFICATION: QUALIFICATION, Phase.CONFORMITY: CONFORMITY, Phase.JUDGEMENT: ABNORMAL}
