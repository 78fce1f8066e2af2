"""Both flow charts of an item (对内、对外工作流程图), drawn from its one definition as SVG. Pure.

The public one says what the applicant does and waits for; the internal one lays every department's step along the working
days, the longest branch marked. Colours are told apart in words as well; a text says all that the picture says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from translationstring import TranslationStringFactory

from plugins.approval_hall.catalogue import flow
from plugins.approval_hall.catalogue.checking import promised_days
from plugins.approval_hall.catalogue.item import Item

_ = TranslationStringFactory("tradehall")
Say = Callable[[Any], str]
"""puts a msgid into the reader's language"""

INK, PALE, LINE, BLUE, DEEP, GREEN = "#1d2733", "#5b6776", "#b9c3cf", "#e3edf8", "#1f5fa8", "#e2f1e6"
WIDTH = 380


@dataclass(frozen=True)
class Node:
    """A box of the public chart; `aside` is a short line beside the way to it, `back` the words of a way back to the first box."""

    title: str
    lines: tuple[str, ...] = ()
    aside: str = ""
    back: str = ""
    tone: str = "plain"


def public_nodes(item: Item, say: Say, locale: str, tell_days: int) -> list[Node]:
    """What an applicant meets, in order."""
    later = [each.name.of(locale) for each in item.materials if each.tolerable]
    promised = promised_days(item)
    stages = [
        Node(
            stage.name.of(locale),
            tuple(
                item.department(each, locale)
                for each in dict.fromkeys(step.department for step in stage.steps)
            ),
            tone="office",
        )
        for stage in item.stages
    ]
    return [
        Node(say(_("Apply")), (say(_("online, or at the window; one number")),)),
        Node(
            say(_("Check of completeness")),
            (say(_("what is missing is told once, within ${n} working days", mapping={"n": tell_days})),)
            + ((say(_("may follow on a promise: ${papers}", mapping={"papers": "、".join(later) if locale.startswith("zh") else ", ".join(later)})),) if later else ()),
            back=say(_("complete it")), tone="office",
        ),
        Node(say(_("Acceptance")), (say(_("notice with the promised day")),), tone="office"),
        *stages,
        Node(
            say(_("Decision under seal")), (item.result.of(locale),),
            aside=say(_("within ${n} working days (law: ${m})", mapping={"n": promised, "m": item.statutory})), tone="office",
        ),
        Node(say(_("Result and rating")), (say(_("collect it, check it by its QR code")),)),
    ]  # fmt: skip


def public(item: Item, say: Say, locale: str, tell_days: int = 5) -> str:
    """The chart for applicants."""
    nodes = public_nodes(item, say, locale, tell_days)
    parts: list[str] = []
    top, first_middle = 10, 0
    for number, node in enumerate(nodes):
        rows = [row for line in node.lines for row in wrapped(line, 29)]
        height = 34 + 17 * len(rows)
        if number:
            parts.append(_arrow(WIDTH // 2, top - 26, top))
            if node.aside:
                parts.append(_text(WIDTH // 2 + 12, top - 9, node.aside, 12, PALE))
        fill = BLUE if node.tone == "office" else GREEN
        parts.append(
            f'<rect x="40" y="{top}" width="300" height="{height}" rx="8" fill="{fill}" stroke="{LINE}"/>'
        )
        parts.append(_text(WIDTH // 2, top + 22, node.title, 15, INK, "middle", bold=True))
        for line, row in enumerate(rows):
            parts.append(_text(WIDTH // 2, top + 42 + 17 * line, row, 12.5, PALE, "middle"))
        if number == 0:
            first_middle = top + height // 2
        if node.back:
            middle = top + height // 2
            parts.append(
                f'<path d="M40 {middle} H18 V{first_middle} H34" fill="none" stroke="{DEEP}" stroke-dasharray="4 3"/>'
            )
            parts.append(_head(40, first_middle, "right"))
            parts.append(
                f'<text transform="translate(13 {(middle + first_middle) // 2}) rotate(-90)" font-size="12" fill="{DEEP}" text-anchor="middle">{escape(node.back)}</text>'
            )
        top += height + 26
    return _svg(
        WIDTH,
        top - 16,
        say(_("What the applicant does: ${item}", mapping={"item": item.name.of(locale)})),
        public_text(nodes),
        parts,
    )


def public_text(nodes: Sequence[Node]) -> str:
    """The same in words, one sentence a box."""
    return " → ".join(
        f"{node.title}" + (f" ({'; '.join(node.lines)})" if node.lines else "") for node in nodes
    )


def internal(item: Item, say: Say, locale: str) -> str:
    """The chart for the offices: departments below each other, working days from left to right."""
    spans, critical = flow.spans(item), set(flow.critical(item))
    most = max((span.end for span in spans), default=1) or 1
    left, day = 190, max(9.0, min(40.0, 620 / most))
    width, row, top = int(left + most * day + 30), 34, 74
    parts = [
        _text(
            10,
            22,
            say(
                _(
                    "One after the other ${n}, at the same time ${m} working days",
                    mapping={"n": flow.serial(item), "m": flow.parallel(item)},
                )
            ),
            14,
            INK,
            bold=True,
        )
    ]
    begin = 0
    for number, stage in enumerate(item.stages):
        own = [span for span in spans if span.stage == stage.key]
        end = max((span.end for span in own), default=begin)
        x = left + begin * day
        shade = "#f4f7fa" if number % 2 == 0 else "#ffffff"
        parts.append(
            f'<rect x="{x:.1f}" y="34" width="{(end - begin) * day:.1f}" height="{top - 34 + row * len(spans)}" fill="{shade}"/>'
        )
        parts.append(
            _text(
                x + 4, 49, fitted(stage.name.of(locale), (end - begin) * day - 6, 12.5), 12.5, INK, bold=True
            )
        )
        parts.append(
            _text(
                x + 4,
                65,
                fitted(
                    say(
                        _("leads: ${department}", mapping={"department": item.department(stage.lead, locale)})
                    ),
                    (end - begin) * day - 6,
                    11,
                ),
                11,
                PALE,
            )
        )
        begin = end
    for number, span in enumerate(spans):
        parts += _bar(item, span, number, critical, locale, left, day, top + number * row, say)
    bottom = top + row * len(spans)
    for mark in range(0, most + 1, 5 if most > 12 else 1):
        x = left + mark * day
        parts.append(f'<path d="M{x:.1f} {bottom} v5" stroke="{LINE}"/>')
        parts.append(_text(x, bottom + 18, str(mark), 11, PALE, "middle"))
    parts.append(_text(10, bottom + 18, say(_("working days")), 11, PALE))
    parts.append(f'<rect x="10" y="{bottom + 30}" width="18" height="12" rx="2" fill="{DEEP}"/>')
    parts.append(_text(34, bottom + 40, say(_("longest branch: it makes the due date")), 11.5, PALE))
    if any(span.step.deemed for span in spans):
        words = say(_("◇ between departments: counts as agreed when its time is over"))
        parts.append(_text(34, bottom + 58, words, 11.5, PALE))
    return _svg(
        max(width, 560),
        bottom + 68,
        say(_("How the offices work: ${item}", mapping={"item": item.name.of(locale)})),
        internal_text(item, say, locale),
        parts,
    )


def _bar(
    item: Item,
    span: flow.Span,
    number: int,
    critical: set[str],
    locale: str,
    left: int,
    day: float,
    y: int,
    say: Say,
) -> list[str]:
    step, chosen = span.step, span.step.key in critical
    x, width = left + span.start * day, max((span.end - span.start) * day, 6)
    fill, ink = (DEEP, "#ffffff") if chosen else ("#c9dcf0", INK)
    name = fitted(item.department(step.department, locale), left - 16, 12.5)
    label = say(_("${n} days", mapping={"n": step.days})) + (" ◇" if step.deemed else "")
    inside = f"{step.name.of(locale)} · {label}"
    parts = [
        f'<path d="M10 {y + 31.5} H{left + span.end * day:.1f}" stroke="#e6ebf0"/>',
        _text(10, y + 19, name, 12.5, INK),
        f'<rect x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="22" rx="4" fill="{fill}"/>',
    ]
    if measured(inside, 11.5) < width - 8:
        return [*parts, _text(x + 6, y + 19, inside, 11.5, ink)]
    if measured(label, 11.5) < width - 8:
        return [*parts, _text(x + 6, y + 19, label, 11.5, ink)]
    return parts


def internal_text(item: Item, say: Say, locale: str) -> str:
    """The same in words."""
    return "; ".join(
        f"{item.department(span.step.department, locale)}: {span.step.name.of(locale)}, "
        + say(_("day ${a} to ${b}", mapping={"a": span.start, "b": span.end}))
        for span in flow.spans(item)
    )


def measured(text: str, size: float) -> float:
    """About how wide a text is: Chinese characters take the whole size, others somewhat more than half of it."""
    return sum(size if ord(char) > 0x2E7F else size * 0.58 for char in text)


def fitted(text: str, width: float, size: float) -> str:
    """The text, cut with a sign where it is too wide."""
    if measured(text, size) <= width:
        return text
    while text and measured(text + "…", size) > width:
        text = text[:-1]
    return text + "…" if text else ""


def wrapped(text: str, em: int) -> list[str]:
    """Lines of at most so many Chinese characters' width; English breaks at spaces."""
    lines, line = [], ""
    for word in _words(text):
        if line and measured(line + word, 1) > em * 0.78:
            lines.append(line.strip())
            line = ""
        line += word
    return [*lines, line.strip()] if line.strip() else lines


def _words(text: str) -> list[str]:
    found, word = [], ""
    for char in text:
        word += char
        if char == " " or ord(char) > 0x2E7F:
            found.append(word)
            word = ""
    return [*found, word] if word else found


def _text(
    x: float, y: float, words: str, size: float, fill: str, anchor: str = "start", bold: bool = False
) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'


def _arrow(x: float, above: float, below: float) -> str:
    return f'<path d="M{x} {above} V{below - 6}" stroke="{PALE}"/>' + _head(x, below, "down")


def _head(x: float, y: float, way: str) -> str:
    points = (
        f"{x - 5},{y - 7} {x + 5},{y - 7} {x},{y}"
        if way == "down"
        else f"{x - 7},{y - 5} {x - 7},{y + 5} {x},{y}"
    )
    return f'<polygon points="{points}" fill="{PALE if way == "down" else DEEP}"/>'


def _svg(width: int, height: int, title: str, words: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        "aria-labelledby=\"title desc\" font-family=\"'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif\">"
        f'<title id="title">{escape(title)}</title><desc id="desc">{escape(words)}</desc>'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>' + "".join(parts) + "</svg>\n"
    )
