"""The envelopes of a bid (信封): which parts are opened together, and when. Pure.

One envelope: price and documents are opened at the deadline. Two envelopes (双信封): qualification and
technical documents at the deadline; the price only after the committee's review of them, and only for bids
that passed it. A tender's draft says how many there are and who holds the keys (vault.md 2.2, 2.8).

Consultation and negotiation: a first response (响应文件) has documents and no price; prices come in the final
offers (最后报价), a tender of their own whose bids have the price sheet alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bidding.vault.policy import Part, Policy, Stage
from trading.rulebook.methods import has_final_offers

FIRST, SECOND = "opening", "price"
"""Names of the stages: FIRST is opened at the opening."""
SHEET, DOCUMENTS = "price-sheet", "documents"
MODES = ("either", "bidder", "dual", "custodian")
_SIZES = {SHEET: (1 << 20, True), DOCUMENTS: (1 << 30, False)}


def mode_of(form: Mapping[str, Any]) -> str:
    """The mode that a draft's form chooses; drafts from before the choice had `either`."""
    return str(form.get("vault_mode") or "either")


def stages_of(form: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the stages that a draft's form asks for, in the order of opening."""
    return (FIRST, SECOND) if form.get("envelopes", 1) == 2 else (FIRST,)


def key_stages_of(form: Mapping[str, Any]) -> tuple[str, ...]:
    """The stages for which custodians make keys: none where bidders alone hold them."""
    return () if mode_of(form) == "bidder" else stages_of(form)


def parts_of(form: Mapping[str, Any], final: bool = False) -> tuple[Part, ...]:
    """The parts of the policy; the price sheet is in the last envelope. `final`: of a tender for final offers. Firms of
    the roster hand in a price alone."""
    names: tuple[str, ...] = (SHEET,) if form.get("prices_of") else (SHEET, DOCUMENTS)
    if has_final_offers(str(form.get("method"))):
        names = (SHEET,) if final else (DOCUMENTS,)
    places = {SHEET: stages_of(form)[-1], DOCUMENTS: FIRST}
    return tuple(Part(name, places[name], *_SIZES[name]) for name in names)


def first(policy: Policy) -> Stage:
    """The stage that is opened at the opening."""
    return policy.stages[0]


def second(policy: Policy) -> Stage | None:
    """The stage that stays sealed until the technical review is over; None for one envelope."""
    return policy.stages[1] if len(policy.stages) > 1 else None


def parts_in(policy: Policy, stage: str) -> frozenset[str]:
    """The names of the parts of one stage; all of them in a policy that lists none."""
    return frozenset(part.name for part in policy.parts if part.stage == stage)
