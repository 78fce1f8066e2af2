"""What an item still wants before it may be published (发布校验): the six unified fields, the eight disclosures, and a flow that can
be kept. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from translationstring import TranslationStringFactory

from plugins.approval_hall.catalogue import flow, schemes
from plugins.approval_hall.catalogue.item import Item, Mode, Step, kinds, modes
from plugins.approval_hall.supervision.thresholds import threshold
from trading.deadlines import Threshold
from trading.errors import Fault

_ = TranslationStringFactory("tradehall")

SIX = ("name", "basis", "materials", "flow", "limit", "fee")
"""六统一"""
EIGHT = ("content", "basis", "conditions", "materials", "flow", "promised", "fee", "result")
"""八公开"""
CALLED = {
    "name": _("Name of the item"),
    "content": _("What is done"),
    "basis": _("Legal basis"),
    "conditions": _("Who may apply, and when it is granted"),
    "materials": _("Materials wanted"),
    "flow": _("How it is handled"),
    "limit": _("Statutory time"),
    "promised": _("Promised time"),
    "fee": _("Fee"),
    "result": _("Result"),
}
STEP_KINDS = frozenset({"review", "meeting", "inspection", "approval", "seal"})
FIELD_TYPES = frozenset({"text", "long", "number", "money", "date"})
ALONE, JOINT = 20, 45
"""the working days within which a licence is decided by one office or by several (LIC 42)"""
LONG_PROMISE = 10
"""working days above which a promise is to be cut (承诺时限倒逼)"""
TAKEN = frozenset({"title", "act", "csrf_token", "uscc", "name", "phone"})
"""what the form of an application sends besides the item's own fields"""


def empty(item: Item) -> list[str]:
    """Which of the fields of CALLED are empty, in their order."""
    there = {
        "name": item.name, "content": item.content, "basis": item.basis and all(b.name for b in item.basis),
        "conditions": any(item.conditions), "materials": item.materials and all(m.key and m.name for m in item.materials),
        "flow": item.stages and all(stage.steps for stage in item.stages), "limit": item.statutory > 0,
        "promised": promised_days(item) >= 0, "fee": item.fee, "result": item.result,
    }  # fmt: skip
    return [name for name in CALLED if not there[name]]


def promised_days(item: Item, mode: Mode | None = None) -> int:
    """The working days that a case of this item is promised in a way of handling (the item's own when None); -1 for none."""
    way, stated = mode or modes().get(item.mode), _stated(item)
    if way is not None and way.clock == "same-day":
        return 0
    if way is not None and way.clock == "fixed":
        return way.days
    return cut(stated, way) if way is not None and way.clock == "cut" and stated > 0 else stated


def cut(amount: int, mode: Mode) -> int:
    """A share of some working days, rounded down so that no less is cut than the mode says, and its most."""
    numerator, denominator = mode.share
    shortened = max(amount * numerator // denominator, 1)
    return min(shortened, mode.most) if mode.most else shortened


def _stated(item: Item) -> int:
    """The promised working days as stated, and of a joint item without any its longest branch; -1 for none."""
    if item.promised >= 0:
        return item.promised
    if modes().get(item.mode) and modes()[item.mode].clock == "longest" and item.steps:
        try:
            return flow.parallel(item)
        except flow.Cycle:
            return -1
    return -1


def faults(item: Item) -> list[Fault]:
    """Everything that is in the way of publishing."""
    found = [
        Fault(
            "hall.item-empty", _("“${field}” is empty", mapping={"field": CALLED[name]}), name,
            remedy=_("Fill it in in the item's data file; all six unified fields and all eight disclosures are needed."),
        )
        for name in empty(item)
    ]  # fmt: skip
    found += _words_of_modes(item)
    found += [fault for step in item.steps for fault in _step(item, step)]
    found += [*_keys(item), *_lights(item), *schemes.faults(item)]
    return found or [*_flow(item), *_limits(item)]


def _words_of_modes(item: Item) -> Iterator[Fault]:
    if item.mode not in modes():
        yield Fault(
            "hall.item-mode", _("There is no way of handling “${name}”", mapping={"name": item.mode}), "mode"
        )
    if item.kind not in kinds() or not kinds()[item.kind].becomes:
        yield Fault("hall.item-kind", _("No case begins as “${name}”", mapping={"name": item.kind}), "kind")
    if item.project not in ("", "assigns", "needs"):
        yield Fault("hall.item-project", _("“project” is assigns or needs, or left out"), "project")
    if item.project == "needs" and "project_code" not in {field.key for field in item.fields}:
        yield Fault(
            "hall.item-project",
            _("An item that needs a project asks for its code: field project_code"),
            "project",
        )


def _step(item: Item, step: Step) -> Iterator[Fault]:
    named = {"step": step.name.zh or step.key}
    if step.department not in item.departments:
        yield Fault(
            "hall.item-department",
            _("Step “${step}”: there is no department “${key}”", mapping=named | {"key": step.department}),
            "flow",
            remedy=_("Use a key of departments.toml, or name it under “departments” of this file."),
        )
    if step.kind not in STEP_KINDS or step.days < 0 or not step.name:
        yield Fault(
            "hall.item-step",
            _("Step “${step}” wants a name, a kind and its working days", mapping=named),
            "flow",
        )
    if step.deemed and (step.external or step.kind == "approval" or step.department == item.lead):
        yield Fault(
            "hall.item-deemed", _("Step “${step}” gives a licence: silence never grants one", mapping=named), "flow",
            rule="LIC 42",
            remedy=_("Only steps between departments may count as agreed when their time is over."),
        )  # fmt: skip


def _keys(item: Item) -> Iterator[Fault]:
    """Keys are used once, and fields have a type that a form knows."""
    for place, keys in (
        ("code", [item.code]),
        ("materials", [each.key for each in item.materials]),
        ("fields", [each.key for each in item.fields]),
        ("flow", [each.key for each in item.steps]),
    ):
        if len(keys) != len(set(keys)) or not all(
            key.replace("-", "").replace("_", "").isalnum() for key in keys
        ):
            yield Fault(
                "hall.item-keys", _("Keys are of letters, digits and hyphens, and each is used once"), place
            )
    if any(each.type not in FIELD_TYPES or not each.name for each in item.fields):
        yield Fault(
            "hall.item-field", _("A field of the form wants a name and a type that there is"), "fields"
        )
    if any(each.key in TAKEN or each.key.startswith("material-") for each in item.fields):
        yield Fault(
            "hall.item-field",
            _("A field is not called as one that every form has: ${keys}", mapping={"keys": ", ".join(sorted(TAKEN))}),
            "fields",
        )  # fmt: skip
    for lead in dict.fromkeys([item.lead, *(stage.lead for stage in item.stages)]):
        if lead not in item.departments:
            yield Fault(
                "hall.item-lead",
                _(
                    "The item and each stage want a lead department: there is none “${key}”",
                    mapping={"key": lead},
                ),
                "lead",
            )
    for stage in item.stages:
        known = {step.key for step in stage.steps}
        for step in stage.steps:
            for key in sorted(set(step.after) - known):
                named = {"step": step.name.zh or step.key, "key": key}
                yield Fault(
                    "hall.item-after", _("Step “${step}” waits for “${key}”, which its stage does not have", mapping=named), "flow"
                )  # fmt: skip


def _lights(item: Item) -> Iterator[Fault]:
    """Its own threshold, if it has one, is such as supervision reads."""
    try:
        threshold(item.raw.get("lights") or {}, Threshold())
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        yield Fault(
            "hall.item-lights",
            _("“lights” gives yellow as a share such as 4/5, and left in working days"),
            "lights",
        )


def _flow(item: Item) -> Iterator[Fault]:
    try:
        longest = flow.parallel(item)
    except flow.Cycle as error:
        yield Fault(
            "hall.item-cycle", _("Step “${step}” waits for itself", mapping={"step": error.key}), "flow"
        )
        return
    promised = promised_days(item)
    joint = modes()[item.mode].clock == "longest"
    if (joint and promised != longest) or promised < longest:
        yield Fault(
            "hall.item-promise",
            _(
                "Promised are ${n} working days, the longest branch takes ${m}",
                mapping={"n": promised, "m": longest},
            ),
            "promised",
            remedy=_("Shorten the steps of the longest branch, or promise what they take."),
        )
    inspections = sum(step.kind == "inspection" for step in item.steps)
    if inspections > 1 and not item.exceptional:
        yield Fault(
            "hall.item-inspections",
            _("${n} inspections: one review and one inspection are the rule", mapping={"n": inspections}),
            "flow",
            remedy=_("Join them in one visit, or say under “exceptional” why more are needed."),
        )


def _limits(item: Item) -> Iterator[Fault]:
    if item.green is not None and 2 * promised_days(item, modes()["special"]) > promised_days(item):
        yield Fault(
            "hall.item-green", _("The green channel halves the promised time; this cannot be halved"), "green"
        )
    if promised_days(item) > item.statutory:
        yield Fault("hall.item-late", _("The promised time is longer than the statutory one"), "promised")
    departments = {step.department for step in item.steps}
    most = JOINT if len(departments) > 1 else ALONE
    if item.statutory > most and not item.limit_ground:
        yield Fault(
            "hall.item-statutory",
            _("The law leaves ${n} working days for this", mapping={"n": most}), "limit", rule="LIC 42",
            remedy=_("Name the article that leaves more under limit.ground."),
        )  # fmt: skip
