"""What an item's file may say beside the flow (双限时、不计时上限、绿色通道、代办、告知承诺、联审会), and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from translationstring import TranslationStringFactory

from plugins.approval_hall import limits
from plugins.approval_hall.catalogue.item import Item, Least
from trading.errors import Fault

_ = TranslationStringFactory("tradehall")


WORDS = frozenset({"zh", "en"})
KNOWN = {
    "": {"code", "mode", "kind", "lead", "project", "exceptional", "guided", "project_kind", "departments", "name", "content",
         "result", "fee", "limit", "basis", "condition", "material", "field", "stage", "lights", "commitment", "green", "agency"},
    "name": WORDS, "content": WORDS, "result": WORDS, "condition": WORDS,
    "fee": WORDS | {"yuan"}, "basis": WORDS | {"article"},
    "limit": {"statutory", "promised", "ground", "gap_days", "natural", "untimed", "untimed_before"},
    "material": WORDS | {"key", "tolerable", "committed"}, "field": WORDS | {"key", "type", "required"},
    "stage": WORDS | {"key", "lead", "natural", "step"},
    "stage.step": WORDS | {"key", "department", "days", "after", "kind", "deemed", "external"},
    "lights": {"yellow", "left"}, "commitment": WORDS | {"department", "days"},
    "green": {"field", "least"}, "agency": {"field", "least"},
}  # fmt: skip
"""what an item's file may say, by table"""


def unknown(data: Mapping[str, Any], table: str = "") -> Iterator[str]:
    """Names in a file that mean nothing: most are slips of the pen that would leave something out in silence."""
    begin = f"{table}." if table else ""
    for key, value in data.items():
        if key not in KNOWN[table]:
            yield begin + key
        elif begin + key in KNOWN:
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, Mapping):
                    yield from unknown(each, begin + key)


def faults(item: Item) -> Iterator[Fault]:
    """Everything that contradicts itself or the limits of limits.toml."""
    for place in unknown(item.raw):
        yield Fault(
            "hall.item-unknown", _("Nobody knows “${name}” in an item's file", mapping={"name": place}), place,
            remedy=_("Look for a slip of the pen; docs/approval-hall.md lists what there is."),
        )  # fmt: skip
    yield from _natural(item)
    if 0 <= item.untimed_before < item.untimed:
        yield Fault(
            "hall.item-untimed", _("More working days not counted than there were before"), "limit.untimed"
        )
    if not 0 < item.gap_days <= limits.days("gaps"):
        most = {"n": limits.days("gaps")}
        yield Fault(
            "hall.item-gaps", _("Papers may follow within ${n} working days at most", mapping=most), "limit.gap_days",
            rule=limits.article("gaps"),
        )  # fmt: skip
    for name, least in (("green", item.green), ("agency", item.agency)):
        if least is not None and not _asked(item, least):
            yield Fault(
                "hall.item-least",
                _("“${name}” names a field of the form of the type money or number", mapping={"name": name}),
                name,
            )
    for step in item.steps:
        if step.kind == "meeting" and step.days > limits.days("meeting"):
            named = {"step": step.name.zh or step.key, "n": limits.days("meeting")}
            yield Fault(
                "hall.item-meeting", _("Step “${step}”: a joint meeting is held within ${n} working day", mapping=named), "flow"
            )  # fmt: skip
    first = item.stages[0].steps if item.stages else ()
    for step in first:
        if step.kind == "seal" and not step.after:
            named = {"step": step.name.zh or step.key}
            yield Fault(
                "hall.item-seal", _("Step “${step}” seals after others: nothing comes before it", mapping=named), "flow"
            )  # fmt: skip
    yield from _commitment(item)


def _natural(item: Item) -> Iterator[Fault]:
    """The ceiling of natural days and the budgets of the stages in it."""
    budgets = [stage.natural for stage in item.stages]
    if item.natural and item.natural < item.promised:
        yield Fault("hall.item-natural", _("Fewer natural days than promised working days"), "limit.natural")
    if any(budgets) and (not all(budgets) or sum(budgets) > item.natural):
        named = {"sum": "+".join(map(str, budgets)), "n": item.natural}
        yield Fault(
            "hall.item-natural",
            _("The natural days of the stages (${sum}) are all given and fit into ${n}", mapping=named),
            "limit.natural",
        )


def _asked(item: Item, least: Least) -> bool:
    return any(
        field.key == least.field and field.type in ("money", "number") and field.required for field in item.fields
    )  # fmt: skip


def _commitment(item: Item) -> Iterator[Fault]:
    committed = any(material.committed for material in item.materials)
    given = item.commitment
    if given is None and not committed:
        return
    if given is None or not committed or not given.words or given.days < 1:
        yield Fault(
            "hall.item-commitment",
            _("A commitment wants its words, working days, and at least one paper that it stands for"),
            "commitment",
        )
    elif given.department not in item.departments:
        yield Fault(
            "hall.item-commitment",
            _("Nobody knows the department that inspects the commitment"),
            "commitment",
        )


def reached(least: Least | None, form: Any) -> bool:
    """Whether an application comes up to an amount; what is no number does not."""
    try:
        return least is not None and Decimal(str(form.get(least.field) or 0)) >= least.amount
    except InvalidOperation:
        return False
