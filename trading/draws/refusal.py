"""Why a draw is refused: one code for each reason (docs/protocols/draw.md, section 9)."""

from __future__ import annotations

REASONS = {
    "MALFORMED": "a field has not the form that the protocol gives it",
    "ROWS_UNORDERED": "the rows are not strictly ascending by handle",
    "LIST_DIFFERS": "the list of candidates is not the announced one",
    "PARTY_MISSING": "a party that must contribute is missing",
    "SLIPS_UNOPENED": "the slips do not open what the party had committed to",
    "SLIP_REUSED": "a slip was used before",
    "BEACON_UNEXPECTED": "a beacon value stands exactly where one was announced",
    "WAVE_UNSETTLED": "a wave settles every called candidate and names nobody else",
    "RESULT_DIFFERS": "the published result is not what the draw gives",
    "OPENING_DIFFERS": "an opening does not lead to its row",
}


class DrawError(ValueError):
    """A draw or a part of one is refused; `code` is a key of REASONS, `detail` says what and whose."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {REASONS[code]}" + (f" ({detail})" if detail else ""))
        self.code = code
        self.detail = detail


def malformed(detail: str) -> DrawError:
    """The error for a field of the wrong form."""
    return DrawError("MALFORMED", detail)
