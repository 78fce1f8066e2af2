"""What an amendment changes, and what the law says to it (修改的比较与规则). Pure.

A change that may affect bids comes at least so many days before the deadline, or the deadline moves (TBL
art. 23; Order 87 art. 27); subject and qualifications of a purchase cannot change at all (Order 87 art. 27).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from difflib import SequenceMatcher
from typing import Any, Literal

from translationstring import TranslationStringFactory

from bidding.tenders.criteria import COLUMNS, SCORING, rows_of
from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import BEIJING, Calendar, at_beijing, beijing_date
from trading.rulebook.gates import amendment_rule, check_amendment
from trading.rulebook.methods import OPEN
from trading.rulebook.plan import Finding, Regime, finding

_ = TranslationStringFactory("tradehall")

Mark = Literal["same", "gone", "new"]

NEUTRAL = frozenset(
    {
        "title",
        "title_en",
        "contact",
        "approval",
        "investment_code",
        "deadline",
        "notice_until",
        "documents_until",
        "committee",
        "experts",
    }
)
"""Fields whose change makes nobody write another bid; a deadline can only move to a later time."""
TWO_OFFERS = ("two_offers", "two_offers_reason", "failed_tender", "approval_date")
FIXED = ("template", "method", *TWO_OFFERS, "tenderer", "vault_mode", "envelopes", "evaluation")
"""What makes it another tender: it is cancelled and published anew instead."""
ITEMS = ("item_name", "item_unit", "item_quantity", "core_item")
TEXTS = ("technical", "qualification", "payment_terms")

LABELS = {
    "approval": _("Approval of the method (number of the paper)"),
    "title": _("Project name"), "title_en": _("Project name in English"), "contact": _("Contact of the agency"),
    "investment_code": _("Code of the investment project"),
    "budget": _("Budget (yuan)"), "ceiling": _("Ceiling price (yuan)"), "bid_security": _("Bid security (yuan)"),
    "items": _("Items"), "technical": _("Technical requirements"), "qualification": _("Qualifications"),
    "payment_terms": _("Payment"), "notice_until": _("Notice runs until"),
    "documents_until": _("Documents available until"), "deadline": _("Bid deadline and opening"),
    "bid_validity_days": _("Bid validity (days)"), "decryption_minutes": _("Time for bidders to decrypt (minutes)"),
    "explanation_minutes": _("Time to explain a low price (minutes)"),
    "performance_security": _("Performance security (share of the price)"),
    "micro_deduction": _("Deduction for small and micro enterprises (share)"),
    "domestic_deduction": _("Deduction for domestic products (share)"),
    "stacking": _("When both deductions apply"), "delivery_days": _("Delivery (days)"),
    "delivery_place": _("Place of delivery"), "warranty_months": _("Warranty (months)"),
    "committee": _("Members of the committee"), "experts": _("Experts among them"),
    "criteria": _("Scoring criteria"), "low_mean": _("Low price: share of the mean"),
    "low_second": _("Low price: share of the second-lowest price"),
    "low_ceiling": _("Low price: share of the ceiling price"),
    "outlier_ratio": _("Outlying score: distance from the other members’ mean"),
    "modified_z": _("Outlying score: modified z"),
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One field, old and new as people read them; `lines` for texts and lists, each line with its mark."""

    field: str
    old: str
    new: str
    lines: tuple[tuple[Mark, str], ...] = ()

    @property
    def label(self) -> str:
        """What the field is called (a msgid); a field of another room by its own name."""
        label: str = LABELS.get(self.field, self.field)
        return label

    def document(self) -> dict[str, Any]:
        """As notices carry it."""
        return {"field": self.field, "old": self.old, "new": self.new}

    def shown(self) -> dict[str, Any]:
        """As pages render it."""
        lines = [{"mark": mark, "text": text} for mark, text in self.lines]
        return {**self.document(), "label": str(self.label), "lines": lines}


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The fields of two forms that differ, the deadline first, then in the form's order."""
    names = ["deadline", *(name for name in new if name != "deadline")]
    found = []
    for name in names:
        if name in ITEMS or name in COLUMNS or name not in old or same_value(name, old[name], new[name]):
            continue
        if name in TEXTS:
            found.append(_lines(name, str(old[name]).splitlines(), str(new[name]).splitlines()))
        else:
            found.append(Change(name, _words(name, old[name]), _words(name, new[name])))
    if any(old.get(name) != new.get(name) for name in ITEMS):
        found.insert(min(1, len(found)), _lines("items", item_lines(old), item_lines(new)))
    if criterion_lines(old) != criterion_lines(new):
        found.append(_lines("criteria", criterion_lines(old), criterion_lines(new)))
    return found


def same_value(name: str, old: Any, new: Any) -> bool:
    """Whether two values mean the same: an instant in another zone, line ends of another machine."""
    if name == "deadline":
        return datetime.fromisoformat(old) == datetime.fromisoformat(new)
    if name in TEXTS:
        return str(old).splitlines() == str(new).splitlines()
    return bool(old == new)


def item_lines(form: Mapping[str, Any]) -> list[str]:
    """The schedule of requirements, an item a line."""
    rows = zip(form["item_name"], form["item_unit"], form["item_quantity"], strict=True)
    return [
        f"{number}. {name} {quantity} {unit}{' ★' if number == form['core_item'] else ''}"
        for number, (name, unit, quantity) in enumerate(rows, start=1)
    ]


def criterion_lines(form: Mapping[str, Any]) -> list[str]:
    """The criteria of a scored tender, one a line; none of another."""
    if form.get("evaluation") != SCORING:
        return []
    lines = []
    for row in rows_of(form):
        name = f"{row.group} / {row.name or row.id}" if row.group else row.name or row.id
        highest = f" (0–{row.max})" if row.max and row.max != row.weight else ""
        lines.append(
            f"{name} · {row.kind} · {row.weight}{highest}{': ' if row.guidance else ''}{row.guidance}"
        )
    return lines


def _lines(field: str, old: Sequence[str], new: Sequence[str]) -> Change:
    marked: list[tuple[Mark, str]] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            marked += [("same", text) for text in old[a:b]]
        else:
            marked += [("gone", text) for text in old[a:b]] + [("new", text) for text in new[c:d]]
    return Change(field, "\n".join(old), "\n".join(new), tuple(marked))


def _words(name: str, value: Any) -> str:
    if name != "deadline":
        return str(value)
    return datetime.fromisoformat(value).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


def same_price_sheet(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a price sheet made for the old form still answers the new one."""
    names = ("item_name", "item_unit", "item_quantity")
    return all(old[name] == new[name] for name in names)


def affects_bids(changes: Collection[Change]) -> bool:
    """Whether a change may affect how bids are made up; a field that nobody knows counts as one that may."""
    return any(change.field not in NEUTRAL for change in changes)


def touched(field: str, changes: Collection[Change]) -> bool:
    """Whether what a finding is about has been changed: `criteria.2.name` is part of the criteria, `item_name` of
    the items, `low_lines.mean` is the form's `low_mean`."""
    name = {"item_name": "items"}.get(field, field.replace("low_lines.", "low_").partition(".")[0])
    return any(change.field in (name, field) for change in changes)


def least_days(announced_at: datetime, rulebook: Rulebook, regime: Regime, method: str = OPEN) -> int:
    """Days, working days in a negotiation or inquiry, that a change which may affect bids comes before the deadline."""
    return rulebook.rule(amendment_rule(method, regime), beijing_date(announced_at)).integer


def earliest_deadline(
    announced_at: datetime, deadline: datetime, rulebook: Rulebook, calendar: Calendar, regime: Regime,
    method: str = OPEN,
) -> datetime:  # fmt: skip
    """The deadline itself where it leaves time enough for a change announced now; else the first lawful
    working day, at the deadline's time of day."""
    found = check_amendment(announced_at, deadline, rulebook, calendar, regime=regime, method=method)
    if not found:
        return deadline
    local = deadline.astimezone(BEIJING)
    return at_beijing(found[0].next_lawful, time(local.hour, local.minute, local.second))  # type: ignore[arg-type]


def amendment_findings(
    old: Mapping[str, Any], new: Mapping[str, Any], announced_at: datetime, rulebook: Rulebook,
    calendar: Calendar, regime: Regime,
) -> list[Finding]:  # fmt: skip
    """What the rules on amendments find in a form that shall replace another: too little time, or what may
    not be changed."""
    changes = differences(old, new)
    found: list[Finding] = []
    if affects_bids(changes):
        deadline = datetime.fromisoformat(new["deadline"])
        method = str(new.get("method") or OPEN)
        found += check_amendment(announced_at, deadline, rulebook, calendar, regime=regime, method=method)
    if regime != "procurement":
        return found
    rule = rulebook.rule("P5", beijing_date(announced_at))
    if any(change.field == "qualification" for change in changes):
        message = _("Qualifications cannot be changed: cancel the tender and publish it anew.")
        found.append(finding(rule, "qualification", "changed", message))
    if not set(old["item_name"]) & set(new["item_name"]):
        message = _("What is bought cannot be changed: cancel the tender and publish it anew.")
        found.append(finding(rule, "item_name", "changed", message))
    return found
